package kirimtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// receiver takes webhooks and answers them in turn; the last response stays.
type receiver struct {
	mu      sync.Mutex
	answers []answerWith
	got     []webhook
}

type answerWith struct {
	status     int
	retryAfter string
	hang       bool // until the sender gives up
	abort      bool // drop the connection
}

type webhook struct {
	header http.Header
	body   []byte
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.got = append(r.got, webhook{req.Header.Clone(), body})
	answer := answerWith{status: 200}
	if len(r.answers) > 0 {
		answer = r.answers[0]
	}
	if len(r.answers) > 1 {
		r.answers = r.answers[1:]
	}
	r.mu.Unlock()
	switch {
	case answer.hang:
		<-req.Context().Done()
	case answer.abort:
		panic(http.ErrAbortHandler)
	}
	if answer.retryAfter != "" {
		w.Header().Set("Retry-After", answer.retryAfter)
	}
	w.WriteHeader(answer.status)
}

func (r *receiver) then(answers ...answerWith) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = answers
}

func (r *receiver) webhooks() []webhook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]webhook(nil), r.got...)
}

func always(status int) []answerWith { return []answerWith{{status: status}} }

// withReceiver starts a sandbox on a manual clock whose webhooks go to a
// receiver, exactly on schedule.
func withReceiver(t testing.TB, answers []answerWith, opts ...Option) (*Server, *receiver, *ManualClock) {
	t.Helper()
	r := &receiver{answers: answers}
	s, clock := inMemory(t, append([]Option{WithWebhookHandler(r), WithoutWebhookJitter(), WithPlan(Enterprise(1_000_000, 1_000_000))}, opts...)...)
	return s, r, clock
}

const hookURL = "https://hooks.example.com/kirim"

// fire lets a customer write, which makes one delivery to each subscription.
func fire(s *Server) Inbound { return s.Receive(Inbound{From: customer, Text: "hello"}) }

// lastDelivery is the delivery that was made last.
func lastDelivery(t testing.TB, s *Server) Delivery {
	t.Helper()
	list := s.Deliveries()
	if len(list) == 0 {
		t.Fatal("no delivery")
	}
	return list[len(list)-1]
}

// decoded is JSON as maps and arrays.
func decoded(t testing.TB, b []byte) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return o
}

// dig follows keys through objects, and takes the first item of each array.
func dig(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		if list, isArray := v.([]any); isArray && len(list) > 0 {
			v = list[0]
		}
		o, _ := v.(map[string]any)
		v = o[key]
	}
	return v
}
