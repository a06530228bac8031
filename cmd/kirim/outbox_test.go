package main

import (
	"context"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
	"github.com/rogpeppe/go-internal/testscript"
)

// outboxCommands are the commands of the scripts about an outbox.
var outboxCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	// enqueue FILE KEY TO TEXT: a service enqueues a message of the campaign sale.
	"enqueue": func(ts *testscript.TestScript, _ bool, args []string) {
		ctx := context.Background()
		box, err := outboxsqlite.Open(ctx, ts.MkAbs(args[0]), outbox.Disabled(), outbox.Config{})
		ts.Check(err)
		_, err = box.Enqueue(ctx, outbox.Message{
			From: "100000000000001", Key: args[1], Campaign: "sale", Class: outbox.ClassMarketing,
			Message: kirim.OutboundMessage{To: args[2], Content: kirim.Text{Body: args[3]}},
		})
		ts.Check(err)
		ts.Check(box.Close())
	},
	// ended FILE KEY STATE: a worker has brought a message to an end.
	"ended": func(ts *testscript.TestScript, _ bool, args []string) {
		db, err := outboxsqlite.OpenDB(ts.MkAbs(args[0]))
		ts.Check(err)
		const failure = `{"text":"kirim: POST /{phone_number_id}/messages: 422 invalid_phone_number","kind":"invalid_recipient"}`
		_, err = db.ExecContext(context.Background(),
			`UPDATE kirim_message SET state = $2, attempts = 1, error = $3, error_kind = 'invalid_recipient', ended_at = created_at WHERE key = $1`, args[1], args[2], failure)
		ts.Check(err)
		ts.Check(db.Close())
	},
}
