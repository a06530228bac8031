package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kirim-go/kirim/internal/webhook"
)

const (
	// Two seconds are left for the way back.
	defaultTimeout = 8 * time.Second

	// Thirty files, the most that a screen submits, are 30 KiB of references.
	defaultMaxBody = 1 << 20
)

// Option configures a [Handler].
type Option func(*handler) error

// WithAppSecrets has the handler check X-Hub-Signature-256, which Meta puts on every
// request: HMAC-SHA256 of the body with the secret of the app that is connected to
// the flow. Give the old and the new secret while you reset it. Requests with a
// signature that is missing or wrong get 432. The default is an error: a handler
// needs this option or [WithoutSignatureCheck].
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint
func WithAppSecrets(secrets ...string) Option {
	return func(h *handler) error {
		if len(secrets) == 0 {
			return errors.New("flows: WithAppSecrets: there is no secret")
		}
		for i, secret := range secrets {
			if err := webhook.CheckSecret(secret); err != nil {
				return fmt.Errorf("flows: WithAppSecrets: secret %d %w", i+1, err)
			}
			h.secrets = append(h.secrets, []byte(secret))
		}
		return nil
	}
}

// WithoutSignatureCheck accepts requests from whoever has your public key, which is
// not a secret: encryption alone does not say who sent a request. It is for an app
// that is not yours, whose secret you do not have. Then trust a request only as far
// as its flow token, and make tokens that nobody can guess.
func WithoutSignatureCheck() Option {
	return func(h *handler) error { h.unsigned = true; return nil }
}

// WithErrorObserver sets a function that sees the error notifications, by which
// WhatsApp says that it could not use a response. The handler acknowledges them with
// or without it. The default is none.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#error_notification_request
func WithErrorObserver(f func(context.Context, *ErrorNotification)) Option {
	return func(h *handler) error { h.observe = f; return nil }
}

// WithTimeout sets when the context of a request ends, the time for reading its body
// included; the default is 8 seconds. WhatsApp is assumed to wait for 10: no page
// says so. A callback that works on after that holds up its response.
func WithTimeout(d time.Duration) Option {
	return func(h *handler) error {
		if d <= 0 {
			return fmt.Errorf("flows: WithTimeout: %v is not a positive duration", d)
		}
		h.timeout = d
		return nil
	}
}

// WithMaxBody sets how many bytes the body of a request may have; the default is
// 1 MiB. A larger one gets 413.
func WithMaxBody(n int64) Option {
	return func(h *handler) error {
		if n <= 0 || n > 1<<30 {
			return fmt.Errorf("flows: WithMaxBody: %d is not in 1 to %d", n, 1<<30)
		}
		h.maxBody = n
		return nil
	}
}

// WithLogger logs what goes wrong: requests that were refused at level warn, failed
// callbacks at level error. The records hold the status of the response and the
// error, that of a callback as it was returned and a panic as a [*PanicError]; nothing
// of keys, tokens and data. The default is silence.
func WithLogger(logger *slog.Logger) Option {
	return func(h *handler) error {
		if logger == nil {
			return errors.New("flows: WithLogger: the logger is nil")
		}
		h.logger = logger
		return nil
	}
}
