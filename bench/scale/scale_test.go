package main

import (
	"math"
	"os"
	"testing"
)

const page = "../../docs/scale.md"

func TestTheTablesOfThePageAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	c, err := readCosts()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	now, err := replaceTables(text, c.tables())
	if err != nil {
		t.Fatal(err)
	}
	if string(now) != string(text) {
		t.Errorf("%s has other tables: run go run ./scale -write ../docs/scale.md in bench/", page)
	}
}

func TestAPageWithoutAPlaceForATableIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := replaceTables([]byte("<!-- scale: one -->\n<!-- end -->"), map[string]string{"one": "1\n", "two": "2\n"}); err == nil {
		t.Error("there is no error")
	}
	text, err := replaceTables([]byte("a\n<!-- scale: one -->\nold\n<!-- end -->\nb"), map[string]string{"one": "1\n"})
	if want := "a\n<!-- scale: one -->\n1\n<!-- end -->\nb"; err != nil || string(text) != want {
		t.Errorf("got %q, %v, want %q", text, err, want)
	}
}

func TestAllInputsAreThere(t *testing.T) {
	t.Parallel()
	c, err := readCosts()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.figures() {
		if f.Value <= 0 || math.IsNaN(f.Value) || f.From == "" {
			t.Errorf("got %+v", f)
		}
	}
	for name, one := range map[string]cost{"no-op": c.noop, "lanes of one": c.one, "lanes of ten": c.ten} {
		if one.own <= 0 || one.database <= 0 {
			t.Errorf("%s: got %+v", name, one)
		}
	}
}

// The queues of the simulation are those of Erlang: customers at random times, with
// random times of service.
func TestThePoolsWaitAsQueueingTheorySays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		servers int
		load    float64 // of each server
	}{
		{"one server, half of it used", 1, 0.5},
		{"one server, nearly all of it used", 1, 0.8},
		{"four servers", 4, 0.8},
		{"16 workers, nine of ten used", 16, 0.9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const customers = 300_000
			s := newSimulation(7)
			p := &pool{sim: s, servers: tt.servers}
			lambda := tt.load * float64(tt.servers)
			waited, served := 0.0, 0
			s.arrivals(lambda, customers/lambda, func(float64) float64 { return lambda }, func() {
				at := s.now
				p.acquire(func() {
					waited += s.now - at
					served++
					s.after(s.exponential(1), p.release)
				})
			})
			s.run(math.Inf(1))
			got, want := waited/float64(served), waitOfMMC(lambda, 1, tt.servers)
			if math.Abs(got/want-1) > 0.05 {
				t.Errorf("the mean wait is %.4f, and %.4f by Erlang C", got, want)
			}
			// Little's law: what is in service is the rate times the time of service.
			if use := p.utilisation(); math.Abs(use/tt.load-1) > 0.02 {
				t.Errorf("%.3f of the servers is used, want %.3f", use, tt.load)
			}
		})
	}
}

func TestABucketLetsItsRateThrough(t *testing.T) {
	t.Parallel()
	s := newSimulation(1)
	b := &bucket{sim: s, rate: 10, capacity: 600}
	through := 0
	s.arrivals(50, 1000, func(float64) float64 { return 50 }, func() { b.take(func() { through++ }) })
	s.run(1000)
	if through < 9_990 || through > 10_010 {
		t.Errorf("%d came through in 1,000 s at 10 a second", through)
	}
}

func TestTheCurveOfADayHasItsPeakFactor(t *testing.T) {
	t.Parallel()
	rate, sum := curve(day), 0.0
	for second := range int(day) {
		sum += rate(float64(second))
	}
	if math.Abs(sum/day-1) > 0.01 || math.Abs(rate(day/2)-peakFactor) > 1e-9 {
		t.Errorf("a day has %.3f of its messages, with a peak of %.3f", sum/day, rate(day/2))
	}
}

// One number is fitted: how much of the two cores the run of bench/OUTBOX.md had, by its
// lanes of one. The other rates are those of the model. Its row of 5,000 messages in lanes
// of ten is not compared: it ends within 2 seconds, of which the start takes a part.
func TestTheModelAgreesWithTheBenchmark(t *testing.T) {
	t.Parallel()
	c, err := readCosts()
	if err != nil {
		t.Fatal(err)
	}
	const ones = 1111 // messages a second, OUTBOX.md of 2026-11-28
	cores := 2.0
	for range 30 { // what is left of the cores, until the rate is that of the run
		cores *= ones / benchmarkRate(c.one, cores, 1)
	}
	if cores > 2 || cores < 0.5 {
		t.Errorf("the run had %.2f of two cores", cores)
	}
	for _, tt := range []struct {
		name   string
		of     cost
		perJob int
		want   float64
	}{
		{"100,000 messages in lanes of ten", c.ten, 10, 3736},
		{"River's no-op jobs", c.noop, 1, 3088},
	} {
		got := benchmarkRate(tt.of, cores, tt.perJob)
		t.Logf("%s: %.0f/s by the model, %.0f/s measured, with %.2f cores", tt.name, got, tt.want, cores)
		if math.Abs(got/tt.want-1) > 0.15 {
			t.Errorf("%s: %.0f/s by the model, %.0f/s measured", tt.name, got, tt.want)
		}
	}
}

func TestWhatIsNeededCarriesThePeak(t *testing.T) {
	t.Parallel()
	c, err := readCosts()
	if err != nil {
		t.Fatal(err)
	}
	for _, perDay := range scales[2:4] {
		peak := perDay / day * peakFactor
		r := simulate(c, c.sized(perDay), max(20, 5000/peak), peak, func(float64) float64 { return peak })
		if part, use := r.busiest(); use > 0.97 {
			t.Errorf("%.0f a day: %s is used by %.2f", perDay, part, use)
		}
		if p99 := quantile(r.waits, 0.99); p99 > 3 {
			t.Errorf("%.0f a day: a message waits %.1f s at p99", perDay, p99)
		}
	}
}

func TestAnAccountTooSmallLeavesABacklog(t *testing.T) {
	t.Parallel()
	c, err := readCosts()
	if err != nil {
		t.Fatal(err)
	}
	p := oneOfEach()
	p.grain = 100
	r := simulate(c, p, day, 2e6/day*peakFactor, curve(2e6))
	// 10 a second are 864,000 a day, some of it before there are messages.
	if sent := float64(r.sent) * p.grain; sent > 870_000 || sent < 600_000 {
		t.Errorf("%.0f messages were sent", sent)
	}
}
