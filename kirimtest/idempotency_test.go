package kirimtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	first := post(t, s, tmplBody, withKey("k"))
	wantStatus(t, first, 200, "")
	if first.header.Get("Idempotent-Replayed") != "false" {
		t.Errorf("first: %v", first.header)
	}
	clock.Advance(time.Minute)
	// Another key of the same organisation, another order of fields.
	reordered := `{ "type":"template", "template":{"language":"id","name":"order_update"` + orderNumber + `},
		"to":"+628123456789", "messaging_product":"whatsapp" }`
	again := post(t, s, reordered, withKey("k"), bearer(s.AddKey(Key{})))
	wantStatus(t, again, 200, "")
	if again.header.Get("Idempotent-Replayed") != "true" || again.data["id"] != first.data["id"] {
		t.Errorf("again: %s %v", again.body, again.header)
	}
	if again.id == first.id || again.id != again.header.Get("X-Request-Id") {
		t.Errorf("request id %q after %q, header %q", again.id, first.id, again.header.Get("X-Request-Id"))
	}
	if again.num(t, "X-RateLimit-Reset") != clock.Now().Unix()+1 {
		t.Errorf("the replay has old rate headers: %v", again.header)
	}
	if n := s.Processed("k"); n != 1 || s.MessageCount() != 1 {
		t.Errorf("processed %d times", n)
	}
	other := post(t, s, strings.Replace(tmplBody, "order_update", "appointment_reminder", 1), withKey("k"))
	wantStatus(t, other, 422, "idempotency_key_reuse")
	wantStatus(t, do(t, s, "POST", "/v1/999999/messages", tmplBody, withKey("k")), 422, "idempotency_key_reuse")

	unkeyed := post(t, s, tmplBody)
	if _, has := unkeyed.header["Idempotent-Replayed"]; has || unkeyed.status != 200 {
		t.Errorf("without key: %v", unkeyed.header)
	}
	if r := do(t, s, "GET", "/v1/me", "", withKey("k")); r.status != 200 || r.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("a key on GET must be ignored: %d %v", r.status, r.header)
	}

	clock.Advance(24*time.Hour - time.Minute - 1)
	if r := post(t, s, tmplBody, withKey("k")); r.header.Get("Idempotent-Replayed") != "true" {
		t.Error("the key must be remembered for 24 hours")
	}
	clock.Advance(1)
	if r := post(t, s, tmplBody, withKey("k")); r.header.Get("Idempotent-Replayed") != "false" || s.Processed("k") != 2 {
		t.Error("the key must be forgotten after 24 hours")
	}
}

func TestWhichAnswersAreRemembered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		first    func(t *testing.T, s *Server, clock *ManualClock) result
		status   int
		replayed string // of the same send, once nothing stands in its way
	}{
		{"a success is", func(t *testing.T, s *Server, _ *ManualClock) result { return post(t, s, textBody, withKey("k")) }, 200, "true"},
		{"a 422 is", func(t *testing.T, s *Server, _ *ManualClock) result {
			s.AddPhoneNumber(PhoneNumber{ID: s.PhoneNumberID, Status: "degraded"})
			defer s.AddPhoneNumber(PhoneNumber{ID: s.PhoneNumberID})
			return post(t, s, textBody, withKey("k"))
		}, 422, "true"},
		{"a 401 is not", func(t *testing.T, s *Server, _ *ManualClock) result {
			return post(t, s, textBody, withKey("k"), bearer("x"))
		}, 401, "false"},
		{"a 429 is not", func(t *testing.T, s *Server, clock *ManualClock) result {
			s.SetPlan(Enterprise(1, 1))
			post(t, s, tmplBody)
			defer clock.Advance(time.Minute)
			return post(t, s, textBody, withKey("k"))
		}, 429, "false"},
		{"an injected 500 is not", func(t *testing.T, s *Server, _ *ManualClock) result {
			s.AddFault(Fault{Status: 500})
			return post(t, s, textBody, withKey("k"))
		}, 500, "false"},
		{"the success behind an injected 502 is", func(t *testing.T, s *Server, _ *ManualClock) result {
			s.AddFault(Fault{Status: 502, Processed: true})
			return post(t, s, textBody, withKey("k"))
		}, 502, "true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, clock := inMemory(t)
			s.Receive(Inbound{From: customer})
			if r := tt.first(t, s, clock); r.status != tt.status {
				t.Fatalf("first: %d %s", r.status, r.body)
			}
			r := post(t, s, textBody, withKey("k"))
			if r.header.Get("Idempotent-Replayed") != tt.replayed {
				t.Errorf("replayed %q, want %q: %s", r.header.Get("Idempotent-Replayed"), tt.replayed, r.body)
			}
		})
	}
}

