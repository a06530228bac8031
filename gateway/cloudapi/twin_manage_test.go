package cloudapi_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestWhatIsManagedDecidesWhatCanBeSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sandbox, from := inSandbox(t)
		client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
		if err != nil {
			t.Fatal(err)
		}
		templates, ctx := client.Account(sandbox.WABAID).Templates(), t.Context()
		order := func(values ...string) error {
			template := kirim.Template{Name: "order_ready", Language: "id"}
			if len(values) > 0 {
				template.Components = []kirim.Component{kirim.FillBody(values...)}
			}
			_, err := from.Send(ctx, kirim.OutboundMessage{To: customer, Content: template})
			return err
		}
		made, err := templates.Create(ctx, kirim.TemplateCreateParams{
			Name: "order_ready", Language: "id", Category: kirim.TemplateUtility,
			Components: []kirim.ComponentDefinition{kirim.DefineBody("Order {{1}} is ready.", "A-17")},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := order("A-17"); !errors.Is(err, kirim.KindTemplateNotFound) {
			t.Errorf("it is under review, but: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := order("A-17"); err != nil {
			t.Error(err)
		}
		err = templates.Update(ctx, made.ID, cloudapi.TemplateUpdateParams{Components: []kirim.ComponentDefinition{kirim.DefineBody("It is ready.")}})
		if err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if err := order("A-17"); !errors.Is(err, kirim.ErrorCode("132000")) {
			t.Errorf("it has no value any more, but: %v", err)
		}
		if err := from.Deregister(ctx); err != nil {
			t.Error(err)
		}
		if err := order(); !errors.Is(err, kirim.KindNotConnected) {
			t.Errorf("the number is not registered, but: %v", err)
		}
		if err := from.Register(ctx, cloudapi.RegisterParams{PIN: "246810"}); err != nil {
			t.Error(err)
		}
		if err := order(); err != nil || sandbox.MessageCount() != 2 {
			t.Errorf("%v; %d messages", err, sandbox.MessageCount())
		}
	})
}

func TestAnAppIsSubscribedAfterTheChallenge(t *testing.T) {
	t.Parallel()
	shop := newShop(t, nil)
	sandbox, _ := inSandbox(t, kirimtest.WithWebhookHandler(shop.hooks), kirimtest.WithMetaSecrets(verifyToken, testSecret))
	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	apps := client.Account(sandbox.WABAID).SubscribedApps()
	const address = "https://shop.example.com/webhooks/meta"
	if err := apps.Subscribe(t.Context(), &cloudapi.CallbackOverride{URL: address, VerifyToken: "another one"}); err == nil {
		t.Error("the challenge was passed with another verify token")
	}
	if err := apps.Subscribe(t.Context(), &cloudapi.CallbackOverride{URL: address, VerifyToken: verifyToken}); err != nil {
		t.Fatal(err)
	}
	list, err := apps.List(t.Context(), cloudapi.SubscribedAppListParams{})
	if err != nil || len(list.Items) != 1 || list.Items[0].OverrideCallbackURL != address {
		t.Errorf("%+v, %v", list, err)
	}
	if err := apps.Unsubscribe(t.Context()); err != nil {
		t.Error(err)
	}
}
