package kirimtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// Transport returns a RoundTripper that hands requests straight to the sandbox,
// without a network and whatever host they name. A request is handled in the
// caller's goroutine, and its context ends every wait in it, so that it works
// under testing/synctest (start the server inside the bubble, with
// [WithoutListener]).
func (s *Server) Transport() http.RoundTripper { return transport{s.sandbox()} }

type transport struct{ s *Server }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body := req.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-t.s.closed:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	default:
	}
	in := req.Clone(ctx)
	in.Body = body
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	a := t.s.answer(in)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a.drop {
		return nil, fmt.Errorf("connection dropped: %w", io.ErrUnexpectedEOF)
	}
	resp := &http.Response{
		Status:        fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header.Clone(),
		Body:          http.NoBody,
		ContentLength: int64(a.length),
		Request:       req,
	}
	if in.Method != http.MethodHead && a.length > 0 {
		resp.Body = io.NopCloser(&bodyReader{answer: &a, pieces: a.pieces(), ctx: ctx})
	}
	return resp, nil
}

// bodyReader is the body of a response as it comes over a connection: in
// pieces, and perhaps not to its announced end.
type bodyReader struct {
	answer *answer
	pieces [][]byte
	now    bytes.Reader
	read   int
	ctx    context.Context //nolint:containedctx // of the request, which the body belongs to
}

func (b *bodyReader) Read(p []byte) (int, error) {
	for b.now.Len() == 0 {
		switch {
		case len(b.pieces) > 0 && b.answer.pause():
			b.now.Reset(b.pieces[0])
			b.pieces = b.pieces[1:]
			continue
		case len(b.pieces) > 0 && b.ctx.Err() != nil:
			return 0, b.ctx.Err()
		case b.read < b.answer.length:
			return 0, io.ErrUnexpectedEOF
		}
		return 0, io.EOF
	}
	n, err := b.now.Read(p)
	b.read += n
	return n, err
}
