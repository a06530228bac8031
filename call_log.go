package kirim

import (
	"context"
	"log/slog"
)

// attemptLog logs attempts, for [WithLogger].
func attemptLog(logger *slog.Logger) CallObserver {
	return CallObserver{Attempt: func(ctx context.Context, a CallAttempt) {
		level, message := slog.LevelDebug, "kirim: attempt"
		if a.Retry {
			level, message = slog.LevelInfo, "kirim: attempt failed, repeating"
		}
		if !logger.Enabled(ctx, level) {
			return
		}
		attrs := []slog.Attr{
			slog.String("method", a.Method),
			slog.String("route", a.Route),
			slog.Int("attempt", a.Number),
			slog.Duration("duration", a.Duration),
		}
		if a.StatusCode != 0 {
			attrs = append(attrs, slog.Int("status", a.StatusCode), slog.String("request_id", printable(a.RequestID)))
		} else {
			attrs = append(attrs, slog.String("outcome", "no answer"))
		}
		if answer, ok := a.Err.(*Error); ok { //nolint:errorlint // an attempt's is not wrapped
			attrs = append(attrs, slog.String("kind", string(answer.Kind)))
		}
		if a.Retry {
			attrs = append(attrs, slog.Duration("wait", a.Wait))
		}
		logger.LogAttrs(ctx, level, message, attrs...)
	}}
}
