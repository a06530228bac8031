package kirim

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
// no caption.
//
// Docs: https://developers.kirim.chat/sending/send-audio/
type Audio struct {
	// Link is a public https URL. Exactly one of Link and ID is set.
	Link string `json:"link,omitempty"`
	// ID names media that Meta already holds; Kirim uploads nothing.
	ID string `json:"id,omitempty"`
	// Voice shows the file as a voice message. It must be OGG (Opus), and up to
	// 512 KB have a play icon. It is Meta's field; that Kirim passes it on is
	// assumed.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/audio-messages
	Voice bool `json:"voice,omitempty"`
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

// Sticker is a WebP file, of at most 100 KB, or 500 KB when it is animated.
// Kirim documents no sending of stickers.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/sticker-messages
type Sticker struct {
	// Link is a public https URL. Exactly one of Link and ID is set.
	Link string `json:"link,omitempty"`
	// ID names media that Meta already holds.
	ID string `json:"id,omitempty"`
}

func (c Text) kind() string     { return "text" }
func (c Image) kind() string    { return "image" }
func (c Video) kind() string    { return "video" }
func (c Audio) kind() string    { return "audio" }
func (c Document) kind() string { return "document" }
func (c Sticker) kind() string  { return "sticker" }

func (c Text) object(dialect) (any, error)     { return &c, nil }
func (c Image) object(dialect) (any, error)    { return &c, nil }
func (c Video) object(dialect) (any, error)    { return &c, nil }
func (c Audio) object(dialect) (any, error)    { return &c, nil }
func (c Document) object(dialect) (any, error) { return &c, nil }
func (c Sticker) object(dialect) (any, error)  { return &c, nil }

func (c Text) check(found *checker)    { found.text("text.body", c.Body, limitText) }
func (c Image) check(found *checker)   { found.media("image", c.Link, c.ID, c.Caption) }
func (c Video) check(found *checker)   { found.media("video", c.Link, c.ID, c.Caption) }
func (c Audio) check(found *checker)   { found.media("audio", c.Link, c.ID, "") }
func (c Sticker) check(found *checker) { found.media("sticker", c.Link, c.ID, "") }

func (c Document) check(found *checker) {
	found.media("document", c.Link, c.ID, c.Caption)
	found.text("document.filename", c.Filename, limitNone)
}
