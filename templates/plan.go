package templates

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

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
	// to tell. As long as it does not, each push edits it again.
	Incomparable bool
}

// Rules of Meta's that plans quote.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
// and https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
const (
	managementPage = "https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management"
	overviewPage   = "https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview"

	creationsPerHour = 100
)

const (
	whyCreate     = "new: it can be sent once Meta has approved it"
	whyCreateCode = "new: Meta writes its texts and approves it automatically"
	whyEdit       = "a new review; that it cannot be sent until then is assumed"
	whyEditOften  = "a new review, and one of the edits of an approved template: once in 24 hours, 10 times in 30 days (" + managementPage +
		"); whether the approved version stays in use until then is not documented"
	whyCategoryStays = "the category stays: that of an approved template cannot be changed (" + managementPage + ")"
	whyFormatStays   = "whether parameters have names is nothing that an edit can change, as far as Meta documents (" + managementPage + "): create it under a new name"
	whyDelete        = "only the account has it; its name cannot be used again for 30 days (" + managementPage + ")"
	whyOnlyThere     = "only the account has it"
	whySame          = "as in the file"
	whyUnsaid        = "the account says too little to tell; what it says is as in the file"
	whyOnlyCategory  = "the category of an approved template cannot be changed (" + managementPage + "): create it under a new name"
)

// NewPlan returns what is to be done to make an account have what the files say, deletions
// last. It reads the files of samples that are to be uploaded, and sends nothing.
func NewPlan(files []*File, remotes []*Remote, abilities Abilities, options PlanOptions) *Plan {
	p := &Plan{System: abilities.System}
	planner := planner{abilities, options}
	seen := make(map[[2]string]bool)
	for _, d := range Diff(files, remotes) {
		s := planner.step(d)
		key := [2]string{d.Name, d.Language}
		if d.file != nil && seen[key] {
			s.block(d.Position, "another file has the same template in this language")
		}
		seen[key] = true
		p.Steps = append(p.Steps, s)
	}
	creations := 0
	for _, s := range p.Steps {
		if s.Action == ActionCreate {
			creations++
		}
	}
	if creations > creationsPerHour {
		p.Notes = append(p.Notes, fmt.Sprintf("%d creations: Meta takes %d an hour and account (%s); push again for the rest", creations, creationsPerHour, overviewPage))
	}
	return p
}

// Changes reports whether the plan creates, edits or deletes anything.
func (p *Plan) Changes() bool { return slices.ContainsFunc(p.Steps, Step.changes) }

// Deletes reports whether the plan deletes anything.
func (p *Plan) Deletes() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Action == ActionDelete })
}

// Complete reports whether the account will have what the files say when the plan was
// carried out: no step is blocked or impossible.
func (p *Plan) Complete() bool {
	return !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Action == ActionBlocked || s.Action == ActionImpossible })
}

func (s Step) changes() bool {
	return s.Action == ActionCreate || s.Action == ActionEdit || s.Action == ActionDelete
}

// block makes it a step that can be done later, with the place of the reason.
func (s *Step) block(at Position, why string) { s.Action, s.Why, s.Position = ActionBlocked, why, at }

func (s *Step) refuse(at Position, why string) {
	s.Action, s.Why, s.Position = ActionImpossible, why, at
}

type planner struct {
	abilities Abilities
	options   PlanOptions
}

