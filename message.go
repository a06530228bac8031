package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// OutboundMessage is one message to one recipient.
//
// Its JSON form is exactly the body of a send, so a message can be kept in a
// queue or a file and sent later: what json.Marshal writes, json.Unmarshal
// reads back.
//
// Docs: https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
type OutboundMessage struct {
	// To is the recipient in E.164 with the leading plus: "+6281100000001".
	// It is sent as given; a number without the plus gets invalid_phone_number. For a group it is the group's id.
	To string

	// Content is what is sent: [Text], [Image], [Video], [Audio], [Document],
	// [Template], [ReplyButtons], [List], [CTAURL], [Carousel] or [Raw].
	Content Content

	// ReplyTo makes the message a reply that quotes an inbound message. It
	// takes that message's wamid, not a msg_ id. Empty means no quote.
	ReplyTo string

	// Recipient is a business-scoped user id, for a person whose number is not
	// known: "ID.70000000000000001". Where To is set as well, Meta takes To.
	//
	// Recipient, RecipientType and CallbackData are Meta's fields; that Kirim
	// passes them on is assumed.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
	Recipient string

	// RecipientType is [RecipientGroup], or empty for one person.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
	RecipientType string

	// CallbackData comes back in the statuses of the message; see
	// [StatusUpdate]. Meta documents at most 512 characters for calls and
	// nothing for messages, so it is not checked.
	CallbackData string
}

// RecipientGroup is the RecipientType of a message to a group.
const RecipientGroup = "group"

// recipientIndividual is the default, as Meta spells it out.
const recipientIndividual = "individual"

// Content is what an [OutboundMessage] carries. The types of this package
// implement it, as values and as pointers; [Raw] stands for everything they do
// not cover. Only the OutboundMessage around it has a JSON form.
type Content interface {
	encode(*wireMessage) error
	check(*checker)
}

// Text is a plain message.
//
// Docs: https://developers.kirim.chat/sending/send-text/
type Text struct {
	// Body has 1 to 4096 characters.
	Body string `json:"body"`
	// PreviewURL asks WhatsApp for a preview of the first URL in Body.
	PreviewURL bool `json:"preview_url,omitempty"`
}

// Image is a JPEG or PNG of at most 5 MB.
//
// Docs: https://developers.kirim.chat/sending/send-image/
type Image struct {
	// Link is a public https URL. Exactly one of Link and ID is set.
	Link string `json:"link,omitempty"`
	// ID names media that Meta already holds; Kirim uploads nothing.
	ID string `json:"id,omitempty"`
	// Caption has at most 1024 characters.
	Caption string `json:"caption,omitempty"`
}

// Video is an MP4 (H.264 with AAC) or 3GPP file of at most 16 MB, with sound.
//
// Docs: https://developers.kirim.chat/sending/send-video/
type Video struct {
	// Link is a public https URL. Exactly one of Link and ID is set.
	Link string `json:"link,omitempty"`
	// ID names media that Meta already holds; Kirim uploads nothing.
	ID string `json:"id,omitempty"`
	// Caption has at most 1024 characters.
	Caption string `json:"caption,omitempty"`
}

// Audio is an AAC, M4A, AMR, MP3 or OGG (Opus) file of at most 16 MB. It has
// no caption. A voice message, which Kirim does not document, takes a [Raw].
//
// Docs: https://developers.kirim.chat/sending/send-audio/
type Audio struct {
	// Link is a public https URL. Exactly one of Link and ID is set.
	Link string `json:"link,omitempty"`
	// ID names media that Meta already holds; Kirim uploads nothing.
	ID string `json:"id,omitempty"`
}

// Document is a file to download. Kirim states no size limit; Meta's, which is
// assumed to hold here too, is 100 MB.
//
// Docs: https://kirim-dev.pages.dev/guides/send-message/
type Document struct {
	// Link is a public https URL. Exactly one of Link and ID is set.
	Link string `json:"link,omitempty"`
	// ID names media that Meta already holds; Kirim uploads nothing.
	ID string `json:"id,omitempty"`
	// Caption has at most 1024 characters.
	Caption string `json:"caption,omitempty"`
	// Filename is shown to the recipient; its extension picks the icon. No
	// limit is documented.
	Filename string `json:"filename,omitempty"`
}