func TestOnlyFinalAnswersAreCacheable(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	tests := []struct {
		name string
		rep  *reply
		want bool
	}{
		{"200", &reply{status: 200}, true},
		{"202", &reply{status: 202}, true},
		{"400", failed(fail("invalid_field_value", "", "")), true},
		{"401", failed(fail("invalid_api_key", "", "")), false},
		{"403", failed(fail("organization_suspended", "", "")), false},
		{"404", failed(fail("resource_not_found", "", "")), true},
		{"409 in progress", failed(fail("idempotency_in_progress", "", "")), false},
		{"409 of the resource", failed(fail("template_already_exists", "", "")), true},
		{"422", failed(fail("template_paused", "", "")), true},
		{"429", failed(fail("rate_limit_exceeded", "", "")), false},
		{"500", failed(fail("internal_error", "", "")), false},
		{"503", failed(fail("service_unavailable", "", "")), false},
		{"no answer", gone(), false},
	}
	for _, tt := range tests {
		if got := s.cacheable(tt.rep); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestRememberedTypingLimitIsNotReplayed(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	in := s.Receive(Inbound{From: customer})
	post(t, s, receipt(in.WAMID, typing))
	wantStatus(t, post(t, s, receipt(in.WAMID, typing), withKey("k")), 429, "rate_limit_exceeded")
	clock.Advance(3 * time.Second)
	wantStatus(t, post(t, s, receipt(in.WAMID, typing), withKey("k")), 200, "")
}

func TestIdempotencyAssumptions(t *testing.T) {
	t.Parallel()
	t.Run("a key of 255 characters passes and one of 256 does not", func(t *testing.T) {
		t.Parallel()
		s, _ := inMemory(t)
		wantStatus(t, post(t, s, tmplBody, withKey(strings.Repeat("k", 255))), 200, "")
		wantRefusal(t, post(t, s, tmplBody, withKey(strings.Repeat("k", 256))), 400, "invalid_field_value", "Idempotency-Key")
	})
	t.Run("long keys may pass", func(t *testing.T) {
		t.Parallel()
		s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.MaxIdempotencyKey = 0 }))
		wantStatus(t, post(t, s, tmplBody, withKey(strings.Repeat("k", 999))), 200, "")
	})
	t.Run("client errors may be forgotten", func(t *testing.T) {
		t.Parallel()
		s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.CacheClientErrors = false }))
		wantStatus(t, post(t, s, textBody, withKey("k")), 422, "outside_24h_window")
		s.Receive(Inbound{From: customer})
		wantStatus(t, post(t, s, textBody, withKey("k")), 200, "")
	})
	t.Run("a replay may be free and keep its request id", func(t *testing.T) {
		t.Parallel()
		s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.ReplayTakesToken, a.ReplayOldRequestID = false, true }))
		first := post(t, s, tmplBody, withKey("k"))
		again := post(t, s, tmplBody, withKey("k"))
		if again.num(t, "X-RateLimit-Remaining") != 59 || again.id != first.id || again.body != first.body {
			t.Errorf("%s after %s, %v", again.body, first.body, again.header)
		}
	})
	t.Run("the number of keys is bounded", func(t *testing.T) {
		t.Parallel()
		s, _ := inMemory(t, WithLimits(Limits{IdempotencyKeys: 2}))
		for _, step := range []struct{ key, replayed string }{
			{"a", "false"}, {"b", "false"}, {"a", "true"}, {"b", "true"}, {"c", "false"}, {"b", "true"}, {"a", "false"},
		} {
			if r := post(t, s, tmplBody, withKey(step.key)); r.header.Get("Idempotent-Replayed") != step.replayed {
				t.Errorf("%s: replayed %q", step.key, r.header.Get("Idempotent-Replayed"))
			}
		}
	})
}

// outcome is a result that arrives later.
type outcome struct {
	result
	err error
	at  time.Time
}

func later(ctx context.Context, s *Server, body string, edits ...edit) <-chan outcome {
	ch := make(chan outcome, 1)
	go func() {
		r, err := try(ctx, s, "POST", messagesPath(s), body, edits...)
		ch <- outcome{r, err, time.Now()}
	}()
	return ch
}

func TestSecondCallWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		slow     time.Duration // of the first call; the second comes a second later
		status   int
		code     string
		replayed string
		after    time.Duration // when the second is answered
	}{
		{"and gets its answer", 5 * time.Second, 200, "", "true", 5 * time.Second},
		{"for 30 seconds at most", 40 * time.Second, 409, "idempotency_in_progress", "", 31 * time.Second},
		{"for 30 seconds exactly", 31 * time.Second, 200, "", "true", 31 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := Start(t, WithoutListener())
				s.AddFault(Fault{Slow: tt.slow})
				start := time.Now()
				one := later(t.Context(), s, tmplBody, withKey("k"))
				time.Sleep(time.Second)
				two := <-later(t.Context(), s, tmplBody, withKey("k"))
				if two.err != nil {
					t.Fatal(two.err)
				}
				wantStatus(t, two.result, tt.status, tt.code)
				if two.header.Get("Idempotent-Replayed") != tt.replayed || two.at.Sub(start) != tt.after {
					t.Errorf("replayed %q after %v", two.header.Get("Idempotent-Replayed"), two.at.Sub(start))
				}
				first := <-one
				if first.err != nil || first.status != 200 || first.at.Sub(start) != tt.slow {
					t.Errorf("first: %+v after %v", first, first.at.Sub(start))
				}
				if s.MessageCount() != 1 {
					t.Errorf("%d messages", s.MessageCount())
				}
			})
		})
	}
}

func TestKeyStaysInFlightWhenItsClientLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t, WithoutListener())
		s.AddFault(Fault{Slow: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if one := <-later(ctx, s, tmplBody, withKey("k")); !errors.Is(one.err, context.DeadlineExceeded) {
			t.Fatalf("first: %+v", one)
		}
		wantStatus(t, post(t, s, strings.Replace(tmplBody, "order_update", "login_code", 1), withKey("k")), 422, "idempotency_key_reuse")
		two := <-later(t.Context(), s, tmplBody, withKey("k"))
		wantStatus(t, two.result, 409, "idempotency_in_progress")
		three := <-later(t.Context(), s, tmplBody, withKey("k"))
		wantStatus(t, three.result, 200, "")
		if s.Processed("k") != 1 {
			t.Errorf("processed %d times", s.Processed("k"))
		}
	})
}

func TestWaitingCallEndsWithItsContextAndWithTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t, WithoutListener())
		s.AddFault(Fault{Slow: time.Minute})
		one := later(t.Context(), s, tmplBody, withKey("k"))
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		two := later(ctx, s, tmplBody, withKey("k"))
		three := later(t.Context(), s, tmplBody, withKey("k"))
		synctest.Wait()
		start := time.Now()
		cancel()
		if r := <-two; !errors.Is(r.err, context.Canceled) {
			t.Errorf("cancelled: %+v", r)
		}
		s.Close()
		for _, ch := range []<-chan outcome{one, three} {
			if r := <-ch; r.err == nil {
				t.Errorf("closed: %+v", r)
			}
		}
		if !time.Now().Equal(start) {
			t.Errorf("it took %v", time.Since(start))
		}
	})
}

func TestWaitingWorksOnAManualClockOverTCP(t *testing.T) {
	t.Parallel()
	clock := NewManualClock(epoch)
	s := Start(t, WithClock(clock))
	hc := tcpClient(t)
	s.AddFault(Fault{Slow: 40 * time.Second})
	send := func() <-chan outcome {
		ch := make(chan outcome, 1)
		go func() {
			r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody, withKey("k"))
			ch <- outcome{result: r, err: err}
		}()
		return ch
	}
	one := send()
	clock.BlockUntil(1)
	two := send()
	clock.BlockUntil(3) // the second waits for the response, and 30 seconds
	clock.Advance(30 * time.Second)
	if r := <-two; r.err != nil || r.code() != "idempotency_in_progress" {
		t.Errorf("second: %+v", r)
	}
	clock.Advance(10 * time.Second)
	if r := <-one; r.err != nil || r.status != 200 {
		t.Errorf("first: %+v", r)
	}
}

func TestKeysAreExactUnder64ConcurrentClients(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"memory", "tcp"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			const clients, keys, repeats = 64, 25, 2
			s := Start(t, WithPlan(Enterprise(1_000_000, 1)))
			hc := tcpClient(t)
			if way == "memory" {
				hc.Transport = s.Transport()
			}
			ids := make([]sync.Map, keys)
			var wg sync.WaitGroup
			for c := range clients {
				wg.Go(func() {
					for i := range keys * repeats {
						k := (i + c) % keys
						r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody, withKey(fmt.Sprint("order-", k)))
						if err != nil || r.status != 200 {
							t.Errorf("key %d: %v %d %s", k, err, r.status, r.body)
							return
						}
						ids[k].Store(r.data["id"], true)
					}
				})
			}
			wg.Wait()
			if n := s.MessageCount(); n != keys {
				t.Errorf("%d messages for %d keys", n, keys)
			}
			for k := range keys {
				n := 0
				ids[k].Range(func(any, any) bool { n++; return true })
				if n != 1 || s.Processed(fmt.Sprint("order-", k)) != 1 {
					t.Errorf("key %d was answered with %d ids", k, n)
				}
			}
		})
	}
}
