package templates_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/templates"
)

// parsed parses a file of a test.
func parsed(t *testing.T, text string) *templates.File {
	t.Helper()
	f, err := templates.Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAPreviewShowsWhatTheRecipientSees(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file, language string
		values         map[string]string
		want           string
	}{
		"samples of the file": {
			"parameters: {who: Ana, what: A-17}\nlanguages: {en: {header: 'To {{who}}', body: '{{what}} for {{who}}, again {{what}}', footer: Bye}}", "en", nil,
			"To Ana\nA-17 for Ana, again A-17\nBye",
		},
		"samples of the language": {
			"parameters: {who: Ana, what: A-17}\nlanguages: {id: {body: '{{what}} untuk {{who}}', samples: {who: Siti}}}", "id", nil,
			"A-17 untuk Siti",
		},
		"values in place of samples": {
			"parameters: {who: Ana, what: A-17}\nlanguages: {id: {body: '{{what}} untuk {{who}}', samples: {who: Siti}}}", "id", map[string]string{"who": "Budi"},
			"A-17 untuk Budi",
		},
		"variables that have neither": {
			"parameters: {who: , what: A-17}\nlanguages: {en: {body: '{{what}} for {{who}}', buttons: [{type: url, text: Open, url: 'https://a.example/{{link}}'}]}}", "en", nil,
			"A-17 for {{who}}\n[ Open ] https://a.example/{{link}}",
		},
		"a named format": {
			"format: named\nparameters: {what: A-17, who: Ana}\nlanguages: {en: {header: 'To {{who}}', body: '{{who}} {{what}}'}}", "en", nil,
			"To Ana\nAna A-17",
		},
		"buttons with values": {
			"parameters: {coupon: AB12, path: a/b}\nlanguages: {en: {body: b, buttons: [{type: copy_code, code: '{{coupon}}'}, {type: url, text: Open, url: 'https://a.example/{{path}}'}]}}", "en", map[string]string{"path": "x"},
			"b\n[ Copy code ] AB12\n[ Open ] https://a.example/x",
		},
		"the code of an authentication template": {
			"category: authentication\nlanguages: {en: {code_expiration_minutes: 1, buttons: [{type: otp, otp_type: copy_code}]}}", "en", nil,
			"*123456* is your verification code.\nThis code expires in 1 minute.\n[ Copy code ] 123456",
		},
		"another code": {
			"category: authentication\nlanguages: {en: {buttons: [{type: otp, otp_type: copy_code}]}}", "en", map[string]string{"code": "77"},
			"*77* is your verification code.\n[ Copy code ] 77",
		},
		"a code with a parameter of its own": {
			"category: authentication\nparameters: {pin: 4711}\nlanguages: {en: {buttons: [{type: otp, otp_type: copy_code}]}}", "en", nil,
			"*4711* is your verification code.\n[ Copy code ] 4711",
		},
		"cards": {
			"parameters: {a: one, b: two}\nlanguages: {en: {body: b, cards: [{header: {image: 'https://a.example/1.png'}, body: '{{a}}'}, {body: '{{b}}', buttons: [{type: url, text: Go, url: 'https://a.example/{{b}}'}]}]}}", "en", map[string]string{"a": "uno"},
			"b\nCard 1 of 2\n  [image] https://a.example/1.png\n  uno\nCard 2 of 2\n  two\n  [ Go ] https://a.example/two",
		},
		"components as the API has them": {
			`languages: {en: {components: [{type: body, text: 'Hi {{1}}, {{2}}', example: {body_text: [[Ana, ok]]}}, {type: buttons, buttons: [{type: url, text: Go, url: 'https://a.example/{{1}}', example: ['https://a.example/z']}]}]}}`, "en", map[string]string{"2": "two"},
			"Hi Ana, two\n[ Go ] https://a.example/z",
		},
		"named samples of components": {
			`languages: {en: {format: named, components: [{type: BODY, text: 'Hi {{who}}', example: {body_text_named_params: [{param_name: who, example: Ana}]}}]}}`, "en", nil,
			"Hi Ana",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := parsed(t, "name: a\n"+tt.file).Preview(tt.language, tt.values)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Text(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestAPreviewRefusesWhatTheTemplateDoesNotHave(t *testing.T) {
	t.Parallel()
	f := parsed(t, "name: a\nparameters: {who: Ana}\nlanguages: {en: {body: 'Hi {{who}}'}, id: {unknown: [content]}, fr: {body: Salut}}")
	for name, tt := range map[string]struct {
		language string
		values   map[string]string
		want     string
	}{
		"another language": {"de", nil, `want one of the languages en, id, fr, got "de"`},
		"another value":    {"en", map[string]string{"whom": "x"}, `want values for who, got one for "whom"`},
		"no body":          {"id", nil, "a in id: want a body"},
	} {
		if _, err := f.Preview(tt.language, tt.values); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: want %q, got %v", name, tt.want, err)
		}
	}
	if _, err := f.Preview("fr", map[string]string{"who": "Ana"}); err != nil {
		t.Errorf("a parameter that this language does not use: %v", err)
	}
	if _, err := (&templates.File{}).Preview("en", nil); err == nil {
		t.Error("a file without languages has a preview")
	}
}

func TestTheNamesOfTheValuesAreThoseOfAllLanguages(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"parameters: {b: 1, a: 2}\nlanguages: {en: {body: '{{a}} {{x}}'}, id: {body: '{{b}}', buttons: [{type: url, url: 'https://a.example/{{y}}'}]}}": "b a x y",
		"category: authentication\nlanguages: {en: {}}":                                 "code",
		"category: authentication\nparameters: {pin: 1}\nlanguages: {en: {}}":           "pin",
		"languages: {en: {body: '{{x}}', components: [{type: body, text: 'a {{1}}'}]}}": "1",
		"languages: {}": "",
	} {
		if got := strings.Join(parsed(t, "name: a\n"+file).ParameterNames(), " "); got != want {
			t.Errorf("%s has %q, want %q", file, got, want)
		}
	}
}

func TestAPreviewLeavesTheFileAsItIs(t *testing.T) {
	t.Parallel()
	f := parsed(t, "name: a\nparameters: {who: Ana}\nlanguages: {en: {body: 'Hi {{who}}', samples: {who: Bo}}}")
	before := fmt.Sprintf("%#v %+v", f.Languages, f.Parameters)
	if _, err := f.Preview("en", map[string]string{"who": "Cy"}); err != nil {
		t.Fatal(err)
	}
	if after := fmt.Sprintf("%#v %+v", f.Languages, f.Parameters); after != before {
		t.Errorf("was\n%s\nis\n%s", before, after)
	}
}

// page is the page of files.
func page(t *testing.T, files ...*templates.File) string {
	t.Helper()
	var b strings.Builder
	if err := templates.PreviewHTML(&b, files); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePageShowsEachLanguageAndLoadsNothing(t *testing.T) {
	t.Parallel()
	files, err := templates.Read("testdata/preview")
	if err != nil {
		t.Fatal(err)
	}
	text := page(t, files...)
	for _, want := range []string{
		`<html lang="en">`, `<h1>6 message templates</h1>`, `<a href="#order_update">order_update</a>`, `<section class="template" id="order_update"`,
		`lang="ar" dir="rtl"`, `lang="he" dir="rtl"`, `lang="fa" dir="rtl"`, `lang="pt_BR" dir="ltr"`, `<strong>سارة</strong>`,
		`not known: content, samples`, `<p class="problem">want a body</p>`, `prefers-color-scheme: dark`, `https://shop.example/winter.png`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if found := regexp.MustCompile(`(?i)<(script|link|img|video|audio|iframe|object|embed|base)\b|\bsrc=|@import|url\(|\son\w+=`).FindAllString(text, -1); found != nil {
		t.Errorf("the page loads or runs something: %q", found)
	}
	if n := strings.Count(text, `<div class="bubble"`); n != 13 {
		t.Errorf("%d bubbles", n)
	}
}

func TestThePageIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	files, err := templates.Read("testdata/preview")
	if err != nil {
		t.Fatal(err)
	}
	if first := page(t, files...); first != page(t, files...) {
		t.Error("two pages of the same files differ")
	}
}

func TestATextCannotBringTagsIntoThePage(t *testing.T) {
	t.Parallel()
	const evil = `"'><script>alert(1)</script>{{.}}`
	quoted := "'" + strings.ReplaceAll(evil, "'", "''") + "'"
	text := page(t, parsed(t, fmt.Sprintf(`
name: %[1]s
category: %[1]s
format: %[1]s
parameters: {who: {sample: %[1]s, description: %[1]s}}
languages:
  %[1]s: {header: %[1]s, body: %[1]s, footer: %[1]s, category: %[1]s, unknown: [%[1]s], buttons: [{type: %[1]s, text: %[1]s}, {type: url, text: a, url: 'javascript:alert(1)'}]}
  en: {header: {image: 'https://a.example/"><script>'}, body: b, offer: {text: %[1]s}}
`, quoted)))
	if strings.Contains(strings.ToLower(text), "<script") || strings.Contains(text, `href="javascript:`) {
		t.Errorf("a tag or a script is on the page:\n%s", text[strings.Index(text, "<body>"):])
	}
}

func TestAPageOfNothingSaysSo(t *testing.T) {
	t.Parallel()
	if text := page(t, nil); !strings.Contains(text, "There are no templates.") {
		t.Error(text)
	}
	if text := page(t, parsed(t, "name: a")); !strings.Contains(text, "no languages") || !strings.Contains(text, "1 message template<") {
		t.Error(text)
	}
}

func TestAPageThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = r.Close(), w.Close() // that is the point
	if err := templates.PreviewHTML(w, nil); err == nil {
		t.Error("no error")
	}
}