// Raw is any other content: it is sent as {"type": Type, Type: Object}. It is
// also what a decoded message holds when one of the typed contents would lose
// a part of it. Nothing of Object is checked, only that there is one.
//
// Kirim documents no sending of stickers, locations, contacts and reactions,
// and does not mention flows and products; whether it passes them on to Meta
// is for the server to say.
type Raw struct {
	// Type is the name of the content: lower-case letters, digits and
	// underscores, and not the name of another field of the body.
	Type string
	// Object is marshalled as given: a struct, a map, a [json.RawMessage].
	Object any
}

// wireMessage is the body of a send. At most one of the objects is set; the
// bytes in raw are added by wireBody under the name in Type.
type wireMessage struct {
	MessagingProduct string           `json:"messaging_product"`
	RecipientType    string           `json:"recipient_type,omitempty"`
	To               *string          `json:"to,omitempty"`
	Recipient        string           `json:"recipient,omitempty"`
	CallbackData     string           `json:"biz_opaque_callback_data,omitempty"`
	Context          *wireContext     `json:"context,omitempty"`
	Type             string           `json:"type"`
	Text             *Text            `json:"text,omitempty"`
	Image            *Image           `json:"image,omitempty"`
	Video            *Video           `json:"video,omitempty"`
	Audio            *Audio           `json:"audio,omitempty"`
	Document         *Document        `json:"document,omitempty"`
	Interactive      *wireInteractive `json:"interactive,omitempty"`
	Template         *wireTemplate    `json:"template,omitempty"`

	to  string // what To points to
	raw []byte
}

type wireContext struct {
	MessageID string `json:"message_id"`
}

const messagingProduct = "whatsapp"

func (c Text) encode(w *wireMessage) error     { w.Type, w.Text = "text", &c; return nil }
func (c Image) encode(w *wireMessage) error    { w.Type, w.Image = "image", &c; return nil }
func (c Video) encode(w *wireMessage) error    { w.Type, w.Video = "video", &c; return nil }
func (c Audio) encode(w *wireMessage) error    { w.Type, w.Audio = "audio", &c; return nil }
func (c Document) encode(w *wireMessage) error { w.Type, w.Document = "document", &c; return nil }

func (c Raw) encode(w *wireMessage) error {
	// The name is written between quotes as it is, and must not repeat or
	// override a field that this package writes.
	if !isContentType(c.Type) {
		return refuse("type", rawTypeLimit, quantity(utf8.RuneCountInString(c.Type), "character"))
	}
	raw, err := c.encoded()
	if err != nil {
		return refuseEncoding("content", "an object for encoding/json", c.Object, err)
	}
	w.Type, w.raw = c.Type, raw
	return nil
}

func (c Raw) encoded() ([]byte, error) {
	raw, err := json.Marshal(c.Object)
	switch {
	case err != nil:
		return nil, err
	case string(raw) == "null":
		return nil, errors.New("no object")
	case !utf8.Valid(raw):
		return nil, errors.New("not valid UTF-8")
	}
	return raw, nil
}

// wireBody is the body of the send. MarshalJSON and the client share it.
func (m OutboundMessage) wireBody() ([]byte, error) {
	if isNil(m.Content) {
		return nil, refuse("type", "a content", "none")
	}
	w := wireMessage{
		MessagingProduct: messagingProduct, RecipientType: m.RecipientType, Recipient: m.Recipient, CallbackData: m.CallbackData,
	}
	if m.To != "" || m.Recipient == "" {
		w.to = m.To
		w.To = &w.to
	}
	if m.ReplyTo != "" {
		w.Context = &wireContext{MessageID: m.ReplyTo}
	}
	if err := m.Content.encode(&w); err != nil {
		return nil, err
	}
	body, err := json.Marshal(&w)
	if err != nil {
		return nil, refuseEncoding("content", "a content for encoding/json", m.Content, err)
	}
	if w.raw != nil {
		body = append(body[:len(body)-1], `,"`+w.Type+`":`...)
		body = append(append(body, w.raw...), '}')
	}
	return body, nil
}

// MarshalJSON writes the body of the send. It does not validate, but refuses
// what has no such body: no content, and a [Raw] without an object or with a
// Type that would collide with another field.
func (m OutboundMessage) MarshalJSON() ([]byte, error) {
	return m.wireBody()
}

