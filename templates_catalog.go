package kirim

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// TemplateCatalog keeps the definitions of templates, so that a client checks
// each template message with [Template.Check] before it is sent, and one that does
// not fit costs nothing. Give it to the client ([WithTemplateCatalog]), and attach
// it to the webhook handler ([TemplateCatalog.Attach]) so that it hears of
// templates that are paused or approved.
//
// The client loads the definitions of a phone number ID at its first template
// message: all pages of [TemplatesService.All], once for all callers and through
// the client's [Limiter]. That message waits for the load, up to [WithCatalogWait];
// after a load that failed none waits for the next one.
// From then on a check is a lookup in memory, and the definitions are loaded again
// when they are older than [WithCatalogAge]; the old ones stay in use meanwhile.
//
// What the catalog cannot know never stops a message. When a load fails, takes
// too long or does not have the template, the message goes out unchecked. A
// template that was not in the load is asked for by name, once between two loads.
// A failed load is logged as a warning by the client's logger, without names of
// templates, and tried again by the first message after 30 seconds, 1, 2, 4 …
// 10 minutes, at least after what the server asks for. No message is refused by an
// old definition: before that, the client gets the template again when its
// definition was read more than 5 seconds ago. Of states, only pending, rejected,
// paused and disabled keep a message back.
//
// A load belongs to no caller: it goes on when one of them leaves, has none of
// their context's values, and ends by itself, after a minute at the latest. No other
// goroutine outlives a call. [TemplateCatalog.Close] ends loads at once, as a test may
// have to.
//
// A catalog serves any number of phone number IDs, each with its own definitions,
// and any number of clients with the same base URL and API key. It is safe for
// concurrent use. The zero value is that of [NewTemplateCatalog] without options.
type TemplateCatalog struct {
	age, wait                time.Duration
	maxNumbers, maxTemplates int

	mu        sync.Mutex
	owner     [sha256.Size]byte // of the base URL and key that it serves
	owned     bool
	numbers   map[string]*numberTemplates
	fullUntil time.Time // no number can be dropped before
	closed    bool
	running   int           // loads, also those that were abandoned
	idle      chan struct{} // closed when none is running any more; nil unless that is waited for
}

// Defaults of a [TemplateCatalog].
const (
	defaultCatalogAge       = 10 * time.Minute
	defaultCatalogWait      = 5 * time.Second
	defaultCatalogNumbers   = 256
	defaultCatalogTemplates = 1000
)

// catalogRefusalAge is how old what the server said may be for a refusal.
const catalogRefusalAge = 5 * time.Second

// TemplateCatalogOption configures a [TemplateCatalog]. A zero or negative value
// means the default.
type TemplateCatalogOption func(*TemplateCatalog)

// WithCatalogAge sets after what time the definitions of a number are loaded
// again; the default is 10 minutes.
func WithCatalogAge(age time.Duration) TemplateCatalogOption {
	return func(c *TemplateCatalog) { c.age = max(age, 0) }
}

// WithCatalogWait sets how long template messages wait for a definition at the
// longest, before they go out unchecked; the default is 5 seconds. It counts from the
// begin of the load, so that a slow server delays many messages one after the other
// only once. No message waits for more than half of the time that its context has
// left.
func WithCatalogWait(wait time.Duration) TemplateCatalogOption {
	return func(c *TemplateCatalog) { c.wait = max(wait, 0) }
}

// WithCatalogLimits sets how many phone number IDs the catalog keeps, and how many
// templates of each, counted by name and language; the defaults are 256 and 1000.
// A template with a text and two buttons takes about 4 KB. What is over the limit is dropped, and its
// messages go out unchecked: templates at the end of the list, and numbers that
// come when all others were used within the [WithCatalogAge].
func WithCatalogLimits(numbers, templates int) TemplateCatalogOption {
	return func(c *TemplateCatalog) { c.maxNumbers, c.maxTemplates = max(numbers, 0), max(templates, 0) }
}

// NewTemplateCatalog returns an empty catalog that belongs to no client yet.
func NewTemplateCatalog(opts ...TemplateCatalogOption) *TemplateCatalog {
	c := &TemplateCatalog{}
	for _, opt := range opts {
		if opt != nil {
			opt(c)
		}
	}
	return c
}

func (c *TemplateCatalog) maxAge() time.Duration  { return cmp.Or(c.age, defaultCatalogAge) }
func (c *TemplateCatalog) maxWait() time.Duration { return cmp.Or(c.wait, defaultCatalogWait) }
func (c *TemplateCatalog) templateLimit() int     { return cmp.Or(c.maxTemplates, defaultCatalogTemplates) }

// Format shows nothing of the catalog, whatever the verb.
func (c *TemplateCatalog) Format(f fmt.State, _ rune) { fmt.Fprint(f, "kirim.TemplateCatalog") }

