package main

import (
	"testing"
	"time"
)

func TestADatabaseThatIsKilledAndAwayLosesNothing(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	r := newRig(t, plan{Postgres: server.url()})
	stopFaults := r.injectFaults()
	for range 3 {
		r.startWorker()
	}
	enqueuer := r.startEnqueuer(enqueuePlan{PerSecond: 20})
	outages := []time.Duration{0, 0, time.Duration(max(10, 6**tenths)) * time.Second}
	for _, outage := range outages {
		time.Sleep(2 * time.Second)
		server.kill()
		time.Sleep(outage)
		if err := server.start(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Second)
	enqueuer.end(t)
	stopFaults()
	r.finish(3 * time.Minute)
	t.Logf("the server was killed %d times; its longest absence was %v", len(outages), outages[len(outages)-1])
}

func TestWorkersWhoseClocksAreTenMinutesOffDoNoHarm(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{})
	stopFaults := r.injectFaults()
	skews := []string{"KIRIM_CLOCK_SKEW=10m", "KIRIM_CLOCK_SKEW=-10m", "KIRIM_CLOCK_SKEW=0s"}
	workers := make([]*process, len(skews))
	for i, skew := range skews {
		workers[i] = r.startWorker(skew)
	}
	enqueuer := r.startEnqueuer(enqueuePlan{PerSecond: 20})
	for i := range 3 * *tenths {
		time.Sleep(time.Second)
		workers[i%3].kill()
		workers[i%3] = r.startWorker(skews[i%3])
	}
	enqueuer.end(t)
	stopFaults()
	r.finish(2 * time.Minute)
}
