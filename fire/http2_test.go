package fire

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/kirim-go/kirim"
)

// stream is one request over HTTP/2.
type stream struct {
	*http2.Framer
	conn *rawConn
	id   uint32
	rawRequest
}

// answer sends the header of an answer.
func (s *stream) answer(status string) {
	var b bytes.Buffer
	hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: ":status", Value: status})
	s.WriteHeaders(http2.HeadersFrameParam{StreamID: s.id, BlockFragment: b.Bytes(), EndHeaders: true})
}

// process is what a good server does with a request.
func (s *stream) process() {
	s.conn.server.record(s.rawRequest)
	s.answer("200")
	s.WriteData(s.id, true, []byte(accepted))
}

// overHTTP2 speaks HTTP/2 on a connection. began is called with the header of
// each request, and may be nil; whole when all of it was read. What they
// return false for is the last that is read.
func overHTTP2(began, whole func(*stream) bool) func(*rawConn) {
	return func(c *rawConn) {
		if _, err := io.CopyN(io.Discard, c.r, int64(len(http2.ClientPreface))); err != nil {
			return
		}
		framer := http2.NewFramer(c, c.r)
		framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		framer.WriteSettings()
		streams := map[uint32]*stream{}
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			s := streams[frame.Header().StreamID]
			switch f := frame.(type) {
			case *http2.SettingsFrame:
				if !f.IsAck() {
					framer.WriteSettingsAck()
				}
				continue
			case *http2.PingFrame:
				if !f.IsAck() {
					framer.WritePing(true, f.Data)
				}
				continue
			case *http2.MetaHeadersFrame:
				s = &stream{Framer: framer, conn: c, id: f.StreamID}
				streams[s.id] = s
				for _, field := range f.RegularFields() {
					if field.Name == "idempotency-key" {
						s.key = field.Value
					}
				}
				if began != nil && !began(s) {
					return
				}
			case *http2.DataFrame:
				s.body += string(f.Data())
			default:
				continue
			}
			if ends, ok := frame.(interface{ StreamEnded() bool }); ok && ends.StreamEnded() && !whole(s) {
				return
			}
		}
	}
}

// thenCloses says what a server does with every request it has read, and then
// closes the connection.
func thenCloses(do func(*stream)) func(*rawConn) {
	return overHTTP2(nil, func(s *stream) bool {
		do(s)
		s.conn.Close()
		return false
	})
}

// firstThen serves the first connection otherwise than those after it.
func firstThen(first, others func(*rawConn)) func(*rawConn) {
	return func(c *rawConn) {
		if c.number == 0 {
			first(c)
		} else {
			others(c)
		}
	}
}

// http2Road is a way to come to speak HTTP/2.
type http2Road struct {
	name, scheme string
	transport    func() http.RoundTripper
}

func (r http2Road) option() kirim.Option {
	return kirim.WithHTTPClient(&http.Client{Transport: r.transport()})
}

// cloning is a RoundTripper around another, as those for tracing are.
type cloning struct{ *http.Transport }

func (c cloning) RoundTrip(req *http.Request) (*http.Response, error) {
	return c.Transport.RoundTrip(req.Clone(req.Context()))
}

// registered is a transport with HTTP/2 registered for a scheme, of which
// http.Transport does not close the connections.
type registered struct {
	*http.Transport
	http2 *http2.Transport
}

func (r registered) CloseIdleConnections() { r.http2.CloseIdleConnections() }

// clearHTTP2 is a transport of x/net that speaks HTTP/2 without TLS.
func clearHTTP2() *http2.Transport {
	return &http2.Transport{AllowHTTP: true, DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
}

// http2Roads are the ways on which only the first shows in the connection what
// it speaks.
func http2Roads(known *authority) []http2Road {
	overTLS := func() *http.Transport {
		return &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: known.client()}
	}
	return []http2Road{
		{"TLS", "https", func() http.RoundTripper { return overTLS() }},
		{"TLS, behind a RoundTripper that clones", "https", func() http.RoundTripper { return cloning{overTLS()} }},
		{"TLS, transport of x/net", "https", func() http.RoundTripper { return &http2.Transport{TLSClientConfig: known.client()} }},
		{"clear text", "http", func() http.RoundTripper {
			protocols := &http.Protocols{}
			protocols.SetUnencryptedHTTP2(true)
			return &http.Transport{Protocols: protocols}
		}},
		{"clear text, registered protocol", "http", func() http.RoundTripper {
			r := registered{&http.Transport{}, clearHTTP2()}
			r.RegisterProtocol("http", r.http2)
			return r
		}},
		{"clear text, transport of x/net", "http", func() http.RoundTripper { return clearHTTP2() }},
	}
}

