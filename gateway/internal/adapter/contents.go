package adapter

import (
	"fmt"
	"reflect"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/system"
)

// Refusal is the error for a message that has something which the system does not
// carry, and nil for one that has nothing of the kind. What that is, the table of
// contents in package system says. A message without a content is only invalid.
func (s System) Refusal(m kirim.OutboundMessage) error {
	content := Value(m.Content)
	if content == nil {
		return m.Validate()
	}
	for _, f := range featuresOf(m, content) {
		if s.Support(f.key) == system.Refused {
			return s.Unsupported(f.what)
		}
	}
	return nil
}

// feature is what a message has: its key in the table, and its name in an error.
type feature struct{ key, what string }

// featuresOf lists what a message has, its content first.
func featuresOf(m kirim.OutboundMessage, content kirim.Content) []feature {
	name, quote := fmt.Sprintf("%T", content), system.QuoteInOther
	features := []feature{{m.ContentKind(), name}}
	add := func(has bool, key, what string) {
		if has {
			features = append(features, feature{key, what})
		}
	}
	switch c := content.(type) {
	case kirim.Raw:
		features[0] = feature{system.Raw, name + " of type " + c.Type}
	case kirim.Audio:
		add(c.Voice, system.Voice, name+" with Voice")
	case kirim.Text:
		quote = system.QuoteInText
	}
	add(m.Recipient != "", system.ToUserID, "OutboundMessage.Recipient")
	add(m.RecipientType == kirim.RecipientGroup, system.ToGroup, "OutboundMessage.RecipientType")
	add(m.CallbackData != "", system.CallbackData, "OutboundMessage.CallbackData")
	add(m.IdentityKeyHash != "", system.IdentityKeyHash, "OutboundMessage.IdentityKeyHash")
	add(isByID(content), system.ByID, name+" by its id")
	if quote == system.QuoteInOther {
		name = m.ContentKind()
	}
	add(m.ReplyTo != "", quote, name+" as a reply")
	return features
}

// isByID reports whether a content is a file that is given by Meta's id for it.
func isByID(content kirim.Content) bool {
	switch c := content.(type) {
	case kirim.Image:
		return c.ID != "" && c.Link == ""
	case kirim.Video:
		return c.ID != "" && c.Link == ""
	case kirim.Audio:
		return c.ID != "" && c.Link == ""
	case kirim.Document:
		return c.ID != "" && c.Link == ""
	case kirim.Sticker:
		return c.ID != "" && c.Link == ""
	default:
		return false
	}
}

// Value returns what content points to, if it is a pointer.
func Value(content kirim.Content) kirim.Content {
	v := reflect.ValueOf(content)
	if v.Kind() != reflect.Pointer {
		return content
	}
	if v.IsNil() {
		return nil
	}
	value, _ := reflect.TypeAssert[kirim.Content](v.Elem())
	return value
}
