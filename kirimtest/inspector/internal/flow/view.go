package flow

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed flow.gohtml
var source string

var drawn = template.Must(template.New("part").Parse(source))

// part is a component of a screen with its properties resolved, for the template.
type part struct {
	Key      string
	Kind     string // of the template
	Text     string
	Markup   template.HTML // of texts with markdown
	Weight   string
	Struck   bool
	Note     string // what the sandbox has to say in its place
	Image    template.URL
	Alt      string
	Width    int
	Height   int
	Captions []string

	Name     string
	Label    string
	Detail   string // description
	Help     string
	Required bool
	Disabled bool
	Invalid  string
	Value    any
	Type     string // of an HTML input
	Mode     string // inputmode, likewise
	Min, Max string
	Options  []*option
	Range    bool
	Ends     []*end // of a range
	More     bool   // an opt-in with an action

	node        node
	action      node // what pressing it does
	custom      string
	input       string
	pattern     string
	least, most int
	days        []string
	unavailable []string
}

// end is one of the two dates of a range.
type end struct{ Name, Label, Help, Value string }

type option struct {
	ID, Title, Detail, Note string
	Image                   template.URL
	Alt, Color              string
	Disabled, Chosen        bool

	node node
}

// View is a screen for a page or a program.
type View struct {
	Screen    string            `json:"screen"`
	Title     string            `json:"title"`
	Back      bool              `json:"back"` // there is a screen before
	Parts     []PartView        `json:"parts"`
	Fields    []FieldView       `json:"fields"`
	Errors    map[string]string `json:"errors,omitempty"`
	Message   string            `json:"error_message,omitempty"` // of the endpoint
	Failure   string            `json:"failure,omitempty"`       // why the last action had no effect
	Retry     bool              `json:"retry,omitempty"`         // the endpoint can be asked for the first screen once more
	Link      string            `json:"link,omitempty"`          // what open_url would open
	Live      bool              `json:"live,omitempty"`          // what is shown depends on what is entered
	Notes     []string          `json:"notes,omitempty"`
	Completed bool              `json:"completed"`
	Response  map[string]any    `json:"response,omitempty"` // what the flow returned
	Disabled  bool              `json:"disabled,omitempty"` // the endpoint responded 427
}

// PartView is a component as HTML, in which every text is escaped.
type PartView struct {
	Key  string `json:"key"`
	HTML string `json:"html"`
}

// FieldView is an input that is shown.
type FieldView struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Label    string   `json:"label"`
	Required bool     `json:"required"`
	Disabled bool     `json:"disabled,omitempty"`
	Options  []string `json:"options,omitempty"` // their IDs
	Value    any      `json:"value"`
	Selects  bool     `json:"selects,omitempty"` // choosing something does something
}

// View draws the screen.
func (s *Session) View() View {
	v := View{
		Screen: s.current, Back: len(s.history) > 0, Parts: []PartView{}, Fields: []FieldView{}, Errors: s.invalid,
		Failure: s.failure, Completed: s.result != nil, Response: s.result, Disabled: s.disable, Retry: s.current == "" && s.failure != "" && !s.disable,
	}
	if u, err := url.Parse(s.link); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		v.Link = s.link
	} else if s.link != "" {
		v.Failure = fmt.Sprintf("The flow opens %.80q, which is not a web address.", s.link)
	}
	if s.current == "" || v.Completed {
		return v
	}
	sc := s.scope()
	v.Title, v.Live = textOf(sc.value(sc.screen.title)), sc.screen.live
	v.Message = textOf(s.data[s.current]["error_message"])
	for _, p := range sc.parts() {
		if p.Name != "" {
			p.Invalid = s.invalid[p.Name]
			v.Fields = append(v.Fields, p.field())
		}
		v.Parts = append(v.Parts, PartView{p.Key, p.html()})
	}
	for _, name := range sc.screen.declared {
		if _, given := s.data[s.current][name]; !given {
			sc.note("The screen declares the data %q, which it was not given.", name)
		}
	}
	v.Notes = *sc.notes
	return v
}

