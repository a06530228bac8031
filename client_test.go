package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

func TestAWrongClientIsRefusedWithTheOptionsName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		key  string
		opts []kirim.Option
		want string
	}{
		{"no key", "", nil, "kirim: apiKey: the API key is empty"},
		{"a line break in the key", "kdv\n", nil, "kirim: apiKey: the API key has a space, a control character or a non-ASCII byte at byte 4 of 4; trim"},
		{"a space in the key", "kdv live", nil, "at byte 4 of 8"},
		{"a NUL in the key", "kdv\x00", nil, "at byte 4 of 4"},
		{"a letter beyond ASCII in the key", "kdv\u00e9", nil, "at byte 4 of 5"},
		{"a base URL without a scheme", "k", []kirim.Option{kirim.WithBaseURL("api.kirimdev.com/v1")}, "kirim: WithBaseURL: not an absolute http or https URL"},
		{"an empty base URL", "k", []kirim.Option{kirim.WithBaseURL("")}, "kirim: WithBaseURL: not an absolute"},
		{"a relative base URL", "k", []kirim.Option{kirim.WithBaseURL("/v1")}, "kirim: WithBaseURL: not an absolute"},
		{"another scheme", "k", []kirim.Option{kirim.WithBaseURL("ftp://h/v1")}, "kirim: WithBaseURL: not an absolute"},
		{"no host", "k", []kirim.Option{kirim.WithBaseURL("https:///v1")}, "kirim: WithBaseURL: no host"},
		{"only a port", "k", []kirim.Option{kirim.WithBaseURL("https://:443/v1")}, "kirim: WithBaseURL: no host"},
		{"a broken URL", "k", []kirim.Option{kirim.WithBaseURL("https://h/%zz")}, "kirim: WithBaseURL: not a URL"},
		{"a password in the URL", "k", []kirim.Option{kirim.WithBaseURL("https://u:p@h")}, "kirim: WithBaseURL: a user name"},
		{"a query in the URL", "k", []kirim.Option{kirim.WithBaseURL("https://h?x=1")}, "kirim: WithBaseURL: a query"},
		{"a fragment in the URL", "k", []kirim.Option{kirim.WithBaseURL("https://h#x")}, "kirim: WithBaseURL: a fragment"},
		{"plain http", "k", []kirim.Option{kirim.WithBaseURL("http://api.kirimdev.com/v1")}, "kirim: WithBaseURL: plain http"},
		{"plain http to a private address", "k", []kirim.Option{kirim.WithBaseURL("http://10.0.0.1/v1")}, "kirim: WithBaseURL: plain http"},
		{"plain http to a name below localhost", "k", []kirim.Option{kirim.WithBaseURL("http://app.localhost/v1")}, "kirim: WithBaseURL: plain http"},
		{"plain http to another spelling of localhost", "k", []kirim.Option{kirim.WithBaseURL("http://LOCALHOST/v1")}, "kirim: WithBaseURL: plain http"},
		{"plain http to localhost with a dot", "k", []kirim.Option{kirim.WithBaseURL("http://localhost./v1")}, "kirim: WithBaseURL: plain http"},
		{"plain http to an unspecified address", "k", []kirim.Option{kirim.WithBaseURL("http://0.0.0.0/v1")}, "kirim: WithBaseURL: plain http"},
		{"a host that only begins like loopback", "k", []kirim.Option{kirim.WithBaseURL("http://127.0.0.1.example/v1")}, "kirim: WithBaseURL: plain http"},
		{"no http client", "k", []kirim.Option{kirim.WithHTTPClient(nil)}, "kirim: WithHTTPClient: the client is nil"},
		{"no limiter", "k", []kirim.Option{kirim.WithLimiter(nil)}, "kirim: WithLimiter: the limiter is nil"},
		{"no logger", "k", []kirim.Option{kirim.WithLogger(nil)}, "kirim: WithLogger: the logger is nil"},
		{"a zero logger", "k", []kirim.Option{kirim.WithLogger(&slog.Logger{})}, "kirim: WithLogger: the logger has no handler, as a zero slog.Logger; make it with slog.New"},
		{"no decoder", "k", []kirim.Option{kirim.WithErrorDecoder(nil)}, "kirim: WithErrorDecoder: the decoder is nil"},
		{"no product", "k", []kirim.Option{kirim.WithUserAgent("")}, "kirim: WithUserAgent: the product has 0 characters"},
		{"a product with a line break", "k", []kirim.Option{kirim.WithUserAgent("a\r\nX: 1")}, "kirim: WithUserAgent: the product has a byte that is not printable ASCII at 2"},
		{"an option that is nil", "k", []kirim.Option{kirim.WithUserAgent("a"), nil}, "kirim: option 2 is nil"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := kirim.NewClient(tt.key, tt.opts...)
			wantText(t, err, tt.want)
			if c != nil {
				t.Error("there is a client all the same")
			}
		})
	}
}

