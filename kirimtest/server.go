package kirimtest

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// Server is a running sandbox: one organisation with one API key and one
// connected phone number, and those that [Server.AddOrganization] adds. Its
// methods are safe for concurrent use; its fields are read-only.
type Server struct {
	URL           string // base URL, for example "http://127.0.0.1:40123/v1"
	APIKey        string
	PhoneNumberID string
	WebhookSecret string // signs the deliveries to what Server.Subscribe added

	// For a client of Meta's Cloud API; see the documentation of the package.
	MetaURL     string // base URL, for example "http://127.0.0.1:40123/v25.0"; any version will do
	WABAID      string // the WhatsApp Business Account
	AccessToken string
	AppSecret   string // signs the deliveries to what Server.SubscribeMeta added
	VerifyToken string // that SubscribeMeta sends to the URL

	InspectorURL string // of the page that WithInspector serves; else empty

	cfg    config
	state  state
	router *router
	handle handler
	meta   metaAPI
	page   http.Handler // nil without WithInspector
	parent *Server      // nil unless an organization was added
	others []*Server    // organizations that were added; under state.mu

	closed    chan struct{} // closed by Close; ends every wait
	closeOnce sync.Once

	webhooks    *http.Client
	ownWebhooks bool

	http   *http.Server // nil without listener
	served chan struct{}
	conns  sync.WaitGroup
}

// NewServer starts a sandbox on a free port of 127.0.0.1, or [WithAddr]. Close it when done;
// in a test, [Start] does that by itself. It panics when it cannot listen.
func NewServer(opts ...Option) *Server {
	s := &Server{
		cfg: config{
			clock:       realClock{},
			listen:      true,
			addr:        "127.0.0.1:0",
			number:      PhoneNumber{ID: "106540352242922", Number: "+6281100000000", Name: "Sandbox", Status: connected},
			plan:        Free(),
			assumptions: defaultAssumptions(),
			plans:       Delivered(),
		},
		closed: make(chan struct{}),
	}
	for _, opt := range opts {
		opt(&s.cfg)
	}
	for _, edit := range s.cfg.edits {
		edit(&s.cfg.assumptions)
	}
	if s.cfg.clock == Clock(realClock{}) && s.cfg.inspector != nil {
		s.cfg.clock = NewRunningClock(0)
	}
	s.state.journals = new(journals)
	if s.cfg.saved != nil {
		s.takeCredentials(s.cfg.saved)
	}
	s.state.init(&s.cfg, s.cfg.clock.Now())
	s.PhoneNumberID = s.cfg.number.ID
	s.WebhookSecret = cmp.Or(s.cfg.secret, newWebhookSecret())
	s.webhooks, s.ownWebhooks = s.webhookClient()
	if s.APIKey = s.cfg.apiKey; s.APIKey == "" {
		s.APIKey = s.AddKey(Key{})
	} else {
		s.addKey(s.APIKey, Key{})
	}
	s.newMetaCredentials(wabaID, s.cfg.accessToken)
	if s.cfg.saved != nil {
		s.restore(s.cfg.saved)
	}
	s.router = s.routes()
	s.handle = s.stages()
	s.meta = metaAPI{metaRoutes(), s.metaStages()}
	s.setURLs("127.0.0.1")
	if s.cfg.inspector != nil {
		s.page = s.cfg.inspector(s)
	}
	if s.cfg.listen {
		s.listen()
	}
	return s
}

// Start is [NewServer] for a test: the sandbox is closed when t and its
// subtests are done.
func Start(t testing.TB, opts ...Option) *Server {
	s := NewServer(opts...)
	t.Cleanup(func() {
		if t.Failed() && s.page != nil {
			s.awaitInspection(t.Name())
		}
		s.Close()
	})
	return s
}

