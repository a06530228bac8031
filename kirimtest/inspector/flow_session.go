package inspector

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector/internal/flow"
)

//go:embed flow_unknown.gohtml
var unknownSource string

var unknownFlows = template.Must(template.New("unknown").Parse(unknownSource))

// openFlow is a flow that the customer of a message has opened.
type openFlow struct {
	mu      sync.Mutex
	message *message
	send    flowSend
	name    string        // of the flow
	session *flow.Session // nil when the sandbox does not know the flow
	problem string        // why it does not
	reply   any           // the customer's message, once the flow is complete
}

// openView is an open flow in responses.
type openView struct {
	Message string `json:"message"` // ID of the message that opens the flow
	Flow    string `json:"flow"`    // its name
	Known   bool   `json:"known"`   // the sandbox has the definition
	flow.View
	Reply any `json:"reply,omitempty"` // the customer's message, once the flow is complete
}

// notFilled is that the fields of a flow are not filled as their screen wants.
type notFilled struct {
	problem problem
	view    openView
}

func (e *notFilled) Error() string { return e.problem.Message }

// view is for a response. o.mu is held.
func (o *openFlow) view() openView {
	v := openView{Message: o.message.id, Flow: o.name, Known: o.session != nil, Reply: o.reply}
	if o.session != nil {
		v.View = o.session.View()
		return v
	}
	v.Title, v.Completed, v.Fields = o.send.button, o.reply != nil, []flow.FieldView{}
	v.Parts = []flow.PartView{{Key: "unknown", HTML: o.unknown()}}
	return v
}

// unknownRow is a value that a flow without a definition returns.
type unknownRow struct {
	Name, Value string
	JSON        bool // the value is JSON, not a text
}

// unknown is the form for a flow that the sandbox does not know.
func (o *openFlow) unknown() string {
	shown := struct {
		Name, Problem string
		Rows          []unknownRow
		Blank         unknownRow
	}{Name: o.name, Problem: o.problem}
	for _, name := range slices.Sorted(maps.Keys(o.send.Data)) {
		row := unknownRow{Name: name}
		if text, isText := o.send.Data[name].(string); isText {
			row.Value = text
		} else {
			row.Value, row.JSON = string(mustJSON(o.send.Data[name])), true
		}
		shown.Rows = append(shown.Rows, row)
	}
	if len(shown.Rows) == 0 {
		shown.Rows = []unknownRow{{Name: "answer", Value: "yes"}}
	}
	var w bytes.Buffer
	if err := unknownFlows.Execute(&w, shown); err != nil { // texts alone
		return template.HTMLEscapeString(err.Error())
	}
	return w.String()
}

// flowMessage finds the message of a path, and how it opens a flow.
func (in *Inspector) flowMessage(r *http.Request) (*message, flowSend, error) {
	in.model.mu.Lock()
	defer in.model.mu.Unlock()
	m, err := in.find(r)
	if err != nil {
		return nil, flowSend{}, err
	}
	send, opens := in.flowOf(m)
	if !opens {
		return nil, send, errors.New("the message opens no flow")
	}
	return m, send, nil
}

