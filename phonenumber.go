package kirim

// PhoneNumber gives access to what belongs to one of the organisation's
// WhatsApp numbers. The id is Meta's phone_number_id, a string of digits,
// not the number itself; see [Client.Accounts]. No request is made; a wrong
// id shows at the first call, as [CodeResourceNotFound], and an empty one as a
// [*ValidationError].
func (c *Client) PhoneNumber(id string) *PhoneNumber {
	return &PhoneNumber{
		Messages:      &MessagesService{client: c, phoneNumberID: id, path: pathOf(id, "messages")},
		Templates:     &TemplatesService{client: c, phoneNumberID: id},
		Conversations: &ConversationsService{client: c, phoneNumberID: id},
		Contacts:      &ContactsService{client: c, phoneNumberID: id},
	}
}

// PhoneNumber is one of the organisation's WhatsApp numbers. See
// [Client.PhoneNumber].
type PhoneNumber struct {
	Messages      *MessagesService
	Templates     *TemplatesService
	Conversations *ConversationsService
	Contacts      *ContactsService
}
