//go:build unix

package kirimotel_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimotel"
)

// What is measured: a send, and a delivery, with telemetry, beside what a program does with net/http,
// encoding/json and otelhttp. Both have the same providers.

// providers of telemetry, with an exporter that drops everything.
var providers = []struct {
	name    string
	tracers func() trace.TracerProvider
	meters  func() metric.MeterProvider
}{
	{"sampled", func() trace.TracerProvider { return sdktrace.NewTracerProvider(sdktrace.WithSyncer(dropping{})) }, newMeters},
	{"unsampled", func() trace.TracerProvider {
		return sdktrace.NewTracerProvider(sdktrace.WithSyncer(dropping{}), sdktrace.WithSampler(sdktrace.NeverSample()))
	}, newMeters},
	{"noop", func() trace.TracerProvider { return nooptrace.NewTracerProvider() }, func() metric.MeterProvider { return noopmetric.NewMeterProvider() }},
}

func newMeters() metric.MeterProvider {
	return sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
}

type dropping struct{}

func (dropping) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (dropping) Shutdown(context.Context) error                             { return nil }

// cannedServer always gives the same response, with and without a network.
type cannedServer struct{}

var cannedHeader = http.Header{
	"Content-Type": {"application/json"}, "Date": {"Sat, 21 Nov 2026 06:00:00 GMT"}, "X-Ratelimit-Limit": {"600"}, "X-Ratelimit-Remaining": {"599"},
	"X-Ratelimit-Reset": {"1795240860"}, "X-Request-Id": {"req_01JD6Q3V8Y5N2M4K7P9R1S3T5V"},
}

func (cannedServer) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	req.Body.Close()
	return &http.Response{
		StatusCode: http.StatusAccepted, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: cannedHeader,
		Body: io.NopCloser(strings.NewReader(accepted)), ContentLength: int64(len(accepted)), Request: req,
	}, nil
}

func (cannedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	maps.Copy(w.Header(), cannedHeader)
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, accepted)
}

const benchText = "Halo Sari, your order 1042 has left our house and will be with you tomorrow before noon."

type senders map[string]func(tracers trace.TracerProvider, meters metric.MeterProvider, base string, wire http.RoundTripper) func(context.Context) error

// clients are what is compared.
var clients = senders{
	"otelhttp": func(tracers trace.TracerProvider, meters metric.MeterProvider, base string, wire http.RoundTripper) func(context.Context) error {
		client := &http.Client{Transport: otelhttp.NewTransport(wire, otelhttp.WithTracerProvider(tracers), otelhttp.WithMeterProvider(meters),
			otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))}
		return func(ctx context.Context) error { return bareSend(ctx, client, base) }
	},
	"nethttp": func(_ trace.TracerProvider, _ metric.MeterProvider, base string, wire http.RoundTripper) func(context.Context) error {
		client := &http.Client{Transport: wire}
		return func(ctx context.Context) error { return bareSend(ctx, client, base) }
	},
	"kirimotel": func(tracers trace.TracerProvider, meters metric.MeterProvider, base string, wire http.RoundTripper) func(context.Context) error {
		return kirimSend(base, wire, kirimotel.WithTelemetry(kirimotel.WithTracerProvider(tracers), kirimotel.WithMeterProvider(meters)))
	},
	"kirim": func(_ trace.TracerProvider, _ metric.MeterProvider, base string, wire http.RoundTripper) func(context.Context) error {
		return kirimSend(base, wire)
	},
}

func kirimSend(base string, wire http.RoundTripper, opts ...kirim.Option) func(context.Context) error {
	client, err := kirim.NewClient(testKey, append(opts, kirim.WithBaseURL(base), kirim.WithHTTPClient(&http.Client{Transport: wire}))...)
	if err != nil {
		panic(err)
	}
	messages := client.PhoneNumber("106540352242922").Messages
	message := kirim.OutboundMessage{To: "+6281100000001", Content: kirim.Text{Body: benchText}}
	return func(ctx context.Context) error {
		_, err := messages.Send(ctx, message)
		return err
	}
}

