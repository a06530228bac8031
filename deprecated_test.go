package kirim_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestTheNamesOfEarlierVersionsBuildTheSameTemplates(t *testing.T) {
	t.Parallel()
	place, at := kirim.TemplateLocation{Latitude: 1, Longitude: 2}, time.UnixMilli(3)
	for name, values := range map[string][2]any{
		"HeaderText":          {kirim.HeaderText("a"), kirim.FillHeaderText("a")},
		"HeaderImage":         {kirim.HeaderImage("a"), kirim.FillHeaderImage("a")},
		"HeaderVideo":         {kirim.HeaderVideo("a"), kirim.FillHeaderVideo("a")},
		"HeaderDocument":      {kirim.HeaderDocument("a", "b"), kirim.FillHeaderDocument("a", "b")},
		"HeaderLocation":      {kirim.HeaderLocation(place), kirim.FillHeaderLocation(place)},
		"HeaderProduct":       {kirim.HeaderProduct("a", "b"), kirim.FillHeaderProduct("a", "b")},
		"BodyText":            {kirim.BodyText("a", "b"), kirim.FillBody("a", "b")},
		"BodyParameters":      {kirim.BodyParameters(kirim.NamedText("a", "b")), kirim.FillBodyParameters(kirim.NamedTextParameter("a", "b"))},
		"URLButton":           {kirim.URLButton(1, "a"), kirim.FillURLButton(1, "a")},
		"QuickReplyButton":    {kirim.QuickReplyButton(1, "a"), kirim.FillQuickReplyButton(1, "a")},
		"CopyCodeButton":      {kirim.CopyCodeButton(1, "a"), kirim.FillCopyCodeButton(1, "a")},
		"ActionButton":        {kirim.ActionButton("flow", 1, kirim.TemplateAction{}), kirim.FillActionButton("flow", 1, kirim.TemplateAction{})},
		"OfferExpires":        {kirim.OfferExpires(at), kirim.FillLimitedTimeOffer(at)},
		"TemplateCards":       {kirim.TemplateCards([]kirim.Component{{Type: "a"}}), kirim.FillCarousel([]kirim.Component{{Type: "a"}})},
		"OneTimeCode":         {kirim.OneTimeCode("1"), kirim.FillOneTimeCode("1")},
		"TemplateHeaderText":  {kirim.TemplateHeaderText("a", "b"), kirim.DefineHeaderText("a", "b")},
		"TemplateHeaderMedia": {kirim.TemplateHeaderMedia(kirim.TemplateImage, "a"), kirim.DefineHeaderMedia(kirim.TemplateImage, "a")},
		"TemplateBody":        {kirim.TemplateBody("a", "b"), kirim.DefineBody("a", "b")},
		"TemplateFooter":      {kirim.TemplateFooter("a"), kirim.DefineFooter("a")},
		"TemplateButtons": {
			kirim.TemplateButtons(kirim.TemplateURLButton("a", "b", "c"), kirim.TemplatePhoneButton("d", "e"), kirim.TemplateQuickReply("f"), kirim.TemplateCopyCode("g")),
			kirim.DefineButtons(kirim.DefineURLButton("a", "b", "c"), kirim.DefinePhoneButton("d", "e"), kirim.DefineQuickReplyButton("f"), kirim.DefineCopyCodeButton("g")),
		},
		"OneTimeCodeTemplate": {
			kirim.OneTimeCodeTemplate("a", "id", kirim.OneTimeCodeOptions{ExpirationMinutes: 5}),
			kirim.DefineOneTimeCode("a", "id", kirim.OneTimeCodeOptions{ExpirationMinutes: 5}),
		},
		"TemplateComponent": {kirim.TemplateComponent{Buttons: []kirim.TemplateButton{{Text: "a"}}}, kirim.ComponentDefinition{Buttons: []kirim.ButtonDefinition{{Text: "a"}}}},
	} {
		if !reflect.DeepEqual(values[0], values[1]) {
			t.Errorf("%s builds %+v, want %+v", name, values[0], values[1])
		}
	}
}

func TestTheOptionsOfEarlierVersionsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var plan kirimtest.DeliveryPlan = kirimtest.Delivered()
		sandbox := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithDeliveryPlan(plan))
		var windows kirim.WindowMemory = kirim.NewMemoryWindows(1)
		client, err := sandbox.Client(kirim.WithWindowMemory(windows))
		if err != nil {
			t.Fatal(err)
		}
		messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages
		text := hello

		accepted, err := messages.SendOrTemplate(t.Context(), text, reminder, kirim.PreferTemplate())
		if err != nil || !accepted.UsedTemplate || len(sandbox.Requests()) != 1 {
			t.Errorf("PreferTemplate: %+v, %v after %d requests", accepted, err, len(sandbox.Requests()))
		}
		if err := windows.Opened(t.Context(), sandbox.PhoneNumberID, text.To, time.Now().Add(-25*time.Hour)); err != nil {
			t.Fatal(err)
		}
		sandbox.Fault(kirimtest.Fault{Status: 503})
		accepted, err = messages.SendOrTemplate(t.Context(), text, reminder)
		if err != nil || !accepted.UsedTemplate || len(sandbox.Requests()) != 3 {
			t.Errorf("WithWindowMemory, Fault: %+v, %v after %d requests", accepted, err, len(sandbox.Requests()))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var unread *kirim.WaitError
		if _, err := messages.Wait(ctx, accepted.ID, kirim.WaitFor(kirim.MessageRead)); !errors.As(err, &unread) || unread.Status != kirim.MessageDelivered {
			t.Errorf("WaitFor: %v, want a wait that ends although the message was delivered", err)
		}
		var refused *kirim.Error
		if _, err := messages.Send(t.Context(), kirim.OutboundMessage{To: text.To, Content: kirim.Text{}}, kirim.SkipValidation()); !errors.As(err, &refused) {
			t.Errorf("SkipValidation: %v, want what the server says", err)
		}
		sandbox.DeliverAs(kirimtest.Failed(131026))
		accepted, err = messages.Send(t.Context(), kirim.OutboundMessage{To: text.To, Content: reminder})
		if err != nil {
			t.Fatal(err)
		}
		if m, err := messages.Wait(t.Context(), accepted.ID); err == nil || m.Status != kirim.MessageFailed {
			t.Errorf("DeliverAs: %+v, %v", m, err)
		}
	})
}

func TestTheWindowOptionOfEarlierVersionsFillsTheStore(t *testing.T) {
	t.Parallel()
	windows := kirim.NewMemoryWindows(0)
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithWindows(windows))
	deliver(t, h, `{"entry":[{"changes":[{"value":{"metadata":{"phone_number_id":"1"},"messages":[{"id":"m","from":"6281","timestamp":"1779990000"}]}}]}]}`)
	if at, err := windows.LastOpened(t.Context(), "1", "6281"); err != nil || at.IsZero() {
		t.Errorf("the customer wrote at %v, %v", at, err)
	}
}
