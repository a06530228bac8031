package cloudapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

const verifyToken = "open sesame"

func newVerifier(t *testing.T, secrets ...string) *cloudapi.WebhookVerifier {
	t.Helper()
	v, err := cloudapi.NewWebhookVerifier(verifyToken, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// delivery is a webhook as Meta signs it.
func delivery(secret, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/meta", strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", cloudapi.SignWebhook(secret, []byte(body)))
	return r
}

func TestTheSignatureIsThatOfMeta(t *testing.T) {
	t.Parallel()
	// As openssl computes it.
	const want = "sha256=eefab58106e73358686845848feb95c56372e7391b3dc050b6a31c8c5f347ece"
	if got := cloudapi.SignWebhook(testSecret, []byte(`{"object":"whatsapp_business_account","entry":[]}`)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestEachFaultOfAWebhookHasTheResponseThatFitsMeta(t *testing.T) {
	t.Parallel()
	const body = `{"object":"whatsapp_business_account","entry":[]}`
	v := newVerifier(t, "an old secret", testSecret)
	signature := cloudapi.SignWebhook(testSecret, []byte(body))
	set := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["X-Hub-Signature-256"] = values }
	}
	for _, tt := range []struct {
		name   string
		v      *cloudapi.WebhookVerifier
		body   string
		change func(*http.Request)
		want   int
		err    error
	}{
		{"a good one", v, body, nil, 200, nil},
		{"the secret that is being replaced", v, body, set(cloudapi.SignWebhook("an old secret", []byte(body))), 200, nil},
		{"the header in lower case", v, body, func(r *http.Request) { r.Header = http.Header{"x-hub-signature-256": {signature}} }, 200, nil},
		{"hex in upper case", v, body, set("sha256=" + strings.ToUpper(signature[7:])), 200, nil},
		{"another secret", v, body, set(cloudapi.SignWebhook("another", []byte(body))), 401, kirim.ErrWebhookSignatureMismatch},
		{"another body", v, body, set(cloudapi.SignWebhook(testSecret, []byte(body+" "))), 401, kirim.ErrWebhookSignatureMismatch},
		{"no signature", v, body, set(), 401, kirim.ErrWebhookSignatureMissing},
		{"an empty one", v, body, set(""), 401, kirim.ErrWebhookSignatureMissing},
		{"two of them", v, body, set(signature, signature), 401, kirim.ErrWebhookSignatureMalformed},
		{"two under two spellings", v, body, func(r *http.Request) { r.Header["x-hub-signature-256"] = []string{"sha256=x"} }, 401, kirim.ErrWebhookSignatureMalformed},
		{"the older sha1", v, body, set("sha1=" + signature[7:47]), 401, kirim.ErrWebhookSignatureMalformed},
		{"no scheme", v, body, set(signature[7:]), 401, kirim.ErrWebhookSignatureMalformed},
		{"no hex", v, body, set("sha256=" + strings.Repeat("x", 64)), 401, kirim.ErrWebhookSignatureMalformed},
		{"a digit too few", v, body, set(signature[:len(signature)-1]), 401, kirim.ErrWebhookSignatureMalformed},
		{"a megabyte of signature", v, body, set("sha256=" + strings.Repeat("0", 1<<20)), 401, kirim.ErrWebhookSignatureMalformed},
		{"signed, but no event", v, `"hello"`, nil, 200, kirim.ErrWebhookMalformed},
		{"signed, but cut JSON", v, `{"object":`, nil, 200, kirim.ErrWebhookMalformed},
		{"signed, and empty", v, "", nil, 200, kirim.ErrWebhookMalformed},
		{"no event, and not signed", v, `"hello"`, set(), 401, kirim.ErrWebhookSignatureMissing},
		{"a body over the limit", v.WithMaxBody(10), body, nil, 413, kirim.ErrWebhookBodyTooLarge},
		{"likewise, of a length that is not announced", v.WithMaxBody(10), body, func(r *http.Request) { r.ContentLength = -1 }, 413, kirim.ErrWebhookBodyTooLarge},
		{"a body at the limit", v.WithMaxBody(int64(len(body))), body, nil, 200, nil},
		{"a body over 3 MiB", v, `{"a":"` + strings.Repeat("a", 3<<20) + `"}`, nil, 413, kirim.ErrWebhookBodyTooLarge},
		{"the default limit again", v.WithMaxBody(10).WithMaxBody(0), body, nil, 200, nil},
		{"a body over the limit of a middleware", v, body, func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 3) }, 413, kirim.ErrWebhookBodyTooLarge},
		{"a body that was read before", v, body, func(r *http.Request) { io.Copy(io.Discard, r.Body) }, 500, kirim.ErrWebhookBodyConsumed},
		{"a body that breaks off", v, body, func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)) }, 503, io.ErrUnexpectedEOF},
		{"no body", v, "", func(r *http.Request) { r.Body = nil }, 200, kirim.ErrWebhookMalformed},
		{"no verifier", nil, body, nil, 503, kirim.ErrWebhookNoSecret},
		{"a zero verifier", &cloudapi.WebhookVerifier{}, body, nil, 503, kirim.ErrWebhookNoSecret},
	} {
		request := func() *http.Request {
			r := delivery(testSecret, tt.body)
			if tt.change != nil {
				tt.change(r)
			}
			return r
		}
		if _, err := tt.v.Event(request()); !errors.Is(err, tt.err) || tt.v != nil && tt.v.StatusCode(err) != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
		w := httptest.NewRecorder()
		if kirim.NewWebhookHandler(tt.v).ServeHTTP(w, request()); w.Code != tt.want {
			t.Errorf("%s: the handler says %d, want %d", tt.name, w.Code, tt.want)
		}
	}
	if _, err := v.Event(nil); err == nil {
		t.Error("nil is a request")
	}
}

