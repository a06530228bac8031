package kirimotel_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
)

func TestAnyOptionsLetACallAndADeliveryThrough(t *testing.T) {
	t.Parallel()
	stopped := newRecorder(t)
	if err := stopped.tracers.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string][]kirimotel.Option{
		"none":               nil,
		"nil options":        {nil, nil},
		"nil providers":      {kirimotel.WithTracerProvider(nil), kirimotel.WithMeterProvider(nil), kirimotel.WithPropagator(nil)},
		"nil pointers":       {kirimotel.WithTracerProvider((*sdktrace.TracerProvider)(nil)), kirimotel.WithMeterProvider((*sdkmetric.MeterProvider)(nil)), kirimotel.WithPropagator((*propagation.TraceContext)(nil))},
		"no-op providers":    {kirimotel.WithTracerProvider(nooptrace.NewTracerProvider()), kirimotel.WithMeterProvider(noopmetric.NewMeterProvider())},
		"a stopped provider": stopped.options(),
		"empty attributes":   {kirimotel.WithAttributes(), kirimotel.WithAttributes(attribute.KeyValue{})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, scripted(reply{status: 202, body: accepted}), kirimotel.WithTelemetry(opts...), kirimotel.WithTelemetry(opts...),
				kirim.WithLogger(slog.New(noPanics{t})))
			if err := sending(t.Context(), client); err != nil {
				t.Error(err)
			}
			verifier, err := kirim.NewWebhookVerifier(testSecret)
			if err != nil {
				t.Fatal(err)
			}
			handled := 0
			handler := kirim.NewWebhookHandler(verifier, kirimotel.WithWebhookTelemetry(opts...), kirimotel.WithWebhookTelemetry(opts...),
				kirim.WithWebhookLogger(slog.New(noPanics{t})))
			handler.OnMessage(func(context.Context, *kirim.InboundMessage) error { handled++; return nil })
			if status := deliver(handler, messageEvent); status != 200 || handled != 1 {
				t.Errorf("response %d, %d callbacks", status, handled)
			}
		})
	}
}

// noPanics fails a test in which an observer panics, or anything else goes wrong.
type noPanics struct{ t *testing.T }

func (n noPanics) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (n noPanics) Handle(_ context.Context, r slog.Record) error {
	n.t.Errorf("logged: %s", r.Message)
	return nil
}
func (n noPanics) WithAttrs([]slog.Attr) slog.Handler { return n }
func (n noPanics) WithGroup(string) slog.Handler      { return n }

func TestAttributesAreOnEverySpanAndMetric(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	opts := r.options(kirimotel.WithAttributes(attribute.String("tenant", "a"), attribute.String("http.request.method", "mine")))
	client := newClient(t, scripted(reply{status: 202, body: accepted}), kirimotel.WithTelemetry(opts...))
	if err := sending(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	for _, span := range r.told() {
		if !strings.Contains(span, " tenant=a") || !strings.Contains(span, " http.request.method=POST ") {
			t.Errorf("span %s", span)
		}
	}
	for _, name := range []string{"kirim.client.call.duration", "kirim.client.attempts", "kirim.client.in_doubt"} {
		if got := r.series(name); len(got) != 1 || !strings.Contains(got[0], " tenant=a") || name != "kirim.client.in_doubt" && strings.Contains(got[0], "mine") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
