// Package gateway, with its subpackages, lets a program speak to other systems
// in the words of package kirim: the same OutboundMessage, the same
// *kirim.Error with the same kinds, the same retry engine. The table in
// docs/messages.md says what each system can send.
//
// Each has a NewClient that takes the options of kirim.NewClient, a
// DecodeError, and a Send. What a system cannot do is an error that matches
// [errors.ErrUnsupported], with nothing sent. The codes of all systems and
// their kinds are listed in docs/errors.md.
//
// # Webhooks
//
// cloudapi.WebhookVerifier and connexease.WebhookVerifier are a
// kirim.EventVerifier: give one to kirim.NewWebhookHandler.
//
// # Retries
//
// None of them documents idempotency keys, so none is sent, and a send is
// retried only where the message cannot have been sent: the connection was never
// made, the response was 429, or it was 503 and said how long to wait. After a
// 503 that does not say, there is no sign whether the message was accepted, and
// kirim.MaybeSent is true. Reads are retried as those of Kirim are. The
// table is at kirim.RetryPolicy.
//
// # Validation
//
// Messages are checked as Kirim's are, by OutboundMessage.Validate, whatever
// the options say: kirim.WithoutValidation and kirim.WithoutRequestValidation have no
// effect here.
//
// # Assumptions
//
// The public documentation of these systems has gaps and contradictions.
// Each package says under this heading what it takes for granted.
package gateway

import (
	"errors"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/system"
)

// FieldError is what a response says about one field of the request.
type FieldError struct {
	Field    string   // the path of the field, as "phones.0.number"; empty for the request as a whole
	Messages []string // the server's texts, for people; they may quote what was sent
}

// FieldErrors lists the fields that the response in err complains about, in its
// order, for the envelopes of all six systems. [kirim.Error] has the first
// of them in Param.
func FieldErrors(err error) []FieldError {
	var e *kirim.Error
	if !errors.As(err, &e) || e == nil {
		return nil
	}
	var fields []FieldError
	for _, f := range system.Fields(e.Body) {
		fields = append(fields, FieldError(f))
	}
	return fields
}
