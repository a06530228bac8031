package kirim_test

import (
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// received decodes a delivery of one message with these contacts beside it.
func received(t *testing.T, contacts, message string) *kirim.InboundMessage {
	t.Helper()
	e := mustDecode(t, `{"entry":[{"changes":[{"field":"messages","value":{"contacts":[`+contacts+`],"messages":[{"id":"m",`+message+`}]}}]}]}`)
	m, ok := e.Data[0].(*kirim.InboundMessage)
	if !ok {
		t.Fatalf("%T", e.Data[0])
	}
	return m
}

func TestTimesAreReadInEveryUnit(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, 5, 28, 20, 26, 58, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"1780000018"`:                   second,
		`1780000018`:                     second,
		`1.780000018e9`:                  second,
		`"1780000018000"`:                second, // milliseconds
		`1780000018123`:                  second.Add(123 * time.Millisecond),
		`1780000018123456`:               second.Add(123456 * time.Microsecond),
		`"1780000018123456789"`:          second.Add(123456789),
		`"1780000018.5"`:                 second.Add(500 * time.Millisecond),
		`1780000018.123456789`:           second.Add(123456789),
		`1780000018.1234567891`:          second.Add(123456789),
		`"1780000018123.0"`:              second.Add(123 * time.Millisecond),
		`"2026-05-28T20:26:58Z"`:         second,
		`"2026-05-29T03:26:58.25+07:00"`: second.Add(250 * time.Millisecond),
		`99999999999`:                    time.Unix(99999999999, 0).UTC(),
		`100000000000`:                   time.UnixMilli(100000000000).UTC(),
		`0`:                              {},
		`-1780000018`:                    {},
		`"-1780000018.5"`:                {},
		`0.5`:                            {},
		`"1780000018.5.5"`:               {},
		`"NaN"`:                          {},
		`"Inf"`:                          {},
		`1e400`:                          {},
		`9223372036854775808`:            {},
		`"soon"`:                         {},
		`""`:                             {},
		`null`:                           {},
		`true`:                           {},
		`[1780000018]`:                   {},
		`{"seconds":1780000018}`:         {},
	} {
		got := received(t, "", `"timestamp":`+text).Time
		if !got.Equal(want) || got.IsZero() != want.IsZero() || got.Location() != time.UTC {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

func TestFromIsANumberOrAUserID(t *testing.T) {
	t.Parallel()
	const userID = "US.13491208655302741918"
	for _, tt := range []struct {
		name, contacts, message string
		phone, userID           string
	}{
		{"a number", ``, `"from":"16505551234"`, "16505551234", ""},
		{"a number with signs", ``, `"from":"+1 (650) 555-1234"`, "16505551234", ""},
		{"a JSON number", ``, `"from":16505551234`, "16505551234", ""},
		{"the longest number there is", ``, `"from":"123456789012345"`, "123456789012345", ""},
		{"a user id", ``, `"from":"` + userID + `"`, "", userID},
		{"digits that are too many for a number", ``, `"from":"13491208655302741918"`, "", "13491208655302741918"},
		{"the same, as a JSON number", ``, `"from":1349120865530274`, "", "1349120865530274"},
		{"what from_user_id says, too", ``, `"from":"77001","from_user_id":"77001"`, "", "77001"},
		{"what from_user_id says before", ``, `"from_user_id":"77001","from":"77001"`, "", "77001"},
		{"a user id beside another", ``, `"from":"` + userID + `","from_user_id":"US.2"`, "", "US.2"},
		{"a user id after another", ``, `"from_user_id":"US.2","from":"` + userID + `"`, "", "US.2"},
		{"both", ``, `"from":"16505551234","from_user_id":"US.2"`, "16505551234", "US.2"},
		{"what the contact calls a user id", `{"user_id":"77001"}`, `"from":"77001"`, "", "77001"},
		{"what one of the contacts calls so", `{"wa_id":"1"},{"user_id":"77001","wa_id":"2"}`, `"from":"77001"`, "2", "77001"},
		{"empty", ``, `"from":"","from_user_id":"US.2"`, "", "US.2"},
		{"absent", `{"user_id":"US.2"}`, `"type":"text"`, "", "US.2"},
	} {
		m := received(t, tt.contacts, tt.message)
		if m.From.Phone != tt.phone || m.From.UserID != tt.userID {
			t.Errorf("%s: phone %q, user id %q", tt.name, m.From.Phone, m.From.UserID)
		}
	}
}

func TestEnrichmentIsKeptWhateverItIsAbout(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"a status":     `"statuses":[{"id":"wamid.1"}]`,
		"two messages": `"messages":[{"id":"1"},{"id":"2"}]`,
		"nothing":      `"later":[]`,
	} {
		e := mustDecode(t, `{"kirim":{"message_id":"msg_1","contact":[],"later":{}},"entry":[{"changes":[{"value":{`+value+`}}]}]}`)
		if e.Enrichment == nil || e.Enrichment.MessageID != "msg_1" {
			t.Errorf("%s: %+v", name, e.Enrichment)
		}
		for _, data := range e.Data {
			if m, ok := data.(*kirim.InboundMessage); ok && m.Enrichment != nil {
				t.Errorf("%s: message %s claims it", name, m.ID)
			}
		}
	}
	if e := mustDecode(t, `{"kirim":"odd","entry":[]}`); e.Enrichment != nil {
		t.Errorf("%+v", e.Enrichment)
	}
}
