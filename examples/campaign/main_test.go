package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
)

// The test's own binary is the campaign that gets killed.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_CAMPAIGN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestTheCampaignTellsWhatBecameOfEachRecipient(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out, false, 1_000); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for done := 100; done <= 1_000; done += 100 {
		fmt.Fprintf(&want, "%d of 1000\n", done)
	}
	want.WriteString(`
       1 refused: invalid_recipient
       2 refused: recipient_unavailable
     997 sent
`)
	if out.String() != want.String() {
		t.Errorf("the output is\n%swant\n%s", out.String(), want.String())
	}
}

// world is a sandbox that outlives the program, and a file of numbers.
func world(t *testing.T, recipients int) (sandbox *kirimtest.Server, numbers []string, file string) {
	sandbox = kirimtest.Start(t, kirimtest.WithPlan(kirimtest.Enterprise(1_000_000, 1_000)))
	t.Setenv("KIRIM_API_KEY", sandbox.APIKey)
	t.Setenv("KIRIM_BASE_URL", sandbox.URL)
	t.Setenv("KIRIM_PHONE_NUMBER_ID", sandbox.PhoneNumberID)
	for i := range recipients {
		numbers = append(numbers, fmt.Sprintf("+62811%07d", i))
	}
	file = filepath.Join(t.TempDir(), "sale.txt")
	if err := os.WriteFile(file, []byte(strings.Join(numbers, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return sandbox, numbers, file
}

func wantOneEach(t *testing.T, sandbox *kirimtest.Server, numbers []string) {
	t.Helper()
	got := make(map[string]int)
	for _, m := range sandbox.Messages() {
		got[m.To]++
	}
	for _, to := range numbers {
		if got[to] != 1 {
			t.Errorf("%s got %d messages", to, got[to])
		}
	}
}

func TestACampaignThatWasKilledGoesOnAndSendsNothingTwice(t *testing.T) {
	sandbox, numbers, file := world(t, 1_000)
	// From the 251st on, messages go out, but no answer comes back.
	sandbox.AddFault(kirimtest.Fault{Path: "/v1/*/messages", Skip: 250, Times: -1, Processed: true, Hang: true})
	campaign := exec.CommandContext(t.Context(), os.Args[0], file)
	campaign.Env = append(os.Environ(), "BE_THE_CAMPAIGN=1")
	output, err := campaign.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := campaign.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if lines.Text() == "200 of 1000" {
			campaign.Process.Kill()
		}
	}
	if err := campaign.Wait(); err == nil {
		t.Fatal("the campaign was not killed")
	}
	sandbox.ClearFaults()
	journal, err := os.OpenFile(file+".journal", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(journal, `17906`) // as a power failure would leave it
	journal.Close()

	var out strings.Builder
	if err := run(t.Context(), &out, true, 0, file); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\r[########################################] 1000 of 1000\n",
		"\n    1000 sent\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%q", want, out.String())
		}
	}
	wantOneEach(t, sandbox, numbers)
	requests := len(sandbox.Requests())
	if err := run(t.Context(), &out, false, 0, file); err != nil || len(sandbox.Requests()) != requests {
		t.Errorf("a third run sent something, %v", err)
	}
}

func TestACampaignThatIsInterruptedSaysHowFarItCame(t *testing.T) {
	sandbox, numbers, file := world(t, 300)
	ctx, interrupt := context.WithCancel(t.Context())
	sandbox.SetStatusPlan(func(kirimtest.Message) []kirimtest.Status {
		if sandbox.MessageCount() > 150 {
			interrupt()
		}
		return nil
	})
	var out strings.Builder
	if err := run(ctx, &out, false, 0, file); err == nil {
		t.Error("no error of an interrupted campaign")
	}
	if !strings.Contains(out.String(), "not tried\n") {
		t.Errorf("the output is %q", out.String())
	}
	out.Reset()
	if err := run(t.Context(), &out, false, 0, file); err != nil || !strings.Contains(out.String(), "     300 sent\n") {
		t.Errorf("the second run: %v\n%s", err, out.String())
	}
	wantOneEach(t, sandbox, numbers)
}

func TestWhatIsInDoubtIsRepeatedOnlyWhileItsKeyIsRemembered(t *testing.T) {
	sandbox, numbers, file := world(t, 3)
	var journal strings.Builder
	for i, age := range []time.Duration{24 * time.Hour, time.Hour} {
		fmt.Fprintf(&journal, line, time.Now().Add(-age).Unix(), numbers[i], perhaps)
	}
	if err := os.WriteFile(file+".journal", []byte(journal.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(t.Context(), &out, false, 0, file); err != nil {
		t.Fatal(err)
	}
	if want := "\n       1 perhaps sent\n       2 sent\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("the output is %q", out.String())
	}
	wantOneEach(t, sandbox, numbers[1:])
}

func TestAnErrorThatConcernsAllEndsTheCampaign(t *testing.T) {
	sandbox, _, file := world(t, 300)
	sandbox.RevokeKey(sandbox.APIKey)
	var out strings.Builder
	err := run(t.Context(), &out, false, 0, file)
	if err == nil || !strings.Contains(err.Error(), "revoked_api_key") || out.String() != "\n     300 not tried\n" {
		t.Errorf("%v\n%s", err, out.String())
	}
}
