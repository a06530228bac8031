package cloudapi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

func sandboxClient(t *testing.T) (*kirimtest.Server, *cloudapi.Client) {
	t.Helper()
	sandbox := kirimtest.Start(t)
	c, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	return sandbox, c
}

func TestATemplateLivesInTheSandboxAsAtMeta(t *testing.T) {
	t.Parallel()
	sandbox, c := sandboxClient(t)
	templates := c.Account(sandbox.WABAID).Templates()
	var first *cloudapi.Template
	for i := range 5 {
		created, err := templates.Create(t.Context(), kirim.TemplateCreateParams{
			Name: fmt.Sprintf("parcel_%d", i), Category: kirim.TemplateUtility, Language: "en",
			Components: []kirim.ComponentDefinition{kirim.DefineBody("Hello {{1}}, it is on its way.", "Ana")},
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = created
		}
	}
	sandbox.SetTemplateStatus("parcel_0", kirimtest.TemplateApproved)

	found := map[string]kirim.TemplateStatus{}
	for template, err := range templates.All(t.Context(), cloudapi.TemplateListParams{Limit: 2, Fields: []string{"name", "status"}}) {
		if err != nil {
			t.Fatal(err)
		}
		found[template.Name] = template.Status
	}
	if found["parcel_0"] != kirim.TemplateApproved || found["parcel_4"] != kirim.TemplatePending {
		t.Errorf("found %v", found)
	}
	page, err := templates.List(t.Context(), cloudapi.TemplateListParams{Status: kirim.TemplateApproved, Name: "parcel_0", Language: "en"})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != first.ID {
		t.Fatalf("%+v, %v", page, err)
	}
	if err := (kirim.Template{Name: "parcel_0", Language: "en"}).Check(&page.Items[0].MessageTemplate); err == nil {
		t.Error("a message without its value fits")
	}

	edit := cloudapi.TemplateUpdateParams{Components: []kirim.ComponentDefinition{kirim.DefineBody("Hello {{1}}, it has left.", "Ana")}}
	if err := templates.Update(t.Context(), first.ID, edit); err != nil {
		t.Fatal(err)
	}
	edited, err := templates.Get(t.Context(), first.ID, cloudapi.TemplateGetParams{})
	if err != nil || edited.Status != kirim.TemplatePending || edited.Components[0].Text != "Hello {{1}}, it has left." {
		t.Errorf("after the edit: %+v, %v", edited, err)
	}
	if err := templates.Delete(t.Context(), cloudapi.TemplateDeleteParams{Name: "parcel_0"}); err != nil {
		t.Fatal(err)
	}
	if _, err := templates.Get(t.Context(), first.ID, cloudapi.TemplateGetParams{}); !errors.Is(err, kirim.KindNotFound) && !errors.Is(err, kirim.KindInvalidRequest) {
		t.Errorf("after the deletion: %v", err)
	}
}

func TestTheCatalogTakesTheTemplatesOfMeta(t *testing.T) {
	t.Parallel()
	sandbox, c := sandboxClient(t)
	sandbox.AddTemplate(kirimtest.Template{Name: "order_ready", Language: "id", Status: kirimtest.TemplatePaused, Category: "UTILITY"})
	var definitions []*kirim.MessageTemplate
	for template, err := range c.Account(sandbox.WABAID).Templates().All(t.Context(), cloudapi.TemplateListParams{}) {
		if err != nil {
			t.Fatal(err)
		}
		definitions = append(definitions, &template.MessageTemplate)
	}
	catalog := kirim.NewTemplateCatalog()
	catalog.Put(sandbox.PhoneNumberID, definitions...)
	known, ok := catalog.Get(sandbox.PhoneNumberID, "order_ready", "id")
	if !ok || known.Status != kirim.TemplatePaused {
		t.Fatalf("%+v, %v", known, ok)
	}
	if err := (kirim.Template{Name: "order_ready", Language: "id"}).Check(known); !kirim.IsTemplateUnavailable(err) {
		t.Errorf("a paused template: %v", err)
	}
}

func TestTheNumbersAndAppsOfTheSandboxAreManaged(t *testing.T) {
	t.Parallel()
	sandbox, c := sandboxClient(t)
	number, account := c.PhoneNumber(sandbox.PhoneNumberID), c.Account(sandbox.WABAID)
	info, err := number.Get(t.Context(), cloudapi.PhoneNumberGetParams{Fields: []string{"id", "status", "throughput"}})
	if err != nil || info.ID != sandbox.PhoneNumberID || info.Status != "CONNECTED" || info.Throughput.Level != "STANDARD" || info.VerifiedName != "" {
		t.Errorf("%+v, %v", info, err)
	}
	if err := number.Deregister(t.Context()); err != nil {
		t.Error(err)
	}
	if err := number.Register(t.Context(), cloudapi.RegisterParams{PIN: "246810"}); err != nil {
		t.Error(err)
	}
	if got, err := account.Get(t.Context(), cloudapi.AccountGetParams{}); err != nil || got.ID != sandbox.WABAID {
		t.Errorf("%+v, %v", got, err)
	}
	if err := account.SubscribedApps().Subscribe(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if page, err := account.SubscribedApps().List(t.Context(), cloudapi.SubscribedAppListParams{}); err != nil || page.HasMore {
		t.Errorf("%+v, %v", page, err)
	}
	if err := account.SubscribedApps().Unsubscribe(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Account("1").Get(t.Context(), cloudapi.AccountGetParams{}); err == nil || kirim.MaybeSent(err) {
		t.Errorf("another account: %v", err)
	}
}
