package system

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// metaKinds classifies the numeric error codes of Meta's Cloud API that can
// come through Kirim: inside an error body, or in a status webhook. The kinds
// are this module's judgement.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var metaKinds = map[int]string{
	0:    "upstream_auth",         // app user could not be authenticated
	1:    "upstream",              // invalid request or unknown server fault
	2:    "unavailable",           // temporary outage
	3:    "permission",            // capability missing
	4:    "rate_limited",          // application request limit
	10:   "permission",            // permission not granted
	33:   "invalid_request",       // business number deleted, or bad id
	100:  "invalid_request",       // unsupported or misspelt parameter
	190:  "upstream_auth",         // access token expired
	368:  "suspended",             // restricted for a policy violation
	613:  "rate_limited",          // call-permission lookups
	1026: "recipient_unavailable", // receiver cannot handle the message type

	80007:  "rate_limited",          // account request limit
	130429: "rate_limited",          // throughput of the number
	130472: "recipient_unavailable", // recipient is in a marketing experiment
	130497: "suspended",             // account may not message this country
	130501: "invalid_request",       // unsupported in a group
	131000: "upstream",              // unknown failure
	131005: "permission",            // access denied
	131008: "invalid_request",       // required parameter missing
	131009: "invalid_request",       // parameter value invalid
	131016: "upstream",              // service temporarily unavailable
	131020: "invalid_request",       // group has a single member
	131021: "invalid_recipient",     // recipient equals sender
	131026: "recipient_unavailable", // undeliverable
	131030: "recipient_unavailable", // not on the test number's allow-list
	131031: "suspended",             // account locked
	131035: "send_failed",           // a webhook was not delivered in time, to a number that stores nothing
	131036: "recipient_unavailable", // not delivered on at least one device
	131037: "not_connected",         // display name not approved
	131041: "not_found",             // group unknown
	131042: "billing",               // payment set-up
	131044: "billing",               // payment set-up, calls
	131045: "not_connected",         // number registration
	131047: "outside_window",        // more than 24 hours since the last reply
	131048: "suspended",             // restricted for spam reports
	131049: "quota_exceeded",        // marketing cap per user: after 24 hours
	131050: "recipient_unavailable", // user stopped marketing from this business
	131051: "invalid_request",       // unsupported message type
	131052: "media_invalid",         // user's media could not be downloaded
	131053: "media_invalid",         // media could not be uploaded or fetched
	131055: "invalid_request",       // method not allowed
	131056: "rate_limited",          // too many to the same recipient
	131057: "unavailable",           // account in maintenance
	131059: "invalid_request",       // cursor expired
	131060: "recipient_unavailable", // message unavailable on a linked device
	131062: "invalid_recipient",     // user id not allowed here
	131063: "permission",            // marketing templates switched off
	131064: "quota_exceeded",        // limit after classification violations
	131201: "send_failed",           // only part of a group operation succeeded
	131203: "recipient_unavailable", // participant has not accepted the terms
	131207: "suspended",             // group suspended
	131208: "rate_limited",          // group operations
	131211: "quota_exceeded",        // number of groups
	131214: "suspended",             // may not make groups
	131215: "permission",            // number may not have groups
	132000: "invalid_request",       // number of template parameters
	132001: "template_not_found",    // template missing in this language
	132005: "invalid_request",       // filled text too long
	132007: "template_unavailable",  // content violates policy
	132008: "invalid_request",       // parameter value
	132012: "invalid_request",       // parameter format
	132015: "template_unavailable",  // template paused
	132016: "template_unavailable",  // template disabled
	132018: "invalid_request",       // template parameters
	132068: "template_unavailable",  // flow blocked
	132069: "quota_exceeded",        // flow throttled: after an hour
	133000: "not_connected",         // deregistration incomplete
	133004: "unavailable",           // registration server
	133005: "not_connected",         // two-step PIN wrong
	133006: "not_connected",         // number must be verified again
	133008: "not_connected",         // too many PIN guesses
	133009: "not_connected",         // PIN guesses too fast
	133010: "not_connected",         // number not registered
	133015: "not_connected",         // number was just deleted
	133016: "quota_exceeded",        // registrations in 72 hours
	134011: "billing",               // payments terms
	134100: "invalid_request",       // only marketing templates here
	134101: "template_unavailable",  // template still syncing
	134102: "template_unavailable",  // template not onboarded
	135000: "invalid_request",       // unknown fault in the parameters
	137000: "recipient_unavailable", // identity key mismatch
	138000: "permission",            // calling not enabled
	138001: "recipient_unavailable", // receiver cannot be called
	138002: "rate_limited",          // calls at once
	138003: "conflict",              // a call runs already
	138004: "upstream",              // connection
	138005: "rate_limited",          // calls in a time
	138006: "permission",            // the user has not permitted calls
	138007: "upstream",              // connection timed out
	138009: "quota_exceeded",        // requests for permission
	138012: "quota_exceeded",        // calls in 24 hours
	138019: "upstream",              // faults of a call's set-up, relay and media
	138020: "upstream",
	138021: "upstream",
	138022: "upstream",
	138023: "upstream",
	139000: "suspended",      // flow blocked for integrity
	139101: "quota_exceeded", // size of the block list
	139102: "unavailable",    // block list changed at the same time
	139103: "internal",       // block list

	2388019: "quota_exceeded", // templates of the account
	2494100: "unavailable",    // number in maintenance
}

