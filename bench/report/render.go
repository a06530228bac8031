package main

import (
	"fmt"
	"slices"
	"strings"
)

const send = "Send/wire=memory/client="

var peers = []string{"nethttp", "nethttp-timeout", "retryablehttp", "kirim", "kirim-response",
	"resend-go", "slack-go", "go-github", "twilio-go", "stripe-go", "openai-go"}

// goals are ratios of two benchmarks of one run.
var goals = []struct {
	work, a, b, unit string
	atLeast          bool
	limit            float64
}{
	{"send, time, of bare net/http", send + "kirim", send + "nethttp", "ns/op", false, 1.05},
	{"send, allocations, of bare net/http", send + "kirim", send + "nethttp", "allocs/op", false, 1},
	{"send with `WithResponse`, time, of bare net/http", send + "kirim-response", send + "nethttp", "ns/op", false, 1},
	{"send answered with a 422 and decoded, time, of bare", "Refused/client=kirim", "Refused/client=nethttp", "ns/op", false, 1.1},
	{"send answered with a 422 and decoded, allocations, of bare", "Refused/client=kirim", "Refused/client=nethttp", "allocs/op", false, 1.05},
	{"decode a 422 alone, of bare", "DecodeError/client=kirim", "DecodeError/client=nethttp", "ns/op", false, 1.15},
	{"list of 100 contacts, time, of bare", "List/client=kirim", "List/client=nethttp", "ns/op", false, 1},
	{"list of 100 contacts, allocations, of bare", "List/client=kirim", "List/client=nethttp", "allocs/op", false, 1.05},
	{"one of 1,000 calls that wait, heap and stack, of bare", "Parked/client=kirim", "Parked/client=nethttp", "held-B/call", false, 1.15},
	{"webhook verify, of naive HMAC", "Verify/client=kirim", "Verify/client=naive", "ns/op", false, 0.7},
	{"verify and event, of naive", "Event/client=kirim", "Event/client=naive", "ns/op", false, 0.8},
	{"64 goroutines, throughput, of a tuned http.Client", "Bulk/client=nethttp-tuned", "Bulk/client=kirim", "ns/op", true, 0.97},
	{"64 goroutines, throughput, of the default http.Client", "Bulk/client=nethttp-default", "Bulk/client=kirim", "ns/op", true, 1.5},
	{"webhooks over loopback, deduplicated in memory, deliveries/s, of a bare handler", webhooks + "memory/client=kirim", webhooks + "none/client=bare", "deliveries/s", true, 1.05},
	{"the same in Redis", webhooks + "redis/client=kirim", webhooks + "none/client=bare", "deliveries/s", true, 0.6},
	{"the same in PostgreSQL", webhooks + "postgresql/client=kirim", webhooks + "none/client=bare", "deliveries/s", true, 0.4},
}

const webhooks = "WebhookServer/store="

