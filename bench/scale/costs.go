package main

import (
	_ "embed"
	"encoding/json"
)

// figure is a number that the model uses, and where it comes from: a command in bench/ that
// measures it, or the reason to assume it.
type figure struct {
	Name    string
	Value   float64
	Unit    string
	From    string
	Assumed bool
}

// measuredJSON is what make bench-campaign has measured.
//
//go:embed measured.json
var measuredJSON []byte

// measured is the part of measured.json that the model uses.
type measured struct {
	Campaign struct {
		Messages   int
		EnqueueWAL float64
		Slices     []struct{ Messages, WAL float64 }
		Sizes      [][]struct {
			Table                     string
			Live, Dead, Heap, Indexes float64
		}
		Statuses struct{ ServerCPU, WAL, Commits, OwnCPU float64 }
	}
	Costs []struct {
		Of                                             string
		Rate, OwnCPU, HTTPCPU, ServerCPU, Commits, WAL float64
	}
}

// costs are the inputs of the model: seconds of a processor, bytes and commits.
type costs struct {
	noop, one, ten, enqueue, fact cost
	heap, indexes                 map[string]float64 // bytes of a message, by table
}

type cost struct{ own, http, database, commits, wal float64 }

// readCosts reads measured.json.
func readCosts() (costs, error) {
	var m measured
	if err := json.Unmarshal(measuredJSON, &m); err != nil { //nolint:musttag // the names are those of the fields
		return costs{}, err
	}
	c := costs{heap: make(map[string]float64), indexes: make(map[string]float64)}
	into := map[string]*cost{
		"a no-op job of River": &c.noop, "a message, a lane each": &c.one, "a message, lanes of ten": &c.ten,
		"an enqueue, 50 in a transaction": &c.enqueue, "an event of a webhook": &c.fact,
	}
	for _, one := range m.Costs {
		if to := into[one.Of]; to != nil {
			*to = cost{one.OwnCPU / 1e6, one.HTTPCPU / 1e6, one.ServerCPU / 1e6, one.Commits, one.WAL}
		}
	}
	// What a large table costs counts, where it was measured: full pages in the WAL, above all.
	wal, sent := 0.0, 0.0
	for _, s := range m.Campaign.Slices {
		wal, sent = wal+s.WAL, sent+s.Messages
	}
	c.one.wal = wal / sent
	c.enqueue.wal = m.Campaign.EnqueueWAL / float64(m.Campaign.Messages)
	c.fact = cost{own: m.Campaign.Statuses.OwnCPU / 1e6, database: m.Campaign.Statuses.ServerCPU / 1e6, commits: m.Campaign.Statuses.Commits, wal: m.Campaign.Statuses.WAL}
	for _, t := range m.Campaign.Sizes[len(m.Campaign.Sizes)-1] {
		c.heap[t.Table], c.indexes[t.Table] = t.Heap/float64(m.Campaign.Messages), t.Indexes/float64(m.Campaign.Messages)
	}
	return c, nil
}

// Assumptions and measurements that are not in measured.json.
const (
	latencyMedian = 0.300 // seconds
	latencyP99    = 1.200
	fsync         = 0.002
	peakFactor    = 3.0
	replies       = 0.1 // of the messages
	facts         = 4.0 // events of a message: its two ids, sent, delivered, read
	numberRate    = 80.0
	numberBest    = 1000.0
	accountPro    = 600.0 / 60
	target        = 0.6 // of a processor, at the peak
	nodeCores     = 2.0
	redisElements = 28_000.0
	redisBytes    = 150.0
	dedupeDays    = 7
	keepBodies    = 7
	keepMessages  = 90
	keepJobs      = 1
)

// figures are all inputs, for the table of docs/scale.md.
func (c costs) figures() []figure {
	const campaign, costing = "`make bench-campaign`", "`make bench-campaign`, what one costs"
	us := func(seconds float64) float64 { return seconds * 1e6 }
	return []figure{
		{"processor of a node for a message", us(c.one.own), "µs", costing, false},
		{"processor of PostgreSQL for a message", us(c.one.database), "µs", costing, false},
		{"processor of PostgreSQL for an enqueue, 50 in a transaction", us(c.enqueue.database), "µs", costing, false},
		{"processor of a node for an event of a webhook, its signature aside", us(c.fact.own), "µs", campaign, false},
		{"processor of PostgreSQL for an event of a webhook", us(c.fact.database), "µs", campaign, false},
		{"commits of a message, and of an event", c.one.commits + c.fact.commits*facts, "of both, four events each", costing, false},
		{"WAL of a message, to enqueue and to send it", c.enqueue.wal + c.one.wal, "bytes", campaign, false},
		{"WAL of an event of a webhook", c.fact.wal, "bytes", campaign, false},
		{"`kirim_message`, rows and indexes", c.heap["kirim_message"] + c.indexes["kirim_message"], "bytes a message", campaign, false},
		{"`kirim_lane`, rows and indexes", c.heap["kirim_lane"] + c.indexes["kirim_lane"], "bytes a recipient", campaign, false},
		{"`river_job`, rows and indexes", c.heap["river_job"] + c.indexes["river_job"], "bytes a job, for a day", campaign, false},
		{"elements that one Redis claims and completes", redisElements, "a second", "the benchmark of stores/storeredis", false},
		{"memory of Redis for an element that was handled", redisBytes, "bytes for 7 days", "[stores](stores.md#redis)", false},
		{"latency of a send", latencyMedian * 1000, "ms, 1,200 ms at p99, log-normal", "measure yours: `Attempt` of `Config.Observers`", true},
		{"commit of PostgreSQL", fsync * 1000, "ms", "an SSD, or a replica in the same zone", true},
		{"peak of a day", peakFactor, "times its average", "a cosine over the day", true},
		{"events of a webhook", facts, "a message, each a delivery of its own", "its two ids, sent, delivered, read", true},
		{"replies of customers", replies, "of the messages", "campaigns get fewer, support gets more", true},
		{"throughput of a number at WhatsApp", numberRate, "messages a second, 1,000 for eligible numbers", "documented by Meta", true},
		{"write limit of an account at Kirim", accountPro * 60, "a minute on the plan pro, 60 on free, agreed on enterprise", "documented by Kirim", true},
		{"use of a processor that is planned for", target * 100, "% at the peak", "what is above it waits in queues", true},
		{"use of the workers that is planned for", workerUse * 100, "% at the peak", "likewise; of webhook handlers 30 %", true},
		{"commits that one PostgreSQL does", databaseCommits, "a second", "many connections share a write to the disk", true},
		{"processors of the largest PostgreSQL", databaseCores, "", "larger ones exist", true},
	}
}
