package kirimtest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// newTemplate is a request for a template with some components.
func newTemplate(name, components string) string {
	return `{"name":"` + name + `","category":"UTILITY","language":"en","components":[` + components + `]}`
}

const bodyPart = `{"type":"BODY","text":"Hello {{1}}, {{2}}","example":{"body_text":[["Ana","hi"]]}}`

func TestTemplatesArePendingUntilTheirReviewIsOver(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	path := numberPath(s) + "/templates"
	r := do(t, s, "POST", path, newTemplate("order_ready", `{"type":"HEADER","format":"TEXT","text":"Order"},`+bodyPart+`,
		{"type":"FOOTER","text":"Bye"},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Thanks"}]}`))
	wantStatus(t, r, 201, "")
	if r.data["status"] != "pending" || !strings.HasPrefix(r.data["id"].(string), "tmpl_") || r.data["content"] != "Hello {{1}}, {{2}}" ||
		r.data["header_type"] != "TEXT" || r.data["header_content"] != "Order" || r.data["footer_content"] != "Bye" ||
		r.data["has_variables"] != true || len(r.data["variables"].([]any)) != 2 || len(r.data["buttons"].([]any)) != 1 || len(r.data["components"].([]any)) != 4 {
		t.Errorf("%s", r.body)
	}
	status := func(name string) any { return do(t, s, "GET", path+"/"+name, "").data["status"] }
	send := strings.Replace(plainTemplate("order_ready"), `"id"`,
		`"en","components":[{"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"hi"}]}]`, 1)
	clock.Advance(2*time.Second - 1)
	if status("order_ready") != "pending" {
		t.Error("approved too early")
	}
	wantStatus(t, post(t, s, send), 400, "invalid_template_name")
	clock.Advance(1)
	wantStatus(t, post(t, s, send), 200, "")
	if status("order_ready") != "approved" {
		t.Error("not approved")
	}

	s.SetTemplateReview(time.Hour, TemplateRejected)
	create(t, s, path, newTemplate("too_loud", bodyPart))
	s.SetTemplateReview(-1, TemplateApproved)
	create(t, s, path, newTemplate("stuck", bodyPart))
	create(t, s, path, `{"name":"code","category":"AUTHENTICATION","language":"en","components":[
		{"type":"BODY","add_security_recommendation":true},{"type":"FOOTER","code_expiration_minutes":5},
		{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}],"messageSendTtlSeconds":60,"variables":["code"]}`)
	clock.Advance(time.Hour)
	for name, want := range map[string]string{"too_loud": "rejected", "stuck": "pending", "code": "approved"} {
		if got := status(name); got != want {
			t.Errorf("%s is %v", name, got)
		}
	}
	s.SetTemplateStatus("stuck", TemplatePaused)
	if status("stuck") != "paused" {
		t.Error("SetTemplateStatus did nothing")
	}
}

func TestTemplatesAreCheckedWhenTheyAreCreated(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	path := numberPath(s) + "/templates"
	header := func(rest string) string { return newTemplate("a", bodyPart+`,{"type":"HEADER",`+rest+`}`) }
	sample := "components[1].example.header_url"
	refusals{
		{"no name", strings.Replace(newTemplate("a", bodyPart), `"name":"a",`, "", 1), 400, missing, "name"},
		{"a name with capitals", newTemplate("Order", bodyPart), 400, invalid, "name"},
		{"a name that the language has", strings.Replace(newTemplate("order_update", bodyPart), `"en"`, `"id"`, 1), 409, "template_already_exists", "name"},
		{"another category", strings.Replace(newTemplate("a", bodyPart), "UTILITY", "utility", 1), 400, invalid, "category"},
		{"no language", strings.Replace(newTemplate("a", bodyPart), `"language":"en",`, "", 1), 400, missing, "language"},
		{"no components", newTemplate("a", ""), 400, invalid, "components"},
		{"no BODY", newTemplate("a", `{"type":"FOOTER","text":"x"}`), 400, invalid, "components"},
		{"two BODYs", newTemplate("a", bodyPart+","+bodyPart), 400, invalid, "components[1].type"},
		{"two FOOTERs", newTemplate("a", bodyPart+`,{"type":"FOOTER","text":"x"},{"type":"FOOTER","text":"x"}`), 400, invalid, "components[2].type"},
		{"a component of no type", newTemplate("a", `{"text":"x"}`), 400, missing, "components[0].type"},
		{"a component of another type", newTemplate("a", `{"type":"body","text":"x"}`), 400, invalid, "components[0].type"},
		{"a BODY without text", newTemplate("a", `{"type":"BODY"}`), 400, missing, "components[0].text"},
		{"BUTTONS without buttons", newTemplate("a", bodyPart+`,{"type":"BUTTONS"}`), 400, missing, "components[1].buttons"},
		{"a button without type", newTemplate("a", bodyPart+`,{"type":"BUTTONS","buttons":[{}]}`), 400, missing, "components[1].buttons[0].type"},
		{"a HEADER without format", header(`"text":"x"`), 400, missing, "components[1].format"},
		{"a text HEADER without text", header(`"format":"TEXT"`), 400, missing, "components[1].text"},
		{"a media HEADER without sample", header(`"format":"IMAGE"`), 400, missing, "components[1].example"},
		{"a media HEADER with an empty sample", header(`"format":"VIDEO","example":{}`), 400, missing, sample},
		{"a sample that is not https", header(`"format":"IMAGE","example":{"header_url":["http://example.com/a.png"]}`), 400, invalid, sample + "[0]"},
		{"a sample at a private address", header(`"format":"IMAGE","example":{"header_url":["https://10.0.0.1/a.png"]}`), 400, invalid, sample + "[0]"},
		{"a sample at localhost", header(`"format":"IMAGE","example":{"header_url":["https://localhost/a.png"]}`), 400, invalid, sample + "[0]"},
		{"a WebP sample", header(`"format":"IMAGE","example":{"header_handle":["https://example.com/a.WebP"]}`), 400, invalid, "components[1].example.header_handle[0]"},
		{"variables that are no texts", strings.Replace(newTemplate("a", bodyPart), `"name"`, `"variables":[1],"name"`, 1), 400, invalid, "variables[0]"},
		{"a TTL that is no number", strings.Replace(newTemplate("a", bodyPart), `"name"`, `"messageSendTtlSeconds":"1","name"`, 1), 400, invalid, "messageSendTtlSeconds"},
	}.run(t, s, "POST", path)
	create(t, s, path, header(`"format":"IMAGE","example":{"header_url":["https://example.com/a.png"]}`))
	create(t, s, path, strings.Replace(header(`"format":"DOCUMENT","example":{"header_handle":["4:abc"]}`), `"a"`, `"b"`, 1))
	s.AddPhoneNumber(PhoneNumber{ID: "222222222222222", Status: "disconnected"})
	wantStatus(t, do(t, s, "POST", "/v1/222222222222222/templates", newTemplate("c", bodyPart)), 422, "whatsapp_number_not_verified")
}

