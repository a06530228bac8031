package kirimtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

// Message is a send that the sandbox accepted.
type Message struct {
	ID             string // msg_…
	WAMID          string // the id at WhatsApp
	PhoneNumberID  string // the sender
	To             string // as it was sent
	Recipient      string // the user id instead of To; see [WithMetaMessages]
	Group          bool   // To is the id of a group
	Type           string // "text", "template", …
	TemplateName   string // of a template
	IdempotencyKey string // empty when the request had none
	Status         string // of the statuses that are due by now, the furthest; else that of the response
	Body           json.RawMessage
	Time           time.Time // when it was accepted
}

// Request is a request that the sandbox received.
type Request struct {
	Method         string
	Path           string // unescaped, from "/v1" on
	Query          string // undecoded, without "?"
	Header         http.Header
	Body           []byte // up to Limits.RequestBody bytes
	IdempotencyKey string
	RequestID      string
	Time           time.Time // when its body was read

	// Status is the status of the response: 0 while there is none yet, and
	// for good when the connection was dropped or the client left.
	Status int

	// Replayed reports that the response was remembered under the IdempotencyKey.
	Replayed bool

	// Faulty reports that a [Fault] had a hand in it.
	Faulty bool

	// Duration is from Time until the response was decided: 0 while it is not.
	Duration time.Duration

	// ResponseHeader and ResponseBody are those of the response, the body up to
	// Limits.RequestBody bytes. They are kept only while somebody listens; see
	// [Server.Journal].
	ResponseHeader http.Header
	ResponseBody   []byte

	told *Request // the copy that journals got of it, before there was a response
}

// Messages returns the accepted sends, oldest first, as many as
// [Limits] allows. The values are copies.
func (s *Server) Messages() []Message {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	list := make([]Message, 0, len(s.state.sent.items))
	for m := range s.state.sent.all {
		list = append(list, *s.copyOf(&m))
	}
	return list
}

// copyOf is a message for a caller, with its status by now. state.mu is held.
func (s *Server) copyOf(m *Message) *Message {
	clone := *m
	clone.Body = bytes.Clone(m.Body)
	clone.Status = s.progressOf(m)
	return &clone
}

// MessageCount is the number of sends accepted since the start or the last
// [Server.Forget], also of those that are no longer kept.
func (s *Server) MessageCount() int {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return s.state.accepted
}

// Processed is how many kept messages were accepted under an Idempotency-Key.
// More than 1 means that a customer got the same message twice.
func (s *Server) Processed(idempotencyKey string) int {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	n := 0
	for m := range s.state.sent.all {
		if m.IdempotencyKey == idempotencyKey {
			n++
		}
	}
	return n
}

// Requests returns the requests in the order in which they came, as many as
// [Limits] allows. The values are copies. The Authorization header is
// never among them.
func (s *Server) Requests() []Request {
	s = s.sandbox()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	list := make([]Request, 0, len(s.state.requests.items))
	for r := range s.state.requests.all {
		list = append(list, *r.copyOf())
	}
	return list
}

// copyOf is a request for a caller.
func (r *Request) copyOf() *Request {
	clone := *r
	clone.told = nil
	clone.Body, clone.ResponseBody = bytes.Clone(r.Body), bytes.Clone(r.ResponseBody)
	clone.Header, clone.ResponseHeader = r.Header.Clone(), r.ResponseHeader.Clone()
	for _, secret := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		clone.Header.Del(secret)
	}
	return &clone
}

// Forget empties [Server.Messages] and [Server.Requests], and with the former
// the sends that the API lists; no further statuses are reported for them.
// Everything else (keys, windows, idempotency, contacts, webhook deliveries)
// stays as it is.
func (s *Server) Forget() {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	for m := range st.sent.all {
		st.forgetMessage(&m)
	}
	defer s.note(ChangeForget)
	st.sent.reset()
	st.outbound = newTable[*message](st.limits.Messages)
	st.requests.reset()
	st.accepted = 0
}

// openRequest notes that a request came.
func (st *state) openRequest(x *exchange, now time.Time) *Request {
	r := &Request{
		Method:         x.r.Method,
		Path:           x.r.URL.Path,
		Query:          x.r.URL.RawQuery,
		Header:         x.r.Header,
		Body:           x.body,
		IdempotencyKey: x.idemKey,
		RequestID:      x.requestID,
		Time:           now,
		Faulty:         x.fault != nil,
	}
	if limit := st.limits.RequestBody; len(r.Body) > limit {
		r.Body = bytes.Clone(r.Body[:limit])
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.requests.add(r)
	st.noteRequest(r, now)
	return r
}

func (st *state) closeRequest(r *Request, rep *reply, a *answer, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	r.Status = a.status
	r.Replayed = rep.header != nil && rep.header.Get("Idempotent-Replayed") == "true"
	r.Duration = max(now.Sub(r.Time), 1)
	if st.journals.watched() {
		body := a.sent()
		r.ResponseHeader, r.ResponseBody = a.header, bytes.Clone(body[:min(len(body), st.limits.RequestBody)])
	}
	st.noteRequest(r, now)
}

// noteRequest tells of a request. st.mu is held.
func (st *state) noteRequest(r *Request, now time.Time) {
	if !st.journals.watched() {
		return
	}
	told := r.told
	if told == nil {
		told = r.copyOf()
		r.told = told
	} else { // nothing of the request has changed since, and there is one response
		clone := *r
		clone.Header, clone.Body, clone.told = told.Header, told.Body, nil
		told, r.told = &clone, nil
	}
	st.journals.add(Change{Kind: ChangeRequest, Time: now, Request: told})
}
