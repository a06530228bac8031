package outbox

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// isObserved reports whether anybody wants to know.
func (e *engine) isObserved() bool { return len(e.config.Observers) > 0 }

// observation is what the observers have begun: the context of each of them, nil
// for one whose Begin function failed.
type observation []context.Context

// begin calls the Begin functions. The context that it returns ends when ctx does, also
// when that of an observer does not.
func begin[T any](ctx context.Context, e *engine, what string, about T, pick func(*Observer) func(context.Context, T) context.Context) (context.Context, observation) {
	begun, inner := make(observation, len(e.config.Observers)), ctx
	for i := range e.config.Observers {
		if f := pick(&e.config.Observers[i]); f != nil {
			given := inner
			returned, err := guard(ctx, func() (context.Context, error) { return f(given, about), nil })
			if err != nil {
				e.logObserver(ctx, what, err)
				continue
			}
			if !isNil(returned) {
				inner = returned //nolint:fatcontext // each observer has the context of the one before
			}
		}
		begun[i] = inner
	}
	return bounded(ctx, inner), begun
}

// bounded returns a context with the values of inner that ends with ctx.
func bounded(ctx, inner context.Context) context.Context {
	if inner.Done() == ctx.Done() {
		return inner
	}
	return valuesOf{ctx, inner}
}

// valuesOf is a context with the values of another one.
type valuesOf struct {
	context.Context //nolint:containedctx // the two are one context
	values          context.Context
}

// Value implements [context.Context].
func (c valuesOf) Value(key any) any { return c.values.Value(key) }

// end calls the End functions of what was begun, the last first.
func end[T any](ctx context.Context, e *engine, begun observation, what string, about T, pick func(*Observer) func(context.Context, T)) {
	for i, own := range slices.Backward(begun) {
		if f := pick(&e.config.Observers[i]); f != nil && own != nil {
			e.callObserver(ctx, what, func() { f(own, about) })
		}
	}
}

// observe calls a function of each observer.
func observe[T any](ctx context.Context, e *engine, what string, about T, pick func(*Observer) func(context.Context, T)) {
	for i := range e.config.Observers {
		if f := pick(&e.config.Observers[i]); f != nil {
			e.callObserver(ctx, what, func() { f(ctx, about) })
		}
	}
}

func (e *engine) callObserver(ctx context.Context, what string, call func()) {
	if _, err := guard(ctx, func() (struct{}, error) { call(); return struct{}{}, nil }); err != nil {
		e.logObserver(ctx, what, err)
	}
}

func (e *engine) logObserver(ctx context.Context, what string, err error) {
	e.config.Logger.LogAttrs(ctx, slog.LevelError, "kirim outbox: an observer failed", slog.String("function", what), slog.Any("error", err))
}

// observed returns the message as observers see it.
func (h *head) observed(class Class) Observed {
	return Observed{
		ID: h.id, Class: class, Generation: int(h.generation), Template: h.useTemplate,
		Traceparent: textOf(h.traceparent), EnqueuedAt: timeOf(h.createdAt), DueAt: timeOf(h.due()),
	}
}

// scanObserved reads the columns of observedColumns, and those after them.
func scanObserved(scan func(...any) error, o *Observed, more ...any) error {
	var trace *string
	var created int64
	var notBefore *int64
	err := scan(append([]any{&o.ID, &o.Class, &o.Generation, &o.Template, &trace, &created, &notBefore}, more...)...)
	h := head{createdAt: created, notBefore: notBefore}
	o.Traceparent, o.EnqueuedAt, o.DueAt = textOf(trace), timeOf(created), timeOf(h.due())
	return err
}

// beginSend tells the observers of an attempt to send a message.
func (w *laneWork) beginSend(ctx context.Context, h *head) (context.Context, *attempt) {
	if !w.isObserved() {
		return ctx, nil
	}
	a := &attempt{sending: Sending{Observed: h.observed(w.class), Attempt: h.attempts + 1, InDoubt: h.inDoubt, At: timeOf(w.now())}}
	ctx, a.begun = begin(ctx, w.engine, "BeginSend", a.sending, func(o *Observer) func(context.Context, Sending) context.Context { return o.BeginSend })
	return ctx, a
}

