package kirimotel

import (
	"maps"
	"reflect"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
)

// telemetry is what an observer records with. Its pointer is also the key of its values in
// contexts, so that several observers do not meet.
type telemetry struct {
	settings
	tracer trace.Tracer
	meter  metric.Meter
}

func newTelemetry(opts []Option) telemetry {
	s := newSettings(opts)
	return telemetry{
		settings: s,
		tracer:   s.tracers.Tracer(ScopeName, trace.WithInstrumentationVersion(kirim.Version), trace.WithSchemaURL(semconv.SchemaURL)),
		meter:    s.meters.Meter(ScopeName, metric.WithInstrumentationVersion(kirim.Version), metric.WithSchemaURL(semconv.SchemaURL)),
	}
}

// same reports whether the spans of both go to one place, so that one can be the parent of
// the other.
func (t *telemetry) same(another *telemetry) bool {
	a, b := reflect.ValueOf(t.tracers), reflect.ValueOf(another.tracers)
	return a.Comparable() && b.Comparable() && t.tracers == another.tracers
}

// sameSpan reports whether both are one span, by their ids: not all spans can be compared.
func sameSpan(a, b trace.Span) bool { return a.SpanContext().Equal(b.SpanContext()) }

// What follows makes the instruments of the table. An error of a provider goes to the error
// handler of OpenTelemetry: with it comes an instrument that can be used.

func (t *telemetry) histogram(instrument int) metric.Float64Histogram {
	i := &instruments[instrument]
	h, err := t.meter.Float64Histogram(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description), metric.WithExplicitBucketBoundaries(i.Buckets...))
	report(err)
	return h
}

func (t *telemetry) counter(instrument int) metric.Int64Counter {
	i := &instruments[instrument]
	c, err := t.meter.Int64Counter(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
	report(err)
	return c
}

func (t *telemetry) gauge(instrument int) metric.Int64Gauge {
	i := &instruments[instrument]
	g, err := t.meter.Int64Gauge(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
	report(err)
	return g
}

func (t *telemetry) floatGauge(instrument int) metric.Float64Gauge {
	i := &instruments[instrument]
	g, err := t.meter.Float64Gauge(i.Name, metric.WithUnit(i.Unit), metric.WithDescription(i.Description))
	report(err)
	return g
}

func report(err error) {
	if err != nil {
		otel.Handle(err)
	}
}

// measured is a set of attributes, ready to be measured with.
type measured struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// measured returns the set of the attributes, with those of all measurements.
func (t *telemetry) measured(attributes ...attribute.KeyValue) measured {
	option := metric.WithAttributeSet(attribute.NewSet(t.with(attributes...)...))
	return measured{add: []metric.AddOption{option}, record: []metric.RecordOption{option}}
}

// with returns the attributes after those of all measurements and spans.
func (t *telemetry) with(attributes ...attribute.KeyValue) []attribute.KeyValue {
	return append(append(make([]attribute.KeyValue, 0, len(t.attributes)+len(attributes)), t.attributes...), attributes...)
}

// start returns the options of a span.
func (t *telemetry) start(kind trace.SpanKind, attributes ...attribute.KeyValue) []trace.SpanStartOption {
	options := []trace.SpanStartOption{trace.WithSpanKind(kind)}
	if all := t.with(attributes...); len(all) > 0 {
		options = append(options, trace.WithAttributes(all...))
	}
	return options
}

// cache keeps what is made of a key. It is read without a lock, as there are few keys.
type cache[K comparable, V any] struct {
	make  func(K) V
	mu    sync.Mutex
	known atomic.Pointer[map[K]V]
}

func (c *cache[K, V]) get(key K) V {
	if known := c.known.Load(); known != nil {
		if value, ok := (*known)[key]; ok {
			return value
		}
	}
	return c.add(key)
}

func (c *cache[K, V]) size() int {
	if known := c.known.Load(); known != nil {
		return len(*known)
	}
	return 0
}

func (c *cache[K, V]) add(key K) V {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := make(map[K]V)
	if old := c.known.Load(); old != nil {
		if value, ok := (*old)[key]; ok {
			return value
		}
		known = maps.Clone(*old)
	}
	value := c.make(key)
	known[key] = value
	c.known.Store(&known)
	return value
}
