package templates

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// marked returns the text without its mark §, and where the mark was.
func marked(t *testing.T, text string) (string, Position) {
	t.Helper()
	before, after, found := strings.Cut(text, "§")
	if !found {
		t.Fatal("no mark")
	}
	start := strings.LastIndex(before, "\n") + 1
	return before + after, Position{strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1}
}

func TestAFindingIsAtTheVariable(t *testing.T) {
	t.Parallel()
	const head = "name: a\ncategory: utility\nlanguages:\n  en:\n"
	for name, test := range map[string]struct{ file, text string }{
		"in a plain text":             {"a.yaml", head + "    body: Grüße, §{{guest}}, an alle.\n"},
		"in a text in quotes":         {"a.yaml", head + "    body: \"Grüße, §{{guest}}, an alle.\"\n"},
		"in a text in single quotes":  {"a.yaml", head + "    body: 'Grüße, §{{guest}}, an alle.'\n"},
		"in a block":                  {"a.yaml", head + "    body: |\n\n      Grüße\n      👋, §{{guest}}, an alle.\n"},
		"in a block that is stripped": {"a.yaml", head + "    body: |-\n        Grüße, §{{guest}}, an\n         alle.\n"},
		"in a header, short":          {"a.yaml", head + "    header: Hi §{{guest}}\n    body: Hi.\n"},
		"in a header":                 {"a.yaml", head + "    body: Hi.\n    header: {text: \"Hi §{{guest}}\"}\n"},
		"in a URL":                    {"a.yaml", head + "    body: Hi.\n    buttons: [{type: url, text: A, url: \"https://a.example/§{{guest}}\"}]\n"},
		"in a card":                   {"a.yaml", strings.Replace(head, "utility", "marketing", 1) + "    body: Hi.\n    cards:\n      - {header: {image: {handle: a}}, body: \"Hi §{{guest}}\"}\n      - {header: {image: {handle: a}}, body: Hi}\n"},
		"in JSON":                     {"a.json", "{\"name\": \"a\", \"category\": \"utility\", \"languages\": {\"en\": {\n \"body\": \"Grüße, §{{guest}}, an alle.\"}}}"},
		// Where the text is not as it stands in the file, the finding is at its start.
		"in a text with escapes": {"a.yaml", head + "    body: §\"Hi\\n{{guest}}, all.\"\n"},
		"in a folded text":       {"a.yaml", head + "    body: §>\n      Hi\n      {{guest}}, all.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, want := marked(t, test.text)
			f, err := Parse(test.file, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			findings := Lint(f)
			if len(findings) != 1 || findings[0].Rule != "undeclared-variable" || findings[0].Position != want {
				t.Errorf("found %+v, not one at %+v", findings, want)
			}
		})
	}
}

