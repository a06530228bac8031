package kirim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Error is a response of the server that is not 2xx, whatever its body was,
// a 2xx response that reports an error, or one without the result that the API
// documents (then Kind is [KindInvalidResponse]). StatusCode is that of the
// response. Find it with [errors.As]; branch on Code or Kind:
//
//	var e *kirim.Error
//	if errors.As(err, &e) {
//		log.Printf("%s: %s", e.RequestID, e.Message)
//	}
//	switch {
//	case errors.Is(err, kirim.CodeTemplatePaused):  // one code
//	case errors.Is(err, kirim.KindRateLimited):     // one kind
//	case kirim.IsOutside24hWindow(err):             // one question
//	}
//
// The text of Error() and the value that [log/slog] prints hold the status,
// the code and the request id, never the API key, the body, the server's
// message or a phone number: those may quote what a customer wrote. An Error
// is not changed after it is returned.
type Error struct {
	Type      ErrorType // broad category; empty when the body is not Kirim's
	Code      ErrorCode // the server's own word, verbatim; may be empty
	Message   string    // the server's text, for people; never branch on it
	Param     string    // the offending field, when the server names one, e.g. "template.name"
	RequestID string    // quote it to the vendor's support

	StatusCode int           // HTTP status
	Kind       Kind          // this package's classification; never empty
	MetaCode   int           // Meta's numeric code, when one was found in the body; else 0
	Details    string        // Meta's explanation of it (error_data.details), for developers; may be empty
	RetryAfter time.Duration // how long the server asks to wait, else what Meta advises for MetaCode; 0 for neither

	Attempts       int    // requests made for this call, at least 1
	IdempotencyKey string // the key they carried; empty when they carried none
	Method, Path   string // of the request, Path without the base URL and the query

	Header http.Header // of the last response
	Body   []byte      // of the last response, at most 64 KiB

	retryAfterKnown bool   // the response had a Retry-After that makes sense
	late            bool   // told of a message after it was accepted
	ambiguous       bool   // an earlier attempt of the call may have been carried out
	detail          string // what was wrong with a 2xx response, or may be with the base URL
	stopped         string // why the call was not retried, when that is not obvious
	cause           error
}

// ErrRetryQuotaExceeded is matched by an error of a call that would have been
// retried, had the client not spent its retry budget. It protects a
// server that is down from being asked four times as often as usual. See
// [RetryPolicy].
var ErrRetryQuotaExceeded = errors.New("the client's retry budget is used up")

// noError is the text of a nil pointer to an error of this package. Such a one,
// in an error that is therefore not nil itself, says nothing: no question about it
// gets yes.
const noError = "kirim: no error: a nil pointer"

// Error returns one lower-case line, for example
//
//	kirim: POST /{id}/messages: 422 outside_24h_window: the 24-hour window is closed, send a template (request req_01HXYZ)
func (e *Error) Error() string {
	if e == nil {
		return noError
	}
	var b strings.Builder
	b.WriteString("kirim: ")
	if e.Method != "" {
		fmt.Fprintf(&b, "%s %s: ", e.Method, routeOf(e.Path))
	}
	if e.late {
		b.WriteString("the message failed")
	} else {
		b.WriteString(strconv.Itoa(e.StatusCode))
	}
	number := strconv.Itoa(e.MetaCode)
	isNumber := e.MetaCode != 0 && string(e.Code) == number // which is safe to print, however long
	switch {
	case isNumber:
		b.WriteString(" " + number)
	case e.Code != "":
		b.WriteString(" " + printable(string(e.Code)))
	}
	b.WriteString(": " + e.Kind.text())
	if e.MetaCode != 0 && !isNumber {
		b.WriteString(", meta code " + number)
	}
	if e.Param != "" {
		b.WriteString(", param " + printable(e.Param))
	}
	if e.detail != "" {
		b.WriteString(", " + e.detail)
	}
	b.WriteString(whyStopped(e.stopped, e.Attempts))
	switch {
	case e.RequestID != "" && e.Attempts > 1:
		fmt.Fprintf(&b, " (request %s, %d attempts)", printable(e.RequestID), e.Attempts)
	case e.RequestID != "":
		fmt.Fprintf(&b, " (request %s)", printable(e.RequestID))
	case e.Attempts > 1:
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	return b.String()
}

// whyStopped is the part of an error's text that tells why there was no
// further attempt, when that is not plain.
func whyStopped(stopped string, attempts int) string {
	switch {
	case stopped == "":
		return ""
	case attempts > 1:
		return "; not repeated again: " + stopped
	}
	return "; not repeated: " + stopped
}

// Is reports whether target is this error's [ErrorCode] or [Kind].
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case ErrorCode:
		return t != "" && e.Code == t
	case Kind:
		return t != "" && e.Kind == t
	}
	return false
}

