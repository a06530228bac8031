package fifo_test

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/kirim-go/kirim/internal/fifo"
)

func TestItemsLeaveInTheOrderInWhichTheyCame(t *testing.T) {
	t.Parallel()
	type item struct {
		key int
		at  time.Time
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		var q fifo.Queue[int]
		var model []item
		growth := random.IntN(8) // of ten operations, so many add
		for n := range 2000 {
			if random.IntN(10) <= growth+1 {
				next := item{n, time.Unix(int64(n), 0)}
				q.Push(next.key, next.at)
				model = append(model, next)
			} else {
				key, at, ok := q.Pop()
				if ok != (len(model) > 0) || ok && model[0] != (item{key, at}) || !ok && (key != 0 || !at.IsZero()) {
					t.Fatalf("round %d: popped %d, %v, %v, want the first of %d: %v", round, key, at, ok, len(model), model)
				}
				if ok {
					model = model[1:]
				}
			}
			key, at, ok := q.Oldest()
			if q.Len() != len(model) || ok != (len(model) > 0) || ok && model[0] != (item{key, at}) {
				t.Fatalf("round %d: %d items, oldest %d, %v, %v; want %d", round, q.Len(), key, at, ok, len(model))
			}
		}
	}
}

// Not parallel: it collects garbage.
func TestWhatHasLeftIsFreed(t *testing.T) {
	var q fifo.Queue[*[64]byte]
	var keys []weak.Pointer[[64]byte]
	for range 1000 {
		key := new([64]byte)
		keys = append(keys, weak.Make(key))
		q.Push(key, time.Time{})
	}
	for range 970 {
		q.Pop()
	}
	runtime.GC()
	for i, key := range keys {
		if kept := key.Value() != nil; kept != (i >= 970) {
			t.Errorf("item %d of which 970 have left is kept: %v", i, kept)
		}
	}
	for q.Len() > 0 {
		q.Pop()
	}
	if q != (fifo.Queue[*[64]byte]{}) {
		t.Error("an emptied queue holds memory")
	}
	runtime.KeepAlive(keys)
}

// Not parallel: AllocsPerRun counts what the whole process allocates.
func TestAQueueOfConstantLengthHardlyAllocates(t *testing.T) {
	for _, length := range []int{1, 100_000} {
		var q fifo.Queue[int]
		for n := range length {
			q.Push(n, time.Time{})
		}
		pushes := 10_000
		allocs := testing.AllocsPerRun(5, func() {
			for n := range pushes {
				q.Push(n, time.Time{})
				q.Pop()
			}
		})
		if allocs > float64(pushes)/50 {
			t.Errorf("%v allocations for %d items through a queue of %d", allocs, pushes, length)
		}
	}
}
