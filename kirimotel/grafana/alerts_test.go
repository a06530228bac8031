package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promtool runs Prometheus' own program.
func promtool(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("KIRIM_REQUIRE_PROMETHEUS") != "" {
			t.Fatal(err)
		}
		t.Skip("needs promtool, which comes with Prometheus")
	}
	text, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return string(text), err
}

func TestPrometheusAcceptsTheAlerts(t *testing.T) {
	t.Parallel()
	output, err := promtool(t, "check", "rules", "alerts.yml")
	if want := fmt.Sprintf("SUCCESS: %d rules found", len(alerts())); err != nil || !strings.Contains(output, want) {
		t.Errorf("%v\n%s", err, output)
	}
}

// situation is what Prometheus has scraped each minute, and whether an alert fires after 40 minutes.
type situation struct {
	alert  string
	series []string // name and values: a counter "0+2x60" has 2 more each minute
	fires  string   // its summary; empty when it does not
	labels string   // of the alert that fires, beside its name, job and severity
}

const (
	sent      = `<kirim.client.call.duration:count{http.request.method="POST",url.template="/{id}/messages",kirim.call.outcome="success"}>`
	delivered = `<kirim.webhook.delivery.duration:count{http.response.status_code="200"}>`
	handled   = `<kirim.webhook.elements{kirim.element.outcome="handled"}>`
	accepted  = `<kirim.outbox.ended{kirim.outbox.message.state="sent"}>`
	attempts  = `<kirim.client.attempts{kirim.attempt.outcome="success"}>`
)

func failedWith(errorType, values string) string {
	return `<kirim.client.call.duration:count{error.type="` + errorType + `"}> ` + values
}

// waits is a backlog, or the age of its oldest message.
func waits(what, class, state, values string) string {
	name := strings.TrimSuffix("kirim.outbox.backlog."+what, ".")
	return fmt.Sprintf("<%s{kirim.outbox.class=%q,kirim.outbox.backlog.state=%q}> %s", name, class, state, values)
}

// between has ten measurements a minute between two bounds of buckets.
func between(histogram, low, high string) []string {
	return []string{
		"<" + histogram + ":bucket>le=" + low + " 0x60", "<" + histogram + ":bucket>le=" + high + " 0+10x60",
		"<" + histogram + ":bucket>le=+Inf 0+10x60",
	}
}

