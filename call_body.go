package kirim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
)

const (
	maxBody      = 8 << 20  // of a 2xx response
	maxErrorBody = 64 << 10 // of any other; what is longer is cut
)

// encodeBody returns the JSON of a request's body, nil for none.
func encodeBody(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return b, nil
	case io.Reader:
		return nil, refuse("body", "a []byte, a StreamedBody or a value for encoding/json, as a reader cannot be sent twice", fmt.Sprintf("a reader of type %T", body))
	}
	payload, err := json.Marshal(body)
	if err != nil {
		return nil, refuseEncoding("body", "a []byte or a value for encoding/json", body, err)
	}
	return payload, nil
}

// encode sets the body of the call.
func (c *call) encode(body any) (err error) {
	if streamed, ok := body.(StreamedBody); ok {
		stream := streamed // only here, as it is allocated
		if isNil(stream.Reader) {
			return refuse("StreamedBody.Reader", "a reader", "nil")
		}
		if c.operation == read {
			return refuse("body", "none for GET and HEAD", "a StreamedBody")
		}
		if at := firstUnprintable(stream.ContentType); at >= 0 {
			return refuse("StreamedBody.ContentType", "printable ASCII", fmt.Sprintf("a byte that is not at %d", at+1))
		}
		c.stream = &stream
		return nil
	}
	c.payload, err = encodeBody(body)
	return err
}

// readRedacted is readResponse, without the key. Of a body that is cut, what may
// be the beginning of the key goes, too.
func readRedacted(resp *http.Response, limit int64, key string) (body []byte, cut bool, err error) {
	body, cut, err = readResponse(resp, limit)
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

// readResponse reads and closes the body of a response. What goes beyond limit
// is left unread, which costs the connection but not the memory.
func readResponse(resp *http.Response, limit int64) (body []byte, cut bool, err error) {
	defer func() {
		resp.Body.Close()
		resp.Body = http.NoBody
	}()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, false, nil // the body is the connection itself, of which no context ends the reading
	}
	return readBounded(resp.Body, resp.ContentLength, limit)
}

// readBounded reads at most limit bytes, and one more, which tells whether there
// are more: then the body is cut. size is how many there should be, negative
// when that is not known. With an error, the body is what came before it.
func readBounded(r io.Reader, size, limit int64) (body []byte, cut bool, err error) {
	// The announced length is allocated at once, up to a limit. It saves 18 of the 194
	// kB that a list of 100 contacts would take.
	const most = 64 << 10
	if size < 0 {
		size = 512
	}
	body = make([]byte, 0, min(size, most)+1)
	for int64(len(body)) <= limit {
		n, err := r.Read(body[len(body):min(int64(cap(body)), limit+1)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body[:min(int64(len(body)), limit)], int64(len(body)) > limit, nil
		case err != nil:
			return body[:min(int64(len(body)), limit)], int64(len(body)) > limit, err
		case len(body) == cap(body):
			body = slices.Grow(body, int(min(int64(len(body)), limit+1-int64(len(body)))))
		}
	}
	return body[:limit:limit], true, nil
}
