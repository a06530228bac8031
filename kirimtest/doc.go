// Package kirimtest is a Kirim to test against: a sandbox that runs inside the
// test, keeps state and follows the rules of the API.
//
//	func TestACustomerAnswers(t *testing.T) {
//		sandbox := kirimtest.Start(t)
//		client, _ := sandbox.Client()
//		verifier, _ := kirim.NewWebhookVerifier(sandbox.WebhookSecret)
//		hooks, answers := kirim.NewWebhookHandler(verifier), make(chan string, 1)
//		hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error { answers <- m.Text; return nil })
//		receiver := httptest.NewServer(hooks)
//		t.Cleanup(receiver.Close)
//		sandbox.Subscribe(receiver.URL)
//
//		sent, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), orderUpdate)
//		sandbox.Receive(kirimtest.Inbound{From: orderUpdate.To, Text: "Thanks!"})
//		if answer := <-answers; err != nil || sent.ID != sandbox.Messages()[0].ID || answer != "Thanks!" {
//			t.Errorf("sent %v, %v; answered %q", sent, err, answer)
//		}
//	}
//
// And one of what must not happen, whatever else does:
//
//	sandbox.AddFault(kirimtest.Fault{Method: "POST", Processed: true, Status: 502}) // the response is lost
//	if err := shop.ConfirmOrder(t.Context(), client, sandbox.PhoneNumberID); err != nil {
//		t.Fatal(err)
//	}
//	if n := len(sandbox.Messages()); n != 1 {
//		t.Fatalf("the customer got %d messages", n)
//	}
//
// # What it simulates
//
//   - Sends and read receipts on POST /v1/{phone_number_id}/messages, checked
//     field by field on the JSON as it arrived, and the list of all messages.
//   - What customers do ([Server.Receive]): messages of every type, with files
//     that are downloaded from a host of its own.
//   - Contacts and conversations, which messages make by themselves; labels,
//     templates with their review ([Server.ReviewTemplates]), accounts.
//   - Customers and their setup links ([Server.CompleteSetup]).
//   - Lists with cursors that cannot be made up or used with other filters.
//   - API keys: missing, unknown, revoked and expired ones
//     ([Server.AddKey], [Server.RevokeKey]), suspended organisations
//     ([Server.SetSuspended]) and plans without the API; a second organisation,
//     of which the first sees nothing ([Server.AddOrganization]).
//   - The two token buckets of the organisation with their headers and 429. The
//     61st send of a minute is refused, unless a test asks for more
//     ([WithPlan], [Server.SetPlan]).
//   - Idempotency-Key: replay, reuse, in flight, 24 hours of memory.
//   - The 24-hour window: a free-form send needs a message of the customer
//     ([Server.Receive]).
//   - Templates. "order_update" (id), which has a variable, and without variables
//     "appointment_reminder" (id and en) and "hello_world" (en_US), as well as the
//     one-time code "login_code" (id) are approved, "promo_paused" is paused and
//     "legacy_disabled" disabled ([Server.AddTemplate],
//     [Server.SetTemplateStatus]). A send that does not fit its template, as with
//     another number of values, is refused with template_param_count_mismatch or
//     template_param_format_mismatch.
//   - Webhook subscriptions with their signing secrets, and real deliveries to
//     them: signed, attempted up to eight times over 31 hours, disabled after too
//     many failures, replayed ([Server.Subscribe], [Server.Deliveries]).
//   - What WhatsApp reports of a sent message: sent and delivered, unless a test
//     wants something else ([Server.SetStatusPlan]).
//   - Meta's Cloud API on the same state, with its errors, limits and webhooks.
//   - Whatever can go wrong on the way ([Server.AddFault]): any status and body,
//     cut and trickling bodies, wrong lengths, dropped connections, delays,
//     silence, an operation that takes effect twice.
//
// What arrived is in [Server.Messages] and [Server.Requests], and what became of
// it in [Server.Contacts] and [Server.WasRead]. [Limits] bound all that is kept.
//
// # Webhooks
//
// [Server.Subscribe] has events delivered to any URL, signed with
// [Server.WebhookSecret]. [Server.Deliveries] tells what became of each, attempt
// by attempt. On a [ManualClock], [Server.Advance] lets days of attempts pass in
// no time, and [Server.Settle] waits for those that are due. Without a network,
// [WithWebhookHandler] hands the deliveries to a handler.
//
// # Meta's Cloud API
//
// The sandbox speaks Meta's own API as well, on the same state: below
// [Server.MetaURL], with [Server.AccessToken]. A message of a customer opens the
// window for both, and a template that is paused is paused for both.
//
//	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
//
// It has these paths, below any version:
//
//	POST              /{phone-number-id}/messages             every content, read receipts, typing
//	POST              /{phone-number-id}/marketing_messages   templates of the category marketing
//	POST              /{phone-number-id}/media                files live 30 days, those of customers 7
//	GET, DELETE       /{media-id}                             the URL of a file lives 5 minutes
//	GET, POST, DELETE /{waba-id}/message_templates            with name, status, language, category, fields, limit, after
//	GET, POST         /{template-id}
//	GET               /{waba-id}, /{waba-id}/phone_numbers, /{phone-number-id}
//	POST              /{phone-number-id}                      the PIN
//	POST              /{phone-number-id}/register, /deregister
//	GET, POST         /{phone-number-id}/whatsapp_business_encryption   the public key for the data of flows
//	GET, POST, DELETE /{waba-id}/subscribed_apps
//
// Everything else is Meta's unknown object: code 100 with the subcode 33, as 400,
// and as 404 where there is no such path. There are no idempotency keys: each POST
// that is accepted is a message. A message outside the 24-hour window is accepted,
// and fails 100 ms later by a webhook with 131047, unless [WithEarlyRefusals] is
// given; all else is refused at once. Limits are those of [WithMetaLimits].
// [Server.SubscribeMeta] has webhooks delivered as Meta does. A [Fault] with a
// Status has Meta's envelope here, and its Code can be a Meta error code:
//
//	sandbox.AddFault(kirimtest.Fault{Path: "/*/*/messages", Status: 400, Code: "131026"})
//
// Assumed are the waits between the attempts of a webhook, that a message with the
// id of a file that does not exist is refused with 131009, the subcode 2388024 for
// a template that exists and 2388023 for the name of one that was deleted, and
// 133005 for registering with another PIN; that a template is pending while an edit
// is reviewed; that one creation of templates too many in an hour is refused with
// 80007, and one edit of an approved one too many with 100; and that edits of others
// do not count. Registrations are not counted.
//
// # Time
//
// All time is counted on one [Clock]. A [ManualClock] moves when the test says
// so. Under testing/synctest, start the sandbox inside the bubble with
// [WithoutListener] and reach it through [Server.Transport]; then its time is
// the bubble's, and a client that waits between two attempts waits no real time.
//
// # Assumptions
//
// Where the public documentation of the API is silent, the sandbox follows
// [Assumptions]. Each of its fields, and the list above them, is a guess that
// the real service may not share; do not let a program depend on one.
package kirimtest