// attempt is one that observers see.
type attempt struct {
	sending Sending
	begun   observation
}

// endSend tells the observers what became of it.
func (w *laneWork) endSend(ctx context.Context, a *attempt, v verdict) {
	if a == nil {
		return
	}
	s := Sent{Sending: a.sending, Outcome: outcomeOf(v), State: v.state, Doubtful: v.doubt, Err: v.err, EndedAt: timeOf(w.now())}
	_ = errors.As(v.err, &s.Kind)
	switch {
	case v.state != StateQueued:
	case v.pause:
		s.Wait = v.pauseFor
	default:
		s.Wait = v.wait
	}
	end(ctx, w.engine, a.begun, "EndSend", s, func(o *Observer) func(context.Context, Sent) { return o.EndSend })
}

// outcomeOf names a verdict.
func outcomeOf(v verdict) Outcome {
	switch v.state {
	case StateSent:
		return OutcomeAccepted
	case StateUnknown:
		return OutcomeUnknown
	case StateDiscarded:
		return OutcomeDiscarded
	case StateSuppressed:
		return OutcomeSuppressed
	default: // it is tried again
	}
	switch {
	case v.useTemplate:
		return OutcomeTemplate
	case v.pause:
		return OutcomePaused
	case v.pairLimit:
		return OutcomePairLimited
	case v.rateLimit:
		return OutcomeRateLimited
	case hadNoTurn(v.err):
		return OutcomeNoTurn
	case v.doubt:
		return OutcomeInDoubt
	}
	return OutcomeRetry
}

// endedLater notes an end for the observers once it is recorded.
func (w *laneWork) endedLater(h *head, v verdict) {
	if v.state == StateQueued || !w.isObserved() {
		return
	}
	ended := Ended{Observed: h.observed(w.class), State: v.state, Attempted: v.attempted}
	_ = errors.As(v.err, &ended.Kind)
	w.ends = append(w.ends, ended)
}

// noteRecorded is called for each row that the record of the results has changed.
func (w *laneWork) noteRecorded(scan func(...any) error) error {
	var id int64
	var at *int64
	err := scan(&id, &at)
	for i := range w.ends {
		if w.ends[i].ID == id && at != nil {
			w.ends[i].At = timeOf(*at)
		}
	}
	return err
}

// recorded forgets the results, which are in the database now. What the record did not
// change was not this worker's to say any more.
func (w *laneWork) recorded(ctx context.Context) {
	ends := w.ends
	w.results, w.ends = nil, nil
	for _, ended := range ends {
		if !ended.At.IsZero() {
			w.tellObservers(ctx, ended)
		}
	}
}

func (e *engine) tellObservers(ctx context.Context, ended Ended) {
	observe(ctx, e, "End", ended, func(o *Observer) func(context.Context, Ended) { return o.End })
}

// observeEnd is observeEnds for ends that are in the database already.
func (e *engine) observeEnd(ctx context.Context, ids ...int64) {
	if err := e.observeEnds(ctx, e.pool, ids); err != nil {
		e.logObserver(ctx, "End", err)
	}
}

// observeEnds tells the observers of messages that have ended without a worker.
func (e *engine) observeEnds(ctx context.Context, r driver.Runner, ids []int64) error {
	if !e.isObserved() || len(ids) == 0 {
		return nil
	}
	rows := make([]idRow, len(ids))
	for i, id := range ids {
		rows[i] = idRow{id}
	}
	var ends []Ended
	err := r.Run(ctx, &driver.Statement{SQL: e.sql.observed, Args: []any{toJSON(rows)}, Each: func(scan func(...any) error) error {
		var ended Ended
		var kind *string
		var at *int64
		err := scanObserved(scan, &ended.Observed, &ended.State, &kind, &at)
		ended.Kind, ended.At = kirim.Kind(textOf(kind)), timeOrZero(at)
		ends = append(ends, ended)
		return err
	}})
	if err != nil {
		return err
	}
	for _, ended := range ends {
		if ended.State != StateQueued {
			e.tellObservers(ctx, ended)
		}
	}
	return nil
}

