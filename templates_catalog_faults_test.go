package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

func TestAFailedLoadLetsMessagesPassAndIsNotTriedForEach(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		list answer
		most int // requests for lists in two hours
	}{
		"a server error":               {answer{status: 500, body: `{}`}, 17},
		"a key without the right":      {answer{status: 403, body: envelope(kirim.TypePermission, kirim.CodePhoneNumberForbidden)}, 17},
		"a page that is not a list":    {answer{status: 200, body: `<html>`}, 17},
		"a list that is null":          {answer{status: 200, body: `{"data":null}`}, 17},
		"a cursor that leads in rings": {answer{status: 200, body: `{"data":[],"has_more":true,"next_cursor":"x"}`}, 3 * 17},
		"a broken connection":          {answer{err: errors.New("reset")}, 17},
		"no response":                  {answer{hang: true}, 17},
		"a server that asks for hours": {answer{status: 429, header: map[string]string{"Retry-After": "3600"}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newTemplateServer("1", definition("a", kirim.TemplatePaused))
				s.change(func() { s.list = tt.list })
				policy := kirim.DefaultRetryPolicy()
				policy.MaxRetries = 0
				messages := s.messages(t, "1", kirim.WithRetryPolicy(policy), cataloged(kirim.NewTemplateCatalog()))
				for i := range 240 {
					began := time.Now()
					wantSent(t, sendTemplate(t, messages, "a"))
					if waited := time.Since(began); waited > 5*time.Second || i > 0 && waited > 0 {
						t.Errorf("message %d waited %v", i, waited)
					}
					time.Sleep(30 * time.Second)
				}
				n := s.traffic()
				t.Logf("two hours, a message every 30 seconds: %+v", n)
				if n.sends != 240 || n.gets != 0 || n.pages < 2 || n.pages > tt.most {
					t.Errorf("%+v, want at most %d pages", n, tt.most)
				}
				s.change(func() { s.list = answer{} })
				time.Sleep(time.Hour)
				wantSent(t, sendTemplate(t, messages, "a"))
				synctest.Wait() // for the load that it began
				wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
			})
		})
	}
}

func TestAMessageWaitsForALoadOnlySoLong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts     []kirim.TemplateCatalogOption
		deadline time.Duration
		want     time.Duration
	}{
		"by default":                       {nil, 0, 5 * time.Second},
		"by an option":                     {[]kirim.TemplateCatalogOption{kirim.WithCatalogWait(time.Second)}, 0, time.Second},
		"by an option that means default":  {[]kirim.TemplateCatalogOption{kirim.WithCatalogWait(-1), nil}, 0, 5 * time.Second},
		"half of the time that is left":    {nil, 4 * time.Second, 2 * time.Second},
		"no more than the wait, with time": {nil, time.Hour, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newTemplateServer("1", definition("a", kirim.TemplatePaused))
				var ended time.Time
				s.change(func() { s.list = answer{hang: true} })
				messages := s.messages(t, "1", cataloged(kirim.NewTemplateCatalog(tt.opts...)))
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				began := time.Now()
				var senders sync.WaitGroup
				for range 10 {
					senders.Go(func() {
						_, err := messages.Send(ctx, templateMessage("a"))
						wantSent(t, err)
						if waited := time.Since(began); waited != tt.want {
							t.Errorf("waited %v, want %v", waited, tt.want)
						}
					})
				}
				senders.Wait()
				for range 10 { // one after the other, while the load goes on
					wantSent(t, sendTemplate(t, messages, "a"))
				}
				if waited := time.Since(began); waited > 5*time.Second {
					t.Errorf("later messages waited until %v", waited)
				}
				// The attempts of the one load, which ends by itself.
				time.Sleep(time.Hour)
				for _, r := range s.Requests() {
					if r.Method == http.MethodGet && r.At.After(ended) {
						ended = r.At
					}
				}
				t.Logf("waited %v; the last request of the load after %v", tt.want, ended.Sub(began))
				if ended.Sub(began) > time.Minute {
					t.Errorf("the load went on until %v", ended.Sub(began))
				}
			})
		})
	}
}

func TestACancelledCallerLeavesTheLoadToTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplatePaused))
		s.change(func() { s.list.after = 3 * time.Second })
		messages := s.messages(t, "1", cataloged(kirim.NewTemplateCatalog()))
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var senders sync.WaitGroup
		senders.Go(func() { // it is the one that starts the load
			_, err := messages.Send(ctx, templateMessage("a"))
			if !errors.Is(err, context.Canceled) || kirim.MaybeSent(err) || time.Since(began) != time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		})
		synctest.Wait()
		senders.Go(func() {
			wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
			if waited := time.Since(began); waited != 3*time.Second {
				t.Errorf("the other waited %v", waited)
			}
		})
		time.Sleep(time.Second)
		cancel()
		senders.Wait()
		s.want(t, 1, 0, 0)
	})
}

// countingLimiter lets everything go after a time.
type countingLimiter struct {
	after   time.Duration
	classes sync.Map
	asked   atomic.Int32
}

func (l *countingLimiter) Wait(_ context.Context, class kirim.RateClass) error {
	l.asked.Add(1)
	n, _ := l.classes.LoadOrStore(class, new(atomic.Int32))
	n.(*atomic.Int32).Add(1)
	time.Sleep(l.after)
	return nil
}
func (l *countingLimiter) Observe(kirim.RateClass, kirim.RateLimit) {}

func TestLoadsGoThroughTheLimiterOfTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplateApproved), definition("b", kirim.TemplateApproved), definition("c", kirim.TemplateApproved))
		s.pageSize = 1
		limiter := &countingLimiter{after: time.Second}
		messages := s.messages(t, "1", kirim.WithLimiter(limiter), cataloged(kirim.NewTemplateCatalog()))
		began := time.Now()
		wantSent(t, sendTemplate(t, messages, "a"))
		wantSent(t, sendTemplate(t, messages, "unknown"))
		s.want(t, 3, 1, 2)
		if n := limiter.asked.Load(); n != 6 || time.Since(began) != 6*time.Second {
			t.Errorf("the limiter was asked %d times in %v, want once for each of 6 requests", n, time.Since(began))
		}
	})
}

func TestCloseWaitsForLoads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		wire := testwire.Serving(func(_ int, req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			time.Sleep(time.Second) // a transport that is slow to give up
			ended.Store(true)
			return nil, req.Context().Err()
		})
		catalog := kirim.NewTemplateCatalog()
		client, err := kirim.NewClient(testKey, wire.Options()...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := catalog.Refresh(ctx, client.PhoneNumber("1").Templates); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if catalog.Close(); !ended.Load() {
			t.Error("a load goes on")
		}
	})
}

func TestAPanicInALoadIsAFailedLoad(t *testing.T) {
	t.Parallel()
	var lists atomic.Int32
	wire := testwire.Serving(func(_ int, req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			lists.Add(1)
			panic("the transport of the caller's")
		}
		return answer{status: 202, body: `{"data":{"id":"msg_1"}}`}.give(req.Context())
	})
	c, err := kirim.NewClient(testKey, wire.Options(cataloged(kirim.NewTemplateCatalog()))...)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		wantSent(t, sendTemplate(t, c.PhoneNumber("1").Messages, "a"))
	}
	if lists.Load() != 1 {
		t.Errorf("%d loads", lists.Load())
	}
}

func TestAFailedLoadIsLoggedWithoutNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
		s := newTemplateServer("106540352242922")
		s.change(func() {
			s.list = answer{status: 403, body: envelope(kirim.TypePermission, kirim.CodePhoneNumberForbidden), header: map[string]string{"X-Request-Id": "req_9"}}
		})
		messages := s.messages(t, "106540352242922", kirim.WithLogger(logger), cataloged(kirim.NewTemplateCatalog()))
		wantSent(t, sendTemplate(t, messages, "secret_campaign"))
		synctest.Wait()
		line := logged.String()
		t.Log(line)
		for _, want := range []string{"level=WARN", "route=/{id}/templates", "wait=30s", "kind=permission", "status=403", "request_id=req_"} {
			if strings.Count(line, want) != 1 {
				t.Errorf("%q stands there %d times", want, strings.Count(line, want))
			}
		}
		for _, never := range []string{"secret_campaign", "106540352242922", testKey, "+62", "Say it"} {
			if strings.Contains(line, never) {
				t.Errorf("the log has %q", never)
			}
		}
	})
}

func TestTheCatalogIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var templates []kirim.MessageTemplate
		for i := range 10 {
			templates = append(templates, definition(fmt.Sprintf("t_%d", i), kirim.TemplatePaused))
		}
		s := newTemplateServer("1", templates...)
		s.templates["2"], s.templates["3"], s.pageSize = templates, templates, 2
		catalog := kirim.NewTemplateCatalog(kirim.WithCatalogLimits(2, 4))
		client, err := kirim.NewClient(testKey, s.Options(cataloged(catalog))...)
		if err != nil {
			t.Fatal(err)
		}
		send := func(number, name string) error { return sendTemplate(t, client.PhoneNumber(number).Messages, name) }
		wantRefusal(t, send("1", "t_3"), "template.status")
		wantSent(t, send("1", "t_4"))
		s.want(t, 3, 0, 1) // the third page showed that there are more
		wantRefusal(t, send("2", "t_0"), "template.status")
		for range 100 {
			wantSent(t, send("3", "t_0"))
		}
		s.want(t, 6, 0, 101)
		time.Sleep(5 * time.Minute)
		_ = send("2", "t_0")
		time.Sleep(5 * time.Minute)
		wantRefusal(t, send("3", "t_0"), "template.status") // in place of 1, which was used last 10 minutes ago
		wantSent(t, send("1", "t_0"))
		if _, ok := catalog.Get("1", "t_0", "id"); ok {
			t.Error("what is in the place of another number's is still known")
		}
		if _, ok := catalog.Get("2", "t_0", "id"); !ok {
			t.Error("a number that is in use was dropped")
		}
	})
}

func TestDefinitionsCanBePutAndRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
		catalog := new(kirim.TemplateCatalog)
		messages := s.messages(t, "1", cataloged(catalog))
		if d, ok := catalog.Get("1", "a", "id"); ok || d != nil {
			t.Errorf("an empty catalog has %v", d)
		}
		paused := definition("a", kirim.TemplatePaused)
		catalog.Put("1", &paused, nil)
		paused.Status = kirim.TemplateApproved // it was copied
		for range 5 {
			wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
			wantSent(t, sendTemplate(t, messages, "b"))
			time.Sleep(time.Minute)
		}
		s.want(t, 0, 0, 5)
		d, ok := catalog.Get("1", "a", "id")
		if !ok || d.Status != kirim.TemplatePaused {
			t.Fatalf("got %+v, %v", d, ok)
		}
		d.Status = kirim.TemplateApproved
		var e *kirim.TemplateNotApprovedError
		if err := sendTemplate(t, messages, "a"); !errors.As(err, &e) {
			t.Errorf("%v", err)
		} else {
			e.Template.Status = kirim.TemplateApproved
		}
		wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
		for _, other := range [][3]string{{"2", "a", "id"}, {"1", "b", "id"}, {"1", "a", "en"}} {
			if _, ok := catalog.Get(other[0], other[1], other[2]); ok {
				t.Errorf("%q is there", other)
			}
		}
		time.Sleep(5 * time.Minute) // then the server's count
		wantSent(t, sendTemplate(t, messages, "a"))
		synctest.Wait()
		s.want(t, 1, 1, 6)
		if text := fmt.Sprintf("%v %+v %#v %s", catalog, catalog, catalog, catalog); text != strings.TrimSpace(strings.Repeat("kirim.TemplateCatalog ", 4)) {
			t.Errorf("it prints as %s", text)
		}
		var none *kirim.TemplateCatalog
		if _, ok := none.Get("1", "a", "id"); ok {
			t.Error("a nil catalog has a template")
		}
	})
}

func TestANumberWithDefinitionsThatWerePutIsInUse(t *testing.T) {
	t.Parallel()
	s := newTemplateServer("2", definition("a", kirim.TemplatePaused))
	catalog := kirim.NewTemplateCatalog(kirim.WithCatalogLimits(1, 0))
	paused := definition("a", kirim.TemplatePaused)
	catalog.Put("1", &paused)
	wantSent(t, sendTemplate(t, s.messages(t, "2", cataloged(catalog)), "a"))
	catalog.Put("2", &paused)
	if _, ok := catalog.Get("1", "a", "id"); !ok {
		t.Error("it was dropped for another number")
	}
	s.want(t, 0, 0, 1)
}

func TestOfTwoDefinitionsWithOneNameTheFirstCounts(t *testing.T) {
	t.Parallel()
	s := newTemplateServer("1", definition("a", kirim.TemplateApproved), definition("", kirim.TemplatePaused), definition("a", kirim.TemplatePaused))
	catalog := kirim.NewTemplateCatalog()
	messages := s.messages(t, "1", cataloged(catalog))
	for range 3 {
		wantSent(t, sendTemplate(t, messages, "a"))
	}
	s.want(t, 1, 0, 3)
	if _, ok := catalog.Get("1", "", "id"); ok {
		t.Error("a template without a name is known")
	}
}

