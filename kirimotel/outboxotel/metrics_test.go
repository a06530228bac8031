package outboxotel_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"go.opentelemetry.io/otel/attribute"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel/outboxotel"
	"github.com/kirim-go/kirim/outbox"
)

// endSpan ends the span of a context.
func endSpan(ctx context.Context, status int) {
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.Int("status", status))
	span.End()
}

// answering is a sender whose server honours keys. It responds as answer says.
type answering struct {
	answer func(kirim.OutboundMessage) error
	n      *atomic.Int64
}

func (a answering) Send(_ context.Context, _ string, m kirim.OutboundMessage, _ ...kirim.RequestOption) (*kirim.AcceptedMessage, error) {
	n := a.n.Add(1)
	if a.answer != nil {
		if err := a.answer(m); err != nil {
			return nil, err
		}
	}
	return &kirim.AcceptedMessage{ID: fmt.Sprintf("msg_%d", n)}, nil
}

func (answering) KeyLifetime() time.Duration { return 24 * time.Hour }

func accepting() outbox.Sender { return answering{n: new(atomic.Int64)} }

// wantMetrics checks the series that are not zero, apart from ages and those with a prefix in except.
func (r *recorder) wantMetrics(want map[string]float64, except ...string) {
	r.t.Helper()
	got := r.metrics()
	maps.DeleteFunc(got, func(name string, value float64) bool {
		return value == 0 || slices.ContainsFunc(except, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
	if maps.Equal(got, want) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] != got[name] {
			r.t.Errorf("%s is %v, want %v", name, got[name], want[name])
		}
	}
	for name, value := range want {
		if _, is := got[name]; !is {
			r.t.Errorf("%s is missing, want %v", name, value)
		}
	}
}

func TestEachMetricOfAMessage(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	responses := map[string]error{
		"refused": kirim.DecodeError(400, nil, []byte(`{"error":{"type":"invalid_request_error","code":"invalid_phone_number","message":"no"}}`)),
		"unknown": errors.New("no idea about 6281100000001"),
	}
	b := r.open(answering{func(m kirim.OutboundMessage) error { return responses[m.Content.(kirim.Text).Body] }, new(atomic.Int64)}, outbox.Config{GiveUpAfter: time.Hour})
	unregister, err := outboxotel.RegisterBacklog(b, r.options()...)
	if err != nil {
		t.Fatal(err)
	}
	refused, unknown, own, scheduled := text(bob, "refused"), text("+6281100000003", "unknown"), text(alice, "in a class of its own"), text(bob, "later")
	own.Class, scheduled.NotBefore = "6281100000001", time.Now().Add(time.Hour)
	first := text(alice, "hello")
	first.Key = "first"
	ids := b.enqueue(t.Context(), first, refused, own, scheduled)
	b.enqueue(t.Context(), first)
	if _, err := b.Enqueue(t.Context(), outbox.Message{Key: "first"}); err == nil {
		t.Fatal("no error")
	}
	first.Message.Content = kirim.Text{Body: "something else"}
	if _, err := b.Enqueue(t.Context(), first); err == nil {
		t.Fatal("no error")
	}
	stop := b.run()
	b.wait("accepted", "sent", "discarded", "discarded")
	b.hear(t.Context(), b.status(ids[0], kirim.MessageRead))
	b.wait("read")
	b.hear(t.Context(), b.status(ids[0], "seen by an alien"))
	b.enqueue(t.Context(), unknown) // last, as it is tried again within seconds
	b.wait("in_doubt")
	stop()
	kind := "error.type=" + string(responses["refused"].(*kirim.Error).Kind) //nolint:errorlint // it is one
	r.wantMetrics(map[string]float64{
		"kirim.outbox.enqueued{kirim.outbox.class=transactional}":                                                         4,
		"kirim.outbox.enqueued{kirim.outbox.class=_OTHER}":                                                                1,
		"kirim.outbox.enqueue.duration{}":                                                                                 3,
		"kirim.outbox.enqueue.duration{error.type=validation}":                                                            1,
		"kirim.outbox.enqueue.duration{error.type=key_reused}":                                                            1,
		"kirim.outbox.attempts{kirim.outbox.attempt.outcome=accepted,kirim.outbox.class=transactional}":                   1,
		"kirim.outbox.attempts{" + kind + ",kirim.outbox.attempt.outcome=discarded,kirim.outbox.class=transactional}":     1,
		"kirim.outbox.attempts{error.type=_OTHER,kirim.outbox.attempt.outcome=in_doubt,kirim.outbox.class=transactional}": 1,
		"kirim.outbox.attempt.duration{kirim.outbox.attempt.outcome=accepted,kirim.outbox.class=transactional}":           1,
		"kirim.outbox.attempt.duration{kirim.outbox.attempt.outcome=discarded,kirim.outbox.class=transactional}":          1,
		"kirim.outbox.attempt.duration{kirim.outbox.attempt.outcome=in_doubt,kirim.outbox.class=transactional}":           1,
		"kirim.outbox.ended{kirim.outbox.class=transactional,kirim.outbox.message.state=sent}":                            1,
		"kirim.outbox.ended{kirim.outbox.class=transactional,kirim.outbox.message.state=discarded}":                       1,
		"kirim.outbox.statuses{kirim.outbox.class=transactional,kirim.outbox.message.status=read}":                        1,
		"kirim.outbox.time_to_accept{kirim.outbox.class=transactional}":                                                   1,
		"kirim.outbox.time_to_deliver{kirim.outbox.class=transactional}":                                                  1,
		"kirim.outbox.backlog{kirim.outbox.backlog.state=scheduled,kirim.outbox.class=transactional}":                     1,
		"kirim.outbox.backlog{kirim.outbox.backlog.state=in_doubt,kirim.outbox.class=transactional}":                      1,
		"kirim.outbox.backlog{kirim.outbox.backlog.state=due,kirim.outbox.class=_OTHER}":                                  1,
	}, "kirim.outbox.backlog.age")
	if _, is := r.metrics()["kirim.outbox.ended{kirim.outbox.class=code,kirim.outbox.message.state=unknown}"]; !is {
		t.Error("a counter does not begin with zero")
	}
	if err := unregister(); err != nil {
		t.Error(err)
	}
	for name := range r.metrics() {
		if strings.Contains(name, "backlog") {
			t.Errorf("%s is there after the end of its registration", name)
		}
	}
}

// backlogger counts how often it is asked, and responds as answer says.
type backlogger struct {
	asked  int
	answer func(ctx context.Context) (outbox.Backlog, error)
}

func (b *backlogger) Backlog(ctx context.Context) (outbox.Backlog, error) {
	b.asked++
	return b.answer(ctx)
}

func (b *backlogger) Classes() []outbox.Class { return []outbox.Class{"code"} }

func TestABacklogIsAskedForOncePerCollectionAndNotForEver(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	ages := outbox.Backlog{
		Messages: []outbox.Waiting{
			{Class: "code", State: outbox.WaitDue, Count: 2, Oldest: 3 * time.Second}, {Class: "x", State: outbox.WaitDue, Count: 1, Oldest: time.Second},
			{Class: "y", State: outbox.WaitDue, Count: 4, Oldest: 2 * time.Second}, {Class: "code", State: outbox.WaitScheduled, Count: 1},
		},
		Deliveries: 5, OldestDelivery: 1500 * time.Millisecond,
	}
	b := &backlogger{answer: func(context.Context) (outbox.Backlog, error) { return ages, nil }}
	if _, err := outboxotel.RegisterBacklog(b, r.options(outboxotel.WithBacklogTimeout(10*time.Millisecond))...); err != nil {
		t.Fatal(err)
	}
	r.wantMetrics(map[string]float64{
		"kirim.outbox.backlog{kirim.outbox.backlog.state=due,kirim.outbox.class=code}":       2,
		"kirim.outbox.backlog{kirim.outbox.backlog.state=due,kirim.outbox.class=_OTHER}":     5,
		"kirim.outbox.backlog{kirim.outbox.backlog.state=scheduled,kirim.outbox.class=code}": 1,
		"kirim.outbox.backlog.age{kirim.outbox.backlog.state=due,kirim.outbox.class=code}":   3,
		"kirim.outbox.backlog.age{kirim.outbox.backlog.state=due,kirim.outbox.class=_OTHER}": 2,
		"kirim.outbox.inbox.backlog{}":     5,
		"kirim.outbox.inbox.backlog.age{}": 1.5,
	})
	if b.asked != 1 {
		t.Errorf("asked %d times", b.asked)
	}
	b.answer = func(ctx context.Context) (outbox.Backlog, error) {
		<-ctx.Done()
		return outbox.Backlog{}, ctx.Err()
	}
	var data metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &data); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := series(data); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if _, err := outboxotel.RegisterBacklog(nil); err == nil {
		t.Error("no error for no outbox")
	}
}
