package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// Deduper checks a [kirim.TokenDeduper]. It calls open for each subtest.
func Deduper(t *testing.T, open func(*testing.T) Opened[kirim.TokenDeduper], opts ...Option) {
	t.Helper()
	runAll(t, open, opts, map[string]func(*testing.T, Opened[kirim.TokenDeduper]){
		"a claim is busy until it is completed":                claimOnce,
		"a claim without a token":                              claimPlain,
		"what was released is claimed again":                   claimAfterRelease,
		"an old holder does nothing to the present claim":      oldHolder,
		"a token that is of no claim":                          strangeToken,
		"settling again changes nothing":                       settleAgain,
		"the claim of a holder that is gone lapses":            claimLapses,
		"a claim that lapsed is its holder's until it is lost": lapsedAlone,
		"what was completed is remembered and then forgotten":  completedIsKept,
		"old entries leave the store":                          oldClaimsGo,
		"eight holders that race for 300 keys":                 claimRace,
		"keys are told apart":                                  claimKeysApart,
		"contexts that ended":                                  claimEnded,
		"a webhook handler in each of two processes":           twoHandlers,
	})
}

type dedupers = Opened[kirim.TokenDeduper]

// wantClaim claims a key and returns the token.
func wantClaim(t *testing.T, d kirim.TokenDeduper, key string, want kirim.ClaimState) string {
	t.Helper()
	state, token, err := d.ClaimToken(t.Context(), key)
	if err != nil || state != want || (token != "") != (want == kirim.Claimed) {
		t.Fatalf("ClaimToken(%.40q) is %s, %q, %v, want %s", key, stateText(state), token, err, stateText(want))
	}
	return token
}

func stateText(s kirim.ClaimState) string {
	return map[kirim.ClaimState]string{kirim.Claimed: "Claimed", kirim.ClaimedDone: "ClaimedDone", kirim.ClaimedBusy: "ClaimedBusy"}[s]
}

// wantLost completes a claim that is another holder's.
func wantLost(t *testing.T, d kirim.TokenDeduper, key, token string) {
	t.Helper()
	if err := d.CompleteToken(t.Context(), key, token); !errors.Is(err, kirim.ErrClaimLost) {
		t.Errorf("CompleteToken of a claim that was lost is %v, want ErrClaimLost", err)
	}
}

func claimOnce(t *testing.T, o dedupers) {
	a, b := o.Connect(), o.Connect()
	token := wantClaim(t, a, "k", kirim.Claimed)
	wantClaim(t, a, "k", kirim.ClaimedBusy)
	wantClaim(t, b, "k", kirim.ClaimedBusy)
	must(t, a.CompleteToken(t.Context(), "k", token))
	wantClaim(t, a, "k", kirim.ClaimedDone)
	wantClaim(t, b, "k", kirim.ClaimedDone)
	if other := wantClaim(t, b, "other", kirim.Claimed); other == token {
		t.Error("two claims have one token")
	}
}

func claimPlain(t *testing.T, o dedupers) {
	a, b := o.Connect(), o.Connect()
	want := func(d kirim.Deduper, want kirim.ClaimState) {
		t.Helper()
		if state, err := d.Claim(t.Context(), "k"); err != nil || state != want {
			t.Fatalf("Claim is %s, %v, want %s", stateText(state), err, stateText(want))
		}
	}
	want(a, kirim.Claimed)
	want(b, kirim.ClaimedBusy)
	wantClaim(t, b, "k", kirim.ClaimedBusy)
	must(t, a.Release(t.Context(), "k"))
	want(b, kirim.Claimed)
	must(t, b.Complete(t.Context(), "k"))
	want(a, kirim.ClaimedDone)
	wantClaim(t, a, "k", kirim.ClaimedDone)
	must(t, a.Release(t.Context(), "k"), a.Release(t.Context(), "never claimed"))
	want(b, kirim.ClaimedDone)
	must(t, a.Complete(t.Context(), "never claimed"))
	wantClaim(t, b, "never claimed", kirim.ClaimedDone)
}

func claimAfterRelease(t *testing.T, o dedupers) {
	a, b := o.Connect(), o.Connect()
	must(t, a.ReleaseToken(t.Context(), "k", wantClaim(t, a, "k", kirim.Claimed)))
	token := wantClaim(t, b, "k", kirim.Claimed)
	wantClaim(t, a, "k", kirim.ClaimedBusy)
	must(t, b.ReleaseToken(t.Context(), "k", token))
	must(t, b.CompleteToken(t.Context(), "k", wantClaim(t, b, "k", kirim.Claimed)))
	wantClaim(t, a, "k", kirim.ClaimedDone)
}

func oldHolder(t *testing.T, o dedupers) {
	d := o.Connect() // one process that holds the key twice in succession
	old := wantClaim(t, d, "k", kirim.Claimed)
	must(t, d.ReleaseToken(t.Context(), "k", old))
	token := wantClaim(t, d, "k", kirim.Claimed)
	if token == old {
		t.Fatal("two claims have one token")
	}
	must(t, d.ReleaseToken(t.Context(), "k", old))
	wantClaim(t, d, "k", kirim.ClaimedBusy)
	wantLost(t, d, "k", old)
	wantClaim(t, d, "k", kirim.ClaimedBusy)
	must(t, d.ReleaseToken(t.Context(), "k", token))
	wantClaim(t, d, "k", kirim.Claimed)
}

