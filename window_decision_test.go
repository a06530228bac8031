package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/storetest"
)

func TestMemoryWindowsIsAStoreOfWindowsAndDecisions(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() *kirim.MemoryWindowStore{
		"new":  func() *kirim.MemoryWindowStore { return kirim.NewMemoryWindowStore(0) },
		"tiny": func() *kirim.MemoryWindowStore { return kirim.NewMemoryWindowStore(3) },
		"zero": func() *kirim.MemoryWindowStore { return &kirim.MemoryWindowStore{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.WindowStore(t, func(*testing.T) func() kirim.WindowStore {
				memory := open()
				return func() kirim.WindowStore { return memory }
			})
			synctest.Test(t, func(t *testing.T) { storetest.WindowStoreRetention(t, open(), time.Sleep) })
		})
	}
}

func TestMemoriesWorkFromTheirZeroValues(t *testing.T) {
	t.Parallel()
	var windows kirim.MemoryWindowStore
	if err := windows.Opened(t.Context(), "1", "6281", testTime); err != nil {
		t.Error(err)
	}
	if at, err := windows.LastOpened(t.Context(), "1", "6281"); err != nil || !at.Equal(testTime) {
		t.Errorf("%v, %v", at, err)
	}
	for name, call := range map[string]func(*kirim.MemoryDeduper) error{
		"claimed":   func(d *kirim.MemoryDeduper) error { _, err := d.Claim(t.Context(), "k"); return err },
		"completed": func(d *kirim.MemoryDeduper) error { return nil },
	} {
		var deduper kirim.MemoryDeduper
		if err := errors.Join(call(&deduper), deduper.Complete(t.Context(), "k")); err != nil {
			t.Error(err)
		}
		if state, _ := deduper.Claim(t.Context(), "k"); state != kirim.ClaimedDone {
			t.Errorf("%s: the state is %v", name, state)
		}
	}
	var tracker kirim.StatusTracker
	if p, changed := tracker.Apply(&kirim.StatusUpdate{ID: "wamid.1", Status: kirim.MessageSent}); !changed || p.Status != kirim.MessageSent {
		t.Errorf("%+v", p)
	}
}

// A decision that is forgotten may let a second message out, so there is an
// error instead, until decisions are old enough.
func TestMemoryWindowsForgetsNoDecisionBeforeItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 1 << 19
		windows := kirim.NewMemoryWindowStore(1)
		decide := func(i int, template bool) (bool, error) {
			return windows.Decide(t.Context(), fmt.Sprint(i), template)
		}
		for i := range most {
			if decided, err := decide(i, true); err != nil || !decided {
				t.Fatalf("decision %d: %v, %v", i, decided, err)
			}
		}
		if decided, err := decide(most, true); err == nil || decided {
			t.Errorf("one too many: %v, %v", decided, err)
		}
		if decided, err := decide(0, false); err != nil || !decided {
			t.Errorf("the first: %v, %v", decided, err)
		}
		time.Sleep(25 * time.Hour)
		for i, template := range map[int]bool{0: false, most: true} {
			if decided, err := decide(i, template); err != nil || decided != template {
				t.Errorf("%d, a day later: %v, %v", i, decided, err)
			}
		}
	})
}

// deciding is a memory whose parts fail as its fields say.
type deciding struct {
	*kirim.MemoryWindowStore
	lastErr, decideErr error
	before             func()
	keys               []string // of Decide
}

func (d *deciding) LastOpened(ctx context.Context, number, customer string) (time.Time, error) {
	if d.lastErr != nil {
		return time.Time{}, d.lastErr
	}
	return d.MemoryWindowStore.LastOpened(ctx, number, customer)
}

func (d *deciding) Decide(ctx context.Context, key string, template bool) (bool, error) {
	d.keys = append(d.keys, key)
	if d.before != nil {
		d.before()
	}
	if d.decideErr != nil {
		return true, d.decideErr
	}
	return d.MemoryWindowStore.Decide(ctx, key, template)
}

// plainWindows is a memory that decides nothing.
type plainWindows struct{ kirim.WindowStore }

// bodies lets requests pass to the sandbox and writes down what they were.
type bodies struct {
	t       *testing.T
	sandbox *kirimtest.Server
	lose    int // answers to lose, after the sandbox has handled the requests
	sent    []string
	byKey   map[string]string // bodies; nil for no check
}

func (b *bodies) RoundTrip(req *http.Request) (*http.Response, error) {
	data, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(bytes.NewReader(data))
	body, key := string(data), req.Header.Get("Idempotency-Key")
	typ := "text"
	if strings.Contains(body, `"type":"template"`) {
		typ = "template"
	}
	b.sent = append(b.sent, typ)
	if known, ok := b.byKey[key]; ok && known != body {
		b.t.Errorf("the key %s was used for %s and for %s", key, known, body)
	}
	if b.byKey != nil {
		b.byKey[key] = body
	}
	resp, err := b.sandbox.Transport().RoundTrip(req)
	if b.lose > 0 && err == nil {
		b.lose--
		resp.Body.Close()
		return nil, errReset
	}
	return resp, err
}

