package templates_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/templates"
)

// edit returns the template of the tests with texts replaced.
func edit(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(orderUpdate) }

const replies = `name: vote
category: utility
languages:
  en:
    body: Are you happy?
    buttons: [{type: quick_reply, text: "Yes"}, {type: quick_reply, text: "No"}]
`

func TestChangesThatTheCompilerDoesNotSeeAreRefused(t *testing.T) {
	t.Parallel()
	const three = "name: sale\ncategory: utility\nparameters: {a: x, b: x, c: x}\nlanguages: {en: {body: 'The {{a}} of {{b}} in {{c}}.'}}"
	for name, tc := range map[string]struct{ was, is, want string }{
		"two texts that changed places": {
			orderUpdate, edit("  customer: Ana\n", "", "of the order.}\n", "of the order.}\n  customer: Ana\n"),
			"order_update: the arguments customer and order changed places: callers compile, but would send each in place of the other",
		},
		"three texts in another order": {
			three, strings.Replace(three, "{a: x, b: x, c: x}", "{b: x, c: x, a: x}", 1),
			"sale: the arguments were (a, b, c) and are (b, c, a): callers compile, but would send some in place of others",
		},
		"a text for another one": {
			orderUpdate, edit("order}}", "amount}}", "  order:", "  amount:"),
			"order_update: the argument order is now amount: callers compile, but would send what they have for the one as the other",
		},
		"two texts that changed places beside a new one": {
			three, "name: sale\ncategory: utility\nparameters: {b: x, a: x, c: x, d: x}\nlanguages: {en: {body: 'The {{a}} of {{b}} in {{c}} for {{d}}.'}}",
			"sale: the arguments a and b changed places: callers that change nothing else would send each in place of the other",
		},
		"a first language that is gone": {orderUpdate, edit("  en:", "  en_US:"), ""},
		"languages that changed places": {
			replies + "  id: {body: Senang?, buttons: [{type: quick_reply, text: Ya}, {type: quick_reply, text: Tidak}]}\n",
			strings.Replace(replies, "languages:\n", "languages:\n  id: {body: Senang?, buttons: [{type: quick_reply, text: Ya}, {type: quick_reply, text: Tidak}]}\n", 1),
			"vote: the first language was en and is id: callers that choose none compile, but would send the other",
		},
		"replies that changed places": {
			replies, strings.NewReplacer("Yes", "No", "No", "Yes").Replace(replies),
			"vote: the button \"No\" was that of Button2Payload and is that of Button1Payload: callers compile, but would set the value of another button",
		},
		"a reworded reply":                  {replies, strings.Replace(replies, "Yes", "Very", 1), ""},
		"a reworded text":                   {orderUpdate, edit("on its way", "there"), ""},
		"a further text":                    {three, "name: sale\ncategory: utility\nparameters: {a: x, b: x, c: x, d: x}\nlanguages: {en: {body: 'The {{a}} of {{b}} in {{c}} for {{d}}.'}}", ""},
		"one text less":                     {three, "name: sale\ncategory: utility\nparameters: {a: x, c: x}\nlanguages: {en: {body: 'The {{a}} in {{c}}.'}}", ""},
		"the texts of a message rearranged": {three, strings.Replace(three, "The {{a}} of {{b}}", "For {{b}}: {{a}}", 1), ""},
		"another template":                  {three, orderUpdate, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			previous := generate(t, parse(t, tc.was))
			options := templates.GenerateOptions{Previous: previous}
			code, err := templates.Generate([]*templates.File{parse(t, tc.is)}, options)
			if tc.want == "" {
				if err != nil || !bytes.Equal(code, generate(t, parse(t, tc.is))) {
					t.Errorf("%v", err)
				}
				return
			}
			var e *templates.StaleError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tc.want) || !e.Differences[0].Silent || code != nil {
				t.Errorf("%v\nwant %s", err, tc.want)
			}
			options.AllowReorder = true
			if code, err := templates.Generate([]*templates.File{parse(t, tc.is)}, options); err != nil || !bytes.Equal(code, generate(t, parse(t, tc.is))) {
				t.Errorf("with AllowReorder: %v", err)
			}
		})
	}
}

