package cloudapi_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

// graph is an error response of Meta's.
func graph(code int) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) Say it","type":"OAuthException","code":%[1]d,"error_data":{"messaging_product":"whatsapp","details":"Mend it."},"fbtrace_id":"A"}}`, code)
}

// responds is what a server does with a request.
type responds func(*http.Request) (*http.Response, error)

func with(status int, body string, header ...string) responds {
	return func(*http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
		return w.Result(), nil
	}
}

func fails(err error) responds {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// cut is a response whose body breaks off.
func cut(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))}, nil
}

// Meta has no idempotency keys: what is not proven to be refused is not sent again.
func TestOnlyWhatWasProvenNotSentIsSentAgain(t *testing.T) {
	t.Parallel()
	const s = time.Second
	usage := `{"100000000000001":[{"type":"whatsapp","call_count":100,"total_cputime":5,"total_time":5,"estimated_time_to_regain_access":1}]}`
	none, sure, doubt := []time.Duration(nil), false, true
	for _, tt := range []struct {
		name  string
		first responds
		waits []time.Duration // before each repeat; nil for no repeat
		maybe bool            // MaybeSent, when it is not repeated, or not for ever
	}{
		{"no connection", fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), []time.Duration{0, 0, 0}, sure},
		{"no such host", fails(&net.DNSError{Err: "no such host"}), []time.Duration{0, 0, 0}, sure},
		{"a certificate of nobody", fails(x509.UnknownAuthorityError{}), none, sure},
		{"a connection that was reset", fails(io.ErrUnexpectedEOF), none, doubt},
		{"an attempt that timed out", fails(context.DeadlineExceeded), none, doubt},
		{"a body that breaks off", cut, none, doubt},

		{"429", with(429, ""), []time.Duration{s, s, s}, sure},
		{"429 with a wait", with(429, "", "Retry-After", "7"), []time.Duration{7 * s, 7 * s, 7 * s}, sure},
		{"the limit of the app", with(400, graph(4)), []time.Duration{s, s, s}, sure},
		{"the limit of the account", with(400, graph(80007)), []time.Duration{s, s, s}, sure},
		{"the limit of the account, with the time until access", with(400, graph(80007), "X-Business-Use-Case-Usage", usage), []time.Duration{60 * s, 60 * s, 60 * s}, sure},
		{"the throughput of the number", with(400, graph(130429)), []time.Duration{s, s, s}, sure},
		{"the throughput, in a 500", with(500, graph(130429)), []time.Duration{s, s, s}, sure},
		{"the pair rate", with(400, graph(131056)), []time.Duration{s, 4 * s, 16 * s}, sure},
		{"the pair rate, in a 503", with(503, graph(131056)), []time.Duration{s, 4 * s, 16 * s}, sure},
		{"the pair rate, in a 200", with(200, graph(131056)), []time.Duration{s, 4 * s, 16 * s}, sure},
		{"restricted for spam, for longer than the policy waits", with(400, graph(131048)), none, sure},
		{"503 with a wait", with(503, "", "Retry-After", "2"), []time.Duration{2 * s, 2 * s, 2 * s}, sure},
		{"an outage that says how long", with(503, graph(2), "Retry-After", "2"), []time.Duration{2 * s, 2 * s, 2 * s}, sure},

		{"503", with(503, ""), none, doubt},
		{"an outage", with(503, graph(2)), none, doubt},
		{"an unknown fault in a 400", with(400, graph(1)), none, doubt},
		{"an unknown failure", with(500, graph(131000)), none, doubt},
		{"temporarily unavailable", with(500, graph(131016)), none, doubt},
		{"an account in maintenance", with(500, graph(131057)), none, doubt},
		{"a failure that Meta calls transient", with(500, `{"error":{"message":"m","type":"OAuthException","code":131000,"is_transient":true}}`), none, doubt},
		{"500", with(500, "<html>"), none, doubt},
		{"502", with(502, ""), none, doubt},
		{"504", with(504, ""), none, doubt},
		{"408", with(408, ""), none, doubt},
		{"an unknown code in a 500", with(500, graph(7)), none, doubt},
		{"a number of a rate limit in the text of a 500", with(500, `{"error":{"message":"order 130429 failed"}}`), none, doubt},

		{"200 without an id", with(200, `{"messaging_product":"whatsapp","contacts":[{"input":"+6281100000001"}]}`), none, doubt},
		{"200 with an empty id", with(200, `{"messages":[{"id":""}]}`), none, doubt},
		{"200 with no message", with(200, `{"messages":[]}`), none, doubt},
		{"200 with nothing", with(200, ""), none, doubt},
		{"200 with a page", with(200, "<html>"), none, doubt},
		{"200 with another type", with(200, `{"messages":"wamid.EXAMPLE"}`), none, doubt},

		{"a closed window", with(400, graph(131047)), none, sure},
		{"a closed window in a 500", with(500, graph(131047)), none, sure},
		{"a permission that is missing in a 500", with(500, graph(3)), none, sure},
		{"a number that is not registered, in a 500", with(500, graph(131045)), none, sure},
		{"a parameter", with(400, graph(100)), none, sure},
		{"a token that has expired", with(401, graph(190)), none, sure},
		{"a permission of the range", with(403, graph(240)), none, sure},
		{"the cap of marketing", with(400, graph(131049)), none, sure},
		{"a template that is missing", with(404, graph(132001)), none, sure},
		{"an unknown code", with(400, graph(131999)), none, sure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wire := testwire.Serving(func(n int, r *http.Request) (*http.Response, error) { return tt.first(r) })
				_, err := number(t, wire).Send(t.Context(), hello)
				if seen := wire.Requests(); len(seen) != len(tt.waits)+1 || kirim.MaybeSent(err) != tt.maybe {
					t.Fatalf("%d requests, MaybeSent %v: %v", len(seen), kirim.MaybeSent(err), err)
				}
				for i, least := range tt.waits {
					if got := wire.Requests()[i+1].At.Sub(wire.Requests()[i].At); got < least || got > least+3*s {
						t.Errorf("wait %d was %v, want %v or a little more", i+1, got, least)
					}
				}
				// The same, and then a success.
				wire = testwire.Serving(func(n int, r *http.Request) (*http.Response, error) {
					if n == 0 {
						return tt.first(r)
					}
					return with(200, accepted)(r)
				})
				sent, err := number(t, wire).Send(t.Context(), hello)
				if again := tt.waits != nil; (err == nil) != again || len(wire.Requests()) > 2 || again && sent.WAMID != "wamid.EXAMPLE" {
					t.Errorf("then %d requests, %v: %v", len(wire.Requests()), sent, err)
				}
			})
		})
	}
}

