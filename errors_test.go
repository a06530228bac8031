package kirim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// The codes as the vendor documents them, and what the questions that an
// application asks answer for each. Those of a message that failed later have
// no status; a response of 422 stands in for it.
var documentedCodes = []struct {
	status int
	typ    kirim.ErrorType
	code   kirim.ErrorCode
	kind   kirim.Kind
	is     string // the predicates that are true
}{
	{400, kirim.TypeInvalidRequest, "invalid_phone_number", kirim.KindInvalidRecipient, "InvalidRecipient"},
	{400, kirim.TypeInvalidRequest, "invalid_template_name", kirim.KindTemplateNotFound, ""},
	{400, kirim.TypeInvalidRequest, "missing_required_field", kirim.KindInvalidRequest, ""},
	{400, kirim.TypeInvalidRequest, "invalid_field_value", kirim.KindInvalidRequest, ""},
	{400, kirim.TypeInvalidRequest, "invalid_limit", kirim.KindInvalidRequest, ""},
	{400, kirim.TypeInvalidRequest, "invalid_cursor", kirim.KindInvalidRequest, ""},
	{400, kirim.TypeInvalidRequest, "invalid_webhook_url", kirim.KindWebhookInvalid, ""},
	{400, kirim.TypeInvalidRequest, "invalid_event_type", kirim.KindWebhookInvalid, ""},
	{401, kirim.TypeAuthentication, "missing_api_key", kirim.KindAuthMissing, "Authentication"},
	{401, kirim.TypeAuthentication, "invalid_api_key", kirim.KindAuthInvalid, "Authentication"},
	{401, kirim.TypeAuthentication, "revoked_api_key", kirim.KindAuthRevoked, "Authentication"},
	{401, kirim.TypeAuthentication, "expired_api_key", kirim.KindAuthExpired, "Authentication"},
	{403, kirim.TypePermission, "feature_not_available", kirim.KindPlanLimit, "Permission"},
	{403, kirim.TypePermission, "organization_suspended", kirim.KindSuspended, "Permission"},
	{404, kirim.TypeNotFound, "resource_not_found", kirim.KindNotFound, "NotFound"},
	{409, kirim.TypeConflict, "idempotency_in_progress", kirim.KindIdempotencyInProgress, "IdempotencyInProgress Temporary MaybeSent"},
	{409, kirim.TypeConflict, "webhook_subscription_disabled", kirim.KindConflict, "Conflict"},
	{409, kirim.TypeConflict, "template_already_exists", kirim.KindConflict, "Conflict"},
	{422, kirim.TypeInvalidRequest, "idempotency_key_reuse", kirim.KindIdempotencyReuse, "IdempotencyReuse"},
	{422, kirim.TypeInvalidRequest, "whatsapp_number_not_verified", kirim.KindNotConnected, ""},
	{422, kirim.TypeInvalidRequest, "cannot_revoke_last_secret", kirim.KindConflict, "Conflict"},
	{422, kirim.TypeInvalidRequest, "outside_24h_window", kirim.KindOutsideWindow, "Outside24hWindow"},
	{422, kirim.TypeInvalidRequest, "template_paused", kirim.KindTemplateUnavailable, "TemplateUnavailable"},
	{422, kirim.TypeInvalidRequest, "template_disabled", kirim.KindTemplateUnavailable, "TemplateUnavailable"},
	{429, kirim.TypeRateLimit, "rate_limit_exceeded", kirim.KindRateLimited, "RateLimited Temporary"},
	{500, kirim.TypeAPI, "internal_error", kirim.KindInternal, "Temporary MaybeSent"},
	{502, kirim.TypeAPI, "whatsapp_upstream_error", kirim.KindUpstream, "Upstream Temporary MaybeSent"},
	{503, kirim.TypeAPI, "service_unavailable", kirim.KindUnavailable, "Temporary MaybeSent"},
	{400, kirim.TypeInvalidRequest, kirim.CodeInvalidRequest, kirim.KindInvalidRequest, ""},
	{403, kirim.TypePermission, kirim.CodePhoneNumberForbidden, kirim.KindPermission, "Permission"},
	{409, kirim.TypeConflict, kirim.CodeIdempotencyConflict, kirim.KindIdempotencyReuse, "IdempotencyReuse"},
	{422, kirim.TypeInvalidRequest, kirim.CodeAccountNotConnected, kirim.KindNotConnected, ""},
	{422, kirim.TypeInvalidRequest, kirim.CodeTemplateParamCountMismatch, kirim.KindInvalidRequest, ""},
	{422, kirim.TypeInvalidRequest, kirim.CodeTemplateParamFormatMismatch, kirim.KindInvalidRequest, ""},
	{422, kirim.TypeInvalidRequest, kirim.CodeRecipientNotOnWhatsApp, kirim.KindRecipientUnavailable, ""},
	{422, kirim.TypeInvalidRequest, kirim.CodeRecipientBlocked, kirim.KindRecipientUnavailable, ""},
	{422, kirim.TypeInvalidRequest, kirim.CodeMediaDownloadFailed, kirim.KindMediaInvalid, ""},
	{422, kirim.TypeInvalidRequest, kirim.CodeQuotaExceeded, kirim.KindQuotaExceeded, ""},
}

