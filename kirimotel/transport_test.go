package kirimotel_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"

	"go.opentelemetry.io/otel/propagation"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
	"github.com/kirim-go/kirim/kirimotel"
	"github.com/kirim-go/kirim/kirimtest"
)

// doing is what a call does with a client.
type doing func(context.Context, *kirim.Client) error

func sending(ctx context.Context, c *kirim.Client) error {
	_, err := c.PhoneNumber("106540352242922").Messages.Send(ctx, hello, kirim.WithIdempotencyKey("k"))
	return err
}

func uploading(size int64) doing {
	return func(ctx context.Context, c *kirim.Client) error {
		body := kirim.StreamedBody{Reader: iotest.OneByteReader(strings.NewReader("12345")), Size: size}
		return c.Do(ctx, http.MethodPost, "/1/media", nil, body, nil, kirim.WithIdempotencyKey("k"))
	}
}

func finding(ctx context.Context, c *kirim.Client) error {
	_, err := c.PhoneNumber("106540352242922").Contacts.List(ctx, kirim.ContactListParams{Phone: "+6281234500001"})
	return err
}

// What net/http does with a request follows from its fields: whether it sends it again, and
// whether the headers wait for the body.
func TestTheTransportGetsTheRequestOfAClientWithoutTelemetry(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]doing{"send": sending, "upload": uploading(5), "read": finding} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests []*http.Request
			wire := testwire.Func(func(req *http.Request) (*http.Response, error) {
				requests = append(requests, req)
				if httptrace.ContextClientTrace(req.Context()).GotConn == nil {
					t.Error("the trace of the client is lost")
				}
				return scripted(reply{status: 202, body: accepted}).RoundTrip(req)
			})
			err := do(t.Context(), newRecorder(t).client(wire))
			if without := do(t.Context(), newClient(t, wire)); (err == nil) != (without == nil) {
				t.Errorf("error %v, without telemetry %v", err, without)
			}
			with, without := requests[0], requests[1]
			if with.URL.String() != without.URL.String() || with.Host != without.Host || with.Method != without.Method || with.ContentLength != without.ContentLength ||
				reflect.TypeOf(with.Body) != reflect.TypeOf(without.Body) || (with.GetBody == nil) != (without.GetBody == nil) || !reflect.DeepEqual(with.Header, without.Header) {
				t.Errorf("%+v\nwithout telemetry\n%+v", with, without)
			}
		})
	}
}

func TestABodyOfUnknownSizeArrivesAndIsCounted(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if body, err := io.ReadAll(req.Body); string(body) != "12345" || err != nil || req.ContentLength != -1 {
			t.Errorf("the server got %q of %d bytes: %v", body, req.ContentLength, err)
		}
		io.WriteString(w, "{}")
	}))
	defer server.Close()
	client := newClient(t, nil, kirim.WithBaseURL(server.URL), kirimotel.WithTelemetry(r.options()...))
	if err := uploading(0)(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if got := r.series("http.client.request.body.size"); len(got) != 1 {
		t.Errorf("sizes: %q", got)
	}
	if got := r.metrics()["http.client.request.body.size"]; !strings.Contains(r.exported(), `"Sum":5`) {
		t.Errorf("sizes: %+v", got)
	}
}

// countingConn counts what is written at once.
type countingConn struct {
	net.Conn
	writes *[]string
}

func (c countingConn) Write(p []byte) (int, error) {
	*c.writes = append(*c.writes, string(p))
	return c.Conn.Write(p)
}

func TestARequestLeavesInOneWriteWithTheSameBytes(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t)
	written := func(opts ...kirim.Option) []string {
		var writes []string
		transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return countingConn{conn, &writes}, err
		}}
		defer transport.CloseIdleConnections()
		client, err := sandbox.Client(append(opts, kirim.WithHTTPClient(&http.Client{Transport: transport}))...)
		if err != nil {
			t.Fatal(err)
		}
		sending(t.Context(), client)
		return writes
	}
	with, without := written(kirimotel.WithTelemetry(newRecorder(t).options()...)), written()
	if len(with) != 1 || !reflect.DeepEqual(with, without) {
		t.Errorf("%q\nwithout telemetry\n%q", with, without)
	}
}

func TestWhetherARequestLeftIsKnownAsWithout(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	dropping, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dropping.Close()
	go func() {
		for {
			conn, err := dropping.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 10))
			conn.Close()
		}
	}()
	once := kirim.DefaultRetryPolicy()
	once.MaxRetries = 0
	for address, maybe := range map[string]bool{listener.Addr().String(): false, dropping.Addr().String(): true} {
		r := newRecorder(t)
		client, err := kirim.NewClient(testKey, kirim.WithBaseURL("http://"+address), kirim.WithRetryPolicy(once), kirimotel.WithTelemetry(r.options()...))
		if err != nil {
			t.Fatal(err)
		}
		if err := sending(t.Context(), client); kirim.MaybeSent(err) != maybe {
			t.Errorf("may it have been sent? %v: %v", !maybe, err)
		} else if maybe == errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestABodyThatBreaksOffIsTheErrorOfItsReader(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	broke := errors.New("customer 6281234500001 left")
	wire := testwire.Func(func(req *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`{"data":`), iotest.ErrReader(broke))
		return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", Header: http.Header{}, Body: io.NopCloser(body), Request: req}, nil
	})
	once := kirim.DefaultRetryPolicy()
	once.MaxRetries = 0
	if err := finding(t.Context(), r.client(wire, kirim.WithRetryPolicy(once))); !errors.Is(err, broke) {
		t.Errorf("the error is %v", err)
	}
	if status := r.begun()[1].Status; status.Description != "broken" {
		t.Errorf("the attempt has the status %v", status)
	}
}

