package kirim

import (
	"net/http"
	"time"
)

// metaKinds classifies the numeric error codes of Meta's Cloud API that can
// come through Kirim: inside an error body, or in a status webhook. The kinds
// are this package's judgement.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var metaKinds = map[int]Kind{
	0:    KindUpstreamAuth,         // app user could not be authenticated
	1:    KindUpstream,             // invalid request or unknown server fault
	2:    KindUnavailable,          // temporary outage
	3:    KindPermission,           // capability missing
	4:    KindRateLimited,          // application request limit
	10:   KindPermission,           // permission not granted
	33:   KindInvalidRequest,       // business number deleted, or bad id
	100:  KindInvalidRequest,       // unsupported or misspelt parameter
	190:  KindUpstreamAuth,         // access token expired
	368:  KindSuspended,            // restricted for a policy violation
	613:  KindRateLimited,          // call-permission lookups
	1026: KindRecipientUnavailable, // receiver cannot handle the message type

	80007:  KindRateLimited,          // account request limit
	130429: KindRateLimited,          // throughput of the number
	130472: KindRecipientUnavailable, // recipient is in a marketing experiment
	130497: KindSuspended,            // account may not message this country
	130501: KindInvalidRequest,       // unsupported in a group
	131000: KindUpstream,             // unknown failure
	131005: KindPermission,           // access denied
	131008: KindInvalidRequest,       // required parameter missing
	131009: KindInvalidRequest,       // parameter value invalid
	131016: KindUpstream,             // service temporarily unavailable
	131020: KindInvalidRequest,       // group has a single member
	131021: KindInvalidRecipient,     // recipient equals sender
	131026: KindRecipientUnavailable, // undeliverable
	131030: KindRecipientUnavailable, // not on the test number's allow-list
	131031: KindSuspended,            // account locked
	131035: KindSendFailed,           // a webhook was not delivered in time, to a number that stores nothing
	131036: KindRecipientUnavailable, // not delivered on at least one device
	131037: KindNotConnected,         // display name not approved
	131041: KindNotFound,             // group unknown
	131042: KindBilling,              // payment set-up
	131044: KindBilling,              // payment set-up, calls
	131045: KindNotConnected,         // number registration
	131047: KindOutsideWindow,        // more than 24 hours since the last reply
	131048: KindSuspended,            // restricted for spam reports
	131049: KindQuotaExceeded,        // marketing cap per user: after 24 hours
	131050: KindRecipientUnavailable, // user stopped marketing from this business
	131051: KindInvalidRequest,       // unsupported message type
	131052: KindMediaInvalid,         // user's media could not be downloaded
	131053: KindMediaInvalid,         // media could not be uploaded or fetched
	131055: KindInvalidRequest,       // method not allowed
	131056: KindRateLimited,          // too many to the same recipient
	131057: KindUnavailable,          // account in maintenance
	131059: KindInvalidRequest,       // cursor expired
	131060: KindRecipientUnavailable, // message unavailable on a linked device
	131062: KindInvalidRecipient,     // user id not allowed here
	131063: KindPermission,           // marketing templates switched off
	131064: KindQuotaExceeded,        // limit after classification violations
	131201: KindSendFailed,           // only part of a group operation succeeded
	131203: KindRecipientUnavailable, // participant has not accepted the terms
	131207: KindSuspended,            // group suspended
	131208: KindRateLimited,          // group operations
	131211: KindQuotaExceeded,        // number of groups
	131214: KindSuspended,            // may not make groups
	131215: KindPermission,           // number may not have groups
	132000: KindInvalidRequest,       // number of template parameters
	132001: KindTemplateNotFound,     // template missing in this language
	132005: KindInvalidRequest,       // filled text too long
	132007: KindTemplateUnavailable,  // content violates policy
	132008: KindInvalidRequest,       // parameter value
	132012: KindInvalidRequest,       // parameter format
	132015: KindTemplateUnavailable,  // template paused
	132016: KindTemplateUnavailable,  // template disabled
	132018: KindInvalidRequest,       // template parameters
	132068: KindTemplateUnavailable,  // flow blocked
	132069: KindQuotaExceeded,        // flow throttled: after an hour
	133000: KindNotConnected,         // deregistration incomplete
	133004: KindUnavailable,          // registration server
	133005: KindNotConnected,         // two-step PIN wrong
	133006: KindNotConnected,         // number must be verified again
	133008: KindNotConnected,         // too many PIN guesses
	133009: KindNotConnected,         // PIN guesses too fast
	133010: KindNotConnected,         // number not registered
	133015: KindNotConnected,         // number was just deleted
	133016: KindQuotaExceeded,        // registrations in 72 hours
	134011: KindBilling,              // payments terms
	134100: KindInvalidRequest,       // only marketing templates here
	134101: KindTemplateUnavailable,  // template still syncing
	134102: KindTemplateUnavailable,  // template not onboarded
	135000: KindInvalidRequest,       // unknown fault in the parameters
	137000: KindRecipientUnavailable, // identity key mismatch
	138000: KindPermission,           // calling not enabled
	138001: KindRecipientUnavailable, // receiver cannot be called
	138002: KindRateLimited,          // calls at once
	138003: KindConflict,             // a call runs already
	138004: KindUpstream,             // connection
	138005: KindRateLimited,          // calls in a time
	138006: KindPermission,           // the user has not permitted calls
	138007: KindUpstream,             // connection timed out
	138009: KindQuotaExceeded,        // requests for permission
	138012: KindQuotaExceeded,        // calls in 24 hours
	138019: KindUpstream,             // faults of a call's set-up, relay and media
	138020: KindUpstream,
	138021: KindUpstream,
	138022: KindUpstream,
	138023: KindUpstream,
	139000: KindSuspended,     // flow blocked for integrity
	139101: KindQuotaExceeded, // size of the block list
	139102: KindUnavailable,   // block list changed at the same time
	139103: KindInternal,      // block list

	2388019: KindQuotaExceeded, // templates of the account
	2494100: KindUnavailable,   // number in maintenance
}

// metaFamilies classifies the numbers that metaKinds lacks.
var metaFamilies = []struct {
	first, last int
	kind        Kind
}{
	{131200, 131299, KindInvalidRequest}, // groups
	{132000, 132999, KindInvalidRequest}, // templates
	{133000, 133999, KindNotConnected},   // registration of the number
	{138000, 138999, KindPermission},     // calls
	{139000, 139999, KindConflict},       // flows, block list
	{147000, 147999, KindConflict},       // user names
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

// metaPairRate is the code for too many messages to the same recipient. A
// number may send one in about 6 s to each.
const metaPairRate = 131056

// metaWait is the advice of Meta for a code that came for the n-th time,
// counted from 0; 0 when there is none. For the pair rate that is 4ⁿ seconds,
// of which the first are too short.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform
func metaWait(code, n int) time.Duration {
	if code == metaPairRate {
		return max(6*time.Second, time.Second<<min(2*n, 30))
	}
	return metaWaits[code]
}

// metaKind classifies a Meta code; the zero Kind means that it is unknown.
func metaKind(code int) Kind {
	switch {
	case code >= 200 && code <= 299:
		return KindPermission
	case code >= 80000 && code <= 80014: // limits by use case; 80007 is one
		return KindRateLimited
	}
	return metaKinds[code]
}

// metaFamily classifies an unknown Meta code by its neighbours, unless the
// status of the answer says more; the zero Kind means that neither does.
func metaFamily(code, status int) Kind {
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusForbidden {
		return ""
	}
	for _, family := range metaFamilies {
		if code >= family.first && code <= family.last {
			return family.kind
		}
	}
	return ""
}