func TestPuttingDefinitionsEndsTheWaitForALoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
		s.change(func() { s.list.after = 3 * time.Second })
		catalog := kirim.NewTemplateCatalog()
		messages := s.messages(t, "1", cataloged(catalog))
		began := time.Now()
		var senders sync.WaitGroup
		senders.Go(func() { wantRefusal(t, sendTemplate(t, messages, "a"), "template.status") })
		time.Sleep(time.Second)
		paused := definition("a", kirim.TemplatePaused)
		catalog.Put("1", &paused)
		senders.Wait()
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v", waited)
		}
		time.Sleep(time.Minute)
		if d, _ := catalog.Get("1", "a", "id"); d == nil || d.Status != kirim.TemplatePaused {
			t.Errorf("the load replaced what was put after it began: %+v", d)
		}
	})
}

func TestRefreshLoadsNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
		policy := kirim.DefaultRetryPolicy()
		policy.MaxRetries = 0
		client, err := kirim.NewClient(testKey, s.Options(kirim.WithRetryPolicy(policy))...)
		if err != nil {
			t.Fatal(err)
		}
		catalog := kirim.NewTemplateCatalog(kirim.WithCatalogLimits(1, 0))
		templates := client.PhoneNumber("1").Templates
		s.change(func() { s.list = answer{status: 403, body: `{}`} })
		if err := catalog.Refresh(t.Context(), templates); answerOf(t, err).StatusCode != 403 {
			t.Error(err)
		}
		s.change(func() { s.list = answer{after: time.Second} })
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() { wantSent(t, catalog.Refresh(t.Context(), templates)) })
		}
		callers.Wait()
		if _, ok := catalog.Get("1", "a", "id"); !ok {
			t.Error("not loaded")
		}
		s.want(t, 2, 0, 0)
		s.change(func() { s.list.after = time.Hour })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := catalog.Refresh(ctx, templates); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		wantRefusal(t, catalog.Refresh(t.Context(), client.PhoneNumber("2").Templates), "phone_number_id")
		wantRefusal(t, catalog.Refresh(t.Context(), nil), "templates")
		wantRefusal(t, catalog.Refresh(t.Context(), (&kirim.Client{}).PhoneNumber("1").Templates), "client")
		wantRefusal(t, (*kirim.TemplateCatalog)(nil).Refresh(t.Context(), templates), "templates")
		other, err := kirim.NewClient("kdv_live_another", s.Options()...)
		if err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, catalog.Refresh(t.Context(), other.PhoneNumber("1").Templates), "templates")

		began := time.Now()
		catalog.Close()
		catalog.Close()
		wantRefusal(t, catalog.Refresh(t.Context(), templates), "catalog")
		if _, ok := catalog.Get("1", "a", "id"); !ok || time.Since(began) != 0 {
			t.Errorf("closed after %v, the template known: %v", time.Since(began), ok)
		}
	})
}

// A test whose goroutines must have ended, and a program that ends.
func TestCloseEndsLoads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplatePaused))
		s.change(func() { s.list = answer{status: 200, hang: true} })
		catalog := kirim.NewTemplateCatalog()
		messages := s.messages(t, "1", cataloged(catalog))
		began := time.Now()
		var senders sync.WaitGroup
		senders.Go(func() { wantSent(t, sendTemplate(t, messages, "a")) })
		time.Sleep(time.Second)
		for range 2 {
			senders.Go(catalog.Close)
		}
		senders.Wait()
		wantSent(t, sendTemplate(t, messages, "a"))
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v", waited)
		}
		s.want(t, 1, 0, 2)
	})
}

func TestACatalogServesOneTenant(t *testing.T) {
	t.Parallel()
	catalog := kirim.NewTemplateCatalog()
	for _, opts := range [][]kirim.Option{nil, {kirim.WithUserAgent("shop/1.0")}, {kirim.WithBaseURL(kirim.DefaultBaseURL + "/")}} {
		if _, err := kirim.NewClient(testKey, append(opts, cataloged(catalog))...); err != nil {
			t.Error(err)
		}
	}
	_, err := kirim.NewClient("kdv_live_another", cataloged(catalog))
	wantText(t, err, "kirim: WithTemplateCatalog: the catalog serves another base URL or API key")
	_, err = kirim.NewClient(testKey, kirim.WithBaseURL("https://other.example/v1"), cataloged(catalog))
	wantText(t, err, "kirim: WithTemplateCatalog: the catalog serves another base URL or API key")
	_, err = kirim.NewClient(testKey, cataloged(nil))
	wantText(t, err, "kirim: WithTemplateCatalog: the catalog is nil")
}

