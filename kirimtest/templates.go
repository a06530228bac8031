package kirimtest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/templatefill"
)

// TemplateStatus is the state of a template.
type TemplateStatus string

// The states of a template. Only an approved one can be sent.
const (
	TemplateApproved TemplateStatus = "approved"
	TemplatePending  TemplateStatus = "pending"
	TemplateRejected TemplateStatus = "rejected"
	TemplatePaused   TemplateStatus = "paused"   // 422 template_paused
	TemplateDisabled TemplateStatus = "disabled" // 422 template_disabled
)

// Template is a message template of the organisation, in one language.
type Template struct {
	Name     string
	Language string // "id", "en_US", …
	Category string // "UTILITY" (the default), "MARKETING" or "AUTHENTICATION", in any case
	Status   TemplateStatus

	// Components is a JSON array as in a request that creates a template.
	// A send that fills them with another number, other names or other kinds of
	// parameters is refused. Default: a body without variables, or one with a code
	// and the button for it.
	Components json.RawMessage

	// ParameterFormat is "named" or "positional", in any case. Where it is empty, the
	// variables of the components say it.
	ParameterFormat string

	// TTLSeconds is for how long Meta tries to deliver a message; 0 leaves it to Meta,
	// -1 is 30 days. The sandbox keeps it, and delivers whenever it does.
	TTLSeconds int

	// OnlyAtMeta hides the template until POST templates/sync finds it.
	OnlyAtMeta bool
}

type templateID struct{ name, language string }

const (
	authentication = "AUTHENTICATION"
	utility        = "UTILITY"
)

// template is a template as it is kept.
type template struct {
	head
	Template
	decided       time.Time // when a pending one gets its verdict; zero for never
	verdict       TemplateStatus
	verdictReason string      // of the verdict, if it is a rejection
	reason        string      // why it was rejected; may be empty
	edits         []time.Time // of it while it was approved, in the last 30 days
	unsynced      bool        // changed at Meta since the last sync
	variables     []string
	job           *job // reports the verdict; nil for none
}

func seededTemplates() []Template {
	return []Template{
		{Name: "order_update", Language: "id", Category: utility, Components: json.RawMessage(`[{"type":"BODY","text":"Your order {{1}} is on its way.","example":{"body_text":[["A-17"]]}}]`)},
		{Name: "appointment_reminder", Language: "id", Category: utility},
		{Name: "appointment_reminder", Language: "en", Category: utility},
		{Name: "login_code", Language: "id", Category: authentication},
		{Name: "promo_paused", Language: "id", Category: "MARKETING", Status: TemplatePaused},
		{Name: "legacy_disabled", Language: "id", Category: utility, Status: TemplateDisabled},
		{Name: "hello_world", Language: "en_US", Category: utility}, // as in Meta's sample account
	}
}

// AddTemplate adds a template, or replaces the one with the same name and
// language. An empty Status is [TemplateApproved].
func (s *Server) AddTemplate(t Template) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.putTemplate(t, s.cfg.clock.Now())
	s.noteSettings()
}

// putTemplate is AddTemplate. st.mu is held.
func (st *state) putTemplate(t Template, now time.Time) *template {
	t.Status = TemplateStatus(strings.ToLower(cmp.Or(string(t.Status), string(TemplateApproved))))
	t.Category = strings.ToUpper(cmp.Or(t.Category, utility))
	if len(t.Components) == 0 {
		t.Components = json.RawMessage(`[{"type":"BODY","text":"A message of the sandbox."}]`)
		if t.Category == authentication {
			t.Components = json.RawMessage(`[{"type":"BODY","text":"*{{1}}* is your code."},{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE"}]}]`)
		}
	}
	id := templateID{t.Name, t.Language}
	if old := st.named[id]; old != nil {
		st.agenda.cancel(old.job)
		st.templates.remove(old)
	}
	row := &template{head: st.newHead("tmpl_", now), Template: t, unsynced: t.OnlyAtMeta}
	for _, old := range st.templates.add(row) {
		delete(st.named, templateID{old.Name, old.Language})
	}
	st.named[id] = row
	return row
}

// SetTemplateStatus changes the status of a template in all its languages and
// reports whether there was one of that name.
func (s *Server) SetTemplateStatus(name string, status TemplateStatus) bool {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	found := false
	for t := range st.templates.oldest {
		if t.Name == name {
			found = true
			t.become(status, now)
			st.agenda.cancel(t.job)
			s.emitTemplate(t)
		}
	}
	s.noteSettings()
	return found
}

// become changes the status at a time. It ends a review.
func (t *template) become(status TemplateStatus, at time.Time) {
	t.decided, t.reason = time.Time{}, ""
	if t.Status != status {
		t.Status, t.updated, t.unsynced = status, at, true
	}
}

// settle gives the verdict of a review that is over.
func (t *template) settle(now time.Time) {
	if !t.decided.IsZero() && !now.Before(t.decided) {
		t.become(t.verdict, t.decided)
		if t.Status == TemplateRejected {
			t.reason = t.verdictReason
		}
	}
}

// sendable returns the template, or why it cannot be sent. st.mu is held.
func (st *state) sendable(name, language string, now time.Time) (Template, *apiError) {
	t, found := st.named[templateID{name, language}]
	if !found || t.OnlyAtMeta {
		if st.findTemplate(name, "") != nil {
			return Template{}, fail("invalid_template_name", "template.language", "The template does not exist in this language.")
		}
		return Template{}, fail("invalid_template_name", "template.name", "There is no template of this name.")
	}
	t.settle(now)
	switch t.Status {
	case TemplateApproved:
		return t.Template, nil
	case TemplatePaused:
		return Template{}, fail("template_paused", "template.name", "The template is paused.")
	case TemplateDisabled:
		return Template{}, fail("template_disabled", "template.name", "The template is disabled.")
	}
	return Template{}, fail("invalid_template_name", "template.name", "The template is not approved.")
}

