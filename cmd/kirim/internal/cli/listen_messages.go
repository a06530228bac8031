package cli

import (
	"context"
	"strings"

	"github.com/kirim-go/kirim"
)

// messageFinder finds the message of an event. The API has no filter for
// WhatsApp's id of a message, so that the newest messages are looked through.
type messageFinder struct {
	client  *kirim.Client
	numbers []*kirim.Account
	contact map[string]kirim.ContactRef // of a conversation, by its ID
	found   map[string]*foundMessage    // by WAMID and by ID, since the last look
	read    bool                        // the newest messages were read
}

type foundMessage struct {
	message *kirim.Message
	about   about
}

// newest is how many messages of a number are looked through.
const newest = 3 * largestPage

func (f *messageFinder) findNumbers(ctx context.Context) error {
	for account, err := range f.client.Accounts.All(ctx, kirim.AccountListParams{}) {
		if err != nil {
			return err
		}
		if account.PhoneNumberID != "" {
			f.numbers = append(f.numbers, account)
		}
	}
	f.contact = map[string]kirim.ContactRef{}
	return nil
}

// forget makes the next find read the messages again: their statuses change.
func (f *messageFinder) forget() { f.found, f.read = map[string]*foundMessage{}, false }

// find returns the message of an event, nil when it is not among the newest.
// Some servers write the status behind the id: wamid.X:delivered.
func (f *messageFinder) find(ctx context.Context, eventID string) (*foundMessage, error) {
	id, _, _ := strings.Cut(eventID, ":")
	if id == "" {
		return nil, nil //nolint:nilnil // as said
	}
	if !f.read {
		if err := f.readNewest(ctx); err != nil {
			return nil, err
		}
		f.read = true
	}
	found := f.found[id]
	if found == nil {
		return nil, nil //nolint:nilnil // as said
	}
	return found, f.nameContact(ctx, found)
}

func (f *messageFinder) readNewest(ctx context.Context) error {
	for _, account := range f.numbers {
		n := 0
		for m, err := range f.client.PhoneNumber(account.PhoneNumberID).Messages.All(ctx, kirim.MessageListParams{Limit: largestPage}) {
			if err != nil {
				return err
			}
			found := &foundMessage{message: m, about: about{displayNumber: account.PhoneNumber}}
			if m.WhatsAppAccount == nil {
				m.WhatsAppAccount = &kirim.AccountRef{PhoneNumberID: account.PhoneNumberID}
			}
			f.found[m.ID] = found
			if m.WAMID != "" {
				f.found[m.WAMID] = found
			}
			if n++; n == newest {
				break
			}
		}
	}
	return nil
}

// nameContact fills in the customer, whom the message itself does not name.
func (f *messageFinder) nameContact(ctx context.Context, found *foundMessage) error {
	m := found.message
	if m.ConversationID == "" || found.about.contactID != "" {
		return nil
	}
	contact, known := f.contact[m.ConversationID]
	if !known {
		conversation, err := f.client.PhoneNumber(m.WhatsAppAccount.PhoneNumberID).Conversations.Get(ctx, m.ConversationID)
		if err != nil && !kirim.IsNotFound(err) {
			return err
		}
		if err == nil {
			contact = conversation.Contact
		}
		f.contact[m.ConversationID] = contact
	}
	found.about.contactID, found.about.name = contact.ID, contact.Name
	return nil
}
