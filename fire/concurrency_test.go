package fire

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

const recipient = "+6281100000001"

var hello = kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: "Halo"}}

const sends = 1000

// sendAtOnce makes all sends at the same time.
func sendAtOnce(t *testing.T, messages *kirim.MessagesService) {
	t.Helper()
	var wg sync.WaitGroup
	for range sends {
		wg.Go(func() {
			if _, err := messages.Send(t.Context(), hello); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestAThousandConcurrentSendsLeaveNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t)
	sandbox := kirimtest.NewServer(kirimtest.WithPlan(kirimtest.Enterprise(1_000_000, 1_000_000)))
	defer sandbox.Close()
	sandbox.Receive(kirimtest.Inbound{From: recipient, Text: "Halo"})
	client, err := sandbox.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	sendAtOnce(t, client.PhoneNumber(sandbox.PhoneNumberID).Messages)
	if n := sandbox.MessageCount(); n != sends {
		t.Errorf("the sandbox has %d messages", n)
	}
}

// counting starts a server that counts the connections opened to it.
func counting(t *testing.T, handler http.HandlerFunc) (server *httptest.Server, opened *atomic.Int64) {
	t.Helper()
	opened = new(atomic.Int64)
	server = httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	return server, opened
}

func accept(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	io.WriteString(w, `{"data":{"id":"msg_1","status":"pending"}}`)
}

func TestAThousandConcurrentSendsOpenNoMoreConnectionsThanThat(t *testing.T) {
	defer goleak.VerifyNone(t)
	server, opened := counting(t, accept)
	defer server.Close()
	client, err := kirim.NewClient("key", kirim.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	sendAtOnce(t, client.PhoneNumber("1").Messages)
	t.Logf("%d concurrent sends opened %d connections", sends, opened.Load())
	if n := opened.Load(); n > sends {
		t.Errorf("opened %d connections", n)
	}
	first := opened.Load()
	for range 100 {
		if _, err := client.PhoneNumber("1").Messages.Send(t.Context(), hello); err != nil {
			t.Fatal(err)
		}
	}
	if n := opened.Load(); n != first {
		t.Errorf("100 sends after that opened %d more, though %d are idle", n-first, first)
	}
}

// net/http alone goes on dialing for a request that was served by a
// connection that became free.
func TestSendersNeedNoMoreConnectionsThanThereAreOfThem(t *testing.T) {
	defer goleak.VerifyNone(t)
	const senders, each = 64, 100
	server, opened := counting(t, accept)
	defer server.Close()
	client, err := kirim.NewClient("key", kirim.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range each {
				if _, err := client.PhoneNumber("1").Messages.Send(t.Context(), hello); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d senders opened %d connections for %d sends", senders, opened.Load(), senders*each)
	if n := opened.Load(); n > senders {
		t.Errorf("opened %d connections", n)
	}
}

func TestNoSendWaitsForTheConnectionOfAnother(t *testing.T) {
	defer goleak.VerifyNone(t)
	const atOnce = 200
	var arrived sync.WaitGroup
	arrived.Add(atOnce)
	server, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait() // nobody is answered before all are here
		accept(w, r)
	})
	defer server.Close()
	client, err := kirim.NewClient("key", kirim.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			if _, err := client.PhoneNumber("1").Messages.Send(t.Context(), hello); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// A file that is being read holds a connection that no send counts.
func TestAFileBeingReadDelaysNoSend(t *testing.T) {
	defer goleak.VerifyNone(t)
	sent := make(chan struct{})
	var server *httptest.Server
	server, _ = counting(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/1/messages/msg_1/media":
			http.Redirect(w, r, server.URL+"/file", http.StatusFound)
		case "/file":
			w.WriteHeader(http.StatusOK)
			http.NewResponseController(w).Flush()
			<-sent
			io.WriteString(w, "the file")
		default:
			accept(w, r)
		}
	})
	defer server.Close()
	client, err := kirim.NewClient("key", kirim.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	messages := client.PhoneNumber("1").Messages
	file, err := messages.Media(t.Context(), "msg_1", kirim.MediaParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := messages.Send(t.Context(), hello); err != nil {
		t.Error(err)
	}
	close(sent)
	if content, err := io.ReadAll(file); err != nil || string(content) != "the file" {
		t.Errorf("read %q: %v", content, err)
	}
}
