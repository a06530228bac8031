package outbox

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/riverqueue/river"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// InboxConfig configures [Outbox.Inbox].
type InboxConfig struct {
	// Verifier accepts deliveries; required. One that is a challenger or that has
	// statuses of its own, as [kirim.EventVerifier] describes, is asked.
	Verifier kirim.EventVerifier
	// Handler handles the elements, later; required. Its deduper decides which were
	// handled before: give it one of package storesql or storeredis when several
	// processes call [Outbox.Run].
	Handler *kirim.WebhookHandler
	// Decode makes an event of a body that was verified before; the default is
	// [kirim.DecodeEvent]. Another system's needs its own. The header has
	// Kirim's fields alone.
	Decode func(header http.Header, body []byte) (*kirim.Event, error)
	// Observer observes the deliveries: Begin and End are called for each, before it is
	// stored and before the response. Elements are observed by the observers of Handler,
	// when they are handled; this one's functions for elements are not called.
	Observer kirim.DeliveryObserver
	// Workers is how many deliveries one process handles at the same time; the
	// default is 8.
	Workers int
	// Timeout is how long the callbacks of a delivery may take; the default is 1
	// minute. It should end before a claim of the handler's deduper lapses.
	Timeout time.Duration
}

// Inbox returns a handler for webhook deliveries that stores them and responds with
// 200 at once. [Outbox.Run] has them handled by InboxConfig.Handler, in any process that
// has called Inbox before Run: for callbacks that take longer than the 8 seconds for
// which the sender waits. When it fails, a delivery is handled again after some
// seconds, then minutes and hours, 25 times in about three weeks. Deliveries are
// handled in any order.
//
// What cannot be verified is refused with the status that
// [kirim.WebhookStatusCode] or the verifier names, and what cannot be stored with
// 503, so that the sender comes again. GET and HEAD are left to InboxConfig.Handler.
func (o *Outbox[TTx]) Inbox(config InboxConfig) (http.Handler, error) {
	if o == nil || o.engine == nil {
		return nil, errors.New("outbox: the Outbox is nil or was not opened")
	}
	switch {
	case isNil(config.Verifier):
		return nil, refuse("InboxConfig.Verifier", "a verifier", "nil")
	case config.Handler == nil:
		return nil, refuse("InboxConfig.Handler", "a *kirim.WebhookHandler", "nil")
	case config.Workers < 0 || config.Workers > maxWorkers:
		return nil, refuse("InboxConfig.Workers", fmt.Sprintf("0 to %d", maxWorkers), fmt.Sprint(config.Workers))
	case config.Timeout < 0:
		return nil, refuse("InboxConfig.Timeout", "a positive duration", config.Timeout.String())
	}
	if config.Decode == nil {
		config.Decode = kirim.DecodeEvent
	}
	if config.Workers == 0 {
		config.Workers = 8
	}
	if config.Timeout == 0 {
		config.Timeout = time.Minute
	}
	i := &inbox{engine: o.engine, config: config}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inbox != nil {
		return nil, errors.New("outbox: Inbox is called twice")
	}
	o.inbox = i
	return i, nil
}

// inboxQueue is the queue of River for deliveries.
const inboxQueue = "kirim_inbox"

// inbox stores deliveries and works them off.
type inbox struct {
	*engine
	config InboxConfig
}

// ServeHTTP implements [http.Handler].
func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		i.config.Handler.ServeHTTP(w, r)
		return
	}
	r = i.beginDelivery(r)
	status, err := i.accept(r)
	if err != nil {
		i.refuse(w, r, status, err)
		return
	}
	w.WriteHeader(status)
}

// accept stores a delivery and returns the status of the response.
func (i *inbox) accept(r *http.Request) (status int, err error) {
	var e *kirim.Event
	defer i.endDelivery(r.Context(), time.Now(), &e, &status, &err) // also when the verifier panics
	if e, err = i.verified(r); err != nil {
		return i.statusOf(err), err
	}
	if err := i.store(r.Context(), r.Header, e); err != nil {
		return http.StatusServiceUnavailable, err
	}
	return http.StatusOK, nil
}

// verified returns the event, and an error also for one that could not be handled
// later.
func (i *inbox) verified(r *http.Request) (*kirim.Event, error) {
	e, err := i.config.Verifier.Event(r)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, errors.New("outbox: the verifier returned no event")
	}
	if _, err := i.config.Decode(inboxHeader(r.Header), e.Raw); err != nil {
		return nil, err
	}
	return e, nil
}

func (i *inbox) statusOf(err error) int {
	if v, ok := i.config.Verifier.(interface{ StatusCode(error) int }); ok {
		if status := v.StatusCode(err); status >= 400 {
			return status
		}
	}
	return kirim.WebhookStatusCode(err)
}

func (i *inbox) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	i.engine.config.Logger.LogAttrs(r.Context(), slog.LevelWarn, "kirim outbox: a webhook was refused", slog.Int("status", status), slog.Any("error", err))
	http.Error(w, http.StatusText(status), status)
}

