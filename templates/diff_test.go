package templates_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/templates"
)

// remoteOf is a language of a file as an account would have it.
func remoteOf(f *templates.File, language string) *templates.Remote {
	params := f.Params(f.Language(language))
	return &templates.Remote{MessageTemplate: *params.Definition(), TTLSeconds: params.TTLSeconds}
}

// changesOf are the changes as texts: "!" is before the field of a certain one.
func changesOf(d templates.Difference) (list []string) {
	for _, c := range d.Changes {
		text := c.Field
		if c.Comparable {
			text = "!" + text
		}
		list = append(list, text)
	}
	return list
}

func body(r *templates.Remote) *kirim.ComponentDefinition {
	i := slices.IndexFunc(r.Components, func(c kirim.ComponentDefinition) bool { return strings.EqualFold(c.Type, "BODY") })
	return &r.Components[i]
}

const codeFile = `name: login_code
category: authentication
languages:
  en:
    security_recommendation: true
    code_expiration_minutes: 5
    buttons:
      - {type: otp, otp_type: one_tap, text: Copy, autofill_text: Fill in, apps: [{package_name: com.example.shop, signature_hash: AbCdEfGhIjK}]}
`

const mediaFile = `name: island_week
category: marketing
languages:
  en:
    header: {image: {handle: "4::A"}}
    body: See the dates.
    footer: Until Sunday
    buttons:
      - {type: phone_number, text: Call, phone_number: "+6281100000001"}
      - {type: flow, text: Book, flow_name: seats, flow_action: navigate, screen: SEATS}
`

const cardsFile = `name: cards
category: marketing
parameters: {name: Ana}
languages:
  en:
    body: Hello {{name}}, look.
    cards:
      - header: {image: {url: "https://shop.example/a.png"}}
        body: One for {{name}}.
        buttons: [{type: quick_reply, text: More}]
      - header: {image: {url: "https://shop.example/b.png"}}
        body: Two for {{name}}.
        buttons: [{type: quick_reply, text: More}]
`

