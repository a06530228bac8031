package templates_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

const (
	kirimSystem = "Kirim"
	cloudSystem = "the Cloud API"
)

// sandbox is an account of one system with the server behind it.
type sandbox struct {
	*kirimtest.Server

	clock   *kirimtest.ManualClock
	account templates.Account
}

// newSandbox returns an account without templates. Transport, if it is not nil, is between
// it and the server.
func newSandbox(t *testing.T, system string, transport func(http.RoundTripper) http.RoundTripper, options ...templates.CloudAPIOption) *sandbox {
	t.Helper()
	clock := kirimtest.NewManualClock(time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC))
	s := &sandbox{
		Server: kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithClock(clock), kirimtest.WithMetaMessages()),
		clock:  clock,
	}
	s.empty(t)
	clock.Advance(31 * 24 * time.Hour) // so that the names are free again
	wire := s.Transport()
	if transport != nil {
		wire = transport(wire)
	}
	s.account = s.as(t, system, wire, options...)
	return s
}

// empty deletes all templates. Their names are not free for 30 days.
func (s *sandbox) empty(t *testing.T) {
	t.Helper()
	cloud, deleted := s.cloud(t, s.Transport()), make(map[string]bool)
	for _, known := range s.Templates() {
		if deleted[known.Name] {
			continue
		}
		deleted[known.Name] = true
		if err := cloud.Account(s.WABAID).Templates().Delete(t.Context(), cloudapi.TemplateDeleteParams{Name: known.Name}); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *sandbox) cloud(t *testing.T, wire http.RoundTripper) *cloudapi.Client {
	t.Helper()
	client, err := cloudapi.NewClient(s.AccessToken, s.MetaOptions(kirim.WithHTTPClient(&http.Client{Transport: wire}))...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// as returns the account through a system.
func (s *sandbox) as(t *testing.T, system string, wire http.RoundTripper, options ...templates.CloudAPIOption) templates.Account {
	t.Helper()
	if system == cloudSystem {
		return templates.CloudAPI(s.cloud(t, wire), s.WABAID, options...)
	}
	client, err := s.Client(kirim.WithHTTPClient(&http.Client{Transport: wire}))
	if err != nil {
		t.Fatal(err)
	}
	return templates.Kirim(client.PhoneNumber(s.PhoneNumberID))
}

// remotes lists the account.
func (s *sandbox) remotes(t *testing.T) []*templates.Remote {
	t.Helper()
	remotes, err := s.account.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return remotes
}

// approve ends all reviews.
func (s *sandbox) approve() { s.clock.Advance(time.Minute) }

// forBoth runs a test with each system.
func forBoth(t *testing.T, test func(t *testing.T, system string)) {
	t.Helper()
	for _, system := range []string{kirimSystem, cloudSystem} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			test(t, system)
		})
	}
}

// metaExamples are Meta's eleven definitions.
func metaExamples(t *testing.T) []kirim.TemplateCreateParams {
	t.Helper()
	paths, err := filepath.Glob("../testdata/templates/*.json")
	if err != nil || len(paths) != 11 {
		t.Fatalf("%d files, want 11: %v", len(paths), err)
	}
	list := make([]kirim.TemplateCreateParams, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// fileNamed parses a file.
func fileNamed(t *testing.T, name, text string) *templates.File {
	t.Helper()
	f, err := templates.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// orderFile is a template in two languages.
const orderFile = `name: order_update
category: utility
parameters:
  customer: Ana
  order: A-17
languages:
  en:
    header: Order {{order}}
    body: Hello {{customer}}, your order {{order}} is on its way.
    footer: Thank you.
    buttons:
      - {type: url, text: Track, url: "https://shop.example/{{order}}"}
      - {type: quick_reply, text: Thanks}
  id:
    body: Halo {{customer}}, pesanan {{order}} sedang dikirim.
`

// orderWith is the file of orderFile with texts replaced, in pairs.
func orderWith(t *testing.T, replace ...string) *templates.File {
	t.Helper()
	text := orderFile
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("there is no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return fileNamed(t, "order_update.yaml", text)
}

// wantStates fails unless all differences have a state.
func wantStates(t *testing.T, files []*templates.File, remotes []*templates.Remote, want templates.DiffState) {
	t.Helper()
	differences := templates.Diff(files, remotes)
	if len(differences) == 0 {
		t.Fatal("nothing was compared")
	}
	for _, d := range differences {
		if d.State != want {
			t.Errorf("%s (%s) is %s, want %s: %+v", d.Name, d.Language, d.State, want, d.Changes)
		}
	}
}

// roundTripper is a function as a transport.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// rewriting changes each template of responses to a GET.
func rewriting(change func(template map[string]any)) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err != nil || r.Method != http.MethodGet {
				return response, err
			}
			defer response.Body.Close()
			var body map[string]any
			if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
				return nil, err
			}
			switch data := body["data"].(type) {
			case []any:
				for _, row := range data {
					change(row.(map[string]any))
				}
			case map[string]any:
				change(data)
			}
			text, err := json.Marshal(body)
			response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
			response.Header.Del("Content-Length")
			return response, err
		})
	}
}
