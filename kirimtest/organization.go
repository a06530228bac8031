package kirimtest

import (
	"strconv"
	"time"
)

// Team is a part of the organisation. Labels and customers belong to one, and
// so do the phone numbers with their contacts.
type Team struct {
	ID   string // set by AddTeam when empty
	Name string
}

// User is a person whom a conversation can be assigned to.
type User struct {
	ID    string // usr_…; set by AddUser when empty
	Name  string // may be empty
	Email string // may be empty
}

// AddTeam adds a team and returns it with what was empty filled in. An
// organisation starts with one; from the second on, team_id is required where
// there is one.
func (s *Server) AddTeam(t Team) Team {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if t.ID == "" {
		t.ID = newID("team_", s.cfg.clock.Now())
	}
	if t.Name == "" {
		t.Name = "Team " + strconv.Itoa(len(st.teams)+1)
	}
	st.teams = append(st.teams, t)
	return t
}

// Teams returns the teams of the organisation, the first one first.
func (s *Server) Teams() []Team {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return append([]Team(nil), s.state.teams...)
}

// AddUser adds a user and returns it with what was empty filled in.
func (s *Server) AddUser(u User) User {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if u.ID == "" {
		u.ID = newID("usr_", s.cfg.clock.Now())
	}
	s.state.users[u.ID] = u
	return u
}

// SetSuspended blocks the organisation, or lets it in again. While it is
// blocked its keys get 403 organization_suspended.
func (s *Server) SetSuspended(suspended bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.suspended = suspended
	s.noteSettings()
}

// AddOrganization adds another organisation with a key, a phone number and
// everything else of its own, and returns it as a Server at the same URL.
// Neither sees anything of the other: its objects get 404.
//
// Faults and [Server.Requests] belong to the sandbox as a whole and are the
// same through both. Closing the sandbox ends all its organisations; closing
// what AddOrganization returned does nothing.
func (s *Server) AddOrganization() *Server {
	s = s.sandbox()
	o := &Server{URL: s.URL, MetaURL: s.MetaURL, cfg: s.cfg, closed: s.closed, parent: s}
	o.WebhookSecret = newWebhookSecret()
	o.webhooks, o.ownWebhooks = o.webhookClient()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	o.PhoneNumberID = strconv.Itoa(206540352242922 + len(s.others))
	o.cfg.number = PhoneNumber{ID: o.PhoneNumberID, Number: "+6281200000000", Name: "Another", Status: connected}
	o.state.journals = s.state.journals
	o.state.init(&o.cfg, s.cfg.clock.Now())
	o.APIKey = o.AddKey(Key{})
	o.newMetaCredentials(strconv.Itoa(204000000000001+len(s.others)), "")
	s.others = append(s.others, o)
	return o
}

// sandbox is the server itself, or the one that the organisation was added to.
func (s *Server) sandbox() *Server {
	if s.parent != nil {
		return s.parent
	}
	return s
}

// organizations returns all of them, that of the sandbox itself first.
func (s *Server) organizations() []*Server {
	s = s.sandbox()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return append([]*Server{s}, s.others...)
}

// refusal tells why the organisation may not use the API, or returns nil.
func (st *state) refusal() *apiError {
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case st.suspended:
		return fail("organization_suspended", "", "The organization is suspended.")
	case st.plan.WithoutAPI:
		return fail("feature_not_available", "", "The plan does not include the API.")
	}
	return nil
}

// teamOf returns the team that a body names, or the only one there is.
// st.mu is held.
func (st *state) teamOf(v *checker, o map[string]any) string {
	if !present(o, "team_id") && len(st.teams) == 1 {
		return st.teams[0].ID
	}
	id := v.text(o, "", "team_id", 1, 64)
	for _, t := range st.teams {
		if t.ID == id {
			return id
		}
	}
	v.invalid("", "team_id", "There is no such team.")
	return ""
}

// holding runs h while the organisation's state is locked.
func holding(h handler) handler {
	return func(x *exchange) *reply {
		x.s.state.mu.Lock()
		defer x.s.state.mu.Unlock()
		return h(x)
	}
}

// notFound is the response for what does not exist, or belongs to another
// organisation.
func notFound(what string) *reply {
	return failed(fail("resource_not_found", "", "There is no such "+what+"."))
}

// forNumber runs h with the phone number of the path, and the state locked.
func forNumber(h func(*exchange, PhoneNumber) *reply) handler {
	return holding(func(x *exchange) *reply {
		n := x.s.state.numbers[x.params[0]]
		if n.ID == "" { // none, or one that is onboarding
			return notFound("phone number")
		}
		return h(x, n)
	})
}

// now is the time of the sandbox.
func (x *exchange) now() time.Time { return x.s.cfg.clock.Now() }
