package kirimotel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/apimessaging"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/gateway/connexease"
	"github.com/kirim-go/kirim/gateway/michow"
	"github.com/kirim-go/kirim/gateway/shingle"
	"github.com/kirim-go/kirim/internal/testwire"
	"github.com/kirim-go/kirim/kirimotel"
	"github.com/kirim-go/kirim/kirimtest"
)

// marks makes secrets that can be found again.
type marks struct{ n int }

// word looks like the name of a template: a name that is a part of a path and no id.
func (m *marks) word() string {
	m.n++
	return fmt.Sprintf("sekret_%s", strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprint(m.n)))
}

func (m *marks) phone() string {
	m.n++
	return fmt.Sprintf("62811%07d", m.n)
}

var (
	digits = regexp.MustCompile(`^\+?\d{7,}$`)
	// What these have decides which type a value has, or is a time.
	shapeKeys = regexp.MustCompile(`^(type|messaging_product|recipient_type|object|field|event|status|sub_type)$|time|_at$|expir|date|itude$`)
)

// marked returns a JSON value with a mark in place of each string and each long number.
func (m *marks) marked(key string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(value)) {
			value[k] = m.marked(k, value[k])
		}
	case []any:
		for i := range value {
			value[i] = m.marked(key, value[i])
		}
	case string:
		switch {
		case shapeKeys.MatchString(key):
		case key == "to":
			return "+" + m.phone()
		case digits.MatchString(value):
			return m.phone()
		default:
			return m.word()
		}
	case json.Number:
		if !shapeKeys.MatchString(key) && digits.MatchString(value.String()) {
			return json.Number(m.phone())
		}
	}
	return value
}

func (m *marks) file(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	body, err = json.Marshal(m.marked("", value))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func files(t *testing.T, patterns ...string) (names []string) {
	t.Helper()
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < 10 {
			t.Fatalf("%s: %d files: %v", pattern, len(found), err)
		}
		names = append(names, found...)
	}
	return names
}

var (
	secrets = []string{"sekret", "62811", "kdv_", "whsec_", "bearer"}
	// ids of traces and of the sandbox, and numbers that are not whole
	numbers = regexp.MustCompile(`"(TraceID|SpanID)":"[^"]*"|\b[a-z]+_[0-9A-HJKMNP-TV-Z]{26}\b|\d+\.\d+(e-?\d+)?`)
	longs   = regexp.MustCompile(`\d{7,}`)
)

// leaks returns what must not be in a text that was exported.
func leaks(text string) (found []string) {
	note := func(text string, at int) { found = append(found, text[max(0, at-60):min(len(text), at+40)]) }
	text = numbers.ReplaceAllString(text, "") // which have any digits by chance
	lower := strings.ToLower(text)
	for _, secret := range secrets {
		for at := 0; len(found) < 10; at++ {
			next := strings.Index(lower[at:], secret)
			if next < 0 {
				break
			}
			at += next
			note(text, at)
		}
	}
	for _, at := range longs.FindAllStringIndex(text, 5) {
		note(text, at[0])
	}
	return found
}

// text exports everything as JSON.
func (r *recorder) text() string {
	r.t.Helper()
	var b bytes.Buffer
	traces, err := stdouttrace.New(stdouttrace.WithWriter(&b), stdouttrace.WithoutTimestamps())
	if err != nil {
		r.t.Fatal(err)
	}
	if err := traces.ExportSpans(r.t.Context(), r.spans.GetSpans().Snapshots()); err != nil {
		r.t.Fatal(err)
	}
	metrics, err := stdoutmetric.New(stdoutmetric.WithWriter(&b), stdoutmetric.WithoutTimestamps())
	if err != nil {
		r.t.Fatal(err)
	}
	all := r.collect()
	if err := metrics.Export(r.t.Context(), &all); err != nil {
		r.t.Fatal(err)
	}
	return b.String()
}

