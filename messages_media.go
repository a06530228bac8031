package kirim

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MediaParams limits a download.
type MediaParams struct {
	// MaxBytes is the largest file that is read. Default 100 MiB, a little
	// more than the largest that WhatsApp carries.
	MaxBytes int64
}

const (
	defaultMaxMedia   = 100 << 20
	maxMediaRedirects = 5
	maxFilename       = 120 // bytes; leaves room for what a program adds to a name
)

// Media is the file of a message, being downloaded. Read it to the end, and
// close it. Nothing of it is held in memory. Neither its type nor its content
// has been checked: it comes from whoever sent the message.
type Media struct {
	ContentType string // as the host of the file says, verbatim; may be empty
	Size        int64  // in bytes; -1 when the host does not say
	// Filename is the name that the host gives, or the end of its URL, made
	// safe to be used in a directory of yours: without separators, control
	// characters, leading dots and names that Windows reserves, and of at
	// most 120 bytes. It is never empty and may not be unique.
	Filename string

	body  io.ReadCloser
	limit int64
	read  int64
	err   error             // ends the reading
	lost  func(error) error // says what ended it
	stop  context.CancelCauseFunc
}

// MediaTooLargeError says that a file is larger than [MediaParams] allow.
type MediaTooLargeError struct {
	Limit int64 // in bytes
	Size  int64 // in bytes; -1 when the host of the file did not say
}

// Error returns one line.
func (e *MediaTooLargeError) Error() string {
	if e == nil {
		return noError
	}
	text := "kirim: media is larger than " + strconv.FormatInt(e.Limit, 10) + " bytes"
	if e.Size >= 0 {
		text += ": " + strconv.FormatInt(e.Size, 10)
	}
	return text
}

// Is makes the error match [KindPayloadTooLarge].
func (e *MediaTooLargeError) Is(target error) bool { return e != nil && target == KindPayloadTooLarge }

