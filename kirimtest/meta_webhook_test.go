package kirimtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAWebhookOfMetasPassesTheChallengeFirst(t *testing.T) {
	t.Parallel()
	h := &hook{receiver: &receiver{answers: always(200)}, challenge: "another"}
	s, _ := inMemory(t, WithWebhookHandler(h))
	if err := s.SubscribeMeta(hookURL); err == nil {
		t.Error("a receiver that does not return the challenge was taken")
	}
	if err := s.SubscribeMeta(hookURL, "everything"); err == nil {
		t.Error("a field that does not exist was taken")
	}
	for _, address := range []string{"", "example.com/hook", "/hook", "ftp://example.com/hook", "https:///hook", "https://a b/"} {
		if err := s.SubscribeMeta(address); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	fire(s)
	s.Settle()
	if n := len(h.webhooks()); n != 0 {
		t.Errorf("%d webhooks", n)
	}
	broken := errors.New("connection refused")
	down, _ := inMemory(t, WithWebhookTransport(roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })))
	if err := down.SubscribeMeta(hookURL); !errors.Is(err, broken) || strings.Contains(err.Error(), down.VerifyToken) {
		t.Errorf("a receiver that is down: %v", err)
	}
}

func TestWebhooksOfMetasAreSignedAndInMetasForm(t *testing.T) {
	t.Parallel()
	s, h := withHook(t, always(200))
	kirims := s.Subscribe(hookURL)
	in := s.Receive(Inbound{From: customer, Name: "Ada", Text: "hello", UserID: "ID.70000000000000001"})
	wantMeta(t, metaSend(t, s, metaText), 200, 0, 0)
	s.Advance(time.Second)
	s.SetStatusPlan(Read())
	wantMeta(t, metaSend(t, s, metaFilled("order_update", "A-17")), 200, 0, 0)
	s.Advance(time.Minute)

	var ours []webhook
	for _, w := range h.webhooks() {
		if w.header.Get("X-Kirim-Event") != "" {
			continue
		}
		ours = append(ours, w)
		mac := hmac.New(sha256.New, []byte(s.AppSecret))
		mac.Write(w.body)
		if got := w.header.Get("X-Hub-Signature-256"); got != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("the signature is %q", got)
		}
		if strings.Contains(string(w.body), `"kirim"`) || !strings.HasPrefix(string(w.body), `{"object":"whatsapp_business_account","entry":[{"id":"`+s.WABAID+`"`) {
			t.Errorf("not Meta's form: %s", w.body)
		}
	}
	if len(ours) != 6 { // the message; sent and delivered; sent, delivered and read
		t.Fatalf("%d webhooks", len(ours))
	}
	value := dig(decoded(t, ours[0].body), "entry.changes.value")
	for path, want := range map[string]any{
		"messaging_product": "whatsapp", "metadata.phone_number_id": s.PhoneNumberID, "contacts.profile.name": "Ada", "contacts.wa_id": digits(customer),
		"contacts.user_id": "ID.70000000000000001", "messages.from": digits(customer), "messages.id": in.WAMID, "messages.type": "text", "messages.text.body": "hello",
	} {
		if got := dig(value, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	names := ""
	for _, status := range h.statuses(t) {
		if status["recipient_user_id"] == "ID.70000000000000001" { // Kirim's have none
			names += status["status"].(string) + " "
		}
	}
	if names != "sent delivered sent delivered read " {
		t.Errorf("the statuses are %s", names)
	}
	priced := dig(decoded(t, ours[3].body), "entry.changes.value.statuses.pricing")
	if dig(priced, "category") != "utility" || dig(priced, "pricing_model") != "PMP" || dig(priced, "billable") != true {
		t.Errorf("the price of a template is %v", priced)
	}

	for _, d := range s.Deliveries() {
		if d.Status != DeliverySucceeded {
			t.Errorf("%s is %s: %+v", d.Event, d.Status, d.Attempts)
		}
	}
	if list := do(t, s, "GET", "/v1/webhook_deliveries?subscription_id="+kirims.ID, ""); strings.Contains(list.body, `"hook_`) {
		t.Error("Kirim's API lists deliveries of Meta's")
	}
	if subs := s.Subscriptions(); len(subs) != 1 || subs[0].ID != kirims.ID {
		t.Errorf("Kirim has %d subscriptions", len(subs))
	}
}

func TestWebhooksOfMetasAreAttemptedForSevenDays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers  []answerWith
		attempts int
		status   DeliveryStatus
		last     time.Duration // the shortest time until the last attempt
	}{
		"a 200":              {always(200), 1, DeliverySucceeded, 0},
		"a 204 is no 200":    {always(204), 15, DeliveryDead, 6 * day},
		"a 400 is not final": {[]answerWith{{status: 400}, {status: 200}}, 2, DeliverySucceeded, 10 * time.Second},
		"no response":        {[]answerWith{{abort: true}, {abort: true}, {status: 200}}, 3, DeliverySucceeded, 70 * time.Second},
		"never":              {always(503), 15, DeliveryDead, 6 * day},
	} {
		s, _ := withHook(t, tt.answers)
		fire(s)
		s.Advance(10 * day)
		d := lastDelivery(t, s)
		if d.Status != tt.status || len(d.Attempts) != tt.attempts {
			t.Errorf("%s: %s after %d attempts", name, d.Status, len(d.Attempts))
			continue
		}
		waited := d.Attempts[len(d.Attempts)-1].Time.Sub(d.CreatedAt)
		if waited < tt.last || waited > 7*day {
			t.Errorf("%s: the last attempt came after %v", name, waited)
		}
		for i := 2; i < len(d.Attempts); i++ {
			if a, b := d.Attempts[i-1].Time.Sub(d.Attempts[i-2].Time), d.Attempts[i].Time.Sub(d.Attempts[i-1].Time); b < a {
				t.Errorf("%s: attempt %d came sooner than the one before", name, i+1)
			}
		}
	}
}

