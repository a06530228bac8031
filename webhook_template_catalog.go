package kirim

import (
	"context"
	"strings"
)

// Attach makes the catalog hear of what the handler accepts, beside the handler's
// callbacks; see [WebhookHandler.Observe]. It panics when the handler is nil or
// zero. The subscription needs the field message_template_status_update of Meta's,
// of which Kirim documents no event.
//
// An update names the template, its language and the WhatsApp Business Account, but
// no phone number ID. Which numbers are of that account the catalog learns from the
// messages and statuses that the handler accepts. For those, a template that is
// paused, disabled, rejected or pending is refused from then on, until the next
// load or update. For numbers whose account is not known yet, for older updates than
// the definition and for all other states, the next message of that template gets
// its definition from the server first. Numbers of other accounts are not affected.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
func (c *TemplateCatalog) Attach(h *WebhookHandler) {
	h.Observe(func(_ context.Context, e *Event) error {
		for _, data := range e.Data {
			switch data := data.(type) {
			case *InboundMessage:
				c.belongs(data.PhoneNumberID, data.BusinessAccountID)
			case *StatusUpdate:
				c.belongs(data.PhoneNumberID, data.BusinessAccountID)
			case *TemplateStatusUpdate:
				// Meta's samples have both forms, its templates only the second.
				language := strings.ReplaceAll(data.Language, "-", "_")
				c.hear(data.BusinessAccountID, templateName{data.Name, language}, data.Status, data.Time)
			}
		}
		return nil
	})
}
