package kirim_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

func limitHeader(limit, remaining string) map[string]string {
	return map[string]string{"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining}
}

func TestAClientRemembersWhatItLastLearntOfEachClass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(
			answer{status: 200, header: limitHeader("60", "59")},
			answer{status: 200, header: limitHeader("600", "500")},
			answer{status: 422, header: limitHeader("60", "58")},
			answer{status: 200},
			answer{status: 200, header: limitHeader("many", "57")},
			answer{err: errReset},
			answer{status: 429, header: map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "Retry-After": "1"}},
		)
		c := w.client(t)
		for i, step := range []struct {
			method string
			want   string
		}{
			{"POST", "{60 59 false} {0 0 false}"},
			{"GET", "{60 59 false} {600 500 false}"},
			{"DELETE", "{60 58 false} {600 500 false}"},
			{"PATCH", "{60 58 false} {600 500 false}"}, // a response that does not say
			{"PUT", "{60 58 false} {600 500 false}"},   // one that cannot be read
			{"POST", "{60 58 false} {600 500 false}"},  // none at all
			{"POST", "{60 0 true} {600 500 false}"},
		} {
			_ = c.Do(t.Context(), step.method, "/x", nil, nil, nil, kirim.WithoutRetry())
			got := ""
			for _, class := range []kirim.RateClass{kirim.RateWrite, kirim.RateRead} {
				r := c.RateLimit(class)
				got += fmt.Sprintf("{%d %d %v} ", r.Limit, r.Remaining, r.Exceeded)
			}
			if got != step.want+" " {
				t.Errorf("after step %d: %s, want %s", i+1, got, step.want)
			}
		}
		if r := c.RateLimit(kirim.RateWrite); r.Wait != time.Second {
			t.Errorf("%+v", r)
		}
	})
}

func TestALimiterHearsHowEveryAttemptEndedThatItLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pacer{}
		w := newWire(
			answer{err: errReset},
			answer{status: 200, header: limitHeader("60", "59"), body: "{", cut: errReset},
			answer{status: 429},
			answer{status: 200},
		)
		if err := post(t.Context(), w.client(t, kirim.WithLimiter(p))); err != nil {
			t.Fatal(err)
		}
		want := []kirim.RateLimit{{}, {Limit: 60, Remaining: 59}, {Exceeded: true}, {}}
		if len(p.waits) != len(want) || fmt.Sprint(p.observed) != fmt.Sprint(want) {
			t.Errorf("%d let go, and heard %v", len(p.waits), p.observed)
		}
	})
}