var predicates = []struct {
	name string
	is   func(error) bool
}{
	{"Outside24hWindow", kirim.IsOutside24hWindow},
	{"TemplateUnavailable", kirim.IsTemplateUnavailable},
	{"InvalidRecipient", kirim.IsInvalidRecipient},
	{"RateLimited", kirim.IsRateLimited},
	{"Authentication", kirim.IsAuthentication},
	{"Permission", kirim.IsPermission},
	{"NotFound", kirim.IsNotFound},
	{"Conflict", kirim.IsConflict},
	{"IdempotencyInProgress", kirim.IsIdempotencyInProgress},
	{"IdempotencyReuse", kirim.IsIdempotencyReuse},
	{"Upstream", kirim.IsUpstream},
	{"Temporary", kirim.IsTemporary},
	{"MaybeSent", kirim.MaybeSent},
}

func truths(err error) string {
	var names []string
	for _, p := range predicates {
		if p.is(err) {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, " ")
}

func TestEachDocumentedCodeThroughTheClient(t *testing.T) {
	t.Parallel()
	for _, tt := range documentedCodes {
		t.Run(string(tt.code), func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(`{"error":{"type":%q,"code":%q,"message":"Look at it.","param":"template.name","request_id":"req_BODY"}}`, tt.typ, tt.code)
			w := newWire(answer{status: tt.status, body: body, header: map[string]string{"X-Request-Id": "req_HEADER"}})
			err := post(t.Context(), w.client(t), kirim.WithoutRetry(), kirim.WithIdempotencyKey("order-7"))
			err = fmt.Errorf("ship order: %w", errors.Join(errors.New("other"), err))

			e := answerOf(t, err)
			got := fmt.Sprintln(e.StatusCode, e.Type, e.Code, e.Kind, e.Message, e.Param, e.RequestID, e.Attempts, e.IdempotencyKey, e.Method, e.Path, string(e.Body))
			want := fmt.Sprintln(tt.status, tt.typ, tt.code, tt.kind, "Look at it.", "template.name", "req_BODY", 1, "order-7", "POST", "/1/messages", body)
			if got != want {
				t.Errorf("error has\n%swant\n%s", got, want)
			}
			if !errors.Is(err, tt.code) || !errors.Is(err, tt.kind) || errors.Is(err, kirim.ErrorCode("other")) || errors.Is(err, kirim.ErrorCode("")) {
				t.Error("errors.Is does not tell its code and kind from others")
			}
			var code kirim.ErrorCode
			var kind kirim.Kind
			if !errors.As(err, &code) || !errors.As(err, &kind) || code != tt.code || kind != tt.kind {
				t.Errorf("errors.As gave %q and %q", code, kind)
			}
			if got := truths(err); got != tt.is {
				t.Errorf("true are %q, want %q", got, tt.is)
			}
			for _, want := range []string{fmt.Sprint(tt.status), string(tt.code), "req_BODY", "param template.name"} {
				if !strings.Contains(e.Error(), want) {
					t.Errorf("%q lacks %q", e.Error(), want)
				}
			}
		})
	}
}