func (r *recorder) keepsSecrets(atLeast int) {
	r.t.Helper()
	if n := len(r.spans.GetSpans()); n < atLeast {
		r.t.Errorf("only %d spans were exported", n)
	}
	for _, found := range leaks(r.text()) {
		r.t.Errorf("exported: %s", found)
	}
}

// The search finds what otelhttp alone exports.
func TestTheSearchFindsWhatLeaks(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	m := &marks{}
	broke := errors.New(m.word())
	transport := otelhttp.NewTransport(testwire.Func(func(*http.Request) (*http.Response, error) { return nil, broke }),
		otelhttp.WithTracerProvider(r.tracers), otelhttp.WithMeterProvider(r.meters))
	client := newClient(t, transport, kirim.WithRetryPolicy(kirim.RetryPolicy{}))
	client.PhoneNumber(m.phone()).Contacts.List(t.Context(), kirim.ContactListParams{Phone: "+" + m.phone()})
	found := strings.Join(leaks(r.text()), "\n")
	for _, want := range []string{"sekret_b", "628110000002", "phone=%2B62811"} {
		if !strings.Contains(found, want) {
			t.Errorf("%s is not among\n%s", want, found)
		}
	}
}

// contents are those that package kirim has.
var contents = []kirim.Content{
	kirim.Text{}, kirim.Image{}, kirim.Video{}, kirim.Audio{}, kirim.Document{}, kirim.Sticker{}, kirim.Location{}, kirim.Contacts{}, kirim.Reaction{}, kirim.Pin{},
	kirim.ReplyButtons{}, kirim.List{}, kirim.CTAURL{}, kirim.Carousel{}, kirim.ProductCarousel{}, kirim.Product{}, kirim.ProductList{}, kirim.Catalog{}, kirim.Flow{},
	kirim.LocationRequest{}, kirim.AddressRequest{}, kirim.CallPermissionRequest{}, kirim.VoiceCall{}, kirim.OrderDetails{}, kirim.OrderStatus{},
	kirim.Template{}, kirim.Raw{},
}

// fill puts marks into all fields.
func (m *marks) fill(v reflect.Value, depth int) {
	if depth > 8 { // of types that contain themselves
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(m.word())
	case reflect.Int, reflect.Int64:
		v.SetInt(62811_000_0000 + int64(m.n))
	case reflect.Float64:
		v.SetFloat(62811_000_0000)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		m.fill(v.Elem(), depth+1)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"body":"` + m.word() + `"}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		m.fill(v.Index(0), depth+1)
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				m.fill(field, depth+1)
			}
		}
	default: // an interface, or a map
	}
}

