package cloudapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// UploadsService uploads samples for the headers of templates, and pictures for
// business profiles. They belong to an app. It is safe for concurrent use.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/upload
type UploadsService struct {
	client *Client
	app    string
}

// Uploads returns the uploads of an app, by its id.
func (c *Client) Uploads(appID string) *UploadsService { return &UploadsService{c, appID} }

// SampleParams describe a sample.
type SampleParams struct {
	// MIMEType is application/pdf, image/jpeg, image/jpg, image/png or video/mp4.
	// Required.
	MIMEType string
	Filename string // may be empty
	// Progress is as in [UploadParams].
	Progress func(sent, size int64)
	// Unchecked leaves it to Meta to refuse a type.
	Unchecked bool
}

// sampleTypes are the types that Meta's guide lists.
var sampleTypes = []string{"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"}

// UploadSession is an upload that was begun.
type UploadSession struct {
	ID     string // begins with "upload:"
	Offset int64  // how many bytes Meta has
}

// UploadInterruptedError says that an upload broke off. [UploadsService.Resume]
// goes on with it, also in another process. It unwraps to why.
type UploadInterruptedError struct {
	SessionID string
	Err       error
}

// Error returns one line.
func (e *UploadInterruptedError) Error() string {
	return fmt.Sprintf("kirim: upload interrupted: %v", e.Err)
}

// Unwrap returns why.
func (e *UploadInterruptedError) Unwrap() error { return e.Err }

// Upload uploads a sample, from where the file stands, and returns its handle:
// what header_handle of a template's example takes, and profile_picture_handle.
// After a cut it asks how much has arrived and sends the rest, as long as that
// makes progress. An upload that fails all the same is an
// [*UploadInterruptedError].
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/upload
func (s *UploadsService) Upload(ctx context.Context, params SampleParams, file io.ReadSeeker, opts ...kirim.RequestOption) (handle string, err error) {
	sample, err := newSample(params, file)
	if err != nil {
		return "", err
	}
	session, err := s.Create(ctx, params, sample.size, opts...)
	if err != nil {
		return "", err
	}
	return s.send(ctx, session, sample, opts)
}

// Resume sends what is missing of an upload that was begun, and returns the handle.
// The file stands where it stood when the session was created.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/upload
func (s *UploadsService) Resume(ctx context.Context, sessionID string, params SampleParams, file io.ReadSeeker, opts ...kirim.RequestOption) (handle string, err error) {
	sample, err := newSample(params, file)
	if err != nil {
		return "", err
	}
	session, err := s.Get(ctx, sessionID, opts...)
	if err != nil {
		return "", err
	}
	return s.send(ctx, session, sample, opts)
}

// Create begins an upload of size bytes.
//
// Docs: https://developers.facebook.com/docs/graph-api/reference/application/uploads/
func (s *UploadsService) Create(ctx context.Context, params SampleParams, size int64, opts ...kirim.RequestOption) (*UploadSession, error) {
	switch {
	case s.app == "":
		return nil, refuse("app_id", "the id of an app", "empty")
	case size <= 0:
		return nil, refuse("size", "1 byte or more", strconv.FormatInt(size, 10))
	}
	if err := params.check(); err != nil {
		return nil, err
	}
	query := url.Values{"file_length": {strconv.FormatInt(size, 10)}, "file_type": {params.MIMEType}}
	if params.Filename != "" {
		query.Set("file_name", params.Filename)
	}
	var begun sessionFound
	opts = append([]kirim.RequestOption{kirim.WithIdempotent()}, opts...)
	if err := s.client.do(ctx, http.MethodPost, "/"+url.PathEscape(s.app)+"/uploads", query, nil, &begun, opts); err != nil {
		return nil, err
	}
	return &UploadSession{ID: begun.ID}, nil
}

// Get returns how much of an upload Meta has.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/upload
func (s *UploadsService) Get(ctx context.Context, sessionID string, opts ...kirim.RequestOption) (*UploadSession, error) {
	path, query, err := sessionPath(sessionID)
	if err != nil {
		return nil, err
	}
	found := sessionFound{inFull: true}
	if err := s.client.do(ctx, http.MethodGet, path, query, nil, &found, append(slices.Clip(opts), oauth)); err != nil {
		return nil, err
	}
	return &UploadSession{ID: sessionID, Offset: sizeIn(found.Offset)}, nil
}

// oauth is the scheme that sessions ask for.
var oauth = kirim.WithAuthorizationScheme("OAuth")

