package kirimtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The states of a customer.
const (
	customerPending   = "pending" // no number yet
	customerActive    = "active"
	customerSuspended = "suspended"
	customerArchived  = "archived"
)

const (
	mostCustomerName  = 200
	mostMetadataKeys  = 64
	mostMetadataBytes = 16 << 10
)

// endCustomer is a tenant of the organisation, the owner of phone numbers.
type endCustomer struct {
	head
	internalID string // what setup links call it
	team       string
	name       string
	email      string
	metadata   string // JSON; empty for null
	status     string
	archivedAt time.Time
}

type customerView struct {
	ID         string          `json:"id"`
	Object     string          `json:"object"`
	Name       string          `json:"name"`
	Email      *string         `json:"email"`
	Status     string          `json:"status"`
	Metadata   json.RawMessage `json:"metadata"`
	ArchivedAt *string         `json:"archived_at"`
	TeamID     string          `json:"team_id"`
	CreatedAt  string          `json:"created_at"`
	UpdatedAt  string          `json:"updated_at"`
}

func viewCustomer(cu *endCustomer) customerView {
	return customerView{
		cu.id, "customer", cu.name, orNull(cu.email), cu.status, rawOrNull(json.RawMessage(cu.metadata)),
		stampOrNull(cu.archivedAt), cu.team, stamp(cu.created), stamp(cu.updated),
	}
}

// forCustomer runs h with the customer of the path, and the state locked.
func forCustomer(h func(*exchange, *endCustomer) *reply) handler {
	return holding(func(x *exchange) *reply {
		cu, found := x.s.state.customers.get(x.params[0])
		if !found {
			return notFound("customer")
		}
		return h(x, cu)
	})
}

func listCustomers(x *exchange) *reply {
	q := x.query()
	status := q.choice("status", "", customerPending, customerActive, customerSuspended, customerArchived)
	team := q.filter("team_id", 1, 0)
	search := q.filter("search", 1, 0)
	rows := newest(func(cu *endCustomer) bool {
		return (status == "" || cu.status == status) && (team == "" || cu.team == team) && matches(search, cu.name, cu.email)
	}, &x.s.state.customers)
	return pageOf(x, q, rows, func(cu *endCustomer) any { return viewCustomer(cu) })
}

func createCustomer(x *exchange) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	st, v, now := &x.s.state, x.checker(), x.now()
	cu := &endCustomer{
		name:     v.customerName(o),
		email:    v.email(o),
		metadata: v.metadata(o, mostMetadataKeys, mostMetadataBytes),
		team:     st.teamOf(v, o),
		status:   customerPending,
	}
	if !present(o, "name") {
		v.missing("", "name")
	}
	if v.err != nil {
		return failed(v.err)
	}
	cu.head = st.newHead("cus_", now)
	cu.internalID = strings.ToLower(newID("", now))
	for _, old := range st.customers.add(cu) {
		st.forgetCustomer(old)
	}
	x.s.emit("customer.created", map[string]any{"customer": viewCustomer(cu)})
	return ok(http.StatusCreated, viewCustomer(cu))
}

// customerName returns a name as the API stores it: with white space collapsed,
// so that there is no newline in it.
func (v *checker) customerName(o map[string]any) string {
	name := strings.Join(strings.FieldsFunc(v.changedText(o, "name", 1, 0), unicode.IsSpace), " ")
	if n := v.as.Length(name); present(o, "name") && (n < 1 || n > mostCustomerName) {
		v.invalid("", "name", "The name must have 1 to 200 characters.")
	}
	return name
}

func getCustomer(x *exchange, cu *endCustomer) *reply {
	type account struct {
		PhoneNumberID *string `json:"phone_number_id"`
		PhoneNumber   *string `json:"phone_number"`
		Name          *string `json:"name"`
		Status        string  `json:"status"`
		OnboardedAt   *string `json:"onboarded_at"`
	}
	accounts := []account{}
	for _, key := range x.s.state.accounts {
		if n := x.s.state.numbers[key]; n.CustomerID == cu.id {
			accounts = append(accounts, account{orNull(n.ID), orNull(n.Number), orNull(n.Name), n.Status, stampOrNull(n.onboarded)})
		}
	}
	return ok(http.StatusOK, struct {
		customerView
		Accounts []account `json:"whatsapp_accounts"`
	}{viewCustomer(cu), accounts})
}

func updateCustomer(x *exchange, cu *endCustomer) *reply {
	o, err := x.object()
	if err != nil {
		return failed(err)
	}
	v := x.checker()
	v.anyOf(o, "name", "email", "metadata", "status")
	name := v.customerName(o)
	email := v.email(o)
	metadata := v.metadata(o, mostMetadataKeys, mostMetadataBytes)
	var status string
	if _, given := o["status"]; given {
		status = v.oneOf(o, "", "status", customerPending, customerActive, customerSuspended, customerArchived)
		if status != cu.status && !slices.Contains(statusChanges[cu.status], status) {
			v.invalid("", "status", "A customer that is "+cu.status+" cannot be made "+status+".")
		}
	}
	if v.err != nil {
		return failed(v.err)
	}
	changes := newChanges(o)
	set(changes, "name", &cu.name, name)
	set(changes, "email", &cu.email, email)
	set(changes, "status", &cu.status, status)
	set(changes, "metadata", &cu.metadata, metadata)
	if len(changes.names) > 0 {
		cu.updated = x.now()
		x.s.emit("customer.updated", map[string]any{"customer": viewCustomer(cu)})
	}
	return ok(http.StatusOK, viewCustomer(cu))
}

// statusChanges are those that a PATCH can make. Only onboarding makes a
// pending customer active, and only DELETE archives one.
var statusChanges = map[string][]string{
	customerPending:   {customerSuspended},
	customerActive:    {customerSuspended},
	customerSuspended: {customerActive},
}

// archiveCustomer handles DELETE /v1/customers/{id}. The accounts remain.
func archiveCustomer(x *exchange, cu *endCustomer) *reply {
	if cu.status != customerArchived {
		now := x.now()
		cu.status, cu.archivedAt, cu.updated = customerArchived, now, now
		x.s.emit("customer.archived", map[string]any{"customer": viewCustomer(cu)})
	}
	return ok(http.StatusOK, viewCustomer(cu))
}

// forgetCustomer drops what belongs to a customer that is no longer kept.
// st.mu is held.
func (st *state) forgetCustomer(cu *endCustomer) {
	for _, l := range slices.Clone(st.links.order) {
		if l.customer == cu {
			st.links.remove(l)
		}
	}
}
