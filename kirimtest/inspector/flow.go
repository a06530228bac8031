package inspector

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector/internal/flow"
)

// flowJSON is a flow in a request, and in a scenario with its ID.
type flowJSON struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Definition json.RawMessage `json:"definition"` // Flow JSON
	Endpoint   string          `json:"endpoint"`
	PublicKey  string          `json:"public_key"`
	AppSecret  string          `json:"app_secret"`
}

func (in *Inspector) checkFlow(j flowJSON) (kirimtest.Flow, error) {
	f := kirimtest.Flow{ID: cmp.Or(j.ID, j.Name), Name: j.Name, JSON: j.Definition, Endpoint: j.Endpoint, PublicKey: j.PublicKey, AppSecret: j.AppSecret}
	if n := utf8.RuneCountInString(f.ID); n < 1 || n > 200 {
		return f, invalid("id", "want 1 to 200 characters, got %d", n)
	}
	if n := utf8.RuneCountInString(f.Name); n > 200 {
		return f, invalid("name", "want at most 200 characters, got %d", n)
	}
	if len(j.Definition) == 0 {
		return f, invalid("definition", "want the definition of the flow: Flow JSON")
	}
	if _, err := flow.Parse(j.Definition); err != nil {
		return f, ofFlow(err)
	}
	if f.Endpoint != "" {
		if err := (&flow.Endpoint{URL: f.Endpoint, Hosts: in.config.FlowHosts}).CheckURL(); err != nil {
			return f, invalid("endpoint", "%s", err)
		}
	}
	if f.PublicKey != "" {
		if err := flow.CheckKey(f.PublicKey); err != nil {
			return f, invalid("public_key", "%s", err)
		}
	}
	return f, nil
}

// ofFlow is an error of package flow as a response.
func ofFlow(err error) error {
	if wrong, isFault := err.(*flow.Fault); isFault { //nolint:errorlint // it is never wrapped
		return invalid(wrong.Where, "%s", wrong.Message)
	}
	return err
}

// flowView is a flow that the sandbox knows.
type flowView struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Version  string   `json:"version,omitempty"`
	Screens  []string `json:"screens,omitempty"`
	Endpoint string   `json:"endpoint,omitempty"`
	Problem  string   `json:"problem,omitempty"` // why it cannot be opened
}

func (in *Inspector) flowView(f kirimtest.Flow) flowView {
	v := flowView{ID: f.ID, Name: f.Name, Endpoint: f.Endpoint}
	def, err := in.flows.parse(f)
	if err != nil {
		v.Problem = err.Error()
		return v
	}
	v.Version, v.Screens = def.Version, def.Screens()
	return v
}

func (in *Inspector) flowViews() []flowView {
	list := []flowView{}
	for _, f := range in.sandbox.Flows() {
		list = append(list, in.flowView(f))
	}
	return list
}

func (in *Inspector) listFlows(*http.Request) (any, error) {
	return map[string]any{"flows": in.flowViews()}, nil
}

func (in *Inspector) putFlow(r *http.Request) (any, error) {
	var body flowJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	if body.ID != "" && body.ID != id {
		return nil, invalid("id", "want the ID that is in the path, or none")
	}
	body.ID = id
	f, err := in.checkFlow(body)
	if err != nil {
		return nil, err
	}
	in.sandbox.PutFlow(f)
	return in.flowView(f), nil
}

func (in *Inspector) deleteFlow(r *http.Request) (any, error) {
	if !in.sandbox.DeleteFlow(r.PathValue("id")) {
		return nil, notFound("flow")
	}
	return in.listFlows(r)
}

// pingFlow asks the endpoint of a flow for its health, as WhatsApp does.
func (in *Inspector) pingFlow(r *http.Request) (any, error) {
	f, known := in.knownFlow(r.PathValue("id"), "")
	if !known {
		return nil, notFound("flow")
	}
	if f.Endpoint == "" {
		return nil, invalid("endpoint", "the flow has no endpoint")
	}
	if err := in.endpointOf(f, in.sandbox.PhoneNumberID).Ping(r.Context()); err != nil {
		return nil, err
	}
	return map[string]string{"status": "active"}, nil
}

// knownFlow is the flow that a message names, by its ID or its name.
func (in *Inspector) knownFlow(id, name string) (kirimtest.Flow, bool) {
	all := in.sandbox.Flows()
	for _, wanted := range []string{id, name} {
		for _, of := range []func(kirimtest.Flow) string{func(f kirimtest.Flow) string { return f.ID }, func(f kirimtest.Flow) string { return f.Name }} {
			if i := slices.IndexFunc(all, func(f kirimtest.Flow) bool { return wanted != "" && of(f) == wanted }); i >= 0 {
				return all[i], true
			}
		}
	}
	return kirimtest.Flow{}, false
}