func TestAFindingOfComponentsIsAtTheMember(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a number":      `{"name": "a", "category": "utility", "languages": {"en": {"components": [{"type": "body", "text": "Ä §{{2}} is ready.", "example": {"body_text": [["x", "y"]]}}]}}}`,
		"a button":      `{"name": "a", "category": "utility", "languages": {"en": {"components": [{"type": "body", "text": "Hi."},{"type": "buttons", "buttons": [{"type": "url", "text": "A", "url": §"ftp://a.example"}]}]}}}`,
		"an app":        `{"name": "a", "category": "authentication", "languages": {"en": {"components": [{"type": "buttons", "buttons": [{"type": "otp", "otp_type": "one_tap", "supported_apps": [{"package_name": §"a", "signature_hash": "AbCdEfGhIjK"}]}]}]}}}`,
		"no app":        `{"name": "a", "category": "authentication", "languages": {"en": {"components": [{"type": "buttons", "buttons": [§{"type": "otp", "otp_type": "one_tap"}]}]}}}`,
		"a link":        `{"name": "a", "category": "utility", "languages": {"en": {"components": [{"type": "body", "text": "Hi."},{"type": "header", "format": "image", "example": {"header_url": §["http://a.example/a.png"]}}]}}}`,
		"a screen":      `{"name": "a", "category": "utility", "languages": {"en": {"components": [{"type": "body", "text": "Hi."},{"type": "buttons", "buttons": [{"type": "quick_reply", "text": "A", "navigate_screen": §"B"}]}]}}}`,
		"the cards":     `{"name": "a", "category": "marketing", "languages": {"en": {"components": [{"type": "body", "text": "Hi."},{"type": "carousel", "cards": §[{"components": [{"type": "header", "format": "image", "example": {"header_handle": ["4::a"]}}]}]}]}}}`,
		"a wrong shape": `{"name": "a", "category": "utility", "languages": {"en": {"components": [{"type": "body", "text": "Hi.", "example": §7}]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, want := marked(t, text)
			f, err := Parse("a.json", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if findings := Lint(f); len(findings) != 1 || findings[0].Position != want {
				t.Errorf("found %+v, not one at %+v", findings, want)
			}
		})
	}
}

func TestFindingsAreInTheOrderOfFilesAndLines(t *testing.T) {
	t.Parallel()
	var files []*File
	for _, name := range []string{"b.yaml", "a.yaml"} {
		f, err := Parse(name, []byte("languages: {en: {body: "+name+"}}\ncategory: x\nname: "+name[:1]+"_"+name[:1]+"?\n"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	var got []string
	for _, f := range Lint(files...) {
		got = append(got, fmt.Sprintf("%s:%d %s", f.Path, f.Line, f.Rule))
	}
	if want := "a.yaml:2 category, a.yaml:3 name, b.yaml:2 category, b.yaml:3 name"; strings.Join(got, ", ") != want {
		t.Errorf("found %q", got)
	}
}

// directoryOf returns templates with five languages each.
func directoryOf(t testing.TB, templates int, broken bool) (files []*File) {
	t.Helper()
	for i := range templates {
		text := fmt.Sprintf("name: order_update_%d\ncategory: marketing\nparameters: {customer: Ana, order: A-17, code: WARM20}\nlanguages:\n", i)
		for _, code := range []string{"en", "id", "de", "fr", "es"} {
			body := fmt.Sprintf("Hello {{customer}}, your order {{order}} of the kind %d %s is on its way to you.", i, code)
			if broken {
				body = "{{guest}} {{customer}} {{"
			}
			text += fmt.Sprintf("  %s:\n    header: Order {{order}}\n    body: %q\n    footer: Bye\n    buttons:\n"+
				"      - {type: url, text: Track, url: \"https://shop.example/{{order}}\"}\n      - {type: copy_code, code: \"{{code}}\"}\n"+
				"      - {type: quick_reply, text: Stop}\n", code, body)
		}
		f, err := Parse(fmt.Sprintf("%04d.yaml", i), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func TestAnAccountFullOfTemplatesIsLintedAtOnce(t *testing.T) {
	t.Parallel()
	for _, broken := range []bool{false, true} {
		files := directoryOf(t, 250, broken)
		start := time.Now()
		findings := Lint(files...)
		took := time.Since(start)
		t.Logf("250 templates in 5 languages: %d findings in %s", len(findings), took)
		if broken != (len(findings) > 0) || took > time.Minute { // it takes a tenth of a second, on a machine that is not busy
			t.Errorf("%d findings in %s", len(findings), took)
		}
	}
}

func TestFilesAreLintedByManyAtOnce(t *testing.T) {
	t.Parallel()
	files := directoryOf(t, 3, true)
	want := Lint(files...)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := Lint(files...); !slices.Equal(got, want) {
				t.Errorf("%d findings, not %d", len(got), len(want))
			}
		})
	}
	all.Wait()
}

func BenchmarkLint(b *testing.B) {
	files := directoryOf(b, 250, false)
	for b.Loop() {
		Lint(files...)
	}
}
