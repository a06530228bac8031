package flows

import (
	"encoding/json"
	"errors"
	"fmt"
)

// screenSuccess ends a flow. No screen may have this name.
const screenSuccess = "SUCCESS"

// Response says what the user sees next. [Next] and [Close] make one.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#data_exchange_request
type Response struct {
	// Screen is the ID of the screen in the Flow JSON; "SUCCESS" ends the flow.
	Screen string

	// Data is what the screen shows: a map, a struct, anything that is a JSON
	// object. Nil is an empty one.
	Data any

	// ErrorMessage is shown above the screen when it is not empty.
	ErrorMessage string

	// Params come with the message that ends the flow; only [Close] sets them.
	Params any
}

// Next leads to a screen and gives it its data, which must be a JSON object; nil
// is an empty one.
func Next(screen string, data any) *Response { return &Response{Screen: screen, Data: data} }

// Close ends the flow. The params, a JSON object or nil, come to you as
// response_json of the message that WhatsApp then sends on the user's behalf. The
// flow token, which Meta requires among them, is added unless you set flow_token.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#data_exchange_request
func Close(params any) *Response {
	if params == nil {
		params = struct{}{}
	}
	return &Response{Screen: screenSuccess, Params: params}
}

// WithErrorMessage returns a copy that also shows a message to the user: that a
// date is taken, that a number is too short. It is error_message in the data.
//
//	return flows.Next("APPOINTMENT", dates).WithErrorMessage("This date is taken."), nil
func (r *Response) WithErrorMessage(message string) *Response {
	changed := *r
	changed.ErrorMessage = message
	return &changed
}

// payload is a response as WhatsApp takes it.
type payload struct {
	Screen string `json:"screen,omitempty"`
	Data   any    `json:"data"`
}

// encode returns the JSON of a response to a request.
func (r *Response) encode(flowToken string) ([]byte, error) {
	switch {
	case r == nil:
		return nil, errors.New("flows: the callback returned neither a response nor an error")
	case r.Screen == "":
		return nil, errors.New("flows: response: the screen is empty")
	case r.Params != nil && r.Screen != screenSuccess:
		return nil, errors.New("flows: response: it has Params without the screen SUCCESS; Close makes such a response")
	case r.Params == nil && r.Screen == screenSuccess:
		return nil, errors.New("flows: response: SUCCESS is not a screen; Close ends a flow")
	case r.Params != nil && (r.Data != nil || r.ErrorMessage != ""):
		return nil, errors.New("flows: response: there is no screen to show data or an error message when a flow ends")
	case r.Params != nil:
		params, err := object("params", r.Params)
		if err != nil {
			return nil, err
		}
		if _, own := params["flow_token"]; !own {
			params["flow_token"] = quote(flowToken)
		}
		return json.Marshal(payload{r.Screen, map[string]any{"extension_message_response": map[string]any{"params": params}}})
	}
	data, err := object("data", r.Data)
	if err != nil {
		return nil, err
	}
	if r.ErrorMessage != "" {
		data["error_message"] = quote(r.ErrorMessage)
	}
	return json.Marshal(payload{r.Screen, data})
}

// object returns the members of the JSON object that v is. What encoding/json says
// may hold a value, and is not passed on.
func object(what string, v any) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("flows: response: %s, of type %T, cannot be encoded as JSON", what, v)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, fmt.Errorf("flows: response: %s, of type %T, is not a JSON object", what, v)
	}
	if members == nil { // of null
		members = make(map[string]json.RawMessage)
	}
	return members, nil
}

// quote returns a text as JSON.
func quote(text string) json.RawMessage {
	quoted, _ := json.Marshal(text) // a string always can be
	return quoted
}
