//go:build unix

package fire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
	"github.com/kirim-go/kirim/kirimtest"
)

// nginxPath is empty where there is none.
var nginxPath = sync.OnceValue(func() string {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} { // not every PATH has sbin
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
})

// needsNginx ends the test where there is no nginx. CI sets the variable, so
// that it cannot pass by not looking.
func needsNginx(t *testing.T) {
	t.Helper()
	switch {
	case nginxPath() != "":
	case os.Getenv("KIRIM_REQUIRE_NGINX") == "1":
		t.Fatal("nginx is not installed, and KIRIM_REQUIRE_NGINX=1 asks for it")
	default:
		t.Log("nginx is not installed: install the package nginx-light, or another with it, to run this test")
		t.SkipNow()
	}
}

// settings are the parts of nginx's configuration in which tests differ.
type settings struct {
	http      string            // in the http block
	listen    string            // after the address, such as "ssl http2"
	server    string            // in the server block
	location  string            // in the location that passes requests on
	upstreams int               // how many servers are behind it; default 1
	noMaster  bool              // one process does all
	files     map[string]string // beside the configuration
}

// proxy is an nginx and the servers behind it, all on unix sockets in a
// directory of their own.
type proxy struct {
	dir       string
	settings  settings
	sandbox   *kirimtest.Server
	upstreams []*upstream

	process *exec.Cmd
	exited  chan struct{}

	// answered, when set, is called with each answer of nginx, before the
	// client has it.
	answered func(n int)
	mu       sync.Mutex
	answers  []*http.Response
}

func startProxy(t *testing.T, s settings) *proxy {
	t.Helper()
	p := &proxy{
		dir:      t.TempDir(),
		settings: s,
		sandbox:  kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithPlan(kirimtest.Enterprise(1_000_000, 1_000_000))),
	}
	p.sandbox.Receive(kirimtest.Inbound{From: recipient, Text: "Halo"})
	for i := range max(1, s.upstreams) {
		u := &upstream{path: filepath.Join(p.dir, fmt.Sprint("upstream", i)), sandbox: p.sandbox.Transport()}
		u.start(t)
		t.Cleanup(u.stop)
		p.upstreams = append(p.upstreams, u)
	}
	for name, content := range s.files {
		p.write(t, name, content)
	}
	p.configure(t, 1)
	p.start(t)
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			errorLog, _ := os.ReadFile(filepath.Join(p.dir, "error.log"))
			t.Logf("nginx says:\n%s", errorLog)
		}
	})
	return p
}

func (p *proxy) socket() string { return filepath.Join(p.dir, "nginx") }

// configure writes the configuration. Its answers tell the generation, so
// that a test sees when nginx has taken it.
func (p *proxy) configure(t *testing.T, generation int) {
	t.Helper()
	master, servers := "on", ""
	if p.settings.noMaster {
		master = "off"
	}
	for _, u := range p.upstreams {
		servers += "server unix:" + u.path + ";"
	}
	// The workers of a root's nginx would be another user's, who may not read
	// the directory; for anybody else the first line means nothing.
	configuration := fmt.Sprintf(`
user root;
daemon off;
master_process %s;
worker_processes 1;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path body_temp;
	proxy_temp_path proxy_temp;
	fastcgi_temp_path fastcgi_temp;
	uwsgi_temp_path uwsgi_temp;
	scgi_temp_path scgi_temp;
	upstream sandbox { %s }
	%s
	server {
		listen unix:%s %s;
		add_header X-Generation %d always;
		%s
		location /v1/ {
			proxy_pass http://sandbox;
			%s
		}
	}
}
`, master, servers, p.settings.http, p.socket(), p.settings.listen, generation, p.settings.server, p.settings.location)
	p.write(t, "nginx.conf", configuration)
}

func (p *proxy) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start returns when nginx answers. It accepts connections before that, and
// then a signal would end it.
func (p *proxy) start(t *testing.T) {
	t.Helper()
	p.process = exec.Command(nginxPath(), "-p", p.dir+"/", "-c", "nginx.conf")
	p.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its workers end with it
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	p.exited = exited
	go func(process *exec.Cmd) {
		defer close(exited)
		process.Wait() // fails: it is killed
	}(p.process)
	ticks := time.NewTicker(time.Millisecond)
	defer ticks.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := p.ask(deadline)
		if err == nil {
			return
		}
		select {
		case <-ticks.C:
		case <-exited:
			errorLog, _ := os.ReadFile(filepath.Join(p.dir, "error.log"))
			t.Fatalf("nginx did not start:\n%s", errorLog)
		}
		if time.Now().After(deadline) {
			p.kill()
			t.Fatal("nginx does not answer: ", err)
		}
	}
}

