// Package kirimtest is a Kirim to test against: a sandbox that runs inside the
// test, keeps state and follows the rules of the API.
//
//	func TestOrderConfirmation(t *testing.T) {
//		sandbox := kirimtest.Start(t)
//		client, err := sandbox.Client()
//		if err != nil {
//			t.Fatal(err)
//		}
//		sandbox.Receive(kirimtest.Inbound{From: "+628123456789", Text: "Is it ready?"})
//		sandbox.Fault(kirimtest.Fault{Method: "POST", Processed: true, Status: 502})
//
//		if err := shop.ConfirmOrder(t.Context(), client, sandbox.PhoneNumberID); err != nil {
//			t.Fatal(err)
//		}
//		if n := len(sandbox.Messages()); n != 1 {
//			t.Fatalf("the customer got %d messages", n)
//		}
//	}
//
// # What it simulates
//
//   - Sends and read receipts on POST /v1/{phone_number_id}/messages, checked
//     field by field on the JSON as it arrived, and the list of all messages.
//   - What customers do ([Server.Receive]): messages of every type, with files
//     that are downloaded from a host of its own.
//   - Contacts and conversations, which messages make by themselves; labels,
//     templates with their review ([Server.SetTemplateReview]), accounts.
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
//   - Templates. "order_update" (id), "appointment_reminder" (id and en) and the
//     one-time code "login_code" (id) are approved, "promo_paused" is paused and
//     "legacy_disabled" disabled ([Server.AddTemplate],
//     [Server.SetTemplateStatus]).
//   - Webhook subscriptions with their signing secrets, and real deliveries to
//     them: signed, attempted up to eight times over 31 hours, disabled after too
//     many failures, replayed ([Server.Subscribe], [Server.Deliveries]).
//   - What WhatsApp reports of a sent message: sent and delivered, unless a test
//     wants something else ([Server.DeliverAs]).
//   - Whatever can go wrong on the way ([Server.Fault]): any status and body,
//     cut and trickling bodies, wrong lengths, dropped connections, delays,
//     silence, an operation that takes effect twice.
//
// What arrived is in [Server.Messages] and [Server.Requests], and what became of
// it in [Server.Contacts] and [Server.WasRead]. [Limits] bound all that is kept.
//
// # Webhooks
//
//	sandbox := kirimtest.Start(t)
//	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//		body, _ := io.ReadAll(r.Body)
//		at, v1, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Kirim-Signature"), "t="), ",v1=")
//		mac := hmac.New(sha256.New, []byte(sandbox.WebhookSecret))
//		io.WriteString(mac, at+"."+string(body))
//		if v1 != hex.EncodeToString(mac.Sum(nil)) {
//			w.WriteHeader(http.StatusUnauthorized)
//		}
//	}))
//	defer receiver.Close()
//	sandbox.Subscribe(receiver.URL, "message.received")
//	shop.ConfirmOrder(t.Context(), client, sandbox.PhoneNumberID)
//	sandbox.Receive(kirimtest.Inbound{From: "+628123456789", Text: "Thanks!"})
//	sandbox.Settle()
//	if d := sandbox.Deliveries(); len(d) != 1 || d[0].Status != kirimtest.DeliverySucceeded {
//		t.Errorf("deliveries %+v", d)
//	}
//
// [Server.Deliveries] tells what became of each event, attempt by attempt. On a [ManualClock],
// [Server.Advance] lets days of attempts pass in no time, and [Server.Settle]
// waits for those that are due. Without a network, [WithWebhookHandler] hands the
// deliveries to a handler.
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
