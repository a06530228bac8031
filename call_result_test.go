package kirim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
	"github.com/kirim-go/kirim/kirimtest"
)

// What a 2xx response may hold that is not the result of a send: what the error
// is then, whether the message may be out, and how many requests are made with
// a key and without.
func TestA2xxWithoutTheResultIsNoSuccess(t *testing.T) {
	t.Parallel()
	invalid := func(body string) (string, kirim.Kind, bool, int, int) {
		return body, kirim.KindInvalidResponse, true, 1, 1
	}
	type row struct {
		body       string
		kind       kirim.Kind
		sent       bool
		keyed, not int // requests
	}
	var rows []row
	add := func(body string, kind kirim.Kind, sent bool, keyed, not int) {
		rows = append(rows, row{body, kind, sent, keyed, not})
	}
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `true`, `"ok"`, `{"data":null}`, `{"data":{}}`, `{"data":[]}`, `{"data":{"id":""}}`, `{"data":{"id":null}}`,
		`{"success":true}`, `{"status":"ok"}`, `{"messages":[{"id":"wamid.X"}]}`, `{"message":"Unauthenticated."}`, `{"error":null}`, `{"errors":[]}`,
		`{"Data":{"ID":"msg_1"}}`, `{"data":{"id":"msg_1"}`, `<html>sign in</html>`, `{"success":true,"data":{"status":"ok"}}`,
	} {
		add(invalid(body))
	}
	add(envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow), kirim.KindOutsideWindow, false, 1, 1)
	add(envelope(kirim.TypeAuthentication, kirim.CodeRevokedAPIKey), kirim.KindAuthRevoked, false, 1, 1)
	add(envelope(kirim.TypeRateLimit, kirim.CodeRateLimitExceeded), kirim.KindRateLimited, false, 4, 4)
	add(`{"data":null,"error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"m","request_id":"r"}}`, kirim.KindRateLimited, false, 4, 4)
	add(invalid(`{"data":{},"error":{"type":"not_found","code":"resource_not_found","message":"m","request_id":"r"}}`))
	add(`{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"fbtrace_id":"A"}}`, kirim.KindOutsideWindow, false, 1, 1)
	add(`{"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,"fbtrace_id":"A"}}`, kirim.KindRateLimited, false, 4, 4)
	add(`{"error":"Service temporarily unavailable"}`, kirim.KindUnknown, true, 1, 1)
	add(`{"error":true,"message":"blocked"}`, kirim.KindUnknown, true, 1, 1)
	add(`{"success":false,"error":{"code":"session_not_connected","message":"m"}}`, kirim.KindNotConnected, false, 1, 1)
	add(`{"success":false,"message":"blocked"}`, kirim.KindUnknown, true, 1, 1)
	add(`{"isSuccess":false,"errors":{"code":"BILL_001"}}`, kirim.KindBilling, false, 1, 1)
	add(`{"message":"The given data was invalid.","errors":{"to":["The to field is required."]}}`, kirim.KindInvalidRequest, false, 1, 1)
	for _, row := range rows {
		t.Run(row.body, func(t *testing.T) {
			t.Parallel()
			for requests, opts := range map[int][]kirim.Option{row.keyed: nil, row.not: {kirim.WithoutIdempotencyKeys()}} {
				w := newWire(answer{status: 200, body: row.body})
				m, err := w.client(t, append(opts, kirim.WithRetryPolicy(quick))...).PhoneNumber("1").Messages.Send(t.Context(), hello)
				e := answerOf(t, err)
				if m != nil || e.Kind != row.kind || e.StatusCode != 200 || kirim.MaybeSent(err) != row.sent || string(e.Body) != row.body {
					t.Errorf("%+v, kind %s, status %d, MaybeSent %v, want %s, 200, %v: %v", m, e.Kind, e.StatusCode, kirim.MaybeSent(err), row.kind, row.sent, err)
				}
				if got := len(w.seen()); got != requests || e.Attempts != requests {
					t.Errorf("%d requests, want %d; %d attempts", got, requests, e.Attempts)
				}
			}
		})
	}
}

