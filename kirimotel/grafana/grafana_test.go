package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/kirimotel"
)

func TestTheFilesAreThoseOfTheTables(t *testing.T) {
	t.Parallel()
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(name); err != nil || string(got) != string(want) {
			t.Errorf("%s is stale (%v): cd kirimotel/grafana && go generate .", name, err)
		}
	}
}

// By another way than that of the program: whatever looks like a metric in the files is one.
func TestEveryMetricInTheFilesIsInTheTables(t *testing.T) {
	t.Parallel()
	known := make(map[string]bool)
	for _, i := range instruments() {
		name := metricName(i)
		known[name] = true
		if i.Kind == kirimotel.Histogram {
			known[name+"_bucket"], known[name+"_count"], known[name+"_sum"] = true, true, true
		}
		for _, key := range i.Attributes {
			known[label(key)] = true
		}
	}
	for _, file := range []string{"dashboard.json", "alerts.yml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`\b(?:kirim|http|error|url|server|messaging)_[a-z0-9_]+`).FindAllString(string(text), -1)
		if len(names) < 10 {
			t.Errorf("%s has only %d names", file, len(names))
		}
		for _, name := range names {
			if !known[name] && name != "kirim_" {
				t.Errorf("%s: no table has %s", file, name)
			}
		}
	}
}

// What another panel shows as well.
var left = []string{"kirim.outbox.attempt.duration", "kirim.outbox.inbox.duration"}

func TestEveryMetricOfKirimIsOnTheDashboard(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range instruments() {
		if i.Stability == kirimotel.Own && !slices.Contains(left, i.Name) && !strings.Contains(string(text), metricName(i)) {
			t.Errorf("no panel has %s", i.Name)
		}
	}
}

func TestAQueryWithAWrongNameIsRefused(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`sum by (<kirim.attempt.outcome>) (rate(<kirim.client.attempts>[5m]))`: "",
		`<kirim.client.attempts{kirim.attempt.outcome="success"}>`:             "",
		`rate(<kirim.client.atempts>[5m])`:                                     "<kirim.client.atempts> is neither",
		`sum by (<kirim.event.type>) (<kirim.client.attempts>)`:                "<kirim.event.type> is neither",
		`<kirim.client.attempts{kirim.event.type="x"}>`:                        "kirim.client.attempts has no attribute kirim.event.type",
		`<kirim.client.attempts:count>`:                                        "<kirim.client.attempts:count> is a counter",
		`<kirim.client.call.duration>`:                                         "<kirim.client.call.duration> is a histogram",
		`up == 0`:                                                              "no metric",
	} {
		_, err := translate(query, "")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
	got, err := translate(`sum by (<error.type>) (rate(<kirim.client.call.duration:count{url.template="/{id}/messages",error.type!=""}>[5m])) < 5`, `job="a"`)
	const want = `sum by (error_type) (rate(kirim_client_call_duration_seconds_count{url_template="/{id}/messages",error_type!="",job="a"}[5m])) < 5`
	if err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestEveryErrorOfACallHasOneSide(t *testing.T) {
	t.Parallel()
	count := make(map[string]int)
	for _, s := range sides {
		for _, word := range s.types {
			count[word]++
		}
	}
	want := []string{"canceled", "deadline_exceeded", "timeout", "validation", "limiter"}
	for _, a := range kirimotel.Attributes() {
		if a.Key == "kirim.error.kind" || a.Key == "kirim.attempt.outcome" {
			want = append(want, a.Values...)
		}
	}
	for _, word := range want {
		if word != "success" && count[word] != 1 {
			t.Errorf("%s is on %d sides", word, count[word])
		}
	}
	for word := range count {
		if !slices.Contains(want, word) {
			t.Errorf("no call ends with %s", word)
		}
	}
}

func TestTheDashboardIsOneThatGrafanaCanLayOut(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboardModel
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	taken := make(map[[2]int]string)
	ids, titles := make(map[int]bool), make(map[string]bool)
	unit := regexp.MustCompile(`"unit":"(s|cps|short|percentunit)"`)
	for _, p := range d.Panels {
		if ids[p.ID] || titles[p.Title] || p.Title == "" {
			t.Errorf("the id %d or the title %q is missing or there twice", p.ID, p.Title)
		}
		ids[p.ID], titles[p.Title] = true, true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if taken[[2]int{x, y}] != "" || x >= columns {
					t.Fatalf("%q is over %q, or outside", p.Title, taken[[2]int{x, y}])
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		config, err := json.Marshal(p.FieldConfig)
		if err != nil || !unit.Match(config) || !strings.HasSuffix(p.Description, ".") || len(p.Targets) == 0 {
			t.Errorf("%s: no unit, no description or no query (%v)", p.Title, err)
		}
		for _, target := range p.Targets {
			if reference.MatchString(target.Expr) || target.LegendFormat == "" {
				t.Errorf("%s: %s (%s)", p.Title, target.Expr, target.LegendFormat)
			}
		}
	}
}
