package kirim_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

const (
	ownNumber  = "622100000001"
	userID     = "ID.70000000000000001"
	phoneID    = "200000000000001"
	firstWAMID = "wamid.EXAMPLE-IN-0001"
)

// metaDelivery is a delivery of one change of a field, to ownNumber.
func metaDelivery(field, rest string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"100000000000001","changes":[{"field":"` + field +
		`","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"` + ownNumber + `","phone_number_id":"` + phoneID + `"},` + rest + `}}]}]}`
}

// onlyElement decodes a delivery of one element.
func onlyElement[T kirim.EventData](t testing.TB, body string) T {
	t.Helper()
	e := mustDecode(t, body)
	data, ok := e.Data[0].(T)
	if !ok || len(e.Data) != 1 {
		t.Fatalf("%d elements, the first a %T", len(e.Data), e.Data[0])
	}
	return data
}

// inbound decodes a message with an id, and with the fields of rest.
func inbound(t testing.TB, contacts, rest string) *kirim.InboundMessage {
	t.Helper()
	return onlyElement[*kirim.InboundMessage](t, metaDelivery("messages", contacts+`"messages":[{"id":"`+firstWAMID+`","timestamp":"1767225600",`+rest+`}]`))
}

func TestReplyGoesToWhoeverWrote(t *testing.T) {
	t.Parallel()
	const text, number = `"type":"text","text":{"body":"Is it ready?"}`, `"from":"6281100000001",`
	byNumber := kirim.OutboundMessage{To: "+6281100000001"}
	byUserID := kirim.OutboundMessage{Recipient: userID}
	toGroup := kirim.OutboundMessage{To: "GROUP-EXAMPLE-1", RecipientType: kirim.RecipientGroup}
	message := func(contacts, rest string) func(kirim.Content) kirim.OutboundMessage {
		return inbound(t, contacts, rest).Reply
	}
	tests := map[string]struct {
		reply func(kirim.Content) kirim.OutboundMessage
		want  kirim.OutboundMessage
	}{
		"by number":                         {message(``, number+text), byNumber},
		"by number where both are known":    {message(``, number+`"from_user_id":"`+userID+`",`+text), byNumber},
		"by user id where that is all":      {message(``, `"from_user_id":"`+userID+`",`+text), byUserID},
		"by a user id in place of a number": {message(``, `"from":"`+userID+`",`+text), byUserID},
		"by the WhatsApp id alone":          {message(`"contacts":[{"wa_id":"6281100000001"}],`, text), byNumber},
		"by user id where the number is none": {
			message(``, `"from":"77","from_user_id":"`+userID+`",`+text), byUserID,
		},
		"in the group":                      {message(``, number+`"group_id":"GROUP-EXAMPLE-1",`+text), toGroup},
		"in the group, whoever it was":      {message(``, `"group_id":"GROUP-EXAMPLE-1",`+text), toGroup},
		"to who edited":                     {message(``, number+`"type":"edit","edit":{"original_message_id":"wamid.EXAMPLE-IN-0000","message":{`+text+`}}`), byNumber},
		"to who edited, by the new message": {inbound(t, ``, number+`"type":"edit","edit":{"message":{`+text+`}}`).GetEdit().GetMessage().Reply, byNumber},
		"in the group where it was edited": {
			inbound(t, ``, number+`"group_id":"GROUP-EXAMPLE-1","type":"edit","edit":{"message":{`+text+`}}`).GetEdit().GetMessage().Reply, toGroup,
		},
		"to the new number": {
			message(``, `"from":"6281100000009","type":"system","system":{"type":"user_changed_number","body":"x","wa_id":"6281100000001"}`), byNumber,
		},
		"to the new user id, not to a number that may be another's": {
			message(``, `"from":"6281100000009","type":"system","system":{"type":"user_changed_user_id","user_id":"`+userID+`"}`), byUserID,
		},
		"to whose identity changed": {
			message(``, number+`"type":"system","system":{"type":"customer_identity_changed","identity":{"hash":"x"}}`), byNumber,
		},
		"to whom an echo was for": {
			onlyElement[*kirim.MessageEcho](t, metaDelivery("smb_message_echoes", `"message_echoes":[{"id":"`+firstWAMID+`","from":"`+ownNumber+`","to":"6281100000001",`+text+`}]`)).Reply,
			byNumber,
		},
		"to the group that an echo was for": {
			onlyElement[*kirim.MessageEcho](t, metaDelivery("smb_message_echoes", `"message_echoes":[{"id":"`+firstWAMID+`","from":"`+ownNumber+`","group_id":"GROUP-EXAMPLE-1",`+text+`}]`)).Reply,
			toGroup,
		},
		"to who wrote in the history":    {history(t, `"from":"6281100000001",`+text).Reply, byNumber},
		"to who was written to":          {history(t, `"from":"`+ownNumber+`","to":"6281100000001",`+text).Reply, byNumber},
		"to a group of the history":      {history(t, `"from":"`+ownNumber+`","group_id":"GROUP-EXAMPLE-1",`+text).Reply, toGroup},
		"to the customer of a chat":      {history(t, `"from":"`+ownNumber+`",`+text).Reply, byNumber},
		"to whom a message failed":       {status(t, `"recipient_id":"6281100000001"`).Instead, byNumber},
		"to whom it failed by a user id": {status(t, `"recipient_user_id":"`+userID+`"`).Instead, byUserID},
		"to the group where it failed": {
			status(t, `"recipient_id":"GROUP-EXAMPLE-1","recipient_type":"group","recipient_participant_id":"6281100000001"`).Instead, toGroup,
		},
		"with what the first was sent with": {
			status(t, `"recipient_id":"6281100000001","biz_opaque_callback_data":"order-77"`).Instead,
			kirim.OutboundMessage{To: "+6281100000001", CallbackData: "order-77"},
		},
		"to who calls": {
			onlyElement[*kirim.CallUpdate](t, metaDelivery("calls", `"calls":[{"id":"wacid.EXAMPLE","event":"terminate","from":"6281100000001"}]`)).From.Message, byNumber,
		},
	}
	sandbox := kirimtest.Start(t, kirimtest.WithMetaMessages())
	sandbox.Receive(kirimtest.Inbound{From: "+6281100000001"})
	sandbox.Receive(kirimtest.Inbound{UserID: userID})
	client, err := sandbox.Client()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := tt.reply(kirim.Text{Body: "Yes: " + name})
			tt.want.Content = kirim.Text{Body: "Yes: " + name}
			if got != tt.want {
				t.Fatalf("%+v, want %+v", got, tt.want)
			}
			if err := got.Validate(); err != nil {
				t.Fatal(err)
			}
			sent, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), got)
			if err != nil {
				t.Fatal(err)
			}
			messages := sandbox.Messages()
			last := messages[len(messages)-1]
			if last.ID != sent.ID || last.To != got.To || last.Recipient != got.Recipient || last.Group != (got.RecipientType == kirim.RecipientGroup) {
				t.Errorf("the sandbox has %+v", last)
			}
		})
	}
}

