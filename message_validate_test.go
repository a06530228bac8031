package kirim

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
)

// chars is a text of n code points and 3n bytes.
func chars(n int) string { return strings.Repeat("世", n) }

func violations(t *testing.T, m OutboundMessage) []Violation {
	t.Helper()
	err := m.Validate()
	if err == nil {
		return nil
	}
	var invalid *ValidationError
	if !errors.As(err, &invalid) || len(invalid.Violations) == 0 {
		t.Fatalf("Validate: %#v", err)
	}
	return invalid.Violations
}

func replies(n int) []ReplyButton {
	out := make([]ReplyButton, n)
	for i := range out {
		out[i] = ReplyButton{ID: fmt.Sprint("id-", i), Title: fmt.Sprint("Title ", i)}
	}
	return out
}

func rows(n int) []ListRow {
	out := make([]ListRow, n)
	for i := range out {
		out[i] = ListRow{ID: fmt.Sprint("id-", i), Title: "Row"}
	}
	return out
}

// sections spreads the rows, so that ids stay unique over all of them.
func sections(n int) []ListSection {
	out := make([]ListSection, n)
	for i, row := range rows(n) {
		out[i] = ListSection{Title: "Section", Rows: []ListRow{row}}
	}
	return out
}

func cards(n int) []CarouselCard {
	out := make([]CarouselCard, n)
	for i := range out {
		out[i] = CarouselCard{Header: Header{Image: "https://e.com/a.jpg"}, DisplayText: "Look", URL: "https://e.com/"}
	}
	return out
}

func products(n int) []ProductItem {
	return slices.Repeat([]ProductItem{{RetailerID: "sku"}}, n)
}

// quickReplyCards has a card for each list.
func quickReplyCards(lists ...[]ReplyButton) Carousel {
	c := Carousel{Body: "a", Cards: cards(len(lists))}
	for i := range c.Cards {
		c.Cards[i].DisplayText, c.Cards[i].URL, c.Cards[i].QuickReplies = "", "", lists[i]
	}
	return c
}

