package cloudapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// described is what Meta says of a file of n bytes of endless at a URL.
func described(url string, n int64) string {
	sum := sha256.New()
	io.Copy(sum, &endless{n: n})
	return fmt.Sprintf(`{"id":"29","url":%q,"mime_type":"image/png","file_size":%d,"sha256":"%x"}`, url, n, sum.Sum(nil))
}

// serving describes a file, and serves it with serve.
func serving(n int64, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/file" {
			serve(w, r)
			return
		}
		io.WriteString(w, described("http://"+r.Host+"/file?hash=SECRET", n))
	}
}

func whole(n int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		io.Copy(w, &endless{n: n})
	}
}

func TestAFileIsDownloadedAndVerified(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 1, 100_000, 3 * mb} {
		g := newMetaServer(t, serving(size, whole(size)))
		var got bytes.Buffer
		info, err := g.media.Download(t.Context(), "29", &got, cloudapi.DownloadParams{})
		want, _ := io.ReadAll(&endless{n: size})
		if err != nil || info.Size != size || info.MIMEType != "image/png" || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%d bytes: %+v, %v, %d bytes", size, info, err, got.Len())
		}
		file, err := g.media.Open(t.Context(), "29", cloudapi.DownloadParams{MaxBytes: max(size, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, file); n != size || err != nil {
			t.Errorf("%d bytes: %v after %d", size, err, n)
		}
		if err := errors.Join(file.Close(), file.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestAFileOtherThanMetaDescribedIsAnError(t *testing.T) {
	t.Parallel()
	right := func(n int64) []byte {
		sum := sha256.New()
		io.Copy(sum, &endless{n: n})
		return sum.Sum(nil)
	}
	for name, tt := range map[string]struct {
		sum    string
		size   string
		serve  int64
		intact bool
	}{
		"the hash in hex":                 {hex.EncodeToString(right(1000)), "1000", 1000, true},
		"the hash in capitals":            {strings.ToUpper(hex.EncodeToString(right(1000))), "1000", 1000, true},
		"the hash in base64":              {base64.StdEncoding.EncodeToString(right(1000)), "1000", 1000, true},
		"the right hash, the wrong size":  {hex.EncodeToString(right(1000)), "999", 1000, true},
		"another hash":                    {hex.EncodeToString(right(999)), "1000", 1000, false},
		"another hash in base64":          {base64.StdEncoding.EncodeToString(right(999)), "1000", 1000, false},
		"no hash, the right size":         {"", "1000", 1000, true},
		"no hash, a shorter file":         {"", "1000", 999, false},
		"no hash, a longer file":          {"", "1000", 1001, false},
		"a hash of another kind and size": {"abcdef", "1000", 999, false},
		"no hash, no size":                {"", "null", 999, true},
	} {
		g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/file" {
				w.(http.Flusher).Flush() // no Content-Length
				io.Copy(w, &endless{n: tt.serve})
				return
			}
			fmt.Fprintf(w, `{"id":"29","url":"http://%s/file","sha256":%q,"file_size":%s}`, r.Host, tt.sum, tt.size)
		})
		var got bytes.Buffer
		_, err := g.media.Download(t.Context(), "29", &got, cloudapi.DownloadParams{})
		var differs *cloudapi.MediaMismatchError
		if mismatch := errors.As(err, &differs); mismatch == tt.intact || !mismatch && err != nil || mismatch && (differs.Read != tt.serve || differs.Got != hex.EncodeToString(right(tt.serve))) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestADownloadThatIsCutIsAnErrorAndNeverAShortFile(t *testing.T) {
	t.Parallel()
	const size = 1 * mb
	for _, after := range []int64{0, 1, 4095, 4096, 64 * kb, size - 1} {
		for name, header := range map[string]string{
			"with a length": "Content-Length: " + strconv.Itoa(size),
			"in chunks":     "Transfer-Encoding: chunked",
			"until the end": "Connection: close", // a cut looks like the end of the file
		} {
			t.Run(fmt.Sprintf("after %d bytes %s", after, name), func(t *testing.T) {
				t.Parallel()
				g := newMetaServer(t, serving(size, func(w http.ResponseWriter, _ *http.Request) {
					conn, buffered, err := w.(http.Hijacker).Hijack()
					if err != nil {
						t.Error(err)
						return
					}
					defer conn.Close()
					fmt.Fprintf(buffered, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", header)
					if name == "in chunks" {
						fmt.Fprintf(buffered, "%x\r\n", size)
					}
					io.Copy(buffered, &endless{n: after})
					buffered.Flush()
				}))
				var got bytes.Buffer
				_, err := g.media.Download(t.Context(), "29", &got, cloudapi.DownloadParams{})
				var differs *cloudapi.MediaMismatchError
				var lost *kirim.TransportError
				if name == "until the end" {
					if !errors.As(err, &differs) || differs.Read != after || differs.Size != size {
						t.Errorf("got %v", err)
					}
				} else if !errors.As(err, &lost) || !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("got %v", err)
				}
				if int64(got.Len()) > after {
					t.Errorf("%d bytes", got.Len())
				}
			})
		}
	}
}

func TestAFileLargerThanAllowedIsNotRead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		described, served, limit int64
		asked                    int
	}{
		"as Meta says":                   {1001, 1001, 1000, 1},
		"as its host says":               {10, 1001, 1000, 2},
		"above the default, as Meta has": {100*mb + 1, 1, 0, 1},
	} {
		g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/file" {
				whole(tt.served)(w, r)
				return
			}
			fmt.Fprintf(w, `{"id":"29","url":"http://%s/file","file_size":%d}`, r.Host, tt.described)
		})
		_, err := g.media.Download(t.Context(), "29", io.Discard, cloudapi.DownloadParams{MaxBytes: tt.limit})
		var large *kirim.MediaTooLargeError
		if !errors.As(err, &large) || len(g.requests()) != tt.asked {
			t.Errorf("%s: %v after %v", name, err, g.requests())
		}
	}
}

