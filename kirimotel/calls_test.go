package kirimotel_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

const accepted = `{"data":{"id":"msg_1","object":"message","status":"pending","message_id":"wamid.1"},"request_id":"req_1"}`

var hello = kirim.OutboundMessage{To: "+6281234500001", Content: kirim.Text{Body: "Hello"}}

// reply is a response of a scripted server, or an error of the transport.
type reply struct {
	status int
	body   string
	header map[string]string
	err    error
	wait   time.Duration // before it, or until the request's context ends
}

// scripted is a server that gives its replies in turn, and the last one for ever.
func scripted(replies ...reply) *testwire.Wire {
	return testwire.Serving(func(n int, req *http.Request) (*http.Response, error) {
		r := replies[min(n, len(replies)-1)]
		select {
		case <-time.After(r.wait):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		if r.err != nil {
			return nil, r.err
		}
		w := httptest.NewRecorder()
		for name, value := range r.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(r.status)
		w.WriteString(r.body)
		return w.Result(), nil
	})
}

func TestACallHasASpanWithAttemptsBelowIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		limits := map[string]string{"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "599", "X-Request-Id": "req_2"}
		client := r.client(scripted(reply{status: 502}, reply{err: syscall.ECONNRESET}, reply{status: 202, body: accepted, header: limits}))
		if _, err := client.PhoneNumber("106540352242922").Messages.Send(t.Context(), hello); err != nil {
			t.Fatal(err)
		}
		const server = " server.address=api.kirim.example"
		const url = server + " url.full=https://api.kirim.example/{id}/messages url.template=/{id}/messages"
		same(t, "spans", r.told(),
			"kirim POST /{id}/messages http.request.method=POST http.response.status_code=202 kirim.call.attempts=3 kirim.call.outcome=success"+
				" kirim.call.retry_wait=WAIT kirim.request_id=req_2"+server+" url.template=/{id}/messages"+
				" [kirim.retry http.response.status_code=502 kirim.attempt.number=1 kirim.attempt.outcome=bad_gateway kirim.retry.wait=WAIT]"+
				" [kirim.retry kirim.attempt.number=2 kirim.attempt.outcome=no_response kirim.retry.wait=WAIT]",
			"POST /{id}/messages error.type=502 http.request.method=POST http.response.status_code=502 network.protocol.version=1.1"+url+" (Error )",
			"POST /{id}/messages error.type=broken http.request.method=POST http.request.resend_count=1 network.protocol.version=1.1"+url+" (Error broken)",
			"POST /{id}/messages http.request.method=POST http.request.resend_count=2 http.response.status_code=202 network.protocol.version=1.1"+url,
		)
		spans := r.begun()
		for _, attempt := range spans[1:] {
			if attempt.Parent.SpanID() != spans[0].SpanContext.SpanID() || attempt.SpanKind != trace.SpanKindClient {
				t.Errorf("%s is a span of kind %v below %v", attempt.Name, attempt.SpanKind, attempt.Parent.SpanID())
			}
		}
		if kind := spans[0].SpanKind; kind != trace.SpanKindInternal {
			t.Errorf("the call is a span of kind %v", kind)
		}
		const route = " http.request.method=POST"
		const call = server + " url.template=/{id}/messages"
		same(t, "calls", r.series("kirim.client.call.duration"), route+" kirim.call.outcome=success"+call+": 1")
		same(t, "attempts", r.series("kirim.client.attempts"),
			route+" kirim.attempt.outcome=bad_gateway"+call+": 1", route+" kirim.attempt.outcome=no_response"+call+": 1", route+" kirim.attempt.outcome=success"+call+": 1")
		same(t, "retries", r.series("kirim.client.retries"),
			route+" kirim.attempt.outcome=bad_gateway"+call+": 1", route+" kirim.attempt.outcome=no_response"+call+": 1")
		same(t, "remaining", r.series("kirim.client.rate_limit.remaining"), " kirim.rate_limit.class=write"+server+": 599")
		same(t, "in doubt", r.series("kirim.client.in_doubt"), server+": 0")
		same(t, "refused", r.series("kirim.client.retry_quota.refused"), server+": 0")
		same(t, "429", r.series("kirim.client.rate_limited"), " kirim.rate_limit.class=read"+server+": 0", " kirim.rate_limit.class=write"+server+": 0")
	})
}

