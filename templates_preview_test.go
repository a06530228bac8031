package kirim_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

const sampleLink = "https://shop.example/a.jpg"

func TestAPreviewShowsWhatTheRecipientSees(t *testing.T) {
	t.Parallel()
	money := kirim.Parameter{Type: "currency", Currency: &kirim.TemplateCurrency{Fallback: "Rp 45.000", Code: "IDR"}}
	date := kirim.Parameter{Type: "date_time", DateTime: &kirim.TemplateDateTime{Fallback: "1 July"}}
	place := kirim.TemplateLocation{Latitude: -6.2, Longitude: 106.8, Name: "The shop", Address: "Jalan 1"}
	card := func(text string) []kirim.ComponentDefinition {
		return []kirim.ComponentDefinition{kirim.DefineHeaderMedia(kirim.TemplateImage, sampleLink), kirim.DefineBody(text), kirim.DefineButtons(kirim.DefineURLButton("Buy", "https://shop.example/{{1}}"))}
	}
	product := []kirim.ComponentDefinition{kirim.DefineHeaderProduct(), kirim.DefineBody("Take {{1}}")}
	fillCard := []kirim.Component{kirim.FillHeaderImage(sampleLink), kirim.FillBody("it"), kirim.ButtonURL(0, "1")}
	fillProduct := []kirim.Component{kirim.FillHeaderProduct("1", "sku"), kirim.FillBody("it")}
	hello, plain := kirim.DefineBody("Hello {{1}}, {{2}}."), kirim.DefineBody("Hello.")
	oneTap := kirim.DefineOneTimeCode("a", "id", kirim.OneTimeCodeOptions{ExpirationMinutes: 1})
	oneTap.Components[2] = kirim.DefineButtons(kirim.DefineOneTapButton("Copy", ""))

	for name, tt := range map[string]struct {
		definition kirim.TemplateCreateParams
		components []kirim.Component
		want       string
	}{
		"all parts": {
			definition: kirim.TemplateCreateParams{Components: []kirim.ComponentDefinition{
				kirim.DefineHeaderText("Order {{1}}"), hello, kirim.DefineFooter("Bye"),
				kirim.DefineButtons(kirim.DefineURLButton("Track", "https://shop.example/{{1}}"), kirim.DefineQuickReplyButton("Thanks"), kirim.DefinePhoneButton("Call", "+6281100000001"), kirim.DefineCopyCodeButton("A")),
			}},
			components: []kirim.Component{kirim.FillHeaderText("A-17"), kirim.FillBody("Ana", "*today*"), kirim.ButtonURL(0, "A-17"), kirim.ButtonCopyCode(3, "SAVE10")},
			want:       "Order A-17\nHello Ana, *today*.\nBye\n[ Track ] https://shop.example/A-17\n[ Thanks ]\n[ Call ] +6281100000001\n[ Copy code ] SAVE10",
		},
		"money and dates":               {define(hello), []kirim.Component{kirim.FillBodyParameters(money, date)}, "Hello Rp 45.000, 1 July."},
		"a value too few":               {define(hello), []kirim.Component{kirim.FillBody("Ana")}, "Hello Ana, {{2}}."},
		"a value too many":              {define(hello), []kirim.Component{kirim.FillBody("Ana", "Budi", "Citra")}, "Hello Ana, Budi."},
		"a value of another kind":       {define(hello), []kirim.Component{kirim.FillBodyParameters(kirim.Parameter{Type: "image"}, date)}, "Hello {{1}}, 1 July."},
		"an empty value":                {define(hello), []kirim.Component{kirim.FillBody("", "Budi")}, "Hello {{1}}, Budi."},
		"money in a text header":        {define(kirim.DefineHeaderText("Order {{1}}"), plain), []kirim.Component{{Type: "header", Parameters: []kirim.Parameter{money}}}, "Order {{1}}\nHello."},
		"names":                         {define(kirim.DefineNamedBody("{{name}}: {{order}}, {{name}}, {{total}}")), []kirim.Component{kirim.FillBodyParameters(kirim.NamedTextParameter("order", "A-17"), kirim.NamedTextParameter("name", "Ana"))}, "Ana: A-17, Ana, {{total}}"},
		"a value that looks like one":   {define(hello), []kirim.Component{kirim.FillBody("{{2}}", "b")}, "Hello {{2}}, b."},
		"an image":                      {define(kirim.DefineHeaderMedia(kirim.TemplateImage, ""), plain), []kirim.Component{kirim.FillHeaderImage(sampleLink)}, "[image] " + sampleLink + "\nHello."},
		"an image without its link":     {define(kirim.DefineHeaderMedia(kirim.TemplateImage, ""), plain), nil, "[image]\nHello."},
		"a video for an image":          {define(kirim.DefineHeaderMedia(kirim.TemplateImage, ""), plain), []kirim.Component{kirim.FillHeaderVideo(sampleLink)}, "[image]\nHello."},
		"an uploaded video":             {define(kirim.DefineHeaderMedia(kirim.TemplateVideo, ""), plain), []kirim.Component{{Type: "header", Parameters: []kirim.Parameter{{Type: "video", Video: &kirim.Video{ID: "17"}}}}}, "[video] media 17\nHello."},
		"a document":                    {define(kirim.DefineHeaderMedia(kirim.TemplateDocument, ""), plain), []kirim.Component{kirim.FillHeaderDocument(sampleLink, "a.pdf")}, "[document] a.pdf " + sampleLink + "\nHello."},
		"a place":                       {define(kirim.DefineHeaderLocation(), plain), []kirim.Component{kirim.FillHeaderLocation(place)}, "[location] The shop, Jalan 1 (-6.2, 106.8)\nHello."},
		"a place without a name":        {define(kirim.DefineHeaderLocation(), plain), []kirim.Component{kirim.FillHeaderLocation(kirim.TemplateLocation{})}, "[location] 0, 0\nHello."},
		"an offer":                      {define(kirim.DefineLimitedTimeOffer("Ends soon", true), plain), []kirim.Component{kirim.FillLimitedTimeOffer(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC))}, "[offer] Ends soon until 2026-07-01 12:00 UTC\nHello."},
		"an offer for good":             {define(kirim.DefineLimitedTimeOffer("For good", false), plain), nil, "[offer] For good\nHello."},
		"a one-time code":               {kirim.DefineOneTimeCode("a", "id", kirim.OneTimeCodeOptions{SecurityRecommendation: true, ExpirationMinutes: 5}), kirim.FillOneTimeCode("123456"), "*123456* is your verification code. For your security, do not share this code.\nThis code expires in 5 minutes.\n[ Copy code ] 123456"},
		"a one-time code for an app":    {oneTap, kirim.FillOneTimeCode("123456"), "*123456* is your verification code.\nThis code expires in 1 minute.\n[ Autofill ] 123456"},
		"buttons without a text":        {define(plain, kirim.DefineButtons(kirim.DefineCatalogButton(""), kirim.DefineProductsButton(""), kirim.DefineVoiceCallButton("", 0), kirim.ButtonDefinition{Type: "TELEPORT"})), nil, "Hello.\n[ View catalog ]\n[ View items ]\n[ Call ]\n[ teleport ]"},
		"a suffix that is missing":      {define(plain, kirim.DefineButtons(kirim.DefineURLButton("Go", "https://shop.example/{{1}}"))), nil, "Hello.\n[ Go ] https://shop.example/{{1}}"},
		"cards":                         {define(plain, kirim.DefineCarousel(card("Take {{1}}"), card("Or {{1}}"))), []kirim.Component{kirim.FillCarousel(fillCard, fillCard)}, "Hello.\nCard 1 of 2\n  [image] " + sampleLink + "\n  Take it\n  [ Buy ] https://shop.example/1\nCard 2 of 2\n  [image] " + sampleLink + "\n  Or it\n  [ Buy ] https://shop.example/1"},
		"a card too few":                {define(plain, kirim.DefineCarousel(card("Take {{1}}"), card("Or {{1}}"))), []kirim.Component{kirim.FillCarousel(fillCard)}, "Hello.\nCard 1 of 2\n  [image] " + sampleLink + "\n  Take it\n  [ Buy ] https://shop.example/1\nCard 2 of 2\n  [image]\n  Or {{1}}\n  [ Buy ] https://shop.example/{{1}}"},
		"products":                      {define(plain, kirim.DefineCarousel(product, product)), []kirim.Component{kirim.FillCarousel(fillProduct, fillProduct, fillProduct)}, "Hello.\nCard 1 of 3\n  [product] sku\n  Take it\nCard 2 of 3\n  [product] sku\n  Take it\nCard 3 of 3\n  [product] sku\n  Take it"},
		"a component without its place": {define(plain), []kirim.Component{kirim.FillHeaderText("a"), kirim.ButtonURL(0, "a")}, "Hello."},
		"what a terminal would obey":    {define(hello), []kirim.Component{kirim.FillBody("\x1b[2J", "a\r\nb\u009b")}, "Hello \ufffd[2J, a\nb\ufffd."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			preview, err := kirim.Template{Components: tt.components}.Preview(tt.definition.Definition())
			if err != nil {
				t.Fatal(err)
			}
			if got := preview.Text(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			wantSafeHTML(t, preview.HTML())
		})
	}
}

