package kirimtest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestBucketsAreExactUnder64ConcurrentClients(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"memory", "tcp"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			const capacity, clients, seconds = 600, 64, 20
			clock := NewManualClock(epoch)
			s := Start(t, WithClock(clock), WithPlan(Enterprise(capacity, 1)))
			hc := tcpClient(t)
			if way == "memory" {
				hc.Transport = s.Transport()
			}
			var accepted, refused atomic.Int64
			drain := func() {
				var wg sync.WaitGroup
				for range clients {
					wg.Go(func() {
						for {
							r, err := tryWith(t.Context(), hc, s, "POST", messagesPath(s), tmplBody)
							if err != nil {
								t.Error(err)
								return
							}
							if r.status == 429 {
								refused.Add(1)
								return
							}
							accepted.Add(1)
						}
					})
				}
				wg.Wait()
			}
			drain()
			for range seconds {
				clock.Advance(time.Second)
				drain()
			}
			// 600 at once, then 10 for each second that passed.
			if want := int64(capacity + seconds*capacity/60); accepted.Load() != want {
				t.Errorf("%d sends accepted, want %d", accepted.Load(), want)
			}
			if want := int64(clients * (seconds + 1)); refused.Load() != want {
				t.Errorf("%d sends refused, want %d", refused.Load(), want)
			}
		})
	}
}
