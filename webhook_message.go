package kirim

import (
	"encoding/json"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
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
	PhoneNumberID      string // number that received it: a [InboundMessage.Reply] goes out from there
	DisplayPhoneNumber string // the same number, digits
	GroupID            string // of a message in a group
	Time               time.Time
	Type               MessageType
	Context            *InboundContext  // what it replies to or where it comes from
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
	// Flow is the reply to a form: Name is "flow" or "address_message".
	Flow           *FlowReply
	CallPermission *CallPermission
	Raw            json.RawMessage
}

// FlowReply is a filled form.
type FlowReply struct {
	Name, Body string
	Response   string // JSON, as a text
}

// CallPermission is the reply to a request to call the customer.
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

func readMessage(r *jsonscan.Reader, m *InboundMessage) {
	r.Peek()
	start := r.Pos()
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			m.ID = r.Text()
		case "from":
			m.From.address(r.Text())
		case "from_user_id":
			m.From.UserID = r.Text()
		case "from_parent_user_id":
			m.From.ParentUserID = r.Text()
		case "group_id":
			m.GroupID = r.Text()
		case "timestamp":
			m.Time = readTime(r)
		case "type":
			m.Type = MessageType(r.Intern("text", "image", "interactive", "button", "audio", "document", "video", "reaction"))
		case "context":
			m.Context = jsonscan.Object(r, readContext)
		case "identity":
			m.Identity = readIdentity(r)
		case "referral":
			m.Referral = jsonscan.Object(r, readReferral)
		case "errors":
			m.Errors = readEventErrors(r)
		default:
			readMessageContent(r, m, name)
		}
	}
	m.From.settle()
	if m.Identity != nil {
		m.From.IdentityKeyHash = m.Identity.Hash
	}
	m.settleContent()
	m.Raw = r.Since(start)
}

func readMessageContent(r *jsonscan.Reader, m *InboundMessage, name []byte) {
	switch string(name) {
	case "text":
		m.Text = r.Member("body")
	case "image", "video", "audio", "document", "sticker", "voice":
		if media := jsonscan.Object(r, readMedia); media != nil {
			media.Voice = media.Voice || string(name) == "voice"
			m.Media = media
		}
	case "location":
		m.Location = jsonscan.Object(r, readLocation)
	case "contacts":
		m.Contacts = jsonscan.Objects(r, readContactCard)
	case "reaction":
		m.Reaction = readReaction(r)
	case "button":
		m.Button = &InboundButton{}
		r.Texts(map[string]*string{"payload": &m.Button.Payload, "text": &m.Button.Text})
	case "interactive":
		m.Interactive = jsonscan.Object(r, readReply)
	case "order":
		m.Order = jsonscan.Object(r, readOrder)
	case "system":
		m.System = readSystem(r)
	case "unsupported":
		m.Unsupported = r.Member("type")
	case "edit":
		m.Edit = jsonscan.Object(r, readEdit)
	case "revoke":
		m.Revoked = r.Member("original_message_id")
	}
}

func readContext(r *jsonscan.Reader, c *InboundContext) {
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			c.ID = r.Text()
		case "from":
			c.From.address(r.Text())
		case "from_user_id":
			c.From.UserID = r.Text()
		case "from_parent_user_id":
			c.From.ParentUserID = r.Text()
		case "forwarded":
			c.Forwarded = r.Bool()
		case "frequently_forwarded":
			c.FrequentlyForwarded = r.Bool()
		case "referred_product":
			r.Texts(map[string]*string{"catalog_id": &c.CatalogID, "product_retailer_id": &c.ProductRetailerID})
		case "mentions":
			c.Mentions = readMentions(r)
		}
	}
	c.From.settle()
}

func readReferral(r *jsonscan.Reader, f *Referral) {
	targets := map[string]*string{
		"source_url": &f.SourceURL, "source_id": &f.SourceID, "source_type": &f.SourceType,
		"headline": &f.Headline, "body": &f.Body, "media_type": &f.MediaType,
		"image_url": &f.ImageURL, "video_url": &f.VideoURL, "thumbnail_url": &f.ThumbnailURL, "ctwa_clid": &f.ClickID,
	}
	for name := range r.Fields() {
		switch target := targets[string(name)]; {
		case target != nil:
			*target = r.Text()
		case string(name) == "welcome_message":
			f.WelcomeText = r.Member("text")
		case string(name) == "image":
			f.Image = jsonscan.Object(r, readMedia)
		case string(name) == "video":
			f.Video = jsonscan.Object(r, readMedia)
		}
	}
}

