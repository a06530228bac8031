package kirim

import (
	"encoding/json"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// Enrichment is what Kirim is reported to add to Meta's events. All of it is
// assumed and may be absent.
type Enrichment struct {
	Event          WebhookEventType
	DeliveryID     string          // wbd_…
	MessageID      string          // msg_…
	ConversationID string          // cnv_…
	PhoneNumberID  string          // number that received or sent the message
	ContactID      string          // ctc_…
	ContactName    string          // as the organisation has it
	ContactPhone   string          // digits
	MediaURL       string          // where the file of a message with media is
	MediaStatus    string          // "ready", "pending" or another
	Raw            json.RawMessage // with what else there is
}

func readEnrichment(r *jsonscan.Reader, k *Enrichment) {
	start := r.Pos()
	for name := range r.Fields() {
		switch string(name) {
		case "event":
			k.Event = WebhookEventType(r.Text())
		case "delivery_id":
			k.DeliveryID = r.Text()
		case "message_id":
			k.MessageID = r.Text()
		case "conversation_id":
			k.ConversationID = r.Text()
		case "phone_number_id":
			k.PhoneNumberID = r.Text()
		case "contact_id":
			k.ContactID = r.Text()
		case "contact":
			id := ""
			r.Texts(map[string]*string{"id": &id, "name": &k.ContactName, "phone_number": &k.ContactPhone})
			if k.ContactPhone = digitsOf(k.ContactPhone); id != "" {
				k.ContactID = id
			}
		case "media_url":
			k.MediaURL = r.Text()
		case "media_status":
			k.MediaStatus = r.Text()
		}
	}
	k.Raw = r.Since(start)
}
