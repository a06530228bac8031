package templates_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// kirimNumber is the account of a number.
func (s *sandbox) kirimNumber(t *testing.T, id string) templates.Account {
	t.Helper()
	client, err := s.Client(kirim.WithHTTPClient(&http.Client{Transport: s.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	return templates.Kirim(client.PhoneNumber(id))
}

// onlyCreates is an account whose list is empty, so that a push creates everything.
type onlyCreates struct{ templates.Account }

func (onlyCreates) List(context.Context) ([]*templates.Remote, error) { return nil, nil }

func TestTheKeyOfACreationDoesNotStandInItsWay(t *testing.T) {
	t.Parallel()
	number := kirimtest.PhoneNumber{ID: "106540352242999", Number: "+6281100000009"}
	off := number
	off.Status = "disconnected"
	for name, between := range map[string]struct {
		first  kirimtest.PhoneNumber
		change func(t *testing.T, s *sandbox)
		failed bool // the first push
	}{
		"it was used for another number": {number, func(t *testing.T, s *sandbox) { s.empty(t) }, false},
		"it has an earlier refusal":      {off, func(_ *testing.T, s *sandbox) { s.AddPhoneNumber(number) }, true},
		"the template was deleted since": {number, func(t *testing.T, s *sandbox) { s.empty(t) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t, kirimSystem, nil)
			s.AddPhoneNumber(between.first)
			files := many(t, 1)
			if _, err := templates.Push(t.Context(), s.kirimNumber(t, number.ID), files, templates.PushOptions{}); between.failed != (err != nil) {
				t.Fatalf("%v", err)
			}
			between.change(t, s)
			id := number.ID
			if name == "it was used for another number" {
				id = s.PhoneNumberID
			}
			result, err := templates.Push(t.Context(), s.kirimNumber(t, id), files, templates.PushOptions{})
			if err != nil {
				t.Fatal(err)
			}
			wantOutcome(t, result, "done")
			if got := s.names(); !slices.Equal(got, []string{"t000 en"}) {
				t.Errorf("the account has %v", got)
			}
		})
	}
}

func TestACreationThatIsRepeatedIsOne(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, kirimSystem, nil)
	files := many(t, 2)
	for range 2 {
		result, err := templates.Push(t.Context(), onlyCreates{s.account}, files, templates.PushOptions{})
		if err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, result, "done", "done")
		if result.Steps[0].Status != "pending" {
			t.Errorf("%+v", result.Steps[0])
		}
	}
	if got := s.names(); len(got) != 2 {
		t.Errorf("the account has %v", got)
	}
}

func TestAnAccountSaysWhatItCannotDo(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, kirimSystem, nil)
	before := len(s.Requests())
	if err := s.account.Update(t.Context(), nil, kirim.TemplateCreateParams{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	if err := s.account.Delete(t.Context(), nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	cloud := s.as(t, cloudSystem, s.Transport())
	if err := cloud.Delete(t.Context(), &templates.Remote{MessageTemplate: kirim.MessageTemplate{Name: "order_update"}}); err == nil {
		t.Error("all languages were deleted")
	}
	if _, err := cloud.(templates.Uploader).Upload(t.Context(), "a.png", "image/png", strings.NewReader("x")); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	if got := len(s.Requests()) - before; got != 0 {
		t.Errorf("%d requests", got)
	}
}

func TestAnAccountWithoutANumberIsAnError(t *testing.T) {
	t.Parallel()
	for _, number := range []*kirim.PhoneNumber{nil, {}, new(kirim.Client).PhoneNumber("1")} {
		var invalid *kirim.ValidationError
		if _, err := templates.Push(t.Context(), templates.Kirim(number), many(t, 1), templates.PushOptions{}); !errors.As(err, &invalid) {
			t.Errorf("%v", err)
		}
	}
}

func TestALostUploadLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.png"), []byte(pngFile), 0o600); err != nil {
			t.Fatal(err)
		}
		s := newSandbox(t, cloudSystem, func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				if strings.Contains(r.URL.Path, "upload") {
					return nil, io.ErrUnexpectedEOF
				}
				return next.RoundTrip(r)
			})
		}, templates.WithUploads("700000000000001"))
		f := fileNamed(t, filepath.Join(dir, "a.yaml"), "name: a\ncategory: utility\nlanguages:\n  en:\n    header: {image: {file: a.png}}\n    body: Look.\n")
		result, err := templates.Push(t.Context(), s.account, []*templates.File{f}, templates.PushOptions{})
		var failed *templates.PushError
		if !errors.As(err, &failed) || failed.InDoubt || failed.Field != "languages.en.header.image" {
			t.Fatalf("%v", err)
		}
		wantOutcome(t, result, "failed")
	})
}

