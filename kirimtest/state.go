package kirimtest

import (
	crand "crypto/rand"
	"math"
	"sync"
	"time"
)

// state is all that the sandbox remembers, behind one mutex. Its methods lock
// it themselves unless their comment says that the caller does.
type state struct {
	mu     sync.Mutex
	limits Limits

	orgID     string
	suspended bool
	teams     []Team
	users     map[string]User
	plan      Plan
	write     bucket
	read      bucket

	keys      map[string]*apiKey // by plaintext
	numbers   map[string]PhoneNumber
	accounts  []string // keys of numbers, in the order in which they were added
	templates table[*template]
	named     map[templateID]*template
	review    TemplateReview
	flows     []Flow

	keyed  map[string]*keyedCall // by Idempotency-Key
	keyAge keyQueue              // the same calls, oldest first

	contacts      table[*contact]
	chats         map[chatID]*contact
	conversations map[string]*contact // by the conversation's id
	labels        table[*label]
	customers     table[*endCustomer]
	links         table[*setupLink]

	inbound  table[*message]
	outbound table[*message]
	media    mediaStore

	rows      uint64 // ever made, of all tables
	cursorKey [32]byte

	sent     ring[Message]
	accepted int // messages ever put into sent
	received ring[Inbound]
	wamids   map[string]wamidOwner // of the messages in both rings

	subscriptions table[*subscription]
	deliveries    table[*delivery]
	attemptIDs    map[string]*delivery // by the ids of their later attempts
	plans         StatusPlan
	progress      map[string]*progress // of messages in sent, by their id
	agenda        agenda
	meta          metaState

	requests ring[*Request]
	faults   []*Fault
	journals *journals // of the whole sandbox
}

// chatID names the conversation of one of our numbers with one customer.
type chatID struct {
	phoneNumberID string
	contact       string // digits without plus; or the id of a user or a group
}

// phone is the contact in E.164, or its id when it is no number.
func (c chatID) phone() string {
	if e164Digits.MatchString(c.contact) {
		return "+" + c.contact
	}
	return c.contact
}

type wamidOwner struct {
	phoneNumberID string
	contact       string
	messageID     string
	inbound       bool
}

func (st *state) init(cfg *config, now time.Time) {
	st.limits = cfg.limits.withDefaults()
	st.orgID = newID("org_", now)
	st.setPlan(cfg.plan, now)
	st.keys = make(map[string]*apiKey)
	crand.Read(st.cursorKey[:])
	st.teams = []Team{{ID: newID("team_", now), Name: "Sandbox"}}
	st.users = make(map[string]User)
	st.numbers = make(map[string]PhoneNumber)
	st.putNumber(cfg.number, now)
	st.templates = newTable[*template](st.limits.Objects)
	st.named = make(map[templateID]*template)
	st.review = TemplateReview{After: 2 * time.Second, Verdict: TemplateApproved}
	for _, t := range seededTemplates() {
		st.putTemplate(t, now)
	}
	st.keyed = make(map[string]*keyedCall)
	st.contacts = newTable[*contact](st.limits.Contacts)
	st.chats = make(map[chatID]*contact)
	st.conversations = make(map[string]*contact)
	st.labels = newTable[*label](st.limits.Objects)
	st.customers = newTable[*endCustomer](st.limits.Objects)
	st.links = newTable[*setupLink](st.limits.Objects)
	st.inbound = newTable[*message](st.limits.Messages)
	st.outbound = newTable[*message](st.limits.Messages)
	st.media = mediaStore{limit: st.limits.MediaBytes, byToken: make(map[string]*message)}
	st.wamids = make(map[string]wamidOwner)
	st.sent.limit = st.limits.Messages
	st.received.limit = st.limits.Messages
	st.requests.limit = st.limits.Requests
	st.subscriptions = newTable[*subscription](math.MaxInt)
	st.deliveries = newTable[*delivery](st.limits.Deliveries)
	st.attemptIDs = make(map[string]*delivery)
	st.plans = cfg.plans
	st.progress = make(map[string]*progress)
	st.meta.init(cfg, &st.limits)
	st.agenda.init(&st.mu, st.limits.WebhookAttempts)
}
