package kirim_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway"
)

// questions are all that can be asked about an error.
var questions = map[string]func(error) bool{
	"MaybeSent": kirim.MaybeSent, "IsOutside24hWindow": kirim.IsOutside24hWindow, "IsTemplateUnavailable": kirim.IsTemplateUnavailable,
	"IsInvalidRecipient": kirim.IsInvalidRecipient, "IsRateLimited": kirim.IsRateLimited, "IsAuthentication": kirim.IsAuthentication,
	"IsPermission": kirim.IsPermission, "IsNotFound": kirim.IsNotFound, "IsConflict": kirim.IsConflict,
	"IsIdempotencyInProgress": kirim.IsIdempotencyInProgress, "IsIdempotencyReuse": kirim.IsIdempotencyReuse,
	"IsUpstream": kirim.IsUpstream, "IsTemporary": kirim.IsTemporary,
	"Is a code":  func(err error) bool { return errors.Is(err, kirim.CodeOutside24hWindow) },
	"Is a kind":  func(err error) bool { return errors.Is(err, kirim.KindInvalidRequest) },
	"Is unknown": func(err error) bool { return errors.Is(err, kirim.KindUnknown) },
	"As a code":  func(err error) bool { var code kirim.ErrorCode; return errors.As(err, &code) },
	"As a kind":  func(err error) bool { var kind kirim.Kind; return errors.As(err, &kind) },
	"a timeout":  func(err error) bool { var t interface{ Timeout() bool }; return errors.As(err, &t) && t.Timeout() },
	"fields":     func(err error) bool { return len(gateway.FieldErrors(err)) > 0 },
}

func TestANilPointerInAnErrorSaysNothing(t *testing.T) {
	t.Parallel()
	doubtful := &kirim.Error{Method: "POST", StatusCode: 502, Kind: kirim.KindUpstream}
	if !kirim.MaybeSent(doubtful) {
		t.Fatal("a 502 leaves no doubt")
	}
	for _, err := range []error{
		(*kirim.Error)(nil), (*kirim.TransportError)(nil), (*kirim.ValidationError)(nil), (*kirim.WaitError)(nil),
		(*kirim.MessageError)(nil), (*kirim.EventError)(nil), (*kirim.AccountError)(nil),
		(*kirim.TemplateNotApprovedError)(nil), (*kirim.MediaTooLargeError)(nil), (*kirim.PanicError)(nil),
	} {
		for how, wrapped := range map[string]error{
			"alone":   err,
			"wrapped": fmt.Errorf("sending: %w", err),
			"joined":  errors.Join(err, errors.New("other")),
		} {
			for name, is := range questions {
				if is(wrapped) {
					t.Errorf("%T %s: %s is true", err, how, name)
				}
			}
			if action, wait := kirim.Disposition(wrapped); action != kirim.ActionDecide || wait != 0 {
				t.Errorf("%T %s: %s in %v", err, how, action, wait)
			}
			if errors.Unwrap(err) != nil {
				t.Errorf("%T wraps %v", err, errors.Unwrap(err))
			}
		}
		if text := err.Error(); !strings.HasPrefix(text, "kirim: ") {
			t.Errorf("%T: %q", err, text)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("sent", "error", err)
		if strings.Contains(log.String(), "panic") || !strings.Contains(log.String(), "error=") {
			t.Errorf("%T is logged as %s", err, &log)
		}
		// Beside an error that leaves it open, it stays open.
		joined := errors.Join(err, doubtful)
		if action, _ := kirim.Disposition(joined); !kirim.MaybeSent(joined) || action != kirim.ActionDecide {
			t.Errorf("%T beside a 502: may be out: %t, %s", err, kirim.MaybeSent(joined), action)
		}
	}
	if text := (&kirim.WaitError{}).Error(); !strings.Contains(text, "without a verdict") {
		t.Errorf("%q", text)
	}
}