func TestAWaitThatIsTooLongEndsTheSendAtOnce(t *testing.T) {
	t.Parallel()
	usage := func(minutes int) string {
		return fmt.Sprintf(`{"1":[{"call_count":20,"estimated_time_to_regain_access":0}],"2":[{"call_count":101,"estimated_time_to_regain_access":%d}]}`, minutes)
	}
	patient := kirim.DefaultRetryPolicy()
	patient.MaxRetryAfter = 48 * time.Hour
	for _, tt := range []struct {
		name     string
		first    responds
		policy   kirim.RetryPolicy
		deadline time.Duration
		wait     time.Duration // RetryAfter
		requests int
	}{
		{"access in 19 minutes", with(400, graph(80007), "X-Business-Use-Case-Usage", usage(19)), kirim.DefaultRetryPolicy(), time.Hour, 19 * time.Minute, 1},
		{"access in a minute, and a deadline before", with(400, graph(4), "X-Business-Use-Case-Usage", usage(1)), kirim.DefaultRetryPolicy(), 30 * time.Second, time.Minute, 1},
		{"a Retry-After counts more", with(400, graph(80007), "X-Business-Use-Case-Usage", usage(19), "Retry-After", "90"), kirim.DefaultRetryPolicy(), time.Hour, 90 * time.Second, 1},
		{"the pair rate, and a deadline before", with(400, graph(131056)), kirim.DefaultRetryPolicy(), 900 * time.Millisecond, time.Second, 1},
		{"restricted for spam", with(400, graph(131048)), kirim.DefaultRetryPolicy(), 72 * time.Hour, 24 * time.Hour, 1},
		{"restricted for spam, and a patient program", with(400, graph(131048)), patient, 1000 * time.Hour, 24 * time.Hour, 4},
		{"access in 19 minutes, and a patient program", with(400, graph(80007), "X-Business-Use-Case-Usage", usage(19)), patient, 50 * time.Minute, 19 * time.Minute, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				wire := testwire.Serving(func(_ int, r *http.Request) (*http.Response, error) { return tt.first(r) })
				began := time.Now()
				_, err := number(t, wire, kirim.WithRetryPolicy(tt.policy)).Send(ctx, hello)
				var e *kirim.Error
				if !errors.As(err, &e) || e.RetryAfter != tt.wait || len(wire.Requests()) != tt.requests || kirim.MaybeSent(err) {
					t.Fatalf("%d requests: %v", len(wire.Requests()), err)
				}
				if waited := time.Since(began); waited < tt.wait*time.Duration(tt.requests-1) || tt.requests == 1 && waited != 0 {
					t.Errorf("back after %v", waited)
				}
				action, wait := kirim.Disposition(err)
				if rate := e.Kind == kirim.KindRateLimited; rate && (action != kirim.ActionRetryAfter || wait != tt.wait) {
					t.Errorf("a queue is to %s after %v", action, wait)
				}
			})
		})
	}
}

