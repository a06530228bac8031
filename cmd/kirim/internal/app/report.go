package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
)

// report is what is printed of an error: what happened, whether something may
// have been sent, and what to do.
type report struct {
	ExitCode       int              `json:"exit_code"`
	Message        string           `json:"message"`
	Sent           string           `json:"sent"` // no, maybe, or yes: accepted, but not what was waited for
	Kind           kirim.Kind       `json:"kind,omitempty"`
	Code           kirim.ErrorCode  `json:"code,omitempty"`
	Status         int              `json:"status,omitempty"`
	ServerMessage  string           `json:"server_message,omitempty"`
	RequestID      string           `json:"request_id,omitempty"`
	IdempotencyKey string           `json:"idempotency_key,omitempty"`
	RetryAfter     float64          `json:"retry_after_seconds,omitempty"`
	Violations     []violationShown `json:"violations,omitempty"`
	Hint           string           `json:"hint,omitempty"`
}

type violationShown struct {
	Path   string `json:"path"`
	Limit  string `json:"limit"`
	Actual string `json:"actual"`
}

// Report prints an error and returns its exit code.
func (a *App) Report(err error) int {
	if err = cmp.Or(err, a.Printed()); err == nil {
		return ExitOK
	}
	r := describe(err, a.Sends)
	if a.JSON {
		if err := writeJSON(a.Err, struct {
			Error report `json:"error"`
		}{r}); err == nil {
			return r.ExitCode
		}
	}
	s := a.screen(a.Err)
	label := func(style console.Style, name, text string) {
		lead := fmt.Sprintf("%-8s", name)
		for line := range strings.SplitSeq(text, "\n") {
			if line != "" {
				s.Hanging(style, name, lead, line)
				name, lead = "", strings.Repeat(" ", len(lead))
			}
		}
	}
	label(console.Bad, "Error:", r.Message)
	for _, v := range r.Violations {
		label(console.Plain, "", fmt.Sprintf("%s: want %s, got %s", v.Path, v.Limit, v.Actual))
	}
	if r.ServerMessage != "" {
		label(console.Plain, "Server:", r.ServerMessage)
	}
	switch {
	case r.Sent == "yes":
		label(console.Warn, "Sent:", "yes: the server has accepted the message, which may still fail")
	case r.Sent == "maybe" && a.Sends:
		label(console.Warn, "Sent:", "maybe: the message may have reached the server")
	case r.Sent == "maybe":
		label(console.Warn, "Done:", "maybe: the request may have been carried out")
	case a.Sends:
		label(console.Plain, "Sent:", "no")
	}
	label(console.Plain, "Next:", r.Hint)
	return r.ExitCode
}

// Explain returns what happened and what to do, each on one line.
func Explain(err error) (text, todo string) {
	r := describe(err, false)
	if r.ServerMessage != "" {
		r.Message += ": " + r.ServerMessage
	}
	return r.Message, r.Hint
}

// messageOf is the text of an error without the names of packages.
func messageOf(err error) string {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "templates: "), "kirim: ")
	return strings.NewReplacer(": kirim: ", ": ", ": templates: ", ": ").Replace(text)
}

func describe(err error, sends bool) report {
	r := report{ExitCode: exitCode(err), Message: messageOf(err), Sent: "no"}
	if kirim.MaybeSent(err) {
		r.Sent = "maybe"
	}
	var response *kirim.Error
	var transport *kirim.TransportError
	var invalid *kirim.ValidationError
	switch {
	case errors.As(err, &response):
		r.Kind, r.Code, r.Status = response.Kind, response.Code, response.StatusCode
		r.ServerMessage, r.RequestID, r.IdempotencyKey = response.Message, response.RequestID, response.IdempotencyKey
		r.RetryAfter = response.RetryAfter.Seconds()
	case errors.As(err, &transport):
		r.IdempotencyKey = transport.IdempotencyKey
	case errors.As(err, &invalid):
		r.Message = "the request is not valid"
		for _, v := range violations(err) {
			r.Violations = append(r.Violations, violationShown{v.Path, v.Limit, v.Actual})
		}
	}
	if errors.Is(err, context.Canceled) && r.Message == context.Canceled.Error() {
		r.Message = "interrupted"
	}
	if failure, ok := errors.AsType[*Failure](err); ok {
		r.Hint = failure.Hint
		if failure.Accepted {
			r.Sent = "yes"
		}
	}
	r.Hint = cmp.Or(r.Hint, r.advice(err, sends))
	return r
}

