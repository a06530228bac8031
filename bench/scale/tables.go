package main

import (
	"fmt"
	"math"
	"strings"
)

// scales are messages a day.
var scales = []float64{10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// tables renders the tables of docs/scale.md, by name.
func (c costs) tables() map[string]string {
	return map[string]string{
		"inputs": c.inputs(), "carries": c.carries(), "little": c.little(), "million": c.million(),
		"needs": c.needs(), "times": c.times(), "simulated": c.simulated(),
	}
}

// table renders a table whose first column is text.
func table(head []string, rows [][]string) string {
	var text strings.Builder
	line := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	text.WriteString("|---|" + strings.Repeat("--:|", len(head)-1) + "\n")
	for _, row := range rows {
		line(row)
	}
	return text.String()
}

// number writes a number with two significant digits, and commas.
func number(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 1:
		return fmt.Sprintf("%.2g", x)
	case x < 10:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0")
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-1)
	return grouped(int(math.Round(x/unit) * unit))
}

// grouped writes a whole number with commas.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func percent(x float64) string {
	if x > 0 && x < 0.005 {
		return "< 1 %"
	}
	return fmt.Sprintf("%.0f %%", x*100)
}

func (c costs) inputs() string {
	var rows [][]string
	for _, f := range c.figures() {
		kind := "measured"
		if f.Assumed {
			kind = "assumed"
		}
		rows = append(rows, []string{f.Name, number(f.Value), f.Unit, kind, f.From})
	}
	head := "| Input | Value | Unit | | From |\n|---|--:|---|---|---|\n"
	var text strings.Builder
	text.WriteString(head)
	for _, row := range rows {
		fmt.Fprintf(&text, "| %s |\n", strings.Join(row, " | "))
	}
	return text.String()
}

// carries is what one of each part carries.
func (c costs) carries() string {
	node, database := c.perMessage()
	rows := [][]string{}
	add := func(name string, rate float64) {
		rows = append(rows, []string{name, number(rate), number(rate * day), number(rate * day / peakFactor)})
	}
	add("an account on the plan free, 60 a minute", 1)
	add("an account on the plan pro, 600 a minute", accountPro)
	add("a number, 80 a second", numberRate)
	add("a number that is eligible, 1,000 a second", numberBest)
	add("the 16 workers that a process has for `transactional`", 16/c.held())
	add("64 workers of one class", processWorkers/c.held())
	add(fmt.Sprintf("a node of %.0f cores, webhooks included", nodeCores), nodeCores*target/node)
	for _, cores := range []float64{2, 4, 16} {
		add(fmt.Sprintf("PostgreSQL with %.0f cores, webhooks included", cores), cores*target/database)
	}
	add("PostgreSQL with 10,000 commits a second", databaseCommits/c.commitsPerMessage())
	add("a Redis as deduper", redisElements/(facts+replies))
	return table([]string{"One", "messages a second", "a day, at that rate all day", fmt.Sprintf("a day with a peak of %.0f times", peakFactor)}, rows)
}

// little is how many workers a rate needs, by latency.
func (c costs) little() string {
	rows := [][]string{}
	for _, rate := range []float64{1, accountPro, numberRate, numberBest, 3472} {
		row := []string{number(rate)}
		for _, latency := range []float64{0.1, meanLatency(), 1, 3} {
			row = append(row, grouped(int(math.Ceil(rate*(latency+2*fsync+c.one.own+c.one.database)/workerUse))))
		}
		rows = append(rows, row)
	}
	return table([]string{"messages a second", "100 ms", fmt.Sprintf("%.0f ms", meanLatency()*1000), "1 s", "3 s"}, rows)
}

// million is what a million messages leave and cost.
func (c costs) million() string {
	rows := [][]string{}
	total := 0.0
	for _, name := range []string{"kirim_message", "kirim_lane", "river_job"} {
		rows = append(rows, []string{"`" + name + "`, MB", number(c.heap[name]), number(c.indexes[name]), number(c.heap[name] + c.indexes[name])})
		total += c.heap[name] + c.indexes[name]
	}
	rows = append(rows, []string{"together, MB", "", "", number(total)})
	sizes := table([]string{"Table", "rows", "indexes", "together"}, rows)
	events := facts + replies
	node, database := c.perMessage()
	rows = [][]string{
		{"WAL to enqueue, GB", number(c.enqueue.wal / 1e3)},
		{"WAL to send, GB", number(c.one.wal / 1e3)},
		{"WAL of the webhooks, GB", number(events * c.fact.wal / 1e3)},
		{"commits, million", number(c.commitsPerMessage())},
		{"events of webhooks, million", number(events)},
		{"hours of a processor of PostgreSQL", number(database * 1e6 / 3600)},
		{"hours of a processor of the nodes", number(node * 1e6 / 3600)},
	}
	return sizes + "\n" + table([]string{"A million messages take", ""}, rows)
}