func TestEachLengthIsAllowedUpToItsLimitAndNoFurther(t *testing.T) {
	t.Parallel()
	reply := func(b ReplyButton) Content { return ReplyButtons{Body: "a", Buttons: []ReplyButton{b}} }
	list := func(s ...ListSection) Content { return List{Body: "a", Button: "b", Sections: s} }
	row := func(r ListRow) Content { return list(ListSection{Rows: []ListRow{r}}) }
	card := func(change func(*CarouselCard)) Content {
		c := Carousel{Body: "a", Cards: cards(2)}
		change(&c.Cards[1])
		return c
	}
	template := func(components ...Component) Content {
		return Template{Name: "a", Language: "id", Components: components}
	}
	multi := func(sections ...ProductSection) Content {
		return template(ButtonAction("mpm", 0, TemplateAction{Sections: sections}))
	}
	const buttons, sectionsPath, cardsPath = "interactive.action.buttons", "interactive.action.sections", "interactive.action.cards"
	const mpm = "template.components[0].parameters[0].action.sections"

	for path, tc := range map[string]struct {
		min, max int // no max: 0
		unit     string
		of       func(int) Content
	}{
		"text.body":                 {1, 4096, "character", func(n int) Content { return Text{Body: chars(n)} }},
		"image.caption":             {0, 1024, "character", func(n int) Content { return Image{ID: "1", Caption: chars(n)} }},
		"video.caption":             {0, 1024, "character", func(n int) Content { return Video{ID: "1", Caption: chars(n)} }},
		"document.caption":          {0, 1024, "character", func(n int) Content { return Document{ID: "1", Caption: chars(n)} }},
		"interactive.body.text":     {1, 1024, "character", func(n int) Content { return ReplyButtons{Body: chars(n), Buttons: replies(1)} }},
		"interactive.body.text 2":   {1, 1024, "character", func(n int) Content { return List{Body: chars(n), Button: "b", Sections: sections(1)} }},
		"interactive.body.text 3":   {1, 1024, "character", func(n int) Content { return CTAURL{Body: chars(n), DisplayText: "a", URL: "https://e.com"} }},
		"interactive.body.text 4":   {1, 1024, "character", func(n int) Content { return Carousel{Body: chars(n), Cards: cards(2)} }},
		"interactive.footer.text":   {0, 60, "character", func(n int) Content { return ReplyButtons{Body: "a", Footer: chars(n), Buttons: replies(1)} }},
		"interactive.footer.text 2": {0, 60, "character", func(n int) Content { return List{Body: "a", Footer: chars(n), Button: "b", Sections: sections(1)} }},
		"interactive.header.text": {0, 60, "character", func(n int) Content {
			return ReplyButtons{Body: "a", Header: Header{Text: chars(n)}, Buttons: replies(1)}
		}},
		"interactive.header.text 2": {0, 60, "character", func(n int) Content { return List{Body: "a", Header: chars(n), Button: "b", Sections: sections(1)} }},

		buttons:                     {1, 3, "button", func(n int) Content { return ReplyButtons{Body: "a", Buttons: replies(n)} }},
		buttons + "[0].reply.id":    {1, 256, "character", func(n int) Content { return reply(ReplyButton{chars(n), "a"}) }},
		buttons + "[0].reply.title": {1, 20, "character", func(n int) Content { return reply(ReplyButton{"a", chars(n)}) }},

		"interactive.action.button":           {1, 20, "character", func(n int) Content { return List{Body: "a", Button: chars(n), Sections: sections(1)} }},
		sectionsPath:                          {1, 0, "section", func(n int) Content { return list(sections(n)...) }},
		sectionsPath + "[0].rows":             {1, 0, "row", func(n int) Content { return list(ListSection{Rows: rows(n)}) }},
		sectionsPath + "[0].title":            {0, 24, "character", func(n int) Content { return list(ListSection{Title: chars(n), Rows: rows(1)}) }},
		sectionsPath + "[0].title 2":          {1, 24, "character", func(n int) Content { s := sections(2); s[0].Title = chars(n); return list(s...) }},
		sectionsPath + "[0].rows[0].id":       {1, 200, "character", func(n int) Content { return row(ListRow{chars(n), "a", ""}) }},
		sectionsPath + "[0].rows[0].title":    {1, 24, "character", func(n int) Content { return row(ListRow{"a", chars(n), ""}) }},
		sectionsPath + "[0].rows[0].descript": {0, 72, "character", func(n int) Content { return row(ListRow{"a", "b", chars(n)}) }},

		"interactive.action.parameters.display_text": {1, 20, "character", func(n int) Content { return CTAURL{Body: "a", DisplayText: chars(n), URL: "https://e.com"} }},

		cardsPath:                                             {2, 10, "card", func(n int) Content { return Carousel{Body: "a", Cards: cards(n)} }},
		cardsPath + "[1].body.text":                           {0, 160, "character", func(n int) Content { return card(func(c *CarouselCard) { c.Body = chars(n) }) }},
		cardsPath + "[1].body.text 2":                         {0, 2, "line break", func(n int) Content { return card(func(c *CarouselCard) { c.Body = strings.Repeat("\n", n) }) }},
		cardsPath + "[1].action.parameters.display":           {1, 20, "character", func(n int) Content { return card(func(c *CarouselCard) { c.DisplayText = chars(n) }) }},
		cardsPath + "[1].action.buttons[0].quick_reply.id":    {1, 256, "character", func(n int) Content { return quickReplyCards(replies(1), []ReplyButton{{chars(n), "a"}}) }},
		cardsPath + "[1].action.buttons[0].quick_reply.title": {1, 20, "character", func(n int) Content { return quickReplyCards(replies(1), []ReplyButton{{"a", chars(n)}}) }},

		"template.name":                                    {1, 512, "character", func(n int) Content { return Template{Name: strings.Repeat("a", n), Language: "id"} }},
		"template.language":                                {1, 0, "character", func(n int) Content { return Template{Name: "a", Language: chars(n)} }},
		"template.components[0].cards":                     {2, 10, "card", func(n int) Content { return template(FillCarousel(make([][]Component, n)...)) }},
		"template.components[0].parameters[0].coupon_code": {1, 20, "", func(n int) Content { return template(ButtonCopyCode(0, chars(n))) }},
		mpm:              {0, 10, "section", func(n int) Content { return multi(slices.Repeat([]ProductSection{{Products: products(1)}}, n)...) }},
		mpm + " 2":       {1, 30, "product", func(n int) Content { return multi(ProductSection{Products: products(n)}) }},
		mpm + "[0].titl": {0, 24, "character", func(n int) Content { return multi(ProductSection{Title: chars(n), Products: products(1)}) }},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			want, _, _ := strings.Cut(path, " ")
			check := func(n int, allowed bool) {
				found := violations(t, OutboundMessage{To: testRecipient, Content: tc.of(n)})
				if allowed {
					if len(found) > 0 {
						t.Errorf("%d: %v", n, found)
					}
					return
				}
				if len(found) != 1 || !strings.HasPrefix(found[0].Path, want) {
					t.Errorf("%d: %v", n, found)
				} else if actual := quantity(n, tc.unit); tc.unit != "" && found[0].Actual != actual {
					t.Errorf("%d: actual %q, want %q", n, found[0].Actual, actual)
				}
			}
			check(tc.min, true)
			if tc.min > 0 {
				check(tc.min-1, false)
			}
			if tc.max > 0 {
				check(tc.max, true)
				check(tc.max+1, false)
			}
		})
	}
}

