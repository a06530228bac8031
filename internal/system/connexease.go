package system

import (
	"net/http"
	"time"
)

// Connexease is the system behind gateway/connexease. Its list of codes is
// known to be incomplete.
var Connexease = register(System{
	Name:   "connexease",
	Title:  "Connexease",
	Bodies: []string{`{"isSuccess": false, "errors": {"code", "group", "description", "params": {"limit_type", "retry_after"}}}`},
	Waits: "`errors.params.retry_after`, a text such as `1 seconds`, `1s` or `60s`; without it 1 s for the `limit_type` `sec` and 60 s " +
		"for `min`. Codes that are not listed are classified by their area, their group, the status.",
	ViaMeta: true,
	forms: []form{{
		rank: 1,
		fits: func(top, _, list object) bool { return isBool(top.get("isSuccess")) && isText(list.get("code")) },
	}},
	holder:  "errors",
	message: "description",
	wait:    [2]string{"params", "retry_after"},
	defaultWait: func(holder object, _ http.Header) time.Duration {
		switch textOf(objectOf(holder.get("params")).get("limit_type")) {
		case "sec":
			return time.Second
		case "min":
			return time.Minute
		}
		return 0
	},
	areas: []area{
		{"BILL_", "billing"},
		{"RATE_", "rate_limited"},
		{"WABA_", "upstream_auth"},
		{"WH_", "webhook_invalid"},
	},
	groups: map[string]string{
		"UNAUTHORIZED":      "auth_invalid",
		"PAYMENT_REQUIRED":  "billing",
		"BAD_REQUEST":       "invalid_request",
		"VALIDATION":        "invalid_request",
		"TOO_MANY_REQUESTS": "rate_limited",
		"INTERNAL_ERROR":    "internal",
	},
	Codes: connexeaseCodes,
})

var connexeaseCodes = []Code{
	{"AUTH_001", 401, "auth_invalid", Never, Listed, "unknown, invalid, revoked or expired"},
	{"AUTH_002", 401, "auth_missing", Never, Listed, "no Authorization header"},
	{"AUTH_003", 401, "auth_invalid", Never, Listed, "the header is not a bearer token"},
	{"AUTH_004", 500, "internal", Backoff, Listed, "the authentication service failed"},
	{"WABA_001", 401, "upstream_auth", UserFirst, Listed, "the WhatsApp account's credentials are bad; a new key does not help"},
	{"BILL_001", 402, "billing", UserFirst, Listed, "the balance is used up"},
	{"BILL_002", 400, "billing", UserFirst, Listed, "no billing account"},
	{"RATE_001", 429, "rate_limited", Wait, Listed, "the limit per second or per minute"},
	{"AUTH_005", 500, "internal", Backoff, Newer, "authentication data is damaged"},
	{"WH_001", 403, "webhook_invalid", Never, Newer, "wrong verify token in Meta's handshake"},
	{"WH_002", 0, "webhook_invalid", Never, Newer, "Meta's signature is missing"},
	{"GW_001", 0, "invalid_recipient", Never, Newer, "the recipient is invalid"},
}
