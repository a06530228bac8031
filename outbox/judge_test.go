package outbox

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// responder is a server that gives one response, or none.
type responder struct {
	status int
	header http.Header
	body   string
	err    error
	noConn bool
}

func (s responder) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GetConn("kirim.test:443")
		if !s.noConn {
			trace.GotConn(httptrace.GotConnInfo{})
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	return &http.Response{
		StatusCode: s.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: s.header.Clone(),
		Body: io.NopCloser(strings.NewReader(s.body)), Request: r,
	}, nil
}

// sendTo returns the error of a send by the SDK, with a key or without one.
func sendTo(t *testing.T, s responder, keyed bool) error {
	t.Helper()
	options := []kirim.Option{kirim.WithBaseURL("https://kirim.test/v1"), kirim.WithHTTPClient(&http.Client{Transport: s})}
	requestOptions := []kirim.RequestOption{kirim.WithoutRetry()}
	if keyed {
		requestOptions = append(requestOptions, kirim.WithIdempotencyKey("k"))
	} else {
		options = append(options, kirim.WithoutIdempotencyKeys())
	}
	client, err := kirim.NewClient("kdv_key", options...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PhoneNumber("1").Messages.Send(t.Context(), someMessage().Message, requestOptions...)
	return err
}

func coded(status int, code kirim.ErrorCode) responder {
	return responder{status: status, body: fmt.Sprintf(`{"error":{"type":"api_error","code":%q,"message":"no"}}`, code)}
}

func metaCoded(status, code int) responder {
	return responder{status: status, body: fmt.Sprintf(`{"error":{"message":"no","type":"OAuthException","code":%d}}`, code)}
}

// meaning writes a verdict as the table of the test does.
func meaning(v verdict) string {
	parts := []string{string(v.state)}
	for _, p := range []struct {
		is   bool
		word string
	}{
		{v.doubt, "in doubt"}, {v.pairLimit, "pair limit"}, {v.suppress, "stop"}, {v.useTemplate, "template"},
		{v.pause, "pause"}, {v.state == StateQueued && !v.counts, "not counted"},
	} {
		if p.is {
			parts = append(parts, p.word)
		}
	}
	return strings.Join(parts, ", ")
}

const (
	again        = "queued"                        // after a back-off
	againDoubt   = "queued, in doubt"              // after a back-off, with the same key
	waits        = "queued, not counted"           // as long as the server asks
	waitsDoubt   = "queued, in doubt, not counted" // likewise
	pauses       = "queued, pause, not counted"    // the number
	pausesDoubt  = "queued, in doubt, pause, not counted"
	discards     = "discarded"
	unknown      = "unknown, in doubt"
	rescues      = "queued, template, not counted"
	pairWaits    = "queued, pair limit, not counted"
	pairDoubt    = "queued, in doubt, pair limit, not counted"
	suppresses   = "suppressed, stop"
	stopsUnknown = "unknown, in doubt, stop"
)

// TestWhatAnOutcomeDoes has for each outcome what it means for a first attempt under a
// key, for one under the key of an attempt that is in doubt, and for one without a
// key.
func TestWhatAnOutcomeDoes(t *testing.T) {
	t.Parallel()
	retryAfter := http.Header{"Retry-After": {"7"}}
	for _, tt := range []struct {
		name                    string
		server                  responder
		first, inDoubt, keyless string
		wait                    time.Duration // of the first attempt; 0 for a back-off, or none
	}{
		{"accepted", responder{status: 202, body: `{"data":{"id":"msg_1","status":"queued"}}`}, "sent", "sent", "sent", 0},
		{"a wrong field", coded(422, kirim.CodeInvalidFieldValue), discards, unknown, discards, 0},
		{"a recipient that is not on WhatsApp", metaCoded(400, 131026), discards, unknown, discards, 0},
		{"a template that is paused", coded(422, kirim.CodeTemplatePaused), discards, unknown, discards, 0},
		{"a template that does not exist", metaCoded(400, 132001), discards, unknown, discards, 0},
		{"a closed window", coded(422, kirim.CodeOutside24hWindow), discards, unknown, discards, 0},
		{"a closed window, in Meta's words", metaCoded(400, 131047), discards, unknown, discards, 0},
		{"a body that is too large", responder{status: 413}, discards, unknown, discards, 0},
		{"a key that was used for another message", coded(409, "idempotency_key_reuse"), discards, unknown, discards, 0},
		{"a recipient in a country that is not served", metaCoded(403, 130497), discards, unknown, discards, 0},
		{"a message to reply to that does not exist", responder{status: 404, body: `{"error":{"type":"not_found","code":"resource_not_found","param":"context.message_id","message":"no"}}`}, discards, unknown, discards, 0},

		{"no key", coded(401, kirim.CodeMissingAPIKey), pauses, pausesDoubt, pauses, 0},
		{"a wrong key", coded(401, kirim.CodeInvalidAPIKey), pauses, pausesDoubt, pauses, 0},
		{"an expired key", coded(401, kirim.CodeExpiredAPIKey), pauses, pausesDoubt, pauses, 0},
		{"a revoked key", coded(401, kirim.CodeRevokedAPIKey), pauses, pausesDoubt, pauses, 0},
		{"a suspended organisation", coded(403, kirim.CodeOrganizationSuspended), pauses, pausesDoubt, pauses, 0},
		{"a plan without this", coded(403, kirim.CodeFeatureNotAvailable), pauses, pausesDoubt, pauses, 0},
		{"a number of somebody else's", coded(403, kirim.CodePhoneNumberForbidden), pauses, pausesDoubt, pauses, 0},
		{"a number that does not exist", coded(404, kirim.CodeResourceNotFound), pauses, pausesDoubt, pauses, 0},
		{"a locked account, in Meta's words", metaCoded(403, 131031), pauses, pausesDoubt, pauses, 0},
		{"a payment that is missing, in Meta's words", metaCoded(400, 131042), pauses, pausesDoubt, pauses, 0},

		{"a rate limit", coded(429, kirim.CodeRateLimitExceeded), waits, waitsDoubt, waits, rateLimitWait},
		{"a rate limit with a wait", responder{status: 429, header: retryAfter}, waits, waitsDoubt, waits, 7 * time.Second},
		{"Meta's limit of the account", metaCoded(400, 130429), waits, waitsDoubt, waits, rateLimitWait},
		{"an outage with a wait", responder{status: 503, header: retryAfter}, waits, waitsDoubt, waits, 7 * time.Second},
		{"the pair limit", metaCoded(400, 131056), pairWaits, pairDoubt, pairWaits, 0},
		{"marketing that this recipient gets too much of", metaCoded(400, 131049), again, againDoubt, again, withheldWait},
		{"a recipient who has stopped marketing", metaCoded(400, 131050), suppresses, stopsUnknown, suppresses, 0},

		{"an outage", responder{status: 503}, againDoubt, againDoubt, unknown, 0},
		{"a proxy without a server", responder{status: 502, body: "<html>bad gateway</html>"}, againDoubt, againDoubt, unknown, 0},
		{"a proxy that did not wait", responder{status: 504}, againDoubt, againDoubt, unknown, 0},
		{"a fault of the server", responder{status: 500}, againDoubt, againDoubt, unknown, 0},
		{"a fault of the server with a wait", responder{status: 500, header: retryAfter}, againDoubt, againDoubt, unknown, 7 * time.Second},
		{"a failure after it was accepted", coded(500, "whatsapp_send_failed"), againDoubt, againDoubt, unknown, 0},
		{"a key in progress", coded(409, "idempotency_in_progress"), againDoubt, againDoubt, unknown, 0},
		{"a request that took too long", responder{status: 408}, againDoubt, againDoubt, unknown, 0},
		{"a success without a result", responder{status: 200, body: `{}`}, againDoubt, againDoubt, unknown, 0},
		{"a success that is no JSON", responder{status: 200, body: `<html>`}, againDoubt, againDoubt, unknown, 0},
		{"a connection that broke", responder{err: syscall.ECONNRESET}, againDoubt, againDoubt, unknown, 0},
		{"a connection that was closed", responder{err: io.ErrUnexpectedEOF}, againDoubt, againDoubt, unknown, 0},
		{"an attempt that took too long", responder{err: context.DeadlineExceeded}, againDoubt, againDoubt, unknown, 0},

		{"no connection", responder{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, noConn: true}, again, againDoubt, again, 0},
		{"no connection in time", responder{err: &net.OpError{Op: "dial", Err: context.DeadlineExceeded}, noConn: true}, again, againDoubt, again, 0},
		{"a certificate of somebody else's", responder{err: x509.HostnameError{Host: "kirim.test", Certificate: &x509.Certificate{}}, noConn: true}, again, againDoubt, again, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range []struct {
				name, want string
				keyed      bool
				head       head
			}{
				{"first attempt", tt.first, true, head{}},
				{"after one in doubt", tt.inDoubt, true, head{inDoubt: true}},
				{"without a key", tt.keyless, false, head{}},
			} {
				err := sendTo(t, tt.server, c.keyed)
				lifetime := map[bool]time.Duration{true: 24 * time.Hour}[c.keyed]
				for how, err := range map[string]error{"": err, "wrapped: ": wrapped(err)} {
					v := judge(&c.head, err, lifetime)
					if got := meaning(v); got != c.want {
						t.Errorf("%s%s: %q, want %q: %v", how, c.name, got, c.want, err)
					}
					if v.notSent == v.doubt && v.state != StateSent {
						t.Errorf("%s%s: certainly not out is %v, in doubt %v", how, c.name, v.notSent, v.doubt)
					}
				}
			}
			v := judge(&head{}, sendTo(t, tt.server, true), 24*time.Hour)
			backsOff := tt.wait == 0 && v.state == StateQueued && v.counts
			if backsOff && (v.wait <= 0 || v.wait > firstBackoff) || !backsOff && v.wait != tt.wait {
				t.Errorf("it waits %v, want %v", v.wait, tt.wait)
			}
		})
	}
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("shop: %w", err)
}

