package inspector

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

//go:embed bubble.gohtml
var bubbleSource string

var bubbles = template.Must(template.New("bubble").Parse(bubbleSource))

// bubble is a message, or a card of one, as a customer sees it.
type bubble struct {
	Message  string // ID of the message, for its choices
	Card     int    // from 1; 0 for the message itself
	Revoked  bool
	Header   string
	Media    *media
	Offer    string
	Body     template.HTML
	Location *location
	Contacts []person
	Footer   string
	Buttons  []button
	List     *list
	Flow     *flowButton
	Cards    []bubble
	Reaction string
	Reply    *flowResult
	JSON     string // of what has no form of its own
}

type media struct {
	Kind, Link, Name, Detail string
	Own                      bool // a file of the sandbox, to be shown at once
}

type location struct{ Name, Address, Place, Map string }

type person struct{ Name, Detail string }

type button struct {
	Text, Detail string
	Link         string // of a web page; empty for none
	Choice       string // what tapping it sends; empty for nothing
	Kind         string
	Flow         bool // opens the flow of the message
	Disabled     bool
}

type list struct {
	Button   string
	Sections []section
}

type section struct {
	Title string
	Rows  []row
}

type row struct{ ID, Title, Description string }

// flowButton opens the flow of a message.
type flowButton struct {
	Button, Name, Screen string
	Disabled             bool
}

// flowResult is what a flow returned.
type flowResult struct {
	Body   string
	Values []flowValue
}

type flowValue struct{ Name, Value string }

// render is the HTML of a message. Every text in it is escaped, by html/template or
// by [kirim.TemplatePreview.HTML].
func (in *Inspector) render(m *message, sent *sentJSON) string {
	var shown bubble
	if m.inbound {
		shown = receivedBubble(m)
	} else {
		shown = in.sentBubble(m, sent)
	}
	if body, rest := shown.Body, shown; body != "" { // most are nothing but a text
		rest.Message, rest.Body = "", ""
		if reflect.ValueOf(rest).IsZero() {
			return string(body)
		}
	}
	var w bytes.Buffer
	if err := bubbles.Execute(&w, shown); err != nil { // a value that the template cannot show
		return template.HTMLEscapeString(err.Error())
	}
	return w.String()
}

// markup is a text with WhatsApp's markup.
func markup(text string) template.HTML {
	if text == "" {
		return ""
	}
	return template.HTML(kirim.TemplatePreview{Body: text}.HTML()) //nolint:gosec // HTML escapes the text
}

func receivedBubble(m *message) bubble {
	in := m.received
	b := bubble{Message: m.id, Body: markup(in.Text), Revoked: m.revoked}
	switch {
	case m.revoked:
		return bubble{Revoked: true}
	case in.Media != nil:
		b.Body = markup(in.Caption)
		kind := in.Type
		b.Media = &media{Kind: kind, Link: prefix + "api/messages/" + url.PathEscape(m.id) + "/file", Own: true,
			Name: in.Media.Filename, Detail: fmt.Sprintf("%s, %s", in.Media.ContentType, size(len(in.Media.Data)))}
	case in.Location != nil:
		b.Location = placed(in.Location.Latitude, in.Location.Longitude, in.Location.Name, in.Location.Address)
	case len(in.Contacts) > 0:
		for _, card := range in.Contacts {
			b.Contacts = append(b.Contacts, person{card.Name, cmp.Or(card.Phone, card.WAID)})
		}
	case in.Reaction != nil:
		b.Reaction = cmp.Or(in.Reaction.Emoji, "no reaction")
	case in.Button != nil:
		b.Body = markup(in.Button.Text)
	case in.Interactive != nil:
		b.Body, b.Footer = markup(in.Interactive.Title), in.Interactive.Description
	case len(in.Object) > 0:
		if b.Reply = resultOf(in.Object); b.Reply != nil {
			break
		}
		b.JSON = indented(in.Object)
	}
	return b
}

// resultOf is what the reply to a flow holds, and nil for another message.
func resultOf(object json.RawMessage) *flowResult {
	var reply struct {
		Type  string `json:"type"`
		Reply struct {
			Body     string `json:"body"`
			Response string `json:"response_json"`
		} `json:"nfm_reply"`
	}
	if json.Unmarshal(object, &reply) != nil || reply.Type != "nfm_reply" {
		return nil
	}
	var values map[string]json.RawMessage
	if json.Unmarshal([]byte(reply.Reply.Response), &values) != nil {
		return nil
	}
	result := &flowResult{Body: reply.Reply.Body}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var text string
		if json.Unmarshal(values[name], &text) != nil {
			text = string(values[name])
		}
		result.Values = append(result.Values, flowValue{name, text})
	}
	return result
}