var errCatalogOwner = errors.New("the catalog serves another base URL or API key; make one for each")

// claim makes the catalog serve a base URL and API key, and no others: the
// templates of one tenant say nothing of those of another.
func (c *TemplateCatalog) claim(baseURL, apiKey string) error {
	owner := sha256.Sum256([]byte(baseURL + "\n" + apiKey))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owned && c.owner != owner {
		return errCatalogOwner
	}
	c.owner, c.owned = owner, true
	return nil
}

// templateName names a template among those of a number.
type templateName struct{ name, language string }

// numberTemplates are the templates of a phone number ID.
type numberTemplates struct {
	account string                          // WhatsApp Business Account; empty when it is not known
	known   map[templateName]*knownTemplate // nil before the first load
	loaded  time.Time
	put     bool // by the caller, and not asked of the server
	used    time.Time

	load     *catalogFlight // under way
	gets     map[templateName]*catalogFlight
	failures int
	retryAt  time.Time
}

// knownTemplate is what is known of a template. It does not change.
type knownTemplate struct {
	definition *MessageTemplate // nil when there is none
	checked    *MessageTemplate // the same without a status that is not ours to judge
	at         time.Time        // what the server said is not older
	heard      bool             // its status is from a webhook
}

// newKnownTemplate copies the definition, but not what it refers to.
func newKnownTemplate(definition *MessageTemplate, at time.Time) *knownTemplate {
	own := *definition
	k := &knownTemplate{definition: &own, checked: &own, at: at}
	if !holdsBack(own.Status) && own.Status != "" {
		judged := own
		judged.Status = ""
		k.checked = &judged
	}
	return k
}

// holdsBack reports whether no template of this status can be sent. Statuses are
// an open set, and one that this version does not know stops nothing.
func holdsBack(status TemplateStatus) bool {
	switch TemplateStatus(strings.ToLower(string(status))) {
	case TemplatePending, TemplateRejected, TemplatePaused, TemplateDisabled:
		return true
	default:
		return false
	}
}

// Get returns what the catalog holds of a template, without asking the server: ok
// is false when it holds nothing, as before the first load. The definition is a copy;
// what it refers to is shared and must not be changed.
func (c *TemplateCatalog) Get(phoneNumberID, name, language string) (definition *MessageTemplate, ok bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.numbers[phoneNumberID]
	if n == nil {
		return nil, false
	}
	known := n.known[templateName{name, language}]
	if known == nil || known.definition == nil {
		return nil, false
	}
	own := *known.definition
	return &own, true
}

