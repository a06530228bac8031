package templates_test

import (
	"testing"

	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// wantOutcomes fails unless all steps have an action and an outcome.
func wantOutcomes(t *testing.T, result *templates.PushResult, action templates.Action, outcome templates.Outcome) {
	t.Helper()
	if result == nil || len(result.Steps) == 0 {
		t.Fatal("no step")
	}
	for _, s := range result.Steps {
		if s.Action != action || s.Outcome != outcome {
			t.Errorf("%s (%s): %s %s, want %s %s: %s", s.Name, s.Language, s.Action, s.Outcome, action, outcome, s.Why)
		}
	}
}

// pulled returns what a pull of an account writes.
func pulled(t *testing.T, account templates.Account) []*templates.File {
	t.Helper()
	dir := t.TempDir()
	if _, err := templates.Pull(t.Context(), account, dir, templates.PullOptions{}); err != nil {
		t.Fatal(err)
	}
	files, err := templates.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWhatIsPulledFromOneAccountIsPushedToAnotherOnce(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(t *testing.T, from *sandbox){
		"Meta's definitions": func(t *testing.T, from *sandbox) {
			for _, params := range metaExamples(t) {
				if _, err := from.account.Create(t.Context(), params); err != nil {
					t.Fatalf("%s: %v", params.Name, err)
				}
			}
		},
		"those of the sandbox": func(t *testing.T, from *sandbox) {
			for _, seeded := range kirimtest.Start(t, kirimtest.WithoutListener()).Templates() {
				from.AddTemplate(seeded)
			}
		},
		"one in two languages, with named parameters": func(t *testing.T, from *sandbox) {
			f := orderWith(t, "category: utility", "category: utility\nformat: named\nttl_seconds: 600")
			for i := range f.Languages {
				if _, err := from.account.Create(t.Context(), f.Params(&f.Languages[i])); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forBoth(t, func(t *testing.T, system string) {
				from, to := newSandbox(t, system, nil), newSandbox(t, system, nil)
				fill(t, from)
				files := pulled(t, from.account)
				wantStates(t, files, from.remotes(t), templates.DiffSame)
				options := templates.PushOptions{WithoutLint: true} // the templates of the sandbox have no samples
				result, err := templates.Push(t.Context(), to.account, files, options)
				if err != nil {
					t.Fatal(err)
				}
				wantOutcomes(t, result, templates.ActionCreate, templates.OutcomeDone)
				for _, when := range []string{"in review", "approved"} {
					wantStates(t, files, to.remotes(t), templates.DiffSame)
					before := len(to.Requests())
					result, err = templates.Push(t.Context(), to.account, files, options)
					if err != nil {
						t.Fatalf("%s: %v", when, err)
					}
					wantOutcomes(t, result, templates.ActionNone, templates.OutcomeSame)
					for _, r := range to.Requests()[before:] {
						if r.Method != "GET" && r.Path != "/v1/"+to.PhoneNumberID+"/templates/sync" {
							t.Errorf("%s: the second push sent %s %s", when, r.Method, r.Path)
						}
					}
					to.approve()
				}
			})
		})
	}
}
