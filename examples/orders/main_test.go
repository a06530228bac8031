package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kirim-go/kirim/kirimtest"
)

// The test's own binary is the program, as processes that can be ended and killed.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_SHOP") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program in a directory of its own, as somebody starts it.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
	out *bufio.Scanner
}

// start starts the program and reads what it prints, up to its last line.
func start(t *testing.T, dir string, env ...string) (p *process, printed string) {
	t.Helper()
	return startWith(t, dir, env)
}

// startWith does the same with arguments.
func startWith(t *testing.T, dir string, env []string, args ...string) (p *process, printed string) {
	t.Helper()
	p = &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], args...)}
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "BE_THE_SHOP=1", "ADDR=127.0.0.1:0")
	p.cmd.Env = append(p.cmd.Env, env...)
	p.cmd.Stderr = t.Output()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for p.out = bufio.NewScanner(out); p.out.Scan() && p.out.Text() != "Ctrl-C ends it."; {
		printed += p.out.Text() + "\n"
	}
	if p.url = regexp.MustCompile(`http://[\d.:]+`).FindString(printed[strings.Index(printed+"curl", "curl"):]); p.url == "" {
		t.Fatalf("the program printed %q", printed)
	}
	return p, printed
}

// environment has the program talk to a sandbox outside it.
func environment(sandbox *kirimtest.Server) []string {
	return []string{
		"KIRIM_BASE_URL=" + sandbox.URL, "KIRIM_API_KEY=" + sandbox.APIKey,
		"KIRIM_PHONE_NUMBER_ID=" + sandbox.PhoneNumberID, "KIRIM_WEBHOOK_SECRET=" + sandbox.WebhookSecret,
	}
}

// interrupt ends the program as Ctrl-C does.
func (p *process) interrupt() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	last := ""
	for p.out.Scan() {
		last = p.out.Text()
	}
	if err := p.cmd.Wait(); err != nil || !strings.HasPrefix(last, "Stopped.") {
		p.t.Errorf("the program ended with %v after %q", err, last)
	}
}

