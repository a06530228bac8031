package kirimtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The moments of the eight attempts after the first, without jitter.
var attemptMoments = []time.Duration{
	0, 10 * time.Second, 40 * time.Second, 160 * time.Second, 760 * time.Second, 4360 * time.Second, 25960 * time.Second, 112360 * time.Second,
}

func TestDeliveryIsAttemptedEightTimesOnSchedule(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, always(503))
	s.Subscribe(hookURL, "message.received")
	fire(s)
	s.Settle()
	for i, at := range attemptMoments[1:] {
		s.Advance(at - attemptMoments[i] - time.Second)
		if n := len(r.webhooks()); n != i+1 {
			t.Fatalf("%d attempts a second before attempt %d", n, i+2)
		}
		if d := lastDelivery(t, s); d.Status != DeliveryPending || !d.NextAttempt.Equal(epoch.Add(at)) {
			t.Errorf("before attempt %d: %s, next %v", i+2, d.Status, d.NextAttempt)
		}
		s.Advance(time.Second)
		if n := len(r.webhooks()); n != i+2 {
			t.Fatalf("%d attempts at the time of attempt %d", n, i+2)
		}
	}
	d := lastDelivery(t, s)
	if d.Status != DeliveryDead || !d.NextAttempt.IsZero() || len(d.Attempts) != 8 {
		t.Fatalf("%+v", d)
	}
	ids := make(map[string]bool)
	for i, w := range r.webhooks() {
		h := w.header
		try := d.Attempts[i]
		if !try.Time.Equal(epoch.Add(attemptMoments[i])) || try.StatusCode != 503 || try.Error == "" || try.Number != i+1 {
			t.Errorf("attempt %d: %+v", i+1, try)
		}
		if h.Get("X-Kirim-Attempt") != fmt.Sprint(i+1) || h.Get("X-Kirim-Delivery-Id") != try.DeliveryID || h.Get("X-Kirim-Event-Id") != d.EventID {
			t.Errorf("attempt %d: %v", i+1, h)
		}
		if !strings.HasPrefix(h.Get("X-Kirim-Signature"), fmt.Sprintf("t=%d,v1=", try.Time.Unix())) {
			t.Errorf("attempt %d was not signed at its own time: %s", i+1, h.Get("X-Kirim-Signature"))
		}
		if string(w.body) != string(d.Body) {
			t.Errorf("attempt %d has another body: %s", i+1, w.body)
		}
		ids[try.DeliveryID] = true
	}
	if len(ids) != 8 || d.Attempts[0].DeliveryID != d.ID {
		t.Errorf("delivery ids %v", ids)
	}
	s.Advance(40 * time.Hour)
	if n := len(r.webhooks()); n != 8 {
		t.Errorf("%d attempts", n)
	}
}

func TestOneAdvanceStopsAtEveryAttempt(t *testing.T) {
	t.Parallel()
	s, _, clock := withReceiver(t, always(500))
	s.Subscribe(hookURL, "message.received")
	fire(s)
	s.Advance(32 * time.Hour)
	for i, try := range lastDelivery(t, s).Attempts {
		if !try.Time.Equal(epoch.Add(attemptMoments[i])) {
			t.Errorf("attempt %d at %v", i+1, try.Time.Sub(epoch))
		}
	}
	if !clock.Now().Equal(epoch.Add(32 * time.Hour)) {
		t.Errorf("the clock stands at %v", clock.Now())
	}
}

func TestClockThatIsMovedByHandMakesDeliveriesGoOut(t *testing.T) {
	t.Parallel()
	s, r, clock := withReceiver(t, []answerWith{{status: 500}, {status: 200}})
	s.Subscribe(hookURL, "message.received")
	fire(s)
	s.Settle()
	clock.Advance(10 * time.Second)
	s.Settle()
	if d := lastDelivery(t, s); len(r.webhooks()) != 2 || d.Status != DeliverySucceeded {
		t.Errorf("%+v", d)
	}
}

func TestScheduleRunsInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := &receiver{answers: always(500)}
		s := Start(t, WithoutListener(), WithWebhookHandler(r), WithoutWebhookJitter())
		s.Subscribe(hookURL, "message.received")
		fire(s)
		time.Sleep(32 * time.Hour)
		s.Settle()
		for i, try := range lastDelivery(t, s).Attempts {
			if try.Time.Sub(start) != attemptMoments[i] {
				t.Errorf("attempt %d after %v", i+1, try.Time.Sub(start))
			}
		}
	})
}