func TestEveryContentIsAmongThoseThatAreSent(t *testing.T) {
	t.Parallel()
	names := make(map[string]bool)
	for _, content := range contents {
		names[reflect.TypeOf(content).Name()] = true
	}
	found := regexp.MustCompile(`(?m)^func \((?:\w+ )?\*?([A-Z]\w*)\) kind\(\) string`) // one that is not exported is never sent
	sources, err := filepath.Glob("../message*.go")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range sources {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range found.FindAllSubmatch(source, -1) {
			count++
			if name := string(match[1]); !names[name] && name != "Header" {
				t.Errorf("%s: %s is not sent", file, match[1])
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d contents were found", count)
	}
}

func TestNoContentIsExported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, m := newRecorder(t), &marks{}
		kinds := make(map[string]bool)
		// The server quotes what it gets, in bodies and in headers.
		quoting := testwire.Serving(func(n int, req *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(req.Body)
			header := map[string]string{"X-Request-Id": "+" + m.phone(), "Location": "https://files.example/" + m.word() + "?sig=" + m.word(), "X-Echo": string(body)}
			quoted, _ := json.Marshal(string(body))
			answer := fmt.Sprintf(`{"error":{"type":"invalid_request_error","code":"invalid_request","message":%s,"param":%q,"request_id":%q}}`, quoted, m.word(), m.phone())
			if n%2 == 0 {
				answer = fmt.Sprintf(`{"data":{"id":%q,"object":"message","status":"pending","message_id":%q},"request_id":%q}`, m.word(), m.word(), m.phone())
			}
			return scripted(reply{status: 202 + n%2*198, body: answer, header: header}).RoundTrip(req)
		})
		loose, strict := r.client(quoting, kirim.WithoutValidation()), r.client(quoting)
		send := func(message kirim.OutboundMessage) {
			kinds[message.ContentKind()] = true
			for _, client := range []*kirim.Client{loose, strict} {
				messages := client.PhoneNumber(m.phone()).Messages
				messages.Send(t.Context(), message)
				messages.SendOrTemplate(t.Context(), message, kirim.Template{Name: m.word(), Language: m.word()})
			}
		}
		for _, file := range files(t, "../testdata/send/*.json", "../testdata/send_meta/*.json") {
			var message kirim.OutboundMessage
			if err := json.Unmarshal(m.file(t, file), &message); err == nil {
				send(message)
			} else if !strings.Contains(file, "read_receipt") { // which is no message
				t.Errorf("%s: %v", file, err)
			}
		}
		for _, content := range contents {
			filled := reflect.New(reflect.TypeOf(content)).Elem()
			m.fill(filled, 0)
			send(kirim.OutboundMessage{To: "+" + m.phone(), Content: filled.Interface().(kirim.Content), ReplyTo: m.word(), Recipient: m.word(), CallbackData: m.word(), IdentityKeyHash: m.word()})
		}
		if len(kinds) < len(contents) {
			t.Errorf("only %d kinds of content were sent: %v", len(kinds), slices.Sorted(maps.Keys(kinds)))
		}
		r.keepsSecrets(300)
	})
}

// bodies are those of errors of each system, with two places for a code and a text.
var bodies = []string{
	`{"error":{"type":"invalid_request_error","code":%[1]q,"message":%[2]q,"param":%[2]q,"request_id":%[2]q}}`,
	`{"success":false,"error":{"code":%[1]q,"message":%[2]q,"details":{"field":%[2]q,"reason":%[2]q}}}`,
	`{"error":{"code":%[1]q,"message":%[2]q,"status":422}}`,
	`{"message":%[1]q,"errors":{"to":[%[2]q]}}`,
	`{"isSuccess":false,"errors":{"code":%[1]q,"group":%[2]q,"description":%[2]q,"params":{"limit_type":%[2]q,"retry_after":"7 seconds"}}}`,
	`{"error":{"code":%[1]q,"message":%[2]q,"details":{"issues":[{"path":[%[2]q],"message":%[2]q}]}}}`,
	`{"error":{"message":%[2]q,"type":"OAuthException","code":131026,"error_data":{"details":%[2]q},"fbtrace_id":%[2]q,"x":%[1]q}}`,
	`{"error":{"message":%[2]q,"type":"OAuthException","code":628110000001,"error_data":{"details":%[2]q},"x":%[1]q}}`,
	`<html><title>%[1]s</title>%[2]s</html>`,
	``,
}

