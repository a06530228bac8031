package gateway_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
)

// A client that a failed NewClient left at its zero value refuses each call.
func TestACallOfAZeroClientIsAnError(t *testing.T) {
	t.Parallel()
	text := kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: "Halo"}}
	for name, call := range map[string]func(context.Context) error{
		"apimessaging": func(ctx context.Context) error {
			_, err := (&apimessaging.Client{}).Send(ctx, text)
			return err
		},
		"cloudapi": func(ctx context.Context) error {
			_, err := (&cloudapi.Client{}).PhoneNumber("1").Send(ctx, text)
			return err
		},
		"cloudapi, templates": func(ctx context.Context) error {
			_, err := (&cloudapi.Client{}).Account("1").Templates().List(ctx, cloudapi.TemplateListParams{})
			return err
		},
		"cloudapi, with an app's secret": func(ctx context.Context) error {
			_, err := (&cloudapi.Client{}).WithAppSecret("s").PhoneNumber("1").Send(ctx, text)
			return err
		},
		"connexease": func(ctx context.Context) error {
			_, err := (&connexease.Client{}).Send(ctx, text)
			return err
		},
		"michow": func(ctx context.Context) error {
			_, err := (&michow.Client{}).Send(ctx, text)
			return err
		},
		"shingle": func(ctx context.Context) error {
			_, err := (&shingle.Client{}).Send(ctx, text)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e *kirim.ValidationError
			if err := call(t.Context()); !errors.As(err, &e) {
				t.Errorf("%v, want a validation error", err)
			}
		})
	}
}
