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

func TestAThousandConcurrentSendsOpenNoMoreConnectionsThanThat(t *testing.T) {
	defer goleak.VerifyNone(t)
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"data":{"id":"msg_1","status":"pending"}}`)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	client, err := kirim.NewClient("key", kirim.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	sendAtOnce(t, client.PhoneNumber("1").Messages)
	t.Logf("%d concurrent sends opened %d connections", sends, opened.Load())
	if n := opened.Load(); n > sends+2 {
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