func TestAResultWinsOverWhatStandsBesideIt(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"data":{"id":"msg_1"},"message":"ok"}`, `{"data":{"id":"msg_1"},"error":null}`, `{"data":{"id":"msg_1"},"errors":[]}`,
		`{"data":{"id":"msg_1"},"error":{"code":"warning"}}`, `{"error":{"code":"warning"},"data":{"id":"msg_1"}}`,
		`{"data":{"id":"msg_1","error":{"code":"x"}}}`, `{"success":true,"data":{"id":"msg_1"}}`,
	} {
		m, err := newWire(answer{status: 202, body: body}).client(t).PhoneNumber("1").Messages.Send(t.Context(), hello)
		if err != nil || m.ID != "msg_1" {
			t.Errorf("%s: %+v, %v", body, m, err)
		}
	}
	template, err := newWire(answer{status: 200, body: `{"data":{"id":"tpl_1","name":"error"}}`}).client(t).PhoneNumber("1").Templates.Get(t.Context(), "error", "en")
	if err != nil || template.Name != "error" {
		t.Errorf("a template with the name error: %+v, %v", template, err)
	}
}

// Every operation: an error envelope is an error, and so is a response without
// a result, except where the response is not documented.
func TestNoOperationTakesAnErrorForSuccess(t *testing.T) {
	forEachOperation(t, func(t *testing.T, op operation) {
		if op.name == "Messages.Media" {
			return // its response is a file; see its own tests
		}
		for _, status := range []int{200, 201, 202} {
			w := newWire(answer{status: status, body: envelope(kirim.TypePermission, kirim.CodeFeatureNotAvailable)})
			if err := op.call(t.Context(), w.client(t), phone, someID); !kirim.IsPermission(err) || len(w.seen()) != 1 {
				t.Errorf("%d, after %d requests: %v", status, len(w.seen()), err)
			}
		}
		method, _, _ := strings.Cut(op.route, " ")
		undocumented := method == http.MethodDelete || op.name == "Health" || op.name == "OpenAPI"
		for _, body := range []string{`{}`, `{"data":null}`, `{"message":"Unauthenticated."}`} {
			w := newWire(answer{status: 200, body: body})
			err := op.call(t.Context(), w.client(t), phone, someID)
			if undocumented != (err == nil) || !undocumented && !errors.Is(err, kirim.KindInvalidResponse) {
				t.Errorf("%s: %v", body, err)
			}
			if method == http.MethodGet && kirim.MaybeSent(err) {
				t.Errorf("%s: a read may have been sent: %v", body, err)
			}
		}
	})
}

func TestAnEnvelopeInA2xxIsAnErrorWhateverTheCallerReads(t *testing.T) {
	t.Parallel()
	body := envelope(kirim.TypePermission, kirim.CodeFeatureNotAvailable)
	var raw []byte
	var tree map[string]any
	for name, out := range map[string]any{"nothing": nil, "bytes": &raw, "a tree": &tree} {
		c := newWire(answer{status: 200, body: body}).client(t)
		if err := c.Do(t.Context(), "POST", "/x", nil, nil, out); !errors.Is(err, kirim.CodeFeatureNotAvailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if raw != nil || tree != nil {
		t.Errorf("it was read into %s and %v", raw, tree)
	}
	for _, body := range []string{``, `{}`, `{"message":"Unauthenticated."}`, `[{"error":{"code":"x"}}]`, `"error"`, `{"data":{"error":{"code":"x"}}}`, `{"data":[],"error":{"code":"x"}}`} {
		if err := newWire(answer{status: 200, body: body}).client(t).Do(t.Context(), "POST", "/x", nil, nil, nil); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestADeletionThatSaysThatItFailedIsNoSuccess(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"error":true,"message":"The label is in use."}`, `{"errors":"The label is in use."}`, `{"success":false}`} {
		err := newWire(answer{status: 200, body: body}).client(t).Labels.Delete(t.Context(), "lbl_1")
		if e := answerOf(t, err); e.StatusCode != 200 || !kirim.MaybeSent(err) {
			t.Errorf("%s: status %d, MaybeSent %v: %v", body, e.StatusCode, kirim.MaybeSent(err), err)
		}
	}
}

