package kirimtest_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

func TestAnySpellingOfANumberOpensItsWindow(t *testing.T) {
	t.Parallel()
	const to = "+6281100000002"
	for _, from := range []string{to, "6281100000002", " 6281100000002", "+62 811-0000-0002", "+62 (811) 0000.0002\n", "\u200e+62\u00a0811\u20110000\u20110002\u202c"} {
		sandbox := kirimtest.Start(t, kirimtest.WithoutListener())
		client, err := sandbox.Client()
		if err != nil {
			t.Fatal(err)
		}
		if got := sandbox.Receive(kirimtest.Inbound{From: from}).From; got != to {
			t.Errorf("%q: From is %q", from, got)
		}
		text := kirim.OutboundMessage{To: to, Content: kirim.Text{Body: "Halo"}}
		if _, err := client.PhoneNumber(sandbox.PhoneNumberID).Messages.Send(t.Context(), text); err != nil {
			t.Errorf("%q: %v", from, err)
		}
		if contacts := sandbox.Contacts(); len(contacts) != 1 || contacts[0].Phone != to {
			t.Errorf("%q: the contacts are %+v", from, contacts)
		}
	}
}

func TestWhatIsNoNumberWritesNothing(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t, kirimtest.WithoutListener())
	for _, from := range []string{"", "+", "Ana", "081100000002", "+62811", "+62811000000021234567", "++6281100000002", "62x81100000002"} {
		func() {
			defer func() {
				text, _ := recover().(string)
				if !strings.Contains(text, "is not a phone number") || from != "" && strings.Contains(text, from) && len(from) > 1 {
					t.Errorf("%q: the panic is %q", from, text)
				}
			}()
			sandbox.Receive(kirimtest.Inbound{From: from})
		}()
	}
	if n := len(sandbox.Contacts()); n != 0 {
		t.Errorf("there are %d contacts", n)
	}
}

func TestTheSandboxServesOnAListenerThatItIsGiven(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sandbox := kirimtest.NewServer(kirimtest.WithListener(l))
	resp, err := http.Get("http://" + l.Addr().String() + "/v1/health")
	if err != nil || resp.StatusCode != http.StatusOK || sandbox.URL != "http://"+l.Addr().String()+"/v1" {
		t.Errorf("%v, %v, %s", resp, err, sandbox.URL)
	}
	resp.Body.Close()
	sandbox.Close()
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}

func TestTheSandboxStartsWhereAndHowItIsTold(t *testing.T) {
	t.Parallel()
	for addr, prefix := range map[string]string{"127.0.0.1:0": "http://127.0.0.1:", ":0": "http://127.0.0.1:", "0.0.0.0:0": "http://127.0.0.1:"} {
		sandbox := kirimtest.Start(t, kirimtest.WithAddr(addr), kirimtest.WithWebhookSecret("whsec_known"))
		if !strings.HasPrefix(sandbox.URL, prefix) || strings.HasSuffix(sandbox.URL, ":0/v1") || sandbox.WebhookSecret != "whsec_known" {
			t.Errorf("%s: %s, %s", addr, sandbox.URL, sandbox.WebhookSecret)
		}
		client, err := kirim.NewClient(sandbox.APIKey, kirim.WithBaseURL(sandbox.URL))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Me(t.Context()); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestTheSandboxIsAHandlerForAServerOfOnesOwn(t *testing.T) {
	t.Parallel()
	sandbox := kirimtest.Start(t, kirimtest.WithoutListener())
	server := httptest.NewServer(sandbox.Handler())
	t.Cleanup(server.Close)
	client, err := kirim.NewClient(sandbox.APIKey, kirim.WithBaseURL(server.URL+"/v1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Me(t.Context()); err != nil {
		t.Error(err)
	}
}
