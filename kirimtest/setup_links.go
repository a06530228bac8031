package kirimtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The states of a setup link. An active one becomes one of the others, and
// stays that.
const (
	linkActive   = "active"
	linkConsumed = "consumed"
	linkExpired  = "expired"
	linkRevoked  = "revoked"
)

const (
	usualLinkHours = 168
	mostLinkHours  = 720
	mostLinksShown = 50
	onboardURL     = "https://app.kirimdev.com/onboard/"
)

// setupLink lets a customer connect a number.
type setupLink struct {
	head
	customer   *endCustomer
	token      string
	status     string // but see state
	expiresAt  time.Time
	consumedAt time.Time
	success    string // redirect URLs; empty for none
	failure    string
}

// state is the status by now.
func (l *setupLink) state(now time.Time) string {
	if l.status == linkActive && !now.Before(l.expiresAt) {
		return linkExpired
	}
	return l.status
}

type linkView struct {
	ID         string  `json:"id"`
	Object     string  `json:"object"`
	CustomerID string  `json:"customer_id"`
	Status     string  `json:"status"`
	TokenLast4 string  `json:"token_last4"`
	ExpiresAt  string  `json:"expires_at"`
	ConsumedAt *string `json:"consumed_at"`
	Success    *string `json:"success_redirect_url"`
	Failure    *string `json:"failure_redirect_url"`
	CreatedAt  string  `json:"created_at"`
}

func viewLink(l *setupLink, now time.Time) linkView {
	return linkView{
		l.id, "customer_setup_link", l.customer.internalID, l.state(now), l.token[len(l.token)-4:],
		stamp(l.expiresAt), stampOrNull(l.consumedAt), orNull(l.success), orNull(l.failure), stamp(l.created),
	}
}

// forLink runs h with the setup link of the path, and the state locked. It
// answers 409 unless the link is active.
func forLink(h func(*exchange, *setupLink) *reply) handler {
	return forCustomer(func(x *exchange, cu *endCustomer) *reply {
		l, found := x.s.state.links.get(x.params[1])
		if !found || l.customer != cu {
			return notFound("setup link")
		}
		if status := l.state(x.now()); status != linkActive {
			return x.linkConflict("The setup link is " + status + ".")
		}
		return h(x, l)
	})
}

func (x *exchange) linkConflict(message string) *reply {
	e := failStatus(http.StatusConflict, x.s.cfg.assumptions.SetupLinkConflictCode, "", message)
	e.typ = "conflict"
	return failed(e)
}

func listSetupLinks(x *exchange, cu *endCustomer) *reply {
	q, now := x.query(), x.now()
	status := q.choice("status", "", linkActive, linkConsumed, linkExpired, linkRevoked)
	if q.err != nil {
		return failed(q.err)
	}
	items := []any{}
	for _, l := range newest(func(l *setupLink) bool {
		return l.customer == cu && (status == "" || l.state(now) == status)
	}, &x.s.state.links) {
		if len(items) == mostLinksShown {
			break
		}
		items = append(items, viewLink(l, now))
	}
	return allOf(items)
}

func createSetupLink(x *exchange, cu *endCustomer) *reply {
	o, v, now := map[string]any{}, x.checker(), x.now()
	if len(x.body) > 0 {
		var err *apiError
		if o, err = x.object(); err != nil {
			return failed(err)
		}
	}
	hours := v.integer(o, "expires_in_hours", usualLinkHours, 1, mostLinkHours)
	l := &setupLink{
		customer: cu, token: newSecret("csl_", 18), status: linkActive,
		success: v.redirect(o, "success_redirect_url"),
		failure: v.redirect(o, "failure_redirect_url"),
	}
	if v.err != nil {
		return failed(v.err)
	}
	if cu.status == customerArchived {
		return x.linkConflict("The customer is archived.")
	}
	l.head = x.s.state.newHead("csl_", now)
	l.expiresAt = now.Add(time.Duration(hours) * time.Hour)
	x.s.state.links.add(l)
	x.s.emit("customer.setup_link.created", map[string]any{"customer": viewCustomer(cu), "setup_link": viewLink(l, now)})
	return ok(http.StatusCreated, struct {
		linkView
		SetupURL string `json:"setup_url"`
	}{viewLink(l, now), onboardURL + l.token})
}