func TestTheReviewOfATemplateIsReported(t *testing.T) {
	t.Parallel()
	s, h := withHook(t, always(200))
	events := func() (list []string) {
		for _, w := range h.webhooks() {
			if value := dig(decoded(t, w.body), "entry.changes.value"); dig(decoded(t, w.body), "entry.changes.field") == fieldTemplateStatus {
				list = append(list, dig(value, "message_template_name").(string)+" "+dig(value, "event").(string))
			}
		}
		return list
	}
	const order = `{"name":"order_ready","language":"id","category":"UTILITY","components":[{"type":"BODY","text":"It is ready."}]}`
	wantMeta(t, meta(t, s, "POST", "/"+s.WABAID+"/message_templates", order), 200, 0, 0)
	s.Advance(time.Second)
	wantStatus(t, do(t, s, "POST", "/v1/"+s.PhoneNumberID+"/templates", strings.Replace(order, "order_ready", "order_late", 1)), 201, "")
	s.Advance(time.Minute)
	s.SetTemplateStatus("order_ready", TemplatePaused)
	s.Settle()
	if got := strings.Join(events(), ", "); got != "order_ready APPROVED, order_late APPROVED, order_ready PAUSED" {
		t.Errorf("got %s", got)
	}
	wantMeta(t, meta(t, s, "POST", "/"+s.WABAID+"/message_templates", strings.Replace(order, "order_ready", "order_lost", 1)), 200, 0, 0)
	s.SetTemplateStatus("order_lost", TemplateRejected) // which ends the review
	s.Advance(time.Minute)
	if got := events()[3:]; len(got) != 1 || got[0] != "order_lost REJECTED" {
		t.Errorf("got %v", got)
	}
}

func TestASubscribedAppGetsWebhooksUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	h := &hook{receiver: &receiver{answers: always(200)}}
	s, _ := inMemory(t, WithWebhookHandler(h))
	apps := "/" + s.WABAID + "/subscribed_apps"
	wantMeta(t, meta(t, s, "POST", apps, `{"override_callback_uri":"`+hookURL+`"}`), 400, 100, 0)
	wantMeta(t, meta(t, s, "POST", apps, `{"override_callback_uri":"`+hookURL+`","verify_token":"of-the-app"}`), 200, 0, 0)
	if h.token != "of-the-app" {
		t.Errorf("the challenge came with the token %q", h.token)
	}
	if r := meta(t, s, "GET", apps, ""); !strings.Contains(r.body, hookURL) {
		t.Error(r.body)
	}
	fire(s)
	s.Settle()
	wantMeta(t, meta(t, s, "DELETE", apps, ""), 200, 0, 0)
	fire(s)
	s.Settle()
	if n := len(h.webhooks()); n != 1 {
		t.Errorf("%d webhooks", n)
	}
}

func TestARemovedAppGetsNothingMoreOfWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	h := &hook{receiver: &receiver{answers: []answerWith{{hang: true}, {status: 200}}}}
	s, clock := inMemory(t, WithWebhookHandler(h))
	if err := s.SubscribeMeta(hookURL); err != nil {
		t.Fatal(err)
	}
	fire(s)
	clock.BlockUntil(1) // the attempt waits for the receiver
	wantMeta(t, meta(t, s, "DELETE", "/"+s.WABAID+"/subscribed_apps", ""), 200, 0, 0)
	clock.Advance(attemptTimeout)
	s.Advance(day)
	if d := lastDelivery(t, s); d.Status != DeliveryDead || len(d.Attempts) != 1 {
		t.Errorf("%s after %d attempts", d.Status, len(d.Attempts))
	}
}
