package adapter

import (
	"errors"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/system"
)

func TestOnlyAMessageToAPhoneNumberIsTaken(t *testing.T) {
	t.Parallel()
	phones := System{system.MichoW}
	text := kirim.Text{Body: "hello"}
	for name, tc := range map[string]struct {
		message kirim.OutboundMessage
		field   string // that the error names; empty for none
	}{
		"to a phone number":     {kirim.OutboundMessage{To: "+6281100000001", Content: text}, ""},
		"to a user id":          {kirim.OutboundMessage{Recipient: "ID.70000000000000001", Content: text}, "OutboundMessage.Recipient"},
		"to a number and an id": {kirim.OutboundMessage{To: "+6281100000001", Recipient: "ID.7", Content: text}, "OutboundMessage.Recipient"},
		"to a group":            {kirim.OutboundMessage{To: "group", RecipientType: kirim.RecipientGroup, Content: text}, "OutboundMessage.RecipientType"},
		"with an identity":      {kirim.OutboundMessage{To: "+6281100000001", IdentityKeyHash: "x", Content: text}, "OutboundMessage.IdentityKeyHash"},
		"with data":             {kirim.OutboundMessage{To: "+6281100000001", CallbackData: "order", Content: text}, "OutboundMessage.CallbackData"},
	} {
		err := phones.Refusal(tc.message)
		if tc.field == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.Is(err, errors.ErrUnsupported) || kirim.MaybeSent(err) || !strings.Contains(err.Error(), tc.field) || !strings.Contains(err.Error(), "michow") {
			t.Errorf("%s: got %v, want an unsupported %s", name, err, tc.field)
		}
	}
}
