package main

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// metrics writes what to watch, in the text form that Prometheus reads: how much
// waits and for how long, what became of the messages, and whether something is paused.
func (s *shop) metrics(w http.ResponseWriter, r *http.Request) {
	depths, err := s.db.Depths(r.Context())
	progress, unread := s.db.Progress(r.Context(), campaign)
	pauses, failed := s.db.Pauses(r.Context())
	if err := errors.Join(err, unread, failed); err != nil {
		respondUnavailable(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	var text strings.Builder
	for _, d := range depths {
		fmt.Fprintf(&text, "outbox_queued{class=%q} %d\n", d.Class, d.Queued)
		fmt.Fprintf(&text, "outbox_oldest_seconds{class=%q} %.1f\n", d.Class, d.Oldest.Seconds())
	}
	writeProgress(&text, progress)
	fmt.Fprintf(&text, "outbox_pauses %d\n", len(pauses))
	_, _ = w.Write([]byte(text.String()))
}

func writeProgress(text *strings.Builder, p outbox.Progress) {
	for _, c := range []struct {
		outcome string
		n       int
	}{
		{"queued", p.Queued}, {"sent", p.Sent}, {"delivered", p.Delivered}, {"read", p.Read},
		{"unknown", p.Unknown}, {"expired", p.Expired}, {"cancelled", p.Cancelled}, {"suppressed", p.Suppressed},
	} {
		fmt.Fprintf(text, "outbox_messages{outcome=%q} %d\n", c.outcome, c.n)
	}
	for outcome, kinds := range map[string]map[kirim.Kind]int{"discarded": p.Discarded, "failed": p.Failed} {
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			fmt.Fprintf(text, "outbox_messages{outcome=%q,kind=%q} %d\n", outcome, kind, kinds[kind])
		}
	}
}
