package bench

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/kirim-go/kirim"
)

var refused = canned{http.StatusUnprocessableEntity, `{"error":{"type":"invalid_request_error","code":"outside_24h_window",` +
	`"message":"The customer has not written within the last 24 hours. Send a template message instead.",` +
	`"param":"type","request_id":"req_01JD6Q3V8Y5N2M4K7P9R1S3T5V"}}`}

// refusals are the ways from that answer to an error with the same fields.
var refusals = []struct {
	name   string
	decode func() error
	send   func(testing.TB) func(context.Context) error
}{
	{"nethttp", func() error { return newBareError(refused.status, []byte(refused.body)) },
		func(testing.TB) func(context.Context) error {
			b := newBare(refused)
			return func(ctx context.Context) error { _, err := b.send(ctx, newBareMessage()); return err }
		}},
	{"kirim", func() error { return kirim.DecodeError(refused.status, cannedHeader, []byte(refused.body)) },
		func(tb testing.TB) func(context.Context) error {
			messages := newKirim(tb, refused).PhoneNumber(numberID).Messages
			return func(ctx context.Context) error { _, err := messages.Send(ctx, newMessage()); return err }
		}},
}

// BenchmarkDecodeError turns the body of a 422 into an error.
func BenchmarkDecodeError(b *testing.B) {
	for _, r := range refusals {
		b.Run("client="+r.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r.decode() == nil {
					b.Fatal("no error")
				}
			}
		})
	}
}

// BenchmarkRefused makes the whole call, answered with a 422.
func BenchmarkRefused(b *testing.B) {
	for _, r := range refusals {
		b.Run("client="+r.name, func(b *testing.B) {
			send, ctx := r.send(b), context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if send(ctx) == nil {
					b.Fatal("no error")
				}
			}
		})
	}
}

func TestBothErrorsSayTheSame(t *testing.T) {
	t.Parallel()
	var theirs *bareError
	if err := refusals[0].send(t)(t.Context()); !errors.As(err, &theirs) || !errors.As(refusals[0].decode(), &theirs) {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"decoded": refusals[1].decode(), "sent": refusals[1].send(t)(t.Context())} {
		var ours *kirim.Error
		if !errors.As(err, &ours) {
			t.Fatalf("%s: %v", name, err)
		}
		want := theirs.Details
		if string(ours.Type) != want.Type || string(ours.Code) != want.Code || ours.Message != want.Message ||
			ours.Param != want.Param || ours.RequestID != want.RequestID || ours.StatusCode != theirs.StatusCode || want.Code == "" {
			t.Errorf("%s: %+v, bare %+v", name, ours, theirs)
		}
	}
}
