package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Actions of a request to the data endpoint.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#data_exchange_request
const (
	actionInit     = "INIT"
	actionBack     = "BACK"
	actionExchange = "data_exchange"
	actionPing     = "ping"
)

// request is what is encrypted for the data endpoint.
type request struct {
	Version   string         `json:"version"`
	Action    string         `json:"action"`
	Screen    string         `json:"screen,omitempty"`
	Data      map[string]any `json:"data,omitempty"`
	FlowToken string         `json:"flow_token,omitempty"`
}

// response is what the data endpoint returns.
type response struct {
	Screen string         `json:"screen"`
	Data   map[string]any `json:"data"`
}

// Session is a flow that somebody has opened. Its methods must not be called at the
// same time.
type Session struct {
	def      *Definition
	token    string
	endpoint *Endpoint // nil for none

	current string
	history []string // IDs of the screens before, oldest first
	data    map[string]map[string]any
	form    map[string]map[string]any // what was entered, by screen and field
	initial map[string]map[string]any // what fields begin with, likewise

	invalid map[string]string // what is wrong with fields, since the last try to go on
	failure string            // why the last action had no effect
	link    string            // of the last open_url
	disable bool              // the endpoint says that the token is no longer valid
	result  map[string]any    // what the flow returns, once it is complete
}

// Open describes how a message opens a flow.
type Open struct {
	Token    string
	Exchange bool   // ask the endpoint for the first screen
	Screen   string // the first screen; empty for the one that no other leads to
	Data     map[string]any
}

// InvalidError is that fields are not filled as their screen wants.
type InvalidError struct{ Fields map[string]string }

func (e *InvalidError) Error() string {
	first := slices.Sorted(maps.Keys(e.Fields))[0]
	return fmt.Sprintf("the field %.80q: %s", first, e.Fields[first])
}

// NewSession opens a flow. That the endpoint fails is no error: [Session.View] has the
// failure, and [Session.Retry] asks once more.
func NewSession(ctx context.Context, def *Definition, endpoint *Endpoint, o Open) (*Session, error) {
	s := &Session{def: def, token: o.Token, endpoint: endpoint}
	s.data, s.form, s.initial = make(map[string]map[string]any), make(map[string]map[string]any), make(map[string]map[string]any)
	if o.Exchange {
		s.exchange(ctx, request{Action: actionInit})
		return s, nil
	}
	first := o.Screen
	if first == "" {
		first = def.entry
	}
	if def.byID[first] == nil {
		return nil, fault("screen", "the message opens the screen %.80q; the flow has %s", first, strings.Join(def.Screens(), ", "))
	}
	s.enter(first, o.Data)
	return s, nil
}

// enter shows a screen with its data. One that is among those before is gone back to.
func (s *Session) enter(id string, data map[string]any) {
	if i := slices.Index(s.history, id); i >= 0 {
		s.history = s.history[:i]
	} else if s.current != "" && s.current != id {
		s.history = append(s.history, s.current)
	}
	if id != s.current {
		s.data[id] = make(map[string]any)
	}
	s.current = id
	s.update(data)
	s.invalid, s.failure, s.link = nil, "", ""
}

// update changes the data of the screen, and with it what its fields begin with.
func (s *Session) update(data map[string]any) {
	maps.Copy(s.data[s.current], data)
	sc := s.scope()
	initial := make(map[string]any, len(sc.screen.fields))
	for name, f := range sc.screen.fields {
		v := sc.value(f.node["init-value"])
		if v == nil {
			values, _ := sc.value(f.form["init-values"]).(map[string]any)
			v = values[name]
		}
		initial[name] = fitting(f.node.kind(), v)
	}
	s.initial[s.current] = initial
}

// scope is for the screen that is shown.
func (s *Session) scope() scope { return scope{s, s.def.byID[s.current], new([]string)} }

// formOf is what is in the fields of a screen: what was entered, and else what they
// begin with.
func (s *Session) formOf(at *screen) map[string]any {
	form := make(map[string]any, len(at.fields))
	for name, f := range at.fields {
		form[name] = fitting(f.node.kind(), s.initial[at.id][name])
		if entered, has := s.form[at.id][name]; has {
			form[name] = entered
		}
	}
	return form
}