// requests returns the types of what was sent since the last call.
func (b *bodies) requests() string {
	defer func() { b.sent = nil }()
	return strings.Join(b.sent, " ")
}

// shop is two processes that send from one number and share a memory.
type shop struct {
	sandbox *kirimtest.Server
	wire    *bodies
	windows *deciding
	clients [2]*kirim.MessagesService
}

// newShop must be called in a bubble.
func newShop(t *testing.T) *shop {
	t.Helper()
	sandbox := kirimtest.NewServer(kirimtest.WithoutListener())
	t.Cleanup(sandbox.Close)
	s := &shop{sandbox: sandbox, wire: &bodies{t: t, sandbox: sandbox, byKey: map[string]string{}}, windows: &deciding{MemoryWindowStore: kirim.NewMemoryWindowStore(0)}}
	for i := range s.clients {
		s.clients[i] = s.process(t, s.windows)
	}
	return s
}

func (s *shop) process(t *testing.T, memory kirim.WindowStore) *kirim.MessagesService {
	t.Helper()
	opts := []kirim.Option{kirim.WithHTTPClient(&http.Client{Transport: s.wire}), kirim.WithRetryPolicy(quick)}
	if memory != nil {
		opts = append(opts, kirim.WithWindowStore(memory))
	}
	c, err := s.sandbox.Client(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c.PhoneNumber(s.sandbox.PhoneNumberID).Messages
}

// written lets the customer write; the webhook comes when it is heard.
func (s *shop) written(t *testing.T, heard bool) {
	t.Helper()
	s.sandbox.Receive(kirimtest.Inbound{From: hello.To, Text: "Halo"})
	if heard {
		_ = s.windows.Opened(t.Context(), s.sandbox.PhoneNumberID, "6281100000001", time.Now())
	}
}

// What a second call with one key does, whatever has happened in between.
func TestARepeatedCallSendsWhatTheFirstOneDecided(t *testing.T) {
	t.Parallel()
	key := kirim.WithIdempotencyKey("order-17")
	prefer := []kirim.RequestOption{key, kirim.WithTemplateFirst()}
	for _, tt := range []struct {
		name          string
		opts          []kirim.RequestOption
		open          bool // the window, and the memory knows
		closed        bool // the memory thinks so
		between       func(*testing.T, *shop)
		first, second string // requests
	}{
		{"closed, then the customer writes", nil, false, true, func(t *testing.T, s *shop) { s.written(t, true) }, "template", "template"},
		{"open, then it closes", nil, true, false, func(*testing.T, *shop) { time.Sleep(23*time.Hour + 30*time.Minute) }, "text", "text"},
		{"unknown, then the customer writes", nil, false, false, func(t *testing.T, s *shop) { s.written(t, true) }, "text template", "text template"},
		{"preferred, then the customer writes", prefer, false, false, func(t *testing.T, s *shop) { s.written(t, true) }, "template", "template"},
		{"preferred, open, then it closes", prefer, true, false, func(*testing.T, *shop) { time.Sleep(23*time.Hour + 30*time.Minute) }, "text", "text"},
		{"closed, then the windows cannot be read", nil, false, true, func(_ *testing.T, s *shop) { s.windows.lastErr = errReset }, "template", "template"},
	} {
		for _, other := range []int{0, 1} {
			t.Run(fmt.Sprint(tt.name, ", process ", other), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newShop(t)
					if tt.open {
						s.written(t, true)
						time.Sleep(time.Hour)
					}
					if tt.closed {
						_ = s.windows.Opened(t.Context(), s.sandbox.PhoneNumberID, "6281100000001", time.Now().Add(-30*time.Hour))
					}
					opts := append([]kirim.RequestOption{key}, tt.opts...)
					a, err := s.clients[0].SendOrTemplate(t.Context(), hello, reminder, opts...)
					if got := s.wire.requests(); err != nil || got != tt.first {
						t.Fatalf("first: %s, want %s: %v", got, tt.first, err)
					}
					tt.between(t, s)
					b, err := s.clients[other].SendOrTemplate(t.Context(), hello, reminder, opts...)
					if got := s.wire.requests(); err != nil || got != tt.second {
						t.Fatalf("second: %s, want %s: %v", got, tt.second, err)
					}
					if n := s.sandbox.MessageCount(); n != 1 || a.ID != b.ID || a.UsedTemplate != b.UsedTemplate {
						t.Errorf("%d messages: %+v and %+v", n, a, b)
					}
					if got := s.windows.keys; len(got) == 0 || got[0] != "order-17" {
						t.Errorf("decided under %q", got)
					}
				})
			})
		}
	}
}

