package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

const (
	maxHeads    = 50              // messages that are taken at a time
	longestWork = 5 * time.Minute // on one lane, before others have a turn
)

// laneWork is the work on one lane under one claim.
type laneWork struct {
	*engine
	id    int64
	token string // of the claim
	began time.Time

	enq        int64
	number     string
	class      Class
	person     string
	suppressed bool
	pace       pairPace

	// The database's clock said dbNow at some time after claimedAt, so that
	// what is derived from the two is never too early.
	dbNow     int64
	claimedAt time.Time
	leaseFrom time.Time // the lease began after it

	results []result // not recorded yet
	ends    []Ended  // that observers are told of then
}

// workLane sends what is due in a lane, if it is free.
func (e *engine) workLane(ctx context.Context, id int64) error {
	w := &laneWork{engine: e, id: id, token: rand.Text(), began: time.Now()}
	for {
		more, err := w.round(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// round claims the lane, or claims it anew, sends what is due and gives the lane
// back. It reports whether there is more to do.
func (w *laneWork) round(ctx context.Context) (more bool, err error) {
	heads, claimed, err := w.claim(ctx)
	if err != nil {
		return false, err
	}
	if !claimed {
		return false, w.leave(ctx)
	}
	failpoint("claimed")
	var stop *halt
	for i, h := range heads {
		if stop = w.mayGoOn(ctx); stop == nil {
			stop, err = w.handle(ctx, h)
		}
		if err != nil {
			return false, err
		}
		if stop != nil {
			if stop.handled {
				i++
			}
			for _, h := range heads[i:] {
				w.results = append(w.results, h.notAttempted())
			}
			break
		}
	}
	return w.finish(ctx, stop)
}

// lockedError says that somebody's transaction has the lane locked.
type lockedError struct{ at time.Time } // by the database's clock

// Error implements error.
func (*lockedError) Error() string { return "outbox: the lane is locked" }

// leave returns a lockedError for a lane that could not be claimed and has no other job. One
// that was claimed before, and is locked now, is given back.
func (w *laneWork) leave(ctx context.Context) error {
	if w.enq != 0 {
		return w.persist(ctx, w.dropping(0))
	}
	var now []int64
	err := w.run(ctx, &driver.Statement{SQL: w.sql.waits, Args: []any{w.id}, Each: scanID(&now)})
	if err == nil && len(now) > 0 {
		err = &lockedError{timeOf(now[0])}
	}
	return err
}

// goOn is the halt of a lane that is not given back.
var goOn *halt

// halt is why a lane is given back although it has work to do.
type halt struct {
	wait    time.Duration
	handled bool // the message that it is about has a result
	lost    bool // the claim is another worker's
	again   bool // look at once, under the same claim
}

// claim takes the lane and its first messages.
func (w *laneWork) claim(ctx context.Context) (heads []*head, claimed bool, err error) {
	asked := time.Now()
	claim := &driver.Statement{
		SQL: w.sql.claim, Args: []any{w.id, w.token, w.config.Lease.Microseconds()},
		Each: func(scan func(...any) error) error {
			return scan(&w.enq, &w.dbNow, &w.number, &w.class, &w.person, &w.pace.tat, &w.pace.refusals, &w.suppressed)
		},
	}
	take := &driver.Statement{
		SQL: w.sql.take, Args: []any{w.id, w.token, maxHeads},
		Each: func(scan func(...any) error) error {
			h, err := scanHead(scan)
			heads = append(heads, h)
			return err
		},
	}
	if w.keyLifetime() == 0 { // what is not begun one by one would all be in doubt after a crash
		take.SQL = w.sql.peek
	}
	if err := w.run(ctx, claim, take); err != nil || claim.Affected == 0 {
		return nil, false, err
	}
	w.claimedAt, w.leaseFrom, w.pace.limit = asked, asked, w.config.PairLimit
	for _, h := range heads {
		h.inDoubt = h.inDoubt || h.firstAttemptAt != nil && *h.firstAttemptAt < w.dbNow
	}
	slices.SortFunc(heads, func(a, b *head) int { return int(a.id - b.id) })
	return heads, true, nil
}

// now returns the time by the database's clock, or a little later.
func (w *laneWork) now() int64 { return w.dbNow + time.Since(w.claimedAt).Microseconds() }

// mayGoOn returns why the next message must wait, and nil when it need not.
func (w *laneWork) mayGoOn(ctx context.Context) *halt {
	if ctx.Err() != nil || w.draining() || w.isPaused(w.number, w.class) || time.Since(w.began) > longestWork {
		return &halt{}
	}
	if wait := w.heldFor(w.number, w.now()); wait > 0 {
		return &halt{wait: wait}
	}
	return nil
}

// handle sends a message, or ends it without. The error is that of the database.
func (w *laneWork) handle(ctx context.Context, h *head) (*halt, error) {
	if v, ended := w.endedBefore(h); ended {
		w.conclude(ctx, h, v, nil)
		return w.afterEnd(v), nil
	}
	message, key, err := h.message()
	if err != nil {
		v := verdict{state: StateDiscarded, err: err, doubt: h.inDoubt}
		w.conclude(ctx, h, v, nil)
		return w.afterEnd(v), nil //nolint:nilerr // the error is that of the message
	}
	if wait := w.pace.wait(w.now()); wait > 0 {
		return &halt{wait: wait}, nil
	}
	if stop, err := w.ready(ctx, h); stop != nil || err != nil {
		return stop, err
	}
	failpoint("begun")
	accepted, v := w.send(ctx, h, message, key)
	if v.rateLimit {
		w.hold(w.number, w.now()+v.wait.Microseconds())
	}
	w.conclude(ctx, h, v, accepted)
	if v.suppress {
		w.suppressed = true
		w.suppress(ctx, w.person, "131050")
	}
	if v.pause {
		w.pauseBecause(ctx, w.number, v)
	}
	switch {
	case v.useTemplate:
		return &halt{handled: true, again: true}, nil
	case v.state == StateQueued:
		return &halt{handled: true, wait: v.wait}, nil
	}
	return w.afterEnd(v), nil
}

// afterEnd returns why a lane stops behind a message that has come to an end.
func (w *laneWork) afterEnd(v verdict) *halt {
	if w.config.StopLaneOnFailure && (v.state == StateDiscarded || v.state == StateUnknown) {
		return &halt{handled: true, wait: stoppedLane}
	}
	return nil
}

// stoppedLane is a wait that only a person ends.
const stoppedLane = 100 * 365 * 24 * time.Hour

// endedBefore decides about a message without sending it.
func (w *laneWork) endedBefore(h *head) (v verdict, ended bool) {
	now := w.now()
	expired := h.expiresAt != nil && *h.expiresAt <= now
	suppressed := w.suppressed && w.class == ClassMarketing
	switch {
	case h.inDoubt && (expired || suppressed || elapsed(now, *h.firstAttemptAt) > w.longestDoubt()):
		v := verdict{state: StateUnknown, doubt: true}
		if h.attempts == 0 { // otherwise the error of the last attempt is kept
			v.err = errNotRecorded
		}
		return v, true
	case expired:
		return verdict{state: StateExpired, notSent: true}, true
	case suppressed:
		return verdict{state: StateSuppressed, notSent: true}, true
	}
	return v, false
}

// errNotRecorded is why a message is unknown of which no attempt was recorded.
var errNotRecorded = &Failure{Text: "outbox: a process began to send the message, and what became of that was not recorded"}

// longestDoubt is how long after its first attempt a message that is in doubt
// may be sent again.
func (e *engine) longestDoubt() time.Duration {
	if e.keyLifetime() == 0 {
		return -1
	}
	return e.keyLifetime() - e.config.AttemptTimeout - keyReserve
}

// bounded ends what was tried for too long.
func (w *laneWork) bounded(h *head, v verdict) verdict {
	if v.state == StateQueued && v.counts && !v.doubt && w.config.GiveUpAfter > 0 &&
		elapsed(w.now(), h.due()) > w.config.GiveUpAfter {
		v.state = StateDiscarded
	}
	return v
}

// ready makes sure that the claim lasts for the attempt, and that the table knows
// of it before the server does.
func (w *laneWork) ready(ctx context.Context, h *head) (*halt, error) {
	var statements []*driver.Statement
	var begun, renewed *driver.Statement
	if w.leaseLeft() < w.config.AttemptTimeout+leaseReserve {
		renewed = &driver.Statement{SQL: w.sql.renew, Args: []any{w.id, w.token, w.config.Lease.Microseconds()}}
		statements = append(statements, renewed)
	}
	statements = append(statements, w.recording()...)
	if w.keyLifetime() == 0 {
		begun = &driver.Statement{SQL: w.sql.begin, Args: []any{h.id, w.id, w.token}}
		statements = append(statements, begun)
	}
	if renewed == nil && begun == nil {
		return goOn, nil
	}
	asked := time.Now()
	if err := w.run(ctx, statements...); err != nil {
		return nil, err
	}
	w.recorded(ctx)
	if renewed != nil {
		if renewed.Affected == 0 {
			return &halt{lost: true}, nil
		}
		w.leaseFrom = asked
	}
	if begun != nil && begun.Affected == 0 { // it was cancelled, or the claim has lapsed
		return &halt{again: true}, nil
	}
	return goOn, nil
}

func (w *laneWork) leaseLeft() time.Duration { return w.config.Lease - time.Since(w.leaseFrom) }

// send sends, within an attempt's time and the claim, and says what that came to.
func (w *laneWork) send(ctx context.Context, h *head, message kirim.OutboundMessage, key string) (*kirim.AcceptedMessage, verdict) {
	ctx, cancel := context.WithTimeout(ctx, min(w.config.AttemptTimeout, w.leaseLeft()))
	defer cancel()
	opts := []kirim.RequestOption{kirim.WithoutRetry()}
	if w.keyLifetime() > 0 {
		opts = append(opts, kirim.WithIdempotencyKey(key))
	}
	sending, observed := w.beginSend(ctx, h)
	accepted, err := trySend(sending, w.sender, w.number, message, opts...)
	failpoint("sent")
	v := w.bounded(h, judge(h, err, w.keyLifetime()))
	v.attempted = true
	if v.pairLimit {
		v.wait = w.pace.refused()
	} else if err == nil {
		w.pace.refusals = 0
	}
	w.endSend(ctx, observed, v)
	return accepted, v
}

// conclude notes what became of a message.
func (w *laneWork) conclude(ctx context.Context, h *head, v verdict, accepted *kirim.AcceptedMessage) {
	if v.state == StateDiscarded && v.doubt {
		v.state = StateUnknown
	}
	r := h.result(v, accepted)
	w.endedLater(h, v)
	r.Told = v.state == StateQueued || w.config.OnEnd == nil
	r.Forget = v.state == StateSent && w.class == ClassCode
	if v.state == StateSent && w.getter != nil && w.config.LookUpAfter > 0 && r.KirimID != nil {
		in := w.config.LookUpAfter.Microseconds()
		r.LookIn = &in
	}
	w.results = append(w.results, r)
	w.logVerdict(ctx, h, v)
}

// recording is the statement that records the results, if there are any.
func (w *laneWork) recording() []*driver.Statement {
	if len(w.results) == 0 {
		return nil
	}
	return []*driver.Statement{{SQL: w.sql.record, Args: []any{toJSON(w.results), w.token}, Each: w.noteRecorded}}
}

// ended returns the messages that have come to an end, and are not recorded yet.
func (w *laneWork) ended() []idRow {
	ids := make([]idRow, 0, len(w.results))
	for _, r := range w.results {
		if r.State != StateQueued {
			ids = append(ids, idRow{r.ID})
		}
	}
	return ids
}

// scanID appends the only column of each row.
func scanID(ids *[]int64) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		if ids != nil {
			*ids = append(*ids, id)
		}
		return err
	}
}

// finish records the results and gives the lane back. What has happened is
// recorded also when ctx has ended, and when the database is away for a while.
func (w *laneWork) finish(ctx context.Context, stop *halt) (more bool, err error) {
	last := &driver.Statement{SQL: w.sql.release, Args: []any{w.id, w.token, w.enq, w.pace.tat, w.pace.refusals, toJSON(w.ended())}}
	var statements []*driver.Statement
	switch {
	case stop == nil:
		statements = append(statements, last)
	case stop.lost || stop.again:
	default:
		statements = append(statements, w.dropping(stop.wait))
	}
	statements = append(statements, w.recording()...)
	failpoint("recording")
	if len(statements) > 0 {
		if err := w.persist(ctx, statements...); err != nil {
			return false, errors.Join(err, w.recordAlone(ctx))
		}
	}
	failpoint("recorded")
	ended := len(w.results) > 0
	w.recorded(ctx)
	if ended && w.config.OnEnd != nil {
		w.tellSoon()
	}
	if stop == nil {
		return last.Affected == 0, nil
	}
	return stop.again, nil
}

// recordAlone records the results without giving the lane back, which a transaction of
// the application's may have locked for longer than a lease. What was sent would be
// in doubt otherwise.
func (w *laneWork) recordAlone(ctx context.Context) error {
	if len(w.results) == 0 {
		return nil
	}
	err := w.persist(ctx, w.recording()...)
	if err == nil {
		w.recorded(ctx)
	}
	return err
}

// dropping is the statement that gives the lane back although it has work to do.
func (w *laneWork) dropping(wait time.Duration) *driver.Statement {
	return &driver.Statement{SQL: w.sql.drop, Args: []any{w.id, w.token, wait.Microseconds(), w.pace.tat, w.pace.refusals}}
}

// persist runs statements that must not be lost, for about as long as a lease.
func (e *engine) persist(ctx context.Context, statements ...*driver.Statement) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.config.Lease)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := e.run(ctx, statements...)
		if err == nil || !e.isUnavailable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(wait):
		}
	}
}
