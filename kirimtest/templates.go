package kirimtest

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
	Category string // "UTILITY", "MARKETING" or "AUTHENTICATION"
	Status   TemplateStatus
}

type templateID struct{ name, language string }

const authentication = "AUTHENTICATION"

func seededTemplates() []Template {
	return []Template{
		{"order_update", "id", "UTILITY", TemplateApproved},
		{"appointment_reminder", "id", "UTILITY", TemplateApproved},
		{"appointment_reminder", "en", "UTILITY", TemplateApproved},
		{"login_code", "id", authentication, TemplateApproved},
		{"promo_paused", "id", "MARKETING", TemplatePaused},
		{"legacy_disabled", "id", "UTILITY", TemplateDisabled},
	}
}

// AddTemplate adds a template, or replaces the one with the same name and
// language. An empty Status is [TemplateApproved].
func (s *Server) AddTemplate(t Template) {
	if t.Status == "" {
		t.Status = TemplateApproved
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.templates[templateID{t.Name, t.Language}] = t
}

// SetTemplateStatus changes the status of a template in all its languages and
// reports whether there was one of that name.
func (s *Server) SetTemplateStatus(name string, status TemplateStatus) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	found := false
	for id, t := range s.state.templates {
		if id.name == name {
			t.Status = status
			s.state.templates[id] = t
			found = true
		}
	}
	return found
}

// sendable returns the template, or why it cannot be sent. st.mu is held.
func (st *state) sendable(name, language string) (Template, *apiError) {
	t, found := st.templates[templateID{name, language}]
	if !found {
		for id := range st.templates {
			if id.name == name {
				return t, fail("invalid_template_name", "template.language", "The template does not exist in this language.")
			}
		}
		return t, fail("invalid_template_name", "template.name", "There is no template of this name.")
	}
	switch t.Status {
	case TemplateApproved:
		return t, nil
	case TemplatePaused:
		return t, fail("template_paused", "template.name", "The template is paused.")
	case TemplateDisabled:
		return t, fail("template_disabled", "template.name", "The template is disabled.")
	}
	return t, fail("invalid_template_name", "template.name", "The template is not approved.")
}
