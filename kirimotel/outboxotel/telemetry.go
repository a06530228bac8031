package outboxotel

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// telemetry is what an observer records with. Its pointer is also the key of its values in
// contexts, so that several observers do not meet.
type telemetry struct {
	settings
	tracer  trace.Tracer
	classes map[outbox.Class]string

	counters   map[int]metric.Int64Counter
	histograms map[int]metric.Float64Histogram
}

func newTelemetry(config outbox.Config, s settings) *telemetry {
	known := []outbox.Class{outbox.ClassTransactional, outbox.ClassCode, outbox.ClassMarketing}
	known = slices.AppendSeq(known, maps.Keys(config.Classes))
	t := &telemetry{
		settings: s, classes: classesOf(known), counters: make(map[int]metric.Int64Counter), histograms: make(map[int]metric.Float64Histogram),
		tracer: s.tracers.Tracer(ScopeName, trace.WithInstrumentationVersion(kirim.Version), trace.WithSchemaURL(semconv.SchemaURL)),
	}
	meter := s.meter()
	for n, i := range instruments {
		var err error // with it comes an instrument that can be used
		switch i.Kind {
		case Counter:
			t.counters[n], err = meter.Int64Counter(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
		case Histogram:
			t.histograms[n], err = meter.Float64Histogram(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description), metric.WithExplicitBucketBoundaries(i.Buckets...))
		case Gauge: // of RegisterBacklog
		}
		if err != nil {
			otel.Handle(err)
		}
	}
	for class := range t.classes { // so that the first increase shows in rates
		for _, state := range endStates {
			t.add(context.Background(), ended, 0, t.class(class), attribute.String(keyState, string(state)))
		}
	}
	return t
}

func (t *telemetry) add(ctx context.Context, instrument, n int, attributes ...attribute.KeyValue) {
	t.counters[instrument].Add(ctx, int64(n), t.with(attributes...))
}

func (t *telemetry) record(ctx context.Context, instrument int, d time.Duration, attributes ...attribute.KeyValue) {
	t.histograms[instrument].Record(ctx, max(0, d).Seconds(), t.with(attributes...))
}

func (t *telemetry) class(class outbox.Class) attribute.KeyValue {
	return attribute.String(keyClass, classOf(t.classes, class))
}

// start begins a span.
func (t *telemetry) start(ctx context.Context, operation, operationType, destination string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	attributes := append(slices.Clone(t.attributes),
		attribute.String(keySystem, system), attribute.String(keyDestination, destination), attribute.String(keyOperationName, operation))
	if operationType != "" {
		attributes = append(attributes, attribute.String(keyOperationType, operationType))
	}
	return t.tracer.Start(ctx, operation+" "+destination, append(opts, trace.WithAttributes(attributes...))...)
}

// began is what an End function needs of its Begin function.
type began struct{ at time.Time }

func (t *telemetry) beginEnqueue(ctx context.Context, e outbox.Enqueuing) context.Context {
	ctx, _ = t.start(ctx, "enqueue", "send", destinationOutbox, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(attribute.Int(keyBatchCount, e.Messages)))
	return context.WithValue(ctx, t, &began{time.Now()})
}

func (t *telemetry) endEnqueue(ctx context.Context, e outbox.Enqueued) {
	var failed []attribute.KeyValue
	span := trace.SpanFromContext(ctx)
	if word := errorTypeOf(e.Err); word != "" {
		failed = append(failed, attribute.String(keyErrorType, word))
		span.SetStatus(codes.Error, word)
		span.SetAttributes(failed...)
	}
	added := 0
	for class, n := range e.Added {
		t.add(ctx, enqueued, n, t.class(class))
		added += n
	}
	if b, ok := ctx.Value(t).(*began); ok {
		t.record(ctx, enqueueDuration, time.Since(b.at), failed...)
	}
	span.SetAttributes(attribute.Int(keyAdded, added))
	span.End()
}

// about are the attributes of a span about a message.
func (t *telemetry) about(o outbox.Observed) []attribute.KeyValue {
	attributes := []attribute.KeyValue{t.class(o.Class), attribute.String(keyMessageID, strconv.FormatInt(o.ID, 10)), attribute.Int(keyGeneration, o.Generation)}
	if o.Template {
		attributes = append(attributes, attribute.Bool(keyTemplate, true))
	}
	return attributes
}

