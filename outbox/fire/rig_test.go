package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/outbox"
)

var (
	tenths = flag.Int("fire.tenths", 1, "how much of each scenario, from 1 to 10")
	seed   = flag.Uint64("fire.seed", 1, "chooses the faults")
)

// worker is the path of the program of this package, with failpoints.
var worker string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fire")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		worker = filepath.Join(dir, "fire")
		var out []byte
		if out, err = exec.Command("go", "build", "-tags", "outboxfailpoints", "-o", worker, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("build the worker: %w\n%s", err, out)
		}
	}
	defer sharedPostgres.stop()
	// The scenarios wait for leases most of the time.
	if err = errors.Join(err, flag.Set("test.parallel", "6")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// rig is a sandbox, a database and the processes between them.
type rig struct {
	t       *testing.T
	plan    plan
	server  string // URL of PostgreSQL, without the schema
	table   string
	box     *box // only to look at
	random  *rand.Rand
	sandbox *kirimtest.Server
	front   *httptest.Server
	// hold sees each request before the sandbox does.
	hold atomic.Pointer[func(*http.Request)]

	processes []*process
	receiving atomic.Pointer[[]*process] // the ones with a handler for webhooks
	enqueuers int

	redelivered map[string]bool // by the id of the delivery
	clock       *kirimtest.RunningClock
}

const rigRecipients = 60

// newRig starts a sandbox and makes the tables in the database of p.
func newRig(t *testing.T, p plan) *rig {
	t.Helper()
	return newRigOver(t, p, func(r *rig) {
		if err := r.box.migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// newRigOver is newRig over tables that makeTables makes.
func newRigOver(t *testing.T, p plan, makeTables func(*rig)) *rig {
	t.Helper()
	r := &rig{
		t: t, plan: p, table: "fire_order", clock: kirimtest.NewRunningClock(0), redelivered: make(map[string]bool),
		random: rand.New(rand.NewPCG(*seed, uint64(len(t.Name())))),
	}
	if r.plan.Lease == 0 {
		r.plan.Lease, r.plan.AttemptTimeout = 11*time.Second, time.Second
	}
	if r.plan.System == "" {
		r.plan.System = systemKirim
	}
	r.startSandbox()
	if r.plan.SQLite == "" {
		r.plan.Postgres, r.plan.Schema = r.newSchema(p.Postgres)
	}
	r.openBox()
	makeTables(r)
	r.exec("CREATE TABLE " + r.table + " (key text PRIMARY KEY, recipient text NOT NULL, place integer NOT NULL)")
	r.exec("CREATE TABLE " + r.table + "_counter (recipient text PRIMARY KEY, place integer NOT NULL)")
	t.Cleanup(r.killAll)
	return r
}

func (r *rig) openBox() {
	r.t.Helper()
	onlyLooks := r.plan
	onlyLooks.System = "none"
	box, err := openBox(r.t.Context(), onlyLooks)
	if err != nil {
		r.t.Fatal(err)
	}
	r.box = box
	r.t.Cleanup(func() { _ = box.close() })
}

// newSchema makes a schema that is dropped after the test, and returns the URL of
// connections that use it.
func (r *rig) newSchema(server string) (url, schema string) {
	r.t.Helper()
	if server == "" {
		server = sharedPostgres.url(r.t)
	}
	r.server = server
	schema = fmt.Sprintf("fire_%d_%d", os.Getpid(), time.Now().UnixNano()%1e9)
	db, err := sql.Open("pgx", server)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := db.ExecContext(r.t.Context(), "CREATE SCHEMA "+schema); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			r.t.Error(err)
		}
		_ = db.Close()
	})
	separator := "?"
	if strings.Contains(server, "?") {
		separator = "&"
	}
	return server + separator + "search_path=" + schema, schema
}

func (r *rig) startSandbox() {
	const many = 1_000_000
	r.sandbox = kirimtest.NewServer(kirimtest.WithoutListener(), kirimtest.WithClock(r.clock), kirimtest.WithWebhookTransport(r),
		kirimtest.WithPlan(kirimtest.Enterprise(100*many, 100*many)), kirimtest.WithStatusPlan(statusesOf),
		kirimtest.WithMetaLimits(kirimtest.MetaLimits{Throughput: -1, Calls: -1}),
		kirimtest.WithLimits(kirimtest.Limits{Messages: many, Requests: many, IdempotencyKeys: many, Deliveries: many}))
	r.front = httptest.NewServer(http.HandlerFunc(r.serve))
	r.t.Cleanup(func() {
		r.sandbox.Close()
		r.front.Close()
	})
	for i := range rigRecipients {
		r.sandbox.SetLastInbound(recipientOf(i), r.clock.Now())
	}
	r.sandbox.AddTemplate(kirimtest.Template{
		Name: templateName, Language: "en", Status: "approved",
		Components: json.RawMessage(`[{"type":"BODY","text":"Your order {{1}}.","example":{"body_text":[["1"]]}}]`),
	})
	r.sandbox.Subscribe("http://127.0.0.1/webhooks", "message.sent", "message.status")
	address, key := r.sandbox.URL, r.sandbox.APIKey
	if r.plan.System == systemCloudAPI {
		address, key = r.sandbox.MetaURL, r.sandbox.AccessToken
	}
	r.plan.BaseURL = strings.Replace(address, "http://127.0.0.1", r.front.URL, 1)
	r.plan.APIKey, r.plan.Number, r.plan.WebhookSecret = key, r.sandbox.PhoneNumberID, r.sandbox.WebhookSecret
}

// serve is the network between the workers and the sandbox.
func (r *rig) serve(w http.ResponseWriter, req *http.Request) {
	if hold := r.hold.Load(); hold != nil {
		(*hold)(req)
		req = req.WithContext(context.WithoutCancel(req.Context()))
	} else {
		time.Sleep(time.Duration(5+rand.IntN(10)) * time.Millisecond)
	}
	r.sandbox.Handler().ServeHTTP(w, req)
}

// RoundTrip brings a webhook to one of the workers that are there.
func (r *rig) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	err = errors.New("no worker is there")
	for _, p := range r.receivers() {
		clone := req.Clone(req.Context())
		clone.Body, clone.Host, clone.URL.Host = body, "", p.webhooks
		var resp *http.Response
		if resp, err = http.DefaultTransport.RoundTrip(clone); err == nil {
			return resp, nil
		}
		if body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return nil, err
}

func (r *rig) receivers() (alive []*process) {
	if all := r.receiving.Load(); all != nil {
		for _, p := range *all {
			if !p.isDead() && p.lostAt().IsZero() {
				alive = append(alive, p)
			}
		}
	}
	rand.Shuffle(len(alive), func(i, j int) { alive[i], alive[j] = alive[j], alive[i] })
	return alive
}

// isFirst reports whether a message is the first that was sent under a key: its
// fate is that of the key.
func isFirst(m *kirimtest.Message) bool {
	return m.Type == "text" && !strings.Contains(m.IdempotencyKey, ":")
}

// statusesOf is what becomes of a message.
func statusesOf(m kirimtest.Message) []kirimtest.Status {
	const soon = 50 * time.Millisecond
	if m.IdempotencyKey == "" { // through Meta's API, whose webhooks are others
		return nil
	}
	if isFirst(&m) {
		key := keyOf(m.Body)
		switch fateOf(key) {
		case fateThrottled:
			return []kirimtest.Status{{Name: "failed", After: soon, Code: 130429, Early: len(key)%2 == 0}}
		case fateOutside:
			return []kirimtest.Status{{Name: "failed", After: soon, Code: 131047, Early: len(key)%2 == 0}}
		case fateUndeliverable:
			return []kirimtest.Status{{Name: "sent", After: soon}, {Name: "failed", After: 2 * soon, Code: 131026}}
		case fateFine:
		}
	}
	return []kirimtest.Status{{Name: "sent", After: soon}, {Name: "delivered", After: 2 * soon}}
}

var keyShape = regexp.MustCompile(`"(?:body|text)": ?"([a-z]+[0-9]*-[0-9]+-[0-9]+)"`)

// keyOf returns the key of the message that a request says.
func keyOf(body []byte) string {
	if match := keyShape.FindSubmatch(body); match != nil {
		return string(match[1])
	}
	return ""
}

func (r *rig) exec(query string, args ...any) {
	r.t.Helper()
	if _, err := r.box.db.ExecContext(r.t.Context(), query, args...); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
}

// open is how many messages are queued; -1 when the database is away.
func (r *rig) open() (n int) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
	defer cancel()
	if err := r.box.db.QueryRowContext(ctx, "SELECT count(*) FROM kirim_message WHERE state = 'queued'").Scan(&n); err != nil {
		return -1
	}
	return n
}