// uploads are resumable uploads of an app, and a site with pictures, in front of a sandbox.
type uploads struct {
	next http.RoundTripper

	mu   sync.Mutex
	got  []string // type and size
	site map[string]string
	fail bool
}

func (u *uploads) RoundTrip(r *http.Request) (*http.Response, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	answer := func(status int, body string) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	}
	switch {
	case r.URL.Host == "pictures.example":
		if body, found := u.site[r.URL.Path]; found {
			return answer(200, body)
		}
		return answer(404, "")
	case strings.HasSuffix(r.URL.Path, "/700000000000001/uploads"):
		q := r.URL.Query()
		if strings.Contains(q.Get("file_name"), "/") { // whose name is nobody's business
			return answer(400, "{}")
		}
		u.got = append(u.got, q.Get("file_type")+" "+q.Get("file_length"))
		return answer(200, fmt.Sprintf(`{"id":"upload:%d"}`, len(u.got)))
	case strings.Contains(r.URL.Path, "/upload:") && u.fail:
		return answer(400, `{"error":{"message":"(#100) No.","type":"OAuthException","code":100,"fbtrace_id":"A"}}`)
	case strings.Contains(r.URL.Path, "/upload:"):
		return answer(200, fmt.Sprintf(`{"h":"4::HANDLE-%d"}`, len(u.got)))
	}
	return u.next.RoundTrip(r)
}

const (
	pngFile = "\x89PNG\r\n\x1a\n0000"
	pdfFile = "%PDF-1.7\n"
)

func TestSamplesAreUploaded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header, card string
		want         []string // uploads
		field        string   // of the refusal
		reason       string
		fail         bool
	}{
		"files":            {"{document: {file: a.pdf}}", "{image: {file: media/a.png}}", []string{"application/pdf 9", "image/png 12", "image/png 12"}, "", "", false},
		"links":            {`{image: "https://pictures.example/a.png"}`, `{image: "https://pictures.example/a.png"}`, []string{"image/png 12", "image/png 12", "image/png 12"}, "", "", false},
		"handles":          {`{image: {handle: "4::A"}}`, `{image: {handle: "4::B"}}`, nil, "", "", false},
		"a refused upload": {"{document: {file: a.pdf}}", "{image: {file: media/a.png}}", []string{"application/pdf 9"}, "languages.en.header.document", "No.", true},
		"a missing page":   {`{image: {handle: "4::A"}}`, `{image: "https://pictures.example/none?token=secret"}`, nil, "languages.en.cards[0].header", "want status 200, got 404", false},
		"another type":     {`{image: {handle: "4::A"}}`, `{image: "https://pictures.example/a.pdf"}`, nil, "languages.en.cards[0].header", "want image/jpeg or image/png, got what looks like application/pdf", false},
		"too much":         {`{image: {handle: "4::A"}}`, `{image: "https://pictures.example/huge.png"}`, nil, "languages.en.cards[0].header", "want at most 5 MB", false},
		"another scheme":   {`{image: {handle: "4::A"}}`, `{image: {url: "http://pictures.example/a.png"}}`, nil, "languages.en.cards[0].header", "want an https URL", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "media"), 0o700); err != nil {
				t.Fatal(err)
			}
			for path, content := range map[string]string{"a.pdf": pdfFile, "media/a.png": pngFile} {
				if err := os.WriteFile(filepath.Join(dir, path), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			meta := &uploads{fail: tt.fail, site: map[string]string{"/a.png": pngFile, "/a.pdf": pdfFile, "/huge.png": pngFile + strings.Repeat("x", 5<<20)}}
			s := newSandbox(t, cloudSystem, func(next http.RoundTripper) http.RoundTripper { meta.next = next; return meta },
				templates.WithUploads("700000000000001"), templates.WithFetchedLinks(&http.Client{Transport: meta}))
			f := fileNamed(t, filepath.Join(dir, "a.yaml"), "name: a\ncategory: marketing\nlanguages:\n  en:\n    header: "+tt.header+"\n    body: Look.\n    cards:\n"+
				strings.Repeat("      - header: "+tt.card+"\n        body: One.\n", 2))
			files := []*templates.File{f}
			_, err := templates.Push(t.Context(), s.account, files, templates.PushOptions{WithoutLint: true})
			if !slices.Equal(meta.got, tt.want) {
				t.Errorf("uploads %q, want %q", meta.got, tt.want)
			}
			var refused *templates.PushError
			switch {
			case tt.field == "":
				if err != nil {
					t.Fatal(err)
				}
				wantStates(t, files, s.remotes(t), templates.DiffSame)
			case !errors.As(err, &refused) || refused.Field != tt.field || !strings.Contains(err.Error(), tt.reason) || strings.Contains(err.Error(), "secret") || len(s.names()) != 0:
				t.Errorf("%v, %v", err, s.names())
			}
		})
	}
}

