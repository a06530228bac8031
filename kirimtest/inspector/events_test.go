package inspector_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector"
)

func TestChangesComeAsEvents(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.InspectorURL+"_kirim/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	next := func() (event string, data map[string]any) {
		for lines.Scan() {
			if name, found := strings.CutPrefix(lines.Text(), "event: "); found {
				event = name
			}
			if text, found := strings.CutPrefix(lines.Text(), "data: "); found {
				if err := json.Unmarshal([]byte(text), &data); err != nil {
					t.Fatal(err)
				}
				return event, data
			}
		}
		t.Fatalf("the stream has ended: %v", lines.Err())
		return
	}
	if event, _ := next(); event != "hello" {
		t.Fatalf("the first event is %q", event)
	}
	s.Receive(kirimtest.Inbound{From: customer, Text: "Hi"})
	sent := send(t, s, kirim.Text{Body: "Hello"})
	s.AddFault(kirimtest.Fault{Status: 503})
	seen := make(map[string]bool)
	for !seen["delivered"] || !seen["settings"] || !seen["request"] || !seen["Hi"] {
		_, change := next()
		seen["settings"] = seen["settings"] || change["settings"] == true
		messages, _ := change["messages"].([]any)
		for _, m := range messages {
			seen[dig(m, "text").(string)] = true
		}
		statuses, _ := change["statuses"].([]any)
		for _, status := range statuses {
			if dig(status, "id") == sent.ID && dig(status, "chat") == s.PhoneNumberID+":"+customer {
				seen[dig(status, "status").(string)] = true
			}
		}
		seen["request"] = seen["request"] || dig(change, "requests.0.method") == "POST"
	}
	s.Forget()
	for {
		if _, change := next(); change["reload"] == true {
			return
		}
	}
}

// tab is a page that follows the events.
type tab struct {
	mu     sync.Mutex
	got    strings.Builder
	stuck  chan struct{} // nil for one that reads
	header http.Header
}

func (p *tab) Header() http.Header { return p.header }
func (p *tab) WriteHeader(int)     {}
func (p *tab) Flush()              {}

func (p *tab) Write(data []byte) (int, error) {
	if p.stuck != nil {
		<-p.stuck
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got.Write(data)
}

// take returns what has come since it was last called.
func (p *tab) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.got.Reset()
	return p.got.String()
}

// open lets a page follow the events of an inspector until the context ends.
func (p *tab) open(ctx context.Context, in *inspector.Inspector) *tab {
	p.header = http.Header{}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/_kirim/api/events", nil)
	if err != nil {
		panic(err)
	}
	go in.ServeHTTP(p, r)
	return p
}

func TestAHundredTabsFollowAndATabThatReadsNothingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		var in *inspector.Inspector
		s := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithInspector(func(s *kirimtest.Server) http.Handler {
			in = inspector.Config{}.New(s)
			return in
		}))
		ctx, cancel := context.WithCancel(t.Context())
		tabs := make([]*tab, 100)
		for i := range tabs {
			tabs[i] = (&tab{}).open(ctx, in)
		}
		release := make(chan struct{})
		stuck := (&tab{stuck: release}).open(ctx, in)
		synctest.Wait()
		began := time.Now()
		for i := range 300 {
			s.Receive(kirimtest.Inbound{From: customer, Text: fmt.Sprintf("number %d.", i)})
			time.Sleep(200 * time.Millisecond)
			synctest.Wait()
			for _, p := range tabs {
				if got := p.take(); !strings.Contains(got, fmt.Sprintf("number %d.", i)) {
					t.Fatalf("after %s a tab got %q", time.Since(began), got)
				}
			}
		}
		if got := stuck.take(); got != "" {
			t.Fatalf("a tab that reads nothing got %q", got)
		}
		close(release)
		synctest.Wait()
		if got := stuck.take(); strings.Contains(got, "number") || !strings.Contains(got, `{"reload":true}`) {
			t.Errorf("a tab that is far behind got %d bytes: %.200s", len(got), got)
		}
		late, cancelLate := context.WithCancel(t.Context())
		last := (&tab{}).open(late, in)
		synctest.Wait()
		cancel() // the others leave
		synctest.Wait()
		s.Receive(kirimtest.Inbound{From: customer, Text: "Still there?"})
		time.Sleep(time.Second)
		synctest.Wait()
		if got := last.take(); !strings.Contains(got, "Still there?") {
			t.Errorf("the last tab got %q", got)
		}
		cancelLate()
	})
}

func TestManyChangesAtOnceAreReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var in *inspector.Inspector
		s := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithInspector(func(s *kirimtest.Server) http.Handler {
			in = inspector.Config{}.New(s)
			return in
		}))
		p := (&tab{}).open(t.Context(), in)
		synctest.Wait()
		for range 2000 {
			s.Receive(kirimtest.Inbound{From: customer, Text: "Hi"})
		}
		time.Sleep(time.Second)
		if got := p.take(); !strings.Contains(got, `data: {"reload":true}`) || strings.Contains(got, "Hi") {
			t.Errorf("%.300s", got)
		}
	})
}
