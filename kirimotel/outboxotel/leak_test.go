package outboxotel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel/outboxotel"
	"github.com/kirim-go/kirim/outbox"
)

// secrets are what nothing that is exported may have.
var secrets = []string{
	"6281100000001", "6281100000002", "kdv_live_SECRET", "key-of-the-order", "whisper", "parameter-of-a-template", "campaign-of-ours", phoneNumberID,
	"6281999999999", "rude-sender", "wamid.secret", "msg_",
}

// exported is all that was exported, as text.
func (r *recorder) exported() string {
	r.t.Helper()
	var data metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &data); err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%+v", r.spans.GetSpans(), data)
}

func TestNothingThatIsExportedNamesAPersonOrSaysWhatWasWritten(t *testing.T) {
	t.Parallel()
	response := func(status int, body string) error { return kirim.DecodeError(status, nil, []byte(body)) }
	failures := []error{
		nil,
		response(400, `{"error":{"type":"api_error","code":"invalid_phone_number","message":"6281100000001 is no number","param":"6281100000001"}}`),
		response(400, `{"error":{"type":"6281100000001","code":"6281100000001","message":"whisper","meta":{"code":131026,"title":"6281100000001"}}}`),
		response(422, `{"error":{"type":"api_error","code":"outside_24h_window","message":"whisper"}}`),
		response(429, `{"error":{"type":"api_error","code":"rate_limit_exceeded","message":"6281100000001"}}`),
		response(400, `{"error":{"type":"api_error","code":"meta_error","message":"6281100000001","meta":{"code":131056}}}`),
		response(400, `{"error":{"type":"api_error","code":"meta_error","message":"6281100000001","meta":{"code":131050}}}`),
		response(401, `{"error":{"type":"api_error","code":"invalid_api_key","message":"kdv_live_SECRET"}}`),
		response(500, `<html>whisper to 6281100000001</html>`),
		&kirim.TransportError{Err: errors.New("dial 6281100000001: whisper")},
		&kirim.MessageError{Kind: "6281100000001", Code: "6281100000001"},
		kirim.Kind("rude-sender knows 6281100000001"),
		fmt.Errorf("rude-sender: kdv_live_SECRET: %w", context.DeadlineExceeded),
		errors.New("rude-sender: whisper to 6281100000001"),
	}
	r := newRecorder(t)
	b := r.open(answering{answer: func(m kirim.OutboundMessage) error {
		if body, is := m.Content.(kirim.Text); is {
			n, _ := strconv.Atoi(strings.TrimPrefix(body.Body, "whisper "))
			return failures[n]
		}
		return nil
	}, n: new(atomic.Int64)}, outbox.Config{})
	if _, err := outboxotel.RegisterBacklog(b, r.options()...); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for i := range failures { // each from a number of its own, as some pause it
		m := text(fmt.Sprintf("+62811000000%02d", i), fmt.Sprintf("whisper %d", i))
		m.Message.To = alice
		m.From, m.Key, m.Campaign = fmt.Sprintf("%s%02d", phoneNumberID, i), fmt.Sprintf("key-of-the-order-%d", i), "campaign-of-ours"
		m.Template = &kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("parameter-of-a-template")}}
		if i == 6 {
			m.Class = outbox.ClassMarketing
		}
		ids = append(ids, b.enqueue(t.Context(), m)...)
	}
	own := text(bob, "whisper 0")
	own.Class = "6281100000001"
	b.enqueue(t.Context(), own)
	stop := b.run()
	for range len(failures) + 1 { // each has one attempt, and some an end
		for {
			change := <-b.changes
			if slices.Contains([]string{"accepted", "retry", "rate_limited", "pair_limited", "no_turn", "paused", "template", "in_doubt", "unknown", "discarded", "suppressed"}, change) {
				break
			}
		}
	}
	stop()
	h := b.status(ids[0], kirim.MessageFailed, 131026)
	b.hear(t.Context(), h)
	b.hear(t.Context(), b.status(ids[0], "6281999999999"))
	if _, err := b.Enqueue(t.Context(), outbox.Message{From: "6281999999999", Key: "key-of-the-order"}); err == nil {
		t.Fatal("no error")
	}
	again := text(alice, "whisper again")
	again.Key = "key-of-the-order-0"
	if _, err := b.Enqueue(t.Context(), again); err == nil {
		t.Fatal("no error")
	}
	out := r.exported()
	for _, secret := range secrets {
		if i := strings.Index(out, secret); i >= 0 {
			t.Errorf("%q is exported: …%s…", secret, out[max(0, i-120):min(len(out), i+60)])
		}
	}
	if len(r.spans.GetSpans()) < 2*len(failures) || !strings.Contains(out, "discarded") {
		t.Error("too little is exported to say anything")
	}
	allowed := make(map[string]outboxotel.Attribute)
	for _, a := range outboxotel.Attributes() {
		allowed[a.Key] = a
	}
	for _, s := range r.spans.GetSpans() {
		if len(s.Events) > 0 {
			t.Errorf("%s has an event", s.Name)
		}
		for _, a := range s.Attributes {
			known, is := allowed[string(a.Key)]
			if !is || known.Values != nil && !slices.Contains(known.Values, a.Value.AsString()) {
				t.Errorf("%s has %s=%s, which the table does not", s.Name, a.Key, a.Value.String())
			}
		}
	}
}

