package kirim_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// operation is one method, ready to be called.
type operation struct {
	name  string // as in Client.PhoneNumber(…).name or Client.name
	route string // method and path, with PHONE and ID for what may be hostile
	query string
	body  string // of the request
	ok    []answer
	polls bool // waits for better times by itself
	call  func(ctx context.Context, c *kirim.Client, phone, id string, opts ...kirim.RequestOption) error
}

var (
	okOne       = []answer{{status: 200, body: `{"data":{},"request_id":"req_1"}`}}
	okSend      = []answer{{status: 200, body: `{"data":{"id":"msg_1"},"request_id":"req_1"}`}}
	okList      = []answer{{status: 200, body: `{"data":[],"has_more":false,"next_cursor":null,"request_id":"req_1"}`}}
	okMedia     = []answer{{status: 302, header: map[string]string{"Location": "https://cdn.example/f.jpg"}}, {status: 200, body: "JPEG"}}
	okDelivered = []answer{{status: 200, body: `{"data":{"id":"msg_1","status":"delivered"}}`}}
	okWait      = []answer{{status: 200, body: `{"data":{"status":"approved"}}`}}
	noon        = time.Date(2026, 5, 23, 19, 0, 0, 500e6, time.FixedZone("WIB", 7*3600))
)

// one adapts a call that returns a value.
func one[T any](_ T, err error) error { return err }

// drain reads an iterator to its end.
func drain[T any](seq iter.Seq2[*T, error]) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

type ctx = context.Context

