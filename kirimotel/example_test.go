package kirimotel_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
	"github.com/kirim-go/kirim/kirimtest"
)

// The spans of a message that was sent at the second attempt.
func ExampleWithTelemetry() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	sandbox.AddFault(kirimtest.Fault{Status: http.StatusBadGateway})
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))

	client, err := sandbox.Client(kirimotel.WithTelemetry(kirimotel.WithTracerProvider(tracers)))
	if err != nil {
		log.Print(err)
		return
	}
	_, err = client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(context.Background(), kirim.OutboundMessage{
		To:      "+6281100000001",
		Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
	})
	fmt.Println("error:", err)

	for _, span := range spans.GetSpans() { // in the order in which they ended
		fmt.Println(span.SpanKind, span.Name)
		for _, a := range span.Attributes {
			if a.Key == "http.response.status_code" || a.Key == "kirim.call.attempts" || a.Key == "kirim.call.outcome" {
				fmt.Printf("  %s %s\n", a.Key, a.Value.String())
			}
		}
		for _, event := range span.Events {
			fmt.Println("  event", event.Name)
		}
	}
	// Output:
	// error: <nil>
	// client POST /{id}/messages
	//   http.response.status_code 502
	// client POST /{id}/messages
	//   http.response.status_code 200
	// internal kirim POST /{id}/messages
	//   kirim.call.outcome success
	//   kirim.call.attempts 2
	//   http.response.status_code 200
	//   event kirim.retry
}

// A program that prints its spans and metrics.
func Example_stdout() { //nolint:testableexamples // ids and times differ
	traces, err := stdouttrace.New(stdouttrace.WithPrettyPrint())
	if err != nil {
		log.Fatal(err)
	}
	metrics, err := stdoutmetric.New(stdoutmetric.WithPrettyPrint())
	if err != nil {
		log.Fatal(err)
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(traces))
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics)))
	defer tracers.Shutdown(context.Background())
	defer meters.Shutdown(context.Background())
	telemetry := []kirimotel.Option{kirimotel.WithTracerProvider(tracers), kirimotel.WithMeterProvider(meters)}

	client, err := kirim.NewClientFromEnv(kirimotel.WithTelemetry(telemetry...))
	if err != nil {
		log.Print(err)
		return
	}
	verifier, err := kirim.NewWebhookVerifier(os.Getenv("KIRIM_WEBHOOK_SECRET"))
	if err != nil {
		log.Print(err)
		return
	}
	hooks := kirim.NewWebhookHandler(verifier, kirimotel.WithWebhookTelemetry(telemetry...))
	hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
		_, err := client.PhoneNumber(m.PhoneNumberID).Messages.Send(ctx, kirim.OutboundMessage{To: m.From.E164(), Content: kirim.Text{Body: "Thank you!"}})
		return err
	})
	http.Handle("/webhooks/kirim", hooks)
}

// The table from which dashboards can be generated.
func ExampleInstruments() {
	for _, i := range kirimotel.Instruments()[:3] {
		fmt.Printf("%s %s in %s\n", i.Name, i.Kind, i.Unit)
	}
	// Output:
	// kirim.client.call.duration histogram in s
	// kirim.client.attempts counter in {attempt}
	// kirim.client.retries counter in {retry}
}