func define(components ...kirim.ComponentDefinition) kirim.TemplateCreateParams {
	return kirim.TemplateCreateParams{Name: "a", Language: "id", Components: components}
}

func TestAPreviewNeedsTheTextOfTheBody(t *testing.T) {
	t.Parallel()
	for definition, want := range map[string]string{
		`null`: "got nil",
		`{"name":"a","language":"id","status":"approved"}`:                                         "want a definition with the text of the body, in Components or in Content, got one without components",
		`{"name":"a","language":"id","status":"approved","footer_content":"Bye"}`:                  "got one without it",
		`{"components":[{"type":"FOOTER","text":"Bye"}]}`:                                          "got one without it",
		`{"components":[{"type":"BODY"}]}`:                                                         "got one without it",
		`{"components":[{"type":"BODY","text":{"id":"a"}}]}`:                                       "got one without it",
		`{"name":"a","content":"Hello {{1}}"}`:                                                     "",
		`{"components":"[{\"type\":\"BODY\",\"text\":\"Hello {{1}}\"}]"}`:                          "",
		`{"category":"AUTHENTICATION","components":[{"type":"BODY"},{"type":"FOOTER"}]}`:           "",
		`{"components":[{"type":"BODY"},{"type":"BUTTONS","buttons":[{"type":"OTP","text":""}]}]}`: "",
	} {
		var d *kirim.MessageTemplate
		if err := json.Unmarshal([]byte(definition), &d); err != nil {
			t.Fatal(err)
		}
		preview, err := kirim.Template{Name: "a", Components: []kirim.Component{kirim.FillBody("Ana")}}.Preview(d)
		var invalid *kirim.ValidationError
		switch {
		case want == "" && (err != nil || !strings.Contains(preview.Text(), "Ana")):
			t.Errorf("%s: %v, %q", definition, err, preview.Text())
		case want != "" && !errors.As(err, &invalid):
			t.Errorf("%s: %v", definition, err)
		case want != "":
			wantText(t, err, want)
		}
	}
}

