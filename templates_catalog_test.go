package kirim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// templateServer has templates and takes messages.
type templateServer struct {
	*testwire.Wire
	mu        sync.Mutex
	templates map[string][]kirim.MessageTemplate // by phone number ID
	list, get answer                             // without a status: the templates, after its time
	send      answer
	pageSize  int
}

func newTemplateServer(number string, templates ...kirim.MessageTemplate) *templateServer {
	s := &templateServer{templates: map[string][]kirim.MessageTemplate{number: templates}, pageSize: 100}
	s.Wire = testwire.Serving(s.serve)
	return s
}

// change is for what the server does next.
func (s *templateServer) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// set replaces the status of a template.
func (s *templateServer) set(number, name string, status kirim.TemplateStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.templates[number] {
		if s.templates[number][i].Name == name {
			s.templates[number][i].Status = status
		}
	}
}

func (s *templateServer) serve(_ int, req *http.Request) (*http.Response, error) {
	path := strings.Split(strings.TrimPrefix(req.URL.Path, "/prefix/v1/"), "/")
	s.mu.Lock()
	own := slices.Clone(s.templates[path[0]])
	list, get, send := s.list, s.get, s.send
	s.mu.Unlock()
	if path[1] == "messages" {
		if send.status == 0 {
			send.status, send.body = 202, `{"data":{"id":"msg_1","object":"message","status":"pending"}}`
		}
		return send.give(req.Context())
	}
	if len(path) == 2 {
		if list.status == 0 {
			list.status, list.body = 200, s.page(own, req.URL.Query())
		}
		return list.give(req.Context())
	}
	if get.status == 0 {
		get.status, get.body = 404, envelope(kirim.TypeInvalidRequest, kirim.CodeResourceNotFound)
		for _, t := range own {
			if t.Name == path[2] && t.Language == req.URL.Query().Get("language") {
				definition, _ := json.Marshal(&t)
				get.status, get.body = 200, `{"data":`+string(definition)+`}`
			}
		}
	}
	return get.give(req.Context())
}

func (s *templateServer) page(own []kirim.MessageTemplate, query url.Values) string {
	from := 0
	_, _ = fmt.Sscanf(query.Get("cursor"), "from-%d", &from)
	to := min(from+s.pageSize, len(own))
	definitions, _ := json.Marshal(append([]kirim.MessageTemplate{}, own[from:to]...))
	if to == len(own) {
		return fmt.Sprintf(`{"data":%s,"has_more":false,"next_cursor":null}`, definitions)
	}
	return fmt.Sprintf(`{"data":%s,"has_more":true,"next_cursor":"from-%d"}`, definitions, to)
}

// traffic counts requests by what they are for.
type traffic struct{ pages, gets, sends int }

func (s *templateServer) traffic() (n traffic) {
	for _, r := range s.Requests() {
		u, _ := url.Parse(r.URL)
		switch {
		case strings.HasSuffix(u.Path, "/messages"):
			n.sends++
		case strings.HasSuffix(u.Path, "/templates"):
			n.pages++
		default:
			n.gets++
		}
	}
	return n
}

func (s *templateServer) want(t *testing.T, pages, gets, sends int) {
	t.Helper()
	got := s.traffic()
	t.Logf("%+v", got)
	if want := (traffic{pages, gets, sends}); got != want {
		t.Errorf("the server got %+v, want %+v", got, want)
	}
}

func (s *templateServer) messages(t *testing.T, number string, opts ...kirim.Option) *kirim.MessagesService {
	t.Helper()
	c, err := kirim.NewClient(testKey, s.Options(opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c.PhoneNumber(number).Messages
}

func cataloged(catalog *kirim.TemplateCatalog) kirim.Option {
	return kirim.WithTemplateCatalog(catalog)
}

// definition is a template of which the server says what is documented.
func definition(name string, status kirim.TemplateStatus) kirim.MessageTemplate {
	return kirim.MessageTemplate{Name: name, Language: "id", Status: status}
}

func templateMessage(name string) kirim.OutboundMessage {
	return kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Template{Name: name, Language: "id"}}
}

func sendTemplate(t *testing.T, messages *kirim.MessagesService, name string, opts ...kirim.RequestOption) error {
	t.Helper()
	_, err := messages.Send(t.Context(), templateMessage(name), opts...)
	return err
}

func wantSent(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("not sent: %v", err)
	}
}

