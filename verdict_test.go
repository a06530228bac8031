package kirim_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// metaBody is an error in Meta's own envelope.
func metaBody(code int) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) Say it","type":"OAuthException","code":%[1]d,"error_data":{"messaging_product":"whatsapp","details":"Mend it."},"fbtrace_id":"A"}}`, code)
}

// providerBody is one of Kirim's that passes Meta's number on.
func providerBody(code string, number int) string {
	return fmt.Sprintf(`{"error":{"type":"api_error","code":%q,"message":"Say it.","provider_code":%d,"request_id":"r"}}`, code, number)
}

func TestACodeCountsMoreThanTheStatus(t *testing.T) {
	t.Parallel()
	const (
		all, none  = "again again again again again", "stop stop stop stop stop"
		safe       = "again again again again stop"
		no, unsafe = "no no no no no", "no yes yes yes yes"
	)
	tests := []struct {
		name     string
		statuses []int
		body     string
		want     string // for each column
		sent     string // likewise: MaybeSent
		kind     kirim.Kind
	}{
		{"throughput", []int{400, 403, 429, 500, 502, 503, 504, 501}, metaBody(130429), all, no, kirim.KindRateLimited},
		{"pair rate", []int{400, 429, 500, 502}, metaBody(131056), all, no, kirim.KindRateLimited},
		{"requests of an app", []int{400, 500, 502}, metaBody(4), all, no, kirim.KindRateLimited},
		{"requests of an account", []int{400, 500, 502}, metaBody(80007), all, no, kirim.KindRateLimited},
		{"requests by use case", []int{400, 500, 502}, metaBody(80008), all, no, kirim.KindRateLimited},
		{"group operations", []int{400, 500, 502}, metaBody(131208), all, no, kirim.KindRateLimited},
		{"throttled, in Kirim's envelope", []int{400, 500, 502, 503}, providerBody("whatsapp_upstream_error", 130429), all, no, kirim.KindRateLimited},
		{"Kirim's own rate limit", []int{400, 500, 503}, envelope(kirim.TypeAPI, kirim.CodeRateLimitExceeded), all, no, kirim.KindRateLimited},
		{"restricted for spam", []int{400, 429, 500, 502, 503}, metaBody(131048), none, no, kirim.KindSuspended},
		{"cap of marketing", []int{400, 429, 500, 502, 503}, metaBody(131049), none, no, kirim.KindQuotaExceeded},
		{"a closed window", []int{400, 422, 429, 500, 502, 503, 504}, metaBody(131047), none, no, kirim.KindOutsideWindow},
		{"a code of whatever gave up waiting", []int{408}, envelope(kirim.TypeInvalidRequest, kirim.CodeInvalidFieldValue), safe, unsafe, kirim.KindInvalidRequest},
		{"a closed window in Kirim's word", []int{422, 500, 502, 504}, envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow), none, no, kirim.KindOutsideWindow},
		{"a refusal that only the type tells", []int{500}, envelope(kirim.TypeInvalidRequest, "brand_new"), safe, unsafe, kirim.KindInvalidRequest},
		{"a failure of Meta's", []int{400, 500, 502}, metaBody(131016), safe, unsafe, kirim.KindUpstream},
		{"an unknown number", []int{500, 502}, metaBody(131999), safe, unsafe, ""},
		{"an unknown number of a family", []int{500, 502}, metaBody(133999), safe, unsafe, ""},
		{"an unknown number as a refusal", []int{400, 404}, metaBody(131999), none, no, ""},
		{"in progress under another status", []int{423, 503}, envelope(kirim.TypeConflict, kirim.CodeIdempotencyInProgress), "stop stop stop again stop", unsafe, kirim.KindIdempotencyInProgress},
		// A number that is only part of a text does not prove that nothing was sent.
		{"a number in a text", []int{500, 502}, `{"error":{"type":"api_error","code":"internal_error","message":"order 130429 failed","request_id":"r"}}`, safe, unsafe, kirim.KindRateLimited},
	}
	for _, tt := range tests {
		want, sent := splitFive(t, tt.want), splitFive(t, tt.sent)
		for _, status := range tt.statuses {
			for i, column := range columns {
				for _, method := range column.methods {
					t.Run(fmt.Sprintf("%s/%d/%s/%s", tt.name, status, column.name, method), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							w := newWire(answer{status: status, body: tt.body})
							err := w.client(t, column.options...).Do(t.Context(), method, "/1/messages", nil, nil, nil)
							attempts := 1
							if want[i] == "again" {
								attempts = 4
							}
							if got := len(w.seen()); got != attempts {
								t.Errorf("the server saw %d requests, want %d: %v", got, attempts, err)
							}
							if e := answerOf(t, err); e.StatusCode != status || tt.kind != "" && e.Kind != tt.kind {
								t.Errorf("%d %s, want %d %s", e.StatusCode, e.Kind, status, tt.kind)
							}
							if got := kirim.MaybeSent(err); got != (sent[i] == "yes") {
								t.Errorf("MaybeSent = %v, want %s: %v", got, sent[i], err)
							}
						})
					})
				}
			}
		}
	}
}

