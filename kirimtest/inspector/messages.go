package inspector

import (
	"bytes"
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

// messageView is a message in responses and events.
type messageView struct {
	ID             string            `json:"id"`
	WAMID          string            `json:"wamid"`
	Chat           string            `json:"chat"`
	Direction      string            `json:"direction"` // inbound or outbound, as the business sees it
	Type           string            `json:"type"`
	Status         string            `json:"status"`
	Time           time.Time         `json:"time"`
	ReplyTo        string            `json:"reply_to,omitempty"`
	Quote          string            `json:"quote,omitempty"` // the beginning of the message replied to
	IdempotencyKey string            `json:"idempotency_key,omitempty"`
	Failure        *failure          `json:"failure,omitempty"`
	Reactions      map[string]string `json:"reactions,omitempty"`
	Edited         bool              `json:"edited,omitempty"`
	Revoked        bool              `json:"revoked,omitempty"`
	Text           string            `json:"text"` // the message in a line
	HTML           string            `json:"html"`
	Body           json.RawMessage   `json:"body,omitempty"` // of a send
}

// view is a message for the page. model.mu is held.
func (in *Inspector) view(m *message) messageView {
	if m.html == "" {
		sent := m.sent()
		m.html, m.text = in.render(m, &sent), m.outline(&sent)
	}
	v := messageView{
		ID: m.id, WAMID: m.wamid, Chat: m.chat, Direction: "outbound", Type: m.kind, Status: m.status, Time: m.time, ReplyTo: m.replyTo,
		IdempotencyKey: m.key, Failure: m.failure, Reactions: m.reactions, Edited: m.edited, Revoked: m.revoked, Text: m.text, HTML: m.html, Body: m.body,
	}
	if m.inbound {
		v.Direction = "inbound"
	}
	if quoted := in.model.byID[m.replyTo]; m.replyTo != "" && quoted != nil {
		v.Quote = quoted.line()
	}
	return v
}

// line is what a list shows of a message. model.mu is held.
func (m *message) line() string {
	if m.text == "" {
		sent := m.sent()
		m.text = m.outline(&sent)
	}
	return m.text
}

func (m *message) outline(sent *sentJSON) string {
	text := sent.outline()
	if in := m.received; in != nil {
		text = cmp.Or(in.Text, in.Caption)
		switch {
		case m.revoked:
			return "deleted"
		case in.Interactive != nil:
			text = in.Interactive.Title
		case in.Button != nil:
			text = in.Button.Text
		case in.Reaction != nil:
			text = in.Reaction.Emoji
		case resultOf(in.Object) != nil:
			text = "Reply to a flow"
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	if cut := []rune(text); len(cut) > 120 {
		text = string(cut[:119]) + "…"
	}
	switch m.kind {
	case "text", "interactive", "button":
		if text != "" {
			return text
		}
	}
	return strings.TrimSpace("[" + m.kind + "] " + text)
}

type chatView struct {
	ID            string     `json:"id"`
	PhoneNumberID string     `json:"phone_number_id"`
	Customer      string     `json:"customer"`
	Name          string     `json:"name"`
	Last          string     `json:"last"` // the last message, in a line
	LastTime      *time.Time `json:"last_time"`
	Unread        int        `json:"unread"` // messages that the business has not read
	WindowUntil   *time.Time `json:"window_until"`
	Blocked       bool       `json:"blocked"`
}

// listChats handles GET chats: the conversations, the latest first.
func (in *Inspector) listChats(*http.Request) (any, error) {
	contacts := in.sandbox.Contacts()
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	in.model.sync()
	last := make(map[string]*message)
	for _, m := range in.model.messages {
		last[m.chat] = m
	}
	list := make([]chatView, 0, len(contacts))
	for _, c := range contacts {
		v := chatView{ID: chatID(c.PhoneNumberID, c.Phone), PhoneNumberID: c.PhoneNumberID, Customer: c.Phone, Name: c.Name, Unread: c.Unread}
		if m := last[v.ID]; m != nil {
			v.Last, v.LastTime = m.line(), &m.time
		}
		if !c.LastInbound.IsZero() {
			until := c.LastInbound.Add(24 * time.Hour)
			v.WindowUntil = &until
		}
		v.Blocked = in.plan.isBlocked(c.Phone)
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(a, b chatView) int { return orZero(b.LastTime).Compare(orZero(a.LastTime)) })
	return map[string]any{"chats": list}, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// listMessages handles GET messages: the last of a chat, or of all.
func (in *Inspector) listMessages(r *http.Request) (any, error) {
	p, err := pagingOf(r)
	if err != nil {
		return nil, err
	}
	chat := r.URL.Query().Get("chat")
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	in.model.sync()
	page, more := pageOf(in.model.messages, p, func(m *message) string { return m.id }, func(m *message) bool {
		return (chat == "" || m.chat == chat) && (p.query == "" || m.matches(p.query))
	})
	views := make([]messageView, len(page))
	for i, m := range page {
		views[i] = in.view(m)
	}
	return map[string]any{"messages": views, "more": more}, nil
}

func (m *message) matches(query string) bool {
	return strings.Contains(strings.ToLower(strings.Join([]string{m.line(), m.id, m.wamid, m.status, m.kind, m.chat, string(m.body)}, "\n")), query)
}

// find returns a message by its ID or WAMID. model.mu is held.
func (in *Inspector) find(r *http.Request) (*message, error) {
	in.model.sync()
	m := in.model.byID[r.PathValue("id")]
	if m == nil {
		return nil, notFound("message")
	}
	return m, nil
}

func (in *Inspector) getMessage(r *http.Request) (any, error) {
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	m, err := in.find(r)
	if err != nil {
		return nil, err
	}
	return struct {
		messageView
		Choices []kirimtest.Choice `json:"choices"`
	}{in.view(m), in.sandbox.Choices(m.id)}, nil
}

// shownAsImage are the types of files that a browser may show in place.
var shownAsImage = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "video/mp4"}

// file serves the file of a customer's message.
func (in *Inspector) file(w http.ResponseWriter, r *http.Request) {
	in.model.mu.Lock()
	m, err := in.find(r)
	in.model.mu.Unlock()
	var file *kirimtest.Media
	if err == nil {
		file = in.sandbox.File(m.id)
	}
	if file == nil {
		writeProblem(w, http.StatusNotFound, "", "There is no such file, or it is no longer kept.")
		return
	}
	disposition := "attachment"
	if kind, _, err := mime.ParseMediaType(file.ContentType); err == nil && slices.Contains(shownAsImage, kind) {
		disposition = "inline"
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Content-Type", file.ContentType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": cmp.Or(file.Filename, "file")}))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.Data))
}