func TestAHundredConcurrentTemplateMessagesCauseOneLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		templates := []kirim.MessageTemplate{definition("fine", kirim.TemplateApproved)}
		for i := range 4 {
			templates = append(templates, definition(fmt.Sprintf("other_%d", i), kirim.TemplateApproved))
		}
		s := newTemplateServer("1", append(templates, definition("bad", kirim.TemplatePaused))...)
		s.change(func() { s.pageSize, s.list.after = 2, time.Second })
		catalog := kirim.NewTemplateCatalog()
		first, second := s.messages(t, "1", cataloged(catalog)), s.messages(t, "1", cataloged(catalog))
		var senders sync.WaitGroup
		for i := range 100 {
			senders.Go(func() {
				messages := []*kirim.MessagesService{first, second}[i%4/2]
				if i%2 == 0 {
					wantSent(t, sendTemplate(t, messages, "fine"))
				} else {
					wantRefusal(t, sendTemplate(t, messages, "bad"), "template.status")
				}
			})
		}
		senders.Wait()
		s.want(t, 3, 0, 50) // one list has three pages
		for range 100 {
			wantSent(t, sendTemplate(t, first, "fine"))
		}
		s.want(t, 3, 0, 150)
	})
}

func TestTheSameNameOfTwoNumbersIsTwoTemplates(t *testing.T) {
	t.Parallel()
	s := newTemplateServer("1", definition("order_update", kirim.TemplateApproved))
	s.templates["2"] = []kirim.MessageTemplate{definition("order_update", kirim.TemplatePaused)}
	catalog := kirim.NewTemplateCatalog()
	one, two := s.messages(t, "1", cataloged(catalog)), s.messages(t, "2", cataloged(catalog))
	for range 3 {
		wantSent(t, sendTemplate(t, one, "order_update"))
		err := sendTemplate(t, two, "order_update")
		if wantRefusal(t, err, "template.status"); !kirim.IsTemplateUnavailable(err) {
			t.Errorf("%v: not as a paused template", err)
		}
	}
	s.want(t, 2, 0, 3)
}

func TestDefinitionsAreLoadedAgainAfterTheirAgeWithoutAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
		messages := s.messages(t, "1", cataloged(kirim.NewTemplateCatalog(kirim.WithCatalogAge(time.Hour))))
		wantSent(t, sendTemplate(t, messages, "a"))
		time.Sleep(time.Hour - time.Nanosecond)
		wantSent(t, sendTemplate(t, messages, "a"))
		s.want(t, 1, 0, 2)
		s.change(func() { s.list.after = 10 * time.Second })
		s.set("1", "a", kirim.TemplateDisabled)
		time.Sleep(time.Nanosecond)
		began := time.Now()
		for range 10 {
			wantSent(t, sendTemplate(t, messages, "a")) // by the old definition
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("messages waited %v for a refresh", waited)
		}
		time.Sleep(11 * time.Second)
		wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
		s.want(t, 2, 1, 12) // what was read 11 seconds ago is asked for before a refusal
	})
}

