package kirimtest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault makes matching requests go wrong; see [Server.AddFault]. Each field that is
// left zero does no harm: a fault with only a Delay answers as usual, later.
//
// Beware of net/http: when a connection that was used before is dropped without
// a response, it sends a request with an Idempotency-Key again by itself. Over
// TCP the sandbox may then see a dropped send twice and the client no error.
// [Server.Transport] does not do that.
type Fault struct {
	// Method is the HTTP method to match; empty matches all.
	Method string

	// Path is compared segment by segment: "*" stands for any one segment, and
	// a last "**" for any number of them. Empty matches all.
	// "/v1/*/messages" matches sends from any number.
	Path string

	// Skip lets that many matching requests pass unharmed first.
	Skip int

	// Times is how many requests are harmed. Zero means 1, a negative number
	// all of them.
	Times int

	// From and Until are when, by the sandbox's clock, the fault begins to match
	// requests and when it ends. Zero is at once, and never.
	From, Until time.Time

	// Processed lets the request take its full effect first; then its response is
	// lost and the client gets what the rest of the fault says. Without it, the
	// sandbox does nothing of what was asked when the fault answers.
	Processed bool

	// Delay is waited before the response: after the request took effect when
	// Processed is set, before it otherwise.
	Delay time.Duration

	// Slow keeps the response of the operation itself back. The request takes
	// effect at once, but for that long its Idempotency-Key counts as in
	// flight, also when the client leaves.
	Slow time.Duration

	// Twice makes the operation take effect twice, past its Idempotency-Key, as a
	// broken server would. It is for tests of what notices that.
	Twice bool

	// Hang keeps the connection open without a response until the client leaves
	// or the server is closed.
	Hang bool

	// Drop closes the connection without a response. Through Server.Transport
	// the error is io.ErrUnexpectedEOF.
	Drop bool

	// Unread is Drop before the body of the request is read, and so never
	// Processed.
	Unread bool

	// Status answers instead of the operation. When it is zero the operation
	// takes effect and answers.
	Status int

	// Header is added to the response, or replaces what it has. Retry-After in
	// any form goes here.
	Header http.Header

	// Code, Message and Param fill the API's error envelope, which is the body
	// of a Status of 400 or more unless Body or Empty say otherwise. An empty
	// Code is the usual one of the status.
	Code, Message, Param string

	// Body is sent as it stands, also in place of the operation's own body when
	// Status is zero. Unless Header says otherwise its Content-Type is text/html
	// when it starts with "<", application/json with "{" or "[", and text/plain
	// otherwise. It comes as from a proxy in front of the API: without
	// X-Request-Id and rate limit headers.
	Body string

	// Empty sends no body.
	Empty bool

	// Cut announces the whole body in Content-Length, sends the first half and
	// closes the connection. With a Status of zero the operation's own response
	// is cut.
	Cut bool

	// Length is announced in Content-Length in place of the length of the body.
	// Of a longer body only so much is sent; after a shorter one the connection
	// is closed.
	Length int

	// Trickle sends the headers at once and the body in eight pieces, over so
	// much time.
	Trickle time.Duration
}

// AddFault arms a fault. Of several that match a request, the one armed first is
// used until it is used up.
func (s *Server) AddFault(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	f.Header = f.Header.Clone()
	s = s.sandbox()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.faults = append(s.state.faults, &f)
	s.noteSettings()
}

// ClearFaults disarms all faults. Requests that hang keep hanging.
func (s *Server) ClearFaults() {
	s = s.sandbox()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.faults = nil
	s.noteSettings()
}

// takeFault returns the fault for a request, or nil.
func (st *state) takeFault(method, path string, now time.Time) *Fault {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.faults = slices.DeleteFunc(st.faults, func(f *Fault) bool { return !f.Until.IsZero() && !now.Before(f.Until) })
	for i, f := range st.faults {
		switch {
		case now.Before(f.From):
		case f.Method != "" && f.Method != method || f.Path != "" && !pathMatches(f.Path, path):
		case f.Skip > 0:
			f.Skip--
		default:
			if f.Times == 1 {
				st.faults = slices.Delete(st.faults, i, i+1)
			}
			f.Times--
			return f
		}
	}
	return nil
}

func pathMatches(pattern, path string) bool {
	want, have := segments(pattern), segments(path)
	for i, w := range want {
		if w == "**" && i == len(want)-1 {
			return true
		}
		if i >= len(have) || w != "*" && w != have[i] {
			return false
		}
	}
	return len(want) == len(have)
}

func (s *Server) faultStage(next handler) handler {
	return func(x *exchange) *reply {
		f := x.fault
		if f == nil {
			return next(x)
		}
		x.twice = f.Twice
		if f.Slow > 0 {
			x.readyAt = s.cfg.clock.Now().Add(f.Slow)
		}
		var rep *reply
		if f.Processed {
			rep = next(x)
		}
		if f.Delay > 0 && !x.wait(f.Delay) {
			return gone()
		}
		switch {
		case f.Hang:
			select {
			case <-x.r.Context().Done():
			case <-s.closed:
			}
			return gone()
		case f.Drop:
			return gone()
		case f.Status != 0:
			rep = f.reply()
			if f.Status == http.StatusTooManyRequests { // of an empty bucket
				x.rate = s.state.peekTokens(x.r.Method, s.cfg.clock.Now())
				x.rate.remaining, x.rated = 0, true
			}
		case rep == nil:
			rep = next(x)
		}
		harmed := *rep // rep may be remembered under an Idempotency-Key
		harmed.cut, harmed.length, harmed.trickle = f.Cut, f.Length, f.Trickle
		harmed.header = merged(rep.header, f.Header)
		if f.Status == 0 && (f.Body != "" || f.Empty) {
			f.setBody(&harmed)
		}
		return &harmed
	}
}

// reply is the response that a fault with a Status gives.
func (f *Fault) reply() *reply {
	rep := &reply{status: f.Status}
	if f.Body != "" || f.Empty {
		f.setBody(rep)
		return rep
	}
	if f.Status < 400 {
		rep.data = []byte("{}")
		return rep
	}
	usual := usualCode(f.Status)
	rep.err = failStatus(f.Status, cmp.Or(f.Code, usual), f.Param, cmp.Or(f.Message, "Injected by a test."))
	if catalogue[rep.err.code].status != f.Status { // not the code's own type then
		rep.err.typ = catalogue[usual].typ
	}
	return rep
}

func (f *Fault) setBody(rep *reply) {
	rep.asIs, rep.raw = true, []byte(f.Body)
	if f.Empty {
		rep.raw = nil
		return
	}
	contentType := "text/plain; charset=utf-8"
	switch start := strings.TrimLeft(f.Body, " \t\r\n"); {
	case strings.HasPrefix(start, "<"):
		contentType = "text/html; charset=utf-8"
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		contentType = "application/json"
	}
	rep.header = merged(http.Header{"Content-Type": {contentType}}, rep.header)
}

// merged returns both headers in one, the second winning.
func merged(a, b http.Header) http.Header {
	h := make(http.Header, len(a)+len(b))
	for _, part := range []http.Header{a, b} {
		for name, values := range part {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	return h
}
