package kirim

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (t Template) check(found *checker) {
	if !templateNamePattern.MatchString(t.Name) {
		actual := quantity(utf8.RuneCountInString(t.Name), "character")
		if strings.ContainsFunc(t.Name, notTemplateName) {
			actual += ", some of them others"
		}
		found.add("template.name", "1 to 512 lower-case letters, digits and underscores", actual)
	}
	found.text("template.language", t.Language, limitRequired)
	if strings.ContainsFunc(t.Language, unicode.IsSpace) {
		found.add("template.language", "a language code without spaces", "some")
	}
	found.components("template.components", t.Components)
}

// folded is an enumerated word of a template the way Meta compares it: its own
// examples and refusals spell such words in either case.
//
// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
func folded(word string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, word)
}

func (c Component) isButton() bool { return folded(c.Type) == "button" }

func (c *checker) components(path string, components []Component) {
	once, indexes := map[string]string{}, map[string]string{}
	var names parameterNames
	for i, component := range components {
		path, kind := atIndex(path, i), folded(component.Type)
		c.text(path+".type", component.Type, limitRequired)
		if component.isButton() {
			c.button(path, component)
			c.unique(indexes, path+".index", strconv.Itoa(component.Index))
		} else {
			c.text(path+".sub_type", component.SubType, limitNone)
			if component.Index != 0 {
				c.add(path+".index", "none except on a button", "an index")
			}
		}
		if slices.Contains(singleComponents, kind) {
			c.unique(once, path+".type", kind)
		}
		switch kind {
		case "header":
			c.count(path+".parameters", len(component.Parameters), limitHeaderParameters)
			names.check(c, path, component.Parameters)
		case "body":
			names.check(c, path, component.Parameters)
			c.bodyKinds(path, component.Parameters)
		case "footer":
			if n := len(component.Parameters); n > 0 {
				c.add(path+".parameters", "none in a footer", quantity(n, "parameter"))
			}
		case "carousel":
			c.count(path+".cards", len(component.Cards), limitTemplateCards)
		}
		for j, p := range component.Parameters {
			p.check(c, atIndex(path+".parameters", j))
		}
		for j, card := range component.Cards {
			c.components(atIndex(path+".cards", j)+".components", card.Components)
		}
	}
}

func (c *checker) button(path string, b Component) {
	c.text(path+".sub_type", b.SubType, limitRequired)
	if b.SubType != "" && !slices.Contains(buttonSubTypes, folded(b.SubType)) {
		c.add(path+".sub_type", "one of "+strings.Join(buttonSubTypes, ", "), "another")
	}
	if folded(b.SubType) == "voice_call" {
		for i, p := range b.Parameters {
			c.text(atIndex(path+".parameters", i)+".payload", p.Payload, limitCallPayload)
		}
	}
	switch {
	case b.Index < 0:
		c.add(path+".index", "0 or more", "less")
	case b.Index > maxButtonIndex:
		c.add(path+".index", "at most "+strconv.Itoa(maxButtonIndex), "more")
	}
}

func (c *checker) bodyKinds(path string, params []Parameter) {
	for i, p := range params {
		if kind := folded(p.Type); slices.Contains(parameterKinds, kind) && !slices.Contains(textKinds, kind) {
			c.add(atIndex(path+".parameters", i)+".type", "one of "+strings.Join(textKinds, ", ")+" in a body", "another")
		}
	}
}

// parameterNames are found to be given to all variables of a header and a body,
// or to none.
type parameterNames struct {
	begun, named bool
}

func (n *parameterNames) check(c *checker, path string, params []Parameter) {
	seen := map[string]string{}
	for i, p := range params {
		if !slices.Contains(textKinds, folded(p.Type)) {
			continue
		}
		path := atIndex(path+".parameters", i) + ".parameter_name"
		if named := p.Name != ""; !n.begun {
			n.begun, n.named = true, named
		} else if named != n.named {
			c.add(path, "a name on all variables or on none", "some with and some without")
		}
		c.unique(seen, path, p.Name)
	}
}

// parameterKinds are the types of parameters that [Parameter] has a field for.
var parameterKinds = []string{
	"text", "currency", "date_time", "image", "video", "document",
	"location", "product", "payload", "coupon_code", "action", "limited_time_offer", "ttl_minutes", "order_status",
}

