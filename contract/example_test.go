package contract

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// examples makes values from schemas. Texts are the names of the properties
// and numbers are all different, so that a value shows where it came from.
type examples struct {
	full   bool // all properties, not only those required; nothing null that need not be
	number int
}

func (e *examples) value(name string, schema *openapi3.Schema) any {
	switch {
	case schema.Const != nil:
		return schema.Const
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case len(schema.OneOf) > 0:
		return e.value(name, schema.OneOf[0].Value)
	case len(schema.AnyOf) > 0:
		return e.value(name, schema.AnyOf[0].Value)
	}
	if !e.full && schema.Type.Includes("null") {
		return nil
	}
	switch kind := firstType(schema); kind {
	case "object":
		return e.object(name, schema)
	case "array":
		items := []any{}
		if e.full || schema.MinItems > 0 {
			items = append(items, e.value(name, schema.Items.Value))
		}
		return items
	case "string":
		return text(name, schema)
	case "integer", "number":
		e.number++
		return e.number
	case "boolean":
		return true
	default:
		panic("no example of type " + kind + " for " + name)
	}
}

// ownProperty is what examples put into an object that lists no properties.
const ownProperty = "some"

func (e *examples) object(name string, schema *openapi3.Schema) any {
	object := map[string]any{}
	if len(schema.Properties) == 0 && e.full {
		object[ownProperty] = name
	}
	for _, property := range slices.Sorted(maps.Keys(schema.Properties)) {
		if e.full || slices.Contains(schema.Required, property) {
			object[property] = e.value(property, schema.Properties[property].Value)
		}
	}
	return object
}

func firstType(schema *openapi3.Schema) string {
	for _, kind := range schema.Type.Slice() {
		if kind != "null" {
			return kind
		}
	}
	return ""
}

func text(name string, schema *openapi3.Schema) string {
	if example, ok := schema.Example.(string); ok {
		return example
	}
	if prefix, isID := strings.CutSuffix(schema.Pattern, "_[0-9A-HJKMNP-TV-Z]{26}$"); isID {
		return strings.TrimPrefix(prefix, "^") + "_01HXYZABCDEFGHJKMNPQRSTVWX"
	}
	if schema.Pattern == `^\d+$` {
		return "25"
	}
	switch schema.Format {
	case "uri":
		return "https://example.com/" + name
	case "email":
		return name + "@example.com"
	case "date-time":
		// A different hour for each property.
		hour := 0
		for _, b := range []byte(name) {
			hour = (hour*31 + int(b)) % 24
		}
		return "2025-06-01T" + strconv.Itoa(hour/10) + strconv.Itoa(hour%10) + ":30:00Z"
	}
	return name
}

const exampleRequestID = "req_01HXYZABCDEFGHJKMNPQRSTVWX"

// server answers with an example of what the document promises.
type server struct {
	judge *judge
	full  bool
}

func (s server) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	input, op, err := s.judge.find(req.Context(), &exchange{method: req.Method, url: req.URL.String(), header: req.Header})
	if err != nil {
		return nil, err
	}
	status, answer := s.success(op)
	header := http.Header{}
	e := &examples{full: s.full, number: 100}
	for name, ref := range answer.Headers {
		if name == "Idempotent-Replayed" && !s.full {
			continue
		}
		value, _ := json.Marshal(e.value(name, ref.Value.Schema.Value))
		header.Set(name, strings.Trim(string(value), `"`))
	}
	header.Set("X-RateLimit-Remaining", "1")
	resp := &http.Response{StatusCode: status, Header: header, Body: http.NoBody, ProtoMajor: 1, ProtoMinor: 1, Request: req}
	media := answer.Content.Get("application/json")
	if media == nil {
		return resp, nil
	}
	header.Set("Content-Type", "application/json")
	value := e.value("body", media.Schema.Value).(map[string]any)
	if header.Get("X-Request-Id") != "" {
		header.Set("X-Request-Id", exampleRequestID)
		value["request_id"] = exampleRequestID
	}
	if isReceipt := op.id == "sendMessage" && !strings.Contains(string(body), `"type":`); isReceipt {
		value["data"] = e.value("data", media.Schema.Value.Properties["data"].Value.AnyOf[1].Value)
	}
	if _, paged := value["has_more"]; paged {
		// One further page, where the operation can be asked for one.
		more := s.full && op.Parameters.GetByInAndName("query", "cursor") != nil && input.Request.URL.Query().Get("cursor") != "next=="
		value["has_more"], value["next_cursor"] = more, nil
		if more {
			value["next_cursor"] = "next=="
		}
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(string(encoded))), int64(len(encoded))
	return resp, nil
}

// success is the first answer of an operation that is not an error.
func (s server) success(op operation) (int, *openapi3.Response) {
	codes := slices.Sorted(maps.Keys(op.Responses.Map()))
	status, err := strconv.Atoi(codes[0])
	if err != nil || status >= 400 {
		panic(op.id + " cannot succeed")
	}
	return status, op.Responses.Status(status).Value
}

func TestTheJudgeAcceptsTheExamples(t *testing.T) {
	t.Parallel()
	j := newJudge(t, "https://kirim.test/v1")
	for _, op := range j.operations {
		for _, full := range []bool{true, false} {
			x := exampleOf(t, j, op, full)
			if _, err := j.request(t.Context(), x); err != nil {
				t.Errorf("%s, full %v: request: %v", op.id, full, err)
			}
			if err := j.reply(t.Context(), x); err != nil {
				t.Errorf("%s, full %v: answer: %v\n%s", op.id, full, err, x.answer)
			}
		}
	}
}

// exampleOf is a request made from the document, with an answer made from it.
func exampleOf(t testing.TB, j *judge, op operation, full bool) *exchange {
	t.Helper()
	e := &examples{full: full}
	x := &exchange{method: op.method, header: http.Header{
		"Authorization": {"Bearer kdv_live_TESTtestTESTtestTESTtest"}, "Accept": {"application/json"}, "User-Agent": {"example"},
	}}
	path, query := op.path, []string{}
	for _, ref := range op.Parameters {
		p := ref.Value
		if !full && !p.Required {
			continue
		}
		value := new(examples).value(p.Name, p.Schema.Value).(string)
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", value, 1)
		case "query":
			query = append(query, p.Name+"="+value)
		case "header":
			x.header.Set(p.Name, value)
		}
	}
	x.url = "https://kirim.test/v1" + path
	if len(query) > 0 {
		x.url += "?" + strings.Join(query, "&")
	}
	if body := op.RequestBody; body != nil && (full || body.Value.Required) {
		schema := body.Value.Content.Get("application/json").Schema.Value
		value := e.value("body", schema)
		if object := value.(map[string]any); uint64(len(object)) < schema.MinProps {
			all := (&examples{full: true}).value("body", schema).(map[string]any)
			name := slices.Sorted(maps.Keys(all))[0]
			object[name] = all[name]
		}
		x.body, _ = json.Marshal(value)
		x.header.Set("Content-Type", "application/json")
	}
	req, err := http.NewRequestWithContext(t.Context(), x.method, x.url, strings.NewReader(string(x.body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = x.header
	resp, err := server{j, full}.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	x.status, x.answerHeader = resp.StatusCode, resp.Header
	x.answer, _ = io.ReadAll(resp.Body)
	return x
}
