package kirimtest

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	idempotencyMemory = 24 * time.Hour
	idempotencyWait   = 30 * time.Second
)

// keyedCall is the first call with an Idempotency-Key. Its fields but done are
// under state.mu.
type keyedCall struct {
	key         string
	fingerprint [sha256.Size]byte
	expires     time.Time
	done        chan struct{} // closed when the first call was handled
	readyAt     time.Time     // when its response may be replayed
	reply       *reply        // nil until then
	requestID   string
}

// keyQueue holds keyed calls in the order in which they expire.
type keyQueue struct {
	items []*keyedCall
	head  int
}

func (q *keyQueue) push(k *keyedCall) { q.items = append(q.items, k) }

func (q *keyQueue) front() *keyedCall {
	if q.head == len(q.items) {
		return nil
	}
	return q.items[q.head]
}

func (q *keyQueue) pop() {
	q.items[q.head] = nil
	q.head++
	if q.head >= 1024 && 2*q.head >= len(q.items) {
		q.items = append(q.items[:0:0], q.items[q.head:]...)
		q.head = 0
	}
}

// fingerprint identifies what a request asks for.
func (x *exchange) fingerprint() [sha256.Size]byte {
	canonical := x.body
	if doc, err := x.json(); err == nil {
		// Marshal sorts the keys of maps and writes no white space.
		canonical, _ = json.Marshal(doc)
	}
	b := make([]byte, 0, len(canonical)+len(x.r.URL.Path)+16)
	b = append(b, x.r.Method...)
	b = append(b, '\n')
	b = append(b, x.r.URL.Path...)
	b = append(b, '\n')
	return sha256.Sum256(append(b, canonical...))
}

func (s *Server) idempotencyStage(next handler) handler {
	return func(x *exchange) *reply {
		if x.r.Method != http.MethodPost || x.idemKey == "" {
			return next(x)
		}
		if most := s.cfg.assumptions.MaxIdempotencyKey; most > 0 && utf8.RuneCountInString(x.idemKey) > most {
			return failed(fail("invalid_field_value", "Idempotency-Key",
				"The Idempotency-Key is longer than "+strconv.Itoa(most)+" characters."))
		}
		mine, theirs := x.s.claim(x)
		if theirs != nil {
			return theirs
		}
		var rep *reply
		defer func() { x.s.settle(x, mine, rep) }() // also after a panic
		rep = next(x)
		return withReplayed(rep, "false")
	}
}

// withReplayed returns a copy: what is remembered is shared.
func withReplayed(rep *reply, value string) *reply {
	r := *rep
	r.header = rep.header.Clone()
	if r.header == nil {
		r.header = make(http.Header, 1)
	}
	r.header["Idempotent-Replayed"] = []string{value}
	return &r
}

// claim makes the call the first with its key, or returns the response it gets
// because another one is.
func (s *Server) claim(x *exchange) (mine *keyedCall, theirs *reply) {
	fingerprint := x.fingerprint()
	var tooLong <-chan time.Time // nil until the call has to wait
	timedOut := false
	for {
		now := s.cfg.clock.Now()
		s.state.mu.Lock()
		first, owned := s.state.firstWithKey(x.idemKey, fingerprint, now)
		rep, readyAt := first.reply, first.readyAt
		s.state.mu.Unlock()
		if owned {
			return first, nil
		}
		if first.fingerprint != fingerprint {
			return nil, failed(fail("idempotency_key_reuse", "", "The Idempotency-Key was used for another request."))
		}
		if rep != nil && !now.Before(readyAt) {
			return nil, s.replay(x, first, rep)
		}
		if timedOut {
			return nil, failed(fail("idempotency_in_progress", "", "The first request with this Idempotency-Key is still running."))
		}
		if tooLong == nil {
			var stop func()
			tooLong, stop = s.cfg.clock.NewTimer(idempotencyWait)
			defer stop()
		}
		var ready <-chan time.Time
		done, stop := first.done, func() {}
		if rep != nil {
			done = nil
			ready, stop = s.cfg.clock.NewTimer(readyAt.Sub(now))
		}
		select {
		case <-done:
		case <-ready:
		case <-tooLong:
			timedOut = true
		case <-x.r.Context().Done():
			stop()
			return nil, gone()
		case <-s.closed:
			stop()
			return nil, gone()
		}
		stop()
	}
}

// replay is the response of the first call once more.
func (s *Server) replay(x *exchange, first *keyedCall, rep *reply) *reply {
	if !s.cfg.assumptions.ReplayTakesToken && x.rated {
		x.rate = s.state.returnToken(x.r.Method, s.cfg.clock.Now())
	}
	r := withReplayed(rep, "true")
	if s.cfg.assumptions.ReplayOldRequestID {
		r.requestID = first.requestID
	}
	return r
}

// settle ends the first call with a key: its response is remembered, or the key
// is free again.
func (s *Server) settle(x *exchange, k *keyedCall, rep *reply) {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	defer close(k.done)
	if rep == nil || !s.cacheable(rep) {
		if st.keyed[k.key] == k {
			delete(st.keyed, k.key)
		}
		return
	}
	k.reply, k.readyAt, k.requestID = rep, x.readyAt, x.requestID
}

func (s *Server) cacheable(rep *reply) bool {
	switch {
	case rep.drop || rep.status >= 500:
		return false
	case rep.status < 400:
		return true
	case rep.status == http.StatusUnauthorized || rep.status == http.StatusForbidden ||
		rep.status == http.StatusTooManyRequests:
		return false
	case rep.err != nil && rep.err.code == "idempotency_in_progress":
		return false
	}
	return s.cfg.assumptions.CacheClientErrors
}

// firstWithKey returns the remembered call with the key, or a new one that the
// caller then owns. st.mu is held.
func (st *state) firstWithKey(key string, fingerprint [sha256.Size]byte, now time.Time) (k *keyedCall, owned bool) {
	for old := st.keyAge.front(); old != nil && !now.Before(old.expires); old = st.keyAge.front() {
		st.forgetOldestKey()
	}
	if k = st.keyed[key]; k != nil {
		return k, false
	}
	for len(st.keyed) >= st.limits.IdempotencyKeys && st.forgetOldestKey() {
	}
	k = &keyedCall{key: key, fingerprint: fingerprint, expires: now.Add(idempotencyMemory), done: make(chan struct{})}
	st.keyed[key] = k
	st.keyAge.push(k)
	return k, true
}

// forgetOldestKey reports false when there was no key to forget.
// st.mu is held.
func (st *state) forgetOldestKey() bool {
	old := st.keyAge.front()
	if old == nil {
		return false
	}
	st.keyAge.pop()
	if st.keyed[old.key] == old {
		delete(st.keyed, old.key)
	}
	return true
}
