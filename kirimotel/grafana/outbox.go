package main

func outboxRow() row {
	const (
		attempts = "kirim.outbox.attempts"
		class    = "<kirim.outbox.class>"
		waits    = class + ", <kirim.outbox.backlog.state>"
		legend   = "{{kirim_outbox_class}} {{kirim_outbox_backlog_state}}"
	)
	// Each process reports the backlog of the whole outbox.
	return row{"Outbox: how many are stuck?", []panel{
		{title: "Waiting messages", unit: "short", description: "Messages that are not sent yet, by class and by what they wait for: a worker (due), their time (scheduled), the end of a pause, the next attempt after one in doubt, or a person (unknown).",
			queries: []query{{"sum by (" + waits + ") (max by (job, " + waits + ") (<kirim.outbox.backlog>)) > 0", legend}}},
		{title: "Age of the oldest", unit: "s", description: "For how long the oldest message of each class has been due, or unknown. Alert on this and not on the length: a campaign makes the queue long for a while.",
			queries: []query{{"max by (" + waits + ") (<kirim.outbox.backlog.age>) > 0", legend}}},
		{title: "A person must decide", unit: "short", number: true, description: "Messages that may have been sent and are not sent again by themselves: the state unknown.",
			queries: []query{{`sum(max by (job, ` + class + `) (<kirim.outbox.backlog{kirim.outbox.backlog.state="unknown"}>))`, "unknown"}}},
		{title: "In and through", unit: "cps", description: "Messages per second that were enqueued, accepted by the API, and delivered. Where the first is above the second, a queue grows.",
			queries: []query{
				{"sum(rate(<kirim.outbox.enqueued>[$__rate_interval]))", "enqueued"},
				{`sum(rate(<kirim.outbox.ended{kirim.outbox.message.state="sent"}>[$__rate_interval]))`, "accepted"},
				{`sum(rate(<kirim.outbox.statuses{kirim.outbox.message.status="delivered"}>[$__rate_interval]))`, "delivered"},
			}},
		{title: "Attempts to send by outcome", unit: "cps", description: "Attempts per second to send a message, by what they came to. Each is one call of the client, with its own retries.",
			queries: []query{{rate(attempts, "<kirim.outbox.attempt.outcome>"), "{{kirim_outbox_attempt_outcome}}"}}},
		{title: "Attempts that fail by error", unit: "cps", description: "Attempts per second that did not send, by the kind of the error.",
			queries: []query{{rate(attempts+`{error.type!=""}`, "<error.type>"), "{{error_type}}"}}},
		{title: "Ends by state", unit: "cps", description: "Messages per second that reached an end. Discarded were refused or failed for too long; expired came too late; unknown need a person.",
			queries: []query{{rate("kirim.outbox.ended", "<kirim.outbox.message.state>"), "{{kirim_outbox_message_state}}"}}},
		{title: "Delivery statuses", unit: "cps", description: "Changes per second of what is known of messages after they were accepted. Failed is a late refusal, such as a closed 24-hour window.",
			queries: []query{{rate("kirim.outbox.statuses", "<kirim.outbox.message.status>"), "{{kirim_outbox_message_status}}"}}},
		{title: "From due to accepted", unit: "s", description: "From when a message was due, which is when it was enqueued unless it was scheduled, until the API had accepted it.",
			queries: quantiles("kirim.outbox.time_to_accept:bucket")},
		{title: "From due to delivered", unit: "s", description: "From when a message was due until it was delivered, in whole seconds of WhatsApp's clock. A phone that is switched off shows here.",
			queries: quantiles("kirim.outbox.time_to_deliver:bucket")},
		{title: "Duration of enqueuing", unit: "s", description: "How long a call that enqueues takes: statements of your database.",
			queries: quantiles("kirim.outbox.enqueue.duration:bucket")},
		{title: "Inbox", unit: "short", description: "Webhook deliveries that the inbox has stored and that are not handled yet, and for how many seconds the oldest of them has been there.",
			queries: []query{{"sum(max by (job) (<kirim.outbox.inbox.backlog>))", "deliveries"}, {"max(<kirim.outbox.inbox.backlog.age>)", "age in seconds"}}},
	}}
}

