package templates

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

// stripped is a transport that takes members out of the templates of responses.
type stripped struct {
	http.RoundTripper
	strip func(template map[string]any)
}

func (s stripped) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.RoundTripper.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet || s.strip == nil {
		return response, err
	}
	defer response.Body.Close()
	var page map[string]any
	d := json.NewDecoder(response.Body)
	d.UseNumber()
	if err := d.Decode(&page); err != nil {
		return nil, err
	}
	list, _ := page["data"].([]any)
	for _, item := range list {
		s.strip(item.(map[string]any))
	}
	text := mustMarshal(page)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	response.Header.Del("Content-Length")
	return response, nil
}

// eachValue calls visit for all objects in a value.
func eachValue(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, item := range v {
			eachValue(item, visit)
		}
	case []any:
		for _, item := range v {
			eachValue(item, visit)
		}
	}
}

// strips are servers that do not say all.
var strips = map[string]func(map[string]any){
	"all that there is": nil,
	"the documented members": func(t map[string]any) {
		for name := range t {
			if !slices.Contains([]string{"name", "language", "status"}, name) {
				delete(t, name)
			}
		}
	},
	"no components": func(t map[string]any) { delete(t, "components") },
	"no samples": func(t map[string]any) {
		eachValue(t["components"], func(o map[string]any) { delete(o, "example") })
		delete(t, "buttons")
	},
}

// vacant returns an account without templates, or with those of a new sandbox.
func vacant(t *testing.T, system string, isEmpty bool, strip func(map[string]any)) Account {
	t.Helper()
	clock := kirimtest.NewManualClock(time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC))
	server := kirimtest.Start(t, kirimtest.WithoutListener(), kirimtest.WithClock(clock), kirimtest.WithMetaMessages())
	wire := kirim.WithHTTPClient(&http.Client{Transport: stripped{server.Transport(), strip}})
	meta, err := cloudapi.NewClient(server.AccessToken, server.MetaOptions(wire)...)
	if err != nil {
		t.Fatal(err)
	}
	cloud := CloudAPI(meta, server.WABAID)
	if isEmpty {
		remotes, err := cloud.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range groups(remotes) {
			if err := meta.Account(server.WABAID).Templates().Delete(t.Context(), cloudapi.TemplateDeleteParams{Name: group[0].Name}); err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(31 * 24 * time.Hour) // their names are free again
	}
	if system != "Kirim" {
		return cloud
	}
	client, err := server.Client(wire)
	if err != nil {
		t.Fatal(err)
	}
	return Kirim(client.PhoneNumber(server.PhoneNumberID))
}

// pullAll pulls an account into a directory and returns what is there then.
func pullAll(t *testing.T, account Account, dir string, options PullOptions) (*PullResult, map[string]string) {
	t.Helper()
	result, err := Pull(t.Context(), account, dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return result, contentsOf(t, dir)
}

// contentsOf returns the files of a directory.
func contentsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	contents := make(map[string]string)
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[entry.Name()] = string(text)
	}
	return contents
}

// wantSameFiles fails unless two directories have the same, byte for byte.
func wantSameFiles(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// createAll creates what the files of a directory say.
func createAll(t *testing.T, account Account, dir string) {
	t.Helper()
	files, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for i := range f.Languages {
			if _, err := account.Create(t.Context(), f.Params(&f.Languages[i])); err != nil {
				t.Fatalf("%s: %v\n%s", f.Name, err, f.YAML())
			}
		}
	}
}