// Loads fail for good, and the webhook that ends a pause is lost.
func TestNothingIsRefusedForLongerThanAnAgeWithoutTheServer(t *testing.T) {
	t.Parallel()
	for name, learn := range map[string]func(*testing.T, *kirim.TemplateCatalog){
		"a status update": func(t *testing.T, catalog *kirim.TemplateCatalog) {
			h := templateHooks(t, catalog)
			hook(t, h, customerWrote("10", "1"))
			hook(t, h, templateUpdate("10", "id", "PAUSED", time.Now()))
		},
		"a definition that was put": func(_ *testing.T, catalog *kirim.TemplateCatalog) {
			paused := definition("a", kirim.TemplatePaused)
			catalog.Put("1", &paused)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
				catalog := kirim.NewTemplateCatalog()
				policy := kirim.DefaultRetryPolicy()
				policy.MaxRetries = 0
				messages := s.messages(t, "1", kirim.WithRetryPolicy(policy), cataloged(catalog))
				wantSent(t, sendTemplate(t, messages, "a"))
				s.change(func() { s.list, s.get = answer{status: 500}, answer{status: 500} })
				learn(t, catalog)
				time.Sleep(10*time.Minute - time.Second)
				wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
				time.Sleep(time.Second)
				for range 100 {
					wantSent(t, sendTemplate(t, messages, "a"))
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// A load has nothing of the call that began it, which may be over.
func TestALoadHasNoneOfItsCallersValues(t *testing.T) {
	t.Parallel()
	type key struct{}
	seen := map[string]bool{}
	wire := testwire.New(func(w http.ResponseWriter, req *http.Request) {
		seen[req.Method] = req.Context().Value(key{}) != nil
		fmt.Fprint(w, `{"data":[]}`)
	})
	c, err := kirim.NewClient(testKey, wire.Options(cataloged(kirim.NewTemplateCatalog()))...)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.PhoneNumber("1").Messages.Send(context.WithValue(t.Context(), key{}, 1), templateMessage("a"), kirim.WithoutRetry())
	if !seen[http.MethodPost] || seen[http.MethodGet] {
		t.Errorf("the value is in the context of %v", seen)
	}
}

func TestACatalogIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("0", definition("a", kirim.TemplatePaused), definition("b", kirim.TemplateApproved))
		for _, number := range []string{"1", "2", "3"} {
			s.templates[number] = s.templates["0"]
		}
		s.change(func() { s.list.after, s.get.after = 20*time.Millisecond, 10*time.Millisecond })
		catalog := kirim.NewTemplateCatalog(kirim.WithCatalogAge(50*time.Millisecond), kirim.WithCatalogLimits(3, 3))
		client, err := kirim.NewClient(testKey, s.Options(cataloged(catalog))...)
		if err != nil {
			t.Fatal(err)
		}
		hooks := templateHooks(t, catalog)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				for j := range 20 {
					number := fmt.Sprint((i + j) % 4)
					switch put := definition("a", kirim.TemplateDisabled); (i + 3*j) % 10 {
					case 0:
						catalog.Put(number, &put)
					case 1:
						hook(t, hooks, templateUpdate("10", "id", "PAUSED", time.Now()))
					case 2:
						hook(t, hooks, customerWrote("10", number))
					case 3:
						_ = catalog.Refresh(t.Context(), client.PhoneNumber(number).Templates)
					case 4:
						catalog.Get(number, "a", "id")
					default:
						for _, name := range []string{"a", "b", "c"} {
							_ = sendTemplate(t, client.PhoneNumber(number).Messages, name)
						}
					}
					time.Sleep(time.Duration(i*j%7) * 20 * time.Millisecond)
				}
			})
		}
		all.Wait()
		catalog.Close()
		for _, number := range []string{"0", "1", "2", "3"} {
			wantSent(t, sendTemplate(t, client.PhoneNumber(number).Messages, "unknown"))
		}
		t.Logf("%+v", s.traffic())
	})
}
