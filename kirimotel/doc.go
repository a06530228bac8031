// Package kirimotel records the calls of a kirim client, and the webhooks of a handler, with
// OpenTelemetry: as traces and as metrics.
//
//	client, err := kirim.NewClient(apiKey, kirimotel.WithTelemetry())
//	hooks := kirim.NewWebhookHandler(verifier, kirimotel.WithWebhookTelemetry())
//
// Both use the global providers, or those of [WithTracerProvider] and [WithMeterProvider].
//
// # Traces
//
// A call is a span of kind INTERNAL, such as "kirim POST /{id}/messages". Below it otelhttp
// makes one of kind CLIENT for each attempt. The span of the call says how it ended, after how
// many attempts and waits, and whether a message may have been sent nevertheless; it has an
// event kirim.retry for each retry. It is INTERNAL, as tools count CLIENT spans as requests
// and would count the call twice.
//
// A delivery is a span "kirim webhook", below that of otelhttp's handler if there is one. Each
// element of its event is a span of kind CONSUMER, such as "process message.received", which
// callbacks have in their context.
//
// # Metrics
//
// [Instruments] is the table of all metrics, and [Attributes] that of their attributes and those of
// spans. Names that begin with "kirim." belong to this module. The others are those of the semantic
// conventions of OpenTelemetry, which may change the ones that are still in development.
//
// # What is not recorded
//
// Nothing that is exported has a phone number, an API key, a part of a message, the name of a
// template, an id of a recipient or a customer, or the text of an error. otelhttp gets each request with
// "{id}" in place of ids, without its query and headers; the request itself goes out as it is
// without telemetry. The names of spans and the number of series do not depend on recipients and ids.
//
// The API does not get the context of traces, unless [WithPropagator] says so.
package kirimotel
