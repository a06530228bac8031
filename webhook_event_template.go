package kirim

import (
	"context"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// TemplateStatusUpdate reports that a template was approved, rejected, paused
// and the like.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
type TemplateStatusUpdate struct {
	MetaChange
	TemplateID string // Meta's, digits
	Name       string
	Language   string // "en_US"; Meta's samples also have "en-US"
	Category   TemplateCategory
	Status     TemplateStatus // Event in lower case, comparable to [TemplateApproved]; an open set
	Event      string         // as Meta writes it, e.g. "APPROVED", "PENDING_DELETION"
	Reason     string         // why it was rejected, e.g. "INVALID_FORMAT"; "NONE" or empty otherwise
	// Rejection and Recommendation are for people: what is wrong with the
	// template, and how to mend it.
	Rejection, Recommendation string
	// Title and Description are of a pause or its end, e.g. "FIRST_PAUSE".
	Title, Description string
	DisabledAt         time.Time
}

// TemplateQualityUpdate reports a change to the quality of a template. One
// of low quality is paused in the end.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_quality_update
type TemplateQualityUpdate struct {
	MetaChange
	TemplateID string // Meta's, digits
	Name       string
	Language   string
	Category   TemplateCategory // assumed; not in Meta's description
	Previous   string           // "GREEN", "YELLOW", "RED" or "UNKNOWN"
	Quality    string           // the same, from now on
}

// OnTemplateStatus sets the callback for [EventTemplateStatus].
func (h *WebhookHandler) OnTemplateStatus(f func(context.Context, *TemplateStatusUpdate) error) {
	onData(h, f)
}

// OnTemplateQuality sets the callback for [EventTemplateQuality].
func (h *WebhookHandler) OnTemplateQuality(f func(context.Context, *TemplateQualityUpdate) error) {
	onData(h, f)
}

func readTemplateStatus(r *jsonscan.Reader, t *TemplateStatusUpdate) {
	for name := range r.Fields() {
		switch string(name) {
		case "message_template_id":
			t.TemplateID = r.Text()
		case "message_template_name":
			t.Name = r.Text()
		case "message_template_language":
			t.Language = r.Text()
		case "message_template_category":
			t.Category = TemplateCategory(r.Text())
		case "event":
			t.Event = r.Text()
			t.Status = TemplateStatus(strings.ToLower(t.Event))
		case "reason":
			t.Reason = r.Text()
		case "rejection_info":
			r.Texts(map[string]*string{"reason": &t.Rejection, "recommendation": &t.Recommendation})
		case "other_info":
			r.Texts(map[string]*string{"title": &t.Title, "description": &t.Description})
		case "disable_info":
			for name := range r.Fields() {
				if string(name) == "disable_date" {
					t.DisabledAt = readTime(r)
				}
			}
		}
	}
}

func readTemplateQuality(r *jsonscan.Reader, t *TemplateQualityUpdate) {
	for name := range r.Fields() {
		switch string(name) {
		case "message_template_id":
			t.TemplateID = r.Text()
		case "message_template_name":
			t.Name = r.Text()
		case "message_template_language":
			t.Language = r.Text()
		case "message_template_category":
			t.Category = TemplateCategory(r.Text())
		case "previous_quality_score":
			t.Previous = r.Text()
		case "new_quality_score":
			t.Quality = r.Text()
		}
	}
}