// misfit is why the components of a send do not fit the template, or nil. Meta
// finds it out after the send was accepted or at once.
func (t Template) misfit(components []templatefill.Component, o templatefill.Options) *apiError {
	parts, ok := templatefill.ParseParts(t.Components)
	if !ok { // what a test gave as Components may be anything
		return nil
	}
	found := templatefill.Check(templatefill.Definition{Parts: parts, OneTimeCode: t.Category == authentication, Format: t.ParameterFormat}, components, o)
	if len(found) == 0 {
		return nil
	}
	first := found[max(0, slices.IndexFunc(found, func(m templatefill.Mismatch) bool { return m.Kind != templatefill.Value }))]
	code := map[templatefill.Kind]string{
		templatefill.Count: "template_param_count_mismatch", templatefill.Format: "template_param_format_mismatch", templatefill.Value: "invalid_field_value",
	}[first.Kind]
	return fail(code, "template.components"+first.Path, "The template takes "+first.Want+", not "+first.Got+".")
}

// findTemplate returns the template, the oldest one of the name when there is
// no language, or nil. st.mu is held.
func (st *state) findTemplate(name, language string) *template {
	if language != "" {
		if t := st.named[templateID{name, language}]; t != nil && !t.OnlyAtMeta {
			return t
		}
		return nil
	}
	for t := range st.templates.oldest {
		if t.Name == name && !t.OnlyAtMeta {
			return t
		}
	}
	return nil
}

type templateView struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Name          string            `json:"name"`
	Language      string            `json:"language"`
	Status        TemplateStatus    `json:"status"`
	Category      string            `json:"category"`
	Format        string            `json:"parameter_format,omitempty"`
	Content       *string           `json:"content"`
	HeaderType    *string           `json:"header_type"`
	HeaderContent *string           `json:"header_content"`
	FooterContent *string           `json:"footer_content"`
	HasVariables  bool              `json:"has_variables"`
	Variables     []string          `json:"variables"`
	Buttons       []json.RawMessage `json:"buttons"`
	Components    []json.RawMessage `json:"components"`
	CreatedAt     string            `json:"created_at"`
	UpdatedAt     string            `json:"updated_at"`
}

func viewTemplate(t *template) any {
	view := templateView{
		ID: t.id, Object: "template", Name: t.Name, Language: t.Language, Status: t.Status, Category: t.Category, Format: t.ParameterFormat,
		Variables: []string{}, Buttons: []json.RawMessage{}, Components: []json.RawMessage{},
		CreatedAt: stamp(t.created), UpdatedAt: stamp(t.updated),
	}
	// What a test gave as Components may be anything.
	_ = json.Unmarshal(t.Components, &view.Components)
	for _, raw := range view.Components {
		var part struct {
			Type    string            `json:"type"`
			Format  string            `json:"format"`
			Text    string            `json:"text"`
			Buttons []json.RawMessage `json:"buttons"`
		}
		_ = json.Unmarshal(raw, &part)
		switch strings.ToUpper(part.Type) {
		case "HEADER":
			view.HeaderType, view.HeaderContent = orNull(cmp.Or(part.Format, "TEXT")), orNull(part.Text)
		case "BODY":
			view.Content = orNull(part.Text)
		case "FOOTER":
			view.FooterContent = orNull(part.Text)
		case "BUTTONS":
			view.Buttons = append(view.Buttons, part.Buttons...)
		}
		view.Variables = append(view.Variables, templatefill.Variables(part.Text)...)
	}
	view.HasVariables = len(view.Variables) > 0
	if len(t.variables) > 0 {
		view.Variables = t.variables
	}
	return view
}

func listTemplates(x *exchange, _ PhoneNumber) *reply {
	st, q, now := &x.s.state, x.query(), x.now()
	const all = "all"
	status := q.choice("status", x.s.cfg.assumptions.TemplateListStatus,
		string(TemplateApproved), string(TemplatePending), string(TemplateRejected), all)
	language := q.filter("language", 1, 0)
	rows := newest(func(t *template) bool {
		t.settle(now)
		return !t.OnlyAtMeta && (status == all || string(t.Status) == status) && (language == "" || t.Language == language)
	}, &st.templates)
	return pageOf(x, q, rows, viewTemplate)
}

func getTemplate(x *exchange, _ PhoneNumber) *reply {
	q := x.query()
	language := q.filter("language", 1, 0)
	if q.err != nil {
		return failed(q.err)
	}
	t := x.s.state.findTemplate(x.params[1], language)
	if t == nil {
		return notFound("template")
	}
	t.settle(x.now())
	return ok(http.StatusOK, viewTemplate(t))
}

// syncTemplates handles POST …/templates/sync: what changed at Meta is known
// from then on.
func syncTemplates(x *exchange, _ PhoneNumber) *reply {
	var result struct {
		Created int `json:"created"`
		Updated int `json:"updated"`
		Synced  int `json:"synced"`
	}
	now := x.now()
	for t := range x.s.state.templates.oldest {
		t.settle(now)
		switch {
		case t.OnlyAtMeta:
			result.Created++
		case t.unsynced:
			result.Updated++
		}
		t.OnlyAtMeta, t.unsynced = false, false
		result.Synced++
	}
	return ok(http.StatusOK, result)
}
