// Package inspector is a page on which people see what a sandbox of package
// kirimtest does, and an API that drives it.
//
//	sandbox := kirimtest.Start(t, kirimtest.WithInspector(inspector.New))
//	t.Log(sandbox.InspectorURL)
//
// The page shows the conversations as customers see them, the requests with their
// responses, the webhooks with their attempts, and switches for faults, templates,
// windows and the clock. A person can write as any customer, tap what a message offers
// and fill the flows of [kirimtest.Server.PutFlow]. Everything that it does goes through the control API below /_kirim/api,
// which programs in any language can use; /_kirim/openapi.yaml describes it.
//
// With the flag -kirim.inspect, a test that fails keeps its sandbox running until it
// is interrupted, and prints the address of the page. The package defines the flag.
//
// # Security
//
// The page is for the machine that it runs on: requests whose Host is not a loopback
// address are refused, so that a name which leads to this machine does not help a web
// page elsewhere; and so are state-changing requests from another origin.
// Config.Token lets others in who know it. The page loads nothing from elsewhere but
// pictures and films that a person asks for, runs no inline script, and shows texts of
// strangers escaped.
package inspector

import (
	"embed"
	"flag"
	"io/fs"
	"net/http"
	"strings"

	"github.com/kirim-go/kirim/kirimtest"
)

// Kept by kirimtest.Start, which finds it by its name.
var _ = flag.Bool("kirim.inspect", false, "keep the sandbox of a failed test running until Ctrl-C, and print its address")

//go:embed assets
var embedded embed.FS

//go:embed openapi.yaml
var openAPI []byte

// prefix is where everything of the inspector is.
const prefix = "/_kirim/"

// Config are the settings of an inspector. The zero value is one for this machine alone.
type Config struct {
	// Token, unless empty, is needed for every request but that of /_kirim/health, as
	// "Authorization: Bearer TOKEN" or by logging in on the page, and any Host is then
	// accepted. Without it only loopback hosts are.
	Token string

	// Environment are the lines that connect a program to the sandbox, such as
	// "export KIRIM_API_KEY=…", for the page to show. By default they name the
	// sandbox's URL, key, number and webhook secret.
	Environment []string

	// FlowHosts are the hosts, other than this machine, that data endpoints of flows may
	// be on, such as "service" in a network of containers. Endpoints elsewhere are not
	// asked.
	FlowHosts []string

	// State, unless nil, are settings that GET state shows as "program", for example
	// where a state is kept.
	State func() any
}

// Inspector is the page and the control API of one sandbox. It is safe for concurrent
// use, and has a goroutine of its own only while somebody reads its events.
type Inspector struct {
	config  Config
	sandbox *kirimtest.Server
	model   *model
	plan    statusPlan
	feed    feed
	flows   flowDesk
	serve   http.Handler
}

// New returns the inspector of a sandbox, for [kirimtest.WithInspector].
func New(s *kirimtest.Server) http.Handler { return Config{}.New(s) }

// New returns an inspector with these settings. It holds a journal of the sandbox for
// as long as it is used.
func (c Config) New(s *kirimtest.Server) *Inspector {
	in := &Inspector{config: c, sandbox: s, model: newModel(s)}
	in.plan.apply = s.SetStatusPlan
	in.feed.inspector, in.feed.more = in, make(chan struct{})
	mux := http.NewServeMux()
	for _, r := range in.routes() {
		mux.Handle(r.method+" "+r.path, r.handler())
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if allowed := methodsOf(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			writeProblem(w, http.StatusMethodNotAllowed, "method", "want "+strings.Join(allowed, " or ")+", got "+r.Method)
			return
		}
		in.unknown(w, r)
	})
	in.serve = in.guard(mux)
	return in
}

// ServeHTTP serves the page and the control API.
func (in *Inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) { in.serve.ServeHTTP(w, r) }

// methodsOf returns the methods that the path of a request has in the control API.
func methodsOf(mux *http.ServeMux, r *http.Request) (methods []string) {
	if !strings.HasPrefix(r.URL.Path, prefix) {
		return nil
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/" {
			methods = append(methods, method)
		}
	}
	return methods
}

// unknown says what there is.
func (in *Inspector) unknown(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && r.Method == http.MethodGet {
		http.Redirect(w, r, prefix, http.StatusFound)
		return
	}
	var there strings.Builder
	there.WriteString("There is nothing at this path. This is a sandbox of the Kirim WhatsApp API:\n\n" +
		"  " + prefix + "                 the inspector, a page\n" +
		"  " + prefix + "openapi.yaml     the control API of the inspector\n" +
		"  /v1/…                    Kirim's API; /v1/openapi.json describes it\n" +
		"  /v25.0/…                 Meta's Cloud API, in any version\n" +
		"  /media/…                 files of received messages\n\n")
	for _, route := range in.routes() {
		if strings.HasPrefix(route.path, prefix) {
			there.WriteString("  " + route.method + " " + strings.TrimSuffix(route.path, "{$}") + "\n")
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(there.String())) // fails when the client has left
}

func (in *Inspector) page(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, assets(), "index.html")
}

func assets() fs.FS {
	sub, err := fs.Sub(embedded, "assets")
	if err != nil { // a directory that is embedded
		panic(err)
	}
	return sub
}