// observeStatus tells the observers what a fact has changed.
func (e *engine) observeStatus(ctx context.Context, m *sentMessage, f *fact, to kirim.MessageStatus, state State, kind *string) {
	if !e.isObserved() {
		return
	}
	c := StatusChange{
		Observed: m.Observed, From: kirim.MessageStatus(textOf(m.status)), To: to, State: state, Kind: kirim.Kind(textOf(kind)),
		AcceptedAt: timeOrZero(m.endedAt), HeardAt: timeOf(m.foundAt),
	}
	if c.At = c.HeardAt; microsOrNil(f.at) != nil {
		c.At = f.at.UTC()
	}
	observe(ctx, e, "Status", c, func(o *Observer) func(context.Context, StatusChange) { return o.Status })
}

// enqueueObserved calls f, which enqueues messages, and tells the observers.
func (e *engine) enqueueObserved(ctx context.Context, messages []Message, f func(ctx context.Context, added *addedMessages) ([]int64, error)) ([]int64, error) {
	if !e.isObserved() {
		return f(ctx, nil)
	}
	about := Enqueuing{Messages: len(messages)}
	within, begun := begin(ctx, e, "BeginEnqueue", about, func(o *Observer) func(context.Context, Enqueuing) context.Context { return o.BeginEnqueue })
	added := &addedMessages{}
	ids, err := f(within, added)
	done := Enqueued{Enqueuing: about, Err: err}
	if err == nil {
		done.Added = added.byClass
	}
	end(ctx, e, begun, "EndEnqueue", done, func(o *Observer) func(context.Context, Enqueued) { return o.EndEnqueue })
	return ids, err
}

// addedMessages counts the messages of a call that are new; nil for when nobody asks.
type addedMessages struct{ byClass map[Class]int }

func (a *addedMessages) of(entries []*entry, known map[string]int64) {
	if a == nil {
		return
	}
	a.byClass = make(map[Class]int)
	for _, n := range entries {
		if known[n.KeyHash] != 0 {
			a.byClass[Class(n.Class)]++
		}
	}
}

// handleObserved calls f, which handles a delivery, and informs the observers.
func (i *inbox) handleObserved(ctx context.Context, d StoredDelivery, now int64, f func(context.Context) error) error {
	if !i.isObserved() {
		return f(ctx)
	}
	began := time.Now()
	within, begun := begin(ctx, i.engine, "BeginDelivery", d, func(o *Observer) func(context.Context, StoredDelivery) context.Context { return o.BeginDelivery })
	err := f(within)
	done := HandledDelivery{StoredDelivery: d, Err: err, HandledAt: timeOf(now).Add(time.Since(began))}
	end(ctx, i.engine, begun, "EndDelivery", done, func(o *Observer) func(context.Context, HandledDelivery) { return o.EndDelivery })
	return err
}

// beginDelivery informs the observer of a delivery that has arrived.
func (i *inbox) beginDelivery(r *http.Request) *http.Request {
	f, ctx := i.config.Observer.Begin, r.Context()
	if f == nil {
		return r
	}
	returned, err := guard(ctx, func() (context.Context, error) {
		return f(ctx, kirim.DeliveryInfo{Header: r.Header, Size: r.ContentLength}), nil
	})
	if err != nil {
		i.logObserver(ctx, "DeliveryObserver.Begin", err)
	}
	if isNil(returned) {
		return r
	}
	return r.WithContext(bounded(ctx, returned))
}

// endDelivery informs it of the response.
func (i *inbox) endDelivery(ctx context.Context, began time.Time, e **kirim.Event, status *int, err *error) {
	if f := i.config.Observer.End; f != nil {
		end := kirim.DeliveryEnd{Event: *e, StatusCode: *status, Duration: time.Since(began), Err: *err}
		if end.Err != nil {
			end.Event = nil
		}
		i.callObserver(ctx, "DeliveryObserver.End", func() { f(ctx, end) })
	}
}
