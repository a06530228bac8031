package kirim

import (
	"bytes"
	"errors"
	"net/http"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
)

// What comes from the server passes one of the functions below on its way in,
// as a server, or a proxy that shows what it was sent, may echo the API key.

// readRedacted is readBounded, without the key. Of a body that is cut, what may
// be the beginning of the key goes, too.
func readRedacted(resp *http.Response, limit int, key string) (body []byte, cut bool, err error) {
	body, cut, err = readBounded(resp, limit)
	if len(key) < minSecret {
		return body, cut, err
	}
	if holds(body, key) {
		body = bytes.ReplaceAll(body, []byte(key), []byte(redactedKey))
	}
	if cut || err != nil {
		for n := min(len(key)-1, len(body)); n > 0; n-- {
			if bytes.HasSuffix(body, []byte(key[:n])) {
				body = body[:len(body)-n]
				break
			}
		}
	}
	return body, cut, err
}

// holds is bytes.Contains for a text, which it does not copy.
func holds(body []byte, text string) bool {
	for len(body) >= len(text) {
		i := bytes.IndexByte(body[:len(body)-len(text)+1], text[0])
		if i < 0 {
			return false
		}
		if string(body[i:i+len(text)]) == text {
			return true
		}
		body = body[i+1:]
	}
	return false
}

// redacted returns the header without the key.
func redacted(header http.Header, key string) http.Header {
	if len(key) < minSecret {
		return header
	}
	for name, values := range header {
		for i, value := range values {
			if strings.Contains(value, key) {
				header = header.Clone()
				header[name][i] = strings.ReplaceAll(value, key, redactedKey)
				return redacted(header, key)
			}
		}
	}
	return header
}

// redact takes the key out of what a decoder found. The body may have it in
// another spelling, such as with escapes of JSON.
func (e *Error) redact(key string) {
	if len(key) < minSecret {
		return
	}
	for _, text := range []*string{&e.Message, &e.Details, &e.Param, &e.RequestID, (*string)(&e.Code), (*string)(&e.Type)} {
		if strings.Contains(*text, key) {
			*text = strings.ReplaceAll(*text, key, redactedKey)
		}
	}
}

// quoted matches what net/http quotes: a header, a status line, the debug data
// of a GOAWAY.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// withoutServerText returns err such that its text has nothing of the server's:
// net/http quotes what it cannot read, which may be the key or the words of a
// customer.
func withoutServerText(err error, key string) error {
	text := err.Error()
	var protocol textproto.ProtocolError // ends with the header line as it is
	if errors.As(err, &protocol) {
		head, _, _ := strings.Cut(string(protocol), ":")
		text = strings.ReplaceAll(text, string(protocol), head)
	}
	text, _, _ = strings.Cut(text, "\n")
	text = quoted.ReplaceAllStringFunc(text, func(s string) string { return "(" + strconv.Itoa(len(s)) + " bytes)" })
	if len(key) >= minSecret {
		text = strings.ReplaceAll(text, key, redactedKey)
	}
	if text == err.Error() {
		return err
	}
	return &wordlessError{text, err}
}

// wordlessError is an error without the text of it. It matches what the error
// matches, and does not unwrap to it.
type wordlessError struct {
	text string
	err  error
}

func (e *wordlessError) Error() string        { return e.text }
func (e *wordlessError) Is(target error) bool { return errors.Is(e.err, target) }
func (e *wordlessError) As(target any) bool   { return errors.As(e.err, target) }
