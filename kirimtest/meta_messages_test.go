package kirimtest

import (
	"strings"
	"testing"
	"time"
)

func TestUserIDsAndGroupsAreRecipientsOnlyOfWhatMetaTakes(t *testing.T) {
	t.Parallel()
	const text = `,"type":"text","text":{"body":"hi"}}`
	for name, tt := range map[string]struct {
		body                string
		code, param         string // with what Kirim documents
		metaCode, metaParam string // with what Meta takes
	}{
		"a user id":                {`"recipient":"ID.70000000000000001"`, "missing_required_field", "to", "", ""},
		"an empty user id":         {`"recipient":""`, "missing_required_field", "to", "invalid_field_value", "recipient"},
		"a group":                  {`"recipient_type":"group","to":"GROUP-EXAMPLE-1"`, "invalid_phone_number", "to", "", ""},
		"a group without its id":   {`"recipient_type":"group"`, "missing_required_field", "to", "missing_required_field", "to"},
		"a number that is none":    {`"to":"GROUP-EXAMPLE-1"`, "invalid_phone_number", "to", "invalid_phone_number", "to"},
		"nobody":                   {`"recipient_type":"individual"`, "missing_required_field", "to", "missing_required_field", "to"},
		"an unknown kind of group": {`"recipient_type":"crowd","to":"+628123456789"`, "invalid_field_value", "recipient_type", "invalid_field_value", "recipient_type"},
		"a closed window":          {`"to":"+628123456789"`, "outside_24h_window", "to", "outside_24h_window", "to"},
		"a number beside a user id, outside its window": {
			`"to":"+628123456789","recipient":"ID.70000000000000001"`, "outside_24h_window", "to", "outside_24h_window", "to",
		},
	} {
		strict, _ := inMemory(t)
		if r := post(t, strict, `{"messaging_product":"whatsapp",`+tt.body+text); r.code() != tt.code || r.param() != tt.param {
			t.Errorf("%s: %s %s, want %s %s", name, r.code(), r.param(), tt.code, tt.param)
		}
		open, _ := inMemory(t, WithMetaMessages())
		if r := post(t, open, `{"messaging_product":"whatsapp",`+tt.body+text); r.code() != tt.metaCode || r.param() != tt.metaParam {
			t.Errorf("%s, as Meta takes it: %s %s, want %s %s", name, r.code(), r.param(), tt.metaCode, tt.metaParam)
		}
	}
}

func TestStatusesOfUserIDsAndGroupsNameThemAsMetaDoes(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		`"to":"GROUP-EXAMPLE-1","recipient_type":"group"`: `"recipient_id":"GROUP-EXAMPLE-1","recipient_type":"group"`,
		`"recipient":"ID.70000000000000001"`:              `"recipient_user_id":"ID.70000000000000001"`,
	} {
		s, r, _ := withReceiver(t, always(200), WithMetaMessages())
		s.Subscribe(hookURL, "message.status", "message.sent")
		sent := post(t, s, `{"messaging_product":"whatsapp",`+to+`,"type":"text","text":{"body":"hi"}}`)
		wantStatus(t, sent, 200, "")
		s.Advance(time.Minute)
		found := 0
		for _, w := range r.webhooks() {
			body := string(w.body)
			if strings.Contains(body, want) || strings.Contains(body, `"message.sent"`) && strings.Contains(body, `"to":"`+strings.Split(to, `"`)[3]) {
				found++
			}
		}
		if found != 3 {
			t.Errorf("%d of %d events name %s", found, len(r.webhooks()), want)
		}
		if list := s.Contacts(); len(list) != 1 || list[0].Phone != strings.Split(to, `"`)[3] {
			t.Errorf("the contacts are %+v", list)
		}
	}
}
