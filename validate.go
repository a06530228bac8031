package kirim

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// bounds is how many of a unit there may be. A max of 0 is none.
type bounds struct {
	min, max int
	unit     string
}

// Every limit that Validate checks. Kirim's own pages win over Meta's. No page
// says what a character is; Unicode code points are counted, because a count in
// UTF-16 units or bytes is never smaller, so that nothing is refused here which
// such a server would take.
var (
	// https://developers.kirim.chat/sending/send-text/
	limitText = bounds{1, 4096, "character"}
	// https://developers.kirim.chat/sending/send-image/
	limitCaption = bounds{0, 1024, "character"}

	// https://developers.kirim.chat/sending/send-buttons/ and
	// https://developers.kirim.chat/sending/send-lists/
	limitBody = bounds{1, 1024, "character"}
	// https://developers.kirim.chat/sending/send-lists/ and
	// https://docs.kirimdev.com/sending/send-reply-buttons/
	limitFooter     = bounds{0, 60, "character"}
	limitTextHeader = bounds{0, 60, "character"}

	// https://docs.kirimdev.com/sending/send-reply-buttons/
	limitReplyButtons = bounds{1, 3, "button"}
	limitReplyID      = bounds{1, 256, "character"}
	limitReplyTitle   = bounds{1, 20, "character"}

	// https://developers.kirim.chat/sending/send-lists/
	limitListButton     = bounds{1, 20, "character"}
	limitRows           = bounds{1, 10, "row"}
	limitSectionTitle   = bounds{0, 24, "character"}
	limitRowID          = bounds{1, 200, "character"}
	limitRowTitle       = bounds{1, 24, "character"}
	limitRowDescription = bounds{0, 72, "character"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages
	limitSections    = bounds{1, 10, "section"}
	limitSectionRows = bounds{1, 0, "row"}
	// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
	limitSeveralSectionsTitle = bounds{1, 24, "character"}

	// https://developers.kirim.chat/sending/send-buttons/
	limitDisplayText = bounds{1, 20, "character"}

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
	limitCards          = bounds{2, 10, "card"}
	limitCardBody       = bounds{0, 160, "character"}
	limitCardBreaks     = bounds{0, 2, "line break"}
	limitCardQuickReply = bounds{1, 0, "button"} // no maximum is documented

	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/media-card-carousel-templates
	limitTemplateCards = bounds{2, 10, "card"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/marketing-templates/mpm-templates
	limitProductSections     = bounds{0, 10, "section"}
	limitProductSectionTitle = bounds{0, 24, "character"}
	limitProducts            = bounds{0, 30, "product"}
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/changelog
	limitCouponCode = bounds{0, 20, "character"}

	// For text without a documented limit.
	limitNone     = bounds{0, 0, "character"}
	limitRequired = bounds{1, 0, "character"}
)

// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
var templateNamePattern = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

func (l bounds) allows(n int) bool { return n >= l.min && (l.max == 0 || n <= l.max) }

func (l bounds) String() string {
	switch {
	case l.max == 0:
		return "at least " + quantity(l.min, l.unit)
	case l.min == 0:
		return "at most " + quantity(l.max, l.unit)
	default:
		return strconv.Itoa(l.min) + " to " + quantity(l.max, l.unit)
	}
}

func quantity(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}

// Violation is one rule that a message breaks. It holds lengths and shapes,
// never the content itself.
type Violation struct {
	// Path is where in the body: "interactive.action.buttons[1].reply.title".
	Path string
	// Limit is what is allowed there: "1 to 20 characters".
	Limit string
	// Actual is the length or the shape found: "27 characters".
	Actual string
}

// String is "path: want limit, got actual". A path longer than 120 characters,
// which only carousels within carousels have, is cut.
func (v Violation) String() string {
	return fmt.Sprintf("%.120s: want %s, got %s", v.Path, v.Limit, v.Actual)
}

// ValidationError is all that is wrong with a request that was therefore not
// sent. Its text holds no phone number, no URL and nothing of the content.
type ValidationError struct {
	Violations []Violation
}

const maxListedViolations = 10

func (e *ValidationError) listed() []string {
	list := make([]string, 0, maxListedViolations+1)
	for i, v := range e.Violations {
		if i == maxListedViolations {
			return append(list, fmt.Sprintf("and %d more", len(e.Violations)-i))
		}
		list = append(list, v.String())
	}
	return list
}

// Error is one line with the first ten violations and the number of the rest.
func (e *ValidationError) Error() string {
	return "kirim: invalid request: " + strings.Join(e.listed(), "; ")
}

// LogValue is the number of violations and the text of the first ten.
func (e *ValidationError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("count", len(e.Violations)),
		slog.Any("violations", e.listed()),
	)
}

// Validate checks the message against the documented limits and reports all
// that it breaks in one [*ValidationError].
//
// Lengths are counted in Unicode code points. Text that is not valid UTF-8 is
// a violation, because JSON cannot carry it. A text of nothing but spaces is
// not: no page forbids it, so the server decides, as it does on everything
// that Validate does not know. In particular, the object of a [Raw], the
// variables of a template, and component and parameter types that this package
// does not name are not checked.
func (m OutboundMessage) Validate() error {
	c := &checker{}
	if !isRecipient(m.To) {
		c.add("to", "E.164 with a leading + and 7 to 15 digits", recipientShape(m.To))
	}
	c.text("context.message_id", m.ReplyTo, limitNone)
	if strings.HasPrefix(m.ReplyTo, "msg_") {
		c.add("context.message_id", "the wamid of an inbound message", "a msg_ id")
	}
	if isNil(m.Content) {
		c.add("type", "a content", "none")
	} else {
		m.Content.check(c)
	}
	if len(c.violations) > 0 {
		return &ValidationError{Violations: c.violations}
	}
	return nil
}

// isRecipient is looked at for each send, and not by a regular expression, as
// that takes longer than all other checks together.
//
// https://developers.kirim.chat/api/operations/phone_number_idmessages/post/
func isRecipient(to string) bool {
	digits, plus := strings.CutPrefix(to, "+")
	return plus && 7 <= len(digits) && len(digits) <= 15 && digits[0] != '0' && !strings.ContainsFunc(digits, notDigit)
}

func recipientShape(to string) string {
	length := quantity(utf8.RuneCountInString(to), "character")
	rest, plus := strings.CutPrefix(to, "+")
	switch {
	case to == "":
		return "empty"
	case !utf8.ValidString(to):
		return "invalid UTF-8"
	case !plus:
		return length + ", no leading +"
	case strings.ContainsFunc(rest, notDigit):
		return length + ", not only digits after the +"
	case strings.HasPrefix(rest, "0"):
		return length + ", a 0 after the +"
	default:
		return "a + and " + quantity(len(rest), "digit")
	}
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

func notTemplateName(r rune) bool { return notDigit(r) && (r < 'a' || r > 'z') && r != '_' }

// checker collects violations. Paths are built before anything is known to be
// wrong; a message has few of them.
type checker struct {
	violations []Violation
}

func (c *checker) add(path, limit, actual string) {
	c.violations = append(c.violations, Violation{path, limit, actual})
}

func atIndex(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func (c *checker) count(path string, n int, l bounds) {
	if !l.allows(n) {
		c.add(path, l.String(), quantity(n, l.unit))
	}
}

func (c *checker) text(path, s string, l bounds) {
	if !utf8.ValidString(s) {
		c.add(path, "valid UTF-8", "invalid UTF-8")
		return
	}
	c.count(path, utf8.RuneCountInString(s), l)
}

func (c *checker) https(path, link string) {
	u, err := url.Parse(link)
	var actual string
	switch {
	case !utf8.ValidString(link):
		actual = "invalid UTF-8"
	case link == "":
		actual = "empty"
	case err != nil:
		actual = "malformed"
	case u.Scheme == "":
		actual = "without a scheme"
	case u.Scheme == "http":
		actual = "http"
	case u.Scheme != "https":
		actual = "another scheme"
	case u.Hostname() == "":
		actual = "without a host"
	default:
		return
	}
	c.add(path, "an absolute https URL", actual)
}

func (c *checker) source(path, link, id string) {
	if (link == "") == (id == "") {
		actual := "both"
		if link == "" {
			actual = "neither"
		}
		c.add(path, "exactly one of link and id", actual)
	}
}

func (c *checker) media(path, link, id, caption string) {
	c.source(path, link, id)
	if link != "" {
		c.https(path+".link", link)
	}
	c.text(path+".id", id, limitNone)
	c.text(path+".caption", caption, limitCaption)
}

// unique reports a key that stood before; seen maps each to its first path. An
// empty key is reported for its length.
func (c *checker) unique(seen map[string]string, path, key string) {
	if first, twice := seen[key]; !twice {
		seen[key] = path
	} else if key != "" {
		c.add(path, "a unique value", "the same as "+first)
	}
}

func (c Text) check(found *checker)  { found.text("text.body", c.Body, limitText) }
func (c Image) check(found *checker) { found.media("image", c.Link, c.ID, c.Caption) }
func (c Video) check(found *checker) { found.media("video", c.Link, c.ID, c.Caption) }
func (c Audio) check(found *checker) { found.media("audio", c.Link, c.ID, "") }

func (c Document) check(found *checker) {
	found.media("document", c.Link, c.ID, c.Caption)
	found.text("document.filename", c.Filename, limitNone)
}

func (c Raw) check(found *checker) {
	path := c.Type
	if !isContentType(c.Type) {
		path = "type"
		found.add(path, "1 to 64 lower-case letters, digits and underscores, not the name of another field",
			quantity(utf8.RuneCountInString(c.Type), "character"))
	}
	if _, err := c.encoded(); err != nil {
		found.add(path, "a value that encodes to JSON", "none")
	}
}

const interactivePath = "interactive"

func (c ReplyButtons) check(found *checker) {
	c.Header.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	path := interactivePath + ".action.buttons"
	found.count(path, len(c.Buttons), limitReplyButtons)
	found.replies(path, ".reply", c.Buttons)
}

func (c List) check(found *checker) {
	Header{Text: c.Header}.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	found.text(interactivePath+".action.button", c.Button, limitListButton)

	path := interactivePath + ".action.sections"
	found.count(path, len(c.Sections), limitSections)
	titles, rows, ids := limitSectionTitle, 0, map[string]string{}
	if len(c.Sections) > 1 {
		titles = limitSeveralSectionsTitle
	}
	for i, section := range c.Sections {
		path := atIndex(path, i)
		found.text(path+".title", section.Title, titles)
		found.count(path+".rows", len(section.Rows), limitSectionRows)
		rows += len(section.Rows)
		for j, row := range section.Rows {
			path := atIndex(path+".rows", j)
			found.text(path+".id", row.ID, limitRowID)
			found.text(path+".title", row.Title, limitRowTitle)
			found.text(path+".description", row.Description, limitRowDescription)
			found.unique(ids, path+".id", row.ID)
		}
	}
	if rows > limitRows.max { // a section without rows is reported already
		found.add(path, limitRows.String()+" in all sections", quantity(rows, limitRows.unit))
	}
}

func (c CTAURL) check(found *checker) {
	c.Header.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	found.urlButton(interactivePath+".action.parameters", c.DisplayText, c.URL)
}

func (c Carousel) check(found *checker) {
	found.bodyAndFooter(c.Body, "")
	path := interactivePath + ".action.cards"
	found.count(path, len(c.Cards), limitCards)
	for i, card := range c.Cards {
		card.check(found, atIndex(path, i))
		if card.Header.kind() != c.Cards[0].Header.kind() {
			found.add(atIndex(path, i)+".header.type", "the same on all cards", "another than on the first")
		}
	}
}

func (c CarouselCard) check(found *checker, path string) {
	c.Header.check(found, path+".header")
	if kind := c.Header.kind(); kind != "image" && kind != "video" {
		found.add(path+".header", "one of image and video", "none of them")
	}
	found.text(path+".body.text", c.Body, limitCardBody)
	found.count(path+".body.text", strings.Count(c.Body, "\n"), limitCardBreaks)
	if c.QuickReplies == nil {
		found.urlButton(path+".action.parameters", c.DisplayText, c.URL)
		return
	}
	if c.DisplayText != "" || c.URL != "" {
		found.add(path+".action", "one of a URL button and quick replies", "both")
	}
	found.count(path+".action.buttons", len(c.QuickReplies), limitCardQuickReply)
	found.replies(path+".action.buttons", ".quick_reply", c.QuickReplies)
}

func (h Header) check(c *checker, path string) {
	c.text(path+".text", h.Text, limitTextHeader)
	set := 0
	if h.Text != "" {
		set++
	}
	for _, media := range [...]struct{ kind, link string }{{"image", h.Image}, {"video", h.Video}, {"document", h.Document}} {
		if media.link != "" {
			set++
			c.https(path+"."+media.kind+".link", media.link)
		}
	}
	if set > 1 {
		c.add(path, "one of text, image, video and document", strconv.Itoa(set)+" of them")
	}
}

func (c *checker) bodyAndFooter(body, footer string) {
	c.text(interactivePath+".body.text", body, limitBody)
	c.text(interactivePath+".footer.text", footer, limitFooter)
}

func (c *checker) urlButton(path, label, link string) {
	c.text(path+".display_text", label, limitDisplayText)
	c.https(path+".url", link)
}

func (c *checker) replies(path, object string, replies []ReplyButton) {
	ids, titles := map[string]string{}, map[string]string{}
	for i, reply := range replies {
		path := atIndex(path, i) + object
		c.text(path+".id", reply.ID, limitReplyID)
		c.text(path+".title", reply.Title, limitReplyTitle)
		// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
		if strings.TrimSpace(reply.ID) != reply.ID {
			c.add(path+".id", "no leading or trailing spaces", "some")
		}
		c.unique(ids, path+".id", reply.ID)
		c.unique(titles, path+".title", reply.Title)
	}
}

func (c Template) check(found *checker) {
	if !templateNamePattern.MatchString(c.Name) {
		actual := quantity(utf8.RuneCountInString(c.Name), "character")
		if strings.ContainsFunc(c.Name, notTemplateName) {
			actual += ", some of them others"
		}
		found.add("template.name", "1 to 512 lower-case letters, digits and underscores", actual)
	}
	found.text("template.language", c.Language, limitRequired)
	found.components("template.components", c.Components)
}

func (c *checker) components(path string, components []Component) {
	for i, component := range components {
		path := atIndex(path, i)
		c.text(path+".type", component.Type, limitRequired)
		switch component.Type {
		case "button":
			c.text(path+".sub_type", component.SubType, limitRequired)
			if component.Index < 0 {
				c.add(path+".index", "0 or more", "less")
			}
		case "carousel":
			c.count(path+".cards", len(component.Cards), limitTemplateCards)
			fallthrough
		default:
			c.text(path+".sub_type", component.SubType, limitNone)
			if component.Index != 0 {
				c.add(path+".index", "none except on a button", "an index")
			}
		}
		for j, p := range component.Parameters {
			p.check(c, atIndex(path+".parameters", j))
		}
		for j, card := range component.Cards {
			c.components(atIndex(path+".cards", j)+".components", card.Components)
		}
	}
}

// check asks for the value that the type names, and no other. The server knows
// more types: of those only the text is looked at.
func (p Parameter) check(c *checker, path string) {
	c.text(path+".type", p.Type, limitRequired)
	values := [...]struct {
		kind string
		set  bool
	}{
		{"text", p.Text != ""}, {"currency", p.Currency != nil}, {"date_time", p.DateTime != nil},
		{"image", p.Image != nil}, {"video", p.Video != nil}, {"document", p.Document != nil},
		{"location", p.Location != nil}, {"product", p.Product != nil}, {"payload", p.Payload != ""},
		{"coupon_code", p.CouponCode != ""}, {"action", p.Action != nil}, {"limited_time_offer", p.LimitedTimeOffer != nil},
	}
	known := false
	for _, value := range values {
		known = known || value.kind == p.Type
	}
	for _, value := range values {
		switch own := value.kind == p.Type; {
		case own && !value.set:
			c.add(path+"."+value.kind, "the value that the type names", "none")
		case known && !own && value.set:
			c.add(path+"."+value.kind, "only the value that the type names", "another")
		}
	}
	if p.Image != nil {
		c.source(path+".image", p.Image.Link, p.Image.ID)
	}
	if p.Video != nil {
		c.source(path+".video", p.Video.Link, p.Video.ID)
	}
	if p.Document != nil {
		c.source(path+".document", p.Document.Link, p.Document.ID)
	}
	p.checkText(c, path)
}

func (p Parameter) checkText(c *checker, path string) {
	money, image, video, file := valueOf(p.Currency), valueOf(p.Image), valueOf(p.Video), valueOf(p.Document)
	place, product, action := valueOf(p.Location), valueOf(p.Product), valueOf(p.Action)
	for _, field := range [...]struct {
		name, text string
		limit      bounds
	}{
		{".parameter_name", p.Name, limitNone}, {".text", p.Text, limitNone},
		{".payload", p.Payload, limitNone}, {".coupon_code", p.CouponCode, limitCouponCode},
		{".currency.fallback_value", money.Fallback, limitNone}, {".currency.code", money.Code, limitNone},
		{".date_time.fallback_value", valueOf(p.DateTime).Fallback, limitNone},
		{".image.link", image.Link, limitNone}, {".image.id", image.ID, limitNone}, {".image.caption", image.Caption, limitNone},
		{".video.link", video.Link, limitNone}, {".video.id", video.ID, limitNone}, {".video.caption", video.Caption, limitNone},
		{".document.link", file.Link, limitNone}, {".document.id", file.ID, limitNone},
		{".document.caption", file.Caption, limitNone}, {".document.filename", file.Filename, limitNone},
		{".location.name", place.Name, limitNone}, {".location.address", place.Address, limitNone},
		{".product.catalog_id", product.CatalogID, limitNone}, {".product.product_retailer_id", product.RetailerID, limitNone},
		{".action.flow_token", action.FlowToken, limitNone},
		{".action.thumbnail_product_retailer_id", action.ThumbnailID, limitNone},
	} {
		if field.text != "" {
			c.text(path+field.name, field.text, field.limit)
		}
	}
	if data := action.FlowActionData; len(data) > 0 && (!json.Valid(data) || !utf8.Valid(data)) {
		c.add(path+".action.flow_action_data", "JSON", "something else")
	}
	for _, degrees := range [...]struct {
		name  string
		value float64
	}{{"latitude", place.Latitude}, {"longitude", place.Longitude}} {
		if math.IsNaN(degrees.value) || math.IsInf(degrees.value, 0) {
			c.add(path+".location."+degrees.name, "a finite number", "none")
		}
	}
	products, path := 0, path+".action.sections"
	c.count(path, len(action.Sections), limitProductSections)
	for i, section := range action.Sections {
		path := atIndex(path, i)
		c.text(path+".title", section.Title, limitProductSectionTitle)
		for j, product := range section.Products {
			path := atIndex(path+".product_items", j)
			c.text(path+".catalog_id", product.CatalogID, limitNone)
			c.text(path+".product_retailer_id", product.RetailerID, limitNone)
		}
		products += len(section.Products)
	}
	if !limitProducts.allows(products) {
		c.add(path, limitProducts.String()+" in all sections", quantity(products, limitProducts.unit))
	}
}
