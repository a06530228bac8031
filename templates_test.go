package kirim_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

func templateIs(status string) answer {
	return answer{status: 200, body: `{"data":{"name":"order_ready","language":"id","status":"` + status + `"}}`}
}

func TestAWaitForATemplateEndsWithItsVerdict(t *testing.T) {
	t.Parallel()
	pending, busy := templateIs("pending"), answer{status: 503}
	for name, try := range map[string]struct {
		answers  []answer
		requests int
		check    func(error) bool
	}{
		"approved at once": {[]answer{templateIs("approved")}, 1, func(err error) bool { return err == nil }},
		"approved later":   {[]answer{pending, templateIs("in_appeal"), pending, templateIs("approved")}, 4, func(err error) bool { return err == nil }},
		"an outage":        {[]answer{pending, busy, busy, busy, busy, busy, templateIs("approved")}, 7, func(err error) bool { return err == nil }},
		"rejected":         {[]answer{pending, templateIs("rejected")}, 2, func(err error) bool { return !kirim.IsTemplateUnavailable(err) }},
		"paused": {[]answer{templateIs("paused")}, 1, func(err error) bool {
			return kirim.IsTemplateUnavailable(err) && errors.Is(err, kirim.CodeTemplatePaused) && !errors.Is(err, kirim.CodeTemplateDisabled)
		}},
		"disabled":  {[]answer{templateIs("disabled")}, 1, func(err error) bool { return errors.Is(err, kirim.CodeTemplateDisabled) }},
		"not found": {[]answer{pending, {status: 404}}, 2, kirim.IsNotFound},
		"key":       {[]answer{{status: 401}}, 1, kirim.IsAuthentication},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWire(try.answers...)
				template, err := w.client(t).PhoneNumber(phone).Templates.WaitApproved(t.Context(), "order_ready", "id")
				if !try.check(err) || len(w.seen()) != try.requests {
					t.Errorf("%v after %d requests", err, len(w.seen()))
				}
				if (template == nil) != (err != nil) {
					t.Errorf("%+v came with %v", template, err)
				}
				var verdict *kirim.TemplateNotApprovedError
				if errors.As(err, &verdict) {
					wantText(t, err, "kirim: template not approved: it is "+name)
					if verdict.Template.Name != "order_ready" {
						t.Errorf("%+v", verdict)
					}
				}
			})
		})
	}
}

func TestTheWaitsForATemplateGrowAndAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(templateIs("pending"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := w.client(t).PhoneNumber(phone).Templates.WaitApproved(ctx, "order_ready", "id")
		var e *kirim.TemplateNotApprovedError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || e.Template.Status != kirim.TemplatePending {
			t.Errorf("%v", err)
		}
		wantText(t, err, "it is pending: context deadline exceeded")
		seen := w.seen()
		for i := 1; i < len(seen); i++ {
			least := min(2*time.Second<<(i-1), time.Minute)
			if i > 6 {
				least = time.Minute
			}
			if got := seen[i].at.Sub(seen[i-1].at); got < least || got > least*5/4 {
				t.Errorf("wait %d is %v, not %v to %v", i, got, least, least*5/4)
			}
		}
		if len(seen) < 48 || len(seen) > 65 {
			t.Errorf("%d requests in an hour", len(seen))
		}
	})
}

func TestAWaitForATemplateHonoursTheServersDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 429, header: map[string]string{"Retry-After": "600"}}, templateIs("approved"))
		began := time.Now()
		_, err := w.client(t).PhoneNumber(phone).Templates.WaitApproved(t.Context(), "order_ready", "id")
		if waited := time.Since(began); err != nil || waited < 10*time.Minute || len(w.seen()) != 2 {
			t.Errorf("%v after %v and %d requests", err, waited, len(w.seen()))
		}
	})
}

func TestATemplateInAnotherLanguageIsNotTheOneWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWire(templateIs("approved"))
	_, err := w.client(t).PhoneNumber(phone).Templates.WaitApproved(t.Context(), "order_ready", "en")
	wantText(t, err, "another language")
	if kirim.IsTemplateUnavailable(err) {
		t.Error("it looks like a verdict")
	}
}

func TestTheBuildersOfTemplatesWriteWhatTheServerReads(t *testing.T) {
	t.Parallel()
	for want, params := range map[string]kirim.TemplateCreateParams{
		`{"name":"order_ready","category":"UTILITY","language":"en","components":[` +
			`{"type":"HEADER","format":"TEXT","text":"Order {{1}}","example":{"header_text":["A-17"]}},` +
			`{"type":"BODY","text":"Hello {{1}}, {{2}}.","example":{"body_text":[["Ana","soon"]]}},` +
			`{"type":"FOOTER","text":"Open until 8 pm"},` +
			`{"type":"BUTTONS","buttons":[{"type":"URL","text":"Track","url":"https://shop.example/{{1}}","example":["A-17"]},` +
			`{"type":"PHONE_NUMBER","text":"Call","phone_number":"+628111222333"},{"type":"QUICK_REPLY","text":"Thanks"},` +
			`{"type":"COPY_CODE","example":["SAVE10"]}]}]}`: {
			Name: "order_ready", Category: kirim.TemplateUtility, Language: "en",
			Components: []kirim.ComponentDefinition{
				kirim.DefineHeaderText("Order {{1}}", "A-17"),
				kirim.DefineBody("Hello {{1}}, {{2}}.", "Ana", "soon"),
				kirim.DefineFooter("Open until 8 pm"),
				kirim.DefineButtons(
					kirim.DefineURLButton("Track", "https://shop.example/{{1}}", "A-17"),
					kirim.DefinePhoneButton("Call", "+628111222333"),
					kirim.DefineQuickReplyButton("Thanks"),
					kirim.DefineCopyCodeButton("SAVE10"),
				),
			},
		},
		`{"name":"promo","category":"MARKETING","language":"id","components":[` +
			`{"type":"HEADER","format":"IMAGE","example":{"header_url":["https://shop.example/a.jpg"]}},{"type":"BODY","text":"Halo"}],` +
			`"variables":["name"],"messageSendTtlSeconds":3600}`: {
			Name: "promo", Category: kirim.TemplateMarketing, Language: "id", Variables: []string{"name"}, TTLSeconds: 3600,
			Components: []kirim.ComponentDefinition{
				kirim.DefineHeaderMedia(kirim.TemplateImage, "https://shop.example/a.jpg"),
				kirim.DefineBody("Halo"),
			},
		},
		`{"name":"code","category":"AUTHENTICATION","language":"id","components":[{"type":"BODY"},{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}]}`: kirim.DefineOneTimeCode("code", "id", kirim.OneTimeCodeOptions{}),
		`{"name":"code","category":"AUTHENTICATION","language":"id","components":[{"type":"BODY","add_security_recommendation":true},` +
			`{"type":"FOOTER","code_expiration_minutes":10},{"type":"BUTTONS","buttons":[{"type":"OTP","text":"Salin","otp_type":"COPY_CODE"}]}]}`: kirim.DefineOneTimeCode("code", "id",
			kirim.OneTimeCodeOptions{SecurityRecommendation: true, ExpirationMinutes: 10, ButtonText: "Salin"}),
	} {
		if got := string(encoded(t, params)); got != want {
			t.Errorf("%s\nis not\n%s", got, want)
		}
	}
}