func TestACallTellsHowItEnded(t *testing.T) {
	t.Parallel()
	refused := func(status int, code string) reply {
		return reply{status: status, body: `{"error":{"type":"invalid_request_error","code":"` + code + `","message":"No.","request_id":"req_1"}}`}
	}
	send := func(ctx context.Context, c *kirim.Client) error {
		_, err := c.PhoneNumber("1").Messages.Send(ctx, hello)
		return err
	}
	contacts := func(ctx context.Context, c *kirim.Client) error {
		_, err := c.PhoneNumber("1").Contacts.List(ctx, kirim.ContactListParams{Phone: "+6281234500001"})
		return err
	}
	once := kirim.DefaultRetryPolicy()
	once.MaxRetries = 0
	for name, tt := range map[string]struct {
		replies []reply
		opts    []kirim.Option
		do      func(context.Context, *kirim.Client) error
		want    string // attributes of the span, without those of the route
	}{
		"refused": {[]reply{refused(422, "outside_24h_window")}, nil, send,
			"error.type=outside_window http.response.status_code=422 kirim.call.attempts=1 kirim.call.outcome=refused kirim.error.code=outside_24h_window kirim.error.kind=outside_window kirim.maybe_sent=false"},
		"a code that nobody knows": {[]reply{refused(400, "recipient_6281234500001")}, nil, send,
			"error.type=invalid_request http.response.status_code=400 kirim.call.attempts=1 kirim.call.outcome=refused kirim.error.code=_OTHER kirim.error.kind=invalid_request kirim.maybe_sent=false"},
		"a code of Meta's": {[]reply{{status: 400, body: `{"error":{"code":131026,"message":"(#131026) undeliverable"}}`}}, nil, send,
			"error.type=recipient_unavailable http.response.status_code=400 kirim.call.attempts=1 kirim.call.outcome=refused kirim.error.kind=recipient_unavailable kirim.error.meta_code=131026 kirim.maybe_sent=false"},
		"in doubt, by a 502": {[]reply{{status: 502}}, []kirim.Option{kirim.WithRetryPolicy(once)}, send,
			"error.type=upstream http.response.status_code=502 kirim.call.attempts=1 kirim.call.outcome=in_doubt kirim.error.kind=upstream kirim.maybe_sent=true"},
		"in doubt, by a connection that broke": {[]reply{{err: syscall.ECONNRESET}}, []kirim.Option{kirim.WithRetryPolicy(once)}, send,
			"error.type=no_response kirim.call.attempts=1 kirim.call.outcome=in_doubt kirim.maybe_sent=true"},
		"failed, but only to read": {[]reply{{err: syscall.ECONNRESET}}, []kirim.Option{kirim.WithRetryPolicy(once)}, contacts,
			"error.type=no_response kirim.call.attempts=1 kirim.call.outcome=failed kirim.maybe_sent=false"},
		"not sent": {[]reply{{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}}, []kirim.Option{kirim.WithRetryPolicy(once)}, send,
			"error.type=not_sent kirim.call.attempts=1 kirim.call.outcome=failed kirim.maybe_sent=false"},
		"invalid": {[]reply{{status: 500}}, nil, func(ctx context.Context, c *kirim.Client) error {
			_, err := c.PhoneNumber("1").Messages.Send(ctx, kirim.OutboundMessage{To: "+6281234500001", Content: kirim.Text{}})
			return err
		}, "error.type=validation kirim.call.attempts=0 kirim.call.outcome=invalid kirim.maybe_sent=false"},
		"canceled before": {[]reply{{status: 500}}, nil, func(ctx context.Context, c *kirim.Client) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return send(ctx, c)
		}, "error.type=canceled kirim.call.attempts=0 kirim.call.outcome=canceled kirim.maybe_sent=false"},
		"ended by its limiter": {[]reply{{status: 500}}, []kirim.Option{kirim.WithLimiter(closedLimiter{})}, send,
			"error.type=limiter kirim.call.attempts=0 kirim.call.outcome=failed kirim.maybe_sent=false"},
		"a deadline while waiting for the response": {[]reply{{wait: time.Hour}}, nil, func(ctx context.Context, c *kirim.Client) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return send(ctx, c)
		}, "error.type=deadline_exceeded kirim.call.attempts=1 kirim.call.outcome=in_doubt kirim.maybe_sent=true"},
		"an attempt that took too long": {[]reply{{wait: time.Hour}}, []kirim.Option{kirim.WithRetryPolicy(once)}, contacts,
			"error.type=timeout kirim.call.attempts=1 kirim.call.outcome=failed kirim.maybe_sent=false"},
		"replayed": {[]reply{{status: 202, body: accepted, header: map[string]string{"Idempotent-Replayed": "true"}}}, nil, send,
			"http.response.status_code=202 kirim.call.attempts=1 kirim.call.outcome=success kirim.replayed=true"},
		"after its turn": {[]reply{{status: 202, body: accepted}}, []kirim.Option{kirim.WithLimiter(slowLimiter{})}, send,
			"http.response.status_code=202 kirim.call.attempts=1 kirim.call.limiter_wait=WAIT kirim.call.outcome=success"},
		"a method that is none": {[]reply{{status: 500}}, nil, func(ctx context.Context, c *kirim.Client) error {
			return c.Do(ctx, "SEND 6281234500001", "/me", nil, nil, nil)
		}, "error.type=validation kirim.call.attempts=0 kirim.call.outcome=invalid kirim.maybe_sent=false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRecorder(t)
				client := r.client(scripted(tt.replies...), tt.opts...)
				err := tt.do(t.Context(), client)
				got := strings.TrimSpace(regexp.MustCompile(`^kirim \S+ \S+| (http.request.method|server.address|url.template)=\S+| \(Error.*| \[.*\]`).ReplaceAllString(r.told()[0], ""))
				if got != tt.want {
					t.Errorf("%v:\n%s\nwant:\n%s", err, got, tt.want)
				}
				status := r.begun()[0].Status
				if typed := regexp.MustCompile(`error.type=(\S+)`).FindStringSubmatch(tt.want); (typed != nil) != (err != nil) || typed != nil && status.Description != typed[1] {
					t.Errorf("%v: status %v", err, status)
				}
				doubt := r.series("kirim.client.in_doubt")
				if in := strings.HasSuffix(doubt[0], ": 1"); in != kirim.MaybeSent(err) {
					t.Errorf("%v: in doubt are %q", err, doubt)
				}
				if calls := r.series("kirim.client.call.duration"); len(calls) != 1 {
					t.Errorf("calls: %q", calls)
				}
			})
		})
	}
}

