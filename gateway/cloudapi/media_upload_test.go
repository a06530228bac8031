package cloudapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/internal/testwire"
)

// oneWay hides that a reader can seek and knows its length.
func oneWay(r io.Reader) io.Reader { return struct{ io.Reader }{r} }

// readForm reads the form of an upload, of which file is the last part.
func readForm(r *http.Request) (fields map[string]string, filename, contentType string, size int64, err error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, "", "", 0, err
	}
	fields = make(map[string]string)
	form := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, r.Body)
			return fields, filename, contentType, size, err
		}
		if err != nil {
			return nil, "", "", 0, err
		}
		if part.FormName() == "file" {
			filename, contentType = part.FileName(), part.Header.Get("Content-Type")
			if size, err = io.Copy(io.Discard, part); err != nil {
				return nil, "", "", size, err
			}
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, "", "", 0, err
		}
		fields[part.FormName()] = string(value)
	}
}

func TestUploadSendsTheFormOfMeta(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		params   cloudapi.UploadParams
		file     io.Reader
		filename string
		ttl      string
		sized    bool
	}{
		"a file that can seek":            {cloudapi.UploadParams{MIMEType: "image/jpeg"}, strings.NewReader("hello"), "file.jpg", "", true},
		"a buffer":                        {cloudapi.UploadParams{MIMEType: "audio/ogg; codecs=opus"}, bytes.NewBufferString("hello"), "file.ogg", "", true},
		"a reader, and its size is known": {cloudapi.UploadParams{MIMEType: "application/pdf", Size: 5, Filename: `Faktur "7".pdf`}, oneWay(strings.NewReader("hello")), `Faktur "7".pdf`, "", true},
		"a reader of an unknown size":     {cloudapi.UploadParams{MIMEType: "video/mp4"}, oneWay(strings.NewReader("hello")), "file.mp4", "", false},
		"a sticker, which is peeked into": {cloudapi.UploadParams{MIMEType: "image/webp"}, oneWay(strings.NewReader("hello")), "file.webp", "", false},
		"for an hour":                     {cloudapi.UploadParams{MIMEType: "text/plain", TTL: time.Hour}, strings.NewReader("hello"), "file.txt", "60", true},
		"for thirty days":                 {cloudapi.UploadParams{MIMEType: "text/plain", TTL: 720 * time.Hour}, strings.NewReader("hello"), "file.txt", "43200", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
				fields, filename, contentType, size, err := readForm(r)
				if err != nil || fields["messaging_product"] != "whatsapp" || fields["type"] != tt.params.MIMEType || contentType != tt.params.MIMEType ||
					fields["ttl_minutes"] != tt.ttl || filename != tt.filename || size != 5 || (r.ContentLength > 5) != tt.sized {
					t.Errorf("got %v, %q of %s, %d bytes of %d, %v", fields, filename, contentType, size, r.ContentLength, err)
				}
				if r.Header.Get("Authorization") != "Bearer "+testToken || r.Header.Get("Idempotency-Key") != "" {
					t.Errorf("headers %v", r.Header)
				}
				io.WriteString(w, `{"id":"4490000000000001"}`)
			})
			stored, err := g.media.Upload(t.Context(), tt.params, tt.file)
			if err != nil || stored.ID != "4490000000000001" || !slices.Equal(g.requests(), []string{"POST /v25.0/" + testNumber + "/media"}) {
				t.Errorf("%+v, %v after %v", stored, err, g.requests())
			}
		})
	}
}

// accepting takes an upload without looking at it.
var accepting = testwire.Func(func(req *http.Request) (*http.Response, error) {
	req.Body.Close()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":"1"}`)), Request: req}, nil
})

const (
	kb = 1 << 10
	mb = 1 << 20
)

var animated = "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02"

