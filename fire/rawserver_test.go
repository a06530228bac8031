package fire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kirim-go/kirim"
)

const (
	fireKey      = "kdv_live_FIREfireFIREfireFIRE"
	fireCustomer = "Budi"
)

// noGoroutineLeaks looks when the test and its subtests have ended. The test
// itself must not be parallel; its subtests may be.
func noGoroutineLeaks(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
}

// rawServer says on its connections whatever a test makes it say. It keeps
// what it read, and fails the test when the client leaves a connection open.
type rawServer struct {
	listener net.Listener
	serve    func(*rawConn)
	running  sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	requests []rawRequest
}

// rawRequest is a request as the server read it.
type rawRequest struct {
	method, target, key, authorization, body string
}

// rawConn is one connection to a rawServer.
type rawConn struct {
	net.Conn
	r      *bufio.Reader
	server *rawServer
	number int // from 0, in the order of the connections
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// startRaw calls serve for each connection. When serve returns, the connection
// stays open until the client closes it.
func startRaw(t *testing.T, l net.Listener, serve func(*rawConn)) *rawServer {
	t.Helper()
	s := &rawServer{listener: l, serve: serve}
	s.running.Go(func() {
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c := &rawConn{conn, bufio.NewReader(conn), s, n}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			s.running.Go(func() {
				defer c.Close()
				serve(c)
				if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the client left connection %d open", n)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			c.SetDeadline(time.Now().Add(5 * time.Second))
		}
		s.mu.Unlock()
		s.running.Wait()
	})
	return s
}

func (s *rawServer) seen() []rawRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *rawServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *rawServer) record(r rawRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
}

// readRequest reads one request to its end; false when there is none.
func (c *rawConn) readRequest() bool {
	req, err := http.ReadRequest(c.r)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return false
	}
	c.server.record(rawRequest{req.Method, req.RequestURI, req.Header.Get("Idempotency-Key"), req.Header.Get("Authorization"), string(body)})
	return true
}

// write ignores errors: a client may leave when it has heard enough.
func (c *rawConn) write(s string) { io.WriteString(c, s) }

// reset closes the connection with a reset in place of an orderly end.
func (c *rawConn) reset() {
	conn := c.Conn
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// accepted is a good answer to all operations of the table.
const accepted = `{"data":{"id":"msg_1","status":"pending"}}`

// answerOf makes an answer with Content-Length.
func answerOf(status, header, body string) string {
	return "HTTP/1.1 " + status + "\r\n" + header + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// answerWell reads and answers all requests of a connection.
func (c *rawConn) answerWell() {
	for c.readRequest() {
		c.write(answerOf("200 OK", "", accepted))
	}
}

// afterReading is a server that reads one request and then says this, and
// closes the connection.
func afterReading(answer string) func(*rawConn) {
	return func(c *rawConn) {
		if c.readRequest() {
			c.write(answer)
			c.Close()
		}
	}
}

// pipeListener is a listener without a network, for virtual time.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func listenPipe() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "localhost" }

// operation is one of three calls that a fault can meet. They are the columns
// of the tables in this package's tests.
type operation struct {
	name string
	opts []kirim.Option
	call func(context.Context, *kirim.Client, kirim.OutboundMessage, ...kirim.RequestOption) error
}

var operations = [3]operation{
	{"a send under a key", nil, send},
	{"a send without a key", []kirim.Option{kirim.WithoutIdempotencyKeys()}, send},
	{"a read", nil, func(ctx context.Context, c *kirim.Client, _ kirim.OutboundMessage, opts ...kirim.RequestOption) error {
		_, err := c.PhoneNumber("1").Messages.Get(ctx, "msg_1", opts...)
		return err
	}},
}

func send(ctx context.Context, c *kirim.Client, m kirim.OutboundMessage, opts ...kirim.RequestOption) error {
	_, err := c.PhoneNumber("1").Messages.Send(ctx, m, opts...)
	return err
}

// bigMessage is more than the buffers of a connection hold.
var bigMessage = kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: strings.Repeat("x", 8<<20)}}

// Attempts of the three operations under a fault that lasts, of at most 3.
var (
	unlessUnsafe = [3]int{3, 1, 3}
	always       = [3]int{3, 3, 3}
	never        = [3]int{1, 1, 1}
)

// inDoubt tells of which operations MaybeSent is then true.
var inDoubt = [3]bool{true, true, false}

// fault is what a server does to a connection, and what is to come of it.
type fault struct {
	name     string
	serve    func(*rawConn)
	well     func(*rawConn) // the server without the fault; answerWell by default
	big      bool           // the fault needs a request that fills all buffers
	unread   bool           // no request is read to its end
	fine     bool           // the calls succeed that are not in doubt
	kind     kirim.Kind     // of the Error; empty for a TransportError
	status   int            // of the error
	attempts [3]int
	doubt    [3]bool
	takes    time.Duration // of virtual time, until a failed attempt is given up
}

func (f *fault) succeeds(column int) bool { return f.fine && !f.doubt[column] }

