// Package outbox sends WhatsApp messages durably: a message that was enqueued
// in a transaction of the application is sent after its commit, once, in order
// with the other messages to the same recipient, by whichever process is
// there, or it ends in a state that says why not.
//
// Package [github.com/kirim-go/kirim/outbox/outboxsqlite] keeps the messages in a file,
// for one machine. Package [github.com/kirim-go/kirim/outbox/outboxpg] keeps them in
// PostgreSQL, for any number of processes.
//
//	box, err := outboxsqlite.Open(ctx, "orders.db", outbox.NewSender(client), outbox.Config{Migrate: true})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer box.Close()
//	ids, err := box.Enqueue(ctx, outbox.Message{
//		From: "100000000000001", Message: message, Key: "order-17-confirmed",
//	})
//	…
//	err = box.Run(ctx) // sends until ctx ends
//
// # What it promises
//
// Never twice: each message goes out under an idempotency key of its own. After an
// attempt that may have reached the server it is sent again only with the same
// key, and only for as long as the [Sender] says that its server honours keys
// ([KeyHonourer]). Otherwise it becomes [StateUnknown], and a person decides.
//
// Never in the dark: each message ends in a [State]. Errors are kept with the
// message, also those that a webhook brings after the message was accepted
// ([Outbox.Attach]).
//
// In order: the messages of one class from one number to one recipient are sent
// in the order of their transactions' commits. WhatsApp does not promise that they
// arrive in that order.
//
// # How it works
//
// Tables of the outbox hold the messages. They are the truth. A job of River
// (https://riverqueue.com) is the signal that the messages of one recipient,
// a lane, wait to be sent. A worker claims the lane for a minute at a time by the
// clock of the database, so that no other worker sends to the same recipient. If
// it dies, the claim lapses and another worker goes on.
package outbox
