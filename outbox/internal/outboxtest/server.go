package outboxtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// server is Kirim as the outbox sees it, behind a client of the SDK: it carries a
// message out once for each idempotency key. A script says what else happens.
type server struct {
	mu        sync.Mutex
	keyless   bool // it does not know of keys
	requests  []*request
	delivered []*request // those that were carried out, in order
	byKey     map[string]int
	script    func(*request) outcome
	lookUp    func(id string) string // the response to a look at a message; empty for a rate limit
}

// request is one that a process has made.
type request struct {
	From, To, Key string
	Text          string          // of a text; of a template its name
	ID            string          // msg_…, of one that was carried out
	ended         <-chan struct{} // the attempt is over
}

// outcome is what happens to a request.
type outcome struct {
	lost     bool // before it reached the server
	carried  bool // out, as far as the key allows
	broken   bool // the connection breaks before the response
	response string
	status   int
	header   http.Header
}

// accept carries the message out.
func accept() outcome { return outcome{carried: true, status: http.StatusAccepted} }

// acceptAndBreak carries the message out, and the response is lost.
func acceptAndBreak() outcome { return outcome{carried: true, broken: true} }

// breakBefore breaks the connection before the message is carried out: who sends
// it cannot tell the two apart.
func breakBefore() outcome { return outcome{broken: true} }

// notReached is a server that no connection can be had to.
func notReached() outcome { return outcome{lost: true} }

// refuse is an error of the server's.
func refuse(status int, code string) outcome {
	return outcome{status: status, response: fmt.Sprintf(`{"error":{"type":"api_error","code":%q,"message":"no"}}`, code)}
}

// refuseMeta is an error of Meta's that the server passes on.
func refuseMeta(status, code int) outcome {
	return outcome{status: status, response: fmt.Sprintf(`{"error":{"type":"api_error","code":"meta_error","message":"no","meta":{"code":%d}}}`, code)}
}

// rateLimited is a refusal that asks to wait.
func rateLimited(seconds int) outcome {
	o := refuse(http.StatusTooManyRequests, "rate_limit_exceeded")
	o.header = http.Header{"Retry-After": {fmt.Sprint(seconds)}}
	return o
}

// sender returns a sender to the server. Each process has one of its own.
func (s *server) sender(t *testing.T) outbox.Sender {
	t.Helper()
	options := []kirim.Option{kirim.WithBaseURL("https://kirim.test/v1"), kirim.WithHTTPClient(&http.Client{Transport: s})}
	if s.keyless {
		options = append(options, kirim.WithoutIdempotencyKeys())
	}
	client, err := kirim.NewClient("kdv_test_key", options...)
	if err != nil {
		t.Fatal(err)
	}
	return outbox.NewSender(client)
}

// RoundTrip implements [http.RoundTripper].
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return s.lookUpResponse(path.Base(r.URL.Path)), nil
	}
	in, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	in.ended = r.Context().Done()
	s.requests = append(s.requests, in)
	script := s.script
	s.mu.Unlock()
	o := accept()
	if script != nil {
		o = script(in) // unlocked: it may do what another process does
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GetConn("kirim.test:443")
		if !o.lost {
			trace.GotConn(httptrace.GotConnInfo{})
		}
	}
	if o.lost {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	if o.carried {
		s.carryOut(in)
		o.response = fmt.Sprintf(`{"data":{"id":%q,"status":"queued","wamid":null}}`, in.ID)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if o.broken {
		return nil, io.ErrUnexpectedEOF
	}
	header := o.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return response(o.status, header, o.response), nil
}

// lookUpResponse is the response to a look at a message. By default nothing is
// known of it.
func (s *server) lookUpResponse(id string) *http.Response {
	o := refuse(http.StatusNotFound, "message_not_found")
	if s.lookUp != nil {
		o = outcome{status: http.StatusOK, response: s.lookUp(id)}
		if o.response == "" {
			o = rateLimited(30)
		}
	}
	header := http.Header{"Content-Type": {"application/json"}}
	maps.Copy(header, o.header)
	return response(o.status, header, o.response)
}

func response(status int, header http.Header, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)),
	}
}

func readRequest(r *http.Request) (*request, error) {
	var body struct {
		To        string `json:"to"`
		Recipient string `json:"recipient"`
		Text      struct {
			Body string `json:"body"`
		} `json:"text"`
		Template struct {
			Name string `json:"name"`
		} `json:"template"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // v1, number, messages
	return &request{
		From: parts[1], To: body.To + body.Recipient, Key: r.Header.Get("Idempotency-Key"),
		Text: body.Text.Body + body.Template.Name,
	}, nil
}

func (s *server) carryOut(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, known := s.byKey[r.Key]; known && !s.keyless {
		r.ID = s.delivered[n].ID
		return
	}
	r.ID = fmt.Sprintf("msg_%06d", len(s.delivered)+1)
	if s.byKey == nil {
		s.byKey = make(map[string]int)
	}
	s.byKey[r.Key] = len(s.delivered)
	s.delivered = append(s.delivered, r)
}

// reply sets what happens to requests from now on.
func (s *server) reply(script func(*request) outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// replyInTurn sets what happens to the next requests; those after them are
// accepted.
func (s *server) replyInTurn(outcomes ...outcome) {
	var mu sync.Mutex
	s.reply(func(*request) outcome {
		mu.Lock()
		defer mu.Unlock()
		if len(outcomes) == 0 {
			return accept()
		}
		next := outcomes[0]
		outcomes = outcomes[1:]
		return next
	})
}

// received returns the texts that recipients got, in order.
func (s *server) received() (texts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.delivered {
		texts = append(texts, r.Text)
	}
	return texts
}

// asked returns all requests, in order.
func (s *server) asked() []*request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*request(nil), s.requests...)
}
