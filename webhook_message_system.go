package kirim

import (
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

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

func readSystem(r *jsonscan.Reader) *InboundSystem {
	s := &InboundSystem{}
	var former string
	for name := range r.Fields() {
		switch string(name) {
		case "type":
			s.Type = r.Text()
		case "body":
			s.Body = r.Text()
		case "wa_id":
			s.WAID = digitsOf(r.Text())
		case "new_wa_id":
			former = digitsOf(r.Text())
		case "user_id":
			s.UserID = r.Text()
		case "parent_user_id":
			s.ParentUserID = r.Text()
		case "customer":
			s.Customer = digitsOf(r.Text())
		case "identity":
			s.Identity = readIdentity(r)
		}
	}
	if s.WAID == "" {
		s.WAID = former
	}
	return s
}

// readIdentity reads an identity, of which some events have the hash alone.
func readIdentity(r *jsonscan.Reader) *InboundIdentity {
	if r.Peek() == '{' {
		i := &InboundIdentity{}
		for name := range r.Fields() {
			switch string(name) {
			case "hash":
				i.Hash = r.Text()
			case "acknowledged":
				i.Acknowledged = r.Bool()
			case "created_timestamp":
				i.CreatedAt = readTime(r)
			}
		}
		return i
	}
	if hash := r.Text(); hash != "" {
		return &InboundIdentity{Hash: hash}
	}
	return nil
}
