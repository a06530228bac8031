package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// text is a delivery of one text message.
func text(id string) string {
	return `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"messages":[` + element(id) + `]}}]}]}`
}

func element(id string) string {
	return `{"from":"6281234500001","id":"` + id + `","timestamp":"1780000000","type":"text","text":{"body":"Halo"}}`
}

// deliver gives a handler a signed body and returns its response.
func deliver(t testing.TB, h http.Handler, body string) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed(testSecret, testTime, []byte(body)))
	return w.Code
}

func TestAnswersFollowFromWhatWentWrong(t *testing.T) {
	t.Parallel()
	request := func(change func(*http.Request)) *http.Request {
		r := signed(testSecret, testTime, []byte(text("1")))
		if change != nil {
			change(r)
		}
		return r
	}
	type handler = *kirim.WebhookHandler
	failing := func(h handler) {
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { return errors.New("no") })
	}
	for _, tt := range []struct {
		name  string
		r     *http.Request
		setUp func(handler)
		want  int
	}{
		{"a good delivery", request(nil), nil, 200},
		{"no signature", request(func(r *http.Request) { r.Header.Del("X-Kirim-Signature") }), nil, 401},
		{"a malformed signature", request(func(r *http.Request) { r.Header.Set("X-Kirim-Signature", "t=x") }), nil, 401},
		{"a wrong signature", signed("whsec_nobody", testTime, nil), nil, 401},
		{"a signature that is too old", signed(testSecret, testTime.Add(-301*time.Second), nil), nil, 503},
		{"a signature from the future", signed(testSecret, testTime.Add(301*time.Second), nil), nil, 503},
		{"a body over the limit", signed(testSecret, testTime, make([]byte, 4<<20)), nil, 413},
		{"a body that is no JSON", signed(testSecret, testTime, []byte("hello")), nil, 400},
		{"an unknown event", signed(testSecret, testTime, []byte(`{"id":"e","type":"a.b","data":{}}`)), nil, 200},
		{"a check with GET", request(func(r *http.Request) { r.Method = http.MethodGet }), nil, 200},
		{"a check with HEAD", request(func(r *http.Request) { r.Method, r.Body = http.MethodHead, nil }), nil, 200},
		{"another method", request(func(r *http.Request) { r.Method = http.MethodPut }), nil, 405},
		{"a callback that fails", request(nil), failing, 500},
		{"a callback that panics", request(nil), func(h handler) {
			h.OnMessage(func(ctx, *kirim.InboundMessage) error { panic("no") })
		}, 500},
		{"a body that was read before", request(func(r *http.Request) { io.Copy(io.Discard, r.Body) }), nil, 500},
		{"a handler that was shut down", request(nil), func(h handler) { h.Shutdown(context.Background()) }, 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := kirim.NewWebhookHandler(verifier(t, testSecret))
			h.OnMessage(func(ctx, *kirim.InboundMessage) error { return nil })
			if tt.setUp != nil {
				tt.setUp(h)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, tt.r)
			if w.Code != tt.want {
				t.Errorf("answer %d, want %d", w.Code, tt.want)
			}
			if allow := w.Header().Get("Allow"); (allow == "GET, HEAD, POST") != (tt.want == 405) {
				t.Errorf("Allow is %q", allow)
			}
			checkNoMAC(t, w.Body.String(), nil)
		})
	}
	if code := deliver(t, kirim.NewWebhookHandler(nil), text("1")); code != 503 {
		t.Errorf("without a verifier the answer is %d", code)
	}
}

