package kirimtest

import (
	"slices"
	"time"
)

// metaState is what the sandbox remembers for Meta's paths alone. It is under
// state.mu.
type metaState struct {
	limits    MetaLimits
	numbers   map[string]pace // messages, by phone number id
	pairs     map[chatID]*pair
	pairsKept int // pairs, above which those that owe nothing are dropped
	calls     pace
	creations pace                 // of templates
	pins      map[string]string    // of registered numbers, by phone number id
	flowKeys  map[string]string    // of numbers, in PEM, likewise
	deleted   map[string]time.Time // when templates were, by name

	hooks      []*subscription
	deliveries table[*delivery]

	files     table[*metaFile]
	fileBytes int
	links     map[string]metaLink // by token
}

func (m *metaState) init(cfg *config, limits *Limits) {
	m.limits = cfg.metaLimits.withDefaults()
	m.numbers = make(map[string]pace)
	m.pairs = make(map[chatID]*pair)
	m.pairsKept = limits.Contacts
	m.pins = make(map[string]string)
	m.flowKeys = make(map[string]string)
	m.deleted = make(map[string]time.Time)
	m.deliveries = newTable[*delivery](limits.Deliveries)
	m.files = newTable[*metaFile](limits.Objects)
	m.links = make(map[string]metaLink)
}

// wanted reports whether any hook asks for a field.
func (m *metaState) wanted(field string) bool {
	return slices.ContainsFunc(m.hooks, func(hook *subscription) bool { return hook.wants(field) })
}

// deliveriesTo is where the deliveries to a subscription are kept. st.mu is held.
func (st *state) deliveriesTo(sub *subscription) *table[*delivery] {
	if sub.meta {
		return &st.meta.deliveries
	}
	return &st.deliveries
}

// day is a day of waiting.
const day = 24 * time.Hour
