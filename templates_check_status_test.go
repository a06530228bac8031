package kirim_test

import (
	"errors"
	"testing"

	"github.com/kirim-go/kirim"
)

func TestATemplateThatCannotBeSentIsMatchedAsWhenSendingIt(t *testing.T) {
	t.Parallel()
	message := kirim.Template{Name: "order_ready", Language: "id"}
	for status, want := range map[kirim.TemplateStatus]struct {
		kind   kirim.Kind
		code   error
		action kirim.Action
	}{
		"approved": {}, "APPROVED": {}, "": {},
		"pending":   {kirim.KindInvalidRequest, nil, kirim.ActionDoNotRetry},
		"rejected":  {kirim.KindInvalidRequest, nil, kirim.ActionDoNotRetry},
		"in_appeal": {kirim.KindInvalidRequest, nil, kirim.ActionDoNotRetry},
		"paused":    {kirim.KindTemplateUnavailable, kirim.CodeTemplatePaused, kirim.ActionDecide},
		"PAUSED":    {kirim.KindTemplateUnavailable, kirim.CodeTemplatePaused, kirim.ActionDecide},
		"disabled":  {kirim.KindTemplateUnavailable, kirim.CodeTemplateDisabled, kirim.ActionDecide},
	} {
		t.Run("a template that is "+string(status), func(t *testing.T) {
			t.Parallel()
			err := message.Check(&kirim.MessageTemplate{Name: "order_ready", Language: "id", Status: status})
			if want.kind == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var invalid *kirim.ValidationError
			var verdict *kirim.TemplateNotApprovedError
			if !errors.As(err, &invalid) || !errors.As(err, &verdict) || verdict.Template.Status != status {
				t.Fatalf("%v", err)
			}
			if len(invalid.Violations) != 1 || invalid.Violations[0].Path != "template.status" {
				t.Errorf("%v", invalid.Violations)
			}
			kind := kirim.Kind("")
			if !errors.As(err, &kind) || kind != want.kind || !errors.Is(err, want.kind) || want.code != nil && !errors.Is(err, want.code) {
				t.Errorf("%v is of kind %q, want %q and %v", err, kind, want.kind, want.code)
			}
			if unavailable := kirim.IsTemplateUnavailable(err); unavailable != (want.code != nil) {
				t.Errorf("unavailable: %v", unavailable)
			}
			if action, _ := kirim.Disposition(err); action != want.action {
				t.Errorf("%v, want %v", action, want.action)
			}
		})
	}
}
