package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

const million = 1_000_000

// lives are the statuses that are measured. Each function returns the message and the
// status of the n-th, from 0 on.
var lives = []struct {
	name string
	at   func(n int) (message int, status kirim.MessageStatus)
}{
	{"one", func(n int) (int, kirim.MessageStatus) { return n, kirim.MessageSent }},
	// The deliveries and the reads of a message come while later ones are sent. One of ten
	// statuses is a duplicate of one a little earlier.
	{"three", func(n int) (int, kirim.MessageStatus) {
		if n%10 == 9 {
			n = max(n-99, n%90)
		}
		switch step := n / 3; n % 3 {
		case 0:
			return step, kirim.MessageSent
		case 1:
			return step - 5_000, kirim.MessageDelivered
		default:
			return step - 20_000, kirim.MessageRead
		}
	}},
}

// statusMemory is what remembers statuses. take takes one in.
type statusMemory struct {
	name string
	open func() (take func(key string, update *kirim.StatusUpdate) error)
}

// That with the name none is what the machine and the measurement add to the others.
var statusMemories = []statusMemory{
	{"none", func() func(string, *kirim.StatusUpdate) error {
		return func(string, *kirim.StatusUpdate) error { return nil }
	}},
	{"deduper", func() func(string, *kirim.StatusUpdate) error {
		d := kirim.NewMemoryDeduper(0, 0)
		ctx := context.Background()
		return func(key string, _ *kirim.StatusUpdate) error {
			state, err := d.Claim(ctx, key)
			if err != nil || state != kirim.Claimed {
				return err
			}
			return d.Complete(ctx, key)
		}
	}},
	{"tracker", func() func(string, *kirim.StatusUpdate) error {
		t := kirim.NewStatusTracker(0)
		return func(_ string, update *kirim.StatusUpdate) error { t.Apply(update); return nil }
	}},
}

// BenchmarkMillionStatuses takes a million statuses into a memory of the default size: one
// of each message, or three of each, with duplicates. Its times are without what made the
// statuses. The pauses are those in which the garbage collector stopped the program
// (/sched/pauses/total/gc:seconds); the longest call is by the clock of the machine, other
// programs included.
func BenchmarkMillionStatuses(b *testing.B) {
	for _, m := range statusMemories {
		for _, life := range lives {
			b.Run("memory="+m.name+"/statuses="+life.name, func(b *testing.B) {
				for range b.N {
					take := m.open()
					var spent meter
					before, pauses := heapInUse(), pauseCounts()
					for n := 0; n < million; {
						n = takeBatch(b, &spent, take, life.at, n)
						switch n {
						case million / 10, million / 2, million:
							b.ReportMetric(float64(heapInUse()-before)/1e6, fmt.Sprintf("MB-at-%d%%", n*100/million))
						}
					}
					b.ReportMetric(float64(spent.time.Nanoseconds())/million, "ns/status")
					b.ReportMetric(float64(spent.cpu)/million, "cpu-ns/status")
					b.ReportMetric(float64(spent.allocations)/million, "allocs/status")
					b.ReportMetric(float64(spent.longest.Microseconds())/1e3, "longest-call-ms")
					b.ReportMetric(longestPause(pauses)*1e3, "longest-pause-ms")
					runtime.KeepAlive(take)
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// meter adds up what batches took.
type meter struct {
	time, longest time.Duration
	cpu           int64 // nanoseconds, with those of the garbage collector
	allocations   uint64
}

// takeBatch makes a thousand statuses, from the n-th on, and then takes them in.
func takeBatch(b *testing.B, spent *meter, take func(string, *kirim.StatusUpdate) error, at func(int) (int, kirim.MessageStatus), n int) int {
	var keys [1000]string
	var updates [1000]*kirim.StatusUpdate
	for i := range updates {
		message, status := at(n + i)
		u := &kirim.StatusUpdate{ID: fmt.Sprintf("wamid.HBgNNjI4MTIzNDUwMDAwMRUCABIYFjNFQjBD%020d", message+million), Status: status,
			Time: time.Unix(1_780_000_000+int64(n), 0), Recipient: kirim.Person{Phone: fmt.Sprint(6281234500000 + message%5000)}}
		keys[i], updates[i] = "status:"+u.ID+":"+string(status)+":"+u.Recipient.Phone+":", u
	}
	allocated, cpu, began := allocations(), cpuTime(), time.Now()
	last := began
	for i, u := range updates {
		if err := take(keys[i], u); err != nil {
			b.Fatal(err)
		}
		now := time.Now()
		spent.longest = max(spent.longest, now.Sub(last))
		last = now
	}
	spent.time += last.Sub(began)
	spent.cpu += cpuTime() - cpu
	spent.allocations += allocations() - allocated
	return n + len(updates)
}

func allocations() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func pauseCounts() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64Histogram()
}

// longestPause returns the upper bound, in seconds, of the longest pause since the counts were
// taken.
func longestPause(since *metrics.Float64Histogram) (longest float64) {
	now := pauseCounts()
	for i, count := range now.Counts {
		if count > since.Counts[i] {
			longest = now.Buckets[i+1]
			if math.IsInf(longest, 1) {
				longest = now.Buckets[i]
			}
		}
	}
	return longest
}
