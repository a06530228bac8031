package fire

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// stuckLimiter lets some requests pass and holds the next until its context
// ends.
type stuckLimiter struct{ passes int }

func (l *stuckLimiter) Wait(ctx context.Context, _ kirim.RateClass) error {
	if l.passes--; l.passes >= 0 {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func (*stuckLimiter) Observe(kirim.RateClass, kirim.RateLimit) {}

// phase is a point at which a call stands still.
type phase struct {
	name    string
	serve   func(*rawConn) // the connection on which it does
	limiter bool           // or it waits for a limiter
	dial    bool           // or for a connection
	tls     bool           // or for a handshake
	big     bool           // or writes
	unsent  bool           // the attempt has sent nothing yet
	waits   bool           // a deadline is not slept into, so that there is none here
	last    int            // status that the server said last, in this phase
}

// Whatever a call is doing, the end of its context ends it, and the error
// tells both that and what the server said.
func TestFireTheEndOfAContextEndsACallInEveryPhase(t *testing.T) {
	noGoroutineLeaks(t)
	then := func(say string) func(*rawConn) {
		return func(c *rawConn) {
			c.readRequest()
			c.write(say)
		}
	}
	cause := errors.New("the shop has closed")
	var slowest time.Duration
	var calls int
	for _, p := range []phase{
		{name: "waiting for the limiter", limiter: true, unsent: true},
		{name: "dialling", dial: true, unsent: true},
		{name: "in the TLS handshake", tls: true, serve: func(*rawConn) {}, unsent: true},
		{name: "writing the request", big: true, serve: func(*rawConn) { time.Sleep(time.Hour) }},
		{name: "waiting for the answer", serve: then("")},
		{name: "reading the headers", serve: then(head + "X-")},
		{name: "reading a good answer", serve: then(head + "Content-Length: 100\r\n\r\n{")},
		{name: "reading a 500", serve: then("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{"), last: 500},
		{name: "reading a 422", serve: then("HTTP/1.1 422 No\r\nContent-Length: 100\r\n\r\n{"), last: 422, unsent: true},
		{name: "waiting after a 503", serve: then(answerOf("503 Down", "Retry-After: 30\r\n", "")), last: 503, unsent: true, waits: true},
		{name: "waiting after a 429", serve: then(answerOf("429 Slow", "Retry-After: 30\r\n", "")), last: 429, unsent: true, waits: true},
		{name: "waiting after a lost connection", serve: afterReading(""), waits: true},
	} {
		for column, op := range operations {
			for _, how := range []string{"cancelled", "cancelled with a cause", "its deadline"} {
				for _, before := range []int{0, 429, 504} { // what an attempt before this one brought
					impossible := column == 1 && (before == 504 || p.name == "waiting after a lost connection")
					if impossible || p.waits && how == "its deadline" || p.big && column == 2 || p.tls && before != 0 {
						continue
					}
					name := p.name + "/" + op.name + "/" + how
					if before != 0 {
						name += "/after a " + http.StatusText(before)
					}
					t.Run(name, func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							took := p.end(t, column, how, before, cause)
							slowest, calls = max(slowest, took), calls+1
						})
					})
				}
			}
		}
	}
	t.Logf("%d calls; the slowest came back %v after its context had ended", calls, slowest)
}

const endsAfter = 7 * time.Second

