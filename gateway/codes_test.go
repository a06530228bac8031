package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
	"github.com/kirim-go/kirim/internal/system"
	"github.com/kirim-go/kirim/internal/testwire"
)

const testKey = "sk_TESTtestTESTtest"

var hello = kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Halo"}}

// systems says, for each, how it writes an error, how it asks to wait for
// 7 s, and how a client of it makes a call: a send where it can send.
var systems = map[*system.System]struct {
	body     string // with the code in place of CODE and the status in place of 999
	waitBody string // likewise, when the wait is in the body
	waitHead string // Retry-After
	decode   kirim.ErrorDecoder
	call     func(context.Context, []kirim.Option) error
	column   string // of the retry table
}{
	system.Kirim: {
		body:     `{"error":{"type":"api_error","code":"CODE","message":"Say it.","request_id":"req_1"}}`,
		waitHead: "7", decode: kirim.DecodeError, column: "key",
		call: func(ctx context.Context, opts []kirim.Option) error {
			c, err := kirim.NewClient(testKey, opts...)
			if err == nil {
				_, err = c.PhoneNumber("1").Messages.Send(ctx, hello)
			}
			return err
		},
	},
	system.APIMessaging: {
		body:     `{"success":false,"error":{"code":"CODE","message":"Say it.","details":{"field":"to","reason":"why"}}}`,
		waitHead: "7", decode: apimessaging.DecodeError, column: "no key",
		call: sender(apimessaging.NewClient),
	},
	system.MichoW: {
		body:   `{"error":{"code":"CODE","message":"Say it.","status":999}}`,
		decode: michow.DecodeError, column: "no key",
		call: sender(michow.NewClient),
	},
	system.Connexease: {
		body:     `{"isSuccess":false,"errors":{"code":"CODE","group":"G","description":"Say it.","params":{}}}`,
		waitBody: `{"isSuccess":false,"errors":{"code":"CODE","group":"G","description":"Say it.","params":{"limit_type":"min","retry_after":"7 seconds"}}}`,
		decode:   connexease.DecodeError, column: "no key",
		call: sender(connexease.NewClient),
	},
	system.CloudAPI: {
		body:     `{"error":{"message":"Say it.","type":"OAuthException","code":CODE,"error_data":{"details":"Mend it."},"fbtrace_id":"A"}}`,
		waitHead: "7", decode: cloudapi.DecodeError, column: "meta",
		call: func(ctx context.Context, opts []kirim.Option) error { return sendsFrom(ctx, opts, hello) },
	},
	system.Shingle: {
		body:     `{"error":{"code":"CODE","message":"Say it."}}`,
		waitBody: `{"error":{"code":"CODE","message":"Say it.","details":{"retryAfter":7}}}`,
		decode:   shingle.DecodeError, column: "read",
		call: func(ctx context.Context, opts []kirim.Option) error {
			c, err := shingle.NewClient(testKey, opts...)
			if err == nil {
				_, err = c.Get(ctx, "1")
			}
			return err
		},
	},
}

func sender[C interface {
	Send(context.Context, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error)
}](newClient func(string, ...kirim.Option) (C, error)) func(context.Context, []kirim.Option) error {
	return func(ctx context.Context, opts []kirim.Option) error {
		c, err := newClient(testKey, opts...)
		if err == nil {
			_, err = c.Send(ctx, hello)
		}
		return err
	}
}

func TestEachCodeOfTheSystemsThroughTheClient(t *testing.T) {
	t.Parallel()
	for sys := range system.All() {
		for _, code := range sys.Codes {
			t.Run(sys.Name+" "+code.Code, func(t *testing.T) {
				t.Parallel()
				testCode(t, sys, code)
			})
		}
	}
}

