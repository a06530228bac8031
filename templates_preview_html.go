package kirim

import (
	"html"
	"strings"
)

// HTML returns the message as a fragment of a page: one div of the class
// kirim-message, in it kirim-header, kirim-offer, kirim-body, kirim-footer,
// kirim-buttons and kirim-cards, each only where there is something in it. It has no
// styles and no scripts.
//
// Every text is escaped, so that a value cannot bring tags into the page; what
// cannot be shown is replaced by U+FFFD. Attributes are quoted. Only http and https
// URLs become links or sources of media; others, and phone numbers, are text. A
// browser that shows the fragment loads the image of the header from its link.
//
// Of WhatsApp's markup the body shows, in its values too, as in a message:
//
//   - *bold*, _italic_ and ~strikethrough~. The first mark follows no letter and no
//     digit and comes before a character that is not a space; the second one
//     follows such a character and comes before no letter and no digit. So
//     2*3*4 and snake_case_name stay as they are. Both are on one line. One may be
//     within another, but not within its like.
//   - `code` and ```monospace```, in which no other mark counts. Three marks may
//     enclose several lines.
//   - lines that begin with "> " as a quote, with "* " or "- " as items of a list,
//     and with a number of up to three digits and ". " as items of a numbered list
//   - http and https URLs as links
//
// Header, footer and buttons have no markup.
//
// The marks are WhatsApp's: https://faq.whatsapp.com/539178204879377. That page does
// not say where a mark counts; those rules are assumed.
func (p TemplatePreview) HTML() string {
	var w strings.Builder
	p.writeHTML(&w)
	return w.String()
}

func (p TemplatePreview) writeHTML(w *strings.Builder) {
	div := func(class, text string) {
		if text != "" {
			w.WriteString(`<div class="` + class + `" dir="auto">` + escaped(text) + `</div>`)
		}
	}
	w.WriteString(`<div class="kirim-message">`)
	if p.Header != nil {
		w.WriteString(`<div class="kirim-header" dir="auto">`)
		p.Header.writeHTML(w)
		w.WriteString(`</div>`)
	}
	if p.Offer != nil {
		div("kirim-offer", strings.TrimSpace(p.Offer.Text+"\n"+p.Offer.until()))
	}
	if p.Body != "" {
		w.WriteString(`<div class="kirim-body" dir="auto">`)
		writeMarkup(w, printableText(p.Body))
		w.WriteString(`</div>`)
	}
	div("kirim-footer", p.Footer)
	if len(p.Buttons) > 0 {
		w.WriteString(`<ul class="kirim-buttons">`)
		for _, b := range p.Buttons {
			b.writeHTML(w)
		}
		w.WriteString(`</ul>`)
	}
	if len(p.Cards) > 0 {
		w.WriteString(`<ol class="kirim-cards">`)
		for _, card := range p.Cards {
			w.WriteString(`<li>`)
			card.writeHTML(w)
			w.WriteString(`</li>`)
		}
		w.WriteString(`</ol>`)
	}
	w.WriteString(`</div>`)
}

// escaped is a text of several lines without markup.
func escaped(text string) string {
	return strings.ReplaceAll(html.EscapeString(printableText(text)), "\n", "<br>")
}

func (h *PreviewHeader) writeHTML(w *strings.Builder) {
	if h.Kind == "text" {
		w.WriteString(escaped(h.Text))
		return
	}
	link := html.EscapeString(h.Link)
	web := isWebLink(h.Link)
	switch {
	case web && h.Kind == "image":
		w.WriteString(`<img src="` + link + `" alt="image" referrerpolicy="no-referrer">`)
		return
	case web && h.Kind == "video":
		w.WriteString(`<video src="` + link + `" controls preload="none"></video>`)
		return
	}
	w.WriteString(`<span class="kirim-media">` + escaped(h.Kind) + `</span>`)
	text := h.describe()
	if text == "" {
		text = h.Link
	}
	if text != "" {
		w.WriteString(" " + anchor(h.Link, text))
	}
}

func (b PreviewButton) writeHTML(w *strings.Builder) {
	w.WriteString(`<li>` + anchor(b.URL, b.Text))
	detail := b.PhoneNumber + b.Code
	if !isWebLink(b.URL) {
		detail += b.URL
	}
	if detail != "" {
		w.WriteString(` <span class="kirim-detail">` + escaped(detail) + `</span>`)
	}
	w.WriteString(`</li>`)
}

// anchor is a text that leads to a link, if that is one for a page.
func anchor(link, text string) string {
	if !isWebLink(link) {
		return escaped(text)
	}
	return `<a href="` + html.EscapeString(link) + `" rel="noopener noreferrer nofollow">` + escaped(text) + `</a>`
}
