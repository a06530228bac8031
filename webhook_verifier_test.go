package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// ownVerifier is one of a user's own. It trusts whoever knows the password.
type ownVerifier struct {
	now  time.Time
	seen context.Context
}

var errPassword = errors.New("own: wrong password")

func (v *ownVerifier) Event(r *http.Request) (*kirim.Event, error) {
	v.seen = r.Context()
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if r.Header.Get("X-Password") != "open sesame" {
		return nil, errPassword
	}
	return kirim.DecodeEvent(nil, body)
}

// withChallenge also answers GET, and withStatus also says what is answered.
type withChallenge struct{ *ownVerifier }

func (withChallenge) Challenge(r *http.Request) (string, error) {
	if r.URL.Query().Get("hub.verify_token") != "open sesame" {
		return "", errPassword
	}
	return r.URL.Query().Get("hub.challenge"), nil
}

type withStatus struct {
	*ownVerifier
	status func(error) int
}

func (v withStatus) StatusCode(err error) int { return v.status(err) }

// nilChallenger is a pointer, and everything about it panics when that is nil.
type nilChallenger struct{ withStatus withStatus }

func (v *nilChallenger) Event(r *http.Request) (*kirim.Event, error) { return v.withStatus.Event(r) }
func (v *nilChallenger) StatusCode(err error) int                    { return v.withStatus.status(err) }
func (v *nilChallenger) Challenge(r *http.Request) (string, error) {
	return v.withStatus.now.String(), nil
}

// eventFunc is a verifier that is only its method.
type eventFunc func(*http.Request) (*kirim.Event, error)

func (f eventFunc) Event(r *http.Request) (*kirim.Event, error) { return f(r) }

// respond gives a handler a request with the password and returns its response.
func respond(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("X-Password", "open sesame")
	h.ServeHTTP(w, r)
	return w
}

func TestWithoutAVerifierEveryDeliveryComesAgain(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*kirim.WebhookHandler{
		"nil":                        kirim.NewWebhookHandler(nil),
		"a nil WebhookVerifier":      kirim.NewWebhookHandler((*kirim.WebhookVerifier)(nil)),
		"a nil verifier of a user's": kirim.NewWebhookHandler((*nilChallenger)(nil)),
		"a nil function":             kirim.NewWebhookHandler(eventFunc(nil)),
		"nil below a WebhookVerifier": kirim.NewWebhookHandler(struct {
			*kirim.WebhookVerifier
		}{}),
	} {
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { t.Errorf("%s: the callback ran", name); return nil })
		if code := deliver(t, h, text("1")); code != 503 {
			t.Errorf("%s: a delivery gets %d", name, code)
		}
		want := 200
		if name == "a nil verifier of a user's" { // it would answer otherwise, if it were there
			want = 503
		}
		if code := respond(h, http.MethodGet, "/", "").Code; code != want {
			t.Errorf("%s: a check gets %d, want %d", name, code, want)
		}
	}
}

func TestAVerifierOfTheUsersHasAllOfTheHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		windows := kirim.NewMemoryWindowStore(0)
		own := &ownVerifier{}
		h := kirim.NewWebhookHandler(own, kirim.WithWebhookWindowStore(windows))
		var got []string
		fail := true
		h.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error {
			if got = append(got, m.Text); fail {
				fail = false
				return errors.New("not yet")
			}
			return nil
		})
		began := time.Now()
		body := text("1")
		for i, want := range []int{500, 200, 200} {
			if w := respond(h, http.MethodPost, "/", body); w.Code != want {
				t.Errorf("delivery %d: %d, want %d", i, w.Code, want)
			}
		}
		if len(got) != 2 {
			t.Errorf("the callback ran %d times", len(got))
		}
		if at, _ := windows.LastOpened(t.Context(), "1", "6281234500001"); at.IsZero() {
			t.Error("no window was opened")
		}
		if ends, ok := own.seen.Deadline(); !ok || ends.Sub(began) != 8*time.Second {
			t.Errorf("the verifier may take until %v", ends)
		}
		for _, tt := range []struct {
			name, password, body string
			want                 int
		}{
			{"a wrong password", "x", body, 503}, // an error that this package does not know
			{"a body that is no event", "open sesame", "[]", 400},
			{"a body over the limit of the verifier", "open sesame", strings.Repeat(" ", 1<<20+1), 413},
		} {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			r.Header.Set("X-Password", tt.password)
			if h.ServeHTTP(w, r); w.Code != tt.want {
				t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
			}
		}
	})
}

