package cloudapi_test

import (
	"errors"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

func TestEachRecipientAndContentGoesOutAsMetaTakesIt(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	template := kirim.Template{Name: "order_ready", Language: "id"}
	for _, tt := range []struct {
		name      string
		message   kirim.OutboundMessage
		marketing *cloudapi.Marketing
		want      string
	}{
		{"a text to a number", hello, nil,
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+6281100000001","type":"text","text":{"body":"Halo"}}`},
		{"a text to a number in WhatsApp's own form", kirim.OutboundMessage{To: "6281100000001", Content: kirim.Text{Body: "Halo"}}, nil,
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"6281100000001","type":"text","text":{"body":"Halo"}}`},
		{"a reply to a user id, with data to come back", kirim.OutboundMessage{Recipient: "ID.70000000000000001", Content: kirim.Text{Body: "Halo"}, ReplyTo: "wamid.EXAMPLE-IN", CallbackData: "order-77"}, nil,
			`{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"ID.70000000000000001","biz_opaque_callback_data":"order-77","context":{"message_id":"wamid.EXAMPLE-IN"},"type":"text","text":{"body":"Halo"}}`},
		{"a text to a group", kirim.OutboundMessage{To: "GROUP-EXAMPLE-1", RecipientType: kirim.RecipientGroup, Content: kirim.Text{Body: "Halo"}}, nil,
			`{"messaging_product":"whatsapp","recipient_type":"group","to":"GROUP-EXAMPLE-1","type":"text","text":{"body":"Halo"}}`},
		{"a template", kirim.OutboundMessage{To: "+6281100000001", Content: template}, nil,
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+6281100000001","type":"template","template":{"name":"order_ready","language":{"code":"id","policy":"deterministic"}}}`},
		{"a marketing message that leaves all to Meta", kirim.OutboundMessage{To: "+6281100000001", Content: template}, &cloudapi.Marketing{},
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+6281100000001","type":"template","template":{"name":"order_ready","language":{"code":"id","policy":"deterministic"}}}`},
		{"a marketing message that may fall back", kirim.OutboundMessage{To: "+6281100000001", Content: &template}, &cloudapi.Marketing{Policy: cloudapi.PolicyFallback, ActivitySharing: &yes},
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+6281100000001","type":"template","template":{"name":"order_ready","language":{"code":"id","policy":"deterministic"}},"product_policy":"CLOUD_API_FALLBACK","message_activity_sharing":true}`},
		{"a marketing message that tells nothing", kirim.OutboundMessage{To: "+6281100000001", Content: template}, &cloudapi.Marketing{Policy: cloudapi.PolicyStrict, ActivitySharing: &no},
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+6281100000001","type":"template","template":{"name":"order_ready","language":{"code":"id","policy":"deterministic"}},"product_policy":"STRICT","message_activity_sharing":false}`},
	} {
		wire := testwire.Answering(200, accepted)
		from, path := number(t, wire), "/messages"
		if tt.marketing != nil {
			from, path = from.WithMarketing(*tt.marketing), "/marketing_messages"
		}
		if _, err := from.Send(t.Context(), tt.message); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		r := wire.Requests()[0]
		if r.Method != "POST" || r.URL != testwire.BaseURL+"/"+testNumber+path || r.Body != tt.want {
			t.Errorf("%s: %s %s\n got %s\nwant %s", tt.name, r.Method, r.URL, r.Body, tt.want)
		}
	}
}

func TestTheResponseTellsTheIDTheStatusAndTheRecipient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		status     string
		recipient  cloudapi.Contact
	}{
		{"a message", accepted, "", cloudapi.Contact{Input: "+6281100000001", WAID: "6281100000001"}},
		{"a template that is held", `{"contacts":[{"input":"081100000001","wa_id":"6281100000001"}],"messages":[{"id":"wamid.EXAMPLE","message_status":"held_for_quality_assessment"}]}`,
			"held_for_quality_assessment", cloudapi.Contact{Input: "081100000001", WAID: "6281100000001"}},
		{"a user id", `{"contacts":[{"input":"ID.70000000000000001","user_id":"ID.70000000000000001"}],"messages":[{"id":"wamid.EXAMPLE","message_status":"accepted"}]}`,
			"accepted", cloudapi.Contact{Input: "ID.70000000000000001", UserID: "ID.70000000000000001"}},
		{"no contacts", `{"messages":[{"id":"wamid.EXAMPLE","message_status":"paused"}]}`, "paused", cloudapi.Contact{}},
		{"contacts of another shape", `{"contacts":"none","messages":[{"id":"wamid.EXAMPLE"}]}`, "", cloudapi.Contact{}},
		{"a success of marketing", `{"success":true,"messages":[{"id":"wamid.EXAMPLE"}]}`, "", cloudapi.Contact{}},
	} {
		got, err := number(t, testwire.Answering(200, tt.body)).Send(t.Context(), hello)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got.ID != "wamid.EXAMPLE" || got.WAMID != "wamid.EXAMPLE" || got.Status != tt.status || cloudapi.Recipient(got) != tt.recipient {
			t.Errorf("%s: %+v, recipient %+v", tt.name, got, cloudapi.Recipient(got))
		}
	}
	if cloudapi.Recipient(nil) != (cloudapi.Contact{}) {
		t.Error("nothing has a recipient")
	}
}

func TestWhatCannotBeSentIsRefusedBeforeARequest(t *testing.T) {
	t.Parallel()
	wire := testwire.Answering(200, accepted)
	from := number(t, wire)
	text := func(m kirim.OutboundMessage) error { _, err := from.Send(t.Context(), m); return err }
	marketing := func(m kirim.OutboundMessage) error {
		_, err := from.WithMarketing(cloudapi.Marketing{}).Send(t.Context(), m)
		return err
	}
	for _, tt := range []struct {
		name        string
		err         error
		unsupported bool
	}{
		{"no recipient", text(kirim.OutboundMessage{Content: kirim.Text{Body: "Halo"}}), false},
		{"no content", text(kirim.OutboundMessage{To: "+6281100000001"}), false},
		{"an empty text", text(kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{}}), false},
		{"a text as a marketing message", marketing(hello), true},
		{"no content as a marketing message", marketing(kirim.OutboundMessage{To: "+6281100000001"}), false},
		{"an empty id to mark", from.MarkRead(t.Context(), ""), false},
		{"an id of Kirim's to mark", from.ShowTyping(t.Context(), "msg_1"), false},
		{"an idempotency key", func() error {
			_, err := from.Send(t.Context(), hello, kirim.WithIdempotencyKey("order-77"))
			return err
		}(), false},
		{"no number", func() error { _, err := newClient(t, wire).PhoneNumber("").Send(t.Context(), hello); return err }(), false},
	} {
		var refusal *kirim.ValidationError
		if !errors.As(tt.err, &refusal) || errors.Is(tt.err, errors.ErrUnsupported) != tt.unsupported || kirim.MaybeSent(tt.err) {
			t.Errorf("%s: %v", tt.name, tt.err)
		}
	}
	if n := len(wire.Requests()); n != 0 {
		t.Errorf("%d requests went out", n)
	}
}

func TestReceivedMessagesAreMarked(t *testing.T) {
	t.Parallel()
	wire := testwire.Answering(200, `{"success":true}`)
	from := number(t, wire)
	if err := errors.Join(from.MarkRead(t.Context(), "wamid.EXAMPLE-IN"), from.ShowTyping(t.Context(), "wamid.EXAMPLE-IN")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.EXAMPLE-IN"}`,
		`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.EXAMPLE-IN","typing_indicator":{"type":"text"}}`,
	} {
		if r := wire.Requests()[i]; r.Method != "POST" || r.URL != testwire.BaseURL+"/"+testNumber+"/messages" || r.Body != want {
			t.Errorf("%s %s %s, want %s", r.Method, r.URL, r.Body, want)
		}
	}
	for _, body := range []string{`{}`, `{"success":false}`, `<html>`} {
		if err := number(t, testwire.Answering(200, body)).MarkRead(t.Context(), "wamid.EXAMPLE-IN"); err == nil {
			t.Errorf("%s is a success", body)
		}
	}
}
