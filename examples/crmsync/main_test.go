package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/kirimtest"
)

func TestTheSandboxShowsThreeRounds(t *testing.T) {
	t.Parallel()
	var out, notes strings.Builder
	if err := run(t.Context(), &out, log.New(&notes, "", 0)); err != nil {
		t.Fatal(err)
	}
	var objects []string
	for line := range strings.Lines(out.String()) {
		var item struct{ Object string }
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		objects = append(objects, item.Object[:4])
	}
	if got := strings.Join(objects, " "); got != "cont cont cont cont conv conv conv conv cont cont cont cont conv" {
		t.Errorf("the lines are %s", got)
	}
	want := regexp.MustCompile(`^a round that is stopped: .*expired_api_key.*
the rest of it: done
a round in which one conversation has changed: done
$`)
	if !want.MatchString(notes.String()) {
		t.Errorf("the notes are\n%s", notes.String())
	}
}

// interrupter is a person who presses Ctrl-C when there were enough lines.
type interrupter struct {
	io.Writer
	lines     int
	interrupt func()
}

func (w *interrupter) Write(p []byte) (int, error) {
	if w.lines--; w.lines == 0 {
		w.interrupt()
	}
	return w.Writer.Write(p)
}

func TestARoundThatIsInterruptedAtAnyLineLosesNothing(t *testing.T) {
	sandbox := kirimtest.Start(t, kirimtest.WithPlan(kirimtest.Enterprise(1_000, 10_000)))
	t.Setenv("KIRIM_API_KEY", sandbox.APIKey)
	t.Setenv("KIRIM_BASE_URL", sandbox.URL)
	t.Setenv("KIRIM_PHONE_NUMBER_ID", sandbox.PhoneNumberID)
	const customers = 250
	for i := range customers {
		sandbox.Receive(kirimtest.Inbound{From: fmt.Sprintf("+62811%07d", i)})
	}
	for _, lines := range []int{1, 100, 101, 250, 251, 499} {
		file := filepath.Join(t.TempDir(), "state")
		var out strings.Builder
		ctx, interrupt := context.WithCancel(t.Context())
		err := run(ctx, &interrupter{&out, lines, interrupt}, log.New(io.Discard, "", 0), file)
		if interrupted := lines <= 2*customers-customers%100; (err != nil) != interrupted {
			t.Errorf("after %d lines: %v", lines, err)
		}
		if err := run(t.Context(), &out, log.New(io.Discard, "", 0), file); err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]int)
		for line := range strings.Lines(out.String()) {
			var item struct{ ID string }
			if err := json.Unmarshal([]byte(line), &item); err != nil {
				t.Fatal(err)
			}
			seen[item.ID]++
		}
		if most := slices.Max(slices.Collect(maps.Values(seen))); len(seen) != 2*customers || most > 2 {
			t.Errorf("after %d lines: %d rows, one came %d times", lines, len(seen), most)
		}
	}
}
