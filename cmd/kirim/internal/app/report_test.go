package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

var kinds = []kirim.Kind{
	kirim.KindInvalidRequest, kirim.KindInvalidRecipient, kirim.KindRecipientUnavailable, kirim.KindOutsideWindow, kirim.KindTemplateNotFound,
	kirim.KindTemplateUnavailable, kirim.KindPayloadTooLarge, kirim.KindMediaInvalid, kirim.KindNotConnected, kirim.KindUpstreamAuth, kirim.KindAuthMissing,
	kirim.KindAuthInvalid, kirim.KindAuthExpired, kirim.KindAuthRevoked, kirim.KindPermission, kirim.KindPlanLimit, kirim.KindQuotaExceeded,
	kirim.KindSuspended, kirim.KindBilling, kirim.KindNotFound, kirim.KindMethodNotAllowed, kirim.KindConflict, kirim.KindIdempotencyInProgress,
	kirim.KindIdempotencyReuse, kirim.KindWebhookInvalid, kirim.KindRateLimited, kirim.KindSendFailed, kirim.KindUpstream, kirim.KindInternal,
	kirim.KindUnavailable, kirim.KindInvalidResponse, kirim.KindUnknown,
}

func TestEveryKindOfErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		for _, method := range []string{"GET", "POST"} {
			r := describe(&kirim.Error{Kind: kind, Method: method, Path: "/1/messages", StatusCode: 422}, true)
			if r.Hint == "" || r.Message == "" || r.ExitCode == ExitOK {
				t.Errorf("%s of a %s: %+v", kind, method, r)
			}
		}
	}
}

func TestTheExitCodeSaysWhetherAMessageMayHaveBeenSent(t *testing.T) {
	t.Parallel()
	post := func(status int, kind kirim.Kind) error {
		return &kirim.Error{Kind: kind, Method: "POST", Path: "/1/messages", StatusCode: status, IdempotencyKey: "k"}
	}
	for name, tt := range map[string]struct {
		err  error
		code int
		sent string
	}{
		"wrong usage":                        {Usagef("no"), ExitUsage, "no"},
		"wrong usage with a hint":            {WithHint(Usagef("no"), "do"), ExitUsage, "no"},
		"a refusal":                          {post(422, kirim.KindOutsideWindow), ExitNotSent, "no"},
		"a refusal, wrapped":                 {fmt.Errorf("sending: %w", post(422, kirim.KindOutsideWindow)), ExitNotSent, "no"},
		"a rate limit":                       {post(429, kirim.KindRateLimited), ExitRateLimited, "no"},
		"a key that is refused":              {post(401, kirim.KindAuthInvalid), ExitAuth, "no"},
		"a gateway that broke":               {post(502, kirim.KindUnknown), ExitInDoubt, "maybe"},
		"a response that makes no sense":     {post(200, kirim.KindInvalidResponse), ExitInDoubt, "maybe"},
		"a server that could not be reached": {&kirim.TransportError{Method: "POST", Path: "/1/messages", Err: io.EOF}, ExitNotSent, "no"},
		"a read that failed":                 {&kirim.TransportError{Method: "GET", Path: "/me", Err: io.EOF}, ExitFailed, "no"},
		"a filter that is refused":           {&kirim.Error{Kind: kirim.KindInvalidRequest, Method: "GET", Path: "/me", StatusCode: 400}, ExitUsage, "no"},
		"what is not there":                  {&kirim.Error{Kind: kirim.KindNotFound, Method: "GET", Path: "/me", StatusCode: 404}, ExitNotFound, "no"},
		"what a system cannot do":            {fmt.Errorf("shingle: %w", errors.ErrUnsupported), ExitUsage, "no"},
		"an interrupt before anything":       {context.Canceled, ExitInterrupted, "no"},
		"anything else":                      {io.EOF, ExitFailed, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := describe(tt.err, true); r.ExitCode != tt.code || r.Sent != tt.sent {
				t.Errorf("exit code %d, sent %s; want %d, %s", r.ExitCode, r.Sent, tt.code, tt.sent)
			}
		})
	}
}

func TestWhatIsNotThereIsLookedForWhereItMayBe(t *testing.T) {
	t.Parallel()
	for hint, err := range map[string]*kirim.Error{
		"check the ID": {Kind: kirim.KindNotFound, Code: "resource_not_found", Method: "GET", StatusCode: 404},
		"base URL":     {Kind: kirim.KindNotFound, Method: "GET", StatusCode: 404}, // not of the API
	} {
		if r := describe(err, false); !strings.Contains(r.Hint, hint) {
			t.Errorf("want %q, got %q", hint, r.Hint)
		}
	}
}

func TestAnInterruptIsNoAdviceAboutTheNetwork(t *testing.T) {
	t.Parallel()
	for _, err := range []error{context.Canceled, &kirim.TransportError{Method: "GET", Path: "/me", Err: context.Canceled}} {
		if r := describe(err, false); r.ExitCode != ExitInterrupted || r.Hint != "" || strings.Contains(r.Message, "context") && err == context.Canceled { //nolint:errorlint // it is this one
			t.Errorf("%+v", r)
		}
	}
}

func TestAnErrorOfOthersCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &App{Out: io.Discard, Err: &out, Getenv: func(string) string { return "" }, Now: time.Now}
	a.Report(&kirim.Error{Kind: kirim.KindInternal, Method: "POST", StatusCode: 500, Message: "\x1b[2Joops\r\u202e"})
	if strings.ContainsAny(out.String(), "\x1b\r\u202e") || !strings.Contains(out.String(), "oops") {
		t.Errorf("printed %q", out.String())
	}
}
