//go:build unix

package fire

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// road is a way to the sandbox that something is wrong with.
type road struct {
	name      string
	settings  settings
	before    func(*testing.T, *proxy, *kirim.Client)
	keyed     passage
	keyless   passage
	html      bool          // the error is nginx's own page
	wait      time.Duration // that the error tells
	atLeast   time.Duration // that the call takes under a key
	bodyBytes int           // how much of a long page is kept
}

func dead(_ *testing.T, p *proxy, _ *kirim.Client) { p.upstreams[0].stop() }

func dies(point *string) func(*testing.T, *proxy, *kirim.Client) {
	return func(_ *testing.T, p *proxy, _ *kirim.Client) { p.upstreams[0].dies.Store(point) }
}

// diesAndComesBack starts the upstream again when nginx has told of its death
// twice.
func diesAndComesBack(point *string) func(*testing.T, *proxy, *kirim.Client) {
	return func(t *testing.T, p *proxy, _ *kirim.Client) {
		p.answered = func(n int) {
			if n == 2 {
				p.upstreams[0].start(t)
			}
		}
		if point == nil {
			p.upstreams[0].stop()
		} else {
			p.upstreams[0].dies.Store(point)
		}
	}
}

func harmed(f kirimtest.Fault) func(*testing.T, *proxy, *kirim.Client) {
	return func(_ *testing.T, p *proxy, _ *kirim.Client) { p.sandbox.AddFault(f) }
}

// oneBefore sends a message, which the limit of nginx lets pass.
func oneBefore(t *testing.T, p *proxy, c *kirim.Client) {
	if _, err := p.messages(c).Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
}

const limitZone = `limit_req_zone $host zone=sends:64k rate=`

