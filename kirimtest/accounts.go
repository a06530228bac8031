package kirimtest

// PhoneNumber is a WhatsApp number of the organisation.
type PhoneNumber struct {
	ID     string // Meta's phone_number_id: 6 to 20 digits
	Number string // E.164 with plus; may be empty
	Name   string // may be empty

	// Status is "connected" (the default) or another state of the account; a
	// send from a number that is not connected is answered with 422
	// whatsapp_number_not_verified.
	Status string
}

const connected = "connected"

// AddPhoneNumber adds a number, or replaces the one with the same ID.
func (s *Server) AddPhoneNumber(n PhoneNumber) {
	if n.Status == "" {
		n.Status = connected
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.numbers[n.ID] = n
}

func (st *state) number(id string) (PhoneNumber, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	n, found := st.numbers[id]
	return n, found
}
