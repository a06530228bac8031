package fire

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// chaosRoad is one way to the oracle.
type chaosRoad struct {
	name  string
	base  string
	proto int          // the major version that it speaks
	http  *http.Client // nil for the SDK's own
	used  *atomic.Int64
}

// chaosRoads are the transports. What they count in used is what makes them
// differ from a plain transport.
func chaosRoads(t *testing.T, s *chaosServers, known *authority) []chaosRoad {
	t.Helper()
	// The default clients know no authority but the system's.
	file := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: known.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)

	over := func(rt http.RoundTripper) *http.Client { return &http.Client{Transport: rt} }
	own := func(change func(*http.Transport)) *http.Transport {
		transport := &http.Transport{TLSClientConfig: known.client(), MaxIdleConnsPerHost: 16}
		if change != nil {
			change(transport)
		}
		return transport
	}
	both := func(transport *http.Transport) { transport.ForceAttemptHTTP2 = true }
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h2c := own(func(transport *http.Transport) {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	})
	var dialFails, tunnels, forwarded, second atomic.Int64
	proxy := startChaosProxy(t, &tunnels, &forwarded)
	throughProxy := own(func(transport *http.Transport) { transport.Proxy = http.ProxyURL(proxy) })
	closed := listenTCP(t)
	nobody := closed.Addr().String()
	closed.Close()

	roads := []chaosRoad{
		{"the default, HTTP/1", s.clear.URL, 1, nil, nil},
		{"http.DefaultClient", s.clear.URL, 1, http.DefaultClient, nil},
		{"own, with a Timeout", s.secured.URL, 1, &http.Client{Transport: own(nil), Timeout: time.Second}, nil},
		{"own, without a Timeout", s.secured.URL, 1, over(own(nil)), nil},
		{"own, HTTP/2", s.http2.URL, 2, over(own(both)), nil},
		{"a cloning RoundTripper", s.secured.URL, 1, over(cloning{own(nil)}), nil},
		{"a cloning RoundTripper, HTTP/2", s.http2.URL, 2, over(cloning{own(both)}), nil},
		{"a cookie jar", s.clear.URL, 1, &http.Client{Transport: own(nil), Jar: jar}, nil},
		{"a proxy with CONNECT", s.secured.URL, 1, over(throughProxy), &tunnels},
		{"a plain proxy", s.clear.URL, 1, over(throughProxy.Clone()), &forwarded},
		{"no keep-alive", s.clear.URL, 1, over(own(func(transport *http.Transport) { transport.DisableKeepAlives = true })), nil},
		{"MaxConnsPerHost", s.secured.URL, 1, over(own(func(transport *http.Transport) { transport.MaxConnsPerHost = 8 })), nil},
		{"x/net HTTP/2", s.http2.URL, 2, over(&http2.Transport{TLSClientConfig: known.client()}), nil},
		{"h2c", s.h2c.URL, 2, over(h2c), nil},
		{"h2c, x/net", s.h2c.URL, 2, over(clearHTTP2()), nil},
		{"h2c, cloning", s.h2c.URL, 2, over(cloning{h2c.Clone()}), nil},
		{"failover", s.clear.URL, 1, over(&failover{own(nil), nobody, &second}), &second},
		{"failover, TLS", s.secured.URL, 1, over(&failover{own(nil), nobody, &second}), &second},
		{"a dialer that fails", s.clear.URL, 1, over(own(func(transport *http.Transport) {
			transport.DialContext = failingDialer(&dialFails)
		})), &dialFails},
	}
	if runtime.GOOS == "linux" { // where SSL_CERT_FILE counts
		roads = append(roads, chaosRoad{"the default, HTTP/2", s.http2.URL, 2, nil, nil},
			chaosRoad{"http.DefaultClient, HTTP/2", s.http2.URL, 2, http.DefaultClient, nil})
	}
	return roads
}

func (r chaosRoad) client(t *testing.T, policy kirim.RetryPolicy, opts ...kirim.Option) *kirim.Client {
	t.Helper()
	opts = append(opts, kirim.WithBaseURL(r.base+"/v1"), kirim.WithRetryPolicy(policy))
	if r.http != nil {
		opts = append(opts, kirim.WithHTTPClient(r.http))
	}
	return fireClient(t, opts...)
}

// cloud is a client of Meta's Cloud API over the road.
func (r chaosRoad) cloud(t *testing.T, policy kirim.RetryPolicy) *cloudapi.Client {
	t.Helper()
	opts := []kirim.Option{kirim.WithBaseURL(r.base + "/v25.0"), kirim.WithRetryPolicy(policy)}
	if r.http != nil {
		opts = append(opts, kirim.WithHTTPClient(r.http))
	}
	client, err := cloudapi.NewClient("EAAGfire", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// failover tries a second host, which nobody listens at, when the first does
// not answer.
type failover struct {
	*http.Transport
	second string
	tried  *atomic.Int64
}

func (f *failover) RoundTrip(req *http.Request) (*http.Response, error) {
	answer, err := f.Transport.RoundTrip(req)
	if err == nil || req.Context().Err() != nil {
		return answer, err
	}
	again := req.Clone(req.Context())
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	again.URL.Host = f.second
	f.tried.Add(1)
	return f.Transport.RoundTrip(again)
}

// failingDialer fails with one dial in seven.
func failingDialer(failed *atomic.Int64) func(context.Context, string, string) (net.Conn, error) {
	var dials atomic.Int64
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1)%7 == 0 {
			failed.Add(1)
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

// startChaosProxy starts a proxy for both kinds of request, which refuses one
// tunnel in eleven.
func startChaosProxy(t *testing.T, tunnels, forwarded *atomic.Int64) *url.URL {
	t.Helper()
	upstream := &http.Transport{}
	quiet := log.New(io.Discard, "", 0)
	plain := &httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}, Transport: upstream, ErrorLog: quiet}
	var running sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			forwarded.Add(1)
			plain.ServeHTTP(w, r)
			return
		}
		if tunnels.Add(1)%11 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		to, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		from, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			to.Close()
			return
		}
		io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
			running.Go(func() {
				io.Copy(pair[0], pair[1])
				from.Close()
				to.Close()
			})
		}
	}))
	server.Config.ErrorLog = quiet
	server.Start()
	t.Cleanup(func() {
		server.Close()
		upstream.CloseIdleConnections()
		running.Wait()
	})
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// chaosPolicy is quick, so that a run makes many attempts.
func chaosPolicy() kirim.RetryPolicy {
	return kirim.RetryPolicy{MaxRetries: 3, MinDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond,
		AttemptTimeout: 2 * time.Second, WithoutQuota: true}
}