// inboundJSON is a message of a customer, for POST inbound.
type inboundJSON struct {
	From          string                      `json:"from"`
	Name          string                      `json:"name"`
	PhoneNumberID string                      `json:"phone_number_id"`
	Type          string                      `json:"type"`
	Text          string                      `json:"text"`
	ReplyTo       string                      `json:"reply_to"`
	Age           duration                    `json:"age"` // for how long it was under way
	Media         *mediaJSON                  `json:"media"`
	Caption       string                      `json:"caption"`
	Location      *kirimtest.Location         `json:"location"`
	Contacts      []kirimtest.ContactCard     `json:"contacts"`
	Reaction      *reactionJSON               `json:"reaction"`
	Button        *kirimtest.ButtonReply      `json:"button"`
	Interactive   *kirimtest.InteractiveReply `json:"interactive"`
	FlowReply     *flowReplyJSON              `json:"flow_reply"`
	Edits         string                      `json:"edits"`
	Revokes       string                      `json:"revokes"`
	Object        json.RawMessage             `json:"object"`
}

type mediaJSON struct {
	Data        []byte   `json:"data"` // base64
	ContentType string   `json:"content_type"`
	Filename    string   `json:"filename"`
	Delay       duration `json:"delay"`
}

type reactionJSON struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

type flowReplyJSON struct {
	Name     string          `json:"name"`
	Body     string          `json:"body"`
	Response json.RawMessage `json:"response"`
}