// As sets a target of type *[ErrorCode] or *[Kind].
func (e *Error) As(target any) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case *ErrorCode:
		*t = e.Code
		return e.Code != ""
	case *Kind:
		*t = e.Kind
		return e.Kind != ""
	}
	return false
}

// Unwrap returns what else ended the call: the context's error when it ended
// while waiting for a retry, [ErrRetryQuotaExceeded], or why the body of a 2xx
// response could not be decoded. It is nil for an ordinary error response.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// LogValue implements [slog.LogValuer] with the fields that are safe to log.
func (e *Error) LogValue() slog.Value {
	if e == nil {
		return slog.StringValue("none")
	}
	attrs := []slog.Attr{
		slog.Int("status", e.StatusCode),
		slog.String("kind", string(e.Kind)),
	}
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, printable(value)))
		}
	}
	text("code", string(e.Code))
	text("param", e.Param)
	if e.detail != "" {
		attrs = append(attrs, slog.String("detail", e.detail))
	}
	text("request_id", e.RequestID)
	if e.Method != "" {
		attrs = append(attrs, slog.String("method", e.Method), slog.String("route", routeOf(e.Path)))
	}
	if e.MetaCode != 0 {
		attrs = append(attrs, slog.Int("meta_code", e.MetaCode))
	}
	if e.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	attrs = append(attrs, slog.Int("attempts", e.Attempts))
	if e.stopped != "" {
		attrs = append(attrs, slog.String("not_repeated", e.stopped))
	}
	return slog.GroupValue(attrs...)
}

// TransportError says that the last attempt of a call brought no complete
// HTTP response: no connection, a connection that broke, a body cut short, or
// a context that ended. Err is the cause, without the URL that net/http puts
// into its errors.
type TransportError struct {
	Method, Path   string // of the request, Path without the base URL and the query
	IdempotencyKey string // the key the attempts carried; empty when they carried none
	Attempts       int    // requests made for this call; 0 when the context ended before the first
	StatusCode     int    // status of a response whose body was cut short; else 0
	Err            error  // why the last attempt failed
	Last           *Error // the error response to an earlier attempt; nil when there was none

	inDoubt   bool // it may have been carried out
	stopped   string
	permanent bool // nothing but a change of configuration helps
	cause     error
}

// Error returns one lower-case line without the URL, the body and the key.
func (e *TransportError) Error() string {
	if e == nil {
		return noError
	}
	var b strings.Builder
	fmt.Fprintf(&b, "kirim: %s %s: ", e.Method, routeOf(e.Path))
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, "%d, then: ", e.StatusCode)
	}
	fmt.Fprint(&b, e.Err)
	b.WriteString(whyStopped(e.stopped, e.Attempts))
	switch {
	case e.Attempts == 0:
		b.WriteString(" (nothing was sent)")
	case e.Attempts > 1:
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	if e.Last != nil {
		fmt.Fprintf(&b, "; before that: %s", strings.TrimPrefix(e.Last.Error(), "kirim: "))
	}
	return b.String()
}

