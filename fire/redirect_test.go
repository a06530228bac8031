package fire

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// A redirect that is not followed is an answer like any other, and what waits
// at its end never hears of the key or the message.
func TestFireARedirectTakesNothingElsewhere(t *testing.T) {
	noGoroutineLeaks(t)
	const (
		elsewhere = "http://{elsewhere}/v1/stolen"
		sameHost  = "/v1/moved"
	)
	for _, tt := range []struct {
		name     string
		location string // of the answer; "" for none
		read     int    // requests of a read that the first server reads: 2 when it follows
		loops    bool
	}{
		{"to another host", elsewhere, 1, false},
		{"to another host without a scheme", "//{elsewhere}/v1/stolen", 1, false},
		{"to another name of the same host", "http://localhost:{port}/v1/stolen", 1, false},
		{"to another scheme", "https://{elsewhere}/v1/stolen", 1, false},
		{"to the same host with a user", "http://me:secret@{elsewhere}/v1/stolen", 1, false},
		{"to a file", "file:///etc/passwd", 1, false},
		{"to a script", "javascript:alert(1)", 1, false},
		{"to another path", sameHost, 2, false},
		{"to a relative path", "moved", 2, false},
		{"to the same origin in full", "http://{host}/v1/moved", 2, false},
		{"to itself, for ever", "/v1/1/messages/msg_1", 10, true},
		{"to what is no URL", "http://[::1/%zz", 1, false},
		{"to a path with a broken escape", "http://{elsewhere}/%zz", 1, false},
		{"to nowhere", "", 1, false},
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for column, op := range operations {
				t.Run(tt.name+"/"+strconv.Itoa(status)+"/"+op.name, func(t *testing.T) {
					other := listenTCP(t)
					stranger := startRaw(t, other, (*rawConn).answerWell)
					l := listenTCP(t)
					host := l.Addr().String()
					location := strings.NewReplacer("{elsewhere}", other.Addr().String(), "{host}", host,
						"{port}", host[strings.LastIndexByte(host, ':')+1:]).Replace(tt.location)
					header := ""
					if location != "" {
						header = "Location: " + location + "\r\n"
					}
					server := startRaw(t, l, func(c *rawConn) {
						for c.readRequest() {
							seen := c.server.seen()
							if len(seen) == 1 || tt.loops {
								c.write(answerOf(strconv.Itoa(status)+" Elsewhere", header, ""))
							} else {
								c.write(answerOf("200 OK", "", accepted))
							}
						}
					})
					client := fireClient(t, append(op.opts, kirim.WithBaseURL("http://"+host+"/v1"))...)
					err := op.call(t.Context(), client, hello)
					want := 1
					if column == 2 {
						want = tt.read
					}
					if got := server.seen(); len(got) != want {
						t.Errorf("the server read %d requests, want %d", len(got), want)
					}
					if got := stranger.seen(); len(got) != 0 || stranger.connections() != 0 {
						t.Errorf("the other host got %d connections and read %+v", stranger.connections(), got)
					}
					if want == 2 {
						if err != nil {
							t.Error(err)
						}
						return
					}
					var answer *kirim.Error
					// A 303, and in practice a 301 and a 302, may answer what was carried out.
					doubt := status <= 303 && column != 2
					if !errors.As(err, &answer) || answer.StatusCode != status || answer.Attempts != 1 || kirim.MaybeSent(err) != doubt {
						t.Errorf("error %v, MaybeSent %v", err, kirim.MaybeSent(err))
					}
				})
			}
		}
	}
}