// inbound is the message for the sandbox.
func (j *inboundJSON) inbound(now time.Time) (kirimtest.Inbound, error) {
	m := kirimtest.Inbound{
		From: j.From, Name: j.Name, PhoneNumberID: j.PhoneNumberID, Type: j.Type, Text: j.Text, ReplyTo: j.ReplyTo, Time: now.Add(-time.Duration(j.Age)),
		Caption: j.Caption, Location: j.Location, Contacts: j.Contacts, Button: j.Button, Interactive: j.Interactive,
		Edits: j.Edits, Revokes: j.Revokes, Object: j.Object,
	}
	if j.Media != nil {
		m.Media = &kirimtest.Media{Data: j.Media.Data, ContentType: j.Media.ContentType, Filename: j.Media.Filename, Delay: time.Duration(j.Media.Delay)}
	}
	if j.Reaction != nil {
		m.Reaction = &kirimtest.Reaction{MessageID: j.Reaction.MessageID, Emoji: j.Reaction.Emoji}
	}
	if f := j.FlowReply; f != nil {
		if !json.Valid(f.Response) {
			return m, invalid("flow_reply.response", "want the JSON that the flow returns")
		}
		m.Type, m.Object = "interactive", flowReply(f.Name, f.Body, f.Response)
	}
	switch {
	case j.Age < 0:
		return m, invalid("age", "want no negative duration")
	case m.Interactive != nil && !slices.Contains([]string{"", "button_reply", "list_reply"}, m.Interactive.Type):
		return m, invalid("interactive.type", "want button_reply or list_reply, got %d characters", len(m.Interactive.Type))
	}
	return m, checkPhone("from", m.From)
}

// flowReply is the content of the message that a flow sends when it is complete.
func flowReply(name, body string, response json.RawMessage) json.RawMessage {
	var compact bytes.Buffer
	_ = json.Compact(&compact, response) // it is valid
	return mustJSON(map[string]any{"type": "nfm_reply", "nfm_reply": map[string]string{
		"name": cmp.Or(name, "flow"), "body": cmp.Or(body, "Sent"), "response_json": compact.String(),
	}})
}

// checkPhone says what [kirimtest.Server.Receive] panics for.
func checkPhone(param, number string) error {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+ -().", r) {
			return -1
		}
		return r
	}, number)
	if len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' {
		return invalid(param, "want a phone number in E.164: a plus, the country code, 7 to 15 digits in all; got %d characters", len(number))
	}
	return nil
}

func (in *Inspector) receive(r *http.Request) (any, error) {
	var body inboundJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	m, err := body.inbound(in.sandbox.Now())
	if err != nil {
		return nil, err
	}
	if m.PhoneNumberID != "" && !slices.ContainsFunc(in.sandbox.PhoneNumbers(), func(n kirimtest.PhoneNumber) bool { return n.ID == m.PhoneNumberID }) {
		return nil, invalid("phone_number_id", "want the ID of a number of the sandbox, got %d characters", len(m.PhoneNumberID))
	}
	return in.shown(in.sandbox.Receive(m)), nil
}

// shown is a message of a customer in a response.
func (in *Inspector) shown(received kirimtest.Inbound) any {
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	in.model.sync()
	if m := in.model.byID[received.ID]; m != nil {
		return in.view(m)
	}
	return map[string]string{"id": received.ID, "wamid": received.WAMID} // forgotten meanwhile
}

func (in *Inspector) tap(r *http.Request) (any, error) {
	var body struct {
		Choice string `json:"choice"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	in.model.mu.Lock()
	m, err := in.find(r)
	in.model.mu.Unlock()
	if err != nil {
		return nil, err
	}
	received, err := in.sandbox.Tap(m.id, body.Choice)
	if err != nil {
		return nil, invalid("choice", "%s", strings.TrimPrefix(err.Error(), "kirimtest: Tap: "))
	}
	return in.shown(received), nil
}

func (in *Inspector) report(r *http.Request) (any, error) {
	var body struct {
		Status  string `json:"status"`
		Code    int    `json:"code"`
		Title   string `json:"title"`
		Details string `json:"details"`
	}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"sent", "delivered", "read", "played", "failed"}, body.Status) {
		return nil, invalid("status", "want sent, delivered, read, played or failed, got %d characters", len(body.Status))
	}
	if body.Status == "failed" && body.Code == 0 {
		return nil, invalid("code", "want Meta's error code of the failure, such as 131026")
	}
	in.model.mu.Lock()
	m, err := in.find(r)
	in.model.mu.Unlock()
	if err == nil && m.inbound {
		err = invalid("id", "want a message that the business sent, got one of a customer")
	}
	if err != nil {
		return nil, err
	}
	if !in.sandbox.Report(m.id, kirimtest.Status{Name: body.Status, Code: body.Code, Title: body.Title, Details: body.Details}) {
		return nil, notFound("message")
	}
	return in.getMessage(r)
}
