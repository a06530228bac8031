package flow

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/kirim-go/kirim/flows"
)

// testKeys take a while to make: there are two for all tests.
var testKeys = sync.OnceValue(func() (keys []*rsa.PrivateKey) {
	for range 2 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})

func publicKey(t testing.TB, i int) string {
	t.Helper()
	text, err := flows.PublicKeyPEM(testKeys()[i])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// service is a data endpoint of package flows, with the first of the keys.
func service(t testing.TB, exchange flows.Exchange, opts ...flows.Option) *Endpoint {
	t.Helper()
	handler, err := flows.NewHandler(testKeys()[:1], exchange, append([]flows.Option{flows.WithAppSecrets("app-secret")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return serving(t, handler)
}

func serving(t testing.TB, h http.Handler) *Endpoint {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return &Endpoint{URL: server.URL, AppSecret: "app-secret", Key: func() string { return publicKey(t, 0) }}
}

// appointments is the service of docs/flows/appointment.json.
func appointments(seen *[]string) flows.Exchange {
	return func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		*seen = append(*seen, fmt.Sprintf("%s %s %s %s %s", r.Version, r.Action, r.Screen, r.FlowToken, r.Data))
		dates := []map[string]string{{"id": "2026-12-02", "title": "2 December"}, {"id": "2026-12-03", "title": "3 December"}}
		begin := flows.Next("APPOINTMENT", map[string]any{"dates": dates, "times": []any{}, "times_shown": false})
		if r.Action != flows.ActionDataExchange {
			return begin, nil
		}
		var in struct{ Step, Date, Time, Name string }
		if err := r.Decode(&in); err != nil {
			return nil, err
		}
		switch {
		case in.Step == "date":
			return flows.Next("APPOINTMENT", map[string]any{"times": []map[string]string{{"id": "09:00", "title": "09:00"}}, "times_shown": true}), nil
		case in.Step == "time" && in.Date == "2026-12-03":
			return begin.WithErrorMessage("This day is taken."), nil
		case in.Step == "time":
			return flows.Next("DETAILS", map[string]any{"summary": in.Date + ", " + in.Time}), nil
		}
		return flows.Close(map[string]any{"name": in.Name, "date": in.Date}), nil
	}
}

func TestTheEndpointDecidesWhatComesNext(t *testing.T) {
	t.Parallel()
	var seen []string
	ctx := t.Context()
	endpoint := service(t, appointments(&seen))
	s, err := NewSession(ctx, example(t, "appointment.json"), endpoint, Open{Token: "t-1", Exchange: true})
	if err != nil {
		t.Fatal(err)
	}
	step := func(err error, screen string, fields int) {
		t.Helper()
		if v := s.View(); err != nil || v.Screen != screen || len(v.Fields) != fields || v.Failure != "" {
			t.Fatalf("%v, %+v", err, v)
		}
	}
	step(nil, "APPOINTMENT", 1)
	set(t, s, `{"date":"2026-12-03"}`)
	step(s.Select(ctx, "date", "2026-12-03", true), "APPOINTMENT", 2)
	set(t, s, `{"time":"09:00"}`)
	step(s.Press(ctx, ""), "APPOINTMENT", 1)
	if v := s.View(); v.Message != "This day is taken." {
		t.Errorf("%+v", v)
	}
	set(t, s, `{"date":"2026-12-02"}`)
	step(s.Select(ctx, "date", "2026-12-02", true), "APPOINTMENT", 2)
	if v := s.View(); v.Message != "" {
		t.Errorf("an earlier message is still there: %+v", v)
	}
	step(s.Press(ctx, ""), "DETAILS", 2)
	step(s.Back(ctx), "APPOINTMENT", 1) // refresh_on_back asks the endpoint
	set(t, s, `{"date":"2026-12-02"}`)
	step(s.Select(ctx, "date", "2026-12-02", true), "APPOINTMENT", 2)
	step(s.Press(ctx, ""), "DETAILS", 2)
	set(t, s, `{"name":"Ana"}`)
	if err := s.Press(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(s.Result()); string(got) != `{"date":"2026-12-02","flow_token":"t-1","name":"Ana"}` {
		t.Errorf("%s; %+v", got, s.View())
	}
	for i, want := range map[int]string{
		0: `3.0 INIT  t-1 `, 1: `3.0 data_exchange APPOINTMENT t-1 {"date":"2026-12-03","step":"date"}`, 5: `3.0 BACK DETAILS t-1 `, 8: `3.0 data_exchange DETAILS t-1 {"date":"2026-12-02","name":"Ana","step":"book","time":"09:00"}`,
	} {
		if i >= len(seen) || strings.TrimSpace(strings.TrimSuffix(seen[i], "{}")) != strings.TrimSpace(want) {
			t.Errorf("request %d: %q, want %q", i, seen[min(i, len(seen)-1)], want)
		}
	}
	if err := endpoint.Ping(ctx); err != nil {
		t.Error(err)
	}
}

func TestAFailureOfTheEndpointIsShownAndTriedAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var result error
	endpoint := service(t, func(context.Context, *flows.Request) (*flows.Response, error) {
		return flows.Next("APPOINTMENT", map[string]any{"dates": []any{}}), result
	})
	with := func(change func(*Endpoint)) *Endpoint {
		e := *endpoint
		change(&e)
		return &e
	}
	plain := func(status int, body string) *Endpoint {
		return serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, body) }))
	}
	elsewhere := http.RedirectHandler(endpoint.URL, http.StatusTemporaryRedirect)
	for name, test := range map[string]struct {
		endpoint *Endpoint
		result   error
		says     string
		disabled bool
	}{
		"none":                      {nil, nil, "give the flow an endpoint", false},
		"a failing callback":        {endpoint, errors.New("x"), "responded 500", false},
		"another app secret":        {with(func(e *Endpoint) { e.AppSecret = "x" }), nil, "432", false},
		"another private key":       {with(func(e *Endpoint) { e.Key = func() string { return publicKey(t, 1) } }), nil, "421", false},
		"no key":                    {with(func(e *Endpoint) { e.Key = func() string { return "" } }), nil, "there is no public key", false},
		"a key that is not PEM":     {with(func(e *Endpoint) { e.Key = func() string { return "x" } }), nil, "not PEM", false},
		"the token is used":         {endpoint, flows.TokenInvalid("You have one already."), "You have one already.", true},
		"the token, without a word": {endpoint, flows.ErrTokenInvalid, "no longer valid (427)", true},
		"427 in plain":              {plain(427, `{"error_msg":"Ordered already"}`), nil, "Ordered already", true},
		"not base64":                {plain(200, `{"screen":"APPOINTMENT"}`), nil, "not base64", false},
		"not encrypted":             {plain(200, "AAAA"), nil, "cannot be decrypted", false},
		"a redirect":                {serving(t, elsewhere), nil, "responded 307", false},
		"nobody listens":            {with(func(e *Endpoint) { e.URL = "http://127.0.0.1:1" }), nil, "did not respond", false},
		"another machine":           {with(func(e *Endpoint) { e.URL = "http://198.51.100.7/flows" }), nil, "this machine alone", false},
		"no URL":                    {with(func(e *Endpoint) { e.URL = "ftp://127.0.0.1" }), nil, "http or https", false},
	} {
		result = test.result
		s, err := NewSession(ctx, example(t, "appointment.json"), test.endpoint, Open{Token: "t-1", Exchange: true})
		if err != nil {
			t.Fatal(err)
		}
		if v := s.View(); v.Screen != "" || !strings.Contains(v.Failure, test.says) || v.Disabled != test.disabled || v.Retry == test.disabled || s.Disabled() != test.disabled {
			t.Errorf("%s: %+v", name, v)
		}
		if s.Press(ctx, "") == nil || s.Back(ctx) == nil {
			t.Errorf("%s: the flow goes on", name)
		}
		if test.endpoint != endpoint || test.disabled {
			continue
		}
		result = nil
		if err := s.Retry(ctx); err != nil || s.View().Screen != "APPOINTMENT" || s.View().Failure != "" {
			t.Errorf("%s: once more: %v, %+v", name, err, s.View())
		}
	}
}

