package kirim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// wantViolations takes the paths alone, below the components.
func wantViolations(t *testing.T, components []Component, want ...string) {
	t.Helper()
	var got []string
	for _, v := range violations(t, OutboundMessage{To: testRecipient, Content: Template{Name: "a", Language: "id", Components: components}}) {
		got = append(got, strings.TrimPrefix(v.Path, "template.components"))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWordsOfATemplateAreComparedInAnyCase(t *testing.T) {
	t.Parallel()
	text := func(kind string) Component { return FillBodyParameters(Parameter{Type: kind, Text: "a"}) }
	for name, tc := range map[string]struct {
		component Component
		want      []string
	}{
		"a button in upper case":                  {Component{Type: "BUTTON", SubType: "URL", Index: 3, Parameters: []Parameter{TextParameter("a")}}, nil},
		"a catalogue button as Meta spells it":    {Component{Type: "button", SubType: "CATALOG", Parameters: []Parameter{{Type: "action", Action: &TemplateAction{ThumbnailID: "sku"}}}}, nil},
		"a button in upper case without sub-type": {Component{Type: "BUTTON"}, []string{"[0].sub_type"}},
		"a carousel in upper case with no cards":  {Component{Type: "CAROUSEL"}, []string{"[0].cards"}},
		"a carousel in mixed case with one card":  {Component{Type: "Carousel", Cards: make([]TemplateCard, 1)}, []string{"[0].cards"}},
		"a text in upper case":                    {text("TEXT"), nil},
		"a text in upper case without its value":  {FillBodyParameters(Parameter{Type: "TEXT"}), []string{"[0].parameters[0].text"}},
		"a text in upper case with another value": {FillBodyParameters(Parameter{Type: "Text", Text: "a", Payload: "b"}), []string{"[0].parameters[0].payload"}},
		"a footer in upper case":                  {Component{Type: "FOOTER", Parameters: []Parameter{TextParameter("a")}}, []string{"[0].parameters"}},
		"a letter that only Unicode folds":        {Component{Type: "button", SubType: "quic\u212a_reply"}, []string{"[0].sub_type"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantViolations(t, []Component{tc.component}, tc.want...)
		})
	}
}

func TestAButtonKeepsItsIndexInAnyCase(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"button", "BUTTON", "Button"} {
		m := OutboundMessage{To: testRecipient, Content: Template{Name: "a", Language: "id", Components: []Component{
			{Type: kind, SubType: "URL", Index: 1, Parameters: []Parameter{TextParameter("a")}},
		}}}
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"type":"` + kind + `","sub_type":"URL","index":1,`; !strings.Contains(string(body), want) {
			t.Errorf("%s lacks %s", body, want)
		}
		var back OutboundMessage
		if err := json.Unmarshal(body, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(m) {
			t.Errorf("%v, %v", back, err)
		}
	}
}

func TestWhatMetaAlwaysRefusesInATemplateIsAViolation(t *testing.T) {
	t.Parallel()
	text := func(s string) []Component { return []Component{FillBody(s)} }
	body := func(p ...Parameter) []Component { return []Component{FillBodyParameters(p...)} }
	one := func(c ...Component) []Component { return c }
	place := func(latitude, longitude float64) []Component {
		return one(FillHeaderLocation(TemplateLocation{Latitude: latitude, Longitude: longitude}))
	}
	money := func(fallback, code string) []Component {
		return body(Parameter{Type: "currency", Currency: &TemplateCurrency{Fallback: fallback, Code: code}})
	}
	when := func(fallback string) []Component {
		return body(Parameter{Type: "date_time", DateTime: &TemplateDateTime{Fallback: fallback}})
	}
	named := func(names ...string) Component {
		c := FillBodyParameters()
		for _, name := range names {
			c.Parameters = append(c.Parameters, NamedTextParameter(name, "a"))
		}
		return c
	}
	flow := func(data string) []Component {
		return one(ButtonAction("flow", 0, TemplateAction{FlowActionData: []byte(data)}))
	}
	mpm := func(s ...ProductSection) []Component {
		return one(ButtonAction("mpm", 0, TemplateAction{Sections: s}))
	}
	card := []Component{FillHeaderImage("https://e.com/a.jpg"), FillBody("a"), ButtonQuickReply(0, "a")}
	const param, action = "[0].parameters[0]", "[0].parameters[0].action"

	for name, tc := range map[string]struct {
		components []Component
		want       []string
	}{
		"four spaces in a row":                   {text("a    b    c"), nil},
		"five spaces in a row":                   {text("a     b"), []string{param + ".text"}},
		"a line break":                           {text("a\nb"), []string{param + ".text"}},
		"a line break of Windows":                {text("a\r\nb"), []string{param + ".text"}},
		"a tab":                                  {text("a\tb"), []string{param + ".text"}},
		"a tab in a header":                      {one(FillHeaderText("a\tb")), []string{param + ".text"}},
		"a line break in the suffix of a URL":    {one(ButtonURL(0, "a\nb")), []string{param + ".text"}},
		"a line break in a payload":              {one(ButtonQuickReply(0, "a\nb")), nil},
		"a line break in a type of the server":   {body(Parameter{Type: "new_kind", Text: "a\nb"}), nil},
		"money":                                  {money("Rp1", "IDR"), nil},
		"money without a fallback":               {money("", "IDR"), []string{param + ".currency.fallback_value"}},
		"money without a currency":               {money("Rp1", ""), []string{param + ".currency.code"}},
		"a date":                                 {when("1 May"), nil},
		"a date without a fallback":              {when(""), []string{param + ".date_time.fallback_value"}},
		"a product":                              {one(FillHeaderProduct("1", "sku")), nil},
		"a product without a catalogue":          {one(FillHeaderProduct("", "sku")), []string{param + ".product.catalog_id"}},
		"a product without an id":                {one(FillHeaderProduct("1", "")), []string{param + ".product.product_retailer_id"}},
		"an offer":                               {one(FillLimitedTimeOffer(time.UnixMilli(1))), nil},
		"an offer without time":                  {one(FillLimitedTimeOffer(time.Time{})), []string{param + ".limited_time_offer.expiration_time_ms"}},
		"an offer that was left empty":           {one(FillLimitedTimeOffer(time.UnixMilli(0))), []string{param + ".limited_time_offer.expiration_time_ms"}},
		"a section of products":                  {mpm(ProductSection{Products: products(1)}), nil},
		"a section without products":             {mpm(ProductSection{Products: products(1)}, ProductSection{}), []string{action + ".sections[1].product_items"}},
		"an empty product in a section":          {mpm(ProductSection{Products: make([]ProductItem, 1)}), []string{action + ".sections[0].product_items[0].product_retailer_id"}},
		"flow data that is an object":            {flow(` {}`), nil},
		"flow data that is an array":             {flow(`[{}]`), []string{action + ".flow_action_data"}},
		"flow data that is a text":               {flow(`"{}"`), []string{action + ".flow_action_data"}},
		"flow data that is null":                 {flow(`null`), []string{action + ".flow_action_data"}},
		"the south pole at the date line":        {place(-90, 180), nil},
		"the north pole at the date line":        {place(90, -180), nil},
		"beyond the pole":                        {place(90.001, 0), []string{param + ".location.latitude"}},
		"beyond the date line":                   {place(0, -180.001), []string{param + ".location.longitude"}},
		"every sub-type that Meta lists":         {one(button("booking_confirmation", 0), button("catalog", 1), button("copy_code", 2), button("flow", 3), button("mpm", 4), button("order_details", 5), button("quick_reply", 6), button("reminder", 7), button("url", 8), button("voice_call", 9)), nil},
		"a sub-type that does not exist":         {one(button("phone_number", 0)), []string{"[0].sub_type"}},
		"a sub-type of a definition":             {one(button("otp", 0)), []string{"[0].sub_type"}},
		"the tenth button":                       {one(ButtonURL(9, "a")), nil},
		"an eleventh button":                     {one(ButtonURL(10, "a")), []string{"[0].index"}},
		"two buttons at one index":               {one(ButtonURL(0, "a"), ButtonQuickReply(1, "a"), ButtonQuickReply(0, "a")), []string{"[2].index"}},
		"cards whose buttons have equal indices": {one(FillCarousel(card, card)), nil},
		"two bodies":                             {one(FillBody("a"), FillBody("b")), []string{"[1].type"}},
		"two bodies in different cases":          {one(FillBody("a"), Component{Type: "BODY"}), []string{"[1].type"}},
		"two headers":                            {one(FillHeaderText("a"), FillHeaderText("b")), []string{"[1].type"}},
		"two bodies in a card":                   {one(FillCarousel(card, append(card, FillBody("a")))), []string{"[0].cards[1].components[3].type"}},
		"two components of the server's":         {one(Component{Type: "tap_target"}, Component{Type: "tap_target"}), nil},
		"two values in a header":                 {one(Component{Type: "header", Parameters: []Parameter{TextParameter("a"), TextParameter("b")}}), []string{"[0].parameters"}},
		"a picture in a body":                    {body(Parameter{Type: "image", Image: &Image{ID: "1"}}), []string{param + ".type"}},
		"a kind of the server's in a body":       {body(Parameter{Type: "new_kind"}), nil},
		"named variables":                        {one(FillHeaderImage("https://e.com/a.jpg"), named("first_name", "order"), ButtonURL(0, "a")), nil},
		"one name in header and body":            {one(Component{Type: "header", Parameters: []Parameter{NamedTextParameter("order", "a")}}, named("order")), nil},
		"a name that stands twice":               {one(named("order", "order")), []string{"[0].parameters[1].parameter_name"}},
		"named and positional variables":         {body(NamedTextParameter("order", "a"), TextParameter("b")), []string{"[0].parameters[1].parameter_name"}},
		"a positional header over named texts":   {one(FillHeaderText("a"), named("order")), []string{"[1].parameters[0].parameter_name"}},
		"a footer":                               {one(Component{Type: "footer"}), nil},
		"a footer with a value":                  {one(Component{Type: "footer", Parameters: []Parameter{TextParameter("a")}}), []string{"[0].parameters"}},
		"a link with an apostrophe":              {one(FillHeaderImage("https://e.com/it's.jpg")), nil},
		"a link without encryption":              {one(FillHeaderVideo("http://e.com/a.mp4")), nil},
		"a link with a space":                    {one(FillHeaderImage("https://e.com/a b.jpg")), []string{param + ".image.link"}},
		"a link with a quote":                    {one(FillHeaderVideo(`https://e.com/a".mp4`)), []string{param + ".video.link"}},
		"a link with an angle bracket":           {one(FillHeaderDocument("https://e.com/<id>.pdf", "")), []string{param + ".document.link"}},
		"a link that is a path":                  {one(FillHeaderDocument("/a.pdf", "")), []string{param + ".document.link"}},
		"a link of another kind":                 {one(FillHeaderImage("ftp://e.com/a.jpg")), []string{param + ".image.link"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantViolations(t, tc.components, tc.want...)
		})
	}
}

func button(subType string, index int) Component {
	return Component{Type: "button", SubType: subType, Index: index}
}

func TestALanguageHasNoSpaces(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]int{"id": 0, "en_US": 0, "prs_AF": 0, "en US": 1, " id": 1, "id\n": 1, "id\u00a0": 1} {
		found := violations(t, OutboundMessage{To: testRecipient, Content: Template{Name: "a", Language: language}})
		if len(found) != want || want == 1 && found[0].Path != "template.language" {
			t.Errorf("%q: %q", language, found)
		}
	}
}

