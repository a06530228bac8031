package kirimotel

import (
	"reflect"
	"slices"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
)

// Option configures what is recorded and where it goes. Options may come in any order; nil,
// also a nil pointer in an interface, means the default.
type Option func(*settings)

type settings struct {
	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	propagator propagation.TextMapPropagator // nil for none
	attributes []attribute.KeyValue
}

// WithTracerProvider sets where spans go. The default is the global provider, also one that is
// set later.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return func(s *settings) { s.tracers = provider }
}

// WithMeterProvider sets where metrics go. The default is the global provider, also one that is
// set later.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(s *settings) { s.meters = provider }
}

// WithPropagator sends the trace context to the API, in the headers that the propagator
// writes, such as [otel.GetTextMapPropagator]. The default is to send none: the API
// is another company's, which has no use for the ids of your traces, and baggage may hold what is
// not for it. Downloads of files never get these headers. The option is without effect on a
// webhook handler, whose sender says nothing of traces; put otelhttp's handler around it
// if a proxy of yours does.
func WithPropagator(propagator propagation.TextMapPropagator) Option {
	return func(s *settings) { s.propagator = propagator }
}

// WithAttributes adds attributes to every span and every metric of this package, for example one
// that tells the clients of two organisations apart. It does not add them to the metrics of
// otelhttp. Of a key that this package uses itself, its own value counts. Keep the
// number of values small, and secrets and phone numbers out. The default is none.
func WithAttributes(attributes ...attribute.KeyValue) Option {
	return func(s *settings) { s.attributes = append(slices.Clip(s.attributes), attributes...) }
}

func newSettings(opts []Option) settings {
	var s settings
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	if isNil(s.tracers) {
		s.tracers = otel.GetTracerProvider()
	}
	if isNil(s.meters) {
		s.meters = otel.GetMeterProvider()
	}
	if isNil(s.propagator) {
		s.propagator = nil
	}
	s.attributes = slices.DeleteFunc(s.attributes, func(a attribute.KeyValue) bool { return !a.Valid() })
	return s
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// WithTelemetry records the calls of a client, and each attempt by otelhttp.
func WithTelemetry(opts ...Option) kirim.Option { return kirim.WithCallObserver(CallObserver(opts...)) }

// WithWebhookTelemetry records the deliveries and the elements of a handler.
func WithWebhookTelemetry(opts ...Option) kirim.WebhookOption {
	return kirim.WithDeliveryObserver(DeliveryObserver(opts...))
}
