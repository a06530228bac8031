package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// serveWebhooks adds the receivers of deliveries to the server in a process of its
// own. GET /cpu tells how many nanoseconds of CPU time the process has taken.
func serveWebhooks(mux *http.ServeMux) {
	for _, r := range webhookServers {
		open := sync.OnceValues(r.open)
		mux.HandleFunc("POST "+r.path(), func(w http.ResponseWriter, r *http.Request) {
			handler, err := open()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			handler.ServeHTTP(w, r)
		})
	}
	mux.HandleFunc("GET /cpu", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, cpuTime()) })
}

// cpuTime returns how many nanoseconds of CPU time the process has taken.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// webhookServer receives deliveries.
type webhookServer struct {
	store, client string
	variable      string // of the environment, which it needs
	open          func() (http.Handler, error)
}

var webhookServers = []webhookServer{
	{"none", "bare", "", func() (http.Handler, error) { return http.HandlerFunc(bareReceive), nil }},
	{"memory", "kirim", "", func() (http.Handler, error) { return newHooks(nil) }},
	{"redis", "kirim", "KIRIM_TEST_REDIS", openRedis},
	{"postgresql", "kirim", "KIRIM_TEST_POSTGRES", openPostgreSQL},
}

func (s webhookServer) name() string { return "store=" + s.store + "/client=" + s.client }
func (s webhookServer) path() string { return "/webhooks/" + s.store + "/" + s.client }

// missing says why it cannot be measured.
func (s webhookServer) missing() string {
	if s.variable == "" || os.Getenv(s.variable) != "" {
		return ""
	}
	return "needs " + s.variable + ", the URL of a server of its own"
}

// newHooks returns a handler whose callbacks do nothing; a nil deduper stands for the
// default, which is the memory.
func newHooks(deduper kirim.Deduper) (http.Handler, error) {
	verifier, err := kirim.NewWebhookVerifier(webhookSecret)
	if err != nil {
		return nil, err
	}
	hooks := kirim.NewWebhookHandler(verifier, kirim.WithDeduper(deduper))
	hooks.OnMessage(func(_ context.Context, m *kirim.InboundMessage) error { return use(m.ID, m.Text) })
	hooks.OnStatus(func(_ context.Context, s *kirim.StatusUpdate) error { return use(s.ID, string(s.Status)) })
	return hooks, nil
}

func use(id, what string) error {
	if id == "" || what == "" {
		return errors.New("the element is empty")
	}
	return nil
}