func (r results) markdown() (string, error) {
	var b strings.Builder
	b.WriteString("# Results\n\nMade by `make bench`. Each figure is a median over the rounds of one run on one machine.\n\n" +
		"![Time and allocations of one call](chart.svg)\n\n| Work | Goal | Measured | |\n|---|---|---|---|\n")
	row := func(work, goal, measured string, met bool) {
		verdict := "**not met**"
		if met {
			verdict = "met"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", work, goal, measured, verdict)
	}
	for _, g := range goals {
		q, err := r.ratio(g.a, g.b, g.unit)
		if err != nil {
			return "", err
		}
		sign, met := "≤", q <= g.limit
		if g.atLeast {
			sign, met = "≥", q >= g.limit
		}
		row(g.work, fmt.Sprintf("%s %.2f ×", sign, g.limit), fmt.Sprintf("%.2f ×", q), met)
	}
	for _, unit := range []string{"ns/op", "allocs/op"} {
		worst := 0.0
		for _, p := range peers[5:] {
			q, err := r.ratio(send+"kirim", send+p, unit)
			if err != nil {
				return "", err
			}
			worst = max(worst, q)
		}
		row("send, "+unit+", of the best other SDK", "< 1.00 ×", fmt.Sprintf("%.2f ×", worst), worst < 1)
	}
	verify := median(r["Verify/client=kirim allocs/op"])
	row("webhook verify, allocations", "≤ 2", fmt.Sprintf("%.0f", verify), verify <= 2)
	connections := median(r["Bulk/client=kirim connections"])
	row("64 goroutines, connections", "≤ 66", fmt.Sprintf("%.0f", connections), connections <= 66)
	grown, err := r.growth()
	if err != nil {
		return "", err
	}
	row("10,000 contacts: heap at page 100 of that at page 2", "constant", fmt.Sprintf("%.2f ×", grown), grown <= 1.05)
	if err := r.million(row); err != nil {
		return "", err
	}
	if err := r.simulated(row); err != nil {
		return "", err
	}
	size, modules := median(r["Binary MB"]), median(r["Binary modules"])
	row("a stripped program that sends one text: size, and modules that it links", "≤ 7.5 MB, ≤ 4", fmt.Sprintf("%.1f MB, %.0f", size, modules),
		size > 0 && size <= 7.5 && modules <= 4)
	for _, p := range []struct {
		work, name  string
		ratio, most float64
		unit, of    string
	}{
		{"3,000 messages through 600 a minute, 1 client", "clients=1", 1.02, 3, "429s", "responses 429"},
		{"the same, 8 clients that do not know of each other", "clients=8", 1.10, 2, "%429", "% of the responses 429"},
	} {
		took, refused := r["Pacing/"+p.name+" x-minimum"], r["Pacing/"+p.name+" "+p.unit]
		if len(took) == 0 || len(refused) == 0 {
			return "", fmt.Errorf("no results of Pacing/%s", p.name)
		}
		row(p.work, fmt.Sprintf("≤ %.2f × the minimum, ≤ %g %s", p.ratio, p.most, p.of),
			fmt.Sprintf("%.3f ×, %g %s", took[0], refused[0], p.of), took[0] <= p.ratio && refused[0] <= p.most)
	}
	b.WriteString("\n## One call, relative to bare net/http\n\n" +
		"In memory. `nethttp-timeout` is bare net/http with a timeout, which this package always has; `kirim-response` is a send " +
		"with `WithResponse`.\n\n| Client | Time | Allocations |\n|---|---|---|\n")
	for _, p := range peers {
		t, err := r.ratio(send+p, send+"nethttp", "ns/op")
		if err != nil {
			return "", err
		}
		n, err := r.ratio(send+p, send+"nethttp", "allocs/op")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %.2f × | %.2f × |\n", p, t, n)
	}
	b.WriteString("\n## The rest, relative to the plain way\n\n| Work | Client | Plain way | Time | Allocations |\n|---|---|---|---|---|\n")
	for _, c := range []struct{ work, name, plain, client string }{
		{"send over loopback, one at a time", "Send/wire=loopback", "nethttp", "kirim"},
		{"webhook, verify", "Verify", "naive", "kirim"},
		{"webhook, verify", "Verify", "naive", "stripe-go"},
		{"webhook, verify", "Verify", "naive", "standard-webhooks"},
		{"webhook, verify and event", "Event", "naive", "kirim"},
		{"webhook, verify and event", "Event", "naive", "stripe-go"},
	} {
		a, plain := c.name+"/client="+c.client, c.name+"/client="+c.plain
		t, err := r.ratio(a, plain, "ns/op")
		if err != nil {
			return "", err
		}
		n, err := r.ratio(a, plain, "allocs/op")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.2f × | %.2f × |\n", c.work, c.client, c.plain, t, n)
	}
	r.recoveries(&b)
	b.WriteString("\n## One of 1,000 calls that wait for their response, relative to bare net/http\n\n" +
		"| Client | Heap and stack | Goroutines, including the caller's |\n|---|---|---|\n")
	for _, p := range peers[:4] {
		held, err := r.ratio("Parked/client="+p, "Parked/client=nethttp", "held-B/call")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %.2f × | %.0f |\n", p, held, median(r["Parked/client="+p+" goroutines/call"]))
	}
	b.WriteString("\n## Pacing, simulated: 3,000 messages through 600 a minute, the worst of several seeds\n\n" +
		"| Clients | Time, of the minimum | Responses 429 |\n|---|---|---|\n")
	for _, p := range []struct{ name, clients string }{
		{"clients=1", "1, with 64 goroutines"},
		{"clients=1/goroutines=3000", "1, all messages at once"},
		{"clients=2", "2, with 32 goroutines each"},
		{"clients=8", "8, with 8 goroutines each"},
		{"clients=8/goroutines=64", "8, with 64 goroutines each"},
		{"clients=8/goroutines=375", "8, all messages at once"},
		{"clients=8/greedy=1", "7, beside one that is not paced"},
		{"clients=16", "16, with 8 goroutines each"},
		{"clients=8/unpaced", "8, not paced"},
	} {
		key := "Pacing/" + p.name + " "
		fmt.Fprintf(&b, "| %s | %.3f × | %.1f %% |\n", p.clients, median(r[key+"x-minimum"]), median(r[key+"%429"]))
	}
	return b.String(), nil
}

func (r results) growth() (float64, error) {
	early, late := median(r["All B-at-page-2"]), median(r["All B-at-page-100"])
	if early == 0 {
		return 0, fmt.Errorf("no results of All")
	}
	return late / early, nil
}

// chart draws two bars for each client. The grey of the text and the two
// colours are readable on white and on black.
func (r results) chart() (string, error) {
	const left, right, step = 150, 90, 40
	drawn := slices.DeleteFunc(slices.Clone(peers), func(p string) bool { return p == "kirim-response" })
	longest := 0.0
	values := map[string][2]float64{}
	for _, p := range drawn {
		t, err := r.ratio(send+p, send+"nethttp", "ns/op")
		if err != nil {
			return "", err
		}
		n, err := r.ratio(send+p, send+"nethttp", "allocs/op")
		if err != nil {
			return "", err
		}
		values[p] = [2]float64{t, n}
		longest = max(longest, t, n)
	}
	const width = 760
	height := 50 + step*len(drawn)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="#808080">`+"\n", width, height)
	b.WriteString(`<text x="10" y="20" font-size="15">One create call, bare net/http = 1</text>` + "\n" +
		`<rect x="470" y="9" width="12" height="12" fill="#2f81f7"/><text x="487" y="20">time</text>` + "\n" +
		`<rect x="550" y="9" width="12" height="12" fill="#d29922"/><text x="567" y="20">allocations</text>` + "\n")
	for i, p := range drawn {
		y := 40 + step*i
		weight := "normal"
		if p == "kirim" {
			weight = "bold"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end" font-weight="%s">%s</text>`+"\n", left-10, y+20, weight, p)
		for j, colour := range []string{"#2f81f7", "#d29922"} {
			length := values[p][j] / longest * (width - left - right)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="13" fill="%s"/><text x="%.1f" y="%d" font-size="12">%.2f ×</text>`+"\n",
				left, y+15*j, length, colour, left+length+6, y+15*j+11, values[p][j])
		}
	}
	b.WriteString("</svg>\n")
	return b.String(), nil
}
