package templates_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// inBubbles runs a test with each system where waits take no time.
func inBubbles(t *testing.T, test func(t *testing.T, system string)) {
	t.Helper()
	forBoth(t, func(t *testing.T, system string) {
		synctest.Test(t, func(t *testing.T) { test(t, system) })
	})
}

// creations is the path of the requests that create templates.
func creations(system string) string {
	if system == cloudSystem {
		return "/*/*/message_templates"
	}
	return "/v1/*/templates"
}

// many are files of n templates.
func many(t *testing.T, n int) (files []*templates.File) {
	t.Helper()
	for i := range n {
		name := fmt.Sprintf("t%03d", i)
		files = append(files, fileNamed(t, name+".yaml", "name: "+name+"\ncategory: utility\nlanguages:\n  en: {body: This is number "+fmt.Sprint(i)+".}\n"))
	}
	return files
}

// outcomes are the outcomes of a result, in its order.
func outcomes(result *templates.PushResult) (list []string) {
	for _, s := range result.Steps {
		list = append(list, string(s.Outcome))
	}
	return list
}

func wantOutcome(t *testing.T, result *templates.PushResult, want ...string) {
	t.Helper()
	if got := outcomes(result); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// names are those of the templates of the server, sorted.
func (s *sandbox) names() (list []string) {
	for _, known := range s.Templates() {
		list = append(list, known.Name+" "+known.Language)
	}
	slices.Sort(list)
	return list
}

func TestACreationWhoseResponseIsLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		for name, fault := range map[string]kirimtest.Fault{
			"the connection ends, each time":    {Processed: true, Drop: true, Times: -1},
			"the connection ends once":          {Processed: true, Drop: true},
			"a proxy says 502":                  {Processed: true, Status: 502, Times: -1},
			"a response that is no JSON":        {Processed: true, Status: 200, Body: "<html>", Times: -1},
			"it ends before the server has it":  {Unread: true},
			"the second of three is lost":       {Processed: true, Drop: true, Times: -1, Skip: 1},
			"the server does it twice":          {Twice: true, Times: -1},
			"the server is slow and then fails": {Processed: true, Delay: time.Second, Status: 503, Times: -1},
		} {
			s := newSandbox(t, system, nil)
			fault.Method, fault.Path = http.MethodPost, creations(system)
			s.AddFault(fault)
			files := many(t, 3)
			result, err := templates.Push(t.Context(), s.account, files, templates.PushOptions{})
			if err != nil {
				// What never reached Meta is not repeated by its client either.
				var refused *templates.PushError
				if !errors.As(err, &refused) || len(result.With(templates.OutcomeDone)) == 3 {
					t.Errorf("%s: %v", name, err)
				}
				s.ClearFaults()
				if result, err = templates.Push(t.Context(), s.account, files, templates.PushOptions{}); err != nil {
					t.Errorf("%s, again: %v", name, err)
				}
			}
			if !result.Complete() {
				t.Errorf("%s: %v", name, outcomes(result))
			}
			if got := s.names(); !slices.Equal(got, []string{"t000 en", "t001 en", "t002 en"}) {
				t.Errorf("%s: the account has %v", name, got)
			}
			s.ClearFaults()
			wantStates(t, files, s.remotes(t), templates.DiffSame)
		}
	})
}

func TestALostCreationIsSaidToHaveBeenLookedUp(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := newSandbox(t, system, nil)
		s.AddFault(kirimtest.Fault{Method: http.MethodPost, Path: creations(system), Processed: true, Drop: true, Times: -1})
		result, err := templates.Push(t.Context(), s.account, many(t, 1), templates.PushOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if step := result.Steps[0]; step.Outcome != templates.OutcomeDone || step.Status != "pending" || !strings.Contains(step.Note, "lost") {
			t.Errorf("%+v", step)
		}
	})
}

func TestWhatCannotBeLookedUpStaysInDoubt(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := newSandbox(t, system, nil)
		files := many(t, 3)
		s.AddFault(kirimtest.Fault{Method: http.MethodPost, Path: creations(system), Processed: true, Drop: true, Times: -1, Skip: 1})
		options := templates.PushOptions{Confirm: func(*templates.Plan) (bool, error) {
			s.AddFault(kirimtest.Fault{Method: http.MethodGet, Status: 503, Times: -1})
			return true, nil
		}}
		result, err := templates.Push(t.Context(), s.account, files, options)
		var failed *templates.PushError
		if !errors.As(err, &failed) || !failed.InDoubt || failed.Name != "t001" || !kirim.MaybeSent(err) || failed.Result != result {
			t.Fatalf("%v", err)
		}
		wantOutcome(t, result, "done", "in_doubt", "not_done")
		if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, "asking the account whether it was carried out") {
			t.Errorf("%s", text)
		}
		s.ClearFaults()
		result, err = templates.Push(t.Context(), s.account, files, templates.PushOptions{})
		if err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, result, "same", "same", "done")
	})
}

