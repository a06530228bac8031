package templates

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// simple is a template of an account with a body.
func simple(name, language, body string) *Remote {
	return approved(kirim.TemplateCreateParams{Name: name, Language: language, Category: kirim.TemplateUtility, Components: []kirim.ComponentDefinition{kirim.DefineBody(body)}})
}

// simpleFile is the file of such a template in one language.
func simpleFile(name, language, body string) string {
	return fmt.Sprintf("name: %s\ncategory: utility\nlanguages:\n  %s:\n    body: %s\n", name, language, body)
}

// write writes files into a directory.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// outcome is a result in one line.
func outcome(result *PullResult) string {
	var files []string
	for _, f := range result.Files {
		text := fmt.Sprintf("%s %s %s", filepath.Base(f.Path), f.Name, f.Change)
		for _, l := range f.Languages {
			text += fmt.Sprintf(" %s:%s%v", l.Code, l.Change, l.Unknown)
		}
		files = append(files, strings.ReplaceAll(text, "[]", ""))
	}
	return strings.Join(files, "; ")
}

func TestAPullWritesWhatItIsAskedFor(t *testing.T) {
	t.Parallel()
	a, aID, b := simple("a", "en", "Hello"), simple("a", "id", "Halo"), simple("b", "en", "Bye")
	fileA := "name: a\ncategory: utility\nlanguages:\n  en:\n    body: Hello\n  id:\n    body: Halo\n"
	old := map[string]string{"x.yml": simpleFile("a", "en", "Old"), "c.json": `{"name": "c", "languages": {"en": {"body": "only here"}}}`, "notes.txt": "a", ".hidden.yaml": "["}
	for name, tt := range map[string]struct {
		files   map[string]string
		options PullOptions
		want    map[string]string // what is there that was not before
		outcome string
		err     string
	}{
		"all, into nothing": {
			nil, PullOptions{}, map[string]string{"a.yaml": fileA, "b.yaml": simpleFile("b", "en", "Bye")},
			"a.yaml a created en:created id:created; b.yaml b created en:created", "",
		},
		"all, into files that have other names": {
			old, PullOptions{}, map[string]string{"x.yml": fileA, "b.yaml": simpleFile("b", "en", "Bye")},
			"x.yml a changed en:changed id:created; b.yaml b created en:created; c.json c kept en:kept", "",
		},
		"one template": {
			old, PullOptions{Names: []string{"b"}}, map[string]string{"b.yaml": simpleFile("b", "en", "Bye")},
			"b.yaml b created en:created", "",
		},
		"a template that only a file has": {
			old, PullOptions{Names: []string{"c"}}, nil, "c.json c kept en:kept", "",
		},
		"a template that nobody has": {
			old, PullOptions{Names: []string{"b", "d"}}, map[string]string{"b.yaml": simpleFile("b", "en", "Bye")},
			"b.yaml b created en:created", `has a template "d"`,
		},
		"one language": {
			old, PullOptions{Languages: []string{"id"}}, map[string]string{"x.yml": strings.Replace(fileA, "Hello", "Old", 1)},
			"x.yml a changed id:created; c.json c kept", "",
		},
		"in JSON": {
			map[string]string{"x.yml": fileA}, PullOptions{JSON: true},
			map[string]string{"b.json": "{\n  \"name\": \"b\",\n  \"category\": \"utility\",\n  \"languages\": {\n    \"en\": {\n      \"body\": \"Bye\"\n    }\n  }\n}\n"},
			"x.yml a unchanged en:unchanged id:unchanged; b.json b created en:created", "",
		},
		"nothing, to see what would happen": {
			old, PullOptions{DryRun: true}, nil,
			"x.yml a changed en:changed id:created; b.yaml b created en:created; c.json c kept en:kept", "",
		},
		"into a file that is no YAML": {
			map[string]string{"a.yaml": "name: ["}, PullOptions{}, map[string]string{"b.yaml": simpleFile("b", "en", "Bye")},
			"b.yaml b created en:created", "a.yaml:2:1: not YAML",
		},
		"into a file of another name that has a member that there is not": {
			map[string]string{"x.yaml": "name: a\nnope: 1\n"}, PullOptions{}, map[string]string{"b.yaml": simpleFile("b", "en", "Bye")},
			"b.yaml b created en:created", "x.yaml:2:1: nope: there is no such member",
		},
		"into two files of one template": {
			map[string]string{"x.yaml": fileA, "y.yaml": fileA}, PullOptions{}, map[string]string{"b.yaml": simpleFile("b", "en", "Bye")},
			"b.yaml b created en:created", "y.yaml are both the template a",
		},
		"into a file that has the name and another template": {
			map[string]string{"b.yaml": simpleFile("z", "en", "Mine")}, PullOptions{}, map[string]string{"a.yaml": fileA},
			"a.yaml a created en:created id:created; b.yaml z kept en:kept", "b.yaml exists and is another template",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, tt.files)
			result, err := Pull(t.Context(), fixedAccount{aID, nil, b, a}, dir, tt.options)
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
			if got := outcome(result); got != tt.outcome {
				t.Errorf("got  %s\nwant %s", got, tt.outcome)
			}
			want := make(map[string]string)
			for _, files := range []map[string]string{tt.files, tt.want} {
				maps.Copy(want, files)
			}
			wantSameFiles(t, contentsOf(t, dir), want)
		})
	}
}

