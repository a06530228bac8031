package templates_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

var (
	kirimAbilities = templates.Kirim(&kirim.PhoneNumber{}).Abilities()
	cloudAbilities = templates.Abilities{System: cloudSystem, Update: true, Delete: true}
)

func TestAPlanSaysWhatASystemCanDo(t *testing.T) {
	t.Parallel()
	status := func(s kirim.TemplateStatus) func(*templates.Remote) {
		return func(r *templates.Remote) { r.Status = s; body(r).Text = "Old" }
	}
	for name, tt := range map[string]struct {
		abilities templates.Abilities
		file      string
		remote    func(*templates.Remote) // nil for none
		options   templates.PlanOptions
		action    templates.Action
		why       string // a part of it
		line      int
	}{
		"new":                                {cloudAbilities, orderFile, nil, templates.PlanOptions{}, templates.ActionCreate, "once Meta has approved it", 8},
		"new, for codes":                     {kirimAbilities, codeFile, nil, templates.PlanOptions{}, templates.ActionCreate, "approves it automatically", 5},
		"the same":                           {cloudAbilities, orderFile, func(*templates.Remote) {}, templates.PlanOptions{}, templates.ActionNone, "as in the file", 8},
		"changed, with Kirim":                {kirimAbilities, orderFile, status("rejected"), templates.PlanOptions{}, templates.ActionImpossible, "Kirim has no operation that edits: create it under a new name or edit it in WhatsApp Manager", 9},
		"changed and approved":               {cloudAbilities, orderFile, status("approved"), templates.PlanOptions{}, templates.ActionEdit, "once in 24 hours, 10 times in 30 days", 8},
		"changed and rejected":               {cloudAbilities, orderFile, status("rejected"), templates.PlanOptions{}, templates.ActionEdit, "a new review", 8},
		"changed and paused":                 {cloudAbilities, orderFile, status("paused"), templates.PlanOptions{}, templates.ActionEdit, "a new review", 8},
		"changed and in review":              {cloudAbilities, orderFile, status("pending"), templates.PlanOptions{}, templates.ActionBlocked, "it is in review", 9},
		"changed and disabled":               {cloudAbilities, orderFile, status("disabled"), templates.PlanOptions{}, templates.ActionImpossible, "create it under a new name", 9},
		"changed and in a state that is new": {cloudAbilities, orderFile, status("in_appeal"), templates.PlanOptions{}, templates.ActionBlocked, `"in_appeal"`, 9},
		"another category":                   {cloudAbilities, orderFile, func(r *templates.Remote) { r.Category = "MARKETING" }, templates.PlanOptions{}, templates.ActionImpossible, "the category of an approved template cannot be changed", 2},
		"another category, rejected":         {cloudAbilities, orderFile, func(r *templates.Remote) { r.Category, r.Status = "MARKETING", "rejected" }, templates.PlanOptions{}, templates.ActionEdit, "a new review", 8},
		"another category and text":          {cloudAbilities, orderFile, func(r *templates.Remote) { r.Category = "MARKETING"; body(r).Text = "Old" }, templates.PlanOptions{}, templates.ActionEdit, "the category stays", 8},
		"changed, without an ID":             {cloudAbilities, orderFile, func(r *templates.Remote) { r.ID = ""; body(r).Text = "Old" }, templates.PlanOptions{}, templates.ActionImpossible, "does not say its ID", 9},
		"other names of parameters":          {cloudAbilities, "format: named\n" + orderFile, func(r *templates.Remote) { r.ParameterFormat = "positional"; body(r).Text = "Hello {{1}}, {{2}}." }, templates.PlanOptions{}, templates.ActionImpossible, "create it under a new name", 10},
		"not comparable":                     {cloudAbilities, orderFile, func(r *templates.Remote) { r.Components = nil }, templates.PlanOptions{}, templates.ActionNone, "too little to tell", 8},
		"not comparable, but to be edited":   {cloudAbilities, orderFile, func(r *templates.Remote) { r.Components = nil }, templates.PlanOptions{Incomparable: true}, templates.ActionEdit, "a new review", 8},
		"not comparable, with Kirim":         {kirimAbilities, orderFile, func(r *templates.Remote) { r.Components = nil }, templates.PlanOptions{Incomparable: true}, templates.ActionNone, "too little to tell", 8},
		"marked, new":                        {cloudAbilities, orderFile + "    unknown: [samples]\n", nil, templates.PlanOptions{}, templates.ActionBlocked, "marked as incomplete", 16},
		"marked, with Kirim":                 {kirimAbilities, orderFile + "    unknown: [samples]\n", nil, templates.PlanOptions{}, templates.ActionBlocked, "marked as incomplete", 16},
		"marked, changed":                    {cloudAbilities, orderFile + "    unknown: [samples]\n", func(r *templates.Remote) { body(r).Text = "Old" }, templates.PlanOptions{}, templates.ActionBlocked, "marked as incomplete", 16},
		"marked, not comparable":             {cloudAbilities, orderFile + "    unknown: [content]\n", func(*templates.Remote) {}, templates.PlanOptions{}, templates.ActionNone, "too little to tell", 15},
		"a link, with Kirim":                 {kirimAbilities, cardsFile, nil, templates.PlanOptions{}, templates.ActionCreate, "new", 6},
		"a link":                             {cloudAbilities, cardsFile, nil, templates.PlanOptions{}, templates.ActionImpossible, "the Cloud API takes no links as samples of media: use a file or a handle", 8},
		"a handle":                           {cloudAbilities, mediaFile, nil, templates.PlanOptions{}, templates.ActionCreate, "new", 5},
		"a file, with Kirim":                 {kirimAbilities, strings.Replace(mediaFile, `handle: "4::A"`, "file: a.png", 1), nil, templates.PlanOptions{}, templates.ActionImpossible, "Kirim takes no files as samples of media: use a url", 5},
		"a file, without an app":             {cloudAbilities, strings.Replace(mediaFile, `handle: "4::A"`, "file: a.png", 1), nil, templates.PlanOptions{}, templates.ActionImpossible, "give its ID", 5},
		"a link in raw components": {cloudAbilities, "name: a\ncategory: utility\nlanguages:\n  en:\n    components:\n      - {type: HEADER, format: IMAGE, example: {header_url: [\"https://shop.example/a.png\"]}}\n      - {type: BODY, text: Hi}\n",
			nil, templates.PlanOptions{}, templates.ActionImpossible, "takes no links", 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fileNamed(t, "a.yaml", tt.file)
			language := f.Languages[len(f.Languages)-1].Code
			if len(f.Language(language).Unknown) == 0 {
				language = f.Languages[0].Code
			}
			var remotes []*templates.Remote
			if tt.remote != nil {
				r := remoteOf(f, language)
				r.ID = "1"
				tt.remote(r)
				remotes = append(remotes, r)
			}
			plan := templates.NewPlan([]*templates.File{f}, remotes, tt.abilities, tt.options)
			i := slices.IndexFunc(plan.Steps, func(s templates.Step) bool { return s.Language == language })
			s := plan.Steps[i]
			if s.Action != tt.action || !strings.Contains(s.Why, tt.why) || s.Line != tt.line || s.Path != "a.yaml" {
				t.Errorf("%s at line %d: %s\nwant %s at line %d: %s", s.Action, s.Line, s.Why, tt.action, tt.line, tt.why)
			}
			if _, err := json.Marshal(plan); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPlanDeletesOnlyWhenAskedTo(t *testing.T) {
	t.Parallel()
	only := &templates.Remote{MessageTemplate: kirim.MessageTemplate{ID: "1", Name: "hello_world", Language: "en_US", Status: "approved"}}
	nameless := &templates.Remote{MessageTemplate: kirim.MessageTemplate{Name: "hello_world", Language: "en_US"}}
	for name, tt := range map[string]struct {
		remote    *templates.Remote
		abilities templates.Abilities
		prune     bool
		action    templates.Action
		why       string
	}{
		"not asked":         {only, cloudAbilities, false, templates.ActionNone, "only the account has it"},
		"asked":             {only, cloudAbilities, true, templates.ActionDelete, "cannot be used again for 30 days"},
		"asked, with Kirim": {only, kirimAbilities, true, templates.ActionImpossible, "Kirim has no operation that deletes"},
		"without an ID":     {nameless, cloudAbilities, true, templates.ActionImpossible, "all languages of the name would be deleted"},
	} {
		plan := templates.NewPlan([]*templates.File{orderWith(t)}, []*templates.Remote{tt.remote}, tt.abilities, templates.PlanOptions{Prune: tt.prune})
		last := plan.Steps[len(plan.Steps)-1]
		if last.Action != tt.action || !strings.Contains(last.Why, tt.why) || plan.Deletes() != (tt.action == templates.ActionDelete) {
			t.Errorf("%s: %s %s", name, last.Action, last.Why)
		}
	}
}

func TestAPlanForTheSameTemplateInTwoFilesBlocksTheSecond(t *testing.T) {
	t.Parallel()
	plan := templates.NewPlan([]*templates.File{orderWith(t), orderWith(t)}, nil, cloudAbilities, templates.PlanOptions{})
	var got []string
	for _, s := range plan.Steps {
		got = append(got, string(s.Action))
	}
	if !slices.Equal(got, []string{"create", "create", "blocked", "blocked"}) || plan.Complete() || !plan.Changes() {
		t.Errorf("got %v", got)
	}
}

func TestAPlanIsWrittenAsATable(t *testing.T) {
	t.Parallel()
	f := orderWith(t)
	r := remoteOf(f, "en")
	r.ID, body(r).Text = "1", "Old"
	var b strings.Builder
	if err := templates.NewPlan([]*templates.File{f}, []*templates.Remote{r}, kirimAbilities, templates.PlanOptions{}).Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `impossible  order_update  en  order_update.yaml:9:11: Kirim has no operation that edits: create it under a new name or edit it in WhatsApp Manager
create      order_update  id  new: it can be sent once Meta has approved it
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestAPushDeletesOnlyWhatWasConfirmed(t *testing.T) {
	t.Parallel()
	yes := func(*templates.Plan) (bool, error) { return true, nil }
	boom := errors.New("no terminal")
	for name, tt := range map[string]struct {
		confirm func(*templates.Plan) (bool, error)
		err     error
		left    []string
	}{
		"nobody is asked":     {nil, templates.ErrNotConfirmed, []string{"order_update id", "other en"}},
		"the answer is no":    {func(*templates.Plan) (bool, error) { return false, nil }, templates.ErrNotConfirmed, []string{"order_update id", "other en"}},
		"nobody can be asked": {func(*templates.Plan) (bool, error) { return true, boom }, boom, []string{"order_update id", "other en"}},
		"the answer is yes":   {yes, nil, []string{"order_update en"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t, cloudSystem, nil)
			components := json.RawMessage(`[{"type":"BODY","text":"Hi"}]`)
			s.AddTemplate(kirimtest.Template{Name: "order_update", Language: "id", Components: components})
			s.AddTemplate(kirimtest.Template{Name: "other", Language: "en", Components: components})
			one := orderWith(t, "  id:\n    body: Halo {{customer}}, pesanan {{order}} sedang dikirim.\n", "")
			result, err := templates.Push(t.Context(), s.account, []*templates.File{one}, templates.PushOptions{
				PlanOptions: templates.PlanOptions{Prune: true}, Confirm: tt.confirm,
			})
			if !errors.Is(err, tt.err) {
				t.Errorf("%v", err)
			}
			if got := s.names(); !slices.Equal(got, tt.left) {
				t.Errorf("left are %v", got)
			}
			if tt.err != nil && (len(result.With(templates.OutcomeNotDone)) != 3 || result.Complete()) {
				t.Errorf("%v", outcomes(result))
			}
		})
	}
}

func TestAPushOfFilesWithErrorsSendsNothing(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, system string) {
		s := newSandbox(t, system, nil)
		before := len(s.Requests())
		bad := orderWith(t, "Hello {{customer}}, your order {{order}} is on its way.", "Your order {{order}}")
		_, err := templates.Push(t.Context(), s.account, append(many(t, 1), bad), templates.PushOptions{})
		var found *templates.LintError
		if !errors.As(err, &found) || templates.CountErrors(found.Findings) == 0 || !strings.Contains(err.Error(), "\norder_update.yaml:9:") {
			t.Errorf("%v", err)
		}
		if got := len(s.Requests()) - before; got != 0 {
			t.Errorf("%d requests", got)
		}
	})
}

func TestAnIncompleteFileIsNotPushed(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, cloudSystem, nil)
	f := fileNamed(t, "order_update.yaml", orderFile+"    unknown: [samples]\n")
	result, err := templates.Push(t.Context(), s.account, []*templates.File{f}, templates.PushOptions{WithoutLint: true})
	if err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, result, "done", "not_done")
	if result.Complete() || !slices.Equal(s.names(), []string{"order_update en"}) {
		t.Errorf("the account has %v", s.names())
	}
}

func TestASampleIsCheckedBeforeItIsPushed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	png := []byte("\x89PNG\r\n\x1a\n0000")
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.png", png)
	write("in/a.png", png)
	write("in/media/b.png", png)
	write("in/empty.png", nil)
	write("in/huge.png", append(slices.Clone(png), make([]byte, 5<<20)...))
	write("in/page.png", []byte("<html>"))
	write("in/a.pdf", []byte("%PDF-1.7\n"))
	if err := os.Symlink("../secret.png", filepath.Join(dir, "in", "link.png")); err != nil {
		t.Fatal(err)
	}
	abilities := cloudAbilities
	abilities.Files = true
	for name, tt := range map[string]struct{ header, why string }{
		"a picture":                      {"image: {file: a.png}", ""},
		"one in a directory below":       {"image: {file: media/b.png}", ""},
		"a document":                     {"document: {file: a.pdf}", ""},
		"a directory above":              {"image: {file: ../secret.png}", `the sample "../secret.png": path escapes from parent`},
		"an absolute path":               {"image: {file: /etc/passwd}", "path escapes from parent"},
		"a link that leads out":          {"image: {file: link.png}", "path escapes from parent"},
		"a directory":                    {"image: {file: media}", "want a regular file"},
		"nothing of that name":           {"image: {file: none.png}", "no such file or directory"},
		"an empty one":                   {"image: {file: empty.png}", "it is empty"},
		"one that is too large":          {"image: {file: huge.png}", "want at most 5 MB, got 5242892 bytes"},
		"something else":                 {"image: {file: page.png}", "want image/jpeg or image/png, got what looks like text/html"},
		"a picture in place of a film":   {"video: {file: a.png}", "want video/mp4, got what looks like image/png"},
		"a document in place of a photo": {"image: {file: a.pdf}", "want image/jpeg or image/png, got what looks like application/pdf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fileNamed(t, filepath.Join(dir, "in", "a.yaml"), "name: a\ncategory: utility\nlanguages:\n  en:\n    header: {"+tt.header+"}\n    body: Hi\n")
			s := templates.NewPlan([]*templates.File{f}, nil, abilities, templates.PlanOptions{}).Steps[0]
			if tt.why == "" && s.Action != templates.ActionCreate || tt.why != "" && (s.Action != templates.ActionBlocked || !strings.Contains(s.Why, tt.why) || s.Line != 5) {
				t.Errorf("%s at line %d: %s", s.Action, s.Line, s.Why)
			}
			if strings.Contains(s.Why, dir) {
				t.Errorf("it names the directory: %s", s.Why)
			}
		})
	}
}
