package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// A panel of the dashboard, and what its queries say of a run.
type panel struct {
	Type   string   `json:"type,omitempty"` // row, timeseries, stat
	Title  string   `json:"title"`
	Unit   string   `json:"unit,omitempty"`
	Series []series `json:"series,omitempty"`

	targets []target
}

type target struct {
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat"`
}

func readDashboard(t *testing.T) []*panel {
	t.Helper()
	text, err := os.ReadFile("../../kirimotel/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Type        string   `json:"type"`
			Title       string   `json:"title"`
			Targets     []target `json:"targets"`
			FieldConfig struct {
				Defaults struct {
					Unit string `json:"unit"`
				} `json:"defaults"`
			} `json:"fieldConfig"`
		} `json:"panels"`
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	var panels []*panel
	for _, p := range dashboard.Panels {
		panels = append(panels, &panel{Type: p.Type, Title: p.Title, Unit: p.FieldConfig.Defaults.Unit, targets: p.Targets})
	}
	return panels
}

const mostWaiting = 60 // messages

// anyCall matches each request to send.
const anyCall = "/v1/*/messages"

// happen lets everything happen that the dashboard is about, until ctx ends.
func happen(ctx context.Context, p *process, sandbox *kirimtest.Server) {
	began := time.Now()
	every := time.NewTicker(120 * time.Millisecond)
	defer every.Stop()
	sandbox.AddFault(kirimtest.Fault{Path: anyCall, Times: -1, From: began.Add(5 * time.Second), Until: began.Add(6500 * time.Millisecond), Status: http.StatusBadGateway})
	faults := []kirimtest.Fault{
		{Status: http.StatusBadGateway}, // tried again
		{Drop: true},                    // likewise
		{Status: http.StatusRequestTimeout, Processed: true},                            // may have been sent
		{Status: http.StatusUnprocessableEntity, Code: "invalid_phone_number"},          // refused for good
		{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}, // the outbox waits
	}
	armed, placed := 0, 0
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if placed-sandbox.MessageCount() > mostWaiting && !*update { // a slow machine need not enqueue more than it sends
			continue
		}
		placed++
		phone := fmt.Sprintf("+62811000%05d", i)
		if i%3 > 0 { // the others get a template
			sandbox.Receive(kirimtest.Inbound{From: phone, Text: "Where is it?"})
			placed++ // the reply
		}
		p.request(ctx, "/orders", fmt.Sprintf(`{"phone":%q,"item":"Kopi Gayo"}`, phone))
		if sandbox.MessageCount() >= 8*armed { // so many were accepted
			f := faults[armed%len(faults)]
			f.Path = anyCall
			sandbox.AddFault(f)
			armed++
		}
		switch i % 30 {
		case 0: // the callback cannot make a key of such an id
			sandbox.Receive(kirimtest.Inbound{WAMID: "wamid." + strings.Repeat("X", 600), From: phone, Text: "Hi"})
		case 10: // a duplicate
			for _, d := range sandbox.Deliveries() {
				if d.Status == kirimtest.DeliverySucceeded {
					_, _ = sandbox.Replay(d.ID) //nolint:contextcheck // the sandbox delivers for as long as it runs
					break
				}
			}
		case 20: // unsigned
			p.request(ctx, webhookPath, `{}`)
		}
	}
}

// look is a program without an outbox: its client retries by itself.
func look(ctx context.Context, client *kirim.Client, sandbox *kirimtest.Server) {
	for i := 0; ctx.Err() == nil; i++ {
		if i%5 == 0 {
			sandbox.AddFault(kirimtest.Fault{Path: "/v1/*/contacts", Status: http.StatusBadGateway})
		}
		_, _ = client.PhoneNumber(sandbox.PhoneNumberID).Contacts.List(ctx, kirim.ContactListParams{Limit: 1})
	}
}

// request makes a request of which nobody wants to know the response.
func (p *process) request(ctx context.Context, path, body string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		return
	}
	if response, err := http.DefaultClient.Do(r); err == nil {
		_ = response.Body.Close()
	}
}

