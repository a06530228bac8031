package main

import (
	"fmt"
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
	const want = `    POST /{id}/messages  http.response.status_code=502  error.type=502
    POST /{id}/messages  http.response.status_code=502  http.request.resend_count=1  error.type=502
    POST /{id}/messages  http.response.status_code=200  http.request.resend_count=2
  kirim POST /{id}/messages  http.response.status_code=200  kirim.call.attempts=3
    POST /{id}/messages  http.response.status_code=422  error.type=422
  kirim POST /{id}/messages  http.response.status_code=422  kirim.call.attempts=1  error.type=outside_window  kirim.maybe_sent=false
    GET /{id}/contacts  http.response.status_code=200
  kirim GET /{id}/contacts  http.response.status_code=200  kirim.call.attempts=1
order
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	secrets := regexp.MustCompile(`kdv_|Bearer|811000000|Thank you|phone=|order_update`)
	for _, span := range spans.GetSpans() {
		if all := fmt.Sprint(span.Name, span.Attributes, span.Events, span.Status); secrets.MatchString(all) {
			t.Errorf("a span shows %s", all)
		}
	}
}