func (p *planner) step(d Difference) Step {
	s := Step{
		Action: ActionNone, Name: d.Name, Language: d.Language, Path: d.Path, Position: d.Position, Changes: d.Changes,
		file: d.file, language: d.language, remote: d.Remote,
	}
	switch d.State {
	case DiffSame:
		s.Why = whySame
	case DiffRemote:
		p.prune(&s)
	case DiffNew:
		s.Action, s.Why = ActionCreate, whyCreate
		if d.file.category(d.language) == kirim.TemplateAuthentication {
			s.Why = whyCreateCode
		}
	case DiffIncomparable:
		s.Why = whyUnsaid
		if p.options.Incomparable && p.abilities.Update {
			p.edit(&s)
		}
	case DiffChanged:
		p.edit(&s)
	}
	if d.language != nil && len(d.language.Unknown) > 0 && (s.changes() || d.State == DiffChanged) {
		at := d.file.Position(childPath("languages", d.Language) + ".unknown")
		s.block(at, "the file is marked as incomplete: the account did not say all when it was pulled; complete it and delete the mark")
	}
	if s.Action == ActionCreate || s.Action == ActionEdit {
		p.checkMedia(&s)
	}
	return s
}

func (p *planner) prune(s *Step) {
	s.Why = whyOnlyThere
	switch {
	case !p.options.Prune:
	case !p.abilities.Delete:
		s.refuse(Position{}, p.abilities.System+" has no operation that deletes: delete it in WhatsApp Manager")
	case s.remote.ID == "":
		s.refuse(Position{}, "the account does not say its ID, without which all languages of the name would be deleted")
	default:
		s.Action, s.Why = ActionDelete, whyDelete
	}
}

func (p *planner) edit(s *Step) {
	if !p.abilities.Update {
		s.refuse(s.firstChange(), p.abilities.System+" has no operation that edits: create it under a new name or edit it in WhatsApp Manager")
		return
	}
	if s.remote.ID == "" {
		s.refuse(s.firstChange(), "the account does not say its ID, without which it cannot be edited")
		return
	}
	if before := s.remote.ParameterFormat; before != "" && (before == kirim.TemplateNamed) != s.file.named(s.language) && s.file.hasVariables(s.language) {
		s.refuse(s.firstChange(), whyFormatStays)
		return
	}
	switch s.remote.Status {
	case kirim.TemplateApproved:
		s.Action, s.Why = ActionEdit, whyEditOften
		if len(s.comparable()) > 0 && !slices.ContainsFunc(s.comparable(), func(c Change) bool { return !isCategory(c.Field) }) {
			s.refuse(s.firstChange(), whyOnlyCategory)
		} else if slices.ContainsFunc(s.comparable(), func(c Change) bool { return isCategory(c.Field) }) {
			s.Why += "; " + whyCategoryStays
		}
	case kirim.TemplateRejected, kirim.TemplatePaused:
		s.Action, s.Why = ActionEdit, whyEdit
	case kirim.TemplatePending:
		s.block(s.firstChange(), "it is in review: only what is approved, rejected or paused can be edited ("+managementPage+")")
	case kirim.TemplateDisabled:
		s.refuse(s.firstChange(), "it is disabled: only what is approved, rejected or paused can be edited ("+managementPage+"); create it under a new name")
	default:
		s.block(s.firstChange(), fmt.Sprintf("its status is %.40q: only what is approved, rejected or paused can be edited (%s)", s.remote.Status, managementPage))
	}
}

// hasVariables reports whether a text of a language, links aside, has variables.
func (f *File) hasVariables(l *Language) bool {
	return slices.ContainsFunc(elementsOf(f.Params(l).Components, false), func(e element) bool {
		text, _ := e.leaf("text")
		return variable.MatchString(text.value)
	})
}

// comparable are the changes that are certain.
func (s *Step) comparable() []Change {
	return slices.DeleteFunc(slices.Clone(s.Changes), func(c Change) bool { return !c.Comparable })
}

// firstChange is where the first change is in the file.
func (s *Step) firstChange() Position {
	if certain := s.comparable(); len(certain) > 0 {
		return certain[0].Position
	}
	return s.Position
}

// isCategory reports whether a path is that of a category, of the file or of a language.
func isCategory(field string) bool {
	return field == "category" || strings.HasPrefix(field, "languages.") && strings.HasSuffix(field, ".category") && strings.Count(field, ".") == 2
}
