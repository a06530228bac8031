package kirim

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// DeliveryObserver observes the deliveries that a [WebhookHandler] gets and the
// elements that it handles, for traces, metrics and logs; see [WithDeliveryObserver].
// Each function is optional. They run in the goroutine of the delivery and must be safe
// for concurrent use. A panic is logged with the handler's logger and changes nothing
// else. An observer cannot refuse an element: [WebhookHandler.Observe] can.
type DeliveryObserver struct {
	// Begin is called when a POST arrives, before it is read. The context that it
	// returns is that of all the handler does with the delivery, and that which End of the
	// observer gets. It must be derived from ctx; nil stands for ctx.
	Begin func(ctx context.Context, delivery DeliveryInfo) context.Context
	// End is called once for each Begin, before the response is written.
	End func(ctx context.Context, end DeliveryEnd)
	// BeginElement is called for each element of a delivery, and of a
	// [WebhookHandler.HandleEvent], in their order. The context that it returns is that
	// of the callbacks, and that which EndElement of the observer gets. It must be derived
	// from ctx; nil stands for ctx.
	BeginElement func(ctx context.Context, element ElementInfo) context.Context
	// EndElement is called once for each BeginElement.
	EndElement func(ctx context.Context, end ElementEnd)
}

// DeliveryInfo is a delivery that has arrived.
type DeliveryInfo struct {
	Header http.Header // of the request; not to be changed
	Size   int64       // of the body in bytes, -1 when the sender does not say
}

// DeliveryEnd is how a delivery ended.
type DeliveryEnd struct {
	Event      *Event        // nil when it was refused
	StatusCode int           // of the response, as [WebhookHandler] lists them; 0 when a callback ended its goroutine, so that there is none
	Duration   time.Duration // of everything from its arrival on
	// Err is why the delivery was refused. [DeliveryObserver.EndElement] has the failures
	// of elements.
	Err error
}

// ElementInfo is an element of an event.
type ElementInfo struct {
	Event *Event // Data is the one element, as for [WebhookHandler.On]
	Index int    // in the Data of the whole event
}

// ElementEnd is what became of an element.
type ElementEnd struct {
	ElementInfo
	Outcome  ElementOutcome
	Callback time.Duration // in observers of [WebhookHandler.Observe] and callbacks; 0 when none ran
	Err      error         // nil for ElementHandled, ElementDuplicate and ElementIgnored; that of a callback is as it was returned
}

// ElementOutcome is what became of an element.
type ElementOutcome string

// The outcomes of an element.
const (
	ElementHandled   ElementOutcome = "handled"
	ElementDuplicate ElementOutcome = "duplicate" // it was handled before
	ElementIgnored   ElementOutcome = "ignored"   // no callback is set for it
	ElementBusy      ElementOutcome = "busy"      // another delivery is handling it; see [ErrElementBusy]
	ElementNotRun    ElementOutcome = "not_run"   // the time was up, or the [Deduper] failed
	ElementFailed    ElementOutcome = "failed"    // a callback returned an error
	ElementPanicked  ElementOutcome = "panicked"  // a callback panicked, or ended its goroutine
)

// WithDeliveryObserver adds an observer of deliveries and elements. Observers add up:
// their Begin functions are called in the order of the options, each with the context of
// the one before, and their End functions in the reverse order. The default is none, which
// costs nothing. An observer without a function is ignored.
func WithDeliveryObserver(observer DeliveryObserver) WebhookOption {
	return func(h *webhookHandler) { h.observers = append(h.observers, observer) }
}

// errTooManyDeliveries refuses a delivery when the handler is full, or was shut down.
var errTooManyDeliveries = errors.New("kirim: webhook: too many deliveries at once, or the handler was shut down")

// handleObserved is handle between the functions of the observers.
func (h *webhookHandler) handleObserved(ctx context.Context, e *Event, element ElementInfo, callback func(context.Context) error) ElementEnd {
	ctx, contexts := beginObservation(ctx, h.logger, h.observers, func(o *DeliveryObserver) func(context.Context, ElementInfo) context.Context { return o.BeginElement }, element)
	end := ElementEnd{ElementInfo: element, Outcome: ElementPanicked}
	var took time.Duration
	// Deferred, because a callback may also end its goroutine.
	defer func() {
		end.Callback = took
		tellObservers(contexts, h.logger, h.observers, func(o *DeliveryObserver) func(context.Context, ElementEnd) { return o.EndElement }, end)
	}()
	if untimed := callback; untimed != nil {
		callback = func(ctx context.Context) error {
			began := time.Now()
			defer func() { took = time.Since(began) }()
			return untimed(ctx)
		}
	}
	end.Outcome, end.Err = h.once(ctx, e, element.Index, callback)
	return end
}

func outcomeOfElement(duplicate bool, err error) ElementOutcome {
	switch {
	case duplicate:
		return ElementDuplicate
	case err == nil:
		return ElementHandled
	case errors.Is(err, ErrElementBusy):
		return ElementBusy
	case errors.Is(err, errNotHandled):
		return ElementNotRun
	}
	if panicked := (*PanicError)(nil); errors.As(err, &panicked) {
		return ElementPanicked
	}
	return ElementFailed
}

// deliveryLog logs what goes wrong, for [WithWebhookLogger].
func deliveryLog(logger *slog.Logger) DeliveryObserver {
	return DeliveryObserver{
		End: func(ctx context.Context, end DeliveryEnd) {
			if end.Err != nil {
				logger.LogAttrs(ctx, slog.LevelWarn, "kirim: webhook refused", slog.Int("answer", end.StatusCode), slog.Any("error", end.Err))
			}
		},
		EndElement: func(ctx context.Context, end ElementEnd) {
			if end.Err == nil {
				return
			}
			level := slog.LevelError
			if end.Outcome == ElementBusy || end.Outcome == ElementNotRun {
				level = slog.LevelWarn
			}
			logElement(ctx, logger, level, "kirim: webhook element not handled", end.Event, end.Index, end.Err)
		},
	}
}

func logElement(ctx context.Context, logger *slog.Logger, level slog.Level, message string, e *Event, element int, err error) {
	logger.LogAttrs(ctx, level, message,
		slog.String("event", printable(string(e.Type))),
		slog.String("delivery_id", printable(e.DeliveryID)),
		slog.Int("attempt", e.Attempt),
		slog.Int("element", element),
		slog.Any("error", err))
}