func TestEachTypeHasItsLimit(t *testing.T) {
	t.Parallel()
	const office = "application/vnd.openxmlformats-officedocument."
	c, err := cloudapi.NewClient(testToken, kirim.WithHTTPClient(&http.Client{Transport: accepting}))
	if err != nil {
		t.Fatal(err)
	}
	media := c.PhoneNumber(testNumber).Media()
	for mimeType, limit := range map[string]int64{
		"audio/aac": 16 * mb, "audio/amr": 16 * mb, "audio/mpeg": 16 * mb, "audio/mp4": 16 * mb, "audio/ogg": 16 * mb, "audio/ogg; codecs=opus": 16 * mb,
		"image/jpeg": 5 * mb, "image/png": 5 * mb, "IMAGE/PNG": 5 * mb, "image/webp": 100 * kb,
		"video/mp4": 16 * mb, "video/3gp": 16 * mb, "video/3gpp": 16 * mb,
		"text/plain": 100 * mb, "application/pdf": 100 * mb, "application/msword": 100 * mb, "application/vnd.ms-excel": 100 * mb, "application/vnd.ms-powerpoint": 100 * mb,
		office + "presentationml.presentation": 100 * mb, office + "spreadsheetml.sheet": 100 * mb, office + "wordprocessingml.document": 100 * mb,
	} {
		for _, size := range []int64{1, limit - 1, limit, limit + 1, 10 * limit} {
			_, err := media.Upload(t.Context(), cloudapi.UploadParams{MIMEType: mimeType, Size: size}, oneWay(&endless{n: size}))
			var large *kirim.MediaTooLargeError
			switch tooLarge := errors.As(err, &large); {
			case size <= limit && err != nil:
				t.Errorf("%s of %d bytes: %v", mimeType, size, err)
			case size > limit && (!tooLarge || large.Limit != limit || large.Size != size || !errors.Is(err, kirim.KindPayloadTooLarge)):
				t.Errorf("%s of %d bytes: got %v", mimeType, size, err)
			}
			if _, err := media.Upload(t.Context(), cloudapi.UploadParams{MIMEType: mimeType, Size: size, Unchecked: true}, oneWay(&endless{n: size})); err != nil {
				t.Errorf("%s of %d bytes, unchecked: %v", mimeType, size, err)
			}
		}
	}
	for _, mimeType := range []string{"image/gif", "image/svg+xml", "application/zip", "application/octet-stream", "video/quicktime", "text/html", "image/jpg"} {
		params := cloudapi.UploadParams{MIMEType: mimeType}
		var refused *kirim.ValidationError
		if _, err := media.Upload(t.Context(), params, strings.NewReader("x")); !errors.As(err, &refused) || !strings.Contains(err.Error(), mimeType) {
			t.Errorf("%s: %v", mimeType, err)
		}
		params.Unchecked = true
		if _, err := media.Upload(t.Context(), params, strings.NewReader("x")); err != nil {
			t.Errorf("%s, unchecked: %v", mimeType, err)
		}
	}
}

