package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A worker that is stopped for longer than its lease, and then goes on as if nothing
// had been: the lanes are others' by then.
func TestAWorkerThatIsStoppedPastItsLeaseDoesNoHarm(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("skipped, as it reads from Linux's /proc whether a process is stopped")
	}
	for _, system := range []system{systemKirim, systemCloudAPI} {
		t.Run(string(system), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plan{System: system})
			stopFaults := r.injectFaults()
			r.startWorker()
			r.startWorker()
			enqueuer := r.startEnqueuer(enqueuePlan{PerSecond: 30})
			// One for each place, so that each is stopped exactly there, and one anywhere.
			for range max(1, *tenths/2) {
				stopped := []*process{r.startWorker()}
				for _, place := range failpoints {
					stopped = append(stopped, r.startWorker("KIRIM_FAILPOINT="+place+":2", "KIRIM_FAILPOINT_SIGNAL=STOP"))
				}
				// All are watched at once: what is in doubt depends on when each stopped.
				var watches sync.WaitGroup
				for _, p := range stopped {
					watches.Go(func() {
						if !p.isStoppedWithin(30 * time.Second) {
							t.Errorf("%s did not stop: %v\n%s", p.name, p.cmd.ProcessState, p.stderr)
						}
					})
				}
				time.Sleep(time.Second)
				stopped[0].stop()
				watches.Wait()
				time.Sleep(r.plan.Lease + 2*time.Second)
				for _, p := range stopped {
					_ = p.cmd.Process.Signal(syscall.SIGCONT)
				}
				time.Sleep(time.Second)
				for _, p := range stopped {
					p.end(t)
				}
			}
			enqueuer.end(t)
			stopFaults()
			r.finish(2 * time.Minute)
		})
	}
}

func (p *process) stop() { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }

// isStoppedWithin reports whether the process stops in that time, and notes when.
func (p *process) isStoppedWithin(d time.Duration) bool {
	for deadline := time.Now().Add(d); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		if err != nil {
			return false
		}
		if _, state, found := strings.Cut(string(stat), ") "); found && strings.HasPrefix(state, "T") {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.stoppedAt = time.Now()
			return true
		}
	}
	return false
}
