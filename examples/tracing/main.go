// Tracing shows a span for each call and, below it, one for each attempt, with
// OpenTelemetry's own transport. No API key, phone number or query string gets
// into them. It runs against a sandbox, in a module of its own:
//
//	go run -C examples/tracing .
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

var id = regexp.MustCompile(`\d{6,}|\b(msg|ctc|cnv|cus|csl|lbl|wbs|wbd|sec|wamid)[_.][^/]+`)

// route is a path without ids, so that spans can be counted by it.
func route(path string) string { return id.ReplaceAllString(path, "{id}") }

// redactor is below otelhttp, which has noted the whole URL in the span, with
// the phone number that may be searched for, and replaces that.
type redactor struct{ http.RoundTripper }

func (t redactor) RoundTrip(r *http.Request) (*http.Response, error) {
	span := trace.SpanFromContext(r.Context())
	span.SetAttributes(attribute.String("url.full", r.URL.Scheme+"://"+r.URL.Host+route(r.URL.Path)))
	return t.RoundTripper.RoundTrip(r)
}

// tracedClient makes a span of each attempt. The vendor need not know our
// trace ids, so nothing is propagated.
func tracedClient(provider trace.TracerProvider) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	return &http.Client{Transport: otelhttp.NewTransport(redactor{transport},
		otelhttp.WithTracerProvider(provider),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method + " " + route(r.URL.Path) }))}
}

// traced makes a span of a call.
func traced(ctx context.Context, tracer trace.Tracer, name string, call func(context.Context, kirim.RequestOption) error) error {
	ctx, span := tracer.Start(ctx, name)
	defer span.End()
	var r kirim.Response
	err := call(ctx, kirim.WithResponse(&r))
	span.SetAttributes(attribute.Int("kirim.attempts", r.Attempts), attribute.String("kirim.request_id", r.RequestID))
	if err != nil { // its text holds no key, no number and nothing of the message
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}

func main() {
	if err := run(context.Background(), os.Stdout, tracetest.NewInMemoryExporter()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, spans *tracetest.InMemoryExporter) error {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	client, err := sandbox.Client(kirim.WithHTTPClient(tracedClient(provider)))
	if err != nil {
		return err
	}
	number, tracer := client.PhoneNumber(sandbox.PhoneNumberID), provider.Tracer("shop")
	send := func(content kirim.Content) func(context.Context, kirim.RequestOption) error {
		return func(ctx context.Context, opt kirim.RequestOption) error {
			_, err := number.Messages.Send(ctx, kirim.OutboundMessage{To: "+6281100000001", Content: content}, opt)
			return err
		}
	}
	sandbox.AddFault(kirimtest.Fault{Status: http.StatusBadGateway, Times: 2})
	if err := traced(ctx, tracer, "confirm order", send(kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}})); err != nil {
		return err
	}
	if err := traced(ctx, tracer, "thank", send(kirim.Text{Body: "Thank you!"})); !kirim.IsOutside24hWindow(err) {
		return err
	}
	if err := traced(ctx, tracer, "find customer", func(ctx context.Context, opt kirim.RequestOption) error {
		_, err := number.Contacts.List(ctx, kirim.ContactListParams{Phone: "+6281100000001"}, opt)
		return err
	}); err != nil {
		return err
	}
	for _, span := range spans.GetSpans() { // in the order in which they ended
		level := "call"
		if span.Parent.IsValid() {
			level = "  attempt"
		}
		fmt.Fprintf(out, "%-9s  %s", level, span.Name)
		for _, a := range span.Attributes {
			if key := string(a.Key); key == "http.response.status_code" || key == "kirim.attempts" || key == "url.full" {
				fmt.Fprintf(out, "  %s=%s", key, a.Value.String())
			}
		}
		if span.Status.Description != "" {
			fmt.Fprintf(out, "  %s", span.Status.Description)
		}
		fmt.Fprintln(out)
	}
	return nil
}