func TestACheckTellsInWhatCodeDiffersFromItsTemplates(t *testing.T) {
	t.Parallel()
	swapped := edit("  customer: Ana\n", "", "of the order.}\n", "of the order.}\n  customer: Ana\n")
	code := string(generate(t, parse(t, orderUpdate)))
	for name, tc := range map[string]struct {
		code   string
		files  []string
		want   string
		silent bool
	}{
		"the code of the templates":    {code, []string{orderUpdate}, "", false},
		"the same with breaks of DOS":  {strings.ReplaceAll(code, "\n", "\r\n"), []string{orderUpdate}, "", false},
		"no file":                      {"", []string{orderUpdate}, "FILE: it does not exist", false},
		"another text":                 {code, []string{edit("on its way", "there")}, "FILE: order_update: its texts, or what is optional, changed", false},
		"another argument":             {code, []string{edit(" {{order}}", "")}, "FILE: order_update: its arguments are (header_image, customer), and those of the code (header_image, customer, order)", false},
		"a further language":           {code, []string{orderUpdate + "  nl: {header: {image: https://a.example}, body: 'Hallo {{customer}}, {{order}} komt.'}\n"}, "FILE: order_update: its languages are en, id, nl, and those of the code en, id", false},
		"a new template and no old":    {code, []string{replies}, "FILE: vote: it has no code\nFILE: order_update: the code has it, and the templates do not", false},
		"an edit by hand":              {strings.Replace(code, "package tpl", "package  tpl", 1), []string{orderUpdate}, "FILE: it was changed, or generated by another version", false},
		"texts that changed places":    {code, []string{swapped}, "FILE: order_update: the arguments customer and order changed places: callers compile, but would send each in place of the other", true},
		"a record that cannot be read": {strings.Replace(code, `"arguments":[`, `"arguments":7[`, 1), []string{swapped}, "FILE: order_update: it has no code", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "tpl", "tpl.go")
			if tc.code != "" {
				write(t, path, tc.code)
			}
			var files []*templates.File
			for _, text := range tc.files {
				files = append(files, parse(t, text))
			}
			err := templates.CheckGenerated(path, files, templates.GenerateOptions{AllowReorder: true})
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *templates.StaleError
			if !errors.As(err, &e) || strings.ReplaceAll(err.Error(), path, "FILE") != tc.want || e.Differences[0].Silent != tc.silent {
				t.Errorf("%v\nwant %s", err, tc.want)
			}
			if now, err := os.ReadFile(path); string(now) != tc.code || tc.code != "" && err != nil {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func TestAFileOfCodeIsWrittenAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "Shop-Templates", "tpl.go")
	files := []*templates.File{parse(t, orderUpdate)}
	step := func(what string, files []*templates.File, options templates.GenerateOptions, changed bool, wrong string) {
		t.Helper()
		before, _ := os.ReadFile(path)
		got, err := templates.GenerateFile(path, files, options)
		if got != changed || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v, %v", what, got, err)
		}
		if after, _ := os.ReadFile(path); bytes.Equal(before, after) == changed {
			t.Errorf("%s: the file is another one: %v", what, !changed)
		}
	}
	step("no directory yet", files, templates.GenerateOptions{}, true, "")
	step("the same", files, templates.GenerateOptions{}, false, "")
	code, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(code, []byte("\npackage shoptemplates\n")) {
		t.Errorf("not the package of the directory: %v", err)
	}
	swapped := []*templates.File{parse(t, edit("  customer: Ana\n", "", "of the order.}\n", "of the order.}\n  customer: Ana\n"))}
	step("swapped", swapped, templates.GenerateOptions{}, false, path+": order_update: the arguments customer and order changed places")
	step("swapped on purpose", swapped, templates.GenerateOptions{AllowReorder: true}, true, "")
	step("a name that is no package", files, templates.GenerateOptions{Package: "a-b"}, false, "want a name of a Go package, got 3 characters")
	step("a word of Go", files, templates.GenerateOptions{Package: "func"}, false, "want a name of a Go package")
	step("no templates", nil, templates.GenerateOptions{}, false, "there are no templates")
	write(t, path, "package mine\n")
	step("code that somebody wrote", files, templates.GenerateOptions{}, false, "exists and was not generated: it is not overwritten")
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestTheOrderOfFilesDoesNotMatter(t *testing.T) {
	t.Parallel()
	a, b := parse(t, orderUpdate), parse(t, replies)
	if !bytes.Equal(generate(t, a, b), generate(t, b, a)) {
		t.Error("the code depends on it")
	}
}
