package system

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// CloudAPI is WhatsApp's own API, the system behind gateway/cloudapi. Its codes
// are the Meta error codes, written as text.
var CloudAPI = register(System{
	Name:  "cloudapi",
	Title: "Meta's Cloud API",
	Bodies: []string{
		`{"error": {"message", "type", "code": 0, "error_subcode": 0, "error_data": {"details"}, "fbtrace_id", "is_transient"}}`,
	},
	Waits: "`Retry-After`; for a rate limit without it, the longest `estimated_time_to_regain_access` of " +
		"`X-Business-Use-Case-Usage`; else what Meta advises for the code (see [below](#meta-error-codes)). `Code` is the number as text, " +
		"and `MetaCode` the number; `RequestID` is `fbtrace_id`. An `error_subcode` beside 190 tells why the access token is refused: 463 " +
		"is `auth_expired`, 458, 460 and 492 are `auth_revoked`, 459, 464 and 467 `auth_invalid`.",
	ViaMeta: true,
	forms: []form{{
		rank: 8,
		fits: func(_, inner, _ object) bool { return isNumber(inner.get("code")) && isGraph(inner) },
	}},
	holder:  "error",
	message: "message",
	numeric: true,
	trace:   "fbtrace_id",
	subKind: func(code string, holder object) string {
		if code != "190" {
			return ""
		}
		return tokenKinds[numberOf(holder.get("error_subcode"))]
	},
	defaultWait: func(_ object, header http.Header) time.Duration {
		usage, _ := MetaUsage(header)
		return usage.Regain
	},
	Codes: cloudCodes(),
})

// tokenKinds says by the subcode of 190 what became of an access token.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/error-handling
var tokenKinds = map[string]string{
	"458": "auth_revoked", // the user has removed the app
	"459": "auth_invalid", // the user must log in and pass a check
	"460": "auth_revoked", // the password was changed
	"463": "auth_expired",
	"464": "auth_invalid", // the user is not confirmed
	"467": "auth_invalid",
	"492": "auth_revoked", // the user has lost the role
}

// cloudCodes are the Meta error codes, where the credentials are the caller's own.
func cloudCodes() []Code {
	own := map[int]string{0: "auth_invalid", 190: "auth_expired"}
	codes := make([]Code, len(metaCodes))
	for i, c := range metaCodes {
		kind := c.kind
		if direct, ok := own[c.code]; ok {
			kind = direct
		}
		codes[i] = Code{strconv.Itoa(c.code), c.status, kind, c.retry, c.edition, c.meaning}
	}
	return codes
}

// isGraph reports whether an error object has one of the marks of Meta's.
func isGraph(inner object) bool {
	for name := range inner.members() {
		if slices.Contains(graphMarks, string(name)) {
			return true
		}
	}
	return slices.Contains(metaTypes, textOf(inner.get("type")))
}

// graphMarks are metaMarks without Kirim's own.
var graphMarks = []string{"error_data", "error_subcode", "error_user_msg", "error_user_title", "fbtrace_id", "is_transient"}