func history(t testing.TB, rest string) *kirim.HistoryMessage {
	t.Helper()
	chunk := onlyElement[*kirim.HistoryChunk](t, metaDelivery("history", `"history":[{"threads":[{"id":"6281100000001","messages":[{"id":"`+firstWAMID+`",`+rest+`}]}]}]`))
	return &chunk.Threads[0].Messages[0]
}

func status(t testing.TB, rest string) *kirim.StatusUpdate {
	t.Helper()
	return onlyElement[*kirim.StatusUpdate](t, metaDelivery("messages", `"statuses":[{"id":"wamid.EXAMPLE-OUT-0001","status":"failed","timestamp":"1767225600",`+rest+`}]`))
}

func TestReplyToNobodyIsRefusedByValidation(t *testing.T) {
	t.Parallel()
	text := kirim.Text{Body: "Hello?"}
	for name, message := range map[string]kirim.OutboundMessage{
		"no message":          (*kirim.InboundMessage)(nil).Reply(text),
		"no message to quote": (*kirim.InboundMessage)(nil).Quote(text),
		"no sender":           inbound(t, ``, `"type":"text"`).Reply(text),
		"no echo":             (*kirim.MessageEcho)(nil).Reply(text),
		"no status":           (*kirim.StatusUpdate)(nil).Instead(text),
		"no history":          (*kirim.HistoryMessage)(nil).Reply(text),
		"nobody":              kirim.Person{}.Message(text),
		"the number itself": onlyElement[*kirim.MessageEcho](t, metaDelivery("smb_message_echoes",
			`"message_echoes":[{"from":"`+ownNumber+`","to":"6281100000001","type":"text","text":{"body":"x"}}]`)).Message.Reply(text),
	} {
		var refused *kirim.ValidationError
		if err := message.Validate(); !errors.As(err, &refused) || refused.Violations[0].Path != "to" || refused.Violations[0].Actual != "empty" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := inbound(t, ``, `"from":"6281100000001","type":"text"`).Quote(nil).Validate(); err == nil || !strings.Contains(err.Error(), "type: want a content, got none") {
		t.Errorf("no content: %v", err)
	}
}

func TestReplyQuotesWhatCanBeQuoted(t *testing.T) {
	t.Parallel()
	wrote := func(typ, rest string) *kirim.InboundMessage {
		return inbound(t, ``, `"from":"6281100000001","type":"`+typ+`"`+rest)
	}
	text := kirim.Text{Body: "Yes."}
	for name, tt := range map[string]struct {
		message *kirim.InboundMessage
		content kirim.Content
		want    string
	}{
		"a text":                            {wrote("text", `,"text":{"body":"x"}`), text, firstWAMID},
		"a picture, by a picture":           {wrote("image", ``), &kirim.Image{ID: "1"}, firstWAMID},
		"what could not be shown":           {wrote("unsupported", ``), text, firstWAMID},
		"in a group":                        {wrote("text", `,"group_id":"GROUP-EXAMPLE-1"`), text, firstWAMID},
		"the original of an edit":           {wrote("edit", `,"edit":{"original_message_id":"wamid.EXAMPLE-IN-0000"}`), text, "wamid.EXAMPLE-IN-0000"},
		"an edit of an unknown original":    {wrote("edit", ``), text, firstWAMID},
		"by a sticker":                      {wrote("text", ``), kirim.Sticker{ID: "1"}, firstWAMID},
		"not by a template":                 {wrote("text", ``), kirim.Template{Name: "a", Language: "id"}, ""},
		"not by the address of a template":  {wrote("text", ``), &kirim.Template{Name: "a", Language: "id"}, ""},
		"not by a reaction":                 {wrote("text", ``), &kirim.Reaction{MessageID: firstWAMID, Emoji: "🎉"}, ""},
		"not by a reaction of another form": {wrote("text", ``), &kirim.Raw{Type: "reaction", Object: map[string]string{"message_id": firstWAMID}}, ""},
		"not by a pin":                      {wrote("text", ``), kirim.Raw{Type: "pin", Object: map[string]string{"message_id": firstWAMID}}, ""},
		"no reaction":                       {wrote("reaction", ``), text, ""},
		"no notice":                         {wrote("system", ``), text, ""},
		"nothing deleted":                   {wrote("revoke", `,"revoke":{"original_message_id":"wamid.EXAMPLE-IN-0000"}`), text, ""},
		"no first contact":                  {wrote("request_welcome", ``), text, ""},
	} {
		quoting, plain := tt.message.Quote(tt.content), tt.message.Reply(tt.content)
		if quoting.ReplyTo != tt.want {
			t.Errorf("%s: quotes %q, want %q", name, quoting.ReplyTo, tt.want)
		}
		if quoting.ReplyTo = ""; quoting.To != plain.To || quoting.RecipientType != plain.RecipientType || plain.ReplyTo != "" {
			t.Errorf("%s: %+v beside the plain %+v", name, quoting, plain)
		}
		if err := tt.message.Quote(tt.content).Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReplyReachesEveryCustomerOfTheSandbox(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]kirimtest.Inbound{
		"by number":  {From: "+6281100000001"},
		"by both":    {From: "+6281100000001", UserID: userID},
		"by user id": {UserID: userID},
		"in a group": {From: "+6281100000001", GroupID: "GROUP-EXAMPLE-1"},
	} {
		verifier, err := kirim.NewWebhookVerifier(testSecret)
		if err != nil {
			t.Fatal(err)
		}
		hooks := kirim.NewWebhookHandler(verifier)
		sandbox := kirimtest.Start(t, kirimtest.WithMetaMessages(), kirimtest.WithWebhookHandler(hooks), kirimtest.WithWebhookSecret(testSecret))
		client, err := sandbox.Client()
		if err != nil {
			t.Fatal(err)
		}
		hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
			_, err := client.PhoneNumber(m.PhoneNumberID).Messages.Send(ctx, m.Quote(kirim.Text{Body: "Yes."}))
			return err
		})
		sandbox.Subscribe("https://hooks.example.com/kirim", "message.received")
		wrote := sandbox.Receive(in)
		sandbox.Settle()
		if got := sandbox.Messages(); len(got) != 1 || got[0].To != cmp.Or(in.GroupID, in.From) || got[0].Group != (in.GroupID != "") ||
			(got[0].Recipient != "") != (in.From == "") || !strings.Contains(string(got[0].Body), wrote.WAMID) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestReactionIsToWhatWasWritten(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rest string
		want kirim.OutboundMessage
	}{
		"to a text": {`"from":"6281100000001","type":"text"`, kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Reaction{MessageID: firstWAMID, Emoji: "🎉"}}},
		"in a group": {`"from":"6281100000001","group_id":"GROUP-EXAMPLE-1","type":"text"`, kirim.OutboundMessage{
			To: "GROUP-EXAMPLE-1", RecipientType: kirim.RecipientGroup, Content: kirim.Reaction{MessageID: firstWAMID, Emoji: "🎉"},
		}},
		"to the original of an edit": {`"from_user_id":"` + userID + `","type":"edit","edit":{"original_message_id":"wamid.EXAMPLE-IN-0000"}`, kirim.OutboundMessage{
			Recipient: userID, Content: kirim.Reaction{MessageID: "wamid.EXAMPLE-IN-0000", Emoji: "🎉"},
		}},
	} {
		if got := inbound(t, ``, tt.rest).React("🎉"); got != tt.want || got.Validate() != nil {
			t.Errorf("%s: %+v, want %+v; %v", name, got, tt.want, got.Validate())
		}
	}
	if err := inbound(t, ``, `"from":"6281100000001","type":"text"`).React("").Validate(); err != nil {
		t.Errorf("taken back: %v", err)
	}
	for name, m := range map[string]*kirim.InboundMessage{
		"to a reaction": inbound(t, ``, `"from":"6281100000001","type":"reaction"`),
		"to a deletion": inbound(t, ``, `"from":"6281100000001","type":"revoke"`),
		"to nothing":    nil,
	} {
		var refused *kirim.ValidationError
		if err := m.React("🎉").Validate(); !errors.As(err, &refused) || refused.Violations[len(refused.Violations)-1].Path != "reaction.message_id" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTemplateGoesFirstToAUserIDWhoseWindowIsClosed(t *testing.T) {
	t.Parallel()
	for ago, want := range map[time.Duration]string{time.Hour: `"type":"text"`, 25 * time.Hour: `"type":"template"`} {
		synctest.Test(t, func(t *testing.T) {
			windows := kirim.NewMemoryWindowStore(0)
			windows.Opened(t.Context(), phoneID, userID, time.Now())
			time.Sleep(ago)
			w := newWire(accepted)
			messages := w.client(t, kirim.WithWindowStore(windows)).PhoneNumber(phoneID).Messages
			reply := inbound(t, ``, `"from_user_id":"`+userID+`","type":"text"`).Reply(kirim.Text{Body: "Yes."})
			_, err := messages.SendOrTemplate(t.Context(), reply, reminder)
			if sent := w.seen(); err != nil || len(sent) != 1 || !strings.Contains(sent[0].body, want) || !strings.Contains(sent[0].body, `"recipient":"`+userID+`"`) {
				t.Errorf("after %s: %v, %+v", ago, err, sent)
			}
		})
	}
}

func ExampleInboundMessage_Reply() {
	// The customer hides the number behind a user name.
	event, err := kirim.DecodeEvent(nil, []byte(`{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": {
		"metadata": {"phone_number_id": "200000000000001"},
		"messages": [{"from_user_id": "ID.70000000000000001", "id": "wamid.EXAMPLE-IN-0001", "type": "text", "text": {"body": "Is it ready?"}}]
	}}]}]}`))
	if err != nil {
		log.Fatal(err)
	}
	m := event.Data[0].(*kirim.InboundMessage)
	reply := m.Reply(kirim.Text{Body: "Yes, come by until six."})
	fmt.Println("from", m.PhoneNumberID, "to", reply.Recipient, reply.Validate())
	fmt.Println("quoting", m.Quote(kirim.Text{Body: "Yes."}).ReplyTo)
	// Output:
	// from 200000000000001 to ID.70000000000000001 <nil>
	// quoting wamid.EXAMPLE-IN-0001
}