func TestAnAccountThatSaysLittleIsNotPushedTo(t *testing.T) {
	t.Parallel()
	keep := func(names ...string) func(map[string]any) {
		return func(template map[string]any) {
			for name := range template {
				if !slices.Contains(names, name) {
					delete(template, name)
				}
			}
		}
	}
	var dropSamples func(v any)
	dropSamples = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			delete(v, "example")
			for _, member := range v {
				dropSamples(member)
			}
		case []any:
			for _, item := range v {
				dropSamples(item)
			}
		}
	}
	for name, change := range map[string]func(map[string]any){
		"only the documented members":            keep("name", "language", "status"),
		"only the members beside the components": keep("id", "name", "language", "status", "category", "content", "header_type", "header_content", "footer_content", "buttons"),
		"no samples":                             func(template map[string]any) { dropSamples(template) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forBoth(t, func(t *testing.T, system string) {
				s := newSandbox(t, system, rewriting(change))
				files := []*templates.File{orderWith(t)}
				for i := range files[0].Languages {
					if _, err := s.account.Create(t.Context(), files[0].Params(&files[0].Languages[i])); err != nil {
						t.Fatal(err)
					}
				}
				wantStates(t, files, s.remotes(t), templates.DiffIncomparable)
				marked := pulled(t, s.account)
				if !slices.ContainsFunc(marked[0].Languages, func(l templates.Language) bool { return len(l.Unknown) > 0 }) {
					t.Error("the pull marked nothing")
				}
				wantStates(t, marked, s.remotes(t), templates.DiffIncomparable)
				before := s.Templates()
				for _, files := range [][]*templates.File{files, marked} {
					result, err := templates.Push(t.Context(), s.account, files, templates.PushOptions{WithoutLint: true})
					if err != nil {
						t.Fatal(err)
					}
					wantOutcomes(t, result, templates.ActionNone, templates.OutcomeSame)
				}
				empty := newSandbox(t, system, nil)
				result, err := templates.Push(t.Context(), empty.account, marked, templates.PushOptions{WithoutLint: true})
				if err != nil {
					t.Fatal(err)
				}
				wantOutcomes(t, result, templates.ActionBlocked, templates.OutcomeNotDone)
				if after := s.Templates(); len(after) != len(before) || len(empty.names()) != 0 {
					t.Errorf("something was invented: %v, %v", after, empty.names())
				}
			})
		})
	}
}
