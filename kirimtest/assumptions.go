package kirimtest

import (
	"time"
	"unicode/utf8"
)

// Assumptions are the rules that the public documentation of the API leaves
// open, or states only in one place. The sandbox follows the value given here;
// [WithAssumptions] changes it, so that a test can show that a program does not
// depend on the guess.
//
// Some rules are assumed without a switch:
//
//   - A bucket refills at limit/60 tokens per second; X-RateLimit-Reset and
//     Retry-After are rounded up to whole seconds. A request takes its token
//     when its key was accepted, whatever comes of it then; one without a
//     good key takes none, and neither do /health and an injected fault.
//   - An Authorization header of another scheme than Bearer is an
//     invalid_api_key; the scheme may be in any case.
//   - An Idempotency-Key is looked at before the path and the body, so that a
//     404 or 400 is remembered too. Its 24 hours begin with the first use; a call
//     that waits for another one waits 30 seconds from its own arrival.
//   - A replayed answer has a fresh X-Request-Id and fresh X-RateLimit headers.
//   - The same Idempotency-Key on another path is a reuse (422). An empty key
//     counts as none. The canonical JSON of the fingerprint has sorted keys and no
//     white space; a body that is not JSON counts as it stands.
//   - Templates that are pending or rejected, or lack the language asked for,
//     are answered like unknown ones: invalid_template_name.
//   - What fills a template is held to the rules of [kirim.Template.Check]. A wrong
//     number of values is a template_param_count_mismatch, a wrong kind or name of
//     one, a wrong button and a component without its place are a
//     template_param_format_mismatch. When all that fits, a one-time code that is too
//     long or not the one in the body, an empty suffix of a URL and an offer that has
//     ended are an invalid_field_value.
//   - The 24-hour window is closed at exactly 24 hours after the customer's
//     last message.
//   - The Content-Type of a request is not looked at; unknown fields are ignored.
//   - A webhook is attempted again counting from the end of the attempt before.
//     A Retry-After of a 429 only lengthens that wait, up to 24 hours; those of
//     other answers are not looked at. Each attempt is signed at its own time.
//   - A delivery whose answer is not tried again is "failed"; one that used up
//     its attempts is "dead". Both count towards disabling the subscription, and
//     a success sets the count to zero, as does enabling it again.
//   - A paused subscription gets no new events, but deliveries under way and
//     replays go on. Those of a subscription that was disabled or deleted are
//     dead at once. While it is disabled it can be looked at, listed, deleted and
//     enabled; other changes, and replays, are answered with 409.
//   - A replay has the event id and the payload of the original, and attempts of
//     its own. Bulk replay takes the oldest deliveries first, also those that
//     were replayed before; created_after and created_before are exclusive.
//   - A subscription whose last active secret has expired is delivered to
//     without a signature (t only). Expired secrets are not listed, and are
//     unknown to a DELETE. A DELETE answers 200 with id, object and deleted.
//   - Whether a webhook URL can be reached, or is of a private network, is not
//     looked at.
//   - message.sent comes just before the first status that has a wamid.
//   - Lists are newest first; conversations are ordered as documented. A cursor
//     is also bound to the path, and an empty one counts as none. limit may
//     change between pages. Unknown query parameters are ignored, an empty value
//     of a filter is not. created_after and created_before exclude their moment,
//     updated_since includes it. created_at of a message is when it was stored.
//   - A path whose object does not exist is 404 before the body is looked at. A
//     PATCH with none of its fields is missing_required_field, except of a label
//     or setup link, where it changes nothing. Text and metadata are replaced as
//     a whole, and updated_at moves only when something changed.
//   - GET /me is answered also when the organisation is suspended or its plan
//     lacks the API; every other path is 403, whether it exists or not, and takes
//     no token.
//   - A contact belongs to one number. Deleting it takes its conversation and its
//     24-hour window along, while its messages stay. A phone number that the
//     number knows already is invalid_field_value. acquisition_source of
//     contact.created is "inbound" or "api".
//   - The filter phone matches exactly; search ignores case.
//   - Reading a message takes one off unread_count; answering takes none off.
//     Messages of type system, request_welcome, edit and revoke are not unread
//     and open no window. An edit replaces the text of the message it names, a
//     revoke removes its text and file.
//   - media redirects for a send with a link to that link; one with an id has no
//     file.
//   - Label names are compared with their case. The team of a contact or a
//     conversation is that of its number. An unknown label_id is 404. In
//     bulk_label, ids that do not exist count as skipped_cross_org, and contacts
//     of another number are labelled when the team is the same.
//   - Templates are those of the organisation, on all its numbers. GET by name
//     without a language finds the oldest. A new name has 1 to 512 lower-case
//     letters, digits and underscores. The type of each component is written in
//     capitals. Samples are not fetched; only their URLs are looked at. The
//     answer of a creation says pending also for authentication templates, which
//     are approved from then on. created of a sync counts [Template.OnlyAtMeta],
//     updated the templates whose status changed, synced all.
//   - A PATCH can suspend a customer, and make a suspended one active again; it
//     can also change the other fields of an archived one. Archiving again changes
//     nothing and leaves active setup links as they are, although they cannot be
//     used. http redirect URLs are for localhost, 127.0.0.1 and *.localhost.
//   - HEAD is answered wherever GET is. OPTIONS is not answered (405).
type Assumptions struct {
	// SendStatusCode answers an accepted send. Default 200.
	SendStatusCode int

	// InitialStatus is data.status of an accepted send. Default "pending".
	InitialStatus string

	// WAMIDInReply adds data.message_id, the wamid, to the response of a send.
	// Default false: it is known only later.
	WAMIDInReply bool

	// DigitsOnlyTo accepts a recipient without its leading plus. Default false.
	DigitsOnlyTo bool

	// MetaButtonKind accepts Meta's interactive type "button" for
	// "reply_buttons". Default true.
	MetaButtonKind bool

	// CarouselLimits checks the cards of a carousel: 2 to 10, each with an
	// image or video header, a body up to 160 characters and one URL button or
	// quick replies; the kind of the header and the number and kind of the
	// buttons are the same on all cards. Default true.
	CarouselLimits bool

	// ContextMustExist answers a reply to a wamid that the sandbox never saw
	// with 400 invalid_field_value. Default false.
	ContextMustExist bool

	// Length measures a text against its limit. Default: Unicode code points.
	Length func(string) int

	// TypingInterval is the least time between two typing indicators for one
	// customer; an earlier one gets 429. Default 3 s; 0 allows all.
	TypingInterval time.Duration

	// MaxIdempotencyKey is the number of characters of an Idempotency-Key above
	// which the response is 400 invalid_field_value. Default 255; 0 allows all.
	MaxIdempotencyKey int

	// CacheClientErrors keeps 4xx responses for replay like successes, except
	// 401, 403, 409 idempotency_in_progress and 429. Default true.
	CacheClientErrors bool

	// ReplayOldRequestID leaves the first response's request_id in a replayed
	// body, which then differs from the X-Request-Id header. Default false.
	ReplayOldRequestID bool

	// ReplayTakesToken lets a replay consume a token of the write bucket.
	// Default true.
	ReplayTakesToken bool

	// RateHeadersWithoutKey sends X-RateLimit headers where no key was
	// accepted: on 401 and on /health. No token is taken. Default true.
	RateHeadersWithoutKey bool

	// RateHeadersOn5xx sends X-RateLimit headers on 5xx responses. Default false.
	RateHeadersOn5xx bool

	// MaxBody is the number of bytes of a request body above which the response
	// is 413. Default 1 MiB (1,048,576).
	MaxBody int

	// DeleteStatusCode answers a DELETE of a contact or label, with
	// {id, object, deleted}; 204 answers without a body. Default 200.
	DeleteStatusCode int

	// InboundStatus is the status of an inbound message until it is read.
	// Default "received".
	InboundStatus string

	// ReopenOnInbound makes a resolved conversation open when the customer
	// writes. Default true.
	ReopenOnInbound bool

	// AssigneeMustExist answers assigned_to a user who was not added with
	// [Server.AddUser] with 400 invalid_field_value. Default true.
	AssigneeMustExist bool

	// CheckEmail answers an email that is not an e-mail address with 400
	// invalid_field_value. Default false: any text that is not empty will do.
	CheckEmail bool

	// SetupLinkConflictCode is the code of the 409 for a setup link that is no
	// longer active, and for a new one of an archived customer. Default
	// "setup_link_not_active".
	SetupLinkConflictCode string

	// TemplateListStatus is the status that a list of templates is filtered by
	// when the request names none: "approved", "pending", "rejected" or "all".
	// Default "all".
	TemplateListStatus string

	// KirimObject adds the kirim object beside object and entry of webhooks in
	// Meta's shape, with the delivery_id (that of the delivery, on all attempts),
	// contact_id and, for a file, media_status and media_url. Default true.
	KirimObject bool

	// Livemode adds livemode, which is false, to the envelope of Kirim's own
	// events. Default false.
	Livemode bool

	// StatusInEventID makes X-Kirim-Event-Id of a message.status event end in
	// the status. Without it, all statuses of a message share its wamid.
	// Default false.
	StatusInEventID bool

	// DeliveryIDPerAttempt gives each attempt an X-Kirim-Delivery-Id of its own;
	// the first has that of the delivery. Default true.
	DeliveryIDPerAttempt bool

	// DeliveredStatus is the status of a delivery that succeeded, in responses of
	// the API. Default "delivered".
	DeliveredStatus string

	// AutoDisableAfter is how many deliveries in a row have to fail for good
	// until the subscription is disabled. Default 24; 0 never disables.
	AutoDisableAfter int

	// RotationEndsOldSecrets lets the expires_in_hours of a new signing secret
	// end the older ones instead of the new one. Default false.
	RotationEndsOldSecrets bool

	// UnknownPathCode, WrongMethodCode, TooLargeCode and MalformedCode are the
	// error codes of responses for which the catalogue has none: 404 for a path
	// that is no operation and 405 (both default resource_not_found), 413 and
	// 400 for a body that is not JSON (both default invalid_field_value, param
	// "body").
	UnknownPathCode, WrongMethodCode, TooLargeCode, MalformedCode string
}

func defaultAssumptions() Assumptions {
	return Assumptions{
		SendStatusCode:        200,
		InitialStatus:         "pending",
		MetaButtonKind:        true,
		CarouselLimits:        true,
		Length:                utf8.RuneCountInString,
		TypingInterval:        3 * time.Second,
		MaxIdempotencyKey:     255,
		CacheClientErrors:     true,
		ReplayTakesToken:      true,
		RateHeadersWithoutKey: true,
		MaxBody:               1 << 20,
		DeleteStatusCode:      200,
		InboundStatus:         "received",
		ReopenOnInbound:       true,
		AssigneeMustExist:     true,
		SetupLinkConflictCode: "setup_link_not_active",
		TemplateListStatus:    "all",
		KirimObject:           true,
		DeliveryIDPerAttempt:  true,
		DeliveredStatus:       "delivered",
		AutoDisableAfter:      24,
		UnknownPathCode:       "resource_not_found",
		WrongMethodCode:       "resource_not_found",
		TooLargeCode:          "invalid_field_value",
		MalformedCode:         "invalid_field_value",
	}
}
