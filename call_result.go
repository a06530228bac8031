package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/kirim-go/kirim/internal/system"
)

// Verdict is what a [ResponseJudge] says about a 2xx response.
type Verdict int

// The verdicts. Any other value is VerdictDefault.
const (
	VerdictDefault Verdict = iota // the rule of [Client.Do] decides
	VerdictSuccess                // it is a success, whatever that rule says
	VerdictFailure                // it reports an error, even beside a result
)

// ResponseJudge says whether a 2xx response is the success that its status
// claims. It gets the whole body, of at most 8 MiB, must not change it, and must
// be safe for concurrent use.
type ResponseJudge func(statusCode int, header http.Header, body []byte) Verdict

// decodeResult reads a 2xx response into out. It returns nil when the response is
// what the call expects, or when nothing is expected and it reports no error.
//
// An error envelope is an error whatever the status; what carries the result
// wins over it. A response without what carries the result is not a result: a proxy, a
// login page or another system gave it, and the message may not be stored.
func (c *call) decodeResult() *Error {
	empty := len(bytes.TrimSpace(c.body)) == 0
	if c.status == http.StatusNoContent || c.status == http.StatusResetContent || c.operation == remove && empty {
		return nil
	}
	verdict := VerdictDefault
	if judge := c.client.judge; judge != nil && !empty {
		verdict = judge(c.status, c.header, c.body)
	}
	failed := func() bool {
		return verdict == VerdictFailure || verdict != VerdictSuccess && system.Reported(c.body)
	}
	// What knows its result finds none in an error envelope, and is asked first.
	_, knows := c.out.(system.Result)
	if verdict == VerdictFailure || !knows && failed() {
		return c.describe2xx(c.decodeError(c.body))
	}
	err := c.decodeInto()
	switch {
	case err == nil:
		return nil
	case failed():
		return c.describe2xx(c.decodeError(c.body))
	case empty:
		return c.newInvalidResponse("the body is empty", nil)
	}
	var missing system.Missing
	switch isMissing := errors.As(err, &missing); {
	case !isMissing:
		return c.newInvalidResponse("the body is not the JSON that was expected", err)
	case c.operation == remove: // of which no vendor page shows the response
		return nil
	}
	return c.newInvalidResponse(missing.Error(), nil)
}

func (c *call) decodeInto() error {
	switch out := c.out.(type) {
	case nil:
		return nil
	case system.Result:
		return out.DecodeResult(c.body)
	case *[]byte:
		*out = c.body
		return nil
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	return json.Unmarshal(c.body, c.out)
}

// decodeError reads an error envelope. What it leaves empty is filled in when
// the response is judged.
func (c *call) decodeError(body []byte) *Error {
	e := c.client.decode.read(c.status, c.header, body)
	if c.client.decode == nil && e.MetaCode != 0 && kindOfCode[e.Code] == "" && IsAuthentication(e) {
		e.Kind = e.classify(metaKind(e.MetaCode)) // an envelope of Meta's that Kirim passes on is not about our key
	}
	return e
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
