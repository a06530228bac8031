package templates

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

const keptFile = `name: a
category: utility
parameters:
  customer: {sample: Ana, description: 'Who ordered.'} # as in the shop
  order:
    sample: A-17
    description: The number.
  unused: x # for later
languages:
  en:
    header: {image: {file: media/a.png}} # ours
    body: Hello {{customer}}, {{order}} is ready. # short
    buttons:
      - {type: flow, text: Book, flow_json: '{}', flow_action: navigate, screen: SEATS} # by us
      - {type: url, text: 'Track', url: "https://a.example/{{order}}"}
  id:
    header: {image: https://a.example/a.png}
    body: Halo {{customer}}.
`

const keptCode = `name: a
category: authentication
languages:
  en:
    security_recommendation: true
    buttons:
      - type: otp # Meta's text
        otp_type: zero_tap
        terms_accepted: true # by legal
        apps: [{package_name: a.b, signature_hash: K8a/AINcGX7}]
`

const keptMarks = `name: a
category: utility
parameters:
  body_1: "" # ask sales
languages:
  en:
    body: Hello {{body_1}}.
    unknown: [samples] # The account did not say this. Add it, then delete this line.
  id:
    unknown: [category, content] # later
`

const keptCards = `name: a
category: marketing
parameters: {customer: Ana}
languages:
  en:
    body: Hello {{customer}}.
    cards:
    # the first one
    - header: {image: {file: a.png}}
      body: One
      buttons: [{type: quick_reply, text: More}]
    - header: {image: {file: b.png}}
      body: Two
      buttons: [{type: quick_reply, text: More}]
`

const keptJSON = `{
	"name": "a", "category": "UTILITY",
	"parameters": {"customer": {"sample": "Ana", "description": "Who ordered."}},
	"languages": {
		"en": {"body": "Hello {{customer}}.", "footer": "Bye"},
		"id": { "body" : "Halo {{customer}}." }
	}
}`

const keptComponents = `name: a
category: utility
languages:
  en:
    components: # as in the dashboard
      - {type: BODY, text: 'Hello {{1}}', example: {body_text: [[Ana], [Budi]]}}
      - type: FOOTER # small
        text: Bye
      - {type: MUSIC, song: x} # new
`

// handle is the sample of an account for a header.
func handle(link string) *kirim.TemplateExample {
	return &kirim.TemplateExample{HeaderHandle: []string{link}}
}

const keptSchema = `{"$schema": "./schema.json", "name": "a", "category": "utility", "languages": {"en": {"body": "Hello."}}}`