func (p *part) html() string {
	var w bytes.Buffer
	if err := drawn.Execute(&w, p); err != nil { // a value that the template cannot show
		return `<p class="flow-note">` + template.HTMLEscapeString(err.Error()) + `</p>`
	}
	return strings.TrimSpace(w.String())
}

func (p *part) field() FieldView {
	f := FieldView{Name: p.Name, Type: p.node.kind(), Label: p.Label, Required: p.Required, Disabled: p.Disabled, Value: p.Value}
	f.Selects = p.node.object("on-select-action") != nil || p.node.object("on-unselect-action") != nil
	for _, o := range p.Options {
		f.Options = append(f.Options, o.ID)
		f.Selects = f.Selects || o.node.object("on-select-action") != nil || o.node.object("on-unselect-action") != nil
	}
	return f
}

// parts are the components that the screen shows, in their order, the footer last.
func (sc scope) parts() []*part {
	var list []*part
	sc.collect(&list, sc.screen.children, nil, "")
	slices.SortStableFunc(list, func(a, b *part) int {
		return cmp.Compare(strconv.FormatBool(a.Kind == "footer"), strconv.FormatBool(b.Kind == "footer"))
	})
	return list
}

func (sc scope) collect(list *[]*part, children []node, form node, prefix string) {
	for i, n := range children {
		key := prefix + strconv.Itoa(i)
		if visible, has := n["visible"]; has && !truth(sc.value(visible)) {
			continue
		}
		switch n.kind() {
		case "Form":
			sc.collect(list, n.components("children"), n, key+"-")
		case "If":
			if sc.condition(n.text("condition")) {
				sc.collect(list, n.components("then"), form, key+"-then-")
			} else {
				sc.collect(list, n.components("else"), form, key+"-else-")
			}
		case "Switch":
			chosen := textOf(sc.value(n["value"]))
			sc.collect(list, nodes(n.object("cases")[chosen]), form, key+"-case-")
		case "NavigationList":
			sc.navigation(list, n, key)
		default:
			*list = append(*list, sc.part(n, form, key))
		}
	}
}

// text is a property that is a text, or an array of lines.
func (sc scope) text(n node, name string) string {
	v := sc.value(n[name])
	lines, isList := v.([]any)
	if !isList {
		return textOf(v)
	}
	texts := make([]string, len(lines))
	for i, line := range lines {
		texts[i] = textOf(line)
	}
	return strings.Join(texts, "\n")
}

func (sc scope) number(n node, name string) int {
	number, _ := numberOf(sc.value(n[name]))
	return int(min(max(number, 0), 1e6))
}

func (sc scope) list(n node, name string) (texts []string) {
	list, _ := sc.value(n[name]).([]any)
	for _, item := range list {
		texts = append(texts, textOf(item))
	}
	return texts
}

// textKinds are the components that show a text, and the kind for the template.
var textKinds = map[string]string{
	"TextHeading": "heading", "TextSubheading": "subheading", "TextBody": "body", "TextCaption": "caption", "RichText": "rich",
}

