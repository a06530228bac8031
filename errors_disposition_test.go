package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

func TestDispositionOfEachFailureOfASend(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		answer         answer
		keyed, keyless kirim.Action
		wait           time.Duration
	}{
		{"a wrong field", answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeInvalidFieldValue)}, kirim.ActionDoNotRetry, kirim.ActionDoNotRetry, 0},
		{"a closed window", answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeOutside24hWindow)}, kirim.ActionDoNotRetry, kirim.ActionDoNotRetry, 0},
		{"a key that was revoked", answer{status: 401, body: envelope(kirim.TypeAuthentication, kirim.CodeRevokedAPIKey)}, kirim.ActionDecide, kirim.ActionDecide, 0},
		{"an organisation that is blocked", answer{status: 403, body: envelope(kirim.TypePermission, kirim.CodeOrganizationSuspended)}, kirim.ActionDecide, kirim.ActionDecide, 0},
		{"a limit with a wait", answer{status: 429, header: map[string]string{"Retry-After": "300"}}, kirim.ActionRetryAfter, kirim.ActionRetryAfter, 5 * time.Minute},
		{"an outage", answer{status: 502}, kirim.ActionRetry, kirim.ActionDecide, 0},
		{"an outage with a wait", answer{status: 503, header: map[string]string{"Retry-After": "300"}}, kirim.ActionRetryAfter, kirim.ActionRetryAfter, 5 * time.Minute},
		{"a 2xx without a result", answer{status: 200, body: `{}`}, kirim.ActionRetry, kirim.ActionDecide, 0},
		{"a 501", answer{status: 501}, kirim.ActionRetry, kirim.ActionDecide, 0},
		{"a 404 of nobody's", answer{status: 404}, kirim.ActionDoNotRetry, kirim.ActionDoNotRetry, 0},
		{"a broken connection", answer{err: errReset}, kirim.ActionRetry, kirim.ActionDecide, 0},
		{"no connection", answer{err: errRefused}, kirim.ActionRetry, kirim.ActionRetry, 0},
		{"a wrong certificate", answer{err: errCert}, kirim.ActionDecide, kirim.ActionDecide, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for want, opts := range map[*kirim.Action][]kirim.Option{&tt.keyed: nil, &tt.keyless: {kirim.WithoutIdempotencyKeys()}} {
					_, err := newWire(tt.answer).client(t, opts...).PhoneNumber("1").Messages.Send(t.Context(), hello)
					for _, err := range []error{err, fmt.Errorf("order 7: %w", err), errors.Join(io.EOF, err), &kirim.ListError{Err: err}} {
						if got, wait := kirim.Disposition(err); got != *want || wait != tt.wait {
							t.Errorf("%s after %v, want %s after %v: %v", got, wait, *want, tt.wait, err)
						}
					}
				}
			})
		})
	}
}

