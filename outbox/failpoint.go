//go:build !outboxfailpoints

package outbox

import (
	"time"

	"github.com/riverqueue/river/rivertype"
)

// failpoint marks a place at which a test lets the process die. It does so in
// a build with the tag outboxfailpoints only. The places, in their order:
//
//	claimed    the lane is claimed, and its messages are taken
//	begun      the table says that a request begins, which does not yet
//	sent       the request has ended, and nothing knows of it
//	recording  likewise for all requests of the round
//	recorded   all is recorded, and the lane is given back
//
// The variable KIRIM_FAILPOINT of such a build names one.
func failpoint(string) {}

// riverClock is another clock for River, in tests; nil for the real one.
func riverClock() rivertype.TimeGenerator { return nil }

// hostNow is the time by the clock of the host, which a test can skew.
func hostNow() time.Time { return time.Now() }
