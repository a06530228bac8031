package outbox

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// engine is what an outbox does that does not depend on the type of the caller's
// transactions.
type engine struct {
	config  Config
	sender  Sender
	getter  Getter // the sender, or nil
	pool    driver.Runner
	dialect driver.Dialect
	sql     *queries
	// inTx runs f in a transaction in which jobs can be inserted.
	inTx          func(ctx context.Context, f func(driver.Transaction) error) error
	isUnavailable func(error) bool

	untold     chan struct{} // has news when a message has come to an end
	lookUpFrom time.Time     // the server asked for a wait until then; of the look-ups alone
	lanesSeen  int64         // id of the lane that was looked at last; of the retention alone

	mu     sync.Mutex
	ending <-chan struct{}  // is closed when Run is to return
	pauses []pause          // as the sweep saw them last
	held   map[string]int64 // numbers that a rate limit has refused, and until when they wait
}

func (e *engine) run(ctx context.Context, statements ...*driver.Statement) error {
	return e.pool.Run(ctx, statements...)
}

func (e *engine) keyLifetime() time.Duration { return keyLifetime(e.sender) }

// draining reports whether Run is about to return, or has returned.
func (e *engine) draining() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.ending: // nil before the first Run
		return true
	default:
		return false
	}
}

// tellSoon makes the sweep look for ends to tell.
func (e *engine) tellSoon() {
	select {
	case e.untold <- struct{}{}:
	default:
	}
}

func (e *engine) isPaused(number string, class Class) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.pauses, func(p pause) bool {
		return (p.number == "" || p.number == number) && (p.class == "" || p.class == class)
	})
}

// hold keeps this process from sending from a number: else each of its recipients
// would ask the server in vain.
func (e *engine) hold(number string, until int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held == nil {
		e.held = make(map[string]int64)
	}
	e.held[number] = max(e.held[number], until)
}

// heldFor returns how long a number has still to wait.
func (e *engine) heldFor(number string, now int64) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	until, held := e.held[number]
	if !held {
		return 0
	}
	if until <= now {
		delete(e.held, number)
	}
	return elapsed(until, now)
}

// logVerdict logs what a person may have to look at.
func (e *engine) logVerdict(ctx context.Context, h *head, v verdict) {
	level := slog.LevelDebug
	var text string
	switch v.state {
	case StateUnknown:
		level, text = slog.LevelError, "kirim outbox: it is not known whether a message was sent"
	case StateDiscarded:
		level, text = slog.LevelWarn, "kirim outbox: a message was discarded"
	case StateQueued:
		text = "kirim outbox: a message is tried again"
	default:
		return
	}
	attrs := []slog.Attr{slog.Int64("message", h.id), slog.Int("attempt", h.attempts+1)}
	if f := failureOf(v.err); f != nil {
		attrs = append(attrs, slog.String("error", f.Text), slog.String("kind", string(f.Kind)))
	}
	e.config.Logger.LogAttrs(ctx, level, text, attrs...)
}

// laneJob is the arguments of the job for a lane.
type laneJob struct {
	Lane int64 `json:"lane"`
}

// Kind implements river.JobArgs.
func (laneJob) Kind() string { return "kirim_lane" }

// lane is one that needs a job.
type lane struct {
	id    int64
	class Class
}

func queueOf(class Class) string { return "kirim_" + string(class) }

// scanLane appends the lanes that need a job.
func scanLane(lanes *[]lane) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var l lane
		var needsJob bool
		err := scan(&l.id, &l.class, &needsJob)
		if needsJob {
			*lanes = append(*lanes, l)
		}
		return err
	}
}

// insertJobs adds a job for each of the lanes.
func insertJobs(ctx context.Context, tx driver.Transaction, lanes []lane) error {
	if len(lanes) == 0 {
		return nil
	}
	jobs := make([]river.InsertManyParams, len(lanes))
	for i, l := range lanes {
		jobs[i] = river.InsertManyParams{Args: laneJob{l.id}, InsertOpts: &river.InsertOpts{Queue: queueOf(l.class)}}
	}
	return tx.InsertJobs(ctx, jobs)
}

// laneWorker works the jobs.
type laneWorker struct {
	river.WorkerDefaults[laneJob]
	engine *engine
}

// Work implements river.Worker. Its error makes River try again, which is needed
// for nothing: the sweep would find the lane.
func (w *laneWorker) Work(ctx context.Context, job *river.Job[laneJob]) error {
	locked, err := w.engine.workJob(ctx, job.Args.Lane)
	if locked != nil {
		// River adds the wait to the host's clock, and compares the sum with the
		// database's.
		return &rivertype.JobSnoozeError{Duration: min(time.Second, locked.at.Add(time.Second).Sub(hostNow()))}
	}
	return err
}

// workJob does the job of a lane. When somebody's transaction has the lane locked, the
// job is to come again later.
func (e *engine) workJob(ctx context.Context, lane int64) (locked *lockedError, err error) {
	err = e.workLane(ctx, lane)
	if errors.As(err, &locked) {
		return locked, nil
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		e.config.Logger.LogAttrs(ctx, slog.LevelWarn, "kirim outbox: the database failed", slog.Int64("lane", lane), slog.Any("error", err))
	}
	return nil, err
}

// NextRetry implements river.Worker.
func (w *laneWorker) NextRetry(*river.Job[laneJob]) time.Time { return time.Now().Add(time.Second) }