func readMedia(r *jsonscan.Reader, m *InboundMedia) {
	for name := range r.Fields() {
		switch string(name) {
		case "id":
			m.ID = r.Text()
		case "mime_type":
			m.MIMEType = r.Text()
		case "sha256":
			m.SHA256 = r.Text()
		case "caption":
			m.Caption = r.Text()
		case "filename":
			m.Filename = r.Text()
		case "url":
			m.URL = r.Text()
		case "voice":
			m.Voice = r.Bool()
		case "animated":
			m.Animated = r.Bool()
		}
	}
}

func readLocation(r *jsonscan.Reader, l *InboundLocation) {
	for name := range r.Fields() {
		switch string(name) {
		case "latitude":
			l.Latitude = r.Float()
		case "longitude":
			l.Longitude = r.Float()
		case "name":
			l.Name = r.Text()
		case "address":
			l.Address = r.Text()
		case "url":
			l.URL = r.Text()
		}
	}
}

func readReaction(r *jsonscan.Reader) *InboundReaction {
	c := &InboundReaction{}
	r.Texts(map[string]*string{"message_id": &c.MessageID, "target_message_id": &c.MessageID, "emoji": &c.Emoji})
	return c
}

func readReply(r *jsonscan.Reader, i *InboundReply) {
	r.Peek()
	start := r.Pos()
	for name := range r.Fields() {
		switch string(name) {
		case "type":
			i.Type = r.Text()
		case "button_reply", "list_reply":
			r.Texts(map[string]*string{"id": &i.ID, "title": &i.Title, "description": &i.Description})
		// The next three are of the flat shape that Kirim has elsewhere.
		case "id":
			i.ID = r.Text()
		case "title":
			i.Title = r.Text()
		case "description":
			i.Description = r.Text()
		case "nfm_reply":
			i.Flow = &FlowReply{}
			r.Texts(map[string]*string{"name": &i.Flow.Name, "body": &i.Flow.Body, "response_json": &i.Flow.Response})
		case "call_permission_reply":
			i.CallPermission = jsonscan.Object(r, readCallPermission)
		}
	}
	i.Raw = r.Since(start)
}

func readCallPermission(r *jsonscan.Reader, c *CallPermission) {
	for name := range r.Fields() {
		switch string(name) {
		case "response":
			c.Response = r.Text()
		case "expiration_timestamp":
			c.ExpiresAt = readTime(r)
		case "is_permanent":
			c.Permanent = r.Bool()
		case "response_source":
			c.Source = r.Text()
		}
	}
}

func readOrder(r *jsonscan.Reader, o *InboundOrder) {
	for name := range r.Fields() {
		switch string(name) {
		case "catalog_id":
			o.CatalogID = r.Text()
		case "text":
			o.Text = r.Text()
		case "product_items":
			for range r.Elements() {
				o.Items = append(o.Items, readOrderItem(r))
			}
		}
	}
}

func readOrderItem(r *jsonscan.Reader) (item OrderItem) {
	for name := range r.Fields() {
		switch string(name) {
		case "product_retailer_id":
			item.ProductRetailerID = r.Text()
		case "quantity":
			item.Quantity = int(r.Int())
		case "item_price":
			price := r.Text()
			if jsonscan.IsNumber(price) {
				item.Price = json.Number(price)
			}
		case "currency":
			item.Currency = r.Text()
		}
	}
	return item
}

func readEdit(r *jsonscan.Reader, e *InboundEdit) {
	for name := range r.Fields() {
		switch string(name) {
		case "original_message_id":
			e.OriginalID = r.Text()
		case "message":
			e.Message = &InboundMessage{}
			readMessage(r, e.Message)
		}
	}
}

// opensWindow reports whether a message opens the window. WhatsApp's own
// notices do not, nor does what was written in a group. Whether a reaction
// does is not documented; it counts, because a window that is wrongly thought
// open costs a request, one wrongly thought closed an unwanted template.
func (m *InboundMessage) opensWindow() bool {
	return m.Type != MessageTypeSystem && m.GroupID == "" && m.PhoneNumberID != ""
}
