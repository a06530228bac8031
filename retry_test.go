package kirim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// Causes of attempts without a response, as net/http reports them.
var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	errNoHost  = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.kirim.example", IsNotFound: true}}
	errDNS     = &net.DNSError{Err: "server misbehaving", Name: "api.kirim.example", IsTemporary: true}
	errProxy   = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errRefused}
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	errCert    = &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	errRecord  = tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}
	errAlert   = &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}
)

// The columns of the table, each as a call.
var columns = []struct {
	name    string
	methods []string
	options []kirim.Option
}{
	{"GET", []string{"GET", "HEAD"}, nil},
	{"DELETE", []string{"DELETE"}, nil},
	{"PUT", []string{"PUT", "PATCH"}, nil},
	{"K", []string{"POST"}, nil},
	{"POST", []string{"POST"}, []kirim.Option{kirim.WithoutIdempotencyKeys()}},
}

func TestEveryCellOfTheRetryTable(t *testing.T) {
	t.Parallel()
	inProgress := envelope(kirim.TypeConflict, kirim.CodeIdempotencyInProgress)
	meta := `{"error":{"type":"api_error","code":"internal_error","message":"(#131047) Re-engagement message","request_id":"req_1"}}`
	retryAfter := map[string]string{"Retry-After": "1"}
	rows := []struct {
		name   string
		answer answer
		want   string // for each column: again, stop
		sent   string // for each column: whether the error says MaybeSent
	}{
		{"connection refused", answer{err: errRefused}, "again again again again again", "no no no no no"},
		{"host unknown", answer{err: errNoHost}, "again again again again again", "no no no no no"},
		{"resolver failed", answer{err: errDNS}, "again again again again again", "no no no no no"},
		{"proxy refused the connection", answer{err: errProxy}, "again again again again again", "no no no no no"},
		{"certificate not trusted", answer{err: errCert}, "stop stop stop stop stop", "no no no no no"},
		{"host name not in the certificate", answer{err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}}, "stop stop stop stop stop", "no no no no no"},
		{"no TLS, perhaps after the request", answer{err: errRecord}, "stop stop stop stop stop", "no yes yes yes yes"},
		{"plain HTTP, perhaps after the request", answer{err: http.ErrSchemeMismatch}, "stop stop stop stop stop", "no yes yes yes yes"},
		{"TLS alert, perhaps after the request", answer{err: errAlert}, "stop stop stop stop stop", "no yes yes yes yes"},
		{"connection reset", answer{err: errReset}, "again again again again stop", "no yes yes yes yes"},
		{"connection closed", answer{err: io.EOF}, "again again again again stop", "no yes yes yes yes"},
		{"error of an unknown kind", answer{err: errors.New("odd")}, "again again again again stop", "no yes yes yes yes"},
		{"attempt timed out", answer{hang: true}, "again again again again stop", "no yes yes yes yes"},
		{"body of a 200 cut short", answer{status: 200, body: `{"data":`, cut: io.ErrUnexpectedEOF}, "again again again again stop", "no yes yes yes yes"},
		{"body of a 200 cut by what looks like a failed dial", answer{status: 200, cut: errRefused}, "again again again again stop", "no yes yes yes yes"},
		{"408", answer{status: 408}, "again again again again stop", "no yes yes yes yes"},
		{"409 idempotency_in_progress", answer{status: 409, body: inProgress}, "stop stop stop again stop", "no yes yes yes yes"},
		{"409 of another code", answer{status: 409, body: envelope(kirim.TypeConflict, kirim.CodeTemplateAlreadyExists)}, "stop stop stop stop stop", "no no no no no"},
		{"429", answer{status: 429}, "again again again again again", "no no no no no"},
		{"500", answer{status: 500}, "again again again again stop", "no yes yes yes yes"},
		{"500 that is replayed", answer{status: 500, header: map[string]string{"Idempotent-Replayed": "true"}}, "stop stop stop stop stop", "no yes yes yes yes"},
		{"500 that is not replayed", answer{status: 500, header: map[string]string{"Idempotent-Replayed": "false"}}, "again again again again stop", "no yes yes yes yes"},
		{"502 that is replayed", answer{status: 502, header: map[string]string{"Idempotent-Replayed": "True"}}, "stop stop stop stop stop", "no yes yes yes yes"},
		{"503 with Retry-After that is replayed", answer{status: 503, header: map[string]string{"Idempotent-Replayed": "true", "Retry-After": "1"}}, "stop stop stop stop stop", "no no no no no"},
		{"500 with a permanent code of Meta", answer{status: 500, body: meta}, "stop stop stop stop stop", "no no no no no"},
		{"502", answer{status: 502}, "again again again again stop", "no yes yes yes yes"},
		{"502 with a permanent code of Meta", answer{status: 502, body: meta}, "stop stop stop stop stop", "no no no no no"},
		{"504", answer{status: 504}, "again again again again stop", "no yes yes yes yes"},
		{"503", answer{status: 503}, "again again again again stop", "no yes yes yes yes"},
		{"503 with Retry-After", answer{status: 503, header: retryAfter}, "again again again again again", "no no no no no"},
		{"301, for a POST perhaps as 303", answer{status: 301}, "stop stop stop stop stop", "no no no yes yes"},
		{"302, for a POST perhaps as 303", answer{status: 302}, "stop stop stop stop stop", "no no no yes yes"},
		{"303", answer{status: 303}, "stop stop stop stop stop", "no yes yes yes yes"},
		{"503 with a Retry-After that means nothing", answer{status: 503, header: map[string]string{"Retry-After": "soon"}}, "again again again again stop", "no yes yes yes yes"},
	}
	for _, status := range []int{300, 304, 307, 308, 400, 401, 402, 403, 404, 405, 410, 413, 418, 422, 425, 451} {
		rows = append(rows, struct {
			name   string
			answer answer
			want   string
			sent   string
		}{strconv.Itoa(status), answer{status: status}, "stop stop stop stop stop", "no no no no no"})
	}
	for _, status := range []int{0, 501, 505, 507, 511, 599} {
		rows = append(rows, struct {
			name   string
			answer answer
			want   string
			sent   string
		}{strconv.Itoa(status), answer{status: status}, "stop stop stop stop stop", "no yes yes yes yes"})
	}
	cells := 0
	for _, row := range rows {
		want, sent := splitFive(t, row.want), splitFive(t, row.sent)
		for i, column := range columns {
			for _, method := range column.methods {
				cells++
				t.Run(row.name+"/"+column.name+"/"+method, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						w := newWire(row.answer)
						c := w.client(t, column.options...)
						err := c.Do(t.Context(), method, "/1/messages", nil, nil, nil)
						if err == nil {
							t.Fatal("the call succeeded")
						}
						attempts := 1
						if want[i] == "again" {
							attempts = 4
						}
						if got := len(w.seen()); got != attempts {
							t.Errorf("the server saw %d requests, want %d; error: %v", got, attempts, err)
						}
						if got := kirim.MaybeSent(err); got != (sent[i] == "yes") {
							t.Errorf("MaybeSent = %v, want %s; error: %v", got, sent[i], err)
						}
						checkKeys(t, w.seen(), column.name == "K")
					})
				})
			}
		}
	}
	t.Logf("%d cells", cells)
}

