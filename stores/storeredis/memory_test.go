package storeredis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

// The documentation of the package says what a key needs.
func TestWhatIsRememberedNeedsFewBytes(t *testing.T) {
	t.Parallel()
	wamid := "wamid." + strings.Repeat("H", 54)
	for _, tt := range []struct {
		what     string
		most     int64 // of all its keys
		remember func(s *storeredis.Stores) error
	}{
		{"a completed element", 130, func(s *storeredis.Stores) error {
			return s.Deduper().CompleteToken(t.Context(), strings.Repeat("k", 300), wantClaim(t, s.Deduper(), strings.Repeat("k", 300), kirim.Claimed))
		}},
		{"a customer", 130, func(s *storeredis.Stores) error {
			return s.Windows().Opened(t.Context(), "106540352242922", "6281100000001", time.Now())
		}},
		{"a decision", 130, func(s *storeredis.Stores) error {
			_, err := s.Windows().Decide(t.Context(), "order-1", true)
			return err
		}},
		{"a limit", 350, func(s *storeredis.Stores) error {
			return s.Limits().SaveLimit(t.Context(), "acme:write", kirim.SeenLimit{RateLimit: kirim.RateLimit{Limit: 600, Remaining: 12}, At: time.Now()})
		}},
		{"a status", 500, func(s *storeredis.Stores) error {
			_, _, err := s.Statuses().Apply(t.Context(), &kirim.StatusUpdate{ID: wamid, Status: kirim.MessageRead, Time: time.Now()})
			return err
		}},
		{"a status by two ids", 1500, func(s *storeredis.Stores) error {
			for _, status := range []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead} {
				if _, _, err := s.Statuses().Apply(t.Context(), &kirim.StatusUpdate{ID: wamid, Status: status, Time: time.Now()}); err != nil {
					return err
				}
			}
			return s.Statuses().Join(t.Context(), "msg_01jxyzabcdefghjkmnpqrstvwx", wamid)
		}},
	} {
		client, prefix := connect(t)
		if err := tt.remember(newStores(t, client, storeredis.WithPrefix(prefix))); err != nil {
			t.Fatal(err)
		}
		var total int64
		for _, key := range keysOf(t, client, prefix) {
			// The prefix of the tests is longer than the default.
			total += must(client.MemoryUsage(t.Context(), key).Result())(t) - int64(len(prefix)-len("kirim"))
		}
		t.Logf("%s: %d bytes", tt.what, total)
		if total > tt.most {
			t.Errorf("%s needs %d bytes, more than %d", tt.what, total, tt.most)
		}
	}
}