func TestWhatIsPulledAndCreatedElsewhereIsPulledTheSame(t *testing.T) {
	t.Parallel()
	definitions := map[string][]kirim.TemplateCreateParams{
		"Meta's definitions":     metaDefinitions(t),
		"a rich set":             richDefinitions(),
		"those of a new sandbox": nil,
	}
	for set, params := range definitions {
		for _, system := range []string{"Kirim", "the Cloud API"} {
			for _, form := range []string{"YAML", "JSON"} {
				t.Run(set+" of "+system+" in "+form, func(t *testing.T) {
					t.Parallel()
					from, to := vacant(t, system, params != nil, nil), vacant(t, system, true, nil)
					for _, p := range params {
						if _, err := from.Create(t.Context(), p); err != nil {
							t.Fatalf("%s: %v", p.Name, err)
						}
					}
					first, second := filepath.Join(t.TempDir(), "new", "first"), t.TempDir()
					options := PullOptions{JSON: form == "JSON"}
					result, want := pullAll(t, from, first, options)
					if len(want) < 5 || len(result.Files) != len(want) {
						t.Fatalf("%d files, %d in the result", len(want), len(result.Files))
					}
					createAll(t, to, first)
					_, got := pullAll(t, to, second, options)
					wantSameFiles(t, got, want)

					result, again := pullAll(t, to, first, PullOptions{})
					wantSameFiles(t, again, want)
					for _, f := range result.Files {
						if f.Change != PullUnchanged {
							t.Errorf("%s is %s when it is pulled again", f.Name, f.Change)
						}
					}
					remotes, err := to.List(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					files, err := Read(first)
					if err != nil {
						t.Fatal(err)
					}
					for _, d := range Diff(files, remotes) {
						if d.State == DiffChanged || d.State == DiffNew || d.State == DiffRemote {
							t.Errorf("%s (%s) is %s: %+v", d.Name, d.Language, d.State, d.Changes)
						}
					}
				})
			}
		}
	}
}

func TestWhatAServerDoesNotSayIsMarkedAndNotInvented(t *testing.T) {
	t.Parallel()
	for server, strip := range strips {
		for _, system := range []string{"Kirim", "the Cloud API"} {
			t.Run(system+" says "+server, func(t *testing.T) {
				t.Parallel()
				from, to := vacant(t, system, true, strip), vacant(t, system, true, strip)
				for _, p := range append(metaDefinitions(t), richDefinitions()...) {
					for _, account := range []Account{from, to} {
						if _, err := account.Create(t.Context(), p); err != nil {
							t.Fatalf("%s: %v", p.Name, err)
						}
					}
				}
				dir := t.TempDir()
				result, want := pullAll(t, from, dir, PullOptions{})
				_, got := pullAll(t, to, t.TempDir(), PullOptions{})
				wantSameFiles(t, got, want)
				_, again := pullAll(t, from, dir, PullOptions{})
				wantSameFiles(t, again, want)

				marks := make(map[Unknown]int)
				for _, f := range result.Files {
					for _, l := range f.Languages {
						for _, mark := range l.Unknown {
							marks[mark]++
						}
						if text := want[filepath.Base(f.Path)]; len(l.Unknown) > 0 && !strings.Contains(text, markComment) {
							t.Errorf("no word about the mark: %s", text)
						}
					}
				}
				languages := len(metaDefinitions(t)) + len(richDefinitions())
				wantMarks := map[string]map[Unknown]int{
					"all that there is":      {},
					"the documented members": {UnknownCategory: languages, UnknownContent: languages},
					"no samples":             {UnknownSamples: marks[UnknownSamples]},
					"no components":          {UnknownContent: languages, UnknownSamples: marks[UnknownSamples]},
				}[server]
				if system != "Kirim" && server == "no components" { // Meta has no members beside them
					wantMarks = map[Unknown]int{UnknownContent: languages}
				}
				for _, mark := range []Unknown{UnknownCategory, UnknownContent, UnknownSamples} {
					if marks[mark] != wantMarks[mark] {
						t.Errorf("%d languages are marked %s, want %d", marks[mark], mark, wantMarks[mark])
					}
				}
				if server == "no samples" {
					for name, text := range want {
						for _, sample := range []string{"A-17", "WARM20", "EXAMPLE-", "Budi"} {
							if strings.Contains(text, sample) {
								t.Errorf("%s has the sample %s:\n%s", name, sample, text)
							}
						}
					}
					if marks[UnknownSamples] < 20 {
						t.Errorf("%d languages lack samples", marks[UnknownSamples])
					}
				}
			})
		}
	}
}

func TestAServerThatSaysLessChangesNoFile(t *testing.T) {
	t.Parallel()
	for server, strip := range strips {
		for _, system := range []string{"Kirim", "the Cloud API"} {
			t.Run(system+" says "+server, func(t *testing.T) {
				t.Parallel()
				whole, less := vacant(t, system, true, nil), vacant(t, system, true, strip)
				for _, p := range append(metaDefinitions(t), richDefinitions()...) {
					for _, account := range []Account{whole, less} {
						if _, err := account.Create(t.Context(), p); err != nil {
							t.Fatal(err)
						}
					}
				}
				dir := t.TempDir()
				_, want := pullAll(t, whole, dir, PullOptions{})
				_, got := pullAll(t, less, dir, PullOptions{})
				wantSameFiles(t, got, want)
			})
		}
	}
}
