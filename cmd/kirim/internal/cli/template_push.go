package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/console"
	"github.com/kirim-go/kirim/templates"
)

func (t *templateFiles) runPush(ctx context.Context, names []string, flags *pushFlags, yes, noLint bool) error {
	if err := flags.check(names); err != nil {
		return err
	}
	accountOptions, err := flags.account(t.app)
	if err != nil {
		return err
	}
	files, err := t.read(names)
	if err != nil {
		return err
	}
	if !noLint {
		if err := t.refuseErrors(files); err != nil {
			return err
		}
	}
	account, err := t.source.templatesAccount(t.app, accountOptions...)
	if err != nil {
		return err
	}
	options := templates.PushOptions{PlanOptions: flags.options, Progress: t.printStep, WithoutLint: noLint}
	options.Confirm = func(plan *templates.Plan) (bool, error) {
		if !t.app.JSON {
			if err := t.printPlan(plan); err != nil {
				return false, err
			}
		}
		return t.confirm(ctx, plan, yes)
	}
	result, err := templates.Push(ctx, account, files, options)
	return t.pushed(result, err)
}

// confirm asks a person whether a plan is to be carried out.
func (t *templateFiles) confirm(ctx context.Context, plan *templates.Plan, yes bool) (bool, error) {
	switch {
	case yes || !plan.Changes():
		return true, nil
	case t.app.JSON:
		return false, app.WithHint(app.Usagef("with --json nobody is asked"), "look at the plan with kirim templates plan --json, and give --yes to carry it out")
	case !t.app.Interactive():
		return false, app.WithHint(app.Usagef("nobody can confirm the plan: standard input is no terminal"), "give --yes to carry it out")
	}
	fmt.Fprint(t.app.Err, "Carry out this plan? [y/N] ")
	typed := make(chan string, 1)
	go func() { // which an interrupt leaves behind: the program ends
		line, _ := bufio.NewReader(t.app.In).ReadString('\n') // nothing is not yes
		typed <- line
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case line := <-typed:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes", nil
	}
}

// doneTexts are the actions of a step, once it is done.
var doneTexts = map[templates.Action]string{
	templates.ActionCreate: "created", templates.ActionEdit: "edited", templates.ActionDelete: "deleted",
}

// printStep prints a step that was done, or failed.
func (t *templateFiles) printStep(step templates.StepResult) {
	if t.app.JSON {
		_ = t.app.PrintJSON(step) // the end of the push says it, too
		return
	}
	style, outcome := console.Good, doneTexts[step.Action]
	switch step.Outcome {
	case templates.OutcomeFailed:
		style, outcome = console.Bad, "failed"
	case templates.OutcomeInDoubt:
		style, outcome = console.Bad, "in doubt"
	default: // done
	}
	text := step.Name + " (" + step.Language + ")"
	if about := strings.TrimPrefix(string(step.Status)+"; "+step.Note, "; "); about != "" {
		text += ": " + strings.TrimSuffix(about, "; ")
	}
	t.app.Screen().Hanging(style, outcome, fmt.Sprintf("%-10s  ", outcome), text)
}

// pushed says how a push ended.
func (t *templateFiles) pushed(result *templates.PushResult, err error) error {
	var refused *templates.PushError
	switch {
	case errors.Is(err, templates.ErrNotConfirmed):
		return &app.Failure{Code: app.ExitFailed, Err: errors.New("the plan was not confirmed: nothing was changed")}
	case errors.As(err, &refused) && refused.InDoubt:
		return &app.Failure{Code: app.ExitInDoubt, Err: err, Hint: "run the same command again: it looks at the account first"}
	case err != nil:
		return err
	case !result.Complete():
		return &app.Failure{Code: app.ExitCheck, Err: errors.New("the account does not have all that the files say"), Hint: "kirim templates plan says what is left, and why"}
	}
	if !t.app.JSON {
		screen := t.app.Screen()
		done := len(result.With(templates.OutcomeDone))
		text := "Pushed " + count(done, "change", "changes") + ". kirim templates watch waits for the review."
		if done == 0 {
			text = "The account has what the files say: nothing was changed."
		}
		screen.Printf("%s\n", screen.Styled(console.Good, text))
	}
	return nil
}

// runWatch waits, and prints each change.
func (t *templateFiles) runWatch(ctx context.Context, account templates.Account, wanted []templates.Wanted, patience time.Duration) error {
	waiting, stop := context.WithTimeout(ctx, patience)
	defer stop()
	options := templates.WatchOptions{OnChange: func(s templates.State) {
		if t.app.JSON {
			_ = t.app.PrintJSON(s) // the last states decide
			return
		}
		screen := t.app.Screen()
		status := string(s.Status)
		if status == "" {
			status = "not in the account"
		}
		text := t.app.Now().Local().Format(time.TimeOnly) + "  " + console.Line(s.Name+" ("+s.Language+")")
		reason := ""
		if s.Reason != "" {
			reason = ": " + console.Line(s.Reason)
		}
		screen.Printf("%s  %s%s\n", text, screen.Styled(stateStyle(status), status), reason)
	}}
	states, err := templates.Watch(waiting, account, wanted, options)
	var ended *templates.WatchError
	switch {
	case errors.As(err, &ended) && ended.Err == nil:
		return &app.Failure{Code: app.ExitCheck, Err: errors.New(unapproved(states)), Hint: "correct the files and push them again: a rejected template can be edited where the system can"}
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return &app.Failure{Code: app.ExitFailed, Err: fmt.Errorf("the wait ended after %s: %s", patience, unapproved(states)), Hint: "a review may take a day: wait longer with --timeout"}
	case ended != nil:
		err = fmt.Errorf("%s: %w", unapproved(states), ended.Err)
		if missing(states) && !kirim.IsTemporary(err) {
			return app.WithHint(err, "push first what the account does not have: kirim templates push")
		}
		return err
	case err != nil:
		return err
	}
	if !t.app.JSON {
		screen := t.app.Screen()
		screen.Printf("%s\n", screen.Styled(console.Good, "All are approved."))
	}
	return nil
}

// missing reports whether a template is not in the account.
func missing(states []templates.State) bool {
	return slices.ContainsFunc(states, func(s templates.State) bool { return s.Status == "" })
}

// unapproved says how many templates are not approved.
func unapproved(states []templates.State) string {
	n := 0
	for _, s := range states {
		if s.Status != kirim.TemplateApproved {
			n++
		}
	}
	return fmt.Sprintf("%d of %s not approved", n, count(len(states), "template is", "templates are"))
}
