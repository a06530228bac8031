package inspector

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// route is an operation of the control API, or a part of the page.
type route struct {
	method, path string
	serve        http.HandlerFunc                 // of what is not JSON
	handle       func(*http.Request) (any, error) // nil for one with serve
	status       int                              // of a success; 0 is 200
}

func (in *Inspector) routes() []route {
	files := http.StripPrefix(prefix, http.FileServerFS(embedded))
	const api = prefix + "api/"
	return []route{
		{method: "GET", path: prefix + "{$}", serve: in.page},
		{method: "GET", path: prefix + "assets/", serve: files.ServeHTTP},
		{method: "GET", path: prefix + "openapi.yaml", serve: serveOpenAPI},
		{method: "GET", path: prefix + "health", handle: in.health},

		{method: "GET", path: api + "events", serve: in.events},
		{method: "GET", path: api + "state", handle: in.state},
		{method: "POST", path: api + "reset", handle: in.reset},
		{method: "POST", path: api + "scenario", handle: in.runScenario},
		{method: "POST", path: api + "clock/advance", handle: in.advance},

		{method: "GET", path: api + "chats", handle: in.listChats},
		{method: "GET", path: api + "messages", handle: in.listMessages},
		{method: "GET", path: api + "messages/{id}", handle: in.getMessage},
		{method: "GET", path: api + "messages/{id}/file", serve: in.file},
		{method: "POST", path: api + "messages/{id}/tap", handle: in.tap, status: http.StatusCreated},
		{method: "POST", path: api + "messages/{id}/status", handle: in.report},
		{method: "GET", path: api + "messages/{id}/flow", handle: in.getFlow},
		{method: "POST", path: api + "messages/{id}/flow", handle: in.openFlow, status: http.StatusCreated},
		{method: "DELETE", path: api + "messages/{id}/flow", handle: in.closeFlow},
		{method: "PUT", path: api + "messages/{id}/flow/values", handle: in.setFlowValues},
		{method: "POST", path: api + "messages/{id}/flow/press", handle: in.pressFlow},
		{method: "POST", path: api + "messages/{id}/flow/select", handle: in.selectFlow},
		{method: "POST", path: api + "messages/{id}/flow/back", handle: in.backInFlow},
		{method: "POST", path: api + "messages/{id}/flow/retry", handle: in.retryFlow},
		{method: "POST", path: api + "messages/{id}/flow/complete", handle: in.completeFlow},
		{method: "POST", path: api + "inbound", handle: in.receive, status: http.StatusCreated},

		{method: "GET", path: api + "requests", handle: in.listRequests},
		{method: "GET", path: api + "requests/{id}", handle: in.getRequest},
		{method: "GET", path: api + "deliveries", handle: in.listDeliveries},
		{method: "GET", path: api + "deliveries/{id}", handle: in.getDelivery},
		{method: "POST", path: api + "deliveries/{id}/replay", handle: in.replay, status: http.StatusCreated},
		{method: "POST", path: api + "subscriptions", handle: in.subscribe, status: http.StatusCreated},

		{method: "GET", path: api + "faults", handle: in.listFaults},
		{method: "POST", path: api + "faults", handle: in.addFault, status: http.StatusCreated},
		{method: "DELETE", path: api + "faults", handle: in.clearFaults},
		{method: "PUT", path: api + "statuses", handle: in.setStatuses},
		{method: "PUT", path: api + "plan", handle: in.setPlan},
		{method: "POST", path: api + "templates", handle: in.addTemplate, status: http.StatusCreated},
		{method: "PUT", path: api + "templates/{name}/status", handle: in.setTemplateStatus},
		{method: "PUT", path: api + "review", handle: in.setReview},
		{method: "GET", path: api + "flows", handle: in.listFlows},
		{method: "PUT", path: api + "flows/{id}", handle: in.putFlow},
		{method: "DELETE", path: api + "flows/{id}", handle: in.deleteFlow},
		{method: "POST", path: api + "flows/{id}/ping", handle: in.pingFlow},
		{method: "PUT", path: api + "customers/{phone}/window", handle: in.setWindow},
		{method: "PUT", path: api + "customers/{phone}/blocked", handle: in.setBlocked},
	}
}

// mostBody is the most bytes of a request: a file of 16 MiB in base64, and more.
const mostBody = 24 << 20

