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
// before the process kills itself there: "sent:3".
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
	if *left--; *left < 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // it is dead before it goes on
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

type skewedClock time.Duration

func (c skewedClock) Now() time.Time { return time.Now().Add(time.Duration(c)) }
func (c skewedClock) NowOrNil() *time.Time {
	now := c.Now()
	return &now
}