// Unwrap returns Err, the reason for not retrying when that is an error of
// its own, and Last.
func (e *TransportError) Unwrap() []error {
	if e == nil {
		return nil
	}
	errs := []error{e.Err}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	if e.Last != nil {
		errs = append(errs, e.Last)
	}
	return errs
}

// Timeout reports whether the failure was a timeout: of one attempt, of the
// network, or of the caller's context.
func (e *TransportError) Timeout() bool {
	var t interface{ Timeout() bool }
	return e != nil && errors.As(e.Err, &t) && t.Timeout()
}

// LogValue implements [slog.LogValuer] with the fields that are safe to log.
func (e *TransportError) LogValue() slog.Value {
	if e == nil {
		return slog.StringValue("none")
	}
	attrs := []slog.Attr{
		slog.String("method", e.Method),
		slog.String("route", routeOf(e.Path)),
		slog.Int("attempts", e.Attempts),
		slog.Any("error", e.Err),
	}
	if e.Last != nil {
		attrs = append(attrs, slog.Any("last", e.Last.LogValue()))
	}
	return slog.GroupValue(attrs...)
}

// MaybeSent reports whether the call that failed with err may nevertheless
// have been carried out: the message may be on its way, the label deleted.
//
// It is false when the server refused the request, when the connection
// demonstrably never carried it, when it was refused locally, and for GET
// and HEAD. It is true for a connection that broke after the request may
// have been written, a 408, a 5xx without a code of a refusal or a rate limit
// in its body, a redirect that may mean that the work is done (303, and 301 and
// 302 to a POST), and a response that cannot be understood; for these, retry with
// the same idempotency key ([Error.IdempotencyKey],
// [TransportError.IdempotencyKey]), or look before you send again. A 503
// with Retry-After counts as refused. An attempt whose outcome is unknown makes the
// outcome of the whole call unknown, whatever a later attempt brings but success: that a
// server looks at the key before all else is not documented.
//
// It is true for a [*WaitError] after a send, and false for a [*MessageError]:
// WhatsApp did not deliver that message.
//
// It is false for nil, also for a nil pointer in err, and for errors that are
// not of this package.
func MaybeSent(err error) bool {
	if isNil(err) {
		return false
	}
	// Every error of the tree is looked at, not the first that matches.
	if e, ok := err.(interface{ maybeSent() bool }); ok && e.maybeSent() {
		return true
	}
	switch e := err.(type) { //nolint:errorlint // as said
	case interface{ Unwrap() error }:
		return MaybeSent(e.Unwrap())
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), MaybeSent)
	}
	return false
}

func (e *TransportError) maybeSent() bool { return e.inDoubt }

func (e *Error) maybeSent() bool {
	if e.late || operationOf(e.Method, "") == read {
		return false
	}
	if e.ambiguous {
		return true
	}
	switch e.StatusCode {
	case http.StatusSeeOther:
		return true // it was carried out, and its result is elsewhere
	case http.StatusMovedPermanently, http.StatusFound:
		if e.Method == http.MethodPost { // for which servers mean the same by them
			return true
		}
	}
	switch e.Kind {
	case KindSendFailed, KindInvalidResponse:
		return true
	case KindUnknown:
		if e.StatusCode < 300 { // a failure that was reported in a 2xx response
			return true
		}
	}
	switch outcomeOf(e) {
	case requestTimeout, inProgress, internalError, gatewayError:
		return true
	case unavailable:
		return !e.retryAfterKnown
	case throttled:
		return e.StatusCode >= 500 && e.metaIsGuessed()
	default:
	}
	return e.StatusCode >= 500 && !e.refusedByCode()
}

// refusedByCode reports whether a code says that the request was refused for
// good, whatever the status of the response.
func (e *Error) refusedByCode() bool {
	switch e.Kind {
	case "", KindUnknown, KindSendFailed, KindInvalidResponse, KindRateLimited, KindIdempotencyInProgress:
		return false
	}
	return e.kindIsTold() && !e.failed()
}

