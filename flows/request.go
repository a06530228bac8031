package flows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Action says why a request was sent. Another value than the constants is from a
// newer version of WhatsApp.
type Action string

// What a [Request] may be about. Health checks ("ping") are handled by [Handler].
const (
	ActionInit         Action = "INIT"          // the user opened the flow
	ActionBack         Action = "BACK"          // the user went back from a screen with refresh_on_back, which Screen is
	ActionDataExchange Action = "data_exchange" // the user submitted a screen, or changed a component with an on-select-action

	actionPing Action = "ping"
)

// errRequest is of a payload that was decrypted and is something else.
var errRequest = errors.New("flows: what was decrypted is not a JSON object with an action")

// Request is a decrypted request. It shows nothing of what the user entered with
// %v and the like; its fields and its JSON do.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#data_exchange_request
type Request struct {
	// Version is that of the data API, such as "3.0".
	Version string `json:"version"`

	Action Action `json:"action"`

	// Screen is the one that was submitted. It may be empty for [ActionInit] and
	// [ActionBack].
	Screen string `json:"screen"`

	// Data is the JSON object that the screen submitted, for [Request.Decode]. It
	// may be empty for [ActionInit] and [ActionBack].
	Data json.RawMessage `json:"data"`

	// FlowToken is the one that you sent with the message that opened the flow: it
	// says whose flow this is, and should be impossible to guess.
	FlowToken string `json:"flow_token"`

	// FlowTokenSignature is a JWT over the token (HS256 with the app secret), from
	// data API 4.0 on. It is not checked here.
	FlowTokenSignature string `json:"flow_token_signature"`

	// KeyIndex is the index of the private key that decrypted the request. When it
	// has been 0 for all requests of some days, those after the first can go.
	KeyIndex int `json:"-"`

	// Raw is the whole payload, with fields that this package does not know.
	Raw json.RawMessage `json:"-"`
}

// Format shows nothing of the request, whatever the verb.
func (r Request) Format(f fmt.State, _ rune) { fmt.Fprint(f, "flows.Request") }

// LogValue shows nothing of the request, also as JSON.
func (r Request) LogValue() slog.Value { return slog.StringValue("flows.Request") }

// Decode decodes Data into v, as [json.Unmarshal] does. Without Data, as it may be
// for [ActionInit] and [ActionBack], it leaves v as it is. The text of the error
// names the field and the types, and nothing that the user entered.
func (r *Request) Decode(v any) error {
	if len(r.Data) == 0 {
		return nil
	}
	err := json.Unmarshal(r.Data, v)
	var typed *json.UnmarshalTypeError
	var invalid *json.InvalidUnmarshalError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typed):
		kind, _, _ := strings.Cut(typed.Value, " ") // "number 42" holds what was entered
		return fmt.Errorf("flows: data: field %q is a JSON %s, which does not fit into %v", typed.Field, kind, typed.Type)
	case errors.As(err, &invalid):
		return fmt.Errorf("flows: data: %w", invalid)
	}
	// A type of the caller's may have put the value into its error.
	return fmt.Errorf("flows: data: %d bytes of JSON do not fit into %T", len(r.Data), v)
}

// parseRequest reads a decrypted payload.
func parseRequest(plain []byte, keyIndex int) (*Request, error) {
	r := &Request{KeyIndex: keyIndex, Raw: plain}
	if err := json.Unmarshal(plain, r); err != nil || r.Action == "" {
		return nil, errRequest
	}
	if bytes.Equal(r.Data, []byte("null")) {
		r.Data = nil
	}
	return r, nil
}

// ErrorNotification is what WhatsApp sends when it could not use a response of
// yours: a screen that does not exist, a property that is missing.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/implementingyourflowendpoint#error_notification_request
type ErrorNotification struct {
	Key     string   // what was wrong, a key of Meta's
	Message string   // the same in words
	Request *Request // the whole notification: its Screen, Action and FlowToken are those of the response
}

// notification returns the error notification that a request is, and nil for any
// other. Meta's sample has the key in error, and its table in error_key. Both have
// error_message beside it, which is asked for as well, so that a screen may have a
// field named error.
func (r *Request) notification() *ErrorNotification {
	var data struct {
		Error    string  `json:"error"`
		ErrorKey string  `json:"error_key"`
		Message  *string `json:"error_message"`
	}
	if len(r.Data) == 0 || json.Unmarshal(r.Data, &data) != nil || data.Message == nil {
		return nil
	}
	n := &ErrorNotification{Key: data.Error, Message: *data.Message, Request: r}
	if n.Key == "" {
		n.Key = data.ErrorKey
	}
	if n.Key == "" {
		return nil
	}
	return n
}