var situations = []situation{
	{"KirimCallsFailing", []string{sent + " 0+9x60", failedWith("upstream", "0+1x60")}, "10% of the calls of shop fail at the API or on the way to it", ""},
	{"KirimCallsFailing", []string{sent + " 0+9x60", failedWith("no_response", "0+1x60")}, "10% of the calls of shop fail at the API or on the way to it", ""},
	{"KirimCallsFailing", []string{sent + " 0+99x60", failedWith("upstream", "0+1x60")}, "", ""},
	{"KirimCallsFailing", []string{sent + " 0+9x60", failedWith("validation", "0+9x60")}, "", ""},
	{"KirimCallsFailing", []string{sent + " 0x60", failedWith("upstream", "0 0 0 1x57")}, "", ""}, // one call
	{"KirimAccountRefused", []string{failedWith("auth_revoked", "0+1x60")}, "The API refuses calls of shop: auth_revoked", "error_type: auth_revoked"},
	{"KirimAccountRefused", []string{failedWith("suspended", "_x37 1x20")}, "The API refuses calls of shop: suspended", "error_type: suspended"},
	{"KirimAccountRefused", []string{failedWith("auth_revoked", "7x60"), failedWith("upstream", "0+9x60")}, "", ""},
	{"KirimRequestsRefused", []string{sent + " 0+9x60", failedWith("template_unavailable", "0+1x60")}, "10% of the calls of shop are refused for what they ask", ""},
	{"KirimRequestsRefused", []string{sent + " 0+9x60", failedWith("internal", "0+9x60")}, "", ""},
	{"KirimCallsSlow", between("kirim.client.call.duration", "5", "10"), "One call in 20 of shop takes longer than 9.75s", ""},
	{"KirimCallsSlow", between("kirim.client.call.duration", "1", "2.5"), "", ""},
	{"KirimRateLimited", []string{attempts + " 0+8x60", "<kirim.client.attempts{kirim.attempt.outcome=\"rate_limited\"}> 0+2x60", "<kirim.client.rate_limited> 0+2x60"}, "20% of the requests of shop are over the rate limit", ""},
	{"KirimRateLimited", []string{attempts + " 0+98x60", "<kirim.client.rate_limited> 0+2x60"}, "", ""},
	{"KirimRetryQuotaUsedUp", []string{"<kirim.client.retry_quota.refused> 0+2x60"}, "10 calls of shop were not retried in 5 minutes, because too many were", ""},
	{"KirimRetryQuotaUsedUp", []string{"<kirim.client.retry_quota.refused> 2x60"}, "", ""},
	{"KirimCallsInDoubt", []string{"<kirim.client.in_doubt> 0+1x60"}, "10 calls of shop in 10 minutes may have been carried out although they failed", ""},
	{"KirimCallsInDoubt", []string{"<kirim.client.in_doubt> 0 1x59"}, "", ""},
	{"KirimOutboxOld", []string{waits("age", "code", "due", "70x60")}, "A message of the class code of shop has been due for 1m 10s", "kirim_outbox_class: code"},
	{"KirimOutboxOld", []string{waits("age", "transactional", "due", "660x60")}, "A message of the class transactional of shop has been due for 11m 0s", "kirim_outbox_class: transactional"},
	{"KirimOutboxOld", []string{waits("age", "code", "due", "50x60"), waits("age", "transactional", "due", "70x60"), waits("age", "marketing", "due", "7200x60"), waits("age", "code", "paused", "7200x60")}, "", ""},
	{"KirimOutboxUnknown", []string{waits("", "code", "unknown", "2x60")}, "2 messages of the class code of shop wait for a decision", "kirim_outbox_class: code"},
	{"KirimOutboxUnknown", []string{waits("", "code", "unknown", "0x60"), waits("", "code", "due", "9x60")}, "", ""},
	{"KirimOutboxInDoubt", []string{waits("age", "code", "in_doubt", "960x60")}, "A message of shop that may have been sent is in doubt after 16m 0s", "kirim_outbox_class: code"},
	{"KirimOutboxInDoubt", []string{waits("age", "code", "in_doubt", "60x60"), waits("age", "code", "due", "9999x60")}, "", ""},
	{"KirimOutboxPaused", []string{waits("", "marketing", "paused", "8x60")}, "8 messages of the class marketing of shop wait for the end of a pause", "kirim_outbox_class: marketing"},
	{"KirimOutboxPaused", []string{waits("", "marketing", "paused", "8x29 0x30")}, "", ""},
	{"KirimOutboxDiscarding", []string{accepted + " 0+9x60", `<kirim.outbox.ended{kirim.outbox.message.state="discarded"}> 0+1x60`}, "10% of the messages of shop are discarded", ""},
	{"KirimOutboxDiscarding", []string{accepted + " 0+9x60", `<kirim.outbox.ended{kirim.outbox.message.state="suppressed"}> 0+1x60`}, "", ""},
	{"KirimLateFailures", []string{accepted + " 0+4x60", `<kirim.outbox.statuses{kirim.outbox.message.status="failed"}> 0+1x60`}, "25% of the messages of shop fail after the API has accepted them", ""},
	{"KirimLateFailures", []string{accepted + " 0+4x60", `<kirim.outbox.statuses{kirim.outbox.message.status="delivered"}> 0+4x60`}, "", ""},
	{"KirimInboxOld", []string{"<kirim.outbox.inbox.backlog.age> 400x60"}, "A webhook delivery in the inbox of shop has not been handled for 6m 40s", ""},
	{"KirimInboxOld", []string{"<kirim.outbox.inbox.backlog.age> 100x60"}, "", ""},
	{"KirimNoDeliveries", []string{sent + " 0+1x60"}, "30 messages were sent in 30 minutes, and no webhook delivery arrived", "without job"},
	{"KirimNoDeliveries", []string{sent + " 0+1x60", `<kirim.webhook.delivery.duration:count{http.response.status_code="401"}> 0+1x60`}, "30 messages were sent in 30 minutes, and no webhook delivery arrived", "without job"},
	{"KirimNoDeliveries", []string{sent + " 0+1x60", delivered + " 0+1x60"}, "", ""},
	{"KirimNoDeliveries", []string{sent + " 5x60"}, "", ""},
	{"KirimWebhooksRefused", []string{delivered + " 0+6x60", `<kirim.webhook.delivery.duration:count{error.type="signature_mismatch"}> 0+2x60`}, "25% of the webhook deliveries to shop are refused for their signature", ""},
	{"KirimWebhooksRefused", []string{delivered + " 0+6x60", `<kirim.webhook.delivery.duration:count{error.type="signature_missing"}> 0+2x60`}, "", ""}, // anybody can send that
	{"KirimWebhooksFailing", []string{delivered + " 0+3x60", `<kirim.webhook.delivery.duration:count{http.response.status_code="503"}> 0+1x60`}, "25% of the webhook deliveries to shop get a status from 500 on", ""},
	{"KirimWebhooksFailing", []string{delivered + " 0+3x60", `<kirim.webhook.delivery.duration:count{http.response.status_code="401"}> 0+1x60`}, "", ""},
	{"KirimCallbacksFailing", []string{handled + " 0+3x60", `<kirim.webhook.elements{kirim.element.outcome="panicked"}> 0+1x60`}, "The callbacks of shop fail for 25% of what webhooks bring", ""},
	{"KirimCallbacksFailing", []string{handled + " 0+3x60", `<kirim.webhook.elements{kirim.element.outcome="duplicate"}> 0+1x60`}, "", ""},
	{"KirimCallbacksSlow", between("kirim.webhook.delivery.duration", "5", "8"), "One webhook delivery in 20 to shop takes longer than 7.85s", ""},
	{"KirimCallbacksSlow", between("kirim.webhook.delivery.duration", "1", "2.5"), "", ""},
	{"KirimDeliveriesLate", between("kirim.webhook.element.age", "300", "900"), "Half of what webhooks bring to shop is older than 10m 0s", ""},
	{"KirimDeliveriesLate", between("kirim.webhook.element.age", "0", "60"), "", ""},
}

