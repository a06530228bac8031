package fire

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/kirimtest"
)

func TestAHundredThousandMessagesTakeTheMemoryOfThoseThatAreKept(t *testing.T) {
	sandbox := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithPlan(kirimtest.Enterprise(100_000_000, 1)),
		kirimtest.WithLimits(kirimtest.Limits{Messages: 1000, Requests: 1000, IdempotencyKeys: 1000}))
	client := &http.Client{Transport: sandbox.Transport()}
	send := func(from, to int) {
		for i := range to - from {
			const body = `{"messaging_product":"whatsapp","to":"+6281100000001","type":"template","template":{"name":"hello_world","language":"en_US"}}`
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sandbox.URL+"/"+sandbox.PhoneNumberID+"/messages", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+sandbox.APIKey)
			req.Header.Set("Idempotency-Key", fmt.Sprint("order-", from+i))
			resp, err := client.Do(req)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(resp, err)
			}
			resp.Body.Close()
		}
	}
	const total = 100_000
	send(0, total/10) // more than all limits
	before := heapInUse()
	send(total/10, total)
	after := heapInUse()
	t.Logf("heap after %d messages %.1f MB, after %d %.1f MB", total/10, before, total, after)
	if after-before > 2 {
		t.Errorf("the heap grew by %.1f MB, though no more is kept", after-before)
	}
	if sandbox.MessageCount() != total || len(sandbox.Messages()) != 1000 {
		t.Errorf("%d messages counted, %d kept", sandbox.MessageCount(), len(sandbox.Messages()))
	}
}

// heapInUse is in MB.
func heapInUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
