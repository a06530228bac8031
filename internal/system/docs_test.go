package system_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/system"
	"github.com/kirim-go/kirim/internal/testwire"
)

var update = flag.Bool("update", false, "write the documentation instead of comparing it")

func TestTheDocumentationIsGeneratedFromTheTables(t *testing.T) {
	t.Parallel()
	const file = "../../docs/errors.md"
	var b bytes.Buffer
	b.WriteString(`<!-- Generated from internal/system by go generate; do not edit. -->

# Error codes

Every documented error code of the six systems, with the ` + "`Kind`" + ` that this module gives it. ` + "`Code`" + ` of a ` + "`*kirim.Error`" + ` is
the server's own word; branch on ` + "`Kind`" + ` where a program speaks to more than one system. *Retry* says when the same request
may be made again; what the client retries by itself is in the table at ` + "`kirim.RetryPolicy`" + `. *Queue* is what ` + "`kirim.Disposition`" + ` says of the error of a
send; of two actions the second is for a send without an idempotency key. Where the advice is to wait, the column takes it that the
answer says how long; without that, ` + "`retry_after`" + ` is ` + "`retry`" + ` for a rate limit, and ` + "`decide`" + ` for a quota. *New* marks codes that are not
in the vendor's first list, but in a newer edition or on another page. The status is "none" where no page
has it, and for what is reported later, of a message that was accepted. Kinds and advice are this module's judgement. A code that is not listed survives as it
came, and its kind follows from the HTTP status.
`)
	for sys := range system.All() {
		title := sys.Title
		if !sys.Own {
			title += fmt.Sprintf(" (`gateway/%s`)", sys.Name)
		}
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s\n```\n\nWait: %s\n\n| Code | HTTP | Kind | Retry | Queue | Meaning | New |\n|---|---|---|---|---|---|---|\n",
			title, strings.Join(sys.Bodies, "\n"), sys.Waits)
		for _, c := range sys.Codes {
			status := fmt.Sprint(c.Status)
			if c.Status == 0 {
				status = "none"
			}
			fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s | %s | %s |\n", c.Code, status, c.Kind, c.Retry, queueOf(c), c.Meaning, c.Edition)
		}
	}
	b.WriteString(metaCodes())
	b.WriteString(withoutCode(t))
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

// metaCodes is the table of the Meta error codes.
func metaCodes() string {
	var b strings.Builder
	b.WriteString("\n## Meta error codes\n\n" +
		"`MetaCode` of an `*kirim.Error` is the Meta error code that came with it, known or not. These have a kind; what they mean is on\n" +
		"[Meta's page](https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes). A wait that Meta\n" +
		"advises is waited for where the table of retries allows a retry. Of a range that says *others*, the codes without a row of their own\n" +
		"have that kind where the HTTP status does not say more.\n\n" +
		"| Code | Kind | Advised wait |\n|---|---|---|\n")
	for _, n := range system.MetaCodes() {
		number, wait := fmt.Sprint(n.First), ""
		if n.Last != n.First {
			number = fmt.Sprintf("%d to %d", n.First, n.Last)
		}
		if n.Others {
			number += ", others"
		} else if advised := system.MetaWait(n.First, 0); advised > 0 {
			wait = advised.String()
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", number, n.Kind, wait)
	}
	return b.String()
}

// withoutCode are the errors of a send that hold no code of a server, and of a
// webhook. What a program asks about them is asked here.
func withoutCode(t *testing.T) string {
	t.Helper()
	unreachable := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}}
	broken := testwire.Func(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
	page := testwire.Func(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<html>")), Request: r}, nil
	})
	send := func(transport http.RoundTripper, text string, opts ...kirim.Option) error {
		opts = append(opts, kirim.WithHTTPClient(&http.Client{Transport: transport}), kirim.WithRetryPolicy(kirim.RetryPolicy{}))
		client, err := kirim.NewClient("kdv_test_docs", opts...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.PhoneNumber("1").Messages.Send(t.Context(), kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: text}})
		return err
	}
	var b strings.Builder
	b.WriteString("\n## Errors without a code of a server\n\n" +
		"What a send can end with besides the codes above. Where there are two values, the second is for a send without an idempotency key.\n" +
		"`context.Canceled`, `context.DeadlineExceeded` and `kirim.ErrRetryQuotaExceeded` match beside these types when they ended the call.\n\n" +
		"| Error | When | `MaybeSent` | Queue |\n|---|---|---|---|\n")
	for _, row := range []struct {
		name, when   string
		keyed, plain error
	}{
		{"*kirim.ValidationError", "the message was refused before any request", send(broken, ""), send(broken, "", kirim.WithoutIdempotencyKeys())},
		{"*kirim.TransportError", "no connection was had: nothing was sent", send(unreachable, "a"), send(unreachable, "a", kirim.WithoutIdempotencyKeys())},
		{"*kirim.TransportError", "the connection was lost, or the attempt timed out, after the request may have been written",
			send(broken, "a"), send(broken, "a", kirim.WithoutIdempotencyKeys())},
		{"*kirim.Error", "`KindInvalidResponse`: a 2xx response without the result of the operation", send(page, "a"), send(page, "a", kirim.WithoutIdempotencyKeys())},
		{"*kirim.MessageError", "the message was accepted, and WhatsApp did not deliver it; its `Kind` says why",
			&kirim.MessageError{MetaCode: 131026, Kind: kirim.KindRecipientUnavailable}, &kirim.MessageError{MetaCode: 131026, Kind: kirim.KindRecipientUnavailable}},
	} {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", row.name, row.when, both(kirim.MaybeSent(row.keyed), kirim.MaybeSent(row.plain)), both(action(row.keyed), action(row.plain)))
	}
	b.WriteString("\nA `*kirim.WaitError` ends a wait for a message before there was a verdict. `MaybeSent` is true when it is of `SendAndWait`.\n" +
		"\n## Errors of webhooks\n\nWhat a verifier returns, and what `kirim.WebhookStatusCode` makes of it.\n\n| Error | Response |\n|---|---|\n")
	for _, known := range []struct {
		name string
		err  error
	}{
		{"ErrWebhookSignatureMissing", kirim.ErrWebhookSignatureMissing},
		{"ErrWebhookSignatureMalformed", kirim.ErrWebhookSignatureMalformed},
		{"ErrWebhookSignatureMismatch", kirim.ErrWebhookSignatureMismatch},
		{"ErrWebhookTooOld", kirim.ErrWebhookTooOld},
		{"ErrWebhookTooNew", kirim.ErrWebhookTooNew},
		{"ErrWebhookBodyTooLarge", kirim.ErrWebhookBodyTooLarge},
		{"ErrWebhookMalformed", kirim.ErrWebhookMalformed},
		{"ErrWebhookBodyConsumed", kirim.ErrWebhookBodyConsumed},
		{"ErrWebhookNoSecret", kirim.ErrWebhookNoSecret},
	} {
		fmt.Fprintf(&b, "| `kirim.%s` | %d |\n", known.name, kirim.WebhookStatusCode(known.err))
	}
	return b.String()
}

func action(err error) kirim.Action {
	a, _ := kirim.Disposition(err)
	return a
}

// both shows one value where two are the same.
func both[T comparable](keyed, plain T) string {
	if keyed == plain {
		return fmt.Sprintf("`%v`", keyed)
	}
	return fmt.Sprintf("`%v` / `%v`", keyed, plain)
}
