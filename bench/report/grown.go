package main

import (
	"fmt"
	"slices"
	"strings"
)

// addRow adds a row to the table of goals.
type addRow func(work, goal, measured string, met bool)

// million are the rows of the memories that a million statuses go through. Times are
// without that of the measurement itself.
func (r results) million(row addRow) error {
	for _, memory := range []string{"deduper", "tracker"} {
		for _, statuses := range []string{"one", "three"} {
			key := func(memory, unit string) string {
				return "MillionStatuses/memory=" + memory + "/statuses=" + statuses + " " + unit
			}
			half, whole := median(r[key(memory, "MB-at-50%")]), median(r[key(memory, "MB-at-100%")])
			if half == 0 {
				return fmt.Errorf("no results of %s", key(memory, "MB-at-50%"))
			}
			took := median(r[key(memory, "ns/status")]) - median(r[key("none", "ns/status")])
			pause := median(r[key(memory, "longest-pause-ms")])
			row(fmt.Sprintf("1,000,000 statuses, %s of a message, through the %s", statuses, memory),
				"flat memory, ≤ 1 µs, no pause over 5 ms",
				fmt.Sprintf("%.1f MB at half, %.1f MB at the end, %.2f µs, longest pause %.1f ms", half, whole, took/1000, pause),
				whole <= 1.01*half && took <= 1000 && pause <= 5)
		}
	}
	return nil
}

// simulated are the rows of outages, recoveries and blips, which are simulated.
func (r results) simulated(row addRow) error {
	for _, s := range []struct {
		work, prefix, unit, goal, format string
		most                             float64
	}{
		{"ten minutes of outage in six ways, a call each second per client: most requests a call", "Outage/period=1s/", "requests/call", "≤ 1.15", "%.2f", 1.15},
		{"the same, a call in 10 s per client", "Outage/period=10s/", "requests/call", "≤ 1.15", "%.2f", 1.15},
		{"calls that get one 502 when a blip hits one call, one in twenty, or a second, that fail", "Blip/", "failed", "≤ 0.1 %", "%.0f", 0},
		{"the end of an outage of 1 s that Retry-After named: largest second, of the load", "Recovery/", "x-load", "≤ 3 ×", "%.1f ×", 3},
	} {
		for _, lasts := range recoveryTimes(s.prefix) {
			worst, n := 0.0, 0
			for key, values := range r {
				if strings.HasPrefix(key, s.prefix) && strings.HasSuffix(key, lasts+" "+s.unit) {
					worst, n = max(worst, slices.Max(values)), n+1
				}
			}
			if n == 0 {
				return fmt.Errorf("no results of %s", s.prefix)
			}
			row(strings.Replace(s.work, "1 s", strings.TrimPrefix(lasts, "/down="), 1), s.goal, fmt.Sprintf(s.format, worst), worst <= s.most)
		}
	}
	return nil
}

// recoveryTimes are how long an outage lasts before a recovery; for all else there is one
// row.
func recoveryTimes(prefix string) []string {
	if prefix != "Recovery/" {
		return []string{""}
	}
	return []string{"/down=1s", "/down=10s", "/down=1m0s"}
}

// recoveries is the table of recoveries by the number of clients.
func (r results) recoveries(b *strings.Builder) {
	b.WriteString("\n## The end of an outage, simulated: the largest second, of a load of 1,000 calls a second\n\n" +
		"Retry-After named the end. All calls that waited succeed.\n\n| Clients | Down for 1 s | 10 s | 60 s |\n|---|---|---|---|\n")
	for _, clients := range []string{"1", "64", "1000"} {
		fmt.Fprintf(b, "| %s |", clients)
		for _, lasts := range recoveryTimes("Recovery/") {
			fmt.Fprintf(b, " %.2f × |", median(r["Recovery/clients="+clients+lasts+" x-load"]))
		}
		b.WriteString("\n")
	}
}
