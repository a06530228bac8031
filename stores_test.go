package kirim_test

import (
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest/storetest"
)

// Not all suites are for all memories: claims of a MemoryDeduper do not lapse, and
// a tracker forgets by number alone.

func TestTheMemoryDeduperPassesTheSuite(t *testing.T) {
	t.Parallel()
	storetest.Deduper(t, func(*testing.T) storetest.Opened[kirim.TokenDeduper] {
		d := kirim.NewMemoryDeduper(0, time.Hour)
		return storetest.Opened[kirim.TokenDeduper]{Connect: func() kirim.TokenDeduper { return d }, Advance: time.Sleep, Retention: time.Hour, Count: d.Len}
	}, storetest.InBubble())
}

func TestTheStatusTrackerPassesTheSuite(t *testing.T) {
	t.Parallel()
	storetest.StatusStore(t, func(*testing.T) storetest.Opened[kirim.StatusStore] {
		s := kirim.NewStatusTracker(0).Store()
		return storetest.Opened[kirim.StatusStore]{Connect: func() kirim.StatusStore { return s }}
	})
}

// What a store keeps between two calls is a record.
func TestATrackerThatKnowsNoMoreThanARecordPassesTheSuite(t *testing.T) {
	t.Parallel()
	storetest.StatusStore(t, func(*testing.T) storetest.Opened[kirim.StatusStore] {
		s := &recordStore{records: make(map[string][]byte)}
		return storetest.Opened[kirim.StatusStore]{Connect: func() kirim.StatusStore { return s }}
	})
}

func TestTheLimitStoreOfTheTestsPassesTheSuite(t *testing.T) {
	t.Parallel()
	storetest.LimitStore(t, func(*testing.T) storetest.Opened[kirim.LimitStore] {
		s := &limitLog{}
		return storetest.Opened[kirim.LimitStore]{Connect: func() kirim.LimitStore { return s }}
	}, storetest.InBubble())
}
