package templates

import (
	"context"
	"errors"

	"github.com/kirim-go/kirim"
)

// PushOptions are choices for a push. The zero value is valid.
type PushOptions struct {
	PlanOptions
	// Confirm is asked with the plan before anything is sent. A plan that deletes needs
	// it; without it any other is carried out. When it returns false, nothing is sent and
	// the error is [ErrNotConfirmed].
	Confirm func(*Plan) (bool, error)
	// Progress is told of each step after it was done, or failed. It may be nil.
	Progress func(StepResult)
}

// Outcome is what became of a step.
type Outcome string

// Outcomes of a [StepResult].
const (
	OutcomeDone    Outcome = "done"     // carried out
	OutcomeSame    Outcome = "same"     // there was nothing to do
	OutcomeFailed  Outcome = "failed"   // refused by the account, or never sent
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
	Plan  *Plan        `json:"plan"`
	Steps []StepResult `json:"steps"` // one for each step of the plan
}

// With returns the steps with that outcome.
func (r *PushResult) With(outcome Outcome) []StepResult { return nil }

// Complete reports whether the account now has what the files say: no step has failed, is
// in doubt or was left out.
func (r *PushResult) Complete() bool { return false }

// ErrNotConfirmed is the error of a push whose plan was not confirmed. Nothing was sent.
var ErrNotConfirmed = errors.New("templates: the plan was not confirmed")

// PushError ends a push. The account's error, such as a [*kirim.Error], is found with
// [errors.As].
type PushError struct {
	Action   Action
	Name     string
	Language string
	Path     string // of the file
	Field    string // in it, such as languages.id.body; empty when it is not known
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
func (e *PushError) Error() string { return e.Err.Error() }

// Unwrap returns the account's error.
func (e *PushError) Unwrap() error { return e.Err }

// Push makes an account have what the files say. It plans, checks the files with [Lint],
// whose errors stop it before anything is sent, and then does one step after the other. It
// stops at the first refusal with a [*PushError]; the result then says what was done.
func Push(ctx context.Context, account Account, files []*File, options PushOptions) (*PushResult, error) {
	return nil, errors.ErrUnsupported
}
