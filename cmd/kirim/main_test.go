package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim/cmd/kirim/internal/app"
	"github.com/kirim-go/kirim/cmd/kirim/internal/cli"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/kirimtest/inspector"
	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is the program, too: scripts run it as kirim.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kirim": func() {
		os.Exit(cli.Run(context.Background(), appOfTest(), os.Args[1:]))
	}})
}

// appOfTest is the program with a keychain in a file, and the time of a script.
func appOfTest() *app.App {
	a := app.New()
	a.Keychain = fileKeychain(os.Getenv("TEST_KEYCHAIN"))
	if now, err := time.Parse(time.RFC3339, os.Getenv("TEST_NOW")); err == nil {
		a.Now = func() time.Time { return now }
	}
	return a
}

// fileKeychain is a keychain that is a JSON file.
type fileKeychain string

func (k fileKeychain) load() map[string]string {
	entries := map[string]string{}
	if text, err := os.ReadFile(string(k)); err == nil {
		_ = json.Unmarshal(text, &entries)
	}
	return entries
}

func (k fileKeychain) save(entries map[string]string) error {
	text, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	return os.WriteFile(string(k), text, 0o600)
}

func (k fileKeychain) Get(entry string) (string, bool, error) {
	secret, found := k.load()[entry]
	return secret, found, nil
}

func (k fileKeychain) Set(entry, secret string) error {
	entries := k.load()
	entries[entry] = secret
	return k.save(entries)
}

func (k fileKeychain) Delete(entry string) (bool, error) {
	entries := k.load()
	_, found := entries[entry]
	delete(entries, entry)
	return found, k.save(entries)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setUp,
		Cmds:                allCommands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func allCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	all := maps.Clone(scriptCommands)
	maps.Copy(all, outboxCommands)
	return all
}

// world is what a script runs against.
type world struct {
	sandbox  *kirimtest.Server
	receiver *receiver
}

// setUp starts a sandbox for a script, which has its address and its keys in
// the environment.
func setUp(env *testscript.Env) error {
	w := &world{sandbox: kirimtest.NewServer(kirimtest.WithHTTPWebhooks()), receiver: newReceiver()}
	env.Defer(w.sandbox.Close)
	env.Defer(w.receiver.server.Close)
	env.Values["world"] = w
	for name, value := range w.variables() {
		env.Setenv(name, value)
	}
	env.Setenv("TEST_KEYCHAIN", filepath.Join(env.WorkDir, ".keychain"))
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, ".config"))
	env.Setenv("TZ", "UTC")
	env.Setenv("GORACE", "atexit_sleep_ms=0") // else each run waits for a second
	return nil
}

func (w *world) variables() map[string]string {
	s := w.sandbox
	return map[string]string{
		"KIRIM_API_KEY": s.APIKey, "KIRIM_BASE_URL": s.URL, "KIRIM_PHONE_NUMBER_ID": s.PhoneNumberID,
		"META_ACCESS_TOKEN": s.AccessToken, "META_BASE_URL": s.MetaURL, "META_PHONE_NUMBER_ID": s.PhoneNumberID,
		"META_ACCOUNT_ID": s.WABAID, "KIRIM_WEBHOOK_SECRET": s.WebhookSecret, "RECEIVER": w.receiver.server.URL + "/webhooks/kirim",
	}
}

// receiver is a service that gets deliveries.
type receiver struct {
	server *httptest.Server
	mu     sync.Mutex
	status int
	got    strings.Builder // headers and bodies
}

func newReceiver() *receiver {
	r := &receiver{status: http.StatusOK}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		_ = req.Header.Write(&r.got)
		fmt.Fprintf(&r.got, "\n%s\n\n", body)
		if r.status == 0 {
			r.mu.Unlock()
			<-req.Context().Done()
			r.mu.Lock()
			return
		}
		w.WriteHeader(r.status)
		fmt.Fprint(w, "noted")
	}))
	return r
}

