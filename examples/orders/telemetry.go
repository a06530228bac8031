package main

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	prometheusexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/metric"
	nometrics "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	notraces "go.opentelemetry.io/otel/trace/noop"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
	"github.com/kirim-go/kirim/kirimotel/outboxotel"
	"github.com/kirim-go/kirim/outbox"
)

// telemetry is what -trace and -metrics ask for. Without them nothing is recorded.
type telemetry struct {
	on      bool
	tracers trace.TracerProvider
	meters  metric.MeterProvider
	metrics net.Listener // nil without -metrics
	scraped http.Handler
}

// newTelemetry writes spans to out, one JSON object in a line, and listens for
// Prometheus at an address.
func newTelemetry(ctx context.Context, s settings, out io.Writer) (*telemetry, error) {
	t := &telemetry{on: s.trace || s.metrics != "", tracers: notraces.NewTracerProvider(), meters: nometrics.NewMeterProvider()}
	if s.trace {
		exporter, err := stdouttrace.New(stdouttrace.WithWriter(out))
		if err != nil {
			return nil, err
		}
		t.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	}
	if s.metrics == "" {
		return t, nil
	}
	registry := prometheus.NewRegistry()
	exporter, err := prometheusexporter.New(prometheusexporter.WithRegisterer(registry))
	if err != nil {
		return nil, err
	}
	t.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter))
	t.scraped = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	t.metrics, err = new(net.ListenConfig).Listen(ctx, "tcp", s.metrics)
	return t, err
}

func (t *telemetry) options() []kirimotel.Option {
	return []kirimotel.Option{kirimotel.WithTracerProvider(t.tracers), kirimotel.WithMeterProvider(t.meters)}
}

// ofClient records calls, ofHooks records webhooks.
func (t *telemetry) ofClient() []kirim.Option {
	if !t.on {
		return nil
	}
	return []kirim.Option{kirimotel.WithTelemetry(t.options()...)}
}

func (t *telemetry) ofHooks() []kirim.WebhookOption {
	if !t.on {
		return nil
	}
	return []kirim.WebhookOption{kirimotel.WithWebhookTelemetry(t.options()...)}
}

// ofOutbox records what becomes of messages, in the trace of the call that enqueues.
func (t *telemetry) ofOutbox(config outbox.Config) outbox.Config {
	if !t.on {
		return config
	}
	return outboxotel.Observe(config, outboxotel.WithTracerProvider(t.tracers), outboxotel.WithMeterProvider(t.meters))
}

// ofBacklog has what waits counted each time that Prometheus scrapes, until stop is called.
func (t *telemetry) ofBacklog(b outboxotel.Backlogger) (stop func(), err error) {
	unregister, err := outboxotel.RegisterBacklog(b, outboxotel.WithMeterProvider(t.meters))
	if err != nil {
		return nil, err
	}
	return func() { _ = unregister() }, nil
}

// around records the requests to a handler.
func (t *telemetry) around(h http.Handler) http.Handler {
	if !t.on {
		return h
	}
	return otelhttp.NewHandler(h, "shop", otelhttp.WithTracerProvider(t.tracers), otelhttp.WithMeterProvider(t.meters))
}