func TestADeletionNeedsNoBody(t *testing.T) {
	t.Parallel()
	for body, succeeds := range map[string]bool{
		"": true, " \r\n": true, "{}": true, `{"data":null}`: true, `{"data":{"id":"cus_1"}}`: true,
		"null": true, "x": false, "[]": false, "<html>": false,
	} {
		_, err := newWire(answer{status: 200, body: body}).client(t).Customers.Archive(t.Context(), "cus_1")
		if succeeds && err != nil || !succeeds && !errors.Is(err, kirim.KindInvalidResponse) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestTheErrorOfALarge2xxKeepsNoMoreThanItsBody(t *testing.T) {
	t.Parallel()
	body := `{"padding":"` + strings.Repeat("x", 1<<20) + `"}`
	_, err := newWire(answer{status: 200, body: body}).client(t).PhoneNumber("1").Messages.Send(t.Context(), hello)
	if e := answerOf(t, err); len(e.Body) != 64<<10 || cap(e.Body) > 2*len(e.Body) {
		t.Errorf("a body of %d bytes that keeps %d alive", len(e.Body), cap(e.Body))
	}
}

func TestTheWaitOfAnEnvelopeInA2xxIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limited := answer{status: 200, body: envelope(kirim.TypeRateLimit, kirim.CodeRateLimitExceeded), header: map[string]string{"Retry-After": "7"}}
		w := newWire(limited, accepted)
		began := time.Now()
		if _, err := w.client(t).PhoneNumber("1").Messages.Send(t.Context(), hello); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 7*time.Second || took > 8*time.Second || len(w.seen()) != 2 {
			t.Errorf("%d requests in %v", len(w.seen()), took)
		}
		_, err := newWire(limited).client(t).PhoneNumber("1").Messages.Send(t.Context(), hello, kirim.WithoutRetry())
		if e := answerOf(t, err); e.RetryAfter != 7*time.Second || !kirim.IsRateLimited(err) {
			t.Errorf("RetryAfter %v: %v", e.RetryAfter, err)
		}
	})
}

func TestSendOrTemplateSendsTheTemplateAfterAWindowErrorInA2xx(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow)}, accepted)
	m, err := w.client(t).PhoneNumber("1").Messages.SendOrTemplate(t.Context(), hello, reminder)
	if err != nil || !m.UsedTemplate || len(w.seen()) != 2 {
		t.Errorf("%+v, %v after %d requests", m, err, len(w.seen()))
	}
}

// A server that stores the message and says in a 200 that it failed: what is
// repeated is stored once, under a key, and nothing is repeated without one.
func TestAnEnvelopeInA2xxUnderAKeyStoresOneMessage(t *testing.T) {
	t.Parallel()
	for _, code := range []kirim.ErrorCode{kirim.CodeInternalError, kirim.CodeServiceUnavailable} {
		for _, opts := range [][]kirim.Option{nil, {kirim.WithoutIdempotencyKeys()}} {
			sandbox := kirimtest.NewServer(kirimtest.WithoutListener())
			defer sandbox.Close()
			sandbox.Receive(kirimtest.Inbound{From: "+6281100000001", Text: "Halo"})
			lies := true
			lying := testwire.Func(func(req *http.Request) (*http.Response, error) {
				resp, err := sandbox.Transport().RoundTrip(req)
				if err == nil && lies {
					lies = false
					resp.Body = io.NopCloser(strings.NewReader(envelope(kirim.TypeAPI, code)))
					resp.ContentLength = -1
				}
				return resp, err
			})
			c, err := sandbox.Client(append(opts, kirim.WithHTTPClient(&http.Client{Transport: lying}), kirim.WithRetryPolicy(quick))...)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), hello)
			if stored := sandbox.MessageCount(); stored != 1 || err != nil && !kirim.MaybeSent(err) {
				t.Errorf("%s, %d options: %d messages are stored: %v", code, len(opts), stored, err)
			}
		}
	}
}

func TestAResponseThatIsUsedAgainKeepsNothingOfTheCallBefore(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, header: map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "7"}})
	c := w.client(t)
	var r kirim.Response
	if err := post(t.Context(), c, kirim.WithResponse(&r)); err != nil || r.RateLimit.Remaining != 7 {
		t.Fatalf("%+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := post(ctx, c, kirim.WithResponse(&r)); err == nil || r.RateLimit.Known() || r.Attempts != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