// end makes a call that stands still, ends its context and returns how long
// the call went on.
func (p *phase) end(t *testing.T, column int, how string, before int, cause error) time.Duration {
	t.Helper()
	l := listenPipe()
	startRaw(t, l, func(c *rawConn) {
		if before != 0 && c.number == 0 {
			afterReading(answerOf(strconv.Itoa(before)+" No", "Retry-After: 1\r\nConnection: close\r\n", ""))(c)
		} else {
			p.serve(c)
		}
	})
	dials, passes := 0, 0
	if before != 0 {
		passes = 1
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials++; p.dial && dials > passes {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return l.dial(ctx, network, addr)
	}}
	scheme := "http"
	if p.tls {
		scheme = "https"
	}
	const never = 10_000 * time.Hour
	opts := append([]kirim.Option{
		kirim.WithBaseURL(scheme + "://localhost"),
		kirim.WithHTTPClient(&http.Client{Transport: transport}),
		kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 2, MinDelay: never, MaxDelay: never}),
	}, operations[column].opts...)
	if p.limiter {
		opts = append(opts, kirim.WithLimiter(&stuckLimiter{passes}))
	}
	client := fireClient(t, opts...)
	message := hello
	if p.big {
		message = bigMessage
	}

	ended := time.Now().Add(endsAfter)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := context.Canceled
	switch how {
	case "its deadline":
		timed, stop := context.WithDeadline(ctx, ended)
		defer stop()
		ctx, reason = timed, context.DeadlineExceeded
	case "cancelled with a cause":
		time.AfterFunc(endsAfter, func() { cancel(cause) })
	default:
		time.AfterFunc(endsAfter, func() { cancel(nil) })
	}
	err := operations[column].call(ctx, client, message, kirim.WithoutRequestValidation())
	took := time.Since(ended)
	cancel(nil)
	if took < 0 || took > 20*time.Millisecond {
		t.Errorf("came back %v after the end", took)
	}
	if !errors.Is(err, reason) || how == "cancelled with a cause" && !errors.Is(err, cause) {
		t.Errorf("%v does not match how the context ended", err)
	}
	var lost *kirim.TransportError
	var answer *kirim.Error
	said := cmp.Or(p.last, before)
	if said == 0 && !errors.As(err, &lost) || said != 0 && (!errors.As(err, &answer) || answer.StatusCode != said) {
		t.Errorf("error %T (%v), want the %d that the server said last", err, err, said)
	}
	if want := column != 2 && (!p.unsent || before == 504); kirim.MaybeSent(err) != want {
		t.Errorf("MaybeSent is %v: %v", !want, err)
	}
	return took
}

// What takes more than one request is ended in each of them.
func TestFireTheEndOfAContextEndsADownloadAndAnIteration(t *testing.T) {
	noGoroutineLeaks(t)
	link := answerOf("302 Found", "Location: http://localhost/file\r\nConnection: close\r\n", "")
	page := answerOf("200 OK", "Connection: close\r\n", `{"data":[{"id":"msg_1"}],"has_more":true,"next_cursor":"c2"}`)
	download := func(ctx context.Context, c *kirim.Client) error {
		m, err := c.PhoneNumber("1").Messages.Media(ctx, "msg_1", kirim.MediaParams{})
		if err != nil {
			return err
		}
		defer m.Close()
		_, err = io.Copy(io.Discard, m)
		return err
	}
	iterate := func(ctx context.Context, c *kirim.Client) error {
		for _, err := range c.PhoneNumber("1").Messages.All(ctx, kirim.MessageListParams{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	var slowest time.Duration
	for _, tt := range []struct {
		name        string
		call        func(context.Context, *kirim.Client) error
		first, last string // said on the first connection, and on the second, where it stands still
	}{
		{"waiting for the link to a file", download, "", ""},
		{"waiting for the host of a file", download, link, ""},
		{"reading a file", download, link, head + "Content-Length: 100\r\n\r\nthe first bytes"},
		{"reading a refusal of the host", download, link, "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\n<"},
		{"waiting for the first page", iterate, "", ""},
		{"waiting for the second page", iterate, page, ""},
		{"reading the second page", iterate, page, head + "Content-Length: 100\r\n\r\n{"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := listenPipe()
				startRaw(t, l, func(c *rawConn) {
					c.readRequest()
					if c.number == 0 {
						c.write(tt.first)
					} else {
						c.write(tt.last)
					}
				})
				client := fireClient(t, kirim.WithBaseURL("http://localhost"),
					kirim.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: l.dial}}))
				ended := time.Now().Add(endsAfter)
				cause := errors.New("the shop has closed")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(endsAfter, func() { cancel(cause) })
				err := tt.call(ctx, client)
				took := time.Since(ended)
				slowest = max(slowest, took)
				if took < 0 || took > 20*time.Millisecond || !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || kirim.MaybeSent(err) {
					t.Errorf("%v after the end: %v", took, err)
				}
			})
		})
	}
	t.Logf("the slowest came back %v after its context had ended", slowest)
}
