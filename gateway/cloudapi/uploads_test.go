package cloudapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

const (
	sessionID = "upload:MTphdHRhY2htZW50/OjE=?sig=ARZ-EXAMPLE_1"
	handle    = "4:aW1hZ2UvcG5n:ARZ-EXAMPLE"
)

// sessions is Meta's side of resumable uploads. It cuts the first connections after
// as many bytes as cuts say.
type sessions struct {
	t    *testing.T
	mu   sync.Mutex
	cuts []int64
	got  []byte
	from []string // file_offset of each transfer
}

func (s *sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/v25.0/700000000000001/uploads" {
		q := r.URL.Query()
		if r.Method != http.MethodPost || q.Get("file_type") != "image/png" || q.Get("file_name") != "sample.png" || q.Get("file_length") == "" {
			s.t.Errorf("a session was asked for with %s %v", r.Method, q)
		}
		fmt.Fprintf(w, `{"id":%q}`, sessionID)
		return
	}
	if r.URL.Path != "/v25.0/upload:MTphdHRhY2htZW50/OjE=" || r.URL.Query().Get("sig") != "ARZ-EXAMPLE_1" || r.Header.Get("Authorization") != "OAuth "+testToken {
		s.t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}
	if r.Method == http.MethodGet {
		fmt.Fprintf(w, `{"id":%q,"file_offset":%d}`, sessionID, len(s.got))
		return
	}
	s.from = append(s.from, r.Header.Get("file_offset"))
	offset, err := strconv.Atoi(r.Header.Get("file_offset"))
	if err != nil || offset != len(s.got) {
		s.t.Errorf("a transfer from %q, Meta has %d bytes", r.Header.Get("file_offset"), len(s.got))
	}
	if len(s.cuts) > 0 {
		var part bytes.Buffer
		io.CopyN(&part, r.Body, s.cuts[0])
		s.cuts, s.got = s.cuts[1:], append(s.got, part.Bytes()...)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			conn.Close()
		}
		return
	}
	rest, err := io.ReadAll(r.Body)
	if s.got = append(s.got, rest...); err == nil {
		fmt.Fprintf(w, `{"h":%q}`, handle)
	}
}

var png = cloudapi.SampleParams{MIMEType: "image/png", Filename: "sample.png"}

func TestASampleIsUploadedAndResumedWhereItWasCut(t *testing.T) {
	t.Parallel()
	const size = 200_000
	data, _ := io.ReadAll(&endless{n: size + 3})
	for name, tt := range map[string]struct {
		cuts []int64
		from []string
		ends bool
	}{
		"in one go":                     {nil, []string{"0"}, true},
		"cut before the first byte":     {[]int64{0}, []string{"0", "0"}, true},
		"cut after a byte":              {[]int64{1}, []string{"0", "1"}, true},
		"cut in the middle":             {[]int64{100_000}, []string{"0", "100000"}, true},
		"cut before the last byte":      {[]int64{size - 1}, []string{"0", "199999"}, true},
		"cut before the response":       {[]int64{size}, []string{"0", "200000"}, true},
		"cut four times, with progress": {[]int64{10, 20, 30, 40}, []string{"0", "10", "30", "60", "100"}, true},
		"cut without progress":          {[]int64{5, 0, 0, 0}, []string{"0", "5", "5", "5"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			meta := &sessions{t: t, cuts: tt.cuts}
			g := newMetaServer(t, meta.ServeHTTP)
			file := bytes.NewReader(data)
			file.Seek(3, io.SeekStart)
			params, last := png, int64(0)
			params.Progress = func(sent, total int64) {
				if total != size || sent < 0 || sent > size {
					t.Errorf("progress %d of %d", sent, total)
				}
				last = sent
			}
			got, err := g.client.Uploads("700000000000001").Upload(t.Context(), params, file)
			if !slices.Equal(meta.from, tt.from) {
				t.Errorf("transfers from %v, want %v", meta.from, tt.from)
			}
			if tt.ends {
				if err != nil || got != handle || !bytes.Equal(meta.got, data[3:]) || last != size {
					t.Errorf("%q, %v, %d bytes, progress %d", got, err, len(meta.got), last)
				}
				return
			}
			var interrupted *cloudapi.UploadInterruptedError
			var lost *kirim.TransportError
			if !errors.As(err, &interrupted) || interrupted.SessionID != sessionID || !errors.As(err, &lost) {
				t.Fatalf("got %v", err)
			}
			// Another process goes on.
			file.Seek(3, io.SeekStart)
			got, err = g.client.Uploads("700000000000001").Resume(t.Context(), interrupted.SessionID, png, file)
			if err != nil || got != handle || !bytes.Equal(meta.got, data[3:]) {
				t.Errorf("resumed: %q, %v, %d bytes", got, err, len(meta.got))
			}
		})
	}
}

