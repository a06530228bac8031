package kirimtest

import (
	"sync"
	"time"
)

// state is all that the sandbox remembers, behind one mutex. Its methods lock
// it themselves unless their comment says that the caller does.
type state struct {
	mu     sync.Mutex
	limits Limits

	orgID string
	plan  Plan
	write bucket
	read  bucket

	keys      map[string]*apiKey // by plaintext
	numbers   map[string]PhoneNumber
	templates map[templateID]Template

	keyed  map[string]*keyedCall // by Idempotency-Key
	keyAge keyQueue              // the same calls, oldest first

	windows map[chatID]time.Time // when the customer last wrote
	typing  map[chatID]time.Time // when a typing indicator was last shown

	sent     ring[Message]
	accepted int // messages ever put into sent
	received ring[Inbound]
	wamids   map[string]wamidOwner // of the messages in both rings

	requests ring[*Request]
	faults   []*Fault
}

// chatID names the conversation of one of our numbers with one customer.
type chatID struct {
	phoneNumberID string
	contact       string // digits without plus
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
	st.numbers = map[string]PhoneNumber{cfg.number.ID: cfg.number}
	st.templates = make(map[templateID]Template)
	for _, t := range seededTemplates() {
		st.templates[templateID{t.Name, t.Language}] = t
	}
	st.keyed = make(map[string]*keyedCall)
	st.windows = make(map[chatID]time.Time)
	st.typing = make(map[chatID]time.Time)
	st.wamids = make(map[string]wamidOwner)
	st.sent.limit = st.limits.Messages
	st.received.limit = st.limits.Messages
	st.requests.limit = st.limits.Requests
}
