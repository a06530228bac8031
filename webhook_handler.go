package kirim

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// The sender waits 10 seconds for a response.
	defaultDeliveryTimeout = 8 * time.Second

	defaultMaxDeliveries = 256
)

// WebhookHandler is an [http.Handler] that verifies deliveries, decodes them
// and hands each element (message, status, event) to a callback, once.
//
//	verifier, err := kirim.NewWebhookVerifier(os.Getenv("KIRIM_WEBHOOK_SECRET"))
//	if err != nil {
//		log.Fatal(err)
//	}
//	hooks := kirim.NewWebhookHandler(verifier)
//	hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
//		return queue.Put(ctx, m.From.E164(), m.Text)
//	})
//	http.Handle("/webhooks/kirim", hooks)
//
// It is made by [NewWebhookHandler] and must get the request with its body
// unread. Register callbacks before serving; all methods are safe for
// concurrent use. A nil or zero WebhookHandler responds to everything with 503, and
// its On methods and Observe panic.
//
// The responses follow from what the sender does with them: it gives up at once
// on most 4xx, and retries a 5xx seven times over 31 hours.
//
//	handled, was handled before, or nobody asked for it   200
//	body is not an event                                  400
//	signature missing, malformed or wrong                 401
//	GET or HEAD, as a check that the URL is reachable     200
//	a check of a sender that the verifier does not know   403
//	another method that is not POST                       405
//	body too large                                        413
//	a callback failed or panicked                         500
//	signature right, but too old or too new               503
//	element is in work for another delivery               503
//	too many deliveries at once, no secret, shut down     503
//	time was up before every element had its turn         503
//
// The [EventVerifier] of another sender may choose another status for what it
// refuses.
//
// Elements of a delivery are handled in order, each whether or not others
// fail. When the delivery comes again, only those that failed are handled
// again. An element that another delivery is handling at the same time is
// not waited for: its delivery is refused and comes again in 10 seconds.
//
// Callbacks get a context that ends after 8 seconds, two before the sender
// loses patience. One that works on after that holds up its delivery; do
// long work elsewhere.
//
// Docs: https://developers.kirim.chat/webhooks/retry/
type WebhookHandler struct {
	*webhookHandler // behind a pointer, so that fmt shows nothing of it
}

type webhookHandler struct {
	verifier EventVerifier
	deduper  Deduper
	claims   claims
	windows  WindowStore
	logger   *slog.Logger
	timeout  time.Duration
	limit    int

	observers []DeliveryObserver

	mu       sync.Mutex
	byType   map[WebhookEventType]func(context.Context, *Event) error
	byData   map[reflect.Type]func(context.Context, EventData) error
	unknown  func(context.Context, *Event) error
	observe  []func(context.Context, *Event) error
	running  int
	taken    int // places for deliveries, limit at most
	draining bool
	idle     []chan struct{} // closed when nothing runs any more
}

// WebhookOption configures a [WebhookHandler]. A zero or negative value, and
// nil, also a nil pointer in an interface, mean the default.
type WebhookOption func(*webhookHandler)

// WithDeduper sets what remembers the elements that were handled. The default
// is a [MemoryDeduper], which is enough for one process.
func WithDeduper(deduper Deduper) WebhookOption {
	return func(h *webhookHandler) { h.deduper = deduper }
}

// WithWebhookWindowStore records in the store when customers write, before the
// callback runs; see [WithWindowStore]. The default is no store.
func WithWebhookWindowStore(store WindowStore) WebhookOption {
	return func(h *webhookHandler) { h.windows = store }
}

// WithDeliveryTimeout sets when the context of a delivery's callbacks ends;
// the default is 8 seconds. The sender waits for 10.
func WithDeliveryTimeout(d time.Duration) WebhookOption {
	return func(h *webhookHandler) { h.timeout = d }
}

// WithMaxDeliveries sets how many deliveries are read and handled at the same
// time; the others get 503. The default is 256.
func WithMaxDeliveries(n int) WebhookOption {
	return func(h *webhookHandler) { h.limit = n }
}

// WithWebhookLogger logs what goes wrong: refused requests at level warn,
// failed callbacks at level error. The records hold event type, delivery id,
// attempt, response status and the error; the error of a callback is as it was
// returned. The default is silence.
func WithWebhookLogger(logger *slog.Logger) WebhookOption {
	return func(h *webhookHandler) { h.logger = logger }
}

