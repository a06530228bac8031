package inspector

import (
	"bytes"
	"cmp"
	"encoding/json"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/templatefill"
	"github.com/kirim-go/kirim/kirimtest"
)

// sentJSON is the body of a send, as far as the phone shows it. [kirim.OutboundMessage]
// decodes with more care, which takes several times as long.
type sentJSON struct {
	Text        bodyJSON            `json:"text"`
	Image       *fileJSON           `json:"image"`
	Video       *fileJSON           `json:"video"`
	Audio       *fileJSON           `json:"audio"`
	Sticker     *fileJSON           `json:"sticker"`
	Document    *fileJSON           `json:"document"`
	Location    *kirimtest.Location `json:"location"`
	Reaction    *reactionJSON       `json:"reaction"`
	Template    *filledJSON         `json:"template"`
	Interactive interactiveJSON     `json:"interactive"`
	Contacts    []cardJSON          `json:"contacts"`
}

type bodyJSON struct {
	Body string `json:"body"`
}

type fileJSON struct {
	Link     string `json:"link"`
	ID       string `json:"id"`
	Filename string `json:"filename"`
	Caption  string `json:"caption"`
}

type cardJSON struct {
	Name struct {
		Formatted string `json:"formatted_name"`
	} `json:"name"`
	Phones []struct {
		Phone string `json:"phone"`
	} `json:"phones"`
}

// filledJSON is a template with its values.
type filledJSON struct {
	Name       string          `json:"name"`
	Language   languageJSON    `json:"language"`
	Components []componentJSON `json:"components"`
}

type componentJSON struct {
	Type       string             `json:"type"`
	SubType    string             `json:"sub_type"`
	Index      templatefill.Index `json:"index"`
	Parameters []parameterJSON    `json:"parameters"`
	Cards      []struct {
		Components []componentJSON `json:"components"`
	} `json:"cards"`
}

// parameterJSON takes any value for its text: one of Meta's examples has true.
type parameterJSON struct {
	kirim.Parameter
	Text templatefill.Text `json:"text"`
}

// languageJSON is a text, or an object with a code.
type languageJSON string

func (l *languageJSON) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("{")) {
		return json.Unmarshal(data, (*string)(l))
	}
	var object struct {
		Code string `json:"code"`
	}
	err := json.Unmarshal(data, &object)
	*l = languageJSON(object.Code)
	return err
}

func (j *filledJSON) template() kirim.Template {
	return kirim.Template{Name: j.Name, Language: string(j.Language), Components: componentsOf(j.Components)}
}

func componentsOf(list []componentJSON) []kirim.Component {
	components := make([]kirim.Component, len(list))
	for i, j := range list {
		c := kirim.Component{Type: j.Type, SubType: j.SubType, Index: int(j.Index)}
		for _, p := range j.Parameters {
			p.Parameter.Text = string(p.Text)
			c.Parameters = append(c.Parameters, p.Parameter)
		}
		for _, card := range j.Cards {
			c.Cards = append(c.Cards, kirim.TemplateCard{Components: componentsOf(card.Components)})
		}
		components[i] = c
	}
	return components
}

// sent decodes the body of a send; a received message has none. A value of another
// type than expected is left out.
func (m *message) sent() (s sentJSON) {
	if !m.inbound {
		_ = json.Unmarshal(m.body, &s) // accepted, so a JSON object
	}
	return s
}

// outline is what a list shows of a send.
func (s *sentJSON) outline() string {
	text := cmp.Or(s.Text.Body, s.Interactive.Body.Text)
	if s.Template != nil {
		text = cmp.Or(text, s.Template.Name)
	}
	for _, file := range []*fileJSON{s.Image, s.Video, s.Document} {
		if file != nil {
			text = cmp.Or(text, file.Caption, file.Filename)
		}
	}
	if s.Reaction != nil {
		text = cmp.Or(text, s.Reaction.Emoji)
	}
	return text
}
