//go:build unix

package fire

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// secured makes nginx speak HTTP/2 over TLS, as most servers on the internet do.
const secured = "ssl_certificate cert.pem; ssl_certificate_key key.pem;"

// startSecured starts a proxy with HTTP/2 and returns the options of a client
// for it.
func startSecured(t *testing.T, s settings) (*proxy, []kirim.Option) {
	t.Helper()
	ca := newAuthority(t)
	cert := ca.server(t, "localhost", validFrom, validTo).Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	s.listen, s.server = "ssl http2", s.server+secured
	s.files = map[string]string{
		"cert.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})),
		"key.pem":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}
	p := startProxy(t, s)
	transport := p.transport(t)
	transport.TLSClientConfig = ca.client()
	return p, []kirim.Option{kirim.WithBaseURL("https://localhost/v1"), kirim.WithHTTPClient(p.watch(transport))}
}

// ledger sends messages that differ, and compares what their senders were
// told with what the sandbox has.
type ledger struct {
	ok, failed, doubtful, repeated atomic.Int64

	mu    sync.Mutex
	fates map[string]error // by the text
}

func (l *ledger) send(ctx context.Context, messages *kirim.MessagesService, text string) (generation int) {
	var response kirim.Response
	_, err := messages.Send(ctx, kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: text}}, kirim.WithResponse(&response))
	switch {
	case err == nil:
		l.ok.Add(1)
	case kirim.MaybeSent(err):
		l.doubtful.Add(1)
	default:
		l.failed.Add(1)
	}
	l.repeated.Add(int64(response.Attempts - 1))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fates == nil {
		l.fates = map[string]error{}
	}
	l.fates[text] = err
	generation, _ = strconv.Atoi(response.Header.Get("X-Generation"))
	return generation
}

func (l *ledger) check(t *testing.T, p *proxy) {
	t.Helper()
	processed := map[string]int{}
	for _, m := range p.sandbox.Messages() {
		var body struct{ Text struct{ Body string } }
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		processed[body.Text.Body]++
	}
	for text, err := range l.fates {
		if n := processed[text]; n > 1 || err == nil && n != 1 || err != nil && !kirim.MaybeSent(err) && n != 0 {
			t.Errorf("%q was processed %d times: %v", text, n, err)
		}
	}
	t.Logf("%d sends: %d succeeded, %d failed and were not sent, %d failed and may be sent; %d repeats, %d requests came to the server",
		len(l.fates), l.ok.Load(), l.failed.Load(), l.doubtful.Load(), l.repeated.Load(), p.arrived())
}

// ways are the clients that take each of the ways below.
var ways = []struct {
	name    string
	keyless bool
	http2   bool
}{
	{name: "under a key"},
	{name: "under a key, over HTTP/2", http2: true},
	{name: "without a key", keyless: true},
	{name: "without a key, over HTTP/2", keyless: true, http2: true},
}

const senders = 20

// What comes and goes is nginx itself. Each sender goes on until it has seen
// the last generation of it.
func TestFireNginxMayBeReplacedWhileMessagesAreSent(t *testing.T) {
	needsNginx(t)
	noGoroutineLeaks(t)
	for _, change := range []struct {
		name string
		do   func(*testing.T, *proxy)
	}{
		{"it is told to read its configuration again", func(_ *testing.T, p *proxy) { syscall.Kill(p.process.Process.Pid, syscall.SIGHUP) }},
		{"it is killed and started again", func(t *testing.T, p *proxy) { p.kill(); p.start(t) }},
	} {
		for _, way := range ways {
			t.Run(change.name+", "+way.name, func(t *testing.T) {
				t.Parallel()
				// Enough for the time without any nginx.
				opts := []kirim.Option{kirim.WithRetryPolicy(kirim.RetryPolicy{
					MaxRetries: 2000, MinDelay: time.Millisecond, MaxDelay: 5 * time.Millisecond, WithoutQuota: true})}
				p, l := startWay(t, way.http2, way.keyless, settings{}, &opts)
				messages := p.messages(p.client(t, opts...))
				const last = 4
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				var wg sync.WaitGroup
				for sender := range senders {
					wg.Go(func() {
						for i := 0; ctx.Err() == nil && l.send(ctx, messages, fmt.Sprint(sender, "-", i)) < last; i++ {
						}
					})
				}
				for generation := 2; generation <= last; generation++ {
					p.configure(t, generation)
					change.do(t, p)
					for i := 0; ctx.Err() == nil && l.send(ctx, messages, fmt.Sprint("generation ", generation, "-", i)) < generation; i++ {
					}
				}
				wg.Wait()
				if ctx.Err() != nil {
					t.Error("not all senders have seen the last generation")
				}
				l.check(t, p)
				if l.failed.Load() > 0 || !way.keyless && l.doubtful.Load() > 0 {
					t.Errorf("%d sends failed and %d are in doubt", l.failed.Load(), l.doubtful.Load())
				}
			})
		}
	}
}

