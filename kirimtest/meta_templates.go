package kirimtest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// metaID is Meta's id of a template.
func (t *template) metaID() string { return graphID(700000000000000, &t.head) }

// templateByMetaID returns the template with an id of Meta's, or nil. st.mu is held.
func (st *state) templateByMetaID(id string) *template {
	for t := range st.templates.oldest {
		if t.metaID() == id {
			return t
		}
	}
	return nil
}

// viewMetaTemplate is a template as Meta shows it. Meta's default leaves out some members
// that have to be asked for.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func viewMetaTemplate(t *template, fields string) map[string]any {
	view := map[string]any{
		"id": t.metaID(), "name": t.Name, "language": t.Language, "status": strings.ToUpper(string(t.Status)), "category": t.Category,
		"parameter_format": "POSITIONAL", "components": json.RawMessage("[]"),
	}
	if t.ParameterFormat != "" {
		view["parameter_format"] = strings.ToUpper(t.ParameterFormat)
	}
	if json.Valid(t.Components) { // what a test gave may be anything
		view["components"] = t.Components
	}
	if fields != "" {
		view["rejected_reason"], view["quality_score"] = t.rejection(), map[string]any{"score": "UNKNOWN", "date": t.updated.Unix()}
		if t.TTLSeconds != 0 {
			view["message_send_ttl_seconds"] = t.TTLSeconds
		}
	}
	return view
}

// listMetaTemplates handles GET /{version}/{waba-id}/message_templates, the newest
// first, with name, language, status and category as filters.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func listMetaTemplates(x *exchange) *reply {
	q, now := x.r.URL.Query(), x.now()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 25
	}
	after, err := readMetaCursor(q.Get("after"))
	if err != nil {
		return failed(metaFail(100, "after: The cursor is not valid."))
	}
	match := func(name, value string) bool { return q.Get(name) == "" || strings.EqualFold(q.Get(name), value) }
	rows := newest(func(t *template) bool {
		t.settle(now)
		return (after == 0 || t.seq < after) && match("name", t.Name) && match("language", t.Language) && match("status", string(t.Status)) && match("category", t.Category)
	}, &x.s.state.templates)
	type paging struct {
		Cursors map[string]string `json:"cursors"`
		Next    string            `json:"next,omitempty"`
	}
	page := struct {
		Data   []json.RawMessage `json:"data"`
		Paging *paging           `json:"paging,omitempty"`
	}{Data: []json.RawMessage{}}
	for at, t := range rows {
		if len(page.Data) == limit {
			q.Set("after", page.Paging.Cursors["after"])
			page.Paging.Next = x.s.MetaURL + "/" + x.params[1] + "/message_templates?" + q.Encode()
			break
		}
		if page.Paging == nil {
			page.Paging = &paging{Cursors: map[string]string{"before": metaCursor(at.seq)}}
		}
		page.Paging.Cursors["after"] = metaCursor(at.seq)
		page.Data = append(page.Data, x.fieldsOf(viewMetaTemplate(t, q.Get("fields"))))
	}
	return &reply{status: http.StatusOK, data: mustJSON(page)}
}

func metaCursor(seq uint64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendUint(nil, seq, 10))
}

// readMetaCursor returns 0 for none.
func readMetaCursor(cursor string) (seq uint64, err error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(text), 10, 64)
}

