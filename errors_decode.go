package kirim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
	"github.com/kirim-go/kirim/internal/system"
)

// ErrorDecoder turns a response that is not 2xx into an [*Error]. It is given
// at most the first 64 KiB of the body, and may return nil to leave the
// response to [DecodeError]. What it leaves empty (StatusCode, Kind,
// RequestID, RetryAfter, Header, Body) is filled in from the response. A Kind
// that it sets decides about retries and [MaybeSent] as a code does: with
// KindRateLimited the request counts as refused, whatever the status. So set it
// only where the body says so, and leave it empty otherwise. A decoder must be
// safe for concurrent use.
type ErrorDecoder func(statusCode int, header http.Header, body []byte) *Error

// Decode reads a response as a client with this decoder does: what the decoder
// leaves empty is filled in, and what it leaves to [DecodeError] is read by
// that. It is for the package of a system of your own, so that its errors are
// the same with and without a client.
func (decode ErrorDecoder) Decode(statusCode int, header http.Header, body []byte) *Error {
	e := decode.read(statusCode, header, body)
	e.StatusCode = statusCode
	if e.Header == nil {
		e.Header = header
	}
	if e.Body == nil {
		e.Body = body
	}
	e.complete()
	return e
}

// read is Decode without what can be filled in later.
func (decode ErrorDecoder) read(statusCode int, header http.Header, body []byte) *Error {
	if decode != nil {
		if e := decode(statusCode, header, body); e != nil {
			return e
		}
	}
	e := &Error{StatusCode: statusCode, Header: header, Body: body}
	if len(body) > 0 && !e.decodeUsual(body) && !e.decodeKirim(body) && !e.decodeEnvelope(body) {
		e.decodeLoosely(body)
	}
	return e
}

// DecodeError reads an error response of any shape: Kirim's envelope, one of the
// other systems that the gateway packages speak to, Meta's, other JSON, HTML,
// plain text, nothing. It never returns nil and never fails; what cannot be
// read is left empty, and Kind then follows from the HTTP status. The client
// uses it for every response that is not 2xx; it is exported for responses that
// were obtained in another way.
//
// Some envelopes are alike, and the same code can mean different things in
// two systems. When you know where a response comes from, the DecodeError of
// that gateway package is the better judge.
//
// Body and Header are kept as they are given, not copied.
func DecodeError(statusCode int, header http.Header, body []byte) *Error {
	return ErrorDecoder(nil).Decode(statusCode, header, body)
}

// complete fills what a decoder left empty. It changes nothing that is set.
func (e *Error) complete() {
	if e.RequestID == "" {
		e.RequestID = e.Header.Get("X-Request-Id")
	}
	wait, known := retryAfter(e.Header)
	e.retryAfterKnown = known || e.RetryAfter > 0
	if e.RetryAfter == 0 {
		e.RetryAfter = wait
	}
	if e.RetryAfter == 0 && e.Attempts > 0 {
		e.RetryAfter = metaWait(e.MetaCode, e.Attempts-1)
	}
	if e.Kind == "" {
		e.Kind = e.classify(kindOfCode[e.Code])
	}
	if e.Message == "" {
		e.Message = http.StatusText(e.StatusCode)
	}
}

// classify finds the kind from, in this order, that of the code, Meta's code
// where the former says no more than that something failed, the family of a
// code of Meta's that is not known, the type, the status.
func (e *Error) classify(kind Kind) Kind {
	kind = Kind(system.Refine(string(kind), e.MetaCode, e.StatusCode))
	return cmp.Or(kind, kindOfType(e.Type), kindOfStatus(e.StatusCode))
}

// kindOfType is empty for the type of a failure, of which the status says more.
func kindOfType(typ ErrorType) Kind {
	switch typ {
	case TypeInvalidRequest:
		return KindInvalidRequest
	case TypeAuthentication:
		return KindAuthInvalid
	case TypePermission:
		return KindPermission
	case TypeNotFound:
		return KindNotFound
	case TypeConflict:
		return KindConflict
	case TypeRateLimit:
		return KindRateLimited
	}
	return ""
}

func kindOfStatus(status int) Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		return KindInvalidRequest
	case http.StatusUnauthorized:
		return KindAuthInvalid
	case http.StatusPaymentRequired:
		return KindBilling
	case http.StatusForbidden:
		return KindPermission
	case http.StatusNotFound, http.StatusGone:
		return KindNotFound
	case http.StatusMethodNotAllowed:
		return KindMethodNotAllowed
	case http.StatusConflict:
		return KindConflict
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge:
		return KindPayloadTooLarge
	case http.StatusTooManyRequests:
		return KindRateLimited
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return KindUpstream
	case http.StatusServiceUnavailable, http.StatusRequestTimeout:
		return KindUnavailable
	}
	if status >= 500 {
		return KindInternal
	}
	return KindUnknown
}

// decodeUsual reads Kirim's own envelope when it has its documented members alone,
// each a text or null. Any other body is left to decodeKirim, which would read the
// same from this one. It saves 7 of the 14 allocations of DecodeError, and three
// quarters of its time.
func (e *Error) decodeUsual(body []byte) bool {
	var found Error
	r := jsonscan.New(body)
	for name := range r.Fields() {
		if string(name) != "error" || r.Peek() != '{' {
			return false
		}
		for name := range r.Fields() {
			target := found.member(name)
			switch c := r.Peek(); {
			case target == nil || c != '"' && c != 'n':
				return false
			case c == '"':
				*target = r.Text()
			}
		}
	}
	if !r.Done() || found.Type == "" || found.Code == "" {
		return false
	}
	e.Type, e.Code, e.Message, e.Param, e.RequestID = found.Type, found.Code, found.Message, found.Param, found.RequestID
	if !e.codeIsSpecific() { // else there is nothing of Meta's: no member has room for it
		e.readMeta(body)
	}
	return true
}

