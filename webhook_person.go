package kirim

import (
	"strings"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// Person is a customer, known by a phone number, by a user id, or by both.
// Since 2026 WhatsApp users may hide their number behind a user name; then
// Phone is empty.
type Person struct {
	Phone           string // digits, without plus; the WhatsApp id where no number is told
	WAID            string // WhatsApp's id, digits; may differ from the number
	UserID          string // business-scoped user id, e.g. ID.70000000000000001
	ParentUserID    string
	Name            string // as in the customer's profile
	Username        string
	CountryCode     string // as in the customer's profile, e.g. ID; rarely present
	IdentityKeyHash string // with the identity check switched on
}

// E164 returns the phone number with its plus, as [OutboundMessage.To] wants
// it, and nothing when it is not known.
func (p Person) E164() string {
	if p.Phone == "" || strings.Trim(p.Phone, "0123456789") != "" {
		return ""
	}
	return "+" + p.Phone
}

// maxPhoneDigits is the limit of E.164; more digits are a user id.
const maxPhoneDigits = 15

// address sets who is meant by a text that is a phone number, or a user id
// where the number is hidden.
func (p *Person) address(text string) {
	text = digitsOf(text)
	if len(text) <= maxPhoneDigits && strings.Trim(text, "0123456789") == "" {
		p.Phone = text
	} else if p.UserID == "" {
		p.UserID = text
	}
}

// settle decides on the number when all is read: a user id is not a number, and where
// the WhatsApp id stands alone it is the best there is.
func (p *Person) settle() {
	if p.Phone == p.UserID {
		p.Phone = ""
	}
	if p.Phone == "" {
		p.Phone = p.WAID
	}
}

// readPerson reads an element of "contacts" beside messages and statuses.
func readPerson(r *jsonscan.Reader) (p Person) {
	for name := range r.Fields() {
		readPersonField(r, &p, name)
	}
	return p
}

// readPersonField reads one of the fields that tell who somebody is.
func readPersonField(r *jsonscan.Reader, p *Person, name []byte) {
	switch string(name) {
	case "wa_id":
		p.WAID = digitsOf(r.Text())
	case "user_id":
		p.UserID = r.Text()
	case "parent_user_id":
		p.ParentUserID = r.Text()
	case "identity_key_hash":
		p.IdentityKeyHash = r.Text()
	case "username":
		p.Username = r.Text()
	case "profile":
		// Of every message: no map, for which the person would be allocated.
		for name := range r.Fields() {
			switch string(name) {
			case "name":
				p.Name = r.Text()
			case "username":
				p.Username = r.Text()
			case "country_code":
				p.CountryCode = r.Text()
			}
		}
	}
}

// readMentions reads a list of numbers, ids or people.
func readMentions(r *jsonscan.Reader) (people []Person) {
	for range r.Elements() {
		var p Person
		if r.Peek() == '{' {
			p = readPerson(r)
			p.settle()
		} else {
			p.address(r.Text())
		}
		if p != (Person{}) {
			people = append(people, p)
		}
	}
	return people
}
