package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// measuredFile has the figures of campaigns, also for the model in bench/scale.
const measuredFile = "scale/measured.json"

// measured is what campaigns measure.
type measured struct {
	Date, Postgres, Go string
	Cores              int
	Campaign           *course   // of a million messages
	Vacuums            []*course // of fewer, under several settings of autovacuum
	Costs              []cost
}

func readMeasured() (m measured, err error) {
	data, err := os.ReadFile(measuredFile)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &m) //nolint:musttag // the names are those of the fields
	}
	return m, err
}

func (m *measured) write() error {
	data, err := json.Marshal(m) //nolint:musttag // likewise
	if err != nil {
		return err
	}
	if err := os.WriteFile(measuredFile, append(data, '\n'), 0o644); err != nil { //nolint:gosec // for all to read
		return err
	}
	return os.WriteFile("CAMPAIGN.md", []byte(m.markdown()), 0o644) //nolint:gosec // likewise
}

func (m *measured) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# A campaign of a million messages\n\nMeasured on %s by `make bench-campaign`, which writes this page and [the figures](%s): %d cores,\n%s, %s, started for the measurement with the settings that initdb gives.\n",
		m.Date, measuredFile, m.Cores, m.Go, m.Postgres)
	if m.Campaign != nil {
		m.Campaign.markdown(&text)
	}
	if len(m.Vacuums) > 0 {
		markdownVacuums(&text, m.Vacuums)
	}
	if len(m.Costs) > 0 {
		markdownCosts(&text, m.Costs)
	}
	return text.String()
}

func (c *course) markdown(text *strings.Builder) {
	fmt.Fprintf(text, `
%s messages of the class marketing, one to each recipient, are enqueued by four callers in transactions of %s (%.0f/s, %.0f bytes of WAL each),
then sent by one process with %d workers and %d connections to a server on loopback that accepts everything. After each 2 %%
the process is stopped, and a control runs: %d messages in new tables of the same server. It shows what the machine does with its load of the
moment; the ratio of the two shows what the growth of the tables costs. Figures of a decile are medians of its five parts.

| Sent | messages/s | control | ratio | WAL bytes each | CPU of the process, us each | of PostgreSQL, us each | autovacuum runs |
|--:|--:|--:|--:|--:|--:|--:|--:|
`, grouped(c.Messages), grouped(campaignPage), c.EnqueueRate, float64(c.EnqueueWAL)/float64(c.Messages), campaignWorkers, connections, controlSize)
	perDecile := len(c.Slices) / 10
	for decile := range 10 {
		part := c.Slices[decile*perDecile : (decile+1)*perDecile]
		of := func(field func(slice) float64) float64 { return medianOf(part, field) }
		fmt.Fprintf(text, "| %d %% | %.0f | %.0f | %.2f | %.0f | %.0f | %.0f | %d |\n", (decile+1)*10, of(slice.rate), of(func(s slice) float64 { return s.Control }), of(slice.ratio),
			of(slice.wal), of(slice.senderCPU), of(slice.serverCPU), part[perDecile-1].Autovacuum)
	}
	fmt.Fprintf(text, `
- The rate at the end, relative to the control, is %.2f of that at the start (goal: ≥ 0.95): the median of the slopes between all pairs of parts,
  as other programs use the machine, and single parts differ by a factor of two.
- By the same measure the time of the processors that a message takes at the end is %.2f of that at the start.
- All %s messages were sent. What webhooks say of %s of them (both ids, sent, delivered, read) was then recorded at %.0f events/s,
  with %.0f us of PostgreSQL and %.0f bytes of WAL each.

Sizes, in MB of a million bytes, with the rows that are dead as PostgreSQL counts them:

| Sent |`, trend(c.Slices, slice.ratio), trend(c.Slices, func(s slice) float64 { return s.senderCPU() + s.serverCPU() }),
		grouped(c.Messages), grouped(min(statusMessages, c.Messages)), c.Statuses.Rate, c.Statuses.ServerCPU, c.Statuses.WAL)
	for _, table := range busyTables {
		fmt.Fprintf(text, " %s: heap | indexes | dead |", table)
	}
	text.WriteString("\n|--:|" + strings.Repeat("--:|", 3*len(busyTables)) + "\n")
	for i, sizes := range c.Sizes {
		fmt.Fprintf(text, "| %d %% |", i*10)
		for _, s := range sizes {
			fmt.Fprintf(text, " %.0f | %.0f | %s |", float64(s.Heap)/1e6, float64(s.Indexes)/1e6, grouped(int(s.Dead)))
		}
		text.WriteString("\n")
	}
}

