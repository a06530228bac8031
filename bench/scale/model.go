package main

import (
	"math"
	"slices"
)

const day = 86_400.0 // seconds

// plan is what a load is sent through.
type plan struct {
	account   float64 // messages a second that the account may send
	numbers   int
	number    float64 // messages a second of each number
	workers   int
	every     float64 // seconds between two looks of the workers for jobs
	nodeCores int
	dbCores   int
	databases int
	handlers  int // of webhooks, at the same time
	// grain is how many messages one of the simulation stands for: each takes as many times
	// as long. Backlogs stay what they are; waits shorter than a send are too long.
	grain float64
}

// result is what a simulation has seen.
type result struct {
	arrived, sent int
	waits         []float64 // seconds from enqueuing until the message is accepted
	hooks         []float64 // seconds from the arrival of an event until it is handled
	backlog       int       // at its longest
	use           map[string]float64
}

// simulate sends a load that arrives at a rate for a time, and drains nothing after it.
func simulate(c costs, p plan, seconds, highest float64, rate func(t float64) float64) *result {
	s := newSimulation(1)
	r := &result{use: make(map[string]float64)}
	grain := max(1, p.grain)
	node := &pool{sim: s, servers: p.nodeCores}
	workers := &pool{sim: s, servers: p.workers, every: p.every}
	handlers := &pool{sim: s, servers: p.handlers}
	var databases []*pool
	for range p.databases {
		databases = append(databases, &pool{sim: s, servers: p.dbCores})
	}
	account := &bucket{sim: s, rate: p.account / grain, capacity: max(1, p.account*60/grain)}
	var numbers []*bucket
	for range p.numbers {
		numbers = append(numbers, &bucket{sim: s, rate: p.number / grain, capacity: max(1, p.number/grain)})
	}
	hear := func(db *pool) {
		at := s.now
		handlers.acquire(func() {
			node.serve(c.fact.own*grain, func() {
				db.serve(c.fact.database*grain, func() {
					s.after(c.fact.commits/2*fsync*grain, func() {
						handlers.release()
						r.hooks = append(r.hooks, s.now-at)
					})
				})
			})
		})
	}
	send := func(at float64, db *pool) {
		workers.acquire(func() {
			db.serve(c.one.database/2*grain, func() { // claim
				s.after((fsync+s.lognormal(latencyMedian, latencyP99))*grain, func() {
					node.serve(c.one.own*grain, func() {
						db.serve(c.one.database/2*grain, func() { // record
							s.after(fsync*grain, func() {
								workers.release()
								r.sent++
								r.waits = append(r.waits, s.now-at)
								for range int(facts) {
									s.after(s.exponential(2), func() { hear(db) })
								}
								if s.random.Float64() < replies {
									s.after(s.exponential(60), func() { hear(db) })
								}
							})
						})
					})
				})
			})
		})
	}
	s.arrivals(highest/grain, seconds, func(t float64) float64 { return rate(t) / grain }, func() {
		at, db := s.now, databases[r.arrived%len(databases)]
		number := numbers[r.arrived%len(numbers)]
		r.arrived++
		db.serve(c.enqueue.database*grain, func() {
			account.take(func() { number.take(func() { send(at, db) }) })
		})
		r.backlog = max(r.backlog, r.arrived-r.sent)
	})
	s.run(seconds)
	r.use["workers"], r.use["nodes"], r.use["webhook handlers"] = workers.utilisation(), node.utilisation(), handlers.utilisation()
	for _, db := range databases {
		r.use["PostgreSQL"] = max(r.use["PostgreSQL"], db.utilisation())
	}
	sent := float64(r.sent) * grain / seconds
	r.use["account"], r.use["numbers"] = sent/p.account, sent/(p.number*float64(p.numbers))
	return r
}

// busiest is the part that is used most.
func (r *result) busiest() (part string, use float64) {
	for _, name := range []string{"account", "numbers", "workers", "nodes", "PostgreSQL", "webhook handlers"} {
		if r.use[name] > use {
			part, use = name, r.use[name]
		}
	}
	return part, use
}