func TestNoErrorIsExported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, m := newRecorder(t), &marks{}
		once := kirim.DefaultRetryPolicy()
		once.MaxRetries = 1
		decoders := []kirim.ErrorDecoder{nil, apimessaging.DecodeError, cloudapi.DecodeError, connexease.DecodeError, michow.DecodeError, shingle.DecodeError,
			func(int, http.Header, []byte) *kirim.Error {
				return &kirim.Error{Kind: kirim.Kind(m.word()), Code: kirim.ErrorCode(m.word()), MetaCode: -628110000001, Message: m.word(), RequestID: m.word()}
			}}
		do := func(answer reply, decode kirim.ErrorDecoder) {
			opts := []kirim.Option{kirim.WithRetryPolicy(once)}
			if decode != nil {
				opts = append(opts, kirim.WithErrorDecoder(decode))
			}
			client := r.client(scripted(answer), opts...)
			err := client.Do(t.Context(), http.MethodPost, "/"+m.phone()+"/"+m.word(), url.Values{"phone": {m.phone()}}, map[string]string{m.word(): m.phone()}, nil, kirim.WithIdempotencyKey(m.word()))
			if err == nil && answer.status != 200 {
				t.Errorf("%+v is no error", answer)
			}
		}
		for _, status := range []int{200, 301, 400, 401, 404, 408, 409, 422, 429, 500, 502, 503} {
			for i, body := range bodies {
				for j, code := range []string{"outside_24h_window", m.word(), m.phone()} {
					if body != "" {
						body = fmt.Sprintf(bodies[i], code, m.word())
					}
					header := map[string]string{"X-Request-Id": m.phone(), "Content-Type": "application/json", "Server": m.word(), "Location": "/" + m.word()}
					do(reply{status: status, body: body, header: header}, decoders[(i+j)%len(decoders)])
				}
			}
		}
		for _, decode := range decoders {
			do(reply{err: errors.New(m.word() + m.phone())}, decode)
			do(reply{err: fmt.Errorf("%s: %w", m.word(), context.DeadlineExceeded)}, decode)
		}
		r.keepsSecrets(800)
	})
}

func TestNoFaultOfAServerIsExported(t *testing.T) {
	t.Parallel()
	r, m := newRecorder(t), &marks{}
	sandbox := kirimtest.Start(t, kirimtest.WithoutListener())
	once := kirim.DefaultRetryPolicy()
	once.MaxRetries = 0
	client, err := sandbox.Client(kirim.WithRetryPolicy(once), kirimotel.WithTelemetry(r.options()...))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"X-Request-Id": {m.word() + " " + m.phone()}, "Retry-After": {m.phone()}, "X-Ratelimit-Limit": {"60"}, "X-Ratelimit-Remaining": {m.phone()}}
	for _, fault := range []kirimtest.Fault{
		{Drop: true}, {Unread: true}, {Cut: true}, {Body: "<html>" + m.word()}, {Status: 200, Body: m.word()}, {Status: 502, Body: m.phone()},
		{Status: 422, Code: m.word(), Message: m.word(), Param: m.word(), Header: header}, {Status: 503, Header: header}, {Status: 429, Code: m.phone(), Header: header},
		{Processed: true, Drop: true}, {Empty: true}, {Length: 5},
	} {
		sandbox.AddFault(fault)
		number := client.PhoneNumber(sandbox.PhoneNumberID)
		number.Messages.Send(t.Context(), kirim.OutboundMessage{To: "+" + m.phone(), Content: kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody(m.word())}}})
		number.Contacts.Get(t.Context(), m.word())
		number.Templates.Get(t.Context(), m.word(), m.word())
		client.Customers.Get(t.Context(), m.word())
	}
	r.keepsSecrets(60)
}

func TestNoEventIsExported(t *testing.T) {
	t.Parallel()
	r, m := newRecorder(t), &marks{}
	handler := r.handler()
	ends := []func() error{
		func() error { return nil },
		func() error { return errors.New(m.word() + m.phone()) },
		func() error { panic(m.word()) },
	}
	n := 0
	handler.OnUnknown(func(context.Context, *kirim.Event) error { n++; return ends[n%len(ends)]() })
	post := func(req *http.Request) {
		req.Header.Set("X-Kirim-Delivery", m.phone())
		req.Header.Set("X-Request-Id", m.phone())
		handler.ServeHTTP(discard{}, req)
	}
	for _, file := range files(t, "../testdata/events/*.json", "../testdata/webhooks_meta/*.json") {
		post(signed(string(m.file(t, file))))
	}
	for _, eventType := range []string{m.word(), m.phone(), "message.received"} {
		post(signed(fmt.Sprintf(`{"id":%q,"type":%q,"created_at":"2026-06-01T02:03:04Z","data":{"id":%q,"phone":%q}}`, m.word(), eventType, m.word(), m.phone())))
	}
	post(signed(m.word()))
	forged := signed(`{"from":"` + m.phone() + `"}`)
	forged.Header.Set("X-Kirim-Signature", "t=1,v1="+m.word())
	post(forged)
	r.keepsSecrets(200)

	types := make(map[string]bool)
	for _, span := range r.spans.GetSpans() {
		for _, a := range span.Attributes {
			if a.Key == "kirim.element.type" {
				types[a.Value.AsString()] = true
			}
		}
	}
	for _, a := range kirimotel.Attributes() {
		for _, value := range a.Values {
			if a.Key == "kirim.element.type" && !types[value] {
				t.Errorf("no element of type %s was delivered", value)
			}
		}
	}
}