func TestNoMessageIsRefusedByAnOldDefinition(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("new", kirim.TemplatePending))
		messages := s.messages(t, "1", cataloged(kirim.NewTemplateCatalog()))
		for range 50 {
			wantRefusal(t, sendTemplate(t, messages, "new"), "template.status")
			time.Sleep(100 * time.Millisecond)
		}
		s.want(t, 1, 0, 0) // within 5 seconds
		for range 300 {
			wantRefusal(t, sendTemplate(t, messages, "new"), "template.status")
			time.Sleep(100 * time.Millisecond)
		}
		if n := s.traffic(); n.pages != 1 || n.gets < 5 || n.gets > 6 {
			t.Errorf("half a minute of refusals: %+v, want a get in 5 seconds", n)
		}
		s.set("1", "new", kirim.TemplateApproved)
		time.Sleep(5 * time.Second)
		wantSent(t, sendTemplate(t, messages, "new"))
	})
}

func TestWhatTheCatalogDoesNotKnowPasses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		have  []kirim.MessageTemplate
		get   answer
		gets  int // for ten messages
		catch bool
	}{
		"a template that does not exist":             {nil, answer{}, 1, false},
		"a server that gives another template":       {nil, answer{status: 200, body: `{"data":{"name":"b","language":"id","status":"paused"}}`}, 1, false},
		"a server that gives another language":       {nil, answer{status: 200, body: `{"data":{"name":"a","language":"en","status":"paused"}}`}, 1, false},
		"a server that cannot say":                   {nil, answer{status: 500, body: `{}`}, 1, false},
		"a status that is newer than this package":   {[]kirim.MessageTemplate{definition("a", "in_appeal")}, answer{}, 0, false},
		"a template without a status":                {[]kirim.MessageTemplate{definition("a", "")}, answer{}, 0, false},
		"an approved template in upper case":         {[]kirim.MessageTemplate{definition("a", "APPROVED")}, answer{}, 0, false},
		"a template that was created since the load": {nil, answer{status: 200, body: `{"data":{"name":"a","language":"id","status":"pending"}}`}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTemplateServer("1", tt.have...)
			s.change(func() { s.get = tt.get })
			policy := kirim.DefaultRetryPolicy()
			policy.MaxRetries = 0
			messages := s.messages(t, "1", kirim.WithRetryPolicy(policy), cataloged(kirim.NewTemplateCatalog()))
			sent := 10
			for range 10 {
				if err := sendTemplate(t, messages, "a"); tt.catch {
					wantRefusal(t, err, "template.status")
					sent = 0
				} else {
					wantSent(t, err)
				}
			}
			s.want(t, 1, tt.gets, sent)
		})
	}
}

func TestAnUnknownTemplateIsAskedForOnceBetweenTwoLoads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1")
		messages := s.messages(t, "1", cataloged(kirim.NewTemplateCatalog()))
		for range 60 {
			for _, name := range []string{"typo", "other"} {
				wantSent(t, sendTemplate(t, messages, name))
			}
			time.Sleep(time.Minute)
		}
		n := s.traffic()
		t.Logf("an hour with two unknown names a minute: %+v", n)
		if n.pages != 6 || n.gets > 2*6 || n.sends != 120 {
			t.Errorf("%+v", n)
		}
	})
}