// Set takes over what was entered into fields of the screen. The names are those of
// the inputs, and the values what the payload of the flow would have.
func (s *Session) Set(values map[string]json.RawMessage) error {
	at := s.def.byID[s.current]
	if at == nil {
		return errors.New("the flow shows no screen")
	}
	entered := make(map[string]any, len(values))
	for name, raw := range values {
		f, known := at.fields[name]
		if !known {
			return fault("values."+name, "the screen %s has no such field; it has %s", s.current, strings.Join(slices.Sorted(maps.Keys(at.fields)), ", "))
		}
		v, err := decodeValue(f.node.kind(), raw)
		if err != nil {
			return fault("values."+name, "%s", err)
		}
		if day := dateOf(textOf(v)); f.node.kind() == "DatePicker" && !day.IsZero() && !s.def.atLeast(5) {
			v = strconv.FormatInt(day.UnixMilli(), 10) // as such versions have dates
		}
		entered[name] = v
	}
	if s.form[s.current] == nil {
		s.form[s.current] = make(map[string]any)
	}
	maps.Copy(s.form[s.current], entered)
	for name := range entered {
		delete(s.invalid, name)
	}
	return nil
}

// Press presses what has this key, this text or this label on the screen. Empty is the
// footer, which checks the fields first: that one is wrong is an [*InvalidError].
func (s *Session) Press(ctx context.Context, what string) error {
	if err := s.open(); err != nil {
		return err
	}
	sc := s.scope()
	shown := sc.parts()
	i := slices.IndexFunc(shown, func(p *part) bool { return p.action != nil && (p.Key == what || what == "" && p.Kind == "footer") })
	if i < 0 {
		i = slices.IndexFunc(shown, func(p *part) bool { return p.action != nil && what != "" && (p.Text == what || p.Label == what) })
	}
	if i < 0 {
		var has []string
		for _, p := range shown {
			if p.action != nil {
				has = append(has, fmt.Sprintf("%.40q", p.Text))
			}
		}
		return fault("press", "nothing on the screen %s is named %.80q; it has %s", s.current, what, listed(has))
	}
	pressed := shown[i]
	if pressed.Disabled {
		return fault("press", "%.40q is disabled", pressed.Text)
	}
	if pressed.Kind == "footer" {
		if s.invalid = sc.check(shown); len(s.invalid) > 0 {
			return &InvalidError{s.invalid}
		}
	}
	s.act(ctx, sc, pressed.action)
	return nil
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nothing to press"
	}
	return strings.Join(names, ", ")
}

// open refuses what cannot be done any more.
func (s *Session) open() error {
	switch {
	case s.result != nil:
		return errors.New("the flow is complete")
	case s.disable:
		return errors.New("the flow is no longer valid: its endpoint responded 427")
	case s.current == "":
		return errors.New("the flow shows no screen")
	}
	return nil
}

// Select does what the screen does when something is chosen in a field: the action of
// the option that was chosen or given up, or that of the field. Without one it does
// nothing.
func (s *Session) Select(ctx context.Context, name, option string, chosen bool) error {
	if err := s.open(); err != nil {
		return err
	}
	sc := s.scope()
	shown := sc.parts()
	i := slices.IndexFunc(shown, func(p *part) bool { return p.Name == name })
	if i < 0 {
		return fault("select", "no field on the screen %s is named %.80q", s.current, name)
	}
	p := shown[i]
	event := "on-select-action"
	if !chosen {
		event = "on-unselect-action"
	}
	for _, o := range p.Options {
		if o.ID == option && o.node.object(event) != nil {
			s.act(ctx, sc, o.node.object(event))
			return nil
		}
	}
	action := p.node.object(event)
	if action == nil && !chosen && p.Kind != "optin" {
		action = p.node.object("on-select-action") // it stands for both where there is only one
	}
	if action != nil {
		s.act(ctx, sc, action)
	}
	return nil
}

