package system_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/system"
)

var update = flag.Bool("update", false, "write the documentation instead of comparing it")

func TestTheDocumentationIsGeneratedFromTheTables(t *testing.T) {
	t.Parallel()
	const file = "../../docs/errors.md"
	var b bytes.Buffer
	b.WriteString(`<!-- Generated from internal/system by go generate; do not edit. -->

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
	for sys := range system.All() {
		title := sys.Title
		if !sys.Own {
			title += fmt.Sprintf(" (`gateway/%s`)", sys.Name)
		}
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n\nWait: %s\n\n| Code | HTTP | Kind | Repeat | Queue | Meaning | New |\n|---|---|---|---|---|---|---|\n",
			title, strings.Join(sys.Bodies, "\n"), sys.Waits)
		for _, c := range sys.Codes {
			status := fmt.Sprint(c.Status)
			if c.Status == 0 {
				status = "not told"
			}
			fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s | %s | %s |\n", c.Code, status, c.Kind, c.Retry, queueOf(c), c.Meaning, c.Edition)
		}
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, b.Bytes()) {
		t.Errorf("docs/errors.md is not what the tables say; run go generate . in the root (%v)", err)
	}
}

// queueOf asks the code that programs ask.
func queueOf(c system.Code) string {
	answer := kirim.Error{Method: http.MethodPost, StatusCode: c.Status, Code: kirim.ErrorCode(c.Code), Kind: kirim.Kind(c.Kind)}
	if c.Retry == system.Wait || c.Retry == system.Reset {
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