func TestARescueThatCannotBeSentKeepsTheMessageBack(t *testing.T) {
	t.Parallel()
	rescue := kirim.Template{Name: "bad", Language: "id"}
	for name, send := range map[string]func(context.Context, *kirim.MessagesService, ...kirim.RequestOption) error{
		"SendOrTemplate": func(ctx context.Context, m *kirim.MessagesService, opts ...kirim.RequestOption) error {
			_, err := m.SendOrTemplate(ctx, hello, rescue, opts...)
			return err
		},
		"SendAndWait": func(ctx context.Context, m *kirim.MessagesService, opts ...kirim.RequestOption) error {
			_, err := m.SendAndWait(ctx, hello, &rescue, opts...)
			return err
		},
		"Send of a pointer": func(ctx context.Context, m *kirim.MessagesService, opts ...kirim.RequestOption) error {
			_, err := m.Send(ctx, kirim.OutboundMessage{To: hello.To, Content: &rescue}, opts...)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTemplateServer("1", definition("bad", kirim.TemplateRejected))
			s.change(func() { s.send = answer{status: 503, body: `{}`} }) // ends the call
			policy := kirim.DefaultRetryPolicy()
			policy.MaxRetries = 0
			opts := []kirim.Option{kirim.WithRetryPolicy(policy), cataloged(kirim.NewTemplateCatalog())}
			messages := s.messages(t, "1", opts...)
			wantRefusal(t, send(t.Context(), messages), "template.status")
			wantRefusal(t, send(t.Context(), messages, kirim.WithIdempotencyKey("order-7")), "template.status")
			s.want(t, 1, 0, 0)

			s.Forget()
			if err := send(t.Context(), messages, kirim.WithoutRequestValidation()); answerOf(t, err).StatusCode != 503 {
				t.Error(err)
			}
			s.want(t, 0, 0, 1)

			s.Forget()
			messages = s.messages(t, "1", append(opts, kirim.WithoutValidation(), cataloged(kirim.NewTemplateCatalog()))...)
			if err := send(t.Context(), messages); answerOf(t, err).StatusCode != 503 {
				t.Error(err)
			}
			s.want(t, 0, 0, 1)
		})
	}
}

func TestATextDoesNotTouchTheCatalog(t *testing.T) {
	t.Parallel()
	s := newTemplateServer("1")
	messages := s.messages(t, "1", cataloged(kirim.NewTemplateCatalog()))
	_, err := messages.Send(t.Context(), hello)
	wantSent(t, err)
	_, err = messages.Send(t.Context(), kirim.OutboundMessage{To: hello.To, Content: kirim.Raw{Type: "template", Object: []byte(`{"name":"a"}`)}})
	wantSent(t, err)
	s.want(t, 0, 0, 2)
}

// A server honours a key for what it did under it. The catalog must not say of such
// a call that nothing was sent.
func TestACallThatMayHaveBeenCarriedOutIsNotRefusedLater(t *testing.T) {
	t.Parallel()
	policy := kirim.DefaultRetryPolicy()
	policy.MaxRetries = 0
	for name, tt := range map[string]struct {
		first  answer
		chosen string
		passes bool
	}{
		"sent under a key of the caller's":        {answer{}, "order-7", true},
		"in doubt under a key of the caller's":    {answer{status: 502}, "order-7", true},
		"in doubt under a key of the client's":    {answer{status: 502}, "", true},
		"not sent, under a key of the client's":   {answer{status: 422, body: envelope(kirim.TypeInvalidRequest, kirim.CodeInvalidFieldValue)}, "", false},
		"in doubt with the key of the template's": {answer{status: 502}, "order-7:template", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
				s.change(func() { s.send = tt.first })
				messages := s.messages(t, "1", kirim.WithRetryPolicy(policy), cataloged(kirim.NewTemplateCatalog()))
				var opts []kirim.RequestOption
				if tt.chosen != "" {
					opts = append(opts, kirim.WithIdempotencyKey(tt.chosen))
				}
				key := tt.chosen
				if err := sendTemplate(t, messages, "a", opts...); err != nil {
					key = answerOf(t, err).IdempotencyKey
				}
				s.change(func() { s.send = answer{} })
				s.set("1", "a", kirim.TemplatePaused)
				time.Sleep(time.Minute)
				time.Sleep(10 * time.Minute) // the catalog learns it
				wantSent(t, sendTemplate(t, messages, "other"))
				synctest.Wait()
				wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
				_, err := messages.SendOrTemplate(t.Context(), hello, kirim.Template{Name: "a", Language: "id"},
					kirim.WithIdempotencyKey(strings.TrimSuffix(key, ":template")))
				if tt.passes {
					wantSent(t, err)
					wantSent(t, sendTemplate(t, messages, "a", kirim.WithIdempotencyKey(key)))
				} else {
					wantRefusal(t, err, "template.status")
				}
			})
		})
	}
}