func TestTheChallengeOfMetaGoesThroughTheHandler(t *testing.T) {
	t.Parallel()
	hooks := kirim.NewWebhookHandler(newVerifier(t, testSecret))
	const good = "/?hub.mode=subscribe&hub.verify_token=open+sesame&hub.challenge=1158201444"
	for _, tt := range []struct {
		name, method, url string
		status            int
		body              string
	}{
		{"the right token", "GET", good, 200, "1158201444"},
		{"a HEAD", "HEAD", good, 200, ""},
		{"a wrong token", "GET", strings.Replace(good, "open", "closed", 1), 403, "Forbidden\n"},
		{"a token that begins right", "GET", strings.Replace(good, "sesame", "sesam", 1), 403, "Forbidden\n"},
		{"no token", "GET", "/?hub.mode=subscribe&hub.challenge=1158201444", 403, "Forbidden\n"},
		{"no mode", "GET", "/?hub.verify_token=open+sesame&hub.challenge=1158201444", 403, "Forbidden\n"},
		{"another mode", "GET", strings.Replace(good, "=subscribe", "=unsubscribe", 1), 403, "Forbidden\n"},
		{"nothing", "GET", "/", 403, "Forbidden\n"},
		{"a challenge with HTML", "GET", strings.Replace(good, "1158201444", "%3Cscript%3E", 1), 200, "<script>"},
	} {
		w := httptest.NewRecorder()
		hooks.ServeHTTP(w, httptest.NewRequest(tt.method, tt.url, nil))
		if w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s: %d %q, want %d %q", tt.name, w.Code, w.Body, tt.status, tt.body)
		}
		if typ := w.Header().Get("Content-Type"); w.Code == 200 && (typ != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("%s: the type is %q", tt.name, typ)
		}
	}
	for name, v := range map[string]*cloudapi.WebhookVerifier{"nil": nil, "zero": {}} {
		if body, err := v.Challenge(httptest.NewRequest("GET", good, nil)); err == nil || body != "" {
			t.Errorf("a %s verifier responds with %q", name, body)
		}
	}
}

