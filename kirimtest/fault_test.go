package kirimtest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// overBoth runs a test through the memory transport and over TCP.
func overBoth(t *testing.T, f func(t *testing.T, s *Server, hc *http.Client)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		s, _ := inMemory(t)
		f(t, s, &http.Client{Transport: s.Transport()})
	})
	t.Run("tcp", func(t *testing.T) {
		t.Parallel()
		s := Start(t, WithClock(NewManualClock(epoch)))
		f(t, s, tcpClient(t))
	})
}

func TestFaultsAnswerInsteadOfTheOperation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		fault       Fault
		status      int
		typ, code   string
		contentType string
		body        string // exact, when not empty
		header      [2]string
	}{
		{"a status alone has the usual envelope", Fault{Status: 503}, 503, "api_error", "service_unavailable", "application/json; charset=utf-8", "", [2]string{}},
		{"the envelope can be filled", Fault{Status: 500, Code: "internal_error", Message: "131047", Param: "to"}, 500, "api_error", "internal_error", "application/json; charset=utf-8", "", [2]string{}},
		{"an unknown code gets the type of the status", Fault{Status: 409, Code: "brand_new"}, 409, "conflict", "brand_new", "application/json; charset=utf-8", "", [2]string{}},
		{"Retry-After may be seconds", Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}}, 429, "rate_limit_error", "rate_limit_exceeded", "application/json; charset=utf-8", "", [2]string{"Retry-After", "7"}},
		{"Retry-After may be a date, under any spelling", Fault{Status: 503, Header: http.Header{"retry-after": {"Fri, 02 Jan 2026 03:05:05 GMT"}}}, 503, "api_error", "service_unavailable", "application/json; charset=utf-8", "", [2]string{"Retry-After", "Fri, 02 Jan 2026 03:05:05 GMT"}},
		{"Retry-After may be garbage", Fault{Status: 503, Header: http.Header{"Retry-After": {"soon"}}}, 503, "api_error", "service_unavailable", "application/json; charset=utf-8", "", [2]string{"Retry-After", "soon"}},
		{"a body may be HTML", Fault{Status: 502, Body: "<html>Bad Gateway</html>"}, 502, "", "", "text/html; charset=utf-8", "<html>Bad Gateway</html>", [2]string{"X-Request-Id", ""}},
		{"a body may be other JSON", Fault{Status: 400, Body: `{"code":"undeliverable"}`}, 400, "", "", "application/json", `{"code":"undeliverable"}`, [2]string{}},
		{"a body may be text", Fault{Status: 504, Body: "upstream timed out"}, 504, "", "", "text/plain; charset=utf-8", "upstream timed out", [2]string{}},
		{"a body may have any type", Fault{Status: 500, Body: "x", Header: http.Header{"Content-Type": {"image/png"}}}, 500, "", "", "image/png", "x", [2]string{}},
		{"a body may be empty", Fault{Status: 502, Empty: true}, 502, "", "", "", "", [2]string{"Content-Length", "0"}},
		{"a success may be empty", Fault{Status: 204}, 204, "", "", "", "", [2]string{"Content-Length", ""}},
		{"a success may be garbage", Fault{Status: 200, Body: "ok"}, 200, "", "", "text/plain; charset=utf-8", "ok", [2]string{}},
		{"the real answer may get other headers", Fault{Header: http.Header{"X-Proxy": {"1"}}}, 200, "", "", "application/json; charset=utf-8", "", [2]string{"X-Proxy", "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, s *Server, hc *http.Client) {
				s.AddFault(tt.fault)
				r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody)
				if err != nil {
					t.Fatal(err)
				}
				wantStatus(t, r, tt.status, tt.code)
				if r.typ() != tt.typ || tt.body != "" && r.body != tt.body {
					t.Errorf("type %q, body %q", r.typ(), r.body)
				}
				if got := r.header.Get("Content-Type"); tt.status != 204 && got != tt.contentType {
					t.Errorf("Content-Type %q", got)
				}
				if tt.header[0] != "" && r.header.Get(tt.header[0]) != tt.header[1] {
					t.Errorf("header %v", r.header)
				}
				if tt.code != "" && (r.id == "" || r.id != r.header.Get("X-Request-Id")) {
					t.Errorf("request id %q", r.id)
				}
				if has := r.header.Get("X-RateLimit-Limit") != ""; has && tt.status >= 500 {
					t.Errorf("rate limit headers on %d", tt.status)
				}
				if n := s.MessageCount(); n != 0 && tt.fault.Status != 0 {
					t.Errorf("%d messages", n)
				}
				if got := s.Requests()[0].Status; got != tt.status {
					t.Errorf("noted status %d", got)
				}
				wantStatus(t, do(t, s, "GET", "/v1/me", ""), 200, "") // the fault is used up
			})
		})
	}
}