func TestAClosedWindowSendsTheTemplateOnceAndOnlyWhereThatCannotDouble(t *testing.T) {
	t.Parallel()
	template := `{"type":"template"}`
	for _, tt := range []struct {
		name string
		head head
		want string
	}{
		{"with a template", head{rescue: &template}, rescues},
		{"without one", head{}, discards},
		{"when it was the template that was refused", head{rescue: &template, useTemplate: true}, discards},
		{"after an attempt in doubt", head{rescue: &template, inDoubt: true}, unknown},
	} {
		for _, keyed := range []bool{true, false} {
			err := sendTo(t, coded(422, kirim.CodeOutside24hWindow), keyed)
			if got := meaning(judge(&tt.head, err, 24*time.Hour)); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
	}
}

func TestASenderThatIgnoresItsContextIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{patience - time.Nanosecond: "sent", time.Hour: unknown} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			begin := time.Now()
			_, err := trySend(ctx, SenderFunc(func(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
				time.Sleep(time.Minute + after)
				return &kirim.AcceptedMessage{}, nil
			}), "1", someMessage().Message)
			if got := meaning(judge(&head{}, err, 0)); got != want || time.Since(begin) > time.Minute+patience {
				t.Errorf("after %v: %q, want %q: %v", time.Since(begin), got, want, err)
			}
			time.Sleep(time.Hour) // until it has returned
		})
	}
}