// twoRetries waits next to nothing between attempts.
func twoRetries() kirim.RetryPolicy {
	return kirim.RetryPolicy{MaxRetries: 2, MinDelay: 1, MaxDelay: 1}
}

// fireClient is closed before the server that was started before it.
func fireClient(t *testing.T, opts ...kirim.Option) *kirim.Client {
	t.Helper()
	c, err := kirim.NewClient(fireKey, append([]kirim.Option{kirim.WithRetryPolicy(twoRetries())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// overTCP runs each fault against each operation over TCP.
func overTCP(t *testing.T, faults []fault) {
	t.Helper()
	eachFault(t, faults, func(t *testing.T, run func(*testing.T, net.Listener, ...kirim.Option)) {
		l := listenTCP(t)
		run(t, l, kirim.WithBaseURL("http://"+l.Addr().String()))
	})
}

// overPipes does so without a network and in virtual time.
func overPipes(t *testing.T, faults []fault) {
	t.Helper()
	eachFault(t, faults, func(t *testing.T, run func(*testing.T, net.Listener, ...kirim.Option)) {
		synctest.Test(t, func(t *testing.T) {
			l := listenPipe()
			run(t, l, kirim.WithBaseURL("http://localhost"),
				kirim.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: l.dial}}))
		})
	})
}

// eachFault runs every fault against every operation: once with the fault on
// all connections and, where it is repeated, once with it on the first only.
func eachFault(t *testing.T, faults []fault, on func(*testing.T, func(*testing.T, net.Listener, ...kirim.Option))) {
	t.Helper()
	for _, f := range faults {
		for column, op := range operations {
			t.Run(f.name+"/"+op.name, func(t *testing.T) {
				on(t, func(t *testing.T, l net.Listener, opts ...kirim.Option) {
					f.run(t, column, f.serve, l, opts)
				})
			})
			if f.attempts[column] == 1 {
				continue
			}
			well := f.well
			if well == nil {
				well = (*rawConn).answerWell
			}
			passing := f
			passing.fine, passing.doubt, passing.attempts[column] = true, [3]bool{}, 2
			serve := func(c *rawConn) {
				if c.number == 0 {
					f.serve(c)
				} else {
					well(c)
				}
			}
			t.Run(f.name+", once/"+op.name, func(t *testing.T) {
				on(t, func(t *testing.T, l net.Listener, opts ...kirim.Option) {
					passing.run(t, column, serve, l, opts)
				})
			})
		}
	}
}

func (f *fault) run(t *testing.T, column int, serve func(*rawConn), l net.Listener, opts []kirim.Option) {
	t.Helper()
	server := startRaw(t, l, serve)
	op := operations[column]
	client := fireClient(t, append(opts, op.opts...)...)
	message := hello
	if f.big {
		message = bigMessage
	}
	var said kirim.Response
	began := time.Now()
	err := op.call(t.Context(), client, message, kirim.WithResponse(&said), kirim.WithoutRequestValidation())
	failed := f.attempts[column]
	if f.succeeds(column) {
		failed--
	}
	if took, want := time.Since(began), time.Duration(failed)*f.takes; want > 0 && (took < want || took > want+time.Millisecond) {
		t.Errorf("took %v, want %v", took, want)
	}
	f.check(t, column, err, said.Attempts)

	requests := server.seen()
	want := f.attempts[column]
	switch {
	case f.unread && f.succeeds(column):
		want = 1
	case f.unread:
		want = 0
	}
	if len(requests) != want {
		t.Errorf("the server read %d requests, want %d: %v", len(requests), want, err)
	}
	for _, r := range requests {
		if r.key != said.IdempotencyKey || (r.key != "") != (column == 0) || r.body != requests[0].body {
			t.Errorf("an attempt carried the key %q and %d bytes, the first %q and %d", r.key, len(r.body), requests[0].key, len(requests[0].body))
		}
	}
}

// check compares an error with what the fault should bring.
func (f *fault) check(t *testing.T, column int, err error, attempts int) {
	t.Helper()
	if attempts != f.attempts[column] {
		t.Errorf("%d attempts, want %d: %v", attempts, f.attempts[column], err)
	}
	if f.succeeds(column) {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var answer *kirim.Error
	var lost *kirim.TransportError
	switch {
	case err == nil:
		t.Fatal("the call succeeded")
	case f.kind == "":
		if !errors.As(err, &lost) || lost.StatusCode != f.status || lost.Attempts != attempts {
			t.Errorf("error %T (%v), want a TransportError with status %d", err, err, f.status)
		}
	case !errors.As(err, &answer) || answer.Kind != f.kind || answer.StatusCode != f.status || answer.Attempts != attempts:
		t.Errorf("error %T (%v), want an Error with status %d and kind %s", err, err, f.status, f.kind)
	}
	if kirim.MaybeSent(err) != f.doubt[column] {
		t.Errorf("MaybeSent is %v: %v", !f.doubt[column], err)
	}
	if text := err.Error(); strings.Contains(text, fireKey) || strings.Contains(text, fireCustomer) || strings.Contains(text, "http://") || strings.Contains(text, "\n") {
		t.Errorf("text %q", text)
	}
}