// history asks the three witnesses.
func (r *rig) history() *history {
	r.t.Helper()
	h := &history{system: r.plan.System, ended: make(map[string]ended), doubts: make(map[string]doubtCause)}
	rows, err := r.box.db.QueryContext(r.t.Context(), "SELECT key, recipient FROM "+r.table+" ORDER BY recipient, place")
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var o order
		if err := rows.Scan(&o.key, &o.recipient); err != nil {
			r.t.Fatal(err)
		}
		h.committed = append(h.committed, o)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	for _, m := range r.sandbox.Messages() {
		key := keyOf(m.Body)
		late := r.plan.System == systemKirim && isFirst(&m) && fateOf(key) != fateFine
		h.processed = append(h.processed, processing{key, m.IdempotencyKey, late})
	}
	var records []*outbox.Record
	for record, err := range r.box.list(r.t.Context(), outbox.Filter{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		records = append(records, record)
		h.ended[record.Key] = ended{record.State, record.Status, record.UsedTemplate, record.Generation, record.Err != nil}
	}
	r.addDoubts(h, records)
	return h
}

// addDoubts says of which messages the outbox cannot know whether they are out.
func (r *rig) addDoubts(h *history, records []*outbox.Record) {
	requests := make(map[string][]kirimtest.Request)
	for _, req := range r.sandbox.Requests() {
		key := keyOf(req.Body)
		requests[key] = append(requests[key], req)
	}
	for _, record := range records {
		all := requests[record.Key]
		isLost := slices.ContainsFunc(all, func(req kirimtest.Request) bool { return req.Faulty && (req.Status < 400 || req.Status >= 500) })
		refused := len(all) > 0 && all[len(all)-1].Faulty && all[len(all)-1].Status == http.StatusBadRequest
		ofNow := slices.DeleteFunc(slices.Clone(all), func(req kirimtest.Request) bool {
			return req.Time.Before(record.FirstAttemptAt.Add(-50 * time.Millisecond)) // refused before, for its rate
		})
		died := r.diedWith(record, ofNow) || slices.ContainsFunc(ofNow, func(req kirimtest.Request) bool {
			const network = 400 * time.Millisecond
			return req.Time.Add(req.Duration).Sub(record.FirstAttemptAt) > r.plan.AttemptTimeout-network // given up
		})
		switch {
		case r.plan.System == systemCloudAPI && isLost:
			h.doubts[record.Key] = doubtFault
		case r.plan.System == systemCloudAPI && died, refused && (isLost || died):
			// A refusal says nothing of the request before it.
			h.doubts[record.Key] = doubtDeath
		}
	}
}

// diedWith reports whether a process was lost between the beginning of a send and
// the record of what became of it.
func (r *rig) diedWith(record *outbox.Record, requests []kirimtest.Request) bool {
	window := r.plan.AttemptTimeout + 500*time.Millisecond
	if r.plan.System == systemKirim { // it begins what it has taken at once, and sends it one by one
		window = r.plan.Lease
	}
	for _, p := range r.processes {
		lost, began := p.lostAt(), record.FirstAttemptAt
		if lost.IsZero() || began.IsZero() || began.After(lost.Add(50*time.Millisecond)) || lost.Sub(began) > window {
			continue
		}
		if len(requests) == 0 || r.plan.System == systemKirim || slices.ContainsFunc(requests, func(req kirimtest.Request) bool {
			return slices.Contains(strings.Fields(req.Header.Get("User-Agent")), p.name)
		}) {
			return true
		}
	}
	return false
}

// finish waits until everything has come to its end, ends the processes, and
// checks what the witnesses say.
func (r *rig) finish(patience time.Duration) {
	r.t.Helper()
	r.sandbox.ClearFaults()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		r.redeliver()
		if r.open() != 0 {
			continue
		}
		if f := r.history().judge(); len(f["lost"]) == 0 && len(f["late failure missed"]) == 0 {
			break
		}
	}
	for _, p := range r.processes {
		p.end(r.t)
	}
	h := r.history()
	f := h.judge()
	r.t.Log(h.figures(f))
	if len(f) > 0 {
		r.t.Error(f.examples() + r.explain(f) + r.logs())
	}
	if len(h.committed) == 0 {
		r.t.Error("nothing was committed")
	}
}

