package storeredis_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

// wantClaim claims a key and returns the token.
func wantClaim(t *testing.T, d *storeredis.Deduper, key string, want kirim.ClaimState) (token string) {
	t.Helper()
	state, token, err := d.ClaimToken(t.Context(), key)
	if err != nil || state != want || (token != "") != (want == kirim.Claimed) {
		t.Fatalf("the claim is %v with a token of %d bytes, %v; want %v", state, len(token), err, want)
	}
	return token
}

// What go-redis sends again by itself, because the response was lost.
func TestACallThatIsSentAgainIsTheSameCall(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	var network lossy
	opts := s.options()
	opts.Dialer, opts.MaxRetries = network.dial, 3
	client := s.connect(opts)
	d, other := newStores(t, client).Deduper(), newStores(t, s.connect(nil)).Deduper()
	for lost := range int32(4) {
		must(client.FlushAll(t.Context()).Result())(t)
		client.Ping(t.Context()) // connects
		network.lose.Store(lost)
		token := wantClaim(t, d, "k", kirim.Claimed)
		wantClaim(t, other, "k", kirim.ClaimedBusy)
		network.lose.Store(lost)
		if err := d.CompleteToken(t.Context(), "k", token); err != nil {
			t.Errorf("%d responses lost: %v", lost, err)
		}
		wantClaim(t, other, "k", kirim.ClaimedDone)

		token = wantClaim(t, d, "l", kirim.Claimed)
		network.lose.Store(lost)
		if err := d.ReleaseToken(t.Context(), "l", token); err != nil {
			t.Errorf("%d responses lost: %v", lost, err)
		}
		wantClaim(t, other, "l", kirim.Claimed)
	}
}

func TestAClaimOfUnknownOutcomeHoldsNoLongerThanItsLease(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	var network lossy
	opts := s.options()
	opts.Dialer = network.dial
	client := s.connect(opts)
	d, other := newStores(t, client).Deduper(), newStores(t, s.connect(nil)).Deduper()
	wantClaim(t, d, "first", kirim.Claimed) // connects and loads the script
	network.lose.Store(1 << 20)
	if state, token, err := d.ClaimToken(t.Context(), "k"); err == nil || state == kirim.Claimed || token != "" {
		t.Fatalf("the claim without a response is %v, %q, %v", state, token, err)
	}
	wantClaim(t, other, "k", kirim.ClaimedBusy)
	pass(t, s.connect(nil), "kirim", time.Minute)
	wantClaim(t, other, "k", kirim.Claimed)
}

func TestATokenMustBeOneOfAClaim(t *testing.T) {
	t.Parallel()
	d := newStores(t, redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true})).Deduper()
	for _, token := range []string{"", "-5", "0", "abc", strings.Repeat("9", 40), "5 ", "+5"} {
		const want = "kirim: storeredis: token: want one of ClaimToken, got a text of "
		if err := d.CompleteToken(t.Context(), "k", token); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", token, err)
		}
		if err := d.ReleaseToken(t.Context(), "k", token); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

// Callers that keep no token.
func TestADeduperKeepsTheTokensOfItsOwnClaims(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	mine, yours := newStores(t, client, storeredis.WithPrefix(prefix)).Deduper(), newStores(t, client, storeredis.WithPrefix(prefix)).Deduper()
	claim := func(d *storeredis.Deduper, want kirim.ClaimState) {
		t.Helper()
		if state, err := d.Claim(t.Context(), "k"); err != nil || state != want {
			t.Fatalf("the claim is %v, %v; want %v", state, err, want)
		}
	}
	settle := func(f func(context.Context, string) error, want error) {
		t.Helper()
		if err := f(t.Context(), "k"); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	claim(mine, kirim.Claimed)
	settle(yours.Release, nil)
	claim(yours, kirim.ClaimedBusy)
	settle(mine.Release, nil)
	claim(yours, kirim.Claimed)
	settle(mine.Release, nil)
	settle(mine.Complete, kirim.ErrClaimLost)
	claim(mine, kirim.ClaimedBusy)
	settle(yours.Complete, nil)
	settle(yours.Complete, nil)
	settle(yours.Release, nil)
	claim(mine, kirim.ClaimedDone)
}

func TestAClaimWhoseCallerHasLeftIsReleased(t *testing.T) {
	t.Parallel()
	client, prefix := connect(t)
	d := newStores(t, client, storeredis.WithPrefix(prefix)).Deduper()
	token := wantClaim(t, d, "k", kirim.Claimed)
	d.GiveUp(t.Context(), "k", "1")
	wantClaim(t, d, "k", kirim.ClaimedBusy)
	d.GiveUp(t.Context(), "k", token)
	wantClaim(t, d, "k", kirim.Claimed)
}