func TestAdvanceWaitsOnAClockThatRunsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := &receiver{answers: []answerWith{{status: 500}, {hang: true}, {status: 200}}}
		s := Start(t, WithoutListener(), WithWebhookHandler(r), WithoutWebhookJitter())
		s.Subscribe(hookURL, "message.received")
		fire(s)
		s.Advance(time.Hour)
		d := lastDelivery(t, s)
		if d.Status != DeliverySucceeded || len(d.Attempts) != 3 || d.Attempts[1].Error != "timeout" || d.Attempts[2].Time.Sub(start) != 50*time.Second {
			t.Errorf("%+v", d)
		}
		if passed := time.Since(start); passed != time.Hour {
			t.Errorf("%v passed", passed)
		}
	})
}

func TestAddressThatIsNoneFailsLikeTheNetwork(t *testing.T) {
	t.Parallel()
	s, _, _ := withReceiver(t, nil)
	s.Subscribe("http://[::1", "message.received")
	fire(s)
	s.Settle()
	if d := lastDelivery(t, s); d.Status != DeliveryPending || d.Attempts[0].Error == "" {
		t.Errorf("%+v", d)
	}
}

func TestDeletedSubscriptionEndsItsDeliveries(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, []answerWith{{status: 500}, {hang: true}})
	sub := s.Subscribe(hookURL, "message.received")
	fire(s) // waits for its second attempt
	s.Settle()
	fire(s) // is in flight
	for len(r.webhooks()) < 2 {
		runtime.Gosched()
	}
	wantStatus(t, do(t, s, "DELETE", "/v1/webhook_subscriptions/"+sub.ID, ""), 200, "")
	clock, _ := s.cfg.clock.(*ManualClock)
	clock.Advance(attemptTimeout)
	s.Advance(time.Hour)
	for _, d := range s.Deliveries() {
		if d.Status != DeliveryDead || len(d.Attempts) != 1 {
			t.Errorf("%+v", d)
		}
	}
}

func TestJitterStaysWithinAFifthAndVaries(t *testing.T) {
	t.Parallel()
	const deliveries = 50
	s, _ := inMemory(t, WithWebhookHandler(&receiver{answers: always(500)}), WithAssumptions(func(as *Assumptions) { as.AutoDisableAfter = 0 }))
	s.Subscribe(hookURL, "message.received")
	for range deliveries {
		fire(s)
	}
	s.Advance(40 * time.Hour)
	shorter, longer := 0, 0
	for _, d := range s.Deliveries() {
		if len(d.Attempts) != 8 || !d.Attempts[0].Time.Equal(epoch) {
			t.Fatalf("%+v", d)
		}
		for i, try := range d.Attempts[1:] {
			nominal := attemptMoments[i+1] - attemptMoments[i]
			wait := try.Time.Sub(d.Attempts[i].Time)
			if off := (wait - nominal).Abs(); off > nominal/5 {
				t.Errorf("attempt %d after %v", i+2, wait)
			}
			if wait < nominal {
				shorter++
			} else {
				longer++
			}
		}
	}
	if shorter < deliveries || longer < deliveries {
		t.Errorf("%d waits were shorter, %d longer", shorter, longer)
	}
}

