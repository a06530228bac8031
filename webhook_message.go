package kirim

import (
	"encoding/json"
	"time"
)

// Types of received messages beside those of [MessageType]'s first list.
const (
	MessageTypeOrder          MessageType = "order"
	MessageTypeVoice          MessageType = "voice"           // an older form of audio recorded in the app
	MessageTypeSystem         MessageType = "system"          // e.g. the customer has a new number
	MessageTypeEdit           MessageType = "edit"            // of an earlier message
	MessageTypeRevoke         MessageType = "revoke"          // an earlier message was deleted
	MessageTypeRequestWelcome MessageType = "request_welcome" // first contact, before anything was written
	MessageTypeUnknown        MessageType = "unknown"
)

// InboundMessage is a message that a customer has sent. Which of the fields
// below Type are set follows from Type, which is an open set; what has no
// field is in Raw.
//
// The object that Type names is not nil in a decoded message. It is empty when
// Meta sends none, as it may beside an error; Errors then tells why. The other
// pointers are nil when there is nothing to tell, and each has a Get method
// that returns an empty value instead. Slices may be empty whatever the type.
//
// Docs: https://developers.kirim.chat/webhooks/payloads/
type InboundMessage struct {
	ID                 string // wamid.…
	From               Person
	BusinessAccountID  string // WhatsApp Business Account that received it
	PhoneNumberID      string // number that received it: answer from there
	DisplayPhoneNumber string // the same number, digits
	GroupID            string // of a message in a group
	Time               time.Time
	Type               MessageType
	Context            *InboundContext  // what it answers or where it comes from
	Referral           *Referral        // the advertisement that it began with
	Identity           *InboundIdentity // with the identity check switched on, in an older form
	// Errors says why a message is unsupported or its content is missing. It
	// includes the errors of the change that brought the message, when that
	// has no other message.
	Errors []EventError

	Text        string           // of a text message
	Media       *InboundMedia    // image, video, audio, document, sticker, voice
	Location    *InboundLocation // location
	Contacts    []InboundContact // contacts
	Reaction    *InboundReaction // reaction
	Button      *InboundButton   // button: quick reply of a template
	Interactive *InboundReply    // interactive: choice from buttons, a list, a form …
	Order       *InboundOrder    // order
	System      *InboundSystem   // system
	Unsupported string           // unsupported: what it was, e.g. "poll_creation"
	Edit        *InboundEdit     // edit
	Revoked     string           // revoke: wamid of the message that was deleted

	Enrichment *Enrichment     // what Kirim adds, when the delivery has this message alone
	Raw        json.RawMessage // the message as it came
}

// InboundContext says what a message refers to.
type InboundContext struct {
	ID                  string // wamid of the quoted message
	From                Person // its author
	Forwarded           bool
	FrequentlyForwarded bool   // more than five times
	CatalogID           string // of the product that is asked about
	ProductRetailerID   string
	Mentions            []Person // those whom the text mentions
}

// Referral is the advertisement or post that led the customer here.
type Referral struct {
	SourceURL, SourceID              string
	SourceType                       string // "ad" or "post"
	Headline, Body                   string
	MediaType                        string // "image" or "video"
	ImageURL, VideoURL, ThumbnailURL string
	Image, Video                     *InboundMedia // an older form, with the id of the file
	ClickID                          string        // ctwa_clid
	WelcomeText                      string
}

// InboundMedia is the file of a message. The id can be used for 7 days, the
// URL, which Meta guards with its own token, for 5 minutes.
type InboundMedia struct {
	ID       string
	MIMEType string
	SHA256   string // base64
	Caption  string
	Filename string // as its sender called it: not safe as a path
	URL      string
	Voice    bool // audio recorded in the app
	Animated bool // sticker
}

// InboundLocation is a place in decimal degrees.
type InboundLocation struct {
	Latitude, Longitude float64
	Name, Address, URL  string
}

// InboundReaction is an emoji on another message.
type InboundReaction struct {
	MessageID string // wamid
	Emoji     string // empty when the reaction was taken back
}

// InboundButton is the quick reply of a template that the customer chose.
type InboundButton struct{ Payload, Text string }

// InboundReply is what the customer chose from an interactive message.
type InboundReply struct {
	Type        string // "button_reply", "list_reply", "nfm_reply", "call_permission_reply" or another
	ID          string // of the button or row, as you gave it
	Title       string
	Description string
	// Flow is the answer to a form: Name is "flow" or "address_message".
	Flow           *FlowReply
	CallPermission *CallPermission
	Raw            json.RawMessage
}

