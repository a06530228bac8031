package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// judge holds requests and answers against the document.
type judge struct {
	*document
	router routers.Router
}

// newJudge returns the judge of what is said under a base URL.
func newJudge(t testing.TB, baseURL string) *judge {
	t.Helper()
	d := mustLoad(t)
	doc, err := openapi3.NewLoader().LoadFromData(d.source)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: baseURL}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &judge{d, router}
}

// exchange is a request and its answer, with the bodies read.
type exchange struct {
	method, url string
	header      http.Header
	body        []byte

	status       int
	answerHeader http.Header
	answer       []byte
}

// formats that the validator does not know by itself.
var formats = openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
	"uri": openapi3.NewCallbackValidator(func(s string) error {
		if u, err := url.Parse(s); err != nil || !u.IsAbs() || u.Host == "" {
			return errors.New("not an absolute URL")
		}
		return nil
	}),
	"email": openapi3.NewCallbackValidator(func(s string) error {
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			return errors.New("not an e-mail address")
		}
		return nil
	}),
	"date-time": openapi3.NewCallbackValidator(func(s string) error {
		if at, err := time.Parse(time.RFC3339, s); err != nil || at.Location() != time.UTC {
			return errors.New("not a time in UTC, with Z")
		}
		return nil
	}),
})

var options = judgeOptions()

func judgeOptions() *openapi3filter.Options {
	o := &openapi3filter.Options{
		MultiError:                        true,
		IncludeResponseStatus:             true,
		RejectWhenRequestBodyNotSpecified: true,
		SkipSettingDefaults:               true,
		AuthenticationFunc:                bearerPresent,
		SchemaValidationOptions:           []openapi3.SchemaValidationOption{formats},
	}
	// The place and the reason, without a print of schema and value.
	o.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string {
		return "/" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
	})
	return o
}

var bearer = regexp.MustCompile(`^Bearer [!-~]+$`)

func bearerPresent(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if in.SecurityScheme.Type != "http" || in.SecurityScheme.Scheme != "bearer" {
		return in.NewError(errors.New("the document asks for something else than a bearer token"))
	}
	if values := in.RequestValidationInput.Request.Header["Authorization"]; len(values) != 1 || !bearer.MatchString(values[0]) {
		return in.NewError(errors.New("no bearer token"))
	}
	return nil
}

// commonHeaders may be on every request.
var commonHeaders = []string{"Accept", "Authorization", "User-Agent"}

// request finds the operation of a request, and everything wrong with it.
func (j *judge) request(ctx context.Context, x *exchange) (operation, error) {
	input, op, err := j.find(ctx, x)
	if err != nil {
		return operation{}, err
	}
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if err := openapi3filter.ValidateRequest(ctx, input); err != nil {
		wrong = append(wrong, err)
	}
	for name, values := range input.Request.URL.Query() {
		switch {
		case op.Parameters.GetByInAndName("query", name) == nil:
			complain("query parameter %q is not documented", name)
		case len(values) > 1:
			complain("query parameter %q is given %d times", name, len(values))
		case values[0] == "":
			complain("query parameter %q is empty", name)
		}
	}
	for name := range x.header {
		documented := op.Parameters.GetByInAndName("header", name) != nil || slices.Contains(commonHeaders, name)
		if name == "Content-Type" {
			documented = len(x.body) > 0
		}
		if !documented {
			complain("header %s is not documented for this request", name)
		}
	}
	if len(x.body) > 0 && op.RequestBody != nil {
		if err := oneReading(x.body); err != nil {
			complain("body: %w", err)
		}
	}
	return op, errors.Join(wrong...)
}

func (j *judge) find(ctx context.Context, x *exchange) (*openapi3filter.RequestValidationInput, operation, error) {
	req, err := http.NewRequestWithContext(ctx, x.method, x.url, bytes.NewReader(x.body))
	if err != nil {
		return nil, operation{}, err
	}
	req.Header = x.header.Clone()
	route, params, err := j.router.FindRoute(req)
	if err != nil {
		return nil, operation{}, fmt.Errorf("%s %s: %w", x.method, x.url, err)
	}
	for name, value := range params {
		if params[name], err = url.PathUnescape(value); err != nil {
			return nil, operation{}, err
		}
	}
	return &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route, Options: options,
	}, operation{route.Operation.OperationID, route.Method, route.Path, route.Operation}, nil
}