func TestResultOfAnAttemptDecidesWhatFollows(t *testing.T) {
	t.Parallel()
	const seconds = time.Second
	tests := map[string]struct {
		answer answerWith
		status DeliveryStatus
		next   time.Duration // after the first attempt, when pending
		code   int
	}{
		"200 is a success":                             {answerWith{status: 200}, DeliverySucceeded, 0, 200},
		"204 is a success":                             {answerWith{status: 204}, DeliverySucceeded, 0, 204},
		"a redirect is not followed and tried again":   {answerWith{status: 302}, DeliveryPending, 10 * seconds, 302},
		"304 is tried again":                           {answerWith{status: 304}, DeliveryPending, 10 * seconds, 304},
		"400 is permanent":                             {answerWith{status: 400}, DeliveryFailed, 0, 400},
		"401 is permanent":                             {answerWith{status: 401}, DeliveryFailed, 0, 401},
		"404 is permanent":                             {answerWith{status: 404}, DeliveryFailed, 0, 404},
		"410 is permanent":                             {answerWith{status: 410}, DeliveryFailed, 0, 410},
		"408 is tried again":                           {answerWith{status: 408}, DeliveryPending, 10 * seconds, 408},
		"429 is tried again":                           {answerWith{status: 429}, DeliveryPending, 10 * seconds, 429},
		"429 asks for longer in seconds":               {answerWith{status: 429, retryAfter: "75"}, DeliveryPending, 75 * seconds, 429},
		"429 asks for longer by a date":                {answerWith{status: 429, retryAfter: epoch.Add(50 * seconds).Format(http.TimeFormat)}, DeliveryPending, 50 * seconds, 429},
		"429 asks for less than the schedule":          {answerWith{status: 429, retryAfter: "3"}, DeliveryPending, 10 * seconds, 429},
		"429 asks for a time that has gone":            {answerWith{status: 429, retryAfter: "Thu, 01 Jan 1970 00:00:00 GMT"}, DeliveryPending, 10 * seconds, 429},
		"429 asks for more than a day":                 {answerWith{status: 429, retryAfter: "9223372036854775807"}, DeliveryPending, 24 * time.Hour, 429},
		"429 asks for nonsense":                        {answerWith{status: 429, retryAfter: "soon"}, DeliveryPending, 10 * seconds, 429},
		"500 is tried again":                           {answerWith{status: 500}, DeliveryPending, 10 * seconds, 500},
		"503 is tried again, whatever its Retry-After": {answerWith{status: 503, retryAfter: "600"}, DeliveryPending, 10 * seconds, 503},
		"a dropped connection is tried again":          {answerWith{abort: true}, DeliveryPending, 10 * seconds, 0},
		"silence is tried again, ten seconds later on": {answerWith{hang: true}, DeliveryPending, 20 * seconds, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, clock := withReceiver(t, []answerWith{tt.answer})
			sub := s.Subscribe(hookURL, "message.received")
			fire(s)
			if tt.answer.hang {
				clock.BlockUntil(1)
				clock.Advance(attemptTimeout)
			}
			s.Settle()
			d := lastDelivery(t, s)
			if d.Status != tt.status || len(d.Attempts) != 1 || d.Attempts[0].StatusCode != tt.code {
				t.Fatalf("%+v", d)
			}
			if tt.status == DeliveryPending && d.NextAttempt.Sub(epoch) != tt.next {
				t.Errorf("next attempt after %v", d.NextAttempt.Sub(epoch))
			}
			if failed := d.Attempts[0].Error != ""; failed == (tt.status == DeliverySucceeded) {
				t.Errorf("error %q", d.Attempts[0].Error)
			}
			want := 0
			if tt.status == DeliveryFailed {
				want = 1
			}
			if subs := s.Subscriptions(); subs[0].ID != sub.ID || subs[0].Failures != want {
				t.Errorf("subscription %+v", subs[0])
			}
		})
	}
}

func TestUnreachableReceiverIsTriedAgain(t *testing.T) {
	t.Parallel()
	hooks := httptest.NewServer(http.NotFoundHandler())
	hooks.Close()
	s := Start(t)
	s.Subscribe(hooks.URL, "message.received")
	fire(s)
	s.Settle()
	if d := lastDelivery(t, s); d.Status != DeliveryPending || len(d.Attempts) != 1 || !strings.Contains(d.Attempts[0].Error, "refused") {
		t.Errorf("%+v", d)
	}
}

func TestWebhooksGoOutOverTCPAndTLS(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		r := &receiver{}
		hooks := start(r)
		s := Start(t, WithWebhookTransport(hooks.Client().Transport))
		if name == "http" {
			s = Start(t)
		}
		s.Subscribe(hooks.URL, "message.received")
		fire(s)
		s.Settle()
		hooks.Close()
		if d := lastDelivery(t, s); d.Status != DeliverySucceeded || len(r.webhooks()) != 1 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestSignatureOfTheTestVector(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_01HXYZABCDEFGHJKMNPQRSTVWX","type":"contact.created"}`
	secrets := []*signingSecret{{plaintext: "whsec_primary_example"}, {plaintext: "whsec_rotating_example"}}
	const want = "t=1716480000," +
		"v1=9eda22cb58b30a7f415b750185a13fc141d0fc1ff378c9e6062c7cb0f642a103," +
		"v1=1cc8461513e7ce9ded4f2b50a9c2c3fff476c332a1c74d735d626eb32c4a594b"
	if got := sign(secrets, time.Unix(1716480000, 0), []byte(body)); got != want {
		t.Errorf("got %s", got)
	}
}

// signedBy tells which of the secrets signed a webhook.
func signedBy(w webhook, secrets ...string) []int {
	parts := strings.Split(w.header.Get("X-Kirim-Signature"), ",")
	var by []int
	for _, v1 := range parts[1:] {
		for i, secret := range secrets {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(strings.TrimPrefix(parts[0], "t=") + "." + string(w.body)))
			if v1 == "v1="+hex.EncodeToString(mac.Sum(nil)) {
				by = append(by, i)
			}
		}
	}
	return by
}

