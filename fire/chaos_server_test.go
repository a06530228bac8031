package fire

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
)

// harm is what a server of the chaos does to a request or its answer.
type harm int

const (
	harmless harm = iota
	// Before the request is processed.
	resetAtHeader
	resetInBody
	abortUnprocessed // over HTTP/2 a RST_STREAM
	refusal          // an answer that is believed
	throttle
	failedBefore // 408, 500, 502, 503, 504 and nothing was processed
	silentBefore // nothing until the client has gone
	// While it is processed.
	processedLate // when the client has gone
	// After it was processed.
	resetAfterwards
	abortAfterwards
	failedAfter // a proxy answers in place of the server
	silentAfter
	cutAfterHeader
	noise         // bytes that are no answer
	noTLS         // bytes that are no TLS record, where there is TLS
	plainTLS      // an HTTP answer in clear text, where there is TLS
	protocolError // a RST_STREAM after which net/http sends again, over HTTP/2
	harms
)

var harmNames = [harms]string{"none", "reset at the header", "reset in the body", "abort", "refusal", "throttle", "failure before",
	"silence before", "processed late", "reset after", "abort after", "failure after", "silence after", "cut answer", "noise", "no TLS", "clear text", "protocol error"}

// chaosLie is how the oracle breaks the rules, for the tests of the test.
type chaosLie int

const (
	honest chaosLie = iota
	forgetsKeys
	acceptsInVain
	refusesAfter
)

// oracle processes messages, does harm on the way, and knows how often each
// logical message was processed. What it does to a request depends on the
// seed, the message and how many of its requests came before.
type oracle struct {
	seed uint64
	lie  chaosLie
	of   func(message int) (road int, closed bool)

	mu   sync.Mutex // for keys
	keys map[string]bool

	requests  []atomic.Int32 // by message
	processed []atomic.Int32
	templates atomic.Int64
	cookies   atomic.Int64
	harmed    [harms]atomic.Int64
	protocols []([3]atomic.Int64) // by road and major version
}

func newOracle(seed uint64, messages, roads int, of func(int) (int, bool)) *oracle {
	return &oracle{seed: seed, of: of, keys: map[string]bool{}, requests: make([]atomic.Int32, messages),
		processed: make([]atomic.Int32, messages), protocols: make([][3]atomic.Int64, roads)}
}

type chaosConn struct{}

var numberInPath = regexp.MustCompile(`/(\d+)/messages$`)

// chance is the source of what happens to one request.
func (o *oracle) chance(message int, request int32) *rand.Rand {
	return rand.New(rand.NewPCG(o.seed, uint64(message)<<16|uint64(request)))
}

func (o *oracle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	message, err := strconv.Atoi(numberInPath.FindStringSubmatch(r.URL.Path)[1])
	if err != nil {
		panic(err)
	}
	road, closed := o.of(message)
	o.protocols[road][r.ProtoMajor].Add(1)
	if len(r.Cookies()) > 0 {
		o.cookies.Add(1)
	}
	chance := o.chance(message, o.requests[message].Add(1))
	conn := r.Context().Value(chaosConn{}).(net.Conn)
	h := harmless
	if chance.IntN(100) < 55 {
		h = 1 + harm(chance.IntN(int(harms)-1))
	}
	if (h == silentBefore || h == silentAfter || h == processedLate) && chance.IntN(12) > 0 {
		h = harmless // it takes its time
	}
	if (h == noTLS || h == plainTLS) && r.TLS == nil {
		h = noise
	}
	if h == protocolError && r.ProtoMajor == 1 {
		h = resetAfterwards
	}
	o.harmed[h].Add(1)
	switch h {
	case resetAtHeader:
		resetConn(conn)
	case resetInBody:
		io.CopyN(io.Discard, r.Body, 5)
		resetConn(conn)
	default: // the request is read first
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	success, no := accepted, `{"error":{"type":"invalid_request_error","code":"invalid_request","message":"no","request_id":"req_1"}}`
	if bytes.Contains(body, []byte(`"recipient_type"`)) { // as the Cloud API takes it
		success, no = `{"messages":[{"id":"wamid.EXAMPLE"}]}`, `{"error":{"message":"no","type":"OAuthException","code":131009,"fbtrace_id":"A"}}`
	}
	switch h {
	case abortUnprocessed:
		panic(http.ErrAbortHandler)
	case refusal:
		if o.lie == refusesAfter {
			o.process(r, message)
		}
		status := []int{400, 401, 403, 404, 413}[chance.IntN(5)]
		w.WriteHeader(status)
		io.WriteString(w, no)
		return
	case throttle:
		w.Header().Set("Retry-After", "0")
		w.WriteHeader([]int{429, 503}[chance.IntN(2)])
		return
	case failedBefore:
		chaosProxyAnswer(w, chance)
		return
	case silentBefore:
		<-r.Context().Done()
		return
	case processedLate:
		<-r.Context().Done()
		if !closed || strings.Contains(string(body), `"template"`) {
			o.process(r, message)
		}
		return
	default: // the request is processed first
	}
	if closed && !strings.Contains(string(body), `"template"`) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		io.WriteString(w, `{"error":{"type":"invalid_request_error","code":"outside_24h_window","message":"closed","request_id":"req_1"}}`)
		return
	}
	if closed {
		o.templates.Add(1)
	}
	if o.lie != acceptsInVain {
		o.process(r, message)
	}
	switch h {
	case resetAfterwards:
		resetConn(conn)
	case abortAfterwards:
		panic(http.ErrAbortHandler)
	case failedAfter:
		chaosProxyAnswer(w, chance)
	case silentAfter:
		<-r.Context().Done()
	case cutAfterHeader:
		w.Header().Set("Content-Length", "5000")
		io.WriteString(w, success)
		http.NewResponseController(w).Flush()
		resetConn(conn)
	case noise:
		say(conn, "\x00\xffno answer\r\n\r\n")
	case noTLS:
		say(conn.(*tls.Conn).NetConn(), "\x00\xffno TLS at all\r\n\r\n")
	case plainTLS:
		say(conn.(*tls.Conn).NetConn(), answerOf("400 Bad Request", "", ""))
	case protocolError:
		conn.Write(streamResets)
		panic(http.ErrAbortHandler)
	default:
		http.SetCookie(w, &http.Cookie{Name: "LB", Value: strconv.Itoa(message), Path: "/"})
		io.WriteString(w, success)
	}
}