func TestAPullKeepsWhatOnlyTheFileKnows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text    string
		account func(a []*Remote) []*Remote
		edits   []string // pairs of what is replaced in the text
	}{
		"samples that the account has in a form of its own": {keptFile, func(a []*Remote) []*Remote {
			a[0].Components[0].Example, a[1].Components[0].Example = handle("https://scontent.example/1?oe=2"), handle("4::upload")
			return a
		}, nil},
		"samples that the account does not have, where a text has changed": {keptFile, func(a []*Remote) []*Remote {
			a[0].Components[0].Example, a[1].Components[0].Example = handle("https://scontent.example/1?oe=2"), nil
			a[0].Components[1] = kirim.ComponentDefinition{Type: "BODY", Text: "Hi {{1}}, {{2}} is here."}
			a[1].Components[1] = kirim.ComponentDefinition{Type: "BODY", Text: "Hai {{1}}."}
			return a
		}, []string{"Hello {{customer}}, {{order}} is ready.", "Hi {{customer}}, {{order}} is here.", "Halo", "Hai"}},
		"a path of a sample, where the account says the text alone": {keptFile, func(a []*Remote) []*Remote {
			a[0].Components, a[0].Content = nil, "Hi {{1}}, {{2}} is here."
			return a
		}, []string{"Hello {{customer}}, {{order}} is ready.", "Hi {{customer}}, {{order}} is here."}},
		"a link of another place": {keptFile, func(a []*Remote) []*Remote {
			a[1].Components[0].Example.HeaderURL[0] = "https://b.example/b.png"
			return a
		}, []string{"https://a.example/a.png", "https://b.example/b.png"}},
		"a flow that the account made of the content": {keptFile, func(a []*Remote) []*Remote {
			b := &a[0].Components[2].Buttons[0]
			b.FlowJSON, b.FlowID, b.Text = "", "17", "Reserve"
			return a
		}, []string{"text: Book", "text: Reserve"}},
		"a URL in quotes, in brackets": {keptFile, func(a []*Remote) []*Remote {
			a[0].Components[2].Buttons[1].URL, a[0].Components[2].Buttons[1].Text = "https://b.example/{{1}}", "It's here"
			return a
		}, []string{`"https://a.example/`, `"https://b.example/`, "'Track'", "'It''s here'"}},
		"a parameter that is gone, and its description": {keptFile, func(a []*Remote) []*Remote {
			a[0].Components[1] = kirim.DefineBody("Hello {{1}}.", "Ana")
			a[0].Components[2].Buttons = a[0].Components[2].Buttons[:1]
			return a
		}, []string{
			"  order:\n    sample: A-17\n    description: The number.\n", "", "Hello {{customer}}, {{order}} is ready.", "Hello {{customer}}.",
			"      - {type: url, text: 'Track', url: \"https://a.example/{{order}}\"}\n", "",
		}},
		"a variable of another language at that place": {keptFile, func(a []*Remote) []*Remote {
			a[1].Components[1] = kirim.DefineBody("Halo {{1}}, {{2}}.", "Ana", "A-17")
			return a
		}, []string{"Halo {{customer}}.", "Halo {{customer}}, {{order}}."}},
		"what Meta does not read back of a code": {keptCode, func(a []*Remote) []*Remote {
			b := &a[0].Components[1].Buttons[0]
			b.ZeroTapTermsAccepted, b.Text = false, "Copy code"
			return a
		}, nil},
		"what Meta does not read back of a code that has changed": {keptCode, func(a []*Remote) []*Remote {
			a[0].Components[0].AddSecurityRecommendation = false
			b := &a[0].Components[1].Buttons[0]
			b.ZeroTapTermsAccepted, b.Text, b.OTPType, b.SupportedApps = false, "Copy code", "ONE_TAP", nil
			return a
		}, []string{"    security_recommendation: true\n", "", "zero_tap", "one_tap"}},
		"a mark for what the account says now": {keptMarks, func(a []*Remote) []*Remote {
			a[0].Components[0] = kirim.DefineBody("Hello {{1}}.", "Ana")
			return a[:1]
		}, []string{`body_1: ""`, `body_1: "Ana"`, "    unknown: [samples] " + markComment + "\n", ""}},
		"a mark for what the account still does not say": {keptMarks, func(a []*Remote) []*Remote {
			a[1].Components, a[1].Category = nil, ""
			return a
		}, nil},
		"a language of which all is said now": {keptMarks, func(a []*Remote) []*Remote {
			a[1].Components = []kirim.ComponentDefinition{kirim.DefineBody("Halo.")}
			return a
		}, []string{"    unknown: [category, content] # later\n", "    body: Halo.\n    # later\n"}},
		"cards of which the account says nothing": {keptCards, func(a []*Remote) []*Remote {
			a[0].Components, a[0].Content = nil, "Hi {{1}}!"
			return a
		}, []string{"Hello {{customer}}.", "Hi {{customer}}!"}},
		"a card that has changed": {keptCards, func(a []*Remote) []*Remote {
			cards := a[0].Components[1].Cards
			cards[0].Components[0].Example, cards[1].Components[0].Example = handle("4::a"), handle("4::b")
			cards[1].Components[1].Text, cards[1].Components[2].Buttons[0].Text = "Two: more", "Less"
			return a
		}, []string{"body: Two", `body: "Two: more"`, "Two: more\"\n      buttons: [{type: quick_reply, text: More}]", "Two: more\"\n      buttons: [{type: quick_reply, text: Less}]"}},
		"JSON": {keptJSON, func(a []*Remote) []*Remote {
			a[0].Components[0] = kirim.DefineBody("Hi {{1}} \"\u00e9\".", "Ana")
			a[0].Components[1].Text = "See you"
			return a
		}, []string{"Hello {{customer}}.", `Hi {{customer}} \"é\".`, "Bye", "See you"}},
		"JSON with a new language": {keptJSON, func(a []*Remote) []*Remote {
			return append(a, simple("a", "it", "Ciao"))
		}, []string{`{
		"en": {"body": "Hello {{customer}}.", "footer": "Bye"},
		"id": { "body" : "Halo {{customer}}." }
	}`, `{
	  "en": {
	    "body": "Hello {{customer}}.",
	    "footer": "Bye"
	  },
	  "id": {
	    "body": "Halo {{customer}}."
	  },
	  "it": {
	    "body": "Ciao"
	  }
	}`}},
		"JSON with the path of its schema, and a new member beside it": {keptSchema, func(a []*Remote) []*Remote {
			a[0].ParameterFormat = kirim.TemplateNamed
			return a
		}, []string{keptSchema, `{
  "$schema": "./schema.json",
  "name": "a",
  "category": "utility",
  "format": "named",
  "languages": {
    "en": {
      "body": "Hello."
    }
  }
}`}},
		"the path of a schema": {"$schema: ./schema.json # ours\nname: a\ncategory: utility\nlanguages: {en: {body: Hello.}}\n", func(a []*Remote) []*Remote {
			a[0].Components[0] = kirim.DefineBody("Hi.")
			return a
		}, []string{"Hello.", "Hi."}},
		"components": {keptComponents, func(a []*Remote) []*Remote {
			a[0].Components[0].Example.BodyText[1][0], a[0].Components[1].Text = "Citra", "See you"
			a[0].Components[2].Extra["song"] = []byte(`"z"`)
			return a
		}, []string{"Budi", "Citra", "Bye", "See you", "song: x", "song: z"}},
		"components whose samples the account does not say": {keptComponents, func(a []*Remote) []*Remote {
			a[0].Components[0].Example, a[0].Components[0].Text = nil, "Hi {{1}}"
			return a
		}, []string{"Hello", "Hi"}},
		"components of which the account says some": {keptComponents, func(a []*Remote) []*Remote {
			a[0].Components, a[0].Content, a[0].FooterContent = nil, "Hi {{1}}", "Bye"
			return a
		}, []string{"Hello", "Hi"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := "a.yaml"
			if strings.HasPrefix(name, "JSON") {
				file = "a.json"
			}
			old, err := Parse(file, []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			write(t, dir, map[string]string{file: tt.text})
			account := fixedAccount(tt.account(remotesOf(old)))
			for i, r := range account { // so that the account shares nothing with the file
				account[i] = remotesFrom(t, string(mustMarshal(r.MessageTemplate)))[0]
			}
			want := tt.text
			for i := 0; i+1 < len(tt.edits); i += 2 {
				if strings.Count(want, tt.edits[i]) != 1 {
					t.Fatalf("%q is %d times in the text", tt.edits[i], strings.Count(want, tt.edits[i]))
				}
				want = strings.Replace(want, tt.edits[i], tt.edits[i+1], 1)
			}
			result, got := pullAll(t, account, dir, PullOptions{})
			if file == "a.json" { // a file that is changed ends its last line
				got[file] = strings.TrimSuffix(got[file], "\n")
			}
			if got[file] != want {
				t.Errorf("got\n%s\nwant\n%s", got[file], want)
			}
			change := PullChanged
			if tt.edits == nil {
				change = PullUnchanged
			}
			if result.Files[0].Change != change || result.Files[0].Path != filepath.Join(dir, file) {
				t.Errorf("%+v", result.Files[0])
			}
		})
	}
}
