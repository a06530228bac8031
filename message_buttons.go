package kirim

// ReplyButtons offers one to three replies as buttons under a text.
//
// Docs: https://docs.kirimdev.com/sending/send-reply-buttons/
type ReplyButtons struct {
	// Header is optional.
	Header Header
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// Buttons are 1 to 3, with no ID and no Title twice.
	Buttons []ReplyButton
}

// ReplyButton is one reply. Choosing it sends the business an inbound message
// with both fields.
type ReplyButton struct {
	// ID has 1 to 256 characters, and no space at its start or end.
	ID string `json:"id"`
	// Title is the label, 1 to 20 characters.
	Title string `json:"title"`
}

// List offers up to ten replies in a menu that a button opens.
//
// Docs: https://developers.kirim.chat/sending/send-lists/
type List struct {
	// Header is optional and has at most 60 characters; a list takes no media.
	Header string
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// Button is the label that opens the menu, 1 to 20 characters.
	Button string
	// Sections are 1 to 10, with at most 10 rows over all of them.
	Sections []ListSection
}

// ListSection is a group of rows.
type ListSection struct {
	// Title has at most 24 characters. It is required when there are several
	// sections.
	Title string `json:"title,omitempty"`
	// Rows are one or more.
	Rows []ListRow `json:"rows"`
}

// ListRow is one choice. Choosing it sends the business an inbound message
// with its fields.
type ListRow struct {
	// ID has 1 to 200 characters and stands once in the list.
	ID string `json:"id"`
	// Title has 1 to 24 characters.
	Title string `json:"title"`
	// Description is optional and has at most 72 characters.
	Description string `json:"description,omitempty"`
}

// CTAURL is a text with one button that opens a web page.
//
// Docs: https://developers.kirim.chat/sending/send-buttons/. That a header and
// a footer are taken is Meta's documentation; for Kirim it is assumed.
type CTAURL struct {
	// Header is optional.
	Header Header
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// DisplayText is the label of the button, 1 to 20 characters.
	DisplayText string
	// URL is the https URL that it opens.
	URL string
}

const (
	kindReplyButtons = "reply_buttons" // Kirim's word
	metaReplyButtons = "button"        // Meta's word
	kindList         = "list"
	kindCTAURL       = "cta_url"
)

type wireButtons struct {
	Buttons []wireButton `json:"buttons,omitzero"`
}

type wireButton struct {
	Type       string       `json:"type"`
	Reply      *ReplyButton `json:"reply,omitempty"`
	QuickReply *ReplyButton `json:"quick_reply,omitempty"`
}

type wireList struct {
	Button   string        `json:"button,omitempty"`
	Sections []ListSection `json:"sections,omitzero"`
}

type wireURLButton struct {
	DisplayText string `json:"display_text"`
	URL         string `json:"url"`
}

func (c ReplyButtons) kind() string { return "interactive/" + metaReplyButtons }
func (c List) kind() string         { return "interactive/" + kindList }
func (c CTAURL) kind() string       { return "interactive/" + kindCTAURL }

func (c ReplyButtons) object(d dialect) (any, error) {
	kind := kindReplyButtons
	if d == dialectMeta {
		kind = metaReplyButtons
	}
	return &wireInteractive[wireButtons]{
		Type: kind, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireButtons{mapSlice(c.Buttons, func(_ int, b ReplyButton) wireButton {
			return wireButton{Type: "reply", Reply: &b}
		})},
	}, nil
}

func (ReplyButtons) typed(w *wireInteractive[wireButtons]) ReplyButtons {
	return ReplyButtons{
		Header: w.Header.typed(), Body: w.Body.typed(), Footer: w.Footer.typed(),
		Buttons: mapSlice(valueOf(w.Action).Buttons, func(_ int, b wireButton) ReplyButton { return valueOf(b.Reply) }),
	}
}

func (c List) object(dialect) (any, error) {
	return &wireInteractive[wireList]{
		Type: kindList, Header: Header{Text: c.Header}.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireList{Button: c.Button, Sections: c.Sections},
	}, nil
}

func (List) typed(w *wireInteractive[wireList]) List {
	action := valueOf(w.Action)
	return List{
		Header: w.Header.typed().Text, Body: w.Body.typed(), Footer: w.Footer.typed(),
		Button: action.Button, Sections: action.Sections,
	}
}

func (c CTAURL) object(dialect) (any, error) {
	return &wireInteractive[wireNamed[wireURLButton]]{
		Type: kindCTAURL, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireNamed[wireURLButton]{kindCTAURL, &wireURLButton{c.DisplayText, c.URL}},
	}, nil
}

func (CTAURL) typed(w *wireInteractive[wireNamed[wireURLButton]]) CTAURL {
	button := valueOf(valueOf(w.Action).Parameters)
	return CTAURL{
		Header: w.Header.typed(), Body: w.Body.typed(), Footer: w.Footer.typed(),
		DisplayText: button.DisplayText, URL: button.URL,
	}
}