func TestDispositionOfErrorsThatAreNoAnswer(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	wrong := kirim.OutboundMessage{}.Validate()
	_, notSent := newWire(answer{status: 200}).client(t).PhoneNumber("1").Messages.Send(ended, hello)
	limited := &kirim.Error{Kind: kirim.KindRateLimited, StatusCode: 429, RetryAfter: time.Minute}
	longer := &kirim.Error{Kind: kirim.KindRateLimited, StatusCode: 429, RetryAfter: time.Hour}
	outage := &kirim.Error{Kind: kirim.KindUpstream, StatusCode: 502}
	failed := kirim.StatusUpdate{Status: kirim.MessageFailed, Errors: []kirim.EventError{{Kind: kirim.KindUpstream}, {Kind: kirim.KindOutsideWindow}}}
	for _, tt := range []struct {
		name string
		err  error
		want kirim.Action
		wait time.Duration
	}{
		{"nothing", nil, kirim.ActionDoNotRetry, 0},
		{"an error of another package", io.EOF, kirim.ActionDecide, 0},
		{"a message that breaks a limit", wrong, kirim.ActionDoNotRetry, 0},
		{"what a gateway cannot do", fmt.Errorf("x: %w", errors.ErrUnsupported), kirim.ActionDoNotRetry, 0},
		{"a context that had ended before", notSent, kirim.ActionRetry, 0},
		{"the context alone, which does not say what was sent", context.DeadlineExceeded, kirim.ActionDecide, 0},
		{"the context beside an error that says more", errors.Join(context.Canceled, notSent), kirim.ActionRetry, 0},
		{"the quota of the client alone", kirim.ErrRetryQuotaExceeded, kirim.ActionDecide, 0},
		{"a wait for a message that was accepted", &kirim.WaitError{ID: "msg_1", Err: context.DeadlineExceeded}, kirim.ActionDecide, 0},
		{"a wait that a rate limit ended", &kirim.WaitError{ID: "msg_1", Err: limited}, kirim.ActionDecide, 0},
		{"a message that Meta could not deliver for now", &kirim.MessageError{Kind: kirim.KindUpstream}, kirim.ActionRetry, 0},
		{"a message that failed for good", &kirim.MessageError{Kind: kirim.KindRecipientUnavailable}, kirim.ActionDoNotRetry, 0},
		{"a message that failed for an unknown reason", &kirim.MessageError{Kind: kirim.KindUnknown}, kirim.ActionDecide, 0},
		{"several reasons why a message failed", failed.Err(), kirim.ActionDoNotRetry, 0},
		{"a template that is still in review", &kirim.TemplateNotApprovedError{Err: context.DeadlineExceeded}, kirim.ActionRetry, 0},
		{"a template that was rejected", &kirim.TemplateNotApprovedError{Template: &kirim.MessageTemplate{Status: kirim.TemplateRejected}}, kirim.ActionDoNotRetry, 0},
		{"a template that is paused", &kirim.TemplateNotApprovedError{Template: &kirim.MessageTemplate{Status: kirim.TemplatePaused}}, kirim.ActionDecide, 0},
		{"an outage in an error type of the caller's", ownError{outage}, kirim.ActionDecide, 0},
		{"an outage that may have let a deletion through", &kirim.Error{Method: "DELETE", Kind: kirim.KindUpstream, StatusCode: 502}, kirim.ActionRetry, 0},
		{"a kind that leaves it open", kirim.KindInternal, kirim.ActionDecide, 0},
		{"a code that leaves it open", kirim.CodeInternalError, kirim.ActionDecide, 0},
		{"a file that is too large", &kirim.MediaTooLargeError{Limit: 1}, kirim.ActionDoNotRetry, 0},
		{"an event about a closed window", &kirim.EventError{Kind: kirim.KindOutsideWindow}, kirim.ActionDoNotRetry, 0},
		{"an event about a problem of the account", &kirim.AccountError{EventError: kirim.EventError{Kind: kirim.KindBilling}}, kirim.ActionDecide, 0},
		{"a panic of a callback", &kirim.PanicError{Value: 1}, kirim.ActionDecide, 0},
		{"a forged delivery", kirim.ErrWebhookSignatureMismatch, kirim.ActionDoNotRetry, 0},
		{"a delivery that is late", kirim.ErrWebhookTooOld, kirim.ActionRetry, 0},
		{"a receiver without a secret", kirim.ErrWebhookNoSecret, kirim.ActionDecide, 0},
		{"a quota without a reset", &kirim.Error{Kind: kirim.KindQuotaExceeded, StatusCode: 403}, kirim.ActionDecide, 0},
		{"a quota with a reset", &kirim.Error{Kind: kirim.KindQuotaExceeded, StatusCode: 403, RetryAfter: time.Hour}, kirim.ActionRetryAfter, time.Hour},
		{"the longest of two waits", errors.Join(longer, limited), kirim.ActionRetryAfter, time.Hour},
		{"a wait and a refusal", errors.Join(limited, wrong), kirim.ActionDoNotRetry, 0},
		{"a code", kirim.CodeTemplatePaused, kirim.ActionDecide, 0},
		{"a kind", kirim.KindRateLimited, kirim.ActionRetry, 0},
	} {
		if got, wait := kirim.Disposition(tt.err); got != tt.want || wait != tt.wait {
			t.Errorf("%s: %s after %v, want %s after %v", tt.name, got, wait, tt.want, tt.wait)
		}
	}
}

// ownError is how a caller adds to an error without wrapping it.
type ownError struct{ *answered }

type answered = kirim.Error

func TestDispositionOfAPageThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: `{"data":[],"has_more":true}`})
	for _, err := range w.client(t).PhoneNumber("1").Contacts.All(t.Context(), kirim.ContactListParams{}) {
		if got, _ := kirim.Disposition(err); err == nil || got != kirim.ActionDecide {
			t.Errorf("%s, want %s: %v", got, kirim.ActionDecide, err)
		}
	}
}
