package cli

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
)

// withNumber adds the flags that what belongs to a business number needs.
func withNumber(a *app.App, cmd *cobra.Command) *cobra.Command {
	a.AddConnectionFlags(cmd)
	a.AddFromFlag(cmd)
	return cmd
}

// number returns the business number of the flags.
func number(a *app.App) (*kirim.PhoneNumber, error) {
	conn, err := a.Connect(app.Kirim)
	if err != nil {
		return nil, err
	}
	return conn.Number()
}

func newMessages(a *app.App) *cobra.Command {
	var params kirim.MessageListParams
	messages := list[*kirim.PhoneNumber, kirim.Message]{
		short: "List messages of a business number, the newest first",
		columns: []column[kirim.Message]{
			{title: "id", value: func(m *kirim.Message) string { return m.ID }},
			{title: "created", value: func(m *kirim.Message) string { return moment(m.CreatedAt) }},
			{title: "dir", value: func(m *kirim.Message) string { return direction(m.Direction) }},
			{title: "customer", value: customerOf},
			{title: "status", value: func(m *kirim.Message) string { return string(m.Status) }, style: stateStyle},
			{title: "text", below: true, value: textOf},
		},
		flags: func(cmd *cobra.Command) {
			f := cmd.Flags()
			f.StringVar(&params.ConversationID, "conversation", "", "only of this conversation, by its `ID`")
			addChoice(cmd, &params.Direction, "direction", "only in this `direction`", kirim.MessageInbound, kirim.MessageOutbound)
			addChoice(cmd, &params.Status, "status", "only in this `state`", kirim.MessagePending, kirim.MessageSent, kirim.MessageDelivered, kirim.MessageRead, kirim.MessageFailed)
			addTime(a, cmd, &params.CreatedAfter, "after", "only those created after this time, or so long ago")
			addTime(a, cmd, &params.CreatedBefore, "before", "only those created before this time, or so long ago")
		},
		connect: number,
		page: func(ctx context.Context, n *kirim.PhoneNumber, limit int, cursor string) (*kirim.Page[kirim.Message], error) {
			params.Limit, params.Cursor = limit, cursor
			return n.Messages.List(ctx, params)
		},
	}
	show := byID(a, "get", "Show a message", number, func(ctx context.Context, n *kirim.PhoneNumber, id string) (*kirim.Message, error) {
		return n.Messages.Get(ctx, id)
	})
	return withNumber(a, newGroup(groupMessages, "messages", "List messages, show one, wait for one", messages.command(a), show, newMessagesWait(a)))
}

func direction(d kirim.MessageDirection) string {
	switch d {
	case kirim.MessageInbound:
		return "in"
	case kirim.MessageOutbound:
		return "out"
	}
	return string(d)
}

// textOf is what a message says, with its type unless it is a text.
func textOf(m *kirim.Message) string {
	text := cmp.Or(m.Content, m.Caption, m.Filename)
	if m.Type == "text" {
		return text
	}
	return strings.TrimSpace("[" + string(m.Type) + "] " + text)
}

func customerOf(m *kirim.Message) string {
	if m.Direction == kirim.MessageInbound {
		return m.From
	}
	return m.To
}

func newConversations(a *app.App) *cobra.Command {
	var params kirim.ConversationListParams
	conversations := list[*kirim.PhoneNumber, kirim.Conversation]{
		short: "List conversations of a business number",
		columns: []column[kirim.Conversation]{
			{title: "id", value: func(c *kirim.Conversation) string { return c.ID }},
			{title: "status", value: func(c *kirim.Conversation) string { return string(c.Status) }, style: stateStyle},
			{title: "customer", value: func(c *kirim.Conversation) string { return c.Contact.PhoneNumber }},
			{title: "name", below: true, value: func(c *kirim.Conversation) string { return c.Contact.Name }},
			{title: "assignee", below: true, value: func(c *kirim.Conversation) string {
				if c.Assignee == nil {
					return ""
				}
				return c.Assignee.Name
			}},
			{title: "unread", value: func(c *kirim.Conversation) string { return strconv.Itoa(c.UnreadCount) }},
			{title: "last message", value: func(c *kirim.Conversation) string { return moment(c.LastMessageAt) }},
		},
		flags: func(cmd *cobra.Command) {
			addChoice(cmd, &params.Status, "status", "only in this `state`", kirim.ConversationOpen, kirim.ConversationPending, kirim.ConversationResolved)
			cmd.Flags().StringVar(&params.ContactID, "contact", "", "only of this contact, by its `ID`")
			addTime(a, cmd, &params.UpdatedSince, "updated-since", "only those changed since this time, or so long ago")
		},
		connect: number,
		page: func(ctx context.Context, n *kirim.PhoneNumber, limit int, cursor string) (*kirim.Page[kirim.Conversation], error) {
			params.Limit, params.Cursor = limit, cursor
			return n.Conversations.List(ctx, params)
		},
	}
	show := byID(a, "get", "Show a conversation", number, func(ctx context.Context, n *kirim.PhoneNumber, id string) (*kirim.Conversation, error) {
		return n.Conversations.Get(ctx, id)
	})
	return withNumber(a, newGroup(groupAccount, "conversations", "List conversations, show one", conversations.command(a), show))
}

func newContacts(a *app.App) *cobra.Command {
	var params kirim.ContactListParams
	contacts := list[*kirim.PhoneNumber, kirim.Contact]{
		short: "List contacts of a business number",
		columns: []column[kirim.Contact]{
			{title: "id", value: func(c *kirim.Contact) string { return c.ID }},
			{title: "phone number", value: func(c *kirim.Contact) string { return c.PhoneNumber }},
			{title: "name", cut: true, value: func(c *kirim.Contact) string { return c.Name }},
			{title: "email", below: true, value: func(c *kirim.Contact) string { return c.Email }},
			{title: "created", value: func(c *kirim.Contact) string { return moment(c.CreatedAt) }},
		},
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&params.Phone, "phone", "", "only with this `number`, with plus and country code")
			cmd.Flags().StringVar(&params.Search, "search", "", "only with this `text` in the name or the email address")
		},
		connect: number,
		page: func(ctx context.Context, n *kirim.PhoneNumber, limit int, cursor string) (*kirim.Page[kirim.Contact], error) {
			params.Limit, params.Cursor = limit, cursor
			return n.Contacts.List(ctx, params)
		},
	}
	show := byID(a, "get", "Show a contact", number, func(ctx context.Context, n *kirim.PhoneNumber, id string) (*kirim.Contact, error) {
		return n.Contacts.Get(ctx, id)
	})
	return withNumber(a, newGroup(groupAccount, "contacts", "List contacts, show one", contacts.command(a), show))
}