func TestAPreviewIsAFragmentOfHTML(t *testing.T) {
	t.Parallel()
	evil := `"><script>alert('x')</script>`
	for name, tt := range map[string]struct {
		preview kirim.TemplatePreview
		want    string
	}{
		"a text header has no markup":     {kirim.TemplatePreview{Header: &kirim.PreviewHeader{Kind: "text", Text: "*a*\n<b>"}}, `<div class="kirim-header" dir="auto">*a*<br>&lt;b&gt;</div>`},
		"an image":                        {kirim.TemplatePreview{Header: &kirim.PreviewHeader{Kind: "image", Link: "https://shop.example/a.jpg?a=1&b=2"}}, `<div class="kirim-header" dir="auto"><img src="https://shop.example/a.jpg?a=1&amp;b=2" alt="image" referrerpolicy="no-referrer"></div>`},
		"an image that a script would be": {kirim.TemplatePreview{Header: &kirim.PreviewHeader{Kind: "image", Link: "javascript:alert(1)"}}, `<div class="kirim-header" dir="auto"><span class="kirim-media">image</span> javascript:alert(1)</div>`},
		"an image without its link":       {kirim.TemplatePreview{Header: &kirim.PreviewHeader{Kind: "image"}}, `<div class="kirim-header" dir="auto"><span class="kirim-media">image</span></div>`},
		"a video":                         {kirim.TemplatePreview{Header: &kirim.PreviewHeader{Kind: "video", Link: "http://shop.example/a.mp4"}}, `<div class="kirim-header" dir="auto"><video src="http://shop.example/a.mp4" controls preload="none"></video></div>`},
		"a document":                      {kirim.TemplatePreview{Header: &kirim.PreviewHeader{Kind: "document", Link: "https://shop.example/a.pdf", Filename: "<a>.pdf"}}, `<div class="kirim-header" dir="auto"><span class="kirim-media">document</span> <a href="https://shop.example/a.pdf" rel="noopener noreferrer nofollow">&lt;a&gt;.pdf</a></div>`},
		"a body":                          {kirim.TemplatePreview{Body: "*a* " + evil}, `<div class="kirim-body" dir="auto"><strong>a</strong> &#34;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</div>`},
		"a footer and an offer":           {kirim.TemplatePreview{Offer: &kirim.PreviewOffer{Text: "*Soon*", Expires: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}, Footer: "_a_"}, `<div class="kirim-offer" dir="auto">*Soon*<br>until 2026-07-01 12:00 UTC</div><div class="kirim-footer" dir="auto">_a_</div>`},
		"buttons": {kirim.TemplatePreview{Buttons: []kirim.PreviewButton{{Text: "Go", URL: "https://shop.example/"}, {Text: "*Bad*", URL: "javascript:alert(1)"}, {Text: evil, PhoneNumber: "+6281100000001"}, {Text: "Copy", Code: "A"}}},
			`<ul class="kirim-buttons"><li><a href="https://shop.example/" rel="noopener noreferrer nofollow">Go</a></li>` +
				`<li>*Bad* <span class="kirim-detail">javascript:alert(1)</span></li>` +
				`<li>&#34;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; <span class="kirim-detail">+6281100000001</span></li><li>Copy <span class="kirim-detail">A</span></li></ul>`},
		"a link that leaves its attribute": {kirim.TemplatePreview{Buttons: []kirim.PreviewButton{{Text: "Go", URL: `https://shop.example/"onclick="alert(1)`}}}, `<ul class="kirim-buttons"><li>Go <span class="kirim-detail">https://shop.example/&#34;onclick=&#34;alert(1)</span></li></ul>`},
		"cards":                            {kirim.TemplatePreview{Cards: []kirim.TemplatePreview{{Body: "a"}, {Body: "b"}}}, `<ol class="kirim-cards"><li><div class="kirim-message"><div class="kirim-body" dir="auto">a</div></div></li><li><div class="kirim-message"><div class="kirim-body" dir="auto">b</div></div></li></ol>`},
		"nothing":                          {kirim.TemplatePreview{}, ""},
		"what is not UTF-8":                {kirim.TemplatePreview{Body: "\xff", Footer: "\x00", Buttons: []kirim.PreviewButton{{Text: "\xfe", URL: "https://a.example/\xff"}}}, `<div class="kirim-body" dir="auto">` + "\ufffd" + `</div><div class="kirim-footer" dir="auto">` + "\ufffd" + `</div><ul class="kirim-buttons"><li>` + "\ufffd" + ` <span class="kirim-detail">https://a.example/` + "\ufffd" + `</span></li></ul>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.preview.HTML()
			if want := `<div class="kirim-message">` + tt.want + `</div>`; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			wantSafeHTML(t, got)
		})
	}
}
