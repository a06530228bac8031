package kirim

import "encoding/json"

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

func (r *jsonReader) contactCard(c *InboundContact) {
	start := r.pos
	for name := range r.fields() {
		switch string(name) {
		case "name":
			r.texts(map[string]*string{
				"formatted_name": &c.Name, "first_name": &c.FirstName, "middle_name": &c.MiddleName,
				"last_name": &c.LastName, "prefix": &c.Prefix, "suffix": &c.Suffix,
			})
		case "phones":
			c.Phones = objects(r, func(r *jsonReader, p *InboundPhone) {
				r.texts(map[string]*string{"phone": &p.Phone, "wa_id": &p.WAID, "type": &p.Type})
			})
		case "emails":
			for range r.elements() {
				if email := r.member("email"); email != "" {
					c.Emails = append(c.Emails, email)
				}
			}
		case "org":
			o := &c.Organization
			r.texts(map[string]*string{"company": &o.Company, "department": &o.Department, "title": &o.Title})
		case "addresses":
			c.Addresses = objects(r, func(r *jsonReader, a *InboundAddress) {
				r.texts(map[string]*string{
					"street": &a.Street, "city": &a.City, "state": &a.State, "zip": &a.ZIP,
					"country": &a.Country, "country_code": &a.CountryCode, "type": &a.Type,
				})
			})
		case "urls":
			c.URLs = objects(r, func(r *jsonReader, u *InboundURL) {
				r.texts(map[string]*string{"url": &u.URL, "type": &u.Type})
			})
		case "birthday":
			c.Birthday = r.text()
		}
	}
	c.Raw = r.since(start)
}