func TestPlainHTTPIsForLoopbackOrOnRequest(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"http://127.0.0.1:80/v1", "http://127.9.9.9", "http://localhost:1", "http://[::1]:1/v1", "http://[::ffff:127.0.0.1]:1"} {
		if _, err := kirim.NewClient("k", kirim.WithBaseURL(u)); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	if _, err := kirim.NewClient("k", kirim.WithInsecureHTTP(), kirim.WithBaseURL("http://10.0.0.1")); err != nil {
		t.Error(err)
	}
	if _, err := kirim.NewClient("k", kirim.WithBaseURL("http://10.0.0.1"), kirim.WithInsecureHTTP()); err != nil {
		t.Error(err)
	}
}

// What counts as loopback here must be what net/http never gives to a proxy.
func TestPlainHTTPToLoopbackNeverGoesToAProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the proxy was asked for %s", r.Host)
	}))
	t.Cleanup(proxy.Close)
	if os.Getenv("KIRIM_TEST_PROXIED") == "" { // net/http reads the environment once for a process
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		again.Env = append(os.Environ(), "KIRIM_TEST_PROXIED=1", "HTTP_PROXY="+proxy.URL, "NO_PROXY=", "http_proxy=", "no_proxy=")
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for _, host := range []string{"localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "app.localhost", "LOCALHOST", "localhost."} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		c, err := kirim.NewClient(testKey, kirim.WithBaseURL("http://"+host+":1"))
		if err == nil { // it was taken for loopback
			err = c.Do(ctx, "GET", "/me", nil, nil, nil, kirim.WithoutRetry())
			if err == nil {
				t.Errorf("%s: there was an answer", host)
			}
		}
		cancel()
	}
}

func TestTheEnvironmentIsReadOnlyOnRequest(t *testing.T) {
	t.Setenv("KIRIM_API_KEY", "")
	_, err := kirim.NewClientFromEnv()
	wantText(t, err, "kirim: KIRIM_API_KEY: the API key is empty")
	t.Setenv("KIRIM_API_KEY", testKey)
	t.Setenv("KIRIM_BASE_URL", "nonsense")
	_, err = kirim.NewClientFromEnv()
	wantText(t, err, "kirim: KIRIM_BASE_URL: not an absolute")
	t.Setenv("KIRIM_BASE_URL", "http://10.0.0.1")
	_, err = kirim.NewClientFromEnv()
	wantText(t, err, "kirim: KIRIM_BASE_URL: plain http")
	t.Setenv("KIRIM_BASE_URL", "https://env.example/v9/")
	c, err := kirim.NewClientFromEnv()
	if err != nil || c.String() != "kirim.Client(https://env.example/v9)" {
		t.Errorf("%v, %v", c, err)
	}
	c, err = kirim.NewClientFromEnv(kirim.WithBaseURL("https://option.example"))
	if err != nil || c.String() != "kirim.Client(https://option.example)" {
		t.Errorf("%v, %v", c, err)
	}
	c, err = kirim.NewClient(testKey)
	if err != nil || c.String() != "kirim.Client("+kirim.DefaultBaseURL+")" {
		t.Errorf("%v, %v", c, err)
	}
}

