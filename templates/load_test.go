package templates_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// directory returns a directory with the files.
func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAMessageFitsTheTemplateThatWasLoaded(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t)
	if err := templates.Load(sandbox, "testdata/preview"); err == nil || !strings.Contains(err.Error(), "receipt.json:11:11: languages.id: want a body") {
		t.Errorf("want the place of the language that has no body, got %v", err)
	}
	dir := directory(t, map[string]string{
		"order_update.yaml": "name: order_update\ncategory: utility\nparameters: {customer: Ana, order: A-17}\nlanguages:\n" +
			"  en: {body: 'Order {{order}} for {{customer}}.'}\n  fr: {body: 'Commande {{order}}.', format: named}\n",
		"login_code.json": `{"name":"login_code","category":"AUTHENTICATION","languages":{"en":{"buttons":[{"type":"otp","otp_type":"copy_code"}]}}}`,
		"notes.txt":       "not a template",
	})
	if err := templates.Load(sandbox, dir); err != nil {
		t.Fatal(err)
	}
	client, err := sandbox.Client()
	if err != nil {
		t.Fatal(err)
	}
	number := client.PhoneNumber(sandbox.PhoneNumberID)
	for _, tt := range []struct {
		name, language string
		components     []kirim.Component
		want           error
	}{
		{"order_update", "en", []kirim.Component{kirim.FillBody("Ana", "A-17")}, nil},
		{"order_update", "en", []kirim.Component{kirim.FillBody("Ana")}, kirim.CodeTemplateParamCountMismatch},
		{"order_update", "fr", []kirim.Component{kirim.FillBodyParameters(kirim.NamedTextParameter("order", "A-17"))}, nil},
		{"order_update", "fr", []kirim.Component{kirim.FillBodyParameters(kirim.NamedTextParameter("number", "A-17"))}, kirim.CodeTemplateParamFormatMismatch},
		{"login_code", "en", kirim.FillOneTimeCode("123456"), nil},
		{"login_code", "de", kirim.FillOneTimeCode("123456"), kirim.CodeInvalidTemplateName},
	} {
		_, err := number.Messages.Send(t.Context(), kirim.OutboundMessage{
			To: "+6281100000001", Content: kirim.Template{Name: tt.name, Language: tt.language, Components: tt.components},
		})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s in %s: want %v, got %v", tt.name, tt.language, tt.want, err)
		}
	}
}

func TestALoadReplacesTheTemplateOfTheSameNameAndLanguage(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	before := len(sandbox.Templates())
	sandbox.SetTemplateStatus("order_update", kirimtest.TemplatePaused)
	dir := directory(t, map[string]string{"a.yml": "name: order_update\ncategory: marketing\nlanguages: {id: {body: Baru.}}"})
	if err := templates.Load(sandbox, dir); err != nil {
		t.Fatal(err)
	}
	list := sandbox.Templates()
	i := slices.IndexFunc(list, func(tp kirimtest.Template) bool { return tp.Name == "order_update" && tp.Language == "id" })
	if len(list) != before || i < 0 || list[i].Status != kirimtest.TemplateApproved || list[i].Category != "MARKETING" || !strings.Contains(string(list[i].Components), "Baru.") {
		t.Errorf("%d templates of %d, and at %d %+v", len(list), before, i, list)
	}
}

func TestNothingIsLoadedOfADirectoryInWhichSomethingIsWrong(t *testing.T) {
	t.Parallel()
	const right = "name: right\ncategory: utility\nlanguages: {en: {body: b}}"
	for name, tt := range map[string]struct {
		files map[string]string
		want  []string // each with the line and the column
	}{
		"a file that is not YAML":   {map[string]string{"b.yaml": "name: [\n"}, []string{"b.yaml:2:1: not YAML"}},
		"a file that is not JSON":   {map[string]string{"b.json": "{\n  name"}, []string{"b.json:2:3: not JSON"}},
		"a member that is none":     {map[string]string{"b.yaml": "name: b\nlanguages:\n  en: {bodi: x}"}, []string{"b.yaml:3:8: languages.en.bodi: there is no such member"}},
		"no name":                   {map[string]string{"b.yaml": "languages: {en: {body: b}}"}, []string{"b.yaml:1:1: name: want a name"}},
		"no languages":              {map[string]string{"b.yaml": "name: b\nlanguages:\n"}, []string{"b.yaml:2:11: languages: want at least one language"}},
		"a language without a body": {map[string]string{"b.yaml": "name: b\nlanguages:\n  en: {footer: x}\n  id: {body: x}"}, []string{"b.yaml:3:7: languages.en: want a body"}},
		"several faults in two files": {
			map[string]string{"b.yaml": "languages: {en: {}}", "c.yaml": "name: c"},
			[]string{"b.yaml:1:1: name", "b.yaml:1:17: languages.en", "c.yaml:1:1: languages"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandbox := kirimtest.NewServer()
			defer sandbox.Close()
			before := len(sandbox.Templates())
			files := map[string]string{"a.yaml": right}
			maps.Copy(files, tt.files)
			err := templates.Load(sandbox, directory(t, files))
			if err == nil {
				t.Fatal("no error")
			}
			if _, ok := errors.AsType[*templates.SyntaxError](err); !ok {
				t.Errorf("%T is not a *SyntaxError", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in\n%v", want, err)
				}
			}
			if n := len(sandbox.Templates()); n != before {
				t.Errorf("%d templates were loaded", n-before)
			}
		})
	}
}

func TestATemplateInTwoFilesIsNotLoaded(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	before := len(sandbox.Templates())
	files := map[string]string{
		"a.yaml": "name: twice\nlanguages: {en: {body: b}}",
		"b.yaml": "name: twice\nlanguages:\n  id: {body: b}\n  en: {body: b}",
	}
	if err := templates.Load(sandbox, directory(t, files)); err == nil || !strings.Contains(err.Error(), "b.yaml are both the template twice") {
		t.Errorf("got %v", err)
	}
	var list []*templates.File
	for _, name := range []string{"a.yaml", "b.yaml"} {
		f, err := templates.Parse(name, []byte(files[name]))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	err := templates.LoadFiles(sandbox, list...)
	if want := "b.yaml:4:7: languages.en: the template exists in this language in a.yaml, too"; err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
	if n := len(sandbox.Templates()); n != before {
		t.Errorf("%d templates were loaded", n-before)
	}
}

func TestADirectoryThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	if err := templates.Load(sandbox, filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want %v, got %v", os.ErrNotExist, err)
	}
}