func TestAnExpiredURLIsRenewedOnce(t *testing.T) {
	t.Parallel()
	const get, file = "GET /v25.0/29", "GET /file"
	gone := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	for name, tt := range map[string]struct {
		statuses []int // of the file
		from     bool
		asked    []string
		status   int // of the error; 0 for none
	}{
		"valid":                       {[]int{200}, false, []string{get, file}, 0},
		"expired":                     {[]int{404, 200}, false, []string{get, file, get, file}, 0},
		"expired twice":               {[]int{404, 404}, false, []string{get, file, get, file}, 404},
		"from an earlier Get":         {[]int{200}, true, []string{file}, 0},
		"from one, and expired":       {[]int{404, 200}, true, []string{file, get, file}, 0},
		"from one, and expired twice": {[]int{404, 404}, true, []string{file, get, file}, 404},
		"refused":                     {[]int{403}, false, []string{get, file}, 403},
		"failing":                     {[]int{500}, false, []string{get, file}, 500},
	} {
		g := newMetaServer(t, serving(1000, func(w http.ResponseWriter, r *http.Request) {
			status := tt.statuses[0]
			tt.statuses = tt.statuses[1:]
			switch status {
			case 200:
				whole(1000)(w, r)
			case 404:
				gone(w, r)
			default:
				w.WriteHeader(status)
			}
		}))
		var params cloudapi.DownloadParams
		if tt.from {
			params.From = &cloudapi.MediaInfo{ID: "29", URL: g.URL + "/file?hash=SECRET", Size: 1000}
		}
		_, err := g.media.Download(t.Context(), "29", io.Discard, params)
		var e *kirim.Error
		if errors.As(err, &e) != (tt.status != 0) || tt.status != 0 && e.StatusCode != tt.status || tt.status == 0 && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(g.requests(), tt.asked) {
			t.Errorf("%s: asked %v", name, g.requests())
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error quotes the link: %v", name, err)
		}
	}
}

