package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/kirim-go/kirim/internal/system"
)

// decodeResult reads a 2xx response into out. It returns nil when the response is
// what the call expects, or when nothing is expected and it reports no error.
//
// An error envelope is an error whatever the status; what carries the result
// wins over it. A response without what carries the result is not a result: a proxy, a
// login page or another system gave it, and the message may not be stored.
func (c *call) decodeResult() *Error {
	if c.status == http.StatusNoContent || c.status == http.StatusResetContent ||
		c.operation == remove && len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if err := c.decodeInto(); err != nil {
		return c.noResult(err)
	}
	return nil
}

// noResult finds out what a 2xx response is that could not be decoded.
func (c *call) noResult(err error) *Error {
	var reported *Error
	var missing system.Missing
	switch {
	case errors.As(err, &reported): // by an UnmarshalJSON of the caller's
		e := *reported
		return c.describe2xx(&e)
	case errors.Is(err, system.ErrFailed) || system.Reported(c.body):
		return c.describe2xx(c.decodeError(c.body))
	case len(bytes.TrimSpace(c.body)) == 0:
		return c.newInvalidResponse("the body is empty", nil)
	case errors.As(err, &missing):
		if c.operation == remove { // of which no vendor page shows the response
			return nil
		}
		return c.newInvalidResponse(missing.Error(), nil)
	}
	return c.newInvalidResponse("the body is not the JSON that was expected", err)
}

func (c *call) decodeInto() error {
	if result, ok := c.out.(system.Result); ok {
		return result.DecodeResult(c.body)
	}
	reported := system.Reported(c.body)
	if _, own := c.out.(json.Unmarshaler); reported && !own {
		return system.ErrFailed
	}
	switch out := c.out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = c.body
		return nil
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	err := json.Unmarshal(c.body, c.out)
	if err == nil && reported {
		err = system.ErrFailed
	}
	return err
}

// decodeError reads an error envelope.
func (c *call) decodeError(body []byte) *Error {
	if c.client.decode != nil {
		if e := c.client.decode(c.status, c.header, body); e != nil {
			return e
		}
	}
	return DecodeError(c.status, c.header, body)
}

// newInvalidResponse is the error for a 2xx response that cannot be used.
func (c *call) newInvalidResponse(message string, cause error) *Error {
	return c.describe2xx(&Error{Kind: KindInvalidResponse, Message: message, detail: message, cause: cause})
}

// describe2xx sets what an error says about the 2xx response that it came in.
func (c *call) describe2xx(e *Error) *Error {
	e.StatusCode = c.status
	e.Header = c.header
	e.Body = c.body
	if len(c.body) > maxErrorBody { // the error may live long: it must not keep all of the response alive
		e.Body = bytes.Clone(c.body[:maxErrorBody])
	}
	return e
}
