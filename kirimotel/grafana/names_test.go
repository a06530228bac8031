package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/kirim-go/kirim/kirimotel"
)

// record makes one measurement with an instrument, with all its attributes.
func record(m metric.Meter, i kirimotel.Instrument) error {
	var attributes []attribute.KeyValue
	for _, key := range i.Attributes {
		attributes = append(attributes, attribute.String(key, "value"))
	}
	set := metric.WithAttributes(attributes...)
	ctx := context.Background()
	switch i.Kind {
	case kirimotel.Counter:
		c, err := m.Int64Counter(i.Name, metric.WithUnit(i.Unit))
		c.Add(ctx, 1, set)
		return err
	case kirimotel.Gauge:
		g, err := m.Float64Gauge(i.Name, metric.WithUnit(i.Unit))
		g.Record(ctx, 1, set)
		return err
	default:
		h, err := m.Float64Histogram(i.Name, metric.WithUnit(i.Unit))
		h.Record(ctx, 1, set)
		return err
	}
}

func TestTheNamesAreThoseOfTheExporter(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	reader, err := exporter.New(exporter.WithRegisterer(registry))
	if err != nil {
		t.Fatal(err)
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("test")
	for _, i := range instruments() {
		if err := record(meter, i); err != nil {
			t.Fatal(err)
		}
	}
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	scraped := make(map[string]string) // labels by series
	for line := range strings.Lines(w.Body.String()) {
		if name, rest, ok := strings.Cut(line, "{"); ok {
			scraped[name], _, _ = strings.Cut(rest, "}")
		}
	}
	for _, i := range instruments() {
		series := metricName(i)
		if i.Kind == kirimotel.Histogram {
			series += "_count"
		}
		labels, ok := scraped[series]
		if !ok {
			t.Errorf("the exporter has no %s for %s", series, i.Name)
		}
		for _, key := range i.Attributes {
			if !strings.Contains(labels, label(key)+`="value"`) {
				t.Errorf("%s has no label %s: %s", series, label(key), labels)
			}
		}
	}
	if t.Failed() {
		t.Log(w.Body.String())
	}
}
