package outboxtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

// hear has a process hear of an event whose signature was verified. Each call is a
// delivery to a handler that has seen none before, as deliveries may come again.
func (f *fixture[TTx]) hear(p *process[TTx], body string) {
	f.Helper()
	if err := f.tryHear(p, body); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture[TTx]) tryHear(p *process[TTx], body string) error {
	f.Helper()
	verifier, err := kirim.NewWebhookVerifier(webhookSecret)
	if err != nil {
		f.Fatal(err)
	}
	h := kirim.NewWebhookHandler(verifier)
	p.Attach(h)
	e, err := kirim.DecodeEvent(http.Header{}, []byte(body))
	if err != nil {
		f.Fatal(err)
	}
	return h.HandleEvent(f.Context(), e)
}

// wamidOf is WhatsApp's id of a message of the server's.
func wamidOf(id string) string { return "wamid." + strings.TrimPrefix(id, "msg_") }

// status is an event about a message to alice: of one that failed with the code of
// the error.
func status(id string, status kirim.MessageStatus, code ...int) string {
	return fmt.Sprintf(`{"entry":[{"changes":[{"field":"messages","value":%s}]}]}`, statusValue(id, status, code...))
}

// enrichedStatus is a status in which Kirim tells its id of the message.
func enrichedStatus(id string, status kirim.MessageStatus, code ...int) string {
	return fmt.Sprintf(`{"entry":[{"changes":[{"field":"messages","value":%s}]}],"kirim":{"message_id":%q}}`, statusValue(wamidOf(id), status, code...), id)
}

func statusValue(id string, status kirim.MessageStatus, code ...int) string {
	failed := ""
	if len(code) > 0 {
		failed = fmt.Sprintf(`,"errors":[{"code":%d,"title":"it failed"}]`, code[0])
	}
	name, _ := json.Marshal(id) // of a text
	return fmt.Sprintf(`{"metadata":{"phone_number_id":%q},"statuses":[{"id":%s,"status":%q,"timestamp":"%d","recipient_id":%q%s}]}`,
		from, name, status, start.Unix(), strings.TrimPrefix(alice, "+"), failed)
}

// notice is the event in which Kirim tells both ids of a message.
func notice(id string) string {
	return fmt.Sprintf(`{"id":"evt_1","type":"message.sent","data":{"session":%q,"message":{"id":%q,"provider_id":%q,"to":%q}}}`, from, id, wamidOf(id), alice)
}

// preference is the event of somebody who stops or resumes marketing.
func preference(person, value string, at int64) string {
	return fmt.Sprintf(`{"entry":[{"changes":[{"field":"user_preferences","value":{"metadata":{"phone_number_id":%q},
		"contacts":[%s],"user_preferences":[{%s,"category":"marketing_messages","value":%q,"timestamp":%d}]}}]}]}`,
		from, "{"+person+"}", person, value, at)
}

// forget does what is done every minute.
func (f *fixture[TTx]) forget() {
	f.Helper()
	if err := f.driver.steps.Forget(f.Context()); err != nil {
		f.Fatal(err)
	}
}

// sweep does what is done every second, in a process.
func (f *fixture[TTx]) sweep(p *process[TTx]) {
	f.Helper()
	if err := p.driver.steps.Sweep(f.Context()); err != nil {
		f.Fatal(err)
	}
}

// wantProgress checks the counts of a campaign.
func (f *fixture[TTx]) wantProgress(campaign string, want outbox.Progress) {
	f.Helper()
	got, err := f.Progress(f.Context(), campaign)
	if err != nil {
		f.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		f.Errorf("the progress is\n%+v, want\n%+v", got, want)
	}
}

// wantStatus checks what is known of the delivery of a message.
func (f *fixture[TTx]) wantStatus(id int64, want kirim.MessageStatus) {
	f.Helper()
	if r := f.record(id); r.State != outbox.StateSent || r.Status != want {
		f.Errorf("message id %d is %s and %q (%v), want sent and %q", id, r.State, r.Status, r.Err, want)
	}
}

// pending is how many facts wait for their messages.
func (f *fixture[TTx]) pending() int64 {
	f.Helper()
	return f.number(`SELECT count(*) FROM {s}kirim_pending`)
}