// discard is a response that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// Neither recipients nor ids nor names make series or names of spans.
func TestSeriesAndSpansDoNotGrowWithRecipientsAndIDs(t *testing.T) {
	t.Parallel()
	r, m := newRecorder(t), &marks{}
	r.tracers.RegisterSpanProcessor(forgetting{r})
	wire := scripted(reply{status: 202, body: accepted})
	client := r.client(wire)
	handler := r.handler()
	paths := apiPaths(t)
	names := make(map[string]bool)
	count := func(recipients, ids int) (spans, series int) {
		for range recipients {
			client.PhoneNumber("1").Messages.Send(t.Context(), kirim.OutboundMessage{To: "+" + m.phone(), Content: kirim.Text{Body: "Hello"}})
			wire.Forget()
		}
		for range ids {
			for _, path := range paths {
				path = regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(path, func(string) string { return m.word() })
				client.Do(t.Context(), http.MethodPut, path, nil, nil, nil)
				client.Do(t.Context(), http.MethodGet, path+"/"+m.word(), nil, nil, nil)
				client.Do(t.Context(), m.word(), path, nil, nil, nil)
			}
			handler.ServeHTTP(discard{}, signed(fmt.Sprintf(`{"id":%q,"type":%q,"created_at":"2026-06-01T02:03:04Z","data":{}}`, m.word(), m.word())))
			wire.Forget()
		}
		for _, span := range r.spans.GetSpans() {
			names[span.Name] = true
		}
		r.spans.Reset()
		for name := range r.metrics() {
			series += len(r.series(name))
		}
		return len(names), series
	}
	spans, series := count(10, 1)
	if moreSpans, moreSeries := count(10_000, 1000/len(paths)+1); moreSpans != spans || moreSeries != series {
		t.Errorf("%d names of spans became %d, and %d series %d", spans, moreSpans, series, moreSeries)
	}
	t.Logf("%d names of spans and %d series of %d paths", spans, series, len(paths))
}

// forgetting keeps the order of spans short.
type forgetting struct{ r *recorder }

func (forgetting) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (f forgetting) OnEnd(sdktrace.ReadOnlySpan) {
	f.r.starts.mu.Lock()
	defer f.r.starts.mu.Unlock()
	f.r.starts.order = nil
}
func (forgetting) Shutdown(context.Context) error   { return nil }
func (forgetting) ForceFlush(context.Context) error { return nil }

// apiPaths are those of the contract.
func apiPaths(t *testing.T) (paths []string) {
	t.Helper()
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^  (/\S+):$`).FindAllSubmatch(text, -1) {
		paths = append(paths, string(match[1]))
	}
	if len(paths) < 25 {
		t.Fatalf("only %d paths", len(paths))
	}
	return paths
}

// A program that makes up ever longer paths gets no more series than there may be routes.
func TestRoutesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	client := r.client(scripted(reply{status: 200, body: "{}"}))
	for n := range 300 {
		client.Do(t.Context(), http.MethodGet, "/me"+strings.Repeat("/x", n), nil, nil, nil)
	}
	if got := r.series("kirim.client.call.duration"); len(got) > 258 || !strings.Contains(strings.Join(got, "\n"), "url.template=/_OTHER") {
		t.Errorf("%d series", len(got))
	}
}
