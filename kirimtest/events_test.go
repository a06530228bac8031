package kirimtest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// deliveredTo returns what arrived, after everything due was done.
func deliveredTo(s *Server, r *receiver) []webhook {
	s.Settle()
	return r.webhooks()
}

func TestReceivedMessageHasMetasShapeAndAllHeaders(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil)
	s.Subscribe(hookURL, "message.received")
	in := s.Receive(Inbound{From: customer, Name: "Sari", Text: "hello"})
	got := deliveredTo(s, r)
	if len(got) != 1 {
		t.Fatalf("%d webhooks", len(got))
	}
	d := lastDelivery(t, s)
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "Kirim-Webhook/1.0", "X-Kirim-Source": "meta", "X-Kirim-Event": "message.received",
		"X-Kirim-Event-Id": in.WAMID, "X-Kirim-Delivery-Id": d.ID, "X-Kirim-Attempt": "1",
	} {
		if got := got[0].header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if by := signedBy(got[0], s.WebhookSecret); len(by) != 1 {
		t.Errorf("signature %q", got[0].header.Get("X-Kirim-Signature"))
	}
	body := decoded(t, got[0].body)
	contactID, _ := dig(body, "kirim.contact_id").(string)
	if !strings.HasPrefix(contactID, "ctc_") {
		t.Errorf("kirim object %v", body["kirim"])
	}
	want := decoded(t, []byte(`{"object":"whatsapp_business_account","entry":[{"id":"`+wabaID+`","changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"6281100000000","phone_number_id":"`+s.PhoneNumberID+`"},
		"contacts":[{"profile":{"name":"Sari"},"wa_id":"628123456789"}],
		"messages":[{"from":"628123456789","id":"`+in.WAMID+`","timestamp":"1767323045","type":"text","text":{"body":"hello"}}]}}]}],
		"kirim":{"delivery_id":"`+d.ID+`","contact_id":"`+contactID+`"}}`))
	if !reflect.DeepEqual(body, want) {
		t.Errorf("got  %v\nwant %v", body, want)
	}
}

func TestPassthroughIsVerbatimWithoutTheKirimObject(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil, WithAssumptions(func(as *Assumptions) { as.KirimObject = false }))
	s.Subscribe(hookURL, "message.received")
	fire(s)
	if body := decoded(t, deliveredTo(s, r)[0].body); body["kirim"] != nil || len(body) != 2 {
		t.Errorf("%v", body)
	}
}

func TestEveryKindOfInboundMessageIsDelivered(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in   Inbound
		path string // within the message
		want any
	}{
		"image":           {Inbound{Media: &Media{Data: []byte("x"), ContentType: "image/png"}, Caption: "c"}, "image.caption", "c"},
		"file name":       {Inbound{Media: &Media{Data: []byte("x"), ContentType: "application/pdf", Filename: "a.pdf"}}, "document.filename", "a.pdf"},
		"hash":            {Inbound{Media: &Media{ContentType: "video/mp4"}}, "video.sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
		"location":        {Inbound{Location: &Location{Latitude: -6.2, Longitude: 106.8}}, "location.latitude", -6.2},
		"contacts":        {Inbound{Contacts: []ContactCard{{Name: "Budi", Phone: "+62811", WAID: "62811"}}}, "contacts.name.formatted_name", "Budi"},
		"reaction":        {Inbound{Reaction: &Reaction{MessageID: "wamid.1", Emoji: "👍"}}, "reaction.message_id", "wamid.1"},
		"button":          {Inbound{Button: &ButtonReply{Payload: "stop", Text: "Stop"}}, "button.payload", "stop"},
		"button reply":    {Inbound{Interactive: &InteractiveReply{ID: "yes", Title: "Yes"}}, "interactive.button_reply.id", "yes"},
		"list reply":      {Inbound{Interactive: &InteractiveReply{Type: "list_reply", ID: "1", Title: "A", Description: "d"}}, "interactive.list_reply.description", "d"},
		"edit":            {Inbound{Edits: "wamid.1", Text: "new"}, "edit.message.text.body", "new"},
		"revoke":          {Inbound{Revokes: "wamid.1"}, "revoke.original_message_id", "wamid.1"},
		"order":           {Inbound{Type: "order", Object: json.RawMessage(`{"catalog_id":"1"}`)}, "order.catalog_id", "1"},
		"request_welcome": {Inbound{Type: "request_welcome"}, "type", "request_welcome"},
		"quoted":          {Inbound{Text: "x", ReplyTo: "wamid.1"}, "context.id", "wamid.1"},
		"quoted author":   {Inbound{Text: "x", ReplyTo: "wamid.1"}, "context.from", "6281100000000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, r, _ := withReceiver(t, nil)
			s.Subscribe(hookURL, "message.received")
			tt.in.From = customer
			s.Receive(tt.in)
			body := decoded(t, deliveredTo(s, r)[0].body)
			if got := dig(body, "entry.changes.value.messages."+tt.path); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s is %v, want %v: %v", tt.path, got, tt.want, body)
			}
		})
	}
}