// Over HTTP/2 a server can say that it has not looked at a request. net/http
// then sends it again by itself, within the same attempt. But it does so also
// with what may have been processed and does not tell the two apart, so that it
// may not do it where there is no key.
func TestFireHTTP2SaysWhatWasProcessed(t *testing.T) {
	noGoroutineLeaks(t)
	quietly(t)
	known := newAuthority(t)
	config := known.server(t, "localhost", validFrom, validTo)
	config.NextProtos = []string{"h2"}
	well := overHTTP2(nil, func(s *stream) bool { s.process(); return true })
	// With a reset the server wants no more on the connection, so that the next
	// attempt is on another.
	reset := func(code http2.ErrCode) func(*rawConn) {
		return overHTTP2(nil, func(s *stream) bool {
			s.conn.server.record(s.rawRequest)
			s.WriteGoAway(s.id, http2.ErrCodeNo, nil)
			s.WriteRSTStream(s.id, code)
			return true
		})
	}
	// The first request is met so, all others are processed.
	once := func(first func(*rawConn)) func(*rawConn) { return firstThen(first, well) }
	onlyUnsafe := [3]bool{1: true}
	// net/http quotes what comes with a GOAWAY in its error, which no text of ours may have.
	spoken := []byte(fireCustomer + "\" wrote with " + fireKey)
	faults := []fault{
		{name: "GOAWAY before any stream", fine: true, unread: true, doubt: onlyUnsafe, attempts: never, serve: once(thenCloses(func(s *stream) { s.WriteGoAway(0, http2.ErrCodeNo, nil) }))},
		// net/http reports this one like a loss, and so it counts as one: nothing
		// is sent twice, but there is more doubt than there need be.
		{name: "GOAWAY with an error before any stream", unread: true, attempts: unlessUnsafe, doubt: inDoubt,
			serve: thenCloses(func(s *stream) { s.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, spoken) })},
		{name: "REFUSED_STREAM", fine: true, unread: true, doubt: onlyUnsafe, attempts: never, serve: overHTTP2(nil, func(s *stream) bool {
			if s.id == 1 {
				s.WriteRSTStream(s.id, http2.ErrCodeRefusedStream)
			} else {
				s.process()
			}
			return true
		})},
		{name: "GOAWAY after the stream, and its answer", fine: true, attempts: never, serve: overHTTP2(nil, func(s *stream) bool {
			s.WriteGoAway(s.id, http2.ErrCodeNo, nil)
			s.process()
			return true
		})},
		{name: "GOAWAY after the stream, and no answer", attempts: unlessUnsafe, doubt: inDoubt, serve: thenCloses(func(s *stream) {
			s.conn.server.record(s.rawRequest)
			s.WriteGoAway(s.id, http2.ErrCodeNo, spoken)
		})},
		{name: "RST_STREAM with INTERNAL_ERROR", attempts: unlessUnsafe, doubt: inDoubt, serve: reset(http2.ErrCodeInternal)},
		{name: "RST_STREAM with CANCEL", attempts: unlessUnsafe, doubt: inDoubt, serve: reset(http2.ErrCodeCancel)},
		{name: "RST_STREAM after the header of the answer", attempts: unlessUnsafe, doubt: inDoubt, status: 200, serve: overHTTP2(nil, func(s *stream) bool {
			s.conn.server.record(s.rawRequest)
			s.answer("200")
			s.WriteGoAway(s.id, http2.ErrCodeNo, nil)
			s.WriteRSTStream(s.id, http2.ErrCodeInternal)
			return true
		})},
		{name: "a connection that ends after the header of the request", unread: true, attempts: unlessUnsafe, doubt: inDoubt,
			serve: overHTTP2(func(s *stream) bool { s.conn.Close(); return false }, nil)},
		{name: "a connection that ends after the request", attempts: unlessUnsafe, doubt: inDoubt,
			serve: thenCloses(func(s *stream) { s.conn.server.record(s.rawRequest) })},
		{name: "a frame of noise", attempts: unlessUnsafe, doubt: inDoubt, serve: thenCloses(func(s *stream) {
			s.conn.server.record(s.rawRequest)
			s.WriteRawFrame(http2.FrameHeaders, 0xff, s.id, []byte("noise"))
		})},
	}
	for _, road := range http2Roads(known) {
		t.Run(road.name, func(t *testing.T) {
			wrap := func(serve func(*rawConn)) func(*rawConn) {
				if road.scheme == "https" {
					return overTLSThen(config, serve)
				}
				return serve
			}
			onRoad := slices.Clone(faults)
			for i := range onRoad {
				onRoad[i].well = wrap(well)
				onRoad[i].serve = wrap(onRoad[i].serve)
			}
			eachFault(t, onRoad, func(t *testing.T, run func(*testing.T, net.Listener, ...kirim.Option)) {
				l := listenTCP(t)
				run(t, l, kirim.WithBaseURL(road.scheme+"://"+l.Addr().String()), road.option())
			})

			t.Run("RST_STREAM with PROTOCOL_ERROR", func(t *testing.T) {
				for column, most := range []int{3 * 5, 1, 3 * 5} {
					l := listenTCP(t)
					server := startRaw(t, l, wrap(reset(http2.ErrCodeProtocol)))
					op := operations[column]
					client := fireClient(t, append(op.opts, kirim.WithBaseURL(road.scheme+"://"+l.Addr().String()), road.option())...)
					err := op.call(t.Context(), client, hello)
					t.Logf("%s: %d requests: %v", op.name, len(server.seen()), err)
					if err == nil || kirim.MaybeSent(err) != inDoubt[column] || len(server.seen()) > most {
						t.Errorf("%s: %d requests, MaybeSent %v: %v", op.name, len(server.seen()), kirim.MaybeSent(err), err)
					}
				}
			})

			// The first of two requests may have deleted the label that the second
			// does not find.
			t.Run("RST_STREAM with PROTOCOL_ERROR, then 404", func(t *testing.T) {
				l := listenTCP(t)
				server := startRaw(t, l, wrap(firstThen(reset(http2.ErrCodeProtocol), overHTTP2(nil, func(s *stream) bool {
					s.conn.server.record(s.rawRequest)
					s.answer("404")
					s.WriteData(s.id, true, nil)
					return true
				}))))
				client := fireClient(t, kirim.WithBaseURL(road.scheme+"://"+l.Addr().String()), road.option())
				err := client.Labels.Delete(t.Context(), "label_1")
				if !kirim.IsNotFound(err) || len(server.seen()) != 2 || !kirim.MaybeSent(err) {
					t.Errorf("%d requests, MaybeSent %v: %v", len(server.seen()), kirim.MaybeSent(err), err)
				}
			})
		})
	}

	t.Run("REFUSED_STREAM for ever", func(t *testing.T) {
		for _, op := range operations {
			l := listenTCP(t)
			server := startRaw(t, l, overTLSThen(config, overHTTP2(nil, func(s *stream) bool {
				s.WriteRSTStream(s.id, http2.ErrCodeRefusedStream)
				return true
			})))
			client := fireClient(t, append(op.opts, kirim.WithBaseURL("https://"+l.Addr().String()), known.trusting(&http.Transport{ForceAttemptHTTP2: true}),
				kirim.WithRetryPolicy(kirim.RetryPolicy{AttemptTimeout: 300 * time.Millisecond}))...)
			if err := op.call(t.Context(), client, hello); err == nil || len(server.seen()) != 0 {
				t.Errorf("%s: %v", op.name, err)
			}
		}
	})
}
