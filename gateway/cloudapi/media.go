package cloudapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/internal/adapter"
)

// MediaService uploads and downloads the files of messages of one number. It is
// safe for concurrent use.
//
// An id that Upload returns lasts 30 days, and one from a webhook 7. A message
// names it in place of a link, as [kirim.Image] does in its ID.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
type MediaService struct {
	client *Client
	number string
}

// Media returns the files of the number.
func (p *PhoneNumber) Media() *MediaService { return &MediaService{p.client, p.id} }

// MediaInfo is what Meta says about a file.
type MediaInfo struct {
	ID       string
	URL      string // where the file is, for five minutes and only with the access token; [MediaService.Open] reads it
	MIMEType string
	SHA256   string // of the file, in hex, or in base64 as webhooks have it; may be empty
	Size     int64  // in bytes; -1 when Meta does not say
}

// Get returns where a file is, and what it is. The id must belong to the number,
// or Meta refuses. Each call makes a new URL.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func (s *MediaService) Get(ctx context.Context, id string, opts ...kirim.RequestOption) (*MediaInfo, error) {
	var found mediaFound
	if err := s.do(ctx, http.MethodGet, id, &found, opts); err != nil {
		return nil, err
	}
	return &MediaInfo{ID: found.ID, URL: found.URL, MIMEType: found.MIMEType, SHA256: found.SHA256, Size: sizeIn(found.Size)}, nil
}

// Delete deletes a file, which must belong to the number. Messages that were sent
// with it keep it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func (s *MediaService) Delete(ctx context.Context, id string, opts ...kirim.RequestOption) error {
	return s.do(ctx, http.MethodDelete, id, &done{}, opts)
}

func (s *MediaService) do(ctx context.Context, method, id string, out adapter.Out, opts []kirim.RequestOption) error {
	if id == "" {
		return refuse("media_id", "the id of a file", "empty")
	}
	return s.client.do(ctx, method, "/"+url.PathEscape(id), url.Values{"phone_number_id": {s.number}}, nil, out, opts)
}

type mediaFound struct {
	ID       string          `json:"id"`
	URL      string          `json:"url"`
	MIMEType string          `json:"mime_type"`
	SHA256   string          `json:"sha256"`
	Size     json.RawMessage `json:"file_size"` // a number, or a text with one
}

// Missing implements [adapter.Out].
func (f *mediaFound) Missing() string {
	if f.URL == "" {
		return "url"
	}
	return ""
}

// sizeIn reads a number that may stand in quotes; -1 for anything else.
func sizeIn(raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// Meta says KB and MB, and not of how many bytes. The larger reading refuses
// nothing that the server might take.
const (
	kilobyte = 1 << 10
	megabyte = 1 << 20

	maxStaticSticker   = 100 * kilobyte
	maxAnimatedSticker = 500 * kilobyte
	maxMedia           = 100 * megabyte
)

// mediaTypes are the types of files that messages can have, with the largest
// size of each, and the extension for a file without a name. Meta calls 3GPP
// video/3gp, which is registered as video/3gpp.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
var mediaTypes = map[string]struct {
	limit     int64
	extension string
}{
	"audio/aac":  {16 * megabyte, ".aac"},
	"audio/amr":  {16 * megabyte, ".amr"},
	"audio/mp4":  {16 * megabyte, ".m4a"},
	"audio/mpeg": {16 * megabyte, ".mp3"},
	"audio/ogg":  {16 * megabyte, ".ogg"},

	"image/jpeg": {5 * megabyte, ".jpg"},
	"image/png":  {5 * megabyte, ".png"},
	"image/webp": {maxAnimatedSticker, ".webp"},

	"video/3gp":  {16 * megabyte, ".3gp"},
	"video/3gpp": {16 * megabyte, ".3gp"},
	"video/mp4":  {16 * megabyte, ".mp4"},

	"application/msword":            {maxMedia, ".doc"},
	"application/pdf":               {maxMedia, ".pdf"},
	"application/vnd.ms-excel":      {maxMedia, ".xls"},
	"application/vnd.ms-powerpoint": {maxMedia, ".ppt"},
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": {maxMedia, ".pptx"},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         {maxMedia, ".xlsx"},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   {maxMedia, ".docx"},
	"text/plain": {maxMedia, ".txt"},
}

// baseType is a MIME type without its parameters.
func baseType(mimeType string) (string, error) {
	base, _, err := mime.ParseMediaType(mimeType)
	if err != nil || !strings.Contains(base, "/") {
		return "", refuse("MIMEType", "a MIME type, such as image/jpeg", fmt.Sprintf("%d bytes that are none", len(mimeType)))
	}
	return base, nil
}

// webpHeader is how much of a sticker tells whether it is animated.
const webpHeader = 21

// isAnimated reports whether a WebP file says so in its extended header.
//
// Docs: https://developers.google.com/speed/webp/docs/riff_container
func isAnimated(head []byte) bool {
	const animation = 0x02
	return len(head) >= webpHeader && bytes.HasPrefix(head, []byte("RIFF")) && string(head[8:16]) == "WEBPVP8X" && head[20]&animation != 0
}
