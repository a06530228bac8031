package kirimtest

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/templatefill"
)

// The checks below look at the JSON of a request as it came over the wire. They
// share no code with the SDK, so that the two can find each other's mistakes,
// except for what fills a template: Meta's rules for that are many, and written
// once.

var (
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	e164Digits = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)
)

// checker keeps the first thing that is wrong with a request.
type checker struct {
	as   *Assumptions
	meta bool // what Meta takes, beside what Kirim documents
	own  bool // what Meta takes at its own API
	err  *apiError
}

func (v *checker) fail(code, param, message string) {
	if v.err == nil {
		v.err = fail(code, param, message)
	}
}

func (v *checker) missing(path, key string) {
	v.fail("missing_required_field", join(path, key), "A required field is missing.")
}

func (v *checker) invalid(path, key, why string) {
	v.fail("invalid_field_value", join(path, key), why)
}

func join(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// present reports whether the field is there; null counts as absent.
func present(o map[string]any, key string) bool { return o[key] != nil }

// optionalText returns a text of least to most characters, if it is there; a
// most of 0 sets no limit.
func (v *checker) optionalText(o map[string]any, path, key string, least, most int) string {
	if !present(o, key) {
		return ""
	}
	s, isString := o[key].(string)
	switch n := v.as.Length(s); {
	case !isString:
		v.invalid(path, key, "The field must be a string.")
	case n < least:
		v.invalid(path, key, "The text must not be empty.")
	case most > 0 && n > most:
		v.invalid(path, key, "The text is longer than "+strconv.Itoa(most)+" characters.")
	}
	return s
}

func (v *checker) text(o map[string]any, path, key string, least, most int) string {
	if !present(o, key) {
		v.missing(path, key)
		return ""
	}
	return v.optionalText(o, path, key, least, most)
}

func (v *checker) oneOf(o map[string]any, path, key string, allowed ...string) string {
	s := v.text(o, path, key, 0, 0)
	if !slices.Contains(allowed, s) {
		v.invalid(path, key, "The value must be one of: "+strings.Join(allowed, ", ")+".")
	}
	return s
}

func (v *checker) optionalObject(o map[string]any, path, key string) map[string]any {
	if !present(o, key) {
		return nil
	}
	child, isObject := o[key].(map[string]any)
	if !isObject {
		v.invalid(path, key, "The field must be an object.")
	}
	return child
}

func (v *checker) object(o map[string]any, path, key string) map[string]any {
	if !present(o, key) {
		v.missing(path, key)
	}
	return v.optionalObject(o, path, key)
}

// objects returns an array of least to most objects; a most of 0 sets no limit.
func (v *checker) objects(o map[string]any, path, key string, least, most int) []map[string]any {
	if !present(o, key) {
		v.missing(path, key)
		return nil
	}
	items, isArray := o[key].([]any)
	switch {
	case !isArray:
		v.invalid(path, key, "The field must be an array.")
	case len(items) < least || most > 0 && len(items) > most:
		v.invalid(path, key, "The array has too few or too many items.")
	}
	list := make([]map[string]any, len(items))
	for i, item := range items {
		child, isObject := item.(map[string]any)
		if !isObject {
			v.invalid(at(join(path, key), i), "", "The item must be an object.")
		}
		list[i] = child
	}
	return list
}

func (v *checker) bool(o map[string]any, path, key string) {
	if _, isBool := o[key].(bool); present(o, key) && !isBool {
		v.invalid(path, key, "The field must be true or false.")
	}
}

func (v *checker) https(o map[string]any, path, key string) {
	s := v.text(o, path, key, 1, 0)
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(s, " \"<>") {
		v.invalid(path, key, "The field must be an https URL.")
	}
}

// outbound is what a checked send asks for.
type outbound struct {
	to, kind           string
	template, language string
	contextWAMID       string
	components         []templatefill.Component
	recipient          string // a user id instead of a number
	group              bool   // to is the id of a group
	identity           string // hash of the recipient's identity
}

// send checks everything about a send that can be known from its body.
func (v *checker) send(o map[string]any) outbound {
	var m outbound
	if v.meta {
		v.metaRecipient(o, &m)
	} else {
		m.to = v.recipient(o)
		if present(o, "recipient_type") {
			v.oneOf(o, "", "recipient_type", "individual")
		}
	}
	if ctx := v.optionalObject(o, "", "context"); ctx != nil {
		m.contextWAMID = v.text(ctx, "context", "message_id", 1, 0)
		if strings.HasPrefix(m.contextWAMID, "msg_") {
			v.invalid("context", "message_id", "A reply names the message by its wamid.")
		}
	}
	if v.meta && v.err == nil && v.metaContent(o, &m) {
		return m
	}
	m.kind = v.oneOf(o, "", "type", "text", "image", "video", "audio", "document", "template", "interactive")
	if v.err != nil {
		return m
	}
	content := v.object(o, "", m.kind)
	switch m.kind {
	case "text":
		v.text(content, "text", "body", 1, 4096)
		v.bool(content, "text", "preview_url")
	case "template":
		v.template(content, &m)
		m.components = v.templateRules(content)
	case "interactive":
		v.interactive(content)
	default:
		v.media(content, m.kind)
	}
	return m
}

func (v *checker) recipient(o map[string]any) string {
	if !present(o, "to") {
		v.missing("", "to")
		return ""
	}
	to, _ := o["to"].(string)
	if !e164.MatchString(to) && !(v.as.DigitsOnlyTo && e164Digits.MatchString(to)) {
		v.fail("invalid_phone_number", "to", "The recipient must be in E.164 form with a leading plus.")
	}
	return to
}

func (v *checker) media(o map[string]any, kind string) {
	link, id := present(o, "link"), present(o, "id")
	switch {
	case link && id:
		v.invalid(kind, "", "Give either link or id, not both.")
	case link:
		v.https(o, kind, "link")
	case id:
		v.text(o, kind, "id", 1, 0)
	default:
		v.missing(kind, "link")
	}
	if kind == "audio" {
		if present(o, "caption") {
			v.invalid(kind, "caption", "Audio has no caption.")
		}
		if o["voice"] == true && !v.meta {
			v.invalid(kind, "voice", "Voice messages are not documented.")
		}
		return
	}
	v.optionalText(o, kind, "caption", 0, 1024)
	if kind == "document" {
		v.optionalText(o, kind, "filename", 1, 0)
	}
}

func (v *checker) template(o map[string]any, m *outbound) {
	m.template = v.text(o, "template", "name", 1, 0)
	if language, isObject := o["language"].(map[string]any); isObject || v.own {
		m.language = v.text(language, "template.language", "code", 1, 0)
	} else {
		m.language = v.text(o, "template", "language", 1, 0)
	}
	if !present(o, "components") {
		return
	}
	for i, component := range v.objects(o, "template", "components", 0, 0) {
		path := at("template.components", i)
		v.text(component, path, "type", 1, 0)
		if present(component, "parameters") {
			v.objects(component, path, "parameters", 0, 0)
		}
	}
}

// templateRules are those of [kirim.OutboundMessage.Validate] for the language
// and the components. A name that breaks the rules names no template, which is
// another refusal. What it returns is held against the template.
func (v *checker) templateRules(o map[string]any) (filled []templatefill.Component) {
	if v.err != nil {
		return nil
	}
	body, err := json.Marshal(map[string]any{"messaging_product": "whatsapp", "to": "", "type": "template", "template": o})
	var m kirim.OutboundMessage
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	if err == nil && present(o, "components") {
		body, _ = json.Marshal(o["components"]) // it came as JSON
		err = json.Unmarshal(body, &filled)
	}
	if err != nil {
		v.invalid("template", "", "The template cannot be read.")
		return nil
	}
	var found *kirim.ValidationError
	if !errors.As(m.Validate(), &found) {
		return filled
	}
	for _, violation := range found.Violations {
		if strings.HasPrefix(violation.Path, "template.components") || violation.Path == "template.language" {
			v.invalid(violation.Path, "", "Want "+violation.Limit+", got "+violation.Actual+".")
		}
	}
	return filled
}

func (v *checker) interactiveKinds() []string {
	kinds := []string{"cta_url", "list", "reply_buttons", "carousel"}
	if v.as.MetaButtonKind {
		kinds = append(kinds, "button")
	}
	return kinds
}

func (v *checker) interactive(o map[string]any) {
	const path = "interactive"
	kind := v.oneOf(o, path, "type", v.interactiveKinds()...)
	body := v.object(o, path, "body")
	v.text(body, "interactive.body", "text", 1, 1024)
	action := v.object(o, path, "action")
	if v.err != nil {
		return
	}
	if kind == "carousel" {
		v.carousel(action)
		return
	}
	if header := v.optionalObject(o, path, "header"); header != nil {
		if kind == "list" {
			v.header(header, "interactive.header", "text")
		} else {
			v.header(header, "interactive.header", "text", "image", "video", "document")
		}
	}
	if footer := v.optionalObject(o, path, "footer"); footer != nil {
		v.text(footer, "interactive.footer", "text", 1, 60)
	}
	switch kind {
	case "cta_url":
		v.ctaURL(action, "interactive.action")
	case "list":
		v.list(action)
	default:
		v.replyButtons(action)
	}
}

func (v *checker) header(o map[string]any, path string, kinds ...string) {
	kind := v.oneOf(o, path, "type", kinds...)
	if v.err != nil {
		return
	}
	if kind == "text" {
		v.text(o, path, "text", 1, 60)
		return
	}
	media := v.object(o, path, kind)
	v.https(media, path+"."+kind, "link")
}

func (v *checker) ctaURL(action map[string]any, path string) {
	v.oneOf(action, path, "name", "cta_url")
	parameters := v.object(action, path, "parameters")
	v.text(parameters, path+".parameters", "display_text", 1, 20)
	v.https(parameters, path+".parameters", "url")
}

func (v *checker) list(action map[string]any) {
	const path = "interactive.action"
	v.text(action, path, "button", 1, 20)
	rows := 0
	for i, section := range v.objects(action, path, "sections", 1, 10) {
		path := at(path+".sections", i)
		v.optionalText(section, path, "title", 0, 24)
		for j, row := range v.objects(section, path, "rows", 1, 0) {
			path := at(path+".rows", j)
			v.text(row, path, "id", 1, 200)
			v.text(row, path, "title", 1, 24)
			v.optionalText(row, path, "description", 0, 72)
			rows++
		}
	}
	if rows > 10 {
		v.invalid(path, "sections", "A list has at most 10 rows over all sections.")
	}
}

func (v *checker) replyButtons(action map[string]any) {
	const path = "interactive.action"
	ids, titles := make(map[string]bool), make(map[string]bool)
	for i, button := range v.objects(action, path, "buttons", 1, 3) {
		path := at(path+".buttons", i)
		v.oneOf(button, path, "type", "reply")
		reply := v.object(button, path, "reply")
		path += ".reply"
		v.unique(ids, v.text(reply, path, "id", 1, 256), path, "id")
		v.unique(titles, v.text(reply, path, "title", 1, 20), path, "title")
	}
}

func (v *checker) unique(seen map[string]bool, value, path, key string) {
	if seen[value] {
		v.invalid(path, key, "The value must be unique among the buttons.")
	}
	seen[value] = true
}

func (v *checker) carousel(action map[string]any) {
	const path = "interactive.action"
	least, most, longest := 2, 10, 160
	if !v.as.CarouselLimits {
		least, most, longest = 0, 0, 0
	}
	var first card
	for i, o := range v.objects(action, path, "cards", least, most) {
		if !v.as.CarouselLimits {
			continue
		}
		path := at(path+".cards", i)
		this := v.card(o, path, longest)
		if i == 0 {
			first = this
		}
		if this.header != first.header {
			v.invalid(path, "header.type", "The headers of all cards must be of one kind.")
		}
		if this.button != first.button || this.buttons != first.buttons {
			v.invalid(path, "action", "All cards must have the same number and kind of buttons.")
		}
	}
}

// card is what all cards of a carousel have in common.
type card struct {
	header, button string
	buttons        int
}

func (v *checker) card(o map[string]any, path string, longest int) (c card) {
	if header := v.object(o, path, "header"); header != nil {
		v.header(header, path+".header", "image", "video")
		c.header, _ = header["type"].(string)
	}
	if body := v.optionalObject(o, path, "body"); body != nil {
		v.optionalText(body, path+".body", "text", 0, longest)
	}
	act := v.object(o, path, "action")
	path += ".action"
	if !present(act, "buttons") {
		v.ctaURL(act, path)
		c.button, c.buttons = "cta_url", 1
		return c
	}
	c.button = "quick_reply"
	for i, button := range v.objects(act, path, "buttons", 1, 0) {
		path := at(path+".buttons", i)
		v.oneOf(button, path, "type", "quick_reply")
		reply := v.object(button, path, "quick_reply")
		v.text(reply, path+".quick_reply", "id", 1, 256)
		v.text(reply, path+".quick_reply", "title", 1, 20)
		c.buttons++
	}
	return c
}