func splitFive(t *testing.T, s string) [5]string {
	t.Helper()
	var v [5]string
	if n, err := fmt.Sscan(s, &v[0], &v[1], &v[2], &v[3], &v[4]); n != 5 {
		t.Fatal(err)
	}
	return v
}

// checkKeys wants the same key on all requests, or none on any.
func checkKeys(t *testing.T, requests []seen, wanted bool) {
	t.Helper()
	for _, r := range requests {
		key := r.header.Get("Idempotency-Key")
		if (key != "") != wanted {
			t.Errorf("%s carried the key %q", r.method, key)
		}
		if first := requests[0].header.Get("Idempotency-Key"); key != first {
			t.Errorf("the key changed from %q to %q", first, key)
		}
	}
}

func TestAnInternalErrorIsRepeatedUnlessThePolicyTurnsItOff(t *testing.T) {
	t.Parallel()
	off := kirim.DefaultRetryPolicy()
	off.WithoutInternalErrorRetry = true
	deprecated := kirim.DefaultRetryPolicy()
	deprecated.RepeatInternalErrors = true
	offAnyway := off
	offAnyway.RepeatInternalErrors = true
	for name, tc := range map[string]struct {
		policy   kirim.RetryPolicy
		body     string
		attempts string // for each column
	}{
		"by default":                          {kirim.DefaultRetryPolicy(), "", "4 4 4 4 1"},
		"turned off":                          {off, "", "4 4 1 1 1"},
		"asked for in the old way":            {deprecated, "", "4 4 4 4 1"},
		"turned off, asked for as well":       {offAnyway, "", "4 4 1 1 1"},
		"a permanent rejection by Meta":       {kirim.DefaultRetryPolicy(), `{"code":"undeliverable","message":"no","meta":{"code":131047}}`, "1 1 1 1 1"},
		"a transient rejection by Meta":       {kirim.DefaultRetryPolicy(), `{"error":{"code":131016,"message":"busy","fbtrace_id":"x"}}`, "4 4 4 4 1"},
		"a transient rejection, turned off":   {off, `{"error":{"code":131016,"message":"busy","fbtrace_id":"x"}}`, "4 4 1 1 1"},
		"a number that is no error of Meta's": {kirim.DefaultRetryPolicy(), `{"error":{"code":500,"message":"at 12345"}}`, "4 4 4 4 1"},
	} {
		attempts := splitFive(t, tc.attempts)
		for i, column := range columns {
			for _, method := range column.methods {
				t.Run(name+"/"+method+"/"+column.name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						w := newWire(answer{status: 500, body: tc.body})
						c := w.client(t, append(slices.Clone(column.options), kirim.WithRetryPolicy(tc.policy))...)
						_ = c.Do(t.Context(), method, "/1/messages", nil, nil, nil)
						if got := strconv.Itoa(len(w.seen())); got != attempts[i] {
							t.Errorf("the server saw %s requests, want %s", got, attempts[i])
						}
						checkKeys(t, w.seen(), column.name == "K")
					})
				})
			}
		}
	}
}

