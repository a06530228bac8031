package kirim_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

// deadlines notes the deadlines that are set for reading.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// waiting is a body that ends when its deadline has come.
type waiting struct{ *deadlines }

func (w waiting) Read([]byte) (int, error) {
	for len(w.set) == 0 {
		time.Sleep(time.Second)
	}
	return 0, errors.New("deadline")
}

func TestOnlyWhatIsVerifiedIsFreedOfTheServersDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*http.Request, *deadlines)
		want   string
	}{
		{"a good delivery", func(*http.Request, *deadlines) {}, "[none]"},
		{"no signature", func(r *http.Request, _ *deadlines) { r.Header = nil }, "[]"},
		{"a body over the limit", func(r *http.Request, _ *deadlines) { r.ContentLength = 4 << 20 }, "[]"},
		{"a body that trickles in", func(r *http.Request, d *deadlines) { r.Body = io.NopCloser(waiting{d}) }, "[8s]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
				r := signed(testSecret, testTime, []byte(text("1")))
				tt.change(r, w)
				began, set := time.Now(), []string{}
				kirim.NewWebhookHandler(verifier(t, testSecret)).ServeHTTP(w, r)
				for _, at := range w.set {
					if at.IsZero() {
						set = append(set, "none")
					} else {
						set = append(set, at.Sub(began).String())
					}
				}
				if got := fmt.Sprint(set); got != tt.want {
					t.Errorf("deadlines %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestPanicDoesNotShowWhatItWasWith(t *testing.T) {
	t.Parallel()
	const private = "Halo, ini rahasia"
	var message *kirim.InboundMessage
	for _, tt := range []struct {
		panics func()
		want   string
	}{
		{func() { panic(private) }, "a value of type string"},
		{func() { panic(errors.New(private)) }, "a value of type *errors.errorString"},
		{func() { panic(fmt.Errorf("handling %s: %w", private, io.EOF)) }, "a value of type *fmt.wrapError"},
		{func() { panic(&kirim.InboundMessage{Text: private}) }, "a value of type *kirim.InboundMessage"},
		{func() { _ = message.Text }, "invalid memory address"},
		{func() { _ = []int{}[len(private)] }, "index out of range"},
		{func() { (*kirim.StatusTracker)(nil).Join("a", "b") }, "the StatusTracker is nil"},
	} {
		var value any
		func() {
			defer func() { value = recover() }()
			tt.panics()
		}()
		err := &kirim.PanicError{Value: value}
		for _, verb := range []string{"%v", "%+v", "%s", "%q", "%#v"} {
			if got := fmt.Sprintf(verb, err); strings.Contains(got, "rahasia") || !strings.Contains(got, tt.want) {
				t.Errorf("%s: %s, want %s", verb, got, tt.want)
			}
		}
	}
}

func TestNilRequestsAndVerifiers(t *testing.T) {
	t.Parallel()
	if _, err := verifier(t, testSecret).Event(nil); err == nil || kirim.WebhookStatusCode(err) != 500 {
		t.Errorf("Event(nil): %v", err)
	}
	var none *kirim.WebhookVerifier
	for _, v := range []*kirim.WebhookVerifier{none.WithMaxBody(1), none.WithTolerance(1), none.WithClock(nil)} {
		if _, err := v.Event(signed(testSecret, testTime, nil)); !errors.Is(err, kirim.ErrWebhookNoSecret) {
			t.Error(err)
		}
	}
}