// awaitInspection keeps the sandbox up until the test is interrupted, if its flags say
// so. The flag is of the package with the page.
func (s *Server) awaitInspection(test string) {
	if wanted := flag.Lookup("kirim.inspect"); wanted == nil || wanted.Value.String() != "true" {
		return
	}
	fmt.Fprintf(os.Stderr, "%s failed. Its sandbox is at %s; press Ctrl-C to go on.\n", test, s.InspectorURL)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	defer signal.Stop(interrupted)
	<-interrupted
}

func (s *Server) listen() {
	l := s.cfg.listener
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", s.cfg.addr); err != nil {
			panic("kirimtest: " + err.Error())
		}
	}
	at, tcp := l.Addr().(*net.TCPAddr)
	if !tcp {
		panic("kirimtest: WithListener: want a TCP listener, got one of the network " + l.Addr().Network())
	}
	if at.IP.IsUnspecified() {
		at = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: at.Port}
	}
	s.setURLs(at.String())
	s.served = make(chan struct{})
	s.http = &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.conns.Done()
			}
		},
	}
	go func() {
		defer close(s.served)
		s.http.Serve(l) // always fails: with ErrServerClosed after Close
	}()
}

func (s *Server) setURLs(host string) {
	s.URL, s.MetaURL = "http://"+host+"/v1", "http://"+host+"/"+metaVersion
	if s.cfg.inspector != nil {
		s.InspectorURL = "http://" + host + "/"
	}
}

// Handler returns the sandbox as an [http.Handler], to be served beside others
// or by a server of your own: its paths begin with /v1, as those of [Server.URL],
// and with a version, as those of [Server.MetaURL].
// It aborts connections by panicking with [http.ErrAbortHandler].
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.sandbox().serveHTTP) }

// Close stops the sandbox: hanging requests are dropped, webhooks under way
// cancelled, connections closed, and its goroutines have ended when it returns;
// only for a webhook receiver that ignores the end of its request it waits no
// longer than five seconds. What it holds can still be asked for. Closing twice
// is fine.
func (s *Server) Close() {
	if s.parent != nil {
		return
	}
	s.closeOnce.Do(func() {
		organizations := s.organizations()
		for _, o := range organizations {
			o.state.endWork()
		}
		close(s.closed)
		awaitWork(organizations)
		if s.http == nil {
			return
		}
		s.http.Close()
		<-s.served
		s.http.Close() // a connection that was accepted meanwhile
		s.conns.Wait()
	})
}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if s.page != nil && !ofAPI(r.URL.Path) {
		s.page.ServeHTTP(w, r)
		return
	}
	a := s.answer(r)
	if a.drop {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	maps.Copy(h, a.header)
	w.WriteHeader(a.status)
	control := http.NewResponseController(w)
	if r.Method != http.MethodHead {
		for _, piece := range a.pieces() {
			if a.trickle > 0 {
				control.Flush()
			}
			if !a.pause() {
				panic(http.ErrAbortHandler)
			}
			w.Write(piece) // fails when the client has disconnected
		}
	}
	if a.cut {
		control.Flush()
		panic(http.ErrAbortHandler)
	}
}

// ofAPI tells the paths of the API from those of the inspector.
func ofAPI(path string) bool {
	return path == "/v1" || strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, mediaPath) || isMeta(path)
}

// Client returns an SDK client for the sandbox, with its key and URL. Options
// that are given win over those. A sandbox [WithoutListener] is reached through
// [Server.Transport].
func (s *Server) Client(opts ...kirim.Option) (*kirim.Client, error) {
	return kirim.NewClient(s.APIKey, s.reach(s.URL, opts)...)
}

// MetaOptions are the options with which a client of package gateway/cloudapi
// reaches the sandbox; opts win over them.
//
//	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
func (s *Server) MetaOptions(opts ...kirim.Option) []kirim.Option { return s.reach(s.MetaURL, opts) }

func (s *Server) reach(url string, opts []kirim.Option) []kirim.Option {
	all := []kirim.Option{kirim.WithBaseURL(url)}
	if !s.cfg.listen {
		all = append(all, kirim.WithHTTPClient(&http.Client{Transport: s.Transport()}))
	}
	return append(all, opts...)
}
