package kirimtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// told lists what a journal holds, in words.
func told(j *Journal) (list []string) {
	for _, c := range j.Take() {
		switch c.Kind {
		case ChangeRequest:
			list = append(list, fmt.Sprintf("request %d %s", c.Request.Status, c.Request.ResponseHeader.Get("X-Ratelimit-Remaining")))
		case ChangeMessage:
			list = append(list, "message "+c.Message.Status)
		case ChangeStatus:
			list = append(list, "status "+c.Status.Name+" "+c.Message.Status)
		case ChangeInbound, ChangeRead:
			list = append(list, string(c.Kind)+" "+c.Inbound.Text)
		case ChangeDelivery:
			list = append(list, fmt.Sprintf("delivery %s %s %d", c.Delivery.Event, c.Delivery.Status, len(c.Delivery.Attempts)))
		default:
			list = append(list, string(c.Kind))
		}
	}
	return list
}

func TestAJournalTellsWhatHappensInItsOrder(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	post(t, s, tmplBody)
	j := s.Journal()
	defer j.Close()
	post(t, s, tmplBody)
	s.Advance(time.Second)
	in := s.Receive(Inbound{From: customer, Text: "Hi"})
	do(t, s, "POST", messagesPath(s), `{"messaging_product":"whatsapp","status":"read","message_id":"`+in.WAMID+`"}`)
	s.AddFault(Fault{Status: 503, Method: "PUT"})
	s.SetTemplateStatus("order_update", TemplatePaused)
	s.Forget()
	want := []string{
		"request 0 ", "message pending", "request 200 58", "status sent sent", "status delivered delivered", "settings",
		"inbound Hi", "request 0 ", "read Hi", "request 200 58", "settings", "settings", "forget",
	}
	if got := told(j); !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	if again := j.Take(); len(again) != 0 {
		t.Errorf("%d changes are told twice", len(again))
	}
}

func TestAJournalTellsOfDeliveriesAndWhatTheReceiverSaid(t *testing.T) {
	t.Parallel()
	status := 500
	s, _ := inMemory(t, WithoutWebhookJitter(), WithWebhookHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, "no room")
		status = 200
	})))
	s.Subscribe("https://shop.example/hooks", "message.received")
	j := s.Journal()
	defer j.Close()
	s.Receive(Inbound{From: customer})
	s.Advance(time.Minute)
	want := []string{"delivery message.received pending 0", "inbound ", "delivery message.received pending 1", "delivery message.received delivered 2", "settings"}
	got := told(j)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	first := s.Deliveries()[0].Attempts[0]
	if string(first.Response) != "no room" || !strings.HasPrefix(first.Header.Get("X-Kirim-Signature"), "t=") {
		t.Errorf("the first attempt is %+v", first)
	}
}

func TestAResponseIsKeptOnlyForAJournal(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	post(t, s, tmplBody)
	j := s.Journal()
	post(t, s, tmplBody)
	j.Close()
	j.Close()
	post(t, s, tmplBody)
	var kept []bool
	for _, r := range s.Requests() {
		kept = append(kept, strings.HasPrefix(string(r.ResponseBody), `{"data":`))
	}
	if !slices.Equal(kept, []bool{false, true, false}) {
		t.Errorf("kept: %v", kept)
	}
}

func TestAJournalDropsTheOldestWhenNobodyTakes(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	j := s.Journal()
	defer j.Close()
	for range journalLimit + 5 {
		s.SetPlan(Free())
	}
	changes := j.Take()
	if n := j.Missed(); n != 5 || len(changes) != journalLimit || changes[0].Seq != 6 || j.Missed() != 0 {
		t.Errorf("missed %d, %d left from %d on", n, len(changes), changes[0].Seq)
	}
}

func TestAllEndsWithItsContextTheJournalAndTheSandbox(t *testing.T) {
	before := runtime.NumGoroutine()
	for name, end := range map[string]func(s *Server, j *Journal, cancel func()){
		"context": func(_ *Server, _ *Journal, cancel func()) { cancel() },
		"journal": func(_ *Server, j *Journal, _ func()) { j.Close() },
		"sandbox": func(s *Server, _ *Journal, _ func()) { s.Close() },
	} {
		s, _ := inMemory(t)
		j := s.Journal()
		ctx, cancel := context.WithCancel(t.Context())
		s.Receive(Inbound{From: customer})
		n := 0
		for range j.All(ctx) {
			n++
			end(s, j, cancel)
		}
		if n != 1 {
			t.Errorf("%s: %d changes", name, n)
		}
		cancel()
		j.Close()
	}
	wantGoroutines(t, before)
}

func TestASandboxWithAnInspectorServesItBesideTheAPI(t *testing.T) {
	t.Parallel()
	s := Start(t, WithInspector(func(s *Server) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })
	}))
	client := tcpClient(t)
	for path, own := range map[string]bool{"/": true, "/_kirim/": true, "/v1x": true, "/v1": false, "/v1/me": false, "/v25.0/1": false, "/media/a/b": false} {
		r, err := tryWith(t.Context(), client, s, "GET", path, "")
		if err != nil || (r.body == path) != own {
			t.Errorf("%s: %v, %q", path, err, r.body)
		}
	}
	if s.InspectorURL != strings.TrimSuffix(s.URL, "v1") || Start(t).InspectorURL != "" {
		t.Errorf("the inspector is at %q", s.InspectorURL)
	}
}

func TestARunningClockRunsAndCanBePutForward(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := NewRunningClock(time.Hour)
		start := clock.Now()
		if clock.Ahead() != time.Hour || time.Until(start) != time.Hour {
			t.Errorf("ahead by %s", clock.Ahead())
		}
		fired, stop := clock.NewTimer(10 * time.Minute)
		defer stop()
		never, stopNever := clock.NewTimer(20 * time.Minute)
		stopNever()
		time.Sleep(time.Minute)
		clock.Advance(8 * time.Minute)
		synctest.Wait()
		select {
		case <-fired:
			t.Error("fired early")
		default:
		}
		if at := <-fired; at.Sub(start) != 10*time.Minute {
			t.Errorf("fired after %s", at.Sub(start))
		}
		clock.Advance(-time.Hour)
		clock.Advance(time.Hour)
		select {
		case <-never:
			t.Error("a stopped timer fired")
		default:
		}
	})
}

func TestAdvanceMovesARunningClockFromOneAttemptToTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		clock := NewRunningClock(0)
		s := Start(t, WithoutListener(), WithClock(clock), WithoutWebhookJitter(), WithWebhookHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			at = append(at, clock.Now().Sub(start))
			w.WriteHeader(500)
		})))
		s.Subscribe("https://shop.example/hooks", "message.received")
		s.Receive(Inbound{From: customer})
		s.Advance(time.Hour)
		want := []time.Duration{0, 10 * time.Second, 40 * time.Second, 160 * time.Second, 760 * time.Second}
		if !slices.Equal(at, want) || !time.Now().Equal(start) {
			t.Errorf("attempts after %s, %s of real time", at, time.Since(start))
		}
	})
}