func TestTheBaseURLIsTheOneThatRequestsGoTo(t *testing.T) {
	t.Setenv("KIRIM_API_KEY", testKey)
	t.Setenv("KIRIM_BASE_URL", "https://env.example/v9/")
	fromEnv, err := kirim.NewClientFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	of := func(opts ...kirim.Option) *kirim.Client {
		c, err := kirim.NewClient(testKey, opts...)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tt := range []struct {
		name   string
		client *kirim.Client
		want   string
	}{
		{"the default", of(), kirim.DefaultBaseURL},
		{"an option", of(kirim.WithBaseURL("https://option.example/prefix/v1//")), "https://option.example/prefix/v1"},
		{"an escaped path", of(kirim.WithBaseURL("https://option.example/a%2Fb/v1/")), "https://option.example/a%2Fb/v1"},
		{"the environment", fromEnv, "https://env.example/v9"},
		{"a zero Client", &kirim.Client{}, ""},
		{"a nil Client", nil, ""},
	} {
		if got := tt.client.BaseURL(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPathsAreJoinedSegmentBySegment(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, base, path, want string }{
		{"a base without a path", "https://h", "/me", "https://h/me"},
		{"a base with a slash", "https://h/", "/me", "https://h/me"},
		{"a base with a prefix", "https://h/p/v1", "/me", "https://h/p/v1/me"},
		{"a base with a prefix and a slash", "https://h/p/v1/", "/me", "https://h/p/v1/me"},
		{"a base with a prefix and slashes", "https://h/p/v1//", "me", "https://h/p/v1/me"},
		{"a base with an escaped prefix", "https://h/a%2Fb/v1/", "/me", "https://h/a%2Fb/v1/me"},
		{"a path without a slash", "https://h/v1", "1/messages", "https://h/v1/1/messages"},
		{"an escaped slash stays one segment", "https://h/v1", "/labels/a%2Fb", "https://h/v1/labels/a%2Fb"},
		{"an escaped question mark", "https://h/v1", "/labels/a%3Fb%23c", "https://h/v1/labels/a%3Fb%23c"},
		{"what needs escaping is escaped", "https://h/v1", "/labels/a b\u00e9", "https://h/v1/labels/a%20b%C3%A9"},
		{"an escaped percent sign", "https://h/v1", "/labels/%252e%252e", "https://h/v1/labels/%252e%252e"},
		{"dots within a segment", "https://h/v1", "/labels/..a/.b/c..", "https://h/v1/labels/..a/.b/c.."},
		{"a long segment", "https://h/v1", "/labels/" + strings.Repeat("x", 300), "https://h/v1/labels/" + strings.Repeat("x", 300)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(answer{status: 200})
			if err := w.client(t, kirim.WithBaseURL(tt.base)).Do(t.Context(), "GET", tt.path, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
			if got := w.seen()[0].url; got != tt.want {
				t.Errorf("asked %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAPathThatCouldLeadElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200})
	c := w.client(t)
	for _, path := range []string{
		"", "/", "//", "/labels/", "/labels//x", "/./x", "/../x", "/labels/..", "/labels/%2e%2e", "/labels/%2E.", "/a/%2e",
		"/labels/a%2F..%2Fb", "/labels/a%5C..%5Cb", "/labels/%2F..", "/labels?limit=1", "/labels#x", "/labels/%", "/labels/%zz",
		"https://elsewhere.example/x", "//elsewhere.example/x",
	} {
		if err := c.Do(t.Context(), "GET", path, nil, nil, nil); err == nil {
			t.Errorf("%q was sent", path)
		} else {
			wantRefusal(t, err, "")
		}
	}
	for _, id := range []string{"", ".", ".."} {
		_, err := c.PhoneNumber(id).Messages.Send(t.Context(), hello)
		wantRefusal(t, err, "phone_number_id")
	}
	if n := len(w.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	for id, want := range map[string]string{"a/b": "a%2Fb", "a?b": "a%3Fb", "%2e%2e": "%252e%252e"} {
		w := newWire(accepted)
		if _, err := w.client(t).PhoneNumber(id).Messages.Send(t.Context(), hello); err != nil {
			t.Fatal(err)
		}
		if got := w.seen()[0].url; got != testBase+"/"+want+"/messages" {
			t.Errorf("%q asked %s", id, got)
		}
	}
}

func TestDoRefusesWhatItCannotSend(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200})
	c, keyless := w.client(t), w.client(t, kirim.WithoutIdempotencyKeys())
	long := strings.Repeat("k", 256)
	number := c.PhoneNumber("1")
	send := func(content kirim.Content) error {
		_, err := number.Messages.Send(t.Context(), kirim.OutboundMessage{To: hello.To, Content: content}, kirim.WithoutRequestValidation())
		return err
	}
	locating := kirim.Template{Components: []kirim.Component{{Parameters: []kirim.Parameter{{Location: &kirim.TemplateLocation{Latitude: math.NaN()}}}}}}
	_, tooSmall := number.Messages.Media(t.Context(), "m", kirim.MediaParams{MaxBytes: -1})
	for _, tt := range []struct {
		err  error
		path string
		want string
	}{
		{c.Do(t.Context(), "post", "/x", nil, nil, nil), "method", `got "post"`},
		{c.Do(t.Context(), "GET", "/x", 1, nil, nil), "query", "a value of type int"},
		{c.Do(t.Context(), "POST", "/x", nil, bytes.NewBufferString("{}"), nil), "body", "a reader of type *bytes.Buffer"},
		{c.Do(t.Context(), "POST", "/x", nil, make(chan int), nil), "body", "a value of type chan int"},
		{post(t.Context(), c, nil), "request option 1", "got nil"},
		{post(t.Context(), c, kirim.WithIdempotencyKey("")), "WithIdempotencyKey", "0 characters"},
		{post(t.Context(), c, kirim.WithIdempotencyKey(long)), "WithIdempotencyKey", "want 1 to 255 characters, got 256 characters"},
		{post(t.Context(), c, kirim.WithIdempotencyKey("a\nb")), "WithIdempotencyKey", "want printable ASCII"},
		{post(t.Context(), c, kirim.WithIdempotencyKey("a ")), "WithIdempotencyKey", "a space at an end"},
		{post(t.Context(), c, kirim.WithResponse(nil)), "WithResponse", "got nil"},
		{post(t.Context(), keyless, kirim.WithIdempotencyKey("a")), "WithIdempotencyKey", "would protect nothing"},
		{send(nil), "type", "want a content"},
		{send((*kirim.Text)(nil)), "type", "want a content"},
		{send(kirim.Raw{Type: "to", Object: 1}), "type", "2 characters"},
		{send(kirim.Raw{Type: "text", Object: make(chan int)}), "content", "chan int"},
		{send(locating), "content", "kirim.Template"},
		{tooSmall, "MediaParams.MaxBytes", "got -1"},
	} {
		wantRefusal(t, tt.err, tt.path)
		wantText(t, tt.err, tt.want)
	}
	if n := len(w.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestWhatARequestCarries(t *testing.T) {
	t.Parallel()
	type params struct {
		Limit  int    `url:"limit,omitempty"`
		Cursor string `url:"cursor,omitempty"`
	}
	w := newWire(answer{status: 200, body: `{"data":{"id":7}}`})
	c := w.client(t, kirim.WithUserAgent("orders/1.4"))
	var out struct{ Data struct{ ID int } }
	if err := c.Do(t.Context(), "POST", "/1/messages", params{Limit: 5, Cursor: "a&b"}, map[string]int{"n": 1}, &out); err != nil || out.Data.ID != 7 {
		t.Fatal(out, err)
	}
	var raw []byte
	if err := c.Do(t.Context(), "GET", "/labels", url.Values{"q": {"x y"}}, nil, &raw); err != nil || string(raw) != `{"data":{"id":7}}` {
		t.Fatal(string(raw), err)
	}
	if err := c.Do(t.Context(), "DELETE", "/labels/1", (*params)(nil), nil, nil); err != nil {
		t.Fatal(err)
	}
	sent := w.seen()
	if got := sent[0].url + sent[1].url + sent[2].url; got != testBase+"/1/messages?cursor=a%26b&limit=5"+testBase+"/labels?q=x+y"+testBase+"/labels/1" {
		t.Error(got)
	}
	for i, want := range []string{"application/json", "", ""} {
		h := sent[i].header
		if h.Get("Content-Type") != want || h.Get("Authorization") != "Bearer "+testKey || h.Get("Accept") != "application/json" {
			t.Errorf("request %d has %v", i, h)
		}
		if !regexp.MustCompile(`^kirim-go/\d+\.\d+\.\d+ \(go[^ ]+; \w+/\w+\) orders/1\.4$`).MatchString(h.Get("User-Agent")) {
			t.Errorf("User-Agent is %q", h.Get("User-Agent"))
		}
	}
	if key := sent[0].header.Get("Idempotency-Key"); !regexp.MustCompile(`^[A-Z2-7]{26}$`).MatchString(key) {
		t.Errorf("the key is %q", key)
	}
	if sent[0].body != `{"n":1}` || sent[1].body != "" {
		t.Errorf("bodies %q, %q", sent[0].body, sent[1].body)
	}
}

func TestEachCallHasAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200})
	c := w.client(t)
	keys := map[string]bool{}
	for range 100 {
		var r kirim.Response
		if err := post(t.Context(), c, kirim.WithResponse(&r)); err != nil {
			t.Fatal(err)
		}
		keys[r.IdempotencyKey] = true
	}
	for _, r := range w.seen() {
		if !keys[r.header.Get("Idempotency-Key")] {
			t.Error("a request carried another key than its Response says")
		}
	}
	if len(keys) != 100 {
		t.Errorf("%d keys for 100 calls", len(keys))
	}
}

func TestTheBodyIsTheSameOnEachAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 502}, answer{err: errReset}, answer{status: 503}, answer{status: 200})
		var r kirim.Response
		if err := post(t.Context(), w.client(t), kirim.WithResponse(&r)); err != nil {
			t.Fatal(err)
		}
		for i, got := range w.seen() {
			if got.body != `{"n":1}` {
				t.Errorf("attempt %d has the body %q", i+1, got.body)
			}
		}
		if r.Attempts != 4 || len(w.seen()) != 4 {
			t.Errorf("%d attempts, %d requests", r.Attempts, len(w.seen()))
		}
	})
}

func TestResponseTellsWhatHTTPSaid(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(30 * time.Second).Unix()
	header := map[string]string{
		"X-Request-Id": "req_1", "X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "599",
		"X-RateLimit-Reset": fmt.Sprint(reset), "Idempotent-Replayed": "true",
	}
	for _, status := range []int{200, 422} {
		var r kirim.Response
		w := newWire(answer{status: status, header: header})
		_ = post(t.Context(), w.client(t), kirim.WithResponse(&r), kirim.WithIdempotencyKey("order-1"))
		want := kirim.RateLimit{Limit: 600, Remaining: 599, Reset: time.Unix(reset, 0)}
		if r.StatusCode != status || r.RequestID != "req_1" || r.RateLimit != want || !r.Replayed || r.IdempotencyKey != "order-1" || r.Attempts != 1 || r.Header.Get("X-Request-Id") != "req_1" {
			t.Errorf("%+v", r)
		}
	}
	for _, odd := range []string{"", "x", "-1", "99999999999999999999"} {
		var r kirim.Response
		w := newWire(answer{status: 200, header: map[string]string{"X-RateLimit-Limit": odd}})
		if err := post(t.Context(), w.client(t), kirim.WithResponse(&r)); err != nil || r.RateLimit.Known() {
			t.Errorf("%q: %+v, %v", odd, r.RateLimit, err)
		}
	}
	var r kirim.Response
	w := newWire(answer{err: errRefused})
	_ = post(t.Context(), w.client(t), kirim.WithResponse(&r), kirim.WithoutRetry())
	if r.StatusCode != 0 || r.Header != nil || r.Attempts != 1 || r.IdempotencyKey == "" {
		t.Errorf("%+v", r)
	}
	// What an earlier attempt was told is not what the last one was told.
	synctest.Test(t, func(t *testing.T) {
		w := newWire(answer{status: 429, header: map[string]string{"Retry-After": "2", "X-Request-Id": "req_1"}}, answer{err: errReset})
		_ = post(t.Context(), w.client(t), kirim.WithResponse(&r))
		if r.StatusCode != 0 || r.RequestID != "" || r.RateLimit != (kirim.RateLimit{}) || r.Attempts != 4 {
			t.Errorf("%+v", r)
		}
	})
}

func TestRedirectsNeverTakeTheKeyElsewhere(t *testing.T) {
	t.Parallel()
	var leaked []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Method+" "+r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	var visits []string
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits = append(visits, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL+"/x", http.StatusFound)
		case "/away307":
			http.Redirect(w, r, elsewhere.URL+"/x", http.StatusTemporaryRedirect)
		case "/name": // the same server under another name
			http.Redirect(w, r, strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
		case "/near":
			http.Redirect(w, r, "/here", http.StatusFound)
		case "/near307":
			http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/here":
			io.WriteString(w, `"here"`)
		}
	}))
	defer home.Close()
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(home.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()

	var out string
	if err := c.Do(t.Context(), "GET", "/near", nil, nil, &out); err != nil || out != "here" {
		t.Errorf("a redirect within the origin gave %q, %v", out, err)
	}
	for path, method := range map[string]string{"/away": "GET", "/away307": "POST", "/name": "GET", "/near307": "POST", "/loop": "GET"} {
		visits = nil
		err := c.Do(t.Context(), method, path, nil, nil, nil)
		e := answerOf(t, err)
		if e.StatusCode/100 != 3 || e.Header.Get("Location") == "" || kirim.MaybeSent(err) {
			t.Errorf("%s %s: %v", method, path, err)
		}
		if want := map[bool]int{true: 10, false: 1}[path == "/loop"]; len(visits) != want {
			t.Errorf("%s %s made %d requests: %v", method, path, len(visits), visits)
		}
	}
	if len(leaked) != 0 {
		t.Errorf("the other origin saw %q", leaked)
	}
}

