package system

import "slices"

// Support says what becomes of a content that a system is to send.
type Support string

// The kinds of support.
const (
	Documented    Support = "documented"
	ServerDecides Support = "undocumented" // it is sent, and the server decides
	Refused       Support = "refused"      // by this module, before anything is sent
)

// A Feature is a content, or a way to address a message.
type Feature struct {
	Key     string // of a content, what kirim.OutboundMessage.ContentKind says, unless it is one of the constants
	Title   string // in the words of package kirim
	Meaning string

	support [len(columns)]Support
}

// Keys of features that are not the kind of a content.
const (
	Voice           = "audio/voice" // an audio with Voice
	Raw             = "raw"
	ByID            = "by id" // media that Meta holds
	ToUserID        = "to a user id"
	ToGroup         = "to a group"
	QuoteInText     = "quote in a text"
	QuoteInOther    = "quote in another content"
	CallbackData    = "callback data"
	IdentityKeyHash = "identity key hash"
)

// columns are the names of the systems, in the order of the cells below.
var columns = [...]string{"kirim", "apimessaging", "cloudapi", "connexease", "michow", "shingle"}

const (
	yes = Documented
	ask = ServerDecides
	not = Refused
)

// Contents are the kinds of contents. What a gateway refuses is decided here.
//
// Kirim: "Outbound types: text, image, document, video, audio, template,
// interactive. No outbound sticker, location, contacts or reaction"; of the
// interactive ones it documents four.
// https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
//
// Connexease lists the types in Meta's form, without video, and names no kinds of
// interactive messages.
// https://docs.gateway.connexease.com/api-reference/send-whatsapp-message
//
// API Messaging: https://apimessaging.com/api-docs/docs/messages
// MichoW: https://wapi.michotech.me/docs/messaging
var Contents = []Feature{
	{"text", "Text", "text", cells{yes, yes, yes, yes, yes, not}},
	{"image", "Image", "image", cells{yes, yes, yes, yes, not, not}},
	{"video", "Video", "video", cells{yes, yes, yes, not, not, not}},
	{"audio", "Audio", "audio file", cells{yes, yes, yes, yes, not, not}},
	{Voice, "Audio{Voice: true}", "voice message", cells{ask, not, yes, ask, not, not}},
	{"document", "Document", "file", cells{yes, yes, yes, yes, not, not}},
	{"sticker", "Sticker", "sticker", cells{ask, not, yes, ask, not, not}},
	{"location", "Location", "place", cells{ask, not, yes, ask, not, not}},
	{"contacts", "Contacts", "contact cards", cells{ask, not, yes, ask, not, not}},
	{"reaction", "Reaction", "emoji on a message", cells{ask, not, yes, ask, not, not}},
	{"pin", "Pin", "pin a message in a group", cells{ask, not, yes, ask, not, not}},
	{"template", "Template", "approved template", cells{yes, not, yes, yes, not, not}},
	{"interactive/button", "ReplyButtons", "up to 3 buttons", cells{yes, not, yes, yes, not, not}},
	{"interactive/list", "List", "menu", cells{yes, not, yes, yes, not, not}},
	{"interactive/cta_url", "CTAURL", "button with a link", cells{yes, not, yes, yes, not, not}},
	{"interactive/carousel", "Carousel", "cards with media", cells{yes, not, yes, yes, not, not}},
	{"interactive/product_carousel", "ProductCarousel", "cards with products", cells{ask, not, yes, yes, not, not}},
	{"interactive/location_request_message", "LocationRequest", "ask for the place", cells{ask, not, yes, yes, not, not}},
	{"interactive/address_message", "AddressRequest", "ask for the address", cells{ask, not, yes, yes, not, not}},
	{"interactive/flow", "Flow", "form", cells{ask, not, yes, yes, not, not}},
	{"interactive/product", "Product", "one product", cells{ask, not, yes, yes, not, not}},
	{"interactive/product_list", "ProductList", "several products", cells{ask, not, yes, yes, not, not}},
	{"interactive/catalog_message", "Catalog", "the catalogue", cells{ask, not, yes, yes, not, not}},
	{"interactive/call_permission_request", "CallPermissionRequest", "ask to call", cells{ask, not, yes, yes, not, not}},
	{"interactive/voice_call", "VoiceCall", "button that calls", cells{ask, not, yes, yes, not, not}},
	{"interactive/order_details", "OrderDetails", "bill", cells{ask, not, yes, yes, not, not}},
	{"interactive/order_status", "OrderStatus", "state of an order", cells{ask, not, yes, yes, not, not}},
	{Raw, "Raw", "anything else", cells{ask, not, ask, ask, not, not}},
}

// Addressing are the fields of a message beside its content.
var Addressing = []Feature{
	{ByID, "ID of a file", "media that Meta holds", cells{yes, not, yes, ask, not, not}},
	{ToUserID, "Recipient", "a user id instead of a number", cells{ask, not, yes, ask, not, not}},
	{ToGroup, "RecipientType", "a group", cells{ask, not, yes, ask, not, not}},
	{QuoteInText, "ReplyTo of a Text", "quote a message", cells{yes, yes, yes, ask, not, not}},
	{QuoteInOther, "ReplyTo of another", "quote a message", cells{yes, not, yes, ask, not, not}},
	{CallbackData, "CallbackData", "comes back in the statuses", cells{ask, not, yes, ask, not, not}},
	{IdentityKeyHash, "IdentityKeyHash", "the identity check", cells{ask, not, yes, ask, not, not}},
}

type cells = [len(columns)]Support

// Support returns what becomes of a feature. A content of no known kind is
// [Raw]; a system that is not in the table decides by itself.
func (s *System) Support(key string) Support {
	column := slices.Index(columns[:], s.Name)
	if column < 0 {
		return ServerDecides
	}
	named := func(f Feature) bool { return f.Key == key }
	for _, table := range [][]Feature{Contents, Addressing} {
		if i := slices.IndexFunc(table, named); i >= 0 {
			return table[i].support[column]
		}
	}
	return s.Support(Raw)
}