// inboxHeader keeps of a header what [kirim.DecodeEvent] reads.
func inboxHeader(header http.Header) http.Header {
	kept := make(http.Header)
	for _, name := range []string{"X-Kirim-Event", "X-Kirim-Event-Id", "X-Kirim-Delivery-Id", "X-Kirim-Attempt"} {
		if value := header.Get(name); value != "" {
			kept.Set(name, value)
		}
	}
	return kept
}

// storedTrace is the field of a stored header with the trace of the delivery's request.
const storedTrace = "Traceparent"

// store stores a delivery and its job in one transaction.
func (i *inbox) store(ctx context.Context, header http.Header, e *kirim.Event) error {
	var id int64
	kept := inboxHeader(header)
	if trace := i.engine.config.Traceparent; trace != nil {
		if text := trace(ctx); text != "" {
			kept.Set(storedTrace, text)
		}
	}
	insert := &driver.Statement{
		SQL:  i.sql.addDelivery,
		Args: []any{toJSON(kept), base64.StdEncoding.EncodeToString(e.Raw)},
		Each: func(scan func(...any) error) error { return scan(&id) },
	}
	return i.inTx(ctx, func(tx driver.Transaction) error {
		if err := tx.Run(ctx, insert); err != nil {
			return err
		}
		return tx.InsertJobs(ctx, deliveryJobs(id))
	})
}

func deliveryJobs(ids ...int64) []river.InsertManyParams {
	jobs := make([]river.InsertManyParams, len(ids))
	for i, id := range ids {
		jobs[i] = river.InsertManyParams{Args: deliveryJob{id}, InsertOpts: &river.InsertOpts{Queue: inboxQueue}}
	}
	return jobs
}

// deliveryJob is the arguments of the job for a delivery.
type deliveryJob struct {
	Delivery int64 `json:"delivery"`
}

// Kind implements river.JobArgs.
func (deliveryJob) Kind() string { return "kirim_delivery" }

// deliveryWorker works the jobs.
type deliveryWorker struct {
	river.WorkerDefaults[deliveryJob]
	inbox *inbox
}

// Timeout implements river.Worker.
func (w *deliveryWorker) Timeout(*river.Job[deliveryJob]) time.Duration {
	return w.inbox.config.Timeout
}

// Work implements river.Worker. After an error River tries again, by its own
// policy.
func (w *deliveryWorker) Work(ctx context.Context, job *river.Job[deliveryJob]) error {
	return w.inbox.work(ctx, job.Args.Delivery)
}

// work handles a delivery, unless it was handled before.
func (i *inbox) work(ctx context.Context, id int64) error {
	var header, body string
	var received, now int64
	take := &driver.Statement{SQL: i.sql.takeDelivery, Args: []any{id}, Each: func(scan func(...any) error) error {
		return scan(&header, &body, &received, &now)
	}}
	if err := i.run(ctx, take); err != nil || take.Affected == 0 {
		return err
	}
	err := i.handle(ctx, StoredDelivery{ID: id, ReceivedAt: timeOf(received)}, now, header, body)
	if err == nil {
		return i.persist(ctx, &driver.Statement{SQL: i.sql.dropDelivery, Args: []any{id}})
	}
	if !errors.Is(err, kirim.ErrElementBusy) {
		i.engine.config.Logger.LogAttrs(ctx, slog.LevelError, "kirim outbox: a delivery could not be handled",
			slog.Int64("delivery", id), slog.Any("error", err))
	}
	return err
}

func (i *inbox) handle(ctx context.Context, d StoredDelivery, now int64, header, body string) error {
	var h http.Header
	if err := json.Unmarshal([]byte(header), &h); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return err
	}
	d.Traceparent = h.Get(storedTrace)
	h.Del(storedTrace)
	return i.handleObserved(ctx, d, now, func(ctx context.Context) error {
		_, err := guard(ctx, func() (struct{}, error) {
			e, err := i.config.Decode(h, raw)
			if err != nil {
				return struct{}{}, err
			}
			return struct{}{}, i.config.Handler.HandleEvent(ctx, e)
		})
		return err
	})
}

// wakeDeliveries makes jobs for deliveries whose job is gone, and forgets those
// that could not be handled for a long time.
func (e *engine) wakeDeliveries(ctx context.Context) error {
	if err := e.run(ctx, &driver.Statement{SQL: e.sql.dropDeliveries, Args: []any{keepDelivery.Microseconds(), forgetPage}}); err != nil {
		return err
	}
	return e.inTx(ctx, func(tx driver.Transaction) error {
		var ids []int64
		lost := &driver.Statement{SQL: e.sql.lostDeliveries, Args: []any{deliveryTime.Microseconds(), sweepLimit}, Each: scanID(&ids)}
		if err := tx.Run(ctx, lost); err != nil || len(ids) == 0 {
			return err
		}
		return tx.InsertJobs(ctx, deliveryJobs(ids...))
	})
}

const (
	// deliveryTime is when a delivery gets another job, unless River has one.
	deliveryTime = 10 * time.Minute
	// keepDelivery is how long a delivery is kept that cannot be handled: as long as
	// River tries.
	keepDelivery = 30 * 24 * time.Hour
)