func TestTheNumberOfSeriesDoesNotGrowWithRecipientsOrMessages(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	config := outboxotel.Observe(outbox.Config{}, outboxotel.WithMeterProvider(r.meters), outboxotel.WithTracerProvider(nooptrace.NewTracerProvider()))
	o := config.Observers[0]
	all := func(id int64, class outbox.Class, word string) {
		about := outbox.Observed{ID: id, Class: class, EnqueuedAt: time.Now(), DueAt: time.Now()}
		ctx := o.BeginEnqueue(t.Context(), outbox.Enqueuing{Messages: 1})
		o.EndEnqueue(ctx, outbox.Enqueued{Added: map[outbox.Class]int{class: 1}})
		ctx = o.BeginSend(t.Context(), outbox.Sending{Observed: about, Attempt: int(id)})
		o.EndSend(ctx, outbox.Sent{Sending: outbox.Sending{Observed: about}, Outcome: outbox.Outcome(word), State: outbox.State(word), Kind: kirim.Kind(word), Err: kirim.Kind(word)})
		o.End(t.Context(), outbox.Ended{Observed: about, State: outbox.State(word), Kind: kirim.Kind(word), Attempted: true})
		o.Status(t.Context(), outbox.StatusChange{Observed: about, To: kirim.MessageStatus(word), Kind: kirim.Kind(word)})
		o.Status(t.Context(), outbox.StatusChange{Observed: about, To: kirim.MessageFailed, Kind: kirim.Kind(word)})
	}
	all(1, "any", "any")
	before := len(r.metrics())
	for id := range int64(10_000) {
		all(id, outbox.Class(fmt.Sprintf("62811%08d", id)), fmt.Sprintf("word %d", id%1000))
	}
	if after := len(r.metrics()); after != before {
		t.Errorf("%d series became %d", before, after)
	}
	t.Logf("%d series", before)
}

func TestTheTableSaysWhatIsRecorded(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	o := outboxotel.Observe(outbox.Config{}, r.options()...).Observers[0]
	o.EndSend(o.BeginSend(t.Context(), outbox.Sending{}), outbox.Sent{Err: kirim.KindInternal})
	o.EndEnqueue(o.BeginEnqueue(t.Context(), outbox.Enqueuing{}), outbox.Enqueued{Added: map[outbox.Class]int{"code": 1}, Err: errors.New("no")})
	o.End(t.Context(), outbox.Ended{State: outbox.StateSent, Attempted: true})
	o.Status(t.Context(), outbox.StatusChange{To: kirim.MessageDelivered})
	o.Status(t.Context(), outbox.StatusChange{To: kirim.MessageFailed})
	o.EndDelivery(o.BeginDelivery(t.Context(), outbox.StoredDelivery{}), outbox.HandledDelivery{Err: errors.New("no")})
	if _, err := outboxotel.RegisterBacklog(&backlogger{answer: func(context.Context) (outbox.Backlog, error) {
		return outbox.Backlog{Messages: []outbox.Waiting{{Class: "code", State: outbox.WaitDue}}}, nil
	}}, r.options()...); err != nil {
		t.Fatal(err)
	}
	var data metricdata.ResourceMetrics
	if err := r.reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	recorded := make(map[string]metricdata.Metrics)
	for _, m := range data.ScopeMetrics[0].Metrics {
		recorded[m.Name] = m
	}
	keys := make(map[string][]string)
	for name := range series(data) {
		metric, set, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		for pair := range strings.SplitSeq(set, ",") {
			if key, _, is := strings.Cut(pair, "="); is && !slices.Contains(keys[metric], key) {
				keys[metric] = append(keys[metric], key)
			}
		}
	}
	for _, i := range outboxotel.Instruments() {
		m, is := recorded[i.Name]
		delete(recorded, i.Name)
		kind := outboxotel.Gauge
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			kind = outboxotel.Counter
		case metricdata.Histogram[float64]:
			kind = outboxotel.Histogram
			if !slices.Equal(d.DataPoints[0].Bounds, i.Buckets) {
				t.Errorf("%s has the buckets %v", i.Name, d.DataPoints[0].Bounds)
			}
		}
		slices.Sort(keys[i.Name])
		slices.Sort(i.Attributes)
		if !is || m.Unit != i.Unit || m.Description != i.Description || kind != i.Kind || !slices.Equal(keys[i.Name], i.Attributes) {
			t.Errorf("%+v is recorded as %+v with the keys %q", i, m, keys[i.Name])
		}
	}
	if len(recorded) > 0 {
		t.Errorf("the table has not %v", recorded)
	}
}

// instrumentsFile is the table for programs that do not import the package, such as one that
// generates a dashboard.
const instrumentsFile = "instruments.json"

func TestTheFileOfTheTableIsFresh(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(map[string]any{"instruments": outboxotel.Instruments(), "attributes": outboxotel.Attributes()}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(instrumentsFile, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(instrumentsFile); err != nil || string(got) != string(want) {
		t.Errorf("%s is stale (%v): UPDATE=1 go test -run FileOfTheTable writes it", instrumentsFile, err)
	}
}

func TestTheManualHasTheTable(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range outboxotel.Instruments() {
		row := fmt.Sprintf("| `%s` | %s | `%s` | %s", i.Name, i.Kind, i.Unit, i.Description)
		for n, key := range i.Attributes {
			row += map[bool]string{true: " By ", false: ", "}[n == 0] + "`" + key + "`"
		}
		if !strings.Contains(string(manual), row+" |\n") {
			t.Errorf("docs/telemetry.md has no row\n%s |", row)
		}
	}
}

func TestEveryKindOfAnErrorIsKnown(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../errors_codes.go")
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, a := range outboxotel.Attributes() {
		if a.Key == "error.type" {
			values = a.Values
		}
	}
	found := regexp.MustCompile(`(?m)^\tKind\w+ +Kind = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 30 {
		t.Fatalf("%d kinds", len(found))
	}
	for _, kind := range found {
		if !slices.Contains(values, kind[1]) {
			t.Errorf("%s is not known", kind[1])
		}
	}
}
