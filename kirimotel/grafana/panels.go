package main

import "fmt"

// rate is how much of a counter there is in a second.
func rate(metric, by string) string {
	return fmt.Sprintf("sum by (%s) (rate(<%s>[$__rate_interval]))", by, metric)
}

// quantile is of a histogram, by labels or, when by is empty, of all.
func quantile(q, metric, by string) string {
	if by != "" {
		by = ", " + by
	}
	return fmt.Sprintf("histogram_quantile(%s, sum by (le%s) (rate(<%s>[$__rate_interval])))", q, by, metric)
}

// quantiles are the three that a graph of durations has.
func quantiles(metric string) []query {
	return []query{{quantile("0.5", metric, ""), "p50"}, {quantile("0.95", metric, ""), "p95"}, {quantile("0.99", metric, ""), "p99"}}
}

func rows() []row { return []row{callRow(), outboxRow(), webhookRow()} }

func callRow() row {
	var whose []query
	for _, s := range sides {
		whose = append(whose, query{"sum(rate(<kirim.client.call.duration:count{" + oneOf(s) + "}>[$__rate_interval]))", s.name})
	}
	const calls = "kirim.client.call.duration:"
	return row{"Calls: is it them or us?", []panel{
		{title: "Calls", unit: "cps", description: "Calls per second, by how they ended. After in_doubt the message may have been sent; refused is a response that says no; failed is no response at all.",
			queries: []query{{rate(calls+"count", "<kirim.call.outcome>"), "{{kirim_call_outcome}}"}}},
		{title: "Whose failures", unit: "cps", description: "Failed calls per second, by who can do something about it: the API, the network, a rate limit or quota, the account with its key, or what this program asks for.",
			queries: whose},
		{title: "Failed calls by error", unit: "cps", description: "Failed calls per second, by error.type: the kind of the error, or why there was no response.",
			queries: []query{{rate(calls+`count{error.type!=""}`, "<error.type>"), "{{error_type}}"}}},
		{title: "Duration of a call", unit: "s", description: "How long callers wait: with the waits for the limiter, all attempts and the waits between them.",
			queries: quantiles(calls + "bucket")},
		{title: "Duration of an attempt", unit: "s", description: "How long the API takes for one HTTP request. Where this is low and the duration of a call is high, the time goes into waits and retries.",
			queries: quantiles("http.client.request.duration:bucket")},
		{title: "Attempts by outcome", unit: "cps", description: "HTTP requests per second, by what they brought. One call has several attempts when it is retried.",
			queries: []query{{rate("kirim.client.attempts", "<kirim.attempt.outcome>"), "{{kirim_attempt_outcome}}"}}},
		{title: "Rate limited (429)", unit: "cps", description: "Responses per second that refused a request because there were too many, by token bucket. A few are normal without a pacer.",
			queries: []query{{rate("kirim.client.rate_limited", "<kirim.rate_limit.class>"), "{{kirim_rate_limit_class}}"}}},
		{title: "Rate limit left", unit: "percentunit", description: "Part of the API's rate limit that is not used, by token bucket and as the last response says. Near 0, messages wait.",
			queries: []query{{"min by (<kirim.rate_limit.class>) (<kirim.client.rate_limit.available>)", "{{kirim_rate_limit_class}}"}}},
		{title: "Tokens remaining", unit: "short", description: "Requests that the API allows now, by token bucket and as the last response says.",
			queries: []query{{"min by (<kirim.rate_limit.class>) (<kirim.client.rate_limit.remaining>)", "{{kirim_rate_limit_class}}"}}},
		{title: "Retries by reason", unit: "cps", description: "Attempts per second that were followed by another one, by what they brought.",
			queries: []query{{rate("kirim.client.retries", "<kirim.attempt.outcome>"), "{{kirim_attempt_outcome}}"}}},
		{title: "Calls in doubt", unit: "short", description: "Calls of the last 5 minutes that failed and may nevertheless have been carried out. Sending again under the same idempotency key is safe, under another one it is not.",
			queries: []query{{"sum(increase(<kirim.client.in_doubt>[5m]))", "in doubt"}}},
		{title: "Retry quota used up", unit: "short", description: "Calls of the last 5 minutes that were not retried because too many others were: the client's retry quota limits the retries during an outage.",
			queries: []query{{"sum(increase(<kirim.client.retry_quota.refused>[5m]))", "not retried"}}},
		{title: "Wait for the limiter", unit: "s", description: "95th percentile of the time that an attempt waited for the client's own limiter, by token bucket. Empty without waits.",
			queries: []query{{quantile("0.95", "kirim.client.limiter.wait:bucket", "<kirim.rate_limit.class>"), "{{kirim_rate_limit_class}}"}}},
	}}
}

func webhookRow() row {
	const deliveries, elements = "kirim.webhook.delivery.duration:", "kirim.webhook.elements"
	return row{"Webhooks: which deliveries fail?", []panel{
		{title: "Deliveries by response", unit: "cps", description: "Webhook deliveries per second, by the status of the response. The sender delivers again what did not get 2xx.",
			queries: []query{{rate(deliveries+"count", "<http.response.status_code>"), "{{http_response_status_code}}"}}},
		{title: "Refused deliveries", unit: "cps", description: "Deliveries per second that did not get 2xx, by the reason: which check of the signature failed, or the status from 500 on.",
			queries: []query{{rate(deliveries+`count{error.type!=""}`, "<error.type>"), "{{error_type}}"}}},
		{title: "Duration of a delivery", unit: "s", description: "From the arrival of a delivery to its response, with the callbacks. The sender waits for 10 seconds.",
			queries: quantiles(deliveries + "bucket")},
		{title: "Elements by outcome", unit: "cps", description: "Elements of events per second, by what became of them. Failed and panicked are of the application's callbacks, and are delivered again.",
			queries: []query{{rate(elements, "<kirim.element.outcome>"), "{{kirim_element_outcome}}"}}},
		{title: "Failing elements by event", unit: "cps", description: "Elements per second whose callback returned an error or panicked, by the type of the event.",
			queries: []query{{rate(elements+`{kirim.element.outcome=~"failed|panicked"}`, "<kirim.event.type>"), "{{kirim_event_type}}"}}},
		{title: "Duplicates", unit: "percentunit", description: "Part of the elements that had been handled before and were not handled again. Deliveries are at least once: some are normal, many mean that responses are late or lost.",
			queries: []query{{`sum(rate(<kirim.webhook.elements{kirim.element.outcome="duplicate"}>[$__rate_interval])) / sum(rate(<kirim.webhook.elements>[$__rate_interval]))`, "duplicates"}}},
		{title: "Age at arrival", unit: "s", description: "From when something happened until its event arrived, in whole seconds of the sender's clock. It rises when deliveries are retried or held back.",
			queries: quantiles("kirim.webhook.element.age:bucket")},
		{title: "Callbacks", unit: "s", description: "95th percentile of the duration of the application's callbacks for an element, by its type.",
			queries: []query{{quantile("0.95", "kirim.webhook.callback.duration:bucket", "<kirim.element.type>"), "{{kirim_element_type}}"}}},
		{title: "Events by type", unit: "cps", description: "Elements of events per second, by the type of the event: what a change of the subscription, or a type that stays away, looks like.",
			queries: []query{{rate(elements, "<kirim.event.type>"), "{{kirim_event_type}}"}}},
	}}
}
