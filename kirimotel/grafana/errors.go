package main

import "strings"

// side is whose a failure is.
type side struct {
	name  string
	types []string // values of error.type
}

// The sides of the values of error.type that a call can have.
var (
	server = side{"the API", []string{
		"upstream", "internal", "unavailable", "send_failed", "invalid_response", "idempotency_in_progress", "unknown",
		"in_progress", "internal_error", "bad_gateway", "_OTHER",
	}}
	network = side{"the network", []string{"not_sent", "no_response", "request_timeout", "timeout"}}
	limits  = side{"a limit", []string{"rate_limited", "quota_exceeded", "limiter"}}
	account = side{"the account", []string{
		"auth_missing", "auth_invalid", "auth_expired", "auth_revoked", "permission", "plan_limit", "suspended", "billing",
		"not_connected", "upstream_auth",
	}}
	program = side{"our request", []string{
		"invalid_request", "invalid_recipient", "recipient_unavailable", "outside_window", "template_not_found",
		"template_unavailable", "payload_too_large", "media_invalid", "not_found", "method_not_allowed", "conflict",
		"idempotency_reuse", "webhook_invalid", "validation", "canceled", "deadline_exceeded", "misconfigured", "refused",
	}}
	sides = []side{server, network, limits, account, program}
)

// oneOf is a matcher for failures of these sides.
func oneOf(of ...side) string {
	var types []string
	for _, s := range of {
		types = append(types, s.types...)
	}
	return `error.type=~"` + strings.Join(types, "|") + `"`
}