// ask waits for an answer to a request. Any is good: to plain text, TLS says
// no in plain text.
func (p *proxy) ask(deadline time.Time) error {
	conn, err := net.Dial("unix", p.socket())
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(deadline)
	io.WriteString(conn, "HEAD / HTTP/1.0\r\n\r\n")
	_, err = conn.Read(make([]byte, 1))
	return err
}

// stop lets nginx end its own workers: not everywhere is an init that reaps
// those of a master that was killed.
func (p *proxy) stop() {
	p.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		p.kill()
	}
}

// kill ends all processes of this nginx at once, as a crash does.
func (p *proxy) kill() {
	syscall.Kill(-p.process.Process.Pid, syscall.SIGKILL)
	<-p.exited
	os.Remove(p.socket()) // what is killed leaves it, and nginx does not bind over it
}

// transport leads to nginx, whatever the host of a URL.
func (p *proxy) transport(t *testing.T) *http.Transport {
	transport := &http.Transport{
		MaxIdleConnsPerHost: 64,
		ForceAttemptHTTP2:   true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", p.socket())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// watch records the answers that a client gets.
func (p *proxy) watch(next http.RoundTripper) *http.Client {
	return &http.Client{Transport: testwire.Func(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		p.answers = append(p.answers, resp)
		n := len(p.answers)
		p.mu.Unlock()
		if p.answered != nil {
			p.answered(n)
		}
		return resp, nil
	})}
}

// client returns the client for the messages of the sandbox.
func (p *proxy) client(t *testing.T, opts ...kirim.Option) *kirim.Client {
	t.Helper()
	c, err := kirim.NewClient(p.sandbox.APIKey, append([]kirim.Option{
		kirim.WithBaseURL("http://localhost/v1"),
		kirim.WithHTTPClient(p.watch(p.transport(t))),
		kirim.WithRetryPolicy(kirim.RetryPolicy{MaxRetries: 3, MinDelay: time.Millisecond, MaxDelay: 5 * time.Millisecond}),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *proxy) messages(c *kirim.Client) *kirim.MessagesService {
	return c.PhoneNumber(p.sandbox.PhoneNumberID).Messages
}

// upstream is a server process behind nginx, with the sandbox in the place of
// its database: what that remembers outlives it.
type upstream struct {
	path     string
	sandbox  http.RoundTripper
	requests atomic.Int64

	mu     sync.Mutex
	server *http.Server
	served chan struct{}

	dies atomic.Pointer[string] // at which point of its next request; nil for never
}

func (u *upstream) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("unix", u.path)
	if err != nil {
		t.Error(err) // not Fatal: it may be called while a request is under way
		return
	}
	server, served := &http.Server{Handler: u, ErrorLog: log.New(io.Discard, "", 0)}, make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(listener)
	}()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.server, u.served = server, served
}

// stop closes the socket and all connections, as the end of a process does.
func (u *upstream) stop() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.server.Close()
	<-u.served
}

// The points of a request at which an upstream can die, for good.
var (
	onceRead      = "once it has read the request"
	onceProcessed = "once it has processed the request"
	whileAnswers  = "while it answers"
)

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.requests.Add(1)
	point := u.dies.Swap(nil)
	die := func(here string) {
		if point != nil && *point == here {
			u.stop()
			panic(http.ErrAbortHandler)
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	die(onceRead)
	inner := r.Clone(r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := u.sandbox.RoundTrip(inner)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	die(onceProcessed)
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	answer, err := io.ReadAll(resp.Body)
	if point != nil {
		answer = answer[:len(answer)/2]
	}
	w.Write(answer)
	if err != nil || point != nil {
		http.NewResponseController(w).Flush()
		die(whileAnswers)
		panic(http.ErrAbortHandler)
	}
}

// passage is what came of a call, and what the server knows of it.
type passage struct {
	status    int // of the error; 0 for none
	kind      kirim.Kind
	cut       bool // it is the status of an answer that was cut short
	attempts  int
	arrived   int // requests that came to the upstreams
	processed int // messages that the sandbox has accepted
	doubt     bool
}

func (p *proxy) passageOf(err error, response kirim.Response) passage {
	got := passage{attempts: response.Attempts, arrived: p.arrived(), processed: p.sandbox.MessageCount(), doubt: kirim.MaybeSent(err)}
	var answer *kirim.Error
	var lost *kirim.TransportError
	switch {
	case errors.As(err, &lost): // may have an answer in it, of an earlier attempt
		got.status, got.cut = lost.StatusCode, true
	case errors.As(err, &answer):
		got.status, got.kind = answer.StatusCode, answer.Kind
	}
	return got
}

// arrived is how many requests came to the upstreams.
func (p *proxy) arrived() int {
	n := 0
	for _, u := range p.upstreams {
		n += int(u.requests.Load())
	}
	return n
}