// scriptCommands are the commands of the scripts beside those of testscript.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	// customer FROM NAME TEXT: a customer writes.
	"customer": func(ts *testscript.TestScript, _ bool, args []string) {
		w := worldOf(ts)
		w.sandbox.Receive(kirimtest.Inbound{From: args[0], Name: args[1], Text: args[2]})
		w.sandbox.Settle()
	},
	// fault POST STATUS [processed]: the next such request goes wrong.
	"fault": func(ts *testscript.TestScript, _ bool, args []string) {
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		fault := kirimtest.Fault{Method: args[0], Status: status, Times: -1, Processed: len(args) > 2}
		if status == http.StatusTooManyRequests {
			fault.Header = http.Header{"Retry-After": {"3600"}}
		}
		worldOf(ts).sandbox.AddFault(fault)
	},
	// inspected: from now on the sandbox is one with a control API.
	"inspected": func(ts *testscript.TestScript, _ bool, _ []string) {
		w := worldOf(ts)
		w.sandbox = kirimtest.NewServer(kirimtest.WithHTTPWebhooks(), kirimtest.WithInspector(inspector.New))
		ts.Defer(w.sandbox.Close)
		for name, value := range w.variables() {
			ts.Setenv(name, value)
		}
	},
	// hangs METHOD: such requests get no response.
	"hangs": func(ts *testscript.TestScript, _ bool, args []string) {
		worldOf(ts).sandbox.AddFault(kirimtest.Fault{Method: args[0], Times: -1, Hang: true})
	},
	// awaitsHanging N: waits until so many requests have got no response.
	"awaitsHanging": func(ts *testscript.TestScript, _ bool, args []string) {
		await(ts, args[0]+" requests without a response", func() bool {
			hanging := 0
			for _, r := range worldOf(ts).sandbox.Requests() {
				if r.Status == 0 {
					hanging++
				}
			}
			return strconv.Itoa(hanging) == args[0]
		})
	},
	"nofaults": func(ts *testscript.TestScript, _ bool, _ []string) { worldOf(ts).sandbox.ClearFaults() },
	// subscribe: deliveries go to the receiver.
	"subscribe": func(ts *testscript.TestScript, _ bool, _ []string) {
		w := worldOf(ts)
		w.sandbox.Subscribe(w.receiver.server.URL)
	},
	// receiver STATUS: the receiver responds with it from now on, or not at all with 0, and forgets.
	"receiver": func(ts *testscript.TestScript, _ bool, args []string) {
		status, err := strconv.Atoi(args[0])
		ts.Check(err)
		r := worldOf(ts).receiver
		r.mu.Lock()
		defer r.mu.Unlock()
		r.status = status
		r.got.Reset()
	},
	// received FILE: writes what the receiver has got.
	"received": func(ts *testscript.TestScript, _ bool, args []string) {
		w := worldOf(ts)
		w.sandbox.Settle()
		w.receiver.mu.Lock()
		defer w.receiver.mu.Unlock()
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(w.receiver.got.String()), 0o600))
	},
	// awaits TEXT: waits until the receiver has got a text.
	"awaits": func(ts *testscript.TestScript, _ bool, args []string) {
		r := worldOf(ts).receiver
		await(ts, "the receiver has got "+args[0], func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return strings.Contains(r.got.String(), args[0])
		})
	},
	// awaitsRequests N PATH: waits until so many reads had a path with this in it.
	"awaitsRequests": func(ts *testscript.TestScript, _ bool, args []string) {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		await(ts, args[0]+" reads of "+args[1], func() bool {
			reads := 0
			for _, r := range worldOf(ts).sandbox.Requests() {
				if r.Method == http.MethodGet && strings.Contains(r.Path, args[1]) {
					reads++
				}
			}
			return reads >= n
		})
	},
	// awaitsText FILE TEXT: waits until a file has a text.
	"awaitsText": func(ts *testscript.TestScript, _ bool, args []string) {
		await(ts, args[0]+" has "+args[1], func() bool {
			text, err := os.ReadFile(ts.MkAbs(args[0]))
			return err == nil && strings.Contains(string(text), args[1])
		})
	},
	// connects FILE: sets the variables of a file that kirim sandbox has written, and
	// removes it.
	"connects": func(ts *testscript.TestScript, _ bool, args []string) {
		var text []byte
		await(ts, args[0]+" is written", func() bool {
			text, _ = os.ReadFile(ts.MkAbs(args[0]))
			return strings.Contains(string(text), "KIRIM_WEBHOOK_SECRET=") && strings.HasSuffix(string(text), "\n")
		})
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			ts.Setenv(name, value)
		}
		ts.Check(os.Remove(ts.MkAbs(args[0])))
	},
	// label NAME: the organization has a label.
	"label": func(ts *testscript.TestScript, _ bool, args []string) {
		s := worldOf(ts).sandbox
		client, err := s.Client()
		ts.Check(err)
		ts.Check(client.Do(context.Background(), http.MethodPost, "/labels", nil, map[string]string{"name": args[0], "color": "blue", "team_id": s.Teams()[0].ID}, nil))
	},
	// template NAME COMPONENTS: the account has an approved template in Indonesian.
	"template": func(ts *testscript.TestScript, _ bool, args []string) {
		worldOf(ts).sandbox.AddTemplate(kirimtest.Template{Name: args[0], Language: "id", Components: json.RawMessage(args[1])})
	},
	// review AFTER VERDICT: what becomes of templates that are created from now on.
	"review": func(ts *testscript.TestScript, _ bool, args []string) {
		after, err := time.ParseDuration(args[0])
		ts.Check(err)
		worldOf(ts).sandbox.SetTemplateReview(after, kirimtest.TemplateStatus(args[1]))
	},
	// sent N: the sandbox has sent so many messages.
	"sent": func(ts *testscript.TestScript, _ bool, args []string) {
		if n := worldOf(ts).sandbox.MessageCount(); strconv.Itoa(n) != args[0] {
			ts.Fatalf("%d messages were sent, not %s", n, args[0])
		}
	},
	// lateFailure CODE: messages are accepted, and then fail with a code of Meta's.
	"lateFailure": func(ts *testscript.TestScript, _ bool, args []string) {
		code, err := strconv.Atoi(args[0])
		ts.Check(err)
		worldOf(ts).sandbox.SetStatusPlan(kirimtest.Failed(code))
	},
	// unreported: messages are accepted, and nothing is heard of them.
	"unreported": func(ts *testscript.TestScript, _ bool, _ []string) {
		worldOf(ts).sandbox.SetStatusPlan(kirimtest.Unreported())
	},
	// envfile FILE TEXT: writes a file with variables in it.
	"envfile": func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o600))
	},
	// save NAME PATTERN: sets a variable to what the pattern's group has found in
	// the output of the command before.
	"save": func(ts *testscript.TestScript, _ bool, args []string) { saveFrom(ts, "stdout", args) },
	// saveErr NAME PATTERN: as save, of the errors of the command before.
	"saveErr": func(ts *testscript.TestScript, _ bool, args []string) { saveFrom(ts, "stderr", args) },
	// settle: all deliveries that are due are made.
	"settle": func(ts *testscript.TestScript, _ bool, _ []string) { worldOf(ts).sandbox.Settle() },
	// exits CODE COMMAND…: the command exits with the code.
	"exits": func(ts *testscript.TestScript, _ bool, args []string) {
		err := ts.Exec(args[1], args[2:]...)
		code := 0
		if e, ok := err.(interface{ ExitCode() int }); ok {
			code = e.ExitCode()
		} else if err != nil {
			ts.Fatalf("%v", err)
		}
		if strconv.Itoa(code) != args[0] {
			ts.Fatalf("exit code %d, not %s", code, args[0])
		}
	},
}

func saveFrom(ts *testscript.TestScript, stream string, args []string) {
	found := regexp.MustCompile(`(?m)` + args[1]).FindStringSubmatch(ts.ReadFile(stream))
	if found == nil {
		ts.Fatalf("%s is not in %s", args[1], stream)
	}
	ts.Setenv(args[0], found[1])
}

// await waits for something that another process does.
func await(ts *testscript.TestScript, what string, done func() bool) {
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("waited in vain: %s", what)
		}
	}
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value("world").(*world) }
