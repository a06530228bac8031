package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

// span is what -trace prints of one.
type span struct {
	Name        string
	SpanContext spanContext
	Parent      spanContext
	SpanKind    int
	StartTime   time.Time
	Attributes  []struct {
		Key   string
		Value struct{ Value any }
	}
	Links []struct{ SpanContext spanContext }
}

type spanContext struct{ TraceID, SpanID string }

var kinds = []string{"", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"}

// shown are the attributes that the manual has: without what differs from run to run.
var shown = []string{
	"http.response.status_code", "http.request.resend_count", "kirim.call.outcome", "kirim.event.type", "kirim.element.outcome",
	"kirim.outbox.attempt.number", "kirim.outbox.attempt.outcome", "kirim.outbox.message.status", "error.type",
}

func (s *span) text() string {
	text := fmt.Sprintf("%-8s", kinds[s.SpanKind])
	for _, key := range shown {
		for _, a := range s.Attributes {
			if a.Key == key {
				text += fmt.Sprintf("  %s=%v", key, a.Value.Value)
			}
		}
	}
	return text
}

// traceOf draws the spans below one, of which all lines have the same width.
func traceOf(spans []*span, root *span) string {
	var lines [][2]string
	var draw func(s *span, first, others string)
	draw = func(s *span, first, others string) {
		lines = append(lines, [2]string{first + s.Name, s.text()})
		var children []*span
		for _, child := range spans {
			if child.Parent.SpanID == s.SpanContext.SpanID && child.SpanContext.TraceID == s.SpanContext.TraceID {
				children = append(children, child)
			}
		}
		slices.SortFunc(children, func(a, b *span) int { return a.StartTime.Compare(b.StartTime) })
		for i, child := range children {
			if i < len(children)-1 {
				draw(child, others+"├─ ", others+"│  ")
			} else {
				draw(child, others+"└─ ", others+"   ")
			}
		}
	}
	draw(root, "", "")
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimRight(line[0]+strings.Repeat(" ", 36-len([]rune(line[0])))+line[1], " ") + "\n")
	}
	return b.String()
}

// The manual shows the trace of an order whose first attempt to send gets 502.
func TestOneTraceLeadsFromTheOrderToItsDelivery(t *testing.T) {
	t.Parallel()
	const phone = "+6281100000001"
	sandbox := kirimtest.Start(t, kirimtest.WithStatusPlan(kirimtest.Unreported()))
	sandbox.SetLastInbound(phone, time.Now())
	sandbox.AddFault(kirimtest.Fault{Path: "/v1/*/messages", Status: http.StatusBadGateway})
	p, _ := startWith(t, t.TempDir(), environment(sandbox), "-trace")
	sandbox.Subscribe(p.url+webhookPath, "message.sent", "message.status")
	var printed []string
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for p.out.Scan() {
			printed = append(printed, p.out.Text())
		}
	}()
	id := p.place(phone, "Kopi Gayo")
	p.until("/orders/"+id, `"notice":"sent"`)
	report := func(status string, deliveries int) {
		sandbox.Report(sandbox.Messages()[0].ID, kirimtest.Status{Name: status})
		p.waitFor("the webhooks of "+status, func() bool {
			all := sandbox.Deliveries()
			return len(all) >= deliveries && !slices.ContainsFunc(all, func(d kirimtest.Delivery) bool { return d.Status != kirimtest.DeliverySucceeded })
		})
	}
	report("sent", 2) // with message.sent
	report("delivered", 3)
	p.until("/orders/"+id, `"notice":"delivered"`)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}

	var spans []*span
	for _, line := range printed {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		s := &span{}
		if err := json.Unmarshal([]byte(line), s); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		spans = append(spans, s)
	}
	named := func(name string) *span {
		i := slices.IndexFunc(spans, func(s *span) bool { return s.Name == name })
		if i < 0 {
			t.Fatalf("there is no span %s in\n%s", name, strings.Join(printed, "\n"))
		}
		return spans[i]
	}
	trace := traceOf(spans, named("POST /orders"))
	var element *span
	for _, link := range named("deliver outbox").Links {
		for _, s := range spans {
			if s.SpanContext.SpanID == link.SpanContext.SpanID && s.Name == "process message.status" {
				element = s
			}
		}
	}
	if element == nil || strings.Contains(strings.Join(printed, ""), phone[1:]) {
		t.Fatalf("the delivery is not linked to its webhook, or the phone number is in the trace:\n%s", strings.Join(printed, "\n"))
	}
	webhook := traceOf(spans, spans[slices.IndexFunc(spans, func(s *span) bool {
		return s.Name == "POST "+webhookPath && s.SpanContext.TraceID == element.SpanContext.TraceID
	})])
	checkManual(t, "trace", "```text\n"+trace+"\n"+webhook+"```\n")
}

// checkManual compares a part of docs/operations.md.
func checkManual(t *testing.T, mark, want string) {
	t.Helper()
	const page = "../../docs/operations.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	mark = "<!-- " + mark + " -->\n"
	before, rest, ok := strings.Cut(string(text), mark)
	got, after, ends := strings.Cut(rest, "<!-- end -->\n")
	if !ok || !ends {
		t.Fatalf("%s has no %s", page, mark)
	}
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: go test -C examples/orders -run OneTrace -update\n%s", page, want)
	}
	if err := os.WriteFile(page, []byte(before+mark+want+"<!-- end -->\n"+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