func TestAnErrorBodyOfAnyShapeIsAnError(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("noise ", 10<<20/6)
	tests := []struct {
		name   string
		answer answer
		want   kirim.Error // the fields compared below
	}{
		{"HTML from a proxy", answer{status: 502, body: "<html><h1>502 Bad Gateway</h1></html>", header: map[string]string{"Content-Type": "text/html"}},
			kirim.Error{Kind: kirim.KindUpstream, Message: "Bad Gateway"}},
		{"an empty 500", answer{status: 500}, kirim.Error{Kind: kirim.KindInternal, Message: "Internal Server Error"}},
		{"plain text", answer{status: 503, body: "\n no healthy upstream\nmore", header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
			kirim.Error{Kind: kirim.KindUnavailable, Message: "no healthy upstream"}},
		{"a JSON array", answer{status: 400, body: `[{"code":"bad_thing","message":"No."}]`}, kirim.Error{Kind: kirim.KindInvalidRequest, Code: "bad_thing", Message: "No."}},
		{"a JSON array of nothing", answer{status: 404, body: `[]`}, kirim.Error{Kind: kirim.KindNotFound, Message: "Not Found"}},
		{"a JSON string", answer{status: 403, body: `"no"`}, kirim.Error{Kind: kirim.KindPermission, Message: "Forbidden"}},
		{"JSON null", answer{status: 400, body: `null`}, kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Bad Request"}},
		{"an error that is a string", answer{status: 401, body: `{"error":"unauthorized"}`}, kirim.Error{Kind: kirim.KindAuthInvalid, Message: "unauthorized"}},
		{"code and message without a holder", answer{status: 422, body: `{"code":"undeliverable","message":"No.","meta":{"code":131047}}`},
			kirim.Error{Kind: kirim.KindOutsideWindow, Code: "undeliverable", Message: "No.", MetaCode: 131047}},
		{"a list of errors", answer{status: 400, body: `{"errors":[{"title":"Bad","detail":"Worse"}]}`}, kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Worse"}},
		{"a code newer than this package", answer{status: 409, body: envelope("conflict", "brand_new")}, kirim.Error{Kind: kirim.KindConflict, Type: "conflict", Code: "brand_new", Message: "Say it."}},
		{"a type newer than this package", answer{status: 418, body: envelope("teapot_error", "is_a_teapot")}, kirim.Error{Kind: kirim.KindUnknown, Type: "teapot_error", Code: "is_a_teapot", Message: "Say it."}},
		{"upper case is not folded", answer{status: 401, body: envelope("authentication_error", "INVALID_API_KEY")}, kirim.Error{Kind: kirim.KindAuthInvalid, Type: "authentication_error", Code: "INVALID_API_KEY", Message: "Say it."}},
		{"a code that is a number", answer{status: 400, body: `{"error":{"type":"x","code":42,"message":"No."}}`}, kirim.Error{Kind: kirim.KindInvalidRequest, Type: "x", Message: "No."}},
		{"Meta's own envelope", answer{status: 400, body: `{"error":{"message":"(#131056) Pair rate limit hit","type":"OAuthException","code":131056,"fbtrace_id":"A"}}`},
			kirim.Error{Kind: kirim.KindRateLimited, Type: "OAuthException", Code: "131056", Message: "(#131056) Pair rate limit hit", MetaCode: 131056}},
		{"a short code of Meta's", answer{status: 400, body: `{"error":{"message":"Too many","type":"OAuthException","code":4,"fbtrace_id":"A"}}`},
			kirim.Error{Kind: kirim.KindRateLimited, Type: "OAuthException", Code: "4", Message: "Too many", MetaCode: 4}},
		{"a status that looks like a short code of Meta's", answer{status: 400, body: `{"code":200,"message":"No."}`}, kirim.Error{Kind: kirim.KindInvalidRequest, Message: "No."}},
		{"Meta's code in the text of a 500", answer{status: 500, body: `{"error":{"type":"api_error","code":"internal_error","message":"Meta said 131026: undeliverable","request_id":"r"}}`},
			kirim.Error{Kind: kirim.KindRecipientUnavailable, Type: "api_error", Code: "internal_error", Message: "Meta said 131026: undeliverable", MetaCode: 131026}},
		{"Meta's code deep in a 502", answer{status: 502, body: `{"error":{"type":"api_error","code":"whatsapp_upstream_error","message":"m","request_id":"r","details":{"errors":[{"code":132015}]}}}`},
			kirim.Error{Kind: kirim.KindTemplateUnavailable, Type: "api_error", Code: "whatsapp_upstream_error", Message: "m", MetaCode: 132015}},
		{"a number in the text that Meta does not use", answer{status: 500, body: `{"error":{"type":"api_error","code":"internal_error","message":"order 131999 failed","request_id":"r"}}`},
			kirim.Error{Kind: kirim.KindInternal, Type: "api_error", Code: "internal_error", Message: "order 131999 failed"}},
		{"10 MB of text", answer{status: 500, body: big}, kirim.Error{Kind: kirim.KindInternal, Message: "Internal Server Error"}},
		{"invalid UTF-8", answer{status: 400, body: "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_field_value\",\"message\":\"\xff\xfe\"}}"},
			kirim.Error{Kind: kirim.KindInvalidRequest, Type: "invalid_request_error", Code: "invalid_field_value", Message: "\uFFFD\uFFFD"}},
		{"invalid UTF-8 in plain text", answer{status: 400, body: "\xff", header: map[string]string{"Content-Type": "text/plain"}}, kirim.Error{Kind: kirim.KindInvalidRequest, Message: "\uFFFD"}},
		{"truncated JSON", answer{status: 422, body: `{"error":{"type":"invalid_request_er`}, kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Unprocessable Entity"}},
		{"a body that breaks off", answer{status: 422, body: `{"error":`, cut: io.ErrUnexpectedEOF}, kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Unprocessable Entity"}},
		{"nesting without end", answer{status: 400, body: strings.Repeat("[", 60000)}, kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Bad Request"}},
		{"a status outside all ranges", answer{status: 999}, kirim.Error{Kind: kirim.KindInternal}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				err := post(t.Context(), newWire(tt.answer).client(t), kirim.WithoutRetry())
				e := answerOf(t, err)
				got := fmt.Sprintln(e.StatusCode, e.Kind, e.Type, e.Code, e.Message, e.MetaCode)
				want := fmt.Sprintln(tt.answer.status, tt.want.Kind, tt.want.Type, tt.want.Code, tt.want.Message, tt.want.MetaCode)
				if got != want {
					t.Errorf("got  %swant %s", got, want)
				}
				if len(e.Body) > 64<<10 || !strings.HasPrefix(tt.answer.body, string(e.Body)) {
					t.Errorf("the body has %d bytes", len(e.Body))
				}
				if text := e.Error(); strings.ContainsAny(text, "\n\r") || len(text) > 300 {
					t.Errorf("the text is not one short line: %.400q", text)
				}
			})
		})
	}
}

func TestMaybeSentLooksAtTheWholeCall(t *testing.T) {
	t.Parallel()
	window := answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow)}
	reset := answer{err: errReset}
	refused := answer{err: errRefused}
	tests := []struct {
		name    string
		answers []answer
		want    bool
	}{
		{"a refusal", []answer{window}, false},
		{"a reset, then a refusal under the same key", []answer{reset, window}, true},
		{"a reset, then a refusal by something that is not Kirim", []answer{reset, {status: 422}}, true},
		{"a reset, then no connection", []answer{reset, refused}, true},
		{"no connection, then a refusal", []answer{refused, window}, false},
		{"a reset, then a bad key", []answer{reset, {status: 401, body: envelope(kirim.TypeAuthentication, kirim.CodeRevokedAPIKey)}}, true},
		{"a reset, then a rate limit with no end", []answer{reset, {status: 429, header: map[string]string{"Retry-After": "3600"}}}, true},
		{"a 502, then a rate limit with no end", []answer{{status: 502}, {status: 429, header: map[string]string{"Retry-After": "3600"}}}, true},
		{"a rate limit, then no connection", []answer{{status: 429}, refused}, false},
		{"a reset, then the key in use for another request", []answer{reset, {status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeIdempotencyKeyReuse)}}, true},
		{"a 200 that is not JSON", []answer{{status: 200, body: "<html>"}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out struct{ Data any }
				c := newWire(tt.answers...).client(t)
				err := c.Do(t.Context(), "POST", "/1/messages", nil, nil, &out)
				if got := kirim.MaybeSent(err); got != tt.want {
					t.Errorf("MaybeSent = %v, want %v: %v", got, tt.want, err)
				}
			})
		})
	}
	for _, err := range []error{nil, io.EOF, context.Canceled, &kirim.ValidationError{}, errors.Join(io.EOF, nil)} {
		if kirim.MaybeSent(err) {
			t.Errorf("MaybeSent(%v) is true", err)
		}
	}
}