// TestWhatTheErrorOfASenderOfOnesOwnDoes has errors that no client of the SDK
// returned.
func TestWhatTheErrorOfASenderOfOnesOwnDoes(t *testing.T) {
	t.Parallel()
	var noError *kirim.Error
	var noTransport *kirim.TransportError
	for _, tt := range []struct {
		name           string
		err            error
		keyed, keyless string
	}{
		{"an error of nobody's", errors.New("no"), againDoubt, unknown},
		{"a context that ended", context.DeadlineExceeded, againDoubt, unknown},
		{"a panic", errSenderPanicked, againDoubt, unknown},
		{"a nil pointer to an error", noError, againDoubt, unknown},
		{"a nil pointer to an error of a connection", fmt.Errorf("shop: %w", noTransport), againDoubt, unknown},
		{"a refusal before it was sent", refuse("From", "another", "this"), discards, discards},
		{"a content that the system cannot send", fmt.Errorf("shop: %w", errors.ErrUnsupported), discards, discards},
		{"a rate limit", fmt.Errorf("shop: %w", kirim.KindRateLimited), waits, waits},
		{"a wrong recipient", fmt.Errorf("shop: %w", kirim.KindInvalidRecipient), discards, discards},
		{"a paused template", kirim.KindTemplateUnavailable, discards, discards},
		{"a wrong key", kirim.KindAuthInvalid, pauses, pauses},
		{"an outage", kirim.KindUnavailable, againDoubt, unknown},
		{"a fault of the server", kirim.KindInternal, againDoubt, unknown},
		{"a fault of WhatsApp", kirim.KindUpstream, againDoubt, unknown},
		{"a failure after it was accepted", kirim.KindSendFailed, againDoubt, unknown},
		{"nothing recognised", kirim.KindUnknown, againDoubt, unknown},
		{"a refusal of one part of it, and an error of nobody's", errors.Join(errors.New("no"), kirim.DecodeError(422, nil, []byte(`{"error":{"code":"invalid_field_value"}}`))), discards, discards},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for lifetime, want := range map[time.Duration]string{24 * time.Hour: tt.keyed, 0: tt.keyless} {
				if got := meaning(judge(&head{}, tt.err, lifetime)); got != want {
					t.Errorf("with a lifetime of keys of %v: %q, want %q", lifetime, got, want)
				}
			}
			if f := failureOf(tt.err); f == nil || f.Text == "" {
				t.Errorf("the failure that is kept is %+v", f)
			}
		})
	}
}

