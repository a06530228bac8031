//go:build outboxfailpoints

package outbox

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// KIRIM_FAILPOINT is the name of a place, a colon and how often it is passed
// before the process kills itself there: "sent:3". With KIRIM_FAILPOINT_SIGNAL=STOP it
// is stopped instead, once, and goes on when it is continued.
var failpointPlan = sync.OnceValues(func() (name string, left *int) {
	name, count, _ := strings.Cut(os.Getenv("KIRIM_FAILPOINT"), ":")
	n, _ := strconv.Atoi(count)
	return name, &n
})

var failpointLock sync.Mutex

func failpoint(name string) {
	failpointLock.Lock()
	defer failpointLock.Unlock()
	planned, left := failpointPlan()
	if planned != name {
		return
	}
	*left--
	switch {
	case *left >= 0:
	case os.Getenv("KIRIM_FAILPOINT_SIGNAL") != "STOP":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // it is dead before it goes on
	case *left == -1:
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
}

// riverClock is fast by KIRIM_CLOCK_SKEW, a duration.
func riverClock() rivertype.TimeGenerator {
	skew, _ := time.ParseDuration(os.Getenv("KIRIM_CLOCK_SKEW"))
	if skew == 0 {
		return nil
	}
	return skewedClock(skew)
}

func hostNow() time.Time {
	if clock := riverClock(); clock != nil {
		return clock.Now()
	}
	return time.Now()
}

type skewedClock time.Duration

func (c skewedClock) Now() time.Time { return time.Now().Add(time.Duration(c)) }

// NowOrNil is nil, as that of River's own clock: where it can, River uses the
// database's.
func (c skewedClock) NowOrNil() *time.Time { return nil }
