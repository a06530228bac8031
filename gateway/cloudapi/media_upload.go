package cloudapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
)

// UploadParams describe a file.
type UploadParams struct {
	// MIMEType is what the file is, such as "image/jpeg", with parameters where it
	// has some: "audio/ogg; codecs=opus". It must be true: Meta compares it with the
	// file. Required.
	MIMEType string
	// Filename is the name that is sent with the file. The default is "file" with
	// the extension of its type. What a customer sees is [kirim.Document.Filename].
	Filename string
	// Size is the number of bytes, where Upload cannot find it out: from a reader
	// with Len, as bytes.Reader and strings.Reader have it, or one that can seek,
	// such as a file. 0 when it is not known.
	Size int64
	// TTL is how long Meta keeps the file for a number without storage: 1 hour to
	// 30 days, in whole minutes. 0 leaves it to Meta.
	//
	// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/no-storage
	TTL time.Duration
	// Progress is called with the bytes read so far and the size, -1 when it is not
	// known: after each read, from another goroutine, one call at a time. It begins
	// from 0 again when the upload is retried. It must return soon.
	Progress func(sent, size int64)
	// Unchecked leaves it to Meta to refuse a type or a size, for what Meta has
	// allowed since this version. What is not read to its end is still an error.
	Unchecked bool
}

// UploadedMedia is a file that Meta has stored.
type UploadedMedia struct {
	ID string `json:"id"` // for 30 days
}

// Missing implements [adapter.Out].
func (m *UploadedMedia) Missing() string {
	if m.ID == "" {
		return "id"
	}
	return ""
}

// SizeError says that a file turned out shorter or longer than it was said to be.
// What was sent of it is not stored.
type SizeError struct {
	Size int64 // as it was said, in bytes
	Read int64 // before the difference showed
}

// Error returns one line.
func (e *SizeError) Error() string {
	if e.Read < e.Size {
		return fmt.Sprintf("kirim: the file ended after %d of %d bytes", e.Read, e.Size)
	}
	return fmt.Sprintf("kirim: the file is longer than %d bytes", e.Size)
}

// Is makes the error of a file that was too short match [io.ErrUnexpectedEOF].
func (e *SizeError) Is(target error) bool { return target == io.ErrUnexpectedEOF && e.Read < e.Size }

// Upload stores a file for messages. It is streamed and never held in memory, and
// read from where the reader stands; it is not closed.
//
// The type and the size are checked first: audio and video up to 16 MB (AAC, AMR,
// MP3, MP4, Ogg; MP4, 3GPP), JPEG and PNG up to 5 MB, WebP stickers up to 100 KB,
// or 500 KB when animated, documents (PDF, text, Word, Excel, PowerPoint) up to
// 100 MB. Any other type is a [*kirim.ValidationError], and a larger file a
// [*kirim.MediaTooLargeError]: before anything is sent when the size is known, else
// as soon as the reader goes beyond. A MB is taken as 1,048,576 bytes, as Meta does
// not say. Then, and when the reader fails, ends early or goes on ([*SizeError]),
// the request is broken off before its end, and nothing is stored.
//
// An upload sends nothing to a customer, and storing a file twice costs nothing:
// it is retried as a PUT is (see [kirim.RetryPolicy]), if the reader is an
// [io.Seeker] or nothing of it was read. [kirim.MaybeSent] says whether the file
// may have been stored. The time of an attempt is counted from its last progress,
// as [kirim.StreamedBody] says.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func (s *MediaService) Upload(ctx context.Context, params UploadParams, file io.Reader, opts ...kirim.RequestOption) (*UploadedMedia, error) {
	upload, err := newUpload(params, file)
	if err != nil {
		return nil, err
	}
	body, err := upload.body()
	if err != nil {
		return nil, err
	}
	var stored UploadedMedia
	opts = append([]kirim.RequestOption{kirim.WithIdempotent()}, opts...)
	path := (&PhoneNumber{id: s.number}).path("media")
	if err := s.client.do(ctx, http.MethodPost, path, nil, body, &stored, opts); err != nil {
		return nil, err
	}
	return &stored, nil
}

// upload is a file on its way.
type upload struct {
	params UploadParams
	file   io.Reader
	head   []byte    // what was read of the file already
	seeker io.Seeker // nil when the file cannot be read again
	start  int64     // where the seeker stood
	size   int64     // -1 when it is not known
	limit  int64     // 0 for none
}

