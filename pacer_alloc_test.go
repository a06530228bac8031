//go:build !race

package kirim_test

import (
	"testing"

	"github.com/kirim-go/kirim"
)

func TestAPacerAllocatesNothingWhileThereAreTokens(t *testing.T) {
	p, ctx := kirim.NewPacer(), t.Context()
	for name, answer := range map[string]kirim.RateLimit{
		"unknown": {},
		"tokens":  {Limit: 6_000_000, Remaining: 5_000_000},
	} {
		allocs := testing.AllocsPerRun(1000, func() {
			if err := p.Wait(ctx, kirim.RateWrite); err != nil {
				t.Error(err)
			}
			p.Observe(kirim.RateWrite, answer)
		})
		if t.Logf("%s: %v allocations", name, allocs); allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
