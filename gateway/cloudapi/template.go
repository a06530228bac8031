package cloudapi

import (
	"encoding/json"
	"strings"

	"github.com/kirim-go/kirim"
)

// Template is a template as Meta has it. Its [kirim.MessageTemplate] is what
// [kirim.Template.Check], Preview and a [kirim.TemplateCatalog] take. Status and
// ParameterFormat are in lower case there, as Kirim's are: APPROVED is
// [kirim.TemplateApproved], and what Kirim does not have is for example "in_appeal".
//
// The other members are empty unless they are asked for; see
// [TemplateListParams.Fields]. What has no member is in Extra, and so are these.
type Template struct {
	kirim.MessageTemplate
	RejectedReason      string       // such as TAG_CONTENT_MISMATCH; NONE for none
	QualityScore        QualityScore // what customers made of it
	PreviousCategory    string       // before Meta moved it to another
	CorrectCategory     string       // to which Meta will move it
	SubCategory         string
	SourceName          string // of the template of Meta's library that it was created from; empty for none
	TTLSeconds          int    // for how long Meta tries to deliver a message; 0 for the default of the category
	WithoutLinkTracking bool   // clicks on its buttons are not counted
}

// QualityScore is what customers made of a template.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-quality
type QualityScore struct {
	Score   string   `json:"score"`   // GREEN, YELLOW, RED, UNKNOWN
	Reasons []string `json:"reasons"` // for a score that is not GREEN
	Date    Time     `json:"date"`    // of the score
}

// UnmarshalJSON implements [json.Unmarshaler]. A detail of another shape than is
// expected is left empty, and kept in Extra.
func (t *Template) UnmarshalJSON(b []byte) error {
	*t = Template{}
	if err := json.Unmarshal(b, &t.MessageTemplate); err != nil {
		return err
	}
	t.Status = kirim.TemplateStatus(strings.ToLower(string(t.Status)))
	t.ParameterFormat = kirim.TemplateParameterFormat(strings.ToLower(string(t.ParameterFormat)))
	for name, detail := range map[string]any{
		"rejected_reason":                 &t.RejectedReason,
		"quality_score":                   &t.QualityScore,
		"previous_category":               &t.PreviousCategory,
		"correct_category":                &t.CorrectCategory,
		"sub_category":                    &t.SubCategory,
		"library_template_name":           &t.SourceName,
		"message_send_ttl_seconds":        &t.TTLSeconds,
		"cta_url_link_tracking_opted_out": &t.WithoutLinkTracking,
	} {
		if raw, ok := t.Extra[name]; ok {
			_ = json.Unmarshal(raw, detail) // what it is not is in Extra
		}
	}
	return nil
}
