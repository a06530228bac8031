package kirim

import "context"

// UserPreference tells that a customer has stopped, or resumed, marketing
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

func (r *jsonReader) userPreference(p *UserPreference) {
	for name := range r.fields() {
		switch string(name) {
		case "category":
			p.Category = r.text()
		case "value":
			p.Value = r.text()
		case "detail":
			p.Detail = r.text()
		case "timestamp":
			p.Time = r.unix()
		default:
			r.personField(&p.User, name)
		}
	}
	p.User.settle()
}