// A real Prometheus scrapes the program, and each query of the dashboard returns data.
func TestEveryPanelOfTheDashboardHasData(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t, kirimtest.WithPlan(kirimtest.Enterprise(1200, 300)), kirimtest.WithStatusPlan(func(m kirimtest.Message) []kirimtest.Status {
		if strings.HasSuffix(m.To, "7") {
			return kirimtest.Failed(131026)(m)
		}
		return kirimtest.Read()(m)
	}))
	p, printed := startWith(t, t.TempDir(), environment(sandbox), "-metrics", "127.0.0.1:0")
	sandbox.Subscribe(p.url+webhookPath, "message.received", "message.sent", "message.status")
	address := regexp.MustCompile(`http://(\S+)/metrics\.`).FindStringSubmatch(printed)
	if address == nil {
		t.Fatalf("the program printed %q", printed)
	}
	other, err := newTelemetry(t.Context(), settings{metrics: "127.0.0.1:0"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	client, err := sandbox.Client(append(other.ofClient(), kirim.WithLimiter(kirim.NewPacer()))...)
	if err != nil {
		t.Fatal(err)
	}
	prometheus := startPrometheus(t, address[1], other.metrics.Addr().String())
	began := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { happen(ctx, p, sandbox) })
	running.Go(func() { look(ctx, client, sandbox) })
	running.Go(func() { _ = other.serve(ctx) })

	panels := readDashboard(t)
	missing := func() (list []string) {
		for _, panel := range panels {
			panel.Series = nil
			for _, target := range panel.targets {
				found := prometheus.graph(target.Expr, target.LegendFormat, began)
				panel.Series = append(panel.Series, found...)
				if len(found) == 0 {
					list = append(list, panel.Title+": "+target.LegendFormat)
				}
			}
		}
		return list
	}
	deadline := time.Now().Add(2 * time.Minute) // a third of that where a machine has nothing else to do
	refused := false
	for again := time.NewTicker(time.Second); ; <-again.C {
		list := missing()
		if !refused && (!*update && len(list) <= 1 || *update && time.Since(began) > 22*time.Second) {
			refused = true // the last thing, as it pauses the number
			sandbox.AddFault(kirimtest.Fault{Path: anyCall, Status: http.StatusUnauthorized, Code: "revoked_api_key"})
		}
		if len(list) == 0 && (!*update || time.Since(began) > 32*time.Second) {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("no data for\n%s", strings.Join(list, "\n"))
			break
		}
	}
	stop()
	running.Wait()
	failed, rules := prometheus.failedRules()
	if len(failed) > 0 || rules < 10 {
		t.Errorf("%d rules, of which failed %s", rules, failed)
	}
	if t.Failed() {
		_, text := (&process{t: t, url: "http://" + address[1]}).ask("/metrics", "")
		t.Log(regexp.MustCompile(`(?m)^(#.*|.*_bucket.*)\n`).ReplaceAllString(text, ""))
	}
	t.Logf("%s until every panel had data", time.Since(began).Round(time.Second))
	if *update && !t.Failed() {
		keep(t, panels)
	}
	p.interrupt()
}

// keep writes what the picture of the manual is drawn from.
func keep(t *testing.T, panels []*panel) {
	t.Helper()
	for _, p := range panels {
		for _, s := range p.Series {
			for _, v := range s.Values {
				if v != nil && *v != 0 {
					digits := math.Pow(10, 3-math.Ceil(math.Log10(math.Abs(*v))))
					*v = math.Round(*v*digits) / digits
				}
			}
		}
	}
	text, err := json.Marshal(map[string]any{"step": step.Seconds(), "panels": panels})
	if err != nil {
		t.Fatal(err)
	}
	text = append([]byte(strings.ReplaceAll(string(text), `{"type"`, "\n{\"type\"")), '\n')
	if err := os.WriteFile("../../docs/pictures/operations.json", text, 0o600); err != nil {
		t.Fatal(err)
	}
}
