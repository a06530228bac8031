package kirimtest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// What Meta refuses is refused at once, or accepted and told later, by a
// setting; the program under test learns the same of it.
func TestWhatMetaRefusesIsToldAtOnceOrLater(t *testing.T) {
	t.Parallel()
	text := kirim.Text{Body: "Halo"}
	for name, tt := range map[string]struct {
		content kirim.Content
		code    kirim.ErrorCode
		meta    int
		late    bool // can be told later
	}{
		"the window":   {text, kirim.CodeOutside24hWindow, 131047, true},
		"paused":       {kirim.Template{Name: "promo_paused", Language: "id"}, kirim.CodeTemplatePaused, 132015, true},
		"disabled":     {kirim.Template{Name: "legacy_disabled", Language: "id"}, kirim.CodeTemplateDisabled, 132016, true},
		"parameters":   {kirim.Template{Name: "order_update", Language: "id"}, kirim.CodeTemplateParamCountMismatch, 132000, true},
		"unknown name": {kirim.Template{Name: "nobody_made_it", Language: "id"}, kirim.CodeInvalidTemplateName, 0, false},
	} {
		for _, later := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					opts := []Option{WithoutListener()}
					if later {
						opts = append(opts, WithLateRefusals())
					}
					sandbox := NewServer(opts...)
					defer sandbox.Close()
					c, err := sandbox.Client()
					if err != nil {
						t.Fatal(err)
					}
					messages := c.PhoneNumber(sandbox.PhoneNumberID).Messages
					accepted, err := messages.Send(t.Context(), kirim.OutboundMessage{To: "+6281100000009", Content: tt.content})
					if told := later && tt.late; !told {
						if !errors.Is(err, tt.code) || sandbox.MessageCount() != 0 {
							t.Errorf("at once: %v, %d messages", err, sandbox.MessageCount())
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					m, err := messages.Wait(t.Context(), accepted.ID)
					var late *kirim.MessageError
					if !errors.As(err, &late) || late.Code != tt.code || late.MetaCode != tt.meta || m.Status != kirim.MessageFailed {
						t.Errorf("later: %+v, %v", m, err)
					}
				})
			})
		}
	}
}

// SendAndWait with a feed: the event of the late refusal comes by webhook, and
// the template is sent.
func TestALateRefusalIsToldByItsEventAndRescued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hooks := kirim.NewWebhookHandler(nil)
		sandbox := NewServer(WithoutListener(), WithLateRefusals(), WithStatusPlan(Delivered()), WithWebhookHandler(
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hooks.ServeHTTP(w, r) })))
		defer sandbox.Close()
		verifier, err := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
		if err != nil {
			t.Fatal(err)
		}
		hooks = kirim.NewWebhookHandler(verifier)
		feed := kirim.NewStatusFeed()
		feed.Attach(hooks)
		var told []error
		hooks.OnStatus(func(_ context.Context, s *kirim.StatusUpdate) error {
			if err := s.Err(); err != nil {
				told = append(told, err)
			}
			return nil
		})
		sandbox.Subscribe(hookURL, "message.status", "message.sent")
		c, err := sandbox.Client(kirim.WithStatusFeed(feed))
		if err != nil {
			t.Fatal(err)
		}
		template := kirim.Template{Name: "appointment_reminder", Language: "id"}
		began := time.Now()
		m, err := c.PhoneNumber(sandbox.PhoneNumberID).Messages.SendAndWait(t.Context(),
			kirim.OutboundMessage{To: "+6281100000009", Content: kirim.Text{Body: "Halo"}}, &template)
		if err != nil || !m.UsedTemplate || m.Status != kirim.MessageDelivered {
			t.Errorf("%+v, %v", m, err)
		}
		if len(told) != 1 || !kirim.IsOutside24hWindow(told[0]) || !errors.Is(told[0], kirim.CodeOutside24hWindow) {
			t.Errorf("the events told %v", told)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v: the feed was not heard", took)
		}
	})
}