// startWay starts a proxy for one of the ways and adds the options of its
// client.
func startWay(t *testing.T, http2, keyless bool, s settings, opts *[]kirim.Option) (*proxy, *ledger) {
	t.Helper()
	if keyless {
		*opts = append(*opts, kirim.WithoutIdempotencyKeys())
	}
	if !http2 {
		return startProxy(t, s), &ledger{}
	}
	p, more := startSecured(t, s)
	*opts = append(*opts, more...)
	return p, &ledger{}
}

func TestFireNginxMayCloseTheConnectionsItKept(t *testing.T) {
	needsNginx(t)
	noGoroutineLeaks(t)
	for _, closing := range []struct {
		name, server string
		announced    bool // in the answer before: over HTTP/1.1 nothing is ever lost
	}{
		{"after each request", "keepalive_requests 1;", true},
		{"never keeping one", "keepalive_timeout 0;", true},
		{"a millisecond after each answer", "keepalive_timeout 1ms;", false},
	} {
		for _, way := range ways {
			t.Run(closing.name+", "+way.name, func(t *testing.T) {
				t.Parallel()
				var opts []kirim.Option
				p, l := startWay(t, way.http2, way.keyless, settings{server: closing.server}, &opts)
				messages := p.messages(p.client(t, opts...))
				const each = 100
				for i := range each {
					l.send(t.Context(), messages, fmt.Sprint(i))
				}
				l.check(t, p)
				surely := closing.announced && !way.http2
				switch {
				case l.failed.Load() > 0, l.doubtful.Load() > 0 && (surely || !way.keyless):
					t.Errorf("%d sends failed and %d are in doubt", l.failed.Load(), l.doubtful.Load())
				case surely && (l.repeated.Load() > 0 || p.arrived() != each):
					t.Errorf("%d repeats, %d requests", l.repeated.Load(), p.arrived())
				}
			})
		}
	}
}

func TestFireNginxMayCompressAndSpeakHTTP2(t *testing.T) {
	needsNginx(t)
	noGoroutineLeaks(t)
	const compressing = "gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any;"
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 %v", http2), func(t *testing.T) {
			t.Parallel()
			var opts []kirim.Option
			p, l := startWay(t, http2, false, settings{http: compressing}, &opts)
			c := p.client(t, opts...)
			l.send(t.Context(), p.messages(c), "Halo")
			_, err := p.messages(c).Get(t.Context(), "msg_absent")
			var e *kirim.Error
			if !errors.As(err, &e) || e.StatusCode != http.StatusNotFound || !kirim.IsNotFound(err) || e.Code == "" || e.RequestID == "" {
				t.Errorf("an error of the upstream: %#v", e)
			}
			dead(t, p, c)
			_, err = p.messages(c).Get(t.Context(), "msg_absent")
			if !errors.As(err, &e) || e.StatusCode != http.StatusBadGateway || e.Attempts != 4 || !strings.Contains(string(e.Body), "<html>") {
				t.Errorf("an error of nginx: %#v", e)
			}
			l.check(t, p)
			if l.ok.Load() != 1 || len(p.answers) != 6 {
				t.Fatalf("%d sends succeeded, %d answers", l.ok.Load(), len(p.answers))
			}
			for i, answer := range p.answers {
				compressed := i < 2 // nginx leaves its own page of a 502 as it is
				if answer.Uncompressed != compressed || (answer.ProtoMajor == 2) != http2 {
					t.Errorf("answer %d was compressed: %v, in %s", i+1, answer.Uncompressed, answer.Proto)
				}
			}
		})
	}
}
