package kirim

import (
	"context"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// UserPreference reports that a customer has stopped, or resumed, marketing
// messages. A template of marketing to somebody who has stopped them is
// refused by Meta.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
type UserPreference struct {
	MetaChange
	User     Person
	Category string // "marketing_messages"; an open set
	Value    string // "stop" or "resume"
	Detail   string // for people
}

// StopsMarketing reports whether the customer no longer wants marketing.
func (p *UserPreference) StopsMarketing() bool {
	return p.Category == "marketing_messages" && p.Value == "stop"
}

// OnUserPreference sets the callback for [EventUserPreferences].
func (h *WebhookHandler) OnUserPreference(f func(context.Context, *UserPreference) error) {
	onData(h, f)
}

func readUserPreference(r *jsonscan.Reader, p *UserPreference) {
	for name := range r.Fields() {
		switch string(name) {
		case "category":
			p.Category = r.Text()
		case "value":
			p.Value = r.Text()
		case "detail":
			p.Detail = r.Text()
		case "timestamp":
			p.Time = readTime(r)
		default:
			readPersonField(r, &p.User, name)
		}
	}
	p.User.settle()
}
