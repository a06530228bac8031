package envelope_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/envelope"
)

var update = flag.Bool("update", false, "write the documentation instead of comparing it")

// pages describe the systems, beside their codes.
var pages = []struct {
	system             envelope.System
	title, shape, wait string
}{
	{envelope.Kirim, "Kirim", `{"error": {"type", "code", "message", "param", "request_id"}}`,
		"`Retry-After`."},
	{envelope.APIMessaging, "API Messaging (`gateway/apimessaging`)", `{"success": false, "error": {"code", "message", "details": {"field", "reason"}}}`,
		"`Retry-After`; on a 429 without it, until `X-RateLimit-Reset` (an assumption); without either, 60 s for `rate_limit_exceeded`, as in the vendor's sample client."},
	{envelope.MichoW, "MichoW (`gateway/michow`)", `{"error": {"code", "message", "status"}}` + "\n" + `{"message", "errors": {"field": ["text"]}}`,
		"none is documented; a `Retry-After` is honoured. The second shape has no code: `Code` is empty, `Kind` is that of `VALIDATION_ERROR`, `Param` is the first field."},
	{envelope.Connexease, "Connexease (`gateway/connexease`)", `{"isSuccess": false, "errors": {"code", "group", "description", "params": {"limit_type", "retry_after"}}}`,
		"`errors.params.retry_after`, a text such as `1 seconds`, `1s` or `60s`; without it 1 s for the `limit_type` `sec` and 60 s for `min`. Codes that are not listed are classified by their area, their group, the status."},
	{envelope.Shingle, "ShingleAI (`gateway/shingle`)", `{"error": {"code", "message", "details"}}`,
		"`Retry-After` or `error.details.retryAfter` in seconds, both of an older edition; else, on a 429, until `X-RateLimit-Reset` (an assumption)."},
}

func TestTheDocumentationIsGeneratedFromTheTable(t *testing.T) {
	t.Parallel()
	const file = "../../docs/errors.md"
	var b bytes.Buffer
	b.WriteString(`<!-- Generated from internal/envelope/codes.go by go generate ./internal/envelope; do not edit. -->

# Error codes

Every documented error code of the five systems, with the ` + "`Kind`" + ` that this module gives it. ` + "`Code`" + ` of a ` + "`*kirim.Error`" + ` is
the server's own word; branch on ` + "`Kind`" + ` where a program speaks to more than one system. *Repeat* says when the same request
may be made again; what the client repeats by itself is in the table at ` + "`kirim.RetryPolicy`" + `. *Queue* is what ` + "`kirim.Disposition`" + ` says of the error of a
send; of two actions the second is for a send without an idempotency key. Where the advice is to wait, the column takes it that the
answer says how long; without that, ` + "`retry_after`" + ` is ` + "`retry`" + ` for a rate limit, and ` + "`decide`" + ` for a quota. *New* marks codes that are not
in the vendor's first list, but in a newer edition or on another page. "Not told" is also the status of what is told later, of a
message that was accepted. Kinds and advice are this module's judgement. A code that is not listed survives as it
came, and its kind follows from the HTTP status.
`)
	for _, page := range pages {
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n\nWait: %s\n\n| Code | HTTP | Kind | Repeat | Queue | Meaning | New |\n|---|---|---|---|---|---|---|\n", page.title, page.shape, page.wait)
		for _, c := range envelope.Codes {
			if c.System != page.system {
				continue
			}
			status, mark := fmt.Sprint(c.Status), ""
			if c.Status == 0 {
				status = "not told"
			}
			if c.Newer {
				mark = "new"
			}
			fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s | %s | %s |\n", c.Code, status, c.Kind, c.Retry, queueOf(c), c.Meaning, mark)
		}
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, b.Bytes()) {
		t.Errorf("docs/errors.md is not what the table says; run go generate ./internal/envelope (%v)", err)
	}
}

// queueOf asks the code that programs ask.
func queueOf(c envelope.Code) string {
	answer := kirim.Error{Method: http.MethodPost, StatusCode: c.Status, Code: kirim.ErrorCode(c.Code), Kind: kirim.Kind(c.Kind)}
	if c.Retry == envelope.Wait || c.Retry == envelope.Reset {
		answer.RetryAfter = time.Minute
	}
	keyed := answer
	keyed.IdempotencyKey = "order-1042"
	with, _ := kirim.Disposition(&keyed)
	without, _ := kirim.Disposition(&answer)
	if with == without {
		return fmt.Sprintf("`%s`", with)
	}
	return fmt.Sprintf("`%s` / `%s`", with, without)
}