func TestRedirectsAreFollowedAsWithout(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/1/contacts", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/elsewhere/6281234500001?token=secret", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/elsewhere/6281234500001", func(w http.ResponseWriter, req *http.Request) {
		if req.URL.RawQuery != "token=secret" {
			t.Errorf("the query is %q", req.URL.RawQuery)
		}
		io.WriteString(w, `{"data":[],"has_more":false}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	client := newClient(t, nil, kirim.WithBaseURL(server.URL), kirimotel.WithTelemetry(r.options()...))
	if _, err := client.PhoneNumber("1").Contacts.List(t.Context(), kirim.ContactListParams{}); err != nil {
		t.Fatal(err)
	}
	spans := r.told()
	if len(spans) != 3 || !strings.Contains(spans[2], " http.request.resend_count=1 http.response.status_code=200 ") || strings.Contains(r.exported(), "elsewhere") {
		t.Errorf("spans: %q", spans)
	}
}

func TestADownloadShowsNothingOfItsLink(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	sandbox := kirimtest.Start(t)
	in := sandbox.Receive(kirimtest.Inbound{From: "+6281234500001", Media: &kirimtest.Media{Data: []byte("cat"), ContentType: "image/png", Filename: "budi.png"}})
	client, err := sandbox.Client(kirimotel.WithTelemetry(r.options(kirimotel.WithPropagator(propagation.TraceContext{}))...))
	if err != nil {
		t.Fatal(err)
	}
	media, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Media(t.Context(), in.ID, kirim.MediaParams{})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(media); string(data) != "cat" || err != nil {
		t.Errorf("the file is %q: %v", data, err)
	}
	media.Close()
	spans := r.told()
	if len(spans) != 3 || !strings.HasPrefix(spans[2], "GET /{file} ") || !strings.Contains(spans[2], "/{file} ") {
		t.Errorf("spans: %q", spans)
	}
}

func TestHostsOfFilesAreToldByTheirDomain(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"https://budi-store.s3.ap-southeast-1.amazonaws.example/6281234500001.png?sig=secret": "https://amazonaws.example/{file}",
		"https://files.example/a":  "https://files.example/{file}",
		"https://127.0.0.1:8080/a": "https://127.0.0.1/{file}",
		"https://[::1]:8080/a":     "https://[::1]/{file}",
		"https://localhost:8080/a": "https://localhost/{file}",
	} {
		r := newRecorder(t)
		client := r.client(scripted(reply{status: 200, body: "cat"}))
		media, err := client.MediaAt(t.Context(), link, kirim.LinkParams{})
		if err != nil {
			t.Fatal(err)
		}
		media.Close()
		if got := r.told(); len(got) != 1 || !strings.Contains(got[0], " url.full="+want+" ") {
			t.Errorf("%s: %q", link, got)
		}
	}
}

func TestTheTraceIsPropagatedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	wire := scripted(reply{status: 202, body: accepted})
	for _, opts := range [][]kirimotel.Option{r.options(), r.options(kirimotel.WithPropagator(propagation.TraceContext{}))} {
		client := newClient(t, wire, kirimotel.WithTelemetry(opts...))
		if err := sending(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	requests := wire.Requests()
	if got := requests[0].Header.Values("Traceparent"); got != nil {
		t.Errorf("without the option the header is %q", got)
	}
	spans := r.begun()
	want := "00-" + spans[3].SpanContext.TraceID().String() + "-" + spans[3].SpanContext.SpanID().String() + "-01"
	if got := requests[1].Header.Get("Traceparent"); got != want || requests[1].Header.Get("Authorization") != "Bearer "+testKey {
		t.Errorf("with the option the header is %q, not %q", got, want)
	}
}

func TestTwoProvidersGetWholeTracesEach(t *testing.T) {
	t.Parallel()
	a, b := newRecorder(t), newRecorder(t)
	wire := scripted(reply{status: 502}, reply{status: 202, body: accepted})
	client := newClient(t, wire, kirimotel.WithTelemetry(a.options()...), kirimotel.WithTelemetry(b.options()...))
	ctx, parent := a.tracers.Tracer("test").Start(t.Context(), "parent")
	if err := sending(ctx, client); err != nil {
		t.Fatal(err)
	}
	verifier, err := kirim.NewWebhookVerifier(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	handler := kirim.NewWebhookHandler(verifier, kirimotel.WithWebhookTelemetry(a.options()...), kirimotel.WithWebhookTelemetry(b.options()...))
	handler.ServeHTTP(httptest.NewRecorder(), signed(messageEvent).WithContext(ctx))
	for name, r := range map[string]*recorder{"first": a, "second": b} {
		spans := r.begun()
		if r == a { // its parent has not ended
			spans = r.begun()
		}
		if len(spans) != 5 {
			t.Fatalf("%s: %q", name, r.told())
		}
		for i, above := range map[int]int{0: -1, 1: 0, 2: 0, 3: -1, 4: 3} {
			want := parent.SpanContext().SpanID()
			if above >= 0 {
				want = spans[above].SpanContext.SpanID()
			}
			if got := spans[i].Parent.SpanID(); got != want {
				t.Errorf("%s: %s is below %v, not %v", name, spans[i].Name, got, want)
			}
		}
	}
}

func TestTelemetryIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	client := r.client(scripted(reply{status: 202, body: accepted}))
	handler := r.handler()
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for n := range 20 {
				switch {
				case i == 0 && n == 10:
					r.tracers.Shutdown(context.Background())
					r.meters.Shutdown(context.Background())
				case i%2 == 0:
					if err := sending(context.Background(), client); err != nil {
						t.Error(err)
					}
				default:
					deliver(handler, messageEvent)
				}
			}
		})
	}
	group.Wait()
}
