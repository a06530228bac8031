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

// sendAtOnce lets so many senders, at the same time, send so often.
func sendAtOnce(t *testing.T, messages *kirim.MessagesService, senders, each int) {
	t.Helper()
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range each {
				if _, err := messages.Send(t.Context(), hello); err != nil {
					t.Error(err)
				}
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
	sendAtOnce(t, client.PhoneNumber(sandbox.PhoneNumberID).Messages, sends, 1)
	if n := sandbox.MessageCount(); n != sends {
		t.Errorf("the sandbox has %d messages", n)
	}
}

// counting starts a server that counts the connections opened to it, and
// returns the messages of a client of it.
func counting(t *testing.T, handler http.HandlerFunc) (messages *kirim.MessagesService, opened *atomic.Int64) {
	t.Helper()
	opened = new(atomic.Int64)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client, err := kirim.NewClient("key", kirim.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client.PhoneNumber("1").Messages, opened
}

func accept(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	io.WriteString(w, `{"data":{"id":"msg_1","status":"pending"}}`)
}

func TestAThousandConcurrentSendsOpenNoMoreConnectionsThanThat(t *testing.T) {
	noGoroutineLeaks(t)
	messages, opened := counting(t, accept)
	sendAtOnce(t, messages, sends, 1)
	t.Logf("%d concurrent sends opened %d connections", sends, opened.Load())
	if n := opened.Load(); n > sends {
		t.Errorf("opened %d connections", n)
	}
	first := opened.Load()
	sendAtOnce(t, messages, 1, 100)
	if n := opened.Load(); n != first {
		t.Errorf("100 sends after that opened %d more, though %d are idle", n-first, first)
	}
}

// net/http alone goes on dialing for a request that was served by a
// connection that became free.
func TestSendersNeedNoMoreConnectionsThanThereAreOfThem(t *testing.T) {
	noGoroutineLeaks(t)
	const senders, each = 64, 100
	messages, opened := counting(t, accept)
	sendAtOnce(t, messages, senders, each)
	t.Logf("%d senders opened %d connections for %d sends", senders, opened.Load(), senders*each)
	if n := opened.Load(); n > senders+2 { // a dial that waits for long on a machine that is busy gives up waiting
		t.Errorf("opened %d connections", n)
	}
}

func TestNoSendWaitsForTheConnectionOfAnother(t *testing.T) {
	noGoroutineLeaks(t)
	const atOnce = 200
	var arrived sync.WaitGroup
	arrived.Add(atOnce)
	messages, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait() // nobody is answered before all are here
		accept(w, r)
	})
	sendAtOnce(t, messages, atOnce, 1)
}

// A file that is being read holds a connection that no send counts.
func TestAFileBeingReadDelaysNoSend(t *testing.T) {
	noGoroutineLeaks(t)
	sent := make(chan struct{})
	messages, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/1/messages/msg_1/media":
			http.Redirect(w, r, "/file", http.StatusFound)
		case "/file":
			w.WriteHeader(http.StatusOK)
			http.NewResponseController(w).Flush()
			<-sent
			io.WriteString(w, "the file")
		default:
			accept(w, r)
		}
	})
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