func newUpload(params UploadParams, file io.Reader) (*upload, error) {
	base, err := baseType(params.MIMEType)
	if err != nil {
		return nil, err
	}
	known, ok := mediaTypes[base]
	switch {
	case file == nil:
		return nil, refuse("file", "a reader", "nil")
	case params.Size < 0:
		return nil, refuse("UploadParams.Size", "0 or more", strconv.FormatInt(params.Size, 10))
	case params.TTL != 0 && (params.TTL < time.Hour || params.TTL > 30*24*time.Hour || params.TTL%time.Minute != 0):
		return nil, refuse("UploadParams.TTL", "whole minutes from 1h to 720h", params.TTL.String())
	case !ok && !params.Unchecked:
		return nil, refuse("UploadParams.MIMEType", "a type that WhatsApp takes, such as image/jpeg or application/pdf", fmt.Sprintf("%.60q", base))
	}
	params.Filename = cmp.Or(params.Filename, "file"+known.extension)
	u := &upload{params: params, file: file, size: -1}
	u.measure()
	if params.Unchecked {
		return u, nil
	}
	u.limit = known.limit
	if base == "image/webp" {
		if err := u.peek(); err != nil {
			return nil, err
		}
		if !isAnimated(u.head) {
			u.limit = maxStaticSticker
		}
	}
	if u.size > u.limit {
		return nil, &kirim.MediaTooLargeError{Limit: u.limit, Size: u.size}
	}
	return u, nil
}

// measure finds the size of the file, and whether it can be read again.
func (u *upload) measure() {
	if seeker, ok := u.file.(io.Seeker); ok {
		start, err := seeker.Seek(0, io.SeekCurrent)
		if err == nil { // a pipe is a file, too
			end, err := seeker.Seek(0, io.SeekEnd)
			if _, back := seeker.Seek(start, io.SeekStart); err == nil && back == nil {
				u.seeker, u.start, u.size = seeker, start, max(0, end-start)
			}
		}
	}
	switch sized, ok := u.file.(interface{ Len() int }); {
	case u.params.Size > 0:
		u.size = u.params.Size
	case u.size < 0 && ok:
		u.size = int64(sized.Len())
	}
}

// peek reads the beginning of the file.
func (u *upload) peek() error {
	u.head = make([]byte, webpHeader)
	n, err := io.ReadFull(u.file, u.head)
	u.head = u.head[:n]
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("kirim: reading the file: %w", err)
	}
	return nil
}

// body is the form that Meta wants, around the file.
func (u *upload) body() (kirim.StreamedBody, error) {
	var head bytes.Buffer
	form := multipart.NewWriter(&head)
	fields := [][2]string{{"messaging_product", "whatsapp"}, {"type", u.params.MIMEType}}
	if u.params.TTL > 0 {
		fields = append(fields, [2]string{"ttl_minutes", strconv.FormatInt(int64(u.params.TTL/time.Minute), 10)})
	}
	for _, f := range fields {
		if err := form.WriteField(f[0], f[1]); err != nil {
			return kirim.StreamedBody{}, err
		}
	}
	if _, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", u.params.Filename)},
		"Content-Type":        {u.params.MIMEType},
	}); err != nil {
		return kirim.StreamedBody{}, err
	}
	tail := "\r\n--" + form.Boundary() + "--\r\n"
	around := func(file io.Reader) io.Reader {
		m := &meter{source: file, limit: u.limit, size: u.size, progress: u.params.Progress}
		return io.MultiReader(bytes.NewReader(head.Bytes()), m, strings.NewReader(tail))
	}
	body := kirim.StreamedBody{
		Reader:      around(io.MultiReader(bytes.NewReader(u.head), u.file)),
		ContentType: form.FormDataContentType(),
	}
	if u.size >= 0 {
		body.Size = int64(head.Len()) + u.size + int64(len(tail))
	}
	if u.seeker != nil {
		body.Rewind = func() (io.Reader, error) {
			if _, err := u.seeker.Seek(u.start, io.SeekStart); err != nil {
				return nil, err
			}
			return around(u.file), nil
		}
	}
	return body, nil
}

// meter counts what is read of a file, and ends the reading of one that is too
// large or has another size than it should have.
type meter struct {
	source   io.Reader
	limit    int64 // 0 for none
	size     int64 // of what is to be read; -1 when it is not known
	offset   int64 // of what was read before, for the progress
	progress func(sent, size int64)
	read     int64
	err      error
}

// Read implements [io.Reader].
func (m *meter) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.source.Read(p)
	m.read += int64(n)
	switch ended := errors.Is(err, io.EOF); {
	case m.limit > 0 && m.read > m.limit:
		n, err = 0, &kirim.MediaTooLargeError{Limit: m.limit, Size: -1}
	case m.size >= 0 && (m.read > m.size || ended && m.read < m.size):
		n, err = 0, &SizeError{Size: m.size, Read: m.read}
	case n > 0 && m.progress != nil:
		total := m.size
		if total >= 0 {
			total += m.offset
		}
		m.progress(m.offset+m.read, total)
	}
	m.err = err
	return n, err
}
