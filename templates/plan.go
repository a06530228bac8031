package templates

// Action is what a push does with a template in one language.
type Action string

// Actions of a [Step].
const (
	ActionCreate Action = "create"
	ActionEdit   Action = "edit"
	ActionDelete Action = "delete"
	ActionNone   Action = "none"
	// ActionBlocked is a step that can be done once something else has happened, such as the
	// end of a review.
	ActionBlocked Action = "blocked"
	// ActionImpossible is a step that the system cannot do.
	ActionImpossible Action = "impossible"
)

// Step is what a push does with a template in one language, and why.
type Step struct {
	Action   Action `json:"action"`
	Name     string `json:"name"`
	Language string `json:"language"`
	// Why says the reason and what the step will cost, for people.
	Why      string   `json:"why"`
	Path     string   `json:"path,omitempty"` // of the file
	Position          // in the file
	Changes  []Change `json:"changes,omitempty"`

	file     *File
	language *Language
	remote   *Remote
}

// Plan is what a push would do, in this order.
type Plan struct {
	System string   `json:"system"`
	Steps  []Step   `json:"steps"`
	Notes  []string `json:"notes,omitempty"` // on the whole, such as the limits of the account
}

// PlanOptions are choices for a plan. The zero value is valid.
type PlanOptions struct {
	// Prune deletes what only the account has.
	Prune bool
	// Incomparable also edits what may be the same, where the account does not say enough
	// to tell.
	Incomparable bool
}

// NewPlan returns what is to be done to make an account have what the files say.
func NewPlan(files []*File, remotes []*Remote, abilities Abilities, options PlanOptions) *Plan {
	return &Plan{System: abilities.System}
}

// Changes reports whether the plan creates, edits or deletes anything.
func (p *Plan) Changes() bool { return false }