func TestTheUsageOfMetasLimitsIsInTheResponse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer responds
		want   kirim.RateLimit
	}{
		{"no header", with(200, accepted), kirim.RateLimit{}},
		{"the app", with(200, accepted, "X-App-Usage", `{"call_count":28,"total_time":25,"total_cputime":30}`), kirim.RateLimit{Limit: 100, Remaining: 70, Percent: true}},
		{"the account", with(200, accepted, "X-Business-Use-Case-Usage", `{"1":[{"type":"whatsapp","call_count":95,"total_cputime":20,"total_time":20,"estimated_time_to_regain_access":0}]}`),
			kirim.RateLimit{Limit: 100, Remaining: 5, Percent: true}},
		{"both, of which the worse counts", with(200, accepted, "X-App-Usage", `{"call_count":99}`, "X-Business-Use-Case-Usage", `{"1":[{"call_count":10}]}`), kirim.RateLimit{Limit: 100, Remaining: 1, Percent: true}},
		{"a limit that is passed", with(400, graph(80007), "X-Business-Use-Case-Usage", `{"1":[{"call_count":120,"estimated_time_to_regain_access":5}]}`),
			kirim.RateLimit{Limit: 100, Percent: true, Wait: 5 * time.Minute, Exceeded: true}},
		{"another limit than those", with(400, graph(131056), "X-App-Usage", `{"call_count":3}`), kirim.RateLimit{Limit: 100, Remaining: 97, Percent: true}},
	} {
		var r kirim.Response
		wire := testwire.Serving(func(_ int, req *http.Request) (*http.Response, error) { return tt.answer(req) })
		_, _ = number(t, wire).Send(t.Context(), hello, kirim.WithResponse(&r), kirim.WithoutRetry())
		if r.RateLimit != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, r.RateLimit, tt.want)
		}
	}
}

func TestATokenThatIsRefusedTellsWhy(t *testing.T) {
	t.Parallel()
	for subcode, want := range map[string]kirim.Kind{
		"": kirim.KindAuthExpired, `,"error_subcode":463`: kirim.KindAuthExpired,
		`,"error_subcode":467`: kirim.KindAuthInvalid, `,"error_subcode":464`: kirim.KindAuthInvalid, `,"error_subcode":459`: kirim.KindAuthInvalid,
		`,"error_subcode":458`: kirim.KindAuthRevoked, `,"error_subcode":460`: kirim.KindAuthRevoked, `,"error_subcode":492`: kirim.KindAuthRevoked,
		`,"error_subcode":999`: kirim.KindAuthExpired, `,"error_subcode":"463"`: kirim.KindAuthExpired,
	} {
		body := `{"error":{"message":"m","type":"OAuthException","code":190` + subcode + `,"fbtrace_id":"AbC"}}`
		for by, decode := range map[string]kirim.ErrorDecoder{"detection": kirim.DecodeError, "the package": cloudapi.DecodeError} {
			e := decode(401, nil, []byte(body))
			if e.Kind != want || e.Code != "190" || e.MetaCode != 190 || e.RequestID != "AbC" || !kirim.IsAuthentication(e) || kirim.MaybeSent(e) {
				t.Errorf("%s reads %s as %s %s %d of %s", by, body, e.Kind, e.Code, e.MetaCode, e.RequestID)
			}
		}
	}
}

func TestAnErrorHasAllOfTheEnvelope(t *testing.T) {
	t.Parallel()
	const body = `{"error":{"message":"(#2388040) Too long","type":"OAuthException","code":2388040,"error_subcode":33,"error_data":{"messaging_product":"whatsapp","details":"Mend it."},
		"fbtrace_id":"AbC","is_transient":true,"error_user_title":"Title","error_user_msg":"Text"}}`
	_, err := number(t, testwire.Answering(400, body)).Send(t.Context(), hello)
	var e *kirim.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Code != "2388040" || e.MetaCode != 2388040 || e.Type != "OAuthException" || e.Details != "Mend it." || e.RequestID != "AbC" ||
		e.Message != "(#2388040) Too long" || e.Kind != kirim.KindInvalidRequest || !errors.Is(err, kirim.ErrorCode("2388040")) {
		t.Errorf("%+v", e)
	}
	if text := e.Error(); text != "kirim: POST /{id}/messages: 400 2388040: the request is invalid (request AbC)" {
		t.Errorf("the text is %q", text)
	}
	want := cloudapi.GraphError{Subcode: 33, Transient: true, UserTitle: "Title", UserMessage: "Text"}
	if got, ok := cloudapi.GraphErrorOf(fmt.Errorf("order 77: %w", err)); !ok || got != want {
		t.Errorf("%+v, %v", got, ok)
	}
	for _, err := range []error{nil, io.EOF, cloudapi.DecodeError(502, nil, []byte("<html>")), cloudapi.DecodeError(400, nil, []byte(`{"error":"no"}`))} {
		if got, ok := cloudapi.GraphErrorOf(err); ok {
			t.Errorf("%v has %+v", err, got)
		}
	}
}
