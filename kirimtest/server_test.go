package kirimtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

func TestServerListensOnLoopbackBelowV1(t *testing.T) {
	t.Parallel()
	s := Start(t)
	if !strings.HasPrefix(s.URL, "http://127.0.0.1:") || !strings.HasSuffix(s.URL, "/v1") {
		t.Errorf("URL %q", s.URL)
	}
	if !strings.HasPrefix(s.WebhookSecret, "whsec_") {
		t.Errorf("secret %q", s.WebhookSecret)
	}
	r, err := tryWith(t.Context(), tcpClient(t), s, "POST", messagesPath(s), tmplBody)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, r, 200, "")
	if r.header.Get("Date") == "" || r.header.Get("Content-Length") == "" {
		t.Errorf("header %v", r.header)
	}
}

func TestBothWaysReachTheSameState(t *testing.T) {
	t.Parallel()
	s := Start(t)
	one, err := tryWith(t.Context(), tcpClient(t), s, "POST", messagesPath(s), tmplBody, withKey("k"))
	if err != nil {
		t.Fatal(err)
	}
	two := post(t, s, tmplBody, withKey("k"))
	if two.header.Get("Idempotent-Replayed") != "true" || two.data["id"] != one.data["id"] {
		t.Errorf("%s after %s", two.body, one.body)
	}
}

func TestDateIsThatOfTheClock(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *Server, hc *http.Client) {
		r, err := tryWith(t.Context(), hc, s, "GET", "/v1/me", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := r.header["Date"]; len(got) != 1 || got[0] != epoch.Format(http.TimeFormat) {
			t.Errorf("Date %q", got)
		}
	})
}

func TestTooLargeABodyIsAnsweredOverTCP(t *testing.T) {
	t.Parallel()
	s := Start(t)
	r, err := tryWith(t.Context(), tcpClient(t), s, "POST", messagesPath(s), strings.Repeat(" ", 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, r, 413, "invalid_field_value")
}

func TestMemoryTransportClosesTheRequestBody(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	body := &closer{Reader: strings.NewReader(tmplBody)}
	req, err := http.NewRequest("POST", s.URL+"/"+s.PhoneNumberID+"/messages", body)
	if err != nil {
		t.Fatal(err)
	}
	bearer(s.APIKey)(req)
	resp, err := s.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !body.closed || resp.Request != req || resp.StatusCode != 200 {
		t.Errorf("closed %v, status %d", body.closed, resp.StatusCode)
	}
}

func TestMemoryTransportSendsNothingOnceTheContextHasEnded(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := try(ctx, s, "POST", messagesPath(s), tmplBody); !errors.Is(err, context.Canceled) || len(s.Requests()) != 0 {
		t.Errorf("error %v, %d requests", err, len(s.Requests()))
	}
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestRequestBodyThatFailsIsNotProcessed(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	req, err := http.NewRequest("POST", s.URL+"/"+s.PhoneNumberID+"/messages",
		io.MultiReader(strings.NewReader(tmplBody), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if err != nil {
		t.Fatal(err)
	}
	bearer(s.APIKey)(req)
	if _, err := s.Transport().RoundTrip(req); err == nil || s.MessageCount() != 0 {
		t.Errorf("error %v, %d messages", err, s.MessageCount())
	}
}

func TestClosedServerRefusesConnections(t *testing.T) {
	t.Parallel()
	s := Start(t)
	s.Close()
	s.Close()
	for name, hc := range map[string]*http.Client{"memory": {Transport: s.Transport()}, "tcp": tcpClient(t)} {
		_, err := tryWith(t.Context(), hc, s, "GET", "/v1/me", "")
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Not parallel: it counts the goroutines of the process.
func TestCloseEndsEveryGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	s := NewServer()
	s.AddFault(Fault{Hang: true, Times: -1})
	tr := &http.Transport{}
	hc := &http.Client{Transport: tr}
	done := make(chan error, 8)
	for range cap(done) {
		go func() {
			_, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody)
			done <- err
		}()
	}
	for len(s.Requests()) < cap(done) {
		runtime.Gosched()
	}
	idle, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.URL, "http://"), "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	s.Close()
	for range cap(done) {
		if err := <-done; err == nil {
			t.Error("a hanging request was answered")
		}
	}
	tr.CloseIdleConnections()
	wantGoroutines(t, before)
}

func TestResourcesAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t, WithPlan(Enterprise(1_000_000, 1_000_000)), WithLimits(Limits{Messages: 5, Contacts: 5, Objects: 5, MediaBytes: 50}))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 20 {
				name := fmt.Sprint(i, "-", j)
				in := s.Receive(Inbound{From: fmt.Sprint("+62800000000", j%10), Name: name, Media: &Media{Data: make([]byte, 10)}})
				for _, request := range [][3]string{
					{"POST", "/v1/labels", `{"name":"` + name + `"}`}, {"POST", "/v1/customers", `{"name":"` + name + `"}`},
					{"POST", messagesPath(s), tmplBody}, {"POST", messagesPath(s), receipt(in.WAMID, typing)},
					{"GET", "/v1/labels", ""}, {"GET", messagesPath(s), ""}, {"GET", numberPath(s) + "/contacts", ""},
					{"GET", numberPath(s) + "/conversations", ""}, {"GET", numberPath(s) + "/templates", ""},
				} {
					if r, err := try(t.Context(), s, request[0], request[1], request[2]); err != nil || r.status >= 500 {
						t.Errorf("%v: %d %v", request, r.status, err)
					}
				}
				s.Contacts()
				s.Messages()
				s.SetTemplateStatus("order_update", TemplateApproved)
				clock.Advance(time.Second)
			}
		})
	}
	group.Wait()
}