// ask makes a request: a GET without a body, otherwise a POST.
func (p *process) ask(path, body string) (status int, text string) {
	p.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// place places an order and returns its id.
func (p *process) place(phone, item string) string {
	p.t.Helper()
	status, text := p.ask("/orders", fmt.Sprintf(`{"phone":%q,"item":%q}`, phone, item))
	var o order
	if err := json.Unmarshal([]byte(text), &o); status != http.StatusCreated || err != nil {
		p.t.Fatalf("%d, %v: %s", status, err, text)
	}
	return o.ID
}

// until asks again and again until the response has a text in it.
func (p *process) until(path, want string) {
	p.t.Helper()
	p.waitFor(path+" with "+want, func() bool {
		_, text := p.ask(path, "")
		return strings.Contains(text, want)
	})
}

func (p *process) waitFor(what string, happened func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for again := time.NewTicker(20 * time.Millisecond); !happened(); {
		select {
		case <-ctx.Done():
			p.t.Fatalf("there never was %s", what)
		case <-again.C:
		}
	}
}

func TestAnOrderIsConfirmedOnceAndACustomerGetsAReply(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, printed := start(t, dir)
	if !strings.HasPrefix(printed, "Orders are in orders.db, messages go to a sandbox in this process.\n") {
		t.Errorf("the program began with %q", printed)
	}
	id := p.place("+6281100000001", "Kopi Gayo")
	p.until("/orders/"+id, `"notice":"delivered"`)
	const customer = "/customers/+6281100000001"
	if _, got := p.ask(customer, ""); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"name":"order_update"`) {
		t.Errorf("the customer, who had not written before, got\n%s", got)
	}
	p.ask(customer, "Where is it?")
	p.until(customer, "Your order "+id+" (Kopi Gayo) is being packed.")
	second := p.place("+6281100000001", "Kopi Tubruk")
	p.until("/orders/"+second, `"notice":"delivered"`)
	if _, got := p.ask(customer, ""); strings.Count(got, "\n") != 3 || !strings.Contains(got, "Thank you! Your order "+second+": Kopi Tubruk.") {
		t.Errorf("the customer, who has written, got\n%s", got)
	}
	p.until("/metrics", "outbox_messages{outcome=\"delivered\"} 3\n")
	p.interrupt()

	p, _ = start(t, dir)
	if _, text := p.ask("/orders/"+id, ""); !strings.Contains(text, `"notice":"delivered"`) {
		t.Errorf("after a restart the order is %s", text)
	}
	p.interrupt()
}

func TestATapOnAConfirmationIsRepliedToWithItsOrder(t *testing.T) {
	t.Parallel()
	const phone = "+6281100000001"
	sandbox := kirimtest.Start(t, kirimtest.WithPlan(kirimtest.Pro()))
	sandbox.SetLastInbound(phone, time.Now())
	p, _ := start(t, t.TempDir(), environment(sandbox)...)
	sandbox.Subscribe(p.url+webhookPath, "message.received", "message.sent", "message.status")
	first, second := p.place(phone, "Kopi Gayo"), p.place(phone, "Kopi Tubruk")
	p.until("/orders/"+second, `"notice":"delivered"`)
	for i, id := range []string{first, "an order of somebody else"} {
		sandbox.Receive(kirimtest.Inbound{From: phone, Interactive: &kirimtest.InteractiveReply{ID: whereIsIt + id, Title: "Where is it?"}})
		p.waitFor("a reply to the tap", func() bool { return len(sandbox.Messages()) == 3+i })
	}
	messages := sandbox.Messages()
	for i, want := range []string{`"id":"where:` + first + `"`, second, "Your order " + first + " (Kopi Gayo) is being packed.", "You have no order with us yet."} {
		if !strings.Contains(string(messages[i].Body), want) {
			t.Errorf("message %d has no %s: %s", i, want, messages[i].Body)
		}
	}
	p.interrupt()
}

func TestABadRequestIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	p, _ := start(t, t.TempDir())
	for name, test := range map[string]struct {
		path, body string
		status     int
		says       string
	}{
		"no JSON":             {"/orders", "phone=1", http.StatusBadRequest, "is not JSON"},
		"a local number":      {"/orders", `{"phone":"0811","item":"Kopi"}`, http.StatusUnprocessableEntity, "+6281100000001"},
		"no item":             {"/orders", `{"phone":"+6281100000001"}`, http.StatusUnprocessableEntity, "item"},
		"a very long item":    {"/orders", `{"phone":"+6281100000001","item":"` + strings.Repeat("x", 5000) + `"}`, http.StatusUnprocessableEntity, "1024"},
		"an unknown order":    {"/orders/NONE", "", http.StatusNotFound, "no such order"},
		"an unsigned webhook": {webhookPath, `{}`, http.StatusUnauthorized, ""},
		"a wrong customer":    {"/customers/me", "Hi", http.StatusBadRequest, "+6281100000001"},
	} {
		if status, text := p.ask(test.path, test.body); status != test.status || !strings.Contains(text, test.says) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if _, text := p.ask("/metrics", ""); !strings.Contains(text, "outbox_messages{outcome=\"queued\"} 0\n") || !strings.Contains(text, "outbox_queued{class=\"transactional\"} 0\n") {
		t.Errorf("something was enqueued:\n%s", text)
	}
	p.interrupt()
}

func TestASettingThatIsMissingIsNamed(t *testing.T) {
	t.Setenv("ADDR", "127.0.0.1:0")
	t.Setenv("KIRIM_API_KEY", "kdv_some_key")
	t.Setenv("KIRIM_PHONE_NUMBER_ID", "100000000000001")
	t.Setenv("KIRIM_WEBHOOK_SECRET", "")
	if err := run(t.Context(), io.Discard, settings{}); err == nil || !strings.Contains(err.Error(), "KIRIM_WEBHOOK_SECRET is not set") {
		t.Error(err)
	}
}

// schema makes a schema in PostgreSQL for a test and returns a URL whose tables are there.
func schema(t *testing.T) (database string, conn *pgx.Conn) {
	t.Helper()
	base := os.Getenv("KIRIM_TEST_POSTGRES")
	if base == "" {
		if os.Getenv("KIRIM_REQUIRE_POSTGRES") != "" {
			t.Fatal("KIRIM_TEST_POSTGRES is not set")
		}
		t.Skip("needs PostgreSQL: set KIRIM_TEST_POSTGRES to a URL such as postgres://postgres@127.0.0.1/test")
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("kirim_orders_%d", time.Now().UnixNano())
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	if conn, err = pgx.Connect(t.Context(), u.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := conn.Exec(context.WithoutCancel(t.Context()), `DROP SCHEMA `+name+` CASCADE`)
		if err != nil {
			t.Error(err)
		}
		_ = conn.Close(context.WithoutCancel(t.Context()))
	})
	if _, err := conn.Exec(t.Context(), `CREATE SCHEMA `+name); err != nil {
		t.Fatal(err)
	}
	return u.String(), conn
}

func TestTwoProcessesShareTheWorkAndOneGoesOnWhenTheOtherIsKilled(t *testing.T) {
	t.Parallel()
	database, conn := schema(t)
	sandbox := kirimtest.Start(t, kirimtest.WithPlan(kirimtest.Enterprise(1_000_000, 1_000_000)))
	env := append(environment(sandbox), "DATABASE_URL="+database)
	var ids, phones []string
	place := func(p *process) {
		phone := fmt.Sprintf("+6281100000%03d", len(phones)+1)
		sandbox.SetLastInbound(phone, time.Now())
		phones, ids = append(phones, phone), append(ids, p.place(phone, "Kopi Gayo"))
	}

	killed, printed := start(t, t.TempDir(), env...)
	if !strings.HasPrefix(printed, "Orders are in PostgreSQL, messages go to "+sandbox.URL+".\n") || !strings.Contains(printed, killed.url+webhookPath) {
		t.Errorf("the program began with %q", printed)
	}
	sandbox.Subscribe(killed.url+webhookPath, "message.sent", "message.status")
	// From the 6th message on, messages go out, but no response comes back.
	sandbox.AddFault(kirimtest.Fault{Path: "/v1/*/messages", Skip: 5, Times: -1, Processed: true, Hang: true})
	for range 10 {
		place(killed)
	}
	killed.waitFor("three webhooks of each message", func() bool {
		handled := 0
		for _, d := range sandbox.Deliveries() {
			if d.Status == kirimtest.DeliverySucceeded {
				handled++
			}
		}
		return handled == 3*len(ids)
	})
	if err := killed.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.cmd.Wait()
	sandbox.ClearFaults()
	// As a minute later: the claims of the process that was killed have lapsed.
	if _, err := conn.Exec(t.Context(), `UPDATE kirim_lane SET due_at = 0 WHERE state = 'owned'`); err != nil {
		t.Fatal(err)
	}

	first, _ := start(t, t.TempDir(), env...)
	second, _ := start(t, t.TempDir(), env...)
	sandbox.Subscribe(second.url+webhookPath, "message.received", "message.sent", "message.status")
	for range 20 {
		place(first)
		place(second)
	}
	for i, id := range ids {
		[]*process{first, second}[i%2].until("/orders/"+id, `"notice":"delivered"`)
	}
	sandbox.Receive(kirimtest.Inbound{From: phones[0], Text: "Where is it?"}) // who gets a reply, a second message
	first.until("/metrics", fmt.Sprintf("outbox_messages{outcome=\"delivered\"} %d\n", len(ids)+1))
	got := make(map[string]int)
	for _, m := range sandbox.Messages() {
		got[m.To]++
	}
	for i, phone := range phones {
		want := 1
		if i == 0 {
			want = 2
		}
		if got[phone] != want {
			t.Errorf("%s got %d messages, not %d", phone, got[phone], want)
		}
	}
	first.interrupt()
	second.interrupt()
}
