package kirim

import (
	"context"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// CallUpdate reports a voice call over WhatsApp: that somebody calls, that a
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
func decodeCalls(r *jsonscan.Reader, v *changeValue) []EventData {
	read := element(readCall)
	data := readListed(r, string(EventCalls), map[string]elementReader{"calls": read, "statuses": read})
	for _, d := range data {
		if c, ok := d.(*CallUpdate); ok {
			v.describe(&c.From, false)
			v.describe(&c.To, false)
			if len(data) == 1 && len(c.Errors) == 0 {
				c.Errors, v.errors = v.errors, nil
			}
		}
	}
	return data
}

func readCall(r *jsonscan.Reader, c *CallUpdate) {
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			c.ID = r.Text()
		case "event":
			c.Event = r.Text()
		case "status":
			c.Status = r.Text()
		case "direction":
			c.Direction = r.Text()
		case "timestamp":
			c.Time = readTime(r)
		case "start_time":
			c.StartedAt = readTime(r)
		case "end_time":
			c.EndedAt = readTime(r)
		case "duration":
			c.Duration = readSeconds(r)
		case "from":
			c.From.address(r.Text())
		case "from_user_id":
			c.From.UserID = r.Text()
		case "from_parent_user_id":
			c.From.ParentUserID = r.Text()
		case "to", "recipient_id":
			c.To.address(r.Text())
		case "to_user_id", "recipient_user_id":
			c.To.UserID = r.Text()
		case "to_parent_user_id", "parent_recipient_user_id", "recipient_parent_user_id":
			c.To.ParentUserID = r.Text()
		case "session":
			r.Texts(map[string]*string{"sdp_type": &c.SDPType, "sdp": &c.SDP})
		case "biz_opaque_callback_data":
			c.CallbackData = r.Text()
		case "errors":
			c.Errors = readEventErrors(r)
		}
	}
	c.From.settle()
	c.To.settle()
}
