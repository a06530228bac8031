package kirimtest

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// metaRecipient reads whom a message is for, with [WithMetaMessages].
func (v *checker) metaRecipient(o map[string]any, m *outbound) {
	if present(o, "recipient_type") {
		m.group = v.oneOf(o, "", "recipient_type", "individual", kirim.RecipientGroup) == kirim.RecipientGroup
	}
	m.identity = v.optionalText(o, "", "recipient_identity_key_hash", 0, 0)
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
	if v.own && m.kind != "template" {
		return v.metaOwn(o, m.kind)
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
	v.asTheSDK(o, m.kind)
	return true
}

// metaOwn checks a content at Meta's own API, which takes none of the words that
// are only Kirim's.
func (v *checker) metaOwn(o map[string]any, kind string) bool {
	if !slices.Contains(metaKinds, kind) {
		v.fail(codeUnknownType, "type", "The type must be one of: "+strings.Join(metaKinds, ", ")+".")
	}
	if content, _ := o[kind].(map[string]any); content["type"] == "reply_buttons" {
		v.invalid("interactive", "type", "Reply buttons are of the type button.")
	}
	if to, _ := o["to"].(string); e164Digits.MatchString(to) { // the SDK wants the plus
		o = maps.Clone(o)
		o["to"] = "+" + to
	}
	v.asTheSDK(o, kind)
	return true
}

// metaKinds are the types of messages at Meta's own API.
var metaKinds = []string{
	"audio", "contacts", "document", "image", "interactive", "location", "pin", "reaction", "sticker", "template", "text", "video",
}

// asTheSDK checks a message as [kirim.OutboundMessage.Validate] does.
func (v *checker) asTheSDK(o map[string]any, kind string) {
	body, err := json.Marshal(o)
	var message kirim.OutboundMessage
	if err == nil {
		err = json.Unmarshal(body, &message)
	}
	if err != nil {
		v.invalid("", kind, "The message cannot be read: "+err.Error()+".")
		return
	}
	var found *kirim.ValidationError
	if errors.As(message.Validate(), &found) {
		first := found.Violations[0]
		v.invalid(first.Path, "", "Want "+first.Limit+", got "+first.Actual+".")
	}
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
