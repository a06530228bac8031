package kirimtest

import (
	"net/http"
	"slices"
)

var labelColors = []string{
	"gray", "red", "orange", "amber", "yellow", "lime", "green", "emerald", "teal", "sky", "blue", "violet", "pink",
}

const (
	mostLabelName = 50
	mostBulk      = 1000
)

// label is a coloured word of a team.
type label struct {
	head
	name, color, team string
}

func viewLabel(l *label) any {
	return struct {
		ID        string `json:"id"`
		Object    string `json:"object"`
		Name      string `json:"name"`
		Color     string `json:"color"`
		TeamID    string `json:"team_id"`
		CreatedAt string `json:"created_at"`
		UpdatedAt string `json:"updated_at"`
	}{l.id, "label", l.name, l.color, l.team, stamp(l.created), stamp(l.updated)}
}

// forLabel runs h with the label of the path, and the state locked.
func forLabel(h func(*exchange, *label) *reply) handler {
	return holding(func(x *exchange) *reply {
		l, found := x.s.state.labels.get(x.params[0])
		if !found {
			return notFound("label")
		}
		return h(x, l)
	})
}

func listLabels(x *exchange) *reply {
	q := x.query()
	team := q.filter("team_id", 1, 0)
	rows := newest(func(l *label) bool { return team == "" || l.team == team }, &x.s.state.labels)
	return pageOf(x, q, rows, viewLabel)
}

func createLabel(x *exchange) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	st, v := &x.s.state, x.checker()
	l := &label{name: v.text(o, "", "name", 1, mostLabelName), color: labelColors[0], team: st.teamOf(v, o)}
	if present(o, "color") {
		l.color = v.oneOf(o, "", "color", labelColors...)
	}
	st.uniqueLabel(v, l.team, l.name, nil)
	if v.err != nil {
		return failed(v.err)
	}
	l.head = st.newHead("lbl_", x.now())
	for _, old := range st.labels.add(l) {
		st.forgetLabel(old)
	}
	return ok(http.StatusCreated, viewLabel(l))
}

func updateLabel(x *exchange, l *label) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	st, v := &x.s.state, x.checker()
	name := v.changedText(o, "name", 1, mostLabelName)
	var color string
	if _, given := o["color"]; given {
		color = v.oneOf(o, "", "color", labelColors...)
	}
	st.uniqueLabel(v, l.team, name, l)
	if v.err != nil {
		return failed(v.err)
	}
	changes := newChanges(o)
	set(changes, "name", &l.name, name)
	set(changes, "color", &l.color, color)
	if len(changes.names) > 0 {
		l.updated = x.now()
	}
	return ok(http.StatusOK, viewLabel(l))
}

func deleteLabel(x *exchange, l *label) *reply {
	x.s.state.labels.remove(l)
	x.s.state.forgetLabel(l)
	return x.deleted(l.id, "label")
}

// uniqueLabel refuses a name that another label of the team has. st.mu is held.
func (st *state) uniqueLabel(v *checker, team, name string, self *label) {
	for other := range st.labels.oldest {
		if other != self && other.team == team && other.name == name {
			v.invalid("", "name", "The team has a label of this name.")
		}
	}
}

// forgetLabel takes a label off everything that carries it. st.mu is held.
func (st *state) forgetLabel(l *label) {
	for ct := range st.contacts.oldest {
		delete(ct.labels, l.id)
		if ct.conversation != nil {
			delete(ct.conversation.labels, l.id)
		}
	}
}

// labelNames are the names of labels, sorted. st.mu is held.
func (st *state) labelNames(ids map[string]bool) []string {
	var names []string
	for id := range ids {
		if l, found := st.labels.get(id); found {
			names = append(names, l.name)
		}
	}
	slices.Sort(names)
	return names
}

// labelled is something that carries labels.
type labelled struct {
	kind   string // names its id in a response
	id     string
	chat   chatID
	labels map[string]bool
}

func contactLabels(ct *contact) labelled {
	return labelled{"contact_id", ct.id, ct.chat, ct.labels}
}

func conversationLabels(cv *conversation) labelled {
	return labelled{"conversation_id", cv.id, cv.contact.chat, cv.labels}
}

// attachLabel handles POST …/labels. Attaching twice changes nothing.
func attachLabel[T any](of func(T) labelled) func(*exchange, T) *reply {
	return func(x *exchange, target T) *reply {
		o, err := x.object()
		if err != nil {
			return failed(err)
		}
		st, v, on := &x.s.state, x.checker(), of(target)
		l := st.labelFor(v, o)
		if v.err == nil && st.numbers[on.chat.phoneNumberID].TeamID != l.team {
			v.invalid("", "label_id", "The label belongs to another team.")
		}
		if v.err != nil {
			return failed(v.err)
		}
		on.labels[l.id] = true
		return on.answer(l.id, true)
	}
}

// detachLabel handles DELETE …/labels/{label_id}. A label that is not there
// counts as detached.
func detachLabel[T any](of func(T) labelled) func(*exchange, T) *reply {
	return func(x *exchange, target T) *reply {
		l, found := x.s.state.labels.get(x.params[2])
		if !found {
			return notFound("label")
		}
		on := of(target)
		delete(on.labels, l.id)
		return on.answer(l.id, false)
	}
}

func (on labelled) answer(labelID string, attached bool) *reply {
	return ok(http.StatusOK, map[string]any{on.kind: on.id, "label_id": labelID, "attached": attached})
}

// labelFor returns the label that a body names. st.mu is held.
func (st *state) labelFor(v *checker, o map[string]any) *label {
	id := v.text(o, "", "label_id", 1, 0)
	l, found := st.labels.get(id)
	if v.err == nil && !found {
		v.fail("resource_not_found", "label_id", "There is no such label.")
	}
	return l
}

// bulkLabel handles POST …/contacts/bulk_label: all that can be labelled is.
func bulkLabel(x *exchange, _ PhoneNumber) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	st, v := &x.s.state, x.checker()
	ids := v.texts(o, "contact_ids", 1, mostBulk)
	operation := v.oneOf(o, "", "operation", "attach", "detach")
	l := st.labelFor(v, o)
	if v.err != nil {
		return failed(v.err)
	}
	var result struct {
		Applied      int `json:"applied"`
		CrossOrg     int `json:"skipped_cross_org"`
		TeamMismatch int `json:"skipped_team_mismatch"`
	}
	for _, id := range ids {
		ct, found := st.contacts.get(id)
		switch {
		case !found:
			result.CrossOrg++
		case st.numbers[ct.chat.phoneNumberID].TeamID != l.team:
			result.TeamMismatch++
		case operation == "attach":
			ct.labels[l.id] = true
			result.Applied++
		default:
			delete(ct.labels, l.id)
			result.Applied++
		}
	}
	return ok(http.StatusOK, result)
}

// texts returns an array of least to most strings.
func (v *checker) texts(o map[string]any, key string, least, most int) []string {
	if !present(o, key) {
		v.missing("", key)
		return nil
	}
	items, isArray := o[key].([]any)
	if !isArray || len(items) < least || len(items) > most {
		v.invalid("", key, "The field must be an array with neither too few nor too many items.")
	}
	list := make([]string, len(items))
	for i, item := range items {
		text, isText := item.(string)
		if !isText {
			v.invalid(at(key, i), "", "The item must be a string.")
		}
		list[i] = text
	}
	return list
}
