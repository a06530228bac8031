package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

func TestTheOutputTellsWhatWasSentByWhom(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	const want = `SITUATION                       OUTCOME                        WHAT WENT WRONG
all is well                     sent by Kirim
the number is not connected     sent by Cloud API              Kirim: 422 whatsapp_number_not_verified
an hour to wait                 sent by Cloud API              Kirim: 429 rate_limit_exceeded
a template, and no connection   sent by Cloud API              Kirim: 422 whatsapp_number_not_verified
the message is at fault         not sent                       Kirim: 400 invalid_field_value
the response is lost            perhaps sent; not tried again  Kirim: 502 whatsapp_upstream_error
Meta's response is lost         perhaps sent; not tried again  Kirim: 422 whatsapp_number_not_verified  Cloud API: 500 131000
the token has expired, too      not sent                       Kirim: 422 whatsapp_number_not_verified  Cloud API: 401 190
6 messages were accepted: what was sent, and what perhaps was
`
	if out.String() != want {
		t.Errorf("the output is\n%swant\n%s", out.String(), want)
	}
}

func TestAMessageGoesElsewhereOnlyWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	answer := func(status int, kind kirim.Kind) error { return &kirim.Error{StatusCode: status, Kind: kind} }
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"no connection was made", &kirim.TransportError{Err: os.ErrDeadlineExceeded}, true},
		{"the key is revoked", answer(401, kirim.KindAuthRevoked), true},
		{"the plan does not allow it", answer(403, kirim.KindPlanLimit), true},
		{"the quota is used up", answer(403, kirim.KindQuotaExceeded), true},
		{"the balance is used up", answer(402, kirim.KindBilling), true},
		{"too many requests", answer(429, kirim.KindRateLimited), true},
		{"the system cannot send this", fmt.Errorf("x: %w", errors.ErrUnsupported), true},
		{"the recipient is wrong", answer(400, kirim.KindInvalidRecipient), false},
		{"the recipient has no WhatsApp", answer(400, kirim.KindRecipientUnavailable), false},
		{"the window is closed", answer(422, kirim.KindOutsideWindow), false},
		{"the message is invalid", &kirim.ValidationError{}, false},
		{"it failed after it was taken", answer(502, kirim.KindSendFailed), false},
		{"the server failed", answer(500, kirim.KindInternal), false},
		{"the caller gave up", &kirim.TransportError{Err: context.Canceled}, false},
		{"an error of another kind", errors.New("x"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := mayGoElsewhere(tt.err); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
