package cloudapi

import (
	"encoding/json"
	"errors"

	"github.com/kirim-go/kirim"
)

// GraphError is what an error response of the Graph API says beside the fields of
// [kirim.Error].
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/error-handling
type GraphError struct {
	Subcode     int    `json:"error_subcode"`    // says more than the code, mostly of an access token; 0 for none
	Transient   bool   `json:"is_transient"`     // the same request may succeed later; whether a retry is safe is another question
	UserTitle   string `json:"error_user_title"` // for people, in their language; may be empty
	UserMessage string `json:"error_user_msg"`   // likewise
}

// GraphErrorOf returns it for an error of this package's calls. ok is false for
// any other error, and for a response that was not the Graph API's.
func GraphErrorOf(err error) (found GraphError, ok bool) {
	var e *kirim.Error
	if !errors.As(err, &e) || e == nil {
		return GraphError{}, false
	}
	var body struct {
		Error *struct {
			Code *json.Number `json:"code"`
			GraphError
		} `json:"error"`
	}
	if json.Unmarshal(e.Body, &body) != nil || body.Error == nil || body.Error.Code == nil {
		return GraphError{}, false
	}
	return body.Error.GraphError, true
}