// check asks for the value that the type names, and no other. The server knows
// more types: of those only the text is checked.
func (p Parameter) check(c *checker, path string) {
	c.text(path+".type", p.Type, limitRequired)
	kind := folded(p.Type)
	known := slices.Contains(parameterKinds, kind)
	for i, set := range [...]bool{
		p.Text != "", p.Currency != nil, p.DateTime != nil, p.Image != nil, p.Video != nil, p.Document != nil,
		p.Location != nil, p.Product != nil, p.Payload != "", p.CouponCode != "", p.Action != nil, p.LimitedTimeOffer != nil,
		p.TTLMinutes != 0, p.OrderStatus != nil,
	} {
		switch name := parameterKinds[i]; {
		case name == kind && !set:
			c.add(path+"."+name, "the value that the type names", "none")
		case known && name != kind && set:
			c.add(path+"."+name, "only the value that the type names", "another")
		}
	}
	c.text(path+".parameter_name", p.Name, limitNone)
	c.text(path+".text", p.Text, limitNone)
	if kind == "text" {
		c.variable(path+".text", p.Text)
	}
	c.text(path+".payload", p.Payload, limitNone)
	c.text(path+".coupon_code", p.CouponCode, limitCouponCode)
	p.checkObjects(c, path)
}

// checkObjects looks at the values that are no text.
func (p Parameter) checkObjects(c *checker, path string) {
	if money := p.Currency; money != nil {
		c.text(path+".currency.fallback_value", money.Fallback, limitRequired)
		c.text(path+".currency.code", money.Code, limitRequired)
	}
	if p.DateTime != nil {
		c.text(path+".date_time.fallback_value", p.DateTime.Fallback, limitRequired)
	}
	if image := p.Image; image != nil {
		c.templateMedia(path+".image", image.Link, image.ID, image.Caption)
	}
	if video := p.Video; video != nil {
		c.templateMedia(path+".video", video.Link, video.ID, video.Caption)
	}
	if file := p.Document; file != nil {
		c.templateMedia(path+".document", file.Link, file.ID, file.Caption)
		c.text(path+".document.filename", file.Filename, limitNone)
	}
	if place := p.Location; place != nil {
		Location(*place).checkAt(c, path+".location")
	}
	if product := p.Product; product != nil {
		product.check(c, path+".product")
	}
	if action := p.Action; action != nil {
		action.check(c, path+".action")
	}
	if p.TTLMinutes != 0 {
		c.count(path+".ttl_minutes", p.TTLMinutes, limitCallMinutes)
	}
	if p.OrderStatus != nil {
		p.OrderStatus.check(c, path+".order_status")
	}
	if offer := p.LimitedTimeOffer; offer != nil && offer.ExpirationTimeMS <= 0 {
		c.add(path+".limited_time_offer.expiration_time_ms", "milliseconds since 1970", "none or a time before")
	}
}

func (a TemplateAction) check(c *checker, path string) {
	c.text(path+".flow_token", a.FlowToken, limitNone)
	c.text(path+".thumbnail_product_retailer_id", a.ThumbnailID, limitNone)
	if data := a.FlowActionData; len(data) > 0 && !isJSONObject(data) {
		c.add(path+".flow_action_data", "a JSON object", "something else")
	}
	if a.OrderDetails != nil {
		a.OrderDetails.check(c, path+".order_details")
	}
	c.count(path+".sections", len(a.Sections), limitProductSections)
	c.products(path+".sections", a.Sections)
}

// variable reports what Meta lets no text of a template hold.
func (c *checker) variable(path, s string) {
	var actual string
	switch {
	case strings.Contains(s, "\n"):
		actual = "a line break"
	case strings.Contains(s, "\t"):
		actual = "a tab"
	case strings.Contains(s, strings.Repeat(" ", maxSpaces+1)):
		actual = "more spaces"
	default:
		return
	}
	c.add(path, "no line break, no tab and at most "+strconv.Itoa(maxSpaces)+" spaces in a row", actual)
}

func (c *checker) templateMedia(path, link, id, caption string) {
	c.source(path, link, id)
	if link != "" {
		c.link(path+".link", link, true)
	}
	c.text(path+".id", id, limitNone)
	c.text(path+".caption", caption, limitNone)
}
