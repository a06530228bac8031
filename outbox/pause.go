package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Pause is what is not sent until [Outbox.Resume].
type Pause struct {
	Number string // phone number ID; empty for all
	Class  Class  // empty for all
	Reason string
	Since  time.Time
	Until  time.Time // when it ends by itself; zero for never
}

// pause is a [Pause] as a worker needs it.
type pause struct {
	number string
	class  Class
}

// Pause keeps the messages of a number and a class from being sent, in all
// processes, until [Outbox.Resume]. Empty means all. What is being sent is not
// stopped; a process takes up to a second to notice. The outbox does so by itself, for a
// number, when the server refuses its key, its account or its plan.
func (o *Outbox[TTx]) Pause(ctx context.Context, number string, class Class, reason string) error {
	if err := o.check(ctx); err != nil {
		return err
	}
	if err := checkScope(number, class); err != nil {
		return err
	}
	if err := checkReason(reason, 1000); err != nil {
		return err
	}
	return o.addPause(ctx, number, class, reason, 0)
}

func checkScope(number string, class Class) error {
	if class != "" && !classShape.MatchString(string(class)) {
		return refuse("class", "none, or 1 to 32 characters of a-z, 0-9, _ and -", shapeOf(string(class)))
	}
	return checkText("number", number, 0, maxFrom)
}

// Resume ends the pause of exactly this number and class. It reports whether there
// was one.
func (o *Outbox[TTx]) Resume(ctx context.Context, number string, class Class) (bool, error) {
	if err := o.check(ctx); err != nil {
		return false, err
	}
	if err := checkScope(number, class); err != nil {
		return false, err
	}
	s := &driver.Statement{SQL: o.sql.resume, Args: []any{number, string(class)}}
	if err := o.run(ctx, s); err != nil {
		return false, err
	}
	return s.Affected > 0, o.readPauses(ctx)
}

// Pauses returns what is paused now.
func (o *Outbox[TTx]) Pauses(ctx context.Context) (pauses []Pause, err error) {
	if err := o.check(ctx); err != nil {
		return nil, err
	}
	err = o.run(ctx, &driver.Statement{SQL: o.sql.pauses, Each: func(scan func(...any) error) error {
		var p Pause
		var since int64
		var until *int64
		err := scan(&p.Number, &p.Class, &p.Reason, &since, &until)
		p.Since, p.Until = timeOf(since), timeOrZero(until)
		pauses = append(pauses, p)
		return err
	}})
	return pauses, err
}

func (e *engine) addPause(ctx context.Context, number string, class Class, reason string, length time.Duration) error {
	var until *int64
	if length > 0 {
		micros := length.Microseconds()
		until = &micros
	}
	if err := e.run(ctx, &driver.Statement{SQL: e.sql.pause, Args: []any{number, string(class), reason, until}}); err != nil {
		return err
	}
	return e.readPauses(ctx)
}

// pauseBecause pauses a number that the server does not let send.
func (e *engine) pauseBecause(ctx context.Context, number string, v verdict) {
	reason := failureOf(v.err).Text
	e.config.Logger.LogAttrs(ctx, slog.LevelError, "kirim outbox: a number is paused until it is resumed",
		slog.String("reason", reason), slog.Duration("for", v.pauseFor))
	e.mu.Lock()
	e.pauses = append(e.pauses, pause{number, ""}) // until the next sweep says so as well
	e.mu.Unlock()
	if err := e.addPause(ctx, number, "", reason, v.pauseFor); err != nil {
		e.config.Logger.LogAttrs(ctx, slog.LevelError, "kirim outbox: the pause could not be stored", slog.Any("error", err))
	}
}

// readPauses brings up to date what this process knows.
func (e *engine) readPauses(ctx context.Context) error {
	var pauses []pause
	err := e.run(ctx, &driver.Statement{SQL: e.sql.pauses, Each: func(scan func(...any) error) error {
		var p pause
		err := scan(&p.number, &p.class, new(string), new(int64), new(*int64))
		pauses = append(pauses, p)
		return err
	}})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pauses = pauses
	return nil
}

func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

func timeOrZero(micros *int64) time.Time {
	if micros == nil {
		return time.Time{}
	}
	return timeOf(*micros)
}
