package kirim_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// templateHooks is a handler that a catalog is attached to.
func templateHooks(t *testing.T, catalog *kirim.TemplateCatalog) http.Handler {
	t.Helper()
	v, err := kirim.NewWebhookVerifier(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	h := kirim.NewWebhookHandler(v)
	catalog.Attach(h)
	return h
}

func hook(t *testing.T, h http.Handler, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed(testSecret, time.Now(), []byte(body)))
	if w.Code != http.StatusOK {
		t.Errorf("the delivery got %d", w.Code)
	}
}

// customerWrote is a message of a customer to a number of an account.
func customerWrote(account, number string) string {
	return fmt.Sprintf(`{"entry":[{"id":%q,"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":%q},"messages":[%s]}}]}]}`,
		account, number, element("wamid."+account+number))
}

// templateUpdate is an event of Meta's about template a.
func templateUpdate(account, language, event string, at time.Time) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":%q,"time":%d,"changes":[{"field":"message_template_status_update","value":`+
		`{"event":%q,"message_template_id":1,"message_template_name":"a","message_template_language":%q,"reason":null}}]}]}`, account, at.Unix(), event, language)
}

func TestAStatusUpdateChangesWhatPasses(t *testing.T) {
	t.Parallel()
	const own, other = "10", "20"
	ago := func(d time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(-d) } }
	for name, tt := range map[string]struct {
		account  string // of the number, as the webhooks have said; empty for not yet
		before   kirim.TemplateStatus
		update   string
		of       string // the account of the update
		language string
		at       func() time.Time
		after    kirim.TemplateStatus // on the server
		passes   bool
		gets     int
	}{
		"paused, and the server does not know it yet":    {own, "approved", "PAUSED", own, "en_US", time.Now, "approved", false, 0},
		"paused, with the language in Meta's other form": {own, "approved", "PAUSED", own, "en-US", time.Now, "approved", false, 0},
		"disabled":                            {own, "approved", "DISABLED", own, "en_US", time.Now, "approved", false, 0},
		"rejected after an edit":              {own, "approved", "REJECTED", own, "en_US", time.Now, "approved", false, 0},
		"paused, of an account not known yet": {"", "approved", "PAUSED", own, "en_US", time.Now, "paused", false, 1},
		"paused, of an account not known yet, perhaps another's": {"", "approved", "PAUSED", own, "en_US", time.Now, "approved", true, 1},
		"paused, of an account that is not said":                 {own, "approved", "PAUSED", "", "en_US", time.Now, "paused", false, 1},
		"paused, of another account":                             {own, "approved", "PAUSED", other, "en_US", time.Now, "approved", true, 0},
		"paused, delivered late":                                 {own, "approved", "PAUSED", own, "en_US", ago(time.Hour), "approved", true, 1},
		"approved":                                               {own, "paused", "APPROVED", own, "en_US", time.Now, "approved", true, 1},
		"approved, of an account not known yet":                  {"", "pending", "APPROVED", own, "en_US", time.Now, "approved", true, 1},
		"an event that this version does not know":               {own, "approved", "FLAGGED", own, "en_US", time.Now, "approved", true, 1},
		"another language":                                       {own, "approved", "PAUSED", own, "id", time.Now, "approved", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := kirim.MessageTemplate{Name: "a", Language: "en_US", Status: tt.before}
				s := newTemplateServer("1", d)
				catalog := kirim.NewTemplateCatalog()
				hooks := templateHooks(t, catalog)
				messages := s.messages(t, "1", cataloged(catalog))
				send := func() error {
					_, err := messages.Send(t.Context(), kirim.OutboundMessage{To: hello.To, Content: kirim.Template{Name: "a", Language: "en_US"}})
					return err
				}
				if err := send(); (err == nil) != (tt.before == "approved") {
					t.Fatal(err)
				}
				if tt.account != "" {
					hook(t, hooks, customerWrote(tt.account, "1"))
				}
				time.Sleep(time.Second)
				s.set("1", "a", tt.after)
				hook(t, hooks, templateUpdate(tt.of, tt.language, tt.update, tt.at()))
				s.Forget()
				for range 10 {
					if err := send(); tt.passes {
						wantSent(t, err)
					} else {
						wantRefusal(t, err, "template.status")
					}
					time.Sleep(100 * time.Millisecond)
				}
				sent := 0
				if tt.passes {
					sent = 10
				}
				s.want(t, 0, tt.gets, sent)
			})
		})
	}
}