// unitTests writes the situations as promtool reads them.
func unitTests(t *testing.T, rules string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "rule_files: [%q]\nevaluation_interval: 1m\ntests:\n", rules)
	for _, s := range situations {
		a := alerts()[slices.IndexFunc(alerts(), func(a alert) bool { return a.name == s.alert })]
		b.WriteString("  - interval: 1m\n    input_series:\n")
		for _, series := range s.series {
			name, values, _ := strings.Cut(series, " ")
			labels := `job="shop"`
			if before, le, ok := strings.Cut(name, "le="); ok {
				name, labels = before, labels+fmt.Sprintf(`,le=%q`, le)
			}
			translated, err := translate(name, labels)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "      - {series: '%s', values: '%s'}\n", translated, values)
		}
		fmt.Fprintf(&b, "    alert_rule_test:\n      - eval_time: 40m\n        alertname: %s\n        exp_alerts:", s.alert)
		if s.fires == "" {
			b.WriteString(" []\n")
			continue
		}
		fmt.Fprintf(&b, "\n          - exp_labels:\n              severity: %s\n", a.severity)
		if s.labels != "without job" {
			b.WriteString("              job: shop\n")
			if s.labels != "" {
				b.WriteString("              " + s.labels + "\n")
			}
		}
		fmt.Fprintf(&b, "            exp_annotations: {summary: %q, description: %q, runbook_url: %q}\n", s.fires, a.description, a.runbook())
	}
	return b.String()
}

func TestEachAlertFiresWhenItShould(t *testing.T) {
	t.Parallel()
	rules, err := filepath.Abs("alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tests.yml")
	if err := os.WriteFile(file, []byte(unitTests(t, rules)), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := promtool(t, "test", "rules", file); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	for _, a := range alerts() {
		is := func(fires bool) func(situation) bool {
			return func(s situation) bool { return s.alert == a.name && (s.fires != "") == fires }
		}
		if !slices.ContainsFunc(situations, is(true)) || !slices.ContainsFunc(situations, is(false)) {
			t.Errorf("%s: no situation in which it fires, or none in which it does not", a.name)
		}
	}
}

func TestEveryAlertHasItsRunbook(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := regexp.MustCompile(`(?m)^#+ (Kirim\w+)$`).FindAllStringSubmatch(string(page), -1)
	var want []string
	for _, a := range alerts() {
		want = append(want, a.name)
		if a.wait == "" || a.severity == "" || !strings.HasSuffix(a.description, ".") || a.summary == "" {
			t.Errorf("%s: something is missing", a.name)
		}
	}
	var got []string
	for _, h := range headings {
		got = append(got, h[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/operations.md has the headings\n%s, not\n%s", got, want)
	}
}
