package kirim

import (
	"strings"
	"unicode/utf8"
)

// Validate checks the message against the documented limits and reports all
// that it breaks in one [*ValidationError].
//
// Lengths are counted in Unicode code points. Text that is not valid UTF-8 is
// a violation, because JSON cannot carry it. A text of nothing but spaces is
// not: no page forbids it, so the server decides, as it does on everything
// that Validate does not know. In particular, the object of a [Raw], and
// component and parameter types that this package does not name are not
// checked. Nor is what only the template itself can tell, such as the number
// of its variables. The words in a [Component] and a [Parameter] may be in upper
// or lower case, as Meta takes either.
func (m OutboundMessage) Validate() error {
	c := &checker{}
	m.checkRecipient(c)
	c.text("biz_opaque_callback_data", m.CallbackData, limitNone)
	c.text("recipient_identity_key_hash", m.IdentityKeyHash, limitNone)
	c.text("context.message_id", m.ReplyTo, limitNone)
	if strings.HasPrefix(m.ReplyTo, "msg_") {
		c.add("context.message_id", "the wamid of an inbound message", "a msg_ id")
	}
	if isNil(m.Content) {
		c.add("type", "a content", "none")
	} else {
		m.Content.check(c)
	}
	return c.err()
}

func (m OutboundMessage) checkRecipient(c *checker) {
	c.text("recipient", m.Recipient, limitNone)
	switch m.RecipientType {
	case RecipientGroup:
		c.text("to", m.To, limitRequired)
		return
	case "", recipientIndividual:
	default:
		// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
		c.add("recipient_type", "individual or group", "another")
	}
	if (m.To != "" || m.Recipient == "") && !isRecipient(m.To) {
		c.add("to", "E.164 with a leading + and 7 to 15 digits", recipientShape(m.To))
	}
}

// isRecipient is looked at for each send, and not by a regular expression, as
// that takes longer than all other checks together.
//
// https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
func isRecipient(to string) bool {
	digits, plus := strings.CutPrefix(to, "+")
	return plus && 7 <= len(digits) && len(digits) <= 15 && digits[0] != '0' && !strings.ContainsFunc(digits, notDigit)
}

func recipientShape(to string) string {
	length := quantity(utf8.RuneCountInString(to), "character")
	rest, plus := strings.CutPrefix(to, "+")
	switch {
	case to == "":
		return "empty"
	case !utf8.ValidString(to):
		return "invalid UTF-8"
	case !plus:
		return length + ", no leading +"
	case strings.ContainsFunc(rest, notDigit):
		return length + ", not only digits after the +"
	case strings.HasPrefix(rest, "0"):
		return length + ", a 0 after the +"
	default:
		return "a + and " + quantity(len(rest), "digit")
	}
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

func notTemplateName(r rune) bool { return notDigit(r) && (r < 'a' || r > 'z') && r != '_' }

// digitsOf strips a phone number to its digits; a text that is not a phone number stays as it is.
func digitsOf(phone string) string {
	plain := true
	for i := range len(phone) {
		plain = plain && '0' <= phone[i] && phone[i] <= '9'
	}
	if plain || strings.Trim(phone, "+0123456789 -().") != "" {
		return phone
	}
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, phone)
}
