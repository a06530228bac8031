package kirimotel

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
)

// DeliveryObserver returns what [WithWebhookTelemetry] gives to the handler, for a program that
// receives in another way, such as through the inbox of an outbox.
func DeliveryObserver(opts ...Option) kirim.DeliveryObserver {
	t := &webhookTelemetry{telemetry: newTelemetry(opts)}
	t.deliveryDuration, t.callbackDuration = t.histogram(deliveryDuration), t.histogram(callbackDuration)
	t.elementAge, t.elements = t.histogram(elementAge), t.counter(elements)
	t.startServer, t.startInternal = t.start(trace.SpanKindServer), t.start(trace.SpanKindInternal)
	t.deliveries.make, t.kinds.make = t.newDelivery, t.newElementKind
	return kirim.DeliveryObserver{Begin: t.begin, End: t.end, BeginElement: t.beginElement, EndElement: t.endElement}
}

type webhookTelemetry struct {
	telemetry
	deliveries cache[deliveryEnding, measured]
	kinds      cache[elementKey, *elementKind]

	deliveryDuration, callbackDuration, elementAge metric.Float64Histogram
	elements                                       metric.Int64Counter
	startServer, startInternal                     []trace.SpanStartOption
}

// deliveryEnding is how a delivery was answered.
type deliveryEnding struct {
	status    int
	errorType string // empty for a success
}

// elementKey is what the spans and the metrics of an element say of it.
type elementKey struct {
	event   kirim.WebhookEventType // one of eventTypes, or other
	element string                 // one of elementTypes
}

// elementKind is what the elements of one key have in common.
type elementKind struct {
	name     string // of the span
	start    []trace.SpanStartOption
	all      measured
	outcomes map[kirim.ElementOutcome]measured
}

func (t *webhookTelemetry) newDelivery(end deliveryEnding) measured {
	var attributes []attribute.KeyValue
	if end.status != 0 {
		attributes = append(attributes, attribute.Int(keyStatusCode, end.status))
	}
	if end.errorType != "" {
		attributes = append(attributes, attribute.String(keyErrorType, end.errorType))
	}
	return t.measured(attributes...)
}

func (t *webhookTelemetry) newElementKind(key elementKey) *elementKind {
	base := []attribute.KeyValue{attribute.String(keyEventType, string(key.event)), attribute.String(keyElementType, key.element)}
	kind := &elementKind{
		name: "process " + string(key.event),
		start: t.start(trace.SpanKindConsumer, append(slices.Clip(base), attribute.String(keySystem, "kirim"),
			attribute.String(keyOperationName, "process"), attribute.String(keyOperationType, "process"))...),
		all:      t.measured(base...),
		outcomes: make(map[kirim.ElementOutcome]measured, len(elementOutcomes)),
	}
	for _, outcome := range elementOutcomes {
		kind.outcomes[kirim.ElementOutcome(outcome)] = t.measured(append(slices.Clip(base), attribute.String(keyElementOutcome, outcome))...)
	}
	return kind
}

// handling is a delivery or an element while it is handled. It is its context.
type handling struct {
	context.Context //nolint:containedctx // with the span
	t               *webhookTelemetry
	parent, span    trace.Span
	kind            *elementKind  // of an element
	age             time.Duration // likewise; negative when it is not known
}

// Value gives the delivery, or the element, to the observer that it belongs to, and to any
// other by anyHandling.
func (h *handling) Value(key any) any {
	switch key := key.(type) {
	case *webhookTelemetry:
		if key == h.t {
			return h
		}
	case anyHandling:
		return h
	}
	return h.Context.Value(key)
}

type anyHandling struct{}

func (t *webhookTelemetry) handlingOf(ctx context.Context) *handling {
	h, _ := ctx.Value(t).(*handling)
	return h
}

