package kirim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// host is a host of files, and an API that leads to it.
type host struct {
	api, files *httptest.Server
	client     *kirim.Client
	asked      atomic.Int32
	header     http.Header // of the last request for a file
}

func newHost(t *testing.T, file http.HandlerFunc, opts ...kirim.Option) *host {
	t.Helper()
	h := &host{}
	h.files = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.asked.Add(1)
		h.header = r.Header.Clone()
		file(w, r)
	}))
	t.Cleanup(h.files.Close)
	h.api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "req_1")
		http.Redirect(w, r, h.files.URL+"/f/photo.jpg?signature=SECRET", http.StatusFound)
	}))
	t.Cleanup(h.api.Close)
	c, err := kirim.NewClient(testKey, append([]kirim.Option{kirim.WithBaseURL(h.api.URL + "/v1"), kirim.WithUserAgent("orders/1.4")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	h.client = c
	return h
}

func (h *host) media(ctx context.Context, params kirim.MediaParams, opts ...kirim.RequestOption) (*kirim.Media, error) {
	return h.client.PhoneNumber(phone).Messages.Media(ctx, "msg_1", params, opts...)
}

// mediaFrom asks a wire, as the API and as the host of the file.
func mediaFrom(t *testing.T, w *wire, opts ...kirim.Option) (*kirim.Media, error) {
	t.Helper()
	return w.client(t, opts...).PhoneNumber(phone).Messages.Media(t.Context(), "msg_1", kirim.MediaParams{})
}

func serveBytes(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		w.Header().Set("Content-Disposition", `attachment; filename="../Foto liburan.jpg"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data)
	}
}

// unsized sends data without saying how much it is.
func unsized(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		w.Write(data)
	}
}

func TestMediaComesFromItsHostWithoutAnythingOfOurs(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 1<<20)
	h := newHost(t, serveBytes(data))
	var said kirim.Response
	m, err := h.media(t.Context(), kirim.MediaParams{}, kirim.WithResponse(&said))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(m)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := errors.Join(m.Close(), m.Close()); err != nil {
		t.Error(err)
	}
	if m.ContentType != "image/jpeg" || m.Size != int64(len(data)) || m.Filename != "Foto liburan.jpg" {
		t.Errorf("%s, %d bytes, %q", m.ContentType, m.Size, m.Filename)
	}
	for name, values := range h.header {
		if name == "User-Agent" && !strings.Contains(values[0], "kirim") && !strings.Contains(values[0], "orders") {
			continue
		}
		if name != "Accept-Encoding" {
			t.Errorf("the host of the file saw %s: %q", name, values)
		}
	}
	if said.StatusCode != 302 || said.RequestID != "req_1" || said.Attempts != 1 {
		t.Errorf("WithResponse got %+v", said)
	}
}

func TestMediaOfTheAPIsOwnHostIsStreamedToo(t *testing.T) {
	t.Parallel()
	var seen http.Header
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/media") {
			w.Header().Set("Location", "../../../file?x=1")
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		seen = r.Header.Clone()
		unsized(make([]byte, 9<<20))(w, r) // more than Do would read
	}))
	t.Cleanup(api.Close)
	c, err := kirim.NewClient(testKey, kirim.WithBaseURL(api.URL+"/v1"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.PhoneNumber(phone).Messages.Media(t.Context(), "msg_1", kirim.MediaParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if n, err := io.Copy(io.Discard, m); n != 9<<20 || err != nil || m.Size != -1 || m.Filename != "file" {
		t.Errorf("%d bytes, %v, %+v", n, err, m)
	}
	if seen.Get("Authorization") != "" {
		t.Error("the key was sent")
	}
}

func TestMediaAboveTheLimitIsAnErrorAndNeverAShortFile(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 99, 100, 101, 1 << 20} {
		for _, kind := range []struct {
			name  string
			serve func([]byte) http.HandlerFunc
			early bool
		}{{"sized", serveBytes, true}, {"unsized", unsized, false}} {
			t.Run(fmt.Sprintf("%d bytes, %s", size, kind.name), func(t *testing.T) {
				t.Parallel()
				h := newHost(t, kind.serve(make([]byte, size)))
				m, err := h.media(t.Context(), kirim.MediaParams{MaxBytes: 100})
				var got []byte
				if err == nil {
					defer m.Close()
					got, err = io.ReadAll(m)
				} else if !kind.early {
					t.Fatal(err)
				}
				var tooLarge *kirim.MediaTooLargeError
				if size <= 100 {
					if err != nil || len(got) != size {
						t.Errorf("%d bytes, %v", len(got), err)
					}
					return
				}
				if !errors.As(err, &tooLarge) || tooLarge.Limit != 100 || len(got) > 100 || !errors.Is(err, kirim.KindPayloadTooLarge) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				if kind.early != (tooLarge.Size == int64(size)) || kind.early != (m == nil) {
					t.Errorf("%+v came with the media %+v", tooLarge, m)
				}
				wantText(t, err, "kirim: media is larger than 100 bytes")
				if m != nil {
					if n, again := m.Read(make([]byte, 9)); n != 0 || !errors.Is(again, err) {
						t.Errorf("read again: %d, %v", n, again)
					}
				}
			})
		}
	}
}

func TestMediaThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write(make([]byte, 40))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	m, err := h.media(t.Context(), kirim.MediaParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	got, err := io.ReadAll(m)
	var lost *kirim.TransportError
	if len(got) != 40 || !errors.As(err, &lost) || !errors.Is(err, io.ErrUnexpectedEOF) || !kirim.IsTemporary(err) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestMediaShorterThanItsHostSaidIsAnErrorEvenIfTheTransportIsContent(t *testing.T) {
	t.Parallel()
	serve := testwire.Func(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host != "cdn.example" {
			return newWire(okMedia...).RoundTrip(req)
		}
		return &http.Response{StatusCode: 200, ContentLength: 9, Body: io.NopCloser(strings.NewReader("1234")), Request: req}, nil
	})
	c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: serve}))
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.PhoneNumber(phone).Messages.Media(t.Context(), "msg_1", kirim.MediaParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := io.ReadAll(m); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func TestTheContextAndCloseEndADownload(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(context.CancelCauseFunc, *kirim.Media) error{
		"cancel": func(cancel context.CancelCauseFunc, _ *kirim.Media) error { cancel(nil); return context.Canceled },
		"cause": func(cancel context.CancelCauseFunc, _ *kirim.Media) error {
			cancel(io.ErrNoProgress)
			return io.ErrNoProgress
		},
		"close": func(_ context.CancelCauseFunc, m *kirim.Media) error { m.Close(); return os.ErrClosed },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, func(w http.ResponseWriter, r *http.Request) {
				w.Write(make([]byte, 40))
				w.(http.Flusher).Flush()
				<-r.Context().Done() // the connection is closed in the end
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			m, err := h.media(ctx, kirim.MediaParams{})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if _, err := io.ReadFull(m, make([]byte, 40)); err != nil {
				t.Fatal(err)
			}
			read := make(chan error)
			go func() {
				_, err := m.Read(make([]byte, 1))
				read <- err
			}()
			want := end(cancel, m)
			err = <-read
			var lost *kirim.TransportError
			if !errors.As(err, &lost) || !errors.Is(err, want) || name == "close" && errors.Is(err, context.Canceled) {
				t.Errorf("%v, want %v in it", err, want)
			}
		})
	}
}

func TestAHostThatDoesNotAnswerIsGivenUpAndOneThatIsSlowLaterIsNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := 34 * time.Second
		serve := testwire.Func(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host != "cdn.example" {
				return newWire(okMedia...).RoundTrip(req)
			}
			select {
			case <-time.After(slow):
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
			r, w := io.Pipe()
			go func() {
				time.Sleep(time.Hour)
				w.Write([]byte("late"))
				w.Close()
			}()
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: r, Request: req}, nil
		})
		c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: serve}))
		if err != nil {
			t.Fatal(err)
		}
		messages := c.PhoneNumber(phone).Messages
		m, err := messages.Media(t.Context(), "msg_1", kirim.MediaParams{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(m); string(got) != "late" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		m.Close()
		slow = 36 * time.Second
		_, err = messages.Media(t.Context(), "msg_1", kirim.MediaParams{})
		var lost *kirim.TransportError
		if !errors.As(err, &lost) || !lost.Timeout() || errors.Is(err, context.Canceled) || !kirim.IsTemporary(err) {
			t.Error(err)
		}
	})
}

func TestARefusalOfTheHostOfAFileIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]kirim.Kind{
		403: kirim.KindUpstream, 401: kirim.KindUpstream, 404: kirim.KindNotFound, 410: kirim.KindNotFound,
		429: kirim.KindRateLimited, 500: kirim.KindInternal, 503: kirim.KindUnavailable,
	} {
		h := newHost(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
		})
		_, err := h.media(t.Context(), kirim.MediaParams{})
		e := answerOf(t, err)
		if e.StatusCode != status || e.Kind != want || e.Attempts != 1 || !strings.Contains(string(e.Body), "AccessDenied") || kirim.IsAuthentication(err) {
			t.Errorf("%d: %+v", status, e)
		}
		wantText(t, err, "kirim: GET /{id}/messages/{id}/media: "+fmt.Sprint(status))
		if strings.Contains(err.Error(), "SECRET") || h.asked.Load() != 1 {
			t.Errorf("%v after %d requests", err, h.asked.Load())
		}
	}
}

func TestAFileThatCannotBeReachedIsATransportErrorWithoutItsLink(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	h.files.Close()
	_, err := h.media(t.Context(), kirim.MediaParams{})
	var lost *kirim.TransportError
	if !errors.As(err, &lost) || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "photo") {
		t.Error(err)
	}
}

func TestWhereALinkToAFileMayLead(t *testing.T) {
	t.Parallel()
	for _, try := range []struct{ base, location, want string }{
		{"https://api.kirim.example/v1", "https://cdn.example/f?s=SECRET", "https://cdn.example/f?s=SECRET"},
		{"https://api.kirim.example/v1", "http://cdn.example/f?s=SECRET", "not https"},
		{"https://api.kirim.example/v1", "http://127.0.0.1/f", "not https"},
		{"https://api.kirim.example/v1", "//cdn.example/f", "https://cdn.example/f"},
		{"https://api.kirim.example/v1", "/f", "https://api.kirim.example/f"},
		{"https://api.kirim.example/v1", "https://u:SECRET@cdn.example/f", "https://cdn.example/f"},
		{"https://api.kirim.example/v1", "ftp://cdn.example/f", "not https"},
		{"https://api.kirim.example/v1", "file:///etc/passwd", "no URL"},
		{"https://api.kirim.example/v1", "https:///f", "no URL"},
		{"https://api.kirim.example/v1", "", "no link"},
		{"http://127.0.0.1:9/v1", "http://127.0.0.1:8/f", "http://127.0.0.1:8/f"},
		{"http://127.0.0.1:9/v1", "https://cdn.example/f", "https://cdn.example/f"},
	} {
		w := newWire(answer{status: 302, header: map[string]string{"Location": try.location}}, answer{status: 200, body: "x"})
		m, err := mediaFrom(t, w, kirim.WithBaseURL(try.base))
		if err == nil {
			m.Close()
			if got := w.seen()[1]; got.url != try.want || got.header.Get("Authorization") != "" || got.header.Get("Referer") != "" {
				t.Errorf("%s led to %s %v, not %s", try.location, got.url, got.header, try.want)
			}
			continue
		}
		wantText(t, err, try.want)
		if !errors.Is(err, kirim.KindInvalidResponse) || len(w.seen()) != 1 || strings.Contains(err.Error(), "SECRET") || answerOf(t, err).StatusCode != 302 {
			t.Errorf("%s: %v after %d requests", try.location, err, len(w.seen()))
		}
	}
}

func TestTheHostOfAFileMayRedirectAFewTimesButNotToPlainHTTP(t *testing.T) {
	t.Parallel()
	hop := func(to string) answer { return answer{status: 307, header: map[string]string{"Location": to}} }
	first := answer{status: 302, header: map[string]string{"Location": "https://a.example/0?s=SECRET"}}
	for name, try := range map[string]struct {
		answers  []answer
		requests int
		want     string
	}{
		"five":             {append(append([]answer{first}, slices.Repeat([]answer{hop("/next.bin")}, 5)...), answer{status: 200}), 7, ""},
		"six":              {append([]answer{first}, hop("/next.bin")), 7, "redirects too often"},
		"downgrade":        {[]answer{first, hop("http://b.example/1")}, 2, "not https"},
		"https in between": {[]answer{{status: 302, header: map[string]string{"Location": "https://a.example/0"}}, hop("http://127.0.0.1/1")}, 2, "not https"},
		"other host":       {[]answer{first, hop("https://b.example/next.bin"), {status: 200}}, 3, ""},
		"no URL":           {[]answer{first, hop("https://%zz/SECRET")}, 2, "no URL"},
		"no link":          {[]answer{first, {status: 302}}, 2, "no link"},
	} {
		w := newWire(try.answers...)
		base := testBase
		if name == "https in between" {
			base = "http://127.0.0.1:9/v1" // plain http would do, had the host not been better than that
		}
		m, err := mediaFrom(t, w, kirim.WithBaseURL(base))
		if try.want == "" {
			if err != nil || m.Filename != "next.bin" {
				t.Errorf("%s: %v", name, err)
			}
		} else {
			wantText(t, err, try.want)
		}
		if len(w.seen()) != try.requests {
			t.Errorf("%s: %d requests", name, len(w.seen()))
		}
		for _, s := range w.seen()[1:] {
			if len(s.header) != 1 || s.header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s: the host saw %v", name, s.header)
			}
		}
	}
}

func TestAnAPIThatDoesNotRedirectIsAnError(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 202, 204} {
		w := newWire(answer{status: status, body: "JPEG", header: map[string]string{"X-Request-Id": "req_1"}})
		_, err := mediaFrom(t, w)
		if e := answerOf(t, err); e.Kind != kirim.KindInvalidResponse || e.StatusCode != status || e.RequestID != "req_1" || e.Attempts != 1 {
			t.Errorf("%d: %+v", status, e)
		}
	}
}

func TestANegativeLimitIsRefused(t *testing.T) {
	t.Parallel()
	w := newWire(okMedia...)
	_, err := w.client(t).PhoneNumber(phone).Messages.Media(t.Context(), "msg_1", kirim.MediaParams{MaxBytes: -1})
	wantText(t, err, "MaxBytes")
	if len(w.seen()) != 0 {
		t.Error("a request was made")
	}
}

func TestNamesOfFilesAreMadeSafe(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 100)
	for _, try := range []struct{ disposition, path, want string }{
		{"", "/a/photo.jpg", "photo.jpg"},
		{"", "/", "media"},
		{"", "/a/..", "media"},
		{"", "/a%2Fb%5Cc.txt", "c.txt"},
		{"", "/nul.txt", "_nul.txt"},
		{"inline", "/a/photo.jpg", "photo.jpg"},
		{`attachment; filename=`, "/a/photo.jpg", "photo.jpg"},
		{`attachment; filename="a b.pdf"`, "/x", "a b.pdf"},
		{`attachment; filename="x.pdf"; filename*=UTF-8''na%C3%AFve%20%F0%9F%98%80.pdf`, "/x", "naïve 😀.pdf"},
		{`attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd`, "/x", "passwd"},
		{`attachment; filename*=UTF-8''..%5C..%5Cwin.ini`, "/x", "win.ini"},
		{`attachment; filename*=UTF-8''.bashrc`, "/x", "bashrc"},
		{`attachment; filename*=UTF-8''...`, "/x", "media"},
		{`attachment; filename*=UTF-8''-rf`, "/x", "rf"},
		{`attachment; filename*=UTF-8''a%00b%0A%1B%5B31mc%7F.txt`, "/x", "ab[31mc.txt"},
		{`attachment; filename*=UTF-8''evil%E2%80%AEgpj.exe`, "/x", "evilgpj.exe"},
		{`attachment; filename*=UTF-8''a%FFb.txt`, "/x", "ab.txt"},
		{`attachment; filename*=UTF-8''a%3Ab%3C%3E%7C%3F%2A%22.txt`, "/x", "a_b______.txt"},
		{`attachment; filename*=UTF-8''CON`, "/x", "_CON"},
		{`attachment; filename*=UTF-8''com1.tar.gz`, "/x", "_com1.tar.gz"},
		{`attachment; filename*=UTF-8''LPT9%20.txt`, "/x", "_LPT9 .txt"},
		{`attachment; filename*=UTF-8''console.txt`, "/x", "console.txt"},
		{`attachment; filename*=UTF-8''trailing.%20.`, "/x", "trailing"},
		{`attachment; filename="` + strings.Repeat("a", 300) + `.jpeg"`, "/x", strings.Repeat("a", 115) + ".jpeg"},
		{"", "/" + long + ".jpg", strings.Repeat("é", 58) + ".jpg"},
		{"", "/a." + strings.Repeat("b", 300), "a." + strings.Repeat("b", 118)},
	} {
		w := newWire(
			answer{status: 302, header: map[string]string{"Location": "https://cdn.example" + try.path}},
			answer{status: 200, header: map[string]string{"Content-Disposition": try.disposition}})
		m, err := mediaFrom(t, w)
		if err != nil {
			t.Fatalf("%q: %v", try, err)
		}
		m.Close()
		if m.Filename != try.want {
			t.Errorf("%s %s: %q, not %q", try.disposition, try.path, m.Filename, try.want)
		}
	}
}

// The API answers from the same host here, and the host of a file may be a
// proxy that sees both.
func TestMediaKeepsTheKeyAndTheHostsWordsOut(t *testing.T) {
	t.Parallel()
	link := answer{status: 302, header: map[string]string{"Location": "https://files.example/f"}}
	const words = "Budi-is-late"
	for name, said := range map[string]answer{
		"a refusal":    {status: 422, header: map[string]string{"X-Echo": testKey, "X-Request-Id": testKey}, body: `{"error":{"type":"a","code":"` + testKey + `","message":"\u006b` + testKey[1:] + `"}}`},
		"a failure":    {err: fmt.Errorf("bad header %q for %s", words, testKey)},
		"a redirect":   {status: 302, header: map[string]string{"Location": "ftp://" + testKey + "/"}},
		"a file":       {status: 200, header: map[string]string{"Content-Type": "image/" + testKey, "Content-Disposition": `attachment; filename="` + testKey + `.jpg"`}},
		"a broken one": {status: 200, cut: fmt.Errorf("bad chunk %q for %s", words, testKey)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := mediaFrom(t, newWire(link, said))
			text := ""
			if m != nil {
				text = m.ContentType + m.Filename
				_, err = io.ReadAll(m)
				_ = m.Close()
			}
			var answer *kirim.Error
			if errors.As(err, &answer) {
				text += fmt.Sprintf("%+v %s", *answer, answer.Body)
			}
			var failure *kirim.TransportError
			if errors.As(err, &failure) {
				text += failure.Err.Error()
			}
			if text += fmt.Sprint(err); strings.Contains(text, testKey) || strings.Contains(text, words) {
				t.Errorf("it is in %s", text)
			}
		})
	}
}