func TestAnAnswerThatTheServerReplaysEndsTheCallAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWire(answer{err: errReset}, answer{status: 500, header: map[string]string{"Idempotent-Replayed": "true"}})
	synctest.Test(t, func(t *testing.T) {
		err := post(t.Context(), w.client(t))
		if len(w.seen()) != 2 || !kirim.MaybeSent(err) {
			t.Errorf("%d requests, MaybeSent %v", len(w.seen()), kirim.MaybeSent(err))
		}
		wantText(t, err, "the server has stored this answer under the key")
	})
}

func TestRetryAfterDecidesTheWait(t *testing.T) {
	t.Parallel()
	const now = "Sat, 01 Jan 2000 00:00:00 GMT" // where virtual time begins
	tests := []struct {
		name     string
		value    string
		header   map[string]string
		min, max time.Duration // of the first wait; both -1 when there is none
		asked    time.Duration // what the error says when there is no wait
	}{
		{name: "absent", value: "", max: 500 * time.Millisecond},
		{name: "one second", value: "1", min: time.Second, max: 1100 * time.Millisecond},
		{name: "thirty seconds, with at most one of jitter", value: "30", min: 30 * time.Second, max: 31 * time.Second},
		{name: "spaces around", value: " 5 ", min: 5 * time.Second, max: 5500 * time.Millisecond},
		{name: "decimal seconds", value: "1.5", min: 1500 * time.Millisecond, max: 1650 * time.Millisecond},
		{name: "a decimal below one", value: "0.25", min: 250 * time.Millisecond, max: 275 * time.Millisecond},
		{name: "the limit itself", value: "60", min: time.Minute, max: 61 * time.Second},
		{name: "just over the limit", value: "60.001", min: -1, max: -1, asked: 60001 * time.Millisecond},
		{name: "an hour", value: "3600", min: -1, max: -1, asked: time.Hour},
		{name: "seconds that overflow a Duration", value: "9223372037", min: -1, max: -1, asked: math.MaxInt64},
		{name: "MaxInt64", value: strconv.Itoa(math.MaxInt64), min: -1, max: -1, asked: math.MaxInt64},
		{name: "more digits than any integer", value: "999999999999999999999999999999", min: -1, max: -1, asked: math.MaxInt64},
		{name: "more digits than any float", value: digits(400), min: -1, max: -1, asked: math.MaxInt64},
		{name: "an epoch", value: "1767225600", min: -1, max: -1, asked: 1767225600 * time.Second},
		{name: "zero is our own delay", value: "0", max: 500 * time.Millisecond},
		{name: "negative is our own delay", value: "-5", max: 500 * time.Millisecond},
		{name: "garbage is our own delay", value: "soon", max: 500 * time.Millisecond},
		{name: "two points", value: "1.2.3", max: 500 * time.Millisecond},
		{name: "a point alone", value: ".", max: 500 * time.Millisecond},
		{name: "exponent", value: "1e3", max: 500 * time.Millisecond},
		{name: "hexadecimal", value: "0x10", max: 500 * time.Millisecond},
		{name: "infinity", value: "Inf", max: 500 * time.Millisecond},
		{name: "not a number", value: "NaN", max: 500 * time.Millisecond},
		{name: "RFC 1123", value: "Sat, 01 Jan 2000 00:00:20 GMT", min: 20 * time.Second, max: 21 * time.Second},
		{name: "RFC 850", value: "Saturday, 01-Jan-00 00:00:20 GMT", min: 20 * time.Second, max: 21 * time.Second},
		{name: "asctime", value: "Sat Jan  1 00:00:20 2000", min: 20 * time.Second, max: 21 * time.Second},
		{name: "a date in the past is our own delay", value: "Fri, 31 Dec 1999 23:00:00 GMT", max: 500 * time.Millisecond},
		{name: "a date an hour ahead", value: "Sat, 01 Jan 2000 01:00:00 GMT", min: -1, max: -1, asked: time.Hour},
		{name: "a date by the server's own clock, an hour fast", value: "Sat, 01 Jan 2000 01:00:10 GMT",
			header: map[string]string{"Date": "Sat, 01 Jan 2000 01:00:00 GMT"}, min: 10 * time.Second, max: 11 * time.Second},
		{name: "a date, and no clock of the server's", value: "Sat, 01 Jan 2000 00:00:10 GMT",
			header: map[string]string{"Date": "nonsense"}, min: 10 * time.Second, max: 11 * time.Second},
	}
	for _, status := range []int{429, 503, 502, 408} {
		for _, tt := range tests {
			if status == 429 && tt.min == 0 { // our own delay: not for too short a time
				tt.min, tt.max = time.Second, tt.max+time.Second
			}
			t.Run(fmt.Sprintf("%d/%s", status, tt.name), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					if got := time.Now().UTC().Format(http.TimeFormat); got != now {
						t.Fatalf("virtual time begins at %s", got)
					}
					header := map[string]string{"Retry-After": tt.value}
					maps.Copy(header, tt.header)
					w := newWire(answer{status: status, header: header}, answer{status: 200})
					err := post(t.Context(), w.client(t))
					requests := w.seen()
					if tt.max < 0 {
						e := answerOf(t, err)
						if len(requests) != 1 || time.Since(requests[0].at) != 0 {
							t.Errorf("%d requests, back after %v; want 1, at once", len(requests), time.Since(requests[0].at))
						}
						if e.RetryAfter != tt.asked {
							t.Errorf("RetryAfter = %v, want %v", e.RetryAfter, tt.asked)
						}
						return
					}
					if err != nil || len(requests) != 2 {
						t.Fatalf("%d requests, error %v; want 2 and none", len(requests), err)
					}
					if wait := requests[1].at.Sub(requests[0].at); wait < tt.min || wait > tt.max {
						t.Errorf("waited %v, want %v to %v", wait, tt.min, tt.max)
					}
				})
			})
		}
	}
}

func digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '9'
	}
	return string(b)
}

func TestOwnDelayIsFullJitterUnderADoublingCap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		policy := kirim.RetryPolicy{MaxRetries: 8, MinDelay: 100 * time.Millisecond, MaxDelay: time.Second, WithoutQuota: true}
		limits := []int{100, 200, 400, 800, 1000, 1000, 1000, 1000} // ms
		longest := make([]time.Duration, len(limits))
		shortest := []time.Duration{1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62, 1 << 62}
		const calls = 300
		for range calls {
			w := newWire(answer{status: 502})
			_ = post(t.Context(), w.client(t, kirim.WithRetryPolicy(policy)))
			requests := w.seen()
			if len(requests) != 9 {
				t.Fatalf("%d requests, want 9", len(requests))
			}
			for i := range limits {
				wait := requests[i+1].at.Sub(requests[i].at)
				longest[i], shortest[i] = max(longest[i], wait), min(shortest[i], wait)
			}
		}
		for i, limit := range limits {
			limit := time.Duration(limit) * time.Millisecond
			if longest[i] > limit {
				t.Errorf("wait %d reached %v, over the cap of %v", i+1, longest[i], limit)
			}
			// With 300 draws either of these fails by chance once in 10¹³ runs.
			if longest[i] < limit*9/10 || shortest[i] > limit/10 {
				t.Errorf("wait %d ran from %v to %v, want the whole of 0 to %v", i+1, shortest[i], longest[i], limit)
			}
		}
		t.Logf("longest waits: %v", longest)
	})
}

func TestAWaitPastTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer   answer
		deadline time.Duration
	}{
		"Retry-After of 30 s under 1.5 s": {answer{status: 429, header: map[string]string{"Retry-After": "30"}}, 1500 * time.Millisecond},
		"Retry-After of an hour":          {answer{status: 429, header: map[string]string{"Retry-After": "3600"}}, 1500 * time.Millisecond},
		"Retry-After just past it":        {answer{status: 503, header: map[string]string{"Retry-After": "2"}}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tc.deadline)
				defer cancel()
				w := newWire(tc.answer)
				began := time.Now()
				err := post(ctx, w.client(t))
				e := answerOf(t, err)
				if took := time.Since(began); took >= 50*time.Millisecond || len(w.seen()) != 1 {
					t.Errorf("%d requests, back after %v; want 1, in under 50ms", len(w.seen()), took)
				}
				if e.StatusCode != tc.answer.status || e.RetryAfter == 0 {
					t.Errorf("status %d, RetryAfter %v", e.StatusCode, e.RetryAfter)
				}
				if errors.Is(err, context.DeadlineExceeded) {
					t.Error("the error claims that the deadline has passed")
				}
			})
		})
	}
}

func TestOwnDelaysDoNotSleepIntoTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		policy := kirim.RetryPolicy{MaxRetries: 100, MinDelay: time.Second, MaxDelay: time.Second, WithoutQuota: true}
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			w := newWire(answer{status: 502})
			err := post(ctx, w.client(t, kirim.WithRetryPolicy(policy)))
			if ctx.Err() != nil {
				t.Fatalf("the call slept into its deadline: %v", err)
			}
			if e := answerOf(t, err); e.StatusCode != 502 {
				t.Fatalf("status %d", e.StatusCode)
			}
			cancel()
		}
	})
}

func TestACallEndedWhileWaitingMatchesBothTheContextAndTheAnswer(t *testing.T) {
	t.Parallel()
	reason := errors.New("shutting down")
	for name, tc := range map[string]struct {
		end   func(context.Context) (context.Context, func())
		match []error
	}{
		"cancelled": {func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel
		}, []error{context.Canceled}},
		"cancelled with a cause": {func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			return ctx, func() { cancel(reason) }
		}, []error{context.Canceled, reason}},
	} {
		for status, first := range map[string]answer{"429": {status: 429, header: map[string]string{"Retry-After": "30"}}, "reset": {err: errReset}} {
			t.Run(name+"/"+status, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, end := tc.end(t.Context())
					time.AfterFunc(50*time.Millisecond, end)
					w := newWire(first)
					policy := kirim.RetryPolicy{MaxRetries: 100, MinDelay: time.Hour, MaxDelay: time.Hour, WithoutQuota: true}
					began := time.Now()
					err := post(ctx, w.client(t, kirim.WithRetryPolicy(policy)))
					if took := time.Since(began); took != 50*time.Millisecond {
						t.Errorf("back after %v, want 50ms", took)
					}
					for _, target := range append(tc.match, firstError(first)) {
						if !errors.Is(err, target) {
							t.Errorf("%v does not match %v", err, target)
						}
					}
				})
			})
		}
	}
}