func TestA2xxThatIsNotTheAPIsIsAnErrorWithTheAnswerInIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, text string
	}{
		{"HTML", "<html>Sign in</html>", "200: the answer is not what the api documents, the body is not the JSON that was expected"},
		{"JSON of another shape", `{"data":[1]}`, "the body is not the JSON that was expected"},
		{"a body over 8 MiB", strings.Repeat(" ", 8<<20+1), "the body is larger than 8 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(answer{status: 200, body: tt.body, header: map[string]string{"X-Request-Id": "req_9"}})
			_, err := w.client(t).PhoneNumber("1").Messages.Send(t.Context(), hello)
			e := answerOf(t, err)
			if e.Kind != kirim.KindInvalidResponse || e.RequestID != "req_9" || e.IdempotencyKey == "" || len(e.Body) == 0 || len(w.seen()) != 1 {
				t.Errorf("error %#v after %d requests", e, len(w.seen()))
			}
			wantText(t, err, tt.text)
		})
	}
}

func TestAny2xxIsSuccess(t *testing.T) {
	t.Parallel()
	for _, a := range []answer{
		{status: 200, body: `{"data":{"id":"msg_1","status":"pending"}}`},
		{status: 201, body: `{"data":{"id":"msg_1","status":"pending","message_id":null,"later":[1]}}`},
		{status: 202, body: ` {"data":{"id":"msg_1","status":"pending","message_id":"wamid.1"}} `},
		{status: 299, body: `{"data":{"id":"msg_1","status":"pending"},"message":"ok"}`}, {status: 204},
	} {
		m, err := newWire(a).client(t).PhoneNumber("1").Messages.Send(t.Context(), hello)
		if err != nil || a.body != "" && strings.Contains(a.body, "msg_1") && (m.ID != "msg_1" || m.Status != "pending") {
			t.Errorf("%d: %+v, %v", a.status, m, err)
		}
	}
}

