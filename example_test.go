package kirim_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// The examples run against the sandbox, where a customer has just written.
const customer = "+6281100000001"

func exampleSandbox() (*kirimtest.Server, *kirim.Client) {
	sandbox := kirimtest.NewServer()
	sandbox.Receive(kirimtest.Inbound{From: customer, Name: "Sari", Text: "Is it ready?"})
	client, err := sandbox.Client()
	if err != nil {
		log.Fatal(err)
	}
	return sandbox, client
}

func ExampleClient_Me() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	me, err := client.Me(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(me.RateLimits.Tier, me.RateLimits.WritePerMinute, "writes a minute")
	// Output: free 60 writes a minute
}

func ExampleClient_Do() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	// An operation that has no method yet.
	var answer struct {
		Data struct {
			Organization struct{ Object string }
		}
	}
	if err := client.Do(ctx, "GET", "/me", nil, nil, &answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Data.Organization.Object)
	// Output: organization
}

func ExampleMessagesService_Send() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	var said kirim.Response
	sent, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(ctx, kirim.OutboundMessage{
		To:      customer,
		Content: kirim.Text{Body: "Your order has left the house."},
	}, kirim.WithIdempotencyKey("order-1042:shipped"), kirim.WithResponse(&said))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent.Status, "after", said.Attempts, "attempt,", said.RateLimit.Remaining, "sends left")
	// Output: pending after 1 attempt, 59 sends left
}

func ExampleMessagesService_SendOrTemplate() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	sent, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.SendOrTemplate(ctx,
		kirim.OutboundMessage{To: "+6281100000002", Content: kirim.Text{Body: "Your order has left the house."}},
		kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the template was sent:", sent.UsedTemplate)
	// Output: the template was sent: true
}

func ExampleMessagesService_All() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	messages := client.PhoneNumber(sandbox.PhoneNumberID).Messages
	for message, err := range messages.All(ctx, kirim.MessageListParams{Direction: kirim.MessageInbound}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(message.Type, message.Content)
	}
	// Output: text Is it ready?
}

func ExampleMessagesService_Media() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()
	photo := sandbox.Receive(kirimtest.Inbound{From: customer, Type: "image", Media: &kirimtest.Media{
		ContentType: "image/jpeg", Filename: "../receipt.jpg", Data: []byte("not really a picture"),
	}})

	media, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Media(ctx, photo.ID, kirim.MediaParams{MaxBytes: 5 << 20})
	if err != nil {
		log.Fatal(err)
	}
	defer media.Close()
	n, err := io.Copy(io.Discard, media)
	fmt.Println(media.Filename, media.ContentType, n, err)
	// Output: receipt.jpg image/jpeg 20 <nil>
}

func ExampleTemplatesService_Create() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()
	templates := client.PhoneNumber(sandbox.PhoneNumberID).Templates

	_, err := templates.Create(ctx, kirim.DefineOneTimeCode("sign_in", "id", kirim.OneTimeCodeOptions{ExpirationMinutes: 5}))
	if err != nil {
		log.Fatal(err)
	}
	template, err := templates.WaitApproved(ctx, "sign_in", "id")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(template.Name, template.Status)
	// Output: sign_in approved
}

func ExampleConversationsService_Update() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()
	conversations := client.PhoneNumber(sandbox.PhoneNumberID).Conversations

	for conversation, err := range conversations.All(ctx, kirim.ConversationListParams{Status: kirim.ConversationOpen}) {
		if err != nil {
			log.Fatal(err)
		}
		closed, err := conversations.Update(ctx, conversation.ID, kirim.ConversationUpdateParams{
			Status:     kirim.ConversationResolved,
			AssignedTo: kirim.Clear[string](), // to nobody
		})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(closed.Contact.Name, closed.Status, closed.Assignee == nil)
	}
	// Output: Sari resolved true
}

func ExampleContactsService_BulkLabel() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()
	contacts := client.PhoneNumber(sandbox.PhoneNumberID).Contacts
	label, err := client.Labels.Create(ctx, kirim.LabelCreateParams{Name: "VIP", Color: kirim.LabelAmber})
	if err != nil {
		log.Fatal(err)
	}

	var ids []string
	for contact, err := range contacts.All(ctx, kirim.ContactListParams{Search: "sari"}) {
		if err != nil {
			log.Fatal(err)
		}
		ids = append(ids, contact.ID)
	}
	done, err := contacts.BulkLabel(ctx, kirim.BulkLabelParams{ContactIDs: ids, LabelID: label.ID, Operation: kirim.LabelAttach})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Applied, "labelled")
	// Output: 1 labelled
}

