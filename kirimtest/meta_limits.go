package kirimtest

import (
	"net/http"
	"strconv"
	"time"
)

// MetaLimits are the limits of Meta's API; see [WithMetaLimits].
type MetaLimits struct {
	// Throughput is how many messages a number may send in a second; more are
	// refused with 130429. Default 80, negative for no limit.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
	Throughput int

	// Calls is how many calls an account may make in an hour, messages aside; more
	// are refused with 80007. Default 5000, that of an active account; negative for
	// no limit.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform
	Calls int

	// Creations is how many templates may be created in an hour; more are refused with
	// 80007, which is assumed. Default 100, negative for no limit.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
	Creations int

	// PairRate limits messages from one number to one recipient: one every 6
	// seconds, or up to 45 within 6 seconds and then none until they would have been
	// through at that rate. More are refused with 131056. Default false.
	PairRate bool
}

// WithMetaLimits sets the limits of Meta's API. They count what the sandbox accepts
// through its paths for Meta alone.
func WithMetaLimits(l MetaLimits) Option {
	return func(cfg *config) { cfg.metaLimits = l }
}

// WithEarlyRefusals lets the sandbox's paths for Meta refuse what is outside the
// 24-hour window at once, with 131047, as Meta may. The default is to accept it and
// to report a failed status 100 ms later, as Meta often does.
func WithEarlyRefusals() Option {
	return func(cfg *config) { cfg.earlyRefusals = true }
}

const (
	pairInterval = 6 * time.Second
	pairBurst    = 45
)

// pace lets things through at a steady rate, and so many at once.
type pace struct{ next time.Time }

// take reports whether one more may pass, and if not, how long that takes.
func (p *pace) take(interval time.Duration, burst int, now time.Time) (wait time.Duration) {
	if p.next.Before(now) {
		p.next = now
	}
	if wait = p.next.Sub(now) - interval*time.Duration(burst-1); wait > 0 {
		return wait
	}
	p.next = p.next.Add(interval)
	return 0
}

// pair is what one number has sent to one recipient.
type pair struct {
	pace

	began time.Time // of the burst
	burst int
}

func (p *pair) take(now time.Time) (wait time.Duration) {
	switch {
	case !now.Before(p.next):
		p.began, p.burst = now, 0
	case now.Sub(p.began) >= pairInterval || p.burst == pairBurst:
		return p.next.Sub(now)
	}
	p.burst++
	return p.pace.take(pairInterval, pairBurst+1, now)
}

// throttle refuses a message that is one too many. st.mu is held.
func (m *metaState) throttle(phoneNumberID string, chat chatID, now time.Time) *apiError {
	if n := m.limits.Throughput; n > 0 {
		p := m.numbers[phoneNumberID]
		wait := p.take(time.Second/time.Duration(n), n, now)
		m.numbers[phoneNumberID] = p
		if wait > 0 {
			return throttled(130429, "Too many messages from this phone number in a short time.", wait)
		}
	}
	if !m.limits.PairRate {
		return nil
	}
	p := m.pairs[chat]
	if p == nil {
		m.dropPairs(now)
		p = new(pair)
		m.pairs[chat] = p
	}
	if wait := p.take(now); wait > 0 {
		return throttled(131056, "Too many messages from this phone number to the same recipient in a short time.", wait)
	}
	return nil
}

// dropPairs forgets the pairs that owe nothing, now and then.
func (m *metaState) dropPairs(now time.Time) {
	if len(m.pairs) < m.pairsKept {
		return
	}
	for chat, p := range m.pairs {
		if !now.Before(p.next) {
			delete(m.pairs, chat)
		}
	}
	m.pairsKept = max(m.pairsKept, 2*len(m.pairs))
}

func throttled(code int, details string, wait time.Duration) *apiError {
	e := metaFail(code, details)
	e.retryAfter = int(ceilDiv(int64(wait), int64(time.Second)))
	return e
}

// metaLimitStage counts the calls that are no messages.
func metaLimitStage(next handler) handler {
	return func(x *exchange) *reply {
		if x.isMetaSend() {
			return next(x)
		}
		st, now := &x.s.state, x.now()
		st.mu.Lock()
		var wait time.Duration
		if n := st.meta.limits.Calls; n > 0 {
			wait = st.meta.calls.take(time.Hour/time.Duration(n), n, now)
		}
		st.mu.Unlock()
		if wait > 0 {
			return failed(throttled(80007, "The WhatsApp Business Account has reached its rate limit.", wait))
		}
		return next(x)
	}
}

func (x *exchange) isMetaSend() bool {
	return x.route != nil && (x.route.pattern == "/{version}/{id}/messages" || x.route.pattern == "/{version}/{id}/marketing_messages")
}

// writeUsage adds the headers on the limits. The share that is used is that of the
// calls of the account.
//
// Docs: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
func (x *exchange) writeUsage(h http.Header, e *apiError, now time.Time) {
	type usage struct {
		Type    string `json:"type,omitempty"`
		Calls   int    `json:"call_count"`
		CPUTime int    `json:"total_cputime"`
		Time    int    `json:"total_time"`
		Regain  *int   `json:"estimated_time_to_regain_access,omitempty"` // in minutes
	}
	code := 0
	if e != nil {
		code, _ = e.metaCode()
	}
	throttled := code == 4 || code == 80007 || code == 130429
	if x.key == nil && !throttled { // nobody that has limits
		return
	}
	x.s.state.mu.Lock()
	used := x.s.state.meta.used(now)
	x.s.state.mu.Unlock()
	app, account, regain := used, used, 0
	if throttled {
		account, regain = 100, max(1, int(ceilDiv(int64(e.retryAfter), 60)))
	}
	if code == 4 {
		app = 100
	}
	kind := "whatsapp_business_management"
	if x.isMetaSend() {
		kind = "whatsapp"
	}
	h["X-App-Usage"] = []string{string(mustJSON(usage{"", app, app, app, nil}))}
	h["X-Business-Use-Case-Usage"] = []string{string(mustJSON(map[string][]usage{x.s.WABAID: {{kind, account, account, account, &regain}}}))}
}

// used is the share of the calls, in percent. st.mu is held.
func (m *metaState) used(now time.Time) int {
	if m.limits.Calls <= 0 || !m.calls.next.After(now) {
		return 0
	}
	return int(min(100, ceilDiv(100*int64(m.calls.next.Sub(now)), int64(time.Hour))))
}

// withDefaults fills in what is zero.
func (l MetaLimits) withDefaults() MetaLimits {
	if l.Throughput == 0 {
		l.Throughput = 80
	}
	if l.Creations == 0 {
		l.Creations = 100
	}
	if l.Calls == 0 {
		l.Calls = 5000
	}
	return l
}

// graphID is a Graph id of digits for a row.
func graphID(first int64, h *head) string { return strconv.FormatInt(first+int64(h.seq), 10) }