// needs is what each scale needs.
func (c costs) needs() string {
	head := []string{"messages a day"}
	lines := [][]string{
		{"average, a second"}, {"peak, a second"}, {"write limit of the accounts, a minute"}, {"numbers, 80 a second each"}, {"workers"}, {"processes of 64 workers"},
		{"cores of the nodes"}, {"cores of PostgreSQL"}, {"commits a second"}, {"PostgreSQL servers, 16 cores and 10,000 commits each"}, {"WAL, MB a second"}, {"events of webhooks a second"},
		{"handlers of webhooks, at once"}, {"messages kept, 90 days, GB"}, {"jobs kept, 1 day, GB"}, {"elements in the deduper, million"}, {"memory of Redis for them, GB"},
	}
	for _, perDay := range scales {
		p := c.sized(perDay)
		peak := perDay / day * peakFactor
		events := facts + replies
		head = append(head, grouped(int(perDay)))
		for i, value := range []float64{
			perDay / day, peak, p.account * 60, float64(p.numbers), float64(p.workers), math.Ceil(float64(p.workers) / processWorkers),
			float64(p.nodeCores), float64(p.dbCores * p.databases), peak * c.commitsPerMessage(), float64(p.databases), peak * c.walPerMessage() / 1e6, peak * events,
			float64(p.handlers), perDay * keepMessages * (c.heap["kirim_message"] + c.indexes["kirim_message"]) / 1e9, perDay * keepJobs * (c.heap["river_job"] + c.indexes["river_job"]) / 1e9,
			perDay * events * dedupeDays / 1e6, perDay * events * dedupeDays * redisBytes / 1e9,
		} {
			lines[i] = append(lines[i], number(value))
		}
	}
	return table(head, lines)
}

// times is how much of one of each part the peak of each scale takes.
func (c costs) times() string {
	node, database := c.perMessage()
	small := oneOfEach()
	rows := [][]string{}
	parts := []struct {
		name string
		rate float64
	}{
		{"account on pro", small.account}, {"one number", small.number}, {"16 workers", float64(small.workers) / c.held()},
		{"PostgreSQL, 2 cores", 2 * target / database}, {"node, 2 cores", nodeCores * target / node}, {"10,000 commits a second", databaseCommits / c.commitsPerMessage()},
		{"one Redis", redisElements / (facts + replies)},
	}
	head := []string{"Peak at"}
	for _, p := range parts {
		head = append(head, p.name)
	}
	for _, perDay := range scales {
		row := []string{grouped(int(perDay)) + " a day"}
		for _, p := range parts {
			times := perDay / day * peakFactor / p.rate
			if times < 1 {
				row = append(row, percent(times))
			} else {
				row = append(row, "**× "+number(times)+"**")
			}
		}
		rows = append(rows, row)
	}
	return table(head, rows)
}

// simulated is a day with one of each, and the peak with what is needed.
func (c costs) simulated() string {
	rows := [][]string{}
	for _, perDay := range scales {
		small := oneOfEach()
		small.grain = max(1, perDay/simulatedMessages)
		all := simulate(c, small, day, perDay/day*peakFactor, curve(perDay))
		part, use := all.busiest()
		p := c.sized(perDay)
		peak := perDay / day * peakFactor
		// Long enough for some thousand messages.
		busy := simulate(c, p, max(20, 5000/peak), peak, func(float64) float64 { return peak })
		most, of := busy.busiest()
		rows = append(rows, []string{
			grouped(int(perDay)), percent(float64(all.sent) / float64(all.arrived)), number(float64(all.backlog) * small.grain), part + ", " + percent(use),
			fmt.Sprintf("%.1f s", quantile(busy.waits, 0.5)), fmt.Sprintf("%.1f s", quantile(busy.waits, 0.99)),
			fmt.Sprintf("%.0f ms", quantile(busy.hooks, 0.99)*1000), most + ", " + percent(of),
		})
	}
	return table([]string{
		"messages a day", "one of each: sent by midnight", "longest backlog", "used most", "as needed, at the peak: median until accepted", "p99", "p99 of a webhook", "used most",
	}, rows)
}

// simulatedMessages is how many messages a simulated day has at most.
const simulatedMessages = 20_000
