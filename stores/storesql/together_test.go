package storesql_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storesql"
)

func TestOfClaimsThatAreMadeTogetherEachKeyHasOneHolder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		o := opened(t, p, func(s *storesql.Stores) *storesql.Deduper { return s.Deduper() })
		dedupers := [2]*storesql.Deduper{o.Connect(), o.Connect()}
		const keys, times = 40, 6
		key := func(n int) string { return fmt.Sprint("message:1:wamid.", n%keys) }
		var all sync.WaitGroup
		tokens := make([]string, keys*times)
		for n := range tokens {
			all.Go(func() {
				state, token, err := dedupers[n%2].ClaimToken(t.Context(), key(n/2))
				if err != nil || state == kirim.ClaimedDone || (token != "") != (state == kirim.Claimed) {
					t.Errorf("claim %d: %v with a token of %d bytes, %v", n, state, len(token), err)
				}
				tokens[n] = token
			})
		}
		all.Wait()
		holders := make(map[string]int)
		for n, token := range tokens {
			if token != "" {
				holders[key(n/2)]++
			}
		}
		for n := range keys {
			if holders[key(n)] != 1 {
				t.Errorf("%s has %d holders", key(n), holders[key(n)])
			}
		}
		for n, token := range tokens {
			all.Go(func() {
				want := error(nil)
				if token == "" {
					token, want = "another", kirim.ErrClaimLost
				}
				if err := dedupers[n%2].CompleteToken(t.Context(), key(n/2), token); !errors.Is(err, want) {
					t.Errorf("completion %d: %v, want %v", n, err, want)
				}
			})
		}
		all.Wait()
		for n := range keys {
			if state, err := dedupers[0].Claim(t.Context(), key(n)); state != kirim.ClaimedDone || err != nil {
				t.Errorf("%s: %v, %v", key(n), state, err)
			}
		}
	})
}

func TestAClaimWhoseCallerHasLeftIsReleased(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		d := opened(t, p, func(s *storesql.Stores) *storesql.Deduper { return s.Deduper() }).Connect()
		_, token, err := d.ClaimToken(t.Context(), "k")
		must(t, err)
		d.GiveUp(t.Context(), "k", "another")
		if state, _, err := d.ClaimToken(t.Context(), "k"); state != kirim.ClaimedBusy || err != nil {
			t.Errorf("%v, %v", state, err)
		}
		d.GiveUp(t.Context(), "k", token)
		if state, _, err := d.ClaimToken(t.Context(), "k"); state != kirim.Claimed || err != nil {
			t.Errorf("%v, %v", state, err)
		}
	})
}

// Tokens are written into the text of an array for PostgreSQL.
func TestATokenOfAnyCharactersIsOneToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		d := opened(t, p, func(s *storesql.Stores) *storesql.Deduper { return s.Deduper() }).Connect()
		_, token, err := d.ClaimToken(t.Context(), "key")
		must(t, err)
		for _, other := range []string{`"`, `\`, `{}`, `NULL`, `,`, `"} `, token + `","` + token, token + `\`, token + " ", "\n" + token, "é" + token} {
			if err := d.CompleteToken(t.Context(), "key", other); !errors.Is(err, kirim.ErrClaimLost) {
				t.Errorf("completed with the token %q: %v", other, err)
			}
		}
		must(t, d.CompleteToken(t.Context(), "key", token))
	})
}