// act does an action.
func (s *Session) act(ctx context.Context, sc scope, action node) {
	s.failure, s.link = "", ""
	payload, _ := sc.value(action["payload"]).(map[string]any)
	switch name := action.text("name"); name {
	case "navigate":
		s.enter(action.object("next").text("name"), payload)
	case "complete":
		s.complete(payload)
	case actionExchange:
		if payload == nil {
			payload = make(map[string]any)
		}
		s.exchange(ctx, request{Action: actionExchange, Screen: s.current, Data: payload})
	case "update_data":
		s.update(payload)
	case "open_url":
		url := textOf(sc.value(action["url"]))
		if url == "" {
			url = textOf(payload["url"])
		}
		s.link = url
	default:
		s.failure = fmt.Sprintf("The sandbox does not know the action %.80q.", name)
	}
}

// complete ends the flow with what it returns. The token is a part of it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/receiveflowresponse
func (s *Session) complete(params map[string]any) {
	s.result = map[string]any{"flow_token": s.token}
	maps.Copy(s.result, params)
}

// Back goes to the screen before. One with refresh_on_back asks the endpoint.
func (s *Session) Back(ctx context.Context) error {
	if err := s.open(); err != nil {
		return err
	}
	if len(s.history) == 0 {
		return fault("back", "%s is the first screen", s.current)
	}
	if s.def.byID[s.current].refreshOnBack && s.endpoint != nil {
		s.exchange(ctx, request{Action: actionBack, Screen: s.current, Data: make(map[string]any)})
		return nil
	}
	before := s.history[len(s.history)-1]
	s.history = s.history[:len(s.history)-1]
	s.current = before
	s.invalid, s.failure, s.link = nil, "", ""
	return nil
}

// Retry asks the endpoint for the first screen once more.
func (s *Session) Retry(ctx context.Context) error {
	if s.current != "" || s.result != nil || s.disable {
		return errors.New("the flow shows a screen")
	}
	s.exchange(ctx, request{Action: actionInit})
	return nil
}

// Result is what the flow returns, once it is complete, and nil before.
func (s *Session) Result() map[string]any { return s.result }

// Disabled reports whether the endpoint said that the token of the flow is no longer
// valid, with 427.
func (s *Session) Disabled() bool { return s.disable }

// exchange asks the endpoint, and shows the screen of its response.
func (s *Session) exchange(ctx context.Context, r request) {
	if s.endpoint == nil {
		s.failure = "The flow asks its data endpoint, and the sandbox knows none: give the flow an endpoint."
		return
	}
	r.Version, r.FlowToken = s.def.DataAPI, s.token
	if r.Version == "" {
		r.Version = "3.0"
	}
	got, err := s.endpoint.ask(ctx, r)
	var refused *EndpointError
	switch {
	case errors.As(err, &refused) && refused.Status == statusTokenInvalid:
		s.disable, s.failure = true, refused.Error()
		return
	case err != nil:
		s.failure = err.Error()
		return
	case got.Screen == success:
		s.succeed(ctx, r, got)
		return
	case got.Screen == "" && r.Action == actionExchange:
		got.Screen = r.Screen // for the same screen
	}
	if s.def.byID[got.Screen] == nil {
		s.refuse(ctx, r, "invalid-screen-transition", fmt.Sprintf("the response leads to the screen %.80q, which the flow does not have", got.Screen))
		return
	}
	s.enter(got.Screen, got.Data)
	if got.Data["error_message"] == nil {
		delete(s.data[s.current], "error_message") // of an earlier response
	}
}

// succeed ends the flow with the params of a response.
func (s *Session) succeed(ctx context.Context, r request, got response) {
	extension, _ := got.Data["extension_message_response"].(map[string]any)
	params, isObject := extension["params"].(map[string]any)
	if !isObject {
		s.refuse(ctx, r, "invalid-response", "a response with SUCCESS has no extension_message_response.params")
		return
	}
	if params["flow_token"] == nil {
		s.refuse(ctx, r, "invalid-response", "the params of a response with SUCCESS have no flow_token")
		return
	}
	s.complete(params)
}

// refuse shows what is wrong with a response, and reports it to the endpoint as
// WhatsApp does. The keys are assumed.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#error_notification_request
func (s *Session) refuse(ctx context.Context, r request, key, message string) {
	s.failure = "The endpoint's response cannot be used: " + message + "."
	r.Data = map[string]any{"error": key, "error_message": message}
	_, _ = s.endpoint.ask(ctx, r) // whatever it says to that
}
