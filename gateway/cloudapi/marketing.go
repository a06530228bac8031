package cloudapi

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/internal/adapter"
)

// ProductPolicy says what happens to a marketing message that Meta's marketing
// API cannot take. A newer server may know others.
type ProductPolicy string

// The documented policies. Which is Meta's default is not documented.
const (
	PolicyStrict   ProductPolicy = "STRICT"             // it is refused
	PolicyFallback ProductPolicy = "CLOUD_API_FALLBACK" // it goes out over the Cloud API
)

// Marketing are the choices for marketing messages. The zero value leaves all to
// Meta.
type Marketing struct {
	// Policy is empty for Meta's default.
	Policy ProductPolicy
	// ActivitySharing says whether Meta may use what recipients do with the
	// messages to optimise further ones; nil for the setting of the account.
	ActivitySharing *bool
}

// WithMarketing returns a number that sends templates over Meta's marketing
// messages API, /{phone-number-id}/marketing_messages. It takes templates of the
// category marketing; Meta refuses those of others with 131055 or 134100. A
// content that is no [kirim.Template] is an error that matches
// [errors.ErrUnsupported], with nothing sent.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/send-marketing-messages
func (p *PhoneNumber) WithMarketing(marketing Marketing) *PhoneNumber {
	return &PhoneNumber{p.client, p.id, &marketing}
}

// extend adds the choices to the body of a send.
func (m *Marketing) extend(message kirim.OutboundMessage, body []byte) ([]byte, error) {
	if _, ok := adapter.Value(message.Content).(kirim.Template); !ok {
		return nil, vendor.Unsupported(fmt.Sprintf("%T as a marketing message", message.Content))
	}
	body = body[:len(body)-1]
	if m.Policy != "" {
		policy, _ := json.Marshal(m.Policy) // a string has always a JSON form
		body = append(append(body, `,"product_policy":`...), policy...)
	}
	if m.ActivitySharing != nil {
		body = strconv.AppendBool(append(body, `,"message_activity_sharing":`...), *m.ActivitySharing)
	}
	return append(body, '}'), nil
}