func TestARedirectToWhatIsNoURLIsAnAnswerLikeAnyOther(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "POST"} {
		w := newWire(answer{status: 302, header: map[string]string{"Location": "http://h\x7f/+6281100000001"}})
		err := w.client(t).Do(t.Context(), method, "/x", nil, nil, nil)
		if e := answerOf(t, err); e.StatusCode != 302 || len(w.seen()) != 1 || strings.Contains(err.Error(), "6281100000001") {
			t.Errorf("%v after %d requests", err, len(w.seen()))
		}
	}
}

func TestADowngradeToPlainHTTPIsNotFollowed(t *testing.T) {
	t.Parallel()
	asked := 0
	rt := testwire.Func(func(req *http.Request) (*http.Response, error) {
		asked++
		if req.URL.Scheme != "https" {
			t.Errorf("asked %s with %q", req.URL, req.Header.Get("Authorization"))
		}
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://h/v1/me"}}, Body: http.NoBody, Request: req}, nil
	})
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL("https://h/v1"), kirim.WithHTTPClient(&http.Client{Transport: rt}))
	if err != nil {
		t.Fatal(err)
	}
	if e := answerOf(t, c.Do(t.Context(), "GET", "/me", nil, nil, nil)); e.StatusCode != 302 || asked != 1 {
		t.Errorf("%v after %d requests", e, asked)
	}
}