// process does the work, unless the key says that it is done.
func (o *oracle) process(r *http.Request, message int) {
	key := r.Header.Get("Idempotency-Key")
	o.mu.Lock()
	defer o.mu.Unlock()
	if key != "" && o.keys[key] && o.lie != forgetsKeys {
		return
	}
	o.keys[key] = true
	o.processed[message].Add(1)
}

// chaosProxyAnswer is that of a proxy that does not know what became of a
// request.
func chaosProxyAnswer(w http.ResponseWriter, chance *rand.Rand) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader([]int{408, 500, 502, 503, 504}[chance.IntN(5)])
	io.WriteString(w, "<html>from a proxy</html>")
}

// resetConn ends a connection of any protocol with a RST, and the handler.
func resetConn(conn net.Conn) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
	panic(http.ErrAbortHandler)
}

// say writes past the server, closes the connection, and ends the handler.
func say(conn net.Conn, text string) {
	io.WriteString(conn, text)
	conn.Close()
	panic(http.ErrAbortHandler)
}

// streamResets end all streams of a connection, since a handler does not know
// the number of its own.
var streamResets = func() []byte {
	var b bytes.Buffer
	framer := http2.NewFramer(&b, nil)
	for id := uint32(1); id < 600; id += 2 {
		framer.WriteRSTStream(id, http2.ErrCodeProtocol)
	}
	return b.Bytes()
}()

// rudeListener harms some connections before anything is read of them.
type rudeListener struct {
	net.Listener
	accepted      int
	noisy, resets *atomic.Int64
}

func (l *rudeListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.accepted++
		switch {
		case l.accepted%23 == 0:
			l.noisy.Add(1)
			io.WriteString(conn, "220 mail.example ESMTP\r\n")
		case l.accepted%19 == 0:
			l.resets.Add(1)
			conn.(*net.TCPConn).SetLinger(0)
		default:
			return conn, nil
		}
		conn.Close()
	}
}

// chaosServers are an oracle behind each protocol.
type chaosServers struct {
	clear, secured, http2, h2c *httptest.Server
	noisy, resets              atomic.Int64
}

func startChaosServers(t *testing.T, o http.Handler, known *authority) *chaosServers {
	t.Helper()
	s := &chaosServers{}
	unstarted := func() *httptest.Server {
		server := httptest.NewUnstartedServer(o)
		server.Listener = &rudeListener{Listener: server.Listener, noisy: &s.noisy, resets: &s.resets}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, chaosConn{}, c)
		}
		return server
	}
	config := known.server(t, "localhost", validFrom, validTo)
	s.clear, s.secured, s.http2, s.h2c = unstarted(), unstarted(), unstarted(), unstarted()
	s.clear.Start()
	s.secured.TLS = config.Clone()
	s.secured.StartTLS()
	s.http2.TLS, s.http2.EnableHTTP2 = config.Clone(), true
	s.http2.StartTLS()
	s.h2c.Config.Protocols = new(http.Protocols)
	s.h2c.Config.Protocols.SetUnencryptedHTTP2(true)
	s.h2c.Start()
	return s
}

// close waits for the handlers: then no message is processed any more.
func (s *chaosServers) close() {
	for _, server := range []*httptest.Server{s.clear, s.secured, s.http2, s.h2c} {
		server.Config.SetKeepAlivesEnabled(false)
		server.Close()
	}
}