func TestAnEventThatWasMadeByHandIsHandledOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made := &kirim.Event{Data: []kirim.EventData{
			&kirim.InboundMessage{ID: "sms-1", PhoneNumberID: "1", From: kirim.Person{Phone: "6281234500001"}, Type: kirim.MessageTypeText, Text: "Halo"},
			&kirim.StatusUpdate{ID: "sms-0", Status: kirim.MessageDelivered},
		}}
		windows := kirim.NewMemoryWindowStore(0)
		h := kirim.NewWebhookHandler(eventFunc(func(*http.Request) (*kirim.Event, error) { return made, nil }), kirim.WithWebhookWindowStore(windows))
		calls := 0
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { calls++; return nil })
		h.OnStatus(func(ctx, *kirim.StatusUpdate) error { calls++; return nil })
		for range 3 {
			if w := respond(h, http.MethodPost, "/", ""); w.Code != 200 {
				t.Errorf("%d", w.Code)
			}
		}
		if calls != 2 {
			t.Errorf("%d calls for two elements", calls)
		}
		if at, err := windows.LastOpened(t.Context(), "1", "6281234500001"); err != nil || !at.Equal(time.Now()) {
			t.Errorf("the window was opened at %v, %v", at, err)
		}
		if !made.ReceivedAt.IsZero() {
			t.Error("the verifier's event was changed")
		}
	})
}

func TestAGetGoesToTheChallenge(t *testing.T) {
	t.Parallel()
	const html = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
	for _, tt := range []struct {
		name           string
		v              kirim.EventVerifier
		method, target string
		status         int
		body           string
	}{
		{"the right token", withChallenge{}, "GET", "/?hub.verify_token=open+sesame&hub.challenge=1158201444", 200, "1158201444"},
		{"a HEAD", withChallenge{}, "HEAD", "/?hub.verify_token=open+sesame&hub.challenge=1158201444", 200, ""},
		{"a wrong token", withChallenge{}, "GET", "/?hub.verify_token=x&hub.challenge=1", 403, "Forbidden\n"},
		{"a HEAD with a wrong token", withChallenge{}, "HEAD", "/", 403, "Forbidden\n"},
		{"HTML", withChallenge{}, "GET", "/?hub.verify_token=open+sesame&hub.challenge=" + html, 200, "<script>alert(1)</script>"},
		{"a challenge that panics", &nilChallenger{}, "GET", "/", 403, "Forbidden\n"},
		{"no Challenge", &ownVerifier{}, "GET", "/?hub.challenge=1", 200, ""},
		{"no Challenge and a HEAD", &ownVerifier{}, "HEAD", "/", 200, ""},
		{"another method", withChallenge{}, "PUT", "/", 405, "Method Not Allowed\n"},
	} {
		w := respond(kirim.NewWebhookHandler(tt.v), tt.method, tt.target, "")
		if w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s: %d %q, want %d %q", tt.name, w.Code, w.Body, tt.status, tt.body)
		}
		typ, sniff := w.Header().Get("Content-Type"), w.Header().Get("X-Content-Type-Options")
		if (tt.body != "" || tt.status == 200 && tt.v == withChallenge{}) && (typ != "text/plain; charset=utf-8" || sniff != "nosniff") {
			t.Errorf("%s: Content-Type %q, X-Content-Type-Options %q", tt.name, typ, sniff)
		}
	}
}

func TestTheVerifierChoosesTheStatusOfARefusal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status func(error) int
		want   int
	}{
		{"a status for its own error", func(err error) int {
			if errors.Is(err, errPassword) {
				return 418
			}
			return kirim.WebhookStatusCode(err)
		}, 418},
		{"the default", kirim.WebhookStatusCode, 503},
		{"success, so that it does not come again", func(error) int { return 200 }, 200},
		{"no content", func(error) int { return 204 }, 204},
		{"the last that there is", func(error) int { return 599 }, 599},
		{"zero", func(error) int { return 0 }, 500},
		{"a negative one", func(error) int { return -1 }, 500},
		{"99", func(error) int { return 99 }, 500},
		{"one that ends nothing", func(error) int { return 100 }, 500},
		{"199", func(error) int { return 199 }, 500},
		{"600", func(error) int { return 600 }, 500},
		{"1000", func(error) int { return 1000 }, 500},
		{"a panic", func(error) int { panic("no") }, 500},
	} {
		v := withStatus{&ownVerifier{}, tt.status}
		h := kirim.NewWebhookHandler(v)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text("1")))); w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
		}
		// It is not asked about what was accepted, and what comes of that.
		if code := respond(h, http.MethodPost, "/", text("1")).Code; code != 200 {
			t.Errorf("%s: a good delivery gets %d", tt.name, code)
		}
		h.OnMessage(func(ctx, *kirim.InboundMessage) error { return errPassword })
		if code := respond(h, http.MethodPost, "/", text("2")).Code; code != 500 {
			t.Errorf("%s: a callback that failed gets %d", tt.name, code)
		}
	}
}

