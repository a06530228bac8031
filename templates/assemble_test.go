package templates

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

func TestMetasDefinitionsAreWrittenInTheTypedForm(t *testing.T) {
	t.Parallel()
	for _, params := range metaDefinitions(t) {
		t.Run(params.Name, func(t *testing.T) {
			t.Parallel()
			files := FromRemotes([]*Remote{approved(params)})
			if len(files) != 1 || len(files[0].Languages) != 1 {
				t.Fatalf("%+v", files)
			}
			f, err := Parse("a.yaml", files[0].YAML())
			if err != nil {
				t.Fatal(err)
			}
			l := &f.Languages[0]
			if len(l.Components) > 0 || len(l.Unknown) > 0 {
				t.Errorf("components %s, unknown %v", l.Components, l.Unknown)
			}
			got, want := mustMarshal(normalized(f.Params(l).Components)), mustMarshal(normalized(params.Components))
			if string(got) != string(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// remotesFrom reads templates as a server sends them.
func remotesFrom(t *testing.T, texts ...string) (remotes []*Remote) {
	t.Helper()
	for _, text := range texts {
		r := &Remote{}
		if err := json.Unmarshal([]byte(text), &r.MessageTemplate); err != nil {
			t.Fatal(err, text)
		}
		remotes = append(remotes, r)
	}
	return remotes
}

// inEnglish is a template with some components, which is for codes if they are Meta's.
func inEnglish(category, components string) string {
	return `{"name": "a", "language": "en", "status": "approved", "category": "` + category + `", "components": [` + components + `]}`
}

func TestWhatAnAccountSaysIsWrittenAsWhatAsksForIt(t *testing.T) {
	t.Parallel()
	const otpBody = `{"type": "BODY", "text": "*{{1}}* is your verification code.", "example": {"body_text": [["123456"]]}}`
	otpButton := func(members string) string {
		return `{"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Copy code", "url": "https://www.whatsapp.com/otp/code/?` + members + `code=otp{{1}}", "example": ["https://www.whatsapp.com/otp/code/?` + members + `code=otp123456"]}]}`
	}
	const otp = "buttons:\n      - type: otp\n        text: Copy code\n        otp_type: "
	for name, tt := range map[string]struct{ remote, want string }{ // without what is before the language, unless it has parameters
		"a code, as Meta reads it back": {
			inEnglish("AUTHENTICATION", otpBody+","+otpButton("otp_type=COPY_CODE&")), "    " + otp + "copy_code\n",
		},
		"a code with all that Meta writes": {
			inEnglish("AUTHENTICATION", `{"type": "BODY", "text": "*{{1}}* is your verification code. For your security, do not share this code.", "add_security_recommendation": true, "example": {"body_text": [["123456"]]}},
				{"type": "FOOTER", "text": "This code expires in 10 minutes.", "code_expiration_minutes": 10},`+otpButton("otp_type=COPY_CODE&code_expiration_minutes=10&")),
			"    security_recommendation: true\n    code_expiration_minutes: 10\n    " + otp + "copy_code\n",
		},
		"a code of which the texts alone tell": {
			inEnglish("AUTHENTICATION", `{"type": "BODY", "text": "你的验证码是 {{1}}。为安全起见,请勿分享。"}, {"type": "FOOTER", "text": "رمز صالح لمدة ١٥ دقيقة."},`+otpButton("otp_type=COPY_CODE&")),
			"    security_recommendation: true\n    code_expiration_minutes: 15\n    " + otp + "copy_code\n",
		},
		"a code for an app": {
			inEnglish("AUTHENTICATION", otpBody+","+otpButton("otp_type=ONE_TAP&cta_display_name=Fill%20in&package_name=com.example.shop&signature_hash=K8a%2FAINcGX7&")),
			"    " + otp + "one_tap\n        autofill_text: Fill in\n        apps:\n          - package_name: com.example.shop\n            signature_hash: K8a/AINcGX7\n",
		},
		"a code in the older form": {
			inEnglish("authentication", `{"type": "body"}, {"type": "buttons", "buttons": [{"type": "otp", "otp_type": "one_tap", "package_name": "a.b", "signature_hash": "K8a/AINcGX7"}]}`),
			"    buttons:\n      - type: otp\n        otp_type: one_tap\n        apps:\n          - package_name: a.b\n            signature_hash: K8a/AINcGX7\n",
		},
		"a code whose footer no rule reads": {
			inEnglish("AUTHENTICATION", otpBody+`, {"type": "FOOTER", "text": "Soon over"},`+otpButton("otp_type=COPY_CODE&")), "    footer: Soon over\n    " + otp + "copy_code\n",
		},
		"a text of the category of codes, without a button": {
			inEnglish("AUTHENTICATION", `{"type": "BODY", "text": "Welcome back"}`), "    body: Welcome back\n",
		},
		"types in lower case": {
			inEnglish("utility", `{"type": "header", "format": "text", "text": "Hi"}, {"type": "body", "text": "Hello"}, {"type": "buttons", "buttons": [{"type": "Quick_Reply", "text": "No"}]}`),
			"    header: Hi\n    body: Hello\n    buttons:\n      - type: quick_reply\n        text: \"No\"\n",
		},
		"members that are null or empty": {
			inEnglish("UTILITY", `{"type": "HEADER", "format": null, "text": "Hi", "example": {}}, {"type": "BODY", "text": "Hello", "example": null, "buttons": []}`), "    header: Hi\n    body: Hello\n",
		},
		"the whole URL as the sample of its end": {
			inEnglish("UTILITY", `{"type": "BODY", "text": "Hello"}, {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go", "url": "https://a.example/x/{{1}}", "example": ["https://a.example/x/17"]}]}`),
			"parameters:\n  button_1: \"17\"\nlanguages:\n  en:\n    body: Hello\n    buttons:\n      - type: url\n        text: Go\n        url: https://a.example/x/{{button_1}}\n",
		},
		"a sample that is no list": {
			inEnglish("UTILITY", `{"type": "BODY", "text": "Hello"}, {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "WARM20"}]}`),
			"parameters:\n  coupon: WARM20\nlanguages:\n  en:\n    body: Hello\n    buttons:\n      - type: copy_code\n        code: \"{{coupon}}\"\n",
		},
		"components in another order": {
			inEnglish("UTILITY", `{"type": "FOOTER", "text": "Bye"}, {"type": "BODY", "text": "Hello"}`), "    body: Hello\n    footer: Bye\n",
		},
		"a type of component that is new": {
			inEnglish("UTILITY", `{"type": "BODY", "text": "Hello"}, {"type": "MUSIC", "song": "a: b"}`), "    components:\n      - type: BODY\n        text: Hello\n      - type: MUSIC\n        song: \"a: b\"\n",
		},
		"a member of another shape": {
			inEnglish("UTILITY", `{"type": "BODY", "text": {"a": [1, 1, null]}}`), "    components:\n      - type: BODY\n        text:\n          a:\n            - 1\n            - 1\n            - null\n",
		},
		"components in a text": {
			`{"name": "a", "language": "en", "status": "approved", "category": "UTILITY", "components": "[{\"type\":\"BODY\",\"text\":\"Hello\"}]"}`, "    body: Hello\n",
		},
		"two handles": {
			inEnglish("UTILITY", `{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::a", "4::b"]}}, {"type": "BODY", "text": "Hello"}`),
			"    components:\n      - type: HEADER\n        format: IMAGE\n        example:\n          header_handle:\n            - \"4::a\"\n            - \"4::b\"\n      - type: BODY\n        text: Hello\n",
		},
		"a number and a name in one text": {
			inEnglish("UTILITY", `{"type": "BODY", "text": "{{1}} and {{name}}"}`), "format: named\nparameters:\n  \"1\": \"\"\n  name: \"\"\nlanguages:\n  en:\n    body: \"{{1}} and {{name}}\"\n    unknown: [samples] " + markComment + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := FromRemotes(remotesFrom(t, tt.remote))
			_, got, _ := strings.Cut(string(files[0].YAML()), "\ncategory: ")
			_, got, _ = strings.Cut(got, "\n")
			want := tt.want
			if strings.HasPrefix(want, " ") {
				want = "languages:\n  en:\n" + want
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if !statementOf(remotesFrom(t, tt.remote)[0]).agrees(files[0], &files[0].Languages[0]) {
				t.Error("the file does not say what the account says")
			}
		})
	}
}

func TestLanguagesShareWhatTheyAgreeOn(t *testing.T) {
	t.Parallel()
	text := func(language, category string, ttl int, components ...kirim.ComponentDefinition) *Remote {
		return approved(kirim.TemplateCreateParams{Name: "a", Language: language, Category: kirim.TemplateCategory(category), TTLSeconds: ttl, Components: components})
	}
	for name, tt := range map[string]struct {
		remotes []*Remote
		want    string
	}{
		"samples that agree, and one that differs": {
			[]*Remote{
				text("id", "UTILITY", 60, kirim.DefineBody("Halo {{1}}, {{2}}", "Budi", "A-17")),
				text("en", "UTILITY", 60, kirim.DefineBody("Hello {{1}}, {{2}}", "Ana", "A-17")),
			},
			"name: a\ncategory: utility\nttl_seconds: 60\nparameters:\n  body_1: \"\"\n  body_2: A-17\nlanguages:\n  en:\n    body: Hello {{body_1}}, {{body_2}}\n    samples:\n      body_1: Ana\n  id:\n    body: Halo {{body_1}}, {{body_2}}\n    samples:\n      body_1: Budi\n",
		},
		"a category and a time to live of one language": {
			[]*Remote{text("de", "MARKETING", 0, kirim.DefineBody("a")), text("en", "UTILITY", 0, kirim.DefineBody("a")), text("id", "UTILITY", 90, kirim.DefineBody("a"))},
			"name: a\ncategory: utility\nlanguages:\n  de:\n    category: marketing\n    body: a\n  en:\n    body: a\n  id:\n    ttl_seconds: 90\n    body: a\n",
		},
		"a language of which little is said": {
			[]*Remote{text("en", "UTILITY", 0, kirim.DefineBody("Hello {{1}}", "Ana")), {MessageTemplate: kirim.MessageTemplate{Name: "a", Language: "id", Status: "approved"}}, nil},
			"name: a\ncategory: utility\nparameters:\n  body_1: Ana\nlanguages:\n  en:\n    body: Hello {{body_1}}\n  id:\n    unknown: [category, content] " + markComment + "\n",
		},
		"the same language twice, of which the first counts": {
			[]*Remote{text("en", "UTILITY", 0, kirim.DefineBody("first")), text("en", "UTILITY", 0, kirim.DefineBody("second"))},
			"name: a\ncategory: utility\nlanguages:\n  en:\n    body: first\n",
		},
		"more than nine numbers": {
			[]*Remote{text("en", "UTILITY", 0, kirim.DefineBody("{{10}} {{9}} {{8}} {{7}} {{6}} {{5}} {{4}} {{3}} {{2}} {{1}}", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"))},
			"name: a\ncategory: utility\nparameters:\n  body_1: a\n  body_2: b\n  body_3: c\n  body_4: d\n  body_5: e\n  body_6: f\n  body_7: g\n  body_8: h\n  body_9: i\n  body_10: j\nlanguages:\n  en:\n    body: \"{{body_10}} {{body_9}} {{body_8}} {{body_7}} {{body_6}} {{body_5}} {{body_4}} {{body_3}} {{body_2}} {{body_1}}\"\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := FromRemotes(tt.remotes)
			if len(files) != 1 || string(files[0].YAML()) != tt.want {
				t.Errorf("got\n%s\nwant\n%s", files[0].YAML(), tt.want)
			}
		})
	}
	if files := FromRemotes(nil); len(files) != 0 {
		t.Errorf("%v of nothing", files)
	}
}