func TestALinkHoldsNothingThatEndsItInAText(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]bool{
		"https://e.com/a%20b":          true,
		"https://e.com/it's?q={a}|b":   true,
		"https://e.com/gambar-kué.jpg": true,
		"https://e.com/a b":            false,
		" https://e.com/a":             false,
		"https://e.com/a ":             false,
		`https://e.com/"a"`:            false,
		"https://e.com/<a":             false,
		"https://e.com/a>":             false,
	} {
		for _, content := range []Content{
			Image{Link: link},
			CTAURL{Body: "a", DisplayText: "b", URL: link},
			ReplyButtons{Header: Header{Image: link}, Body: "a", Buttons: replies(1)},
		} {
			if found := violations(t, OutboundMessage{To: testRecipient, Content: content}); (found == nil) != want {
				t.Errorf("%q in %T: %q", link, content, found)
			}
		}
	}
}

func TestAPlaceIsWrittenWithoutExponents(t *testing.T) {
	t.Parallel()
	for degrees, want := range map[float64]string{5e-7: "0.0000005", -5e-7: "-0.0000005", 0: "0", -6.2: "-6.2", 106.816666: "106.816666"} {
		place := TemplateLocation{Latitude: degrees, Longitude: degrees, Name: "a"}
		data, err := json.Marshal(place)
		if got := `{"latitude":"` + want + `","longitude":"` + want + `","name":"a"}`; err != nil || string(data) != got {
			t.Errorf("%s, %v", data, err)
		}
		var back TemplateLocation
		if err := json.Unmarshal(data, &back); err != nil || back != place {
			t.Errorf("%+v, %v", back, err)
		}
	}
}