// quantile returns a quantile of times.
func quantile(times []float64, q float64) float64 {
	if len(times) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// curve is the rate at a time of a day, with its peak at noon.
func curve(perDay float64) func(t float64) float64 {
	average := perDay / day
	return func(t float64) float64 {
		return average * peakFactor * math.Pow((1-math.Cos(2*math.Pi*t/day))/2, curvePower)
	}
}

// curvePower makes the average of the curve 1/3 of its peak.
const curvePower = 2.605

// meanLatency is that of the log-normal latency.
func meanLatency() float64 {
	sigma := math.Log(latencyP99/latencyMedian) / 2.326
	return latencyMedian * math.Exp(sigma*sigma/2)
}

// held is how long a message keeps a worker, in seconds.
func (c costs) held() float64 { return meanLatency() + 2*fsync + c.one.own + c.one.database }

// perMessage is what a message takes of a processor, with its webhooks.
func (c costs) perMessage() (node, database float64) {
	events := facts + replies
	return c.one.own + events*c.fact.own, c.enqueue.database + c.one.database + events*c.fact.database
}

// commitsPerMessage and walPerMessage are those of a message with its webhooks.
func (c costs) commitsPerMessage() float64 {
	return c.enqueue.commits + c.one.commits + (facts+replies)*c.fact.commits
}

func (c costs) walPerMessage() float64 {
	return c.enqueue.wal + c.one.wal + (facts+replies)*c.fact.wal
}

// sized is a plan that carries the peak of so many messages a day.
func (c costs) sized(perDay float64) plan {
	peak := perDay / day * peakFactor
	node, database := c.perMessage()
	up := func(x float64) int { return max(1, int(math.Ceil(x))) }
	cores := up(peak * database / target)
	databases := up(max(float64(cores)/databaseCores, peak*c.commitsPerMessage()/databaseCommits))
	return plan{
		account: peak / 0.9, numbers: up(peak / 0.9 / numberRate), number: numberRate,
		workers: up(peak * c.held() / workerUse), nodeCores: up(peak * node / target),
		databases: databases, dbCores: up(float64(cores) / float64(databases)),
		handlers: up(peak * (facts + replies) * (c.fact.own + c.fact.database + fsync) / 0.3),
	}
}

const (
	workerUse       = 0.7    // of the workers at the peak
	databaseCores   = 16.0   // of the largest PostgreSQL
	databaseCommits = 10_000 // a second, of one PostgreSQL
	processWorkers  = 64
)

// oneOfEach is what a program begins with.
func oneOfEach() plan {
	return plan{account: accountPro, numbers: 1, number: numberRate, workers: 16, nodeCores: 2, databases: 1, dbCores: 2, handlers: 16}
}

// waitOfMMC is the mean wait in an M/M/c queue (Erlang C), in which each server does mu a
// second.
func waitOfMMC(lambda, mu float64, servers int) float64 {
	load := lambda / mu
	term, sum := 1.0, 0.0
	for k := range servers {
		sum += term
		term *= load / float64(k+1)
	}
	queued := term * float64(servers) / (float64(servers) - load)
	return queued / (sum + queued) / (float64(servers)*mu - lambda)
}

// benchmarkRate is the rate at which the machine of bench/OUTBOX.md works a queue that is full: the
// process, PostgreSQL and the sandbox share its cores, of which other programs leave so
// many. Jobs are taken in batches of as many as there are workers, every 20 ms.
func benchmarkRate(c cost, cores float64, perJob int) float64 {
	const jobs = 5000
	s := newSimulation(1)
	workers := &pool{sim: s, servers: processWorkers, every: 0.020}
	connections := &pool{sim: s, servers: 16}
	machine := &pool{sim: s, servers: 2}
	slow := 2 / cores
	done, last := 0, 0.0
	for range jobs / perJob {
		workers.acquire(func() {
			left := perJob
			var next func()
			finish := func() {
				done, last = done+perJob, s.now
				workers.release()
			}
			next = func() {
				machine.serve((c.own+c.http)*slow, func() {
					if left--; left > 0 {
						next()
						return
					}
					connections.acquire(func() {
						machine.serve(c.database*float64(perJob)*slow, func() {
							s.after(c.commits/2*fsync, func() { connections.release(); finish() })
						})
					})
				})
			}
			next()
		})
	}
	s.run(math.Inf(1))
	return float64(done) / last
}