func (t *telemetry) beginSend(ctx context.Context, s outbox.Sending) context.Context {
	ctx, links := within(ctx, s.Traceparent)
	ctx, span := t.start(ctx, "process", "process", destinationOutbox, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...))
	if span.IsRecording() {
		span.SetAttributes(t.about(s.Observed)...)
		span.SetAttributes(attribute.Int(keyAttempt, s.Attempt), attribute.Float64(keyQueued, max(0, s.At.Sub(s.DueAt)).Seconds()))
	}
	return ctx
}

func (t *telemetry) endSend(ctx context.Context, s outbox.Sent) {
	class, outcome := t.class(s.Class), attribute.String(keyOutcome, known(outcomes, s.Outcome))
	measured := []attribute.KeyValue{class, outcome}
	span := trace.SpanFromContext(ctx)
	if s.Err != nil {
		measured = append(measured, attribute.String(keyErrorType, errorTypeOf(s.Err)))
		span.SetStatus(codes.Error, outcome.Value.AsString())
	}
	t.add(ctx, attempts, 1, measured...)
	t.record(ctx, attemptDuration, s.EndedAt.Sub(s.At), class, outcome)
	if span.IsRecording() {
		span.SetAttributes(measured...)
		span.SetAttributes(attribute.String(keyState, stateOf(s.State)))
		if s.Doubtful {
			span.SetAttributes(attribute.Bool(keyInDoubt, true))
		}
		if s.Wait > 0 {
			span.SetAttributes(attribute.Float64(keyRetryWait, s.Wait.Seconds()))
		}
	}
	span.End()
}

func (t *telemetry) ended(ctx context.Context, e outbox.Ended) {
	class, state := t.class(e.Class), attribute.String(keyState, stateOf(e.State))
	ctx, links := within(ctx, e.Traceparent)
	if !e.Attempted { // otherwise the span of the attempt says so
		_, span := t.start(ctx, "end", "", destinationOutbox, trace.WithLinks(links...))
		span.SetAttributes(t.about(e.Observed)...)
		span.SetAttributes(state)
		span.End()
	}
	t.add(ctx, ended, 1, class, state)
	if e.State == outbox.StateSent && e.Attempted {
		t.record(ctx, timeToAccept, e.At.Sub(e.DueAt), class)
	}
}

func (t *telemetry) status(ctx context.Context, c outbox.StatusChange) {
	ctx, links := within(ctx, c.Traceparent)
	class, status := t.class(c.Class), attribute.String(keyStatus, known(knownStatuses, c.To))
	measured := []attribute.KeyValue{class, status}
	if c.Failed() {
		measured = append(measured, attribute.String(keyErrorType, kindOf(c.Kind)))
	}
	t.add(ctx, statuses, 1, measured...)
	operation := "deliver"
	switch {
	case c.Failed():
		operation = "fail"
	case !c.Delivered():
		return
	default:
		t.record(ctx, timeToDeliver, c.At.Sub(c.DueAt), class)
	}
	from, to := c.AcceptedAt, c.At
	if from.IsZero() {
		from = to
	}
	if to.Before(from) { // WhatsApp tells whole seconds, by its own clock
		to = from
	}
	_, span := t.start(ctx, operation, "", destinationOutbox, trace.WithLinks(links...), trace.WithTimestamp(from))
	if span.IsRecording() {
		span.SetAttributes(t.about(c.Observed)...)
		span.SetAttributes(measured...)
		span.SetAttributes(attribute.String(keyState, stateOf(c.State)))
		if c.Failed() {
			span.SetStatus(codes.Error, kindOf(c.Kind))
		}
	}
	span.End(trace.WithTimestamp(to))
}

func (t *telemetry) beginDelivery(ctx context.Context, d outbox.StoredDelivery) context.Context {
	ctx, links := within(ctx, d.Traceparent)
	ctx, _ = t.start(ctx, "process", "process", destinationInbox, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links...))
	return ctx
}

func (t *telemetry) endDelivery(ctx context.Context, d outbox.HandledDelivery) {
	var failed []attribute.KeyValue
	span := trace.SpanFromContext(ctx)
	if d.Err != nil {
		word := errorTypeOf(d.Err)
		failed = append(failed, attribute.String(keyErrorType, word))
		span.SetStatus(codes.Error, word)
		span.SetAttributes(failed...)
	}
	t.record(ctx, deliveriesHandled, d.HandledAt.Sub(d.ReceivedAt), failed...)
	span.End()
}