func strangeToken(t *testing.T, o dedupers) {
	d := o.Connect()
	token := wantClaim(t, d, "k", kirim.Claimed)
	other := wantClaim(t, d, "other", kirim.Claimed)
	for _, strange := range []string{"", "strange", token + "0", other} {
		_ = d.ReleaseToken(t.Context(), "k", strange) // whether that is an error is the store's to say
		if err := d.CompleteToken(t.Context(), "k", strange); err == nil {
			t.Errorf("a claim was completed by the token %q", strange)
		}
		wantClaim(t, d, "k", kirim.ClaimedBusy)
	}
	must(t, d.CompleteToken(t.Context(), "k", token))
}

func settleAgain(t *testing.T, o dedupers) {
	a, b := o.Connect(), o.Connect()
	token := wantClaim(t, a, "k", kirim.Claimed)
	must(t, a.CompleteToken(t.Context(), "k", token), a.CompleteToken(t.Context(), "k", token), b.CompleteToken(t.Context(), "k", token))
	must(t, a.ReleaseToken(t.Context(), "k", token))
	wantClaim(t, b, "k", kirim.ClaimedDone)
	token = wantClaim(t, a, "again", kirim.Claimed)
	must(t, a.ReleaseToken(t.Context(), "again", token), a.ReleaseToken(t.Context(), "again", token))
	wantClaim(t, b, "again", kirim.Claimed)
}

// lapses skips a check of a store whose claims do not lapse.
func lapses(t *testing.T, o dedupers) {
	t.Helper()
	o.advances(t)
	if o.Lease == 0 {
		t.Skip("claims of the store under test do not lapse: Opened.Lease is 0")
	}
}

func claimLapses(t *testing.T, o dedupers) {
	lapses(t, o)
	a, b := o.Connect(), o.Connect()
	old := wantClaim(t, a, "k", kirim.Claimed)
	o.Advance(o.Lease * 9 / 10)
	wantClaim(t, b, "k", kirim.ClaimedBusy)
	o.Advance(o.Lease * 2 / 10)
	token := wantClaim(t, b, "k", kirim.Claimed)
	wantClaim(t, a, "k", kirim.ClaimedBusy)
	must(t, a.ReleaseToken(t.Context(), "k", old))
	wantClaim(t, a, "k", kirim.ClaimedBusy)
	wantLost(t, a, "k", old)
	o.Advance(o.Lease * 9 / 10)
	wantClaim(t, a, "k", kirim.ClaimedBusy) // a new claim has a lease of its own
	must(t, b.CompleteToken(t.Context(), "k", token))
	wantLost(t, a, "k", old)
	must(t, a.ReleaseToken(t.Context(), "k", old))
	wantClaim(t, a, "k", kirim.ClaimedDone)
	must(t, b.CompleteToken(t.Context(), "k", token))
}

func lapsedAlone(t *testing.T, o dedupers) {
	lapses(t, o)
	a, b := o.Connect(), o.Connect()
	done, given := wantClaim(t, a, "done", kirim.Claimed), wantClaim(t, a, "given up", kirim.Claimed)
	o.Advance(2 * o.Lease)
	must(t, a.CompleteToken(t.Context(), "done", done), a.ReleaseToken(t.Context(), "given up", given))
	wantClaim(t, b, "done", kirim.ClaimedDone)
	wantClaim(t, b, "given up", kirim.Claimed)
}

func completedIsKept(t *testing.T, o dedupers) {
	o.advances(t)
	if o.Retention == 0 {
		t.Skip("what the store under test remembers does not depend on time: Opened.Retention is 0")
	}
	d := o.Connect()
	must(t, d.CompleteToken(t.Context(), "k", wantClaim(t, d, "k", kirim.Claimed)))
	for range 9 {
		o.Advance(o.Retention / 10)
		wantClaim(t, d, "k", kirim.ClaimedDone) // which prolongs nothing
	}
	o.Advance(o.Retention * 2 / 10)
	token := wantClaim(t, d, "k", kirim.Claimed)
	wantClaim(t, d, "k", kirim.ClaimedBusy)
	must(t, d.CompleteToken(t.Context(), "k", token))
	wantClaim(t, d, "k", kirim.ClaimedDone)
}

