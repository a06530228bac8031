package kirim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kirim-go/kirim"
)

// safeTag is each tag that a preview may write.
var safeTag = regexp.MustCompile(`^<(?:` +
	`br|/?(?:div|span|ul|ol|li|strong|em|s|code|pre|blockquote|a|video)|` +
	`div class="kirim-[a-z]+"(?: dir="auto")?|(?:span|ul|ol) class="kirim-[a-z]+"|li value="[0-9]{1,3}"|` +
	`a href="(?i:https?)://[^"<>\s]+" rel="noopener noreferrer nofollow"|` +
	`img src="(?i:https?)://[^"<>\s]+" alt="image" referrerpolicy="no-referrer"|video src="(?i:https?)://[^"<>\s]+" controls preload="none"` +
	`)>`)

// wantSafeHTML fails on a tag that a preview does not write, on tags that are not
// closed in their order, and on a quote or an angle bracket in a text.
func wantSafeHTML(t *testing.T, page string) {
	t.Helper()
	if !utf8.ValidString(page) {
		t.Errorf("not UTF-8: %q", page)
	}
	var open []string
	for rest := page; rest != ""; {
		if rest[0] != '<' {
			text, _, _ := strings.Cut(rest, "<")
			if strings.ContainsAny(text, `"'>`) {
				t.Fatalf("the text %q in\n%s", text, page)
			}
			rest = rest[len(text):]
			continue
		}
		tag := safeTag.FindString(rest)
		if tag == "" {
			t.Fatalf("%.60q is not a tag of a preview in\n%s", rest, page)
		}
		rest = rest[len(tag):]
		name := strings.Trim(strings.Fields(tag)[0], "<>")
		switch end, closing := strings.CutPrefix(name, "/"); {
		case closing && (len(open) == 0 || open[len(open)-1] != end):
			t.Fatalf("%s closes %q in\n%s", tag, open, page)
		case closing:
			open = open[:len(open)-1]
		case name != "br" && name != "img":
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		t.Fatalf("%q is open in\n%s", open, page)
	}
}

// decodeTemplates reads a definition and a message. What cannot be read is empty,
// which Check and Preview must take as well.
func decodeTemplates(definition, message []byte) (*kirim.MessageTemplate, kirim.Template) {
	var d *kirim.MessageTemplate
	var m kirim.OutboundMessage
	if json.Unmarshal(definition, &d) != nil || json.Unmarshal(message, &m) != nil {
		return nil, kirim.Template{}
	}
	content, _ := m.Content.(kirim.Template)
	return d, content
}

// addTemplates adds definitions and messages of all kinds.
func addTemplates(f *testing.F) {
	f.Helper()
	messages, err := filepath.Glob("testdata/send/template_*.json")
	if err != nil {
		f.Fatal(err)
	}
	definitions, err := filepath.Glob("testdata/templates/*.json")
	if err != nil {
		f.Fatal(err)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var short bytes.Buffer // a short seed is quick to reduce
		if err := json.Compact(&short, data); err != nil {
			f.Fatal(err)
		}
		return short.Bytes()
	}
	for i, name := range definitions {
		f.Add(read(name), read(messages[i%len(messages)]))
	}
	for _, definition := range []string{
		`null`, `{}`, `{"components":"[{\"type\":\"BODY\",\"text\":\"*{{1}}* _{{2}}_\"}]"}`, `{"components":{"a":1},"buttons":"x"}`,
		`{"name":"a","language":"id","status":"paused","content":"{{1}}","header_type":"IMAGE","buttons":[{"type":"URL","url":"https://a.example/{{1}}"}]}`,
		`{"components":[{"type":"BODY","text":"> {{1}}\n* https://a.example/{{2}}\n1. ` + "`{{3}}`" + `"},{"type":"LIMITED_TIME_OFFER","limited_time_offer":{"text":"a","has_expiration":true}},
			{"type":"CAROUSEL","cards":[{"components":[{"type":"HEADER","format":"PRODUCT"},{"type":"BODY","text":"{{1}}"},{"type":"BUTTONS","buttons":[{"type":"URL","url":"{{1}}"}]}]}]}]}`,
	} {
		f.Add([]byte(definition), []byte(`{"messaging_product":"whatsapp","to":"+6281100000001","type":"template","template":{"name":"a","language":"id","components":[
			{"type":"header","parameters":[{"type":"image","image":{"link":"https://a.example/\"<b>"}}]},{"type":"body","parameters":[{"type":"text","text":"<b>*_~"},{"type":"text","text":"`+"```"+`"}]},
			{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"javascript:"}]},{"type":"carousel","cards":[{"card_index":0,"components":[{"type":"body","parameters":[{"type":"text","text":"<i>"}]}]}]}]}}`))
	}
}

// FuzzTemplateCheck checks that no definition and no message make a check panic,
// that what it reports are paths into the message, and that it holds nothing
// against a message when nothing is known of the template.
func FuzzTemplateCheck(f *testing.F) {
	addTemplates(f)
	f.Fuzz(func(t *testing.T, definition, message []byte) {
		d, content := decodeTemplates(definition, message)
		_ = d.Complete()
		err := content.Check(d)
		var invalid *kirim.ValidationError
		if err != nil && !errors.As(err, &invalid) {
			t.Fatalf("%T: %v", err, err)
		}
		if invalid != nil {
			if len(invalid.Violations) == 0 {
				t.Error("an error without a violation")
			}
			for _, v := range invalid.Violations {
				if v.Path != "template" && !strings.HasPrefix(v.Path, "template.") || v.Limit == "" || v.Actual == "" {
					t.Errorf("%+v", v)
				}
			}
		}
		if err := content.Check(&kirim.MessageTemplate{Name: content.Name, Language: content.Language, Status: kirim.TemplateApproved}); err != nil {
			t.Errorf("nothing is known, and yet %v", err)
		}
	})
}

// FuzzTemplatePreview checks that no definition and no message make a preview panic,
// that its HTML has no tags but its own, and that its text does not steer a terminal.
func FuzzTemplatePreview(f *testing.F) {
	addTemplates(f)
	f.Fuzz(func(t *testing.T, definition, message []byte) {
		d, content := decodeTemplates(definition, message)
		preview, err := content.Preview(d)
		if err != nil && preview.Text() != "" {
			t.Errorf("%q came with %v", preview.Text(), err)
		}
		wantSafeHTML(t, preview.HTML())
		if strings.ContainsFunc(preview.Text(), func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
			t.Errorf("%q", preview.Text())
		}
		// A text of any kind as the body.
		wantSafeHTML(t, kirim.TemplatePreview{Body: string(message), Footer: string(definition)}.HTML())
	})
}