// FlowReply is a filled form.
type FlowReply struct {
	Name, Body string
	Response   string // JSON, as a text
}

// CallPermission is the answer to a request to call the customer.
type CallPermission struct {
	Response  string    // "accept" or "reject"
	ExpiresAt time.Time // zero when it does not expire
	Permanent bool
	Source    string // "user_action" or "automatic"
}

// InboundOrder is what a customer ordered from the catalogue.
type InboundOrder struct {
	CatalogID string
	Text      string
	Items     []OrderItem
}

// OrderItem is one product of an order.
type OrderItem struct {
	ProductRetailerID string
	Quantity          int
	Price             json.Number // of one piece, as it was written
	Currency          string
}

// InboundEdit is a message that replaces an earlier one.
type InboundEdit struct {
	OriginalID string // wamid
	Message    *InboundMessage
}

func (m *InboundMessage) dedupeKey(e *Event) string {
	if m.ID == "" {
		return unnamedKey(e, "message", m.Raw)
	}
	key := elementKey("message", m.PhoneNumberID, m.ID, string(m.Type))
	switch {
	case m.PhoneNumberID == "", m.Type == "":
	// What failed to arrive may follow later, and an edit may have the id of
	// the message that it changes.
	case len(m.Errors) > 0, m.Type == MessageTypeEdit, m.Type == MessageTypeRevoke:
	default:
		return key
	}
	return key + ":" + hashOfBytes(m.Raw)
}

func (r *jsonReader) message(m *InboundMessage) {
	r.peek()
	start := r.pos
	for name := range r.fields() {
		switch string(name) {
		case "id":
			m.ID = r.text()
		case "from":
			m.From.address(r.text())
		case "from_user_id":
			m.From.UserID = r.text()
		case "from_parent_user_id":
			m.From.ParentUserID = r.text()
		case "group_id":
			m.GroupID = r.text()
		case "timestamp":
			m.Time = r.unix()
		case "type":
			m.Type = MessageType(r.intern("text", "image", "interactive", "button", "audio", "document", "video", "reaction"))
		case "context":
			m.Context = optional(r, (*jsonReader).context)
		case "identity":
			m.Identity = r.identity()
		case "referral":
			m.Referral = optional(r, (*jsonReader).referral)
		case "errors":
			m.Errors = r.eventErrors()
		default:
			r.messageContent(m, name)
		}
	}
	m.From.settle()
	if m.Identity != nil {
		m.From.IdentityKeyHash = m.Identity.Hash
	}
	m.settleContent()
	m.Raw = r.since(start)
}

func (r *jsonReader) messageContent(m *InboundMessage, name []byte) {
	switch string(name) {
	case "text":
		m.Text = r.member("body")
	case "image", "video", "audio", "document", "sticker", "voice":
		if media := optional(r, (*jsonReader).media); media != nil {
			media.Voice = media.Voice || string(name) == "voice"
			m.Media = media
		}
	case "location":
		m.Location = optional(r, (*jsonReader).location)
	case "contacts":
		m.Contacts = objects(r, (*jsonReader).contactCard)
	case "reaction":
		m.Reaction = r.reaction()
	case "button":
		m.Button = &InboundButton{}
		r.texts(map[string]*string{"payload": &m.Button.Payload, "text": &m.Button.Text})
	case "interactive":
		m.Interactive = optional(r, (*jsonReader).reply)
	case "order":
		m.Order = optional(r, (*jsonReader).order)
	case "system":
		m.System = r.system()
	case "unsupported":
		m.Unsupported = r.member("type")
	case "edit":
		m.Edit = optional(r, (*jsonReader).edit)
	case "revoke":
		m.Revoked = r.member("original_message_id")
	}
}

// texts reads an object into the targets that its fields name.
func (r *jsonReader) texts(targets map[string]*string) {
	for name := range r.fields() {
		if target := targets[string(name)]; target != nil {
			*target = r.text()
		} else {
			r.skip()
		}
	}
}

func (r *jsonReader) context(c *InboundContext) {
	for name := range r.fields() {
		switch string(name) {
		case "id":
			c.ID = r.text()
		case "from":
			c.From.address(r.text())
		case "from_user_id":
			c.From.UserID = r.text()
		case "from_parent_user_id":
			c.From.ParentUserID = r.text()
		case "forwarded":
			c.Forwarded = r.flag()
		case "frequently_forwarded":
			c.FrequentlyForwarded = r.flag()
		case "referred_product":
			r.texts(map[string]*string{"catalog_id": &c.CatalogID, "product_retailer_id": &c.ProductRetailerID})
		case "mentions":
			c.Mentions = r.mentions()
		}
	}
	c.From.settle()
}