// A store that fails at one of two calls, or forgets between them: the process
// that made the first one does the same again, and nobody uses a key for two
// bodies.
func TestAStoreThatFailsLetsOneMessageOutOfAProcess(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	key := kirim.WithIdempotencyKey("order-17")
	for _, tt := range []struct {
		name                  string
		before                func(*shop)
		between               func(*testing.T, *shop)
		written               bool // before the first call, which the memory does not know
		first, second, others string
		messages              int
	}{
		{"it fails at first", func(s *shop) { s.windows.decideErr = away }, func(_ *testing.T, s *shop) { s.windows.decideErr = nil }, true, "text", "text", "template", 2},
		{"it fails later", func(*shop) {}, func(t *testing.T, s *shop) { s.windows.decideErr = away; s.written(t, true) }, false, "template", "template", "text", 2},
		{"the windows cannot be read", func(s *shop) { s.windows.lastErr = away }, func(_ *testing.T, s *shop) { s.windows.lastErr = nil }, true, "text", "text", "text", 1},
		{"it forgets", func(*shop) {}, func(t *testing.T, s *shop) {
			s.windows.MemoryWindowStore = &kirim.MemoryWindowStore{}
			s.written(t, true)
		}, false, "template", "template", "text", 2},
		{"it fails, and the window is closed", func(s *shop) { s.windows.decideErr = away }, func(*testing.T, *shop) {}, false, "text template", "text template", "text template", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t)
				_ = s.windows.Opened(t.Context(), s.sandbox.PhoneNumberID, "6281100000001", time.Now().Add(-30*time.Hour))
				if tt.written {
					s.written(t, false)
				}
				tt.before(s)
				for i, want := range []string{tt.first, tt.second, tt.others} {
					if i == 1 {
						tt.between(t, s)
					}
					_, err := s.clients[i/2].SendOrTemplate(t.Context(), hello, reminder, key)
					if got := s.wire.requests(); err != nil || got != want {
						t.Errorf("call %d: %s, want %s: %v", i, got, want, err)
					}
					if n := s.sandbox.MessageCount(); i < 2 && n != 1 {
						t.Errorf("call %d: %d messages", i, n)
					}
				}
				if n := s.sandbox.MessageCount(); n != tt.messages {
					t.Errorf("%d messages, want %d", n, tt.messages)
				}
			})
		})
	}
}

// The key that an error names is given to the next call, as advised for what may
// be out.
func TestACallRepeatedUnderTheKeyOfItsErrorSendsOneMessage(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]kirim.RequestOption{nil, {kirim.WithTemplateFirst()}} {
		for _, memory := range []string{"none", "plain", "deciding"} {
			for _, thinksClosed := range []bool{false, true} {
				for _, open := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d options, memory %s, closed %v, open %v", len(opts), memory, thinksClosed, open), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							s := newShop(t)
							if thinksClosed {
								_ = s.windows.Opened(t.Context(), s.sandbox.PhoneNumberID, "6281100000001", time.Now().Add(-30*time.Hour))
							}
							if open {
								s.written(t, false)
							}
							var windows kirim.WindowStore = s.windows
							switch memory {
							case "plain":
								windows, s.wire.byKey = plainWindows{s.windows}, nil
							case "none":
								windows = nil
							}
							messages := s.process(t, windows)
							once := append(opts, kirim.WithoutRetry())
							s.wire.lose = 1
							_, err := messages.SendOrTemplate(t.Context(), hello, reminder, once...)
							var lost *kirim.TransportError
							if !errors.As(err, &lost) || !kirim.MaybeSent(err) {
								t.Fatalf("not in doubt: %v", err)
							}
							if !open && s.sandbox.MessageCount() == 0 {
								return // the text was refused, and no call knows
							}
							s.written(t, true)
							_, err = messages.SendOrTemplate(t.Context(), hello, reminder, append(opts, kirim.WithIdempotencyKey(lost.IdempotencyKey))...)
							if n := s.sandbox.MessageCount(); n != 1 || err != nil && memory != "plain" {
								t.Errorf("%d messages: %v", n, err)
							}
						})
					})
				}
			}
		}
	}
}

