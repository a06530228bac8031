package templates

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

var updateMerges = flag.Bool("update-merges", false, "write testdata/pull anew; read the difference")

// remotesOf is an account that has what a file says.
func remotesOf(f *File) (remotes []*Remote) {
	for i := range f.Languages {
		remotes = append(remotes, approved(f.Params(&f.Languages[i])))
	}
	return remotes
}

// mergeChanges are changes at the account to the template of testdata/pull/old.yaml,
// whose languages are en and id. Each has its result beside it.
var mergeChanges = map[string]func(account []*Remote) []*Remote{
	"texts": func(account []*Remote) []*Remote {
		en, id := account[0].Components, account[1].Components
		en[0].Text, en[1].Text, en[2].Text = "Order {{1}}: news", "Hi {{1}},\n\nyour order {{2}} has left.", "Open: until 9 pm"
		id[1].Text = "Hai {{1}},\npesanan {{2}} dikirim."
		return account
	},
	"button_added": func(account []*Remote) []*Remote {
		buttons := &account[0].Components[3].Buttons
		*buttons = append(*buttons, kirim.DefineURLButton("Shop", "https://shop.example/?from={{1}}", "chat"))
		account[1].Components = append(account[1].Components, kirim.DefineButtons(kirim.DefineURLButton("Lacak", "https://shop.example/{{1}}", "A-17")))
		return account
	},
	"button_removed": func(account []*Remote) []*Remote {
		account[0].Components[3].Buttons = account[0].Components[3].Buttons[1:]
		return account
	},
	"all_buttons_removed": func(account []*Remote) []*Remote {
		account[0].Components = account[0].Components[:3]
		return account
	},
	"buttons_moved_and_changed": func(account []*Remote) []*Remote {
		b := account[0].Components[3].Buttons
		b[0].Text = "Track it"
		account[0].Components[3].Buttons = []kirim.ButtonDefinition{b[1], kirim.DefinePhoneButton("Call", "+6281100000001"), b[0]}
		return account
	},
	"language_added": func(account []*Remote) []*Remote {
		de := *account[0]
		de.Language = "fr"
		de.Components = []kirim.ComponentDefinition{kirim.DefineHeaderText("Commande {{1}}", "A-17"), kirim.DefineBody("Bonjour {{1}}, {{2}} : {{3}}", "Eva", "A-17", "demain")}
		return append(account, &de)
	},
	"sample_of_one_language": func(account []*Remote) []*Remote {
		account[0].Components[1].Example.BodyText[0][0] = "Eva"
		account[1].Components[1].Example.BodyText[0][0] = "Sri"
		return account
	},
	"sample_of_all_languages": func(account []*Remote) []*Remote {
		for _, r := range account {
			for i := range r.Components {
				c := &r.Components[i]
				for j := range c.Buttons {
					if len(c.Buttons[j].Example) > 0 {
						c.Buttons[j].Example[0] = "B-18"
					}
				}
				switch {
				case c.Example == nil:
				case c.Type == "HEADER":
					c.Example.HeaderText[0] = "B-18"
				default:
					c.Example.BodyText[0][1] = "B-18"
				}
			}
		}
		return account
	},
	"samples_apart": func(account []*Remote) []*Remote { // of a parameter in two places
		account[0].Components[3].Buttons[0].Example[0] = "B-18"
		return account
	},
	"category": func(account []*Remote) []*Remote {
		account[0].Category, account[1].Category = kirim.TemplateMarketing, kirim.TemplateMarketing
		return account
	},
	"category_of_one_language": func(account []*Remote) []*Remote {
		account[1].Category = kirim.TemplateMarketing
		return account
	},
	"headers": func(account []*Remote) []*Remote {
		account[0].Components[0] = kirim.DefineHeaderMedia(kirim.TemplateImage, "https://shop.example/a.png")
		account[1].Components[0] = mediaSample("DOCUMENT")
		return account
	},
	"fewer_parameters": func(account []*Remote) []*Remote {
		account[0].Components = []kirim.ComponentDefinition{kirim.DefineBody("Hello {{1}}.", "Ana"), kirim.DefineFooter("Bye")}
		account[1].Components = []kirim.ComponentDefinition{kirim.DefineBody("Halo {{1}}.", "Budi")}
		return account
	},
	"more_parameters": func(account []*Remote) []*Remote {
		account[0].Components[1] = kirim.DefineBody("Hello {{1}}, {{2}} comes {{3}} by {{4}}.", "Ana", "A-17", "today", "bike")
		account[1].Components[1] = kirim.DefineBody("Halo {{1}}, {{2}} datang {{3}}.", "Budi", "A-17", "hari ini")
		return account
	},
	"what_no_member_says": func(account []*Remote) []*Remote {
		account[0].Components[1].Extra = kirim.Extra{"novel": []byte(`{"a":[1,2]}`)}
		return account
	},
	"format_and_time_to_live": func(account []*Remote) []*Remote {
		for _, r := range account {
			r.ParameterFormat, r.TTLSeconds = kirim.TemplateNamed, 600
			r.Components = []kirim.ComponentDefinition{kirim.DefineNamedBody("Hello {{customer}}, {{order_id}}.", named("customer", "Ana"), named("order_id", "A-17"))}
		}
		return account
	},
	"a_language_is_missing": func(account []*Remote) []*Remote { return account[:1] },
}

