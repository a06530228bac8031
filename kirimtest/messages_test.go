package kirimtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

var idPattern = regexp.MustCompile(`^msg_[0-9A-HJKMNP-TV-Z]{26}$`)

func TestSendIsAnsweredWithAMessageID(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.Receive(Inbound{From: customer, Text: "hello"})
	r := post(t, s, textBody)
	wantStatus(t, r, 200, "")
	if id, _ := r.data["id"].(string); !idPattern.MatchString(id) {
		t.Errorf("id %q", id)
	}
	if r.data["object"] != "message" || r.data["status"] != "pending" {
		t.Errorf("data %v", r.data)
	}
	if _, has := r.data["message_id"]; has {
		t.Error("the wamid is there although it is not known yet")
	}
	if r.id == "" || r.id != r.header.Get("X-Request-Id") {
		t.Errorf("request_id %q, header %q", r.id, r.header.Get("X-Request-Id"))
	}
}

func TestSendAnswerFollowsItsAssumptions(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) {
		a.SendStatusCode, a.InitialStatus, a.WAMIDInReply, a.DigitsOnlyTo = 202, "queued", true, true
	}))
	r := post(t, s, strings.Replace(tmplBody, "+62", "62", 1))
	wantStatus(t, r, 202, "")
	if r.data["status"] != "queued" || !strings.HasPrefix(r.data["message_id"].(string), "wamid.") {
		t.Errorf("data %v", r.data)
	}
}

func TestFreeFormSendsNeedACustomerMessageWithin24Hours(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	s.AddPhoneNumber(PhoneNumber{ID: "222222222222222"})
	wantStatus(t, post(t, s, textBody), 422, "outside_24h_window")
	wantStatus(t, post(t, s, tmplBody), 200, "")

	s.Receive(Inbound{From: customer, Text: "hello"})
	wantStatus(t, post(t, s, textBody), 200, "")
	wantStatus(t, post(t, s, strings.Replace(textBody, "+628", "+629", 1)), 422, "outside_24h_window")
	wantStatus(t, do(t, s, "POST", "/v1/222222222222222/messages", textBody), 422, "outside_24h_window")

	clock.Advance(24*time.Hour - 1)
	wantStatus(t, post(t, s, textBody), 200, "")
	clock.Advance(1)
	wantStatus(t, post(t, s, textBody), 422, "outside_24h_window")

	s.Receive(Inbound{From: customer, Text: "late", Time: clock.Now().Add(-23 * time.Hour)})
	wantStatus(t, post(t, s, textBody), 200, "")
	clock.Advance(time.Hour)
	wantStatus(t, post(t, s, textBody), 422, "outside_24h_window")
}

func TestSendsDependOnTheStateOfTheNumber(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	wantStatus(t, do(t, s, "POST", "/v1/999999/messages", tmplBody), 404, "resource_not_found")
	s.AddPhoneNumber(PhoneNumber{ID: "999999", Status: "disconnected"})
	wantStatus(t, do(t, s, "POST", "/v1/999999/messages", tmplBody), 422, "whatsapp_number_not_verified")
	s.AddPhoneNumber(PhoneNumber{ID: "999999"})
	wantStatus(t, do(t, s, "POST", "/v1/999999/messages", tmplBody), 200, "")
}