func TestTheCallersHTTPClientIsHeardAndLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		no := errors.New("no redirects")
		w := newWire(answer{status: 302, header: map[string]string{"Location": "/prefix/v1/other"}})
		theirs := &http.Client{Transport: w, Timeout: 3 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return no }}
		before := fmt.Sprintf("%+v", theirs)
		c := w.client(t, kirim.WithHTTPClient(theirs))
		err := c.Do(t.Context(), "GET", "/x", nil, nil, nil)
		if !errors.Is(err, no) || kirim.IsTemporary(err) || len(w.seen()) != 1 {
			t.Errorf("CheckRedirect was not obeyed: %v", err)
		}
		w.answers = []answer{{hang: true}}
		began := time.Now()
		_ = c.Do(t.Context(), "GET", "/x", nil, nil, nil, kirim.WithoutRetry())
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("an attempt took %v, want the client's Timeout", took)
		}
		if after := fmt.Sprintf("%+v", theirs); after != before {
			t.Errorf("the client was changed from %s to %s", before, after)
		}
	})
}

// pacer lets requests through and remembers.
type pacer struct {
	waits    []kirim.RateClass
	observed []kirim.RateLimit
	err      error // of the second Wait
}

func (p *pacer) Wait(_ context.Context, class kirim.RateClass) error {
	p.waits = append(p.waits, class)
	if len(p.waits) == 2 {
		return p.err
	}
	return nil
}

