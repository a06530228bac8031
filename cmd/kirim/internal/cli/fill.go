package cli

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/spf13/cobra"
)

// fillFlags are what a message fills into a template.
type fillFlags struct {
	language   string
	params     []string
	named      []string
	header     string
	buttons    []string
	components string
	definition string
}

func (f *fillFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.language, "language", "", "the `language` of the template, such as id or en_US")
	flags.StringArrayVar(&f.params, "param", nil, "the next `value` of the template's text: {{1}}, {{2}} …")
	flags.StringArrayVar(&f.named, "named-param", nil, "a value of the template's text by its name, as `NAME=VALUE`")
	flags.StringVar(&f.header, "header", "", "what the template's header `shows`: text:VALUE, image:REF, video:REF or document:REF; REF is a link or id:MEDIA_ID")
	flags.StringArrayVar(&f.buttons, "button", nil, "what a `button` adds: INDEX=url:SUFFIX, INDEX=payload:VALUE or INDEX=code:VALUE; the first is 0")
	flags.StringVar(&f.components, "components", "", "the components of the template in this JSON `file`, in place of the flags for them; - is standard input")
	flags.StringVar(&f.definition, "definition", "", "check against the template in this JSON `file`, as kirim templates get --json prints it, not that of the account")
}

// template returns the template with what the flags fill in.
func (f *fillFlags) template(a *app.App, name string) (kirim.Template, error) {
	t := kirim.Template{Name: name, Language: f.language}
	if t.Language == "" {
		return t, missingLanguage()
	}
	if f.components != "" {
		if len(f.params)+len(f.named)+len(f.buttons) > 0 || f.header != "" {
			return t, app.Usagef("--components holds all components: leave out --param, --named-param, --header and --button")
		}
		return t, f.readComponents(a, &t)
	}
	if f.header != "" {
		header, err := headerComponent(f.header)
		if err != nil {
			return t, err
		}
		t.Components = append(t.Components, header)
	}
	switch {
	case len(f.params) > 0 && len(f.named) > 0:
		return t, app.Usagef("a template has --param or --named-param, not both")
	case len(f.params) > 0:
		t.Components = append(t.Components, kirim.FillBody(f.params...))
	case len(f.named) > 0:
		var params []kirim.Parameter
		for _, pair := range f.named {
			name, value, found := strings.Cut(pair, "=")
			if !found || name == "" {
				return t, app.Usagef("--named-param is not NAME=VALUE")
			}
			params = append(params, kirim.NamedTextParameter(name, value))
		}
		t.Components = append(t.Components, kirim.FillBodyParameters(params...))
	}
	for _, button := range f.buttons {
		component, err := buttonComponent(button)
		if err != nil {
			return t, err
		}
		t.Components = append(t.Components, component)
	}
	return t, nil
}

func (f *fillFlags) readComponents(a *app.App, t *kirim.Template) error {
	text, err := a.ReadInput(f.components, largestMessage)
	if err != nil {
		return err
	}
	// The reader of messages loses nothing of the components.
	body, err := json.Marshal(map[string]any{
		"to": "", "type": "template",
		"template": map[string]any{"name": t.Name, "language": t.Language, "components": json.RawMessage(text)},
	})
	if err != nil {
		return app.Usagef("%s is not valid JSON", inputName(f.components))
	}
	var message kirim.OutboundMessage
	if err := decodeMessage(body, "", &message); err != nil {
		return app.Usagef("%s: %w", inputName(f.components), err)
	}
	filled, ok := message.Content.(kirim.Template)
	if !ok {
		return app.WithHint(app.Usagef("%s has fields that no component is known to have", inputName(f.components)), "send the whole message with --message")
	}
	*t = filled
	return nil
}

// mediaHeaders make the header of a kind from a link or from a media ID.
var mediaHeaders = map[string]struct{ link, id func(string) kirim.Component }{
	"image": {kirim.FillHeaderImage, kirim.FillHeaderImageID},
	"video": {kirim.FillHeaderVideo, kirim.FillHeaderVideoID},
	"document": {
		func(link string) kirim.Component { return kirim.FillHeaderDocument(link, "") },
		func(id string) kirim.Component { return kirim.FillHeaderDocumentID(id, "") },
	},
}

func headerComponent(flag string) (kirim.Component, error) {
	kind, ref, _ := strings.Cut(flag, ":")
	if kind == "text" {
		return kirim.FillHeaderText(ref), nil
	}
	header, known := mediaHeaders[kind]
	if !known {
		return kirim.Component{}, app.WithHint(app.Usagef("--header begins neither with text:, image:, video: nor document:"), "give other headers with --components")
	}
	link, id, file := mediaReference(ref)
	switch {
	case file != "":
		return kirim.Component{}, app.Usagef("the media of --header is neither an https link nor id:MEDIA_ID")
	case id != "":
		return header.id(id), nil
	}
	return header.link(link), nil
}

func buttonComponent(flag string) (kirim.Component, error) {
	number, fill, found := strings.Cut(flag, "=")
	index, err := strconv.Atoi(number)
	if !found || err != nil {
		return kirim.Component{}, app.Usagef("--button is not INDEX=KIND:VALUE, such as 0=url:A-17")
	}
	kind, value, _ := strings.Cut(fill, ":")
	switch kind {
	case "url":
		return kirim.ButtonURL(index, value), nil
	case "payload":
		return kirim.ButtonQuickReply(index, value), nil
	case "code":
		return kirim.ButtonCopyCode(index, value), nil
	}
	return kirim.Component{}, app.WithHint(app.Usagef("the kind of --button is neither url, payload nor code"), "give other buttons with --components")
}

func missingLanguage() error {
	return app.WithHint(app.Usagef("--language is missing"), "kirim templates list shows names and languages")
}