func TestASecretThatCannotBeOneIsRefused(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no app secret":                       {verifyToken},
		"an empty app secret":                 {verifyToken, ""},
		"a second one that is empty":          {verifyToken, testSecret, ""},
		"white space at the end of a secret":  {verifyToken, testSecret + "\n"},
		"quotation marks around a secret":     {verifyToken, `"` + testSecret + `"`},
		"no verify token":                     {"", testSecret},
		"white space at the end of the token": {verifyToken + " ", testSecret},
	} {
		v, err := cloudapi.NewWebhookVerifier(args[0], args[1:]...)
		if err == nil || v != nil || strings.Contains(err.Error(), testSecret) || strings.Contains(err.Error(), verifyToken) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	v := newVerifier(t, testSecret)
	for _, shown := range []any{v, *v, struct{ v *cloudapi.WebhookVerifier }{v}} {
		if text := fmt.Sprintf("%v %+v %#v %s", shown, shown, shown, shown); strings.Contains(text, testSecret) {
			t.Errorf("%T shows the secret: %s", shown, text)
		}
	}
}

// The bodies are those of the root's tests, one for each example of Meta's.
func TestEveryWebhookThatMetaShowsArrivesTypedAndOnce(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/webhooks_meta/*.json")
	if err != nil || len(files) != 16 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		handled := 0
		hooks := kirim.NewWebhookHandler(newVerifier(t, testSecret))
		hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error { handled++; return nil })
		hooks.OnGroup(func(_ context.Context, g *kirim.GroupUpdate) error { handled++; return nil })
		hooks.OnUnknown(func(_ context.Context, e *kirim.Event) error {
			t.Errorf("%s: %T has no type", filepath.Base(file), e.Data[0])
			return nil
		})
		for range 2 { // the second is a replay
			w := httptest.NewRecorder()
			if hooks.ServeHTTP(w, delivery(testSecret, string(body))); w.Code != 200 {
				t.Errorf("%s: %d", filepath.Base(file), w.Code)
			}
		}
		if handled != 1 {
			t.Errorf("%s: handled %d times", filepath.Base(file), handled)
		}
	}
}

func TestWhatFailsComesAgain(t *testing.T) {
	t.Parallel()
	const body = `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"622100000001","phone_number_id":"200000000000001"},
		"statuses":[{"id":"wamid.EXAMPLE-1","status":"delivered","timestamp":"1780000002","recipient_id":"6281100000001"},
			{"id":"wamid.EXAMPLE-2","status":"failed","timestamp":"1780000003","recipient_id":"6281100000001","errors":[{"code":131047,"title":"Re-engagement message"}]}]}}]}]}`
	fails := true
	var got []string
	hooks := kirim.NewWebhookHandler(newVerifier(t, testSecret))
	hooks.OnStatus(func(_ context.Context, s *kirim.StatusUpdate) error {
		if s.ID == "wamid.EXAMPLE-2" && fails {
			return errors.New("the database is away")
		}
		got = append(got, s.ID)
		if s.Status == kirim.MessageFailed && !kirim.IsOutside24hWindow(s.Err()) {
			t.Errorf("%v", s.Err())
		}
		return nil
	})
	for i, want := range []int{500, 500, 200, 200} {
		fails = i < 2
		w := httptest.NewRecorder()
		if hooks.ServeHTTP(w, delivery(testSecret, body)); w.Code != want {
			t.Errorf("delivery %d: %d, want %d", i+1, w.Code, want)
		}
	}
	if strings.Join(got, " ") != "wamid.EXAMPLE-1 wamid.EXAMPLE-2" {
		t.Errorf("handled %v", got)
	}
}

func FuzzASignatureIsReadWithoutPanic(f *testing.F) {
	v, err := cloudapi.NewWebhookVerifier(verifyToken, testSecret)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cloudapi.SignWebhook(testSecret, []byte("{}")), []byte("{}"))
	f.Add("sha256=", []byte{})
	f.Fuzz(func(t *testing.T, signature string, body []byte) {
		err := v.Verify(http.Header{"X-Hub-Signature-256": {signature}}, body)
		if good := strings.EqualFold(signature, cloudapi.SignWebhook(testSecret, body)) && strings.HasPrefix(signature, "sha256="); (err == nil) != good {
			t.Errorf("%q over %q: %v", signature, body, err)
		}
	})
}
