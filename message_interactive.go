package kirim

import (
	"encoding/json"
	"reflect"
)

// Header stands above the body of an interactive message. One field is set;
// the zero Header means no header. The media are public https links.
//
// Docs: https://docs.kirimdev.com/sending/send-reply-buttons/
type Header struct {
	// Text has 1 to 60 characters.
	Text string
	// Image is the link of an image, see [Image].
	Image string
	// Video is the link of a video, see [Video].
	Video string
	// Document is the link of a file, see [Document].
	Document string
}

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

// Carousel is a row of 2 to 10 cards under a text.
//
// Kirim documents that the type exists
// (https://developers.kirim.chat/sending/send-buttons/) but not its shape,
// which is assumed to be Meta's:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
type Carousel struct {
	// Body has 1 to 1024 characters.
	Body string
	// Cards are 2 to 10. Their headers are all images or all videos, and all have
	// the same number and kind of buttons.
	Cards []CarouselCard
}

// CarouselCard is one card: a picture or video, a text, and either one button
// that opens a web page (DisplayText and URL) or QuickReplies.
type CarouselCard struct {
	// Header is the link of an image or a video, no text and no document.
	Header Header
	// Body is optional and has at most 160 characters.
	Body string
	// DisplayText is the label of the button, 1 to 20 characters.
	DisplayText string
	// URL is the https URL that it opens.
	URL string
	// QuickReplies are one or more replies with the limits of [ReplyButton]: an
	// ID of at most 256 characters and a Title of at most 20. Meta documents them
	// on a card. That Kirim takes them, and that the card keeps the wire type
	// cta_url, is assumed.
	QuickReplies []ReplyButton
}

type wireInteractive struct {
	Type   string      `json:"type"`
	Header *wireHeader `json:"header,omitempty"`
	Body   *wireText   `json:"body,omitempty"`
	Footer *wireText   `json:"footer,omitempty"`
	Action *wireAction `json:"action,omitempty"`
}

type wireHeader struct {
	Type     string    `json:"type"`
	Text     string    `json:"text,omitempty"`
	Image    *wireLink `json:"image,omitempty"`
	Video    *wireLink `json:"video,omitempty"`
	Document *wireLink `json:"document,omitempty"`
}

type wireText struct {
	Text string `json:"text"`
}

type wireLink struct {
	Link string `json:"link"`
}

// wireAction is the action of every interactive kind and of a carousel card.
type wireAction struct {
	Name       string         `json:"name,omitempty"`
	Parameters *wireURLButton `json:"parameters,omitempty"`
	Button     string         `json:"button,omitempty"`
	Buttons    []wireButton   `json:"buttons,omitzero"`
	Sections   []ListSection  `json:"sections,omitzero"`
	Cards      []wireCard     `json:"cards,omitzero"`
}

type wireURLButton struct {
	DisplayText string `json:"display_text"`
	URL         string `json:"url"`
}

type wireButton struct {
	Type       string       `json:"type"`
	Reply      *ReplyButton `json:"reply,omitempty"`
	QuickReply *ReplyButton `json:"quick_reply,omitempty"`
}

type wireCard struct {
	CardIndex int         `json:"card_index"`
	Type      string      `json:"type"`
	Header    *wireHeader `json:"header,omitempty"`
	Body      *wireText   `json:"body,omitempty"`
	Action    *wireAction `json:"action,omitempty"`
}

const (
	kindReplyButtons = "reply_buttons"
	kindList         = "list"
	kindCTAURL       = "cta_url"
	kindCarousel     = "carousel"
)

// interactive is a Content that goes out as the object "interactive".
type interactive interface {
	Content
	wire() *wireInteractive
}

func (c ReplyButtons) encode(w *wireMessage) error { return w.setInteractive(c) }
func (c List) encode(w *wireMessage) error         { return w.setInteractive(c) }
func (c CTAURL) encode(w *wireMessage) error       { return w.setInteractive(c) }
func (c Carousel) encode(w *wireMessage) error     { return w.setInteractive(c) }

func (w *wireMessage) setInteractive(c interactive) error {
	w.Type, w.Interactive = "interactive", c.wire()
	return nil
}

func (c ReplyButtons) wire() *wireInteractive {
	return &wireInteractive{
		Type: kindReplyButtons, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireAction{Buttons: mapSlice(c.Buttons, func(_ int, b ReplyButton) wireButton {
			return wireButton{Type: "reply", Reply: &b}
		})},
	}
}

func (c List) wire() *wireInteractive {
	return &wireInteractive{
		Type: kindList, Header: Header{Text: c.Header}.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireAction{Button: c.Button, Sections: c.Sections},
	}
}

func (c CTAURL) wire() *wireInteractive {
	return &wireInteractive{
		Type: kindCTAURL, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: urlAction(c.DisplayText, c.URL),
	}
}

