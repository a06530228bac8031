package envelope

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the documentation instead of comparing it")

// pages describe the systems, beside their codes.
var pages = []struct {
	system             System
	title, shape, wait string
}{
	{Kirim, "Kirim", `{"error": {"type", "code", "message", "param", "request_id"}}`,
		"`Retry-After`."},
	{APIMessaging, "API Messaging (`gateway/apimessaging`)", `{"success": false, "error": {"code", "message", "details": {"field", "reason"}}}`,
		"`Retry-After`; on a 429 without it, until `X-RateLimit-Reset` (an assumption); without either, 60 s for `rate_limit_exceeded`, as in the vendor's sample client."},
	{MichoW, "MichoW (`gateway/michow`)", `{"error": {"code", "message", "status"}}` + "\n" + `{"message", "errors": {"field": ["text"]}}`,
		"none is documented; a `Retry-After` is honoured. The second shape has no code: `Code` is empty, `Kind` is that of `VALIDATION_ERROR`, `Param` is the first field."},
	{Connexease, "Connexease (`gateway/connexease`)", `{"isSuccess": false, "errors": {"code", "group", "description", "params": {"limit_type", "retry_after"}}}`,
		"`errors.params.retry_after`, a text such as `1 seconds`, `1s` or `60s`; without it 1 s for the `limit_type` `sec` and 60 s for `min`. Codes that are not listed are classified by their area, their group, the status."},
	{Shingle, "ShingleAI (`gateway/shingle`)", `{"error": {"code", "message", "details"}}`,
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
may be made again; what the client repeats by itself is in the table at ` + "`kirim.RetryPolicy`" + `. *New* marks codes that are not
in the vendor's first list, but in a newer edition or on another page. "Not told" is also the status of what is told later, of a
message that was accepted. Kinds and advice are this module's judgement. A code that is not listed survives as it
came, and its kind follows from the HTTP status.
`)
	for _, page := range pages {
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n\nWait: %s\n\n| Code | HTTP | Kind | Repeat | Meaning | New |\n|---|---|---|---|---|---|\n", page.title, page.shape, page.wait)
		for _, c := range Codes {
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
			fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s | %s |\n", c.Code, status, c.Kind, c.Retry, c.Meaning, mark)
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