func TestInjectedErrorsHaveTheUsualCodeOfTheirStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status    int
		typ, code string
	}{
		{400, "invalid_request_error", "invalid_field_value"},
		{401, "authentication_error", "invalid_api_key"},
		{403, "permission_error", "feature_not_available"},
		{404, "not_found", "resource_not_found"},
		{409, "conflict", "idempotency_in_progress"},
		{418, "invalid_request_error", "invalid_field_value"},
		{422, "invalid_request_error", "outside_24h_window"},
		{429, "rate_limit_error", "rate_limit_exceeded"},
		{500, "api_error", "internal_error"},
		{502, "api_error", "whatsapp_upstream_error"},
		{503, "api_error", "service_unavailable"},
		{599, "api_error", "service_unavailable"},
	}
	s, _ := inMemory(t)
	for _, tt := range tests {
		s.AddFault(Fault{Status: tt.status})
		r := post(t, s, tmplBody)
		if r.status != tt.status || r.typ() != tt.typ || r.code() != tt.code {
			t.Errorf("%d: got %d %s %s", tt.status, r.status, r.typ(), r.code())
		}
	}
}

func TestInjected429ShowsAnEmptyBucketAndTakesNothing(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.AddFault(Fault{Status: 429})
	if r := post(t, s, tmplBody); r.num(t, "X-RateLimit-Remaining") != 0 || r.num(t, "X-RateLimit-Limit") != 60 || r.header.Get("Retry-After") != "" {
		t.Errorf("%v", r.header)
	}
	if r := post(t, s, tmplBody); r.num(t, "X-RateLimit-Remaining") != 59 {
		t.Errorf("%v", r.header)
	}
}

func TestFaultsMatchByMethodPathAndCount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault Fault
		posts string // answer to each of four sends: x harmed, . not
		gets  string // of four GET /v1/me
	}{
		{"all zero harms the first request only", Fault{}, "x...", "...."},
		{"a method", Fault{Method: "GET"}, "....", "x..."},
		{"two times", Fault{Times: 2}, "xx..", "...."},
		{"always", Fault{Times: -1}, "xxxx", "xxxx"},
		{"after a skip", Fault{Skip: 2, Method: "POST"}, "..x.", "...."},
		{"a path with a star", Fault{Path: "/v1/*/messages", Times: -1}, "xxxx", "...."},
		{"a whole path", Fault{Path: "/v1/me", Times: -1}, "....", "xxxx"},
		{"everything below", Fault{Path: "/v1/**", Times: -1}, "xxxx", "xxxx"},
		{"another path", Fault{Path: "/v1/*", Times: -1, Method: "POST"}, "....", "...."},
		{"a longer path", Fault{Path: "/v1/*/messages/*", Times: -1}, "....", "...."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := inMemory(t)
			tt.fault.Status = 418
			s.AddFault(tt.fault)
			var posts, gets string
			mark := func(r result) string {
				if r.status == 418 {
					return "x"
				}
				return "."
			}
			for range 4 {
				posts += mark(post(t, s, tmplBody))
			}
			for range 4 {
				gets += mark(do(t, s, "GET", "/v1/me", ""))
			}
			if posts != tt.posts || gets != tt.gets {
				t.Errorf("posts %s, gets %s", posts, gets)
			}
			s.ClearFaults()
			wantStatus(t, post(t, s, tmplBody), 200, "")
		})
	}
}

func TestFaultsAreUsedInTheOrderInWhichTheyWereArmed(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.AddFault(Fault{Status: 502})
	s.AddFault(Fault{Status: 503, Times: 2})
	s.AddFault(Fault{Status: 504})
	for _, status := range []int{502, 503, 503, 504, 200} {
		if r := post(t, s, tmplBody); r.status != status {
			t.Errorf("got %d, want %d", r.status, status)
		}
	}
}