func TestTemplatesAreSentByTheirState(t *testing.T) {
	t.Parallel()
	template := func(rest string) string {
		return `{"messaging_product":"whatsapp","to":"+628123456789","type":"template","template":` + rest + `}`
	}
	otp := func(code string) string {
		return template(`{"name":"login_code","language":"id","components":[
			{"type":"body","parameters":[{"type":"text","text":"` + code + `"}]},
			{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"` + code + `"}]}]}`)
	}
	offer := func(end time.Duration) string {
		return template(fmt.Sprintf(`{"name":"sale","language":"id","components":[{"type":"limited_time_offer","parameters":[
			{"type":"limited_time_offer","limited_time_offer":{"expiration_time_ms":%d}}]}]}`, epoch.Add(end).UnixMilli()))
	}
	tests := []struct {
		name, body string
		status     int
		code       string
		param      string
	}{
		{"an approved one is sent", template(`{"name":"order_update","language":"id"` + orderNumber + `}`), 200, "", ""},
		{"the language may be an object", template(`{"name":"order_update","language":{"code":"id","policy":"deterministic"}` + orderNumber + `}`), 200, "", ""},
		{"a second language is sent", template(`{"name":"appointment_reminder","language":"en"}`), 200, "", ""},
		{"a language it lacks is unknown", template(`{"name":"order_update","language":"en"}`), 400, "invalid_template_name", "template.language"},
		{"an unknown name is refused", template(`{"name":"nope","language":"id"}`), 400, "invalid_template_name", "template.name"},
		{"a paused one is refused", template(`{"name":"promo_paused","language":"id"}`), 422, "template_paused", "template.name"},
		{"a disabled one is refused", template(`{"name":"legacy_disabled","language":"id"}`), 422, "template_disabled", "template.name"},
		{"a pending one is unknown", template(`{"name":"fresh","language":"id"}`), 400, "invalid_template_name", "template.name"},
		{"a one-time code of 15 characters is sent", otp("123456789012345"), 200, "", ""},
		{"a one-time code of 16 characters is refused", otp("1234567890123456"), 400, "invalid_field_value", "template.components[0].parameters[0].text"},
		{"two one-time codes are refused", strings.Replace(otp("123456"), `"text":"123456"`, `"text":"654321"`, 1), 400, "invalid_field_value", "template.components[1].parameters[0].text"},
		{"a code that is too long and lacks its button is refused for the latter", strings.Replace(strings.Replace(tmplBody, "order_update", "login_code", 1), "A-17", "1234567890123456", 1), 422, "template_param_count_mismatch", "template.components"},
		{"a carousel that the template lacks is refused", template(`{"name":"hello_world","language":"en_US","components":[{"type":"carousel","cards":[{"card_index":0},{"card_index":1}]}]}`), 422, "template_param_format_mismatch", "template.components[0]"},
		{"an offer that ends in the future is sent", offer(time.Second), 200, "", ""},
		{"an offer that has ended is refused", offer(0), 400, "invalid_field_value", "template.components[0].parameters[0].limited_time_offer.expiration_time_ms"},
		{"a long parameter of another template is sent", strings.Replace(tmplBody, "A-17", "1234567890123456", 1), 200, "", ""},
		{"Meta's sample is sent", template(`{"name":"hello_world","language":"en_US"}`), 200, "", ""},
		{"a value too few is refused", template(`{"name":"order_update","language":"id"}`), 422, "template_param_count_mismatch", "template.components"},
		{"a value too many is refused", strings.Replace(tmplBody, `[{"type":"text"`, `[{"type":"text","text":"a"},{"type":"text"`, 1), 422, "template_param_count_mismatch", "template.components[0].parameters"},
		{"a value for no variable is refused", template(`{"name":"hello_world","language":"en_US"` + orderNumber + `}`), 422, "template_param_count_mismatch", "template.components[0].parameters"},
		{"a name for a numbered variable is refused", strings.Replace(tmplBody, `"type":"text","text"`, `"type":"text","parameter_name":"a","text"`, 1), 422, "template_param_format_mismatch", "template.components[0].parameters[0].parameter_name"},
		{"a button that the template lacks is refused", strings.Replace(otp("1"), "login_code", "order_update", 1), 422, "template_param_format_mismatch", "template.components[1].index"},
		{"a code without its button is refused", strings.Replace(tmplBody, "order_update", "login_code", 1), 422, "template_param_count_mismatch", "template.components"},
		{"a paused one is refused for that first", template(`{"name":"promo_paused","language":"id"` + orderNumber + `}`), 422, "template_paused", "template.name"},
		{"the name is required", template(`{"language":"id"}`), 400, "missing_required_field", "template.name"},
		{"the language is required", template(`{"name":"order_update"}`), 400, "missing_required_field", "template.language"},
		{"the code of a language object is required", template(`{"name":"order_update","language":{}}`), 400, "missing_required_field", "template.language.code"},
		{"components are objects", template(`{"name":"order_update","language":"id","components":["x"]}`), 400, "invalid_field_value", "template.components[0]"},
		{"what fills it obeys Meta's rules", template(`{"name":"order_update","language":"id","components":[{"type":"BUTTON","sub_type":"phone_number","index":0}]}`), 400, "invalid_field_value", "template.components[0].sub_type"},
		{"its language has no spaces", template(`{"name":"order_update","language":{"code":"i d"}}`), 400, "invalid_field_value", "template.language"},
		{"a name that cannot be one is unknown", template(`{"name":"Order Update","language":"id"}`), 400, "invalid_template_name", "template.name"},
		{"a component has a type", template(`{"name":"order_update","language":"id","components":[{}]}`), 400, "missing_required_field", "template.components[0].type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := inMemory(t)
			s.AddTemplate(Template{Name: "fresh", Language: "id", Status: TemplatePending})
			s.AddTemplate(Template{Name: "sale", Language: "id", Components: json.RawMessage(
				`[{"type":"BODY","text":"Sale"},{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"Soon","has_expiration":true}}]`)})
			wantRefusal(t, post(t, s, tt.body), tt.status, tt.code, tt.param)
		})
	}
}