func TestAPushThatWasStoppedIsContinuedByTheNext(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		for name, tt := range map[string]struct {
			stop  func(s *sandbox, cancel func()) func(templates.StepResult)
			first []string
		}{
			"between two creations": {
				func(_ *sandbox, cancel func()) func(templates.StepResult) {
					return func(templates.StepResult) { cancel() }
				},
				[]string{"done", "not_done", "not_done", "not_done"},
			},
			"while the server has the second": {
				func(s *sandbox, cancel func()) func(templates.StepResult) {
					return func(templates.StepResult) {
						s.AddFault(kirimtest.Fault{Method: http.MethodPost, Processed: true, Hang: true})
						time.AfterFunc(time.Second, cancel)
					}
				},
				[]string{"done", "in_doubt", "not_done", "not_done"},
			},
		} {
			s := newSandbox(t, system, nil)
			files := many(t, 4)
			why := errors.New("the process ends")
			ctx, cancel := context.WithCancelCause(t.Context())
			result, err := templates.Push(ctx, s.account, files, templates.PushOptions{Progress: tt.stop(s, func() { cancel(why) })})
			var failed *templates.PushError
			if !errors.As(err, &failed) || failed.Name != "t001" || !errors.Is(err, why) && !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: %v", name, err)
			}
			wantOutcome(t, result, tt.first...)
			created := len(s.names())
			again := s.as(t, system, s.Transport()) // another process
			result, err = templates.Push(t.Context(), again, files, templates.PushOptions{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := len(result.With(templates.OutcomeDone)); got != 4-created || len(s.names()) != 4 {
				t.Errorf("%s: %d of %d were created: %v", name, got, 4-created, s.names())
			}
		}
	})
}

func TestATemplateThatAppearsMeanwhileIsTakenIfItIsTheSame(t *testing.T) {
	t.Parallel()
	forBoth(t, func(t *testing.T, system string) {
		for name, tt := range map[string]struct {
			other *templates.File
			same  bool
		}{
			"the same":    {orderWith(t), true},
			"another one": {orderWith(t, "Thank you.", "Thanks."), false},
		} {
			s := newSandbox(t, system, nil)
			f := orderWith(t)
			result, err := templates.Push(t.Context(), s.account, []*templates.File{f}, templates.PushOptions{Confirm: func(*templates.Plan) (bool, error) {
				_, err := s.as(t, system, s.Transport()).Create(t.Context(), tt.other.Params(tt.other.Language("en")))
				return true, err
			}})
			if tt.same != (err == nil) {
				t.Fatalf("%s: %v", name, err)
			}
			if tt.same {
				wantOutcome(t, result, "done", "done")
				continue
			}
			var refused *templates.PushError
			if !errors.As(err, &refused) || refused.Field != "name" && refused.Field != "languages.en" || refused.InDoubt || refused.Line == 0 {
				t.Errorf("%s: %+v", name, refused)
			}
			wantOutcome(t, result, "failed", "not_done")
		}
	})
}

func TestALimitThatOutlastsTheRetriesLeavesTheRest(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := newSandbox(t, system, nil)
		s.AddFault(kirimtest.Fault{Method: http.MethodPost, Path: creations(system), Status: 429, Times: -1, Skip: 2, Header: http.Header{"Retry-After": {"3600"}}})
		result, err := templates.Push(t.Context(), s.account, many(t, 4), templates.PushOptions{})
		var failed *templates.PushError
		if !errors.As(err, &failed) || !kirim.IsRateLimited(err) || failed.Field != "" || failed.Name != "t002" || failed.InDoubt {
			t.Fatalf("%+v", err)
		}
		wantOutcome(t, result, "done", "done", "failed", "not_done")
		if !strings.HasSuffix(err.Error(), "(2 done before, 1 not tried)") {
			t.Errorf("%v", err)
		}
	})
}