// NewWebhookHandler returns a handler that accepts what the verifier accepts.
// With a nil verifier, also a nil pointer in the interface, it responds to
// every delivery with 503, so that none is lost before there is a secret.
func NewWebhookHandler(v EventVerifier, opts ...WebhookOption) *WebhookHandler {
	h := &webhookHandler{
		verifier: v,
		byType:   make(map[WebhookEventType]func(context.Context, *Event) error),
		byData:   make(map[reflect.Type]func(context.Context, EventData) error),
	}
	for _, opt := range opts {
		if opt != nil {
			opt(h)
		}
	}
	if isNil(h.deduper) {
		h.deduper = NewMemoryDeduper(0, 0)
	}
	if isNil(h.windows) {
		h.windows = nil
	}
	if h.logger == nil || isNil(h.logger.Handler()) {
		h.logger = slog.New(slog.DiscardHandler)
	}
	if h.timeout <= 0 {
		h.timeout = defaultDeliveryTimeout
	}
	if h.limit <= 0 {
		h.limit = defaultMaxDeliveries
	}
	if h.logger.Handler() != slog.DiscardHandler {
		h.observers = append(h.observers, deliveryLog(h.logger))
	}
	h.claims.init(h.deduper, h.logger)
	return &WebhookHandler{h}
}

// Format shows nothing of the handler, whatever the verb.
func (h WebhookHandler) Format(f fmt.State, _ rune) { fmt.Fprint(f, "kirim.WebhookHandler") }

func (h *WebhookHandler) isZero() bool { return h == nil || h.webhookHandler == nil }

// lock locks the callbacks, for a method that has no error to return.
func (h *WebhookHandler) lock() {
	if h.isZero() {
		panic(misuse("kirim: the WebhookHandler is not one of NewWebhookHandler"))
	}
	h.mu.Lock()
}

// OnMessage sets the callback for messages from customers. Here, as in the
// other On methods, the last callback that was set counts, nil unsets it, and
// an error or a panic makes the sender deliver the element again.
func (h *WebhookHandler) OnMessage(f func(context.Context, *InboundMessage) error) { onData(h, f) }

// OnStatus sets the callback for what became of sent messages. The updates
// come in any order; see [StatusTracker].
func (h *WebhookHandler) OnStatus(f func(context.Context, *StatusUpdate) error) { onData(h, f) }

// OnAccountError sets the callback for problems of a number.
func (h *WebhookHandler) OnAccountError(f func(context.Context, *AccountError) error) { onData(h, f) }

// OnOutbound sets the callback for message.sent and message.created.
func (h *WebhookHandler) OnOutbound(f func(context.Context, *OutboundNotice) error) { onData(h, f) }

// OnConversationAssigned sets the callback for conversation.assigned.
func (h *WebhookHandler) OnConversationAssigned(f func(context.Context, *ConversationAssigned) error) {
	onData(h, f)
}

// OnConversationClosed sets the callback for conversation.closed.
func (h *WebhookHandler) OnConversationClosed(f func(context.Context, *ConversationClosed) error) {
	onData(h, f)
}

// OnContactCreated sets the callback for contact.created.
func (h *WebhookHandler) OnContactCreated(f func(context.Context, *ContactCreated) error) {
	onData(h, f)
}

// OnContactUpdated sets the callback for contact.updated.
func (h *WebhookHandler) OnContactUpdated(f func(context.Context, *ContactUpdated) error) {
	onData(h, f)
}

// OnCustomer sets the callback for all customer events of the platform mode.
func (h *WebhookHandler) OnCustomer(f func(context.Context, *CustomerNotice) error) { onData(h, f) }

// On sets the callback for a type of event. It gets an Event whose Data is the
// one element to handle: an event with three messages is three calls. The callback
// for the data of the element, such as that of [WebhookHandler.OnStatus], runs
// after it, unless it fails.
func (h *WebhookHandler) On(eventType WebhookEventType, f func(context.Context, *Event) error) {
	h.lock()
	defer h.mu.Unlock()
	if f == nil {
		delete(h.byType, eventType)
		return
	}
	h.byType[eventType] = f
}

// OnUnknown sets the callback for every element that no other callback is
// set for, among them those newer than this package. Like that of
// [WebhookHandler.On] it gets one element a call. Without it they are
// dropped, and the delivery gets 200.
func (h *WebhookHandler) OnUnknown(f func(context.Context, *Event) error) {
	h.lock()
	defer h.mu.Unlock()
	h.unknown = f
}