// redeliver delivers at once what found no worker, and would come again in minutes.
func (r *rig) redeliver() {
	for _, d := range r.sandbox.Deliveries() {
		if d.Status == kirimtest.DeliveryPending && len(d.Attempts) > 0 && d.ReplayedFrom == "" && !r.redelivered[d.ID] {
			r.redelivered[d.ID] = true
			if _, err := r.sandbox.Replay(d.ID); err != nil {
				r.t.Error(err)
			}
		}
	}
}

// explain tells the lives of some messages about which there is a finding.
func (r *rig) explain(f findings) string {
	var b strings.Builder
	for _, keys := range f {
		for _, key := range keys[:min(len(keys), 3)] {
			for record, err := range r.box.list(r.t.Context(), outbox.Filter{}) {
				if err == nil && record.Key == key {
					fmt.Fprintf(&b, "%s: %s, attempts %d, generation %d, first attempt %v, ended %v, error %v\n", key, record.State, record.Attempts, record.Generation,
						record.FirstAttemptAt.Format(time.StampMicro), record.EndedAt.Format(time.StampMicro), record.Err)
				}
			}
			for _, req := range r.sandbox.Requests() {
				if keyOf(req.Body) == key {
					fmt.Fprintf(&b, "\trequest at %s by %s under %q: %d, faulty %v\n", req.Time.UTC().Format(time.StampMicro), req.Header.Get("User-Agent"), req.IdempotencyKey, req.Status, req.Faulty)
				}
			}
		}
	}
	for _, p := range r.processes {
		fmt.Fprintf(&b, "%s was lost at %s\n", p.name, p.lostAt().UTC().Format(time.StampMicro))
	}
	return b.String()
}

// logs returns the last lines of what the processes wrote.
func (r *rig) logs() string {
	var b bytes.Buffer
	for _, p := range r.processes {
		lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
		for _, line := range lines[max(0, len(lines)-6):] {
			if line != "" {
				fmt.Fprintf(&b, "%s: %s\n", p.name, line)
			}
		}
	}
	return b.String()
}
