package kirim

// Content is what an [OutboundMessage] carries. The types of this package
// implement it, as values and as pointers; only the OutboundMessage around it
// has a JSON form.
//
//   - Free-form messages: [Text], [Image], [Video], [Audio], [Document],
//     [Sticker], [Location], [Contacts], [Reaction], [Pin].
//   - Interactive messages: [ReplyButtons], [List], [CTAURL], [Carousel],
//     [ProductCarousel], [Product], [ProductList], [Catalog], [Flow],
//     [LocationRequest], [AddressRequest], [CallPermissionRequest], [VoiceCall],
//     [OrderDetails], [OrderStatus].
//   - [Template], which alone may be sent outside the 24-hour window, and
//     [TemplateContent] for one that a function makes.
//   - [Raw], for everything that they do not cover.
//
// Not every system carries every content: [docs/messages.md] has the table.
//
// [docs/messages.md]: https://github.com/kirim-go/kirim/blob/main/docs/messages.md
type Content interface {
	// kind is the type of the message, and behind a slash that of an
	// interactive one: "text", "interactive/list".
	kind() string
	// object returns what stands under the type, for encoding/json.
	object(dialect) (any, error)
	check(*checker)
}

// dialect is a way to write a message. Kirim's and Meta's differ in a few words.
type dialect int

const (
	dialectKirim dialect = iota
	dialectMeta
)

const messagingProduct = "whatsapp"