// failingFile can seek, and fails when it is read.
type failingFile struct {
	io.Reader
	io.Seeker
}

func TestAnUploadThatCannotGoOnSaysWhereItStands(t *testing.T) {
	t.Parallel()
	boom := errors.New("the disk is gone")
	t.Run("a file that fails", func(t *testing.T) {
		t.Parallel()
		meta := &sessions{t: t}
		g := newMetaServer(t, meta.ServeHTTP)
		_, err := g.client.Uploads("700000000000001").Upload(t.Context(), png, failingFile{iotest.ErrReader(boom), strings.NewReader("hello")})
		var interrupted *cloudapi.UploadInterruptedError
		asksAgain := slices.ContainsFunc(g.requests(), func(r string) bool { return strings.HasPrefix(r, http.MethodGet) })
		if !errors.As(err, &interrupted) || !errors.Is(err, boom) || asksAgain {
			t.Errorf("%v after %v", err, g.requests())
		}
	})
	t.Run("a refusal of Meta's", func(t *testing.T) {
		t.Parallel()
		g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/uploads") {
				fmt.Fprintf(w, `{"id":%q}`, sessionID)
				return
			}
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":{"message":"(#100) No.","type":"OAuthException","code":100,"fbtrace_id":"trace_1"}}`)
		})
		_, err := g.client.Uploads("700000000000001").Upload(t.Context(), png, strings.NewReader("hello"))
		var e *kirim.Error
		if !errors.As(err, &e) || e.MetaCode != 100 || len(g.requests()) != 2 {
			t.Errorf("%v after %v", err, g.requests())
		}
	})
	t.Run("the file of another session", func(t *testing.T) {
		t.Parallel()
		meta := &sessions{t: t, got: make([]byte, 6)}
		g := newMetaServer(t, meta.ServeHTTP)
		_, err := g.client.Uploads("700000000000001").Resume(t.Context(), sessionID, png, strings.NewReader("hello"))
		var refused *kirim.ValidationError
		if !errors.As(err, &refused) || len(meta.from) != 0 {
			t.Errorf("%v after transfers from %v", err, meta.from)
		}
	})
}

func TestAnUploadThatCannotBeBegunIsRefused(t *testing.T) {
	t.Parallel()
	wire := testwire.Answering(200, `{}`)
	client := newClient(t, wire)
	uploads := client.Uploads("700000000000001")
	for name, err := range map[string]error{
		"without a file":               errorOf(uploads.Upload(t.Context(), png, nil)),
		"with an empty file":           errorOf(uploads.Upload(t.Context(), png, strings.NewReader(""))),
		"without a type":               errorOf(uploads.Upload(t.Context(), cloudapi.SampleParams{}, strings.NewReader("x"))),
		"of a type that is not listed": errorOf(uploads.Upload(t.Context(), cloudapi.SampleParams{MIMEType: "image/webp"}, strings.NewReader("x"))),
		"without an app":               errorOf(client.Uploads("").Upload(t.Context(), png, strings.NewReader("x"))),
		"of no bytes":                  errorOf(uploads.Create(t.Context(), png, 0)),
		"in another's session":         errorOf(uploads.Get(t.Context(), "29")),
		"in a session with a bad id":   errorOf(uploads.Resume(t.Context(), "upload:x?%zz", png, strings.NewReader("x"))),
	} {
		var refused *kirim.ValidationError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(wire.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
	for name, err := range map[string]error{
		"a session without an id":      errorOf(uploads.Create(t.Context(), png, 1)),
		"a session without an offset":  errorOf(uploads.Get(t.Context(), sessionID)),
		"of a type that is not listed": errorOf(uploads.Create(t.Context(), cloudapi.SampleParams{MIMEType: "image/webp", Unchecked: true}, 1)),
	} {
		if !errors.Is(err, kirim.KindInvalidResponse) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
