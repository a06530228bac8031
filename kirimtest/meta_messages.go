package kirimtest

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/kirim-go/kirim"
)

// metaRecipient reads whom a message is for, with [WithMetaMessages].
func (v *checker) metaRecipient(o map[string]any, m *outbound) {
	if present(o, "recipient_type") {
		m.group = v.oneOf(o, "", "recipient_type", "individual", kirim.RecipientGroup) == kirim.RecipientGroup
	}
	switch {
	case m.group:
		m.to = v.text(o, "", "to", 1, 0)
	case !present(o, "to") && present(o, "recipient"):
		m.recipient = v.text(o, "", "recipient", 1, 0)
	default:
		m.to = v.recipient(o)
	}
}

// metaContent reports whether a message has a content that Kirim does not
// document, and checks that as the SDK does.
func (v *checker) metaContent(o map[string]any, m *outbound) bool {
	if m.kind = "text"; present(o, "type") {
		m.kind = v.text(o, "", "type", 1, 0)
	}
	switch m.kind {
	case "text":
		if present(o, "type") {
			return false
		}
	case "image", "video", "audio", "document", "template":
		return false
	case "interactive":
		content, _ := o[m.kind].(map[string]any)
		kind, _ := content["type"].(string)
		if slices.Contains(v.interactiveKinds(), kind) && !isProductCarousel(content) {
			return false
		}
	}
	body, err := json.Marshal(o)
	var message kirim.OutboundMessage
	if err == nil {
		err = json.Unmarshal(body, &message)
	}
	if err != nil {
		v.invalid("", m.kind, "The message cannot be read: "+err.Error()+".")
		return true
	}
	var found *kirim.ValidationError
	if errors.As(message.Validate(), &found) {
		first := found.Violations[0]
		v.invalid(first.Path, "", "Want "+first.Limit+", got "+first.Actual+".")
	}
	return true
}

// isProductCarousel reports whether the cards of a carousel are products, which
// have no header.
func isProductCarousel(content map[string]any) bool {
	action, _ := content["action"].(map[string]any)
	cards, _ := action["cards"].([]any)
	return len(cards) > 0 && slices.ContainsFunc(cards, func(c any) bool {
		card, _ := c.(map[string]any)
		return card["type"] == "product"
	})
}
