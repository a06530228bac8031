package fire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/kirim-go/kirim"
)

// bombMember is a megabyte of zeros as a gzip stream of its own. A gzip stream
// may be any number of these, one after the other.
var bombMember = sync.OnceValue(func() string {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w.Write(make([]byte, 1<<20))
	w.Close()
	return b.String()
})

// What a hostile or broken server can make the client allocate is bounded. The
// figure is of all that was allocated, freed or not, by client and server
// together: the heap cannot have grown by more.
func TestFireABombCostsLittleMemory(t *testing.T) {
	noGoroutineLeaks(t)
	const most = 32 << 20
	bomb := func(status string) func(*rawConn) {
		return func(c *rawConn) {
			c.readRequest()
			c.write("HTTP/1.1 " + status + "\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
			for range 1024 { // to a gigabyte
				c.write(bombMember())
			}
			c.Close()
		}
	}
	endless := func(status, header, piece string) func(*rawConn) {
		return func(c *rawConn) {
			c.readRequest()
			forever(c, "HTTP/1.1 "+status+"\r\n"+header, piece)
		}
	}
	bombMember()
	zeros := strings.Repeat("0", 64<<10)
	for _, f := range []fault{
		{name: "1 GB of zeros in a gzipped 200", serve: bomb("200 OK"), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "1 GB of zeros in a gzipped 500", serve: bomb("500 Internal Server Error"), status: 500, kind: kirim.KindInternal, doubt: inDoubt},
		{name: "1 GB of zeros in a gzipped 422", serve: bomb("422 Unprocessable Entity"), status: 422, kind: kirim.KindInvalidRequest},
		{name: "a 200 without end", serve: endless("200 OK", "\r\n", zeros), status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "a 200 without end in chunks", serve: endless("200 OK", "Transfer-Encoding: chunked\r\n\r\n", "10000\r\n"+zeros+"\r\n"),
			status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "a 200 that says that it has 4 GB", serve: endless("200 OK", "Content-Length: 4294967296\r\n\r\n", zeros),
			status: 200, kind: kirim.KindInvalidResponse, doubt: inDoubt},
		{name: "a 500 without end", serve: endless("500 Internal Server Error", "\r\n", zeros), status: 500, kind: kirim.KindInternal, doubt: inDoubt},
	} {
		t.Run(f.name, func(t *testing.T) {
			l := listenTCP(t)
			startRaw(t, l, f.serve)
			client := fireClient(t, kirim.WithBaseURL("http://"+l.Addr().String()))
			var said kirim.Response
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := send(t.Context(), client, hello, kirim.WithResponse(&said))
			runtime.ReadMemStats(&after)
			if f.attempts = never; f.status == http.StatusInternalServerError {
				f.attempts = unlessUnsafe
			}
			f.check(t, 0, err, said.Attempts)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("allocated %.1f MB in all, %.1f MB of it not yet freed", float64(allocated)/(1<<20), float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20))
			if allocated >= most {
				t.Errorf("allocated %d bytes", allocated)
			}
			var answer *kirim.Error
			if errors.As(err, &answer) && len(answer.Body) > 64<<10 {
				t.Errorf("the error keeps %d bytes", len(answer.Body))
			}
		})
	}
}
