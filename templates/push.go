package templates

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

// PushOptions are choices for a push. The zero value is valid.
type PushOptions struct {
	PlanOptions
	// Confirm is asked with the plan before anything is sent. A plan that deletes needs
	// it; without it any other is carried out. When it returns false, nothing is sent and
	// the error is [ErrNotConfirmed].
	Confirm func(*Plan) (bool, error)
	// Progress is called after each creation, edit and deletion. It may be nil.
	Progress func(StepResult)
	// WithoutLint leaves it to the account to refuse what [Lint] finds wrong, for a rule
	// that has changed since this version.
	WithoutLint bool
}

// Outcome is what became of a step.
type Outcome string

// Outcomes of a [StepResult].
const (
	OutcomeDone    Outcome = "done"     // carried out
	OutcomeSame    Outcome = "same"     // there was nothing to do
	OutcomeFailed  Outcome = "failed"   // not carried out: refused, or never sent
	OutcomeInDoubt Outcome = "in_doubt" // it may have been carried out or not
	OutcomeNotDone Outcome = "not_done" // not tried: impossible, blocked, or after a failure
)

// StepResult is a step and what became of it.
type StepResult struct {
	Step
	Outcome Outcome `json:"outcome"`
	// Status and Category are what the account said after a creation. Meta may have
	// chosen another category than the one of the file.
	Status   kirim.TemplateStatus   `json:"status,omitempty"`
	Category kirim.TemplateCategory `json:"category,omitempty"`
	// Note says what is worth knowing, such as that the response was lost; may be empty.
	Note string `json:"note,omitempty"`
}

// PushResult is what a push did.
type PushResult struct {
	Plan  *Plan        `json:"-"`
	Steps []StepResult `json:"steps"` // one for each step of the plan, in its order
}

// With returns the steps with that outcome.
func (r *PushResult) With(outcome Outcome) []StepResult {
	return slices.DeleteFunc(slices.Clone(r.Steps), func(s StepResult) bool { return s.Outcome != outcome })
}

// Complete reports whether the account now has what the files say: no step has failed, is
// in doubt or was left out. That a template is in review makes no difference.
func (r *PushResult) Complete() bool {
	return !slices.ContainsFunc(r.Steps, func(s StepResult) bool { return s.Outcome != OutcomeDone && s.Outcome != OutcomeSame })
}

// ErrNotConfirmed is the error of a push whose plan was not confirmed. Nothing was sent.
var ErrNotConfirmed = errors.New("templates: the plan was not confirmed")

// LintError is what [Lint] found wrong with the files of a push. Nothing was sent.
type LintError struct {
	Findings []Finding // also the warnings
}

// Error returns one line for each error.
func (e *LintError) Error() string {
	lines := []string{fmt.Sprintf("templates: %d errors in the files; nothing was sent", CountErrors(e.Findings))}
	for _, f := range e.Findings {
		if f.Severity == SeverityError {
			lines = append(lines, fmt.Sprintf("%s:%d:%d: %s: %s", f.Path, f.Line, f.Column, f.Field, f.Message))
		}
	}
	return strings.Join(lines, "\n")
}

// PushError ends a push. The account's error, such as a [*kirim.Error], is found with
// [errors.As].
type PushError struct {
	Action   Action
	Name     string
	Language string
	Path     string // of the file
	// Field is what of the file was refused, such as languages.id.body; empty where the
	// refusal has nothing to do with the file.
	Field string
	Position
	// Reason is the account's text for people; may be empty.
	Reason string
	// InDoubt reports that the step may have been carried out. The next push will see.
	InDoubt bool
	// Result is what was done before, and what was not done.
	Result *PushResult
	Err    error
}

// Error returns one line.
func (e *PushError) Error() string {
	var b strings.Builder
	b.WriteString("templates: ")
	if e.Path != "" && e.Line > 0 {
		fmt.Fprintf(&b, "%s:%d:%d: ", e.Path, e.Line, e.Column)
	}
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	fmt.Fprintf(&b, "%s %s (%s): ", e.Action, e.Name, e.Language)
	if e.InDoubt {
		b.WriteString("it may have been carried out: ")
	}
	b.WriteString(printable(strings.TrimPrefix(strings.TrimPrefix(e.Err.Error(), "templates: "), "kirim: ")))
	if e.Reason != "" {
		b.WriteString(": " + printable(e.Reason))
	}
	if e.Result != nil {
		left := len(e.Result.With(OutcomeNotDone))
		fmt.Fprintf(&b, " (%d done before, %d not tried)", len(e.Result.With(OutcomeDone)), left)
	}
	return b.String()
}

// Unwrap returns the account's error.
func (e *PushError) Unwrap() error { return e.Err }