func TestSetTemplateStatusChangesEveryLanguage(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	if !s.SetTemplateStatus("appointment_reminder", TemplatePaused) || s.SetTemplateStatus("nope", TemplatePaused) {
		t.Error("it must tell whether the template exists")
	}
	for _, language := range []string{"id", "en"} {
		body := strings.Replace(plainTemplate("appointment_reminder"), `:"id"`, `:"`+language+`"`, 1)
		wantStatus(t, post(t, s, body), 422, "template_paused")
	}
	s.AddTemplate(Template{Name: "appointment_reminder", Language: "id"})
	wantStatus(t, post(t, s, plainTemplate("appointment_reminder")), 200, "")
}

func receipt(wamid, rest string) string {
	return `{"messaging_product":"whatsapp","status":"read","message_id":"` + wamid + `"` + rest + `}`
}

const typing = `,"typing_indicator":{"type":"text"}`

func TestReadReceipts(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	s.AddPhoneNumber(PhoneNumber{ID: "222222222222222"})
	in := s.Receive(Inbound{From: customer, Text: "hello"})
	for range 2 {
		r := post(t, s, receipt(in.WAMID, ""))
		wantStatus(t, r, 200, "")
		if r.data["id"] != in.ID || r.data["object"] != "message" || r.data["status"] != "read" || r.data["message_id"] != in.WAMID {
			t.Errorf("data %v", r.data)
		}
	}
	wantStatus(t, post(t, s, tmplBody), 200, "")
	outbound := s.Messages()[0].WAMID
	tests := []struct {
		name, path, body string
		status           int
		code, param      string
	}{
		{"an unknown wamid is not found", messagesPath(s), receipt("wamid.unknown", ""), 404, "resource_not_found", "message_id"},
		{"a wamid of another number is not found", "/v1/222222222222222/messages", receipt(in.WAMID, ""), 404, "resource_not_found", "message_id"},
		{"an outbound wamid is refused", messagesPath(s), receipt(outbound, ""), 400, "invalid_field_value", "message_id"},
		{"the wamid is required", messagesPath(s), `{"messaging_product":"whatsapp","status":"read"}`, 400, "missing_required_field", "message_id"},
		{"the only status is read", messagesPath(s), strings.Replace(receipt(in.WAMID, ""), "read", "seen", 1), 400, "invalid_field_value", "status"},
		{"the product is required", messagesPath(s), strings.Replace(receipt(in.WAMID, ""), "messaging_product", "x", 1), 400, "missing_required_field", "messaging_product"},
		{"the typing indicator has a type", messagesPath(s), receipt(in.WAMID, `,"typing_indicator":{}`), 400, "missing_required_field", "typing_indicator.type"},
		{"the typing indicator is of type text", messagesPath(s), receipt(in.WAMID, `,"typing_indicator":{"type":"dots"}`), 400, "invalid_field_value", "typing_indicator.type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, do(t, s, "POST", tt.path, tt.body), tt.status, tt.code, tt.param)
		})
	}
}

func TestTypingIndicatorIsLimitedToOneIn3SecondsPerCustomer(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	a := s.Receive(Inbound{From: customer})
	b := s.Receive(Inbound{From: "+628000000000"})
	wantStatus(t, post(t, s, receipt(a.WAMID, typing)), 200, "")
	wantStatus(t, post(t, s, receipt(b.WAMID, typing)), 200, "")
	clock.Advance(500 * time.Millisecond)
	r := post(t, s, receipt(a.WAMID, typing))
	wantStatus(t, r, 429, "rate_limit_exceeded")
	if got := r.header.Get("Retry-After"); got != "3" {
		t.Errorf("Retry-After %q", got)
	}
	wantStatus(t, post(t, s, receipt(a.WAMID, "")), 200, "")
	clock.Advance(2500 * time.Millisecond)
	wantStatus(t, post(t, s, receipt(a.WAMID, typing)), 200, "")
}

func TestReplyToAnUnknownMessageIsAcceptedUnlessAssumedOtherwise(t *testing.T) {
	t.Parallel()
	body := strings.Replace(tmplBody, `"type":"template"`, `"context":{"message_id":"wamid.x"},"type":"template"`, 1)
	lenient, _ := inMemory(t)
	wantStatus(t, post(t, lenient, body), 200, "")
	strict, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.ContextMustExist = true }))
	wantStatus(t, post(t, strict, body), 400, "invalid_field_value")
	strict.Receive(Inbound{From: customer, WAMID: "wamid.x"})
	wantStatus(t, post(t, strict, body), 200, "")
}
