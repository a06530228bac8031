// Tracing shows a span for each call and, below it, one for each attempt, with
// OpenTelemetry. No API key, phone number, ID or query string gets into them. It
// runs against a sandbox, in a module of its own:
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
	"slices"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
	"github.com/kirim-go/kirim/kirimtest"
)

func main() {
	if err := run(context.Background(), os.Stdout, tracetest.NewInMemoryExporter()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, spans *tracetest.InMemoryExporter) error {
	// A service has an exporter to its collector here, and sets the provider with
	// otel.SetTracerProvider: WithTelemetry then needs no option.
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	client, err := sandbox.Client(kirimotel.WithTelemetry(kirimotel.WithTracerProvider(provider)))
	if err != nil {
		return err
	}
	number := client.PhoneNumber(sandbox.PhoneNumberID)

	ctx, order := provider.Tracer("shop").Start(ctx, "order")
	sandbox.AddFault(kirimtest.Fault{Status: http.StatusBadGateway, Times: 2})
	confirmation := kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}
	if _, err := number.Messages.Send(ctx, kirim.OutboundMessage{To: "+6281100000001", Content: confirmation}); err != nil {
		return err
	}
	if _, err := number.Messages.Send(ctx, kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Thank you!"}}); !kirim.IsOutside24hWindow(err) {
		return fmt.Errorf("the text was not refused: %w", err)
	}
	if _, err := number.Contacts.List(ctx, kirim.ContactListParams{Phone: "+6281100000001"}); err != nil {
		return err
	}
	order.End()
	show(out, spans.GetSpans())
	return nil
}

// show prints spans in the order in which they ended: what is within a span comes before
// it.
func show(out io.Writer, spans tracetest.SpanStubs) {
	depth := make(map[string]int)
	for _, span := range slices.Backward(spans) {
		depth[span.SpanContext.SpanID().String()] = depth[span.Parent.SpanID().String()] + 1
	}
	shown := []attribute.Key{"http.response.status_code", "http.request.resend_count", "kirim.call.attempts", "error.type", "kirim.maybe_sent"}
	for _, span := range spans {
		fmt.Fprintf(out, "%*s%s", 2*(depth[span.SpanContext.SpanID().String()]-1), "", span.Name)
		attributes := attribute.NewSet(span.Attributes...)
		for _, key := range shown {
			if value, ok := attributes.Value(key); ok {
				fmt.Fprintf(out, "  %s=%s", key, value.String())
			}
		}
		fmt.Fprintln(out)
	}
}