// Media downloads the file of a message. The API responds with a link to
// another host, which is followed without the API key, and not from https to
// http. The host's refusal is an [*Error] like the API's, with kind
// [KindUpstream] where the host did not accept the link: it may be too old,
// and calling Media again makes a new one. [IsNotFound] is also the response
// while Kirim itself is still fetching the file.
//
// A file that is larger than params allow is a [*MediaTooLargeError], here
// when the host says so, else from Read, at the limit. A file that breaks off
// is an error from Read, never a short file. The context governs the reading
// too. The request options are for the API; the file itself is asked for once,
// and [RetryPolicy.AttemptTimeout] limits the wait for its beginning.
//
// Docs: https://kirim-dev.pages.dev/api/operations/messagesidmedia/
func (s *MessagesService) Media(ctx context.Context, id string, params MediaParams, opts ...RequestOption) (*Media, error) {
	limit := params.MaxBytes
	if limit < 0 {
		return nil, refuse("MediaParams.MaxBytes", "0 or more", strconv.FormatInt(limit, 10))
	}
	if limit == 0 {
		limit = defaultMaxMedia
	}
	path := s.path(id, "media")
	target, err := s.client.mediaLink(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return s.client.openMedia(ctx, path, target, limit, nil)
}

// LinkParams say how the file behind a link is read.
type LinkParams struct {
	// MaxBytes is the largest file that is read. Default 100 MiB.
	MaxBytes int64
	// KeyHosts are the hosts that get the API key and the User-Agent, such as
	// "files.example.com", with the port where the URL has one. A name stands for
	// itself only, not for what is below it. The default is none.
	KeyHosts []string
}

// mediaAt opens a link, as [Client.MediaAt] describes it.
func (c *core) mediaAt(ctx context.Context, link string, params LinkParams) (*Media, error) {
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	if params.MaxBytes < 0 {
		return nil, refuse("LinkParams.MaxBytes", "0 or more", strconv.FormatInt(params.MaxBytes, 10))
	}
	target, err := c.mediaTarget(c.base, http.Header{"Location": {link}})
	if err == nil && !strings.HasPrefix(link, "http") {
		err = errors.New("the link to the file is not absolute")
	}
	if err != nil {
		return nil, refuse("link", "the https URL of a file", err.Error())
	}
	first := target.Host
	mayHaveKey := func(u *url.URL) bool {
		safe := u.Scheme == "https" || isLoopback(u.Hostname()) || sameOrigin(u, c.base)
		return safe && u.Host == first && slices.ContainsFunc(params.KeyHosts, func(host string) bool { return strings.EqualFold(host, u.Host) })
	}
	return c.openMedia(ctx, target.Path, target, cmp.Or(params.MaxBytes, defaultMaxMedia), mayHaveKey)
}

// mediaLink asks the API for the link. Unlike Do it follows no redirect, not
// even to the same origin, as that would read the file into memory.
func (c *core) mediaLink(ctx context.Context, path string, opts []RequestOption) (*url.URL, error) {
	if err := c.check(ctx); err != nil {
		return nil, err
	}
	settings, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	said := settings.response
	if said == nil {
		said = &Response{}
	}
	direct := *c
	direct.followed = true
	direct.http = &http.Client{
		Transport:     c.http.Transport,
		Jar:           c.http.Jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	err = direct.do(ctx, http.MethodGet, path, nil, nil, nil, append(slices.Clip(opts), WithResponse(said)))
	var answer *Error
	if err == nil {
		answer = &Error{StatusCode: said.StatusCode, Header: said.Header, Method: http.MethodGet, Path: path, Attempts: said.Attempts}
		answer.complete()
	} else if !errors.As(err, &answer) || answer.StatusCode/100 != 3 {
		return nil, err
	}
	from, err := resolve(c.base, path)
	if err != nil {
		return nil, err
	}
	target, err := c.mediaTarget(&from, answer.Header)
	if err != nil {
		return nil, answer.leadingNowhere(err)
	}
	return target, nil
}

// mediaTarget is where a redirect leads. The text of its error does not quote
// the link, which opens the file to whoever has it.
func (c *core) mediaTarget(from *url.URL, header http.Header) (*url.URL, error) {
	location := header.Get("Location")
	if location == "" {
		return nil, errors.New("no link to the file")
	}
	target, err := from.Parse(location)
	switch {
	case err != nil || target.Hostname() == "":
		return nil, errors.New("the link to the file is no URL")
	case target.Scheme == "https":
	case target.Scheme == "http" && from.Scheme == "http" && c.base.Scheme == "http":
	default:
		return nil, errors.New("the link to the file is not https")
	}
	target.User = nil
	return target, nil
}

func (e *Error) leadingNowhere(why error) *Error {
	e.Kind, e.detail, e.cause = KindInvalidResponse, why.Error(), why
	return e
}

// openMedia asks the host for the file. mayHaveKey says which URLs get the API
// key; nil for none.
func (c *core) openMedia(ctx context.Context, path string, target *url.URL, limit int64, mayHaveKey func(*url.URL) bool) (*Media, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	lost := func(err error) error { return mediaFailure(ctx, path, err, c.apiKey) }
	slow := time.AfterFunc(c.policy.AttemptTimeout, func() {
		cancel(&attemptTimeoutError{timeout: c.policy.AttemptTimeout})
	})
	resp, from, err := c.getMedia(ctx, path, target, mayHaveKey, lost) //nolint:bodyclose // by Media.Close
	if err != nil {
		slow.Stop()
		cancel(nil)
		return nil, err
	}
	header := redacted(resp.Header, c.apiKey)
	m := &Media{
		ContentType: header.Get("Content-Type"),
		Size:        resp.ContentLength,
		Filename:    filenameOf(header.Get("Content-Disposition"), from),
		body:        resp.Body, limit: limit, lost: lost, stop: cancel,
	}
	switch {
	case !slow.Stop():
		_ = m.Close()
		return nil, lost(context.Cause(ctx))
	case m.Size > limit:
		_ = m.Close()
		return nil, &MediaTooLargeError{limit, m.Size}
	}
	return m, nil
}

// getMedia follows the redirects of the host. It does so itself, as net/http
// would tell each host the link of the one before it.
func (c *core) getMedia(ctx context.Context, path string, target *url.URL, mayHaveKey func(*url.URL) bool, lost func(error) error) (*http.Response, *url.URL, error) {
	host := c.http.Transport.(*sharedTransport).observed
	for hops := 0; ; hops++ {
		request := &http.Request{
			Method: http.MethodGet, URL: target, Host: target.Host,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Accept-Encoding": {"identity"}}, // the file as it is, with its length
		}
		withKey := mayHaveKey != nil && mayHaveKey(target)
		if withKey {
			request.Header["Authorization"], request.Header["User-Agent"] = c.header["Authorization"], c.header["User-Agent"]
		}
		resp, err := host.RoundTrip(request.WithContext(ctx))
		if err != nil {
			return nil, nil, lost(err)
		}
		if resp.StatusCode/100 == 2 {
			return resp, target, nil
		}
		body, _, brokeOff := readRedacted(resp, maxErrorBody, c.apiKey)
		var decode ErrorDecoder
		if withKey {
			decode = c.decode
		}
		answer := decode.Decode(resp.StatusCode, redacted(resp.Header, c.apiKey), body)
		answer.redact(c.apiKey)
		answer.Method, answer.Path, answer.Attempts = http.MethodGet, path, 1
		answer.detail = "from the host of the file"
		switch {
		case resp.StatusCode/100 == 3 && hops == maxMediaRedirects:
			return nil, nil, answer.leadingNowhere(errors.New("the host of the file redirects too often"))
		case resp.StatusCode/100 == 3:
			if target, err = c.mediaTarget(target, resp.Header); err != nil {
				return nil, nil, answer.leadingNowhere(err)
			}
			continue
		case !withKey && (IsAuthentication(answer) || IsPermission(answer)):
			answer.Kind = KindUpstream // it is not our key that was refused
		}
		var slow *attemptTimeoutError
		if brokeOff != nil && !errors.As(context.Cause(ctx), &slow) {
			answer.cause = contextError(ctx)
		}
		return nil, nil, answer
	}
}

// mediaFailure is the error for a file that did not come, or not in full.
func mediaFailure(ctx context.Context, path string, err error, key string) error {
	var slow *attemptTimeoutError
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, os.ErrClosed) || errors.As(cause, &slow):
		err = cause
	case cause != nil:
		err = contextError(ctx)
	}
	row, _ := failureOf(err, false, true)
	return &TransportError{Method: http.MethodGet, Path: path, Attempts: 1, Err: withoutServerText(err, key), permanent: row == misconfigured}
}

