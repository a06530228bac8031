package storesql_test

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storesql"
)

// cable connects to a database and can be cut.
type cable struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

// newCable returns a cable and the data source name through it.
func newCable(t *testing.T, dsn string) (*cable, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	must(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	c := &cable{listener: listener, to: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "5432"))}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { c.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		c.set(true)
		all.Wait()
	})
	u.Host = listener.Addr().String()
	return c, u.String()
}

func (c *cable) carry(from net.Conn) {
	defer func() { _ = from.Close() }()
	to, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	c.mu.Lock()
	if c.cut {
		c.mu.Unlock()
		return
	}
	c.conns = append(c.conns, from, to)
	c.mu.Unlock()
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		})
	}
	both.Wait()
}

// set cuts the cable, or repairs it.
func (c *cable) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if cut {
		for _, conn := range c.conns {
			_ = conn.Close()
		}
		c.conns = nil
	}
}

const secret = "whsec_test"

// deliver delivers a message and returns the status of the response.
func deliver(t *testing.T, h http.Handler, id string) int {
	t.Helper()
	body := fmt.Sprintf(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},`+
		`"messages":[{"from":"6281100000001","id":"%s","timestamp":"1780000000","type":"text","text":{"body":"Halo"}}]}}]}]}`, id)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Kirim-Signature", kirim.SignWebhook(secret, time.Now(), []byte(body)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestWhileTheDatabaseIsAwayDeliveriesAreRefusedAndNothingIsHandledTwice(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	c, dsn := newCable(t, p.dsn)
	verifier, err := kirim.NewWebhookVerifier(secret)
	must(t, err)
	var mu sync.Mutex
	handled := make(map[string]int)
	process := func(dsn string) *kirim.WebhookHandler {
		db, err := sql.Open("pgx", dsn)
		must(t, err)
		t.Cleanup(func() { must(t, db.Close()) })
		h := kirim.NewWebhookHandler(verifier, kirim.WithDeduper(p.stores(t, db).Deduper()))
		h.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error {
			mu.Lock()
			defer mu.Unlock()
			if handled[m.ID]++; strings.HasPrefix(m.ID, "cut during") {
				c.set(true)
			}
			return nil
		})
		return h
	}
	here, there := process(dsn), process(p.dsn)
	want := func(h http.Handler, id string, status, times int) {
		t.Helper()
		code := deliver(t, h, id)
		mu.Lock()
		defer mu.Unlock()
		if code != status || handled[id] != times {
			t.Errorf("%s: answer %d and handled %d times, want %d and %d", id, code, handled[id], status, times)
		}
	}

	want(here, "before", 200, 1)
	c.set(true)
	want(here, "while it is away", 503, 0)
	want(here, "before", 503, 1) // nobody knows it now
	want(there, "before", 200, 1)
	c.set(false)
	want(here, "while it is away", 200, 1)
	want(there, "while it is away", 200, 1)
	want(here, "before", 200, 1)

	want(here, "cut during the callback", 200, 1) // it was handled, which cannot be written down yet
	want(here, "cut during the callback", 200, 1)
	want(there, "cut during the callback", 503, 1) // the claim holds
	c.set(false)
	want(here, "after", 200, 1) // what is missing is written down with it
	want(there, "cut during the callback", 200, 1)
	want(here, "cut during the callback", 200, 1)
}

func TestADatabaseThatHangsIsWaitedForAsLongAsADeliveryMayTake(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	db := p.connect(t)
	s := p.stores(t, db)
	verifier, err := kirim.NewWebhookVerifier(secret)
	must(t, err)
	handled := 0
	handler := func(opts ...kirim.WebhookOption) *kirim.WebhookHandler {
		h := kirim.NewWebhookHandler(verifier, append(opts, kirim.WithDeduper(s.Deduper()))...)
		h.OnMessage(func(context.Context, *kirim.InboundMessage) error { handled++; return nil })
		return h
	}
	tx, err := p.connect(t).BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE kirim_claim")
	must(t, err)
	if code := deliver(t, handler(kirim.WithDeliveryTimeout(200*time.Millisecond)), "1"); code != 503 || handled != 0 {
		t.Errorf("answer %d, handled %d times", code, handled)
	}
	must(t, tx.Rollback())
	if code := deliver(t, handler(), "1"); code != 200 || handled != 1 {
		t.Errorf("answer %d, handled %d times", code, handled)
	}
}

// A pause that is longer than the lease, as of a process that the system has
// stopped: its late completion does not hide what the next holder does.
func TestAHolderThatWasPausedBeyondItsLeaseIsToldSo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *place) {
		o := opened(t, p, func(s *storesql.Stores) *storesql.Deduper { return s.Deduper() })
		paused, next := o.Connect(), o.Connect()
		verifier, err := kirim.NewWebhookVerifier(secret)
		must(t, err)
		first := kirim.NewWebhookHandler(verifier, kirim.WithDeduper(paused))
		second := kirim.NewWebhookHandler(verifier, kirim.WithDeduper(next))
		second.OnMessage(func(context.Context, *kirim.InboundMessage) error { return nil })
		first.OnMessage(func(context.Context, *kirim.InboundMessage) error {
			o.Advance(2 * time.Minute)
			if code := deliver(t, second, "1"); code != 200 { //nolint:contextcheck // the delivery is one to another process
				t.Errorf("answer %d to the next holder", code)
			}
			return fmt.Errorf("failed after the pause")
		})
		if code := deliver(t, first, "1"); code != 500 {
			t.Errorf("answer %d", code)
		}
		// The late release has not given up what the next holder completed.
		if code := deliver(t, first, "1"); code != 200 {
			t.Errorf("answer %d", code)
		}
	})
}