func TestTheWaitFitsTheCode(t *testing.T) {
	t.Parallel()
	const s = time.Second
	tests := []struct {
		name   string
		answer answer
		waits  []time.Duration // at least; each at most a second or a tenth more, and the jitter of our own
		asked  time.Duration   // RetryAfter of the error
	}{
		{"pair rate", answer{status: 400, body: metaBody(131056)}, []time.Duration{1 * s, 4 * s, 16 * s}, 64 * s},
		{"pair rate in a 502", answer{status: 502, body: metaBody(131056)}, []time.Duration{1 * s, 4 * s, 16 * s}, 64 * s},
		{"pair rate, and the server says more", answer{status: 429, body: metaBody(131056), header: map[string]string{"Retry-After": "30"}}, []time.Duration{30 * s, 30 * s, 30 * s}, 30 * s},
		{"throughput", answer{status: 500, body: metaBody(130429)}, []time.Duration{s, s, s}, 0},
		{"429 without a wait", answer{status: 429}, []time.Duration{s, s, s}, 0},
		{"account in maintenance", answer{status: 500, body: metaBody(131057)}, []time.Duration{60 * s, 60 * s, 60 * s}, 60 * s},
		{"number in maintenance", answer{status: 500, body: metaBody(2494100)}, nil, 5 * time.Minute},
		{"number in maintenance, without a failure", answer{status: 400, body: metaBody(2494100)}, nil, 5 * time.Minute},
		{"cap of marketing", answer{status: 400, body: metaBody(131049)}, nil, 24 * time.Hour},
		{"restricted for spam", answer{status: 500, body: metaBody(131048)}, nil, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWire(tt.answer)
				e := answerOf(t, post(t.Context(), w.client(t)))
				requests := w.seen()
				if len(requests) != len(tt.waits)+1 {
					t.Fatalf("%d requests, want %d: %v", len(requests), len(tt.waits)+1, e)
				}
				for i, least := range tt.waits {
					if got := requests[i+1].at.Sub(requests[i].at); got < least || got > least+3*s {
						t.Errorf("wait %d was %v, want %v or a little more", i+1, got, least)
					}
				}
				if e.RetryAfter != tt.asked {
					t.Errorf("RetryAfter is %v, want %v", e.RetryAfter, tt.asked)
				}
			})
		})
	}
}