func TestAStickerMayBeLargerWhenItIsAnimated(t *testing.T) {
	t.Parallel()
	static := "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10"
	for name, tt := range map[string]struct {
		head  string
		size  int64
		limit int64 // of the error; 0 for none
	}{
		"static, at the limit":           {static, 100 * kb, 0},
		"static, above the limit":        {static, 100*kb + 1, 100 * kb},
		"of one frame, above the limit":  {"RIFF\x00\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x02", 100*kb + 1, 100 * kb},
		"not WebP, above the limit":      {strings.Repeat("x", 21), 100*kb + 1, 100 * kb},
		"animated, above that of static": {animated, 100*kb + 1, 0},
		"animated, at the limit":         {animated, 500 * kb, 0},
		"animated, above the limit":      {animated, 500*kb + 1, 500 * kb},
		"shorter than a header":          {"RIFF", 4, 0},
		"empty":                          {"", 0, 0},
	} {
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, size known %v", name, known), func(t *testing.T) {
				t.Parallel()
				g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
					if _, _, _, size, err := readForm(r); err == nil {
						if size != tt.size || tt.limit != 0 {
							t.Errorf("%d bytes arrived", size)
						}
						io.WriteString(w, `{"id":"1"}`)
					}
				})
				file := io.MultiReader(strings.NewReader(tt.head), &endless{n: tt.size - int64(len(tt.head))})
				if known {
					data, _ := io.ReadAll(file)
					file = bytes.NewReader(data)
				}
				_, err := g.media.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "image/webp"}, file)
				var large *kirim.MediaTooLargeError
				if tooLarge := errors.As(err, &large); tooLarge != (tt.limit != 0) || !tooLarge && err != nil || tooLarge && large.Limit != tt.limit {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestAFileThatIsNotWhatWasAnnouncedIsNotStored(t *testing.T) {
	t.Parallel()
	boom := errors.New("the disk is gone")
	pdf := cloudapi.UploadParams{MIMEType: "application/pdf", Size: 50_000}
	image := cloudapi.UploadParams{MIMEType: "image/png"}
	for name, tt := range map[string]struct {
		params cloudapi.UploadParams
		file   io.Reader
		is     error
		as     any
	}{
		"shorter than announced":           {pdf, oneWay(&endless{n: 49_999}), io.ErrUnexpectedEOF, new(*cloudapi.SizeError)},
		"longer than announced":            {pdf, oneWay(&endless{n: 50_001}), nil, new(*cloudapi.SizeError)},
		"longer, and a byte at a time":     {pdf, iotest.OneByteReader(&endless{n: 50_001}), nil, new(*cloudapi.SizeError)},
		"larger than its type may be":      {image, oneWay(&endless{n: 5*mb + 1}), kirim.KindPayloadTooLarge, new(*kirim.MediaTooLargeError)},
		"a reader that fails at once":      {image, oneWay(iotest.ErrReader(boom)), boom, new(*kirim.TransportError)},
		"a reader that fails in between":   {image, io.MultiReader(&endless{n: 70_000}, iotest.ErrReader(boom)), boom, new(*kirim.TransportError)},
		"a reader that fails at its end":   {pdf, io.MultiReader(&endless{n: 50_000}, iotest.ErrReader(boom)), boom, new(*kirim.TransportError)},
		"a sticker that fails at its head": {cloudapi.UploadParams{MIMEType: "image/webp"}, iotest.ErrReader(boom), boom, new(error)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var complete atomic.Int32
			g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
				if _, _, _, _, err := readForm(r); err == nil {
					complete.Add(1)
				}
			})
			_, err := g.media.Upload(t.Context(), tt.params, tt.file)
			g.Close() // after its handlers
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !errors.As(err, tt.as) || kirim.MaybeSent(err) || kirim.IsTemporary(err) {
				t.Errorf("got %v", err)
			}
			if complete.Load() != 0 || len(g.requests()) > 1 {
				t.Errorf("%d complete files after %d requests", complete.Load(), len(g.requests()))
			}
		})
	}
}

