package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const testRecipient = "+6281100000001"

// sends has one message per file in testdata/send.
var sends = map[string]OutboundMessage{
	"text":         {Content: Text{Body: "Selamat pagi ☕"}},
	"text_preview": {Content: Text{Body: "See https://example.com", PreviewURL: true}},
	"text_reply":   {Content: Text{Body: "Yes"}, ReplyTo: "wamid.EXAMPLE-IN-0001"},
	"image_link":   {Content: Image{Link: "https://files.example.com/a.jpg", Caption: "The shop"}},
	"image_id":     {Content: Image{ID: "1234567890"}},
	"video":        {Content: Video{Link: "https://files.example.com/a.mp4", Caption: "The tour"}},
	"audio":        {Content: Audio{Link: "https://files.example.com/a.ogg"}},
	"document": {Content: Document{
		Link: "https://files.example.com/77.pdf", Caption: "Your invoice", Filename: "invoice 77.pdf",
	}},
	"reply_buttons": {Content: ReplyButtons{
		Header: Header{Text: "Order 77"}, Body: "Is the address right?", Footer: "Answer by noon",
		Buttons: []ReplyButton{{ID: "yes", Title: "Yes"}, {ID: "no", Title: "No, change it"}},
	}},
	"reply_buttons_image_header": {Content: ReplyButtons{
		Header: Header{Image: "https://files.example.com/a.jpg"}, Body: "Is it this one?", Buttons: []ReplyButton{{ID: "yes", Title: "Yes"}},
	}},
	"reply_buttons_video_header": {Content: ReplyButtons{
		Header: Header{Video: "https://files.example.com/a.mp4"}, Body: "Is it this one?", Buttons: []ReplyButton{{ID: "yes", Title: "Yes"}},
	}},
	"reply_buttons_document_header": {Content: ReplyButtons{
		Header: Header{Document: "https://files.example.com/a.pdf"}, Body: "Is it this one?", Buttons: []ReplyButton{{ID: "yes", Title: "Yes"}},
	}},
	"list": {Content: List{
		Header: "Courier", Body: "How should we send it?", Footer: "Prices include tax", Button: "Choose",
		Sections: []ListSection{
			{Title: "Today", Rows: []ListRow{{ID: "express", Title: "Express", Description: "Within 3 hours"}}},
			{Title: "Later", Rows: []ListRow{{ID: "regular", Title: "Regular"}, {ID: "pickup", Title: "Pick up"}}},
		},
	}},
	"list_one_section": {Content: List{
		Body: "Which size?", Button: "Sizes", Sections: []ListSection{{Rows: []ListRow{{ID: "s", Title: "Small"}}}},
	}},
	"cta_url": {Content: CTAURL{
		Header: Header{Text: "Ready"}, Body: "Your ticket is here.", Footer: "Valid today",
		DisplayText: "Open ticket", URL: "https://example.com/t/77?a=1",
	}},
	"carousel_urls": {Content: Carousel{Body: "New this week", Cards: []CarouselCard{
		{Header: Header{Image: "https://files.example.com/0.jpg"}, Body: "A cup", DisplayText: "Look", URL: "https://example.com/0"},
		{Header: Header{Image: "https://files.example.com/1.jpg"}, DisplayText: "Look", URL: "https://example.com/1"},
	}}},
	"carousel_quick_replies": {Content: Carousel{Body: "Which one?", Cards: []CarouselCard{
		{Header: Header{Video: "https://files.example.com/0.mp4"}, QuickReplies: []ReplyButton{{ID: "take-0", Title: "This"}, {ID: "more-0", Title: "More like it"}}},
		{Header: Header{Video: "https://files.example.com/1.mp4"}, QuickReplies: []ReplyButton{{ID: "take-1", Title: "This"}, {ID: "more-1", Title: "More like it"}}},
	}}},
	"template_plain":       {Content: Template{Name: "hello", Language: "id"}},
	"template_header_text": {Content: Template{Name: "hello", Language: "id", Components: []Component{FillHeaderText("Sari")}}},
	"template_order": {Content: Template{Name: "order_ready", Language: "en_US", Components: []Component{
		FillHeaderDocument("https://files.example.com/77.pdf", "77.pdf"),
		FillBodyParameters(
			NamedTextParameter("customer", "Sari"),
			Parameter{Type: "currency", Name: "total", Currency: &TemplateCurrency{Fallback: "Rp150.000", Code: "IDR", Amount1000: 150_000_000}},
			Parameter{Type: "date_time", Name: "due", DateTime: &TemplateDateTime{Fallback: "1 June 2026"}},
		),
		ButtonURL(0, "orders/77"),
		ButtonQuickReply(1, "stop:77"),
	}}},
	"template_one_time_code": {Content: Template{Name: "login_code", Language: "id", Components: FillOneTimeCode("123456")}},
	"template_offer": {Content: Template{Name: "offer", Language: "id", Components: []Component{
		FillHeaderImage("https://files.example.com/a.jpg"),
		FillLimitedTimeOffer(time.UnixMilli(1780000000123)),
		ButtonCopyCode(0, "JUNE25"),
	}}},
	"template_actions": {Content: Template{Name: "actions", Language: "id", Components: []Component{
		FillHeaderLocation(TemplateLocation{Latitude: -6.2088, Longitude: 106.8456, Name: "Shop", Address: "Jalan Contoh 1"}),
		ButtonAction("flow", 0, TemplateAction{FlowToken: "t-1", FlowActionData: json.RawMessage(`{"userName":"Sari","n":12345678901234567890}`)}),
		ButtonAction("catalog", 1, TemplateAction{ThumbnailID: "sku-1"}),
		ButtonAction("mpm", 2, TemplateAction{ThumbnailID: "sku-1", Sections: []ProductSection{
			{Title: "Cups", Products: []ProductItem{{RetailerID: "sku-1"}, {RetailerID: "sku-2"}}},
		}}),
		{Type: "button", SubType: "voice_call", Index: 3},
	}}},
	"template_carousel": {Content: Template{Name: "cards", Language: "id", Components: []Component{
		FillBody("Sari"),
		FillCarousel(
			[]Component{FillHeaderVideo("https://files.example.com/0.mp4"), ButtonQuickReply(0, "take:0")},
			[]Component{FillHeaderProduct("c-1", "sku-1")},
		),
	}}},
	"raw_event": {Content: Raw{Type: "event", Object: json.RawMessage(`{"name":"Opening","guests":["Sari"]}`)}},
}

