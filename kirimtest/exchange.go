package kirimtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// exchange is one request on its way through the stages, and its response.
type exchange struct {
	s         *Server // after auth, the organisation of the key
	r         *http.Request
	requestID string
	route     *route // nil when no operation has this path and method
	allow     string // methods the path has, when route is nil
	params    [3]string
	meta      bool // of Meta's API
	log       *Request

	body     []byte
	tooLarge bool
	doc      any // body as JSON, after json was called
	docErr   error
	parsed   bool

	key     *apiKey // after auth; do not read its mutable fields
	rate    rateState
	rated   bool
	idemKey string

	fault   *Fault    // nil for none
	twice   bool      // the operation takes effect twice
	readyAt time.Time // when a slow request's response is ready; zero for at once
}

// reply is a response before it is rendered for one request.
type reply struct {
	status    int
	header    http.Header
	data      json.RawMessage // of a success
	page      *pageInfo       // of a list
	err       *apiError
	raw       []byte // body that is sent as it stands, when asIs
	asIs      bool
	requestID string // of the body; empty for that of the exchange

	drop bool // close the connection, without any response
	cut  bool // announce the whole body and send half of it

	length  int           // announced in place of the body's own; 0 for that
	trickle time.Duration // over which the body is sent
}

// handler handles an exchange. It never returns nil.
type handler func(*exchange) *reply

func failed(e *apiError) *reply { return &reply{status: e.status, err: e} }

// gone is the reply for a client that has left, or a server that is closing.
func gone() *reply { return &reply{drop: true} }

// ok responds with data as the payload.
func ok(status int, data any) *reply {
	b, err := json.Marshal(data)
	if err != nil { // a type of ours that cannot be JSON
		return failed(fail("internal_error", "", err.Error()))
	}
	return &reply{status: status, data: b}
}

// readBody reads the request's body up to the limit.
func (x *exchange) readBody() error {
	limit := int64(x.s.cfg.assumptions.MaxBody)
	if x.route != nil && x.route.body != 0 {
		limit = x.route.body
	}
	if x.r.Body == nil || x.r.Body == http.NoBody {
		return nil
	}
	buf := bytes.NewBuffer(make([]byte, 0, min(max(x.r.ContentLength, 0), limit)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(x.r.Body, limit+1))
	x.body = buf.Bytes()
	if n > limit {
		x.tooLarge, x.body = true, x.body[:limit]
		// A client that still writes would not read the response.
		_, err = io.CopyN(io.Discard, x.r.Body, 8<<20)
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return err
}

// json parses the body, once.
func (x *exchange) json() (any, error) {
	if !x.parsed {
		x.parsed = true
		d := json.NewDecoder(bytes.NewReader(x.body))
		d.UseNumber()
		x.docErr = d.Decode(&x.doc)
		if x.docErr == nil {
			if _, err := d.Token(); err != io.EOF {
				x.docErr = errors.New("data after the JSON value")
			}
		}
	}
	return x.doc, x.docErr
}

// object parses the body as a JSON object.
func (x *exchange) object() (map[string]any, *apiError) {
	doc, err := x.json()
	if err != nil {
		return nil, failStatus(http.StatusBadRequest, x.s.cfg.assumptions.MalformedCode, "body", "The request body is not valid JSON.")
	}
	o, isObject := doc.(map[string]any)
	if !isObject {
		return nil, fail("invalid_field_value", "body", "The request body must be a JSON object.")
	}
	return o, nil
}

// wait blocks for d by the server's clock. It reports false when the client
// left or the server was closed before that.
func (x *exchange) wait(d time.Duration) bool {
	fired, stop := x.s.cfg.clock.NewTimer(d)
	defer stop()
	select {
	case <-fired:
		return true
	case <-x.r.Context().Done():
	case <-x.s.closed:
	}
	return false
}

// answer is a reply as the client sees it.
type answer struct {
	status int
	header http.Header
	body   []byte
	drop   bool
	cut    bool

	length  int // as announced
	trickle time.Duration
	wait    func(time.Duration) bool // false when the client has left
}

func (x *exchange) render(rep *reply) answer {
	if rep.drop {
		return answer{drop: true}
	}
	a := answer{status: rep.status, body: rep.raw, cut: rep.cut, trickle: rep.trickle, wait: x.wait}
	now := x.s.cfg.clock.Now()
	h := make(http.Header, 10)
	h["Date"] = []string{now.UTC().Format(http.TimeFormat)}
	switch {
	case rep.asIs:
	case x.meta:
		a.body = x.renderMeta(rep, h, now)
	default:
		h["Content-Type"] = []string{"application/json; charset=utf-8"}
		h["X-Request-Id"] = []string{x.requestID}
		a.body = rep.encode(x.requestID)
		x.writeRate(h, rep.status, now)
		if rep.err != nil && rep.err.retryAfter > 0 {
			h["Retry-After"] = []string{strconv.Itoa(rep.err.retryAfter)}
		}
	}
	for name, values := range rep.header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if bodyAllowed(rep.status) {
		a.length = cmp.Or(rep.length, len(a.body))
		if a.cut {
			a.length = max(a.length, 1)
		}
		h["Content-Length"] = []string{strconv.Itoa(a.length)}
	} else {
		a.body, a.cut = nil, false
	}
	a.header = h
	return a
}

// sent is the part of the body that goes out.
func (a *answer) sent() []byte {
	if a.cut {
		return a.body[:len(a.body)/2]
	}
	return a.body[:min(len(a.body), a.length)]
}

const tricklePieces = 8

// pieces is what goes out in one go each.
func (a *answer) pieces() [][]byte {
	body := a.sent()
	if a.trickle <= 0 || len(body) == 0 {
		return [][]byte{body}
	}
	return slices.Collect(slices.Chunk(body, (len(body)+tricklePieces-1)/tricklePieces))
}

// pause is made before each piece.
func (a *answer) pause() bool { return a.trickle <= 0 || a.wait(a.trickle/tricklePieces) }

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

func (x *exchange) writeRate(h http.Header, status int, now time.Time) {
	as := &x.s.cfg.assumptions
	if status >= 500 && !as.RateHeadersOn5xx {
		return
	}
	if !x.rated {
		if x.key == nil && !as.RateHeadersWithoutKey {
			return
		}
		x.rate = x.s.state.peekTokens(x.r.Method, now)
	}
	x.rate.write(h)
}

// encode is the envelope of the reply.
func (rep *reply) encode(requestID string) []byte {
	if rep.requestID != "" {
		requestID = rep.requestID
	}
	if rep.err == nil {
		b := make([]byte, 0, len(rep.data)+64)
		b = append(b, `{"data":`...)
		b = append(b, rep.data...)
		if rep.page != nil {
			b = rep.page.encode(b)
		}
		b = append(b, `,"request_id":"`...)
		b = append(b, requestID...)
		return append(b, `"}`...)
	}
	type errorBody struct {
		Type      string `json:"type"`
		Code      string `json:"code"`
		Message   string `json:"message"`
		Param     string `json:"param,omitempty"`
		RequestID string `json:"request_id"`
	}
	e := rep.err
	// Strings always marshal.
	b, _ := json.Marshal(map[string]errorBody{"error": {e.typ, e.code, e.message, e.param, requestID}})
	return b
}
