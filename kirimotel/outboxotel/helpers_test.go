package outboxotel_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel/outboxotel"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
)

const (
	phoneNumberID = "106540352242922"
	alice         = "+6281100000001"
	bob           = "+6281100000002"
)

// recorder keeps all that is exported.
type recorder struct {
	t       testing.TB
	spans   *tracetest.InMemoryExporter
	tracers *sdktrace.TracerProvider
	reader  *sdkmetric.ManualReader
	meters  *sdkmetric.MeterProvider
}

func newRecorder(t testing.TB) *recorder {
	t.Helper()
	r := &recorder{t: t, spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	r.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(r.spans))
	r.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	return r
}

func (r *recorder) options(more ...outboxotel.Option) []outboxotel.Option {
	return append(more, outboxotel.WithTracerProvider(r.tracers), outboxotel.WithMeterProvider(r.meters))
}

// open opens an outbox whose ends and statuses a test can wait for.
func (r *recorder) open(sender outbox.Sender, config outbox.Config, opts ...outboxotel.Option) *box {
	r.t.Helper()
	b := &box{t: r.t, changes: make(chan string, 1000)}
	config.Migrate, config.PollInterval = true, 20*time.Millisecond
	config = outboxotel.Observe(config, r.options(opts...)...)
	config.Observers = append([]outbox.Observer{{ // it hears of an attempt, an end or a status after the others
		EndSend: func(_ context.Context, s outbox.Sent) { b.changes <- string(s.Outcome) },
	}}, append(config.Observers, outbox.Observer{
		End:    func(_ context.Context, e outbox.Ended) { b.changes <- string(e.State) },
		Status: func(_ context.Context, c outbox.StatusChange) { b.changes <- string(c.To) },
	})...)
	o, err := outboxsqlite.Open(r.t.Context(), filepath.Join(r.t.TempDir(), "test.db"), sender, config)
	if err != nil {
		r.t.Fatal(err)
	}
	b.Outbox = o
	r.t.Cleanup(func() {
		if err := o.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return b
}

type box struct {
	*outbox.Outbox[*sql.Tx]
	t       testing.TB
	changes chan string // outcomes of attempts, ends and statuses
}

// run sends until the test, or stop, ends it.
func (b *box) run() (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.t.Context()))
	ended := make(chan error, 1)
	go func() {
		err := b.Run(ctx)
		if err != nil {
			b.changes <- err.Error()
		}
		ended <- err
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
	})
	b.t.Cleanup(stop)
	return stop
}

// wait waits for changes, in any order.
func (b *box) wait(changes ...string) {
	b.t.Helper()
	for len(changes) > 0 {
		select {
		case got := <-b.changes:
			i := slices.Index(changes, got)
			if i < 0 {
				b.t.Fatalf("%q happened, want %q", got, changes)
			}
			changes = slices.Delete(slices.Clone(changes), i, i+1)
		case <-b.t.Context().Done():
			b.t.Fatal("the test has ended")
		}
	}
}

func (b *box) enqueue(ctx context.Context, messages ...outbox.Message) []int64 {
	b.t.Helper()
	ids, err := b.Enqueue(ctx, messages...)
	if err != nil {
		b.t.Fatal(err)
	}
	return ids
}

func text(to, body string) outbox.Message {
	return outbox.Message{From: phoneNumberID, Message: kirim.OutboundMessage{To: to, Content: kirim.Text{Body: body}}}
}

// status is an event about a message.
func (b *box) status(id int64, status kirim.MessageStatus, code ...int) *kirim.Event {
	b.t.Helper()
	r, err := b.Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	failed := ""
	if len(code) > 0 {
		failed = fmt.Sprintf(`,"errors":[{"code":%d,"title":"no message to 6281100000001"}]`, code[0])
	}
	body := fmt.Sprintf(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":%q},
		"statuses":[{"id":"wamid.%s","status":%q,"timestamp":"%d","recipient_id":"6281100000001"%s}]}}]}],"kirim":{"message_id":%q}}`,
		phoneNumberID, r.KirimID, status, time.Now().Unix(), failed, r.KirimID)
	e, err := kirim.DecodeEvent(http.Header{}, []byte(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// hear has the outbox hear of an event.
func (b *box) hear(ctx context.Context, e *kirim.Event) {
	b.t.Helper()
	h := kirim.NewWebhookHandler(verifier(b.t))
	b.Attach(h)
	if err := h.HandleEvent(ctx, e); err != nil {
		b.t.Fatal(err)
	}
}

const webhookSecret = "whsec_of_the_outbox"

func verifier(t testing.TB) *kirim.WebhookVerifier {
	t.Helper()
	v, err := kirim.NewWebhookVerifier(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// described lists spans in the order in which they ended, as "name kind < parent ~ links: key=value …
// (status)", with the names of the spans in place of their ids.
func (r *recorder) described() (lines []string) {
	spans := r.spans.GetSpans()
	nameOf := func(c trace.SpanContext) string {
		for _, s := range spans {
			if s.SpanContext.SpanID() == c.SpanID() && s.SpanContext.TraceID() == c.TraceID() {
				return s.Name
			}
		}
		return "?"
	}
	for _, s := range spans {
		line := s.Name + " " + s.SpanKind.String()
		if s.Parent.IsValid() {
			line += " < " + nameOf(s.Parent)
		}
		for _, l := range s.Links {
			line += " ~ " + nameOf(l.SpanContext)
		}
		line += ":"
		set := attribute.NewSet(s.Attributes...)
		for _, a := range set.ToSlice() {
			switch a.Key {
			case "messaging.system", "messaging.destination.name", "messaging.operation.name":
				continue // they are in the name
			case "kirim.outbox.message.queued", "kirim.outbox.retry.wait":
				line += " " + string(a.Key) + "=SECONDS"
				continue
			}
			line += " " + string(a.Key) + "=" + a.Value.String()
		}
		if s.Status.Description != "" {
			line += " (" + s.Status.Description + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// metrics collects, and lists each series as "name{attributes} value", where the value of a histogram is
// how many measurements it has.
func (r *recorder) metrics() map[string]float64 {
	r.t.Helper()
	var data metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &data); err != nil {
		r.t.Fatal(err)
	}
	return series(data)
}

func series(data metricdata.ResourceMetrics) map[string]float64 {
	list := make(map[string]float64)
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			note := func(set attribute.Set, value float64) {
				var attributes []string
				for _, a := range set.ToSlice() {
					attributes = append(attributes, string(a.Key)+"="+a.Value.String())
				}
				list[m.Name+"{"+strings.Join(attributes, ",")+"}"] = value
			}
			switch d := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					note(p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range d.DataPoints {
					note(p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range d.DataPoints {
					note(p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					note(p.Attributes, float64(p.Count))
				}
			}
		}
	}
	return list
}
