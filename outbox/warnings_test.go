package outbox

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRiverWarnsOfTheSameOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := riverLogger(slog.New(slog.NewTextHandler(&out, nil))).With("client", "1")
		logger.Info("a job was worked")
		for range 200 { // 20 seconds
			logger.Error("the database is away")
			time.Sleep(100 * time.Millisecond)
		}
		logger.Warn("a job was rescued")
		time.Sleep(time.Minute)
		logger.Error("the database is away")
		for text, want := range map[string]int{"a job was worked": 0, "the database is away": 2, "a job was rescued": 1} {
			if got := strings.Count(out.String(), text); got != want {
				t.Errorf("%q is logged %d times, want %d", text, got, want)
			}
		}
	})
}