// violations are those of all errors that are joined in err.
func violations(err error) []kirim.Violation {
	switch e := err.(type) { //nolint:errorlint // the tree is walked
	case *kirim.ValidationError:
		return e.Violations
	case interface{ Unwrap() []error }:
		var all []kirim.Violation
		for _, part := range e.Unwrap() {
			all = append(all, violations(part)...)
		}
		return all
	case interface{ Unwrap() error }:
		return violations(e.Unwrap())
	}
	return nil
}

// advice is what to do about an error that says nothing of it itself.
func (r *report) advice(err error, sends bool) string {
	switch r.ExitCode {
	case ExitInDoubt:
		if !sends {
			return "look whether it was done before you run the command again"
		}
		if r.IdempotencyKey != "" {
			return "run the same command again within 24 hours with --idempotency-key " + r.IdempotencyKey + ": the message is sent once"
		}
		return "look whether the message arrived before you send it again: this system has no idempotency keys"
	case ExitRateLimited:
		if r.RetryAfter > 0 {
			return "wait " + (time.Duration(r.RetryAfter * float64(time.Second))).Round(time.Second).String() + ", then run the command again"
		}
		return "wait a minute, then run the command again"
	case ExitUsage:
		if len(r.Violations) > 0 {
			return "correct the fields named above"
		}
		return advices[r.Kind]
	case ExitNotFound:
		if r.Status != 0 && r.Code == "" { // of a server that is not the API, or of another path
			return "check the base URL: kirim doctor says where it comes from"
		}
		return "check the ID, and that the key belongs to the same account"
	case ExitInterrupted:
		return ""
	}
	if advice := advices[r.Kind]; advice != "" {
		return advice
	}
	if _, ok := errors.AsType[*kirim.TransportError](err); ok {
		return "check the network and the base URL (kirim doctor), then run the command again"
	}
	return ""
}

var advices = map[kirim.Kind]string{
	kirim.KindAuthMissing:           "check the API key: kirim doctor says where it comes from",
	kirim.KindAuthInvalid:           "check the API key: kirim doctor says where it comes from",
	kirim.KindAuthExpired:           "make a new API key and store it where the old one was",
	kirim.KindAuthRevoked:           "make a new API key and store it where the old one was",
	kirim.KindPermission:            "use a key that has the right, or give it to this one",
	kirim.KindInvalidRequest:        "correct what the server names above",
	kirim.KindInvalidRecipient:      "correct the number given with --to",
	kirim.KindRecipientUnavailable:  "check that the recipient uses WhatsApp on this number",
	kirim.KindOutsideWindow:         "send an approved template (--template), or wait until the customer writes",
	kirim.KindTemplateNotFound:      "check name and language: kirim templates list",
	kirim.KindTemplateUnavailable:   "choose another template: kirim templates list --status approved",
	kirim.KindPayloadTooLarge:       "make the text or the file smaller",
	kirim.KindMediaInvalid:          "check that the link is public, and the type and size of the file",
	kirim.KindNotConnected:          "connect the business number in the vendor's dashboard",
	kirim.KindUpstreamAuth:          "connect the WhatsApp account with the vendor again: another API key does not help",
	kirim.KindPlanLimit:             "the plan of the account does not include this",
	kirim.KindQuotaExceeded:         "wait until the quota is reset, or raise it",
	kirim.KindSuspended:             "the account is restricted: the vendor's dashboard says why",
	kirim.KindBilling:               "check balance and billing of the account",
	kirim.KindMethodNotAllowed:      "check the base URL: kirim doctor says where it comes from",
	kirim.KindConflict:              "look at the state of what the request was about, then run the command again",
	kirim.KindIdempotencyInProgress: "wait a moment, then run the command again with the same --idempotency-key",
	kirim.KindIdempotencyReuse:      "this idempotency key belongs to another message: choose a new one",
	kirim.KindWebhookInvalid:        "correct the URL or the events of the subscription",
	kirim.KindSendFailed:            "look for the message with kirim messages list",
	kirim.KindUpstream:              "run the command again later",
	kirim.KindInternal:              "run the command again later",
	kirim.KindUnavailable:           "run the command again later",
	kirim.KindInvalidResponse:       "check the base URL, and what stands between this machine and the server: kirim doctor",
	kirim.KindUnknown:               "check the base URL, and what stands between this machine and the server: kirim doctor",
}
