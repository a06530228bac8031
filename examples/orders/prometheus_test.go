package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the manual has of a run: docs/pictures/operations.json and the trace in docs/operations.md")

// prometheusServer is a process of this test's own.
type prometheusServer struct {
	t   *testing.T
	url string
}

// startPrometheus starts one that scrapes addresses each second and has the alerts.
func startPrometheus(t *testing.T, targets ...string) *prometheusServer {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		if os.Getenv("KIRIM_REQUIRE_PROMETHEUS") != "" {
			t.Fatal(err)
		}
		t.Skip("needs Prometheus")
	}
	alerts, err := filepath.Abs("../../kirimotel/grafana/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n- {job_name: shop, static_configs: [{targets: [%s]}]}\n", alerts, strings.Join(targets, ", "))
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	p := &prometheusServer{t: t}
	var printed strings.Builder
	for lines := bufio.NewScanner(log); p.url == "" && lines.Scan(); {
		printed.WriteString(lines.Text() + "\n")
		if m := regexp.MustCompile(`msg="Listening on" address=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			p.url = "http://" + m[1]
		}
	}
	if p.url == "" {
		t.Fatalf("Prometheus does not listen:\n%s", &printed)
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
	return p
}

// get asks the API, and reports whether Prometheus was ready for that.
func (p *prometheusServer) get(path string, query url.Values, data any) bool {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path+"?"+query.Encode(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusServiceUnavailable {
		return false
	}
	var body struct {
		Data  json.RawMessage `json:"data"`
		Error string          `json:"error"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil || body.Error != "" {
		p.t.Fatalf("%s: %v %s", query, err, body.Error)
	}
	if err := json.Unmarshal(body.Data, data); err != nil {
		p.t.Fatal(err)
	}
	return true
}

// series is one line of a graph: a value for each step, null where there is none.
type series struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

const step = 500 * time.Millisecond

var placeholder = regexp.MustCompile(`\{\{(\w+)\}\}`)

// graph runs a query of the dashboard over the time since began.
func (p *prometheusServer) graph(expr, legend string, began time.Time) []series {
	p.t.Helper()
	expr = strings.NewReplacer("$__rate_interval", "10s", "$job", "shop").Replace(expr)
	steps := int(time.Since(began) / step)
	var data struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
			Values [][2]any          `json:"values"`
		} `json:"result"`
	}
	seconds := func(at time.Time) string { return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64) }
	if !p.get("/api/v1/query_range", url.Values{
		"query": {expr}, "start": {seconds(began)}, "end": {seconds(began.Add(time.Duration(steps) * step))}, "step": {"0.5"},
	}, &data) {
		return nil
	}
	var all []series
	for _, r := range data.Result {
		s := series{Values: make([]*float64, steps+1)}
		s.Name = placeholder.ReplaceAllStringFunc(legend, func(l string) string { return r.Metric[strings.Trim(l, "{}")] })
		some := false
		for _, v := range r.Values {
			at, isTime := v[0].(float64)
			text, isText := v[1].(string)
			value, err := strconv.ParseFloat(text, 64)
			if !isTime || !isText || err != nil {
				p.t.Fatalf("%s: %v", expr, v)
			}
			i := int(math.Round((at - float64(began.UnixMilli())/1000) / step.Seconds()))
			if !math.IsNaN(value) && !math.IsInf(value, 0) && i >= 0 && i <= steps {
				s.Values[i], some = &value, true
			}
		}
		if some {
			all = append(all, s)
		}
	}
	return all
}

// failedRules are the alerts that Prometheus could not evaluate, and how many it has.
func (p *prometheusServer) failedRules() (failed []string, rules int) {
	p.t.Helper()
	var data struct {
		Groups []struct {
			Rules []struct {
				Name      string `json:"name"`
				Health    string `json:"health"`
				LastError string `json:"lastError"`
			} `json:"rules"`
		} `json:"groups"`
	}
	p.get("/api/v1/rules", nil, &data)
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			rules++
			if r.Health == "err" {
				failed = append(failed, r.Name+": "+r.LastError)
			}
		}
	}
	return failed, rules
}