// handle begins a span.
func (t *webhookTelemetry) handle(ctx context.Context, name string, start []trace.SpanStartOption) *handling {
	h := &handling{t: t, parent: trace.SpanFromContext(ctx)}
	if another, ok := ctx.Value(anyHandling{}).(*handling); ok && sameSpan(another.span, h.parent) && !t.same(&another.t.telemetry) {
		h.parent = another.parent // the span of the same delivery goes elsewhere
		if own := t.handlingOf(ctx); own != nil {
			h.parent = own.span
		}
		ctx = trace.ContextWithSpan(ctx, h.parent)
	}
	h.Context, h.span = t.tracer.Start(ctx, name, start...)
	return h
}

func (t *webhookTelemetry) begin(ctx context.Context, _ kirim.DeliveryInfo) context.Context {
	start := t.startInternal
	if parent := trace.SpanContextFromContext(ctx); !parent.IsValid() || parent.IsRemote() {
		start = t.startServer // nobody else has a span of the request
	}
	return t.handle(ctx, "kirim webhook", start)
}

func (t *webhookTelemetry) end(ctx context.Context, end kirim.DeliveryEnd) {
	h := t.handlingOf(ctx)
	if h == nil {
		return
	}
	how := deliveryEnding{end.StatusCode, refusal(end.Err)}
	switch {
	case how.errorType != "":
	case end.StatusCode == 0: // a callback ended its goroutine, and nobody responds
		how.errorType = other
	case end.StatusCode >= http.StatusInternalServerError:
		how.errorType = strconv.Itoa(end.StatusCode)
	}
	t.deliveryDuration.Record(ctx, end.Duration.Seconds(), t.deliveries.get(how).record...)
	if h.span.IsRecording() {
		h.describeDelivery(&end, how)
	}
	h.span.End()
}

func (h *handling) describeDelivery(end *kirim.DeliveryEnd, how deliveryEnding) {
	attributes := make([]attribute.KeyValue, 0, 5)
	if end.StatusCode != 0 {
		attributes = append(attributes, attribute.Int(keyStatusCode, end.StatusCode))
	}
	if e := end.Event; e != nil {
		attributes = append(attributes, attribute.String(keyEventType, known(isEventType, e.Type)), attribute.Int(keyElements, len(e.Data)))
		if e.Attempt > 0 {
			attributes = append(attributes, attribute.Int(keyDelivery, e.Attempt))
		}
	}
	if how.errorType != "" {
		attributes = append(attributes, attribute.String(keyErrorType, how.errorType))
	}
	h.span.SetAttributes(attributes...)
	if end.StatusCode == 0 || end.StatusCode >= http.StatusInternalServerError { // a refusal of what others send is no error of a server
		h.span.SetStatus(codes.Error, how.errorType)
	}
}

func (t *webhookTelemetry) beginElement(ctx context.Context, element kirim.ElementInfo) context.Context {
	event := element.Event
	key := elementKey{event: other, element: elementType(event.Data[0])}
	if isEventType[event.Type] {
		key.event = event.Type
	}
	kind := t.kinds.get(key)
	h := t.handle(ctx, kind.name, kind.start)
	h.kind, h.age = kind, -1
	if at := timeOf(event); !at.IsZero() {
		h.age = max(0, event.ReceivedAt.Sub(at))
		t.elementAge.Record(h, h.age.Seconds(), kind.all.record...)
	}
	return h
}

func (t *webhookTelemetry) endElement(ctx context.Context, end kirim.ElementEnd) {
	h := t.handlingOf(ctx)
	if h == nil || h.kind == nil {
		return
	}
	of := h.kind.outcomes[end.Outcome]
	t.elements.Add(ctx, 1, of.add...)
	if end.Callback > 0 {
		t.callbackDuration.Record(ctx, end.Callback.Seconds(), of.record...)
	}
	if h.span.IsRecording() {
		h.describeElement(&end)
	}
	h.span.End()
}

func (h *handling) describeElement(end *kirim.ElementEnd) {
	attributes := make([]attribute.KeyValue, 0, 5)
	attributes = append(attributes, attribute.String(keyElementOutcome, string(end.Outcome)), attribute.Int(keyElementIndex, end.Index))
	if end.Event.Attempt > 0 {
		attributes = append(attributes, attribute.Int(keyDelivery, end.Event.Attempt))
	}
	if h.age >= 0 {
		attributes = append(attributes, attribute.Float64(keyElementAge, h.age.Seconds()))
	}
	if end.Err != nil {
		attributes = append(attributes, attribute.String(keyErrorType, string(end.Outcome)))
		h.span.SetStatus(codes.Error, string(end.Outcome))
	}
	h.span.SetAttributes(attributes...)
}