// oneReading refuses JSON with a property that stands twice in an object: the
// validator would see only the last.
func oneReading(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var read func() error
	read = func() error {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		open, _ := token.(json.Delim)
		if open != '{' && open != '[' {
			return nil
		}
		seen := map[any]bool{}
		for dec.More() {
			if open == '{' {
				name, err := dec.Token()
				if err != nil {
					return err
				}
				if seen[name] {
					return fmt.Errorf("property %q stands twice", name)
				}
				seen[name] = true
			}
			if err := read(); err != nil {
				return err
			}
		}
		_, err = dec.Token()
		return err
	}
	return read()
}

// reply finds everything wrong with the answer of an exchange.
func (j *judge) reply(ctx context.Context, x *exchange) error {
	input, op, err := j.find(ctx, x)
	if err != nil {
		return err
	}
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	// The validator lets some statuses pass without a look.
	documented := op.Responses.Status(x.status)
	if documented == nil {
		return fmt.Errorf("status %d is not documented for %s", x.status, op.id)
	}
	err = openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: x.status, Header: x.answerHeader,
		Body: io.NopCloser(bytes.NewReader(x.answer)), Options: options,
	})
	if err != nil {
		wrong = append(wrong, err)
	}
	// Headers that are the same wherever they occur.
	for name, ref := range j.doc.Components.Headers {
		values := x.answerHeader.Values(name)
		if len(values) > 1 {
			complain("header %s is given %d times", name, len(values))
		}
		if len(values) == 0 || ref.Value.Schema.Value.Type.Is("string") && ref.Value.Schema.Value.Enum == nil {
			continue
		}
		if err := headerValue(ref.Value.Schema.Value, values[0]); err != nil {
			complain("header %s: %w", name, err)
		}
	}
	for name := range documented.Value.Headers {
		mayMiss := name == "Idempotent-Replayed" || name == "Retry-After" && x.status != http.StatusTooManyRequests
		if x.answerHeader.Get(name) == "" && !mayMiss {
			complain("header %s is documented for %d and missing", name, x.status)
		}
	}
	if limit, left := x.answerHeader.Get("X-RateLimit-Limit"), x.answerHeader.Get("X-RateLimit-Remaining"); limit != "" {
		l, _ := strconv.Atoi(limit)
		if r, _ := strconv.Atoi(left); r < 0 || r > l {
			complain("X-RateLimit-Remaining %s is not within the limit of %s", left, limit)
		}
	}
	if documented.Value.Content.Get("application/json") != nil && op.id != "getOpenAPI" {
		if err := sameRequestID(x); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

func headerValue(schema *openapi3.Schema, value string) error {
	var decoded any = value
	if schema.Type.Is("integer") {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a whole number", value)
		}
		decoded = float64(n)
	}
	return schema.VisitJSON(decoded, openapi3.EnableJSONSchema2020())
}

// sameRequestID checks what the schema only says in words: request_id in the
// envelope is the X-Request-Id of the answer.
func sameRequestID(x *exchange) error {
	var envelope struct {
		RequestID string `json:"request_id"`
		Error     struct {
			RequestID string `json:"request_id"`
		} `json:"error"`
	}
	if err := json.Unmarshal(x.answer, &envelope); err != nil {
		return err
	}
	id, header := envelope.RequestID+envelope.Error.RequestID, x.answerHeader.Get("X-Request-Id")
	if id != header {
		return fmt.Errorf("request_id %q is not the X-Request-Id %q", id, header)
	}
	return nil
}

// listener is a transport that judges what passes.
type listener struct {
	t     testing.TB
	judge *judge
	next  http.RoundTripper
	lax   bool // leave requests unjudged, for tests that make them wrong

	heard func(operation, *exchange)
}

func (l *listener) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{method: req.Method, url: req.URL.String(), header: req.Header.Clone()}
	if req.Body != nil {
		var err error
		if x.body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	again := req.Clone(req.Context())
	again.Body = io.NopCloser(bytes.NewReader(x.body))
	op, err := l.judge.request(req.Context(), x)
	if op.Operation == nil || err != nil && !l.lax {
		l.t.Errorf("request %s %s\n%s\n%v", x.method, x.url, x.body, err)
	}
	resp, err := l.next.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	x.status, x.answerHeader = resp.StatusCode, resp.Header.Clone()
	x.answer, err = io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(x.answer))
	if op.Operation != nil {
		if err := l.judge.reply(req.Context(), x); err != nil {
			l.t.Errorf("answer %d to %s %s\n%s\n%v", x.status, x.method, x.url, x.answer, err)
		}
		l.heard(op, x)
	}
	return resp, nil
}
