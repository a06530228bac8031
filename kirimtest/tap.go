package kirimtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kirim-go/kirim/internal/templatefill"
)

// Choice is something that a customer can tap in a message to send a reply: a reply
// button, a row of a list or a quick reply of a template.
type Choice struct {
	ID          string // of the button or row; of a quick reply the payload, by default its text
	Text        string
	Description string // of a row
	Type        string // "button_reply", "list_reply", or "button" for a quick reply of a template
	Card        int    // from 1 in a carousel; 0 outside
	Index       int    // from 0 among the buttons of the message or card, or the rows of the list
}

// Choices returns what the customer can tap in a sent message, named by its ID or
// WAMID: nothing when there is no such message. Links, calls and copied codes are
// not among them, as they send no reply.
func (s *Server) Choices(messageID string) []Choice {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	m := s.state.sentMessage(messageID)
	if m == nil {
		return nil
	}
	return s.state.choices(m.sent)
}

// Tap lets the customer choose from a sent message, named by its ID or WAMID, and
// returns the reply as [Server.Receive] does. The choice is named by its ID or, if
// none has that, by its Text. A message or choice that does not exist is an error, as
// is a message to a group or to a user id.
func (s *Server) Tap(messageID, choice string) (Inbound, error) {
	s.state.mu.Lock()
	m := s.state.sentMessage(messageID)
	var choices []Choice
	if m != nil {
		choices = s.state.choices(m.sent)
	}
	s.state.mu.Unlock()
	switch {
	case m == nil:
		return Inbound{}, fmt.Errorf("kirimtest: Tap: no message has the ID or WAMID %.100q", messageID)
	case m.sent.To == "" || m.sent.Group:
		return Inbound{}, fmt.Errorf("kirimtest: Tap: want a message to a phone number, got one to a user id or a group")
	}
	i := slices.IndexFunc(choices, func(c Choice) bool { return c.ID == choice })
	if i < 0 {
		i = slices.IndexFunc(choices, func(c Choice) bool { return c.Text == choice })
	}
	if i < 0 {
		texts := make([]string, len(choices))
		for n, c := range choices {
			texts[n] = fmt.Sprintf("%.40q", c.Text)
		}
		return Inbound{}, fmt.Errorf("kirimtest: Tap: the message has no choice %.100q; it has: %s", choice, cmp.Or(strings.Join(texts, ", "), "none"))
	}
	chosen := choices[i]
	reply := Inbound{From: m.sent.To, PhoneNumberID: m.sent.PhoneNumberID, ReplyTo: m.sent.WAMID}
	if chosen.Type == "button" {
		reply.Button = &ButtonReply{Payload: chosen.ID, Text: chosen.Text}
	} else {
		reply.Interactive = &InteractiveReply{Type: chosen.Type, ID: chosen.ID, Title: chosen.Text, Description: chosen.Description}
	}
	return s.Receive(reply), nil
}

// sentMessage returns a send that is kept, by its ID or WAMID, or nil. st.mu is held.
func (st *state) sentMessage(id string) *message {
	if m, found := st.outbound.get(id); found {
		return m
	}
	m, _ := st.outbound.get(st.wamids[id].messageID)
	return m
}

// choices reads what can be tapped from the body of a send. st.mu is held.
func (st *state) choices(m *Message) []Choice {
	switch m.Type {
	case "interactive":
		return interactiveChoices(m.Body)
	case "template":
		return st.templateChoices(m)
	}
	return nil
}

type replyJSON struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type replyButtonJSON struct {
	Reply      *replyJSON `json:"reply"`
	QuickReply *replyJSON `json:"quick_reply"`
}

// interactiveChoices are the reply buttons, the rows and the replies on cards. That
// a reply on a card is a button_reply is assumed.
func interactiveChoices(body []byte) (choices []Choice) {
	var send struct {
		Interactive struct {
			Action struct {
				Buttons  []replyButtonJSON `json:"buttons"`
				Sections []struct {
					Rows []replyJSON `json:"rows"`
				} `json:"sections"`
				Cards []struct {
					Action struct {
						Buttons []replyButtonJSON `json:"buttons"`
					} `json:"action"`
				} `json:"cards"`
			} `json:"action"`
		} `json:"interactive"`
	}
	_ = json.Unmarshal(body, &send) // what does not fit offers nothing to tap
	action := &send.Interactive.Action
	addButtons := func(card int, buttons []replyButtonJSON) {
		for i, b := range buttons {
			if reply := cmp.Or(b.Reply, b.QuickReply); reply != nil {
				choices = append(choices, Choice{ID: reply.ID, Text: reply.Title, Type: "button_reply", Card: card, Index: i})
			}
		}
	}
	addButtons(0, action.Buttons)
	row := 0
	for _, section := range action.Sections {
		for _, r := range section.Rows {
			choices = append(choices, Choice{ID: r.ID, Text: r.Title, Description: r.Description, Type: "list_reply", Index: row})
			row++
		}
	}
	for i, card := range action.Cards {
		addButtons(i+1, card.Action.Buttons)
	}
	return choices
}

type filledJSON struct {
	Type       string              `json:"type"`
	SubType    string              `json:"sub_type"`
	Index      *templatefill.Index `json:"index"`
	Parameters []struct {
		Payload string `json:"payload"`
	} `json:"parameters"`
	Cards []struct {
		Components []filledJSON `json:"components"`
	} `json:"cards"`
}

// templateChoices are the quick replies of a template, with the payloads of the
// message. st.mu is held.
func (st *state) templateChoices(m *Message) (choices []Choice) {
	var send struct {
		Template struct {
			Name     string          `json:"name"`
			Language json.RawMessage `json:"language"`
			Filled   []filledJSON    `json:"components"`
		} `json:"template"`
	}
	if json.Unmarshal(m.Body, &send) != nil {
		return nil
	}
	t := st.findTemplate(send.Template.Name, languageOf(send.Template.Language))
	if t == nil {
		return nil
	}
	parts, _ := templatefill.ParseParts(t.Components)
	add := func(card int, parts []templatefill.Part, filled []filledJSON) {
		buttons, _ := templatefill.Definition{Parts: parts}.Part("buttons")
		for i, b := range buttons.Buttons {
			if !strings.EqualFold(b.Type, "quick_reply") {
				continue
			}
			c := Choice{ID: b.Text, Text: b.Text, Type: "button", Card: card, Index: i}
			for _, f := range filled {
				if strings.EqualFold(f.Type, "button") && f.Index != nil && int(*f.Index) == i && len(f.Parameters) > 0 {
					c.ID = cmp.Or(f.Parameters[0].Payload, c.ID)
				}
			}
			choices = append(choices, c)
		}
	}
	add(0, parts, send.Template.Filled)
	carousel, _ := templatefill.Definition{Parts: parts}.Part("carousel")
	i := slices.IndexFunc(send.Template.Filled, func(f filledJSON) bool { return strings.EqualFold(f.Type, "carousel") })
	for n, card := range carousel.Cards {
		var filled []filledJSON
		if i >= 0 && n < len(send.Template.Filled[i].Cards) {
			filled = send.Template.Filled[i].Cards[n].Components
		}
		add(n+1, card.Components, filled)
	}
	return choices
}

// languageOf reads a language of a send: a text, or an object with its code.
func languageOf(data json.RawMessage) string {
	var object struct {
		Code string `json:"code"`
	}
	if bytes.HasPrefix(data, []byte("{")) && json.Unmarshal(data, &object) == nil {
		return object.Code
	}
	var code string
	_ = json.Unmarshal(data, &code)
	return code
}