// A server that repeats what it was told, and a caller that logs everything.
func TestNothingSecretIsShown(t *testing.T) {
	t.Parallel()
	const phone, words = "+6281100000001", "Dear customer"
	echo := `{"error":{"type":"invalid_request_error","code":"` + phone + `","message":"Bearer ` + testKey + ` said ` + words + ` to ` + phone + `","param":"` + phone + `","request_id":"req_1"}}`
	var logs, errorLogs bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	errorLogger := slog.New(slog.NewJSONHandler(&errorLogs, nil))
	header := map[string]string{"X-Echo": "Bearer " + testKey, "X-Request-Id": "req_1", "Location": "https://x.example/?to=" + phone}
	synctest.Test(t, func(t *testing.T) {
		var shown strings.Builder
		show := func(values ...any) {
			for _, v := range values {
				j, _ := json.Marshal(v)
				fmt.Fprintf(&shown, "%v\n%+v\n%#v\n%s\n", v, v, v, j)
			}
		}
		for _, a := range []answer{{status: 422, body: echo, header: header}, {status: 502, body: echo, header: header}, {status: 200, body: testKey, header: header}, {err: errReset}, {status: 302, header: header}} {
			var response kirim.Response
			c := newWire(a).client(t, kirim.WithLogger(logger), kirim.WithUserAgent("orders/1"))
			message := kirim.OutboundMessage{To: phone, Content: kirim.Text{Body: words}}
			number := c.PhoneNumber("1")
			_, err := number.Messages.Send(t.Context(), message, kirim.WithResponse(&response))
			show(c, *c, number, *number, number.Messages, *number.Messages, response, &response, err, kirim.WithBaseURL(testBase))
			var e *kirim.Error
			if errors.As(err, &e) {
				show(e, *e, string(e.Body))
			}
			errorLogger.Info("failed", "error", err)
			for _, text := range []string{err.Error(), logs.String(), errorLogs.String()} {
				for what, secret := range map[string]string{"the number": phone[1:], "the message": words} {
					if strings.Contains(text, secret) {
						t.Errorf("%s is in %s", what, text)
					}
				}
			}
			if err := c.Do(t.Context(), "GET", "/contacts", url.Values{"phone": {phone}}, nil, nil); strings.Contains(fmt.Sprint(err), phone[1:]) {
				t.Errorf("the number is in %v", err)
			}
		}
		for _, bad := range []string{testKey + "\n", " " + testKey, testKey + "\x00", testKey + "é"} {
			_, err := kirim.NewClient(bad)
			show(err)
		}
		_, err := kirim.NewClient(testKey, kirim.WithBaseURL("https://user:"+testKey+"@h"))
		show(err)
		if strings.Contains(shown.String()+logs.String()+errorLogs.String(), testKey) {
			t.Error("the key was shown")
		}
		if !strings.Contains(shown.String(), "[redacted]") || !strings.Contains(logs.String(), `"status":422`) {
			t.Error("the test has shown nothing; it would not notice the key")
		}
	})
}

