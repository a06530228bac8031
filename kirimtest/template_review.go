package kirimtest

import (
	"cmp"
	"time"
)

// TemplateReview is what becomes of templates that are created or edited.
type TemplateReview struct {
	// After is how long the review takes. Negative leaves templates pending.
	After time.Duration
	// Verdict is usually [TemplateApproved], the default, or [TemplateRejected].
	Verdict TemplateStatus
	// Reason is why templates are rejected, such as TAG_CONTENT_MISMATCH. It is what
	// Meta's API and webhooks say; Kirim documents no place for it. Default
	// INVALID_FORMAT.
	Reason string
}

// ReviewTemplates sets what becomes of templates that are created or edited from now
// on. A new server approves after 2 seconds. Authentication templates are approved at
// once in any case.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
func (s *Server) ReviewTemplates(r TemplateReview) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	r.Verdict = cmp.Or(r.Verdict, TemplateApproved)
	s.state.review = r
}

// SetTemplateReview is [Server.ReviewTemplates] with the default reason.
func (s *Server) SetTemplateReview(after time.Duration, verdict TemplateStatus) {
	s.ReviewTemplates(TemplateReview{After: after, Verdict: verdict})
}

// defaultRejection is one of the reasons that Meta documents.
const defaultRejection = "INVALID_FORMAT"

// rejection is why a template was rejected, as Meta writes it.
func (t *template) rejection() string {
	if t.Status != TemplateRejected {
		return "NONE"
	}
	return cmp.Or(t.reason, defaultRejection)
}

// beginReview lets a template get its verdict. state.mu is held.
func (s *Server) beginReview(t *template, now time.Time) {
	switch r := s.state.review; {
	case t.Category == authentication:
		t.decided, t.verdict, t.verdictReason = now, TemplateApproved, ""
	case r.After >= 0:
		t.decided, t.verdict, t.verdictReason = now.Add(r.After), r.Verdict, r.Reason
	default:
		return
	}
	if s.state.meta.wanted(fieldTemplateStatus) || s.state.journals.watched() {
		t.job = &job{run: func(now time.Time) { t.settle(now); s.emitTemplate(t); s.noteSettings() }}
		s.schedule(t.job, t.decided)
	}
}

// editsPerMonth is how often an approved template can be edited in 30 days, and once in
// each day.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
const editsPerMonth = 10

// countEdit counts an edit of an approved template and refuses one too many. Edits of
// others are free. That they do not count is assumed.
func (t *template) countEdit(now time.Time) *apiError {
	if t.Status != TemplateApproved {
		return nil
	}
	for len(t.edits) > 0 && !now.Before(t.edits[0].Add(30*day)) {
		t.edits = t.edits[1:]
	}
	if n := len(t.edits); n >= editsPerMonth || n > 0 && now.Before(t.edits[n-1].Add(day)) {
		return metaFail(100, "An approved template can be edited once in 24 hours and 10 times in 30 days.")
	}
	t.edits = append(t.edits, now)
	return nil
}