func TestANameOfAnAccountDoesNotLeaveTheDirectory(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		remote *Remote
		want   string
	}{
		"a path":             {simple("../x", "en", "a"), `"../x"`},
		"an absolute path":   {simple("/tmp/x", "en", "a"), `"/tmp/x"`},
		"a path of Windows":  {simple(`..\x`, "en", "a"), `"..\\x"`},
		"nothing":            {simple("", "en", "a"), `""`},
		"a line end":         {simple("a\n", "en", "a"), `"a\n"`},
		"capitals":           {simple("Order", "en", "a"), `"Order"`},
		"too long a name":    {simple(strings.Repeat("a", 513), "en", "a"), "of 513 characters"},
		"too long a file":    {simple(strings.Repeat("a", 400), "en", "a"), "name too long"},
		"no language at all": {simple("a", "", "a"), "without a language"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && name == "too long a file" {
				t.Skip("Windows has another text for it")
			}
			around := t.TempDir()
			dir := filepath.Join(around, "templates")
			result, err := Pull(t.Context(), fixedAccount{tt.remote, simple("good", "en", "Hello")}, dir, PullOptions{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 700 {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if got := outcome(result); got != "good.yaml good created en:created" {
				t.Error(got)
			}
			wantSameFiles(t, contentsOf(t, dir), map[string]string{"good.yaml": simpleFile("good", "en", "Hello")})
			if entries, err := os.ReadDir(around); err != nil || len(entries) != 1 {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
}

func TestALinkStaysOneAndLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	around := t.TempDir()
	dir := filepath.Join(around, "templates")
	if err := os.MkdirAll(filepath.Join(dir, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, around, map[string]string{"outside.yaml": simpleFile("b", "en", "Old")})
	write(t, filepath.Join(dir, "below"), map[string]string{"inside.yaml": simpleFile("a", "en", "Old")})
	for link, target := range map[string]string{"a.yaml": "below/inside.yaml", "b.yaml": "../outside.yaml", "c.yaml": "nowhere.yaml"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	_, err := Pull(t.Context(), fixedAccount{simple("a", "en", "New"), simple("b", "en", "New"), simple("c", "en", "New")}, dir, PullOptions{})
	if err == nil || !strings.Contains(err.Error(), "b.yaml leads out of the directory") || !strings.Contains(err.Error(), "c.yaml: no such file") {
		t.Errorf("got %v", err)
	}
	if got := contentsOf(t, filepath.Join(dir, "below"))["inside.yaml"]; got != simpleFile("a", "en", "New") {
		t.Error(got)
	}
	if text, err := os.ReadFile(filepath.Join(around, "outside.yaml")); err != nil || string(text) != simpleFile("b", "en", "Old") {
		t.Errorf("%s, %v", text, err)
	}
	if info, err := os.Lstat(filepath.Join(dir, "a.yaml")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	account := fixedAccount{simple("a", "en", "New")}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := Pull(t.Context(), account, dir, PullOptions{}); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestAFileOfAReadOnlyDirectoryStaysAsItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.yaml": simpleFile("a", "en", "Old")})
	for path, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, filepath.Join(dir, "a.yaml"): 0o644, dir: 0o555} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	withoutRoot(t, func() {
		_, err := Pull(t.Context(), fixedAccount{simple("a", "en", "New"), simple("b", "en", "New")}, dir, PullOptions{})
		if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "a.yaml is not written") || !strings.Contains(err.Error(), "b.yaml") {
			t.Errorf("%v", err)
		}
	})
	wantSameFiles(t, contentsOf(t, dir), map[string]string{"a.yaml": simpleFile("a", "en", "Old")})
}

// countdown is a context that ends when it is asked for the third time.
type countdown struct {
	context.Context
	asked int
	then  func()
}

func (c *countdown) Err() error {
	if c.asked++; c.asked >= 3 {
		if c.then != nil {
			c.then()
			return nil
		}
		return context.Canceled
	}
	return nil
}

func TestACancelledPullLeavesWholeFiles(t *testing.T) {
	t.Parallel()
	var account fixedAccount
	old := make(map[string]string)
	for _, name := range []string{"a", "b", "c", "d"} {
		account = append(account, simple(name, "en", "New"))
		old[name+".yaml"] = simpleFile(name, "en", "Old")
	}
	dir := t.TempDir()
	write(t, dir, old)
	result, err := Pull(&countdown{Context: context.Background()}, account, dir, PullOptions{})
	if !errors.Is(err, context.Canceled) || outcome(result) != "a.yaml a changed en:changed; b.yaml b changed en:changed" {
		t.Errorf("%s, %v", outcome(result), err)
	}
	for _, name := range []string{"a", "b"} {
		old[name+".yaml"] = simpleFile(name, "en", "New")
	}
	wantSameFiles(t, contentsOf(t, dir), old)
}

func TestAFileThatChangesDuringThePullIsNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"c.yaml": simpleFile("c", "en", "Old")})
	ctx := &countdown{Context: context.Background(), then: func() {
		write(t, dir, map[string]string{"c.yaml": simpleFile("c", "en", "Edited")})
	}}
	_, err := Pull(ctx, fixedAccount{simple("a", "en", "New"), simple("b", "en", "New"), simple("c", "en", "New")}, dir, PullOptions{})
	if err == nil || !strings.Contains(err.Error(), "c.yaml was changed in the meantime") {
		t.Errorf("%v", err)
	}
	if got := contentsOf(t, dir); got["c.yaml"] != simpleFile("c", "en", "Edited") || len(got) != 3 {
		t.Error(got)
	}
}

func TestReadRefusesWhatIsNoSetOfTemplates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"1.yaml": "name: z\n", "2.json": `{"name": "b"}`, "3.yml": "name: a\n", "notes.md": "[", "4.yaml.bak": "[",
	})
	if err := os.MkdirAll(filepath.Join(dir, "below.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := Read(dir)
	if err != nil || len(files) != 3 || files[0].Name != "a" || files[2].Name != "z" || filepath.Base(files[2].Path()) != "1.yaml" {
		t.Errorf("%v, %v", files, err)
	}
	write(t, dir, map[string]string{"5.yaml": "name: b\n", "6.yaml": "name: [\n", "7.json": "{\"nam\": 1}"})
	_, err = Read(dir)
	for _, want := range []string{"2.json and ", "5.yaml are both the template b", "6.yaml:2:1: not YAML", "7.json:1:2: nam: there is no such member"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, isSyntax := errors.AsType[*SyntaxError](err); !isSyntax {
		t.Errorf("%T", err)
	}
	if _, err := Read(filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
