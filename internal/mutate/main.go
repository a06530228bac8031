// Command mutate changes the files that decide, one place at a time, and runs
// the tests of the file's package and of the root against each change. A change
// that no test notices has survived. It is run by make mutants.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// files are those that decide what is repeated, what an answer means, and what
// is handed to a callback.
var files = []string{
	"retry.go", "call.go", "call_engine.go", "call_attempt.go", "call_body.go", "call_result.go", "resource_envelope.go", "idempotency.go", "errors_decode.go",
	"internal/system/system.go", "internal/system/object.go", "internal/system/fields.go", "internal/system/result.go", "internal/system/wait.go",
	"internal/system/kirim.go", "internal/system/apimessaging.go", "internal/system/michow.go", "internal/system/connexease.go",
	"internal/system/shingle.go", "internal/system/cloudapi.go", "internal/system/meta.go", "internal/system/meta_find.go", "internal/system/usage.go",
	"webhooks.go", "webhook_handler.go", "webhook_claims.go", "webhook_dedupe.go", "webhook_dedupe_token.go", "webhook_status.go", "webhook_status_tracker.go", "window.go",
	"messages_status.go", "messages_error.go", "messages_window.go",
}

func main() {
	sample := flag.Int("sample", 0, "how many mutants to try, 0 for all")
	seed := flag.Uint64("seed", 1, "chooses the sample")
	workers := flag.Int("workers", 2, "how many to try at once")
	limit := flag.Duration("timeout", 5*time.Minute, "for the tests of one mutant; one that takes longer is killed")
	goal := flag.Float64("goal", 0, "fail when less than so many percent are killed")
	match := flag.String("match", "", "only the mutants whose name matches, a regular expression: ^retry.go, for one file")
	tests := flag.String("run", "", "only the tests that match, as of go test; for trying something out")
	explained := flag.String("explained", "internal/mutate/survivors.txt", "the file with explained survivors")
	flag.Parse()
	if err := run(*sample, *seed, *workers, *limit, *goal, *match, *tests, *explained); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(sample int, seed uint64, workers int, limit time.Duration, goal float64, match, tests, explained string) error {
	var all []mutant
	for _, file := range files {
		found, err := mutantsOf(file)
		if err != nil {
			return err
		}
		all = append(all, found...)
	}
	reasons, err := readReasons(explained, all)
	if err != nil {
		return err
	}
	matching, err := regexp.Compile(match)
	if err != nil {
		return fmt.Errorf("-match: %w", err)
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !matching.MatchString(m.id()) })
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if sample > 0 {
		all = all[:min(sample, len(all))]
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := unchanged(limit, tests); err != nil {
		return err
	}

	var (
		mu      sync.Mutex
		count   = map[result]int{}
		failure error
		wg      sync.WaitGroup
		queue   = make(chan int)
	)
	for range workers {
		wg.Go(func() {
			for i := range queue {
				m := all[i]
				r, err := m.try(dir, i, limit, tests)
				mu.Lock()
				if err != nil {
					failure = errors.Join(failure, err)
				}
				reason, known := reasons[m.id()]
				if r == survived && known {
					r = explainedSurvivor
				} else if r == killed && known {
					failure = errors.Join(failure, fmt.Errorf("%s: explained as a survivor (%s), but killed", m.id(), reason))
				}
				count[r]++
				if r == survived {
					fmt.Printf("survived: %s:%d: %s\n", m.file, m.line, m.id())
				}
				mu.Unlock()
			}
		})
	}
	for i := range all {
		queue <- i
	}
	close(queue)
	wg.Wait()

	tried := count[killed] + count[survived] + count[explainedSurvivor]
	ratio := 100 * float64(count[killed]) / float64(max(tried, 1))
	fmt.Printf("%d mutants: %d killed (%.1f %%), %d survived, %d survived and are explained; %d more do not build\n",
		tried, count[killed], ratio, count[survived], count[explainedSurvivor], count[unbuildable])
	if failure == nil && ratio < goal {
		failure = fmt.Errorf("fewer than %.1f %% were killed", goal)
	}
	return failure
}

// readReasons reads the explained survivors: the id of a mutant, a tab, and
// why no test can tell it from the original. An id that is none is an error.
func readReasons(file string, all []mutant) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ids := map[string]bool{}
	for _, m := range all {
		ids[m.id()] = true
	}
	reasons := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, reason, ok := strings.Cut(line, "\t")
		switch {
		case !ok || strings.TrimSpace(reason) == "":
			return nil, fmt.Errorf("%s: no reason after %q", file, line)
		case !ids[id]:
			return nil, fmt.Errorf("%s: there is no mutant %q any more", file, id)
		}
		reasons[id] = reason
	}
	return reasons, lines.Err()
}

type result int

const (
	killed result = iota
	survived
	explainedSurvivor
	unbuildable
)

// unchanged runs the tests without a mutant: a test that fails anyway would
// kill all of them.
func unchanged(limit time.Duration, tests string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	args := []string{"test", "-count=1", "-failfast", "-run", tests}
	for _, file := range files {
		for _, pkg := range packagesOf(file) {
			if !slices.Contains(args, pkg) {
				args = append(args, pkg)
			}
		}
	}
	command := exec.CommandContext(ctx, "go", args...)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("the tests fail without a mutant: %w\n%s", err, out)
	}
	return nil
}

// try runs the tests with the changed file in place of the original: first those
// of its own package, which take less time.
func (m mutant) try(dir string, number int, limit time.Duration, tests string) (result, error) {
	base := filepath.Join(dir, fmt.Sprint(number))
	original, err := filepath.Abs(m.file)
	if err != nil {
		return 0, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: base + ".go"}})
	if err != nil {
		return 0, err
	}
	if err := errors.Join(os.WriteFile(base+".go", m.source, 0o600), os.WriteFile(base+".json", overlay, 0o600)); err != nil {
		return 0, err
	}
	for _, pkg := range packagesOf(m.file) {
		if r := tryTestsOf(pkg, base, limit, tests); r != survived {
			return r, nil
		}
	}
	return survived, nil
}

// packagesOf returns the packages whose tests are to notice a change of the file.
func packagesOf(file string) []string {
	if own := "./" + path.Dir(file); own != "./." {
		return []string{own, "."}
	}
	return []string{"."}
}

// tryTestsOf runs the tests of one package with the overlay base.json.
func tryTestsOf(pkg, base string, limit time.Duration, tests string) result {
	binary := base + ".test"
	defer os.Remove(binary)
	if exec.Command("go", "test", "-c", "-p", "1", "-vet=off", "-overlay", base+".json", "-o", binary, pkg).Run() != nil {
		return unbuildable
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	run := exec.CommandContext(ctx, binary, "-test.failfast", "-test.run", tests, "-test.timeout", limit.String())
	run.Dir = pkg
	if run.Run() != nil {
		return killed
	}
	return survived
}