func TestWebhookTellsWhereTheFileIs(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil)
	s.Subscribe(hookURL, "message.received")
	for status, delay := range map[string]time.Duration{"ready": 0, "pending": time.Hour} {
		s.Receive(Inbound{From: customer, Media: &Media{Data: []byte("x"), ContentType: "image/png", Delay: delay}})
		got := deliveredTo(s, r)
		body := decoded(t, got[len(got)-1].body)
		link, _ := dig(body, "kirim.media_url").(string)
		if dig(body, "kirim.media_status") != status || strings.HasPrefix(link, "http://127.0.0.1/media/") != (status == "ready") {
			t.Errorf("%v", body["kirim"])
		}
		if link != "" {
			resp, err := (&http.Client{Transport: s.Transport()}).Get(link)
			if err != nil || resp.StatusCode != 200 {
				t.Errorf("%v, %v", resp, err)
			}
		}
	}
}

func TestKirimsOwnEventsHaveItsEnvelope(t *testing.T) {
	t.Parallel()
	for _, livemode := range []bool{false, true} {
		s, r, _ := withReceiver(t, nil, WithAssumptions(func(as *Assumptions) { as.Livemode = livemode }))
		s.Subscribe(hookURL, "contact.created")
		fire(s)
		got := deliveredTo(s, r)[0]
		body := decoded(t, got.body)
		if got.header.Get("X-Kirim-Source") != "kirim" || got.header.Get("X-Kirim-Event-Id") != body["id"] || body["type"] != "contact.created" ||
			body["created_at"] != stamp(epoch) || dig(body, "data.contact.phone_number") != customer {
			t.Errorf("%v %v", got.header, body)
		}
		if live, has := body["livemode"]; has != livemode || has && live != false {
			t.Errorf("livemode %v", body)
		}
	}
}

func TestSubscriptionGetsOnlyWhatItAsksFor(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil)
	s.Subscribe(hookURL) // everything
	s.Subscribe(hookURL, "conversation.closed")
	fire(s)
	post(t, s, textBody)
	s.Advance(time.Minute)
	count := make(map[string]int)
	for _, w := range deliveredTo(s, r) {
		count[w.header.Get("X-Kirim-Event")]++
	}
	want := map[string]int{"message.received": 1, "contact.created": 1, "message.sent": 1, "message.status": 2}
	if !reflect.DeepEqual(count, want) {
		t.Errorf("%v, want %v", count, want)
	}
}

func TestOrganizationsGetTheirOwnEvents(t *testing.T) {
	t.Parallel()
	s, r, clock := withReceiver(t, []answerWith{{status: 500}, {status: 200}})
	other := s.AddOrganization()
	s.Subscribe(hookURL, "message.received")
	sub := other.Subscribe(hookURL, "message.received")
	fire(other)
	s.Advance(time.Minute)
	if got := r.webhooks(); len(got) != 2 || len(s.Deliveries()) != 0 || len(signedBy(got[0], other.WebhookSecret)) != 1 || !clock.Now().Equal(epoch.Add(time.Minute)) {
		t.Errorf("%d webhooks", len(got))
	}
	if tries := lastDelivery(t, other).Attempts; len(tries) != 2 || tries[1].Time.Sub(epoch) != 10*time.Second {
		t.Errorf("%+v", tries)
	}
	wantStatus(t, do(t, s, "GET", "/v1/webhook_subscriptions/"+sub.ID, ""), 404, "resource_not_found")
}