func (r *jsonReader) referral(f *Referral) {
	targets := map[string]*string{
		"source_url": &f.SourceURL, "source_id": &f.SourceID, "source_type": &f.SourceType,
		"headline": &f.Headline, "body": &f.Body, "media_type": &f.MediaType,
		"image_url": &f.ImageURL, "video_url": &f.VideoURL, "thumbnail_url": &f.ThumbnailURL, "ctwa_clid": &f.ClickID,
	}
	for name := range r.fields() {
		switch target := targets[string(name)]; {
		case target != nil:
			*target = r.text()
		case string(name) == "welcome_message":
			f.WelcomeText = r.member("text")
		case string(name) == "image":
			f.Image = optional(r, (*jsonReader).media)
		case string(name) == "video":
			f.Video = optional(r, (*jsonReader).media)
		}
	}
}

func (r *jsonReader) media(m *InboundMedia) {
	for name := range r.fields() {
		switch string(name) {
		case "id":
			m.ID = r.text()
		case "mime_type":
			m.MIMEType = r.text()
		case "sha256":
			m.SHA256 = r.text()
		case "caption":
			m.Caption = r.text()
		case "filename":
			m.Filename = r.text()
		case "url":
			m.URL = r.text()
		case "voice":
			m.Voice = r.flag()
		case "animated":
			m.Animated = r.flag()
		}
	}
}

func (r *jsonReader) location(l *InboundLocation) {
	for name := range r.fields() {
		switch string(name) {
		case "latitude":
			l.Latitude = r.float()
		case "longitude":
			l.Longitude = r.float()
		case "name":
			l.Name = r.text()
		case "address":
			l.Address = r.text()
		case "url":
			l.URL = r.text()
		}
	}
}

func (r *jsonReader) reaction() *InboundReaction {
	c := &InboundReaction{}
	r.texts(map[string]*string{"message_id": &c.MessageID, "target_message_id": &c.MessageID, "emoji": &c.Emoji})
	return c
}

func (r *jsonReader) reply(i *InboundReply) {
	r.peek()
	start := r.pos
	for name := range r.fields() {
		switch string(name) {
		case "type":
			i.Type = r.text()
		case "button_reply", "list_reply":
			r.texts(map[string]*string{"id": &i.ID, "title": &i.Title, "description": &i.Description})
		// The next three are of the flat shape that Kirim has elsewhere.
		case "id":
			i.ID = r.text()
		case "title":
			i.Title = r.text()
		case "description":
			i.Description = r.text()
		case "nfm_reply":
			i.Flow = &FlowReply{}
			r.texts(map[string]*string{"name": &i.Flow.Name, "body": &i.Flow.Body, "response_json": &i.Flow.Response})
		case "call_permission_reply":
			i.CallPermission = optional(r, (*jsonReader).callPermission)
		}
	}
	i.Raw = r.since(start)
}

func (r *jsonReader) callPermission(c *CallPermission) {
	for name := range r.fields() {
		switch string(name) {
		case "response":
			c.Response = r.text()
		case "expiration_timestamp":
			c.ExpiresAt = r.unix()
		case "is_permanent":
			c.Permanent = r.flag()
		case "response_source":
			c.Source = r.text()
		}
	}
}

func (r *jsonReader) order(o *InboundOrder) {
	for name := range r.fields() {
		switch string(name) {
		case "catalog_id":
			o.CatalogID = r.text()
		case "text":
			o.Text = r.text()
		case "product_items":
			for range r.elements() {
				o.Items = append(o.Items, r.orderItem())
			}
		}
	}
}

func (r *jsonReader) orderItem() (item OrderItem) {
	for name := range r.fields() {
		switch string(name) {
		case "product_retailer_id":
			item.ProductRetailerID = r.text()
		case "quantity":
			item.Quantity = int(r.integer())
		case "item_price":
			price := r.text()
			if n := (jsonReader{data: []byte(price)}); n.isNumber() {
				item.Price = json.Number(price)
			}
		case "currency":
			item.Currency = r.text()
		}
	}
	return item
}

func (r *jsonReader) edit(e *InboundEdit) {
	for name := range r.fields() {
		switch string(name) {
		case "original_message_id":
			e.OriginalID = r.text()
		case "message":
			e.Message = &InboundMessage{}
			r.message(e.Message)
		}
	}
}
