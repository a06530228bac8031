package kirim

import (
	"context"
	"time"
)

// CallUpdate tells of a voice call over WhatsApp: that somebody calls, that a
// call you placed rings, was accepted or rejected, or that a call has ended.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/calling/reference
type CallUpdate struct {
	MetaChange
	ID           string // wacid.…
	Event        string // "connect", "terminate" or another; empty when Status alone is told
	Status       string // "RINGING", "ACCEPTED", "REJECTED"; after the end "COMPLETED" or "FAILED"
	Direction    string // "USER_INITIATED" or "BUSINESS_INITIATED"
	From, To     Person // of a status only To is known
	StartedAt    time.Time
	EndedAt      time.Time
	Duration     time.Duration
	SDPType      string // "offer" or "answer"
	SDP          string // session description of RFC 8866
	CallbackData string // biz_opaque_callback_data, when it was sent
	Errors       []EventError
}

// OnCall sets the callback for calls.
func (h *WebhookHandler) OnCall(f func(context.Context, *CallUpdate) error) { onData(h, f) }

// decodeCalls reads calls, the statuses of calls, and errors, which stand
// beside the calls that they are about.
func decodeCalls(r *jsonReader, v *changeValue) []EventData {
	read := element((*jsonReader).call)
	data := r.listed(string(EventCalls), map[string]elementReader{"calls": read, "statuses": read})
	for _, d := range data {
		if c, ok := d.(*CallUpdate); ok {
			v.describe(&c.From, false)
			v.describe(&c.To, false)
			if len(data) == 1 && len(c.Errors) == 0 {
				c.Errors = v.errors
				return data
			}
		}
	}
	for _, e := range v.errors {
		data = append(data, &AccountError{EventError: e})
	}
	return data
}

func (r *jsonReader) call(c *CallUpdate) {
	for name := range r.fields() {
		switch string(name) {
		case "id":
			c.ID = r.text()
		case "event":
			c.Event = r.text()
		case "status":
			c.Status = r.text()
		case "direction":
			c.Direction = r.text()
		case "timestamp":
			c.Time = r.unix()
		case "start_time":
			c.StartedAt = r.unix()
		case "end_time":
			c.EndedAt = r.unix()
		case "duration":
			c.Duration = r.seconds()
		case "from":
			c.From.address(r.text())
		case "from_user_id":
			c.From.UserID = r.text()
		case "from_parent_user_id":
			c.From.ParentUserID = r.text()
		case "to", "recipient_id":
			c.To.address(r.text())
		case "to_user_id", "recipient_user_id":
			c.To.UserID = r.text()
		case "to_parent_user_id", "parent_recipient_user_id", "recipient_parent_user_id":
			c.To.ParentUserID = r.text()
		case "session":
			r.texts(map[string]*string{"sdp_type": &c.SDPType, "sdp": &c.SDP})
		case "biz_opaque_callback_data":
			c.CallbackData = r.text()
		case "errors":
			c.Errors = r.eventErrors()
		}
	}
	c.From.settle()
	c.To.settle()
}
