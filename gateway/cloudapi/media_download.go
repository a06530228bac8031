package cloudapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"

	"github.com/kirim-go/kirim"
)

// DownloadParams limit a download.
type DownloadParams struct {
	// MaxBytes is the largest file that is read. Default 100 MiB, the largest that
	// WhatsApp carries.
	MaxBytes int64
	// From is what an earlier [MediaService.Get] returned. Its URL is tried first, and
	// when it has expired a new one is fetched.
	From *MediaInfo
	// TokenHosts are the hosts that get the access token, with the port where the
	// URL has one. The default is lookaside.fbsbx.com, which Meta's URLs lead to,
	// and the host of the base URL. A file on any other host is asked for without
	// the token.
	TokenHosts []string
}

// lookaside is the host of the files. Meta's pages have it in their examples, and
// list no others.
const lookaside = "lookaside.fbsbx.com"

// MediaReader is a file that is being downloaded. Read it to the end, and close
// it. Nothing of it is held in memory.
type MediaReader struct {
	Info MediaInfo

	media *kirim.Media
	sum   hash.Hash
	want  []byte // nil when Meta does not say
	read  int64
	err   error
}

// MediaMismatchError says that a file is not the one that Meta described: it was cut
// or changed on its way. Do not use what was read of it.
type MediaMismatchError struct {
	Size, Read int64  // in bytes; Size is -1 when Meta does not say
	Want, Got  string // the SHA-256 of both in hex; Want is empty when Meta does not say
}

// Error returns one line.
func (e *MediaMismatchError) Error() string {
	what := "the size"
	if e.Want != "" {
		what = "the SHA-256"
	}
	return fmt.Sprintf("kirim: the file is not the one that Meta described: %s differs, after %d bytes of %d", what, e.Read, e.Size)
}

// Open begins a download and returns the file for reading. It asks for the URL, and
// once more when that has expired, which is a 404.
//
// At the end of the file its SHA-256 is compared with Meta's, or its size where Meta
// does not say a SHA-256, and Read returns a [*MediaMismatchError] in place of
// [io.EOF] when they differ. A file that breaks off is an error, too, a
// [*kirim.TransportError] that matches [io.ErrUnexpectedEOF], and a larger one than
// params allow a [*kirim.MediaTooLargeError]. The context governs the reading.
//
// The URL must be https, or the base URL is not. The token goes to the hosts of
// params only, and not along with a redirect to another host. The file itself is
// asked for once; the request options are for the API.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func (s *MediaService) Open(ctx context.Context, id string, params DownloadParams, opts ...kirim.RequestOption) (*MediaReader, error) {
	if params.MaxBytes < 0 {
		return nil, refuse("DownloadParams.MaxBytes", "0 or more", fmt.Sprint(params.MaxBytes))
	}
	limit := cmp.Or(params.MaxBytes, maxMedia)
	link := kirim.LinkParams{MaxBytes: limit, KeyHosts: params.TokenHosts}
	if link.KeyHosts == nil {
		link.KeyHosts = []string{lookaside}
		if base, err := url.Parse(s.client.api.BaseURL()); err == nil {
			link.KeyHosts = append(link.KeyHosts, base.Host)
		}
	}
	info, renewed := params.From, false
	for {
		if info == nil {
			var err error
			if info, err = s.Get(ctx, id, opts...); err != nil {
				return nil, err
			}
		}
		if info.Size > limit {
			return nil, &kirim.MediaTooLargeError{Limit: limit, Size: info.Size}
		}
		media, err := s.client.api.MediaAt(ctx, info.URL, link)
		var refused *kirim.Error
		switch {
		case err == nil:
			return &MediaReader{Info: *info, media: media, sum: sha256.New(), want: digest(info.SHA256)}, nil
		case !renewed && errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound:
			info, renewed = nil, true
		default:
			return nil, err
		}
	}
}

// Download is [MediaService.Open] to the end, into w. On an error w has a part of
// the file, or a file that is not the right one.
func (s *MediaService) Download(ctx context.Context, id string, w io.Writer, params DownloadParams, opts ...kirim.RequestOption) (*MediaInfo, error) {
	file, err := s.Open(ctx, id, params, opts...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if _, err := io.Copy(w, file); err != nil {
		return nil, err
	}
	return &file.Info, nil
}

// digest reads a SHA-256 in hex, or in base64; nil for anything else.
func digest(text string) []byte {
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
		if sum, err := decode(text); err == nil && len(sum) == sha256.Size {
			return sum
		}
	}
	return nil
}

// Read implements [io.Reader].
func (r *MediaReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.media.Read(p)
	r.sum.Write(p[:n])
	r.read += int64(n)
	if errors.Is(err, io.EOF) {
		err = r.verify()
	}
	r.err = err
	return n, err
}

// verify is what a complete file ends with.
func (r *MediaReader) verify() error {
	got := r.sum.Sum(nil)
	if r.want != nil && !bytes.Equal(got, r.want) || r.want == nil && r.Info.Size >= 0 && r.Info.Size != r.read {
		return &MediaMismatchError{Size: r.Info.Size, Read: r.read, Want: hex.EncodeToString(r.want), Got: hex.EncodeToString(got)}
	}
	return io.EOF
}

// Close ends the download, whether or not it is complete. It may be called more
// than once.
func (r *MediaReader) Close() error { return r.media.Close() }
