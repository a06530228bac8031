package kirim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// define is a definition that is complete.
func define(components ...ComponentDefinition) *MessageTemplate {
	return TemplateCreateParams{Name: "a", Language: "id", Category: TemplateMarketing, Components: components}.Definition()
}

// misfits are the violations of a message with these components, below them.
func misfits(t *testing.T, d *MessageTemplate, now time.Time, components ...Component) string {
	t.Helper()
	err := Template{Name: "a", Language: "id", Components: components}.checkAt(d, now)
	if err == nil {
		return ""
	}
	var e *ValidationError
	if !errors.As(err, &e) || len(e.Violations) == 0 {
		t.Fatalf("%v", err)
	}
	var list []string
	for _, v := range e.Violations {
		list = append(list, fmt.Sprintf("%s: %s, not %s", strings.TrimPrefix(v.Path, "template.components"), v.Limit, v.Actual))
	}
	return strings.Join(list, "; ")
}

func TestAMessageThatDoesNotFitItsTemplateIsReported(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	const link = "https://shop.example/a.jpg"
	order := DefineBody("Hello {{1}}, order {{2}} is ready.", "Ana", "A-17")
	named := DefineNamedBody("Hello {{name}}, order {{order}} is ready.")
	plain := DefineBody("Hello.")
	filled := FillBody("Ana", "A-17")
	button := func(b ButtonDefinition) *MessageTemplate { return define(plain, DefineButtons(b)) }
	coupon := Parameter{Type: "coupon_code", CouponCode: "SAVE10"}
	money := Parameter{Type: "currency", Currency: &TemplateCurrency{Fallback: "Rp 1", Code: "IDR"}}
	date := Parameter{Type: "date_time", DateTime: &TemplateDateTime{Fallback: "today"}}
	card := func(format string, buttons ...ButtonDefinition) []ComponentDefinition {
		return []ComponentDefinition{{Type: "HEADER", Format: format}, DefineBody("Take {{1}}", "it"), DefineButtons(buttons...)}
	}
	pictures := define(plain, DefineCarousel(card("IMAGE", DefineURLButton("Buy", "https://shop.example/{{1}}")), card("IMAGE", DefineURLButton("Buy", "https://shop.example/{{1}}"))))
	products := define(plain, DefineCarousel(card("PRODUCT"), card("PRODUCT")))
	picture := []Component{FillHeaderImage(link), FillBody("it"), ButtonURL(0, "1")}
	product := []Component{FillHeaderProduct("1", "sku"), FillBody("it")}
	code := DefineOneTimeCode("a", "id", OneTimeCodeOptions{ExpirationMinutes: 10}).Definition()
	slow := DefineOneTimeCode("a", "id", OneTimeCodeOptions{ExpirationMinutes: 91}).Definition()

	for name, tt := range map[string]struct {
		definition *MessageTemplate
		components []Component
		want       string
	}{
		"a value for each variable":           {define(order), []Component{filled}, ""},
		"no component for a fixed text":       {define(plain), nil, ""},
		"a value too few":                     {define(order), []Component{FillBody("Ana")}, "[0].parameters: 2 parameters for the body, not 1"},
		"a value too many":                    {define(plain), []Component{FillBody("Ana")}, "[0].parameters: 0 parameters for the body, not 1"},
		"no body":                             {define(order), nil, ": 2 parameters for the body, not 0"},
		"money and a date in a body":          {define(order), []Component{FillBodyParameters(money, date)}, ""},
		"an image in a body":                  {define(order), []Component{FillBodyParameters(TextParameter("a"), Parameter{Type: "image"})}, "[0].parameters[1].type: one of text, currency, date_time, not image"},
		"a secret kind in a body":             {define(order), []Component{FillBodyParameters(TextParameter("a"), Parameter{Type: "S3CRET"})}, "[0].parameters[1].type: one of text, currency, date_time, not another"},
		"names in any order":                  {define(named), []Component{FillBodyParameters(NamedTextParameter("order", "A-17"), NamedTextParameter("name", "Ana"))}, ""},
		"no names for named variables":        {define(named), []Component{filled}, "[0].parameters[0].parameter_name: the name of a variable of the template, not another or none; [0].parameters[1].parameter_name: the name of a variable of the template, not another or none"},
		"another name":                        {define(named), []Component{FillBodyParameters(NamedTextParameter("order", "A-17"), NamedTextParameter("nome", "Ana"))}, "[0].parameters[1].parameter_name: the name of a variable of the template, not another or none"},
		"a name for a numbered variable":      {define(order), []Component{FillBodyParameters(TextParameter("Ana"), NamedTextParameter("order", "A-17"))}, "[0].parameters[1].parameter_name: no name, as the variables are numbered, not a name"},
		"the format decides what is a name":   {func() *MessageTemplate { d := define(order); d.ParameterFormat = "NAMED"; return d }(), []Component{FillBodyParameters(NamedTextParameter("1", "Ana"), NamedTextParameter("2", "A-17"))}, ""},
		"a text in a text header":             {define(DefineHeaderText("For {{1}}", "Ana"), plain), []Component{FillHeaderText("Ana")}, ""},
		"money in a text header":              {define(DefineHeaderText("For {{1}}", "Ana"), plain), []Component{headerComponent(money)}, "[0].parameters[0].type: text, not currency"},
		"a date in a text header":             {define(DefineHeaderText("For {{1}}", "Ana"), plain), []Component{headerComponent(date)}, "[0].parameters[0].type: text, not date_time"},
		"an image in a text header":           {define(DefineHeaderText("For {{1}}", "Ana"), plain), []Component{FillHeaderImage(link)}, "[0].parameters[0].type: text, not image"},
		"no value for a text header":          {define(DefineHeaderText("For {{1}}", "Ana"), plain), nil, ": 1 parameter for the header, not 0"},
		"a value for a fixed header":          {define(DefineHeaderText("Hello"), plain), []Component{FillHeaderText("a")}, "[0].parameters: 0 parameters for the header, not 1"},
		"a value for no header":               {define(plain), []Component{FillHeaderImage(link)}, "[0].parameters: 0 parameters for the header, not 1"},
		"an image for an image":               {define(DefineHeaderMedia(TemplateImage, link), plain), []Component{FillHeaderImage(link)}, ""},
		"a video for an image":                {define(DefineHeaderMedia(TemplateImage, link), plain), []Component{FillHeaderVideo(link)}, "[0].parameters[0].type: image, not video"},
		"no image":                            {define(DefineHeaderMedia(TemplateImage, link), plain), nil, ": a header of the kind image, not none"},
		"a place":                             {define(DefineHeaderLocation(), plain), []Component{FillHeaderLocation(TemplateLocation{})}, ""},
		"a document for a place":              {define(DefineHeaderLocation(), plain), []Component{FillHeaderDocument(link, "")}, "[0].parameters[0].type: location, not document"},
		"a value for a footer":                {define(plain, DefineFooter("Bye")), []Component{{Type: "footer", Parameters: []Parameter{TextParameter("a")}}}, "[0].parameters: 0 parameters for the footer, not 1"},
		"a suffix":                            {button(DefineURLButton("Go", "https://shop.example/{{1}}")), []Component{ButtonURL(0, "a")}, ""},
		"an empty suffix":                     {button(DefineURLButton("Go", "https://shop.example/{{1}}")), []Component{ButtonURL(0, "")}, "[0].parameters[0].text: a text, not an empty one"},
		"a suffix with a name":                {button(DefineURLButton("Go", "https://shop.example/{{1}}")), []Component{buttonComponent("url", 0, NamedTextParameter("a", "a"))}, "[0].parameters[0].parameter_name: no name, as the variable is numbered, not a name"},
		"no suffix":                           {button(DefineURLButton("Go", "https://shop.example/{{1}}")), nil, ": 1 parameter for the button 0, not 0"},
		"a suffix for a fixed URL":            {button(DefineURLButton("Go", "https://shop.example/")), []Component{ButtonURL(0, "a")}, "[0].parameters: 0 parameters for the button 0, not 1"},
		"a URL that is not told":              {button(ButtonDefinition{Type: "URL"}), []Component{ButtonURL(0, "a")}, ""},
		"a payload":                           {button(DefineQuickReplyButton("Yes")), []Component{ButtonQuickReply(0, "yes")}, ""},
		"no payload":                          {button(DefineQuickReplyButton("Yes")), nil, ""},
		"a coupon":                            {button(DefineCopyCodeButton("SAVE10")), []Component{ButtonCopyCode(0, "SAVE20")}, ""},
		"no coupon":                           {button(DefineCopyCodeButton("SAVE10")), nil, ": 1 parameter for the button 0, not 0"},
		"a coupon for a quick reply":          {button(DefineQuickReplyButton("Yes")), []Component{buttonComponent("quick_reply", 0, coupon)}, "[0].parameters[0].type: payload, not coupon_code"},
		"products":                            {button(DefineProductsButton("View")), []Component{ButtonAction("mpm", 0, TemplateAction{})}, ""},
		"no products":                         {button(DefineProductsButton("View")), nil, ": 1 parameter for the button 0, not 0"},
		"a catalogue without a picture":       {button(DefineCatalogButton("View")), nil, ""},
		"a catalogue as Meta spells it":       {button(DefineCatalogButton("View")), []Component{ButtonAction("CATALOG", 0, TemplateAction{})}, ""},
		"a flow":                              {button(DefineFlowButton("Book", "1", "")), []Component{ButtonAction("flow", 0, TemplateAction{})}, ""},
		"a voice call that lasts":             {button(DefineVoiceCallButton("Call", 0)), []Component{ButtonVoiceCall(0, 15, "a")}, ""},
		"a voice call with a text":            {button(DefineVoiceCallButton("Call", 0)), []Component{buttonComponent("voice_call", 0, TextParameter("a"))}, "[0].parameters[0].type: one of ttl_minutes, payload, not text"},
		"a button that names no position":     {define(plain, DefineButtons(DefineQuickReplyButton("Yes"), DefineVoiceCallButton("Call", 0))), []Component{{Type: "button", SubType: "VOICE_CALL", withoutIndex: true}}, ""},
		"an order's details":                  {button(ButtonDefinition{Type: "ORDER_DETAILS"}), []Component{ButtonOrderDetails(0, PaymentRequest{})}, ""},
		"an order's status":                   {define(plain), []Component{FillOrderStatus("1", "shipped", "")}, ""},
		"an order without its details":        {button(ButtonDefinition{Type: "ORDER_DETAILS"}), nil, ": 1 parameter for the button 0, not 0"},
		"a value for a phone number":          {button(DefinePhoneButton("Call", "+6281100000001")), []Component{ButtonURL(0, "a")}, "[0]: no component for a button of this type, not one"},
		"a button of another type":            {button(DefineQuickReplyButton("Yes")), []Component{ButtonURL(0, "a")}, "[0].sub_type: quick_reply, as the button of the template, not url"},
		"a button of an unknown type":         {button(ButtonDefinition{Type: "TELEPORT"}), []Component{ButtonURL(0, "a")}, ""},
		"a button that is not there":          {button(DefineQuickReplyButton("Yes")), []Component{ButtonQuickReply(1, "yes")}, "[0].index: the index of a button of the template, not another"},
		"a negative index":                    {button(DefineQuickReplyButton("Yes")), []Component{ButtonQuickReply(-1, "yes")}, "[0].index: the index of a button of the template, not another"},
		"an end in the future":                {define(plain, DefineLimitedTimeOffer("Soon", true)), []Component{FillLimitedTimeOffer(now.Add(time.Millisecond))}, ""},
		"an end just now":                     {define(plain, DefineLimitedTimeOffer("Soon", true)), []Component{FillLimitedTimeOffer(now)}, "[0].parameters[0].limited_time_offer.expiration_time_ms: a time in the future, not one in the past"},
		"no end":                              {define(plain, DefineLimitedTimeOffer("Soon", true)), nil, ": 1 parameter for the limited_time_offer, not 0"},
		"an end of an offer without one":      {define(plain, DefineLimitedTimeOffer("Good", false)), []Component{FillLimitedTimeOffer(now.Add(time.Hour))}, "[0]: no limited_time_offer, as the offer does not expire, not one"},
		"an offer without an end":             {define(plain, DefineLimitedTimeOffer("Good", false)), nil, ""},
		"an offer of which nothing is known":  {define(plain, ComponentDefinition{Type: "LIMITED_TIME_OFFER"}), nil, ""},
		"an offer that the template lacks":    {define(plain), []Component{FillLimitedTimeOffer(now.Add(time.Hour))}, "[0]: no limited_time_offer, as the template has none, not one"},
		"a code":                              {code, FillOneTimeCode("123456"), ""},
		"a code of 15 characters":             {code, FillOneTimeCode("123456789012345"), ""},
		"a code of 16 characters":             {code, FillOneTimeCode("1234567890123456"), "[0].parameters[0].text: a code of at most 15 characters, not 16 characters"},
		"two codes":                           {code, []Component{FillBody("123456"), ButtonURL(0, "654321")}, "[1].parameters[0].text: the code of the body, not another"},
		"a code without its button":           {code, []Component{FillBody("123456")}, ": 1 parameter for the button 0, not 0"},
		"a code without its body":             {code, []Component{ButtonURL(0, "123456")}, ": 1 parameter for the body, not 0"},
		"a code that lasts too long":          {slow, FillOneTimeCode("123456"), "template: a definition with a code that expires after 1 to 90 minutes, not 91 minutes"},
		"a card for each":                     {pictures, []Component{FillCarousel(picture, picture)}, ""},
		"a card too many":                     {pictures, []Component{FillCarousel(picture, picture, picture)}, "[0].cards: 2 cards, not 3"},
		"no cards":                            {pictures, nil, ": 2 cards, not 0"},
		"cards with faults":                   {pictures, []Component{FillCarousel(picture, []Component{FillHeaderVideo(link), ButtonURL(0, "1")})}, "[0].cards[1].components[0].parameters[0].type: image, not video; [0].cards[1].components: 1 parameter for the body, not 0"},
		"five products":                       {products, []Component{FillCarousel(product, product, product, product, product)}, ""},
		"one product":                         {products, []Component{FillCarousel(product)}, "[0].cards: 2 to 10 cards, not 1"},
		"cards that the template lacks":       {define(plain), []Component{FillCarousel(picture, picture)}, "[0]: no carousel, as the template has none, not one"},
		"a component of an unknown type":      {define(plain), []Component{{Type: "hologram", Parameters: []Parameter{{Type: "text"}}}}, ""},
		"all at once":                         {define(DefineHeaderLocation(), order), []Component{FillBody("Ana"), ButtonURL(0, "a")}, "[0].parameters: 2 parameters for the body, not 1; [1].index: the index of a button of the template, not another; : a header of the kind location, not none"},
		"a definition in another language":    {&MessageTemplate{Name: "b", Language: "id_ID"}, nil, "template.name: the name of the definition, not another; template.language: the language of the definition, not another"},
		"no definition":                       {nil, nil, "template: a definition, not nil"},
		"an extra that is not JSON":           {define(ComponentDefinition{Type: "BODY", Extra: Extra{"a": json.RawMessage("{")}}), []Component{filled}, ""},
		"text in a header of an unknown kind": {define(ComponentDefinition{Type: "HEADER", Format: "HOLOGRAM"}, plain), []Component{FillHeaderText("a")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := misfits(t, tt.definition, now, tt.components...); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestWhatADefinitionDoesNotSayIsNotChecked(t *testing.T) {
	t.Parallel()
	const bare = `"name":"a","language":"id","status":"approved"`
	everything := []Component{FillHeaderImage("https://shop.example/a.jpg"), FillBody("a", "b"), ButtonURL(3, "a"), FillCarousel(nil, nil), FillLimitedTimeOffer(time.Now().Add(time.Hour))}
	for name, tt := range map[string]struct {
		definition string
		components []Component
		want       string
		complete   bool
	}{
		"a name, a language and a status":      {bare, everything, "", false},
		"nothing at all":                       {"", everything, "", false},
		"null for all else":                    {bare + `,"content":null,"header_type":null,"has_variables":false,"variables":[],"buttons":[],"components":[]`, everything, "", false},
		"a content that fits":                  {bare + `,"content":"{{1}} and {{2}}"`, everything, "", false},
		"a content that does not":              {bare + `,"content":"{{1}}"`, everything, "[1].parameters: 1 parameter for the body, not 2", false},
		"a content that misses its values":     {bare + `,"content":"{{1}}"`, nil, ": 1 parameter for the body, not 0", false},
		"the kind of a header":                 {bare + `,"header_type":"VIDEO"`, everything, "[0].parameters[0].type: video, not image", false},
		"the text of a header":                 {bare + `,"header_type":"text","header_content":"For {{1}}"`, everything, "[0].parameters[0].type: text, not image", false},
		"a text header without its text":       {bare + `,"header_type":"text"`, everything, "", false},
		"buttons":                              {bare + `,"buttons":[{"type":"QUICK_REPLY"}]`, everything, "[2].index: the index of a button of the template, not another", false},
		"a footer":                             {bare + `,"footer_content":"Bye"`, everything, "", false},
		"that it has variables":                {bare + `,"has_variables":true`, nil, ": values for the variables of the template, not none", false},
		"their names":                          {bare + `,"variables":["a"]`, nil, ": values for the variables of the template, not none", false},
		"variables of a message that has some": {bare + `,"variables":["a"]`, everything, "", false},
		"the category of one-time codes":       {bare + `,"category":"AUTHENTICATION"`, []Component{FillBody("1234567890123456")}, ": 1 parameter for the button 0, not 0; [0].parameters[0].text: a code of at most 15 characters, not 16 characters", false},
		"a one-time code read back":            {bare + `,"category":"AUTHENTICATION","content":"*{{1}}* is your code.","buttons":[{"type":"URL","url":"https://www.example.com/otp"}]`, FillOneTimeCode("1"), "", false},
		"components as an object":              {bare + `,"components":{"body":"{{1}}"}`, everything, "", false},
		"components as a text":                 {bare + `,"components":"[{\"type\":\"BODY\",\"text\":\"{{1}}\"}]"`, nil, ": 1 parameter for the body, not 0", true},
		"components of which one is not":       {bare + `,"components":[{"type":"BODY","text":"{{1}}"},"x"]`, everything, "[1].parameters: 1 parameter for the body, not 2", false},
		"a text of another shape":              {bare + `,"components":[{"type":"BODY","text":["a"]},{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY"}]}]`, []Component{FillBody("a")}, "", false},
		"buttons of another shape":             {bare + `,"components":[{"type":"BODY","text":"a"},{"type":"BUTTONS","buttons":"x"}]`, []Component{ButtonURL(7, "a")}, "", false},
		"cards of another shape":               {bare + `,"components":[{"type":"BODY","text":"a"},{"type":"CAROUSEL","cards":[{"components":1}]}]`, []Component{FillCarousel(nil, nil)}, "", false},
		"components without a body":            {bare + `,"components":[{"type":"FOOTER","text":"a"}]`, everything, "", false},
		"components of unknown types":          {bare + `,"components":[{"type":"BODY","text":"a"},{"type":"HOLOGRAM","text":"{{1}}"}]`, nil, "", false},
		"components with fields of the future": {bare + `,"components":[{"type":"body","text":"a","mood":1}]`, nil, "", true},
		"no language":                          {`"name":"a","status":"approved","components":[{"type":"BODY","text":"a"}]`, nil, "", false},
		"no status":                            {`"name":"a","language":"id","components":[{"type":"BODY","text":"a"}]`, nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d MessageTemplate
			if err := json.Unmarshal([]byte("{"+tt.definition+"}"), &d); err != nil {
				t.Fatal(err)
			}
			if got := misfits(t, &d, time.Now(), tt.components...); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if d.Complete() != tt.complete {
				t.Errorf("complete: %v", d.Complete())
			}
		})
	}
	if (*MessageTemplate)(nil).Complete() {
		t.Error("nil is complete")
	}
}

// A definition that says all but one thing is not complete.
func TestADefinitionIsCompleteWhenItSaysAllThatIsChecked(t *testing.T) {
	t.Parallel()
	plain := DefineBody("Hello {{1}}.", "Ana")
	for name, tt := range map[string]struct {
		d    *MessageTemplate
		want bool
	}{
		"a body":                             {define(plain), true},
		"all there is":                       {define(DefineHeaderLocation(), plain, DefineFooter("Bye"), DefineButtons(DefineURLButton("Go", "https://shop.example"), DefinePhoneButton("Call", "1"))), true},
		"a body without its text":            {define(ComponentDefinition{Type: "BODY"}), false},
		"a one-time code":                    {DefineOneTimeCode("a", "id", OneTimeCodeOptions{}).Definition(), true},
		"a header of an unknown kind":        {define(ComponentDefinition{Type: "HEADER", Format: "HOLOGRAM"}, plain), false},
		"a text header without its text":     {define(ComponentDefinition{Type: "HEADER", Format: "TEXT"}, plain), false},
		"a button of an unknown type":        {define(plain, DefineButtons(ButtonDefinition{Type: "TELEPORT"})), false},
		"a URL button without its URL":       {define(plain, DefineButtons(ButtonDefinition{Type: "URL"})), false},
		"an offer":                           {define(plain, DefineLimitedTimeOffer("a", true)), true},
		"an offer of which nothing is known": {define(plain, ComponentDefinition{Type: "LIMITED_TIME_OFFER"}), false},
		"a carousel":                         {define(plain, DefineCarousel([]ComponentDefinition{DefineHeaderProduct()})), true},
		"a carousel without cards":           {define(plain, DefineCarousel()), false},
		"a card that lacks something":        {define(plain, DefineCarousel([]ComponentDefinition{{Type: "BODY"}})), false},
	} {
		if got := tt.d.Complete(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
