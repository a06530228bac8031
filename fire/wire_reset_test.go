package fire

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// head is the beginning of an answer of which the rest does not come.
const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

// ends are the two ways in which a peer can leave.
var ends = []struct {
	name string
	end  func(*rawConn)
}{
	{"is reset", (*rawConn).reset},
	{"ends", func(c *rawConn) { c.Close() }},
}

func TestFireAConnectionThatBreaksLeavesNoSendTwice(t *testing.T) {
	noGoroutineLeaks(t)
	var faults []fault
	for _, e := range ends {
		after := func(say string) func(*rawConn) {
			return func(c *rawConn) {
				if c.readRequest() {
					c.write(say)
					e.end(c)
				}
			}
		}
		faults = append(faults,
			fault{name: "it " + e.name + " before the request is read", unread: true, serve: func(c *rawConn) {
				c.r.Peek(1) // not before: then it could be no connection at all
				e.end(c)
			}},
			fault{name: "it " + e.name + " in the middle of the request's header", unread: true, serve: func(c *rawConn) {
				c.r.ReadString('\n')
				e.end(c)
			}},
			fault{name: "it " + e.name + " in the middle of the request's body", unread: true, big: true, serve: func(c *rawConn) {
				io.CopyN(io.Discard, c, 10)
				e.end(c)
			}},
			fault{name: "it " + e.name + " after the request", serve: after("")},
			fault{name: "it " + e.name + " in the middle of the answer's first line", serve: after("HTTP/1.1 20")},
			fault{name: "it " + e.name + " in the middle of the answer's headers", serve: after(head + "Content-Le")},
			fault{name: "it " + e.name + " in the middle of a body of known length", status: 200, serve: after(head + "Content-Length: 100\r\n\r\n{\"data\"")},
			fault{name: "it " + e.name + " in the middle of a body in chunks", status: 200, serve: after(head + "Transfer-Encoding: chunked\r\n\r\n30\r\n{\"data\"")},
			fault{name: "it " + e.name + " between two chunks", status: 200, serve: after(head + "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"data\r\n")},
			fault{name: "it " + e.name + " in the middle of a gateway's error", status: 502, kind: kirim.KindUpstream,
				serve: after("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\n<html>")},
		)
	}
	for i := range faults {
		faults[i].attempts, faults[i].doubt = unlessUnsafe, inDoubt
	}
	overTCP(t, faults)
}

// A body without a length ends where the connection does, so that only the
// JSON in it can tell that something is missing.
func TestFireABodyThatEndsWithItsConnectionIsWholeOnlyIfItsJSONIs(t *testing.T) {
	noGoroutineLeaks(t)
	overTCP(t, []fault{
		{name: "whole", serve: afterReading(head + "\r\n" + accepted), fine: true, attempts: never},
		{name: "cut", serve: afterReading(head + "\r\n" + accepted[:20]), kind: kirim.KindInvalidResponse, status: 200, attempts: never, doubt: inDoubt},
	})
}

// closeAfter makes servers that answer the first request of the first
// connection and then end it as the next request comes.
func closeAfter(end func(c *rawConn)) func(*rawConn) {
	return func(c *rawConn) {
		if c.number > 0 {
			c.answerWell()
			return
		}
		c.readRequest()
		c.write(answerOf("200 OK", "", accepted))
		end(c)
	}
}

func TestFireAnIdleConnectionThatIsClosedAsTheNextRequestGoesOut(t *testing.T) {
	noGoroutineLeaks(t)
	for _, tt := range []struct {
		name string
		end  func(*rawConn)
		read bool // the request on the dying connection
	}{
		{"it is reset before the request is read", func(c *rawConn) { c.r.Peek(1); c.reset() }, false},
		{"it is reset after the request was read", func(c *rawConn) { c.readRequest(); c.reset() }, true},
		{"it ends before the request is read", func(c *rawConn) { c.r.Peek(1); c.Close() }, false},
		{"it ends after the request was read", func(c *rawConn) { c.readRequest(); c.Close() }, true},
	} {
		for column, op := range operations {
			for _, retry := range []bool{true, false} {
				name := tt.name + "/" + op.name
				if !retry {
					name += ", without retry"
				}
				t.Run(name, func(t *testing.T) {
					l := listenTCP(t)
					server := startRaw(t, l, closeAfter(tt.end))
					client := fireClient(t, append(op.opts, kirim.WithBaseURL("http://"+l.Addr().String()))...)
					if err := op.call(t.Context(), client, hello); err != nil {
						t.Fatal(err)
					}
					var said kirim.Response
					opts := []kirim.RequestOption{kirim.WithResponse(&said)}
					if !retry {
						opts = append(opts, kirim.WithoutRetry())
					}
					err := op.call(t.Context(), client, hello, opts...)
					requests := server.seen()[1:]
					// net/http itself repeats what is a read or has a key, which
					// is not counted as an attempt, unless it takes the end for
					// an error of writing: then the SDK does. Neither does when
					// retries are off.
					again := column != 1 && retry
					want := 0
					if tt.read {
						want++
					}
					if again {
						want++
					}
					most := 1
					if again {
						most = 2
					}
					if len(requests) != want || said.Attempts > most {
						t.Errorf("the server read %d requests, want %d, in %d attempts: %v", len(requests), want, said.Attempts, err)
					}
					for _, r := range requests {
						if r.key != said.IdempotencyKey || r.body != requests[0].body {
							t.Errorf("an attempt carried the key %q, not %q, or another body", r.key, said.IdempotencyKey)
						}
					}
					var lost *kirim.TransportError
					if again != (err == nil) || err != nil && (!errors.As(err, &lost) || kirim.MaybeSent(err) != inDoubt[column]) {
						t.Errorf("error %v, MaybeSent %v", err, kirim.MaybeSent(err))
					}
				})
			}
		}
	}
}

// Time is virtual here, so that the 35 seconds of an attempt cost nothing.
func TestFireAPeerThatIsSilentOrSlowIsLeftWhenTheAttemptsTimeIsUp(t *testing.T) {
	noGoroutineLeaks(t)
	everySecond := func(first, more string) func(*rawConn) {
		return func(c *rawConn) {
			c.readRequest()
			c.write(first)
			for {
				time.Sleep(time.Second)
				if _, err := io.WriteString(c, more); err != nil {
					return
				}
			}
		}
	}
	then := func(say string) func(*rawConn) {
		return func(c *rawConn) {
			c.readRequest()
			c.write(say)
		}
	}
	const gateway = "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 100\r\n\r\n"
	faults := []fault{
		{name: "it accepts and reads nothing", unread: true, serve: func(*rawConn) { time.Sleep(time.Hour) }},
		{name: "it reads a part of the request", unread: true, serve: func(c *rawConn) {
			io.CopyN(io.Discard, c, 1000)
			time.Sleep(time.Hour)
		}, big: true},
		{name: "it reads the request and is never heard again", serve: then("")},
		{name: "it sends half of the headers", serve: then(head + "Conten")},
		{name: "it sends half of the body", serve: then(head + "Content-Length: 100\r\n\r\n{\"data\""), status: 200},
		{name: "it sends half of a gateway's error", serve: then(gateway + "<html>"), status: 504, kind: kirim.KindUpstream},
		{name: "it sends a header every second", serve: everySecond(head, "X: y\r\n")},
		{name: "it sends a byte of a header every second", serve: everySecond(head+"X-Slow: ", "y")},
		{name: "it sends a byte of the body every second", serve: everySecond(head+"Content-Length: 100\r\n\r\n", " "), status: 200},
		{name: "it sends a chunk every second", serve: everySecond(head+"Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"), status: 200},
		{name: "it says 103 every second", serve: everySecond("", "HTTP/1.1 103 Early Hints\r\n\r\n")},
		{name: "it sends a byte of a gateway's error every second", serve: everySecond(gateway, "x"), status: 504, kind: kirim.KindUpstream},
	}
	for i := range faults {
		faults[i].attempts, faults[i].doubt, faults[i].takes = unlessUnsafe, inDoubt, 35*time.Second
	}
	overPipes(t, faults)
}