func TestAShortKeyDoesNotShredTheAnswer(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"k", "key", "invalid"} {
		w := newWire(answer{status: 401, body: envelope(kirim.TypeAuthentication, kirim.CodeInvalidAPIKey), header: map[string]string{"X-Request-Id": "req_key"}})
		c, err := kirim.NewClient(key, kirim.WithHTTPClient(&http.Client{Transport: w}))
		if err != nil {
			t.Fatal(err)
		}
		if e := answerOf(t, post(t.Context(), c)); e.Code != kirim.CodeInvalidAPIKey || e.Header.Get("X-Request-Id") != "req_key" {
			t.Errorf("key %q: %v", key, e)
		}
	}
}

func TestLogRecordsHoldOnlyWhatIsAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
		w := newWire(answer{status: 502, after: time.Second}, answer{err: errReset}, answer{status: 200, header: map[string]string{"X-Request-Id": "req_3"}})
		if err := w.client(t, kirim.WithLogger(logger)).Do(t.Context(), "POST", "/106540352242922/messages", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		allowed := "time level msg method route attempt duration status request_id kind wait outcome"
		lines := strings.Split(strings.TrimSpace(logs.String()), "\n")
		for i, line := range lines {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			for name := range record {
				if !strings.Contains(allowed, name) {
					t.Errorf("record %d has %s", i, name)
				}
			}
			if record["route"] != "/{id}/messages" || record["attempt"] != float64(i+1) {
				t.Errorf("record %d: %s", i, line)
			}
		}
		if len(lines) != 3 || !strings.Contains(lines[0], `"duration":1000000000`) || !strings.Contains(lines[2], `"request_id":"req_3"`) {
			t.Errorf("records: %s", logs.String())
		}
	})
}