func TestAStatusUpdateHoldsUntilTheNextLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
		catalog := kirim.NewTemplateCatalog()
		hooks := templateHooks(t, catalog)
		messages := s.messages(t, "1", cataloged(catalog))
		wantSent(t, sendTemplate(t, messages, "a"))
		time.Sleep(5 * time.Minute)
		hook(t, hooks, customerWrote("10", "1"))
		hook(t, hooks, templateUpdate("10", "id", "PAUSED", time.Now()))
		if d, ok := catalog.Get("1", "a", "id"); !ok || d.Status != kirim.TemplatePaused {
			t.Errorf("the catalog has %+v", d)
		}
		for range 4 {
			time.Sleep(time.Minute)
			wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
		}
		s.want(t, 1, 0, 1)
		time.Sleep(time.Minute)
		wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
		synctest.Wait()
		wantSent(t, sendTemplate(t, messages, "a")) // the server's word
		s.want(t, 2, 0, 2)
	})
}

func TestWhatBeganBeforeAnUpdateDoesNotUndoIt(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"during the first load": false, "during a refresh": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newTemplateServer("1", definition("a", kirim.TemplateApproved))
				catalog := kirim.NewTemplateCatalog()
				hooks := templateHooks(t, catalog)
				messages := s.messages(t, "1", cataloged(catalog))
				if known {
					wantSent(t, sendTemplate(t, messages, "a"))
					hook(t, hooks, customerWrote("10", "1"))
					time.Sleep(10 * time.Minute)
				}
				s.change(func() { s.list.after = 2 * time.Second })
				var senders sync.WaitGroup
				senders.Go(func() { _ = sendTemplate(t, messages, "a") })
				time.Sleep(time.Second) // the list is on its way, with what was true when it began
				gets := 0
				if !known { // nor is the account of the number
					s.set("1", "a", kirim.TemplatePaused)
					gets = 1
				}
				hook(t, hooks, templateUpdate("10", "id", "PAUSED", time.Now()))
				senders.Wait()
				time.Sleep(10 * time.Second)
				s.Forget()
				wantRefusal(t, sendTemplate(t, messages, "a"), "template.status")
				s.want(t, 0, gets, 0)
			})
		})
	}
}

func TestAnUpdateDuringAGetMakesItBeginAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("1", definition("b", kirim.TemplateApproved))
		catalog := kirim.NewTemplateCatalog()
		hooks := templateHooks(t, catalog)
		var logged bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
		messages := s.messages(t, "1", cataloged(catalog), kirim.WithLogger(logger))
		wantSent(t, sendTemplate(t, messages, "b"))
		s.change(func() {
			s.get = answer{status: 200, body: `{"data":{"name":"a","language":"id","status":"pending"}}`, after: 2 * time.Second}
		})
		var senders sync.WaitGroup
		senders.Go(func() { wantSent(t, sendTemplate(t, messages, "a")) })
		time.Sleep(time.Second)
		s.change(func() {
			s.get = answer{status: 200, body: `{"data":{"name":"a","language":"id","status":"approved"}}`, after: time.Second}
		})
		hook(t, hooks, templateUpdate("10", "id", "APPROVED", time.Now()))
		senders.Wait()
		s.want(t, 1, 2, 2)
		if logged.Len() > 0 {
			t.Errorf("a get that was begun again is logged: %s", &logged)
		}
	})
}

func TestAttachingToAHandlerThatIsNoneIsAMisuse(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	kirim.NewTemplateCatalog().Attach(&kirim.WebhookHandler{})
}

func TestAStatusUpdateIsForAllNumbersOfTheAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTemplateServer("0", definition("a", kirim.TemplateApproved))
		catalog := kirim.NewTemplateCatalog()
		hooks := templateHooks(t, catalog)
		client, err := kirim.NewClient(testKey, s.Options(cataloged(catalog))...)
		if err != nil {
			t.Fatal(err)
		}
		send := func(number int) error {
			return sendTemplate(t, client.PhoneNumber(fmt.Sprint(number)).Messages, "a")
		}
		var paused time.Time
		for number := range 12 {
			s.change(func() { s.templates[fmt.Sprint(number)] = s.templates["0"] })
			if number == 11 { // its definition is newer than the update
				time.Sleep(time.Minute)
				paused = time.Now().Add(-time.Second)
			}
			wantSent(t, send(number))
			account := "10"
			if number == 10 {
				account = "20"
			}
			hook(t, hooks, customerWrote(account, fmt.Sprint(number)))
		}
		hook(t, hooks, templateUpdate("10", "id", "PAUSED", paused))
		s.Forget()
		for number := range 10 {
			wantRefusal(t, send(number), "template.status")
		}
		wantSent(t, send(10)) // another account
		wantSent(t, send(11))
		s.want(t, 0, 1, 2)
	})
}
