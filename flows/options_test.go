package flows_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/flows"
)

func TestWhatIsWrongWithAHandlerIsSaid(t *testing.T) {
	t.Parallel()
	exchange := func(context.Context, *flows.Request) (*flows.Response, error) { return flows.Next("A", nil), nil }
	unsigned := flows.WithoutSignatureCheck()
	one := testKeys()[:1]
	for name, test := range map[string]struct {
		keys     []*rsa.PrivateKey
		exchange flows.Exchange
		opts     []flows.Option
		want     string
	}{
		"no key":                   {nil, exchange, []flows.Option{unsigned}, "there is no private key"},
		"a nil key":                {append(one[:1:1], nil), exchange, []flows.Option{unsigned}, "private key 2: it is nil"},
		"a zero key":               {[]*rsa.PrivateKey{{}}, exchange, []flows.Option{unsigned}, "private key 1: it is nil"},
		"no callback":              {one, nil, []flows.Option{unsigned}, "the callback is nil"},
		"a nil option":             {one, exchange, []flows.Option{unsigned, nil}, "option 2 is nil"},
		"nothing about signatures": {one, exchange, nil, "either WithAppSecrets or WithoutSignatureCheck"},
		"both about signatures":    {one, exchange, []flows.Option{unsigned, flows.WithAppSecrets("s")}, "either WithAppSecrets or WithoutSignatureCheck"},
		"no secret":                {one, exchange, []flows.Option{flows.WithAppSecrets()}, "there is no secret"},
		"an empty secret":          {one, exchange, []flows.Option{flows.WithAppSecrets("a", "")}, "secret 2 is empty"},
		"a secret with a newline":  {one, exchange, []flows.Option{flows.WithAppSecrets("hush\n")}, "secret 1 has white space at an end"},
		"no time":                  {one, exchange, []flows.Option{unsigned, flows.WithTimeout(0)}, "WithTimeout: 0s"},
		"no body":                  {one, exchange, []flows.Option{unsigned, flows.WithMaxBody(0)}, "WithMaxBody: 0"},
		"an endless body":          {one, exchange, []flows.Option{unsigned, flows.WithMaxBody(1 << 62)}, "WithMaxBody"},
		"a nil logger":             {one, exchange, []flows.Option{unsigned, flows.WithLogger(nil)}, "the logger is nil"},
	} {
		h, err := flows.NewHandler(test.keys, test.exchange, test.opts...)
		if h != nil || err == nil || !strings.HasPrefix(err.Error(), "flows: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", name, h, err)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error shows the secret", name)
		}
	}
}

func TestNothingShowsKeysOrData(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var shown []any
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	h, err := flows.NewHandler(testKeys()[:1], func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		shown = append(shown, r, *r, map[string]any{"r": r})
		logger.Info("seen", slog.Any("request", r))
		var in struct {
			Age int `json:"age"`
		}
		if r.Screen == "PANIC" {
			panic(string(r.Data))
		}
		return nil, r.Decode(&in)
	}, flows.WithAppSecrets("PRIVATE-secret"), flows.WithLogger(logger))
	if err != nil {
		t.Fatal(err)
	}
	p := newPhone(&testKeys()[0].PublicKey)
	for _, payload := range []string{
		`{"action":"data_exchange","flow_token":"PRIVATE-token","data":{"age":"PRIVATE-age"}}`,
		`{"action":"data_exchange","flow_token":"PRIVATE-token","screen":"PANIC","data":{"age":"PRIVATE-age"}}`,
		`{"action":"data_exchange","flow_token":"PRIVATE-token","data":{"age":777000777000777000777}}`,
		`{"action":7,"data":"PRIVATE"}`,
	} {
		body := p.seal(payload).String()
		post(t, h, body, sign("PRIVATE-secret", body))
		post(t, h, body, sign("other", body))
	}
	fail := flows.TokenInvalid("PRIVATE-message")
	shown = append(shown, h, *h, fail, flows.Media{FileName: "PRIVATE", URL: "PRIVATE"}, flows.MediaMetadata{HMACKey: []byte("PRIVATE")})
	logger.Info("seen", slog.Any("media", flows.Media{FileName: "PRIVATE"}), slog.Any("metadata", flows.MediaMetadata{HMACKey: []byte("PRIVATE")}))
	text := log.String() + fmt.Sprintf("%#v %+v %v", fail, fail, fail) + fmt.Sprintf("%v %+v %#v %s %d", shown, shown, shown, shown, shown)
	for _, secret := range []string{"PRIVATE", base64.StdEncoding.EncodeToString([]byte("PRIVATE")), "777000777", testKeys()[0].D.String()[:20], "80 82 73 86 65 84 69"} {
		if strings.Contains(text, strings.Trim(secret, "[]")) {
			t.Errorf("%q is shown in\n%s", secret, text)
		}
	}
	for level, want := range map[string]int{"ERROR": 3, "WARN": 5} { // the callback failed; the request was refused
		if n := strings.Count(log.String(), fmt.Sprintf(`"level":%q,"msg":"flows: request not handled"`, level)); n != want {
			t.Errorf("%d records at %s, not %d:\n%s", n, level, want, &log)
		}
	}
}

// logged keeps the errors that a handler logs.
type logged struct {
	slog.Handler
	errs *[]error
}

func (l logged) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			*l.errs = append(*l.errs, err)
		}
		return true
	})
	return nil
}

func TestTheLogSaysWhereACallbackPanicked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exchange flows.Exchange
		want     string
	}{
		"an error of the runtime": {func(_ context.Context, r *flows.Request) (*flows.Response, error) {
			return flows.Next(strings.Fields(r.Screen)[1], nil), nil
		}, "flows: the callback panicked: runtime error: index out of range [1] with length 0"},
		"an error of another": {func(context.Context, *flows.Request) (*flows.Response, error) {
			panic(errors.New("PRIVATE"))
		}, "flows: the callback panicked with a value of type *errors.errorString"},
		"a text": {func(context.Context, *flows.Request) (*flows.Response, error) { panic("PRIVATE") }, "flows: the callback panicked with a value of type string"},
	} {
		var errs []error
		call(t, newHandler(t, test.exchange, flows.WithLogger(slog.New(logged{slog.NewTextHandler(io.Discard, nil), &errs}))), begin)
		var panicked *flows.PanicError
		if len(errs) != 1 || !errors.As(errs[0], &panicked) {
			t.Errorf("%s: %v", name, errs)
			continue
		}
		if text := panicked.Error(); text != test.want || fmt.Sprintf("%#v", panicked) != text || !bytes.Contains(panicked.Stack, []byte("options_test.go")) {
			t.Errorf("%s: %s", name, text)
		}
	}
}
