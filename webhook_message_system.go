package kirim

import "time"

// InboundSystem is a notice of WhatsApp's about a customer.
type InboundSystem struct {
	Type   string // "user_changed_number", "user_changed_user_id", "customer_identity_changed" or another
	Body   string
	WAID   string // new number, digits; older forms call it new_wa_id
	UserID string // new user id
	// ParentUserID is the new parent user id.
	ParentUserID string
	Customer     string           // WhatsApp id before the change, digits
	Identity     *InboundIdentity // of customer_identity_changed
}

// InboundIdentity is the state of a customer's identity, which changes with a
// new phone or a new installation of WhatsApp.
type InboundIdentity struct {
	Hash         string // to be sent back to acknowledge it
	Acknowledged bool   // by you
	CreatedAt    time.Time
}

func (r *jsonReader) system() *InboundSystem {
	s := &InboundSystem{}
	var former string
	for name := range r.fields() {
		switch string(name) {
		case "type":
			s.Type = r.text()
		case "body":
			s.Body = r.text()
		case "wa_id":
			s.WAID = digitsOf(r.text())
		case "new_wa_id":
			former = digitsOf(r.text())
		case "user_id":
			s.UserID = r.text()
		case "parent_user_id":
			s.ParentUserID = r.text()
		case "customer":
			s.Customer = digitsOf(r.text())
		case "identity":
			s.Identity = r.identity()
		}
	}
	if s.WAID == "" {
		s.WAID = former
	}
	return s
}

// identity reads an identity, of which some events have the hash alone.
func (r *jsonReader) identity() *InboundIdentity {
	if r.peek() == '{' {
		i := &InboundIdentity{}
		for name := range r.fields() {
			switch string(name) {
			case "hash":
				i.Hash = r.text()
			case "acknowledged":
				i.Acknowledged = r.flag()
			case "created_timestamp":
				i.CreatedAt = r.unix()
			}
		}
		return i
	}
	if hash := r.text(); hash != "" {
		return &InboundIdentity{Hash: hash}
	}
	return nil
}