func TestEachRuleIsReportedAtItsPath(t *testing.T) {
	t.Parallel()
	const bad = "a\xffb"
	const https, source = "an absolute https URL", "exactly one of link and id"
	const sameButtons = "the same number and kind of buttons on all cards"
	parameter := func(p Parameter) Content {
		return Template{Name: "a", Language: "id", Components: []Component{FillBodyParameters(p)}}
	}
	component := func(c Component) Content {
		return Template{Name: "a", Language: "id", Components: []Component{c}}
	}
	twoRows := func(a, b ListRow) Content {
		return List{Body: "a", Button: "b", Sections: []ListSection{{Title: "a", Rows: []ListRow{a}}, {Title: "a", Rows: []ListRow{b}}}}
	}
	mixed := cards(3)
	mixed[2].Header = Header{Video: "https://e.com/a.mp4"}
	both := cards(2)
	both[0].QuickReplies = replies(1)
	bare := cards(2)
	bare[0].Header, bare[1].Header = Header{Document: "https://e.com/a.pdf"}, Header{}
	const param = "template.components[0].parameters[0]"

	for name, tc := range map[string]struct {
		content Content
		want    []Violation
	}{
		"no content":                   {nil, []Violation{{"type", "a content", "none"}}},
		"spaces only are let through":  {Text{Body: "  "}, nil},
		"text that is no UTF-8":        {Text{Body: bad}, []Violation{{"text.body", "valid UTF-8", "invalid UTF-8"}}},
		"both sources":                 {Image{Link: "https://e.com/a", ID: "1"}, []Violation{{"image", source, "both"}}},
		"no source":                    {Audio{}, []Violation{{"audio", source, "neither"}}},
		"an id that is no UTF-8":       {Video{ID: bad}, []Violation{{"video.id", "valid UTF-8", "invalid UTF-8"}}},
		"a long file name":             {Document{ID: "1", Filename: chars(5000)}, nil},
		"a file name that is no UTF-8": {Document{ID: "1", Filename: bad}, []Violation{{"document.filename", "valid UTF-8", "invalid UTF-8"}}},
		"a link in upper case":         {Image{Link: "HTTPS://E.COM/a"}, nil},
		"a plain http link":            {Image{Link: "http://e.com/a"}, []Violation{{"image.link", https, "http"}}},
		"another scheme":               {Image{Link: "ftp://e.com/a"}, []Violation{{"image.link", https, "another scheme"}}},
		"a relative link":              {Image{Link: "/a.jpg"}, []Violation{{"image.link", https, "without a scheme"}}},
		"a link without a host":        {Image{Link: "https:///a.jpg"}, []Violation{{"image.link", https, "without a host"}}},
		"a link with only a port":      {Image{Link: "https://:443/a"}, []Violation{{"image.link", https, "without a host"}}},
		"a malformed link":             {Image{Link: "https://e.com/%zz"}, []Violation{{"image.link", https, "malformed"}}},
		"a link that is no UTF-8":      {Image{Link: "https://e.com/" + bad}, []Violation{{"image.link", https, "invalid UTF-8"}}},
		"a URL button without a URL":   {CTAURL{Body: "a", DisplayText: "b"}, []Violation{{"interactive.action.parameters.url", https, "empty"}}},
		"a header link":                {CTAURL{Header: Header{Video: "http://e.com"}, Body: "a", DisplayText: "b", URL: "https://e.com"}, []Violation{{"interactive.header.video.link", https, "http"}}},
		"two headers": {ReplyButtons{Header: Header{Text: "a", Image: "https://e.com"}, Body: "a", Buttons: replies(1)},
			[]Violation{{"interactive.header", "one of text, image, video and document", "2 of them"}}},
		"spaces around an id": {ReplyButtons{Body: "a", Buttons: []ReplyButton{{" 1", "a"}}},
			[]Violation{{"interactive.action.buttons[0].reply.id", "no leading or trailing spaces", "some"}}},
		"equal buttons": {ReplyButtons{Body: "a", Buttons: []ReplyButton{{"1", "a"}, {"2", "b"}, {"1", "b"}}}, []Violation{
			{"interactive.action.buttons[2].reply.id", "a unique value", "the same as interactive.action.buttons[0].reply.id"},
			{"interactive.action.buttons[2].reply.title", "a unique value", "the same as interactive.action.buttons[1].reply.title"},
		}},
		"equal rows in two sections": {twoRows(ListRow{ID: "1", Title: "a"}, ListRow{ID: "1", Title: "a"}), []Violation{
			{"interactive.action.sections[1].rows[0].id", "a unique value", "the same as interactive.action.sections[0].rows[0].id"},
		}},
		"eleven rows in one section": {List{Body: "a", Button: "b", Sections: []ListSection{{Rows: rows(11)}}}, []Violation{
			{"interactive.action.sections", "1 to 10 rows in all sections", "11 rows"},
		}},
		"eleven sections": {List{Body: "a", Button: "b", Sections: sections(11)}, []Violation{
			{"interactive.action.sections", "1 to 10 sections", "11 sections"},
			{"interactive.action.sections", "1 to 10 rows in all sections", "11 rows"},
		}},
		"cards with different media": {Carousel{Body: "a", Cards: mixed}, []Violation{
			{"interactive.action.cards[2].header.type", "the same on all cards", "another than on the first"},
		}},
		"a card with both buttons": {Carousel{Body: "a", Cards: both}, []Violation{
			{"interactive.action.cards[0].action", "one of a URL button and quick replies", "both"},
			{"interactive.action.cards[1].action", sameButtons, "others than on the first"},
		}},
		"cards with three quick replies each": {quickReplyCards(replies(3), replies(3)), nil},
		"cards without any quick reply": {quickReplyCards([]ReplyButton{}, []ReplyButton{}), []Violation{
			{"interactive.action.cards[0].action.buttons", "at least 1 button", "0 buttons"},
			{"interactive.action.cards[1].action.buttons", "at least 1 button", "0 buttons"},
		}},
		"cards with other numbers of quick replies": {quickReplyCards(replies(2), replies(2), replies(1), replies(3)), []Violation{
			{"interactive.action.cards[2].action", sameButtons, "others than on the first"},
			{"interactive.action.cards[3].action", sameButtons, "others than on the first"},
		}},
		"a quick reply beside URL buttons": {Carousel{Body: "a", Cards: append(cards(2), quickReplyCards(replies(1)).Cards...)}, []Violation{
			{"interactive.action.cards[2].action", sameButtons, "others than on the first"},
		}},
		"cards without media": {Carousel{Body: "a", Cards: bare}, []Violation{
			{"interactive.action.cards[0].header", "one of image and video", "none of them"},
			{"interactive.action.cards[1].header", "one of image and video", "none of them"},
			{"interactive.action.cards[1].header.type", "the same on all cards", "another than on the first"},
		}},

		"a template name in upper case": {Template{Name: "Hello", Language: "id"}, []Violation{
			{"template.name", "1 to 512 lower-case letters, digits and underscores", "5 characters, some of them others"},
		}},
		"a component without a type":  {component(Component{}), []Violation{{"template.components[0].type", "at least 1 character", "0 characters"}}},
		"a button without a sub-type": {component(Component{Type: "button"}), []Violation{{"template.components[0].sub_type", "at least 1 character", "0 characters"}}},
		"a negative index":            {component(ButtonURL(-1, "a")), []Violation{{"template.components[0].index", "0 or more", "less"}}},
		"an index on a body":          {component(Component{Type: "body", Index: 1}), []Violation{{"template.components[0].index", "none except on a button", "an index"}}},
		"an unknown component":        {component(Component{Type: "tap_target", SubType: "x", Parameters: []Parameter{{Type: "tap", Text: "a", Payload: "b"}}}), nil},
		"a parameter without a type":  {parameter(Parameter{Text: "a"}), []Violation{{param + ".type", "at least 1 character", "0 characters"}}},
		"a parameter without its value": {parameter(Parameter{Type: "currency"}), []Violation{
			{param + ".currency", "the value that the type names", "none"},
		}},
		"a parameter with another value": {parameter(Parameter{Type: "text", Text: "a", Image: &Image{ID: "1"}}), []Violation{
			{param + ".image", "only the value that the type names", "another"},
		}},
		"a header image with two sources": {component(Component{Type: "header", Parameters: []Parameter{{Type: "image", Image: &Image{Link: "https://e.com", ID: "1"}}}}), []Violation{
			{param + ".image", source, "both"},
		}},
		"a header video without a source":    {component(FillHeaderVideo("")), []Violation{{param + ".video", source, "neither"}}},
		"a header document without a source": {component(FillHeaderDocument("", "a.pdf")), []Violation{{param + ".document", source, "neither"}}},
		"a variable that is no UTF-8":        {parameter(TextParameter(bad)), []Violation{{param + ".text", "valid UTF-8", "invalid UTF-8"}}},
		"flow data that is no JSON": {component(ButtonAction("flow", 0, TemplateAction{FlowActionData: []byte("{")})), []Violation{
			{param + ".action.flow_action_data", "a JSON object", "something else"},
		}},
		"a place that is none": {component(FillHeaderLocation(TemplateLocation{Latitude: math.NaN(), Longitude: math.Inf(1)})), []Violation{
			{param + ".location.latitude", "a finite number", "none"},
			{param + ".location.longitude", "a finite number", "none"},
		}},
		"a component inside a card": {component(FillCarousel([]Component{FillBody("a")}, []Component{FillBody("a", "")})), []Violation{
			{"template.components[0].cards[1].components[0].parameters[1].text", "the value that the type names", "none"},
		}},

		"a raw content with a field's name": {Raw{Type: "to", Object: 1}, []Violation{
			{"type", "1 to 64 lower-case letters, digits and underscores, not the name of another field", "2 characters"},
		}},
		"a raw content without an object": {Raw{Type: "sticker"}, []Violation{{"sticker", "a value that encodes to JSON", "none"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := violations(t, OutboundMessage{To: testRecipient, Content: tc.content})
			if fmt.Sprint(found) != fmt.Sprint(tc.want) {
				t.Errorf("got  %q\nwant %q", found, tc.want)
			}
		})
	}
}

func TestTheRecipientIsDescribedWithoutItsDigits(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"+6281100000001":    "",
		"+1234567":          "",
		"+123456789012345":  "",
		"":                  "empty",
		"62811000001":       "11 characters, no leading +",
		"+123456":           "a + and 6 digits",
		"+1234567890123456": "a + and 16 digits",
		"+0811000001":       "11 characters, a 0 after the +",
		"+62 811-0000":      "12 characters, not only digits after the +",
		"+6281100000001\n":  "15 characters, not only digits after the +",
		"+٦٢٨١١٠٠٠٠":        "10 characters, not only digits after the +",
		"+62811\xff0000":    "invalid UTF-8",
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			found := violations(t, OutboundMessage{To: to, Content: Text{Body: "a"}})
			if want == "" {
				if found != nil {
					t.Error(found)
				}
				return
			}
			if len(found) != 1 || found[0].Path != "to" || found[0].Actual != want {
				t.Errorf("%q", found)
			}
		})
	}
}

