package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

func TestMetasUsageIsAPercentage(t *testing.T) {
	t.Parallel()
	const app = "X-App-Usage"
	for _, tt := range []struct {
		name   string
		header map[string]string
		want   kirim.RateLimit
	}{
		{"used in part", map[string]string{app: `{"call_count":28,"total_time":25}`}, kirim.RateLimit{Limit: 100, Remaining: 72, Percent: true}},
		{"used up", map[string]string{app: `{"call_count":130}`}, kirim.RateLimit{Limit: 100, Percent: true}},
		{"garbage", map[string]string{app: `{"call_count":`}, kirim.RateLimit{}},
		{"beside Kirim's headers, which count", map[string]string{app: `{"call_count":28}`, "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59"},
			kirim.RateLimit{Limit: 60, Remaining: 59}},
	} {
		c := newWire(answer{status: 200, header: tt.header}).client(t)
		var r kirim.Response
		if err := c.Do(t.Context(), "GET", "/me", nil, nil, nil, kirim.WithResponse(&r)); err != nil {
			t.Fatal(err)
		}
		if r.RateLimit != tt.want || c.RateLimit(kirim.RateRead) != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, r.RateLimit, tt.want)
		}
	}
}

// usage is what a response says of Meta's limits.
func usage(remaining int, wait time.Duration) kirim.RateLimit {
	return kirim.RateLimit{Limit: 100, Remaining: remaining, Wait: wait, Percent: true}
}

func TestAPacerDoesNotSlowDownForAPercentage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := kirim.NewPacer()
		mustGoAtOnce(t, p, kirim.RateWrite)
		p.Observe(kirim.RateWrite, usage(2, 0))
		for range 1000 { // at once, as 80 messages a second are allowed
			mustGoAtOnce(t, p, kirim.RateWrite)
		}
		p.Observe(kirim.RateWrite, usage(0, 0)) // used up, and nothing says that requests are refused
		if wait := waited(t, p, kirim.RateWrite); wait > time.Second {
			t.Errorf("waited %v", wait)
		}
	})
}

func TestAPacerStopsWhenALimitOfMetasIsUsedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := kirim.NewPacer()
		mustGoAtOnce(t, p, kirim.RateWrite)
		refused := usage(0, 2*time.Minute)
		refused.Exceeded = true
		p.Observe(kirim.RateWrite, refused)
		began := time.Now()
		var went []time.Duration
		var mu sync.Mutex
		var senders sync.WaitGroup
		for range 100 {
			senders.Go(func() {
				if err := p.Wait(context.Background(), kirim.RateWrite); err != nil {
					t.Error(err)
				}
				after := time.Since(began)
				mu.Lock()
				went = append(went, after)
				mu.Unlock()
				if after < 2*time.Minute {
					p.Observe(kirim.RateWrite, refused)
				} else {
					p.Observe(kirim.RateWrite, usage(60, 0))
				}
			})
		}
		senders.Wait()
		early := 0
		for _, after := range went {
			switch {
			case after < time.Minute:
				t.Errorf("one went after %v", after)
			case after < 2*time.Minute:
				early++
			}
		}
		if early == 0 || early > 8 {
			t.Errorf("%d went to find out, of 8 at most", early)
		}
	})
}

// An envelope of Meta's that comes through Kirim is about Kirim's token for Meta.
func TestARefusedTokenThatKirimPassesOnIsNotOurKey(t *testing.T) {
	t.Parallel()
	body := metaBody(190)
	if e := answerOf(t, post(t.Context(), newWire(answer{status: 401, body: body}).client(t))); e.Kind != kirim.KindUpstreamAuth || e.MetaCode != 190 {
		t.Errorf("the client says %v", e)
	}
	if e := kirim.DecodeError(http.StatusUnauthorized, nil, []byte(body)); e.Kind != kirim.KindAuthExpired {
		t.Errorf("DecodeError says %v", e)
	}
}

func TestARestrictionForSpamIsWaitedForByWhoHasTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		patient := kirim.DefaultRetryPolicy()
		patient.MaxRetryAfter = 25 * time.Hour
		w := newWire(answer{status: 500, body: providerBody("whatsapp_upstream_error", 131048)}, answer{status: 200, body: `{}`})
		began := time.Now()
		if err := post(t.Context(), w.client(t, kirim.WithRetryPolicy(patient), kirim.WithoutIdempotencyKeys())); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < 24*time.Hour || waited > 24*time.Hour+2*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestANumberOfMetaIsPrintedWhole(t *testing.T) {
	t.Parallel()
	e := kirim.DecodeError(400, nil, []byte(metaBody(2388040)))
	if want := "kirim: 400 2388040: the request is invalid (request A)"; e.Error() != want || !errors.Is(e, kirim.ErrorCode("2388040")) {
		t.Errorf("%q, want %q", e, want)
	}
	if text := fmt.Sprint(kirim.DecodeError(500, nil, []byte(providerBody("internal_error", 131047)))); text != "kirim: 500 internal_error: the 24-hour window is closed, send a template, meta code 131047 (request r)" {
		t.Errorf("%q", text)
	}
}
