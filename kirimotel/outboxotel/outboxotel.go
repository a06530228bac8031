// Package outboxotel records what an outbox does with OpenTelemetry: as traces that lead from
// the call that enqueues a message to its delivery, and as metrics.
//
//	box, err := outboxsqlite.Open(ctx, "orders.db", sender, outboxotel.Observe(outbox.Config{Migrate: true}))
//	if err != nil {
//		log.Fatal(err)
//	}
//	unregister, err := outboxotel.RegisterBacklog(box)
//
// # Traces
//
// The trace context of a call that enqueues is stored with its messages, so that all that
// becomes of a message is in the trace of that call, whichever process does it and when:
//
//	POST /checkout                     yours
//	└─ enqueue outbox                  PRODUCER: Enqueue or EnqueueTx
//	   ├─ process outbox               CONSUMER: an attempt to send, with the spans of the client below it
//	   ├─ process outbox               CONSUMER: the next one
//	   └─ deliver outbox               INTERNAL: from the acceptance by the server to the delivery
//
// A span in the trace of a message also has a link to the span that it is below, and
// one that a webhook brings about has a link to the span of the webhook's element. A message that
// fails after it was accepted has the span "fail outbox" in place of the last one, and one
// that ends without an attempt, as it has expired or was cancelled, has "end outbox".
// Where an [outbox.Outbox.Inbox] has stored a delivery, handling it is "process inbox",
// with a link to the span in which it was stored.
//
// Names and attributes that begin with "messaging." are those of the semantic conventions of
// OpenTelemetry for messaging, which are still in development: they may change with a minor version of
// this module. Those that begin with "kirim." are this module's own.
//
// # What is not recorded
//
// No attribute, event or status holds a phone number, a key, the content of a message or the
// text of an error. Errors are recorded as one of a list of words. Only spans have ids: that of
// the outbox for the message. The attributes of metrics are classes, outcomes, states and kinds
// of errors, so that the number of series does not grow with recipients or messages: classes
// that are not in [outbox.Config.Classes] are "_OTHER".
package outboxotel

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// ScopeName is the name of the instrumentation scope.
const ScopeName = "github.com/kirim-go/kirim/kirimotel/outboxotel"

// Option configures what is recorded and where it goes. Options may come in any order.
type Option func(*settings)

type settings struct {
	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	attributes []attribute.KeyValue
	timeout    time.Duration
}

// WithTracerProvider sets where spans go. The default, also for nil, is the global provider, also
// one that is set later.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return func(s *settings) { s.tracers = provider }
}

// WithMeterProvider sets where metrics go. The default, also for nil, is the global provider, also
// one that is set later.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(s *settings) { s.meters = provider }
}

// WithAttributes adds attributes to every span and every metric, for example one that tells
// two outboxes apart. Of a key that this package uses itself, its own value counts. Keep the
// number of values small, and phone numbers out. The default is none.
func WithAttributes(attributes ...attribute.KeyValue) Option {
	return func(s *settings) { s.attributes = append(slices.Clip(s.attributes), attributes...) }
}

// WithBacklogTimeout sets how long [RegisterBacklog] waits for the database at most, each time that
// metrics are collected; the default, also for zero and less, is 5 seconds.
func WithBacklogTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

func newSettings(opts []Option) settings {
	var s settings
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	if s.tracers == nil {
		s.tracers = otel.GetTracerProvider()
	}
	if s.meters == nil {
		s.meters = otel.GetMeterProvider()
	}
	if s.timeout <= 0 {
		s.timeout = 5 * time.Second
	}
	s.attributes = slices.DeleteFunc(slices.Clone(s.attributes), func(a attribute.KeyValue) bool { return !a.Valid() })
	return s
}

func (s *settings) meter() metric.Meter {
	return s.meters.Meter(ScopeName, metric.WithInstrumentationVersion(kirim.Version), metric.WithSchemaURL(semconv.SchemaURL))
}

// with returns a set of attributes for a measurement.
func (s *settings) with(attributes ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(append(slices.Clone(s.attributes), attributes...)...))
}

