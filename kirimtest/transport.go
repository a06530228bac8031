package kirimtest

import (
	"bytes"
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
		ContentLength: int64(len(a.body)),
		Request:       req,
	}
	switch {
	case in.Method == http.MethodHead:
	case a.cut:
		resp.ContentLength = max(resp.ContentLength, 1)
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(a.sent()), brokenReader{}))
	case len(a.body) > 0:
		resp.Body = io.NopCloser(bytes.NewReader(a.body))
	}
	return resp, nil
}

// brokenReader is the end of a body that was cut.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