func TestConnectionsAreDroppedBeforeOrAfterProcessing(t *testing.T) {
	t.Parallel()
	for _, processed := range []bool{false, true} {
		name := "before"
		if processed {
			name = "after"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, s *Server, hc *http.Client) {
				s.AddFault(Fault{Drop: true, Processed: processed})
				_, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody, withKey("k"))
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("error %v", err)
				}
				if n := s.Processed("k"); (n == 1) != processed {
					t.Errorf("processed %d times", n)
				}
				r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody, withKey("k"))
				if err != nil {
					t.Fatal(err)
				}
				if replayed := r.header.Get("Idempotent-Replayed") == "true"; replayed != processed || s.Processed("k") != 1 {
					t.Errorf("again: replayed %v, processed %d times", replayed, s.Processed("k"))
				}
				if all := s.Requests(); len(all) != 2 || all[0].Status != 0 || all[1].Replayed != processed {
					t.Errorf("requests %+v", all)
				}
			})
		})
	}
}

func TestNetHTTPItselfRepeatsAKeyedSendOnAConnectionThatWasUsedBefore(t *testing.T) {
	t.Parallel()
	s := Start(t)
	hc := tcpClient(t)
	for _, key := range []string{"warm-up", "k"} {
		r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody, withKey(key), func(r *http.Request) {
			if key == "k" {
				s.AddFault(Fault{Drop: true, Processed: true})
			}
		})
		if err != nil || r.status != 200 {
			t.Fatalf("%s: %v %d", key, err, r.status)
		}
	}
	if n := len(s.Requests()); n != 3 || s.Processed("k") != 1 {
		t.Errorf("%d requests, processed %d times", n, s.Processed("k"))
	}
}

func TestBodiesAreCutShort(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{
		"the operation's own answer": {Cut: true},
		"an injected page":           {Cut: true, Status: 502, Body: "<html>Bad Gateway</html>"},
		"an empty body":              {Cut: true, Status: 500, Empty: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, s *Server, hc *http.Client) {
				s.AddFault(fault)
				r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody, withKey("k"))
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("error %v", err)
				}
				if announced := r.num(t, "Content-Length"); announced <= int64(len(r.body)) {
					t.Errorf("announced %d, got %d", announced, len(r.body))
				}
				if took := s.Processed("k") == 1; took != (fault.Status == 0) {
					t.Errorf("processed: %v", took)
				}
				if r := post(t, s, tmplBody, withKey("k")); r.status != 200 || s.Processed("k") != 1 {
					t.Errorf("again: %d %s", r.status, r.body)
				}
			})
		})
	}
}

func TestTheAnnouncedLengthCanLie(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *Server, hc *http.Client) {
		s.AddFault(Fault{Length: 9999})
		r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody, withKey("k"))
		if !errors.Is(err, io.ErrUnexpectedEOF) || r.num(t, "Content-Length") != 9999 || s.Processed("k") != 1 {
			t.Errorf("a longer one: %v, announced %s, %d processed", err, r.header.Get("Content-Length"), s.Processed("k"))
		}
		s.AddFault(Fault{Status: 502, Body: "<html>Bad Gateway</html>", Length: 6})
		if r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody); err != nil || r.body != "<html>" {
			t.Errorf("a shorter one: %q, %v", r.body, err)
		}
	})
}

func TestAConnectionIsDroppedBeforeTheRequestIsRead(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *Server, hc *http.Client) {
		s.AddFault(Fault{Unread: true, Processed: true})
		if r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody); err == nil {
			t.Errorf("answered with %d", r.status)
		}
		if requests := s.Requests(); s.MessageCount() != 0 || len(requests) != 1 || len(requests[0].Body) != 0 {
			t.Errorf("%d messages, requests %v", s.MessageCount(), requests)
		}
	})
}

func TestAnOperationCanTakeEffectTwice(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.AddFault(Fault{Twice: true})
	post(t, s, tmplBody, withKey("k"))
	if n := s.Processed("k"); n != 2 {
		t.Errorf("processed %d times", n)
	}
	if post(t, s, tmplBody, withKey("k")); s.Processed("k") != 2 {
		t.Error("the next call of the key was not replayed")
	}
}