// Observe adds an observer, which sees every element before the callback for it
// does, also where there is none. Like the callback of [WebhookHandler.On] it
// gets one element a call. Observers add up, in their order, beside the callbacks,
// and none can be taken away: it is the place for a [StatusTracker], for metrics
// and for whatever a library adds. An error or a panic is that of the element: what
// comes after is not run, and the element is delivered again, to all of them. An
// element that was handled before is not seen again.
func (h *WebhookHandler) Observe(f func(context.Context, *Event) error) {
	h.lock()
	defer h.mu.Unlock()
	if f != nil {
		h.observe = append(h.observe, f)
	}
}

func onData[T EventData](h *WebhookHandler, f func(context.Context, T) error) {
	h.lock()
	defer h.mu.Unlock()
	if f == nil {
		delete(h.byData, reflect.TypeFor[T]())
		return
	}
	h.byData[reflect.TypeFor[T]()] = func(ctx context.Context, data EventData) error { return f(ctx, data.(T)) }
}

// callback returns what is to be done with the only element of an event, and
// nil when that is nothing.
func (h *webhookHandler) callback(e *Event) func(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	callback := h.ownCallback(e)
	if len(h.observe) == 0 {
		return callback
	}
	observers := slices.Clip(h.observe)
	return func(ctx context.Context) error {
		for _, observer := range observers {
			if err := observer(ctx, e); err != nil {
				return err
			}
		}
		if callback == nil {
			return nil
		}
		return callback(ctx)
	}
}

// ownCallback finds the callback for the only element of an event. mu is held.
func (h *webhookHandler) ownCallback(e *Event) func(context.Context) error {
	byType, byData, unknown := h.byType[e.Type], h.byData[reflect.TypeOf(e.Data[0])], h.unknown
	switch {
	case byType != nil && byData != nil:
		return func(ctx context.Context) error {
			if err := byType(ctx, e); err != nil {
				return err
			}
			return byData(ctx, e.Data[0])
		}
	case byType != nil:
		return func(ctx context.Context) error { return byType(ctx, e) }
	case byData != nil:
		return func(ctx context.Context) error { return byData(ctx, e.Data[0]) }
	case unknown != nil:
		return func(ctx context.Context) error { return unknown(ctx, e) }
	}
	return nil
}

// ServeHTTP implements [http.Handler]. The body of a 200 is empty, but for a line
// "duplicates: N" when so many elements had been handled before.
func (h *WebhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.isZero() {
		answer(w, http.StatusServiceUnavailable)
		return
	}
	if r == nil {
		answer(w, WebhookStatusCode(errNilRequest))
		return
	}
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet, http.MethodHead:
		h.answerCheck(w, r)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		answer(w, http.StatusMethodNotAllowed)
		return
	}
	status, duplicates := h.serve(r.Context(), w, r)
	if status != http.StatusOK || duplicates == 0 {
		answer(w, status)
		return
	}
	// For whoever looks at the deliveries, such as the page of kirim sandbox.
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "duplicates: "+strconv.Itoa(duplicates)+"\n") // fails when the sender has left
}

// serve handles a delivery and returns the status of the response, and how many
// elements were handled before.
func (h *webhookHandler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) (status, duplicates int) {
	began := time.Now()
	ctx, contexts := beginObservation(ctx, h.logger, h.observers, func(o *DeliveryObserver) func(context.Context, DeliveryInfo) context.Context { return o.Begin },
		DeliveryInfo{Header: r.Header, Size: r.ContentLength})
	end := DeliveryEnd{}
	// Deferred, because a callback may also end its goroutine.
	defer func() {
		end.Duration = time.Since(began)
		tellObservers(contexts, h.logger, h.observers, func(o *DeliveryObserver) func(context.Context, DeliveryEnd) { return o.End }, end)
	}()
	if !h.begin(1) {
		end.StatusCode, end.Err = http.StatusServiceUnavailable, errTooManyDeliveries
		return end.StatusCode, 0
	}
	defer h.end(1)
	limited, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	if end.Event, end.Err = h.receive(limited, w, r); end.Err != nil {
		end.StatusCode = h.refusal(limited, end.Err)
	} else {
		end.StatusCode, duplicates = h.deliver(limited, end.Event)
	}
	return end.StatusCode, duplicates
}