// reservedFields are the fields of the body, of a send or a read receipt, that
// are not the object of a content.
var reservedFields = []string{
	"messaging_product", "recipient_type", "to", "recipient", "context", "type",
	"status", "message_id", "typing_indicator",
	"biz_opaque_callback_data", "recipient_identity_key_hash",
}

var contentTypePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

const rawTypeLimit = "1 to 64 lower-case letters, digits and underscores, not the name of another field"

func isContentType(s string) bool {
	return contentTypePattern.MatchString(s) && !slices.Contains(reservedFields, s)
}

// UnmarshalJSON reads the body of a send and loses nothing of it. A content
// with fields, at any depth, that its type cannot hold becomes a [Raw]; every
// other content becomes a value, not a pointer. A body without a type is a
// text, as in Meta's own examples; a recipient_type of "individual" is the empty
// default. Any field beside the content that this package does not know is an
// error that names it. It does not validate.
func (m *OutboundMessage) UnmarshalJSON(data []byte) error {
	decoded, err := decodeMessage(data)
	if err != nil {
		return fmt.Errorf("kirim: decode message: %w", err)
	}
	*m = decoded
	return nil
}

func decodeMessage(data []byte) (OutboundMessage, error) {
	var m OutboundMessage
	// encoding/json would put U+FFFD for what is not UTF-8.
	if !utf8.Valid(data) {
		return m, errors.New("not valid UTF-8")
	}
	fields, names, err := splitObject(data)
	if err != nil {
		return m, err
	}
	var kind string
	kindErr := fields.text("type", &kind)
	if _, given := fields["type"]; !given && fields["text"] != nil {
		kind, kindErr = "text", nil
	}
	for _, name := range names { // first, as they say best why a body is not a send
		switch name {
		case "messaging_product", "recipient_type", "to", "recipient", "biz_opaque_callback_data", "context", "type", kind:
		default:
			return m, fmt.Errorf("unknown field %.40q", name)
		}
	}
	if kindErr != nil {
		return m, kindErr
	}
	if !isContentType(kind) {
		return m, errors.New("type is not the name of a content")
	}
	if err := fields.constant("messaging_product", messagingProduct); err != nil {
		return m, err
	}
	if err := fields.optionalText("recipient_type", &m.RecipientType); err != nil {
		return m, err
	}
	if m.RecipientType == recipientIndividual {
		m.RecipientType = ""
	}
	if err := fields.optionalText("biz_opaque_callback_data", &m.CallbackData); err != nil {
		return m, err
	}
	if err := fields.optionalText("recipient", &m.Recipient); err != nil {
		return m, err
	}
	if _, given := fields["to"]; given || m.Recipient == "" {
		if err := fields.text("to", &m.To); err != nil {
			return m, err
		}
	}
	if context, given := fields["context"]; given {
		if m.ReplyTo, err = decodeContext(context); err != nil {
			return m, err
		}
	}
	object, given := fields[kind]
	if !given {
		return m, fmt.Errorf("no %s object for the type", kind)
	}
	m.Content, err = decodeContent(kind, object)
	return m, err
}

func decodeContext(data []byte) (wamid string, err error) {
	fields, names, err := splitObject(data)
	if err != nil {
		return "", fmt.Errorf("context: %w", err)
	}
	for _, name := range names {
		if name != "message_id" {
			return "", fmt.Errorf("context: unknown field %.40q", name)
		}
	}
	err = fields.text("message_id", &wamid)
	if err == nil && wamid == "" {
		err = errors.New("message_id is empty")
	}
	if err != nil {
		return "", fmt.Errorf("context: %w", err)
	}
	return wamid, nil
}

// objectFields are the fields of one JSON object, with their exact names.
type objectFields map[string]json.RawMessage

// splitObject also returns the names in the order in which they stand.
func splitObject(data []byte) (objectFields, []string, error) {
	if !json.Valid(data) {
		return nil, nil, errors.New("not valid JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, nil, errors.New("not a JSON object")
	}
	fields, names := objectFields{}, []string(nil)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := token.(string)
		if _, twice := fields[name]; twice {
			return nil, nil, fmt.Errorf("field %.40q stands twice", name)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, nil, err
		}
		fields[name], names = value, append(names, name)
	}
	return fields, names, nil
}

