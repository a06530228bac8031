package kirim

import (
	"testing"
	"testing/synctest"
	"time"
)

// A request for which there are connections enough dials only when none of them comes free.
func TestADialThatIsOneTooManyWaits(t *testing.T) {
	t.Parallel()
	const address = "api.example.com:443"
	for name, tc := range map[string]struct {
		meanwhile func(d *sparingDialer, a *attempt)
		dials     bool
		after     time.Duration
	}{
		"until its request has a connection": {func(d *sparingDialer, a *attempt) { d.served(a) }, false, 0},
		"until its request has ended":        {func(d *sparingDialer, a *attempt) { d.over(a) }, false, 0},
		"until a connection is closed":       {func(d *sparingDialer, _ *attempt) { d.closed(d.to(address)) }, true, 0},
		"and not for long":                   {func(*sparingDialer, *attempt) {}, true, maxParked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newSparingDialer()
				first, second := &attempt{}, &attempt{}
				d.wanted(first, address)
				if !d.needed(first, d.to(address)) {
					t.Fatal("the first request has no connection, and does not dial")
				}
				d.served(first)
				d.over(first) // its connection is idle
				d.wanted(second, address)
				began, dials := time.Now(), make(chan bool)
				go func() { dials <- d.needed(second, d.to(address)) }()
				synctest.Wait()
				tc.meanwhile(d, second)
				if got := <-dials; got != tc.dials || time.Since(began) != tc.after {
					t.Errorf("it dials: %v, after %v; want %v after %v", got, time.Since(began), tc.dials, tc.after)
				}
			})
		})
	}
}