// failed reports a kind that says no more than that something failed.
func (e *Error) failed() bool {
	return e.Kind == KindInternal || e.Kind == KindUpstream || e.Kind == KindUnavailable
}

// kindIsTold reports whether the kind comes from a code, or from a decoder of
// the caller's, and not from the type or the status. The status of a success
// tells nothing, so that the type does.
func (e *Error) kindIsTold() bool {
	return e.StatusCode < 400 || kindOfCode[e.Code] != "" || e.MetaCode != 0 && metaKind(e.MetaCode) != "" ||
		e.Kind != kindOfType(e.Type) && e.Kind != kindOfStatus(e.StatusCode)
}

// IsOutside24hWindow reports whether a free-form message was refused because
// the customer last wrote more than 24 hours ago, or never: Kirim's
// outside_24h_window, or Meta's 131047 in whatever response it came. Send a
// template instead, or use [MessagesService.SendOrTemplate].
func IsOutside24hWindow(err error) bool { return errors.Is(err, KindOutsideWindow) }

// IsTemplateUnavailable reports whether Meta has paused or disabled the
// template. [CodeTemplatePaused] and [CodeTemplateDisabled] tell which: a
// paused one may come back by itself.
func IsTemplateUnavailable(err error) bool { return errors.Is(err, KindTemplateUnavailable) }

// IsInvalidRecipient reports whether the recipient's number is malformed, by
// the server's judgement or by that of [OutboundMessage.Validate].
func IsInvalidRecipient(err error) bool { return errors.Is(err, KindInvalidRecipient) }

// IsRateLimited reports whether the server refused because too many requests
// came; [Error.RetryAfter] says how long to wait, if the server did.
func IsRateLimited(err error) bool { return errors.Is(err, KindRateLimited) }

// IsAuthentication reports whether the API key was missing, malformed,
// unknown, revoked or expired.
func IsAuthentication(err error) bool {
	return isAnyOf(err, KindAuthMissing, KindAuthInvalid, KindAuthExpired, KindAuthRevoked)
}

// IsPermission reports whether the key was good but may not do this: a right
// is missing, the plan does not include it, or the organisation is blocked.
func IsPermission(err error) bool {
	return isAnyOf(err, KindPermission, KindPlanLimit, KindSuspended)
}

// IsNotFound reports whether the resource is absent or belongs to another
// organisation; Kirim does not tell the two apart. For templates named in a
// send see [KindTemplateNotFound].
func IsNotFound(err error) bool { return errors.Is(err, KindNotFound) }

// IsConflict reports whether the state of the resource forbids the request:
// it exists already, is disabled, or would lose its last secret.
func IsConflict(err error) bool { return errors.Is(err, KindConflict) }

// IsIdempotencyInProgress reports whether an earlier request with the same
// idempotency key is still running. Retry later with the same key.
func IsIdempotencyInProgress(err error) bool { return errors.Is(err, KindIdempotencyInProgress) }

// IsIdempotencyReuse reports whether the idempotency key was used before for
// a different request: a fault in the calling program.
func IsIdempotencyReuse(err error) bool { return errors.Is(err, KindIdempotencyReuse) }

// IsUpstream reports whether Meta, WhatsApp or a proxy before them failed.
func IsUpstream(err error) bool { return isAnyOf(err, KindUpstream, KindSendFailed) }

// IsTemporary reports whether the same request may well succeed later: a
// rate limit, an outage, a server or network that failed, a deadline that
// passed. Whether a retry is safe is another question: [MaybeSent].
func IsTemporary(err error) bool {
	var t *TransportError
	if errors.As(err, &t) && t != nil {
		return !t.permanent && !errors.Is(err, context.Canceled)
	}
	return isAnyOf(err, KindRateLimited, KindUpstream, KindInternal, KindUnavailable, KindIdempotencyInProgress)
}

func isAnyOf(err error, kinds ...Kind) bool {
	var kind Kind
	return errors.As(err, &kind) && slices.Contains(kinds, kind)
}
