package kirimtest

import (
	"cmp"
	"time"
)

// PhoneNumber is a WhatsApp number of the organisation.
type PhoneNumber struct {
	ID     string // Meta's phone_number_id: 6 to 20 digits; empty while it is onboarding
	Number string // E.164 with plus; may be empty
	Name   string // may be empty

	// Status is "connected" (the default) or another state of the account; a
	// send from a number that is not connected gets 422
	// whatsapp_number_not_verified.
	Status string

	// TeamID is the team of the number and of its contacts. Default: that of
	// the customer, or else the first one.
	TeamID string

	// CustomerID is the customer (cus_…) that owns the number; empty for a
	// number of the organisation itself.
	CustomerID string

	onboarded time.Time
}

const (
	connected  = "connected"
	onboarding = "onboarding"
)

// AddPhoneNumber adds a number, or replaces the one with the same ID. One
// without ID is still onboarding: accounts lists it, and nothing can be sent.
func (s *Server) AddPhoneNumber(n PhoneNumber) {
	if n.Status == "" {
		n.Status = connected
		if n.ID == "" {
			n.Status = onboarding
		}
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.putNumber(n, s.cfg.clock.Now())
}

// putNumber adds or replaces a number. st.mu is held.
func (st *state) putNumber(n PhoneNumber, now time.Time) {
	key := cmp.Or(n.ID, newID("wba_", now))
	if _, replaces := st.numbers[key]; !replaces {
		st.accounts = append(st.accounts, key)
	}
	if owner, found := st.customers.get(n.CustomerID); found && n.TeamID == "" {
		n.TeamID = owner.team
	}
	n.TeamID = cmp.Or(n.TeamID, st.teams[0].ID)
	if n.onboarded.IsZero() && n.Status != onboarding {
		n.onboarded = now
	}
	st.numbers[key] = n
}

// accountRef is how other objects name the account they belong to.
type accountRef struct {
	PhoneNumber   *string      `json:"phone_number"`
	PhoneNumberID *string      `json:"phone_number_id"`
	Customer      *customerRef `json:"customer"`
}

type customerRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ownerOf returns the customer that owns a number, or nil. st.mu is held.
func (st *state) ownerOf(n PhoneNumber) *customerRef {
	owner, found := st.customers.get(n.CustomerID)
	if !found {
		return nil
	}
	return &customerRef{owner.id, owner.name}
}

// account is the reference to a number. st.mu is held.
func (st *state) account(phoneNumberID string) accountRef {
	n := st.numbers[phoneNumberID]
	return accountRef{orNull(n.Number), orNull(cmp.Or(n.ID, phoneNumberID)), st.ownerOf(n)}
}

// listAccounts handles GET /v1/accounts.
func listAccounts(x *exchange) *reply {
	q := x.query()
	status := q.choice("status", connected, connected, "all")
	if q.err != nil {
		return failed(q.err)
	}
	st := &x.s.state
	items := []any{}
	for _, key := range st.accounts {
		n := st.numbers[key]
		if status == "all" || n.Status == status {
			items = append(items, struct {
				Object        string       `json:"object"`
				PhoneNumberID *string      `json:"phone_number_id"`
				PhoneNumber   *string      `json:"phone_number"`
				Name          *string      `json:"name"`
				Status        string       `json:"status"`
				Customer      *customerRef `json:"customer"`
			}{"account", orNull(n.ID), orNull(n.Number), orNull(n.Name), n.Status, st.ownerOf(n)})
		}
	}
	return allOf(items)
}

func (st *state) number(id string) (PhoneNumber, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	n, found := st.numbers[id]
	return n, found && n.ID == id
}
