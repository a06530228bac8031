package outbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
)

// Class is a kind of messages that has workers of its own, so that a campaign
// does not keep a one-time code waiting. A class is 1 to 32 of the characters
// a-z, 0-9, _ and -. [Config.Classes] sets how many workers each has.
type Class string

// The classes that exist without configuration.
const (
	ClassTransactional Class = "transactional" // the default
	// ClassCode is for one-time codes: the content is dropped as soon as the
	// message is sent. A refusal that comes after that is the end of the message, as
	// there is nothing left to send.
	ClassCode Class = "code"
	// ClassMarketing is not sent to recipients who have stopped marketing.
	ClassMarketing Class = "marketing"
)

// Message is a message to enqueue.
type Message struct {
	// From is the phone number ID that sends it, or what else the [Sender]
	// takes; 1 to 64 characters of printable ASCII.
	From string
	// Message is what is sent. It is validated by [kirim.OutboundMessage.Validate].
	Message kirim.OutboundMessage
	// Key identifies the message: one with the key of an earlier one is the
	// earlier one, for as long as that is kept. It is also the idempotency key
	// of the request. 1 to 200 characters of printable ASCII without a space at
	// either end; empty means a random one.
	Key string
	// Class is [ClassTransactional] when empty.
	Class Class
	// NotBefore is when the message is due, by the clock of the database;
	// zero means now. Until then it does not hold up the messages behind it.
	NotBefore time.Time
	// Expires is when it is too late to send it; zero means never. A message
	// that was not sent by then becomes [StateExpired].
	Expires time.Time
	// Template is sent in place of the message when the 24-hour window is
	// closed, under a key derived from Key, also when the refusal comes after
	// the message was accepted; nil for none.
	Template *kirim.Template
	// Campaign groups messages for [Outbox.Progress] and
	// [Outbox.CancelCampaign]; at most 200 characters of printable ASCII.
	Campaign string
}

const (
	maxFrom = 64
	maxKey  = 200
	// maxRecipient is far above the ids that there are, and lets the name of a lane
	// be indexed.
	maxRecipient = 200
	maxCampaign  = 200
	maxMessages  = 10_000 // in one call
	maxBody      = 1 << 20
)

var classShape = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// entry is a message as it is stored.
type entry struct {
	Ord       int    `json:"ord"`
	Lane      string `json:"lane"`
	Number    string `json:"number"`
	Class     string `json:"class"`
	Recipient string `json:"recipient"`
	Person    string `json:"person"`
	Campaign  string `json:"campaign"`
	Body      string `json:"body"`
	Rescue    string `json:"rescue,omitempty"`
	Key       string `json:"key"`
	KeyHash   string `json:"key_hash"`
	BodyHash  string `json:"body_hash"`
	NotBefore int64  `json:"not_before,omitempty"`
	ExpiresAt int64  `json:"expires_at,omitempty"`
	Trace     string `json:"traceparent,omitempty"`
}

// entryOf checks a message and makes it ready to be stored.
func entryOf(m Message) (*entry, error) {
	class := m.Class
	if class == "" {
		class = ClassTransactional
	}
	if !classShape.MatchString(string(class)) {
		return nil, refuse("Class", "1 to 32 characters of a-z, 0-9, _ and -", shapeOf(string(class)))
	}
	if err := checkText("From", m.From, 1, maxFrom); err != nil {
		return nil, err
	}
	if err := checkText("Campaign", m.Campaign, 0, maxCampaign); err != nil {
		return nil, err
	}
	if m.Key == "" {
		m.Key = randomKey()
	}
	if err := checkText("Key", m.Key, 1, maxKey); err != nil {
		return nil, err
	}
	if !m.Expires.IsZero() && !m.Expires.After(m.NotBefore) {
		return nil, refuse("Expires", "a time after NotBefore", "one that is not")
	}
	notBefore, err := micros("NotBefore", m.NotBefore)
	if err != nil {
		return nil, err
	}
	expires, err := micros("Expires", m.Expires)
	if err != nil {
		return nil, err
	}
	body, err := bodyOf("Message", m.Message)
	if err != nil {
		return nil, err
	}
	rescue := ""
	if m.Template != nil {
		// Validated as it will be sent: in place of the message.
		inPlace := m.Message
		inPlace.Content, inPlace.ReplyTo = *m.Template, ""
		if rescue, err = bodyOf("Template", inPlace); err != nil {
			return nil, err
		}
	}
	recipient := recipientOf(m.Message)
	if len(recipient) > maxRecipient {
		return nil, refuse("Message.Recipient", fmt.Sprintf("at most %d bytes", maxRecipient), fmt.Sprintf("%d bytes", len(recipient)))
	}
	return &entry{
		Lane:   strings.Join([]string{recipient, m.From, string(class)}, ":"),
		Number: m.From, Class: string(class), Recipient: recipient, Person: personOf(m.From, recipient),
		Campaign: m.Campaign, Body: body, Rescue: rescue, Key: m.Key, KeyHash: hashOf(m.Key),
		BodyHash: bodyHash(m.From, body, rescue), NotBefore: notBefore, ExpiresAt: expires,
	}, nil
}