// operations are all methods that make requests; see
// TestNoOperationIsForgotten.
var operations = []operation{
	{name: "Me", route: "GET /me", call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error { return one(c.Me(x, o...)) }},
	{name: "Health", route: "GET /health", call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error { return c.Health(x, o...) }},
	{name: "OpenAPI", route: "GET /openapi.json", call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.OpenAPI(x, o...))
	}},

	{name: "Accounts.List", route: "GET /accounts", query: "status=all", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.Accounts.List(x, kirim.AccountListParams{Status: kirim.AccountStatusAll}, o...))
	}},
	{name: "Accounts.All", route: "GET /accounts", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return drain(c.Accounts.All(x, kirim.AccountListParams{}, o...))
	}},

	{name: "Labels.List", route: "GET /labels", query: "cursor=c%3D&limit=10&team_id=t", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.Labels.List(x, kirim.LabelListParams{TeamID: "t", Limit: 10, Cursor: "c="}, o...))
	}},
	{name: "Labels.All", route: "GET /labels", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return drain(c.Labels.All(x, kirim.LabelListParams{}, o...))
	}},
	{name: "Labels.Create", route: "POST /labels", body: `{"name":"VIP","color":"sky","team_id":"t"}`, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.Labels.Create(x, kirim.LabelCreateParams{Name: "VIP", Color: kirim.LabelSky, TeamID: "t"}, o...))
	}},
	{name: "Labels.Update", route: "PATCH /labels/ID", body: `{"color":"red"}`, call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Labels.Update(x, id, kirim.LabelUpdateParams{Color: kirim.LabelRed}, o...))
	}},
	{name: "Labels.Delete", route: "DELETE /labels/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return c.Labels.Delete(x, id, o...)
	}},

	{name: "Customers.List", route: "GET /customers", query: "search=a&status=active&team_id=t", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.Customers.List(x, kirim.CustomerListParams{Status: kirim.CustomerActive, TeamID: "t", Search: "a"}, o...))
	}},
	{name: "Customers.All", route: "GET /customers", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return drain(c.Customers.All(x, kirim.CustomerListParams{}, o...))
	}},
	{name: "Customers.Get", route: "GET /customers/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Customers.Get(x, id, o...))
	}},
	{name: "Customers.Create", route: "POST /customers", body: `{"name":"Toko","metadata":{"a":1}}`, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.Customers.Create(x, kirim.CustomerCreateParams{Name: "Toko", Metadata: kirim.Metadata{"a": 1}}, o...))
	}},
	{name: "Customers.Update", route: "PATCH /customers/ID", body: `{"email":null,"metadata":{}}`, call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Customers.Update(x, id, kirim.CustomerUpdateParams{Email: kirim.Clear[string](), Metadata: kirim.Set(kirim.Metadata{})}, o...))
	}},
	{name: "Customers.Archive", route: "DELETE /customers/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Customers.Archive(x, id, o...))
	}},
	{name: "Customers.ListSetupLinks", route: "GET /customers/ID/setup_links", query: "status=active", ok: okList, call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Customers.ListSetupLinks(x, id, kirim.SetupLinkListParams{Status: kirim.SetupLinkActive}, o...))
	}},
	{name: "Customers.CreateSetupLink", route: "POST /customers/ID/setup_links", body: `{"expires_in_hours":24}`, call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Customers.CreateSetupLink(x, id, kirim.SetupLinkCreateParams{ExpiresInHours: 24}, o...))
	}},
	{name: "Customers.UpdateSetupLink", route: "PATCH /customers/ID/setup_links/ID", body: `{"success_redirect_url":"https://a.example/","failure_redirect_url":null}`, call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Customers.UpdateSetupLink(x, id, id, kirim.SetupLinkUpdateParams{SuccessRedirectURL: kirim.Set("https://a.example/"), FailureRedirectURL: kirim.Clear[string]()}, o...))
	}},
	{name: "Customers.RevokeSetupLink", route: "DELETE /customers/ID/setup_links/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.Customers.RevokeSetupLink(x, id, id, o...))
	}},

	{name: "WebhookSubscriptions.List", route: "GET /webhook_subscriptions", query: "limit=1", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.WebhookSubscriptions.List(x, kirim.WebhookSubscriptionListParams{Limit: 1}, o...))
	}},
	{name: "WebhookSubscriptions.All", route: "GET /webhook_subscriptions", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return drain(c.WebhookSubscriptions.All(x, kirim.WebhookSubscriptionListParams{}, o...))
	}},
	{name: "WebhookSubscriptions.Get", route: "GET /webhook_subscriptions/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.WebhookSubscriptions.Get(x, id, o...))
	}},
	{name: "WebhookSubscriptions.Create", route: "POST /webhook_subscriptions", body: `{"url":"https://a.example/hook","events":["message.received","brand.new"]}`, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.WebhookSubscriptions.Create(x, kirim.WebhookSubscriptionCreateParams{URL: "https://a.example/hook", Events: []kirim.WebhookEventType{kirim.EventMessageReceived, "brand.new"}}, o...))
	}},
	{name: "WebhookSubscriptions.Update", route: "PATCH /webhook_subscriptions/ID", body: `{"description":null,"status":"active"}`, call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.WebhookSubscriptions.Update(x, id, kirim.WebhookSubscriptionUpdateParams{Description: kirim.Clear[string](), Status: kirim.SubscriptionActive}, o...))
	}},
	{name: "WebhookSubscriptions.Delete", route: "DELETE /webhook_subscriptions/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return c.WebhookSubscriptions.Delete(x, id, o...)
	}},
	{name: "WebhookSubscriptions.AddSecret", route: "POST /webhook_subscriptions/ID/secrets", body: `{"expires_in_hours":48}`, call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.WebhookSubscriptions.AddSecret(x, id, kirim.SigningSecretCreateParams{ExpiresInHours: 48}, o...))
	}},
	{name: "WebhookSubscriptions.RevokeSecret", route: "DELETE /webhook_subscriptions/ID/secrets/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return c.WebhookSubscriptions.RevokeSecret(x, id, id, o...)
	}},

	{name: "WebhookDeliveries.List", route: "GET /webhook_deliveries", query: "created_after=2026-05-23T12%3A00%3A00.5Z&event_type=contact.created&status=dead&subscription_id=s", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.WebhookDeliveries.List(x, kirim.WebhookDeliveryListParams{SubscriptionID: "s", Status: kirim.DeliveryDead, EventType: kirim.EventContactCreated, CreatedAfter: noon}, o...))
	}},
	{name: "WebhookDeliveries.All", route: "GET /webhook_deliveries", ok: okList, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return drain(c.WebhookDeliveries.All(x, kirim.WebhookDeliveryListParams{}, o...))
	}},
	{name: "WebhookDeliveries.Get", route: "GET /webhook_deliveries/ID", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.WebhookDeliveries.Get(x, id, o...))
	}},
	{name: "WebhookDeliveries.Replay", route: "POST /webhook_deliveries/ID/replay", call: func(x ctx, c *kirim.Client, _, id string, o ...kirim.RequestOption) error {
		return one(c.WebhookDeliveries.Replay(x, id, o...))
	}},
	{name: "WebhookDeliveries.BulkReplay", route: "POST /webhook_deliveries/bulk_replay", body: `{"subscription_id":"s","created_before":"2026-05-23T12:00:00.5Z"}`, call: func(x ctx, c *kirim.Client, _, _ string, o ...kirim.RequestOption) error {
		return one(c.WebhookDeliveries.BulkReplay(x, kirim.BulkReplayParams{SubscriptionID: "s", CreatedBefore: noon}, o...))
	}},

	{name: "Messages.Send", route: "POST /PHONE/messages", body: `{"messaging_product":"whatsapp","to":"+6281100000001","type":"text","text":{"body":"Halo"}}`, ok: okSend, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.Send(x, hello, o...))
	}},
	{name: "Messages.SendOrTemplate", route: "POST /PHONE/messages", body: `{"messaging_product":"whatsapp","to":"+6281100000001","type":"text","text":{"body":"Halo"}}`, ok: okSend, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.SendOrTemplate(x, hello, reminder, o...))
	}},
	{name: "Messages.MarkRead", route: "POST /PHONE/messages", body: `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.MarkRead(x, "wamid.1", o...))
	}},
	{name: "Messages.ShowTyping", route: "POST /PHONE/messages", body: `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","typing_indicator":{"type":"text"}}`, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.ShowTyping(x, "wamid.1", o...))
	}},
	{name: "Messages.List", route: "GET /PHONE/messages", query: "conversation_id=cnv&created_after=2026-05-23T12%3A00%3A00.5Z&direction=inbound&status=failed", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.List(x, kirim.MessageListParams{ConversationID: "cnv", Direction: kirim.MessageInbound, Status: kirim.MessageFailed, CreatedAfter: noon}, o...))
	}},
	{name: "Messages.All", route: "GET /PHONE/messages", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return drain(c.PhoneNumber(phone).Messages.All(x, kirim.MessageListParams{}, o...))
	}},
	{name: "Messages.Wait", route: "GET /PHONE/messages/ID", ok: okDelivered, polls: true, call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.Wait(x, id, o...))
	}},
	{name: "Messages.SendAndWait", route: "POST /PHONE/messages", body: `{"messaging_product":"whatsapp","to":"+6281100000001","type":"text","text":{"body":"Halo"}}`, ok: append(slices.Clip(okSend), okDelivered...), call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.SendAndWait(x, hello, &reminder, o...))
	}},
	{name: "Messages.Get", route: "GET /PHONE/messages/ID", call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Messages.Get(x, id, o...))
	}},
	{name: "Messages.Media", route: "GET /PHONE/messages/ID/media", ok: okMedia, call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		m, err := c.PhoneNumber(phone).Messages.Media(x, id, kirim.MediaParams{}, o...)
		if err != nil {
			return err
		}
		return m.Close()
	}},

	{name: "Templates.List", route: "GET /PHONE/templates", query: "language=id&status=all", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Templates.List(x, kirim.TemplateListParams{Status: kirim.TemplateStatusAll, Language: "id"}, o...))
	}},
	{name: "Templates.All", route: "GET /PHONE/templates", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return drain(c.PhoneNumber(phone).Templates.All(x, kirim.TemplateListParams{}, o...))
	}},
	{name: "Templates.Get", route: "GET /PHONE/templates/ID", query: "language=en_US", call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Templates.Get(x, id, "en_US", o...))
	}},
	{name: "Templates.Create", route: "POST /PHONE/templates", body: `{"name":"n","category":"UTILITY","language":"id","components":[{"type":"BODY","text":"Halo"}],"messageSendTtlSeconds":60}`, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Templates.Create(x, kirim.TemplateCreateParams{Name: "n", Category: kirim.TemplateUtility, Language: "id", Components: []kirim.ComponentDefinition{kirim.DefineBody("Halo")}, TTLSeconds: 60}, o...))
	}},
	{name: "Templates.Sync", route: "POST /PHONE/templates/sync", call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Templates.Sync(x, o...))
	}},
	{name: "Templates.WaitApproved", route: "GET /PHONE/templates/ID", ok: okWait, polls: true, call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Templates.WaitApproved(x, id, "", o...))
	}},

	{name: "Conversations.List", route: "GET /PHONE/conversations", query: "contact_id=ctc&status=open&updated_since=2026-05-23T12%3A00%3A00.5Z", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Conversations.List(x, kirim.ConversationListParams{Status: kirim.ConversationOpen, ContactID: "ctc", UpdatedSince: noon}, o...))
	}},
	{name: "Conversations.All", route: "GET /PHONE/conversations", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return drain(c.PhoneNumber(phone).Conversations.All(x, kirim.ConversationListParams{}, o...))
	}},
	{name: "Conversations.Get", route: "GET /PHONE/conversations/ID", call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Conversations.Get(x, id, o...))
	}},
	{name: "Conversations.Update", route: "PATCH /PHONE/conversations/ID", body: `{"assigned_to":null}`, call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Conversations.Update(x, id, kirim.ConversationUpdateParams{AssignedTo: kirim.Clear[string]()}, o...))
	}},
	{name: "Conversations.AttachLabel", route: "POST /PHONE/conversations/ID/labels", body: `{"label_id":"lbl"}`, call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Conversations.AttachLabel(x, id, "lbl", o...))
	}},
	{name: "Conversations.DetachLabel", route: "DELETE /PHONE/conversations/ID/labels/ID", call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Conversations.DetachLabel(x, id, id, o...))
	}},

	{name: "Contacts.List", route: "GET /PHONE/contacts", query: "limit=100&phone=%2B6281&search=ana+b", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Contacts.List(x, kirim.ContactListParams{Phone: "+6281", Search: "ana b", Limit: 100}, o...))
	}},
	{name: "Contacts.All", route: "GET /PHONE/contacts", ok: okList, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return drain(c.PhoneNumber(phone).Contacts.All(x, kirim.ContactListParams{}, o...))
	}},
	{name: "Contacts.Get", route: "GET /PHONE/contacts/ID", call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Contacts.Get(x, id, o...))
	}},
	{name: "Contacts.Create", route: "POST /PHONE/contacts", body: `{"phone_number":"+6281100000001","name":"Ana","metadata":{"tier":"gold"}}`, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Contacts.Create(x, kirim.ContactCreateParams{PhoneNumber: "+6281100000001", Name: "Ana", Metadata: kirim.Metadata{"tier": "gold"}}, o...))
	}},
	{name: "Contacts.Update", route: "PATCH /PHONE/contacts/ID", body: `{"name":"","email":"a@b.example","metadata":null}`, call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Contacts.Update(x, id, kirim.ContactUpdateParams{Name: new(string), Email: kirim.Set("a@b.example"), Metadata: kirim.Clear[kirim.Metadata]()}, o...))
	}},
	{name: "Contacts.Delete", route: "DELETE /PHONE/contacts/ID", call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return c.PhoneNumber(phone).Contacts.Delete(x, id, o...)
	}},
	{name: "Contacts.AttachLabel", route: "POST /PHONE/contacts/ID/labels", body: `{"label_id":"lbl"}`, call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Contacts.AttachLabel(x, id, "lbl", o...))
	}},
	{name: "Contacts.DetachLabel", route: "DELETE /PHONE/contacts/ID/labels/ID", call: func(x ctx, c *kirim.Client, phone, id string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Contacts.DetachLabel(x, id, id, o...))
	}},
	{name: "Contacts.BulkLabel", route: "POST /PHONE/contacts/bulk_label", body: `{"contact_ids":["ctc"],"label_id":"lbl","operation":"attach"}`, call: func(x ctx, c *kirim.Client, phone, _ string, o ...kirim.RequestOption) error {
		return one(c.PhoneNumber(phone).Contacts.BulkLabel(x, kirim.BulkLabelParams{LabelID: "lbl", Operation: kirim.LabelAttach, ContactIDs: []string{"ctc"}}, o...))
	}},
}