// openFlow handles POST messages/{id}/flow: the customer opens the flow, from its
// beginning.
func (in *Inspector) openFlow(r *http.Request) (any, error) {
	m, send, err := in.flowMessage(r)
	if err != nil {
		return nil, err
	}
	if in.flows.hasEnded(m.id) {
		return nil, errors.New("the button is disabled, as the flow's endpoint responded 427")
	}
	o := &openFlow{message: m, send: send, name: send.id}
	if send.name != "" {
		o.name = send.name
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	known, has := in.knownFlow(send.id, send.name)
	if has {
		o.name = known.Name
		def, err := in.flows.parse(known)
		if err != nil {
			o.problem = err.Error()
		} else {
			phoneNumberID, _, _ := strings.Cut(m.chat, ":")
			o.session, err = flow.NewSession(r.Context(), def, in.endpointOf(known, phoneNumberID), send.Open)
			if err != nil {
				return nil, ofFlow(err)
			}
		}
	}
	in.flows.put(m.id, o)
	return in.after(o)
}

// after is the response to something that was done in a flow: when it is complete, the
// customer's message is sent. o.mu is held.
func (in *Inspector) after(o *openFlow) (any, error) {
	if o.session != nil && o.session.Disabled() && !in.flows.hasEnded(o.message.id) {
		in.flows.end(o.message.id)
		in.model.mu.Lock()
		if m := in.model.byID[o.message.id]; m != nil {
			in.model.redraw(m)
		}
		in.model.mu.Unlock()
	}
	if o.session != nil && o.session.Result() != nil && o.reply == nil {
		in.replyToFlow(o, o.session.Result())
	}
	return o.view(), nil
}

// replyToFlow sends what a flow returns as the customer. o.mu is held.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/receiveflowresponse
func (in *Inspector) replyToFlow(o *openFlow, result map[string]any) {
	phoneNumberID, customer, _ := strings.Cut(o.message.chat, ":")
	reply := kirimtest.Inbound{PhoneNumberID: phoneNumberID, Type: "interactive", ReplyTo: o.message.wamid, Object: flowReply("", "", mustJSON(result))}
	if checkPhone("", customer) == nil {
		reply.From = customer
	} else {
		reply.UserID = customer
	}
	o.reply = in.shown(in.sandbox.Receive(reply))
}

// flowRequest is the body of what is done in an open flow.
type flowRequest struct {
	Screen   string                     `json:"screen"` // the one that is meant; empty for whichever is shown
	Values   map[string]json.RawMessage `json:"values"`
	Press    string                     `json:"press"`
	Field    string                     `json:"field"`
	Option   string                     `json:"option"`
	Chosen   *bool                      `json:"chosen"`
	Response json.RawMessage            `json:"response"`

	// ShowErrors responds 200 with the errors of the fields, in place of 422.
	ShowErrors bool `json:"show_errors"`
}

// inFlow does something in the flow that a message has open.
func (in *Inspector) inFlow(r *http.Request, do func(*openFlow, flowRequest) error) (any, error) {
	m, _, err := in.flowMessage(r)
	if err != nil {
		return nil, err
	}
	var body flowRequest
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		if err := read(r, &body); err != nil {
			return nil, err
		}
	}
	o := in.flows.get(m.id)
	if o == nil {
		return nil, &problem{http.StatusConflict, "", "The flow is not open: open it with POST messages/ID/flow."}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.session != nil {
		if now := o.session.View().Screen; body.Screen != "" && body.Screen != now {
			return nil, &notFilled{problem{http.StatusConflict, "screen", "The flow shows another screen now."}, o.view()}
		}
		if len(body.Values) > 0 && o.session.Result() == nil {
			if err := o.session.Set(body.Values); err != nil {
				return nil, ofFlow(err)
			}
		}
	}
	err = do(o, body)
	var fields *flow.InvalidError
	switch {
	case errors.As(err, &fields) && body.ShowErrors:
		return o.view(), nil
	case errors.As(err, &fields):
		first := slices.Sorted(maps.Keys(fields.Fields))[0]
		return nil, &notFilled{problem{http.StatusUnprocessableEntity, "values." + first, fields.Fields[first]}, o.view()}
	case err != nil:
		return nil, ofFlow(err)
	}
	return in.after(o)
}

// known refuses a flow without a definition.
func (o *openFlow) known() (*flow.Session, error) {
	if o.session == nil {
		return nil, errors.New("the sandbox does not know the definition of the flow: it can only be completed, with flow/complete")
	}
	return o.session, nil
}

func (in *Inspector) getFlow(r *http.Request) (any, error) {
	return in.inFlow(r, func(*openFlow, flowRequest) error { return nil })
}

func (in *Inspector) closeFlow(r *http.Request) (any, error) {
	m, _, err := in.flowMessage(r)
	if err != nil {
		return nil, err
	}
	in.flows.drop(m.id)
	return map[string]string{"message": m.id}, nil
}

func (in *Inspector) setFlowValues(r *http.Request) (any, error) {
	return in.inFlow(r, func(o *openFlow, _ flowRequest) error { _, err := o.known(); return err })
}

func (in *Inspector) pressFlow(r *http.Request) (any, error) {
	return in.inFlow(r, func(o *openFlow, body flowRequest) error {
		session, err := o.known()
		if err != nil {
			return err
		}
		return session.Press(r.Context(), body.Press)
	})
}

func (in *Inspector) selectFlow(r *http.Request) (any, error) {
	return in.inFlow(r, func(o *openFlow, body flowRequest) error {
		session, err := o.known()
		if err != nil {
			return err
		}
		return session.Select(r.Context(), body.Field, body.Option, body.Chosen == nil || *body.Chosen)
	})
}

func (in *Inspector) backInFlow(r *http.Request) (any, error) {
	return in.inFlow(r, func(o *openFlow, _ flowRequest) error {
		session, err := o.known()
		if err != nil {
			return err
		}
		return session.Back(r.Context())
	})
}

func (in *Inspector) retryFlow(r *http.Request) (any, error) {
	return in.inFlow(r, func(o *openFlow, _ flowRequest) error {
		session, err := o.known()
		if err != nil {
			return err
		}
		return session.Retry(r.Context())
	})
}

// completeFlow ends a flow with a response of the caller's, whatever its screens are.
func (in *Inspector) completeFlow(r *http.Request) (any, error) {
	return in.inFlow(r, func(o *openFlow, body flowRequest) error {
		response := objectOf(body.Response)
		switch {
		case response == nil:
			return invalid("response", "want the JSON object that the flow returns")
		case o.reply != nil:
			return errors.New("the flow is complete")
		}
		if response["flow_token"] == nil {
			response["flow_token"] = o.send.Token
		}
		in.replyToFlow(o, response)
		return nil
	})
}