func (r route) handler() http.Handler {
	if r.handle == nil {
		return r.serve
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.Body = http.MaxBytesReader(w, req.Body, mostBody)
		result, err := r.handle(req)
		var p *problem
		var form *notFilled
		switch {
		case errors.As(err, &form):
			writeJSON(w, form.problem.status, map[string]any{"error": form.problem, "flow": form.view})
		case errors.As(err, &p):
			writeProblem(w, p.status, p.Param, p.Message)
		case err != nil:
			writeProblem(w, http.StatusUnprocessableEntity, "", err.Error())
		case r.status != 0:
			writeJSON(w, r.status, result)
		default:
			writeJSON(w, http.StatusOK, result)
		}
	})
}

// problem is why a request is refused.
type problem struct {
	status  int
	Param   string `json:"param,omitempty"`
	Message string `json:"message"`
}

func (p *problem) Error() string { return p.Param + ": " + p.Message }

func invalid(param, format string, args ...any) error {
	return &problem{http.StatusBadRequest, param, fmt.Sprintf(format, args...)}
}

func notFound(what string) error {
	return &problem{http.StatusNotFound, "", "There is no such " + what + "."}
}

func writeProblem(w http.ResponseWriter, status int, param, message string) {
	writeJSON(w, status, map[string]problem{"error": {Param: param, Message: message}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails when the client has left
}

// read decodes the body of a request. Fields that are not known are refused, so that
// a mistyped one is noticed.
func read(r *http.Request, into any) error {
	return decode(r.Body, into)
}

func decode(from io.Reader, into any) error {
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var wrong *json.UnmarshalTypeError
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &wrong):
			return invalid(cmp.Or(wrong.Field, "body"), "want %s, got %s", typeName(wrong.Type), wrong.Value)
		case errors.As(err, &large):
			return &problem{http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("want at most %d bytes", large.Limit)}
		case errors.Is(err, io.EOF):
			return invalid("body", "want a JSON object, got nothing")
		}
		return invalid("body", "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("body", "want one JSON value, got more after it")
	}
	return nil
}

func typeName(t reflect.Type) string {
	switch kind := t.Kind().String(); {
	case t == reflect.TypeFor[duration]():
		return `a duration such as "90s" or "1h30m", or a number of seconds up to 1e9`
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "float"), strings.HasPrefix(kind, "uint"):
		return "a number"
	case kind == "bool":
		return "true or false"
	case kind == "slice":
		return "an array"
	case kind == "struct", kind == "map":
		return "an object"
	}
	return "a " + t.Kind().String()
}

// duration is written as "1h30m", or as a number of seconds.
type duration time.Duration

// UnmarshalJSON reads both forms. The decoder adds the field to its error.
func (d *duration) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		parsed, err := time.ParseDuration(text)
		if err != nil {
			return &json.UnmarshalTypeError{Value: fmt.Sprintf("a text of %d bytes", len(text)), Type: reflect.TypeFor[duration]()}
		}
		*d = duration(parsed)
		return nil
	}
	seconds, err := strconv.ParseFloat(string(data), 64)
	if err != nil || seconds > 1e9 || seconds < -1e9 {
		return &json.UnmarshalTypeError{Value: fmt.Sprintf("%d bytes", len(data)), Type: reflect.TypeFor[duration]()}
	}
	*d = duration(seconds * float64(time.Second))
	return nil
}

// MarshalJSON writes the first form.
func (d duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).String())
}

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI) // fails when the client has left
}

// page of a list: at most limit things before the one with the ID before.
type paging struct {
	before, query string
	limit         int
}

func pagingOf(r *http.Request) (p paging, err error) {
	q := r.URL.Query()
	p = paging{before: q.Get("before"), query: strings.ToLower(q.Get("q")), limit: 100}
	if text := q.Get("limit"); text != "" {
		if p.limit, err = strconv.Atoi(text); err != nil || p.limit < 1 || p.limit > 1000 {
			return p, invalid("limit", "want a number from 1 to 1000, got %.20q", text)
		}
	}
	return p, nil
}

// pageOf returns the last of a list that are wanted, in their order, and whether there
// are more before them.
func pageOf[T any](list []T, p paging, id func(T) string, wanted func(T) bool) (page []T, more bool) {
	begun := p.before == ""
	for _, item := range slices.Backward(list) {
		switch {
		case !begun:
			begun = id(item) == p.before
		case !wanted(item):
		case len(page) == p.limit:
			slices.Reverse(page)
			return page, true
		default:
			page = append(page, item)
		}
	}
	slices.Reverse(page)
	return page, false
}
