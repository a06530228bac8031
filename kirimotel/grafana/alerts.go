package main

import (
	"fmt"
	"slices"
	"strings"
)

// alert is a rule of Prometheus.
type alert struct {
	name        string
	severity    severity
	expr        string // see reference
	wait        string // for how long expr must be true
	summary     string // has the value
	description string
}

type severity string

const (
	critical severity = "critical" // messages do not go out, or what customers write is not handled
	warning  severity = "warning"  // somebody looks in working hours
)

// runbooks is the page that has a heading for each alert.
const runbooks = "https://github.com/kirim-go/kirim/blob/main/docs/operations.md"

func (a alert) runbook() string { return runbooks + "#" + strings.ToLower(a.name) }

func alerts() []alert {
	return slices.Concat(callAlerts(), outboxAlerts(), webhookAlerts())
}

const (
	calls      = "<kirim.client.call.duration:count>"
	deliveries = "<kirim.webhook.delivery.duration:count>"
)

// share is which part of the second is the first, of which there must be at least so many in 10 minutes.
func share(part, all string, over float64, atLeast int) string {
	return fmt.Sprintf("sum by (job) (rate(%s[5m])) / sum by (job) (rate(%s[5m])) > %g\nand sum by (job) (increase(%[1]s[10m])) >= %[4]d", part, all, over, atLeast)
}

func callsOf(s ...side) string { return "<kirim.client.call.duration:count{" + oneOf(s...) + "}>" }

func callAlerts() []alert {
	return []alert{
		{
			name: "KirimCallsFailing", severity: critical, wait: "10m",
			expr:        share(callsOf(server, network), calls, 0.05, 5),
			summary:     "{{ $value | humanizePercentage }} of the calls of {{ $labels.job }} fail at the API or on the way to it",
			description: "More than 5 % of the calls fail for a reason that is not in the request. The client retries what is safe to retry; an outbox keeps the messages.",
		},
		{
			name: "KirimAccountRefused", severity: critical, wait: "1m",
			// An outbox pauses after one such call: a counter that begins is one, too.
			expr: "sum by (job, <error.type>) (increase(" + callsOf(account) + "[5m])) > 0\n" +
				"or sum by (job, <error.type>) (" + callsOf(account) + " unless " + callsOf(account) + " offset 5m) > 0",
			summary:     "The API refuses calls of {{ $labels.job }}: {{ $labels.error_type }}",
			description: "The API key, the account, its plan or its number does not allow the calls. No retry helps.",
		},
		{
			name: "KirimRequestsRefused", severity: warning, wait: "15m",
			expr:        share(callsOf(program), calls, 0.05, 5),
			summary:     "{{ $value | humanizePercentage }} of the calls of {{ $labels.job }} are refused for what they ask",
			description: "More than 5 % of the calls have a request that cannot work: an invalid field, a recipient that does not exist, a paused template, a closed 24-hour window.",
		},
		{
			name: "KirimCallsSlow", severity: warning, wait: "15m",
			expr:        "histogram_quantile(0.95, sum by (job, le) (rate(<kirim.client.call.duration:bucket>[5m]))) > 5",
			summary:     "One call in 20 of {{ $labels.job }} takes longer than {{ $value | humanizeDuration }}",
			description: "The 95th percentile of the duration of calls, with their waits and retries, is over 5 seconds.",
		},
		{
			name: "KirimRateLimited", severity: warning, wait: "15m",
			expr:        "sum by (job) (rate(<kirim.client.rate_limited>[5m])) / sum by (job) (rate(<kirim.client.attempts>[5m])) > 0.05",
			summary:     "{{ $value | humanizePercentage }} of the requests of {{ $labels.job }} are over the rate limit",
			description: "The API has refused more than 5 % of the requests for 15 minutes because there are too many.",
		},
		{
			name: "KirimRetryQuotaUsedUp", severity: warning, wait: "5m",
			expr:        "sum by (job) (increase(<kirim.client.retry_quota.refused>[5m])) > 0",
			summary:     "{{ $value | humanize }} calls of {{ $labels.job }} were not retried in 5 minutes, because too many were",
			description: "So many calls fail that the client's retry quota is used up. It returns their errors without a retry.",
		},
		{
			name: "KirimCallsInDoubt", severity: warning, wait: "1m",
			expr:        "sum by (job) (increase(<kirim.client.in_doubt>[10m])) > 0",
			summary:     "{{ $value | humanize }} calls of {{ $labels.job }} in 10 minutes may have been carried out although they failed",
			description: "A request reached the API, perhaps, and no response came back. A message of such a call may have been sent.",
		},
	}
}

