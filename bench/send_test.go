package bench

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// BenchmarkSend makes one create call.
func BenchmarkSend(b *testing.B) {
	for _, w := range wires {
		for _, c := range contenders {
			b.Run("wire="+w.name+"/client="+c.name, func(b *testing.B) {
				send, ctx := c.client(b, w.to(b, c.answer)), context.Background()
				b.ReportAllocs()
				for b.Loop() {
					if id, err := send(ctx); err != nil || id == "" {
						b.Fatal(id, err)
					}
				}
			})
		}
	}
}

// What is measured must be the call, not an error or a cache.
func TestEachClientSendsItsTextAndReadsTheAnswer(t *testing.T) {
	t.Parallel()
	for _, w := range wires {
		for _, c := range contenders {
			t.Run(w.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				seen := &recorded{next: w.to(t, c.answer)}
				id, err := c.client(t, seen)(t.Context())
				if err != nil || id == "" || !strings.Contains(c.answer.body, id) {
					t.Fatalf("id %q, %v", id, err)
				}
				if n := seen.calls.Load(); n != 1 || seen.method != http.MethodPost {
					t.Errorf("%d requests, the last a %s", n, seen.method)
				}
				form, _ := url.QueryUnescape(seen.body)
				if !strings.Contains(seen.body, text) && !strings.Contains(form, text) {
					t.Errorf("the text is not in %q", seen.body)
				}
				t.Logf("%d bytes there, %d back", len(seen.body), len(c.answer.body))
				if seen.header.Get("Authorization") == "" && !strings.Contains(seen.body, "token=") {
					t.Errorf("no key in %v", seen.header)
				}
			})
		}
	}
}

// The baseline leaves nothing out that the SDK puts on the wire.
func TestTheBareRequestIsTheSDKs(t *testing.T) {
	t.Parallel()
	sent := map[string]*recorded{}
	for _, c := range contenders {
		seen := &recorded{next: c.answer}
		if _, err := c.client(t, seen)(t.Context()); err != nil {
			t.Fatal(err)
		}
		sent[c.name] = seen
	}
	ours := sent["kirim"]
	names := func(r *recorded) []string { return slices.Sorted(maps.Keys(r.header)) }
	for _, name := range []string{"nethttp", "nethttp-timeout", "retryablehttp", "kirim-response"} {
		theirs := sent[name]
		if ours.body != theirs.body {
			t.Errorf("%s sends another body:\n%s\n%s", name, ours.body, theirs.body)
		}
		if !slices.Equal(names(ours), names(theirs)) {
			t.Errorf("%s sends other headers: %v and %v", name, names(ours), names(theirs))
		}
	}
}
