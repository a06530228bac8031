package kirim

import (
	"slices"
	"strings"
)

func (c OrderDetails) check(found *checker) {
	c.Header.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	c.Payment.check(found, interactivePath+".action.parameters")
}

func (c OrderStatus) check(found *checker) {
	found.bodyAndFooter(c.Body, c.Footer)
	OrderUpdate{c.ReferenceID, OrderUpdateState{c.Status, c.Description}}.check(found, interactivePath+".action.parameters")
}

// check leaves the form of the reference ID to the request that it is of: an
// example of Meta's has one that is longer than its pages allow.
func (u OrderUpdate) check(c *checker, path string) {
	c.text(path+".reference_id", u.ReferenceID, limitRequired)
	c.text(path+".order.status", string(u.Order.Status), limitRequired)
	c.text(path+".order.description", u.Order.Description, limitNone)
}

func (p PaymentRequest) check(c *checker, path string) {
	c.referenceID(path, p.ReferenceID)
	c.text(path+".type", p.Type, limitNone)
	c.text(path+".payment_type", p.Method, limitNone)
	c.text(path+".payment_configuration", p.Configuration, limitNone)
	c.text(path+".currency", p.Currency, limitRequired)
	p.Total.check(c, path+".total_amount")
	for i, setting := range p.Settings {
		setting.check(c, atIndex(path+".payment_settings", i))
	}
	if p.Order != nil {
		p.Order.check(c, path+".order")
	}
}

// referenceID checks what Meta says of it:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/payment-links/
func (c *checker) referenceID(path, id string) {
	path += ".reference_id"
	c.text(path, id, limitReferenceID)
	foreign := func(r rune) bool {
		return notDigit(r) && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("_-.", r)
	}
	if strings.ContainsFunc(id, foreign) {
		c.add(path, "letters, digits, underscores, hyphens and dots", "others")
	}
}

func (a OrderAmount) check(c *checker, path string) {
	if a.Offset <= 0 {
		c.add(path+".offset", "what divides the value, such as 100", "0 or less")
	}
	c.text(path+".description", a.Description, limitNone)
	c.text(path+".discount_program_name", a.ProgramName, limitNone)
}

func (o Order) check(c *checker, path string) {
	c.text(path+".status", string(o.Status), limitRequired)
	c.text(path+".type", o.Type, limitNone)
	c.text(path+".catalog_id", o.CatalogID, limitNone)
	for i, item := range o.Items {
		item.check(c, atIndex(path+".items", i))
	}
	o.Subtotal.check(c, path+".subtotal")
	for _, extra := range [...]struct {
		name   string
		amount *OrderAmount
	}{{"tax", o.Tax}, {"shipping", o.Shipping}, {"discount", o.Discount}} {
		if extra.amount != nil {
			extra.amount.check(c, path+"."+extra.name)
		}
	}
	if e := o.Expiration; e != nil {
		c.text(path+".expiration.timestamp", e.Timestamp, limitRequired)
		if strings.ContainsFunc(e.Timestamp, notDigit) {
			c.add(path+".expiration.timestamp", "Unix seconds", "not only digits")
		}
		c.text(path+".expiration.description", e.Description, limitNone)
	}
}

func (i OrderedItem) check(c *checker, path string) {
	c.text(path+".name", i.Name, limitRequired)
	i.Amount.check(c, path+".amount")
	if i.Sale != nil {
		i.Sale.check(c, path+".sale_amount")
	}
	address, image := valueOf(i.ImporterAddress), valueOf(i.Image)
	for _, text := range [...]struct{ name, text string }{
		{"retailer_id", i.RetailerID}, {"product_id", i.ProductID}, {"country_of_origin", i.CountryOfOrigin},
		{"importer_name", i.ImporterName}, {"image.link", image.Link}, {"importer_address.address_line1", address.AddressLine1},
		{"importer_address.address_line2", address.AddressLine2}, {"importer_address.city", address.City},
		{"importer_address.zone_code", address.ZoneCode}, {"importer_address.postal_code", address.PostalCode},
		{"importer_address.country_code", address.CountryCode},
	} {
		c.text(path+"."+text.name, text.text, limitNone)
	}
}

// paymentTypes are the types of settings that [PaymentSetting] has a field for.
var paymentTypes = []string{"pix_dynamic_code", "payment_link", "boleto", "payment_gateway", "offsite_card_pay"}

func (s PaymentSetting) check(c *checker, path string) {
	c.text(path+".type", s.Type, limitRequired)
	known := slices.Contains(paymentTypes, s.Type)
	for i, set := range [...]bool{
		s.PixDynamicCode != nil, s.PaymentLink != nil, s.Boleto != nil, s.Gateway != nil, s.OffsiteCard != nil,
	} {
		switch name := paymentTypes[i]; {
		case name == s.Type && !set:
			c.add(path+"."+name, "the value that the type names", "none")
		case known && name != s.Type && set:
			c.add(path+"."+name, "only the value that the type names", "another")
		}
	}
	if pix := s.PixDynamicCode; pix != nil {
		c.text(path+".pix_dynamic_code.code", pix.Code, limitRequired)
		for _, text := range []string{pix.MerchantName, pix.Key, pix.KeyType} {
			c.text(path+".pix_dynamic_code", text, limitNone)
		}
	}
	if s.PaymentLink != nil {
		c.https(path+".payment_link.uri", s.PaymentLink.URI)
	}
	if s.Boleto != nil {
		c.text(path+".boleto.digitable_line", s.Boleto.DigitableLine, limitRequired)
	}
	if card := s.OffsiteCard; card != nil {
		c.text(path+".offsite_card_pay.last_four_digits", card.LastFourDigits, limitRequired)
		c.text(path+".offsite_card_pay.credential_id", card.CredentialID, limitNone)
	}
	if gateway := s.Gateway; gateway != nil {
		path += ".payment_gateway"
		c.text(path+".type", gateway.Type, limitRequired)
		c.text(path+".configuration_name", gateway.Configuration, limitNone)
		for i, object := range [...][]byte{gateway.Razorpay, gateway.PayU, gateway.BillDesk, gateway.Zaakpay} {
			if len(object) > 0 && !isJSONObject(object) {
				c.add(path+"."+[...]string{"razorpay", "payu", "billdesk", "zaakpay"}[i], "a JSON object", "something else")
			}
		}
	}
}
