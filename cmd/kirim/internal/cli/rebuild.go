package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
)

// The list of deliveries says which events there were, not what was in them.
// The bodies of the two most common events are made again from the messages
// that they were about, in Meta's form as Kirim passes it on.
//
// Docs: https://developers.kirim.chat/webhooks/payloads/

type object = map[string]any

// about is what a body says beside the message.
type about struct {
	displayNumber string // of the business, E.164
	contactID     string
	name          string // of the customer
	deliveryID    string
}

func metaBody(m *kirim.Message, event string, more about, value object) ([]byte, error) {
	phoneNumberID := ""
	if m.WhatsAppAccount != nil {
		phoneNumberID = m.WhatsAppAccount.PhoneNumberID
	}
	value["messaging_product"] = "whatsapp"
	value["metadata"] = object{"display_phone_number": digits(more.displayNumber), "phone_number_id": phoneNumberID}
	enrichment := object{"event": event, "message_id": m.ID, "conversation_id": m.ConversationID, "phone_number_id": phoneNumberID}
	for name, text := range map[string]string{"delivery_id": more.deliveryID, "contact_id": more.contactID, "media_url": m.MediaURL} {
		if text != "" {
			enrichment[name] = text
		}
	}
	if m.MediaURL != "" {
		enrichment["media_status"] = "ready"
	}
	return json.Marshal(object{
		"object": "whatsapp_business_account",
		"entry":  []object{{"id": "0", "changes": []object{{"field": "messages", "value": value}}}},
		"kirim":  enrichment,
	})
}

// receivedBody is the body of message.received.
func receivedBody(m *kirim.Message, more about) ([]byte, error) {
	element := object{"id": m.WAMID, "from": digits(m.From), "timestamp": strconv.FormatInt(m.CreatedAt.Unix(), 10), "type": string(m.Type)}
	if content := receivedContent(m); content != nil {
		element[string(m.Type)] = content
	}
	return metaBody(m, string(kirim.EventMessageReceived), more, object{
		"messages": []object{element},
		"contacts": []object{{"wa_id": digits(m.From), "profile": object{"name": cmp.Or(more.name, m.From)}}},
	})
}

func receivedContent(m *kirim.Message) any {
	switch {
	case m.Location != nil:
		return m.Location
	case m.Reaction != nil:
		return object{"message_id": m.Reaction.TargetMessageID, "emoji": m.Reaction.Emoji}
	case m.Button != nil:
		return m.Button
	case m.Interactive != nil:
		reply := object{"id": m.Interactive.ID, "title": m.Interactive.Title}
		if m.Interactive.Description != "" {
			reply["description"] = m.Interactive.Description
		}
		return object{"type": m.Interactive.Type, m.Interactive.Type: reply}
	case len(m.Contacts) > 0:
		var cards []object
		for _, c := range m.Contacts {
			cards = append(cards, object{"name": object{"formatted_name": c.Name}, "phones": []object{{"phone": c.Phone, "wa_id": c.WAID}}})
		}
		return cards
	case m.MIMEType != "" || m.MediaURL != "":
		file := object{"id": m.ID, "mime_type": m.MIMEType}
		for name, text := range map[string]string{"caption": m.Caption, "filename": m.Filename} {
			if text != "" {
				file[name] = text
			}
		}
		return file
	case m.Type == "text":
		return object{"body": m.Content}
	}
	return nil
}

// statusBody is the body of message.status, with the status that the message has now.
func statusBody(m *kirim.Message, more about) ([]byte, error) {
	at := m.UpdatedAt
	if at.IsZero() {
		at = m.CreatedAt
	}
	element := object{
		"id": cmp.Or(m.WAMID, m.ID), "status": string(m.Status), "recipient_id": digits(m.To),
		"timestamp": strconv.FormatInt(at.Unix(), 10),
	}
	if m.Error != nil {
		element["errors"] = []object{{"code": m.Error.MetaCode, "title": m.Error.Message, "message": m.Error.Message}}
		element["error"] = m.Error
	}
	return metaBody(m, string(kirim.EventMessageStatus), more, object{"statuses": []object{element}})
}

func digits(number string) string { return strings.TrimPrefix(number, "+") }

// sampleEvents are those that have a sample.
var sampleEvents = []string{string(kirim.EventMessageReceived), string(kirim.EventMessageStatus)}

func sampleBody(event string, now time.Time) ([]byte, error) {
	m := &kirim.Message{
		ID: "msg_01HXYZABCDEFGHJKMNPQRSTVWX", WAMID: fmt.Sprintf("wamid.SAMPLE-%d", now.Unix()), ConversationID: "cnv_01HXYZABCDEFGHJKMNPQRSTVWX",
		Type: "text", From: "+6281100000001", To: "+6281100000001", Content: "Is my order ready?",
		Status: kirim.MessageDelivered, CreatedAt: now, WhatsAppAccount: &kirim.AccountRef{PhoneNumberID: "106540352242922"},
	}
	more := about{displayNumber: "+6281100000000", name: "Customer", deliveryID: "wbd_01HXYZABCDEFGHJKMNPQRSTVWX"}
	switch kirim.WebhookEventType(event) {
	case kirim.EventMessageReceived:
		return receivedBody(m, more)
	case kirim.EventMessageStatus:
		return statusBody(m, more)
	default:
		return nil, app.Usagef("there is no sample of %q; there are %s", event, strings.Join(sampleEvents, " and "))
	}
}