func goldenSend(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "send", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		t.Fatal(err)
	}
	return compact.Bytes()
}

// unescaped undoes the encoder's escaping of &, < and >, which the files do not have.
func unescaped(body []byte) []byte {
	return []byte(strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(body)))
}

func TestEverySendMatchesItsGoldenFileBothWays(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/send/*.json")
	if err != nil || len(files) != len(sends) {
		t.Fatalf("%d golden files for %d sends, %v", len(files), len(sends), err)
	}
	for name, message := range sends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message.To = testRecipient
			want := goldenSend(t, name)
			if err := message.Validate(); err != nil {
				t.Error(err)
			}

			body, err := message.body(dialectKirim)
			if err != nil || !bytes.Equal(unescaped(body), want) {
				t.Errorf("wireBody:\n%s\nwant\n%s\n%v", body, want, err)
			}
			marshalled, err := json.Marshal(message)
			if err != nil || !bytes.Equal(marshalled, body) {
				t.Errorf("json.Marshal:\n%s\nwant\n%s\n%v", marshalled, body, err)
			}
			pointer := message
			pointer.Content = pointerTo(message.Content)
			if body, err := pointer.body(dialectKirim); err != nil || !bytes.Equal(unescaped(body), want) {
				t.Errorf("as a pointer:\n%s\nwant\n%s\n%v", body, want, err)
			}
			if err := pointer.Validate(); err != nil {
				t.Error("as a pointer:", err)
			}

			var decoded OutboundMessage
			if err := json.Unmarshal(want, &decoded); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(decoded, message) {
				t.Errorf("decoded:\n%#v\nwant\n%#v", decoded, message)
			}
		})
	}
}

func pointerTo(c Content) Content {
	p := reflect.New(reflect.TypeOf(c))
	p.Elem().Set(reflect.ValueOf(c))
	return p.Interface().(Content)
}

func TestRawMarshalsItsObjectAsGiven(t *testing.T) {
	t.Parallel()
	for name, object := range map[string]any{
		"a struct":         struct{ Emoji string }{"👍"},
		"a map":            map[string]string{"Emoji": "👍"},
		"a raw message":    json.RawMessage(` {"Emoji" : "👍"} `),
		"a pointer to one": &map[string]string{"Emoji": "👍"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := OutboundMessage{To: testRecipient, Content: Raw{Type: "reaction", Object: object}}
			want := `{"messaging_product":"whatsapp","to":"+6281100000001","type":"reaction","reaction":{"Emoji":"👍"}}`
			body, err := m.body(dialectKirim)
			if err != nil || string(body) != want {
				t.Errorf("%s, %v", body, err)
			}
		})
	}
}

func TestAMessageWithoutAWireFormIsAnErrorEverywhere(t *testing.T) {
	t.Parallel()
	contents := map[string]Content{
		"nil":                       nil,
		"raw without a type":        Raw{Object: struct{}{}},
		"raw without an object":     Raw{Type: "sticker"},
		"raw with a nil map":        Raw{Type: "sticker", Object: map[string]any(nil)},
		"raw with a null message":   Raw{Type: "sticker", Object: json.RawMessage("null")},
		"raw with an empty message": Raw{Type: "sticker", Object: json.RawMessage{}},
		"raw with broken JSON":      Raw{Type: "sticker", Object: json.RawMessage(`{"a":`)},
		"raw with invalid UTF-8":    Raw{Type: "sticker", Object: json.RawMessage("\"\xff\"")},
		"raw with a channel":        Raw{Type: "sticker", Object: make(chan int)},
		"flow data that is broken":  Template{Name: "a", Language: "id", Components: []Component{ButtonAction("flow", 0, TemplateAction{FlowActionData: json.RawMessage("{")})}},
		"a latitude that is no number": Template{Name: "a", Language: "id", Components: []Component{
			FillHeaderLocation(TemplateLocation{Latitude: math.NaN()}),
		}},
	}
	for _, name := range append([]string{`a":1,"b`, "Sticker", "stick er", "1st", "é", strings.Repeat("a", 65)}, reservedFields...) {
		contents["raw named "+name] = Raw{Type: name, Object: struct{}{}}
	}
	for _, c := range []Content{
		(*Text)(nil), (*Image)(nil), (*Video)(nil), (*Audio)(nil), (*Document)(nil), (*Template)(nil),
		(*ReplyButtons)(nil), (*List)(nil), (*CTAURL)(nil), (*Carousel)(nil), (*Raw)(nil),
	} {
		contents["nil "+reflect.TypeOf(c).String()] = c
	}
	for name, content := range contents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := OutboundMessage{To: testRecipient, Content: content}
			if body, err := m.body(dialectKirim); err == nil || !strings.HasPrefix(err.Error(), "kirim: ") {
				t.Errorf("wireBody: %s, %v", body, err)
			}
			if body, err := json.Marshal(m); err == nil {
				t.Errorf("json.Marshal: %s", body)
			}
			var invalid *ValidationError
			if err := m.Validate(); !errors.As(err, &invalid) {
				t.Errorf("Validate: %v", err)
			}
		})
	}
}

func sendBody(rest string) string {
	return `{"messaging_product":"whatsapp","to":"+6281100000001",` + rest + `}`
}

func interactiveBody(object string) string {
	return sendBody(`"type":"interactive","interactive":` + object)
}

func templateBody(rest string) string {
	return sendBody(`"type":"template","template":{"name":"a",` + rest + `}`)
}

func TestOtherSpellingsOfAWireFormAreRead(t *testing.T) {
	t.Parallel()
	button := Template{Name: "a", Language: "id", Components: []Component{ButtonURL(2, "x")}}
	component := `"components":[{"type":"button","sub_type":"url","index":%,"parameters":[{"type":"text","text":"x"}]}]`
	for name, tc := range map[string]struct {
		body string
		want Content
	}{
		"an individual recipient":       {sendBody(`"recipient_type":"individual","type":"text","text":{"body":"a"}`), Text{Body: "a"}},
		"fields in another order":       {`{"text":{"body":"a"},"type":"text","to":"+6281100000001","messaging_product":"whatsapp"}`, Text{Body: "a"}},
		"a default spelt out":           {sendBody(`"type":"text","text":{"body":"a","preview_url":false}`), Text{Body: "a"}},
		"white space":                   {" \n" + sendBody(` "type" : "text" , "text" : { "body" : "a" } `), Text{Body: "a"}},
		"Meta's name for reply buttons": {interactiveBody(`{"type":"button","body":{"text":"a"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"b"}}]}}`), ReplyButtons{Body: "a", Buttons: []ReplyButton{{ID: "1", Title: "b"}}}},
		"a language with its code":      {templateBody(`"language":{"code":"id"}`), Template{Name: "a", Language: "id"}},
		"a language with Meta's policy": {templateBody(`"language":{"policy":"deterministic","code":"id"}`), Template{Name: "a", Language: "id"}},
		"an index as a number":          {templateBody(`"language":"id",` + strings.Replace(component, "%", "2", 1)), button},
		"an index as a string":          {templateBody(`"language":"id",` + strings.Replace(component, "%", `"2"`, 1)), button},
		"an unknown component type":     {templateBody(`"language":"id","components":[{"type":"tap_target"}]`), Template{Name: "a", Language: "id", Components: []Component{{Type: "tap_target"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m OutboundMessage
			if err := json.Unmarshal([]byte(tc.body), &m); err != nil {
				t.Fatal(err)
			}
			if want := (OutboundMessage{To: testRecipient, Content: tc.want}); !reflect.DeepEqual(m, want) {
				t.Errorf("%#v", m)
			}
		})
	}
}

func TestWhoAMessageIsForIsReadAndWritten(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]OutboundMessage{
		`"to":"+6281100000001"`:                                              {To: "+6281100000001"},
		`"recipient":"ID.7"`:                                                 {Recipient: "ID.7"},
		`"to":"+6281100000001","recipient":"ID.7"`:                           {To: "+6281100000001", Recipient: "ID.7"},
		`"recipient_type":"group","to":"Y2FwaV9ncm91cA"`:                     {To: "Y2FwaV9ncm91cA", RecipientType: RecipientGroup},
		`"to":"+6281100000001","biz_opaque_callback_data":"order-7"`:         {To: "+6281100000001", CallbackData: "order-7"},
		`"to":"+6281100000001","recipient_identity_key_hash":"DF2lS5v2W6x="`: {To: "+6281100000001", IdentityKeyHash: "DF2lS5v2W6x="},
	} {
		want.Content = Text{Body: "a"}
		body := `{"messaging_product":"whatsapp",` + rest + `,"type":"text","text":{"body":"a"}}`
		for _, body := range []string{body, strings.Replace(body, `"type":"text",`, "", 1)} { // Meta omits the type
			var m OutboundMessage
			if err := json.Unmarshal([]byte(body), &m); err != nil || !reflect.DeepEqual(m, want) {
				t.Errorf("%s: %+v, %v", body, m, err)
			}
		}
		if got, err := json.Marshal(want); err != nil || string(got) != body {
			t.Errorf("%s, %v\nwant %s", got, err, body)
		}
		if err := want.Validate(); err != nil {
			t.Errorf("%s: %v", rest, err)
		}
	}
}

func TestTheTextsOfAnEnvelopeAreWrittenAsByEncodingJSON(t *testing.T) {
	t.Parallel()
	for c := range rune(0x2030) { // beyond ASCII, with the line separators that JSON has to escape for scripts
		m := OutboundMessage{To: testRecipient, CallbackData: "a" + string(c), Content: Text{Body: "a"}}
		quoted, err := json.Marshal(m.CallbackData)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := m.MarshalJSON(); err != nil || !bytes.Contains(body, append([]byte(`"biz_opaque_callback_data":`), quoted...)) {
			t.Errorf("%U: %s, %v", c, body, err)
		}
	}
}

func TestAContentThatItsTypeWouldCutShortComesBackRaw(t *testing.T) {
	t.Parallel()
	button := `"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"b"}}]}`
	templated := func(component string) string {
		return `{"name":"a","language":"id","components":[` + component + `]}`
	}
	for name, tc := range map[string]struct{ kind, object string }{
		"an unknown field of text":        {"text", `{"body":"a","format":"md"}`},
		"a name in another case":          {"text", `{"Body":"a"}`},
		"a name with a folding letter":    {"image", `{"lin` + "\u212a" + `":"a"}`},
		"a field that stands twice":       {"text", `{"body":"a","body":"b"}`},
		"half a surrogate pair":           {"text", `{"body":"\ud83d"}`},
		"a caption on audio":              {"audio", `{"id":"1","caption":"a"}`},
		"an unknown interactive kind":     {"interactive", `{"type":"poll","body":{"text":"a"},"action":{"name":"poll"}}`},
		"another version of a flow":       {"interactive", `{"type":"flow","body":{"text":"a"},"action":{"name":"flow","parameters":{"flow_message_version":"4","flow_id":"1","flow_cta":"b"}}}`},
		"an empty payload of a flow":      {"interactive", `{"type":"flow","body":{"text":"a"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"b","flow_action_payload":{}}}}`},
		"another action of a catalogue":   {"interactive", `{"type":"catalog_message","body":{"text":"a"},"action":{"name":"shop"}}`},
		"a header of a product":           {"interactive", `{"type":"product","header":{"type":"text","text":"a"},"action":{"catalog_id":"1","product_retailer_id":"2"}}`},
		"product cards and others":        {"interactive", `{"type":"carousel","body":{"text":"a"},"action":{"cards":[{"card_index":0,"type":"product","action":{"catalog_id":"1","product_retailer_id":"2"}},{"card_index":1,"type":"cta_url"}]}}`},
		"a location without a latitude":   {"location", `{"longitude":1.5}`},
		"a location with more fields":     {"location", `{"latitude":1.5,"longitude":1.5,"url":"a"}`},
		"a vCard":                         {"contacts", `[{"name":{"formatted_name":"a"},"vcard":"b"}]`},
		"another type of pin":             {"pin", `{"type":"star","message_id":"wamid.A"}`},
		"a content nobody documents":      {"poll", `{"name":"a"}`},
		"a content that is an array":      {"polls", `[{"name":"a"}]`},
		"a kind in another case":          {"interactive", `{"Type":"list","body":{"text":"a"}}`},
		"a media header of a list":        {"interactive", `{"type":"list","header":{"type":"image","image":{"link":"a"}},"body":{"text":"a"},"action":{"button":"b","sections":[]}}`},
		"a footer of a carousel":          {"interactive", `{"type":"carousel","body":{"text":"a"},"footer":{"text":"a"},"action":{"cards":[]}}`},
		"buttons in a list":               {"interactive", `{"type":"list","body":{"text":"a"},` + button + `}`},
		"a button that is no reply":       {"interactive", `{"type":"reply_buttons","body":{"text":"a"},"action":{"buttons":[{"type":"call"}]}}`},
		"no body":                         {"interactive", `{"type":"reply_buttons",` + button + `}`},
		"no action":                       {"interactive", `{"type":"reply_buttons","body":{"text":"a"}}`},
		"another action of a URL button":  {"interactive", `{"type":"cta_url","body":{"text":"a"},"action":{"name":"x","parameters":{"display_text":"a","url":"b"}}}`},
		"cards that are not in order":     {"interactive", `{"type":"carousel","body":{"text":"a"},"action":{"cards":[{"card_index":3,"type":"cta_url","header":{"type":"image","image":{"link":"a"}},"action":{"name":"cta_url","parameters":{"display_text":"a","url":"b"}}}]}}`},
		"another language policy":         {"template", `{"name":"a","language":{"code":"id","policy":"fallback"}}`},
		"an unknown field of a language":  {"template", `{"name":"a","language":{"code":"id","region":"x"}}`},
		"a namespace":                     {"template", `{"name":"a","language":"id","namespace":"b"}`},
		"a header with an index":          {"template", templated(`{"type":"header","index":0}`)},
		"an index that is no integer":     {"template", templated(`{"type":"button","sub_type":"url","index":"first"}`)},
		"an unknown field of a parameter": {"template", templated(`{"type":"body","parameters":[{"type":"text","text":"a","bold":true}]}`)},
		"an unknown parameter object":     {"template", templated(`{"type":"body","parameters":[{"type":"tap","tap":{"a":1}}]}`)},
		"an amount as a string":           {"template", templated(`{"type":"body","parameters":[{"type":"currency","currency":{"fallback_value":"a","code":"IDR","amount_1000":"1"}}]}`)},
		"template cards not in order":     {"template", templated(`{"type":"carousel","cards":[{"card_index":1}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded := sendBody(`"type":"` + tc.kind + `","` + tc.kind + `":` + tc.object)
			var m OutboundMessage
			if err := json.Unmarshal([]byte(encoded), &m); err != nil {
				t.Fatal(err)
			}
			want := Raw{Type: tc.kind, Object: json.RawMessage(tc.object)}
			if !reflect.DeepEqual(m.Content, want) {
				t.Errorf("got %#v\nwant %#v", m.Content, want)
			}
			if again, err := json.Marshal(m); err != nil || string(again) != encoded {
				t.Errorf("encoded again: %s, %v", again, err)
			}
		})
	}
}

func TestABodyThatIsNoSendIsAnErrorThatSaysWhy(t *testing.T) {
	t.Parallel()
	const text = `"type":"text","text":{"body":"secret"}`
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":                       {``, "not valid JSON"},
		"null":                          {`null`, "not a JSON object"},
		"an array":                      {`[{}]`, "not a JSON object"},
		"broken JSON":                   {`{"to":"secret"`, "not valid JSON"},
		"two values":                    {sendBody(text) + `{}`, "not valid JSON"},
		"invalid UTF-8":                 {sendBody(`"type":"text","text":{"body":"secret` + "\xff" + `"}`), "not valid UTF-8"},
		"an empty object":               {`{}`, "type is missing"},
		"a read receipt":                {`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.secret"}`, `unknown field "status"`},
		"no type":                       {sendBody(`"recipient_type":"individual"`), "type is missing"},
		"a type that is null":           {sendBody(`"type":null`), "type is not a string"},
		"a type that is a number":       {sendBody(`"type":5`), "type is not a string"},
		"a type that names a field":     {sendBody(`"type":"to"`), "type is not the name of a content"},
		"an empty type":                 {sendBody(`"type":"","":{}`), "type is not the name of a content"},
		"no product":                    {`{"to":"+62secret",` + text + `}`, "messaging_product is missing"},
		"another product":               {`{"messaging_product":"secret","to":"a",` + text + `}`, `messaging_product is not "whatsapp"`},
		"a recipient type as a number":  {sendBody(`"recipient_type":1,` + text), "recipient_type is not a string"},
		"no recipient":                  {`{"messaging_product":"whatsapp",` + text + `}`, "to is missing"},
		"a recipient that is a number":  {`{"messaging_product":"whatsapp","to":628110000,` + text + `}`, "to is not a string"},
		"a name in another case":        {`{"messaging_product":"whatsapp","To":"a",` + text + `}`, `unknown field "To"`},
		"a user id that is null":        {sendBody(`"recipient":null,` + text), "recipient is not a string"},
		"callback data as an object":    {sendBody(`"biz_opaque_callback_data":{},` + text), "biz_opaque_callback_data is not a string"},
		"a type that is null over text": {sendBody(`"type":null,"text":{"body":"secret"}`), `unknown field "text"`},
		"a second content":              {sendBody(text + `,"image":{"id":"1"}`), `unknown field "image"`},
		"a field that stands twice":     {sendBody(text + `,"to":"b"`), `field "to" stands twice`},
		"a field with a long name":      {sendBody(text + `,"` + strings.Repeat("x", 500) + `":1`), `unknown field "` + strings.Repeat("x", 40) + `"`},
		"a context that is a string":    {sendBody(`"context":"wamid.secret",` + text), "context: not a JSON object"},
		"an empty context":              {sendBody(`"context":{},` + text), "context: message_id is missing"},
		"a context without an id":       {sendBody(`"context":{"message_id":""},` + text), "context: message_id is empty"},
		"a context with more":           {sendBody(`"context":{"message_id":"a","forwarded":true},` + text), `context: unknown field "forwarded"`},
		"no object":                     {sendBody(`"type":"text"`), "no text object for the type"},
		"an object that is null":        {sendBody(`"type":"text","text":null`), "text is null"},
		"an object that is a string":    {sendBody(`"type":"text","text":"secret"`), "text is not an object"},
		"an array for an object":        {sendBody(`"type":"image","image":["secret"]`), "image is not an object"},
		"a body that is a number":       {sendBody(`"type":"text","text":{"body":62811}`), "text: body is not a string"},
		"a preview that is a string":    {sendBody(`"type":"text","text":{"body":"a","preview_url":"secret"}`), "text: preview_url is not a boolean"},
		"an interactive without a kind": {interactiveBody(`{}`), "interactive: type is not a string"},
		"a kind that is a number":       {interactiveBody(`{"type":5}`), "interactive: type is not a string"},
		"buttons that are an object":    {interactiveBody(`{"type":"reply_buttons","action":{"buttons":{}}}`), "interactive: action.buttons is not an array"},
		"an action that is a string":    {interactiveBody(`{"type":"list","action":"secret"}`), "interactive: action is not an object"},
		"a language that is a number":   {templateBody(`"language":5`), "template: language is not a string or an object with a code"},
		"a language without a code":     {templateBody(`"language":{}`), "template: language is not a string or an object with a code"},
		"a language with an odd code":   {templateBody(`"language":{"code":5}`), "template: language is not a string or an object with a code"},
		"components that are an object": {templateBody(`"language":"id","components":{}`), "template: components is not an array"},
		"a name that is an object":      {sendBody(`"type":"template","template":{"name":{}}`), "template: name is not a string"},
		"a body nested without an end":  {sendBody(`"type":"x","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)), "not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := OutboundMessage{To: "kept"}
			err := m.UnmarshalJSON([]byte(tc.body))
			if err == nil || err.Error() != "kirim: decode message: "+tc.want {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
			if m.To != "kept" || m.Content != nil {
				t.Errorf("changed to %#v", m)
			}
		})
	}
}

// FuzzOutboundMessage checks that what decodes encodes to a body that decodes
// to the same message. The input stands for a body and for the object of each
// content, as few mutations of a whole body get past its envelope.
func FuzzOutboundMessage(f *testing.F) {
	for name, message := range sends {
		f.Add(goldenSend(f, name))
		encoded, err := message.body(dialectKirim)
		if err != nil {
			f.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(encoded, &fields); err != nil {
			f.Fatal(err)
		}
		var kind string
		if err := json.Unmarshal(fields["type"], &kind); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(fields[kind]))
	}
	for _, body := range metaSends(f) {
		f.Add(body)
	}
	for _, tc := range contents {
		f.Add([]byte(tc.object))
	}
	f.Add([]byte(`{"type":"button","header":{"type":"text","text":""},"body":null,"action":{"buttons":[{}]}}`))
	f.Add([]byte(`{"name":"a","language":{"code":"id"},"components":[{"type":"button","index":"-1","cards":[{"components":[]}]}]}`))
	f.Add([]byte(`[1e400,"\ud83d<",{"flow_action_data":null}]`))
	f.Add([]byte(`{"messaging_product":"whatsapp","to":"","type":"text","text":{"body":""}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkStable(t, data)
		for kind := range contentDecoders {
			checkStable(t, []byte(sendBody(`"type":"`+kind+`","`+kind+`":`+string(data))))
		}
		checkStable(t, []byte(sendBody(`"type":"x","x":`+string(data))))
	})
}

// checkStable writes what can be read in each dialect.
func checkStable(t *testing.T, data []byte) {
	t.Helper()
	for _, d := range []dialect{dialectKirim, dialectMeta} {
		checkStableIn(t, d, data)
	}
}

func checkStableIn(t *testing.T, d dialect, data []byte) {
	t.Helper()
	var first, second OutboundMessage
	if first.UnmarshalJSON(data) != nil {
		return
	}
	_ = first.Validate()
	encoded, err := first.body(d)
	if err != nil {
		t.Fatalf("decoded but does not encode: %v", err)
	}
	if err := json.Unmarshal(encoded, &second); err != nil {
		t.Fatalf("does not decode again: %v\n%s", err, encoded)
	}
	if !reflect.DeepEqual(first, second) {
		t.Fatalf("%#v\nbecame\n%#v", first, second)
	}
	if again, err := second.body(d); err != nil || !bytes.Equal(again, encoded) {
		t.Fatalf("%s\nbecame\n%s\n%v", encoded, again, err)
	}
}

func BenchmarkWireBody(b *testing.B) {
	benchmarkSends(b, func(m OutboundMessage) error {
		_, err := m.body(dialectKirim)
		return err
	})
}

func BenchmarkValidate(b *testing.B) {
	benchmarkSends(b, OutboundMessage.Validate)
}

func benchmarkSends(b *testing.B, f func(OutboundMessage) error) {
	for _, name := range []string{"text", "list", "template_order"} {
		message := sends[name]
		message.To = testRecipient
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
