package kirim

import (
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"
)

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