func TestNoOperationIsForgotten(t *testing.T) {
	t.Parallel()
	var want []string
	client := reflect.TypeFor[*kirim.Client]()
	for i := range client.NumMethod() {
		switch name := client.Method(i).Name; name {
		case "Do", "MediaAt", "Validate", "PhoneNumber", "RateLimit", "BaseURL", "CloseIdleConnections", "String", "GoString":
		default:
			want = append(want, name)
		}
	}
	for _, owner := range []reflect.Type{client.Elem(), reflect.TypeFor[kirim.PhoneNumber]()} {
		for i := range owner.NumField() {
			if field := owner.Field(i); field.IsExported() {
				for j := range field.Type.NumMethod() {
					if name := field.Name + "." + field.Type.Method(j).Name; name != "Messages.KeyLifetime" {
						want = append(want, name)
					}
				}
			}
		}
	}
	var got []string
	for _, op := range operations {
		got = append(got, op.name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("tested are %q, not %q", got, want)
	}
	t.Logf("%d operations", len(got))
}

// answers are those before, then the successful ones.
func (op operation) answers(before ...answer) []answer {
	ok := op.ok
	if ok == nil {
		ok = okOne
	}
	return append(before, ok...)
}

const phone, someID = "106540352242922", "xyz_01"

// path is the URL for two ids.
func (op operation) path(phone, id string) string {
	_, path, _ := strings.Cut(op.route, " ")
	segments := strings.Split(path, "/")
	for i, s := range segments {
		switch s {
		case "PHONE":
			segments[i] = url.PathEscape(phone)
		case "ID":
			segments[i] = url.PathEscape(id)
		}
	}
	return testBase + strings.Join(segments, "/")
}

// forEachOperation runs a test under virtual time.
func forEachOperation(t *testing.T, test func(t *testing.T, op operation)) {
	t.Parallel()
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, op) })
		})
	}
}

