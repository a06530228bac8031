// Command report renders bench/RESULTS.md and bench/chart.svg from files in
// the format of go test -bench, pacing simulations included. It runs in
// bench/. What bench/limits.md says about goals that are not met is appended.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// results are the values of each benchmark and unit, one of every round.
type results map[string][]float64

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: report results.out [more.out ...]")
	}
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(paths []string) error {
	r, err := read(paths)
	if err != nil {
		return err
	}
	limits, err := os.ReadFile("limits.md")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := r.markdown()
	if err != nil {
		return err
	}
	if len(limits) > 0 {
		text += "\n" + string(limits)
	}
	if err := os.WriteFile("RESULTS.md", []byte(text), 0o644); err != nil { //nolint:gosec // for all to read
		return err
	}
	svg, err := r.chart()
	if err != nil {
		return err
	}
	return os.WriteFile("chart.svg", []byte(svg), 0o644) //nolint:gosec // for all to read
}

func read(paths []string) (results, error) {
	r := results{}
	files := benchfmt.Files{Paths: paths}
	for files.Scan() {
		switch rec := files.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, rec
		case *benchfmt.Result:
			name := string(rec.Name.Full())
			if i := strings.LastIndexByte(name, '-'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
				name = name[:i]
			}
			for _, v := range rec.Values {
				unit, value := v.Unit, v.Value
				if v.OrigUnit != "" {
					unit, value = v.OrigUnit, v.OrigValue
				}
				r[name+" "+unit] = append(r[name+" "+unit], value)
			}
		}
	}
	return r, files.Err()
}

// ratio is the median over the rounds of a divided by b, of the same round.
func (r results) ratio(a, b, unit string) (float64, error) {
	x, y := r[a+" "+unit], r[b+" "+unit]
	if len(x) == 0 || len(x) != len(y) {
		return 0, fmt.Errorf("%s and %s have %d and %d values of %s", a, b, len(x), len(y), unit)
	}
	quotients := make([]float64, len(x))
	for i := range x {
		if y[i] == 0 {
			return 0, fmt.Errorf("%s is 0 %s", b, unit)
		}
		quotients[i] = x[i] / y[i]
	}
	return median(quotients), nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
