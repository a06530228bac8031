package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// riverLogger returns the logger for River: at level info it tells of each job, and
// while the database is away it logs the same error many times a minute.
func riverLogger(logger *slog.Logger) *slog.Logger {
	return slog.New(warnings{logger.Handler(), &recentWarnings{last: make(map[string]time.Time)}})
}

// warnings passes on what is logged at level warn and above, and each text once a
// minute.
type warnings struct {
	slog.Handler
	recent *recentWarnings
}

// recentWarnings is when each text was logged last. River has a few dozen of them.
type recentWarnings struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const sameWarning = time.Minute

// Enabled implements [slog.Handler].
func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h warnings) Handle(ctx context.Context, r slog.Record) error {
	if !h.recent.isNew(r.Message, r.Time) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{h.Handler.WithAttrs(attrs), h.recent}
}

// WithGroup implements [slog.Handler].
func (h warnings) WithGroup(name string) slog.Handler {
	return warnings{h.Handler.WithGroup(name), h.recent}
}

func (w *recentWarnings) isNew(text string, at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, known := w.last[text]; known && at.Sub(last) < sameWarning {
		return false
	}
	w.last[text] = at
	return true
}