func bodyOf(field string, m kirim.OutboundMessage) (string, error) {
	if err := m.Validate(); err != nil {
		return "", fmt.Errorf("outbox: %s: %w", field, err)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("outbox: %s: %w", field, err)
	}
	if len(body) > maxBody {
		return "", refuse(field, "at most 1 MiB of JSON", fmt.Sprintf("%d bytes", len(body)))
	}
	// What cannot be read back would be found out by the worker only.
	var back kirim.OutboundMessage
	if err := json.Unmarshal(body, &back); err != nil {
		return "", fmt.Errorf("outbox: %s: it cannot be stored: %w", field, err)
	}
	// PostgreSQL has no text with a NUL. Two backslashes are one of the text.
	if strings.Contains(strings.ReplaceAll(string(body), `\\`, ""), `\u0000`) {
		return "", refuse(field, "text without NUL characters", "one with such a character")
	}
	return string(body), nil
}

// recipientOf names the recipient, so that two spellings of a number are one.
func recipientOf(m kirim.OutboundMessage) string {
	if m.To == "" {
		return m.Recipient
	}
	return normalised(m.To)
}

// normalised returns the digits of a phone number, and every other id as it is.
func normalised(recipient string) string {
	if recipient == "" || strings.Trim(recipient, "+0123456789 -().") != "" {
		return recipient
	}
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, recipient)
}

// personOf stands for a recipient of a number where it must not be readable.
func personOf(number, recipient string) string { return hashOf(number + "\x00" + recipient) }

// hashOf returns 128 bits of SHA-256 in 32 digits.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// bodyHash tells whether two messages with one key are the same message. Its form
// is stored for as long as messages are, and must stay the same over versions:
// "1:" and hashOf of the canonical JSON of number, message and template. Class,
// times and campaign take no part.
func bodyHash(number, body, rescue string) string {
	parts := []string{number, canonical(body), canonical(rescue)}
	joined, _ := json.Marshal(parts) // strings always have a JSON form
	return "1:" + hashOf(string(joined))
}

// canonical writes JSON with sorted names, without spaces and without members
// that are null, false, zero or empty, so that a later version of the SDK may order
// its fields otherwise, write a default out or leave one out. Objects that are the
// caller's own keep theirs.
func canonical(text string) string {
	if text == "" {
		return ""
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // no digit of an amount is lost
	var body map[string]any
	if decoder.Decode(&body) != nil {
		return text // not reached: it was written by encoding/json
	}
	typ, _ := body["type"].(string)
	for name, member := range body {
		if name != typ || typedContents[typ] {
			setOrDelete(body, name, withoutDefaults(member))
		}
	}
	for name, standard := range map[string]any{"messaging_product": "whatsapp", "recipient_type": "individual"} {
		if body[name] == standard {
			delete(body, name)
		}
	}
	written, _ := json.Marshal(body)
	return string(written)
}

// typedContents are the types of content whose members the SDK writes. All others
// are of [kirim.Raw].
var typedContents = map[string]bool{
	"text": true, "image": true, "video": true, "audio": true, "document": true, "sticker": true, "location": true, "contacts": true,
	"reaction": true, "pin": true, "interactive": true, "template": true,
}

// callersData are the names of members with data of the caller's for a flow.
var callersData = map[string]bool{"flow_action_payload": true, "flow_action_data": true}

func withoutDefaults(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if !callersData[name] {
				setOrDelete(value, name, withoutDefaults(member))
			}
		}
		if len(value) == 0 {
			return nil
		}
	case []any:
		for i := range value {
			if member := withoutDefaults(value[i]); member != nil {
				value[i] = member
			}
		}
		if len(value) == 0 {
			return nil
		}
	}
	return value
}

// setOrDelete deletes a member that is a default.
func setOrDelete(object map[string]any, name string, value any) {
	switch value {
	case nil, false, "", json.Number("0"):
		delete(object, name)
	default:
		object[name] = value
	}
}

// micros returns a time as it is stored, and 0 for the zero time.
func micros(field string, t time.Time) (int64, error) {
	if t.IsZero() {
		return 0, nil
	}
	if year := t.UTC().Year(); year < 1971 || year > 9999 {
		return 0, refuse(field, "a time from 1971 to 9999", fmt.Sprintf("the year %d", year))
	}
	return t.UnixMicro(), nil
}
