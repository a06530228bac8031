package storeredis_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

func BenchmarkClaimAndComplete(b *testing.B) {
	client, prefix := connect(b)
	d := newStores(b, client, storeredis.WithPrefix(prefix)).Deduper()
	var last atomic.Int64
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			key := "m:1:6281100000001:wamid." + strconv.FormatInt(last.Add(1), 10)
			state, token, err := d.ClaimToken(b.Context(), key)
			if err == nil && state == kirim.Claimed {
				err = d.CompleteToken(b.Context(), key, token)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "elements/s")
}
