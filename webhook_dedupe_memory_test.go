package kirim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// dedupeModel is a MemoryDeduper without any regard to speed.
type dedupeModel struct {
	size   int
	memory time.Duration
	held   map[string]bool
	done   []string // the latest one last
	at     map[string]time.Time
}

func (m *dedupeModel) claim(key string) kirim.ClaimState {
	if m.held[key] {
		return kirim.ClaimedBusy
	}
	if i := slices.Index(m.done, key); i >= 0 {
		if time.Since(m.at[key]) < m.memory {
			return kirim.ClaimedDone
		}
		m.done = slices.Delete(m.done, i, i+1)
	}
	m.held[key] = true
	return kirim.Claimed
}

func (m *dedupeModel) complete(key string) {
	delete(m.held, key)
	m.done = append(slices.DeleteFunc(m.done, func(other string) bool { return other == key }), key)
	m.at[key] = time.Now()
	for len(m.done) > m.size || len(m.done) > 0 && time.Since(m.at[m.done[0]]) >= m.memory {
		m.done = m.done[1:]
	}
}

func TestAMemoryDeduperRemembersTheLatestElementsWhateverIsDone(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 50, 3000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, uint64(size)))
				const memory = time.Hour
				d := kirim.NewMemoryDeduper(size, memory)
				model := &dedupeModel{size: size, memory: memory, held: map[string]bool{}, at: map[string]time.Time{}}
				var states [3]int
				for range 20_000 {
					key := fmt.Sprint("message:1:wamid.", random.IntN(size+size/2+3))
					switch random.IntN(8) {
					case 0, 1, 2:
						state, err := d.Claim(t.Context(), key)
						if want := model.claim(key); state != want || err != nil {
							t.Fatalf("the claim of %s is %v, %v, want %v", key, state, err, want)
						}
						states[state]++
					case 3, 4, 5:
						if err := d.Complete(t.Context(), key); err != nil {
							t.Fatal(err)
						}
						model.complete(key)
					case 6:
						if err := d.Release(t.Context(), key); err != nil {
							t.Fatal(err)
						}
						delete(model.held, key)
					default:
						time.Sleep(time.Duration(random.Int64N(int64(2*memory) / int64(size+1))))
					}
					if got, want := d.Len(), len(model.held)+len(model.done); got != want {
						t.Fatalf("%d elements are remembered, want %d", got, want)
					}
				}
				if slices.Contains(states[:], 0) {
					t.Errorf("claims had the states %v", states)
				}
			})
		})
	}
}

// Not parallel: AllocsPerRun counts what the whole process allocates.
func TestAFullMemoryDeduperDoesNotAllocate(t *testing.T) {
	const size = 5000
	d := kirim.NewMemoryDeduper(size, 0)
	keys := make([]string, 2*size)
	for i := range keys {
		keys[i] = fmt.Sprint("message:106540352242922:wamid.HBgNNjI4MTIzNDUwMDAwMRUCABIYFjNFQjBD", i)
	}
	next := 0
	take := func() {
		key := keys[next%len(keys)]
		next++
		if state, err := d.Claim(t.Context(), key); state != kirim.Claimed || err != nil {
			t.Fatalf("the claim of %s is %v, %v", key, state, err)
		}
		if err := d.Complete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	for range keys {
		take()
	}
	if allocations := testing.AllocsPerRun(size, take); allocations > 0 {
		t.Errorf("%v allocations for an element", allocations)
	}
}