// markdownVacuums compares settings of autovacuum.
func markdownVacuums(text *strings.Builder, courses []*course) {
	fmt.Fprintf(text, `
## Autovacuum

%s messages under each setting, in tables of their own in one server, a part of each in turn. "default" is what initdb gives, "off" is autovacuum_enabled = false,
"eager" is %s, each for %s.

| Setting | rate, of the control | second half, of the first | CPU of PostgreSQL, us each | WAL bytes each | autovacuum runs | dead rows | heap, MB | indexes, MB |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
`, grouped(courses[0].Messages), vacuums[len(vacuums)-1].storage, strings.Join(busyTables, ", "))
	for _, c := range courses {
		var dead, heap, indexes int64
		for _, s := range c.Sizes[len(c.Sizes)-1] {
			dead, heap, indexes = dead+s.Dead, heap+s.Heap, indexes+s.Indexes
		}
		half := len(c.Slices) / 2
		fmt.Fprintf(text, "| %s | %.2f | %.2f | %.0f | %.0f | %d | %s | %.0f | %.0f |\n", c.Vacuum, medianOf(c.Slices, slice.ratio),
			medianOf(c.Slices[half:], slice.ratio)/medianOf(c.Slices[:half], slice.ratio),
			medianOf(c.Slices, slice.serverCPU), medianOf(c.Slices, slice.wal), c.Slices[len(c.Slices)-1].Autovacuum, grouped(int(dead)), float64(heap)/1e6, float64(indexes)/1e6)
	}
	text.WriteString("\nAs each is idle while the others send, autovacuum comes around more often here, for so many messages, than in a campaign of its own.\n")
}

func markdownCosts(text *strings.Builder, costs []cost) {
	text.WriteString(`
## What one costs

Medians of interleaved rounds in new tables; what sends is another process than the sandbox. Time of the processors changes little with what else the machine
does, rates do.

| One | a second | CPU of the process, us | of the sandbox, us | of PostgreSQL, us | commits | WAL bytes |
|---|--:|--:|--:|--:|--:|--:|
`)
	for _, c := range costs {
		fmt.Fprintf(text, "| %s | %.0f | %.0f | %.0f | %.0f | %.2f | %.0f |\n", c.Of, c.Rate, c.OwnCPU, c.HTTPCPU, c.ServerCPU, c.Commits, c.WAL)
	}
}

func (s slice) rate() float64      { return float64(s.Messages) / s.Seconds }
func (s slice) ratio() float64     { return s.rate() / s.Control }
func (s slice) wal() float64       { return float64(s.WAL) / float64(s.Messages) }
func (s slice) senderCPU() float64 { return s.SenderCPU / float64(s.Messages) * 1e6 }
func (s slice) serverCPU() float64 { return s.ServerCPU / float64(s.Messages) * 1e6 }

func medianOf(list []slice, field func(slice) float64) float64 {
	values := make([]float64, len(list))
	for i, s := range list {
		values[i] = field(s)
	}
	return median(values)
}

// trend returns the end of a line through the values, relative to its beginning. The slope
// is the median of the slopes between all pairs (Theil and Sen).
func trend(list []slice, field func(slice) float64) float64 {
	var slopes []float64
	for i := range list {
		for j := range i {
			slopes = append(slopes, (field(list[i])-field(list[j]))/float64(i-j))
		}
	}
	rise := median(slopes) * float64(len(list)-1)
	middle := medianOf(list, field)
	return (middle + rise/2) / (middle - rise/2)
}

// grouped writes a number with commas.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
