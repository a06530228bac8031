package kirimotel

import (
	"slices"

	"github.com/kirim-go/kirim"
)

// other stands for every value that a list of known ones does not have, so that neither a
// server nor a caller can make up values. The semantic conventions have the word.
const other = "_OTHER"

// The outcomes of calls.
const (
	outcomeSuccess  = "success"
	outcomeRefused  = "refused"  // the server said no
	outcomeInDoubt  = "in_doubt" // failed, and may have been carried out
	outcomeInvalid  = "invalid"  // refused before anything was sent
	outcomeCanceled = "canceled" // the context ended, and nothing was carried out
	outcomeFailed   = "failed"   // no response, and nothing was carried out
)

var callOutcomes = []string{outcomeSuccess, outcomeRefused, outcomeInDoubt, outcomeInvalid, outcomeCanceled, outcomeFailed}

// Values of error.type beside the kinds of errors.
const (
	errorCanceled   = "canceled"          // the context was canceled
	errorDeadline   = "deadline_exceeded" // the context's deadline passed
	errorTimeout    = "timeout"           // an attempt took longer than it may
	errorValidation = "validation"
	errorLimiter    = "limiter" // the limiter ended the call
)

var attemptOutcomes = []string{
	string(kirim.AttemptSucceeded), string(kirim.AttemptNotSent), string(kirim.AttemptMisconfigured), string(kirim.AttemptNoResponse),
	string(kirim.AttemptRequestTimeout), string(kirim.AttemptInProgress), string(kirim.AttemptRateLimited), string(kirim.AttemptInternalError),
	string(kirim.AttemptBadGateway), string(kirim.AttemptUnavailable), string(kirim.AttemptRefused),
}

var elementOutcomes = []string{
	string(kirim.ElementHandled), string(kirim.ElementDuplicate), string(kirim.ElementIgnored), string(kirim.ElementBusy),
	string(kirim.ElementNotRun), string(kirim.ElementFailed), string(kirim.ElementPanicked),
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", other}

var rateClasses = []string{string(kirim.RateRead), string(kirim.RateWrite)}

// attributes are the keys of metrics, then those that only spans have.
var attributes = []Attribute{
	{Key: keyMethod, Values: methods, Stability: Stable, Description: "Method of the requests."},
	{Key: keyTemplate, Stability: Development, Description: "Path of the call with {id} in place of each id and name, such as /{id}/messages."},
	{Key: keyServerAddress, Stability: Stable, Description: "Host of the base URL."},
	{Key: keyServerPort, Stability: Stable, Description: "Port of the base URL, where it has one."},
	{Key: keyStatusCode, Stability: Stable, Description: "Status of the response: of an attempt, of the last response to a call, or to a delivery."},
	{Key: keyErrorType, Stability: Stable, Description: "Why it failed: of a call the kind of its error, or " +
		"canceled, deadline_exceeded, timeout, validation, limiter or the outcome of the last attempt; of a delivery which check refused it; of an element its outcome. Absent from successes."},
	{Key: keyCallOutcome, Values: callOutcomes, Stability: Own, Description: "How the call ended. After in_doubt the message may have been sent."},
	{Key: keyAttemptOutcome, Values: attemptOutcomes, Stability: Own, Description: "What an attempt brought."},
	{Key: keyRateClass, Values: rateClasses, Stability: Own, Description: "Which of the server's two token buckets."},
	{Key: keyEventType, Values: knownOrOther(eventTypes), Stability: Own, Description: "Type of the event."},
	{Key: keyElementType, Values: elementTypes, Stability: Own, Description: "What an element of an event is."},
	{Key: keyElementOutcome, Values: elementOutcomes, Stability: Own, Description: "What became of the element; duplicate is one that was handled before."},

	{Key: keyResendCount, Stability: Stable, Description: "Which request of the call an attempt is, from 1 for the second on."},
	{Key: keyAttempts, Stability: Own, Description: "Attempts of the call; 0 when nothing was sent."},
	{Key: keyLimiterWait, Stability: Own, Description: "Seconds that the call waited for the limiter in all."},
	{Key: keyRetryWait, Stability: Own, Description: "Seconds that the call waited between attempts in all."},
	{Key: keyMaybeSent, Stability: Own, Description: "True when the call failed and may nevertheless have been carried out."},
	{Key: keyReplayed, Stability: Own, Description: "True when the server replayed a stored response."},
	{Key: keyRequestID, Stability: Own, Description: "The server's id of the last request."},
	{Key: keyErrorKind, Values: knownOrOther(kinds), Stability: Own, Description: "Kind of an error response."},
	{Key: keyErrorCode, Values: knownOrOther(slices.Concat(errorCodes, gatewayCodes)), Stability: Own, Description: "Code of an error response."},
	{Key: keyMetaCode, Stability: Own, Description: "Meta's numeric code of an error response."},
	{Key: keyAttempt, Stability: Own, Description: "Number of the attempt that is retried, from 1."},
	{Key: keyWait, Stability: Own, Description: "Seconds until the next attempt."},
	{Key: keyElements, Stability: Own, Description: "Elements of the event."},
	{Key: keyDelivery, Stability: Own, Description: "Attempt of the sender to deliver, from 1; absent when it does not say."},
	{Key: keyElementIndex, Stability: Own, Description: "Place of the element in its event, from 0."},
	{Key: keyElementAge, Stability: Own, Description: "Seconds from when it happened until the event arrived."},
	{Key: keySystem, Values: []string{"kirim"}, Stability: Development, Description: "Always kirim."},
	{Key: keyOperationName, Values: []string{"process"}, Stability: Development, Description: "Always process."},
	{Key: keyOperationType, Values: []string{"process"}, Stability: Development, Description: "Always process."},
}

// Attributes returns the keys of attributes, first those of metrics, then those that only
// spans have.
func Attributes() []Attribute {
	list := slices.Clone(attributes)
	for i := range list {
		list[i].Values = slices.Clone(list[i].Values)
	}
	return list
}

func knownOrOther[T ~string](known []T) []string {
	list := make([]string, 0, len(known)+1)
	for _, word := range known {
		list = append(list, string(word))
	}
	return append(list, other)
}