// bareReceive is what a program does that has no package for it, and no memory of what
// it has handled.
func bareReceive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 3<<20))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if !naiveVerify(r.Header.Get("X-Kirim-Signature"), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	event := bareEvent{ID: r.Header.Get("X-Kirim-Event-Id"), Type: r.Header.Get("X-Kirim-Event"), DeliveryID: r.Header.Get("X-Kirim-Delivery-Id")}
	event.Attempt, _ = strconv.Atoi(r.Header.Get("X-Kirim-Attempt"))
	if err := json.Unmarshal(body, &event.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, entry := range event.Body.Entry {
		for _, change := range entry.Changes {
			for _, m := range change.Value.Messages {
				err = errors.Join(err, use(m.ID, m.Text.Body))
			}
			for _, s := range change.Value.Statuses {
				err = errors.Join(err, use(s.ID, s.Status))
			}
		}
	}
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// bareEvent is a delivery in structs written by hand, with the fields of the events that
// are measured.
type bareEvent struct {
	ID, Type, DeliveryID string
	Attempt              int
	Body                 struct {
		Object string `json:"object"`
		Entry  []struct {
			ID      string `json:"id"`
			Changes []struct {
				Field string `json:"field"`
				Value struct {
					Metadata struct {
						DisplayPhoneNumber string `json:"display_phone_number"`
						PhoneNumberID      string `json:"phone_number_id"`
					} `json:"metadata"`
					Contacts []struct {
						Profile struct {
							Name string `json:"name"`
						} `json:"profile"`
						WAID string `json:"wa_id"`
					} `json:"contacts"`
					Messages []struct {
						From      string   `json:"from"`
						ID        string   `json:"id"`
						Timestamp bareTime `json:"timestamp"`
						Type      string   `json:"type"`
						Text      struct {
							Body string `json:"body"`
						} `json:"text"`
					} `json:"messages"`
					Statuses []struct {
						ID           string   `json:"id"`
						Status       string   `json:"status"`
						Timestamp    bareTime `json:"timestamp"`
						RecipientID  string   `json:"recipient_id"`
						Conversation *struct {
							ID      string   `json:"id"`
							Expires bareTime `json:"expiration_timestamp"`
							Origin  struct {
								Type string `json:"type"`
							} `json:"origin"`
						} `json:"conversation"`
						Pricing *struct {
							Billable *bool  `json:"billable"`
							Model    string `json:"pricing_model"`
							Type     string `json:"type"`
							Category string `json:"category"`
						} `json:"pricing"`
					} `json:"statuses"`
				} `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
}

type bareTime time.Time

func (t *bareTime) UnmarshalText(text []byte) error {
	seconds, err := strconv.ParseInt(string(text), 10, 64)
	*t = bareTime(time.Unix(seconds, 0))
	return err
}

// The deliveries that are measured: a text that a customer wrote, and what became of a
// message. %s is the id.
var deliveries = []struct{ event, body string }{
	{"message.received", `{"object":"whatsapp_business_account","entry":[{"id":"880000000000001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"62215550100","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Sari"},"wa_id":"6281234500001"}],` +
		`"messages":[{"from":"6281234500001","id":"%s","timestamp":"1780000001","type":"text",` +
		`"text":{"body":"Halo, pesanan saya nomor 1042 belum sampai. Kapan kira-kira dikirim? Terima kasih."}}]}}]}]}`},
	{"message.status", `{"object":"whatsapp_business_account","entry":[{"id":"880000000000001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"62215550100","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Sari"},"wa_id":"6281234500001"}],` +
		`"statuses":[{"id":"%s","status":"sent","timestamp":"1780001001","recipient_id":"6281234500001",` +
		`"conversation":{"id":"b2c1f0d3a4e59687","expiration_timestamp":"1780087400","origin":{"type":"utility"}},` +
		`"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}}]}}]}]}`},
}

// deliverer delivers over one connection that it keeps. It writes and reads without the
// client of net/http, which would take most of the machine from the server.
type deliverer struct {
	conn     net.Conn
	in       *bufio.Reader
	out      bytes.Buffer
	path     string
	expected int // status of the responses
}

// deliver sends the n-th delivery of a run.
func (d *deliverer) deliver(run int64, n int64) error {
	kind := deliveries[n%int64(len(deliveries))]
	id := fmt.Sprintf("wamid.HBgNNjI4MTIzNDUwMDAwMRUCABIYFjNFQjBD%016X%08X", run, n)
	body := []byte(strings.Replace(kind.body, "%s", id, 1))
	d.out.Reset()
	fmt.Fprintf(&d.out, "POST %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: Kirim-Webhooks/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
		"X-Kirim-Event: %s\r\nX-Kirim-Event-Id: evt_%016x%08x\r\nX-Kirim-Delivery-Id: wbd_%016x%08x\r\nX-Kirim-Attempt: 1\r\nX-Kirim-Signature: %s\r\n\r\n",
		d.path, len(body), kind.event, run, n, run, n, kirim.SignWebhook(webhookSecret, time.Now(), body))
	d.out.Write(body)
	if _, err := d.conn.Write(d.out.Bytes()); err != nil {
		return err
	}
	response, err := http.ReadResponse(d.in, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != cmp.Or(d.expected, http.StatusOK) || d.expected == 0 && len(said) > 0 {
		return fmt.Errorf("%s: response %d: %q", d.path, response.StatusCode, said)
	}
	return nil
}

// deliverAll shares n deliveries among 64 connections.
func deliverAll(tb testing.TB, base, path string, n int) error {
	free := make(chan *deliverer, senders)
	for range senders {
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			tb.Fatal(err)
		}
		defer conn.Close()
		free <- &deliverer{conn: conn, in: bufio.NewReader(conn), path: path}
	}
	var last atomic.Int64
	run := time.Now().UnixNano() // another id in each run
	return bulk(tb.Context(), n, func(context.Context) error {
		d := <-free
		defer func() { free <- d }()
		return d.deliver(run, last.Add(1))
	})
}

// BenchmarkWebhookServer shares b.N deliveries among 64 connections that stay open. Each
// delivery is a new one.
func BenchmarkWebhookServer(b *testing.B) {
	for _, s := range webhookServers {
		b.Run(s.name(), func(b *testing.B) {
			if why := s.missing(); why != "" {
				b.Skip(why)
			}
			base, _ := startServer(b)
			if err := deliverAll(b, base, s.path(), 2000); err != nil {
				b.Fatal(err)
			}
			before := cpuOf(b, base)
			b.ResetTimer()
			if err := deliverAll(b, base, s.path(), b.N); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
			b.ReportMetric(float64(cpuOf(b, base)-before)/float64(b.N), "server-cpu-ns/op")
		})
	}
}

func cpuOf(tb testing.TB, base string) int {
	resp, err := http.Get(base + "/cpu")
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	n, err := strconv.Atoi(string(said))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