func (c Carousel) wire() *wireInteractive {
	return &wireInteractive{
		Type: kindCarousel, Body: &wireText{c.Body},
		Action: &wireAction{Cards: mapSlice(c.Cards, func(i int, card CarouselCard) wireCard {
			return wireCard{
				CardIndex: i, Type: kindCTAURL, Header: card.Header.wire(), Body: optionalText(card.Body),
				Action: card.action(),
			}
		})},
	}
}

// action holds all that is set, so that a card with both kinds of button is
// refused by the server and not halved here.
func (c CarouselCard) action() *wireAction {
	action := &wireAction{}
	if c.QuickReplies == nil || c.DisplayText != "" || c.URL != "" {
		action = urlAction(c.DisplayText, c.URL)
	}
	action.Buttons = mapSlice(c.QuickReplies, func(_ int, b ReplyButton) wireButton {
		return wireButton{Type: "quick_reply", QuickReply: &b}
	})
	return action
}

func urlAction(label, url string) *wireAction {
	return &wireAction{Name: kindCTAURL, Parameters: &wireURLButton{DisplayText: label, URL: url}}
}

// wire holds all that is set, under the kind of the first.
func (h Header) wire() *wireHeader {
	if h == (Header{}) {
		return nil
	}
	return &wireHeader{
		Type: h.kind(), Text: h.Text,
		Image: optionalLink(h.Image), Video: optionalLink(h.Video), Document: optionalLink(h.Document),
	}
}

func (h Header) kind() string {
	switch {
	case h.Text != "":
		return "text"
	case h.Image != "":
		return "image"
	case h.Video != "":
		return "video"
	case h.Document != "":
		return "document"
	}
	return ""
}

func optionalText(s string) *wireText {
	if s == "" {
		return nil
	}
	return &wireText{s}
}

func optionalLink(s string) *wireLink {
	if s == "" {
		return nil
	}
	return &wireLink{s}
}

var interactiveDecoders = map[string]func(*wireInteractive) interactive{
	kindReplyButtons: func(w *wireInteractive) interactive {
		buttons := mapSlice(w.action().Buttons, func(_ int, b wireButton) ReplyButton { return valueOf(b.Reply) })
		return ReplyButtons{Header: w.Header.typed(), Body: valueOf(w.Body).Text, Footer: valueOf(w.Footer).Text, Buttons: buttons}
	},
	kindList: func(w *wireInteractive) interactive {
		return List{
			Header: valueOf(w.Header).Text, Body: valueOf(w.Body).Text, Footer: valueOf(w.Footer).Text,
			Button: w.action().Button, Sections: w.action().Sections,
		}
	},
	kindCTAURL: func(w *wireInteractive) interactive {
		button := valueOf(w.action().Parameters)
		return CTAURL{
			Header: w.Header.typed(), Body: valueOf(w.Body).Text, Footer: valueOf(w.Footer).Text,
			DisplayText: button.DisplayText, URL: button.URL,
		}
	},
	kindCarousel: func(w *wireInteractive) interactive {
		cards := mapSlice(w.action().Cards, func(_ int, card wireCard) CarouselCard {
			action := valueOf(card.Action)
			button := valueOf(action.Parameters)
			replies := mapSlice(action.Buttons, func(_ int, b wireButton) ReplyButton { return valueOf(b.QuickReply) })
			return CarouselCard{
				Header: card.Header.typed(), Body: valueOf(card.Body).Text,
				DisplayText: button.DisplayText, URL: button.URL, QuickReplies: replies,
			}
		})
		return Carousel{Body: valueOf(w.Body).Text, Cards: cards}
	},
}

// decodeInteractive takes a typed content only if it goes out again as it came
// in: that one comparison stands for a check of every field.
func decodeInteractive(object []byte) (Content, error) {
	var head struct {
		Type *string `json:"type"`
	}
	if json.Unmarshal(object, &head) != nil || head.Type == nil {
		return nil, &shapeError{path: "type", want: "a string"}
	}
	kind := *head.Type
	if kind == "button" { // Meta's own name for it
		kind = kindReplyButtons
	}
	typed := interactiveDecoders[kind]
	if typed == nil {
		return nil, errNotTyped
	}
	var w wireInteractive
	if err := decodeStrict(object, &w); err != nil {
		return nil, err
	}
	w.Type = kind
	content := typed(&w)
	if !reflect.DeepEqual(content.wire(), &w) {
		return nil, errNotTyped
	}
	return content, nil
}

func (w *wireInteractive) action() wireAction { return valueOf(w.Action) }

func (w *wireHeader) typed() Header {
	h := valueOf(w)
	return Header{Text: h.Text, Image: valueOf(h.Image).Link, Video: valueOf(h.Video).Link, Document: valueOf(h.Document).Link}
}

// valueOf is what p points to, or the zero value.
func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