// receive verifies a delivery. A body that trickles in does not hold a place
// longer than the context: the deadline for reading is moved up then, and
// never back. Only what is verified is freed of the server's own deadline,
// which would end the request's context while callbacks run.
func (h *webhookHandler) receive(ctx context.Context, w http.ResponseWriter, r *http.Request) (e *Event, err error) {
	// Writers that have no deadlines are those of tests and adapters.
	deadline := http.NewResponseController(w)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = deadline.SetReadDeadline(time.Now())
	})
	// Deferred, because a verifier may also end its goroutine.
	defer func() {
		switch {
		case !stop():
			<-ended // the writer must not be used after the request
		case e != nil:
			_ = deadline.SetReadDeadline(time.Time{})
		}
	}()
	return h.verify(ctx, r)
}

// answer responds with the status and its text alone.
func answer(w http.ResponseWriter, status int) {
	if status < http.StatusBadRequest {
		w.WriteHeader(status)
		return
	}
	http.Error(w, http.StatusText(status), status)
}

// begin begins with an event that takes so many of the places for deliveries.
func (h *webhookHandler) begin(places int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining || h.taken+places > h.limit {
		return false
	}
	h.running++
	h.taken += places
	return true
}

func (h *webhookHandler) end(places int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken -= places
	if h.running--; h.running == 0 {
		for _, idle := range h.idle {
			close(idle)
		}
		h.idle = nil
	}
}

// Shutdown responds to new deliveries with 503 from now on, and to
// [WebhookHandler.HandleEvent] with an error, and waits until those in progress
// are done. When ctx ends first, it returns the context's error and
// leaves them running. There is no way back. [http.Server.Shutdown] waits for
// them as well; this is for a handler that stops before its server. A nil
// context is a [*ValidationError] and stops nothing; a nil or zero handler has
// nothing to stop.
func (h *WebhookHandler) Shutdown(ctx context.Context) error {
	if isNil(ctx) {
		return refuse("ctx", "a context", "nil")
	}
	if h.isZero() {
		return nil
	}
	h.mu.Lock()
	h.draining = true
	idle := make(chan struct{})
	if h.running == 0 {
		close(idle)
	} else {
		h.idle = append(h.idle, idle)
	}
	h.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("kirim: webhook: deliveries are still in work: %w", context.Cause(ctx))
	}
}

// deliver handles the elements of an event and returns the status of the response, and
// how many elements were handled before.
func (h *webhookHandler) deliver(ctx context.Context, e *Event) (status, duplicates int) {
	h.openWindows(ctx, e)
	status = http.StatusOK
	for i := range e.Data {
		switch end := h.handle(ctx, e, i); {
		case end.Outcome == ElementDuplicate:
			duplicates++
		case end.Err == nil:
		case end.Outcome != ElementBusy && end.Outcome != ElementNotRun:
			status = http.StatusInternalServerError
		case status == http.StatusOK:
			status = http.StatusServiceUnavailable
		}
	}
	return status, duplicates
}

// handle runs the callback for an element of an event unless that was done before.
func (h *webhookHandler) handle(ctx context.Context, e *Event, index int) ElementEnd {
	element := ElementInfo{Event: e.only(index), Index: index}
	callback := h.callback(element.Event)
	if len(h.observers) > 0 {
		return h.handleObserved(ctx, e, element, callback)
	}
	end := ElementEnd{ElementInfo: element}
	end.Outcome, end.Err = h.once(ctx, e, index, callback)
	return end
}

// once runs the callback for an element, nil for none, unless that was done before.
func (h *webhookHandler) once(ctx context.Context, e *Event, index int, callback func(context.Context) error) (ElementOutcome, error) {
	if callback == nil {
		return ElementIgnored, nil
	}
	duplicate, err := h.claims.once(ctx, e.Data[index].dedupeKey(e), callback)
	return outcomeOfElement(duplicate, err), err
}

// openWindows records who has written. It does so for duplicates, too: that
// changes nothing.
func (h *webhookHandler) openWindows(ctx context.Context, e *Event) {
	if h.windows == nil {
		return
	}
	for i, data := range e.Data {
		m, ok := data.(*InboundMessage)
		if !ok || !m.opensWindow() {
			continue
		}
		at := m.Time
		if at.IsZero() || at.After(e.ReceivedAt) {
			at = e.ReceivedAt
		}
		for _, customer := range []string{m.From.Phone, m.From.UserID} {
			if customer == "" {
				continue
			}
			if err := h.windows.Opened(ctx, m.PhoneNumberID, customer, at); err != nil {
				logElement(ctx, h.logger, slog.LevelWarn, "kirim: window store failed", e, i, err)
			}
		}
	}
}
