package kirim

import "time"

// Contacts are contact cards, 1 to 257; Meta advises far fewer. Kirim documents
// no sending of contacts.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
type Contacts []ContactCard

// ContactCard is a person or a business. Only Name is required.
type ContactCard struct {
	Name      ContactName      `json:"name,omitzero"`
	Phones    []ContactPhone   `json:"phones,omitzero"`
	Emails    []ContactEmail   `json:"emails,omitzero"`
	Addresses []ContactAddress `json:"addresses,omitzero"`
	URLs      []ContactURL     `json:"urls,omitzero"`
	Org       *ContactOrg      `json:"org,omitempty"`      // nil for none
	Birthday  string           `json:"birthday,omitempty"` // YYYY-MM-DD
}

// ContactName is the name on a contact card.
type ContactName struct {
	FormattedName string `json:"formatted_name"` // the whole name; required
	FirstName     string `json:"first_name,omitempty"`
	MiddleName    string `json:"middle_name,omitempty"`
	LastName      string `json:"last_name,omitempty"`
	Prefix        string `json:"prefix,omitempty"`
	Suffix        string `json:"suffix,omitempty"`
}

// ContactPhone is a number on a contact card.
type ContactPhone struct {
	Phone string `json:"phone,omitempty"` // as it is shown
	Type  string `json:"type,omitempty"`  // "HOME", "WORK", "CELL" or another
	// WAID is the WhatsApp id of the number, in digits. Without it the card offers
	// to invite the person, in place of a chat.
	WAID string `json:"wa_id,omitempty"`
}

// ContactEmail is an address on a contact card.
type ContactEmail struct {
	Email string `json:"email,omitempty"`
	Type  string `json:"type,omitempty"` // "HOME", "WORK" or another
}

// ContactAddress is a postal address on a contact card.
type ContactAddress struct {
	Street      string `json:"street,omitempty"`
	City        string `json:"city,omitempty"`
	State       string `json:"state,omitempty"`
	ZIP         string `json:"zip,omitempty"`
	Country     string `json:"country,omitempty"`
	CountryCode string `json:"country_code,omitempty"` // ISO, two letters
	Type        string `json:"type,omitempty"`         // "HOME", "WORK" or another
}

// ContactURL is a web page on a contact card.
type ContactURL struct {
	URL  string `json:"url,omitempty"`
	Type string `json:"type,omitempty"` // "HOME", "WORK" or another
}

// ContactOrg is where the person on a contact card works.
type ContactOrg struct {
	Company    string `json:"company,omitempty"`
	Department string `json:"department,omitempty"`
	Title      string `json:"title,omitempty"`
}

func (c Contacts) kind() string { return "contacts" }

func (c Contacts) object(dialect) (any, error) {
	if c == nil {
		return Contacts{}, nil // an array, as the server expects
	}
	return c, nil
}

func (c Contacts) check(found *checker) {
	found.count("contacts", len(c), limitContacts)
	for i, card := range c {
		card.check(found, atIndex("contacts", i))
	}
}

func (c ContactCard) check(found *checker, path string) {
	found.text(path+".name.formatted_name", c.Name.FormattedName, limitRequired)
	if _, err := time.Parse(time.DateOnly, c.Birthday); c.Birthday != "" && err != nil {
		found.add(path+".birthday", "YYYY-MM-DD", "another form")
	}
	texts := func(path string, texts ...string) {
		for _, text := range texts {
			found.text(path, text, limitNone)
		}
	}
	name := c.Name
	texts(path+".name", name.FirstName, name.MiddleName, name.LastName, name.Prefix, name.Suffix)
	for i, p := range c.Phones {
		texts(atIndex(path+".phones", i), p.Phone, p.Type, p.WAID)
	}
	for i, e := range c.Emails {
		texts(atIndex(path+".emails", i), e.Email, e.Type)
	}
	for i, a := range c.Addresses {
		texts(atIndex(path+".addresses", i), a.Street, a.City, a.State, a.ZIP, a.Country, a.CountryCode, a.Type)
	}
	for i, u := range c.URLs {
		texts(atIndex(path+".urls", i), u.URL, u.Type)
	}
	org := valueOf(c.Org)
	texts(path+".org", org.Company, org.Department, org.Title)
}
