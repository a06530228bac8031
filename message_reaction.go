package kirim

import "reflect"

// Reaction is an emoji on a message, in place of one that was there. The message
// is at most 30 days old and no reaction itself. Meta reports a reaction as sent
// and no further. Kirim documents no sending of reactions.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/reaction-messages
type Reaction struct {
	// MessageID is the wamid of the message.
	MessageID string `json:"message_id"`
	// Emoji is one emoji. An empty one removes the reaction, which no page of
	// Meta's says of sending, only of what is received.
	Emoji string `json:"emoji"`
}

// Pin pins a message in a group, or unpins it. A group has at most 3 pinned
// messages. Kirim does not document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
type Pin struct {
	// MessageID is the wamid of the message.
	MessageID string
	// Days is for how many days the message is pinned, 1 to 30. To unpin it is 0.
	Days int
	// Unpin removes the pin.
	Unpin bool
}

type wirePin struct {
	Type      string `json:"type"`
	MessageID string `json:"message_id"`
	Days      int    `json:"expiration_days,omitempty"`
}

func (c Reaction) kind() string { return "reaction" }
func (c Pin) kind() string      { return "pin" }

func (c Reaction) object(dialect) (any, error) { return &c, nil }

func (c Pin) object(dialect) (any, error) { return c.wire(), nil }

func (c Pin) wire() wirePin {
	w := wirePin{"pin", c.MessageID, c.Days}
	if c.Unpin {
		w.Type = "unpin"
	}
	return w
}

func decodePin(object []byte) (Content, error) {
	var w wirePin
	if err := decodeStrict(object, &w); err != nil {
		return nil, err
	}
	c := Pin{MessageID: w.MessageID, Days: w.Days, Unpin: w.Type == "unpin"}
	if !reflect.DeepEqual(c.wire(), w) {
		return nil, errNotTyped
	}
	return c, nil
}

func (c Reaction) check(found *checker) {
	found.wamid("reaction.message_id", c.MessageID)
	found.text("reaction.emoji", c.Emoji, limitNone)
}

func (c Pin) check(found *checker) {
	found.wamid("pin.message_id", c.MessageID)
	switch {
	case !c.Unpin:
		found.count("pin.expiration_days", c.Days, limitPinDays)
	case c.Days != 0:
		found.add("pin.expiration_days", "none to unpin", quantity(c.Days, "day"))
	}
}
