package kirim_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// header makes a header of names and values.
func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// Where envelopes, codes and places are alike, and what tells them apart.
func TestWhatIsAmbiguousIsSettled(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date := now.Format(http.TimeFormat)
	reset := fmt.Sprint(now.Add(40 * time.Second).Unix())
	tests := []struct {
		name   string
		status int
		header http.Header
		body   string
		want   kirim.Error // the fields compared below
	}{
		{"1. errors with a code that is a text is Connexease's", 402, nil,
			`{"isSuccess":false,"message":"x","errors":{"code":"BILL_001","group":"PAYMENT_REQUIRED","description":"Top up."}}`,
			kirim.Error{Code: "BILL_001", Kind: kirim.KindBilling, Message: "Top up."}},
		{"1. errors with a field called code is MichoW's", 422, nil,
			`{"message":"Bad.","errors":{"code":["code is short"],"to":["to is absent"]}}`,
			kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Bad.", Param: "code"}},
		{"1. errors with a text for a list is still MichoW's", 422, nil,
			`{"message":"Bad.","errors":{"to":"to is absent"}}`,
			kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Bad.", Param: "to"}},
		{"1. errors with odd elements is still MichoW's", 422, nil,
			`{"message":"Bad.","errors":{"meta":null,"to":[null,"to is absent"]}}`,
			kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Bad.", Param: "to"}},
		{"1. errors that are neither is nobody's", 422, nil,
			`{"message":"Bad.","errors":{"to":7}}`,
			kirim.Error{Kind: kirim.KindInvalidRequest, Message: "Bad."}},
		{"1. errors with a code that is a text is no list of fields", 422, nil,
			`{"message":"Bad.","errors":{"code":"x","description":"y"}}`,
			kirim.Error{Code: "x", Kind: kirim.KindInvalidRequest, Message: "y"}},
		{"an empty errors does not hide the message", 401, nil,
			`{"message":"Unauthenticated.","errors":{}}`,
			kirim.Error{Kind: kirim.KindAuthInvalid, Message: "Unauthenticated."}},
		{"nor an empty list", 401, nil,
			`{"message":"Unauthenticated.","errors":[]}`,
			kirim.Error{Kind: kirim.KindAuthInvalid, Message: "Unauthenticated."}},
		{"nor an empty error", 401, nil,
			`{"message":"Unauthenticated.","error":{},"errors":{}}`,
			kirim.Error{Kind: kirim.KindAuthInvalid, Message: "Unauthenticated."}},
		{"an error without a message beside one", 500, nil,
			`{"message":"Oops.","request_id":"req_1","error":{"code":"E1"}}`,
			kirim.Error{Code: "E1", Kind: kirim.KindInternal, Message: "Oops.", RequestID: "req_1"}},
		{"a list whose first element is odd", 400, nil,
			`{"errors":[null,7,{"code":"E1","detail":"No."}]}`,
			kirim.Error{Code: "E1", Kind: kirim.KindInvalidRequest, Message: "No."}},
		{"a list of texts", 400, nil,
			`{"errors":["No.","Never."]}`,
			kirim.Error{Kind: kirim.KindInvalidRequest, Message: "No."}},
		{"errors that is a text", 400, nil,
			`{"errors":"No."}`,
			kirim.Error{Kind: kirim.KindInvalidRequest, Message: "No."}},
		{"Kirim's envelope with odd elements", 422, nil,
			`{"error":{"type":"invalid_request_error","code":"outside_24h_window","message":["No."],"param":7,"request_id":null}}`,
			kirim.Error{Type: kirim.TypeInvalidRequest, Code: "outside_24h_window", Kind: kirim.KindOutsideWindow, Message: "No."}},
		{"a code that is a list is none", 400, nil,
			`{"error":{"code":["E1"],"type":7,"message":"No."}}`,
			kirim.Error{Kind: kirim.KindInvalidRequest, Message: "No."}},
		{"ShingleAI's issue with a path that is a text", 400, nil,
			`{"error":{"code":"VALIDATION_ERROR","message":"No.","details":{"issues":[{"path":"name","message":"absent"}]}}}`,
			kirim.Error{Code: "VALIDATION_ERROR", Kind: kirim.KindInvalidRequest, Message: "No.", Param: "name"}},
		{"2. a code alone is ShingleAI's", 401, nil,
			`{"error":{"code":"UNAUTHORIZED","message":"No."}}`,
			kirim.Error{Code: "UNAUTHORIZED", Kind: kirim.KindAuthInvalid, Message: "No."}},
		{"2. a type makes it Kirim's", 401, nil,
			`{"error":{"type":"authentication_error","code":"missing_api_key","message":"No."}}`,
			kirim.Error{Type: kirim.TypeAuthentication, Code: "missing_api_key", Kind: kirim.KindAuthMissing, Message: "No."}},
		{"2. a status makes it MichoW's", 401, nil,
			`{"error":{"code":"UNAUTHORIZED","message":"No.","status":401}}`,
			kirim.Error{Code: "UNAUTHORIZED", Kind: kirim.KindAuthMissing, Message: "No."}},
		{"2. a flag makes it API Messaging's, whatever else is there", 400, nil,
			`{"success":false,"error":{"type":"api_error","code":"session_not_connected","message":"No.","status":400}}`,
			kirim.Error{Code: "session_not_connected", Kind: kirim.KindNotConnected, Message: "No."}},
		{"2. a status beside one of Kirim's types is still Kirim's", 422, nil,
			`{"error":{"type":"invalid_request_error","code":"outside_24h_window","message":"No.","status":422}}`,
			kirim.Error{Type: kirim.TypeInvalidRequest, Code: "outside_24h_window", Kind: kirim.KindOutsideWindow, Message: "No."}},
		{"2. Kirim's code without a type is still recognised", 422, nil,
			`{"error":{"code":"outside_24h_window","message":"No.","request_id":"req_1"}}`,
			kirim.Error{Code: "outside_24h_window", Kind: kirim.KindOutsideWindow, Message: "No.", RequestID: "req_1"}},
		{"3. case is not folded", 401, nil,
			`{"success":false,"error":{"code":"INVALID_API_KEY","message":"No."}}`,
			kirim.Error{Code: "INVALID_API_KEY", Kind: kirim.KindAuthInvalid, Message: "No."}},
		{"3. another system's code is not looked up in Kirim's list", 401, nil,
			`{"success":false,"error":{"code":"revoked_api_key","message":"No."}}`,
			kirim.Error{Code: "revoked_api_key", Kind: kirim.KindAuthInvalid, Message: "No."}},
		{"4. UNAUTHORIZED is a group in Connexease", 401, nil,
			`{"isSuccess":false,"errors":{"code":"WABA_001","group":"UNAUTHORIZED","description":"Connect."}}`,
			kirim.Error{Code: "WABA_001", Kind: kirim.KindUpstreamAuth, Message: "Connect."}},
		{"4. not_found is a type in Kirim", 404, nil,
			`{"error":{"type":"not_found","code":"NOT_FOUND","message":"No."}}`,
			kirim.Error{Type: kirim.TypeNotFound, Code: "NOT_FOUND", Kind: kirim.KindNotFound, Message: "No."}},
		{"4. RATE_LIMITED is MichoW's with a status", 429, header("X-RateLimit-Reset", reset, "Date", date),
			`{"error":{"code":"RATE_LIMITED","message":"Slow.","status":429}}`,
			kirim.Error{Code: "RATE_LIMITED", Kind: kirim.KindRateLimited, Message: "Slow."}},
		{"5. the text is in description for Connexease alone", 400, nil,
			`{"isSuccess":false,"errors":{"code":"X_1","message":"not this","description":"this"}}`,
			kirim.Error{Code: "X_1", Kind: kirim.KindInvalidRequest, Message: "this"}},
		{"6. the wait in a header", 429, header("Retry-After", "7"),
			`{"success":false,"error":{"code":"rate_limit_exceeded","message":"Slow."}}`,
			kirim.Error{Code: "rate_limit_exceeded", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: 7 * time.Second}},
		{"6. the wait as a text with a unit", 429, nil,
			`{"isSuccess":false,"errors":{"code":"RATE_001","description":"Slow.","params":{"limit_type":"sec","retry_after":"2 minutes"}}}`,
			kirim.Error{Code: "RATE_001", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: 2 * time.Minute}},
		{"6. no wait, but the window: a second", 429, nil,
			`{"isSuccess":false,"errors":{"code":"RATE_001","description":"Slow.","params":{"limit_type":"sec"}}}`,
			kirim.Error{Code: "RATE_001", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: time.Second}},
		{"6. no wait, but the window: a minute", 429, nil,
			`{"isSuccess":false,"errors":{"code":"RATE_001","description":"Slow.","params":{"limit_type":"min","retry_after":"soon"}}}`,
			kirim.Error{Code: "RATE_001", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: time.Minute}},
		{"6. the wait as a number", 429, nil,
			`{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Slow.","details":{"retryAfter":1.5}}}`,
			kirim.Error{Code: "RATE_LIMIT_EXCEEDED", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: 1500 * time.Millisecond}},
		{"6. the reset, when nothing else is told", 429, header("X-RateLimit-Reset", reset, "Date", date),
			`{"success":false,"error":{"code":"concurrent_request_limit_exceeded","message":"Slow."}}`,
			kirim.Error{Code: "concurrent_request_limit_exceeded", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: 40 * time.Second}},
		{"6. nothing told, so what the vendor's sample client waits", 429, nil,
			`{"success":false,"error":{"code":"rate_limit_exceeded","message":"Slow."}}`,
			kirim.Error{Code: "rate_limit_exceeded", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: time.Minute}},
		{"6. the reset, with a code that is not known", 429, header("X-RateLimit-Reset", reset, "Date", date),
			`{"success":false,"error":{"code":"slow_down","message":"Slow."}}`,
			kirim.Error{Code: "slow_down", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: 40 * time.Second}},
		{"6. the reset, with another status", 403, header("X-RateLimit-Reset", reset, "Date", date),
			`{"success":false,"error":{"code":"rate_limit_exceeded","message":"Slow."}}`,
			kirim.Error{Code: "rate_limit_exceeded", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: 40 * time.Second}},
		{"white space in front of the body", 422, nil, " \r\n\t" + envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow),
			kirim.Error{Type: kirim.TypeInvalidRequest, Code: "outside_24h_window", Kind: kirim.KindOutsideWindow, Message: "Say it.", RequestID: "req_BODY"}},
		{"6. a reset of zero is none", 429, header("X-RateLimit-Reset", "0", "Date", date), `{"success":false,"error":{"code":"rate_limit_exceeded","message":"Slow."}}`,
			kirim.Error{Code: "rate_limit_exceeded", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: time.Minute}},
		{"4. a negative status is a number", 422, nil, `{"error":{"code":"NO_SESSION","message":"Pair it.","status":-1}}`,
			kirim.Error{Code: "NO_SESSION", Kind: kirim.KindNotConnected, Message: "Pair it."}},
		{"6. not the reset, when something else is told", 429, header("X-RateLimit-Reset", reset, "Date", date, "Retry-After", "3"),
			`{"success":false,"error":{"code":"rate_limit_exceeded","message":"Slow."}}`,
			kirim.Error{Code: "rate_limit_exceeded", Kind: kirim.KindRateLimited, Message: "Slow.", RetryAfter: 3 * time.Second}},
		{"6. not the reset of Kirim, which is when the bucket is full", 429, header("X-RateLimit-Reset", reset, "Date", date),
			envelope(kirim.TypeRateLimit, kirim.CodeRateLimitExceeded),
			kirim.Error{Type: kirim.TypeRateLimit, Code: "rate_limit_exceeded", Kind: kirim.KindRateLimited, Message: "Say it.", RequestID: "req_BODY"}},
		{"6. not the reset of a system that is only guessed", 429, header("X-RateLimit-Reset", reset, "Date", date),
			`{"error":{"code":"RATE_LIMITED","message":"Slow."}}`,
			kirim.Error{Code: "RATE_LIMITED", Kind: kirim.KindRateLimited, Message: "Slow."}},
		{"6. not the reset of a refusal that is no rate limit", 400, header("X-RateLimit-Reset", reset, "Date", date),
			`{"success":false,"error":{"code":"message_too_long","message":"Long."}}`,
			kirim.Error{Code: "message_too_long", Kind: kirim.KindPayloadTooLarge, Message: "Long."}},
		{"7. the field in details", 400, nil,
			`{"success":false,"error":{"code":"invalid_phone_number","message":"No.","details":{"field":"to","reason":"digits"}}}`,
			kirim.Error{Code: "invalid_phone_number", Kind: kirim.KindInvalidRecipient, Message: "No.", Param: "to"}},
		{"7. the field in a list of issues", 400, nil,
			`{"error":{"code":"VALIDATION_ERROR","message":"No.","details":{"issues":[{"path":["emails",0],"message":"no address"}]}}}`,
			kirim.Error{Code: "VALIDATION_ERROR", Kind: kirim.KindInvalidRequest, Message: "No.", Param: "emails.0"}},
		{"7. the field in a tree", 400, nil,
			`{"error":{"code":"VALIDATION_ERROR","message":"No.","details":{"errors":[],"properties":{"a":{"errors":[],"properties":{"b":{"errors":["no"]}}}}}}}`,
			kirim.Error{Code: "VALIDATION_ERROR", Kind: kirim.KindInvalidRequest, Message: "No.", Param: "a.b"}},
		{"7. details that are something else", 400, nil,
			`{"error":{"code":"VALIDATION_ERROR","message":"No.","details":[1]}}`,
			kirim.Error{Code: "VALIDATION_ERROR", Kind: kirim.KindInvalidRequest, Message: "No."}},
		{"8. the request id in ShingleAI's spelling of the header", 500, header("X-Request-ID", "req_2"),
			`{"error":{"code":"INTERNAL_ERROR","message":"Oops."}}`,
			kirim.Error{Code: "INTERNAL_ERROR", Kind: kirim.KindInternal, Message: "Oops.", RequestID: "req_2"}},
		{"9. a flag on a 2xx", 200, nil,
			`{"success":false,"error":{"code":"session_disconnected","message":"Pair."}}`,
			kirim.Error{Code: "session_disconnected", Kind: kirim.KindNotConnected, Message: "Pair."}},
		{"10. the status of HTTP counts, not that of the body", 503, nil,
			`{"error":{"code":"NEW_CODE","message":"Later.","status":422}}`,
			kirim.Error{Code: "NEW_CODE", Kind: kirim.KindUnavailable, Message: "Later."}},
		{"11. a new code of API Messaging", 403, nil,
			`{"success":false,"error":{"code":"brand_new","message":"No."}}`,
			kirim.Error{Code: "brand_new", Kind: kirim.KindPermission, Message: "No."}},
		{"11. a new code of Connexease, by its area", 400, nil,
			`{"isSuccess":false,"errors":{"code":"BILL_017","group":"BAD_REQUEST","description":"No."}}`,
			kirim.Error{Code: "BILL_017", Kind: kirim.KindBilling, Message: "No."}},
		{"11. a new code of Connexease, by its group", 400, nil,
			`{"isSuccess":false,"errors":{"code":"NEW_1","group":"PAYMENT_REQUIRED","description":"No."}}`,
			kirim.Error{Code: "NEW_1", Kind: kirim.KindBilling, Message: "No."}},
		{"11. a new code of Connexease, by the status", 502, nil,
			`{"isSuccess":false,"errors":{"code":"WABA_017","group":"BAD_GATEWAY","description":"No."}}`,
			kirim.Error{Code: "WABA_017", Kind: kirim.KindUpstream, Message: "No."}},
		{"11. Meta's code behind a new one of Connexease", 400, nil,
			`{"isSuccess":false,"errors":{"code":"GW_017","group":"","description":"(#131047) Re-engagement"}}`,
			kirim.Error{Code: "GW_017", Kind: kirim.KindOutsideWindow, Message: "(#131047) Re-engagement", MetaCode: 131047}},
		{"11. a number that is not Meta's, as the system has nothing to do with Meta", 500, nil,
			`{"success":false,"error":{"code":"internal_server_error","message":"order 131047 failed"}}`,
			kirim.Error{Code: "internal_server_error", Kind: kirim.KindInternal, Message: "order 131047 failed"}},
		{"ShingleAI's code without its holder", 400, nil,
			`{"code":"MISSING_QUERY","message":"No."}`,
			kirim.Error{Code: "MISSING_QUERY", Kind: kirim.KindInvalidRequest, Message: "No."}},
		{"a 502 of Connexease without a code", 502, nil,
			`{"isSuccess":false,"errors":{}}`,
			kirim.Error{Kind: kirim.KindUpstream, Message: "Bad Gateway"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := kirim.DecodeError(tt.status, tt.header, []byte(tt.body))
			got := fmt.Sprintln(e.StatusCode, e.Type, e.Code, e.Kind, e.Message, e.Param, e.RequestID, e.MetaCode, e.RetryAfter)
			w := tt.want
			want := fmt.Sprintln(tt.status, w.Type, w.Code, w.Kind, w.Message, w.Param, w.RequestID, w.MetaCode, w.RetryAfter)
			if got != want {
				t.Errorf("got  %swant %s", got, want)
			}
		})
	}
}

func TestEachTypeOfKirimsMakesAnEnvelopeKirims(t *testing.T) {
	t.Parallel()
	for _, tt := range documentedCodes {
		body := fmt.Sprintf(`{"error":{"type":%q,"code":"NOT_FOUND","message":"m","status":%d}}`, tt.typ, tt.status)
		if e := kirim.DecodeError(tt.status, nil, []byte(body)); e.Type != tt.typ {
			t.Errorf("%s is not taken for Kirim's: %+v", body, e)
		}
	}
}

func BenchmarkDecodeErrorOfKirim(b *testing.B) {
	body := []byte(envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow))
	b.ReportAllocs()
	for b.Loop() {
		kirim.DecodeError(422, nil, body)
	}
}
