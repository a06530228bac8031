package kirimtest

import (
	"strings"
	"time"
)

// Key describes an API key for [Server.AddKey].
type Key struct {
	// Label is what GET /me shows. Default "sandbox".
	Label string

	// ExpiresAt ends the key: from then on it gets 401
	// expired_api_key. The zero time never comes.
	ExpiresAt time.Time
}

type apiKey struct {
	id, label, last4 string
	expiresAt        time.Time
	revoked          bool // under state.mu
	meta             bool // an access token of Meta's API
}

// AddKey makes a further key of the same organisation and returns it. All keys
// share idempotency keys, rate limits and everything else.
func (s *Server) AddKey(k Key) string {
	// 18 bytes make the 24 characters of a real key.
	plaintext := newSecret("kdv_test_", 18)
	s.addKey(plaintext, k)
	return plaintext
}

func (s *Server) addKey(plaintext string, k Key) *apiKey {
	if k.Label == "" {
		k.Label = "sandbox"
	}
	key := &apiKey{
		id:        newID("key_", s.cfg.clock.Now()),
		label:     k.Label,
		last4:     plaintext[max(len(plaintext)-4, 0):],
		expiresAt: k.ExpiresAt,
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.keys[plaintext] = key
	return key
}

// RevokeKey revokes a key, or an access token of Meta's API, at once: it gets 401
// revoked_api_key, or Meta's error 190. It reports whether there was such a key.
func (s *Server) RevokeKey(key string) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	k := s.state.keys[key]
	if k != nil {
		k.revoked = true
	}
	return k != nil
}

// authenticate returns the key of a request and its organisation.
func (s *Server) authenticate(header []string, meta bool, now time.Time) (*Server, *apiKey, *apiError) {
	if len(header) == 0 {
		return nil, nil, fail("missing_api_key", "", "The Authorization header is missing.")
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, nil, fail("invalid_api_key", "", "The Authorization header must be a bearer token.")
	}
	for _, org := range s.organizations() {
		if k, err := org.state.knownKey(token, meta, now); k != nil || err != nil {
			return org, k, err
		}
	}
	return nil, nil, fail("invalid_api_key", "", "The API key is not known.")
}

// knownKey returns the key, why it is not good, or neither when the
// organisation has no such key.
func (st *state) knownKey(token string, meta bool, now time.Time) (*apiKey, *apiError) {
	st.mu.Lock()
	defer st.mu.Unlock()
	k := st.keys[token]
	switch {
	case k == nil || k.meta != meta:
		return nil, nil
	case k.revoked:
		return nil, fail("revoked_api_key", "", "The API key was revoked.")
	case !k.expiresAt.IsZero() && !now.Before(k.expiresAt):
		return nil, fail("expired_api_key", "", "The API key has expired.")
	}
	return k, nil
}

func (s *Server) authStage(next handler) handler {
	return func(x *exchange) *reply {
		if x.route != nil && x.route.public {
			return next(x)
		}
		org, k, err := s.authenticate(x.r.Header["Authorization"], false, s.cfg.clock.Now())
		if err != nil {
			return failed(err)
		}
		x.s, x.key = org, k
		if x.route == nil || !x.route.always {
			if err := org.state.refusal(); err != nil {
				return failed(err)
			}
		}
		return next(x)
	}
}
