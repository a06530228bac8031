package storesql_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storesql"
)

// BenchmarkClaimAndComplete is what the deduplication of one element costs: two
// transactions.
func BenchmarkClaimAndComplete(b *testing.B) {
	benchmark(b, func(s *storesql.Stores) func(context.Context, int64) error {
		d := s.Deduper()
		return func(ctx context.Context, n int64) error {
			key := fmt.Sprint("message:1:wamid.", n)
			state, token, err := d.ClaimToken(ctx, key)
			if err != nil || state != kirim.Claimed {
				return fmt.Errorf("%v: %w", state, err)
			}
			return d.CompleteToken(ctx, key, token)
		}
	})
}

// BenchmarkApply is what one status of a new message costs.
func BenchmarkApply(b *testing.B) {
	benchmark(b, func(s *storesql.Stores) func(context.Context, int64) error {
		statuses := s.Statuses()
		return func(ctx context.Context, n int64) error {
			_, _, err := statuses.Apply(ctx, &kirim.StatusUpdate{ID: fmt.Sprint("wamid.", n), Status: kirim.MessageSent})
			return err
		}
	})
}

// benchmark calls what use returns in 16 goroutines, each time with another number.
func benchmark(b *testing.B, use func(*storesql.Stores) func(context.Context, int64) error) {
	for name, newPlace := range map[string]func(testing.TB) *place{"PostgreSQL": postgres, "SQLite": sqlite} {
		b.Run(name, func(b *testing.B) {
			p := newPlace(b)
			db := p.connect(b)
			if p.database == storesql.PostgreSQL {
				db.SetMaxOpenConns(16)
				db.SetMaxIdleConns(16)
			}
			call := use(p.stores(b, db))
			var n atomic.Int64
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(b.Context(), n.Add(1)); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