// Read implements [io.Reader].
func (m *Media) Read(p []byte) (int, error) {
	if m.err != nil || len(p) == 0 {
		return 0, m.err
	}
	room := m.limit - m.read
	if int64(len(p))-1 > room {
		p = p[:room+1] // the extra byte shows whether the file ends at the limit
	}
	n, err := m.body.Read(p)
	switch {
	case int64(n) > room:
		n, err = int(room), &MediaTooLargeError{m.limit, m.Size}
	case errors.Is(err, io.EOF) && m.read+int64(n) < m.Size:
		err = m.lost(io.ErrUnexpectedEOF)
	case err != nil && !errors.Is(err, io.EOF):
		err = m.lost(err)
	}
	m.read += int64(n)
	m.err = err
	return n, err
}

// Close ends the download, whether or not it is complete. It may be called at
// any time and more than once.
func (m *Media) Close() error {
	m.stop(os.ErrClosed)
	return m.body.Close()
}

// filenameOf is the name in a Content-Disposition header, or the end of the
// URL, made safe.
func filenameOf(disposition string, from *url.URL) string {
	if _, params, err := mime.ParseMediaType(disposition); err == nil && params["filename"] != "" {
		return safeFilename(params["filename"])
	}
	return safeFilename(from.Path)
}

// reservedNames cannot be names of files on Windows, with any extension.
var reservedNames = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ ]*(\.|$)`)

// safeFilename makes a name from elsewhere safe on every system.
func safeFilename(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case !unicode.IsGraphic(r) || r == utf8.RuneError: // also what turns the direction of writing
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = strings.Trim(strings.TrimLeft(name, " .-"), " .")
	if reservedNames.MatchString(name) {
		name = "_" + name
	}
	if len(name) > maxFilename {
		extension := name[max(0, strings.LastIndexByte(name, '.')):]
		if len(extension) > 16 || !strings.HasPrefix(extension, ".") {
			extension = ""
		}
		name = strings.TrimRight(strings.ToValidUTF8(name[:maxFilename-len(extension)], ""), " .") + extension
	}
	if name == "" {
		return "media"
	}
	return name
}

func (e *MediaTooLargeError) disposition() (Action, time.Duration) { return ActionDoNotRetry, 0 }