func TestAWaitThatDoesNotFitEndsTheCallWithTheAdvice(t *testing.T) {
	t.Parallel()
	short := kirim.DefaultRetryPolicy()
	short.MaxRetryAfter = 500 * time.Millisecond
	for name, tc := range map[string]struct {
		answer answer
		policy kirim.RetryPolicy
		limit  time.Duration
		want   time.Duration
		who    string // asks for the wait, in the text
	}{
		"pair rate, the deadline":    {answer{status: 500, body: metaBody(131056)}, kirim.DefaultRetryPolicy(), 900 * time.Millisecond, time.Second, "meta advises"},
		"pair rate, the policy":      {answer{status: 500, body: metaBody(131056)}, short, time.Hour, time.Second, "meta advises"},
		"429, the deadline":          {answer{status: 429}, kirim.DefaultRetryPolicy(), 900 * time.Millisecond, time.Second, "too many requests need"},
		"429, the policy":            {answer{status: 429}, short, time.Hour, time.Second, "too many requests need"},
		"throttled 502, the policy":  {answer{status: 502, body: metaBody(130429)}, short, time.Hour, time.Second, "too many requests need"},
		"maintenance under a status": {answer{status: 503, body: metaBody(2494100)}, kirim.DefaultRetryPolicy(), time.Hour, 5 * time.Minute, "meta advises"},
		"the server's, the deadline": {answer{status: 429, header: map[string]string{"Retry-After": "30"}}, kirim.DefaultRetryPolicy(), 20 * time.Second, 30 * time.Second, "the server asks for"},
		"the server's, the policy":   {answer{status: 503, header: map[string]string{"Retry-After": "90"}}, kirim.DefaultRetryPolicy(), time.Hour, 90 * time.Second, "the server asks for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tc.limit)
				defer cancel()
				w := newWire(tc.answer)
				began := time.Now()
				e := answerOf(t, post(ctx, w.client(t, kirim.WithRetryPolicy(tc.policy))))
				if len(w.seen()) != 1 || time.Since(began) != 0 || e.RetryAfter != tc.want {
					t.Errorf("%d requests, back after %v with RetryAfter %v, want %v: %v", len(w.seen()), time.Since(began), e.RetryAfter, tc.want, e)
				}
				if said := fmt.Sprintf("the wait of %v that %s", tc.want, tc.who); !strings.Contains(e.Error(), said) {
					t.Errorf("the text is %q and does not say %q", e, said)
				}
			})
		})
	}
}

func TestThrottlingByACodeCostsTheRetryBudgetLess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 502, body: metaBody(130429)})
		c := w.client(t)
		for range 120 {
			_ = post(t.Context(), c)
		}
		if got := len(w.seen()); got != 120+3*13 {
			t.Errorf("%d requests for 120 calls, want 159", got)
		}
	})
}

// What Meta limits is no bucket of the server's, which all senders share.
func TestTheLimiterDoesNotHearOfMetasLimits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		want   kirim.RateLimit
	}{
		"429":              {answer{status: 429, header: map[string]string{"Retry-After": "7"}}, kirim.RateLimit{Wait: 7 * time.Second, Exceeded: true}},
		"pair rate in 500": {answer{status: 500, body: metaBody(131056)}, kirim.RateLimit{}},
		"pair rate in 429": {answer{status: 429, body: metaBody(131056)}, kirim.RateLimit{}},
		"maintenance":      {answer{status: 500, body: metaBody(2494100)}, kirim.RateLimit{}},
	} {
		var r kirim.Response
		_ = post(t.Context(), newWire(tc.answer).client(t), kirim.WithoutRetry(), kirim.WithResponse(&r))
		if r.RateLimit != tc.want {
			t.Errorf("%s: %+v, want %+v", name, r.RateLimit, tc.want)
		}
	}
}