// stranger is a host that is not Meta's, and keeps what it gets.
func stranger(t *testing.T, serve http.HandlerFunc) (host *httptest.Server, got *http.Header) {
	t.Helper()
	got = new(http.Header)
	host = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*got = r.Header.Clone()
		serve(w, r)
	}))
	t.Cleanup(host.Close)
	return host, got
}

func TestTheTokenReachesNoOtherHost(t *testing.T) {
	t.Parallel()
	const size = 1000
	for name, tt := range map[string]struct {
		redirect bool // from the host of the API, else the file is at the other host from the beginning
		trusted  bool // the other host is in TokenHosts
		token    bool // arrives there
	}{
		"at another host":                    {false, false, false},
		"at a host that is in the list":      {false, true, true},
		"behind a redirect to another host":  {true, false, false},
		"behind a redirect to a listed host": {true, true, false},
	} {
		other, got := stranger(t, whole(size))
		var own string
		g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/file":
				own = r.Header.Get("Authorization")
				http.Redirect(w, r, other.URL+"/f", http.StatusFound)
			case tt.redirect:
				io.WriteString(w, described("http://"+r.Host+"/file", size))
			default:
				io.WriteString(w, described(other.URL+"/f", size))
			}
		})
		var params cloudapi.DownloadParams
		if tt.trusted {
			params.TokenHosts = []string{strings.TrimPrefix(other.URL, "http://"), strings.TrimPrefix(g.URL, "http://")}
		}
		if _, err := g.media.Download(t.Context(), "29", io.Discard, params); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if arrived := strings.Contains(fmt.Sprint(*got), testToken); arrived != tt.token {
			t.Errorf("%s: the other host got %v", name, *got)
		}
		if tt.redirect && own != "Bearer "+testToken {
			t.Errorf("%s: the host of the API got %q", name, own)
		}
	}
}

func TestARefusalOfAnotherHostIsNotAboutTheToken(t *testing.T) {
	t.Parallel()
	other, _ := stranger(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	g := newMetaServer(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, described(other.URL, 1)) })
	_, err := g.media.Download(t.Context(), "29", io.Discard, cloudapi.DownloadParams{})
	if kirim.IsAuthentication(err) || !errors.Is(err, kirim.KindUpstream) {
		t.Errorf("got %v", err)
	}
}

func TestADownloadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	g := newMetaServer(t, serving(3*mb, func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		w.Header().Set("Content-Length", strconv.Itoa(3*mb))
		io.Copy(w, &endless{n: mb})
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("the user closed the page")
	file, err := g.media.Open(ctx, "29", cloudapi.DownloadParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.CopyN(io.Discard, file, mb/2); err != nil {
		t.Fatal(err)
	}
	cancel(stopped)
	if _, err := io.Copy(io.Discard, file); !errors.Is(err, context.Canceled) || !errors.Is(err, stopped) {
		t.Errorf("got %v", err)
	}
	<-left // the connection is closed
}

// Not parallel, as it measures the heap of the whole process.
func TestTheHeapStaysFlatDuring100MBDown(t *testing.T) {
	const size = 100 * mb
	description := ""
	g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/file" {
			whole(size)(w, r)
			return
		}
		io.WriteString(w, description)
	})
	description = described(g.URL+"/file", size) // before any request has a timeout
	before, most, next, got := heap(), int64(0), int64(0), int64(0)
	file, err := g.media.Open(t.Context(), "29", cloudapi.DownloadParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	buffer := make([]byte, 32*kb)
	for err == nil {
		var n int
		n, err = file.Read(buffer)
		if got += int64(n); got >= next {
			next += 10 * mb
			most = max(most, heap()-before)
		}
	}
	if !errors.Is(err, io.EOF) || got != size {
		t.Fatalf("%v after %d bytes", err, got)
	}
	t.Logf("100 MB down, the live heap grew by at most %s KB", strconv.FormatInt(most/kb, 10))
	if most > 4*mb {
		t.Errorf("the live heap grew by %d bytes", most)
	}
}