func testCode(t *testing.T, sys *system.System, row system.Code) {
	known, ok := systems[sys]
	if !ok {
		t.Fatalf("the tests do not know %s", sys.Name)
	}
	status := row.Status
	if status == 0 {
		status = 400
	}
	body, wait, header := known.body, time.Duration(0), []string(nil)
	if row.Retry == system.Wait {
		wait = 7 * time.Second
		if known.waitBody != "" {
			body = known.waitBody
		}
		if known.waitHead != "" {
			header = []string{"Retry-After", known.waitHead}
		}
	}
	text := strings.NewReplacer("CODE", row.Code, "999", fmt.Sprint(status)).Replace(body)

	httpHeader := http.Header{}
	if header != nil {
		httpHeader.Set(header[0], header[1])
	}
	want := describe(&kirim.Error{StatusCode: status, Code: kirim.ErrorCode(row.Code), Kind: kirim.Kind(row.Kind), RetryAfter: wait})
	for by, decode := range map[string]kirim.ErrorDecoder{"detection": kirim.DecodeError, "the gateway": known.decode} {
		e := decode(status, httpHeader, []byte(text))
		if got := describe(e); got != want || e.Message != "Say it." {
			t.Errorf("%s read %s %q, want %s", by, got, e.Message, want)
		}
	}

	synctest.Test(t, func(t *testing.T) {
		wire := testwire.Answering(status, text, header...)
		began := time.Now()
		err := known.call(t.Context(), wire.Options())
		want, wanted := want, attempts(known.column, status, row.Kind)
		if number, err := strconv.Atoi(row.Code); err == nil && known.column == "meta" {
			want = describe(&kirim.Error{StatusCode: status, Code: kirim.ErrorCode(row.Code), Kind: kirim.Kind(row.Kind), RetryAfter: system.MetaWait(number, wanted-1)})
		}
		var e *kirim.Error
		if !errors.As(err, &e) || describe(e) != want {
			t.Fatalf("the call gave %v, want %s", err, want)
		}
		requests := len(wire.Requests())
		if requests != wanted || e.Attempts != wanted {
			t.Errorf("%d requests, want %d", requests, wanted)
		}
		if waited := time.Since(began); waited < time.Duration(requests-1)*wait {
			t.Errorf("waited %v in all, less than the server asked for", waited)
		}
		if advised := slices.Contains([]system.Advice{system.Wait, system.Backoff, system.SameKey}, row.Retry); kirim.IsTemporary(err) != advised {
			t.Errorf("IsTemporary is %v, though the advice is %s", kirim.IsTemporary(err), row.Retry)
		}
		maybe := known.column != "read" && (status >= 500 || row.Kind == "idempotency_in_progress")
		if known.column == "meta" { // whose statuses say little
			maybe = slices.Contains([]string{"internal", "upstream", "unavailable", "send_failed"}, row.Kind)
		}
		if kirim.MaybeSent(err) != maybe {
			t.Errorf("MaybeSent is %v", kirim.MaybeSent(err))
		}
	})
}

// attempts is how many requests the retry table allows.
func attempts(column string, status int, kind string) int {
	again := false
	switch column {
	case "key":
		again = status == 429 || status == 500 || status == 502 || status == 503 || kind == "idempotency_in_progress"
	case "no key":
		again = status == 429
	case "meta":
		again = kind == "rate_limited"
	case "read":
		again = status == 429 || status >= 500
	}
	if again {
		return 4
	}
	return 1
}

func describe(e *kirim.Error) string {
	return fmt.Sprintf("%d %s (%s) after %v", e.StatusCode, e.Code, e.Kind, e.RetryAfter)
}

func TestA503IsRepeatedOnlyWhenItSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	for sys, known := range systems {
		if known.column != "no key" && known.column != "meta" {
			continue
		}
		for wait, want := range map[string]int{"": 1, "2": 4} {
			t.Run(fmt.Sprintf("%s asks to wait %qs", sys.Name, wait), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					wire := testwire.Answering(503, "", "Retry-After", wait)
					err := known.call(t.Context(), wire.Options())
					if got := len(wire.Requests()); got != want || kirim.MaybeSent(err) != (wait == "") {
						t.Errorf("%d requests, MaybeSent is %v", got, kirim.MaybeSent(err))
					}
				})
			})
		}
	}
}

func TestASendThatMayHaveArrivedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for sys, known := range systems {
		if known.column != "no key" && known.column != "meta" {
			continue
		}
		t.Run(sys.Name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{408, 500, 502, 504} {
				wire := testwire.Answering(status, "<html>")
				if err := known.call(t.Context(), wire.Options()); !kirim.MaybeSent(err) || len(wire.Requests()) != 1 {
					t.Errorf("%d: %d requests, %v", status, len(wire.Requests()), err)
				}
			}
			requests := 0
			broken := kirim.WithHTTPClient(&http.Client{Transport: testwire.Func(func(*http.Request) (*http.Response, error) {
				requests++
				return nil, io.ErrUnexpectedEOF
			})})
			err := known.call(t.Context(), []kirim.Option{kirim.WithBaseURL("https://gateway.example"), broken})
			if !kirim.MaybeSent(err) || requests != 1 {
				t.Errorf("%d requests over a broken connection, %v", requests, err)
			}
		})
	}
}

func TestNoGatewaySendsAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	for sys, known := range systems {
		wire := testwire.Answering(204, "")
		if err := known.call(t.Context(), wire.Options()); err != nil {
			t.Errorf("%s: %v", sys.Name, err)
		}
		header := wire.Requests()[0].Header
		if keyed := header.Get("Idempotency-Key") != ""; keyed != sys.Own || header.Get("Authorization") != "Bearer "+testKey {
			t.Errorf("%s sends %v", sys.Name, header)
		}
	}
}

func TestADecoderOfTheCallersWins(t *testing.T) {
	t.Parallel()
	mine := kirim.WithErrorDecoder(func(int, http.Header, []byte) *kirim.Error { return &kirim.Error{Code: "MINE"} })
	for sys, known := range systems {
		if err := known.call(t.Context(), testwire.Answering(400, "").Options(mine)); !errors.Is(err, kirim.ErrorCode("MINE")) {
			t.Errorf("%s: %v", sys.Name, err)
		}
	}
}

func TestA2xxWithoutTheResultIsNoSuccessOfAGateway(t *testing.T) {
	t.Parallel()
	for sys, known := range systems {
		for _, body := range []string{
			``, `{}`, `null`, `[]`, `{"data":null}`, `{"data":{}}`, `{"success":true}`, `{"isSuccess":true}`, `{"status":"ok"}`,
			`{"isSuccess":true,"data":{"messages":[]}}`, `{"isSuccess":true,"data":{"messages":[{"id":""}]}}`, `{"message":"Unauthenticated."}`, `<html>`,
		} {
			wire := testwire.Answering(200, body)
			err := known.call(t.Context(), wire.Options())
			if !errors.Is(err, kirim.KindInvalidResponse) || kirim.MaybeSent(err) != (known.column != "read") || len(wire.Requests()) != 1 {
				t.Errorf("%s: %s: MaybeSent %v after %d requests: %v", sys.Name, body, kirim.MaybeSent(err), len(wire.Requests()), err)
			}
		}
	}
}

func TestFailureInA2xxIsAnErrorWithThatStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		system     *system.System
		code       kirim.ErrorCode
		kind       kirim.Kind
		maybe      bool
	}{
		{"a refusal by API Messaging", `{"success":false,"error":{"code":"session_not_connected","message":"m"}}`, system.APIMessaging, "session_not_connected", kirim.KindNotConnected, false},
		{"a failure of API Messaging after it took the message", `{"success":false,"error":{"code":"message_sending_failed"}}`, system.APIMessaging, "message_sending_failed", kirim.KindSendFailed, true},
		{"a fault of API Messaging", `{"success":false,"error":{"code":"internal_server_error"}}`, system.APIMessaging, "internal_server_error", kirim.KindInternal, true},
		{"a flag and nothing else", `{"success":false}`, system.APIMessaging, "", kirim.KindUnknown, true},
		{"a flag beside data", `{"success":false,"data":{}}`, system.APIMessaging, "", kirim.KindUnknown, true},
		{"a refusal by Connexease", `{"isSuccess":false,"errors":{"code":"BILL_001"}}`, system.Connexease, "BILL_001", kirim.KindBilling, false},
		{"an unknown code of Connexease with a group", `{"isSuccess":false,"errors":{"code":"GW_009","group":"VALIDATION"}}`, system.Connexease, "GW_009", kirim.KindInvalidRequest, false},
		{"an error where MichoW puts its data", `{"error":{"code":"SEND_FAILED","message":"m","status":502}}`, system.MichoW, "SEND_FAILED", kirim.KindSendFailed, true},
		{"a flag that MichoW does not have", `{"success":false,"message":"m"}`, system.MichoW, "", kirim.KindUnknown, true},
		{"an error where ShingleAI puts its data", `{"error":{"code":"NOT_FOUND","message":"m"}}`, system.Shingle, "NOT_FOUND", kirim.KindNotFound, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wire := testwire.Answering(202, tt.body, "X-Request-Id", "req_1")
			err := systems[tt.system].call(t.Context(), wire.Options())
			var e *kirim.Error
			if !errors.As(err, &e) {
				t.Fatalf("the call gave %v", err)
			}
			if e.StatusCode != 202 || e.Code != tt.code || e.Kind != tt.kind || e.Attempts != 1 || e.Method == "" || e.Path == "" ||
				e.RequestID != "req_1" || e.Header == nil || string(e.Body) != tt.body || len(wire.Requests()) != 1 {
				t.Errorf("error %#v after %d requests", e, len(wire.Requests()))
			}
			if kirim.MaybeSent(err) != tt.maybe {
				t.Errorf("MaybeSent is %v", kirim.MaybeSent(err))
			}
		})
	}
}