func TestAMessageIsForAPersonOrAGroup(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		message OutboundMessage
		want    string // the path
	}{
		{OutboundMessage{Recipient: "ID.7"}, ""},
		{OutboundMessage{To: "0811", Recipient: "ID.7"}, "to"},
		{OutboundMessage{}, "to"},
		{OutboundMessage{Recipient: "a\xff"}, "recipient"},
		{OutboundMessage{To: "group-1", RecipientType: RecipientGroup}, ""},
		{OutboundMessage{RecipientType: RecipientGroup}, "to"},
		{OutboundMessage{To: testRecipient, RecipientType: "individual"}, ""},
		{OutboundMessage{To: testRecipient, RecipientType: "Group"}, "recipient_type"},
		{OutboundMessage{To: testRecipient, CallbackData: chars(600)}, ""},
		{OutboundMessage{To: testRecipient, CallbackData: "a\xff"}, "biz_opaque_callback_data"},
	} {
		tc.message.Content = Text{Body: "a"}
		found := violations(t, tc.message)
		if tc.want == "" && found != nil || tc.want != "" && (len(found) != 1 || found[0].Path != tc.want) {
			t.Errorf("%+v: %q", tc.message, found)
		}
	}
}

func TestAReplyQuotesAnInboundMessage(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"":                      "",
		"wamid.EXAMPLE-IN-0001": "",
		"msg_01":                "context.message_id: want the wamid of an inbound message, got a msg_ id",
		"wamid.\xff":            "context.message_id: want valid UTF-8, got invalid UTF-8",
	} {
		found := violations(t, OutboundMessage{To: testRecipient, Content: Text{Body: "a"}, ReplyTo: id})
		if want == "" && found != nil || want != "" && (len(found) != 1 || found[0].String() != want) {
			t.Errorf("%q: %q", id, found)
		}
	}
}