func (sc scope) part(n node, form node, key string) *part {
	p := &part{Key: key, Text: sc.text(n, "text"), Label: sc.text(n, "label"), node: n}
	if enabled, has := n["enabled"]; has {
		p.Disabled = !truth(sc.value(enabled))
	}
	switch kind := n.kind(); {
	case textKinds[kind] != "":
		p.Kind, p.Weight, p.Struck = textKinds[kind], sc.text(n, "font-weight"), truth(sc.value(n["strikethrough"]))
		if kind == "RichText" || truth(sc.value(n["markdown"])) {
			p.Markup = markdown(p.Text, kind == "RichText")
		}
	case kind == "Image":
		p.Kind, p.Alt, p.Width, p.Height = "image", sc.text(n, "alt-text"), sc.number(n, "width"), sc.number(n, "height")
		p.Image, p.Note = picture(sc.text(n, "src"))
	case kind == "ImageCarousel":
		p.Kind = "carousel"
		list, _ := sc.value(n["images"]).([]any)
		for _, image := range nodes(list) {
			o := &option{Alt: image.text("alt-text")}
			o.Image, o.Note = picture(image.text("src"))
			p.Options = append(p.Options, o)
		}
	case kind == "EmbeddedLink":
		p.Kind, p.action = "link", n.object("on-click-action")
	case kind == "Footer":
		p.Kind, p.Text, p.action = "footer", p.Label, n.object("on-click-action")
		for _, name := range []string{"left-caption", "center-caption", "right-caption"} {
			if caption := sc.text(n, name); caption != "" {
				p.Captions = append(p.Captions, caption)
			}
		}
	case isInput(kind):
		sc.input(p, form)
	default:
		p.Kind, p.Note = "note", fmt.Sprintf("The component %.80s is not drawn by the sandbox.", kind)
	}
	return p
}

// navigation are the items of a NavigationList, each of which can be pressed.
func (sc scope) navigation(list *[]*part, n node, key string) {
	if label := sc.text(n, "label"); label != "" {
		*list = append(*list, &part{Key: key + "-label", Kind: "subheading", Text: label, node: n})
	}
	items, _ := sc.value(n["list-items"]).([]any)
	raw := n.components("list-items")
	for i, item := range nodes(items) {
		content := item.object("main-content")
		p := &part{
			Key: key + "-" + strconv.Itoa(i), Kind: "item", Text: textOf(content["title"]), Detail: textOf(content["description"]),
			Help: textOf(content["metadata"]), node: n, action: n.object("on-click-action"),
		}
		if p.action == nil && i < len(raw) {
			p.action = raw[i].object("on-click-action")
		}
		if p.action == nil {
			p.action = item.object("on-click-action")
		}
		*list = append(*list, p)
	}
}

// input fills a part that is an input.
func (sc scope) input(p *part, form node) {
	n := p.node
	p.Name = n.text("name")
	p.Required = truth(sc.value(n["required"]))
	p.Help, p.Detail, p.custom = sc.text(n, "helper-text"), sc.text(n, "description"), sc.text(n, "error-message")
	if p.custom == "" {
		messages, _ := sc.value(form["error-messages"]).(map[string]any)
		p.custom = textOf(messages[p.Name])
	}
	p.Value = sc.formOf(sc.screen)[p.Name]
	switch n.kind() {
	case "TextInput":
		p.Kind, p.input, p.pattern = "text", sc.text(n, "input-type"), sc.text(n, "pattern")
		p.least, p.most = sc.number(n, "min-chars"), cmp.Or(sc.number(n, "max-chars"), 80)
		p.Type, p.Mode = inputType(p.input)
	case "TextArea":
		p.Kind, p.most = "area", cmp.Or(sc.number(n, "max-length"), 600)
	case "Dropdown":
		p.Kind = "dropdown"
	case "RadioButtonsGroup":
		p.Kind = "radio"
	case "CheckboxGroup":
		p.Kind, p.least, p.most = "checkbox", sc.number(n, "min-selected-items"), sc.number(n, "max-selected-items")
	case "ChipsSelector":
		p.Kind, p.least, p.most = "chips", sc.number(n, "min-selected-items"), sc.number(n, "max-selected-items")
	case "OptIn":
		p.Kind, p.action = "optin", n.object("on-click-action")
		p.Text, p.More = p.Label, p.action != nil
	case "DatePicker", "CalendarPicker":
		sc.dates(p)
	}
	if n["data-source"] != nil {
		p.Options = sc.options(n, p.Value)
		if len(p.Options) == 0 {
			sc.note("The field %q has no options.", p.Name)
		}
	}
}

