package kirim_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

// keyLog is a deduper that notes which keys it was asked for.
type keyLog struct {
	*kirim.MemoryDeduper
	keys []string
}

func (d *keyLog) Claim(ctx context.Context, key string) (kirim.ClaimState, error) {
	d.keys = append(d.keys, key)
	return d.MemoryDeduper.Claim(ctx, key)
}

// field is a delivery of one array of the field "messages".
func field(name string, elements ...string) string {
	return `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"` + name + `":[` + strings.Join(elements, ",") + `]}}]}]}`
}

func TestWhatIsNotTheSameEventIsToldApart(t *testing.T) {
	t.Parallel()
	group := func(participant string) string {
		return `{"id":"wamid.1","status":"delivered","timestamp":"1780000000","recipient_id":"G","recipient_type":"group"` + participant + `}`
	}
	for name, bodies := range map[string][]string{
		"participants of a group, in each of the spellings": {
			field("statuses", group(`,"recipient_participant_id":"6281"`)),
			field("statuses", group(`,"recipient_participant_id":"6282"`)),
			field("statuses", group(`,"participant_recipient_id":"6283"`)),
			field("statuses", group(`,"participant_recipient_id":"6284"`)),
			field("statuses", group(`,"recipient_participant_user_id":"ID.1"`)),
			field("statuses", group(`,"recipient_participant_user_id":"ID.2"`)),
			field("statuses", group(`,"recipient_participant_id":"","recipient_participant_user_id":"ID.3"`)),
		},
		"participants in one delivery": {
			field("statuses", group(`,"recipient_participant_user_id":"ID.1"`), group(`,"recipient_participant_user_id":"ID.2"`), group(`,"participant_recipient_id":"62"`)),
		},
		"participants under a name that is new": {
			field("statuses", group(`,"who":"6281"`)),
			field("statuses", group(`,"who":"6282"`)),
		},
		"statuses that name nobody": {
			field("statuses", `{"id":"wamid.1","status":"read","timestamp":"1780000001"}`),
			field("statuses", `{"id":"wamid.1","status":"read","timestamp":"1780000002"}`),
			field("statuses", `{"id":"wamid.1","timestamp":"1780000002"}`),
			field("statuses", `{"id":"wamid.1","timestamp":"1780000003"}`),
		},
		"statuses to people without a number": {
			field("statuses", `{"id":"wamid.1","status":"read","recipient_user_id":"ID.1"}`),
			field("statuses", `{"id":"wamid.1","status":"sent","recipient_user_id":"ID.1"}`),
			field("statuses", `{"id":"wamid.1","status":"read","recipient_user_id":"ID.2"}`),
			field("statuses", `{"id":"wamid.2","status":"read","recipient_user_id":"ID.2"}`),
		},
		"parts that make the same text when joined": {
			field("statuses", `{"id":"a:b","status":"c","recipient_id":"62"}`),
			field("statuses", `{"id":"a","status":"b:c","recipient_id":"62"}`),
			field("statuses", `{"id":"a\":b","status":"c","recipient_id":"62"}`),
			field("statuses", `{"id":"\"a:b\"","status":"c","recipient_id":"62"}`),
		},
		"messages": {
			field("messages", `{"id":"wamid.1","type":"text","text":{"body":"a"}}`),
			field("messages", `{"id":"wamid.2","type":"text","text":{"body":"a"}}`),
			`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"messages":[{"id":"wamid.1","type":"text"}]}}]}]}`,
			`{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"wamid.1","type":"text","text":{"body":"a"}}]}}]}]}`,
			`{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"wamid.1","type":"text","text":{"body":"b"}}]}}]}]}`,
		},
		"a message that could not be received at first": {
			field("messages", `{"id":"wamid.1","type":"unsupported","errors":[{"code":131060}]}`),
			field("messages", `{"id":"wamid.1","type":"image","errors":[{"code":131052}]}`),
			field("messages", `{"id":"wamid.1","type":"image","image":{"id":"1"}}`),
		},
		"edits of one message": {
			field("messages", `{"id":"wamid.1","type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"a"}}}}`),
			field("messages", `{"id":"wamid.1","type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"b"}}}}`),
			field("messages", `{"id":"wamid.1","type":"revoke","revoke":{"original_message_id":"wamid.0"}}`),
		},
		"events of Kirim's that have an id only in the header": {
			`{"type":"message.created","data":{"message":{"id":"msg_1"}}}`,
			`{"type":"message.sent","data":{"message":{"id":"msg_1"}}}`,
			`{"type":"message.sent","data":{"message":{"id":"msg_2"}}}`,
			`{"type":"planet.discovered","data":{"n":1}}`,
			`{"type":"planet.discovered","data":{"n":2}}`,
		},
		"events of Kirim's": {
			`{"id":"evt_1","type":"message.sent","data":{"message":{"id":"msg_1"}}}`,
			`{"id":"evt_2","type":"message.sent","data":{"message":{"id":"msg_1"}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &keyLog{MemoryDeduper: kirim.NewMemoryDeduper(0, 0)}
			h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(log))
			ran, elements := 0, 0
			for _, typ := range []kirim.WebhookEventType{"message.received", "message.status", "message.created", "message.sent", "planet.discovered"} {
				h.On(typ, func(context.Context, *kirim.Event) error { ran++; return nil })
			}
			for range 2 {
				for _, body := range bodies {
					elements += strings.Count(body, `"status":"delivered"`)
					r := signed(testSecret, testTime, []byte(body))
					r.Header.Set("X-Kirim-Event-Id", "wamid.1")
					w := httptest.NewRecorder()
					if h.ServeHTTP(w, r); w.Code != 200 {
						t.Errorf("answer %d to %s", w.Code, body)
					}
				}
			}
			if want := max(len(bodies), elements/2); ran != want {
				t.Errorf("%d callbacks for %d events: %q", ran, want, log.keys)
			}
			for _, key := range log.keys {
				if key == "" || strings.Trim(key, printableASCII) != "" {
					t.Errorf("key %q", key)
				}
			}
		})
	}
}

const printableASCII = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

func TestParticipantOfAGroupIsFoundInEachSpelling(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		members string
		group   string
		want    kirim.Person
	}{
		{`"recipient_type":"group","recipient_id":"G","recipient_participant_id":"+62 81"`, "G", kirim.Person{Phone: "6281"}},
		{`"recipient_type":"group","recipient_id":"G","participant_recipient_id":"6281"`, "G", kirim.Person{Phone: "6281"}},
		{`"recipient_type":"GROUP","recipient_id":"G","participant_recipient_id":"6281","recipient_participant_id":""`, "G", kirim.Person{Phone: "6281"}},
		{`"recipient_type":"group","recipient_id":"G","recipient_participant_id":"6281","recipient_participant_user_id":"ID.1","recipient_participant_parent_user_id":"ID.ENT.1"`, "G",
			kirim.Person{Phone: "6281", UserID: "ID.1", ParentUserID: "ID.ENT.1"}},
		{`"recipient_type":"group","recipient_id":"G","recipient_participant_id":"ID.1","recipient_participant_user_id":"ID.1"`, "G", kirim.Person{UserID: "ID.1"}},
		{`"recipient_type":"group","recipient_id":"G","recipient_participant_id":"ID.1"`, "G", kirim.Person{UserID: "ID.1"}},
		{`"recipient_id":"G","recipient_participant_user_id":"ID.1"`, "G", kirim.Person{UserID: "ID.1"}},
		{`"group_id":"G","recipient_id":"other","recipient_participant_user_id":"ID.1"`, "G", kirim.Person{UserID: "ID.1"}},
		{`"recipient_type":"group","recipient_id":"G","recipient_user_id":"ID.1"`, "G", kirim.Person{UserID: "ID.1"}},
		{`"recipient_type":"group","recipient_id":"G"`, "G", kirim.Person{}},
		{`"recipient_type":"individual","recipient_id":"6281"`, "", kirim.Person{Phone: "6281"}},
	} {
		e := mustDecode(t, field("statuses", `{"id":"wamid.1","status":"read",`+tt.members+`}`))
		if s := e.Data[0].(*kirim.StatusUpdate); s.GroupID != tt.group || s.Recipient != tt.want {
			shown, _ := json.Marshal(s.Recipient)
			t.Errorf("%s: group %q, %s", tt.members, s.GroupID, shown)
		}
	}
}