// cutAfter closes the connection after n bytes of the body.
func cutAfter(w http.ResponseWriter, r *http.Request, n int64) {
	io.CopyN(io.Discard, r.Body, n)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestAnUploadThatIsCutIsRetriedWhereTheFileCanBeReadAgain(t *testing.T) {
	t.Parallel()
	const size = 3 * mb
	for _, after := range []int64{0, 1, 100, 300, 64 * kb, 1*mb + 1, size, size + 400} {
		for _, seekable := range []bool{true, false} {
			t.Run(fmt.Sprintf("after %d bytes, seekable %v", after, seekable), func(t *testing.T) {
				t.Parallel()
				var complete atomic.Int64
				g := newMetaServer(t, testwire.Once(
					func(w http.ResponseWriter, r *http.Request) { cutAfter(w, r, after) },
					func(w http.ResponseWriter, r *http.Request) {
						if _, _, _, size, err := readForm(r); err == nil {
							complete.Add(size)
							io.WriteString(w, `{"id":"1"}`)
						}
					}))
				data, _ := io.ReadAll(&endless{n: size + 7})
				var file io.Reader = bytes.NewReader(data)
				io.CopyN(io.Discard, file, 7) // an upload begins where the reader stands
				if !seekable {
					file = oneWay(file)
				}
				_, err := g.media.Upload(t.Context(), cloudapi.UploadParams{MIMEType: "image/png"}, file)
				var lost *kirim.TransportError
				switch {
				case seekable && (err != nil || complete.Load() != size || len(g.requests()) != 2):
					t.Errorf("%v, %d bytes arrived after %d requests", err, complete.Load(), len(g.requests()))
				case !seekable && (!errors.As(err, &lost) || len(g.requests()) != 1 || !kirim.IsTemporary(err) || !kirim.MaybeSent(err)):
					t.Errorf("%v after %d requests", err, len(g.requests()))
				}
			})
		}
	}
}

func TestProgressCountsTheBytesOfTheFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		params cloudapi.UploadParams
		file   io.Reader
		size   int64
	}{
		"of a known size":    {cloudapi.UploadParams{MIMEType: "image/png", Size: 200_000}, oneWay(&endless{n: 200_000}), 200_000},
		"of an unknown size": {cloudapi.UploadParams{MIMEType: "image/png"}, oneWay(&endless{n: 200_000}), -1},
	} {
		var steps []int64
		tt.params.Progress = func(sent, size int64) {
			if size != tt.size {
				t.Errorf("%s: a size of %d", name, size)
			}
			steps = append(steps, sent)
		}
		wire := testwire.Answering(200, `{"id":"1"}`)
		_, err := number(t, wire).Media().Upload(t.Context(), tt.params, tt.file)
		if err != nil || len(steps) < 2 || steps[0] <= 0 || !slices.IsSorted(steps) || steps[len(steps)-1] != 200_000 {
			t.Errorf("%s: %v, progress %v", name, err, steps)
		}
	}
}

// A goroutine that was left would fail the bubble.
func TestAnUploadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := errors.New("the user closed the page")
		obedient := testwire.Func(func(req *http.Request) (*http.Response, error) {
			go func() {
				io.Copy(io.Discard, req.Body)
				req.Body.Close()
			}()
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		c, err := cloudapi.NewClient(testToken, kirim.WithHTTPClient(&http.Client{Transport: obedient}))
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		params := cloudapi.UploadParams{MIMEType: "image/png", Progress: func(sent, _ int64) {
			if calls++; sent > 100_000 {
				cancel(stopped)
			}
			time.Sleep(time.Millisecond)
		}}
		_, err = c.PhoneNumber(testNumber).Media().Upload(ctx, params, oneWay(&endless{n: 4 * mb}))
		if !errors.Is(err, context.Canceled) || !errors.Is(err, stopped) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		seen := calls
		time.Sleep(time.Minute)
		if calls > seen+1 {
			t.Errorf("%d reads after the call", calls-seen)
		}
	})
}

// Not parallel, as it measures the heap of the whole process.
func TestTheHeapStaysFlatDuring100MBUp(t *testing.T) {
	const size = 100 * mb
	g := newMetaServer(t, func(w http.ResponseWriter, r *http.Request) {
		if _, _, _, n, err := readForm(r); n != size || err != nil {
			t.Errorf("%d bytes arrived, %v", n, err)
		}
		io.WriteString(w, `{"id":"1"}`)
	})
	before, most, next := heap(), int64(0), int64(0)
	params := cloudapi.UploadParams{MIMEType: "application/pdf", Size: size, Progress: func(sent, _ int64) {
		if sent >= next {
			next += 10 * mb
			most = max(most, heap()-before)
		}
	}}
	if _, err := g.media.Upload(t.Context(), params, oneWay(&endless{n: size})); err != nil {
		t.Fatal(err)
	}
	t.Logf("100 MB up, the live heap grew by at most %s KB", strconv.FormatInt(most/kb, 10))
	if most > 4*mb {
		t.Errorf("the live heap grew by %d bytes", most)
	}
}
