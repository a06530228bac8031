package kirimtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkSend compares a send to the sandbox with a handler that only decodes
// the request and answers the same JSON.
func BenchmarkSend(b *testing.B) {
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			To   string `json:"to"`
			Type string `json:"type"`
			Text struct {
				Body string `json:"body"`
			} `json:"text"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.To != customer {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		json.NewEncoder(w).Encode(map[string]any{
			"data":       messageResult{"msg_01HXYZABCDEFGHJKMNPQRSTVWX", "message", "pending", ""},
			"request_id": "req_01HXYZABCDEFGHJKMNPQRSTVWX",
		})
	}))
	b.Cleanup(bare.Close)
	s := Start(b, WithPlan(Enterprise(100_000_000, 1)))
	s.Receive(Inbound{From: customer})
	hc := tcpClient(b)
	var n atomic.Int64
	send := func(b *testing.B, hc *http.Client, url string, keyed bool) {
		req, err := http.NewRequestWithContext(b.Context(), "POST", url, strings.NewReader(textBody))
		if err != nil {
			b.Fatal(err)
		}
		bearer(s.APIKey)(req)
		if keyed {
			withKey(fmt.Sprint("order-", n.Add(1)))(req)
		}
		resp, err := hc.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 {
			b.Fatalf("status %d", resp.StatusCode)
		}
	}
	url := s.URL + "/" + s.PhoneNumberID + "/messages"
	b.Run("overhead", func(b *testing.B) {
		// In turns, so that what else the machine does hits both alike.
		var took [2]time.Duration
		for b.Loop() {
			for i, u := range []string{bare.URL, url} {
				began := time.Now()
				send(b, hc, u, true)
				took[i] += time.Since(began)
			}
		}
		b.ReportMetric(took[1].Seconds()/took[0].Seconds(), "x-bare")
	})
	for _, bench := range []struct {
		name  string
		hc    *http.Client
		url   string
		keyed bool
	}{
		{"bare handler", hc, bare.URL, true},
		{"sandbox without key", hc, url, false},
		{"sandbox", hc, url, true},
		{"sandbox in memory", &http.Client{Transport: s.Transport()}, url, true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				send(b, bench.hc, bench.url, bench.keyed)
			}
		})
		b.Run(bench.name+", parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					send(b, bench.hc, bench.url, bench.keyed)
				}
			})
		})
	}
}
