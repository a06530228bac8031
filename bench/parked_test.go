package bench

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"testing"
)

// parking is a server that answers when it is told to.
type parking struct {
	canned
	arrived *sync.WaitGroup
	release chan struct{}
}

func (p parking) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := p.canned.RoundTrip(req)
	p.arrived.Done()
	<-p.release
	return resp, err
}

// BenchmarkParked has 1,000 calls wait for their answer, and reports what one
// of them holds.
func BenchmarkParked(b *testing.B) {
	const calls = 1000
	for _, c := range contenders {
		switch c.name {
		case "nethttp", "nethttp-timeout", "retryablehttp", "kirim":
		default:
			continue
		}
		b.Run("client="+c.name, func(b *testing.B) {
			for b.Loop() {
				var arrived, ended sync.WaitGroup
				arrived.Add(calls)
				p := parking{c.answer, &arrived, make(chan struct{})}
				send := c.client(b, p)
				bytes, goroutines := held(), runtime.NumGoroutine()
				for range calls {
					ended.Go(func() {
						if _, err := send(context.Background()); err != nil {
							b.Error(err)
						}
					})
				}
				arrived.Wait()
				b.ReportMetric(float64(held()-bytes)/calls, "held-B/call")
				b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/calls, "goroutines/call")
				close(p.release)
				ended.Wait()
			}
		})
	}
}

// held returns the bytes in use by the heap and by stacks.
func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
