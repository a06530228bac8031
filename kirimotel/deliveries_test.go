package kirimotel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
)

const (
	testSecret   = "whsec_TESTtestTESTtestTEST"
	messageEvent = `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},` +
		`"messages":[{"from":"6281234500001","id":"wamid.1","timestamp":"946684799","type":"text","text":{"body":"Hello"}}]}}]}]}`
	statusEvent = `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"106540352242922"},` +
		`"statuses":[{"id":"wamid.2","recipient_id":"6281234500001","status":"delivered","timestamp":"946684795"},{"id":"wamid.3","recipient_id":"6281234500001","status":"read","timestamp":"946684795"}]}}]}]}`
)

// handler returns a handler whose deliveries are recorded.
func (r *recorder) handler(opts ...kirim.WebhookOption) *kirim.WebhookHandler {
	r.t.Helper()
	verifier, err := kirim.NewWebhookVerifier(testSecret)
	if err != nil {
		r.t.Fatal(err)
	}
	return kirim.NewWebhookHandler(verifier, append(opts, kirimotel.WithWebhookTelemetry(r.options()...))...)
}

func signed(body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "/webhooks/6281234500001", strings.NewReader(body))
	req.Header.Set("X-Kirim-Signature", kirim.SignWebhook(testSecret, time.Now(), []byte(body)))
	req.Header.Set("X-Kirim-Attempt", "2")
	return req
}

func deliver(h http.Handler, body string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed(body))
	return w.Code
}

// A program may want metrics alone. Its spans are of a provider that records nothing.
func TestMetricsNeedNoTraces(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	verifier, err := kirim.NewWebhookVerifier(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	untraced := []kirimotel.Option{kirimotel.WithTracerProvider(noop.NewTracerProvider()), kirimotel.WithMeterProvider(r.meters)}
	handler := kirim.NewWebhookHandler(verifier, kirimotel.WithWebhookTelemetry(untraced...), kirimotel.WithWebhookTelemetry(r.options()...))
	client := newClient(t, scripted(reply{status: 202, body: accepted}), kirimotel.WithTelemetry(untraced...), kirimotel.WithTelemetry(r.options()...))
	handler.OnMessage(func(ctx context.Context, _ *kirim.InboundMessage) error {
		_, err := client.PhoneNumber("1").Messages.Send(ctx, hello)
		return err
	})
	if status := deliver(handler, messageEvent); status != http.StatusOK {
		t.Fatal(status)
	}
	for _, name := range []string{"kirim.webhook.elements", "kirim.client.attempts"} {
		if got := r.series(name); len(got) != 1 || !strings.HasSuffix(got[0], ": 2") { // by two observers
			t.Errorf("%s is%s", name, got)
		}
	}
}

func TestADeliveryHasASpanWithElementsBelowIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it begins at 946684800
		r := newRecorder(t)
		handler := r.handler()
		var seen trace.SpanContext
		handler.OnMessage(func(ctx context.Context, _ *kirim.InboundMessage) error {
			seen = trace.SpanContextFromContext(ctx)
			time.Sleep(time.Second)
			return nil
		})
		first := true
		handler.OnStatus(func(context.Context, *kirim.StatusUpdate) error {
			if first {
				first = false
				return errors.New("no more room for 6281234500001")
			}
			panic("6281234500001")
		})
		for _, want := range []int{200, 200} {
			if got := deliver(handler, messageEvent); got != want {
				t.Errorf("response %d, not %d", got, want)
			}
		}
		if got := deliver(handler, statusEvent); got != 500 {
			t.Errorf("response %d", got)
		}
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
		const process = " messaging.operation.name=process messaging.operation.type=process messaging.system=kirim"
		element := func(event, what, outcome, index, age, failed string) string {
			text := "process " + event
			if failed != "" {
				text += " error.type=" + failed
			}
			text += " kirim.delivery.attempt=2 kirim.element.age=" + age + " kirim.element.index=" + index + " kirim.element.outcome=" + outcome +
				" kirim.element.type=" + what + " kirim.event.type=" + event + process
			if failed != "" {
				text += " (Error " + failed + ")"
			}
			return text
		}
		same(t, "spans", r.told(),
			"kirim webhook http.response.status_code=200 kirim.delivery.attempt=2 kirim.event.elements=1 kirim.event.type=message.received",
			element("message.received", "message", "handled", "0", "1", ""),
			"kirim webhook http.response.status_code=200 kirim.delivery.attempt=2 kirim.event.elements=1 kirim.event.type=message.received",
			element("message.received", "message", "duplicate", "0", "2", ""),
			"kirim webhook error.type=500 http.response.status_code=500 kirim.delivery.attempt=2 kirim.event.elements=2 kirim.event.type=message.status (Error 500)",
			element("message.status", "status", "failed", "0", "6", "failed"),
			element("message.status", "status", "panicked", "1", "6", "panicked"),
			"kirim webhook error.type=signature_missing http.response.status_code=401",
		)
		spans := r.begun()
		if !seen.Equal(spans[1].SpanContext) || spans[1].Parent.SpanID() != spans[0].SpanContext.SpanID() || spans[1].SpanKind != trace.SpanKindConsumer {
			t.Errorf("the callback has the span %v; the element has %v, of kind %v, below %v", seen, spans[1].SpanContext, spans[1].SpanKind, spans[1].Parent)
		}
		same(t, "deliveries", r.series("kirim.webhook.delivery.duration"),
			" error.type=500 http.response.status_code=500: 1", " error.type=signature_missing http.response.status_code=401: 1", " http.response.status_code=200: 2")
		const message, status = " kirim.element.type=message kirim.event.type=message.received: 1", " kirim.element.type=status kirim.event.type=message.status: 1"
		same(t, "elements", r.series("kirim.webhook.elements"), " kirim.element.outcome=duplicate"+message, " kirim.element.outcome=failed"+status,
			" kirim.element.outcome=handled"+message, " kirim.element.outcome=panicked"+status)
		same(t, "ages", r.series("kirim.webhook.element.age"),
			" kirim.element.type=message kirim.event.type=message.received: 2", " kirim.element.type=status kirim.event.type=message.status: 2")
		same(t, "callbacks", r.series("kirim.webhook.callback.duration"), " kirim.element.outcome=handled"+message)
	})
}

func TestADeliveryIsBelowTheSpanOfItsServer(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	handler := r.handler()
	deliver(handler, messageEvent)
	ctx, parent := r.tracers.Tracer("test").Start(t.Context(), "server")
	handler.ServeHTTP(httptest.NewRecorder(), signed(messageEvent).WithContext(ctx))
	parent.End()
	spans := r.begun()
	if alone := spans[0]; alone.SpanKind != trace.SpanKindServer || alone.Parent.IsValid() {
		t.Errorf("alone the delivery has a span of kind %v below %v", alone.SpanKind, alone.Parent)
	}
	if below := spans[3]; below.SpanKind != trace.SpanKindInternal || below.Parent.SpanID() != parent.SpanContext().SpanID() {
		t.Errorf("below a span the delivery has one of kind %v below %v", below.SpanKind, below.Parent)
	}
}

func TestAnEventOfAnInboxIsRecordedWithoutADelivery(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	handler := r.handler()
	event, err := kirim.DecodeEvent(nil, []byte(messageEvent))
	if err != nil {
		t.Fatal(err)
	}
	if err := handler.HandleEvent(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if got := r.told(); len(got) != 1 || !strings.HasPrefix(got[0], "process message.received kirim.element.age=") || !strings.Contains(got[0], " kirim.element.outcome=ignored ") {
		t.Errorf("spans: %q", got)
	}
}