func TestMetasNumbersAreAnOpenSet(t *testing.T) {
	t.Parallel()
	const details = "Mend it."
	tests := []struct {
		status int
		body   string
		code   int
		kind   kirim.Kind
		detail string
	}{
		{400, metaBody(131035), 131035, kirim.KindSendFailed, details},
		{400, metaBody(131036), 131036, kirim.KindRecipientUnavailable, details},
		{400, metaBody(131060), 131060, kirim.KindRecipientUnavailable, details},
		{400, metaBody(131201), 131201, kirim.KindSendFailed, details},
		{403, metaBody(131207), 131207, kirim.KindSuspended, details},
		{429, metaBody(131208), 131208, kirim.KindRateLimited, details},
		{401, metaBody(138006), 138006, kirim.KindPermission, details},
		{400, metaBody(139000), 139000, kirim.KindSuspended, details},
		{400, metaBody(2494100), 2494100, kirim.KindUnavailable, details},
		{500, metaBody(2494100), 2494100, kirim.KindUnavailable, details},
		// Unknown ones: by the status where it tells, by their family, by the status.
		{400, metaBody(131299), 131299, kirim.KindInvalidRequest, details},
		{403, metaBody(131299), 131299, kirim.KindPermission, details},
		{429, metaBody(138099), 138099, kirim.KindRateLimited, details},
		{401, metaBody(138099), 138099, kirim.KindPermission, details},
		{400, metaBody(133099), 133099, kirim.KindNotConnected, details},
		{500, metaBody(133099), 133099, kirim.KindInternal, details},
		{400, metaBody(139001), 139001, kirim.KindConflict, details},
		{400, metaBody(7), 7, kirim.KindInvalidRequest, details},
		{503, metaBody(7777777), 7777777, kirim.KindUnavailable, details},
		{404, metaBody(131999), 131999, kirim.KindNotFound, details},
		// Kirim's envelope.
		{422, providerBody("outside_24h_window", 131047), 131047, kirim.KindOutsideWindow, ""},
		{422, providerBody("template_param_format_mismatch", 132001), 132001, kirim.KindInvalidRequest, ""},
		{422, providerBody("recipient_not_on_whatsapp", 1006), 1006, kirim.KindRecipientUnavailable, ""},
		{500, providerBody("internal_error", 1006), 1006, kirim.KindInternal, ""},
		{400, `{"error":{"type":"invalid_request_error","code":"brand_new","message":"m","request_id":"r","provider_code":"133099","error_data":{"details":"Mend it."}}}`, 133099, kirim.KindNotConnected, details},
		{502, `{"error":{"type":"api_error","code":"whatsapp_upstream_error","message":"m","request_id":"r","details":{"errors":[{"code":131999,"title":"t","error_data":{"details":"Mend it."}}]}}}`, 131999, kirim.KindUpstream, details},
		{400, `{"error":{"message":"m","type":"OAuthException","code":100,"details":"Mend it."}}`, 100, kirim.KindInvalidRequest, details},
		{400, `{"error":{"message":"m","meta_code":131047}}`, 131047, kirim.KindOutsideWindow, ""},
		// Nobody's.
		{400, `{"error":{"message":"m","total":131047}}`, 0, kirim.KindInvalidRequest, ""},
		{400, `{"error":{"type":"x","code":42,"message":"No."}}`, 0, kirim.KindInvalidRequest, ""},
		{400, `{"code":131999,"message":"No."}`, 0, kirim.KindInvalidRequest, ""},
		{400, `{"meta":{"code":404},"message":"No."}`, 0, kirim.KindInvalidRequest, ""},
		{422, `{"error":{"type":"invalid_request_error","code":"invalid_field_value","message":"order 131047","request_id":"r"}}`, 0, kirim.KindInvalidRequest, ""},
		{400, `{"error":{"fbtrace_id":"A","code":-1}}`, 0, kirim.KindInvalidRequest, ""},
		{400, `{"error":{"fbtrace_id":"A","code":99999999999999999999}}`, 0, kirim.KindInvalidRequest, ""},
	}
	for _, tt := range tests {
		t.Run(strconv.Itoa(tt.status)+" "+tt.body, func(t *testing.T) {
			t.Parallel()
			e := kirim.DecodeError(tt.status, http.Header{}, []byte(tt.body))
			if e.MetaCode != tt.code || e.Kind != tt.kind || e.Details != tt.detail {
				t.Errorf("got %d %s %q, want %d %s %q", e.MetaCode, e.Kind, e.Details, tt.code, tt.kind, tt.detail)
			}
			if text := fmt.Sprint(e, e.LogValue()); tt.detail != "" && strings.Contains(text, tt.detail) {
				t.Errorf("the text has the details: %s", text)
			}
		})
	}
}