func TestHungReceiverDoesNotOutlastClose(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, []answerWith{{hang: true}})
	s.Subscribe(hookURL, "message.received")
	fire(s)
	for len(r.webhooks()) == 0 {
		runtime.Gosched()
	}
	s.Close()
	s.Settle()
	s.Advance(time.Hour)
	if d := lastDelivery(t, s); d.Status != DeliveryPending || len(d.Attempts) != 0 {
		t.Errorf("%+v", d)
	}
	fire(s) // on a closed server: noted, never sent
	if n := len(r.webhooks()); n != 1 {
		t.Errorf("%d webhooks", n)
	}
}

func TestReceiverThatIgnoresCancellationHoldsCloseForFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := NewServer(WithoutListener(), WithWebhookHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release })))
		s.Subscribe(hookURL, "message.received")
		fire(s)
		synctest.Wait()
		start := time.Now()
		s.Close()
		if waited := time.Since(start); waited != closeGrace {
			t.Errorf("Close took %v", waited)
		}
		close(release)
	})
}

// Not parallel: it counts the goroutines of the process.
func TestCloseEndsTheGoroutinesOfWebhooks(t *testing.T) {
	before := runtime.NumGoroutine()
	hanging := make(chan struct{}, 8)
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the server does not see that the client has left
		hanging <- struct{}{}
		<-r.Context().Done()
	}))
	answering := httptest.NewServer(&receiver{answers: always(500)})
	s := NewServer()
	s.Subscribe(hooks.URL, "message.received")
	s.Subscribe(answering.URL, "message.received")
	for range cap(hanging) {
		fire(s)
	}
	for range cap(hanging) {
		<-hanging
	}
	s.Close()
	hooks.Close()
	answering.Close()
	wantGoroutines(t, before)
}

func TestKeptDeliveriesAreBoundedAndPurgedAfterThirtyDays(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, always(500), WithLimits(Limits{Deliveries: 3}), WithAssumptions(func(as *Assumptions) { as.AutoDisableAfter = 0 }))
	s.Subscribe(hookURL, "message.received")
	for range 5 {
		fire(s)
		s.Advance(time.Minute)
	}
	list := s.Deliveries()
	if len(list) != 3 || len(s.state.agenda.queue) != 3 || len(s.state.attemptIDs) > 3*7 {
		t.Fatalf("%d deliveries, %d jobs, %d ids", len(list), len(s.state.agenda.queue), len(s.state.attemptIDs))
	}
	s.Advance(40 * time.Hour)
	sent := len(r.webhooks())
	s.Advance(29*24*time.Hour - 40*time.Hour)
	if n := len(s.Deliveries()); n != 3 || len(r.webhooks()) != sent {
		t.Errorf("%d deliveries after 29 days", n)
	}
	s.Advance(24 * time.Hour)
	if n := len(s.Deliveries()); n != 0 {
		t.Errorf("%d deliveries after 30 days", n)
	}
	wantStatus(t, do(t, s, "GET", "/v1/webhook_deliveries/"+list[0].ID, ""), 404, "resource_not_found")
}

func TestOneAttemptAtATimeKeepsTheOrder(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil, WithLimits(Limits{WebhookAttempts: 1}))
	s.Subscribe(hookURL, "message.received")
	var want []string
	for range 20 {
		want = append(want, fire(s).WAMID)
	}
	s.Settle()
	for i, w := range r.webhooks() {
		if got := w.header.Get("X-Kirim-Event-Id"); got != want[i] {
			t.Errorf("webhook %d is of %s, want %s", i, got, want[i])
		}
	}
	if n := len(r.webhooks()); n != 20 {
		t.Errorf("%d webhooks", n)
	}
}

func TestAnAddressWithoutAHostFailsItsAttempts(t *testing.T) {
	t.Parallel()
	s, r, _ := withReceiver(t, nil)
	s.Subscribe("example.com/hook", "message.received")
	fire(s)
	s.Settle()
	if d := lastDelivery(t, s); len(d.Attempts) == 0 || d.Attempts[0].Error == "" || d.Attempts[0].StatusCode != 0 || len(r.webhooks()) != 0 {
		t.Errorf("%+v", d)
	}
}
