package kirimtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	customer = "+628123456789"
	textBody = `{"messaging_product":"whatsapp","to":"+628123456789","type":"text","text":{"body":"hi"}}`
	tmplBody = `{"messaging_product":"whatsapp","to":"+628123456789","type":"template","template":{"name":"order_update","language":"id"` + orderNumber + `}}`
	// orderNumber fills the variable of order_update.
	orderNumber = `,"components":[{"type":"body","parameters":[{"type":"text","text":"A-17"}]}]`
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// inMemory starts a sandbox without a listener, on a manual clock.
func inMemory(t testing.TB, opts ...Option) (*Server, *ManualClock) {
	t.Helper()
	clock := NewManualClock(epoch)
	opts = append([]Option{WithoutListener(), WithClock(clock)}, opts...)
	return Start(t, opts...), clock
}

func tcpClient(t testing.TB) *http.Client {
	t.Helper()
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// result is a response read to its end.
type result struct {
	status int
	header http.Header
	body   string
	data   map[string]any
	fail   map[string]any
	id     string // request_id of the body
}

func (r result) code() string  { s, _ := r.fail["code"].(string); return s }
func (r result) typ() string   { s, _ := r.fail["type"].(string); return s }
func (r result) param() string { s, _ := r.fail["param"].(string); return s }

func (r result) num(t testing.TB, name string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(r.header.Get(name), 10, 64)
	if err != nil {
		t.Fatalf("header %s: %v", name, err)
	}
	return n
}

type edit func(*http.Request)

func withKey(key string) edit { return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) } }
func bearer(key string) edit {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }
}

// try sends a request through the memory transport.
func try(ctx context.Context, s *Server, method, path, body string, edits ...edit) (result, error) {
	return tryWith(ctx, &http.Client{Transport: s.Transport()}, s, method, path, body, edits...)
}

func tryWith(ctx context.Context, hc *http.Client, s *Server, method, path, body string, edits ...edit) (result, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.URL, "/v1")+path, strings.NewReader(body))
	if err != nil {
		return result{}, err
	}
	req.Header.Set("Authorization", "Bearer "+s.APIKey)
	req.Header.Set("Content-Type", "application/json")
	for _, e := range edits {
		e(req)
	}
	resp, err := hc.Do(req)
	if err != nil {
		return result{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	r := result{status: resp.StatusCode, header: resp.Header, body: string(b)}
	var doc struct {
		Data  map[string]any `json:"data"`
		Error map[string]any `json:"error"`
		ID    string         `json:"request_id"`
	}
	if json.Unmarshal(b, &doc) == nil {
		r.data, r.fail, r.id = doc.Data, doc.Error, doc.ID
		if doc.Error != nil {
			r.id, _ = doc.Error["request_id"].(string)
		}
	}
	return r, err
}

func do(t testing.TB, s *Server, method, path, body string, edits ...edit) result {
	t.Helper()
	r, err := try(t.Context(), s, method, path, body, edits...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func messagesPath(s *Server) string { return "/v1/" + s.PhoneNumberID + "/messages" }

func post(t testing.TB, s *Server, body string, edits ...edit) result {
	t.Helper()
	return do(t, s, "POST", messagesPath(s), body, edits...)
}

func wantStatus(t testing.TB, r result, status int, code string) {
	t.Helper()
	if r.status != status || r.code() != code {
		t.Fatalf("got %d %q, want %d %q; body %s", r.status, r.code(), status, code, r.body)
	}
}

// wantRefusal is wantStatus with the param of the error.
func wantRefusal(t testing.TB, r result, status int, code, param string) {
	t.Helper()
	wantStatus(t, r, status, code)
	if r.param() != param {
		t.Errorf("param %q, want %q", r.param(), param)
	}
}

// wantGoroutines waits until no more than most goroutines are left.
func wantGoroutines(t testing.TB, most int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > most && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > most {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before\n%s", n, most, stacks[:runtime.Stack(stacks, true)])
	}
}

// plainTemplate is the body of a send of a template without variables.
func plainTemplate(name string) string {
	return strings.Replace(strings.Replace(tmplBody, orderNumber, "", 1), "order_update", name, 1)
}