func TestACallThatWasGivenUpDecidesNothingAndSendsNothing(t *testing.T) {
	t.Parallel()
	for _, during := range []bool{false, true} {
		s := newShop(t)
		_ = s.windows.Opened(t.Context(), s.sandbox.PhoneNumberID, "6281100000001", time.Now().Add(-30*time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		if during {
			s.windows.before, s.windows.decideErr = cancel, context.Canceled
		} else {
			cancel()
		}
		key := kirim.WithIdempotencyKey("order-17")
		_, err := s.clients[0].SendOrTemplate(ctx, hello, reminder, key)
		if !errors.Is(err, context.Canceled) || kirim.MaybeSent(err) || s.wire.requests() != "" || len(s.windows.keys) != map[bool]int{true: 1}[during] {
			t.Errorf("%v after %q decisions", err, s.windows.keys)
		}
		s.windows.before, s.windows.decideErr = nil, nil
		m, err := s.clients[0].SendOrTemplate(t.Context(), hello, reminder, key)
		if got := s.wire.requests(); err != nil || !m.UsedTemplate || got != "template" {
			t.Errorf("%v after %s", err, got)
		}
		cancel()
	}
}

func TestAMessageThatIsRefusedBeforeSendingDecidesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, err := s.clients[0].SendOrTemplate(t.Context(), kirim.OutboundMessage{To: hello.To, Content: kirim.Text{}}, reminder, kirim.WithIdempotencyKey("k"))
	wantRefusal(t, err, "text.body")
	if len(s.windows.keys) != 0 || s.wire.requests() != "" {
		t.Errorf("decided %q", s.windows.keys)
	}
}

// A memory that decides nothing is asked as before.
func TestWithoutADeciderACallWithAKeySendsTheMessageFirst(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_ = s.windows.Opened(t.Context(), s.sandbox.PhoneNumberID, "6281100000001", time.Now().Add(-30*time.Hour))
	messages := s.process(t, plainWindows{s.windows})
	for want, opts := range map[string][]kirim.RequestOption{
		"text template": {kirim.WithIdempotencyKey("k"), kirim.WithTemplateFirst()}, "template": nil,
	} {
		_, err := messages.SendOrTemplate(t.Context(), hello, reminder, opts...)
		if got := s.wire.requests(); err != nil || got != want {
			t.Errorf("%s, want %s: %v", got, want, err)
		}
	}
}

func TestPreferTemplateWithoutAMemory(t *testing.T) {
	t.Parallel()
	w := newWire(accepted)
	m, err := w.client(t).PhoneNumber("1").Messages.SendOrTemplate(t.Context(), hello, reminder, kirim.WithIdempotencyKey("k"), kirim.WithTemplateFirst())
	if err != nil || !m.UsedTemplate || m.Refusal != nil || len(w.seen()) != 1 || w.seen()[0].header.Get("Idempotency-Key") != "k:template" {
		t.Errorf("%+v, %v after %d requests", m, err, len(w.seen()))
	}
}

func TestTheResponseAndTheResultTellOfBothRequests(t *testing.T) {
	t.Parallel()
	paused := answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeTemplatePaused)}
	limited := answer{status: 429, body: envelope(kirim.TypeRateLimit, kirim.CodeRateLimitExceeded)}
	for _, tt := range []struct {
		name            string
		answers         []answer
		opts            []kirim.RequestOption
		attempts, first int // requests
		status          int
	}{
		{"refused, then accepted", []answer{windowClosed, accepted}, nil, 2, 1, 200},
		{"each repeated", []answer{limited, windowClosed, limited, limited, accepted}, nil, 5, 2, 200},
		{"both refused", []answer{windowClosed, paused}, nil, 2, 1, 422},
		{"accepted", []answer{accepted}, nil, 1, 0, 200},
		{"the template at once", []answer{accepted}, []kirim.RequestOption{kirim.WithTemplateFirst()}, 1, 0, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWire(tt.answers...)
				r := kirim.Response{Attempts: 9, First: &kirim.Response{}}
				m, err := w.client(t).PhoneNumber("1").Messages.SendOrTemplate(t.Context(), hello, reminder, append(tt.opts, kirim.WithIdempotencyKey("k"), kirim.WithResponse(&r))...)
				if (err == nil) != (tt.status == 200) || r.StatusCode != tt.status || r.Attempts != tt.attempts || r.Attempts != len(w.seen()) {
					t.Errorf("%v, %+v", err, r)
				}
				if tt.first == 0 {
					if r.First != nil || m.Refusal != nil {
						t.Errorf("a first request: %+v, %v", r.First, m.Refusal)
					}
					return
				}
				if r.First == nil || r.First.Attempts != tt.first || r.First.StatusCode != 422 || r.First.IdempotencyKey != "k" || r.IdempotencyKey != "k:template" {
					t.Errorf("%+v after %+v", r, r.First)
				}
				if err == nil && (!kirim.IsOutside24hWindow(m.Refusal) || m.Refusal.Attempts != tt.first) {
					t.Errorf("refused: %v", m.Refusal)
				}
			})
		})
	}
}