// A send through nginx, under a key and without one. After "same key" in the
// table of RetryPolicy, the one is repeated and the other not.
var roads = []road{
	{
		name:    "no fault",
		keyed:   passage{attempts: 1, arrived: 1, processed: 1},
		keyless: passage{attempts: 1, arrived: 1, processed: 1},
	},
	{
		name: "an upstream that is dead", before: dead, html: true,
		keyed:   passage{status: 502, kind: kirim.KindUpstream, attempts: 4, doubt: true},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, doubt: true},
	},
	{
		name: "an upstream that is dead and comes back", before: diesAndComesBack(nil),
		keyed:   passage{attempts: 3, arrived: 1, processed: 1},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, doubt: true},
	},
	{
		name: "an upstream that dies once it has read the request", before: dies(&onceRead), html: true,
		keyed:   passage{status: 502, kind: kirim.KindUpstream, attempts: 4, arrived: 1, doubt: true},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, arrived: 1, doubt: true},
	},
	{
		name: "an upstream that dies once it has processed the request", before: dies(&onceProcessed), html: true,
		keyed:   passage{status: 502, kind: kirim.KindUpstream, attempts: 4, arrived: 1, processed: 1, doubt: true},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, arrived: 1, processed: 1, doubt: true},
	},
	{
		name: "an upstream that dies while it answers", before: dies(&whileAnswers),
		keyed:   passage{status: 502, kind: kirim.KindUpstream, attempts: 4, arrived: 1, processed: 1, doubt: true},
		keyless: passage{status: 200, cut: true, attempts: 1, arrived: 1, processed: 1, doubt: true},
	},
	{
		name: "an upstream that dies before processing and comes back", before: diesAndComesBack(&onceRead),
		keyed:   passage{attempts: 3, arrived: 2, processed: 1},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, arrived: 1, doubt: true},
	},
	{
		name: "an upstream that dies after processing and comes back", before: diesAndComesBack(&onceProcessed),
		keyed:   passage{attempts: 3, arrived: 2, processed: 1},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, arrived: 1, processed: 1, doubt: true},
	},
	{
		name: "an upstream that cuts one answer", before: harmed(kirimtest.Fault{Cut: true}),
		keyed:   passage{attempts: 2, arrived: 2, processed: 1},
		keyless: passage{status: 200, cut: true, attempts: 1, arrived: 1, processed: 1, doubt: true},
	},
	{
		name: "an upstream that never answers", settings: settings{location: "proxy_read_timeout 100ms;"},
		before: harmed(kirimtest.Fault{Hang: true, Times: -1}), html: true,
		keyed:   passage{status: 504, kind: kirim.KindUpstream, attempts: 4, arrived: 4, doubt: true},
		keyless: passage{status: 504, kind: kirim.KindUpstream, attempts: 1, arrived: 1, doubt: true},
	},
	{
		name: "an upstream that is slow once, with the message processed", settings: settings{location: "proxy_read_timeout 500ms;"},
		before:  harmed(kirimtest.Fault{Hang: true, Processed: true}),
		keyed:   passage{attempts: 2, arrived: 2, processed: 1},
		keyless: passage{status: 504, kind: kirim.KindUpstream, attempts: 1, arrived: 1, processed: 1, doubt: true},
	},
	{
		name: "a second upstream, when the first died before it was asked", settings: settings{upstreams: 2}, before: dead,
		keyed:   passage{attempts: 1, arrived: 1, processed: 1},
		keyless: passage{attempts: 1, arrived: 1, processed: 1},
	},
	{
		// nginx repeats no POST that it has passed on; the client does.
		name: "a second upstream, when the first dies once it has processed the request", settings: settings{upstreams: 2},
		before:  dies(&onceProcessed),
		keyed:   passage{attempts: 2, arrived: 2, processed: 1},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, arrived: 1, processed: 1, doubt: true},
	},
	{
		// An nginx that is told to repeats a POST too. The key protects from that
		// as well; without one, no client can.
		name:     "a second upstream and leave to repeat a POST, when the first dies once it has processed the request",
		settings: settings{upstreams: 2, location: "proxy_next_upstream error timeout non_idempotent;"},
		before:   dies(&onceProcessed),
		keyed:    passage{attempts: 1, arrived: 2, processed: 1},
		keyless:  passage{attempts: 1, arrived: 2, processed: 2},
	},
	{
		name: "a maintenance page", settings: settings{location: "return 503;"}, html: true,
		keyed:   passage{status: 503, kind: kirim.KindUnavailable, attempts: 4, doubt: true},
		keyless: passage{status: 503, kind: kirim.KindUnavailable, attempts: 1, doubt: true},
	},
	{
		name: "a maintenance page that says when to come back", html: true, wait: 10 * time.Millisecond,
		settings: settings{location: "return 503; add_header Retry-After 0.01 always;"},
		keyed:    passage{status: 503, kind: kirim.KindUnavailable, attempts: 4},
		keyless:  passage{status: 503, kind: kirim.KindUnavailable, attempts: 4},
	},
	{
		name: "a maintenance page that says to come back in an hour", html: true, wait: time.Hour,
		settings: settings{location: "return 503; add_header Retry-After 3600 always;"},
		keyed:    passage{status: 503, kind: kirim.KindUnavailable, attempts: 1},
		keyless:  passage{status: 503, kind: kirim.KindUnavailable, attempts: 1},
	},
	{
		name: "a limit that answers 503", before: oneBefore, html: true,
		settings: settings{http: limitZone + "1r/m;", location: "limit_req zone=sends;"},
		keyed:    passage{status: 503, kind: kirim.KindUnavailable, attempts: 4, arrived: 1, processed: 1, doubt: true},
		keyless:  passage{status: 503, kind: kirim.KindUnavailable, attempts: 1, arrived: 1, processed: 1, doubt: true},
	},
	{
		name: "a limit that answers 429", before: oneBefore, html: true,
		settings: settings{http: limitZone + "1r/m;", location: "limit_req zone=sends; limit_req_status 429;"},
		keyed:    passage{status: 429, kind: kirim.KindRateLimited, attempts: 4, arrived: 1, processed: 1},
		keyless:  passage{status: 429, kind: kirim.KindRateLimited, attempts: 4, arrived: 1, processed: 1},
	},
	{
		name: "a limit that answers 429 and says when to come back", before: oneBefore, atLeast: time.Second,
		settings: settings{http: limitZone + "90r/m;", location: "limit_req zone=sends; limit_req_status 429; add_header Retry-After 1 always;"},
		keyed:    passage{attempts: 2, arrived: 2, processed: 2},
		keyless:  passage{attempts: 2, arrived: 2, processed: 2},
	},
	{
		name: "a limit to the size of a request", settings: settings{server: "client_max_body_size 16;"}, html: true,
		keyed:   passage{status: 413, kind: kirim.KindPayloadTooLarge, attempts: 1},
		keyless: passage{status: 413, kind: kirim.KindPayloadTooLarge, attempts: 1},
	},
	{
		name: "a page of its own that is long", settings: settings{server: "error_page 502 /long.html; location = /long.html { internal; root .; }"},
		before: func(t *testing.T, p *proxy, c *kirim.Client) {
			p.write(t, "long.html", "<html>"+strings.Repeat("<p>nginx</p>", 20_000))
			dead(t, p, c)
		}, html: true, bodyBytes: 64 << 10,
		keyed:   passage{status: 502, kind: kirim.KindUpstream, attempts: 4, doubt: true},
		keyless: passage{status: 502, kind: kirim.KindUpstream, attempts: 1, doubt: true},
	},
}

