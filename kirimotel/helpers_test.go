package kirimotel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
	"github.com/kirim-go/kirim/kirimotel"
)

const testKey = "kdv_live_TESTtestTESTtestTESTtest"

// recorder keeps all that is exported.
type recorder struct {
	t       testing.TB
	spans   *tracetest.InMemoryExporter
	tracers *sdktrace.TracerProvider
	reader  *sdkmetric.ManualReader
	meters  *sdkmetric.MeterProvider
	starts  starts
}

func newRecorder(t testing.TB) *recorder {
	r := &recorder{t: t, spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	r.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(r.spans), sdktrace.WithSpanProcessor(&r.starts))
	r.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	return r
}

func (r *recorder) options(more ...kirimotel.Option) []kirimotel.Option {
	return append(more, kirimotel.WithTracerProvider(r.tracers), kirimotel.WithMeterProvider(r.meters))
}

// client returns a client over a wire, whose calls are recorded.
func (r *recorder) client(wire http.RoundTripper, opts ...kirim.Option) *kirim.Client {
	return newClient(r.t, wire, append([]kirim.Option{kirimotel.WithTelemetry(r.options()...)}, opts...)...)
}

func newClient(t testing.TB, wire http.RoundTripper, opts ...kirim.Option) *kirim.Client {
	t.Helper()
	client, err := kirim.NewClient(testKey, append([]kirim.Option{
		kirim.WithBaseURL(testwire.BaseURL), kirim.WithHTTPClient(&http.Client{Transport: wire}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// told lists spans, in the order in which they began, as "name key=value … (status)". The
// attributes are in the order of their keys.
func (r *recorder) told() []string {
	var list []string
	for _, span := range r.begun() {
		text := span.Name + attributesOf(span.Attributes)
		for _, event := range span.Events {
			text += " [" + event.Name + attributesOf(event.Attributes) + "]"
		}
		if span.Status.Description != "" || span.Status.Code != 0 {
			text += fmt.Sprintf(" (%v %s)", span.Status.Code, span.Status.Description)
		}
		list = append(list, waits.ReplaceAllString(text, "${1}WAIT"))
	}
	return list
}

// Waits are random.
var waits = regexp.MustCompile(`(wait=)[0-9.e-]+`)

// begun returns the spans in the order in which they began.
func (r *recorder) begun() tracetest.SpanStubs {
	r.starts.mu.Lock()
	defer r.starts.mu.Unlock()
	spans := r.spans.GetSpans()
	slices.SortFunc(spans, func(a, b tracetest.SpanStub) int {
		return slices.Index(r.starts.order, a.SpanContext.SpanID()) - slices.Index(r.starts.order, b.SpanContext.SpanID())
	})
	return spans
}

// starts remembers the order in which spans began: under virtual time they have one time.
type starts struct {
	mu    sync.Mutex
	order []trace.SpanID
}

func (s *starts) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, span.SpanContext().SpanID())
}

func (*starts) OnEnd(sdktrace.ReadOnlySpan)      {}
func (*starts) Shutdown(context.Context) error   { return nil }
func (*starts) ForceFlush(context.Context) error { return nil }

func attributesOf(attributes []attribute.KeyValue) string {
	set := attribute.NewSet(slices.Clone(attributes)...)
	text := ""
	for _, a := range set.ToSlice() {
		text += " " + string(a.Key) + "=" + a.Value.String()
	}
	return text
}

func (r *recorder) collect() metricdata.ResourceMetrics {
	r.t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(r.t.Context(), &all); err != nil {
		r.t.Fatal(err)
	}
	return all
}

func (r *recorder) metrics() map[string]metricdata.Metrics {
	list := make(map[string]metricdata.Metrics)
	for _, scope := range r.collect().ScopeMetrics {
		for _, m := range scope.Metrics {
			list[m.Name] = m
		}
	}
	return list
}

// series lists the series of a metric as " key=value …: value"; of a histogram the value is the
// number of measurements.
func (r *recorder) series(name string) []string {
	var list []string
	add := func(set attribute.Set, value any) {
		list = append(list, fmt.Sprintf("%s: %v", attributesOf(set.ToSlice()), value))
	}
	switch data := r.metrics()[name].Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Value)
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Value)
		}
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Value)
		}
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Count)
		}
	case metricdata.Histogram[int64]:
		for _, p := range data.DataPoints {
			add(p.Attributes, p.Count)
		}
	}
	slices.Sort(list)
	return list
}

// exported is everything as text.
func (r *recorder) exported() string {
	r.t.Helper()
	var b bytes.Buffer
	for _, span := range r.spans.GetSpans() {
		fmt.Fprintf(&b, "%+v\n", span)
	}
	text, err := json.Marshal(r.collect())
	if err != nil {
		r.t.Fatal(err)
	}
	b.Write(text)
	return b.String()
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