// Push makes an account have what the files say. It checks the files with [Lint], whose
// errors are a [*LintError] with nothing sent, plans, and then does one step after the
// other. It stops at the first that fails, with a [*PushError] beside the result. Steps
// that are blocked or impossible are no error: see [PushResult.Complete].
//
// A step whose response was lost is looked up in the account, and not retried. The next
// push goes on where this one stopped. Two pushes at a time to one account see each other's
// creations as their own if the content is the same.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
func Push(ctx context.Context, account Account, files []*File, options PushOptions) (*PushResult, error) {
	if findings := Lint(files...); !options.WithoutLint && CountErrors(findings) > 0 {
		return nil, &LintError{findings}
	}
	remotes, err := account.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("templates: listing the account: %w", err)
	}
	plan := NewPlan(files, remotes, account.Abilities(), options.PlanOptions)
	result := newResult(plan)
	if err := options.confirm(plan); err != nil {
		return result, err
	}
	for i := range result.Steps {
		step := &result.Steps[i]
		if !step.changes() {
			continue
		}
		err := context.Cause(ctx)
		if err == nil {
			err = (&pusher{account}).do(ctx, step)
			if options.Progress != nil {
				options.Progress(*step)
			}
		}
		if err != nil {
			return result, step.failure(err, result)
		}
	}
	return result, nil
}

// newResult is the result before anything was done.
func newResult(plan *Plan) *PushResult {
	result := &PushResult{Plan: plan, Steps: make([]StepResult, len(plan.Steps))}
	for i, step := range plan.Steps {
		result.Steps[i] = StepResult{Step: step, Outcome: OutcomeNotDone}
		if step.Action == ActionNone {
			result.Steps[i].Outcome = OutcomeSame
		}
	}
	return result
}

// confirm asks whether to carry out a plan.
func (o PushOptions) confirm(plan *Plan) error {
	switch {
	case !plan.Changes():
		return nil
	case o.Confirm == nil && plan.Deletes():
		return fmt.Errorf("%w: one that deletes needs it", ErrNotConfirmed)
	case o.Confirm == nil:
		return nil
	}
	confirmed, err := o.Confirm(plan)
	if err == nil && !confirmed {
		err = ErrNotConfirmed
	}
	return err
}

// pusher carries out steps.
type pusher struct{ account Account }

// do carries out a step and sets its outcome.
func (p *pusher) do(ctx context.Context, s *StepResult) error {
	err := p.send(ctx, s)
	if err == nil {
		s.Outcome = OutcomeDone
		return nil
	}
	s.Outcome = OutcomeFailed
	maybe := kirim.MaybeSent(err) && !isOfSample(err)
	if !maybe && (s.Action != ActionCreate || !isExisting(err)) {
		return err
	}
	var there bool
	var lookup error
	if ctx.Err() == nil {
		there, lookup = p.look(ctx, s)
	}
	switch {
	case there:
		s.Outcome = OutcomeDone
		s.Note = "the response said that it exists, with the same content"
		if maybe {
			s.Note = "the response was lost; the account was asked and has it"
		}
		return nil
	case maybe:
		s.Outcome = OutcomeInDoubt
	}
	return errors.Join(err, lookup)
}

// send sends what a step takes.
func (p *pusher) send(ctx context.Context, s *StepResult) error {
	if s.Action == ActionDelete {
		return p.account.Delete(ctx, s.remote)
	}
	uploaded, err := s.language.withHandles(func(m media) (string, error) {
		handle, err := p.upload(ctx, s.file, m)
		if err != nil {
			return "", &sampleError{m.path, err}
		}
		return handle, nil
	})
	if err != nil {
		return err
	}
	params := s.file.Params(uploaded)
	if s.Action == ActionEdit {
		return p.account.Update(ctx, s.remote, params)
	}
	created, err := p.account.Create(ctx, params)
	if err != nil {
		return err
	}
	s.see(created)
	return nil
}

// see takes up what the account says of what was created.
func (s *StepResult) see(r *Remote) {
	s.Status, s.Category = r.Status, r.Category
	if wanted := s.file.category(s.language); r.Category != "" && !strings.EqualFold(string(r.Category), string(wanted)) {
		s.Note = fmt.Sprintf("the account made it %.40s", r.Category)
	}
}

func (p *pusher) upload(ctx context.Context, f *File, m media) (handle string, err error) {
	uploader, ok := p.account.(Uploader)
	if !ok {
		return "", fmt.Errorf("the account takes no files: %w", errors.ErrUnsupported)
	}
	file, mimeType, err := openSample(f, m)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	return uploader.Upload(ctx, path.Base(m.File), mimeType, file)
}

// look asks the account whether a step was carried out.
func (p *pusher) look(ctx context.Context, s *StepResult) (there bool, err error) {
	remotes, err := p.account.List(ctx)
	if err != nil {
		return false, fmt.Errorf("asking the account whether it was carried out: %w", err)
	}
	r := remoteOf(remotes, s.Name, s.Language)
	switch {
	case s.Action == ActionDelete:
		return r == nil, nil
	case r == nil:
		return false, nil
	}
	d := s.file.difference(s.language, r)
	for _, c := range d.Changes {
		unsure := !c.Comparable && !c.aside && s.Action == ActionEdit // what is not said may be as it was
		if (c.Comparable || unsure) && !isCategory(c.Field) {         // which Meta may choose
			return false, nil
		}
	}
	s.see(r)
	return true, nil
}

// sampleError is why a sample could not be uploaded.
type sampleError struct {
	path string // in the file
	err  error
}

func (e *sampleError) Error() string { return e.err.Error() }
func (e *sampleError) Unwrap() error { return e.err }

// isOfSample reports whether an error is of a sample, without which the template was not
// sent.
func isOfSample(err error) bool {
	_, ofFile := errors.AsType[*sampleError](err)
	_, ofLink := errors.AsType[*linkError](err)
	return ofFile || ofLink
}