func firstError(a answer) error {
	if a.err != nil {
		return a.err
	}
	return kirim.KindRateLimited
}

func TestACallEndedDuringAnAttemptMatchesTheContextAndWhatTheServerLastSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		w := newWire(answer{status: 429, header: map[string]string{"Retry-After": "1"}}, answer{hang: true})
		err := post(ctx, w.client(t))
		var te *kirim.TransportError
		if !errors.As(err, &te) || te.Attempts != 2 || te.Last == nil {
			t.Fatalf("error is %#v", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !kirim.IsRateLimited(err) {
			t.Errorf("%v does not match both", err)
		}
		if !kirim.MaybeSent(err) {
			t.Error("the second attempt was under way, yet MaybeSent is false")
		}
	})
}

// The context ends when the response has come, and the wait has not begun.
func TestACallEndedByItsAnswerMatchesTheContextWhereItWouldHaveGoneOn(t *testing.T) {
	t.Parallel()
	for status, matches := range map[int]bool{503: true, 404: false} {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWire(answer{status: status})
		err := post(ctx, w.client(t, kirim.WithErrorDecoder(func(int, http.Header, []byte) *kirim.Error {
			cancel()
			return nil
		})))
		if e := answerOf(t, err); e.StatusCode != status || errors.Is(err, context.Canceled) != matches || len(w.seen()) != 1 {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestALimiterThatReturnsTheCauseMatchesTheContextToo(t *testing.T) {
	t.Parallel()
	cause := errors.New("closing time")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancelled := limiterFunc(func() error { cancel(cause); return cause })
	err := post(ctx, newWire(answer{status: 200}).client(t, kirim.WithLimiter(cancelled)))
	if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type limiterFunc func() error

func (f limiterFunc) Wait(context.Context, kirim.RateClass) error { return f() }
func (limiterFunc) Observe(kirim.RateClass, kirim.RateLimit)      {}

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := newWire(answer{status: 200})
	err := post(ctx, w.client(t))
	if len(w.seen()) != 0 || !errors.Is(err, context.Canceled) || kirim.MaybeSent(err) {
		t.Errorf("%d requests, error %v, MaybeSent %v", len(w.seen()), err, kirim.MaybeSent(err))
	}
}

func TestAnAttemptThatTimesOutIsRepeatedAndIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{hang: true}, answer{status: 200, body: `{"data":{}}`})
		began := time.Now()
		if err := post(t.Context(), w.client(t)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 35*time.Second || took > 35500*time.Millisecond {
			t.Errorf("took %v, want 35s and at most 500ms of wait", took)
		}
		w = newWire(answer{hang: true})
		err := post(t.Context(), w.client(t))
		var te *kirim.TransportError
		if !errors.As(err, &te) || !te.Timeout() || errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestABodyThatNeverEndsIsUnderTheAttemptsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := testwire.Func(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: &stuckBody{req.Context()}, ContentLength: -1, Request: req}, nil
		})
		c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: stuck}))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err = post(t.Context(), c, kirim.WithoutRetry())
		var te *kirim.TransportError
		if !errors.As(err, &te) || te.StatusCode != 200 || !kirim.MaybeSent(err) || time.Since(began) != 35*time.Second {
			t.Errorf("error after %v: %v", time.Since(began), err)
		}
	})
}

type stuckBody struct{ ctx context.Context }

func (b *stuckBody) Read([]byte) (int, error) { <-b.ctx.Done(); return 0, b.ctx.Err() }
func (*stuckBody) Close() error               { return nil }

