package kirim

import (
	"encoding/json"
)

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

// ProductCarousel is a row of 2 to 10 products of one catalogue under a text.
// Kirim does not document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-product-carousel-messages
type ProductCarousel struct {
	// Body has 1 to 1024 characters.
	Body string
	// Products are 2 to 10, all of the same catalogue.
	Products []ProductItem
}

const (
	kindCarousel        = "carousel"
	kindProductCarousel = "product_carousel" // Meta has one word for both
	cardOfProduct       = "product"
)

type wireCards[C any] struct {
	Cards []C `json:"cards,omitzero"`
}

type wireCard struct {
	CardIndex int             `json:"card_index"`
	Type      string          `json:"type"`
	Header    *wireHeader     `json:"header,omitempty"`
	Body      *wireText       `json:"body,omitempty"`
	Action    *wireCardAction `json:"action,omitempty"`
}

type wireCardAction struct {
	Name       string         `json:"name,omitempty"`
	Parameters *wireURLButton `json:"parameters,omitempty"`
	Buttons    []wireButton   `json:"buttons,omitzero"`
}

type wireProductCard struct {
	CardIndex int          `json:"card_index"`
	Type      string       `json:"type"`
	Action    *ProductItem `json:"action,omitempty"`
}

func (c Carousel) kind() string        { return "interactive/" + kindCarousel }
func (c ProductCarousel) kind() string { return "interactive/" + kindProductCarousel }

func (c Carousel) object(dialect) (any, error) {
	return &wireInteractive[wireCards[wireCard]]{
		Type: kindCarousel, Body: &wireText{c.Body},
		Action: &wireCards[wireCard]{mapSlice(c.Cards, func(i int, card CarouselCard) wireCard {
			return wireCard{
				CardIndex: i, Type: kindCTAURL, Header: card.Header.wire(), Body: optionalText(card.Body),
				Action: card.action(),
			}
		})},
	}, nil
}

// action holds all that is set, so that a card with both kinds of button is
// refused by the server and not halved here.
func (c CarouselCard) action() *wireCardAction {
	action := &wireCardAction{}
	if c.QuickReplies == nil || c.DisplayText != "" || c.URL != "" {
		action.Name, action.Parameters = kindCTAURL, &wireURLButton{c.DisplayText, c.URL}
	}
	action.Buttons = mapSlice(c.QuickReplies, func(_ int, b ReplyButton) wireButton {
		return wireButton{Type: "quick_reply", QuickReply: &b}
	})
	return action
}

func (Carousel) typed(w *wireInteractive[wireCards[wireCard]]) Carousel {
	return Carousel{Body: w.Body.typed(), Cards: mapSlice(valueOf(w.Action).Cards, func(_ int, card wireCard) CarouselCard {
		action := valueOf(card.Action)
		button := valueOf(action.Parameters)
		return CarouselCard{
			Header: card.Header.typed(), Body: card.Body.typed(), DisplayText: button.DisplayText, URL: button.URL,
			QuickReplies: mapSlice(action.Buttons, func(_ int, b wireButton) ReplyButton { return valueOf(b.QuickReply) }),
		}
	})}
}

func (c ProductCarousel) object(dialect) (any, error) {
	return &wireInteractive[wireCards[wireProductCard]]{
		Type: kindCarousel, Body: &wireText{c.Body},
		Action: &wireCards[wireProductCard]{mapSlice(c.Products, func(i int, product ProductItem) wireProductCard {
			return wireProductCard{CardIndex: i, Type: cardOfProduct, Action: &product}
		})},
	}, nil
}

func (ProductCarousel) typed(w *wireInteractive[wireCards[wireProductCard]]) ProductCarousel {
	return ProductCarousel{Body: w.Body.typed(), Products: mapSlice(valueOf(w.Action).Cards, func(_ int, card wireProductCard) ProductItem {
		return valueOf(card.Action)
	})}
}

// decodeCarousel tells the two by their first card.
func decodeCarousel(object []byte) (Content, error) {
	var head struct {
		Action struct {
			Cards []struct {
				Type string `json:"type"`
			} `json:"cards"`
		} `json:"action"`
	}
	if json.Unmarshal(object, &head) == nil && len(head.Action.Cards) > 0 && head.Action.Cards[0].Type == cardOfProduct {
		return decodeInteractiveAs(ProductCarousel{}.typed)(object)
	}
	return decodeInteractiveAs(Carousel{}.typed)(object)
}

func (c ProductCarousel) check(found *checker) {
	found.bodyAndFooter(c.Body, "")
	path := interactivePath + ".action.cards"
	found.count(path, len(c.Products), limitProductCards)
	for i, product := range c.Products {
		path := atIndex(path, i) + ".action"
		product.check(found, path)
		if product.CatalogID != c.Products[0].CatalogID {
			found.add(path+".catalog_id", "the same on all cards", "another than on the first")
		}
	}
}
