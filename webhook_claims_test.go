package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// tokenLog is a TokenDeduper that notes what is done with which token, and whose
// methods fail as long as it is down.
type tokenLog struct {
	memory kirim.MemoryDeduper
	down   error
	calls  []string
}

func (d *tokenLog) note(call, token string) error {
	d.calls = append(d.calls, strings.TrimSpace(call+" "+token))
	return d.down
}

func (d *tokenLog) Claim(context.Context, string) (kirim.ClaimState, error) {
	return 0, d.note("Claim", "")
}
func (d *tokenLog) Complete(context.Context, string) error { return d.note("Complete", "") }
func (d *tokenLog) Release(context.Context, string) error  { return d.note("Release", "") }

func (d *tokenLog) ClaimToken(ctx context.Context, key string) (kirim.ClaimState, string, error) {
	if err := d.note("claim", ""); err != nil {
		return 0, "", err
	}
	return d.memory.ClaimToken(ctx, key)
}

func (d *tokenLog) CompleteToken(ctx context.Context, key, token string) error {
	if err := d.note("complete", token); err != nil {
		return err
	}
	return d.memory.CompleteToken(ctx, key, token)
}

func (d *tokenLog) ReleaseToken(ctx context.Context, key, token string) error {
	if err := d.note("release", token); err != nil {
		return err
	}
	return d.memory.ReleaseToken(ctx, key, token)
}

func TestAHandlerSettlesAClaimByItsToken(t *testing.T) {
	t.Parallel()
	d := &tokenLog{}
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(d))
	fails := true
	h.OnMessage(func(context.Context, *kirim.InboundMessage) error {
		if fails {
			return errors.New("later")
		}
		return nil
	})
	for _, want := range []int{500, 200, 200} {
		if code := deliver(t, h, text("1")); code != want {
			t.Errorf("answer %d, want %d", code, want)
		}
		fails = false
	}
	if got := strings.Join(d.calls, ", "); got != "claim, release 1, claim, complete 2, claim" {
		t.Errorf("the deduper was asked to %s", got)
	}
}

func TestAnElementThatWasHandledWhileTheDeduperWasDownIsNotHandledAgain(t *testing.T) {
	t.Parallel()
	d := &tokenLog{}
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(d))
	ran := 0
	h.OnMessage(func(context.Context, *kirim.InboundMessage) error {
		if ran++; ran <= 2 {
			d.down = errors.New("down")
		}
		return nil
	})
	for _, id := range []string{"1", "2"} {
		d.down = nil
		if code := deliver(t, h, text(id)); code != 200 {
			t.Errorf("answer %d", code)
		}
	}
	for _, down := range []error{errors.New("down"), nil, nil} { // both deliveries come again
		d.down = down
		for _, id := range []string{"1", "2"} {
			if code := deliver(t, h, text(id)); code != 200 || ran != 2 {
				t.Errorf("answer %d, ran %d times", code, ran)
			}
		}
	}
	for _, id := range []string{"1", "2"} { // another process
		if code := deliver(t, kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(d)), text(id)); code != 200 || ran != 2 {
			t.Errorf("answer %d, ran %d times", code, ran)
		}
	}
}

func TestWhatTheDeduperMissedItIsToldAfterTheNextElement(t *testing.T) {
	t.Parallel()
	d := &tokenLog{}
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(d))
	h.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
		if m.ID == "1" {
			d.down = errors.New("down")
		}
		return nil
	})
	deliver(t, h, text("1"))
	d.down = nil
	deliver(t, h, text("2"))
	deliver(t, h, text("3"))
	if got := strings.Join(d.calls, ", "); got != "claim, complete 1, claim, complete 2, complete 1, claim, complete 3" {
		t.Errorf("the deduper was asked to %s", got)
	}
}

func TestAClaimThatWasLostIsLogged(t *testing.T) {
	t.Parallel()
	d := &tokenLog{}
	var log bytes.Buffer
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(d), kirim.WithWebhookLogger(slog.New(slog.NewTextHandler(&log, nil))))
	h.OnMessage(func(ctx context.Context, _ *kirim.InboundMessage) error {
		d.down = kirim.ErrClaimLost // as of a claim that lapsed meanwhile
		return nil
	})
	if code := deliver(t, h, text("1")); code != 200 || !strings.Contains(log.String(), "another holder has claimed the element") {
		t.Errorf("answer %d, log %s", code, log.String())
	}
	d.down = nil
	deliver(t, h, text("2"))
	if got := strings.Join(d.calls, ", "); got != "claim, complete 1, claim, complete 2" {
		t.Errorf("the deduper was asked to %s", got)
	}
}

// leased is a TokenDeduper that says how long its claims hold.
type leased struct {
	*tokenLog
	lease time.Duration
}

func (d leased) Lease() time.Duration { return d.lease }

func TestACallbackEndsBeforeItsClaimLapses(t *testing.T) {
	t.Parallel()
	for lease, want := range map[time.Duration]time.Duration{time.Minute: 8 * time.Second, 5 * time.Second: 4 * time.Second, time.Second: 500 * time.Millisecond, 0: 8 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(leased{&tokenLog{}, lease}))
			var got time.Duration
			h.OnMessage(func(ctx context.Context, _ *kirim.InboundMessage) error {
				deadline, _ := ctx.Deadline()
				got = time.Until(deadline)
				return nil
			})
			if code := deliver(t, h, text("1")); code != 200 || got != want {
				t.Errorf("lease %v: answer %d, the callback has %v, want %v", lease, code, got, want)
			}
		})
	}
}

func TestTheMemoryOfAnOutageOfTheDeduperIsBounded(t *testing.T) {
	t.Parallel()
	const bound = 1 << 14
	h := kirim.NewWebhookHandler(nil, kirim.WithDeduper(brokenDeduper{complete: errors.New("down")}))
	ran := 0
	h.OnMessage(func(context.Context, *kirim.InboundMessage) error { ran++; return nil })
	for _, want := range []int{bound + 1, bound + 2} { // the last one is handled again
		for i := range bound + 1 {
			if err := h.HandleEvent(t.Context(), mustDecode(t, text(strconv.Itoa(i)))); err != nil {
				t.Fatal(err)
			}
		}
		if ran != want {
			t.Errorf("ran %d times, want %d", ran, want)
		}
	}
}
