package kirim_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestATemplateThatCouldNotBeMadeIsNotSent(t *testing.T) {
	t.Parallel()
	missing := &kirim.ValidationError{Violations: []kirim.Violation{{Path: "OrderUpdate.Customer", Limit: "a text", Actual: "none"}}}
	secret := errors.New("no such customer: Ana")
	paused := kirim.Template{Name: "t", Language: "id"}.Check(&kirim.MessageTemplate{Name: "t", Language: "id", Status: kirim.TemplatePaused})
	for name, tc := range map[string]struct {
		err  error
		want string
		is   error
	}{
		"for a value that is missing":  {missing, "kirim: invalid request: OrderUpdate.Customer: want a text, got none", kirim.KindInvalidRequest},
		"for an error without its own": {secret, "kirim: invalid request: template: want a template, got an error of type *errors.errorString", secret},
		"for a template that is paused": {
			paused, "kirim: invalid request: template.status: want an approved template, got one that is paused", kirim.KindTemplateUnavailable,
		},
		"for an error without violations": {&kirim.ValidationError{}, "kirim: invalid request: template: want a template, got an error of type *kirim.ValidationError", kirim.KindInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := kirimtest.Start(t)
			client, err := sandbox.Client()
			if err != nil {
				t.Fatal(err)
			}
			m := kirim.OutboundMessage{To: "+6281100000001", Content: kirim.TemplateContent(kirim.Template{}, tc.err)}
			messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages
			_, sent := messages.Send(t.Context(), m)
			_, unchecked := messages.Send(t.Context(), m, kirim.WithoutRequestValidation())
			_, encoded := json.Marshal(m)
			for doing, err := range map[string]error{"Validate": m.Validate(), "Send": sent, "Send without Validate": unchecked, "Marshal": encoded} {
				var e *kirim.ValidationError
				if !errors.As(err, &e) || e.Error() != tc.want || !errors.Is(err, tc.is) {
					t.Errorf("%s: %v", doing, err)
				}
			}
			if n := len(sandbox.Requests()); n != 0 || m.ContentKind() != "template" {
				t.Errorf("%d requests with a %s", n, m.ContentKind())
			}
		})
	}
}

func TestAViolationOfATemplateIsListedBesideThoseOfTheMessage(t *testing.T) {
	t.Parallel()
	missing := &kirim.ValidationError{Violations: []kirim.Violation{{Path: "OrderUpdate.Customer", Limit: "a text", Actual: "none"}}}
	err := kirim.OutboundMessage{To: "0811", Content: kirim.TemplateContent(kirim.Template{}, missing)}.Validate()
	var e *kirim.ValidationError
	if !errors.As(err, &e) || len(e.Violations) != 2 || !errors.Is(err, kirim.KindInvalidRecipient) {
		t.Errorf("%v", err)
	}
}

func TestATemplateThatWasMadeIsTheContent(t *testing.T) {
	t.Parallel()
	template := kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}
	if got, ok := kirim.TemplateContent(template, nil).(kirim.Template); !ok || got.Name != template.Name || len(got.Components) != 1 {
		t.Errorf("%#v", got)
	}
}