func TestEveryKindOfDataHasItsCallback(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	var got []string
	h.OnMessage(func(_ ctx, m *kirim.InboundMessage) error { got = append(got, "message "+m.ID); return nil })
	h.OnStatus(func(_ ctx, s *kirim.StatusUpdate) error { got = append(got, "status "+string(s.Status)); return nil })
	h.OnAccountError(func(_ ctx, a *kirim.AccountError) error { got = append(got, fmt.Sprint("error ", a.Code)); return nil })
	h.OnOutbound(func(_ ctx, o *kirim.OutboundNotice) error { got = append(got, "outbound "+o.WAMID); return nil })
	h.OnConversationAssigned(func(_ ctx, c *kirim.ConversationAssigned) error { got = append(got, "assigned "+c.UserID); return nil })
	h.OnConversationClosed(func(_ ctx, c *kirim.ConversationClosed) error {
		got = append(got, "closed "+c.ConversationID)
		return nil
	})
	h.OnContactCreated(func(_ ctx, c *kirim.ContactCreated) error { got = append(got, "created "+c.Contact.ID); return nil })
	h.OnContactUpdated(func(_ ctx, c *kirim.ContactUpdated) error { got = append(got, "updated "+c.Contact.ID); return nil })
	h.OnCustomer(func(_ ctx, c *kirim.CustomerNotice) error { got = append(got, "customer "+string(c.Event)); return nil })
	h.OnMessageRevoked(func(_ ctx, m *kirim.MessageRevoked) error { got = append(got, "revoked "+m.ID); return nil })
	h.OnMessageEdited(func(_ ctx, m *kirim.MessageEdited) error {
		got = append(got, "edited "+m.WAMID+": "+m.Body)
		return nil
	})
	h.OnContactIdentityUpdated(func(_ ctx, c *kirim.ContactIdentityUpdated) error {
		got = append(got, "identity of "+c.Contact.ID)
		return nil
	})
	h.OnCall(func(_ ctx, c *kirim.CallUpdate) error { got = append(got, "call "+c.Status); return nil })
	h.OnAccountUpdate(func(_ ctx, a *kirim.AccountUpdate) error { got = append(got, "account "+a.Event); return nil })
	h.On("planet.discovered", func(_ ctx, e *kirim.Event) error { got = append(got, "on "+e.ID); return nil })
	h.OnUnknown(func(_ ctx, e *kirim.Event) error { got = append(got, fmt.Sprintf("unknown %T", e.Data[0])); return nil })
	for file, want := range map[string]string{
		"text":                     "message wamid.IN001",
		"flat_text":                "message wamid.IN040",
		"flat_status":              "status delivered",
		"account_error":            "error 130429",
		"message_sent":             "outbound wamid.OUT001",
		"message_created":          "outbound ",
		"conversation_assigned":    "assigned usr_1",
		"conversation_closed":      "closed cnv_1",
		"contact_created":          "created ctc_1",
		"contact_updated":          "updated ctc_1",
		"customer_onboarded":       "customer customer.onboarded",
		"customer_archived":        "customer customer.archived",
		"unknown_event":            "on evt_UNKNOWN_EVENT",
		"message_revoked":          "revoked msg_1",
		"message_revoked_whole":    "revoked msg_1",
		"message_revoked_unknown":  "unknown *kirim.UnknownData",
		"message_edited":           "edited wamid.IN1: Halo lagi",
		"contact_identity_whole":   "identity of ctc_1",
		"contact_identity_updated": "unknown *kirim.UnknownData",
		"misshapen":                "unknown *kirim.UnknownData",
		"many": "message wamid.IN030, message wamid.IN031, unknown *kirim.UnknownData, status sent, " +
			"account DISABLED_UPDATE, message wamid.IN032, call RINGING",
	} {
		got = nil
		body, err := os.ReadFile("testdata/events/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		code := deliver(t, h, string(body))
		if s := strings.Join(got, ", "); code != 200 || s != want {
			t.Errorf("%s: %d, %q, want %q", file, code, s, want)
		}
	}
}

func TestOnRunsBeforeTheTypedCallbackAndGetsOneElement(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	var calls, typed int
	fail := false
	h.OnMessage(func(ctx, *kirim.InboundMessage) error {
		if typed++; typed > calls {
			t.Error("the typed callback ran first")
		}
		return nil
	})
	h.On(kirim.EventMessageReceived, func(_ ctx, e *kirim.Event) error {
		if calls++; len(e.Data) != 1 || e.Type != kirim.EventMessageReceived {
			t.Errorf("%d elements of %s", len(e.Data), e.Type)
		}
		if fail {
			return errors.New("no")
		}
		return nil
	})
	body, _ := os.ReadFile("testdata/events/many.json")
	if code := deliver(t, h, string(body)); code != 200 || calls != 3 || typed != 3 {
		t.Errorf("%d, %d and %d calls", code, calls, typed)
	}
	fail = true
	if code := deliver(t, h, text("refused")); code != 500 || calls != 4 || typed != 3 {
		t.Errorf("the first failed: %d, %d and %d calls", code, calls, typed)
	}
	h.On(kirim.EventMessageReceived, nil)
	h.OnMessage(nil)
	if code := deliver(t, h, text("other")); code != 200 || calls != 4 || typed != 3 {
		t.Errorf("callbacks that were unset: %d, %d and %d calls", code, calls, typed)
	}
}

func TestOnlyTheElementsThatFailedAreHandledAgain(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	var ran []string
	fail := true
	h.OnMessage(func(_ ctx, m *kirim.InboundMessage) error {
		if ran = append(ran, m.ID); m.ID == "2" && fail {
			panic("not yet")
		}
		return nil
	})
	body := strings.Replace(text("1"), element("1"), element("1")+","+element("2")+","+element("3")+","+element("1"), 1)
	first := deliver(t, h, body)
	fail = false
	second := deliver(t, h, body)
	third := deliver(t, h, body)
	if first != 500 || second != 200 || third != 200 {
		t.Errorf("answers %d, %d, %d", first, second, third)
	}
	fourth := httptest.NewRecorder()
	if h.ServeHTTP(fourth, signed(testSecret, testTime, []byte(body))); fourth.Body.String() != "duplicates: 4\n" {
		t.Errorf("a delivery of duplicates is answered with %q", fourth.Body)
	}
	if h.ServeHTTP(fourth, signed(testSecret, testTime, []byte(text("5")))); fourth.Body.String() != "duplicates: 4\n" {
		t.Errorf("a delivery of nothing else is answered with %q more", fourth.Body)
	}
	if got := strings.Join(ran, " "); got != "1 2 3 2 5" {
		t.Errorf("ran %s", got)
	}
}

func TestStatusesOfOneMessageAreNoDuplicates(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	var ran []string
	h.OnStatus(func(_ ctx, s *kirim.StatusUpdate) error {
		ran = append(ran, string(s.Status)+s.Recipient.Phone)
		return nil
	})
	status := func(status, recipient string) string {
		return `{"id":"wamid.1","status":"` + status + `","recipient_id":"G","recipient_type":"group","recipient_participant_id":"` + recipient + `"}`
	}
	body := `{"entry":[{"changes":[{"value":{"statuses":[` + status("sent", "62") + `,` + status("read", "62") + `,` + status("read", "63") + `,` + status("read", "62") + `]}}]}]}`
	for range 2 {
		r := signed(testSecret, testTime, []byte(body))
		r.Header.Set("X-Kirim-Event-Id", "wamid.1")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if got := strings.Join(ran, " "); got != "sent62 read62 read63" {
		t.Errorf("ran %s", got)
	}
}

func TestErrorsOfAnAccountAreToldApartByTheEvent(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	ran := 0
	h.OnAccountError(func(ctx, *kirim.AccountError) error { ran++; return nil })
	for i, want := range []int{1, 1, 2, 3, 4} { // the last two have no event id
		r := signed(testSecret, testTime, []byte(`{"entry":[{"changes":[{"value":{"errors":[{"code":130429}]}}]}]}`))
		if i < 3 {
			r.Header.Set("X-Kirim-Event-Id", []string{"a", "a", "b"}[i])
		}
		if h.ServeHTTP(httptest.NewRecorder(), r); ran != want {
			t.Errorf("delivery %d: %d calls, want %d", i, ran, want)
		}
	}
}

func TestElementInWorkIsRefusedAndNotAcknowledged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := kirim.NewWebhookHandler(verifier(t, testSecret))
		result := make(chan error)
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { return <-result })
		first := make(chan int)
		try := func() { first <- deliver(t, h, text("1")) }
		go try()
		synctest.Wait()
		if code := deliver(t, h, text("1")); code != 503 {
			t.Errorf("while the first is in work: %d", code)
		}
		result <- errors.New("no")
		if code := <-first; code != 500 {
			t.Errorf("the first, which failed: %d", code)
		}
		go try()
		result <- nil
		if code := <-first; code != 200 {
			t.Errorf("the second: %d", code)
		}
		if code := deliver(t, h, text("1")); code != 200 {
			t.Errorf("the third, which is a duplicate: %d", code)
		}
	})
}

func TestContextOfADeliveryEndsAfterEightSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := kirim.NewWebhookHandler(verifier(t, testSecret))
		var ran []string
		h.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
			if ran = append(ran, m.ID); len(ran) > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		})
		body := strings.Replace(text("1"), element("1"), element("1")+","+element("2"), 1)
		start := time.Now()
		if code := deliver(t, h, body); code != 500 || time.Since(start) != 8*time.Second {
			t.Errorf("answer %d after %v", code, time.Since(start))
		}
		if code := deliver(t, h, body); code != 200 || strings.Join(ran, " ") != "1 1 2" {
			t.Errorf("again: %d, ran %v", code, ran)
		}
	})
}

func TestCallbackThatSucceedsTooLateCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(strictDeduper{kirim.NewMemoryDeduper(0, 0)}))
		ran := 0
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { ran++; time.Sleep(time.Minute); return nil })
		for range 2 {
			if code := deliver(t, h, text("1")); code != 200 {
				t.Errorf("answer %d", code)
			}
		}
		if ran != 1 {
			t.Errorf("ran %d times", ran)
		}
	})
}

// strictDeduper fails, as one behind a network would, once its context ended.
type strictDeduper struct{ *kirim.MemoryDeduper }

func (d strictDeduper) Complete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.MemoryDeduper.Complete(ctx, key)
}