var isEventType = setOf(eventTypes)

// elementType is one of elementTypes.
func elementType(data kirim.EventData) string {
	switch data.(type) {
	case *kirim.InboundMessage:
		return "message"
	case *kirim.StatusUpdate:
		return "status"
	case *kirim.PaymentUpdate:
		return "payment"
	case *kirim.AccountError:
		return "account_error"
	case *kirim.ConversationAssigned, *kirim.ConversationClosed:
		return "conversation"
	case *kirim.ContactCreated, *kirim.ContactUpdated:
		return "contact"
	case *kirim.CustomerNotice:
		return "customer"
	case *kirim.OutboundNotice:
		return "outbound"
	case *kirim.MessageRevoked:
		return "message_revoked"
	case *kirim.MessageEdited:
		return "message_edited"
	case *kirim.ContactIdentityUpdated:
		return "contact_identity"
	case *kirim.MessageEcho:
		return "message_echo"
	case *kirim.HistoryChunk:
		return "history"
	case *kirim.UserPreference:
		return "user_preference"
	case *kirim.AccountUpdate:
		return "account_update"
	case *kirim.PhoneNumberQualityUpdate:
		return "phone_number_quality"
	case *kirim.TemplateStatusUpdate:
		return "template_status"
	case *kirim.TemplateQualityUpdate:
		return "template_quality"
	case *kirim.CallUpdate:
		return "call"
	case *kirim.GroupUpdate:
		return "group"
	}
	return "unknown"
}

// timeOf is when the only element of an event happened; zero when it does not say. History is
// of a time before.
func timeOf(event *kirim.Event) time.Time {
	at := event.CreatedAt
	switch data := event.Data[0].(type) {
	case *kirim.InboundMessage:
		at = data.Time
	case *kirim.StatusUpdate:
		at = data.Time
	case *kirim.PaymentUpdate:
		at = data.Time
	case *kirim.OutboundNotice:
		at = data.Time
	case *kirim.MessageRevoked:
		at = data.Time
	case *kirim.MessageEdited:
		at = data.Time
	case *kirim.MessageEcho:
		at = data.Time
	case *kirim.HistoryChunk:
		return time.Time{}
	case *kirim.UserPreference:
		at = data.Time
	case *kirim.AccountUpdate:
		at = data.Time
	case *kirim.PhoneNumberQualityUpdate:
		at = data.Time
	case *kirim.TemplateStatusUpdate:
		at = data.Time
	case *kirim.TemplateQualityUpdate:
		at = data.Time
	case *kirim.CallUpdate:
		at = data.Time
	case *kirim.GroupUpdate:
		at = data.Time
	}
	return at
}

// Why a delivery was refused.
var refusals = []struct {
	err  error
	word string
}{
	{kirim.ErrWebhookNoSecret, "no_secret"},
	{kirim.ErrWebhookSignatureMissing, "signature_missing"},
	{kirim.ErrWebhookSignatureMalformed, "signature_malformed"},
	{kirim.ErrWebhookSignatureMismatch, "signature_mismatch"},
	{kirim.ErrWebhookTooOld, "too_old"},
	{kirim.ErrWebhookTooNew, "too_new"},
	{kirim.ErrWebhookBodyTooLarge, "body_too_large"},
	{kirim.ErrWebhookBodyConsumed, "body_consumed"},
	{kirim.ErrWebhookMalformed, "malformed"},
	{context.DeadlineExceeded, errorTimeout},
	{context.Canceled, errorCanceled},
}

// refusal is the error.type of a delivery that was refused; empty for one that was not.
func refusal(err error) string {
	if err == nil {
		return ""
	}
	for _, known := range refusals {
		if errors.Is(err, known.err) {
			return known.word
		}
	}
	return other
}