func (f objectFields) text(name string, into *string) error {
	value, given := f[name]
	if !given {
		return fmt.Errorf("%s is missing", name)
	}
	if value[0] != '"' || json.Unmarshal(value, into) != nil {
		return fmt.Errorf("%s is not a string", name)
	}
	return nil
}

func (f objectFields) optionalText(name string, into *string) error {
	if _, given := f[name]; !given {
		return nil
	}
	return f.text(name, into)
}

func (f objectFields) constant(name, want string) error {
	var got string
	if err := f.text(name, &got); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s is not %q", name, want)
	}
	return nil
}

// contentDecoders read the object of a content. They return errNotTyped where
// the type would lose a part of it.
var contentDecoders = map[string]func([]byte) (Content, error){
	"text":        decodeAs[Text],
	"image":       decodeAs[Image],
	"video":       decodeAs[Video],
	"audio":       decodeAs[Audio],
	"document":    decodeAs[Document],
	"interactive": decodeInteractive,
	"template":    decodeTemplate,
}

var errNotTyped = errors.New("content does not fit its type")

func decodeContent(kind string, object json.RawMessage) (Content, error) {
	// The encoder's own spelling: what is read from it encodes to the same bytes.
	object, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	decode := contentDecoders[kind]
	switch {
	case string(object) == "null":
		return nil, fmt.Errorf("%s is null", kind)
	case decode == nil:
		return Raw{Type: kind, Object: object}, nil
	case object[0] != '{':
		return nil, fmt.Errorf("%s is not an object", kind)
	}
	content, err := decode(object)
	if errors.Is(err, errNotTyped) {
		return Raw{Type: kind, Object: object}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return content, nil
}

func decodeAs[T Content](object []byte) (Content, error) {
	var content T
	if err := decodeStrict(object, &content); err != nil {
		return nil, err
	}
	return content, nil
}

// shapeError is a JSON value of the wrong kind. Unlike the errors of
// encoding/json it never holds the value.
type shapeError struct{ path, want string }

func (e *shapeError) Error() string                        { return e.path + " is not " + e.want }
func (e *shapeError) disposition() (Action, time.Duration) { return ActionDoNotRetry, 0 }

// decodeStrict fails with errNotTyped where json.Unmarshal would drop or merge
// something, and with a *shapeError where a value is of the wrong kind.
func decodeStrict(object []byte, into any) error {
	if !hasOneReading(object) {
		return errNotTyped
	}
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	var shape *shapeError
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &shape):
		return shape
	case errors.As(err, &mismatch):
		return &shapeError{path: mismatch.Field, want: kindName(mismatch.Type)}
	default:
		return errNotTyped
	}
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice:
		return "an array"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "a number of its kind"
	default:
		return "an object"
	}
}

// hasOneReading reports whether encoding/json reads the object without a
// choice of its own. It would match names whatever their case, keep the last
// or merge the values of a repeated one, and put U+FFFD for half a surrogate
// pair.
func hasOneReading(object []byte) bool {
	halves := bytes.Contains(object, []byte(`\ud`)) || bytes.Contains(object, []byte(`\uD`))
	dec := json.NewDecoder(bytes.NewReader(object))
	var read func() bool
	read = func() bool {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		switch token := token.(type) {
		case string:
			return !halves || !strings.ContainsRune(token, utf8.RuneError)
		case json.Delim:
			seen := map[string]bool{}
			for dec.More() {
				if token == '{' {
					name, _ := dec.Token()
					key, ok := name.(string)
					if !ok || seen[key] || !isLower(key) {
						return false
					}
					seen[key] = true
					if key == "flow_action_data" { // kept as it is
						var data json.RawMessage
						if dec.Decode(&data) != nil {
							return false
						}
						continue
					}
				}
				if !read() {
					return false
				}
			}
			_, err := dec.Token() // the closing delimiter
			return err == nil
		}
		return true
	}
	return read()
}

func isLower(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || 'A' <= r && r <= 'Z'
	})
}

// mapSlice maps a slice and keeps nil apart from empty, as the wire does.
func mapSlice[T, U any](in []T, to func(int, T) U) []U {
	if in == nil {
		return nil
	}
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = to(i, v)
	}
	return out
}