func TestTemplatesAreFoundByNameStatusAndLanguage(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	path := numberPath(s) + "/templates"
	create(t, s, path, newTemplate("fresh", bodyPart))
	s.AddTemplate(Template{Name: "refused", Language: "en", Status: TemplateRejected, Components: json.RawMessage(`"no list"`)})
	for query, want := range map[string]string{
		"":                             "[refused fresh hello_world legacy_disabled promo_paused login_code appointment_reminder appointment_reminder order_update]",
		"?status=pending":              "[fresh]",
		"?status=rejected":             "[refused]",
		"?status=all&language=en":      "[refused fresh appointment_reminder]",
		"?status=approved&language=id": "[login_code appointment_reminder order_update]",
	} {
		if got := list(t, s, path+query).column("name"); got != want {
			t.Errorf("%q: %s", query, got)
		}
	}
	for query, want := range map[string]string{"": "id", "?language=en": "en"} {
		if r := do(t, s, "GET", path+"/appointment_reminder"+query, ""); r.data["language"] != want {
			t.Errorf("%q: %s", query, r.body)
		}
	}
	wantStatus(t, do(t, s, "GET", path+"/order_update?language=en", ""), 404, unknown)
	wantStatus(t, do(t, s, "GET", path+"/nobody", ""), 404, unknown)
	wantStatus(t, do(t, s, "GET", path+"/order_update?language=", ""), 400, invalid)
	approved, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.TemplateListStatus = "approved" }))
	if got := list(t, approved, path); len(got.Data) != 5 {
		t.Errorf("%d approved", len(got.Data))
	}
}

func TestSyncFindsWhatChangedAtMeta(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	path := numberPath(s) + "/templates"
	sync := func() [3]any {
		r := do(t, s, "POST", path+"/sync", "")
		wantStatus(t, r, 200, "")
		return [3]any{r.data["created"], r.data["updated"], r.data["synced"]}
	}
	if got := sync(); got != [3]any{0.0, 0.0, 7.0} {
		t.Errorf("%v", got)
	}
	s.AddTemplate(Template{Name: "meta_only", Language: "id", OnlyAtMeta: true})
	s.SetTemplateStatus("appointment_reminder", TemplateDisabled)
	wantStatus(t, do(t, s, "GET", path+"/meta_only", ""), 404, unknown)
	wantStatus(t, do(t, s, "GET", path+"/meta_only?language=id", ""), 404, unknown)
	send := plainTemplate("meta_only")
	wantRefusal(t, post(t, s, send), 400, "invalid_template_name", "template.name")
	if got := sync(); got != [3]any{1.0, 2.0, 8.0} {
		t.Errorf("%v", got)
	}
	wantStatus(t, post(t, s, send), 200, "")
	if got := sync(); got != [3]any{0.0, 0.0, 8.0} {
		t.Errorf("%v", got)
	}
}
