package kirim

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// observation is the context that each of several observers returned at the beginning of
// something. Each gets its own again at the end, so that it finds there what it has put in, such as its span,
// and not that of another observer.
type observation []context.Context

// beginObservation calls the Begin functions of observers, each with the context of the one
// before, and returns that of the last one as well.
func beginObservation[O, T any](ctx context.Context, logger *slog.Logger, observers []O, begin func(*O) func(context.Context, T) context.Context, about T) (context.Context, observation) {
	if len(observers) == 0 {
		return ctx, nil
	}
	contexts := make(observation, len(observers))
	for i := range observers {
		contexts[i] = beginObserved(ctx, logger, begin(&observers[i]), about) //nolint:fatcontext // a layer for each observer
		ctx = contexts[i]
	}
	return ctx, contexts
}

// tellObservers calls other functions of the observers, in the reverse order.
func tellObservers[O, T any](contexts observation, logger *slog.Logger, observers []O, function func(*O) func(context.Context, T), about T) {
	for i, ctx := range slices.Backward(contexts) {
		tellObserver(ctx, logger, function(&observers[i]), about)
	}
}

// beginObserved calls a Begin function, nil for none, and returns the context after it.
func beginObserved[T any](ctx context.Context, logger *slog.Logger, begin func(context.Context, T) context.Context, about T) (derived context.Context) {
	if begin == nil {
		return ctx
	}
	defer func() {
		logObserverPanic(ctx, logger, recover())
		if derived == nil {
			derived = ctx
		}
	}()
	return begin(ctx, about)
}

// tellObserver calls another function of an observer, nil for none.
func tellObserver[T any](ctx context.Context, logger *slog.Logger, function func(context.Context, T), about T) {
	if function == nil {
		return
	}
	defer func() { logObserverPanic(ctx, logger, recover()) }()
	function(ctx, about)
}

func logObserverPanic(ctx context.Context, logger *slog.Logger, value any) {
	if value == nil {
		return
	}
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, slog.LevelError, "kirim: an observer panicked", slog.String("type", fmt.Sprintf("%T", value)))
}