func TestEachOperationAsksForWhatItSays(t *testing.T) {
	forEachOperation(t, func(t *testing.T, op operation) {
		w := newWire(op.answers()...)
		var said kirim.Response
		err := op.call(t.Context(), w.client(t), phone, someID, kirim.WithResponse(&said), kirim.WithIdempotencyKey("key"))
		if err != nil {
			t.Fatal(err)
		}
		want := op.path(phone, someID)
		if op.query != "" {
			want += "?" + op.query
		}
		method, _, _ := strings.Cut(op.route, " ")
		got := w.seen()[0]
		if got.method != method || got.url != want || got.body != op.body {
			t.Errorf("it asked %s %s %s, not %s %s %s", got.method, got.url, got.body, method, want, op.body)
		}
		if said.Attempts != 1 || said.StatusCode == 0 {
			t.Errorf("WithResponse got %+v", said)
		}
		key := ""
		if method == http.MethodPost {
			key = "key"
		}
		if got.header.Get("Idempotency-Key") != key {
			t.Errorf("the key is %q, not %q", got.header.Get("Idempotency-Key"), key)
		}
	})
}

func TestEachOperationTakesAny2xxForSuccess(t *testing.T) {
	forEachOperation(t, func(t *testing.T, op operation) {
		if op.name == "Messages.Media" || op.name == "Messages.SendAndWait" || op.polls {
			return // these need more of a response; see their own tests
		}
		for _, status := range []int{200, 201, 202, 204} {
			answers := op.answers()
			a := answers[len(answers)-1]
			a.status = status
			if status == 204 {
				a.body = ""
			}
			if err := op.call(t.Context(), newWire(a).client(t), phone, someID); err != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
	})
}

func TestEachOperationReportsEachFailure(t *testing.T) {
	html := answer{status: 502, body: "<html><body>502 Bad Gateway</body></html>", header: map[string]string{"Content-Type": "text/html"}}
	cut := answer{status: 200, body: `{"data":`, cut: io.ErrUnexpectedEOF}
	for _, failure := range []struct {
		name     string
		answers  []answer
		ok       bool // a success follows
		requests int
		check    func(error) bool
	}{
		{"401", []answer{{status: 401, body: envelope(kirim.TypeAuthentication, kirim.CodeRevokedAPIKey)}}, false, 1,
			func(err error) bool {
				return kirim.IsAuthentication(err) && errors.Is(err, kirim.CodeRevokedAPIKey)
			}},
		{"404", []answer{{status: 404, body: envelope(kirim.TypeNotFound, kirim.CodeResourceNotFound)}}, false, 1, kirim.IsNotFound},
		{"422 with param", []answer{{status: 422, body: `{"error":{"type":"invalid_request_error","code":"invalid_field_value","param":"name","message":"m","request_id":"r"}}`}}, false, 1,
			func(err error) bool {
				var e *kirim.Error
				return errors.As(err, &e) && e.Param == "name" && e.RequestID == "r" && !kirim.MaybeSent(err)
			}},
		{"429 then success", []answer{{status: 429, header: map[string]string{"Retry-After": "2"}}}, true, 2, func(err error) bool { return err == nil }},
		{"502 of a proxy", []answer{html}, false, 4, kirim.IsUpstream},
		{"body cut short", []answer{cut}, false, 4, func(err error) bool {
			var e *kirim.TransportError
			return errors.As(err, &e) && e.StatusCode == 200
		}},
	} {
		t.Run(failure.name, func(t *testing.T) {
			forEachOperation(t, func(t *testing.T, op operation) {
				answers, requests, check := failure.answers, failure.requests, failure.check
				if op.polls && requests == 4 {
					// It goes on when the repeats are used up.
					answers, requests = slices.Repeat(answers, 4), 5
					check = func(err error) bool { return err == nil }
				}
				if failure.ok || requests == 5 {
					answers = op.answers(answers...)
					if failure.ok {
						requests = len(answers)
					}
				}
				w := newWire(answers...)
				err := op.call(t.Context(), w.client(t), phone, someID)
				if !check(err) {
					t.Errorf("the error is %v", err)
				}
				if got := len(w.seen()); got != requests {
					t.Errorf("%d requests, want %d", got, requests)
				}
			})
		})
	}
}

func TestEachOperationSendsNothingWhenItsContextHasEnded(t *testing.T) {
	forEachOperation(t, func(t *testing.T, op operation) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		w := newWire(op.answers()...)
		err := op.call(ended, w.client(t), phone, someID)
		if !errors.Is(err, context.Canceled) || kirim.MaybeSent(err) || len(w.seen()) != 0 {
			t.Errorf("%v after %d requests", err, len(w.seen()))
		}
	})
}

