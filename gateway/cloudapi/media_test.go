package cloudapi_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

// quickly are three retries that hardly wait.
var quickly = kirim.RetryPolicy{MaxRetries: 3, MinDelay: time.Microsecond, MaxDelay: time.Microsecond}

// metaServer is a server in the place of Meta's.
type metaServer struct {
	*httptest.Server
	client *cloudapi.Client
	media  *cloudapi.MediaService
	mu     sync.Mutex
	asked  []string // method and path of each request
}

func newMetaServer(t *testing.T, serve http.HandlerFunc, opts ...kirim.Option) *metaServer {
	t.Helper()
	g := &metaServer{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.asked = append(g.asked, r.Method+" "+r.URL.Path)
		g.mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(g.Close)
	// A transport of its own, so that nothing is left over for other tests.
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	opts = append([]kirim.Option{
		kirim.WithBaseURL(g.URL + "/v25.0"), kirim.WithRetryPolicy(quickly), kirim.WithHTTPClient(&http.Client{Transport: transport}),
	}, opts...)
	client, err := cloudapi.NewClient(testToken, opts...)
	if err != nil {
		t.Fatal(err)
	}
	g.client, g.media = client, client.PhoneNumber(testNumber).Media()
	return g
}

func (g *metaServer) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.asked...)
}

// endless gives n bytes that can be told apart, and never holds them.
type endless struct{ at, n int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.at >= e.n {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), e.n-e.at)]
	for i := range p {
		p[i] = byte(e.at % 251)
		e.at++
	}
	return len(p), nil
}

// heap is the live heap in bytes.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestGetSaysWhatMetaKnowsOfAFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		size string
		want int64
	}{
		"a size as a number":      {`,"file_size":303833`, 303833},
		"a size as a text":        {`,"file_size":"303833"`, 303833},
		"no size":                 {``, -1},
		"a size that is not one":  {`,"file_size":"large"`, -1},
		"a size of less than one": {`,"file_size":-5`, -1},
	} {
		wire := testwire.Answering(200, `{"messaging_product":"whatsapp","url":"https://lookaside.fbsbx.com/x?mid=1","mime_type":"image/jpeg","sha256":"ab","id":"2900000000000001"`+tt.size+`}`)
		info, err := number(t, wire).Media().Get(t.Context(), "2900000000000001")
		want := cloudapi.MediaInfo{ID: "2900000000000001", URL: "https://lookaside.fbsbx.com/x?mid=1", MIMEType: "image/jpeg", SHA256: "ab", Size: tt.want}
		if err != nil || *info != want {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
		if r := wire.Requests()[0]; r.Method != http.MethodGet || r.URL != testwire.BaseURL+"/2900000000000001?phone_number_id="+testNumber {
			t.Errorf("%s: asked %s %s", name, r.Method, r.URL)
		}
	}
}

func TestDeleteNamesTheNumber(t *testing.T) {
	t.Parallel()
	wire := testwire.Answering(200, `{"success":true}`)
	if err := number(t, wire).Media().Delete(t.Context(), "a/29"); err != nil {
		t.Error(err)
	}
	if r := wire.Requests()[0]; r.Method != http.MethodDelete || r.URL != testwire.BaseURL+"/a%2F29?phone_number_id="+testNumber {
		t.Errorf("asked %s %s", r.Method, r.URL)
	}
	if err := number(t, testwire.Answering(200, `{"success":false}`)).Media().Delete(t.Context(), "29"); err == nil {
		t.Error("a refusal is a success")
	}
}

func TestGraphsErrorsOfMediaAreDecoded(t *testing.T) {
	t.Parallel()
	calls := map[string]func(*cloudapi.MediaService) error{
		"Get":    func(m *cloudapi.MediaService) error { _, err := m.Get(t.Context(), "29"); return err },
		"Delete": func(m *cloudapi.MediaService) error { return m.Delete(t.Context(), "29") },
		"Upload": func(m *cloudapi.MediaService) error {
			_, err := m.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "text/plain"}, strings.NewReader("hello"))
			return err
		},
		"Download": func(m *cloudapi.MediaService) error {
			from := &cloudapi.MediaInfo{URL: testwire.BaseURL + "/file", Size: -1}
			_, err := m.Download(t.Context(), "29", io.Discard, cloudapi.DownloadParams{From: from})
			return err
		},
	}
	for code, tt := range map[int]struct {
		status int
		kind   kirim.Kind
	}{
		100:    {400, kirim.KindInvalidRequest},
		190:    {401, kirim.KindAuthExpired},
		131052: {400, kirim.KindMediaInvalid},
		131053: {400, kirim.KindMediaInvalid},
	} {
		for name, call := range calls {
			wire := testwire.Answering(tt.status, fmt.Sprintf(`{"error":{"message":"(#%d) No.","type":"OAuthException","code":%d,"fbtrace_id":"trace_1"}}`, code, code))
			err := call(number(t, wire).Media())
			var e *kirim.Error
			if !errors.As(err, &e) || e.MetaCode != code || e.Kind != tt.kind || e.RequestID != "trace_1" || len(wire.Requests()) != 1 {
				t.Errorf("%s with %d: %v after %d requests", name, code, err, len(wire.Requests()))
			}
		}
	}
}

func TestMediaThatCannotBeAskedForIsRefused(t *testing.T) {
	t.Parallel()
	wire := testwire.Answering(200, `{}`)
	m := number(t, wire).Media()
	for name, err := range map[string]error{
		"Get without an id":          errorOf(m.Get(t.Context(), "")),
		"Delete without an id":       m.Delete(t.Context(), ""),
		"Open without an id":         errorOf(m.Open(t.Context(), "", cloudapi.DownloadParams{})),
		"Open with a limit below 0":  errorOf(m.Open(t.Context(), "29", cloudapi.DownloadParams{MaxBytes: -1})),
		"Open of no URL":             errorOf(m.Open(t.Context(), "29", cloudapi.DownloadParams{From: &cloudapi.MediaInfo{}})),
		"Open over plain http":       errorOf(m.Open(t.Context(), "29", cloudapi.DownloadParams{From: &cloudapi.MediaInfo{URL: "http://lookaside.fbsbx.com/"}})),
		"Open of a relative URL":     errorOf(m.Open(t.Context(), "29", cloudapi.DownloadParams{From: &cloudapi.MediaInfo{URL: "/x"}})),
		"Upload without a file":      errorOf(m.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "text/plain"}, nil)),
		"Upload without a type":      errorOf(m.Upload(t.Context(), cloudapi.UploadParams{}, strings.NewReader("x"))),
		"Upload of a size below 0":   errorOf(m.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "text/plain", Size: -1}, strings.NewReader("x"))),
		"Upload for 59 minutes":      errorOf(m.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "text/plain", TTL: 59 * time.Minute}, strings.NewReader("x"))),
		"Upload for 31 days":         errorOf(m.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "text/plain", TTL: 31 * 24 * time.Hour}, strings.NewReader("x"))),
		"Upload for half a minute":   errorOf(m.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "text/plain", TTL: time.Hour + time.Second}, strings.NewReader("x"))),
		"Upload of a type in breach": errorOf(m.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "text/plain\r\nX: y"}, strings.NewReader("x"))),
	} {
		var refused *kirim.ValidationError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(wire.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func errorOf[T any](_ T, err error) error { return err }