// endpointOf is the endpoint of a flow, nil for none.
func (in *Inspector) endpointOf(f kirimtest.Flow, phoneNumberID string) *flow.Endpoint {
	if f.Endpoint == "" {
		return nil
	}
	return &flow.Endpoint{
		URL: f.Endpoint, Hosts: in.config.FlowHosts, AppSecret: cmp.Or(f.AppSecret, in.sandbox.AppSecret),
		Key: func() string { return cmp.Or(f.PublicKey, in.sandbox.FlowKey(phoneNumberID)) },
	}
}

// flowSend is how a message opens a flow.
type flowSend struct {
	id, name, button string
	flow.Open
}

// flowOf reads how a message opens a flow. model.mu is held.
func (in *Inspector) flowOf(m *message) (flowSend, bool) {
	var decoded kirim.OutboundMessage
	if m.inbound || json.Unmarshal(m.body, &decoded) != nil {
		return flowSend{}, false
	}
	switch content := decoded.Content.(type) {
	case kirim.Flow:
		send := flowSend{id: content.ID, name: content.Name, button: content.Button}
		send.Open = flow.Open{Token: content.Token, Exchange: content.Action == kirim.FlowDataExchange, Screen: content.Screen}
		send.Data = objectOf(content.Data)
		return send.withToken(), true
	case kirim.Template:
		return in.flowOfTemplate(content)
	}
	return flowSend{}, false
}

// withToken has Meta's default where a message has no token.
func (s flowSend) withToken() flowSend {
	s.Token = cmp.Or(s.Token, "unused")
	return s
}

// objectOf is a JSON object with its numbers as they are written; nil for anything else.
func objectOf(data json.RawMessage) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var object map[string]any
	_ = decoder.Decode(&object) // what is none stays nil
	return object
}

// flowOfTemplate finds the button of a template that opens a flow. model.mu is held.
func (in *Inspector) flowOfTemplate(t kirim.Template) (send flowSend, found bool) {
	var parts []struct {
		Type    string `json:"type"`
		Buttons []struct {
			Type   string `json:"type"`
			Text   string `json:"text"`
			ID     string `json:"flow_id"`
			Name   string `json:"flow_name"`
			Action string `json:"flow_action"`
			Screen string `json:"navigate_screen"`
		} `json:"buttons"`
	}
	for _, known := range in.sandbox.Templates() {
		if known.Name == t.Name && known.Language == t.Language {
			_ = json.Unmarshal(known.Components, &parts) // other shapes have no button
		}
	}
	for _, part := range parts {
		for _, b := range part.Buttons {
			if !found && strings.EqualFold(b.Type, "flow") {
				found = true
				send = flowSend{id: b.ID, name: b.Name, button: b.Text}
				send.Exchange, send.Screen = b.Action == string(kirim.FlowDataExchange), b.Screen
			}
		}
	}
	for _, c := range t.Components {
		for _, p := range c.Parameters {
			if strings.EqualFold(c.SubType, "flow") && p.Action != nil {
				send.Token, send.Data = p.Action.FlowToken, objectOf(p.Action.FlowActionData)
			}
		}
	}
	return send.withToken(), found
}

// mostOpen bounds the flows that are open at once, and mostEnded those of which it is
// known that their token is no longer valid.
const (
	mostOpen  = 100
	mostEnded = 10_000
)

// flowDesk has the flows that are open, by message, and the definitions that were read.
type flowDesk struct {
	mu     sync.Mutex
	open   map[string]*openFlow
	order  []string // IDs of open, oldest first
	ended  map[string]bool
	parsed map[string]parsedFlow // by the ID of the flow
}

type parsedFlow struct {
	json json.RawMessage
	def  *flow.Definition
	err  error
}

func (d *flowDesk) parse(f kirimtest.Flow) (*flow.Definition, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known, has := d.parsed[f.ID]
	if !has || !bytes.Equal(known.json, f.JSON) {
		def, err := flow.Parse(f.JSON)
		known = parsedFlow{f.JSON, def, err}
		if d.parsed == nil || len(d.parsed) > mostEnded {
			d.parsed = make(map[string]parsedFlow)
		}
		d.parsed[f.ID] = known
	}
	return known.def, known.err
}

func (d *flowDesk) put(id string, o *openFlow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		d.open = make(map[string]*openFlow)
	}
	if d.open[id] == nil {
		d.order = append(d.order, id)
	}
	d.open[id] = o
	for len(d.order) > mostOpen {
		delete(d.open, d.order[0])
		d.order = d.order[1:]
	}
}

func (d *flowDesk) get(id string) *openFlow {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[id]
}

func (d *flowDesk) drop(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, id)
	d.order = slices.DeleteFunc(d.order, func(known string) bool { return known == id })
}

func (d *flowDesk) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open, d.order, d.ended = nil, nil, nil
}

// end notes that a flow can no longer be opened.
func (d *flowDesk) end(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended == nil || len(d.ended) >= mostEnded {
		d.ended = make(map[string]bool)
	}
	d.ended[id] = true
}

func (d *flowDesk) hasEnded(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended[id]
}