func TestDecodeErrorNeedsNoClient(t *testing.T) {
	t.Parallel()
	e := kirim.DecodeError(429, http.Header{"Retry-After": {"7"}, "X-Request-Id": {"req_H"}}, nil)
	if e.Kind != kirim.KindRateLimited || e.RetryAfter != 7*time.Second || e.RequestID != "req_H" {
		t.Errorf("%+v", e)
	}
	past := http.Header{"Retry-After": {"Sat, 01 Jan 2000 00:00:00 GMT"}, "Date": {"Sat, 01 Jan 2000 01:00:00 GMT"}}
	if e := kirim.DecodeError(503, past, nil); e.RetryAfter != 0 || kirim.MaybeSent(e) {
		t.Errorf("a date in the past: wait %v, MaybeSent %v", e.RetryAfter, kirim.MaybeSent(e))
	}
	if e := kirim.DecodeError(0, nil, nil); e.Kind != kirim.KindUnknown {
		t.Errorf("%+v", e)
	}
	if text := (&kirim.Error{}).Error(); text != "kirim: 0: unrecognised answer" {
		t.Error(text)
	}
}

func TestADecoderOfTheCallersIsAskedFirst(t *testing.T) {
	t.Parallel()
	decode := func(status int, header http.Header, body []byte) *kirim.Error {
		if string(body) == "mine" {
			return &kirim.Error{Code: "MINE", Kind: kirim.KindBilling}
		}
		return nil
	}
	e := answerOf(t, post(t.Context(), newWire(answer{status: 402, body: "mine", header: map[string]string{"X-Request-Id": "r"}}).client(t, kirim.WithErrorDecoder(decode))))
	if e.Code != "MINE" || e.Kind != kirim.KindBilling || e.StatusCode != 402 || e.RequestID != "r" || string(e.Body) != "mine" || e.Header == nil || e.Attempts != 1 {
		t.Errorf("%+v", e)
	}
	e = answerOf(t, post(t.Context(), newWire(answer{status: 404, body: "other"}).client(t, kirim.WithErrorDecoder(decode))))
	if e.Kind != kirim.KindNotFound {
		t.Errorf("%+v", e)
	}
}

func FuzzDecodeError(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, "\xff", `{"error":"x"}`, `{"errors":[{"code":"a"}]}`,
		`{"error":{"type":"api_error","code":"internal_error","message":"(#131047)"}}`, `{"error":{"code":4,"fbtrace_id":"x"}}`, `{"meta":{"code":131047}}`,
		`{"success":false,"error":{"code":"invalid_request","message":"m","details":{"field":"to","reason":"r"}}}`,
		`{"error":{"code":"SEND_FAILED","message":"m","status":502}}`, `{"message":"m","errors":{"to":["a","b"],"code":["c"]}}`,
		`{"isSuccess":false,"errors":{"code":"RATE_001","group":"G","description":"d","params":{"limit_type":"sec","retry_after":"1h2m3.5s"}}}`,
		`{"error":{"code":"VALIDATION_ERROR","message":"m","details":{"issues":[{"path":["a",0],"message":"b"}],"retryAfter":1e99}}}`,
		`{"error":{"code":"VALIDATION_ERROR","message":"m","details":{"errors":["a"],"properties":{"b":{"errors":["c"],"properties":{}}}}}}`,
		`{"code":"NOT_FOUND","message":"m"}`,
	} {
		f.Add(500, "7", "1772366440", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter, reset string, body []byte) {
		e := kirim.DecodeError(status, http.Header{"Retry-After": {retryAfter}, "X-Ratelimit-Reset": {reset}}, body)
		if e.Kind == "" || e.StatusCode != status || e.RetryAfter < 0 {
			t.Errorf("%+v", e)
		}
		if held := len(e.Code) + len(e.Message) + len(e.Param) + len(e.RequestID); held > 3*len(body)+1000 || len(e.Body) != len(body) {
			t.Errorf("%d bytes are kept of a body of %d", held, len(body))
		}
		if text := e.Error(); strings.ContainsAny(text, "\n\r") || len(text) > 500 {
			t.Errorf("text is %q", text)
		}
	})
}
