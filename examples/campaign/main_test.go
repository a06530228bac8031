package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxsqlite"
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
	if err := run(t.Context(), &out, false, 200); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for done := 20; done <= 200; done += 20 {
		fmt.Fprintf(&want, "%d of 200\n", done)
	}
	want.WriteString(`
       1 not sent: not a phone number
       2 not sent: they have stopped marketing
     197 sent
`)
	if out.String() != want.String() {
		t.Errorf("the output is\n%swant\n%s", out.String(), want.String())
	}
}

// world is a sandbox that outlives the program, and a file of numbers.
func world(t *testing.T, recipients int) (sandbox *kirimtest.Server, numbers []string, file string) {
	sandbox = kirimtest.Start(t, kirimtest.WithPlan(kirimtest.Enterprise(1_000_000, 1_000)))
	if err := load(sandbox); err != nil {
		t.Fatal(err)
	}
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
	sandbox, numbers, file := world(t, 300)
	// From the 101st on, messages go out, but no answer comes back.
	sandbox.AddFault(kirimtest.Fault{Path: "/v1/*/messages", Skip: 100, Times: -1, Processed: true, Hang: true})
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
		if lines.Text() == "90 of 300" {
			campaign.Process.Kill()
		}
	}
	if err := campaign.Wait(); err == nil {
		t.Fatal("the campaign was not killed")
	}
	sandbox.ClearFaults()
	// As a minute later: the claims of the process that was killed have lapsed.
	execute(t, file, `UPDATE kirim_lane SET due_at = 0 WHERE state = 'owned'`)

	var out strings.Builder
	if err := run(t.Context(), &out, true, 0, file); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\r[########################################] 300 of 300\n",
		"\n     300 sent\n",
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
	sandbox, numbers, file := world(t, 100)
	ctx, interrupt := context.WithCancel(t.Context())
	sandbox.SetStatusPlan(func(kirimtest.Message) []kirimtest.Status {
		if sandbox.MessageCount() > 50 {
			interrupt()
		}
		return nil
	})
	var out strings.Builder
	if err := run(ctx, &out, false, 0, file); err == nil || !strings.Contains(err.Error(), "run the same command again") {
		t.Errorf("an interrupted campaign ended with %v", err)
	}
	if !regexp.MustCompile(`\n +\d+ not sent yet\n +\d+ sent\n$`).MatchString(out.String()) {
		t.Errorf("the output is %q", out.String())
	}
	out.Reset()
	if err := run(t.Context(), &out, false, 0, file); err != nil || !strings.Contains(out.String(), "     100 sent\n") {
		t.Errorf("the second run: %v\n%s", err, out.String())
	}
	wantOneEach(t, sandbox, numbers)
}

func TestWhatIsInDoubtIsSentAgainOnlyWhileItsKeyIsRemembered(t *testing.T) {
	sandbox, numbers, file := world(t, 3)
	box, err := outboxsqlite.Open(t.Context(), file+".outbox", outbox.Disabled(), outbox.Config{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enqueue(t.Context(), box, sandbox.PhoneNumberID, numbers); err != nil {
		t.Fatal(err)
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
	for i, hours := range []int{24, 1} { // since an attempt that was not heard of again
		execute(t, file, `UPDATE kirim_message SET attempts = 1, in_doubt = true, first_attempt_at = created_at - $1 * 3600000000 WHERE recipient = $2`, hours, numbers[i][1:])
	}
	var out strings.Builder
	if err := run(t.Context(), &out, false, 0, file); err != nil {
		t.Fatal(err)
	}
	if want := "\n       1 perhaps sent, and not sent again\n       2 sent\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("the output is %q", out.String())
	}
	wantOneEach(t, sandbox, numbers[1:])
}

// execute changes what the campaign in a file has stored.
func execute(t *testing.T, file, statement string, args ...any) {
	t.Helper()
	db, err := outboxsqlite.OpenDB(file + ".outbox")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func TestAnErrorThatConcernsAllPausesTheCampaign(t *testing.T) {
	sandbox, numbers, file := world(t, 100)
	sandbox.RevokeKey(sandbox.APIKey)
	var out strings.Builder
	err := run(t.Context(), &out, false, 0, file)
	if err == nil || !strings.Contains(err.Error(), "revoked_api_key") || !strings.Contains(err.Error(), "run the same command again") || out.String() != "\n     100 not sent yet\n" {
		t.Errorf("%v\n%s", err, out.String())
	}
	t.Setenv("KIRIM_API_KEY", sandbox.AddKey(kirimtest.Key{}))
	out.Reset()
	if err := run(t.Context(), &out, false, 0, file); err != nil || !strings.HasSuffix(out.String(), "\n     100 sent\n") {
		t.Errorf("with another key: %v\n%s", err, out.String())
	}
	wantOneEach(t, sandbox, numbers)
}