func TestTheHundredAndFirstCreationOfAnHourWaitsForTheNextPush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSandbox(t, cloudSystem, nil)
		files := many(t, 103)
		plan := templates.NewPlan(files, nil, s.account.Abilities(), templates.PlanOptions{})
		if len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "103 creations: Meta takes 100 an hour") {
			t.Errorf("%q", plan.Notes)
		}
		result, err := templates.Push(t.Context(), s.account, files, templates.PushOptions{})
		if !kirim.IsRateLimited(err) || len(result.With(templates.OutcomeDone)) != 100 || len(result.With(templates.OutcomeNotDone)) != 2 {
			t.Fatalf("%v, %d", err, len(result.With(templates.OutcomeDone)))
		}
		s.clock.Advance(time.Hour)
		result, err = templates.Push(t.Context(), s.account, files, templates.PushOptions{})
		if err != nil || len(result.With(templates.OutcomeDone)) != 3 || !result.Complete() {
			t.Errorf("%v, %v", err, outcomes(result)[98:])
		}
	})
}

func TestEditsAndDeletionsWhoseResponseIsLostAreLookedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSandbox(t, cloudSystem, nil)
		f := orderWith(t)
		push := func(f *templates.File, fault kirimtest.Fault) (*templates.PushResult, error) {
			s.ClearFaults()
			s.approve()
			s.AddFault(fault)
			return templates.Push(t.Context(), s.account, []*templates.File{f}, templates.PushOptions{
				PlanOptions: templates.PlanOptions{Prune: true}, Confirm: func(*templates.Plan) (bool, error) { return true, nil },
			})
		}
		if _, err := push(f, kirimtest.Fault{Path: "/none"}); err != nil {
			t.Fatal(err)
		}
		result, err := push(orderWith(t, "Thank you.", "Thanks."), kirimtest.Fault{Method: "POST", Processed: true, Drop: true, Times: -1})
		if err != nil || result.Steps[0].Action != templates.ActionEdit || result.Steps[0].Outcome != templates.OutcomeDone || result.Steps[0].Note == "" {
			t.Errorf("%v %+v", err, result.Steps[0])
		}
		s.clock.Advance(25 * time.Hour)
		result, err = push(orderWith(t, "Thank you.", "Bye."), kirimtest.Fault{Method: "POST", Status: 500, Times: -1})
		var failed *templates.PushError
		if !errors.As(err, &failed) || !failed.InDoubt || result.Steps[0].Outcome != templates.OutcomeInDoubt {
			t.Errorf("an edit that was not made: %v %+v", err, result.Steps[0])
		}
		one := orderWith(t, "Thank you.", "Thanks.", "  id:\n    body: Halo {{customer}}, pesanan {{order}} sedang dikirim.\n", "")
		result, err = push(one, kirimtest.Fault{Method: "DELETE", Processed: true, Drop: true, Times: -1})
		if err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, result, "same", "done")
		if got := s.names(); !slices.Equal(got, []string{"order_update en"}) {
			t.Errorf("the account has %v", got)
		}
	})
}

func TestPushesAtTheSameTimeCreateEachTemplateOnce(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := newSandbox(t, system, nil)
		s.SetPlan(kirimtest.Enterprise(10000, 10000))
		var all sync.WaitGroup
		for range 4 {
			files := many(t, 10)
			account := s.as(t, system, s.Transport())
			all.Go(func() {
				result, err := templates.Push(t.Context(), account, files, templates.PushOptions{})
				if err != nil || !result.Complete() {
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		if got := s.names(); len(got) != 10 {
			t.Errorf("the account has %v", got)
		}
	})
}

// An account that drops samples does not show whether an edit of samples was made.
func TestAnEditThatTheAccountDoesNotShowStaysInDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSandbox(t, cloudSystem, rewriting(func(template map[string]any) {
			for _, c := range template["components"].([]any) {
				delete(c.(map[string]any), "example")
			}
		}))
		if _, err := templates.Push(t.Context(), s.account, []*templates.File{orderWith(t)}, templates.PushOptions{}); err != nil {
			t.Fatal(err)
		}
		s.approve()
		s.AddFault(kirimtest.Fault{Method: http.MethodPost, Status: 500, Times: -1})
		other := orderWith(t, "customer: Ana", "customer: Budi")
		result, err := templates.Push(t.Context(), s.account, []*templates.File{other}, templates.PushOptions{PlanOptions: templates.PlanOptions{Incomparable: true}})
		var failed *templates.PushError
		if !errors.As(err, &failed) || !failed.InDoubt || result.Steps[0].Action != templates.ActionEdit {
			t.Errorf("%v %v", err, outcomes(result))
		}
	})
}