func TestADifferenceIsWhatTheTemplatesMean(t *testing.T) {
	t.Parallel()
	long := "line\n" + strings.Repeat("x", 900)
	for name, tt := range map[string]struct {
		file   string
		change func(r *templates.Remote)
		state  templates.DiffState
		want   string // the fields of the changes, with ! for certain ones
	}{
		"nothing": {orderFile, func(*templates.Remote) {}, templates.DiffSame, ""},
		// What does not matter.
		"types in lower case": {orderFile, func(r *templates.Remote) {
			for i := range r.Components {
				r.Components[i].Type = strings.ToLower(r.Components[i].Type)
				for j := range r.Components[i].Buttons {
					r.Components[i].Buttons[j].Type = strings.ToLower(r.Components[i].Buttons[j].Type)
				}
			}
			r.Category = "utility"
		}, templates.DiffSame, ""},
		"components in another order":         {orderFile, func(r *templates.Remote) { slices.Reverse(r.Components) }, templates.DiffSame, ""},
		"a header without its default format": {orderFile, func(r *templates.Remote) { r.Components[0].Format = "" }, templates.DiffSame, ""},
		"the format that is the default":      {orderFile, func(r *templates.Remote) { r.ParameterFormat = "positional" }, templates.DiffSame, ""},
		"a line end after the text":           {orderFile, func(r *templates.Remote) { body(r).Text += "\n" }, templates.DiffSame, ""},
		"members that nobody knows":           {orderFile, func(r *templates.Remote) { body(r).Extra = kirim.Extra{"id": []byte(`7`)} }, templates.DiffSame, ""},
		"a sample of a link with all of it": {orderFile, func(r *templates.Remote) {
			r.Components[3].Buttons[0].Example = []string{"https://shop.example/A-17"}
		}, templates.DiffSame, ""},
		"a sample of a link as a text": {orderFile, func(r *templates.Remote) {
			r.Components[3].Buttons[0].Example = nil
			r.Components[3].Buttons[0].Extra = kirim.Extra{"example": []byte(`"A-17"`)}
		}, templates.DiffSame, ""},
		"the sample of the picture": {mediaFile, func(r *templates.Remote) {
			r.Components[0].Example.HeaderHandle = []string{"https://scontent.example/v/1?oe=2"}
		}, templates.DiffSame, "languages.en.header"},
		"a phone number without +":                    {mediaFile, func(r *templates.Remote) { r.Components[3].Buttons[0].PhoneNumber = "6281100000001" }, templates.DiffSame, ""},
		"a time to live that the file leaves to Meta": {orderFile, func(r *templates.Remote) { r.TTLSeconds = 600 }, templates.DiffSame, "ttl_seconds"},
		"the status": {orderFile, func(r *templates.Remote) { r.Status = kirim.TemplatePaused }, templates.DiffSame, ""},
		"the app in its older form": {codeFile, func(r *templates.Remote) {
			b := &r.Components[2].Buttons[0]
			b.SupportedApps, b.PackageName, b.SignatureHash = nil, "com.example.shop", "AbCdEfGhIjK"
		}, templates.DiffSame, ""},
		"a code as Meta reads it back": {codeFile, func(r *templates.Remote) {
			r.Components = []kirim.ComponentDefinition{
				{Type: "BODY", Text: "*{{1}}* is your verification code. For your security, do not share this code.", Example: &kirim.TemplateExample{BodyText: [][]string{{"123456"}}}},
				{Type: "FOOTER", Text: "This code expires in 5 minutes."},
				{Type: "BUTTONS", Buttons: []kirim.ButtonDefinition{{Type: "URL", Text: "Copy", Example: []string{"x"},
					URL: "https://www.whatsapp.com/otp/code/?otp_type=ONE_TAP&cta_display_name=Fill+in&package_name=com.example.shop&signature_hash=AbCdEfGhIjK&code=otp{{1}}"}}},
			}
		}, templates.DiffSame, ""},
		// What does.
		"the text of the body":       {orderFile, func(r *templates.Remote) { body(r).Text = long }, templates.DiffChanged, "!languages.en.body"},
		"the text of the header":     {orderFile, func(r *templates.Remote) { r.Components[0].Text = "Old" }, templates.DiffChanged, "!languages.en.header"},
		"the kind of the header":     {orderFile, func(r *templates.Remote) { r.Components[0].Format = "IMAGE" }, templates.DiffChanged, "!languages.en.header"},
		"the kind of the picture":    {mediaFile, func(r *templates.Remote) { r.Components[0].Format = "VIDEO" }, templates.DiffChanged, "!languages.en.header"},
		"a footer that is not there": {orderFile, func(r *templates.Remote) { r.Components = slices.Delete(r.Components, 2, 3) }, templates.DiffChanged, "!languages.en.footer"},
		"a footer that is only there": {cardsFile, func(r *templates.Remote) {
			r.Components = append(r.Components, kirim.DefineFooter("Bye"))
		}, templates.DiffChanged, "!languages.en.footer"},
		"the category":              {orderFile, func(r *templates.Remote) { r.Category = "MARKETING" }, templates.DiffChanged, "!category"},
		"the time to live":          {"ttl_seconds: 60\n" + orderFile, func(r *templates.Remote) { r.TTLSeconds = 600 }, templates.DiffChanged, "!ttl_seconds"},
		"a month, which is also -1": {"ttl_seconds: -1\n" + orderFile, func(r *templates.Remote) { r.TTLSeconds = 2592000 }, templates.DiffSame, ""},
		"the sample of a parameter": {orderFile, func(r *templates.Remote) { body(r).Example.BodyText[0][0] = "Budi" }, templates.DiffChanged, "!parameters.customer"},
		"the sample of the second":  {orderFile, func(r *templates.Remote) { body(r).Example.BodyText[0][1] = "B-18" }, templates.DiffChanged, "!parameters.order"},
		"the sample of a link":      {orderFile, func(r *templates.Remote) { r.Components[3].Buttons[0].Example = []string{"B-18"} }, templates.DiffChanged, "!parameters.order"},
		"the link":                  {orderFile, func(r *templates.Remote) { r.Components[3].Buttons[0].URL = "https://old.example/{{1}}" }, templates.DiffChanged, "!languages.en.buttons[0].url"},
		"the kind of a button":      {orderFile, func(r *templates.Remote) { r.Components[3].Buttons[1] = kirim.DefinePhoneButton("Call", "62811") }, templates.DiffChanged, "!languages.en.buttons[1]"},
		"a button less":             {orderFile, func(r *templates.Remote) { r.Components[3].Buttons = r.Components[3].Buttons[:1] }, templates.DiffChanged, "!languages.en.buttons[1]"},
		"a button more": {orderFile, func(r *templates.Remote) {
			r.Components[3].Buttons = append(r.Components[3].Buttons, kirim.DefineQuickReplyButton("No"))
		}, templates.DiffChanged, "!languages.en.buttons[2]"},
		"the body of a card":       {cardsFile, func(r *templates.Remote) { r.Components[1].Cards[1].Components[1].Text = "Zwei" }, templates.DiffChanged, "!languages.en.cards[1].body"},
		"a button of a card":       {cardsFile, func(r *templates.Remote) { r.Components[1].Cards[0].Components[2].Buttons[0].Text = "Less" }, templates.DiffChanged, "!languages.en.cards[0].buttons[0].text"},
		"a sample in a card":       {cardsFile, func(r *templates.Remote) { r.Components[1].Cards[0].Components[1].Example.BodyText[0][0] = "Budi" }, templates.DiffChanged, "!parameters.name"},
		"the app of a code":        {codeFile, func(r *templates.Remote) { r.Components[2].Buttons[0].SupportedApps[0].PackageName = "com.other" }, templates.DiffChanged, "!languages.en.buttons[0].apps"},
		"how long a code is valid": {codeFile, func(r *templates.Remote) { r.Components[1].CodeExpirationMinutes = 10 }, templates.DiffChanged, "!languages.en.code_expiration_minutes"},
		"a recommendation that is not asked for": {strings.Replace(codeFile, "security_recommendation: true", "security_recommendation: false", 1),
			func(r *templates.Remote) { r.Components[0].AddSecurityRecommendation = true }, templates.DiffChanged, "!languages.en.security_recommendation"},
		// What the account does not say.
		"no category":                   {orderFile, func(r *templates.Remote) { r.Category = "" }, templates.DiffIncomparable, "category"},
		"no time to live":               {"ttl_seconds: 60\n" + orderFile, func(r *templates.Remote) { r.TTLSeconds = 0 }, templates.DiffIncomparable, "ttl_seconds"},
		"no sample":                     {orderFile, func(r *templates.Remote) { r.Components[0].Example = nil }, templates.DiffIncomparable, "parameters.order"},
		"no picture's sample":           {mediaFile, func(r *templates.Remote) { r.Components[0].Example = nil }, templates.DiffSame, "languages.en.header"},
		"no name, but the id of a flow": {mediaFile, func(r *templates.Remote) { b := &r.Components[3].Buttons[1]; b.FlowName, b.FlowID = "", "17" }, templates.DiffIncomparable, "languages.en.buttons[1].flow_name"},
		"the recommendation in a text alone": {codeFile, func(r *templates.Remote) {
			r.Components[0] = kirim.DefineBody("{{1}} คือรหัสของคุณ")
		}, templates.DiffIncomparable, "languages.en.security_recommendation"},
		"no content":                           {orderFile, func(r *templates.Remote) { r.Components = nil }, templates.DiffIncomparable, "languages.en.header languages.en.body languages.en.footer languages.en.buttons[0] languages.en.buttons[1]"},
		"the text of the body alone":           {orderFile, func(r *templates.Remote) { r.Content, r.Components = body(r).Text, nil }, templates.DiffIncomparable, "languages.en.header parameters.customer parameters.order languages.en.footer languages.en.buttons[0] languages.en.buttons[1]"},
		"another text of the body, no samples": {orderFile, func(r *templates.Remote) { r.Content, r.Components = "Old", nil }, templates.DiffChanged, "languages.en.header !languages.en.body parameters.customer parameters.order languages.en.footer languages.en.buttons[0] languages.en.buttons[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fileNamed(t, "a.yaml", tt.file)
			r := remoteOf(f, "en")
			tt.change(r)
			d := templates.Diff([]*templates.File{f}, []*templates.Remote{r})[0]
			if got := strings.Join(changesOf(d), " "); d.State != tt.state || got != tt.want {
				t.Errorf("%s: %s\nwant %s: %s", d.State, got, tt.state, tt.want)
			}
			for _, c := range d.Changes {
				if c.Line == 0 || c.Comparable != (c.Note == "") || c.Before == c.After {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

func TestTheOrderOfParametersIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	f := fileNamed(t, "a.yaml", "name: a\ncategory: utility\nparameters: {order: A-17, customer: Ana}\nlanguages:\n  en: {body: 'For {{customer}}: order {{order}} is here.'}\n")
	r := remoteOf(f, "en")
	body(r).Text, body(r).Example.BodyText = "For {{1}}: order {{2}} is here.", [][]string{{"Ana", "A-17"}}
	d := templates.Diff([]*templates.File{f}, []*templates.Remote{r})[0]
	if got := strings.Join(changesOf(d), " "); got != "!languages.en.body !parameters.order !parameters.customer" {
		t.Errorf("got %s", got)
	}
}

func TestADiffHasEachTemplateOnce(t *testing.T) {
	t.Parallel()
	f := orderWith(t)
	only := &templates.Remote{MessageTemplate: kirim.MessageTemplate{Name: "hello_world", Language: "en_US", Status: "approved"}}
	var got []string
	for _, d := range templates.Diff([]*templates.File{f}, []*templates.Remote{only, remoteOf(f, "id")}) {
		got = append(got, fmt.Sprintf("%s %s %s %s:%d", d.Name, d.Language, d.State, d.Path, d.Line))
	}
	want := []string{"order_update en new order_update.yaml:8", "order_update id same order_update.yaml:15", "hello_world en_US remote :0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := templates.Diff(nil, nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	if got := templates.Diff([]*templates.File{nil, f}, nil); len(got) != 2 {
		t.Errorf("with nil: %v", got)
	}
}

func TestADiffIsWrittenAsLines(t *testing.T) {
	t.Parallel()
	f := fileNamed(t, "order.yaml", "name: order\ncategory: utility\nlanguages:\n  en:\n    body: |\n      Hello.\n      Your order is new.\n      Bye.\n    footer: Thanks\n")
	r := remoteOf(f, "en")
	r.Category = ""
	body(r).Text = "Hello.\nYour order\x1b[31m is old.\nBye."
	r.Components = r.Components[:1]
	only := &templates.Remote{MessageTemplate: kirim.MessageTemplate{Name: "hello_world", Language: "en_US", Status: "approved"}}
	var b strings.Builder
	if err := templates.WriteDiff(&b, templates.Diff([]*templates.File{f, orderWith(t)}, []*templates.Remote{r, only})); err != nil {
		t.Fatal(err)
	}
	want := `order (en): changed
  category  order.yaml:2:11
    not comparable: the account does not say it
  languages.en.body  order.yaml:5:11
      Hello.
    - Your order` + "\uFFFD" + `[31m is old.
    + Your order is new.
      Bye.
  languages.en.footer  order.yaml:9:13
    + Thanks
order_update (en): new: only in the files
order_update (id): new: only in the files
hello_world (en_US): only in the account
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
