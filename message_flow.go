package kirim

import "encoding/json"

// Flow is a text with a button that opens a flow, which is a form of several
// screens. The reply is an [InboundReply] with a [FlowReply]. Kirim does not
// document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/sendingaflow
type Flow struct {
	// Header is optional.
	Header Header
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// ID or Name names the flow. Exactly one of them is set.
	ID, Name string
	// Button is the label that opens the flow. Meta advises at most 30
	// characters and no emoji, and states no limit.
	Button string
	// Token identifies this send in what the flow's endpoint and the reply get;
	// Meta's default is "unused".
	Token string
	// Mode is [FlowDraft] to try a flow that is not published. Empty is
	// [FlowPublished].
	Mode FlowMode
	// Action is [FlowDataExchange] when the endpoint of the flow chooses the
	// first screen. Empty is [FlowNavigate].
	Action FlowAction
	// Screen is the id of the first screen, and Data, a JSON object that is not
	// empty, is what it gets. Both are for FlowNavigate only, and Data needs
	// Screen.
	Screen string
	Data   json.RawMessage
}

// FlowMode is the state of the flow that is sent.
type FlowMode string

// Modes of a [Flow].
const (
	FlowPublished FlowMode = "published"
	FlowDraft     FlowMode = "draft"
)

// FlowAction is what opening a flow does first.
type FlowAction string

// Actions of a [Flow].
const (
	FlowNavigate     FlowAction = "navigate"
	FlowDataExchange FlowAction = "data_exchange"
)

const (
	kindFlow = "flow"
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/sendingaflow
	flowMessageVersion = "3"
)

type wireFlow struct {
	MessageVersion string           `json:"flow_message_version"`
	ID             string           `json:"flow_id,omitempty"`
	Name           string           `json:"flow_name,omitempty"`
	Button         string           `json:"flow_cta"`
	Token          string           `json:"flow_token,omitempty"`
	Mode           FlowMode         `json:"mode,omitempty"`
	Action         FlowAction       `json:"flow_action,omitempty"`
	Payload        *wireFlowPayload `json:"flow_action_payload,omitempty"`
}

type wireFlowPayload struct {
	Screen string          `json:"screen,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

func (c Flow) kind() string { return "interactive/" + kindFlow }

func (c Flow) object(dialect) (any, error) {
	w := &wireFlow{
		MessageVersion: flowMessageVersion, ID: c.ID, Name: c.Name, Button: c.Button, Token: c.Token, Mode: c.Mode, Action: c.Action,
	}
	if c.Screen != "" || len(c.Data) > 0 {
		w.Payload = &wireFlowPayload{c.Screen, c.Data}
	}
	return &wireInteractive[wireNamed[wireFlow]]{
		Type: kindFlow, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireNamed[wireFlow]{kindFlow, w},
	}, nil
}

func (Flow) typed(w *wireInteractive[wireNamed[wireFlow]]) Flow {
	p := valueOf(valueOf(w.Action).Parameters)
	payload := valueOf(p.Payload)
	return Flow{
		Header: w.Header.typed(), Body: w.Body.typed(), Footer: w.Footer.typed(), ID: p.ID, Name: p.Name, Button: p.Button,
		Token: p.Token, Mode: p.Mode, Action: p.Action, Screen: payload.Screen, Data: payload.Data,
	}
}

func (c Flow) check(found *checker) {
	c.Header.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	path := interactivePath + ".action.parameters"
	if (c.ID == "") == (c.Name == "") {
		found.add(path, "exactly one of flow_id and flow_name", bothOrNeither(c.ID))
	}
	found.text(path+".flow_id", c.ID, limitNone)
	found.text(path+".flow_name", c.Name, limitNone)
	found.text(path+".flow_cta", c.Button, limitRequired)
	found.text(path+".flow_token", c.Token, limitNone)
	if c.Mode != "" && c.Mode != FlowPublished && c.Mode != FlowDraft {
		found.add(path+".mode", "published or draft", "another")
	}
	if c.Action != "" && c.Action != FlowNavigate && c.Action != FlowDataExchange {
		found.add(path+".flow_action", "navigate or data_exchange", "another")
	}
	path += ".flow_action_payload"
	found.text(path+".screen", c.Screen, limitNone)
	if c.Action == FlowDataExchange && (c.Screen != "" || len(c.Data) > 0) {
		found.add(path, "none with data_exchange", "some")
	}
	if len(c.Data) == 0 {
		return
	}
	if c.Screen == "" {
		found.add(path+".screen", "the screen that gets the data", "empty")
	}
	var data map[string]json.RawMessage
	switch {
	case !isJSONObject(c.Data):
		found.add(path+".data", "a JSON object", "something else")
	case json.Unmarshal(c.Data, &data) == nil && len(data) == 0:
		found.add(path+".data", "an object with members, or none", "an empty object")
	}
}