func TestAKeyThatWasReplacedIsTakenAgain(t *testing.T) {
	t.Parallel()
	var seen []string
	endpoint := service(t, appointments(&seen))
	asked := 0
	endpoint.Key = func() string {
		asked++
		return publicKey(t, min(2-asked, 1)&1) // the old one, then the new one
	}
	s, err := NewSession(t.Context(), example(t, "appointment.json"), endpoint, Open{Exchange: true})
	if err != nil || s.View().Screen != "APPOINTMENT" || asked != 2 {
		t.Errorf("%v after %d requests: %+v", err, asked, s.View())
	}
}

func TestAResponseThatDoesNotFitIsReported(t *testing.T) {
	t.Parallel()
	for _, response := range []*flows.Response{
		flows.Next("NOWHERE", nil), {Screen: success, Params: map[string]any{}}, {Screen: success, Params: json.RawMessage(`{"flow_token":null}`)},
	} {
		var reported []string
		endpoint := service(t, func(context.Context, *flows.Request) (*flows.Response, error) { return response, nil },
			flows.WithErrorObserver(func(_ context.Context, n *flows.ErrorNotification) {
				reported = append(reported, n.Key+" "+string(n.Request.Action))
			}))
		s, err := NewSession(t.Context(), example(t, "appointment.json"), endpoint, Open{Exchange: true})
		if err != nil {
			t.Fatal(err)
		}
		if complete := response.Screen == success && string(mustJSON(t, response.Params)) == "{}"; complete { // package flows adds the token
			if s.Result() == nil {
				t.Errorf("%+v", s.View())
			}
			continue
		}
		if v := s.View(); !strings.Contains(v.Failure, "cannot be used") || len(reported) != 1 || !strings.HasSuffix(reported[0], " INIT") {
			t.Errorf("%+v: %+v, reported %q", response, v, reported)
		}
	}
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnEndpointThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	endpoint := serving(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then it is noticed that the client has left
		cancel()
		<-r.Context().Done()
	}))
	s, err := NewSession(ctx, example(t, "appointment.json"), endpoint, Open{Exchange: true})
	if err != nil || !strings.Contains(s.View().Failure, "did not respond") {
		t.Errorf("%v, %+v", err, s.View())
	}
}

func TestANameThatLeadsElsewhereIsNotAsked(t *testing.T) {
	t.Parallel()
	e := &Endpoint{URL: "http://localhost/flows"}
	dial := e.dial("localhost")
	if _, err := dial(t.Context(), "tcp", "198.51.100.7:80"); err == nil || !strings.Contains(err.Error(), "not this machine's") {
		t.Errorf("dial: %v", err)
	}
	for url, allowed := range map[string]bool{
		"http://127.0.0.1:80/x": true, "http://[::1]/": true, "https://localhost": true, "http://a.localhost": true, "http://service:8080/flows": true,
		"http://other:8080": false, "http://localhost.example": false, "http://127.0.0.1.example": false, "http://10.0.0.1": false, "//127.0.0.1": false, "file:///etc": false, ":": false,
	} {
		e := &Endpoint{URL: url, Hosts: []string{"service"}}
		if err := e.CheckURL(); (err == nil) != allowed {
			t.Errorf("%s: %v", url, err)
		}
	}
}