// brokenDeduper cannot claim, or cannot complete.
type brokenDeduper struct{ claim, complete error }

func (d brokenDeduper) Claim(ctx, string) (kirim.ClaimState, error) { return kirim.Claimed, d.claim }
func (d brokenDeduper) Complete(ctx, string) error                  { return d.complete }
func (d brokenDeduper) Release(ctx, string) error                   { return nil }

func TestDeduperThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		deduper   brokenDeduper
		want, ran int
	}{
		{brokenDeduper{claim: errors.New("down")}, 503, 0},
		{brokenDeduper{complete: errors.New("down")}, 200, 1},
	} {
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(tt.deduper))
		ran := 0
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { ran++; return nil })
		if code := deliver(t, h, text("1")); code != tt.want || ran != tt.ran {
			t.Errorf("%+v: answer %d, ran %d times", tt.deduper, code, ran)
		}
	}
}

func TestOnlyADeduperThatCannotSettleIsLogged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		deduper kirim.Deduper
		err     error // of the callback
		want    string
	}{
		{kirim.NewMemoryDeduper(0, 0), nil, ""},
		{kirim.NewMemoryDeduper(0, 0), errors.New("later"), ""},
		{brokenDeduper{complete: errors.New("down")}, nil, `"msg":"kirim: webhook deduper failed","handled":true,"error":"down"`},
	} {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, nil))
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeduper(tt.deduper), kirim.WithWebhookLogger(logger))
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { return tt.err })
		deliver(t, h, text("1"))
		if failed := strings.Contains(log.String(), "deduper failed"); failed != (tt.want != "") || !strings.Contains(log.String(), tt.want) {
			t.Errorf("callback error %v: the log is %s, want %s", tt.err, log.String(), tt.want)
		}
	}
}

func TestCallbackThatEndsItsGoroutineIsReleased(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret))
	h.OnMessage(func(ctx, *kirim.InboundMessage) error { runtime.Goexit(); return nil })
	done := make(chan struct{})
	go func() {
		defer close(done)
		deliver(t, h, text("1"))
	}()
	<-done
	h.OnMessage(func(ctx, *kirim.InboundMessage) error { return nil })
	if code := deliver(t, h, text("1")); code != 200 {
		t.Errorf("answer %d", code)
	}
	if err := h.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOverloadIsRefusedAndShutdownWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithMaxDeliveries(2))
		proceed := make(chan struct{})
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { <-proceed; return nil })
		var answers [2]int
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = deliver(t, h, text(strconv.Itoa(i))) })
		}
		synctest.Wait()
		if code := deliver(t, h, text("third")); code != 503 {
			t.Errorf("the third at once: %d", code)
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.Shutdown(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown while callbacks run: %v", err)
		}
		drained := make(chan error, 1)
		go func() { drained <- h.Shutdown(context.Background()) }()
		synctest.Wait()
		proceed <- struct{}{}
		synctest.Wait()
		select {
		case err := <-drained:
			t.Errorf("Shutdown returned %v while one of two deliveries was in work", err)
		default:
		}
		close(proceed)
		wg.Wait()
		if err := <-drained; err != nil || answers != [2]int{200, 200} {
			t.Errorf("Shutdown: %v, answers %v", err, answers)
		}
		if code := deliver(t, h, text("late")); code != 503 {
			t.Errorf("after Shutdown: %d", code)
		}
	})
}