// Put replaces the definitions of a phone number ID by others, for tests and for
// programs that load them from elsewhere. Until they are older than
// [WithCatalogAge] they count as just read, and the server is asked for nothing about
// the number; then the client loads them itself. What they refer to must not be
// changed any more. A nil definition is left out, and what is over the limits is
// dropped.
func (c *TemplateCatalog) Put(phoneNumberID string, definitions ...*MessageTemplate) {
	now := time.Now()
	known := make(map[templateName]*knownTemplate, len(definitions))
	for _, d := range definitions {
		if d != nil && len(known) < c.templateLimit() {
			known[templateName{d.Name, d.Language}] = newKnownTemplate(d, now)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.number(phoneNumberID, now)
	if n == nil {
		return
	}
	n.used = now
	n.settle(known, now)
	n.put = true
	n.abandon()
}

// Close ends the loads that are under way and waits for them. The catalog then
// keeps what it knows and asks the server for nothing, so that messages go out
// unchecked where it would have to. Programs need not call it; a test whose
// goroutines must all have ended, as those of testing/synctest, may have to.
func (c *TemplateCatalog) Close() {
	c.mu.Lock()
	c.closed = true
	for _, n := range c.numbers {
		n.abandon()
	}
	if c.running > 0 && c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	if idle != nil {
		<-idle
	}
}

// abandon makes all who wait for the number look again. What the server says to
// the requests is not used. mu is held.
func (n *numberTemplates) abandon() {
	if n.load != nil {
		n.load.abandon()
		n.load = nil
	}
	for name := range n.gets {
		n.abandonGet(name)
	}
}

func (n *numberTemplates) abandonGet(name templateName) {
	if get := n.gets[name]; get != nil {
		get.abandon()
		delete(n.gets, name)
	}
}

// settle begins again with other definitions. mu is held.
func (n *numberTemplates) settle(known map[templateName]*knownTemplate, now time.Time) {
	n.known, n.loaded, n.put = known, now, false
	n.failures, n.retryAt = 0, time.Time{}
}

// number returns the place of a phone number ID, nil when there is none. mu is
// held.
func (c *TemplateCatalog) number(id string, now time.Time) *numberTemplates {
	if n := c.numbers[id]; n != nil {
		return n
	}
	if len(c.numbers) >= cmp.Or(c.maxNumbers, defaultCatalogNumbers) && !c.drop(now) {
		return nil
	}
	if c.numbers == nil {
		c.numbers = make(map[string]*numberTemplates)
	}
	n := &numberTemplates{gets: make(map[templateName]*catalogFlight)}
	c.numbers[id] = n
	return n
}

// drop makes room for a number in place of one that is out of use. One that is in
// use stays, or each message would load what the one before it had dropped. mu is
// held.
func (c *TemplateCatalog) drop(now time.Time) bool {
	if now.Before(c.fullUntil) {
		return false
	}
	oldest, used := "", now
	for id, n := range c.numbers {
		if n.used.Before(used) {
			oldest, used = id, n.used
		}
	}
	if c.fullUntil = used.Add(c.maxAge()); now.Before(c.fullUntil) {
		return false
	}
	c.numbers[oldest].abandon()
	delete(c.numbers, oldest)
	return true
}

// check holds a template against what the server has under its name. It returns
// nil when that is not known.
func (c *TemplateCatalog) check(ctx context.Context, templates TemplatesService, t Template) error {
	var since time.Time // what the server said before does not count
	var until time.Time // that the message may wait
	for {
		known, flight := c.find(templates, templateName{t.Name, t.Language}, since) //nolint:contextcheck // a load belongs to no caller
		if flight != nil {
			if until.IsZero() {
				until = c.patience(ctx)
			}
			if !flight.wait(ctx, until, c.maxWait()) {
				return nil
			}
			continue
		}
		if known == nil || known.definition == nil {
			return nil
		}
		switch err := t.Check(known.checked); {
		case err == nil:
			return nil
		case !since.IsZero():
			definition := *known.checked // for the caller, in the error
			return t.Check(&definition)
		}
		since = time.Now().Add(-catalogRefusalAge)
	}
}

// patience is until when a message waits.
func (c *TemplateCatalog) patience(ctx context.Context) time.Time {
	now := time.Now()
	wait := c.maxWait()
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, deadline.Sub(now)/2)
	}
	return now.Add(wait)
}

// find returns what is known of a template since a time, or else what to wait for
// before it is asked again; neither when the template cannot be known. It starts the
// loads that are due.
func (c *TemplateCatalog) find(templates TemplatesService, name templateName, since time.Time) (*knownTemplate, *catalogFlight) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.number(templates.phoneNumberID, now)
	if n == nil {
		return nil, nil
	}
	n.used = now
	resting := c.closed || now.Before(n.retryAt)
	if n.load == nil && !resting && (n.known == nil || now.Sub(n.loaded) >= c.maxAge()) {
		c.startLoad(n, templates)
	}
	if n.known == nil && n.failures > 0 { // nobody waits for the same failure again
		return nil, nil
	}
	if n.known == nil {
		return nil, n.load
	}
	known := n.known[name]
	put := n.put && now.Sub(n.loaded) < c.maxAge()
	switch {
	case put, known != nil && (!known.at.Before(since) || known.heard && now.Sub(known.at) < c.maxAge()):
		return known, nil
	case n.gets[name] != nil:
		return nil, n.gets[name]
	case resting, known == nil && len(n.known) >= c.templateLimit():
		return nil, nil
	default:
		return nil, c.startGet(n, templates, name)
	}
}

// hear takes in that a template of a WhatsApp Business Account has another status
// since a time. Whether a number is of that account is known when a webhook has
// said so. If it is, a status that stops messages counts until the next load, or
// for the age of one. All else makes the next message get the template again, because
// what was approved may have changed with it, and the number may be another tenant's.
func (c *TemplateCatalog) hear(account string, name templateName, status TemplateStatus, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.numbers {
		if n.account != "" && account != "" && n.account != account {
			continue
		}
		if n.load != nil && len(n.load.outdated) < c.templateLimit() {
			n.load.outdated[name] = true
		}
		n.abandonGet(name)
		known := n.known[name]
		delete(n.known, name)
		if known == nil || known.definition == nil || n.account == "" || n.account != account || !holdsBack(status) {
			continue
		}
		// Meta gives whole seconds. What is older than the definition may be long over.
		if at.Before(known.at.Truncate(time.Second)) {
			continue
		}
		definition := *known.definition
		definition.Status = status
		n.known[name] = newKnownTemplate(&definition, at)
		n.known[name].heard = true
	}
}

// belongs takes in which WhatsApp Business Account a phone number ID is of.
func (c *TemplateCatalog) belongs(phoneNumberID, account string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.numbers[phoneNumberID]; n != nil && account != "" {
		n.account = account
	}
}