func TestThePolicyIsObeyed(t *testing.T) {
	t.Parallel()
	t.Run("no retries", func(t *testing.T) {
		t.Parallel()
		w := newWire(answer{status: 502})
		err := post(t.Context(), w.client(t, kirim.WithRetryPolicy(kirim.RetryPolicy{})))
		if e := answerOf(t, err); e.Attempts != 1 || len(w.seen()) != 1 {
			t.Errorf("%d attempts, %d requests", e.Attempts, len(w.seen()))
		}
	})
	t.Run("WithoutRetry for one call", func(t *testing.T) {
		t.Parallel()
		w := newWire(answer{status: 502})
		_ = post(t.Context(), w.client(t), kirim.WithoutRetry())
		if len(w.seen()) != 1 {
			t.Errorf("%d requests", len(w.seen()))
		}
	})
	for name, policy := range map[string]kirim.RetryPolicy{
		"MaxRetries":                {MaxRetries: -1},
		"MinDelay":                  {MinDelay: -1},
		"MaxDelay":                  {MaxDelay: -1},
		"MaxRetryAfter":             {MaxRetryAfter: -1},
		"AttemptTimeout":            {AttemptTimeout: -1},
		"MinDelay 9s is more than ": {MinDelay: 9 * time.Second, MaxDelay: time.Second},
	} {
		t.Run("a wrong "+name, func(t *testing.T) {
			t.Parallel()
			_, err := kirim.NewClient(testKey, kirim.WithRetryPolicy(policy))
			wantText(t, err, "kirim: WithRetryPolicy: "+name)
		})
	}
}

func TestTheRetryBudgetEndsRetriesInAnOutageAndSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 502})
		c := w.client(t)
		var last error
		for range 120 {
			last = post(t.Context(), c)
		}
		// A new client has 3 retries, and 120 calls add 10.
		if got := len(w.seen()); got != 120+13 {
			t.Errorf("the server saw %d requests for 120 calls, want 133", got)
		}
		if !errors.Is(last, kirim.ErrRetryQuotaExceeded) || answerOf(t, last).StatusCode != 502 {
			t.Errorf("the error does not say both that it was the client that stopped and what the server said: %v", last)
		}
		wantText(t, last, "the client's retry budget is used up")

		// Each call adds a twelfth of a retry, whatever its response.
		for range 10 {
			w.restart(answer{status: 422})
			_ = post(t.Context(), c)
		}
		w.restart(answer{status: 502}, answer{status: 200})
		if err := post(t.Context(), c); !errors.Is(err, kirim.ErrRetryQuotaExceeded) {
			t.Errorf("with eleven twelfths of a retry: %v", err)
		}
		w.restart(answer{status: 502}, answer{status: 200}, answer{status: 502}, answer{status: 422}, answer{status: 502}, answer{status: 200})
		for i := range 3 { // a retry that gets a final response costs nothing
			if err := post(t.Context(), c); errors.Is(err, kirim.ErrRetryQuotaExceeded) {
				t.Errorf("call %d after the outage: %v", i+1, err)
			}
		}
	})
}

func TestARetryBudgetFadesToThatOfANewClient(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		idle    time.Duration
		retries float64
	}{
		"at once":        {0, 2 + 50},
		"after a minute": {time.Minute, 2 + 50/math.E},
		"after an hour":  {time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWire(answer{status: 200})
				c := w.client(t, kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 2, MinDelay: 1, MaxDelay: 1}))
				for range 600 {
					_ = post(t.Context(), c)
				}
				time.Sleep(tc.idle)
				w.restart(answer{status: 502})
				calls := 0
				for exceeded := false; !exceeded; calls++ {
					exceeded = errors.Is(post(t.Context(), c), kirim.ErrRetryQuotaExceeded)
				}
				had := float64(len(w.seen())-calls) - float64(calls)/12 // without what these calls added
				if had > tc.retries || had < tc.retries-1 {
					t.Errorf("the budget was of %.1f retries, want %.1f", had, tc.retries)
				}
			})
		})
	}
}

