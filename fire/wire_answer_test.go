package fire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
)

// withHeader is a 200 with accepted and these lines in its header.
func withHeader(lines string) string { return answerOf("200 OK", lines, accepted) }

// chunked is a 200 with a body in chunks, from the first chunk's size on.
func chunked(rest string) string { return head + "Transfer-Encoding: chunked\r\n\r\n" + rest }

// gzipped compresses a text.
func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func TestFireAnAnswerThatIsNoHTTPIsALostOne(t *testing.T) {
	noGoroutineLeaks(t)
	whole := gzipped(accepted)
	faults := []fault{
		{name: "chunks that stop", status: 200, serve: afterReading(chunked("10\r\n{\"data\":"))},
		{name: "chunks without the last", status: 200, serve: afterReading(chunked("2a\r\n" + accepted + "\r\n"))},
		{name: "a chunk size that is no number", status: 200, serve: afterReading(chunked("zz\r\n{}\r\n0\r\n\r\n"))},
		{name: "a negative chunk size", status: 200, serve: afterReading(chunked("-5\r\n{}\r\n0\r\n\r\n"))},
		{name: "a chunk size beyond 64 bits", status: 200, serve: afterReading(chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"))},
		{name: "a chunk longer than its size", status: 200, serve: afterReading(chunked("2\r\n" + accepted + "\r\n0\r\n\r\n"))},
		{name: "a Content-Length longer than the body", status: 200, serve: afterReading(head + "Content-Length: 1000\r\n\r\n" + accepted)},
		{name: "a Content-Length of 8 EB", status: 200, serve: afterReading(head + "Content-Length: 9223372036854775807\r\n\r\n" + accepted)},
		{name: "a Content-Length that is no number", serve: afterReading(head + "Content-Length: many\r\n\r\n" + accepted)},
		{name: "a negative Content-Length", serve: afterReading(head + "Content-Length: -1\r\n\r\n" + accepted)},
		{name: "two Content-Lengths", serve: afterReading(head + "Content-Length: 42\r\nContent-Length: 2\r\n\r\n" + accepted)},
		{name: "gzip that is none", status: 200, serve: afterReading(withHeader("Content-Encoding: gzip\r\nConnection: close\r\n"))},
		{name: "gzip that stops", status: 200, serve: afterReading(answerOf("200 OK", "Content-Encoding: gzip\r\nConnection: close\r\n", whole[:len(whole)-9]))},
		{name: "gzip with a wrong sum", status: 200, serve: afterReading(answerOf("200 OK", "Content-Encoding: gzip\r\nConnection: close\r\n", whole[:len(whole)-8]+"12345678"))},
		{name: "a first line of noise", serve: afterReading("\x00\x01\x02\xff noise \r\n\r\n")},
		{name: "a first line of another protocol", serve: afterReading("SSH-2.0-OpenSSH_9.6\r\n")},
		{name: "a status that is no number", serve: afterReading("HTTP/1.1 fine\r\n\r\n")},
		{name: "a status of two digits", serve: afterReading("HTTP/1.1 20 OK\r\n\r\n")},
		{name: "a body with nothing before it, as in HTTP/0.9", serve: afterReading(accepted)},
		{name: "headers without a colon", serve: afterReading(head + "nonsense\r\n\r\n" + accepted)},
		{name: "an end without an answer", serve: afterReading("")},
	}
	for i := range faults {
		faults[i].attempts, faults[i].doubt = unlessUnsafe, inDoubt
	}
	overTCP(t, faults)
}

// net/http ends headers at 10 MB. That much takes its time to read, so that one
// operation, without repeats, has to do here.
func TestFireHeadersWithoutEndAreALostAnswer(t *testing.T) {
	noGoroutineLeaks(t)
	for _, f := range []fault{
		{name: "headers without end", serve: func(c *rawConn) {
			c.readRequest()
			forever(c, head, "X-More: "+strings.Repeat("y", 1000)+"\r\n")
		}},
		{name: "a header of 20 MB", serve: func(c *rawConn) {
			c.readRequest()
			c.write(head + "X-Big: " + strings.Repeat("y", 20<<20) + "\r\n\r\n")
		}},
		{name: "1xx answers without end", serve: func(c *rawConn) {
			c.readRequest()
			forever(c, "", "HTTP/1.1 103 Early Hints\r\nLink: </"+strings.Repeat("y", 1000)+">\r\n\r\n")
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			l := listenTCP(t)
			f.attempts, f.doubt = unlessUnsafe, inDoubt
			f.run(t, 1, f.serve, l, []kirim.Option{kirim.WithBaseURL("http://" + l.Addr().String())})
		})
	}
}

// forever writes until the client leaves.
func forever(c *rawConn, first, more string) {
	c.write(first)
	for piece := []byte(more); ; {
		if _, err := c.Write(piece); err != nil {
			return
		}
	}
}

func TestFireAnOddAnswerThatIsHTTPIsTakenAtItsWord(t *testing.T) {
	noGoroutineLeaks(t)
	quietly(t)
	deep := strings.Repeat(`[`, 1<<20) + strings.Repeat(`]`, 1<<20)
	ok := func(body string) func(*rawConn) { return afterReading(answerOf("200 OK", "", body)) }
	failed := func(body string) func(*rawConn) {
		return afterReading(answerOf("422 Unprocessable Entity", "Content-Type: application/json\r\n", body))
	}
	faults := []fault{
		{name: "100, then the answer", fine: true, serve: afterReading("HTTP/1.1 100 Continue\r\n\r\n" + withHeader(""))},
		{name: "103, then the answer", fine: true, serve: afterReading("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + withHeader(""))},
		{name: "ten 1xx, then the answer", fine: true, serve: afterReading(strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 10) + withHeader(""))},
		{name: "204 with a body", fine: true, serve: afterReading(answerOf("204 No Content", "", accepted))},
		{name: "205 with a body", fine: true, serve: afterReading(answerOf("205 Reset Content", "", accepted))},
		{name: "a status without text", fine: true, serve: afterReading(answerOf("200", "", accepted))},
		{name: "HTTP/1.0", fine: true, serve: afterReading("HTTP/1.0 200 OK\r\n\r\n" + accepted)},
		{name: "a status that nobody knows", serve: afterReading(answerOf("799 What", "", "")), status: 799, kind: kirim.KindInternal, doubt: inDoubt},
		{name: "101", serve: afterReading("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tea\r\n\r\nhello"),
			status: 101, kind: kirim.KindUnknown, doubt: inDoubt},
		{name: "a gzipped answer", fine: true, serve: afterReading(answerOf("200 OK", "Content-Encoding: gzip\r\n", gzipped(accepted)))},
		{name: "a Content-Length shorter than the body", serve: afterReading(head + "Content-Length: 20\r\n\r\n" + accepted),
			status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "an empty 200", serve: ok(""), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "null", serve: ok("null"), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "a 200 with HTML", serve: ok("<!doctype html><title>Sign in</title>"), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "NUL bytes", serve: ok(strings.Repeat("\x00", 100)), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "a NUL byte after the JSON", serve: ok(accepted + "\x00"), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "invalid UTF-8 in a string", fine: true, serve: ok("{\"data\":{\"id\":\"msg_\xff\xfe\"}}")},
		{name: "arrays a million deep", serve: ok(deep), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "arrays a million deep in a field", serve: ok(`{"data":{"id":"msg_1","later":` + deep + `}}`), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "a number beyond all bounds in a field", fine: true, serve: ok(`{"data":{"id":"msg_1","later":1e999999}}`)},
		{name: "a number of a megabyte in a field", fine: true, serve: ok(`{"data":{"id":"msg_1","later":` + strings.Repeat("9", 1<<20) + `}}`)},
		{name: "a field twice", fine: true, serve: ok(`{"data":{"id":"msg_0","id":"msg_1"},"data":{"id":"msg_1"}}`)},
		{name: "an error with arrays a million deep", serve: failed(deep), status: 422, kind: kirim.KindInvalidRequest},
		{name: "an error with a number beyond all bounds", serve: failed(`{"error":{"code":1e999999,"message":1e999999}}`), status: 422, kind: kirim.KindInvalidRequest},
		{name: "an error with NUL bytes and invalid UTF-8", serve: failed("{\"error\":{\"code\":\"\x00\xff\"}}"), status: 422, kind: kirim.KindInvalidRequest},
		{name: "an error that is null", serve: failed(`{"error":null}`), status: 422, kind: kirim.KindInvalidRequest},
		{name: "an error of 20 MB", serve: failed(strings.Repeat("x", 20<<20)), status: 422, kind: kirim.KindInvalidRequest},
	}
	for i := range faults {
		faults[i].attempts = never
	}
	overTCP(t, faults)
}

// An answer may come before the request is read to its end. Whether the
// client hears it when the server then closes is up to the network; what it
// says must hold either way.
func TestFireAnAnswerBeforeTheRequestIsReadIsHeard(t *testing.T) {
	noGoroutineLeaks(t)
	const tooLarge = "413 Payload Too Large"
	beforeTheBody := func(then func(*rawConn)) func(*rawConn) {
		return func(c *rawConn) {
			if req, err := http.ReadRequest(c.r); err != nil || req.ContentLength < 8<<20 {
				t.Errorf("request %v, %v", req, err)
			}
			c.write(answerOf(tooLarge, "Connection: close\r\n", ""))
			then(c)
		}
	}
	for column, op := range operations[:2] {
		t.Run("the server goes on reading/"+op.name, func(t *testing.T) {
			l := listenTCP(t)
			f := fault{status: 413, kind: kirim.KindPayloadTooLarge, attempts: never, unread: true, big: true}
			f.run(t, column, beforeTheBody(func(*rawConn) {}), l, []kirim.Option{kirim.WithBaseURL("http://" + l.Addr().String())})
		})
		t.Run("the server closes/"+op.name, func(t *testing.T) {
			l := listenTCP(t)
			startRaw(t, l, beforeTheBody(func(c *rawConn) { c.Close() }))
			client := fireClient(t, append(op.opts, kirim.WithBaseURL("http://"+l.Addr().String()))...)
			err := op.call(t.Context(), client, bigMessage, kirim.WithoutRequestValidation())
			var answer *kirim.Error
			var lost *kirim.TransportError
			heard := errors.As(err, &answer) && answer.StatusCode == 413
			doubt := errors.As(err, &lost) || answer != nil && answer.Attempts > 1
			if !heard && lost == nil || kirim.MaybeSent(err) != doubt {
				t.Errorf("error %v, MaybeSent %v", err, kirim.MaybeSent(err))
			}
		})
	}
}

// A second answer to one request is no answer to the next. net/http drops the
// connection when it sees it, and this must survive here. (There is an instant
// in which it does not look: a request that begins at once, on the connection
// that has just brought the answer before it, can be given the answer that a
// broken server sent too many. Nothing in it tells the two apart.)
func TestFireASecondAnswerIsNotTakenForTheNextRequests(t *testing.T) {
	noGoroutineLeaks(t)
	quietly(t)
	const smuggled = `{"data":{"id":"msg_smuggled"}}`
	for name, first := range map[string]string{
		"after a body of known length": answerOf("200 OK", "", accepted),
		"after a body in chunks":       chunked("2a\r\n" + accepted + "\r\n0\r\n\r\n"),
		"after no body":                answerOf("200 OK", "", ""),
		"after a 204":                  "HTTP/1.1 204 No Content\r\n\r\n",
		"after an error":               answerOf("404 Not Found", "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := listenPipe()
				server := startRaw(t, l, func(c *rawConn) {
					if c.number == 0 && c.readRequest() {
						c.write(first + answerOf("200 OK", "", smuggled))
					}
					c.answerWell()
				})
				client := fireClient(t, kirim.WithBaseURL("http://localhost"),
					kirim.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: l.dial}}))
				messages := client.PhoneNumber("1").Messages
				var answer *kirim.Error
				if _, err := messages.Send(t.Context(), hello); err != nil && !errors.As(err, &answer) {
					t.Fatal(err)
				}
				synctest.Wait()
				sent, err := messages.Send(t.Context(), hello)
				if err != nil || sent.ID != "msg_1" || server.connections() != 2 {
					t.Errorf("%+v, %v, over %d connections", sent, err, server.connections())
				}
			})
		})
	}
}

// quietly keeps what net/http logs about the servers of a test from its output.
func quietly(t *testing.T) {
	t.Helper()
	out := log.Writer()
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(out) })
}