// member is where a documented member of Kirim's envelope goes; nil for another.
func (e *Error) member(name []byte) *string {
	switch string(name) {
	case "type":
		return (*string)(&e.Type)
	case "code":
		return (*string)(&e.Code)
	case "message":
		return &e.Message
	case "param":
		return &e.Param
	case "request_id":
		return &e.RequestID
	}
	return nil
}

// decodeKirim reads Kirim's own envelope with whatever else is in it, without
// building a tree of the document.
func (e *Error) decodeKirim(body []byte) bool {
	var answer struct {
		Error struct {
			Type      ErrorType `json:"type"`
			Code      ErrorCode `json:"code"`
			Message   string    `json:"message"`
			Param     string    `json:"param"`
			RequestID string    `json:"request_id"`
			Status    present   `json:"status"`
		} `json:"error"`
		Success   present `json:"success"`
		IsSuccess present `json:"isSuccess"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Error.Type == "" || answer.Error.Code == "" ||
		bool(answer.Error.Status || answer.Success || answer.IsSuccess) {
		return false
	}
	found := answer.Error
	e.Type, e.Code, e.Message, e.Param, e.RequestID = found.Type, found.Code, found.Message, found.Param, found.RequestID
	e.readMeta(body)
	return true
}

// present is set by a field that Kirim's envelope does not have.
type present bool

func (p *present) UnmarshalJSON([]byte) error { *p = true; return nil }

// decodeEnvelope reads the envelope of a system that is not Kirim.
func (e *Error) decodeEnvelope(body []byte) bool {
	found, ok := system.Detect(e.StatusCode, e.Header, body)
	if !ok || found.System.Own {
		return false
	}
	kind := Kind(found.Kind)
	switch {
	case found.Weak: // it may as well be a damaged one of Kirim's or Meta's
		e.decodeLoosely(body)
		if kind == "" {
			kind = kindOfCode[e.Code]
		}
	case found.System.ViaMeta:
		e.readMeta(body)
		e.Type, e.RequestID = ErrorType(found.Type), found.RequestID
	}
	e.Code, e.Message, e.RetryAfter = ErrorCode(found.Code), cmp.Or(found.Message, e.Message), found.Wait
	if found.Param != "" {
		e.Param = found.Param
	}
	e.Kind = e.classify(kind)
	return true
}

// decodeLoosely takes what it can get from a body that is not Kirim's.
func (e *Error) decodeLoosely(body []byte) {
	tree, ok := parseTree(body)
	if !ok {
		if strings.HasPrefix(e.Header.Get("Content-Type"), "text/plain") {
			e.Message = firstLine(body)
		}
		return
	}
	// What the inner object lacks may stand beside it. An empty one counts as absent.
	outer := firstObject(tree)
	inner := outer
	for _, holder := range []string{"errors", "error"} {
		if text := firstText(outer[holder]); text != "" {
			e.Message = text
		}
		if object := firstObject(outer[holder]); len(object) > 0 {
			inner = object
		}
	}
	word := func(object map[string]any, name string) string { s, _ := object[name].(string); return s }
	e.Code = ErrorCode(word(inner, "code"))
	e.Type = ErrorType(word(inner, "type"))
	e.Param = word(inner, "param")
	e.RequestID = cmp.Or(word(inner, "request_id"), word(outer, "request_id"))
	message := func(object map[string]any) string {
		for _, name := range []string{"message", "description", "detail", "title", "error_description"} {
			if s := firstText(object[name]); s != "" {
				return s
			}
		}
		return ""
	}
	e.Message = cmp.Or(message(inner), message(outer), e.Message)
	e.setMeta(system.FindMetaIn(tree, true))
}

// firstObject returns v, or the first object in the list v.
func firstObject(v any) map[string]any { return first[map[string]any](v) }

// firstText is firstObject for texts.
func firstText(v any) string { return first[string](v) }

func first[T any](v any) (found T) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, element := range list {
		if found, ok := element.(T); ok {
			return found
		}
	}
	return found
}

// parseTree decodes JSON with numbers kept as written.
func parseTree(body []byte) (tree any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return tree, d.Decode(&tree) == nil
}

func firstLine(body []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	const limit = 200
	if len(line) > limit {
		line = line[:limit]
	}
	return strings.ToValidUTF8(string(bytes.TrimSpace(line)), "\uFFFD")
}

// retryAfter reads a Retry-After header: integer seconds, decimal seconds,
// or any date that [http.ParseTime] takes, measured against the response's own
// Date so that a wrong clock on either side does no harm. A date that has
// passed is a wait of zero. Garbage and negative values count as no
// header. A number too large for a Duration is the largest Duration.
func retryAfter(header http.Header) (wait time.Duration, known bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789.") == "" {
		return seconds(value)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now)), true
}

// seconds parses digits with at most one decimal point.
func seconds(value string) (time.Duration, bool) {
	if wait, err := time.ParseDuration(value + "s"); err == nil {
		return wait, true
	}
	const longest = time.Duration(1<<63 - 1)
	// The longest numbers are infinite, and garbage is 0.
	if n, _ := strconv.ParseFloat(value, 64); n < longest.Seconds() {
		return 0, false
	}
	return longest, true
}

// redact takes the key out of what a decoder found. The body may have it in
// another spelling, such as with escapes of JSON.
func (e *Error) redact(key string) {
	redactTexts(key, &e.Message, &e.Details, &e.Param, &e.RequestID, (*string)(&e.Code), (*string)(&e.Type))
}
