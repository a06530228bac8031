package main

import (
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestEachAttemptHasASpanBelowThatOfItsCall(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	spans := tracetest.NewInMemoryExporter()
	if err := run(t.Context(), &out, spans); err != nil {
		t.Fatal(err)
	}
	const send = `  attempt  POST /v1/{id}/messages  url.full=http://HOST/v1/{id}/messages  http.response.status_code=`
	want := []string{
		send + "502", send + "502", send + "200", "call       confirm order  kirim.attempts=3",
		send + "422", "call       thank  kirim.attempts=1  kirim: POST /{id}/messages: 422 outside_24h_window: the 24-hour window is closed, send a template, param to (request ID)",
		"  attempt  GET /v1/{id}/contacts  url.full=http://HOST/v1/{id}/contacts  http.response.status_code=200", "call       find customer  kirim.attempts=1",
	}
	got := regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(out.String(), "HOST")
	got = regexp.MustCompile(`req_\w+`).ReplaceAllString(got, "ID")
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	for i, line := range lines {
		if i >= len(want) || line != want[i] {
			t.Errorf("line %d is %q", i+1, line)
		}
	}
	if len(lines) != len(want) {
		t.Errorf("%d lines, not %d", len(lines), len(want))
	}
	all := spans.GetSpans()
	if call := all[3]; all[0].Parent.SpanID() != call.SpanContext.SpanID() || all[2].Parent.SpanID() != call.SpanContext.SpanID() {
		t.Error("the attempts are not below their call")
	}
	for _, span := range all {
		for _, a := range span.Attributes {
			secrets := regexp.MustCompile(`kdv_|Bearer|81100000001|Thank you|phone=`)
			if secrets.MatchString(a.Value.String()) || secrets.MatchString(span.Status.Description) {
				t.Errorf("%s: %s shows %s", span.Name, a.Key, a.Value.String())
			}
		}
	}
}

func TestARouteHasNoIDs(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/v1/106540352242922/messages/msg_01HXYZ":    "/v1/{id}/messages/{id}",
		"/v1/106540352242922/contacts/ctc_1/labels":  "/v1/{id}/contacts/{id}/labels",
		"/v1/webhook_subscriptions/wbs_1/secrets":    "/v1/webhook_subscriptions/{id}/secrets",
		"/v1/106540352242922/templates/order_update": "/v1/{id}/templates/order_update",
		"/v1/me": "/v1/me",
	} {
		if got := route(path); got != want {
			t.Errorf("%s is %s", path, got)
		}
	}
}