func TestLogHasNeitherSecretsNorMessages(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithWebhookLogger(logger))
	h.OnMessage(func(ctx, *kirim.InboundMessage) error { return errors.New("database is away") })
	body := text("wamid.NjI4MTIzNDUwMDAwMQ==")
	deliver(t, h, body)
	bad := signed("whsec_nobody", testTime, []byte(body))
	h.ServeHTTP(httptest.NewRecorder(), bad)
	checkNoMAC(t, log.String(), []byte(body))
	for _, private := range []string{"6281234500001", "Halo", "wamid."} {
		if strings.Contains(log.String(), private) {
			t.Errorf("the log has %q: %s", private, log.String())
		}
	}
	for _, wanted := range []string{"database is away", "no signature matches"} {
		if !strings.Contains(log.String(), wanted) {
			t.Errorf("the log lacks %q: %s", wanted, log.String())
		}
	}
}

func TestSlowBodyDoesNotHoldAPlaceForEver(t *testing.T) {
	t.Parallel()
	h := kirim.NewWebhookHandler(verifier(t, testSecret), kirim.WithDeliveryTimeout(50*time.Millisecond))
	server := httptest.NewServer(h)
	defer server.Close()
	reader, writer := io.Pipe()
	defer writer.Close()
	res, err := http.Post(server.URL, "application/json", reader)
	if err != nil {
		return // closed without a response
	}
	defer res.Body.Close()
	if res.StatusCode != 503 {
		t.Errorf("answer %d", res.StatusCode)
	}
}

// TestEachElementIsHandledOnce delivers 10,000 messages and 30 % of them
// twice, from 64 senders at once, again until the response is 200. Callbacks
// fail at random when they may.
func TestEachElementIsHandledOnce(t *testing.T) {
	t.Parallel()
	for _, failing := range []bool{false, true} {
		t.Run(fmt.Sprintf("with failing callbacks %v", failing), func(t *testing.T) {
			t.Parallel()
			const distinct, deliveries, senders = 7000, 10_000, 64
			h := kirim.NewWebhookHandler(verifier(t, testSecret))
			var succeeded [distinct]atomic.Int32
			h.OnMessage(func(_ ctx, m *kirim.InboundMessage) error {
				i, err := strconv.Atoi(m.ID)
				if err != nil {
					return err
				}
				if runtime.Gosched(); failing {
					switch rand.IntN(6) {
					case 0:
						return errors.New("no")
					case 1:
						panic("no")
					}
				}
				succeeded[i].Add(1)
				return nil
			})
			queue := make([]int, deliveries)
			for i := range queue {
				queue[i] = i
				if i >= distinct {
					queue[i] = rand.IntN(distinct)
				}
			}
			rand.Shuffle(deliveries, func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
			var next, again atomic.Int64
			var wg sync.WaitGroup
			for range senders {
				wg.Go(func() {
					for {
						n := next.Add(1) - 1
						if n >= deliveries {
							return
						}
						body := text(strconv.Itoa(queue[n]))
						for deliver(t, h, body) != 200 {
							again.Add(1)
							runtime.Gosched()
						}
					}
				})
			}
			wg.Wait()
			for i := range succeeded {
				if n := succeeded[i].Load(); n != 1 {
					t.Fatalf("message %d was handled %d times", i, n)
				}
			}
			if failing && again.Load() == 0 {
				t.Error("no callback failed")
			}
		})
	}
}