// Calls that fail at the same moment come back one after the other, and each that
// succeeds leaves its retry to the next.
func TestCallsThatFailTogetherDoNotUseUpTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen sync.Map
		c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: roundTripFunc(func(req *http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Millisecond)
			status := http.StatusOK
			if _, again := seen.LoadOrStore(req.Header.Get("Idempotency-Key"), true); !again {
				status = http.StatusBadGateway
			}
			return answer{status: status}.give(req.Context())
		})}))
		if err != nil {
			t.Fatal(err)
		}
		var calls sync.WaitGroup
		for range 64 {
			calls.Go(func() {
				if err := post(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
	})
}

// A call that found a retry when its wait began may find none when it ends.
func TestACallThatWaitedInVainForTheBudgetSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 503, header: map[string]string{"Retry-After": "20"}})
		c := w.client(t)
		errs := make(chan error, 10)
		for range cap(errs) {
			go func() { errs <- post(t.Context(), c) }()
		}
		for range cap(errs) {
			err := <-errs
			if e := answerOf(t, err); !errors.Is(err, kirim.ErrRetryQuotaExceeded) || e.RetryAfter != 20*time.Second {
				t.Errorf("%v", err)
			}
		}
		if got := len(w.seen()); got != 10+3 {
			t.Errorf("%d requests for 10 calls, want 13", got)
		}
	})
}

func TestTheRetryBudgetCountsThrottlingLessAndCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer  answer
		policy  kirim.RetryPolicy
		retries int
	}{
		"throttled":                        {answer{status: 429}, kirim.RetryPolicy{MaxRetries: 3}, 3 * 13},
		"asked to wait, and not throttled": {answer{status: 503, header: map[string]string{"Retry-After": "1"}}, kirim.RetryPolicy{MaxRetries: 3}, 13},
		"without":                          {answer{status: 502}, kirim.RetryPolicy{MaxRetries: 3, WithoutQuota: true}, 360},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWire(tc.answer)
				c := w.client(t, kirim.WithRetryPolicy(tc.policy))
				for range 120 {
					_ = post(t.Context(), c)
				}
				if got := len(w.seen()); got != 120+tc.retries {
					t.Errorf("%d requests for 120 calls, want %d", got, 120+tc.retries)
				}
			})
		})
	}
}

// A wait that overflows is none, and the server is hammered.
func TestNoWaitIsTooLongToBeKept(t *testing.T) {
	t.Parallel()
	longest := kirim.RetryPolicy{MaxRetries: 50, MaxRetryAfter: math.MaxInt64, MinDelay: math.MaxInt64, MaxDelay: math.MaxInt64}
	for _, value := range []string{"", "99999999999999999999", "9223372036", "9223372036.854775807", "8301034833", "9e18", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		for _, status := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer time.AfterFunc(time.Second, cancel).Stop()
				w := newWire(answer{status: status, header: map[string]string{"Retry-After": value}})
				if err := post(ctx, w.client(t, kirim.WithRetryPolicy(longest))); err == nil || len(w.seen()) != 1 {
					t.Errorf("%d, Retry-After %q: %d requests, %v", status, value, len(w.seen()), err)
				}
			})
		}
	}
}

// Waiting would be in vain.
func TestACallThatFindsNoRetryInTheBudgetEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 503, header: map[string]string{"Retry-After": "20"}})
		c := w.client(t)
		_ = post(t.Context(), c) // takes the three retries
		began := time.Now()
		if err := post(t.Context(), c); !errors.Is(err, kirim.ErrRetryQuotaExceeded) || time.Since(began) != 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// refusingLimiter lets one request in two go out.
type refusingLimiter struct{ asked int }

func (l *refusingLimiter) Wait(context.Context, kirim.RateClass) error {
	if l.asked++; l.asked%2 == 0 {
		return errors.New("no tokens")
	}
	return nil
}
func (*refusingLimiter) Observe(kirim.RateClass, kirim.RateLimit) {}

func TestARetryThatTheLimiterRefusesIsNotTakenFromTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 502})
		c := w.client(t, kirim.WithLimiter(&refusingLimiter{}))
		for range 10 {
			if err := post(t.Context(), c); errors.Is(err, kirim.ErrRetryQuotaExceeded) {
				t.Error(err)
			}
		}
	})
}