func TestALimiterWithoutATurnInTimeCountsNoAttempt(t *testing.T) {
	t.Parallel()
	client, err := kirim.NewClient("kdv_key", kirim.WithBaseURL("https://kirim.test/v1"), kirim.WithLimiter(noTurn{}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PhoneNumber("1").Messages.Send(t.Context(), someMessage().Message, kirim.WithoutRetry())
	v := judge(&head{}, err, 24*time.Hour)
	if got := meaning(v); got != waits || v.wait != turnWait {
		t.Errorf("%q after %v, want %q after %v: %v", got, v.wait, waits, turnWait, err)
	}
}

type noTurn struct{}

func (noTurn) Observe(kirim.RateClass, kirim.RateLimit) {}

func (noTurn) Wait(context.Context, kirim.RateClass) error {
	return fmt.Errorf("the rate limit asks for a wait of 1m0s, which would pass the deadline: %w", context.DeadlineExceeded)
}

func TestAPanicAndAMissingResponseOfASenderAreOutcomes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		send SenderFunc
		want string
	}{
		"a panic": {func(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
			panic("+6281234567001 is on fire")
		}, unknown},
		"a panic with nil": {func(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
			panic(nil)
		}, unknown},
		"the end of the goroutine": {func(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
			runtime.Goexit()
			return &kirim.AcceptedMessage{}, nil
		}, unknown},
		"no response and no error": {func(context.Context, string, kirim.OutboundMessage, ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
			return nil, nil //nolint:nilnil // as a careless sender does
		}, "sent"},
	} {
		accepted, err := trySend(t.Context(), tt.send, "1", someMessage().Message)
		if got := meaning(judge(&head{}, err, 0)); got != tt.want || (accepted == nil) != (err != nil) {
			t.Errorf("%s: %q, want %q: %v, %v", name, got, tt.want, accepted, err)
		}
		if f := failureOf(err); f != nil && strings.Contains(f.Text, "628") {
			t.Errorf("%s: the failure tells the recipient: %s", name, f.Text)
		}
	}
}