func TestAPullChangesOnlyWhatChangedAtTheAccount(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/pull/old.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range mergeChanges {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "old.yaml")
			if err := os.WriteFile(path, text, 0o640); err != nil {
				t.Fatal(err)
			}
			old, err := Parse(path, text)
			if err != nil {
				t.Fatal(err)
			}
			account := fixedAccount(change(remotesOf(old)))
			if _, err := Pull(t.Context(), account, dir, PullOptions{}); err != nil {
				t.Fatal(err)
			}
			got := contentsOf(t, dir)["old.yaml"]
			golden := "testdata/pull/" + name + ".yaml"
			if *updateMerges {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			wantComments(t, got, string(text))
			f, err := Parse(path, []byte(got))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range account {
				if !statementOf(r).agrees(f, f.Language(r.Language)) {
					t.Errorf("%s does not say what the account has:\n%s", r.Language, got)
				}
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("the mode is %v, %v", info.Mode(), err)
			}
			result, again := pullAll(t, account, dir, PullOptions{})
			if again["old.yaml"] != got || result.Files[0].Change != PullUnchanged {
				t.Errorf("the second pull changes it: %s", again["old.yaml"])
			}
			// Lines of what did not change are the same.
			if kept := sameLines(string(text), got); kept < 20 && !strings.Contains(name, "parameters") && name != "what_no_member_says" && name != "format_and_time_to_live" {
				t.Errorf("only %d lines are as before", kept)
			}
		})
	}
}

// fixedAccount is an account that has these templates.
type fixedAccount []*Remote

func (a fixedAccount) Abilities() Abilities { return Abilities{} }

func (a fixedAccount) List(context.Context) ([]*Remote, error) { return a, nil }

func (a fixedAccount) Create(context.Context, kirim.TemplateCreateParams) (*Remote, error) {
	return nil, errors.ErrUnsupported
}

func (a fixedAccount) Update(context.Context, *Remote, kirim.TemplateCreateParams) error {
	return errors.ErrUnsupported
}

func (a fixedAccount) Delete(context.Context, *Remote) error { return errors.ErrUnsupported }

// wantComments fails unless all that a text has behind # is in another. The texts of
// the test have # in comments only, but for one.
func wantComments(t *testing.T, got, old string) {
	t.Helper()
	var all []string
	for line := range strings.Lines(got) {
		if _, comment, found := strings.Cut(line, "# "); found {
			all = append(all, strings.TrimSpace(comment))
		}
	}
	for line := range strings.Lines(old) {
		_, comment, found := strings.Cut(line, "# ")
		comment = strings.TrimSpace(comment)
		if i := slices.Index(all, comment); i >= 0 {
			all = slices.Delete(all, i, i+1)
		} else if found && comment != "this is no comment" {
			t.Errorf("the comment %q is lost in\n%s", comment, got)
		}
	}
}

// sameLines counts the lines that two texts have in common.
func sameLines(a, b string) (n int) {
	lines := strings.SplitAfter(b, "\n")
	for line := range strings.Lines(a) {
		if i := slices.Index(lines, line); i >= 0 {
			lines = slices.Delete(lines, i, i+1)
			n++
		}
	}
	return n
}