func outboxAlerts() []alert {
	const (
		age   = "kirim.outbox.backlog.age"
		class = "<kirim.outbox.class>"
	)
	return []alert{
		{
			name: "KirimOutboxOld", severity: critical, wait: "2m",
			expr: "max by (job, " + class + ") (<" + age + `{kirim.outbox.backlog.state="due",kirim.outbox.class="code"}>) > 60` +
				"\nor max by (job, " + class + ") (<" + age + `{kirim.outbox.backlog.state="due",kirim.outbox.class!~"code|marketing"}>) > 600`,
			summary:     "A message of the class {{ $labels.kirim_outbox_class }} of {{ $labels.job }} has been due for {{ $value | humanizeDuration }}",
			description: "A one-time code has been due for more than a minute, or another message for more than ten. Marketing is left out: a campaign may take hours.",
		},
		{
			name: "KirimOutboxUnknown", severity: warning, wait: "5m",
			expr:        "max by (job, " + class + `) (<kirim.outbox.backlog{kirim.outbox.backlog.state="unknown"}>) > 0`,
			summary:     "{{ $value }} messages of the class {{ $labels.kirim_outbox_class }} of {{ $labels.job }} wait for a decision",
			description: "Messages may have been sent, and sending them again might send them twice. A person has to decide.",
		},
		{
			name: "KirimOutboxInDoubt", severity: warning, wait: "5m",
			expr:        "max by (job, " + class + ") (<" + age + `{kirim.outbox.backlog.state="in_doubt"}>) > 900`,
			summary:     "A message of {{ $labels.job }} that may have been sent is in doubt after {{ $value | humanizeDuration }}",
			description: "Messages that may have been sent have been tried again for more than 15 minutes, and the API still does not say what became of them.",
		},
		{
			name: "KirimOutboxPaused", severity: warning, wait: "15m",
			expr:        "max by (job, " + class + `) (<kirim.outbox.backlog{kirim.outbox.backlog.state="paused"}>) > 0`,
			summary:     "{{ $value }} messages of the class {{ $labels.kirim_outbox_class }} of {{ $labels.job }} wait for the end of a pause",
			description: "A number, a class or everything is paused: by a person, or by the outbox because the API refuses the key, the account or the plan.",
		},
		{
			name: "KirimOutboxDiscarding", severity: warning, wait: "10m",
			expr:        share(`<kirim.outbox.ended{kirim.outbox.message.state="discarded"}>`, "<kirim.outbox.ended>", 0.05, 3),
			summary:     "{{ $value | humanizePercentage }} of the messages of {{ $labels.job }} are discarded",
			description: "More than 5 % of the messages that end are not sent, because the API refuses them.",
		},
		{
			name: "KirimLateFailures", severity: warning, wait: "10m",
			expr: share(`<kirim.outbox.statuses{kirim.outbox.message.status="failed"}>`,
				`<kirim.outbox.ended{kirim.outbox.message.state="sent"}>`, 0.1, 3),
			summary:     "{{ $value | humanizePercentage }} of the messages of {{ $labels.job }} fail after the API has accepted them",
			description: "WhatsApp reports more than 10 % of the accepted messages as failed.",
		},
		{
			name: "KirimInboxOld", severity: critical, wait: "5m",
			expr:        "max by (job) (<kirim.outbox.inbox.backlog.age>) > 300",
			summary:     "A webhook delivery in the inbox of {{ $labels.job }} has not been handled for {{ $value | humanizeDuration }}",
			description: "The inbox has stored deliveries, and for more than 5 minutes handling one of them has failed or has not begun.",
		},
	}
}