func placed(latitude, longitude float64, name, address string) *location {
	place := strconv.FormatFloat(latitude, 'f', -1, 64) + ", " + strconv.FormatFloat(longitude, 'f', -1, 64)
	return &location{name, address, place, "geo:" + strings.ReplaceAll(place, " ", "")}
}

func size(n int) string {
	switch {
	case n < 1000:
		return strconv.Itoa(n) + " B"
	case n < 1_000_000:
		return strconv.Itoa(n/1000) + " kB"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func indented(data []byte) string {
	var w bytes.Buffer
	if json.Indent(&w, data, "", "  ") != nil {
		return string(data)
	}
	return w.String()
}

func (in *Inspector) sentBubble(m *message, sent *sentJSON) bubble {
	b := bubble{Message: m.id}
	files := map[string]*fileJSON{"image": sent.Image, "video": sent.Video, "audio": sent.Audio, "sticker": sent.Sticker, "document": sent.Document}
	switch file := files[m.kind]; {
	case m.kind == "text":
		b.Body = markup(sent.Text.Body)
	case file != nil:
		b.Media, b.Body = linked(m.kind, file), markup(file.Caption)
	case m.kind == "location" && sent.Location != nil:
		b.Location = placed(sent.Location.Latitude, sent.Location.Longitude, sent.Location.Name, sent.Location.Address)
	case m.kind == "reaction" && sent.Reaction != nil:
		b.Reaction = cmp.Or(sent.Reaction.Emoji, "no reaction")
	case m.kind == "template" && sent.Template != nil:
		in.showTemplate(&b, sent.Template)
	case m.kind == "contacts":
		for _, c := range sent.Contacts {
			card := person{Name: c.Name.Formatted}
			if len(c.Phones) > 0 {
				card.Detail = c.Phones[0].Phone
			}
			b.Contacts = append(b.Contacts, card)
		}
	case m.kind == "interactive":
		b.show(sent.Interactive, in.sandbox.Choices(m.id))
	default:
		var object map[string]json.RawMessage
		_ = json.Unmarshal(m.body, &object) // accepted, so a JSON object
		b.Header, b.JSON = m.kind, indented(object[m.kind])
	}
	if in.flows.hasEnded(m.id) {
		b.disableFlow()
	}
	return b
}

// disableFlow disables what opens the flow of a message, as its token is no longer valid.
func (b *bubble) disableFlow() {
	if b.Flow != nil {
		b.Flow.Disabled = true
	}
	for i := range b.Buttons {
		b.Buttons[i].Disabled = b.Buttons[i].Flow
	}
}

func linked(kind string, file *fileJSON) *media {
	return &media{Kind: kind, Link: webLink(file.Link), Name: cmp.Or(file.Filename, lastOf(file.Link), file.ID)}
}

// webLink is a link that a page may have; empty for any other.
func webLink(link string) string {
	if u, err := url.Parse(link); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return link
}

func lastOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return link
	}
	return cmp.Or(u.Path[strings.LastIndexByte(u.Path, '/')+1:], u.Host)
}

// showTemplate shows a template message by the definition of its template. model.mu is
// held.
func (in *Inspector) showTemplate(b *bubble, filled *filledJSON) {
	t := filled.template()
	preview, err := t.Preview(in.model.definition(t.Name, t.Language))
	if err != nil {
		b.Header, b.JSON = "Template "+t.Name, indented(mustJSON(t.Components))
		return
	}
	var choices []kirimtest.Choice
	if len(preview.Buttons) > 0 || len(preview.Cards) > 0 {
		choices = in.sandbox.Choices(b.Message)
	}
	b.showPreview(preview, choices)
}

// definition returns a template in this language, or else in any, or nil. mu is held.
func (m *model) definition(name, language string) *kirim.MessageTemplate {
	if m.definitions == nil {
		m.definitions = make(map[[2]string]*kirim.MessageTemplate)
		for _, known := range m.sandbox.Templates() {
			definition := definitionOf(known)
			m.definitions[[2]string{known.Name, known.Language}], m.definitions[[2]string{known.Name}] = definition, definition
		}
	}
	return cmp.Or(m.definitions[[2]string{name, language}], m.definitions[[2]string{name}])
}

// definitionOf has the components as they came, which a preview reads without encoding
// them first.
func definitionOf(t kirimtest.Template) *kirim.MessageTemplate {
	return &kirim.MessageTemplate{
		Name: t.Name, Language: t.Language, Category: kirim.TemplateCategory(t.Category), Status: kirim.TemplateStatus(t.Status),
		ParameterFormat: kirim.TemplateParameterFormat(t.ParameterFormat), Extra: map[string]json.RawMessage{"components": t.Components},
	}
}