// createMetaTemplate handles POST /{version}/{waba-id}/message_templates.
func createMetaTemplate(x *exchange) *reply {
	o, err := x.object()
	if err != nil {
		return failed(asMetaParameter(err))
	}
	t, err := x.metaTemplate(o)
	if err != nil {
		return failed(asMetaParameter(err))
	}
	st, now := &x.s.state, x.now()
	if st.named[templateID{t.Name, t.Language}] != nil {
		e := metaFail(100, "The template exists in this language.")
		e.subcode = 2388024
		return failed(e)
	}
	if deleted, found := st.meta.deleted[t.Name]; found && now.Before(deleted.Add(nameBlocked)) {
		e := metaFail(100, "name: A template of this name was deleted less than 30 days ago.")
		e.subcode = 2388023
		return failed(e)
	}
	if n := st.meta.limits.Creations; n > 0 {
		if wait := st.meta.creations.take(time.Hour/time.Duration(n), n, now); wait > 0 {
			return failed(throttled(80007, "Too many templates were created in this WhatsApp Business Account in the last hour.", wait))
		}
	}
	row := st.putTemplate(t, now)
	x.s.beginReview(row, now)
	row.settle(now)
	return &reply{status: http.StatusOK, data: mustJSON(map[string]string{
		"id": row.metaID(), "status": strings.ToUpper(string(row.Status)), "category": row.Category,
	})}
}

// metaTemplate checks a template as Meta does.
func (x *exchange) metaTemplate(o map[string]any) (Template, *apiError) {
	v := x.metaChecker()
	if category, isText := o["category"].(string); isText {
		o["category"] = strings.ToUpper(category)
	}
	t := v.newTemplate(o)
	return t, v.err
}

// editMetaTemplate handles POST /{version}/{template-id}: what is given is changed,
// and reviewed again. state.mu is held.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func editMetaTemplate(x *exchange, t *template) *reply {
	o, err := x.object()
	if err != nil {
		return failed(asMetaParameter(err))
	}
	now := x.now()
	t.settle(now)
	if !slices.Contains([]TemplateStatus{TemplateApproved, TemplateRejected, TemplatePaused}, t.Status) {
		return failed(metaFail(100, "Only a template that is approved, rejected or paused can be edited."))
	}
	whole := map[string]any{"name": t.Name, "language": t.Language, "category": t.Category, "components": o["components"]}
	if !present(o, "components") {
		var components []any
		_ = json.Unmarshal(t.Components, &components) // what a test gave may be anything
		whole["components"] = components
	}
	if category, isText := o["category"].(string); isText {
		if t.Status == TemplateApproved && !strings.EqualFold(category, t.Category) {
			return failed(metaFail(100, "category: The category of an approved template cannot be changed."))
		}
		whole["category"] = category
	}
	for _, name := range []string{"parameter_format", "message_send_ttl_seconds"} {
		if present(o, name) {
			whole[name] = o[name]
		}
	}
	edited, err := x.metaTemplate(whole)
	if err != nil {
		return failed(asMetaParameter(err))
	}
	if edited.ParameterFormat == "" {
		edited.ParameterFormat = t.ParameterFormat
	}
	if err := t.countEdit(now); err != nil {
		return failed(err)
	}
	x.s.state.agenda.cancel(t.job)
	if edited.TTLSeconds != 0 {
		t.TTLSeconds = edited.TTLSeconds
	}
	t.Category, t.Components, t.ParameterFormat = edited.Category, edited.Components, edited.ParameterFormat
	t.become(TemplatePending, now)
	x.s.beginReview(t, now)
	return success()
}

// nameBlocked is for how long the name of a template that was deleted cannot be used.
const nameBlocked = 30 * day

// deleteMetaTemplates handles DELETE /{version}/{waba-id}/message_templates: by name
// in all languages, or with hsm_id in one.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
func deleteMetaTemplates(x *exchange) *reply {
	st, name, id := &x.s.state, x.r.URL.Query().Get("name"), x.r.URL.Query().Get("hsm_id")
	if name == "" {
		return failed(metaFail(100, "name: A required field is missing."))
	}
	found := false
	for _, t := range slices.Clone(st.templates.order) {
		if t.Name == name && (id == "" || t.metaID() == id) {
			found = true
			st.agenda.cancel(t.job)
			st.templates.remove(t)
			delete(st.named, templateID{t.Name, t.Language})
			st.meta.deleted[name] = x.now()
		}
	}
	if !found {
		return failed(metaFail(100, "name: There is no such template."))
	}
	return success()
}
