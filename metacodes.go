package kirim

// metaKinds classifies the numeric error codes of Meta's Cloud API that can
// come through Kirim: inside an error body, or in a status webhook.
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
}

// metaKind classifies a Meta code; the zero Kind means that it is unknown.
func metaKind(code int) Kind {
	if code >= 200 && code <= 299 {
		return KindPermission
	}
	return metaKinds[code]
}