type sessionFound struct {
	ID     string          `json:"id"`
	Offset json.RawMessage `json:"file_offset"`
	inFull bool
}

// Missing implements [adapter.Out].
func (f *sessionFound) Missing() string {
	switch {
	case f.inFull && sizeIn(f.Offset) < 0:
		return "file_offset"
	case !f.inFull && f.ID == "":
		return "id"
	}
	return ""
}

// sessionPath is the path of a session. Its id has a query of its own.
func sessionPath(id string) (path string, query url.Values, err error) {
	name, signature, _ := strings.Cut(id, "?")
	query, err = url.ParseQuery(signature)
	if err != nil || !strings.HasPrefix(name, "upload:") {
		return "", nil, refuse("upload_session_id", `an id that begins with "upload:"`, fmt.Sprintf("another of %d bytes", len(id)))
	}
	for segment := range strings.SplitSeq(name, "/") {
		path += "/" + url.PathEscape(segment)
	}
	return path, query, nil
}

// sample is a file on its way.
type sample struct {
	params SampleParams
	file   io.ReadSeeker
	start  int64
	size   int64
}

func (p SampleParams) check() error {
	base, err := baseType(p.MIMEType)
	if err == nil && !p.Unchecked && !slices.Contains(sampleTypes, base) {
		err = refuse("SampleParams.MIMEType", "one of "+strings.Join(sampleTypes, ", "), fmt.Sprintf("%.60q", base))
	}
	return err
}

func newSample(params SampleParams, file io.ReadSeeker) (*sample, error) {
	if file == nil {
		return nil, refuse("file", "a file", "nil")
	}
	if err := params.check(); err != nil {
		return nil, err
	}
	start, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, fmt.Errorf("kirim: seeking in the file: %w", err)
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("kirim: seeking in the file: %w", err)
	}
	if end <= start {
		return nil, refuse("file", "1 byte or more", "none")
	}
	return &sample{params, file, start, end - start}, nil
}

// maxStandstill is how many attempts in a row may bring nothing.
const maxStandstill = 3

// send sends the file from the offset of the session on, and goes on after cuts.
func (s *UploadsService) send(ctx context.Context, session *UploadSession, sample *sample, opts []kirim.RequestOption) (string, error) {
	for standstill := 0; ; {
		if session.Offset > sample.size {
			return "", refuse("file", fmt.Sprintf("the file of the session, of which Meta has %d bytes", session.Offset), fmt.Sprintf("one of %d bytes", sample.size))
		}
		handle, err := s.sendFrom(ctx, session, sample, opts)
		if err == nil {
			return handle, nil
		}
		interrupted := &UploadInterruptedError{session.ID, err}
		if ctx.Err() != nil || kirim.IsRateLimited(err) || !kirim.IsTemporary(err) {
			return "", interrupted
		}
		now, err := s.Get(ctx, session.ID, opts...)
		if err != nil {
			return "", &UploadInterruptedError{session.ID, err}
		}
		if standstill++; now.Offset > session.Offset {
			standstill = 0
		}
		if standstill == maxStandstill {
			return "", interrupted
		}
		session = now
	}
}

// sendFrom sends the file from the offset on, once.
func (s *UploadsService) sendFrom(ctx context.Context, session *UploadSession, sample *sample, opts []kirim.RequestOption) (string, error) {
	path, query, err := sessionPath(session.ID)
	if err != nil {
		return "", err
	}
	if _, err := sample.file.Seek(sample.start+session.Offset, io.SeekStart); err != nil {
		return "", fmt.Errorf("kirim: seeking in the file: %w", err)
	}
	var body any = []byte{} // all has arrived; only the handle is missing
	if rest := sample.size - session.Offset; rest > 0 {
		m := &meter{source: sample.file, size: rest, offset: session.Offset, progress: sample.params.Progress}
		body = kirim.StreamedBody{Reader: m, Size: rest, ContentType: sample.params.MIMEType}
	}
	var stored handleFound
	opts = append(slices.Clip(opts), oauth, kirim.WithoutRetry(), kirim.WithHeader("file_offset", strconv.FormatInt(session.Offset, 10)))
	if err := s.client.do(ctx, http.MethodPost, path, query, body, &stored, opts); err != nil {
		return "", err
	}
	return stored.Handle, nil
}

type handleFound struct {
	Handle string `json:"h"`
}

// Missing implements [adapter.Out].
func (f *handleFound) Missing() string {
	if f.Handle == "" {
		return "h"
	}
	return ""
}
