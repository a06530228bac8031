package kirim_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
)

// The body of a 101 is the connection itself, which net/http no longer
// closes when the context ends.
func TestAnAnswerThatSwitchesProtocolsEndsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go func() {
			if req, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
				io.Copy(io.Discard, req.Body)
			}
			io.WriteString(server, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tea\r\n\r\n")
			io.Copy(io.Discard, server) // and waits
		}()
		dial := func(context.Context, string, string) (net.Conn, error) { return client, nil }
		c, err := kirim.NewClient(testKey, kirim.WithBaseURL("http://localhost"),
			kirim.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: dial}}))
		if err != nil {
			t.Fatal(err)
		}
		if e := answerOf(t, post(t.Context(), c)); e.StatusCode != 101 {
			t.Error(e)
		}
	})
}