func (b *bubble) showPreview(p kirim.TemplatePreview, choices []kirimtest.Choice) {
	if h := p.Header; h != nil {
		switch {
		case h.Kind == "text":
			b.Header = h.Text
		case h.Location != nil:
			b.Location = placed(h.Location.Latitude, h.Location.Longitude, h.Location.Name, h.Location.Address)
		case h.Product != nil:
			b.Media = &media{Kind: "product", Name: h.Product.RetailerID}
		default:
			b.Media = linked(h.Kind, &fileJSON{Link: h.Link, ID: h.ID, Filename: h.Filename})
		}
	}
	if p.Offer != nil {
		b.Offer = p.Offer.Text
		if !p.Offer.Expires.IsZero() {
			b.Offer += " — until " + p.Offer.Expires.Format("2 Jan 15:04 MST")
		}
	}
	b.Body, b.Footer = markup(p.Body), p.Footer
	for i, shown := range p.Buttons {
		b.Buttons = append(b.Buttons, button{
			Text: shown.Text, Link: webLink(shown.URL), Detail: cmp.Or(shown.PhoneNumber, shown.Code), Kind: shown.Type,
			Choice: choiceAt(choices, b.Card, i), Flow: shown.Type == "flow",
		})
	}
	for i, card := range p.Cards {
		shown := bubble{Message: b.Message, Card: i + 1}
		shown.showPreview(card, choices)
		b.Cards = append(b.Cards, shown)
	}
}

func choiceAt(choices []kirimtest.Choice, card, index int) string {
	for _, c := range choices {
		if c.Card == card && c.Index == index {
			return c.ID
		}
	}
	return ""
}

type textJSON struct {
	Text string `json:"text"`
}

type headerJSON struct {
	Type     string    `json:"type"`
	Text     string    `json:"text"`
	Image    *fileJSON `json:"image"`
	Video    *fileJSON `json:"video"`
	Document *fileJSON `json:"document"`
}

type actionJSON struct {
	Name       string `json:"name"`
	Button     string `json:"button"`
	Parameters struct {
		DisplayText string `json:"display_text"`
		URL         string `json:"url"`
		FlowName    string `json:"flow_name"`
		FlowID      string `json:"flow_id"`
		FlowButton  string `json:"flow_cta"`
		Payload     struct {
			Screen string `json:"screen"`
		} `json:"flow_action_payload"`
	} `json:"parameters"`
	Buttons []struct {
		Reply      *choiceJSON `json:"reply"`
		QuickReply *choiceJSON `json:"quick_reply"`
	} `json:"buttons"`
	Sections []struct {
		Title string       `json:"title"`
		Rows  []choiceJSON `json:"rows"`
	} `json:"sections"`
	Cards []interactiveJSON `json:"cards"`
}

type choiceJSON struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type interactiveJSON struct {
	Type   string      `json:"type"`
	Header *headerJSON `json:"header"`
	Body   textJSON    `json:"body"`
	Footer textJSON    `json:"footer"`
	Action actionJSON  `json:"action"`
}

func (b *bubble) show(i interactiveJSON, choices []kirimtest.Choice) {
	if h := i.Header; h != nil {
		b.Header = h.Text
		for kind, file := range map[string]*fileJSON{"image": h.Image, "video": h.Video, "document": h.Document} {
			if file != nil {
				b.Media = linked(kind, file)
			}
		}
	}
	b.Body, b.Footer = markup(i.Body.Text), i.Footer.Text
	action, with := i.Action, i.Action.Parameters
	if with.URL != "" || with.DisplayText != "" {
		b.Buttons = append(b.Buttons, button{Text: with.DisplayText, Link: webLink(with.URL), Detail: with.URL, Kind: "url"})
	}
	for n, reply := range action.Buttons {
		if r := cmp.Or(reply.Reply, reply.QuickReply); r != nil {
			b.Buttons = append(b.Buttons, button{Text: r.Title, Choice: cmp.Or(choiceAt(choices, b.Card, n), r.ID), Kind: "reply"})
		}
	}
	if len(action.Sections) > 0 && action.Button != "" {
		b.List = &list{Button: action.Button}
		for _, s := range action.Sections {
			shown := section{Title: s.Title}
			for _, r := range s.Rows {
				shown.Rows = append(shown.Rows, row(r))
			}
			b.List.Sections = append(b.List.Sections, shown)
		}
	}
	if with.FlowButton != "" {
		b.Flow = &flowButton{Button: with.FlowButton, Name: cmp.Or(with.FlowName, with.FlowID), Screen: with.Payload.Screen}
	}
	for n, card := range action.Cards {
		shown := bubble{Message: b.Message, Card: n + 1}
		shown.show(card, choices)
		b.Cards = append(b.Cards, shown)
	}
	if b.List == nil && b.Flow == nil && len(b.Buttons) == 0 && len(b.Cards) == 0 {
		b.Buttons = append(b.Buttons, button{Text: cmp.Or(action.Name, i.Type), Kind: "other"})
	}
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil { // a type of ours that cannot be JSON
		panic("inspector: " + err.Error())
	}
	return data
}
