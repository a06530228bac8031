package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kirim-go/kirim"
)

// preview returns what the recipient sees of a content, as text. The
// definition is that of a template; nil when it is not known.
func preview(content kirim.Content, definition *kirim.MessageTemplate) (string, error) {
	switch c := content.(type) {
	case kirim.Text:
		return c.Body, nil
	case kirim.Image:
		return media("image", c.Link, c.ID, "", c.Caption), nil
	case kirim.Video:
		return media("video", c.Link, c.ID, "", c.Caption), nil
	case kirim.Audio:
		if c.Voice {
			return media("voice message", c.Link, c.ID, "", ""), nil
		}
		return media("audio", c.Link, c.ID, "", ""), nil
	case kirim.Document:
		return media("document", c.Link, c.ID, c.Filename, c.Caption), nil
	case kirim.Sticker:
		return media("sticker", c.Link, c.ID, "", ""), nil
	case kirim.Location:
		return lines(fmt.Sprintf("[location %g, %g]", c.Latitude, c.Longitude), c.Name, c.Address), nil
	case kirim.Contacts:
		return contactCards(c), nil
	case kirim.Reaction:
		if c.Emoji == "" {
			return "[reaction taken back from " + c.MessageID + "]", nil
		}
		return c.Emoji + " [reaction to " + c.MessageID + "]", nil
	case kirim.Pin:
		if c.Unpin {
			return "[message " + c.MessageID + " unpinned]", nil
		}
		return fmt.Sprintf("[message %s pinned for %d days]", c.MessageID, c.Days), nil
	case kirim.Template:
		return templatePreview(c, definition)
	case kirim.Raw:
		return indented(c.Object), nil
	}
	return interactivePreview(content), nil
}

func interactivePreview(content kirim.Content) string {
	switch c := content.(type) {
	case kirim.ReplyButtons:
		return bubble(c.Header, c.Body, c.Footer, replies(c.Buttons)...)
	case kirim.List:
		return listPreview(c)
	case kirim.CTAURL:
		return bubble(c.Header, c.Body, c.Footer, c.DisplayText+": "+c.URL)
	case kirim.Carousel:
		parts := []string{c.Body}
		for i, card := range c.Cards {
			buttons := replies(card.QuickReplies)
			if card.URL != "" {
				buttons = append(buttons, card.DisplayText+": "+card.URL)
			}
			parts = append(parts, fmt.Sprintf("Card %d", i+1), bubble(card.Header, card.Body, "", buttons...))
		}
		return lines(parts...)
	case kirim.Flow:
		return bubble(c.Header, c.Body, c.Footer, c.Button+": form "+cmp.Or(c.Name, c.ID))
	case kirim.LocationRequest:
		return bubble(kirim.Header{}, c.Body, "", "Send location")
	case kirim.AddressRequest:
		return bubble(c.Header, c.Body, c.Footer, "Provide address")
	case kirim.CallPermissionRequest:
		return bubble(kirim.Header{}, c.Body, "", "Allow calls")
	case kirim.VoiceCall:
		return bubble(kirim.Header{}, c.Body, "", cmp.Or(c.DisplayText, "Call"))
	case kirim.Product:
		return bubble(kirim.Header{}, c.Body, c.Footer, "product "+c.RetailerID)
	case kirim.ProductList:
		var items []string
		for _, section := range c.Sections {
			for _, p := range section.Products {
				items = append(items, "product "+p.RetailerID)
			}
		}
		return bubble(c.Header, c.Body, c.Footer, items...)
	case kirim.ProductCarousel:
		var items []string
		for _, p := range c.Products {
			items = append(items, "product "+p.RetailerID)
		}
		return bubble(kirim.Header{}, c.Body, "", items...)
	case kirim.Catalog:
		return bubble(kirim.Header{}, c.Body, c.Footer, "View catalog")
	case kirim.OrderDetails:
		return bubble(c.Header, c.Body, c.Footer, "order "+c.Payment.ReferenceID)
	case kirim.OrderStatus:
		return bubble(kirim.Header{}, c.Body, c.Footer, fmt.Sprintf("order %s: %s", c.ReferenceID, c.Status))
	}
	return "[" + kirim.OutboundMessage{Content: content}.ContentKind() + "]"
}

// lines joins those that are not empty.
func lines(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\n")
}

func media(kind, link, id, filename, caption string) string {
	where := link
	if id != "" {
		where = "media " + id
	}
	return lines("["+strings.Join(strings.Fields(kind+" "+filename+" "+where), " ")+"]", caption)
}

func bubble(header kirim.Header, body, footer string, buttons ...string) string {
	parts := []string{headerPreview(header), body, footer}
	for _, b := range buttons {
		parts = append(parts, "["+b+"]")
	}
	return lines(parts...)
}

func headerPreview(h kirim.Header) string {
	switch {
	case h.Image+h.ImageID != "":
		return media("image", h.Image, h.ImageID, "", "")
	case h.Video+h.VideoID != "":
		return media("video", h.Video, h.VideoID, "", "")
	case h.Document+h.DocumentID != "":
		return media("document", h.Document, h.DocumentID, h.Filename, "")
	}
	return lines(h.Text, h.SubText)
}

func replies(buttons []kirim.ReplyButton) (titles []string) {
	for _, b := range buttons {
		titles = append(titles, b.Title)
	}
	return titles
}

func listPreview(c kirim.List) string {
	parts := []string{c.Header, c.Body, c.Footer, "[" + c.Button + "]"}
	for _, section := range c.Sections {
		parts = append(parts, section.Title)
		for _, row := range section.Rows {
			text := "- " + row.Title
			if row.Description != "" {
				text += ": " + row.Description
			}
			parts = append(parts, text)
		}
	}
	return lines(parts...)
}

func contactCards(cards kirim.Contacts) string {
	var parts []string
	for _, card := range cards {
		parts = append(parts, "[contact "+card.Name.FormattedName+"]")
		for _, p := range card.Phones {
			parts = append(parts, p.Phone)
		}
	}
	return lines(parts...)
}

func templatePreview(t kirim.Template, definition *kirim.MessageTemplate) (string, error) {
	if definition != nil {
		p, err := t.Preview(definition)
		return p.Text(), err
	}
	parts := []string{fmt.Sprintf("[template %s (%s)]", t.Name, t.Language)}
	for _, component := range t.Components {
		for _, p := range component.Parameters {
			name := strings.ToLower(component.Type)
			if p.Name != "" {
				name += " " + p.Name
			}
			parts = append(parts, name+": "+cmp.Or(p.Text, p.Payload, p.CouponCode, p.Type))
		}
	}
	return lines(parts...), nil
}

// indented returns a value as JSON to read.
func indented(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return "[not JSON]"
	}
	return strings.TrimRight(b.String(), "\n")
}