// closedLimiter lets nothing through.
type closedLimiter struct{}

func (closedLimiter) Wait(context.Context, kirim.RateClass) error {
	return errors.New("closed for +6281234500001")
}
func (closedLimiter) Observe(kirim.RateClass, kirim.RateLimit) {}

// slowLimiter lets everything through, a second later.
type slowLimiter struct{}

func (slowLimiter) Wait(context.Context, kirim.RateClass) error { time.Sleep(time.Second); return nil }
func (slowLimiter) Observe(kirim.RateClass, kirim.RateLimit)    {}

func TestRareCountersCountWhatTheySay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		client := r.client(scripted(reply{status: 429, header: map[string]string{"Retry-After": "1", "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0"}}), kirim.WithLimiter(slowLimiter{}))
		for range 60 {
			client.Labels.List(t.Context(), kirim.LabelListParams{})
		}
		const server = " server.address=api.kirim.example"
		if got := r.series("kirim.client.retry_quota.refused"); len(got) != 1 || strings.HasSuffix(got[0], ": 0") {
			t.Errorf("refused by the quota: %q", got)
		}
		attempts, limited := r.series("kirim.client.attempts"), r.series("kirim.client.rate_limited")
		_, n, _ := strings.Cut(attempts[0], ": ")
		same(t, "429", limited, " kirim.rate_limit.class=read"+server+": "+n, " kirim.rate_limit.class=write"+server+": 0")
		same(t, "waits", r.series("kirim.client.limiter.wait"), " kirim.rate_limit.class=read"+server+": "+n)
		same(t, "available", r.series("kirim.client.rate_limit.available"), " kirim.rate_limit.class=read"+server+": 0")
	})
}
