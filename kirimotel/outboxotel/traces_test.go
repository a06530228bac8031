package outboxotel_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel/outboxotel"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
)

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestTheTraceOfAMessageLeadsFromTheCallThatEnqueuesToItsDelivery(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	sandbox := kirimtest.Start(t)
	client, err := sandbox.Client(kirim.WithCallObserver(kirim.CallObserver{ // as kirimotel does
		Begin: func(ctx context.Context, call kirim.CallInfo) context.Context {
			ctx, span := r.tracers.Tracer("client").Start(ctx, "call "+call.Route)
			span.End()
			return ctx
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	sandbox.Receive(kirimtest.Inbound{From: alice, Text: "hello"})
	sandbox.AddFault(kirimtest.Fault{Method: http.MethodPost, Status: http.StatusServiceUnavailable})
	b := r.open(outbox.NewSender(client), outbox.Config{}, outboxotel.WithAttributes(attribute.String("shop", "a")))
	message := text(alice, "your order")
	message.From = sandbox.PhoneNumberID

	ctx, checkout := r.tracers.Tracer("shop").Start(t.Context(), "POST /checkout")
	id := b.enqueue(ctx, message)[0]
	checkout.End()
	b.run()
	b.wait("in_doubt", "accepted", "sent")
	ctx, element := r.tracers.Tracer("hooks").Start(t.Context(), "process message.status")
	for _, s := range []kirim.MessageStatus{kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead} {
		b.hear(ctx, b.status(id, s))
		b.wait(string(s))
	}
	element.End()

	const about = "kirim.outbox.message.generation=1 "
	wantLines(t, r.described(),
		"enqueue outbox producer < POST /checkout: kirim.outbox.messages.added=1 messaging.batch.message_count=1 messaging.operation.type=send shop=a",
		"POST /checkout internal:",
		"call /{id}/messages internal < process outbox:",
		"process outbox consumer < enqueue outbox ~ enqueue outbox: error.type=unavailable kirim.outbox.attempt.number=1 kirim.outbox.attempt.outcome=in_doubt kirim.outbox.class=transactional "+
			about+"kirim.outbox.message.in_doubt=true kirim.outbox.message.queued=SECONDS kirim.outbox.message.state=queued kirim.outbox.retry.wait=SECONDS messaging.message.id=1 messaging.operation.type=process shop=a (in_doubt)",
		"call /{id}/messages internal < process outbox:",
		"process outbox consumer < enqueue outbox ~ enqueue outbox: kirim.outbox.attempt.number=2 kirim.outbox.attempt.outcome=accepted kirim.outbox.class=transactional "+
			about+"kirim.outbox.message.queued=SECONDS kirim.outbox.message.state=sent messaging.message.id=1 messaging.operation.type=process shop=a",
		"deliver outbox internal < enqueue outbox ~ enqueue outbox ~ process message.status: kirim.outbox.class=transactional "+
			about+"kirim.outbox.message.state=sent kirim.outbox.message.status=delivered messaging.message.id=1 shop=a",
		"process message.status internal:")
	var ids []string
	for _, s := range r.spans.GetSpans() {
		if trace := s.SpanContext.TraceID().String(); s.Name != "process message.status" && !slices.Contains(ids, trace) {
			ids = append(ids, trace)
		}
		if s.EndTime.Before(s.StartTime) {
			t.Errorf("%s ends before it begins", s.Name)
		}
	}
	if len(ids) != 1 {
		t.Errorf("the message has %d traces", len(ids))
	}
}

func TestWithoutATraceAnAttemptBeginsOneAndADeliveryIsBelowItsWebhook(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	b := r.open(accepting(), outbox.Config{Traceparent: func(context.Context) string { return "00-not-a-trace" }})
	id := b.enqueue(t.Context(), text(alice, "hello"))[0]
	b.run()
	b.wait("accepted", "sent")
	ctx, element := r.tracers.Tracer("hooks").Start(t.Context(), "process message.status")
	b.hear(ctx, b.status(id, kirim.MessageFailed, 131026))
	b.wait("failed")
	element.End()
	got := r.described()
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], ":")
	}
	wantLines(t, got, "enqueue outbox producer", "process outbox consumer", "fail outbox internal < process message.status", "process message.status internal")
}

func TestWhatEndsWithoutAnAttemptIsInTheTraceAsWell(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	b := r.open(accepting(), outbox.Config{})
	later := text(alice, "hello")
	later.NotBefore = time.Now().Add(time.Hour)
	ids := b.enqueue(t.Context(), later)
	if _, err := b.Cancel(t.Context(), ids...); err != nil {
		t.Fatal(err)
	}
	b.wait("cancelled")
	got := r.described()
	if len(got) != 2 || !strings.HasPrefix(got[1], "end outbox internal < enqueue outbox ~ enqueue outbox: ") || !strings.Contains(got[1], "state=cancelled") {
		t.Errorf("got %q", got)
	}
}

func TestADeliveryInTheInboxIsHandledInTheTraceOfItsRequest(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	b := r.open(accepting(), outbox.Config{})
	handled := make(chan struct{})
	handler := kirim.NewWebhookHandler(verifier(t), kirim.WithDeliveryObserver(kirim.DeliveryObserver{ // as kirimotel does
		BeginElement: func(ctx context.Context, _ kirim.ElementInfo) context.Context {
			ctx, span := r.tracers.Tracer("hooks").Start(ctx, "process message.received")
			span.End()
			return ctx
		},
	}))
	failed := false
	handler.OnMessage(func(context.Context, *kirim.InboundMessage) error {
		if !failed {
			failed = true
			return context.DeadlineExceeded
		}
		close(handled)
		return nil
	})
	inbox, err := b.Inbox(outbox.InboxConfig{Verifier: verifier(t), Handler: handler, Observer: kirim.DeliveryObserver{
		Begin: func(ctx context.Context, _ kirim.DeliveryInfo) context.Context {
			ctx, _ = r.tracers.Tracer("hooks").Start(ctx, "kirim webhook")
			return ctx
		},
		End: func(ctx context.Context, end kirim.DeliveryEnd) { endSpan(ctx, end.StatusCode) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"messages":[
		{"id":"wamid.1","from":"6281100000001","timestamp":"1772442000","type":"text","text":{"body":"first"}}]}}]}]}`
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks", strings.NewReader(body))
	req.Header.Set("X-Kirim-Signature", kirim.SignWebhook(webhookSecret, time.Now(), []byte(body)))
	w := httptest.NewRecorder()
	inbox.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d", w.Code)
	}
	stop := b.run()
	<-handled
	stop()
	got := r.described()
	wantLines(t, got,
		"kirim webhook internal: status=200",
		"process message.received internal < process inbox:",
		"process inbox consumer < kirim webhook ~ kirim webhook: error.type=deadline_exceeded messaging.operation.type=process (deadline_exceeded)",
		"process message.received internal < process inbox:",
		"process inbox consumer < kirim webhook ~ kirim webhook: messaging.operation.type=process")
}

func TestATraceThatIsNotSampledIsNotRecorded(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	b := r.open(accepting(), outbox.Config{Traceparent: func(context.Context) string {
		return "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	}})
	b.enqueue(t.Context(), text(alice, "hello"))
	b.run()
	b.wait("accepted", "sent")
	if got := tracetest.SpanStubsFromReadOnlySpans(r.spans.GetSpans().Snapshots()); len(got) != 1 || got[0].Name != "enqueue outbox" {
		t.Errorf("got %q", r.described())
	}
}
