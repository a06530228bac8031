package kirim

import (
	"encoding/json"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// InboundContact is a contact card. What the sender's phone does not share is
// empty.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/contacts
type InboundContact struct {
	Name         string // formatted
	FirstName    string
	MiddleName   string
	LastName     string
	Prefix       string
	Suffix       string
	Phones       []InboundPhone
	Emails       []string
	Organization InboundOrganization
	Addresses    []InboundAddress
	URLs         []InboundURL
	Birthday     string // as it was written: YYYY-MM-DD by Meta's description
	VCard        string // the whole card as a vCard, where Meta sends it
	Origin       string // "contact_request", when you asked for it, or "other"
	Raw          json.RawMessage
}

// InboundPhone is a number on a contact card.
type InboundPhone struct {
	Phone string // as it was written
	WAID  string // digits; empty when it is not on WhatsApp
	Type  string // "CELL", "HOME" …
}

// InboundOrganization is where the person on a contact card works.
type InboundOrganization struct{ Company, Department, Title string }

// InboundAddress is a postal address on a contact card.
type InboundAddress struct {
	Street, City, State, ZIP string
	Country                  string
	CountryCode              string // ISO, two letters
	Type                     string // "HOME", "WORK" …
}

// InboundURL is a website on a contact card.
type InboundURL struct {
	URL  string // as it was written: not safe to open
	Type string // "HOME", "WORK" …
}

func readContactCard(r *jsonscan.Reader, c *InboundContact) {
	start := r.Pos()
	for name := range r.Fields() {
		switch string(name) {
		case "name":
			r.Texts(map[string]*string{
				"formatted_name": &c.Name, "first_name": &c.FirstName, "middle_name": &c.MiddleName,
				"last_name": &c.LastName, "prefix": &c.Prefix, "suffix": &c.Suffix,
			})
		case "phones":
			c.Phones = jsonscan.Objects(r, func(r *jsonscan.Reader, p *InboundPhone) {
				r.Texts(map[string]*string{"phone": &p.Phone, "wa_id": &p.WAID, "type": &p.Type})
			})
		case "emails":
			for range r.Elements() {
				if email := r.Member("email"); email != "" {
					c.Emails = append(c.Emails, email)
				}
			}
		case "org":
			o := &c.Organization
			r.Texts(map[string]*string{"company": &o.Company, "department": &o.Department, "title": &o.Title})
		case "addresses":
			c.Addresses = jsonscan.Objects(r, func(r *jsonscan.Reader, a *InboundAddress) {
				r.Texts(map[string]*string{
					"street": &a.Street, "city": &a.City, "state": &a.State, "zip": &a.ZIP,
					"country": &a.Country, "country_code": &a.CountryCode, "type": &a.Type,
				})
			})
		case "urls":
			c.URLs = jsonscan.Objects(r, func(r *jsonscan.Reader, u *InboundURL) {
				r.Texts(map[string]*string{"url": &u.URL, "type": &u.Type})
			})
		case "birthday":
			c.Birthday = r.Text()
		case "vcard":
			c.VCard = r.Text()
		case "origin":
			c.Origin = r.Text()
		}
	}
	c.Raw = r.Since(start)
}