type bareMessage struct {
	MessagingProduct string `json:"messaging_product"`
	To               string `json:"to"`
	Type             string `json:"type"`
	Text             struct {
		Body string `json:"body"`
	} `json:"text"`
}

func bareSend(ctx context.Context, client *http.Client, base string) error {
	message := &bareMessage{MessagingProduct: "whatsapp", To: "+6281100000001", Type: "text"}
	message.Text.Body = benchText
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/106540352242922/messages", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "shop/1.0")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return err
	}
	var answer struct {
		Data struct {
			ID     string `json:"id"`
			Status string `json:"status"`
			WAMID  string `json:"message_id"`
			Object string `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Data.ID == "" {
		return fmt.Errorf("status %d: %w", resp.StatusCode, err)
	}
	return nil
}

// contender is one way to do some work.
type contender struct {
	name string
	do   func(context.Context) error
}

// A comparison is a work that the contenders do.
type comparison struct {
	name       string
	contenders []contender
}

var names = []string{"nethttp", "otelhttp", "kirim", "kirimotel"}

// comparisons are what is compared. The server of those over a network is closed with tb.
func comparisons(tb testing.TB) (list []comparison) {
	server := httptest.NewServer(cannedServer{})
	loopback := &http.Transport{MaxIdleConnsPerHost: 10}
	tb.Cleanup(func() { loopback.CloseIdleConnections(); server.Close() })
	for _, p := range providers {
		memory, network, delivery := comparison{name: "send, in memory, " + p.name}, comparison{name: "send, over loopback, " + p.name}, comparison{name: "delivery, in memory, " + p.name}
		for _, name := range names {
			tracers, meters := p.tracers(), p.meters()
			memory.contenders = append(memory.contenders, contender{name, clients[name](tracers, meters, "https://api.kirim.example/v1", cannedServer{})})
			network.contenders = append(network.contenders, contender{name, clients[name](tracers, meters, server.URL+"/v1", loopback)})
			delivery.contenders = append(delivery.contenders, contender{name, delivering(tb, handlers[name](tracers, meters))})
		}
		list = append(list, memory, network, delivery)
	}
	return list
}

// The contenders take turns, each for a block of a millisecond or so, which other programs on the machine
// seldom interrupt. The median of the blocks is shown.
func TestCost(t *testing.T) {
	if *rounds == 0 {
		t.Skip("make bench-otel says how many rounds")
	}
	for _, c := range comparisons(t) {
		t.Run(c.name, func(t *testing.T) {
			medians := c.medians(t)
			line := ""
			for _, name := range names {
				line += fmt.Sprintf("%s %.1f µs, ", name, medians[name])
			}
			t.Logf("%sratio %.2f", line, medians["kirimotel"]/medians["otelhttp"])
		})
	}
}

// medians are in microseconds.
func (c comparison) medians(t *testing.T) map[string]float64 {
	t.Helper()
	const block = 50
	times, medians := make(map[string][]float64), make(map[string]float64)
	for round := range *rounds {
		for i := range c.contenders {
			one := c.contenders[(round+i)%len(c.contenders)]
			began := time.Now()
			for range block {
				if err := one.do(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			times[one.name] = append(times[one.name], float64(time.Since(began).Nanoseconds())/1000/block)
		}
	}
	for name, times := range times {
		slices.Sort(times)
		medians[name] = times[len(times)/10]
	}
	return medians
}

var rounds = flag.Int("rounds", 0, "of TestCost")

// For profiles.
func BenchmarkWork(b *testing.B) {
	for _, c := range comparisons(b) {
		for _, one := range c.contenders {
			b.Run(strings.ReplaceAll(c.name, ", ", "/")+"/"+one.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := one.do(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// benchEvent is a text message.
func benchEvent(tb testing.TB) []byte {
	body, err := os.ReadFile("../testdata/events/text.json")
	if err != nil {
		tb.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		tb.Fatal(err)
	}
	return compact.Bytes()
}

// bareEvent is what a program declares for it.
type bareEvent struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      string `json:"id"`
		Changes []struct {
			Field string `json:"field"`
			Value struct {
				Metadata struct {
					PhoneNumberID string `json:"phone_number_id"`
				} `json:"metadata"`
				Contacts []struct {
					Profile struct {
						Name string `json:"name"`
					} `json:"profile"`
					WAID string `json:"wa_id"`
				} `json:"contacts"`
				Messages []struct {
					From      string `json:"from"`
					ID        string `json:"id"`
					Timestamp string `json:"timestamp"`
					Type      string `json:"type"`
					Text      *struct {
						Body string `json:"body"`
					} `json:"text"`
				} `json:"messages"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

func bareHandle(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 3<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	stamp, signature, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Kirim-Signature"), "t="), ",v1=")
	at, err := strconv.ParseInt(stamp, 10, 64)
	want, hexErr := hex.DecodeString(signature)
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	if err != nil || hexErr != nil || time.Since(time.Unix(at, 0)).Abs() > 300*time.Second || !hmac.Equal(mac.Sum(nil), want) {
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	var event bareEvent
	if err := json.Unmarshal(body, &event); err != nil || len(event.Entry[0].Changes[0].Value.Messages) != 1 {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// claiming lets every element be handled, as a handler without deduplication does.
type claiming struct{}

func (claiming) Claim(context.Context, string) (kirim.ClaimState, error) { return kirim.Claimed, nil }
func (claiming) Complete(context.Context, string) error                  { return nil }
func (claiming) Release(context.Context, string) error                   { return nil }

var handlers = map[string]func(tracers trace.TracerProvider, meters metric.MeterProvider) http.Handler{
	"otelhttp": func(tracers trace.TracerProvider, meters metric.MeterProvider) http.Handler {
		return otelhttp.NewHandler(http.HandlerFunc(bareHandle), "webhook", otelhttp.WithTracerProvider(tracers), otelhttp.WithMeterProvider(meters))
	},
	"nethttp": func(trace.TracerProvider, metric.MeterProvider) http.Handler { return http.HandlerFunc(bareHandle) },
	"kirimotel": func(tracers trace.TracerProvider, meters metric.MeterProvider) http.Handler {
		return kirimHandler(kirimotel.WithWebhookTelemetry(kirimotel.WithTracerProvider(tracers), kirimotel.WithMeterProvider(meters)))
	},
	"kirim": func(trace.TracerProvider, metric.MeterProvider) http.Handler { return kirimHandler() },
}

func kirimHandler(opts ...kirim.WebhookOption) http.Handler {
	verifier, err := kirim.NewWebhookVerifier(testSecret)
	if err != nil {
		panic(err)
	}
	handler := kirim.NewWebhookHandler(verifier, append(opts, kirim.WithDeduper(claiming{}))...)
	handler.OnMessage(func(context.Context, *kirim.InboundMessage) error { return nil })
	return handler
}

// delivering returns a function that delivers an event once.
func delivering(tb testing.TB, handler http.Handler) func(context.Context) error {
	body := benchEvent(tb)
	header := http.Header{"X-Kirim-Signature": {kirim.SignWebhook(testSecret, time.Now(), body)}, "Content-Type": {"application/json"}}
	return func(ctx context.Context) error {
		req := (&http.Request{
			Method: http.MethodPost, URL: benchURL, Host: "shop.example", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: "127.0.0.1:1",
			Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
		}).WithContext(ctx)
		w := &statusWriter{header: make(http.Header)}
		handler.ServeHTTP(w, req)
		if w.status != http.StatusOK {
			return fmt.Errorf("status %d", w.status)
		}
		return nil
	}
}

var benchURL = httptest.NewRequest(http.MethodPost, "https://shop.example/webhooks", nil).URL

// statusWriter has a deadline as the writer of a server has.
type statusWriter struct {
	header http.Header
	status int
}

func (w *statusWriter) Header() http.Header             { return w.header }
func (w *statusWriter) WriteHeader(status int)          { w.status = status }
func (w *statusWriter) Write(p []byte) (int, error)     { return len(p), nil }
func (w *statusWriter) SetReadDeadline(time.Time) error { return nil }