func TestAFaultyVerifierIsAFaultOfTheProgram(t *testing.T) {
	t.Parallel()
	var none *kirim.InboundMessage
	for name, event := range map[string]eventFunc{
		"a panic":           func(*http.Request) (*kirim.Event, error) { panic("no") },
		"neither":           func(*http.Request) (*kirim.Event, error) { return nil, nil }, //nolint:nilnil // the fault
		"a nil element":     func(*http.Request) (*kirim.Event, error) { return &kirim.Event{Data: []kirim.EventData{nil}}, nil },
		"a nil in its type": func(*http.Request) (*kirim.Event, error) { return &kirim.Event{Data: []kirim.EventData{none}}, nil },
	} {
		var log bytes.Buffer
		h := kirim.NewWebhookHandler(event, kirim.WithWebhookWindowStore(kirim.NewMemoryWindowStore(0)), kirim.WithWebhookLogger(slog.New(slog.NewTextHandler(&log, nil))))
		h.OnUnknown(func(ctx, *kirim.Event) error { t.Errorf("%s: the callback ran", name); return nil })
		if code := respond(h, http.MethodPost, "/", "").Code; code != 500 || !strings.Contains(log.String(), "the verifier is faulty") {
			t.Errorf("%s: %d, %s", name, code, &log)
		}
		if err := h.Shutdown(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAVerifierThatEndsItsGoroutineLeavesTheWriterAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		h := kirim.NewWebhookHandler(eventFunc(func(*http.Request) (*kirim.Event, error) {
			runtime.Goexit()
			return nil, errPassword
		}))
		var handling sync.WaitGroup
		handling.Go(func() { h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody)) })
		handling.Wait()
		synctest.Wait()
		if len(w.set) != 0 {
			t.Errorf("deadlines %v", w.set)
		}
		if err := h.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestDecodingIsTheSameWithAndWithoutVerification(t *testing.T) {
	t.Parallel()
	bodies := map[string][]byte{}
	for _, file := range eventFiles(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies[file] = body
	}
	for _, body := range []string{"", "null", "[]", "{", "{} {}", `{"a":` + strings.Repeat("[", 1001) + strings.Repeat("]", 1001) + "}"} {
		bodies[body] = []byte(body)
	}
	v := verifier(t, testSecret)
	for name, body := range bodies {
		r := signed(testSecret, testTime, body)
		r.Header.Set("x-kirim-event-id", "wamid.H1")
		r.Header.Set("X-Kirim-Attempt", "3")
		want, wantErr := v.Event(r)
		got, err := kirim.DecodeEvent(r.Header, body)
		if !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) {
			t.Errorf("%.60q: %v, want %v", name, err, wantErr)
			continue
		}
		if err != nil {
			if got != nil || !errors.Is(err, kirim.ErrWebhookMalformed) {
				t.Errorf("%.60q: %v, %v", name, got, err)
			}
			continue
		}
		if since := time.Since(got.ReceivedAt); since < 0 || since > time.Minute || !want.ReceivedAt.Equal(testTime) {
			t.Errorf("%s: received at %v and %v", name, got.ReceivedAt, want.ReceivedAt)
		}
		got.ReceivedAt = want.ReceivedAt
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: decoded as\n%s\nwant\n%s", name, dump(got), dump(want))
		}
	}
	e, err := kirim.DecodeEvent(nil, []byte(`{"type":"a.b","data":{"x":"`+strings.Repeat("x", 4<<20)+`"}}`))
	if err != nil || e.Type != "a.b" {
		t.Errorf("a body that is larger than a verifier takes: %v", err)
	}
}
