// Campaign sends a template to 10,000 customers, at the pace that the server
// allows and once to each. When it was killed, or stopped by an error, the same
// command goes on from what it has written to sale.txt.journal:
//
//	go run ./examples/campaign           # against a sandbox
//	go run ./examples/campaign sale.txt  # to numbers in a file, with KIRIM_API_KEY and KIRIM_PHONE_NUMBER_ID set
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

const (
	name    = "march-sale"   // of the campaign: part of every key, so another one needs another name
	line    = "\n%d %s %q"   // of the journal: time, recipient, outcome
	perhaps = "perhaps sent" // noted before each send; the next run repeats it under the same key
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	info, err := os.Stdout.Stat()
	if err := run(ctx, os.Stdout, err == nil && info.Mode()&os.ModeCharDevice != 0, 10_000, os.Args[1:]...); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, terminal bool, customers int, files ...string) error {
	connect, id, numbers, path := kirim.NewClientFromEnv, os.Getenv("KIRIM_PHONE_NUMBER_ID"), []string{"0811"}, os.DevNull
	if len(files) > 0 {
		list, err := os.ReadFile(files[0]) //nolint:gosec // the user names the file
		if err != nil {
			return err
		}
		numbers, path = strings.Fields(string(list)), files[0]+".journal"
	} else {
		sandbox := kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Enterprise(9_600, 600)))
		defer sandbox.Close()
		sandbox.AddFault(kirimtest.Fault{Method: "POST", Skip: 100, Times: 2, Status: 500, Message: "(#131050) The customer has opted out."})
		connect, id = sandbox.Client, sandbox.PhoneNumberID
		for i := range customers - 1 {
			numbers = append(numbers, fmt.Sprintf("+62811%07d", i))
		}
	}
	client, err := connect(kirim.WithLimiter(kirim.NewPacer()))
	journal, unopened := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600) //nolint:gosec // the user names the file
	earlier, unread := io.ReadAll(journal)
	if err := errors.Join(err, unopened, unread); err != nil {
		return err
	}
	settled := make(map[string]string)
	for l := range strings.Lines(string(earlier)) {
		at, to, outcome := int64(0), "", ""
		n, _ := fmt.Sscanf(l, line[1:], &at, &to, &outcome)                                // fewer than 3: cut short by a crash
		if n == 3 && (outcome != perhaps || time.Since(time.Unix(at, 0)) > 23*time.Hour) { // the server forgets a key after 24
			settled[to] = outcome
		}
	}
	outcomes, errs := make([]string, len(numbers)), make([]error, len(numbers))
	for done := 0; done < len(numbers) && err == nil; {
		var team sync.WaitGroup
		for i := done; i < min(done+100, len(numbers)); i++ { // so many at a time; the limiter sets the pace
			if settled[numbers[i]] == "" {
				team.Go(func() { outcomes[i], errs[i] = send(ctx, client.PhoneNumber(id), journal, numbers[i]) })
			}
		}
		team.Wait()
		err, done = cmp.Or(errs...), min(done+100, len(numbers))
		if terminal {
			fmt.Fprintf(out, "\r[%-40s] %d of %d", strings.Repeat("#", 40*done/len(numbers)), done, len(numbers))
		} else if done*10%len(numbers) == 0 && err == nil {
			fmt.Fprintf(out, "%d of %d\n", done, len(numbers))
		}
	}
	counts := make(map[string]int)
	for i, to := range numbers {
		counts[cmp.Or(outcomes[i], settled[to], "not tried")]++
	}
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "\n%8d %s", counts[outcome], outcome)
	}
	fmt.Fprintln(out)
	return err
}

// send sends to one recipient. Its error concerns all, and ends the campaign.
func send(ctx context.Context, number *kirim.PhoneNumber, journal io.Writer, to string) (string, error) {
	_, err := fmt.Fprintf(journal, line, time.Now().Unix(), to, perhaps)
	if err == nil {
		message := kirim.OutboundMessage{To: to, Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}}}
		_, err = number.Messages.Send(ctx, message, kirim.WithIdempotencyKey(name+":"+to))
	}
	outcome, kind := "sent", kirim.Kind("")
	switch errors.As(err, &kind); {
	case kirim.MaybeSent(err) && !errors.Is(err, kirim.ErrRetryQuotaExceeded):
		outcome = perhaps
	case kind == kirim.KindInvalidRecipient, kind == kirim.KindRecipientUnavailable:
		outcome = "refused: " + string(kind)
	case err != nil:
		return "", err
	}
	_, err = fmt.Fprintf(journal, line, time.Now().Unix(), to, outcome)
	return outcome, err
}