func TestEachOperationRefusesAWrongOption(t *testing.T) {
	forEachOperation(t, func(t *testing.T, op operation) {
		w := newWire(op.answers()...)
		wantText(t, op.call(t.Context(), w.client(t), phone, someID, kirim.WithIdempotencyKey("")), "WithIdempotencyKey")
		if len(w.seen()) != 0 {
			t.Error("a request was made")
		}
	})
}

func TestAHostileIDNeverReachesAnotherPath(t *testing.T) {
	for _, hostile := range []string{"", ".", "..", "../labels", "a/b", "a/../b", `a\..\b`, "a?b", "a#b", "%2e%2e", "a%2fb", "a;b=c", "a b", "é\x00\n", "sync", strings.Repeat("x", 300)} {
		refused := hostile == "" || slices.ContainsFunc(strings.FieldsFunc(hostile, func(r rune) bool { return r == '/' || r == '\\' }),
			func(part string) bool { return part == "." || part == ".." })
		t.Run(hostile, func(t *testing.T) {
			forEachOperation(t, func(t *testing.T, op operation) {
				for _, try := range []struct{ word, phone, id string }{{"PHONE", hostile, someID}, {"ID", phone, hostile}} {
					if !strings.Contains(op.route, try.word) {
						continue
					}
					w := newWire(op.answers()...)
					err := op.call(t.Context(), w.client(t), try.phone, try.id)
					seen := w.seen()
					if refused {
						if err == nil || len(seen) != 0 {
							t.Errorf("%v after %d requests", err, len(seen))
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					got, _, _ := strings.Cut(seen[0].url, "?")
					if want := op.path(try.phone, try.id); got != want {
						t.Errorf("it went to %s, not %s", got, want)
					}
				}
			})
		})
	}
}

func TestAnUpdateOfNothingIsRefusedHere(t *testing.T) {
	t.Parallel()
	w := newWire(okOne...)
	c := w.client(t)
	p := c.PhoneNumber(phone)
	for name, err := range map[string]error{
		"label":         one(c.Labels.Update(t.Context(), "x", kirim.LabelUpdateParams{})),
		"customer":      one(c.Customers.Update(t.Context(), "x", kirim.CustomerUpdateParams{})),
		"setup link":    one(c.Customers.UpdateSetupLink(t.Context(), "x", "x", kirim.SetupLinkUpdateParams{})),
		"subscription":  one(c.WebhookSubscriptions.Update(t.Context(), "x", kirim.WebhookSubscriptionUpdateParams{})),
		"conversation":  one(p.Conversations.Update(t.Context(), "x", kirim.ConversationUpdateParams{})),
		"contact":       one(p.Contacts.Update(t.Context(), "x", kirim.ContactUpdateParams{})),
		"label of none": one(p.Contacts.BulkLabel(t.Context(), kirim.BulkLabelParams{LabelID: "lbl", Operation: kirim.LabelAttach})),
	} {
		var v *kirim.ValidationError
		if !errors.As(err, &v) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.seen()) != 0 {
		t.Errorf("%d requests were made", len(w.seen()))
	}
}