type metaRange struct {
	first, last int
	kind        string
}

// metaRanges are numbers that Meta gives a meaning as a whole.
var metaRanges = []metaRange{
	{200, 299, "permission"},
	{80000, 80014, "rate_limited"}, // limits by use case; 80007 is one
}

// metaFamilies classifies the numbers that metaKinds and metaRanges lack.
var metaFamilies = []metaRange{
	{131200, 131299, "invalid_request"}, // groups
	{132000, 132999, "invalid_request"}, // templates
	{133000, 133999, "not_connected"},   // registration of the number
	{138000, 138999, "permission"},      // calls
	{139000, 139999, "conflict"},        // flows, block list
	{147000, 147999, "conflict"},        // user names
}

// metaWaits is how long Meta advises to wait before the same request. That of
// 131048, a restriction without an end that is told, is an assumption, as are
// the minutes of 2494100.
var metaWaits = map[int]time.Duration{
	131048:  24 * time.Hour,
	131049:  24 * time.Hour,
	131057:  time.Minute,
	132069:  time.Hour,
	133015:  5 * time.Minute,
	133016:  72 * time.Hour,
	134101:  10 * time.Minute,
	2494100: 5 * time.Minute,
}

// MetaPairRate is the code for too many messages to the same recipient. A
// number may send one in about 6 s to each.
const MetaPairRate = 131056

// MetaWait is the advice of Meta for a code that came for the n-th time,
// counted from 0; 0 when there is none. For the pair rate that is 4ⁿ seconds,
// of which the first are too short.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform
func MetaWait(code, n int) time.Duration {
	if code == MetaPairRate {
		return max(6*time.Second, time.Second<<min(2*n, 30))
	}
	return metaWaits[code]
}

// MetaKind classifies a Meta code; an empty kind means that it is unknown.
func MetaKind(code int) string {
	if kind := kindInRange(metaRanges, code); kind != "" {
		return kind
	}
	return metaKinds[code]
}

// metaFamily classifies an unknown Meta code by its neighbours, unless the
// status of the response says more; an empty kind means that neither does.
func metaFamily(code, status int) string {
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusForbidden {
		return ""
	}
	return kindInRange(metaFamilies, code)
}

// Refine returns the kind of a response with that kind and a code of Meta's, 0
// for none: Meta's says more than a kind that says no more than that something
// failed.
func Refine(kind string, metaCode, status int) string {
	if metaCode == 0 {
		return kind
	}
	switch kind {
	case "", "internal", "upstream", "unavailable":
		if meta := MetaKind(metaCode); meta != "" {
			return meta
		}
	}
	return cmp.Or(kind, metaFamily(metaCode, status))
}

func kindInRange(ranges []metaRange, code int) string {
	for _, r := range ranges {
		if code >= r.first && code <= r.last {
			return r.kind
		}
	}
	return ""
}

// MetaCodeRange is a Meta error code, or a range of them, with its kind.
type MetaCodeRange struct {
	First, Last int
	Kind        string
	Others      bool // the kind is that of the codes that are not listed by themselves
}

// MetaCodes returns all codes that have a kind, in their order.
func MetaCodes() []MetaCodeRange {
	var all []MetaCodeRange
	for code, kind := range metaKinds {
		all = append(all, MetaCodeRange{code, code, kind, false})
	}
	for _, r := range metaRanges {
		all = append(all, MetaCodeRange{r.first, r.last, r.kind, false})
	}
	for _, r := range metaFamilies {
		all = append(all, MetaCodeRange{r.first, r.last, r.kind, true})
	}
	slices.SortFunc(all, func(a, b MetaCodeRange) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(b.Last, a.Last))
	})
	return all
}