func ExampleLabelsService_Create() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	label, err := client.Labels.Create(ctx, kirim.LabelCreateParams{Name: "Waiting for payment"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(label.Name, label.Color)
	// Output: Waiting for payment gray
}

func ExampleAccountsService_List() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	accounts, err := client.Accounts.List(ctx, kirim.AccountListParams{})
	if err != nil {
		log.Fatal(err)
	}
	for _, account := range accounts.Items {
		fmt.Println(account.PhoneNumberID, account.Status)
	}
	// Output: 106540352242922 connected
}

func ExampleCustomersService_CreateSetupLink() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	shop, err := client.Customers.Create(ctx, kirim.CustomerCreateParams{Name: "Toko Contoh"})
	if err != nil {
		log.Fatal(err)
	}
	link, err := client.Customers.CreateSetupLink(ctx, shop.ID, kirim.SetupLinkCreateParams{ExpiresInHours: 24})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(shop.Status, link.Status, link.SetupURL != "")
	// Output: pending active true
}

func ExampleWebhookSubscriptionsService_Create() {
	ctx := context.Background()
	sandbox, client := exampleSandbox()
	defer sandbox.Close()

	subscription, err := client.WebhookSubscriptions.Create(ctx, kirim.WebhookSubscriptionCreateParams{
		URL:    "https://shop.example/webhooks/kirim",
		Events: []kirim.WebhookEventType{kirim.EventMessageReceived, kirim.EventMessageStatus},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Keep the secret: it is shown once, and never by fmt.
	fmt.Println(subscription.Status, subscription.InitialSecret, string(subscription.InitialSecret) != "")
	// Output: active [redacted] true
}

func ExampleWebhookDeliveriesService_BulkReplay() {
	ctx := context.Background()
	gone := http.NotFoundHandler() // the receiver refuses what comes
	sandbox := kirimtest.NewServer(kirimtest.WithWebhookHandler(gone))
	defer sandbox.Close()
	subscription := sandbox.Subscribe("https://shop.example/webhooks/kirim")
	sandbox.Receive(kirimtest.Inbound{From: customer, Text: "Is it ready?"})
	sandbox.Settle()
	client, err := sandbox.Client()
	if err != nil {
		log.Fatal(err)
	}

	for delivery, err := range client.WebhookDeliveries.All(ctx, kirim.WebhookDeliveryListParams{EventType: kirim.EventMessageReceived}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(delivery.EventType, delivery.Status, delivery.ResponseStatus)
	}
	result, err := client.WebhookDeliveries.BulkReplay(ctx, kirim.BulkReplayParams{
		SubscriptionID: subscription.ID,
		Status:         kirim.DeliveryFailed,
		EventType:      kirim.EventMessageReceived,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Enqueued, "enqueued again")
	// Output:
	// message.received failed 404
	// 1 enqueued again
}

func ExampleWebhookHandler() {
	verifier, err := kirim.NewWebhookVerifier("whsec_EXAMPLE")
	if err != nil {
		log.Fatal(err)
	}
	hooks := kirim.NewWebhookHandler(verifier)
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		fmt.Println(m.From.E164(), "wrote", m.Text)
		return nil
	})

	const body = `{"entry":[{"changes":[{"value":{"messages":[
		{"id":"wamid.1","from":"6281100000001","type":"text","text":{"body":"Is it ready?"}}]}}]}]}`
	for _, secret := range []string{"whsec_EXAMPLE", "whsec_EXAMPLE", "whsec_SOMEBODY_ELSE"} {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/kirim", strings.NewReader(body))
		r.Header.Set("X-Kirim-Signature", kirim.SignWebhook(secret, time.Now(), []byte(body)))
		w := httptest.NewRecorder()
		hooks.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// +6281100000001 wrote Is it ready?
	// 200
	// 200
	// 401
}

// A send that is accepted may still fail. SendAndWait tells, and sends the
// template when it was for the 24-hour window.
func ExampleMessagesService_SendAndWait() {
	ctx := context.Background()
	sandbox := kirimtest.NewServer(kirimtest.WithLateRefusals(), kirimtest.WithStatusPlan(kirimtest.Delivered()))
	defer sandbox.Close()
	client, err := sandbox.Client()
	if err != nil {
		log.Fatal(err)
	}
	text := kirim.OutboundMessage{To: customer, Content: kirim.Text{Body: "Is it ready?"}}
	template := kirim.Template{Name: "appointment_reminder", Language: "id"}

	message, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.SendAndWait(ctx, text, &template)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(message.Status, message.UsedTemplate)
	// Output: delivered true
}