func updateSetupLink(x *exchange, l *setupLink) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	v := x.checker()
	success, failure := v.redirect(o, "success_redirect_url"), v.redirect(o, "failure_redirect_url")
	if v.err != nil {
		return failed(v.err)
	}
	changes := newChanges(o)
	set(changes, "success_redirect_url", &l.success, success)
	set(changes, "failure_redirect_url", &l.failure, failure)
	return ok(http.StatusOK, viewLink(l, x.now()))
}

func revokeSetupLink(x *exchange, l *setupLink) *reply {
	l.status = linkRevoked
	return ok(http.StatusOK, viewLink(l, x.now()))
}

// redirect returns a URL to lead a customer to, or "" for none.
func (v *checker) redirect(o map[string]any, key string) string {
	s := v.optionalText(o, "", key, 1, 0)
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		v.invalid("", key, "The field must be an absolute https URL.")
	case u.Scheme == "http" && !isLocal(u.Hostname()):
		v.invalid("", key, "The URL must be https; http is for localhost, 127.0.0.1 and *.localhost.")
	case strings.Contains(s, "#"):
		v.invalid("", key, "The URL must not have a fragment.")
	}
	return s
}

func isLocal(host string) bool {
	host = strings.ToLower(host)
	return host == "localhost" || host == "127.0.0.1" || strings.HasSuffix(host, ".localhost")
}

// integer returns a whole number from least to most, and usual when there is
// none.
func (v *checker) integer(o map[string]any, key string, usual, least, most int64) int64 {
	if !present(o, key) {
		return usual
	}
	number, _ := o[key].(json.Number)
	n, err := number.Int64()
	if err != nil || n < least || n > most {
		v.invalid("", key, fmt.Sprintf("The field must be a whole number from %d to %d.", least, most))
	}
	return n
}

// CompleteSetup plays the customer who opens a setup link and connects a
// number: the link is consumed, the number added, and the customer active. It
// returns where the customer's browser is led, which is empty when the link has
// no success_redirect_url. A link that is not active is an error, as is one of
// a customer that was archived, and changes nothing.
func (s *Server) CompleteSetup(setupURL string, n PhoneNumber) (redirect string, err error) {
	st, now := &s.state, s.cfg.clock.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	l := st.linkByToken(strings.TrimPrefix(setupURL, onboardURL))
	switch {
	case l == nil:
		return "", errors.New("kirimtest: no such setup link")
	case l.state(now) != linkActive:
		return "", errors.New("kirimtest: the setup link is " + l.state(now))
	case l.customer.status == customerArchived:
		return "", errors.New("kirimtest: the customer is archived")
	case n.ID == "":
		return "", errors.New("kirimtest: the phone number has no ID")
	}
	cu := l.customer
	l.status, l.consumedAt = linkConsumed, now
	cu.status, cu.updated = customerActive, now
	n.CustomerID, n.Status, n.TeamID = cu.id, connected, "" // that of the customer
	st.putNumber(n, now)
	s.emit("customer.onboarded", map[string]any{"customer": viewCustomer(cu), "phone_number": map[string]any{
		"phone_number_id": n.ID, "phone_number": orNull(n.Number), "name": orNull(n.Name),
	}})
	s.emit("customer.setup_link.consumed", map[string]any{"customer": viewCustomer(cu), "setup_link": viewLink(l, now)})
	if l.success == "" {
		return "", nil
	}
	u, err := url.Parse(l.success)
	if err != nil {
		return "", err
	}
	query := u.Query()
	query.Set("customer_id", cu.id)
	query.Set("account_id", newID("wba_", now))
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// linkByToken returns the setup link with the token, or nil. st.mu is held.
func (st *state) linkByToken(token string) *setupLink {
	for l := range st.links.oldest {
		if l.token == token {
			return l
		}
	}
	return nil
}