func TestAllViolationsAreReportedAtOnceAndTheTextStaysShort(t *testing.T) {
	t.Parallel()
	m := OutboundMessage{
		To: "secret-number", ReplyTo: "msg_secret",
		Content: ReplyButtons{
			Header:  Header{Text: "secret", Image: "http://secret.example.com/secret?secret"},
			Footer:  strings.Repeat("secret", 20),
			Buttons: []ReplyButton{{" secret", strings.Repeat("secret", 9)}, {" secret", strings.Repeat("secret", 9)}, {}, {}},
		},
	}
	found := violations(t, m)
	if len(found) != 17 {
		t.Errorf("%d violations: %q", len(found), found)
	}
	err := m.Validate()
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Error("send", "error", err)
	var invalid *ValidationError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	text := err.Error()
	if !strings.HasPrefix(text, "kirim: invalid request: to: want ") || !strings.HasSuffix(text, "; and 7 more") {
		t.Error(text)
	}
	if !strings.Contains(logged.String(), "error.count=17") {
		t.Error(logged.String())
	}
	for _, s := range []string{text, logged.String(), fmt.Sprintf("%+v", invalid.Violations)} {
		if strings.Contains(s, "secret") || strings.Contains(strings.TrimSuffix(s, "\n"), "\n") {
			t.Error(s)
		}
	}
}

func TestTheTextStaysShortForCarouselsWithinCarousels(t *testing.T) {
	t.Parallel()
	component := Component{}
	for range 200 {
		component = FillCarousel([]Component{component})
	}
	m := OutboundMessage{To: testRecipient, Content: Template{Name: "a", Language: "id", Components: []Component{component}}}
	if text := m.Validate().Error(); len(text) > 2000 || !strings.HasSuffix(text, "; and 191 more") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

func TestAMessageRefusedHereHasAKindLikeOneThatTheServerRefused(t *testing.T) {
	t.Parallel()
	for want, m := range map[Kind]OutboundMessage{
		KindInvalidRecipient: {To: "0811"},
		KindInvalidRequest:   {To: testRecipient, Content: Text{}},
	} {
		var kind Kind
		var code ErrorCode
		err := fmt.Errorf("wrapped: %w", m.Validate())
		if !errors.As(err, &kind) || kind != want || !errors.Is(err, want) || errors.As(err, &code) {
			t.Errorf("%v: the kind is %q, the code %q", err, kind, code)
		}
	}
}
