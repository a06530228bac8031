package cloudapi_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

func readTemplate(t *testing.T, body string) *cloudapi.Template {
	t.Helper()
	template := &cloudapi.Template{}
	if err := json.Unmarshal([]byte(body), template); err != nil {
		t.Fatal(err)
	}
	return template
}

func TestTheStatusesOfMetaAreThoseOfKirim(t *testing.T) {
	t.Parallel()
	message := kirim.Template{Name: "order_ready", Language: "id", Components: []kirim.Component{kirim.FillBody("Ana")}}
	for status, want := range map[string]kirim.TemplateStatus{
		"APPROVED": kirim.TemplateApproved, "PENDING": kirim.TemplatePending, "REJECTED": kirim.TemplateRejected,
		"PAUSED": kirim.TemplatePaused, "DISABLED": kirim.TemplateDisabled, "IN_APPEAL": "in_appeal", "PENDING_DELETION": "pending_deletion", "": "",
	} {
		d := readTemplate(t, `{"id":"600","name":"order_ready","language":"id","status":"`+status+`","category":"UTILITY","parameter_format":"POSITIONAL","components":[{"type":"BODY","text":"Halo {{1}}"}]}`)
		if d.Status != want || d.ParameterFormat != kirim.TemplatePositional {
			t.Errorf("%s: status %q, format %q", status, d.Status, d.ParameterFormat)
		}
		err := message.Check(&d.MessageTemplate)
		if fits := want == kirim.TemplateApproved || want == ""; (err == nil) != fits {
			t.Errorf("%s: Check says %v", status, err)
		}
		if unavailable := want == kirim.TemplatePaused || want == kirim.TemplateDisabled; kirim.IsTemplateUnavailable(err) != unavailable {
			t.Errorf("%s: IsTemplateUnavailable is %v", status, !unavailable)
		}
	}
}

func TestADefinitionOfMetasRefusesAMessageThatDoesNotFit(t *testing.T) {
	t.Parallel()
	d := readTemplate(t, `{"name":"order_ready","language":"id","status":"APPROVED","parameter_format":"NAMED","components":[{"type":"BODY","text":"Halo {{name}}","example":{"body_text_named_params":[{"param_name":"name","example":"Ana"}]}}]}`)
	if !d.Complete() {
		t.Error("the definition is not complete")
	}
	fit := kirim.Template{Name: "order_ready", Language: "id", Components: []kirim.Component{kirim.FillBodyParameters(kirim.NamedTextParameter("name", "Ana"))}}
	if err := fit.Check(&d.MessageTemplate); err != nil {
		t.Error(err)
	}
	var invalid *kirim.ValidationError
	if err := (kirim.Template{Name: "order_ready", Language: "id"}).Check(&d.MessageTemplate); !errors.As(err, &invalid) {
		t.Errorf("a message without its value: %v", err)
	}
}

func TestTheDetailsOfATemplateAreKept(t *testing.T) {
	t.Parallel()
	const body = `{"id":"600","name":"n","status":"REJECTED","rejected_reason":"TAG_CONTENT_MISMATCH","quality_score":{"score":"RED","reasons":["BLOCKED"],"date":"1764547200"},` +
		`"previous_category":"UTILITY","correct_category":"MARKETING","sub_category":"CUSTOM","library_template_name":"delivery_update_1","message_send_ttl_seconds":3600,"cta_url_link_tracking_opted_out":true,"future":{"a":1}}`
	got := readTemplate(t, body)
	want := cloudapi.Template{
		RejectedReason: "TAG_CONTENT_MISMATCH", QualityScore: cloudapi.QualityScore{Score: "RED", Reasons: []string{"BLOCKED"}, Date: at(1764547200)},
		PreviousCategory: "UTILITY", CorrectCategory: "MARKETING", SubCategory: "CUSTOM", SourceName: "delivery_update_1", TTLSeconds: 3600, WithoutLinkTracking: true,
	}
	want.MessageTemplate = got.MessageTemplate
	if dump(got.QualityScore) != dump(want.QualityScore) || got.RejectedReason != want.RejectedReason || got.PreviousCategory != want.PreviousCategory ||
		got.CorrectCategory != want.CorrectCategory || got.SubCategory != want.SubCategory || got.SourceName != want.SourceName ||
		got.TTLSeconds != want.TTLSeconds || got.WithoutLinkTracking != want.WithoutLinkTracking || string(got.Extra["future"]) != `{"a":1}` {
		t.Errorf("got %+v", got)
	}
	again, err := json.Marshal(got)
	if err != nil || !sameJSON(t, string(again), `{"id":"600","name":"n","status":"rejected",`+body[len(`{"id":"600","name":"n","status":"REJECTED",`):]) {
		t.Errorf("written again: %s, %v", again, err)
	}
	odd := readTemplate(t, `{"id":"600","quality_score":"GREEN","message_send_ttl_seconds":"soon","rejected_reason":7}`)
	if odd.ID != "600" || odd.RejectedReason != "" || odd.TTLSeconds != 0 || string(odd.Extra["quality_score"]) != `"GREEN"` {
		t.Errorf("details of another shape: %+v", odd)
	}
}

func TestTheTimesOfMetaAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		`1684667889`: 1684667889, `"1684667889"`: 1684667889, `"2023-05-21T11:18:09+0000"`: 1684667889,
		`"2023-05-21T18:18:09+0700"`: 1684667889, `"2023-05-21T11:18:09Z"`: 1684667889,
	} {
		var got cloudapi.Time
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Unix() != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, none := range []string{`null`, `""`} {
		if got := at(1); json.Unmarshal([]byte(none), &got) != nil || !got.IsZero() {
			t.Errorf("%s: %v", none, got)
		}
	}
	var got cloudapi.Time
	if err := json.Unmarshal([]byte(`"soon"`), &got); err == nil {
		t.Error("a text is a time")
	}
}
