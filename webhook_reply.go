package kirim

// Message returns a message to the person: to the phone number where that is
// known, and otherwise to the user id. WhatsApp takes the number where a message
// names both, so only one is set. For somebody of whom neither is known, the
// recipient is empty and [OutboundMessage.Validate] says so.
//
// It serves every event that names a person, such as [CallUpdate.From] and
// [UserPreference.User]. Send the message from the phone number that the event
// came to, [InboundMessage.PhoneNumberID].
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
func (p Person) Message(content Content) OutboundMessage {
	message := OutboundMessage{To: p.E164(), Content: content}
	// What is no number, such as the WhatsApp id of an unusual account, gives
	// way to the user id.
	if p.UserID != "" && !isRecipient(message.To) {
		message.To, message.Recipient = "", p.UserID
	}
	return message
}

// Reply returns a message to whoever wrote m: to the group for a message in a
// group, and otherwise to the sender, as [Person.Message] does. Send it from the
// phone number that m came to:
//
//	hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
//		reply := m.Reply(kirim.Text{Body: "Thank you."})
//		_, err := client.PhoneNumber(m.PhoneNumberID).Messages.Send(ctx, reply)
//		return err
//	})
//
// For a notice of a new number or user id the recipient is the new one, as the
// old one may be somebody else's by now. A message of the number itself, and
// one whose sender is not known, gives a message without a recipient, which
// [OutboundMessage.Validate] refuses. So does a nil m.
//
// The 24-hour window applies as for any message. Reply does not quote m; see
// [InboundMessage.Quote]. Nor does it set the IdentityKeyHash: a program that
// has switched the identity check on copies [Person.IdentityKeyHash] of the
// person whom it means, which may be an older one than m tells.
func (m *InboundMessage) Reply(content Content) OutboundMessage {
	m = orEmpty(m)
	if m.GroupID != "" {
		return OutboundMessage{To: m.GroupID, RecipientType: RecipientGroup, Content: content}
	}
	return m.writer().Message(content)
}

// writer is who wrote the message, under the ids that are valid now.
func (m *InboundMessage) writer() Person {
	if s := m.System; s != nil && (s.WAID != "" || s.UserID != "") {
		return Person{Phone: s.WAID, UserID: s.UserID}
	}
	if m.From.Phone != "" && m.From.Phone == m.DisplayPhoneNumber {
		return Person{}
	}
	return m.From
}

// Quote returns the [InboundMessage.Reply] with m quoted above it. An edited
// message is quoted by its original id; that WhatsApp knows it by that one is
// assumed. Nothing is quoted by a reaction, a pin or a template, which show no
// quote, nor from a reaction, a deletion, or a notice of WhatsApp's, which have
// nothing to quote.
//
// WhatsApp shows no quote of a message that was deleted or is older than about
// 30 days, without an error.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contextual-replies
func (m *InboundMessage) Quote(content Content) OutboundMessage {
	reply := m.Reply(content)
	if canQuote(content) {
		reply.ReplyTo = orEmpty(m).written()
	}
	return reply
}

// written is the wamid of what a customer wrote or sent, "" for what shows no
// message of its own.
func (m *InboundMessage) written() string {
	switch m.Type {
	case MessageTypeReaction, MessageTypeRevoke, MessageTypeSystem, MessageTypeRequestWelcome:
		return ""
	case MessageTypeEdit:
		if original := m.GetEdit().OriginalID; original != "" {
			return original
		}
	default:
	}
	return m.ID
}

// canQuote reports whether a content shows what it is a reply to.
func canQuote(content Content) bool {
	switch (OutboundMessage{Content: content}).ContentKind() {
	case "reaction", "pin", "template":
		return false
	default:
		return true
	}
}

// React returns a [Reaction] to m, for whoever wrote it. An empty emoji takes the
// reaction back. What [InboundMessage.Quote] does not quote has no message to react
// to, and [OutboundMessage.Validate] refuses the result.
func (m *InboundMessage) React(emoji string) OutboundMessage {
	return m.Reply(Reaction{MessageID: orEmpty(m).written(), Emoji: emoji})
}

// Reply returns a message to the customer, or the group, that the echoed
// message was for.
func (m *MessageEcho) Reply(content Content) OutboundMessage {
	m = orEmpty(m)
	return replyIn(m.Message.GroupID, m.To, content)
}

// Reply returns a message to the other side of the chat: the customer who wrote
// or who was written to, or the group.
func (m *HistoryMessage) Reply(content Content) OutboundMessage {
	m = orEmpty(m)
	if m.FromBusiness {
		return replyIn(m.Message.GroupID, m.To, content)
	}
	return m.Message.Reply(content)
}

// Instead returns a message with other content for whom the message of s was:
// for example a template instead of a text that failed outside the 24-hour
// window. For a message to a group, that is the group, whoever the status is
// about; [StatusUpdate.Recipient] is the participant. The message has the
// CallbackData of the first, and is sent from [StatusUpdate.PhoneNumberID].
func (s *StatusUpdate) Instead(content Content) OutboundMessage {
	s = orEmpty(s)
	message := replyIn(s.GroupID, s.Recipient, content)
	message.CallbackData = s.CallbackData
	return message
}

// replyIn returns a message to a group, or to a person where there is none.
func replyIn(group string, person Person, content Content) OutboundMessage {
	return (&InboundMessage{GroupID: group, From: person}).Reply(content)
}