func inputType(kind string) (typ, mode string) {
	switch kind {
	case "number":
		return "text", "decimal"
	case "email":
		return "email", ""
	case "password":
		return "password", ""
	case "passcode":
		return "password", "numeric"
	case "phone":
		return "tel", ""
	}
	return "text", ""
}

func (sc scope) dates(p *part) {
	n := p.node
	p.Kind = "date"
	p.Min, p.Max = dateText(sc.value(n["min-date"])), dateText(sc.value(n["max-date"]))
	for _, day := range sc.list(n, "unavailable-dates") {
		p.unavailable = append(p.unavailable, dateText(day))
	}
	p.days = sc.list(n, "include-days")
	if n.kind() == "DatePicker" || sc.text(n, "mode") != "range" {
		p.Value = cmp.Or(dateText(p.Value), textOf(p.Value))
		return
	}
	p.Range, p.least, p.most = true, sc.number(n, "min-days"), sc.number(n, "max-days")
	each := func(name string) node { object, _ := sc.value(n[name]).(map[string]any); return object }
	labels, helps, required := each("label"), each("helper-text"), each("required")
	p.Label, p.Help = cmp.Or(sc.text(n, "title"), "Dates"), ""
	p.Required = p.Required && (required == nil || truth(required["start-date"]) || truth(required["end-date"]))
	if messages := each("error-message"); messages != nil {
		p.custom = textOf(messages["start-date"])
	}
	value, isObject := p.Value.(map[string]any)
	if !isObject {
		value = make(map[string]any)
		p.Value = value
	}
	for _, name := range []string{"start-date", "end-date"} {
		label := "From"
		if name == "end-date" {
			label = "To"
		}
		p.Ends = append(p.Ends, &end{name, cmp.Or(textOf(labels[name]), label), textOf(helps[name]), textOf(value[name])})
	}
}

var colorForm = regexp.MustCompile(`^#?[0-9A-Fa-f]{6}$`)

// options are those of a field. Their actions are resolved when they run.
func (sc scope) options(n node, value any) (list []*option) {
	raw, _ := n["data-source"].([]any)
	if text, isText := n["data-source"].(string); isText {
		raw, _ = sc.resolve(text).([]any)
	}
	chosen, _ := value.([]any)
	for _, item := range nodes(raw) {
		o := &option{
			ID: sc.text(item, "id"), Title: sc.text(item, "title"), Detail: sc.text(item, "description"), Note: sc.text(item, "metadata"),
			Alt: sc.text(item, "alt-text"), node: item,
		}
		if enabled, has := item["enabled"]; has {
			o.Disabled = !truth(sc.value(enabled))
		}
		if image := sc.text(item, "image"); image != "" {
			o.Image, _ = picture(image)
		}
		if color := sc.text(item, "color"); colorForm.MatchString(color) {
			o.Color = "#" + strings.TrimPrefix(color, "#")
		}
		o.Chosen = value == any(o.ID) || slices.Contains(chosen, any(o.ID))
		list = append(list, o)
	}
	return list
}

// mostPicture bounds a picture, in bytes.
const mostPicture = 2 << 20

// picture returns the address of a picture that is given as base64, or says why it is
// not shown. Pictures from elsewhere are not loaded.
func picture(text string) (template.URL, string) {
	if prefix, after, found := strings.Cut(text, ";base64,"); found && strings.HasPrefix(prefix, "data:image/") {
		text = after
	}
	if len(text) > mostPicture*4/3 {
		return "", fmt.Sprintf("The picture is larger than %d bytes.", mostPicture)
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || len(data) == 0 {
		return "", "The picture is not base64."
	}
	kind := http.DetectContentType(data)
	if !slices.Contains([]string{"image/png", "image/jpeg", "image/webp", "image/gif"}, kind) {
		return "", "The picture is neither PNG, JPEG nor WebP."
	}
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)), "" //nolint:gosec // of a type that runs nothing
}