// Observe returns the configuration with an observer that records what the outbox does, after
// those that it has, and with the trace context of the calls that enqueue as
// [outbox.Config.Traceparent], unless that is set. The configuration it was given is not
// changed. All processes that enqueue, send or hear of webhooks should have it.
func Observe(config outbox.Config, opts ...Option) outbox.Config {
	t := newTelemetry(config, newSettings(opts))
	config.Observers = append(slices.Clip(config.Observers), outbox.Observer{
		BeginEnqueue: t.beginEnqueue, EndEnqueue: t.endEnqueue,
		BeginSend: t.beginSend, EndSend: t.endSend,
		End: t.ended, Status: t.status,
		BeginDelivery: t.beginDelivery, EndDelivery: t.endDelivery,
	})
	if config.Traceparent == nil {
		config.Traceparent = traceparent
	}
	return config
}

// traceparent returns the trace context of the span in ctx.
func traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// within returns a context in which spans are in the trace that was stored, and the links
// that they have: to what was stored, and to the span where it happens.
func within(ctx context.Context, stored string) (context.Context, []trace.Link) {
	carrier := propagation.MapCarrier{"traceparent": stored}
	parent := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
	if !parent.IsValid() {
		return ctx, nil
	}
	links := []trace.Link{{SpanContext: parent}}
	if here := trace.SpanContextFromContext(ctx); here.IsValid() {
		links = append(links, trace.Link{SpanContext: here})
	}
	return trace.ContextWithRemoteSpanContext(ctx, parent), links
}

// Backlogger is an [outbox.Outbox], whatever its database.
type Backlogger interface {
	Backlog(ctx context.Context) (outbox.Backlog, error)
	Classes() []outbox.Class
}

// RegisterBacklog records what waits in an outbox whenever metrics are collected, with one
// query for each collection; see [outbox.Outbox.Backlog]. A query that fails, or takes longer than
// [WithBacklogTimeout] says, leaves the metrics out of that collection. Every process that registers
// it reports the same numbers, those of the database: do not add them up. Call
// unregister before the outbox is closed.
func RegisterBacklog(box Backlogger, opts ...Option) (unregister func() error, err error) {
	if box == nil {
		return nil, errors.New("outboxotel: RegisterBacklog: the outbox is nil")
	}
	s := newSettings(opts)
	meter := s.meter()
	var failed []error
	gauge := func(instrument int) metric.Int64ObservableGauge {
		i := &instruments[instrument]
		g, err := meter.Int64ObservableGauge(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
		failed = append(failed, err)
		return g
	}
	age := func(instrument int) metric.Float64ObservableGauge {
		i := &instruments[instrument]
		g, err := meter.Float64ObservableGauge(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
		failed = append(failed, err)
		return g
	}
	depth, oldest, deliveries, oldestDelivery := gauge(backlog), age(backlogAge), gauge(inboxBacklog), age(inboxAge)
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	classes := classesOf(box.Classes())
	registration, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		b, err := box.Backlog(ctx)
		if err != nil {
			return fmt.Errorf("outboxotel: read the backlog: %w", err)
		}
		for _, w := range merged(b.Messages, classes) {
			attributes := s.with(attribute.String(keyClass, string(w.Class)), attribute.String(keyWait, string(w.State)))
			o.ObserveInt64(depth, int64(w.Count), attributes)
			if w.State != outbox.WaitScheduled { // they have no age yet
				o.ObserveFloat64(oldest, w.Oldest.Seconds(), attributes)
			}
		}
		o.ObserveInt64(deliveries, int64(b.Deliveries), s.with())
		o.ObserveFloat64(oldestDelivery, b.OldestDelivery.Seconds(), s.with())
		return nil
	}, depth, oldest, deliveries, oldestDelivery)
	if err != nil {
		return nil, err
	}
	return registration.Unregister, nil
}

// merged counts the classes that are not known as one.
func merged(messages []outbox.Waiting, classes map[outbox.Class]string) []outbox.Waiting {
	type key struct {
		class string
		state outbox.WaitState
	}
	sums := make(map[key]outbox.Waiting)
	for _, w := range messages {
		k := key{classOf(classes, w.Class), w.State}
		sum := sums[k]
		sum.Class, sum.State = outbox.Class(k.class), w.State
		sum.Count += w.Count
		sum.Oldest = max(sum.Oldest, w.Oldest)
		sums[k] = sum
	}
	return slices.Collect(maps.Values(sums))
}

// classesOf are the classes that are told apart.
func classesOf(known []outbox.Class) map[outbox.Class]string {
	classes := make(map[outbox.Class]string)
	for _, class := range known {
		classes[class] = string(class)
	}
	return classes
}

func classOf(classes map[outbox.Class]string, class outbox.Class) string {
	if known, ok := classes[class]; ok {
		return known
	}
	return other
}