func TestFireNginxIsUnderstood(t *testing.T) {
	needsNginx(t)
	noGoroutineLeaks(t)
	for i, r := range roads {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.settings.noMaster = i%2 == 1
			t.Run("under a key", func(t *testing.T) { r.travel(t, r.keyed) })
			t.Run("without a key", func(t *testing.T) { r.travel(t, r.keyless, kirim.WithoutIdempotencyKeys()) })
		})
	}
}

func (r *road) travel(t *testing.T, want passage, opts ...kirim.Option) {
	t.Parallel()
	p := startProxy(t, r.settings)
	c := p.client(t, opts...)
	if r.before != nil {
		r.before(t, p, c)
	}
	var response kirim.Response
	began := time.Now()
	_, err := p.messages(c).Send(t.Context(), hello, kirim.WithResponse(&response))
	if got := p.passageOf(err, response); got != want {
		t.Errorf("got  %+v\nwant %+v\n%v", got, want, err)
	}
	if took := time.Since(began); took < r.atLeast {
		t.Errorf("took %v, less than %v", took, r.atLeast)
	}
	if !r.html {
		return
	}
	var e *kirim.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %T", err)
	}
	if body := string(e.Body); !strings.Contains(body, "<html>") || !strings.Contains(body, "nginx") ||
		len(body) > 64<<10 || r.bodyBytes > 0 && len(body) != r.bodyBytes {
		t.Errorf("the body has %d bytes: %.100q", len(body), body)
	}
	if text := e.Error(); e.Message != http.StatusText(e.StatusCode) || strings.ContainsAny(text, "<>\n") || strings.Contains(text, hello.To) {
		t.Errorf("message %q, error %q", e.Message, text)
	}
	if e.RetryAfter != r.wait || e.Attempts != want.attempts || (e.IdempotencyKey == "") != (len(opts) > 0) {
		t.Errorf("wait %v, %d attempts, key %q", e.RetryAfter, e.Attempts, e.IdempotencyKey)
	}
}

func TestFireNginxMayRepeatARead(t *testing.T) {
	needsNginx(t)
	t.Parallel()
	p := startProxy(t, settings{upstreams: 2})
	dies(&onceRead)(t, p, nil)
	var response kirim.Response
	_, err := p.client(t).Me(t.Context(), kirim.WithResponse(&response))
	if got, want := p.passageOf(err, response), (passage{attempts: 1, arrived: 2}); got != want {
		t.Errorf("got %+v, want %+v: %v", got, want, err)
	}
}
