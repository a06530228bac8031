package kirim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/internal/testmeta"
)

// metaSends are bodies of the same shape as the example requests of Meta's
// description of the messages endpoint, one for each.
func metaSends(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/send_meta/*.json")
	if err != nil {
		t.Fatal(err)
	}
	bodies := make(map[string][]byte, len(files))
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies[strings.TrimSuffix(filepath.Base(file), ".json")] = body
	}
	return bodies
}

// readReceipt is the one of them that is no message.
const readReceipt = "send_typing_indicator_and_read_receipt"

func asMetaMeans(t *testing.T, body []byte) map[string]any {
	t.Helper()
	fields, err := testmeta.Spelled(body)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestEveryMessageThatMetaShowsIsTypedAndWrittenTheSame(t *testing.T) {
	t.Parallel()
	bodies := metaSends(t)
	if len(bodies) != 50 {
		t.Fatalf("%d bodies, want 50", len(bodies))
	}
	delete(bodies, readReceipt) // see TestMarkRead
	kinds := map[string]int{}
	for name, body := range bodies {
		var m OutboundMessage
		if err := json.Unmarshal(body, &m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kinds[m.ContentKind()]++
		if raw, is := m.Content.(Raw); is {
			t.Errorf("%s: no typed content but a Raw of type %s", name, raw.Type)
		}
		if err := m.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again, err := m.MarshalMetaJSON()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := asMetaMeans(t, again), asMetaMeans(t, body); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%v\nwant\n%v", name, got, want)
		}
		for _, d := range []dialect{dialectKirim, dialectMeta} {
			encoded, err := m.body(d)
			var decoded OutboundMessage
			if err == nil {
				err = json.Unmarshal(encoded, &decoded)
			}
			if err != nil || !reflect.DeepEqual(decoded, m) {
				t.Errorf("%s: %s was read as\n%#v\nwant\n%#v\n%v", name, encoded, decoded, m, err)
			}
		}
	}
	t.Logf("%d messages of %d kinds, none of them raw", len(bodies), len(kinds))
}

// contents has one message for each content and each way to write one that the
// examples of Meta's do not show.
var contents = map[string]struct {
	content Content
	kind    string
	object  string // in Meta's dialect
}{
	"a sticker":            {Sticker{Link: "https://e.com/a.webp"}, "sticker", `{"link":"https://e.com/a.webp"}`},
	"a voice message":      {Audio{ID: "1", Voice: true}, "audio", `{"id":"1","voice":true}`},
	"a location":           {Location{Latitude: -6.2, Longitude: 0.0000001, Name: "Shop"}, "location", `{"latitude":-6.2,"longitude":0.0000001,"name":"Shop"}`},
	"a contact card":       {Contacts{{Name: ContactName{FormattedName: "Shop"}, Phones: []ContactPhone{}}}, "contacts", `[{"name":{"formatted_name":"Shop"},"phones":[]}]`},
	"a card without name":  {Contacts{{Phones: []ContactPhone{}}}, "contacts", `[{"phones":[]}]`},
	"a reaction":           {Reaction{MessageID: "wamid.A", Emoji: "👍"}, "reaction", `{"message_id":"wamid.A","emoji":"👍"}`},
	"no reaction any more": {Reaction{MessageID: "wamid.A"}, "reaction", `{"message_id":"wamid.A","emoji":""}`},
	"a pin":                {Pin{MessageID: "wamid.A", Days: 7}, "pin", `{"type":"pin","message_id":"wamid.A","expiration_days":7}`},
	"no pin any more":      {Pin{MessageID: "wamid.A", Unpin: true}, "pin", `{"type":"unpin","message_id":"wamid.A"}`},
	"reply buttons": {
		ReplyButtons{Header: Header{DocumentID: "1", Filename: "a.pdf"}, Body: "a", Buttons: replies(1)}, "interactive/button",
		`{"type":"button","header":{"type":"document","document":{"id":"1","filename":"a.pdf"}},"body":{"text":"a"},"action":{"buttons":[{"type":"reply","reply":{"id":"id-0","title":"Title 0"}}]}}`,
	},
	"a header with a video by id": {
		CTAURL{Header: Header{VideoID: "1"}, Body: "a", DisplayText: "Open", URL: "https://e.com"}, "interactive/cta_url",
		`{"type":"cta_url","header":{"type":"video","video":{"id":"1"}},"body":{"text":"a"},"action":{"name":"cta_url","parameters":{"display_text":"Open","url":"https://e.com"}}}`,
	},
	"a header with a second line": {
		CTAURL{Header: Header{Text: "a", SubText: "b"}, Body: "a", DisplayText: "Open", URL: "https://e.com"}, "interactive/cta_url",
		`{"type":"cta_url","header":{"type":"text","text":"a","sub_text":"b"},"body":{"text":"a"},"action":{"name":"cta_url","parameters":{"display_text":"Open","url":"https://e.com"}}}`,
	},
	"a location request": {
		LocationRequest{Body: "Where?"}, "interactive/location_request_message",
		`{"type":"location_request_message","body":{"text":"Where?"},"action":{"name":"send_location"}}`,
	},
	"an address request": {
		AddressRequest{
			Body: "Where?", Country: "IN", Values: &Address{Name: "Shop", PINCode: "400063"}, SavedAddresses: []SavedAddress{{ID: "a1", Value: Address{City: "Delhi"}}},
			ValidationErrors: map[string]string{"in_pin_code": "Not there"},
		}, "interactive/address_message",
		`{"type":"address_message","body":{"text":"Where?"},"action":{"name":"address_message","parameters":{"country":"IN","values":{"name":"Shop","in_pin_code":"400063"},"saved_addresses":[{"id":"a1","value":{"city":"Delhi"}}],"validation_errors":{"in_pin_code":"Not there"}}}}`,
	},
	"a call permission request": {
		CallPermissionRequest{}, "interactive/call_permission_request",
		`{"type":"call_permission_request","action":{"name":"call_permission_request"}}`,
	},
	"a call button": {
		VoiceCall{Body: "Call us"}, "interactive/voice_call", `{"type":"voice_call","body":{"text":"Call us"},"action":{"name":"voice_call"}}`,
	},
	"a call button with all": {
		VoiceCall{Body: "Call us", DisplayText: "Call", TTLMinutes: 60, Payload: "shop"}, "interactive/voice_call",
		`{"type":"voice_call","body":{"text":"Call us"},"action":{"name":"voice_call","parameters":{"display_text":"Call","ttl_minutes":60,"payload":"shop"}}}`,
	},
	"a flow whose endpoint begins": {
		Flow{Body: "a", Name: "signup", Button: "Begin", Mode: FlowPublished, Action: FlowDataExchange}, "interactive/flow",
		`{"type":"flow","body":{"text":"a"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_name":"signup","flow_cta":"Begin","mode":"published","flow_action":"data_exchange"}}}`,
	},
	"a flow with data in any case": {
		Flow{Body: "a", ID: "1", Button: "Begin", Screen: "FIRST", Data: json.RawMessage(`{"Größe":{"A":1,"a":2.50}}`)}, "interactive/flow",
		`{"type":"flow","body":{"text":"a"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"Begin","flow_action_payload":{"screen":"FIRST","data":{"Größe":{"A":1,"a":2.50}}}}}}`,
	},
	"a product": {
		Product{CatalogID: "1", RetailerID: "2"}, "interactive/product",
		`{"type":"product","action":{"catalog_id":"1","product_retailer_id":"2"}}`,
	},
	"the catalogue": {
		Catalog{Body: "a"}, "interactive/catalog_message", `{"type":"catalog_message","body":{"text":"a"},"action":{"name":"catalog_message"}}`,
	},
	"a carousel of products": {
		ProductCarousel{Body: "a", Products: []ProductItem{{"1", "2"}, {"1", "3"}}}, "interactive/product_carousel",
		`{"type":"carousel","body":{"text":"a"},"action":{"cards":[{"card_index":0,"type":"product","action":{"catalog_id":"1","product_retailer_id":"2"}},{"card_index":1,"type":"product","action":{"catalog_id":"1","product_retailer_id":"3"}}]}}`,
	},
	"a bill in Brazil": {
		OrderDetails{Body: "a", Payment: PaymentRequest{
			ReferenceID: "r-1", Type: "digital-goods", Method: "br", Currency: "BRL", Total: OrderAmount{Value: 5, Offset: 100},
			Settings: []PaymentSetting{
				{Type: "pix_dynamic_code", PixDynamicCode: &PixDynamicCode{"0002", "Shop", "1", "CNPJ"}}, {Type: "boleto", Boleto: &Boleto{"0339"}},
				{Type: "payment_link", PaymentLink: &PaymentLink{"https://e.com/pay"}}, {Type: "offsite_card_pay", OffsiteCard: &OffsiteCardPay{"1234", "c1"}},
			},
		}}, "interactive/order_details",
		`{"type":"order_details","body":{"text":"a"},"action":{"name":"review_and_pay","parameters":{"reference_id":"r-1","type":"digital-goods","payment_type":"br","payment_settings":[{"type":"pix_dynamic_code","pix_dynamic_code":{"code":"0002","merchant_name":"Shop","key":"1","key_type":"CNPJ"}},{"type":"boleto","boleto":{"digitable_line":"0339"}},{"type":"payment_link","payment_link":{"uri":"https://e.com/pay"}},{"type":"offsite_card_pay","offsite_card_pay":{"last_four_digits":"1234","credential_id":"c1"}}],"currency":"BRL","total_amount":{"value":5,"offset":100}}}}`,
	},
	"a bill in India": {
		OrderDetails{Body: "a", Payment: PaymentRequest{
			ReferenceID: "r-1", Currency: "INR", Total: OrderAmount{Value: 5, Offset: 100},
			Settings: []PaymentSetting{{Type: "payment_gateway", Gateway: &PaymentGateway{Type: "razorpay", Configuration: "main", Razorpay: json.RawMessage(`{"notes":{"Key":"v"}}`)}}},
			Order: &Order{
				Status: OrderPending, Items: []OrderedItem{{Name: "Bread", Quantity: 1, Amount: OrderAmount{Value: 5, Offset: 100}, CountryOfOrigin: "IN", ImporterName: "Shop", ImporterAddress: &ImporterAddress{City: "Delhi"}}},
				Subtotal: OrderAmount{Value: 5, Offset: 100}, Expiration: &OrderExpiration{"1893456000", "Until 2030"},
			},
		}}, "interactive/order_details",
		`{"type":"order_details","body":{"text":"a"},"action":{"name":"review_and_pay","parameters":{"reference_id":"r-1","payment_settings":[{"type":"payment_gateway","payment_gateway":{"type":"razorpay","configuration_name":"main","razorpay":{"notes":{"Key":"v"}}}}],"currency":"INR","total_amount":{"value":5,"offset":100},"order":{"status":"pending","items":[{"name":"Bread","amount":{"value":5,"offset":100},"quantity":1,"country_of_origin":"IN","importer_name":"Shop","importer_address":{"city":"Delhi"}}],"subtotal":{"value":5,"offset":100},"expiration":{"timestamp":"1893456000","description":"Until 2030"}}}}}`,
	},
	"the state of an order": {
		OrderStatus{Body: "a", ReferenceID: "r-1", Status: OrderShipped}, "interactive/order_status",
		`{"type":"order_status","body":{"text":"a"},"action":{"name":"review_order","parameters":{"reference_id":"r-1","order":{"status":"shipped"}}}}`,
	},
	"a template": {
		Template{Name: "t", Language: "id", Components: []Component{
			FillHeaderDocumentID("1", "a.pdf"),
			FillBodyParameters(NamedTextParameter("who", "Sari"), Parameter{Type: "currency", Name: "sum", Currency: &TemplateCurrency{"Rp1", "IDR", 1000}}),
			ButtonVoiceCall(0, 60, "shop"), ButtonOrderDetails(1, PaymentRequest{ReferenceID: "r-1", Currency: "BRL", Total: OrderAmount{Value: 5, Offset: 100}}),
			ButtonReminder(2), ButtonBookingConfirmation(3), ButtonFlow(4, "t1", json.RawMessage(`{"A":1}`)), ButtonCatalog(5, "sku"),
			ButtonProducts(6, "sku", ProductSection{Title: "New", Products: []ProductItem{{RetailerID: "sku"}}}),
			FillOrderStatus("r-1", OrderCompleted, "Thanks"),
		}}, "template",
		`{"name":"t","language":{"code":"id","policy":"deterministic"},"components":[{"type":"header","parameters":[{"type":"document","document":{"id":"1","filename":"a.pdf"}}]},{"type":"body","parameters":[{"type":"text","parameter_name":"who","text":"Sari"},{"type":"currency","parameter_name":"sum","currency":{"fallback_value":"Rp1","code":"IDR","amount_1000":1000}}]},{"type":"button","sub_type":"voice_call","index":0,"parameters":[{"type":"ttl_minutes","ttl_minutes":60},{"type":"payload","payload":"shop"}]},{"type":"button","sub_type":"order_details","index":1,"parameters":[{"type":"action","action":{"order_details":{"reference_id":"r-1","currency":"BRL","total_amount":{"value":5,"offset":100}}}}]},{"type":"button","sub_type":"reminder","index":2},{"type":"button","sub_type":"booking_confirmation","index":3},{"type":"button","sub_type":"flow","index":4,"parameters":[{"type":"action","action":{"flow_token":"t1","flow_action_data":{"A":1}}}]},{"type":"button","sub_type":"catalog","index":5,"parameters":[{"type":"action","action":{"thumbnail_product_retailer_id":"sku"}}]},{"type":"button","sub_type":"mpm","index":6,"parameters":[{"type":"action","action":{"thumbnail_product_retailer_id":"sku","sections":[{"title":"New","product_items":[{"product_retailer_id":"sku"}]}]}}]},{"type":"order_status","parameters":[{"type":"order_status","order_status":{"reference_id":"r-1","order":{"status":"completed","description":"Thanks"}}}]}]}`,
	},
	"a template with named header and images by id": {
		Template{Name: "t", Language: "id", Components: []Component{FillHeaderNamedText("who", "Sari"), FillCarousel([]Component{FillHeaderImageID("1")}, []Component{FillHeaderVideoID("2")})}}, "template",
		`{"name":"t","language":{"code":"id","policy":"deterministic"},"components":[{"type":"header","parameters":[{"type":"text","parameter_name":"who","text":"Sari"}]},{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"header","parameters":[{"type":"image","image":{"id":"1"}}]}]},{"card_index":1,"components":[{"type":"header","parameters":[{"type":"video","video":{"id":"2"}}]}]}]}]}`,
	},
}

func TestEveryContentIsWrittenAsDocumentedAndReadBack(t *testing.T) {
	t.Parallel()
	for name, tc := range contents {
		m := OutboundMessage{To: testRecipient, Content: tc.content}
		typ, _, _ := strings.Cut(tc.kind, "/")
		want := `{"messaging_product":"whatsapp","recipient_type":"individual","to":"` + testRecipient + `","type":"` + typ + `","` + typ + `":` + tc.object + `}`
		if got, err := m.MarshalMetaJSON(); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v\nwant %s", name, got, err, want)
		}
		if kind := m.ContentKind(); kind != tc.kind {
			t.Errorf("%s: kind %q, want %q", name, kind, tc.kind)
		}
		var decoded OutboundMessage
		if err := json.Unmarshal([]byte(want), &decoded); err != nil || !reflect.DeepEqual(decoded, m) {
			t.Errorf("%s: read as\n%#v\n%v", name, decoded, err)
		}
		m.Content = pointerTo(tc.content)
		if got, err := m.MarshalMetaJSON(); err != nil || string(got) != want || m.ContentKind() != tc.kind {
			t.Errorf("%s: as a pointer: %s, %v", name, got, err)
		}
	}
}

func TestWhatMetaWritesInAnotherWayIsReadAsTheSame(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind, object string
		want         Content
	}{
		"degrees as strings":               {"location", `{"latitude":"-6.2","longitude":"106.8"}`, Location{Latitude: -6.2, Longitude: 106.8}},
		"degrees of a template as numbers": {"template", `{"name":"t","language":"id","components":[{"type":"header","parameters":[{"type":"location","location":{"latitude":1.5,"longitude":"2"}}]}]}`, Template{Name: "t", Language: "id", Components: []Component{FillHeaderLocation(TemplateLocation{Latitude: 1.5, Longitude: 2})}}},
		"a reaction without an emoji":      {"reaction", `{"message_id":"wamid.A"}`, Reaction{MessageID: "wamid.A"}},
	} {
		var m OutboundMessage
		if err := json.Unmarshal([]byte(sendBody(`"type":"`+tc.kind+`","`+tc.kind+`":`+tc.object)), &m); err != nil || !reflect.DeepEqual(m.Content, tc.want) {
			t.Errorf("%s: %#v, %v", name, m.Content, err)
		}
	}
}

func TestATemplateKeepsWhatNoFieldOfItShows(t *testing.T) {
	t.Parallel()
	for name, component := range map[string]string{
		"a text without quotes":    `{"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"text","text":true}]}`,
		"a button without a place": `{"type":"button","sub_type":"voice_call","parameters":[{"type":"ttl_minutes","ttl_minutes":60}]}`,
	} {
		body := sendBody(`"type":"template","template":{"name":"t","language":"id","components":[` + component + `]}`)
		var m OutboundMessage
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, typed := m.Content.(Template); !typed {
			t.Errorf("%s: %#v", name, m.Content)
		}
		if got, err := json.Marshal(m); err != nil || string(got) != body {
			t.Errorf("%s: %s, %v\nwant %s", name, got, err, body)
		}
	}
}