func TestABodyTrickles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t, WithoutListener())
		hc := &http.Client{Transport: s.Transport()}
		s.AddFault(Fault{Trickle: 8 * time.Second, Times: 2})
		began := time.Now()
		r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody)
		if err != nil || r.data["id"] == nil || time.Since(began) != 8*time.Second {
			t.Errorf("%v after %v: %s", err, time.Since(began), r.body)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began = time.Now()
		if _, err := tryWith(ctx, hc, s, "POST", messagesPath(s), tmplBody); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	s := Start(t)
	s.AddFault(Fault{Trickle: 8 * time.Millisecond})
	if r, err := tryWith(t.Context(), tcpClient(t), s, "POST", messagesPath(s), tmplBody); err != nil || r.data["id"] == nil {
		t.Errorf("over TCP: %v: %s", err, r.body)
	}
}

func TestDelaysAndSilenceEndWithTheClientsContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     Fault
		timeout   time.Duration
		after     time.Duration
		fails     bool
		processed int
	}{
		{"a delay shorter than the client's patience", Fault{Delay: 5 * time.Second}, 10 * time.Second, 5 * time.Second, false, 1},
		{"a delay before processing", Fault{Delay: time.Minute}, 10 * time.Second, 10 * time.Second, true, 0},
		{"a delay after processing", Fault{Delay: time.Minute, Processed: true}, 10 * time.Second, 10 * time.Second, true, 1},
		{"a delayed error", Fault{Delay: time.Second, Status: 503}, 10 * time.Second, time.Second, false, 0},
		{"silence before processing", Fault{Hang: true}, 10 * time.Second, 10 * time.Second, true, 0},
		{"silence after processing", Fault{Hang: true, Processed: true}, 10 * time.Second, 10 * time.Second, true, 1},
		{"a slow operation", Fault{Slow: 3 * time.Second}, 10 * time.Second, 3 * time.Second, false, 1},
		{"an operation slower than the client's patience", Fault{Slow: time.Minute}, 10 * time.Second, 10 * time.Second, true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := Start(t, WithoutListener())
				s.AddFault(tt.fault)
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				start := time.Now()
				_, err := try(ctx, s, "POST", messagesPath(s), tmplBody)
				if (err != nil) != tt.fails || tt.fails && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				if took := time.Since(start); took != tt.after {
					t.Errorf("took %v", took)
				}
				if s.MessageCount() != tt.processed {
					t.Errorf("%d messages", s.MessageCount())
				}
			})
		})
	}
}

func TestHTTPClientTimeoutEndsASilenceInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t, WithoutListener())
		s.AddFault(Fault{Hang: true})
		hc := &http.Client{Transport: s.Transport(), Timeout: 7 * time.Second}
		start := time.Now()
		_, err := tryWith(t.Context(), hc, s, "GET", "/v1/me", "")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 7*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestClientThatLeavesASilentServerIsNoticedOverTCP(t *testing.T) {
	t.Parallel()
	clock := NewManualClock(epoch)
	s := Start(t, WithClock(clock))
	s.AddFault(Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := tryWith(ctx, tcpClient(t), s, "POST", messagesPath(s), tmplBody)
		done <- err
	}()
	clock.BlockUntil(1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	// Shutdown waits for the handler, whose hour never passes.
	if err := s.http.Shutdown(t.Context()); err != nil || s.MessageCount() != 0 {
		t.Errorf("shutdown: %v, %d messages", err, s.MessageCount())
	}
}

func TestAFaultCanBeginLaterAndEnd(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	now := clock.Now()
	s.AddFault(Fault{Status: 503, Times: -1, From: now.Add(time.Minute), Until: now.Add(2 * time.Minute)})
	for _, want := range []int{200, 200, 503, 503, 200} {
		if got := do(t, s, "GET", "/v1/me", "").status; got != want {
			t.Errorf("after %s: %d, want %d", clock.Now().Sub(now), got, want)
		}
		clock.Advance(30 * time.Second)
	}
	if n := len(s.Faults()); n != 0 {
		t.Errorf("%d faults are left", n)
	}
}
