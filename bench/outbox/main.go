// Command outbox measures the outbox beside River's jobs, in one run, and writes
// OUTBOX.md. It runs in bench/ and needs PostgreSQL:
//
//	KIRIM_TEST_POSTGRES=postgres://postgres@127.0.0.1/test go run ./outbox
//
// All contenders of a group run in each round, so that they share the machine's
// moods; a figure is the median of the rounds. The server is a sandbox in the process that
// measures; those that send are processes of their own.
//
// A campaign is another measurement. It starts a PostgreSQL of its own, which has to be
// installed, takes half an hour for a million messages, and writes CAMPAIGN.md and
// scale/measured.json:
//
//	go run ./outbox -campaign 1000000
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

func main() {
	log.SetFlags(0)
	if os.Getenv(workerVariable) != "" {
		if err := work(context.Background()); err != nil {
			log.Fatal(err)
		}
		return
	}
	rounds := flag.Int("rounds", 5, "how often each is measured")
	messages := flag.Int("messages", 5_000, "in each measurement")
	many := flag.Int("many", 100_000, "messages for the memory of a process, and of the campaign beside one-time codes")
	codes := flag.Int("codes", 120, "one-time codes beside a campaign, one a second")
	only := flag.String("only", "", "a word that the names of what is measured have")
	campaign := flag.Int("campaign", 0, "messages of a campaign, which is measured in place of all else")
	phase := flag.String("phase", "", "with -campaign: measure campaign, vacuum or costs alone, and keep the other figures; page only writes CAMPAIGN.md again")
	lane := flag.Int("lane", 1, "with -campaign: messages to each recipient")
	flag.BoolVar(&printStatements, "statements", false, "with -campaign: print where the time of PostgreSQL goes; needs pg_stat_statements")
	flag.Parse()
	if *campaign > 0 {
		if err := measureCampaign(context.Background(), *campaign, *lane, *rounds, *messages, *phase); err != nil {
			log.Fatal(err)
		}
		return
	}
	b := &bench{url: os.Getenv("KIRIM_TEST_POSTGRES"), messages: *messages, many: *many, codes: *codes, rates: make(map[string][]float64)}
	parsed, err := url.Parse(b.url)
	if err != nil || b.url == "" {
		log.Fatal("set KIRIM_TEST_POSTGRES to the URL of a PostgreSQL server")
	}
	query := parsed.Query()
	query.Set("pool_max_conns", "16") // of each contender: so many commits share a write to disk
	parsed.RawQuery = query.Encode()
	b.url = parsed.String()
	if err := b.run(context.Background(), *rounds, *only); err != nil {
		log.Fatal(err)
	}
}

// bench is a run of the measurements.
type bench struct {
	url                   string
	messages, many, codes int
	rates                 map[string][]float64 // a second, by name, one of each round
	lines                 []string             // of what is no rate
}

// contender is what is measured in each round.
type contender struct {
	name string
	do   func(context.Context) (seconds float64, err error)
}

func (b *bench) run(ctx context.Context, rounds int, only string) error {
	for round := range rounds {
		for _, c := range b.contenders() {
			if !strings.Contains(c.name, only) {
				continue
			}
			seconds, err := c.do(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			rate := float64(b.messages) / seconds
			b.rates[c.name] = append(b.rates[c.name], rate)
			fmt.Printf("round %d  %-52s %8.0f/s\n", round+1, c.name, rate)
		}
	}
	for _, c := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"memory of 100,000", b.memory},
		{"one-time codes beside a campaign", b.codesBesideCampaign},
	} {
		if !strings.Contains(c.name, only) {
			continue
		}
		line, err := c.do(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Println(line)
		b.lines = append(b.lines, line)
	}
	if only != "" {
		return nil
	}
	return os.WriteFile("OUTBOX.md", []byte(b.markdown(rounds)), 0o644) //nolint:gosec // for all to read
}

// sandbox is a server that refuses nothing.
func sandbox() *kirimtest.Server {
	return kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Enterprise(100_000_000, 10_000_000)))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// markdown renders what was measured.
func (b *bench) markdown(rounds int) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# The outbox beside River\n\nMeasured on %s by `make bench-outbox`: %d messages, medians of %d interleaved rounds, %d cores, %s.\nThe HTTP latency is that of loopback; a real node's rate is its workers divided by the latency.\n\n",
		time.Now().UTC().Format("2006-01-02"), b.messages, rounds, runtime.NumCPU(), runtime.Version())
	text.WriteString("| What | messages/s | beside | ratio | goal |\n|---|--:|---|--:|--:|\n")
	for _, row := range rows {
		rate := median(b.rates[row.name])
		if row.beside == "" {
			fmt.Fprintf(&text, "| %s | %.0f | | | |\n", row.name, rate)
			continue
		}
		goal, ratio := "", rate/median(b.rates[row.beside])
		if row.goal > 0 {
			goal = fmt.Sprintf("≥ %.2f", row.goal)
		}
		if ratio < row.goal {
			goal += ", not met"
		}
		fmt.Fprintf(&text, "| %s | %.0f | %s | %.2f | %s |\n", row.name, rate, row.beside, ratio, goal)
	}
	text.WriteString("\n")
	for _, line := range b.lines {
		fmt.Fprintf(&text, "- %s\n", line)
	}
	return text.String()
}