func (p *pacer) Observe(_ kirim.RateClass, r kirim.RateLimit) { p.observed = append(p.observed, r) }

func TestALimiterIsAskedBeforeEachAttemptAndToldOfEachAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pacer{}
		w := newWire(answer{status: 429, header: map[string]string{"Retry-After": "2"}}, answer{status: 200, header: map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59"}})
		c := w.client(t, kirim.WithLimiter(p))
		if err := post(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), "GET", "/me", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.waits); got != "[write write read]" {
			t.Error(got)
		}
		if p.observed[0].Wait != 2*time.Second || p.observed[1].Limit != 60 || p.observed[1].Wait != 0 {
			t.Errorf("%+v", p.observed)
		}
	})
}

func TestALimiterThatFailsEndsTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &pacer{err: errors.New("closed")}
		w := newWire(answer{status: 502})
		err := post(t.Context(), w.client(t, kirim.WithLimiter(p)))
		if e := answerOf(t, err); e.StatusCode != 502 || !errors.Is(err, p.err) || len(w.seen()) != 1 {
			t.Errorf("%v after %d requests", err, len(w.seen()))
		}
		p = &pacer{err: errors.New("closed"), waits: make([]kirim.RateClass, 1)}
		w = newWire(answer{status: 200})
		err = post(t.Context(), w.client(t, kirim.WithLimiter(p)))
		if !errors.Is(err, p.err) || len(w.seen()) != 0 || kirim.MaybeSent(err) {
			t.Errorf("%v after %d requests", err, len(w.seen()))
		}
	})
}

func TestValidateFollowsTheOptions(t *testing.T) {
	t.Parallel()
	checking, err := kirim.NewClient("key")
	if err != nil {
		t.Fatal(err)
	}
	trusting, err := kirim.NewClient("key", kirim.WithoutValidation())
	if err != nil {
		t.Fatal(err)
	}
	var none *kirim.Client
	for name, tc := range map[string]struct {
		err     error
		refused bool
	}{
		"a client":                           {checking.Validate(kirim.OutboundMessage{}), true},
		"no client":                          {none.Validate(kirim.OutboundMessage{}), true},
		"a client without validation":        {trusting.Validate(kirim.OutboundMessage{}), false},
		"a request without validation":       {checking.Validate(kirim.OutboundMessage{}, kirim.WithoutRequestValidation()), false},
		"a request with an option of no use": {checking.Validate(hello, nil), true},
		"a valid message":                    {checking.Validate(hello), false},
	} {
		var invalid *kirim.ValidationError
		if errors.As(tc.err, &invalid) != tc.refused {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
}
