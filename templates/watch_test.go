package templates_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// livingSandbox is a sandbox on the time of the bubble, with a template for each verdict that
// Meta may give, and the account of a system.
func livingSandbox(t *testing.T, system string, options ...kirimtest.Option) *sandbox {
	t.Helper()
	s := &sandbox{Server: kirimtest.Start(t, append([]kirimtest.Option{kirimtest.WithoutListener()}, options...)...)}
	s.account = s.as(t, system, s.Transport())
	return s
}

// submit creates a template whose review ends so.
func (s *sandbox) submit(t *testing.T, name string, review kirimtest.TemplateReview) templates.Wanted {
	t.Helper()
	s.ReviewTemplates(review)
	_, err := s.account.Create(t.Context(), kirim.TemplateCreateParams{
		Name: name, Language: "en", Category: kirim.TemplateUtility, Components: []kirim.ComponentDefinition{kirim.DefineBody("Hi.")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return templates.Wanted{Name: name, Language: "en"}
}

// polls are how many requests a sandbox got since before, and when.
func (s *sandbox) polls(before int) (at []time.Time) {
	for _, r := range s.Requests()[before:] {
		at = append(at, r.Time)
	}
	return at
}

func TestAWatchEndsWithTheVerdicts(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := livingSandbox(t, system)
		wanted := []templates.Wanted{
			s.submit(t, "good", kirimtest.TemplateReview{After: time.Minute}),
			s.submit(t, "bad", kirimtest.TemplateReview{After: time.Hour, Verdict: kirimtest.TemplateRejected, Reason: "TAG_CONTENT_MISMATCH"}),
			{Name: "promo_paused", Language: "id"},
			{Name: "legacy_disabled", Language: "id"},
		}
		var told []string
		start := time.Now()
		states, err := templates.Watch(t.Context(), s.account, wanted, templates.WatchOptions{OnChange: func(state templates.State) {
			told = append(told, state.String())
		}})
		var verdict *templates.WatchError
		if !errors.As(err, &verdict) || verdict.Err != nil || !slices.Equal(verdict.States, states) {
			t.Fatalf("%v", err)
		}
		reason := ""
		if system == cloudSystem { // Kirim documents no place for it
			reason = ": TAG_CONTENT_MISMATCH"
		}
		want := []string{
			"good (en): pending", "bad (en): pending", "promo_paused (id): paused", "legacy_disabled (id): disabled",
			"good (en): approved", "bad (en): rejected" + reason,
		}
		if !slices.Equal(told, want) {
			t.Errorf("told %q", told)
		}
		if text := err.Error(); text != "templates: 3 of 4 not approved: bad (en): rejected"+reason+", promo_paused (id): paused, legacy_disabled (id): disabled" {
			t.Errorf("%s", text)
		}
		if took := time.Since(start); took < time.Hour || took > time.Hour+2*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

func TestAWatchIsPolite(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		for name, tt := range map[string]struct {
			templates, most int // requests in an hour
		}{
			"of one":     {1, 70},
			"of a dozen": {12, 140}, // Kirim is asked to sync, too
		} {
			s := livingSandbox(t, system)
			var wanted []templates.Wanted
			for i := range tt.templates {
				wanted = append(wanted, s.submit(t, fmt.Sprintf("t%d", i), kirimtest.TemplateReview{After: time.Hour}))
			}
			before := len(s.Requests())
			if _, err := templates.Watch(t.Context(), s.account, wanted, templates.WatchOptions{}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			at := s.polls(before)
			if len(at) < 55 || len(at) > tt.most {
				t.Errorf("%s: %d requests", name, len(at))
			}
			if gap := at[len(at)-1].Sub(at[len(at)-3]); gap < time.Minute {
				t.Errorf("%s: the last two are %s apart", name, gap)
			}
		}
	})
}

func TestAWatchWaitsOutWhatPasses(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := livingSandbox(t, system)
		wanted := s.submit(t, "good", kirimtest.TemplateReview{After: time.Second})
		s.AddFault(kirimtest.Fault{Status: 429, Times: 1, Header: http.Header{"Retry-After": {"600"}}})
		s.AddFault(kirimtest.Fault{Status: 503, Times: 20})
		start := time.Now()
		states, err := templates.Watch(t.Context(), s.account, []templates.Wanted{wanted}, templates.WatchOptions{})
		if err != nil || states[0].Status != "approved" || time.Since(start) < 10*time.Minute {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestAWatchEndsWithWhatDoesNotPass(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := livingSandbox(t, system)
		wanted := s.submit(t, "slow", kirimtest.TemplateReview{After: -1})
		gone := templates.Wanted{Name: "none", Language: "en"}
		why := errors.New("enough")
		for name, tt := range map[string]struct {
			wanted  templates.Wanted
			prepare func(cancel func(error))
			is      func(error) bool
		}{
			"a deadline": {wanted, func(func(error)) {}, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
			"a cause":    {wanted, func(cancel func(error)) { cancel(why) }, func(err error) bool { return errors.Is(err, why) }},
			"a refusal": {wanted, func(func(error)) {
				s.AddFault(kirimtest.Fault{Status: 401, Code: map[string]string{kirimSystem: "invalid_api_key", cloudSystem: "190"}[system]})
			}, kirim.IsAuthentication},
			"a template that is not there": {gone, func(func(error)) {}, func(err error) bool { return strings.Contains(err.Error(), "does not have the template: none (en)") }},
			"another language":             {templates.Wanted{Name: "slow", Language: "id"}, func(func(error)) {}, func(err error) bool { return strings.Contains(err.Error(), "does not have the template: slow (id)") }},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			ctx, stop := context.WithTimeout(ctx, time.Hour)
			tt.prepare(cancel)
			_, err := templates.Watch(ctx, s.account, []templates.Wanted{tt.wanted}, templates.WatchOptions{})
			stop()
			var ended *templates.WatchError
			if !errors.As(err, &ended) || ended.Err == nil || !tt.is(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestAWatchOfNothingEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, kirimSystem, nil)
	before := len(s.Requests())
	if states, err := templates.Watch(t.Context(), s.account, nil, templates.WatchOptions{}); err != nil || len(states) != 0 || len(s.Requests()) != before {
		t.Errorf("%v, %v", states, err)
	}
}

// hooked returns a handler for the sandbox's webhooks, which are Meta's.
func hooked(t *testing.T) (*kirim.WebhookHandler, []kirimtest.Option) {
	t.Helper()
	verifier, err := cloudapi.NewWebhookVerifier("verify", "app-secret")
	if err != nil {
		t.Fatal(err)
	}
	handler := kirim.NewWebhookHandler(verifier)
	return handler, []kirimtest.Option{
		kirimtest.WithMetaSecrets("verify", "app-secret"), kirimtest.WithWebhookHandler(handler),
	}
}

func TestAnEventEndsAWatch(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		for name, verdict := range map[string]kirimtest.TemplateStatus{"approved": kirimtest.TemplateApproved, "rejected": kirimtest.TemplateRejected} {
			handler, options := hooked(t)
			s := livingSandbox(t, system, options...)
			if err := s.SubscribeMeta("https://shop.example/hooks"); err != nil {
				t.Fatal(err)
			}
			const after = 10*time.Minute + 5*time.Second // in the middle of a wait of a minute
			start := time.Now()
			wanted := s.submit(t, "slow", kirimtest.TemplateReview{After: after, Verdict: verdict, Reason: "TAG_CONTENT_MISMATCH"})
			states, err := templates.Watch(t.Context(), s.account, []templates.Wanted{wanted}, templates.WatchOptions{Events: templates.StatusEvents(handler)})
			if took := time.Since(start); string(states[0].Status) != string(verdict) || took < after || took > after+2*time.Second {
				t.Errorf("%s: %v, %v after %s", name, states, err, took)
			}
			if verdict == kirimtest.TemplateRejected && states[0].Reason != "TAG_CONTENT_MISMATCH" { // which Kirim says nowhere else
				t.Errorf("%s: the reason is %q", name, states[0].Reason)
			}
		}
	})
}

func TestEventsThatNobodyReceivesHoldNothingUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler, options := hooked(t)
		s := livingSandbox(t, cloudSystem, options...)
		if err := s.SubscribeMeta("https://shop.example/hooks"); err != nil {
			t.Fatal(err)
		}
		events := templates.StatusEvents(handler)
		for i := range 100 {
			s.SetTemplateStatus("order_update", []kirimtest.TemplateStatus{kirimtest.TemplatePaused, kirimtest.TemplateApproved}[i%2])
		}
		s.Settle()
		if len(events) != 64 {
			t.Errorf("%d events are kept", len(events))
		}
		<-events
		s.SetTemplateStatus("order_update", kirimtest.TemplatePaused)
		s.Settle() // does not end while a delivery is under way
		if len(events) != 64 {
			t.Errorf("%d events after one was received", len(events))
		}
	})
}

// update is an event about a template.
func update(name, language string, status kirim.TemplateStatus) *kirim.TemplateStatusUpdate {
	return &kirim.TemplateStatusUpdate{Name: name, Language: language, Status: status, Reason: "NONE"}
}

func TestOnlyAnEventAboutATemplateThatIsWaitedForHasTheAccountAsked(t *testing.T) {
	t.Parallel()
	inBubbles(t, func(t *testing.T, system string) {
		s := livingSandbox(t, system)
		wanted := s.submit(t, "slow", kirimtest.TemplateReview{After: -1})
		events := make(chan *kirim.TemplateStatusUpdate)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		before := len(s.Requests())
		go func() {
			time.Sleep(5*time.Minute + time.Second)
			before = len(s.Requests())
			for range 100 { // of others
				events <- update("other", "en", "approved")
				events <- update("slow", "id", "approved")
				events <- nil
			}
			time.Sleep(time.Millisecond)
			if got := len(s.Requests()); got > before+1 {
				t.Errorf("%d requests for events about others", got-before)
			}
			before = len(s.Requests())
			for range 100 { // which claim what the account does not say
				events <- update("slow", "en", "approved")
				time.Sleep(20 * time.Millisecond)
			}
			if got := len(s.Requests()) - before; got < 1 || got > 4 {
				t.Errorf("%d requests for a hundred events", got)
			}
			close(events)
		}()
		_, err := templates.Watch(ctx, s.account, []templates.Wanted{wanted}, templates.WatchOptions{Events: events})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// scripted is an account whose lists are those of a script, the last of them for good.
type scripted struct {
	templates.Account

	script []func() ([]*templates.Remote, error)
	asked  []time.Time
}

func (a *scripted) List(context.Context) ([]*templates.Remote, error) {
	a.asked = append(a.asked, time.Now())
	return a.script[min(len(a.asked), len(a.script))-1]()
}

func TestAWatchGoesOnWhenATemplateIsListedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list := func(remotes ...*templates.Remote) func() ([]*templates.Remote, error) {
			return func() ([]*templates.Remote, error) { return remotes, nil }
		}
		remote := func(status kirim.TemplateStatus) *templates.Remote {
			return &templates.Remote{MessageTemplate: kirim.MessageTemplate{Name: "a", Language: "en", Status: status}}
		}
		account := &scripted{script: []func() ([]*templates.Remote, error){
			list(), list(), list(remote("PENDING")), list(), list(), list(remote("APPROVED")),
		}}
		states, err := templates.Watch(t.Context(), account, []templates.Wanted{{Name: "a", Language: "en"}}, templates.WatchOptions{})
		if err != nil || states[0].Status != "approved" || len(account.asked) != 6 {
			t.Errorf("%v, %v after %d lists", states, err, len(account.asked))
		}
	})
}

func TestAnEventDoesNotShortenTheWaitThatTheServerAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		account := &scripted{script: []func() ([]*templates.Remote, error){
			func() ([]*templates.Remote, error) {
				return nil, kirim.DecodeError(429, http.Header{"Retry-After": {"300"}}, []byte(`{"error":{"code":"rate_limit_exceeded"}}`))
			},
			func() ([]*templates.Remote, error) {
				return []*templates.Remote{{MessageTemplate: kirim.MessageTemplate{Name: "a", Language: "en", Status: "approved"}}}, nil
			},
		}}
		events := make(chan *kirim.TemplateStatusUpdate, 1)
		events <- update("a", "en", "approved")
		if _, err := templates.Watch(t.Context(), account, []templates.Wanted{{Name: "a", Language: "en"}}, templates.WatchOptions{Events: events}); err != nil {
			t.Fatal(err)
		}
		if gap := account.asked[1].Sub(account.asked[0]); gap != 5*time.Minute {
			t.Errorf("asked again after %s", gap)
		}
	})
}