// oldClaimsGo lets time pass while claims are completed and while holders are
// gone: what is old has to leave by itself.
func oldClaimsGo(t *testing.T, o dedupers) {
	o.advances(t)
	if o.Count == nil || o.Retention == 0 {
		t.Skip("the store under test has no Opened.Count or no Opened.Retention")
	}
	d := o.Connect()
	const rounds, each = 10, 20
	for round := range rounds {
		for i := range each {
			key := fmt.Sprint("completed ", round, " ", i)
			must(t, d.CompleteToken(t.Context(), key, wantClaim(t, d, key, kirim.Claimed)))
			if o.Lease > 0 {
				wantClaim(t, d, fmt.Sprint("gone ", round, " ", i), kirim.Claimed)
			}
		}
		o.Advance(o.Retention + o.Lease + time.Second)
	}
	for i := range 2 * each { // what comes later makes room
		key := fmt.Sprint("late ", i)
		must(t, d.CompleteToken(t.Context(), key, wantClaim(t, d, key, kirim.Claimed)))
	}
	if n, most := o.Count(), rounds*each; n > most {
		t.Errorf("%d entries are stored after %d claims of which the last %d are not too old", n, 2*rounds*each, 2*each)
	}
}

func claimRace(t *testing.T, o dedupers) {
	const holders, keys = 8, 300
	var all sync.WaitGroup
	won := make([][]bool, holders)
	errs := make([]error, holders)
	start := make(chan struct{})
	for holder := range holders {
		d := o.Connect()
		won[holder] = make([]bool, keys)
		all.Go(func() {
			<-start
			for i := range keys {
				key := fmt.Sprint("k", (i+holder%2)%keys)
				state, token, err := d.ClaimToken(t.Context(), key)
				if err == nil && state == kirim.Claimed {
					won[holder][(i+holder%2)%keys] = true
					err = d.CompleteToken(t.Context(), key, token)
				}
				errs[holder] = errors.Join(errs[holder], err)
			}
		})
	}
	close(start)
	all.Wait()
	must(t, errs...)
	for key := range keys {
		winners := 0
		for holder := range holders {
			if won[holder][key] {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("key %d was won by %d of %d holders", key, winners, holders)
		}
	}
}

func claimKeysApart(t *testing.T, o dedupers) {
	a, b := o.Connect(), o.Connect()
	tokens := make(map[string]string)
	for _, key := range oddKeys() {
		tokens[key] = wantClaim(t, a, key, kirim.Claimed)
	}
	for i, key := range oddKeys() {
		wantClaim(t, b, key, kirim.ClaimedBusy)
		if i%2 == 0 {
			must(t, a.CompleteToken(t.Context(), key, tokens[key]))
		} else {
			must(t, a.ReleaseToken(t.Context(), key, tokens[key]))
		}
	}
	for i, key := range oddKeys() {
		wantClaim(t, b, key, map[bool]kirim.ClaimState{true: kirim.ClaimedDone, false: kirim.Claimed}[i%2 == 0])
	}
}

// claimEnded checks that a call with a context that has ended does what it says:
// all of it without an error, and nothing with one.
func claimEnded(t *testing.T, o dedupers) {
	d := o.Connect()
	ctx := cancelled(t)
	after := func(err error, nothing, all kirim.ClaimState) kirim.ClaimState {
		if err != nil {
			return nothing
		}
		return all
	}
	_, token, err := d.ClaimToken(ctx, "claimed")
	if err != nil && token != "" {
		t.Errorf("a claim that failed has the token %q", token)
	}
	wantClaim(t, d, "claimed", after(err, kirim.Claimed, kirim.ClaimedBusy))
	_, err = d.Claim(ctx, "plain")
	wantClaim(t, d, "plain", after(err, kirim.Claimed, kirim.ClaimedBusy))

	token = wantClaim(t, d, "completed", kirim.Claimed)
	wantClaim(t, d, "completed", after(d.CompleteToken(ctx, "completed", token), kirim.ClaimedBusy, kirim.ClaimedDone))
	must(t, d.CompleteToken(t.Context(), "completed", token))

	token = wantClaim(t, d, "released", kirim.Claimed)
	wantClaim(t, d, "released", after(d.ReleaseToken(ctx, "released", token), kirim.ClaimedBusy, kirim.Claimed))
}

// twoHandlers delivers each of some messages several times at once to two
// handlers. A delivery that is refused comes again.
func twoHandlers(t *testing.T, o dedupers) {
	const messages, deliveries = 40, 4
	var handlers [2]*kirim.WebhookHandler
	var mu sync.Mutex
	handled := make(map[string]int)
	for i := range handlers {
		handlers[i] = kirim.NewWebhookHandler(nil, kirim.WithDeduper(o.Connect()))
		handlers[i].OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
			mu.Lock()
			defer mu.Unlock()
			handled[m.ID]++
			return nil
		})
	}
	var all sync.WaitGroup
	for delivery := range deliveries {
		all.Go(func() {
			for i := range messages {
				event, err := kirim.DecodeEvent(nil, fmt.Appendf(nil, `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},`+
					`"messages":[{"from":"6281100000001","id":"wamid.%d","timestamp":"1780000000","type":"text","text":{"body":"Halo"}}]}}]}]}`, i))
				if err != nil {
					t.Error(err)
					return
				}
				for {
					if err = handlers[delivery%2].HandleEvent(t.Context(), event); err == nil {
						break
					}
					if !errors.Is(err, kirim.ErrElementBusy) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	for id, n := range handled {
		if n != 1 {
			t.Errorf("%s was handled %d times", id, n)
		}
	}
	if len(handled) != messages {
		t.Errorf("%d of %d messages were handled", len(handled), messages)
	}
}
