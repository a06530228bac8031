package templates

import (
	"slices"
	"unicode/utf8"

	"github.com/kirim-go/kirim"
)

// checkAuthentication decides the rules of templates for one-time codes, and of what is
// for them alone.
func (l *linter) checkAuthentication(m *languageModel) {
	if m.expiration != "" && (m.minutes < 1 || m.minutes > 90) {
		l.report("auth-expiration", m.expiration, "want 1 to 90 minutes, got %d", m.minutes)
	}
	if !m.authentication() {
		l.checkAuthenticationOnly(m)
		return
	}
	if m.header != nil {
		l.report("auth-text", m.header.path, "a template for authentication has no header")
	}
	for _, t := range []*text{m.body, m.footer} {
		if t != nil {
			l.report("auth-text", t.path, "a template for authentication has no text of its own")
		}
	}
	if m.unknown[UnknownContent] {
		return
	}
	switch n := len(m.buttons); {
	case n == 0:
		l.report("auth-button", m.path, "want a button of type otp")
	case m.buttons[0].Type != ButtonOTP:
		l.report("auth-button", m.buttons[0].path, "want a button of type otp")
	case n > 1:
		l.report("auth-button", m.buttons[1].path, "want one button, of type otp, got %d", n)
	}
}

func (l *linter) checkAuthenticationOnly(m *languageModel) {
	if m.category == "" { // which is reported
		return
	}
	for _, path := range []string{m.recommendation, m.expiration} {
		if path != "" {
			l.report("auth-only", path, "this is for templates of the category authentication")
		}
	}
	for _, b := range m.buttons {
		if b.Type == ButtonOTP {
			l.report("auth-only", b.path, "a button of type otp is for templates of the category authentication")
		}
	}
}

// checkOffer decides the rules about limited-time offers.
func (l *linter) checkOffer(m *languageModel) {
	offer := m.offer
	if offer == nil {
		return
	}
	if m.category != kirim.TemplateMarketing && m.category != "" {
		l.report("offer-category", offer.path, "an offer is for marketing")
	}
	if n := utf8.RuneCountInString(offer.text); n < 1 || n > 16 {
		l.report("offer-text", offer.textPath, "want a title of 1 to 16 characters, got %d", n)
	}
	if kind := m.headerKind(); kind != "" && kind != "image" && kind != "video" {
		l.report("offer-header", m.header.path, "want an image or a video in the header of an offer, got a %s", kind)
	}
	if m.footer != nil {
		l.report("offer-footer", m.footer.path, "an offer has no footer")
	}
	if i := slices.IndexFunc(m.buttons, func(b buttonModel) bool { return b.Type == ButtonCopyCode }); i > 0 {
		l.report("offer-buttons", m.buttons[i].path, "want the button of type copy_code first")
	}
	if !slices.ContainsFunc(m.buttons, func(b buttonModel) bool { return b.Type == ButtonURL }) && !m.unknown[UnknownContent] {
		l.report("offer-url", offer.path, "want a button of type url")
	}
}

// checkCarousel decides the rules about cards.
func (l *linter) checkCarousel(m *languageModel) {
	n := len(m.cards)
	if n == 0 {
		return
	}
	if m.category != kirim.TemplateMarketing && m.category != "" {
		l.report("carousel-category", m.cardsPath, "a carousel is for marketing")
	}
	if n < 2 || n > 10 {
		l.report("carousel-cards", m.cardsPath, "want 2 to 10 cards, got %d", n)
	}
	products := m.cards[0].headerKind() == "product"
	if products && n > 2 && n <= 10 {
		l.report("product-cards", m.cardsPath, "want 2 cards with products; a message may have up to 10, got %d", n)
	}
	if m.header != nil || m.footer != nil || len(m.buttons) > 0 || m.offer != nil {
		l.report("carousel-parts", m.cardsPath, "want a body and cards, and nothing else")
	}
	for i := range m.cards {
		l.checkCard(&m.cards[0], &m.cards[i])
	}
}

func (l *linter) checkCard(first, card *content) {
	switch {
	case card.headerKind() != first.headerKind():
		l.report("carousel-same", card.path, "want the kind of header that the first card has")
	case (card.body == nil) != (first.body == nil):
		l.report("carousel-same", card.path, "want a body on all cards or on none")
	case card.buttonTypes() != first.buttonTypes():
		l.report("carousel-same", card.path, "want the buttons that the first card has: %s", orNone(first.buttonTypes()))
	}
	kind := card.headerKind()
	if kind != "image" && kind != "video" && kind != "product" {
		l.report("card-header", card.path, "want an image, a video or a product in the header of a card")
	}
	if card.body != nil {
		l.checkLength("card-body-length", card.body, "the body of the card", 160)
	}
	allowed := []ButtonType{ButtonQuickReply, ButtonURL, ButtonPhoneNumber}
	if kind == "product" {
		allowed = []ButtonType{ButtonProduct, ButtonURL}
	}
	switch n := len(card.buttons); {
	case kind == "product" && n != 1:
		l.report("card-buttons", card.path, "want 1 button on a card with a product, got %d", n)
	case n > 2:
		l.report("card-buttons", card.path, "want at most 2 buttons on a card, got %d", n)
	}
	for _, b := range card.buttons {
		if _, known := buttonMembers[b.Type]; known && !slices.Contains(allowed, b.Type) {
			l.report("card-button-type", b.path, "a card with this header has no button of type %s", b.Type)
		}
	}
}