func webhookAlerts() []alert {
	return []alert{
		{
			name: "KirimNoDeliveries", severity: critical, wait: "15m",
			expr: `sum(increase(<kirim.client.call.duration:count{http.request.method="POST",url.template="/{id}/messages",kirim.call.outcome="success"}>[30m])) > 5` +
				"\nunless sum(increase(<kirim.webhook.delivery.duration:count{http.response.status_code=~\"2..\"}>[30m])) > 0",
			summary:     "{{ $value | humanize }} messages were sent in 30 minutes, and no webhook delivery arrived",
			description: "Messages go out, but nothing says that they arrive, and what customers write does not arrive either.",
		},
		{
			name: "KirimWebhooksRefused", severity: critical, wait: "10m",
			expr: share(`<kirim.webhook.delivery.duration:count{error.type=~"signature_mismatch|signature_malformed|no_secret|too_old|too_new"}>`,
				deliveries, 0.1, 3),
			summary:     "{{ $value | humanizePercentage }} of the webhook deliveries to {{ $labels.job }} are refused for their signature",
			description: "The signature of the deliveries does not fit their body and the secret, or their time is far from that of this machine.",
		},
		{
			name: "KirimWebhooksFailing", severity: critical, wait: "10m",
			expr:        share(`<kirim.webhook.delivery.duration:count{http.response.status_code=~"5.."}>`, deliveries, 0.05, 3),
			summary:     "{{ $value | humanizePercentage }} of the webhook deliveries to {{ $labels.job }} get a status from 500 on",
			description: "The handler could not take more than 5 % of the deliveries. The sender delivers them again, for a while.",
		},
		{
			name: "KirimCallbacksFailing", severity: warning, wait: "5m",
			expr:        share(`<kirim.webhook.elements{kirim.element.outcome=~"failed|panicked"}>`, "<kirim.webhook.elements>", 0.05, 3),
			summary:     "The callbacks of {{ $labels.job }} fail for {{ $value | humanizePercentage }} of what webhooks bring",
			description: "The application's callbacks return errors, or panic. What they failed for is delivered again.",
		},
		{
			name: "KirimCallbacksSlow", severity: warning, wait: "10m",
			expr:        "histogram_quantile(0.95, sum by (job, le) (rate(<kirim.webhook.delivery.duration:bucket>[5m]))) > 5",
			summary:     "One webhook delivery in 20 to {{ $labels.job }} takes longer than {{ $value | humanizeDuration }}",
			description: "The sender waits for 10 seconds. What takes longer counts as failed for it, and is delivered again.",
		},
		{
			name: "KirimDeliveriesLate", severity: warning, wait: "15m",
			expr:        "histogram_quantile(0.5, sum by (job, le) (rate(<kirim.webhook.element.age:bucket>[10m]))) > 300",
			summary:     "Half of what webhooks bring to {{ $labels.job }} is older than {{ $value | humanizeDuration }}",
			description: "Events arrive more than 5 minutes after what they tell of.",
		},
	}
}

// alertsYAML writes a file of rules.
func alertsYAML(alerts []alert) ([]byte, error) {
	var b strings.Builder
	b.WriteString("# Alerts on the metrics of kirimotel. kirimotel/grafana generates this file.\ngroups:\n  - name: kirim\n    rules:\n")
	for _, a := range alerts {
		expr, err := translate(a.expr, "")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		fmt.Fprintf(&b, "      - alert: %s\n        expr: |\n          %s\n        for: %s\n        labels:\n          severity: %s\n        annotations:\n",
			a.name, strings.ReplaceAll(expr, "\n", "\n          "), a.wait, a.severity)
		fmt.Fprintf(&b, "          summary: %q\n          description: %q\n          runbook_url: %s\n", a.summary, a.description, a.runbook())
	}
	return []byte(b.String()), nil
}
