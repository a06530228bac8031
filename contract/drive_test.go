package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/kirim-go/kirim"
)

const (
	apiKey = "kdv_live_TESTtestTESTtestTESTtest"
	number = "106540352242922"
	ulid   = "_01HXYZABCDEFGHJKMNPQRSTVWX"
)

// driver calls one method of the SDK.
type driver struct {
	method    string // "Client.Me", "Messages.Send"
	operation string
	full      []act // with all parameters, in all their kinds
	minimal   []act // with as few as it takes
}

// act makes a call and returns what the method returned.
type act func(ctx context.Context, c *kirim.Client) (any, error)

// drivers of all methods, by resource in drivers_test.go.
var drivers = slices.Concat(clientDrivers, messageDrivers, templateDrivers, conversationDrivers,
	contactDrivers, labelDrivers, customerDrivers, webhookDrivers)

// notDriven are exported methods that are not operations.
var notDriven = map[string]string{
	"Client.Do":                   "what the methods are built on",
	"Messages.Wait":               "asks as Messages.Get does",
	"Messages.KeyLifetime":        "makes no request",
	"Messages.SendAndWait":        "Messages.SendOrTemplate, then Messages.Wait",
	"Client.PhoneNumber":          "makes no request",
	"Client.CloseIdleConnections": "makes no request",
	"Client.BaseURL":              "makes no request",
	"Client.Validate":             "makes no request",
	"Client.MediaAt":              "asks for a link of another system's",
	"Client.RateLimit":            "makes no request",
	"Client.String":               "makes no request",
	"Client.GoString":             "makes no request",
}

// said is what drivers sent for an operation, over all their calls.
type said struct {
	queries, headers, properties map[string]bool
	exchanges                    []*exchange
}

// drive runs all calls of one kind and returns what was said, by operation.
func drive(t *testing.T, base string, full bool) map[string]*said {
	j := newJudge(t, base)
	heard := map[string]*said{}
	var mu sync.Mutex
	for _, d := range drivers {
		acts := d.minimal
		if full {
			acts = d.full
		}
		if len(acts) == 0 {
			t.Errorf("%s has no call with full: %v", d.method, full)
		}
		for i, do := range acts {
			t.Run(fmt.Sprintf("%s/%d", d.method, i), func(t *testing.T) {
				var requests int
				var last *exchange
				listen := &listener{t: t, judge: j, next: server{j, full}, heard: func(op operation, x *exchange) {
					mu.Lock()
					defer mu.Unlock()
					requests++
					last = x
					if op.id != d.operation {
						t.Errorf("the request is %s, not %s", op.id, d.operation)
					}
					if heard[op.id] == nil {
						heard[op.id] = &said{map[string]bool{}, map[string]bool{}, map[string]bool{}, nil}
					}
					heard[op.id].add(t, x)
				}}
				client, err := kirim.NewClient(apiKey, kirim.WithBaseURL(base), kirim.WithHTTPClient(&http.Client{Transport: fileHost{t, listen}}))
				if err != nil {
					t.Fatal(err)
				}
				result, err := do(t.Context(), client)
				if err != nil {
					t.Fatalf("the answer that the document promises is an error: %v", err)
				}
				if requests == 0 {
					t.Fatal("no request was made")
				}
				op := j.operation(t, d.operation)
				if op.method == http.MethodPost && last.header.Get("Idempotency-Key") == "" {
					t.Error("a POST without Idempotency-Key")
				}
				paged := op.Parameters.GetByInAndName("query", "cursor") != nil
				if full && paged && strings.HasSuffix(d.method, ".All") && requests != 2 {
					t.Errorf("%d requests for a list of two pages", requests)
				}
				reads(t, d, last, result)
			})
		}
	}
	return heard
}

func (s *said) add(t *testing.T, x *exchange) {
	input := strings.SplitN(x.url, "?", 2)
	if len(input) == 2 {
		for pair := range strings.SplitSeq(input[1], "&") {
			s.queries[strings.SplitN(pair, "=", 2)[0]] = true
		}
	}
	for name := range x.header {
		s.headers[name] = true
	}
	if len(x.body) == 0 {
		return
	}
	s.exchanges = append(s.exchanges, x)
	var body any
	if err := json.Unmarshal(x.body, &body); err != nil {
		t.Fatal(err)
	}
	valuePaths(s.properties, "", body)
}

// valuePaths collects the properties of a value: "action.buttons[].reply.id".
func valuePaths(paths map[string]bool, at string, value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			valuePaths(paths, at+"[]", item)
		}
	case map[string]any:
		for name, item := range value {
			path := strings.TrimPrefix(at+"."+name, ".")
			paths[path] = true
			valuePaths(paths, path, item)
		}
	}
}

// schemaPaths collects the properties that a schema knows, in the same form.
func schemaPaths(paths map[string]bool, at string, schema *openapi3.Schema) {
	for _, ref := range slices.Concat(schema.OneOf, schema.AnyOf, schema.AllOf) {
		schemaPaths(paths, at, ref.Value)
	}
	if schema.Items != nil {
		schemaPaths(paths, at+"[]", schema.Items.Value)
	}
	for name, property := range schema.Properties {
		path := strings.TrimPrefix(at+"."+name, ".")
		paths[path] = true
		schemaPaths(paths, path, property.Value)
	}
}

func TestRequestsWithAllParametersKeepTheContract(t *testing.T) {
	const base = "https://kirim.test/behind/a/gateway/v1"
	heard := drive(t, base, true)
	j := newJudge(t, base)

	t.Run("every operation has a driver", func(t *testing.T) {
		for _, op := range j.operations {
			if heard[op.id] == nil {
				t.Errorf("%s: %s %s has none", op.id, op.method, op.path)
			}
		}
		t.Logf("%d of %d", len(heard), len(j.operations))
		fmt.Printf("operations with a driver: %d of %d\n", len(heard), len(j.operations))
	})

	t.Run("the SDK can say all that the document knows", func(t *testing.T) {
		stale := maps.Clone(notSaid)
		for _, op := range j.operations {
			s := heard[op.id]
			if s == nil {
				continue
			}
			documented, have := map[string]bool{}, map[string]bool{}
			for _, ref := range op.Parameters {
				if ref.Value.In != "path" {
					documented[ref.Value.In+" "+ref.Value.Name] = true
				}
			}
			if op.RequestBody != nil {
				paths := map[string]bool{}
				schemaPaths(paths, "", op.RequestBody.Value.Content.Get("application/json").Schema.Value)
				for path := range paths {
					documented["body "+path] = true
				}
			}
			for in, names := range map[string]map[string]bool{"query": s.queries, "header": s.headers, "body": s.properties} {
				for name := range names {
					have[in+" "+name] = true
				}
			}
			for _, what := range slices.Sorted(maps.Keys(documented)) {
				where := op.id + " " + what
				if _, known := notSaid[where]; !have[what] && !known {
					t.Errorf("%s is never sent", where)
				} else if !have[what] {
					delete(stale, where)
				}
			}
		}
		for where := range stale {
			t.Errorf("notSaid has %s, which is sent or not documented", where)
		}
	})

	t.Run("every change of a body is refused", func(t *testing.T) {
		total := 0
		kinds := map[string]bool{} // of messages; one of each is enough
		for _, op := range j.operations {
			if heard[op.id] == nil {
				continue
			}
			for _, x := range heard[op.id].exchanges {
				kind := fmt.Sprint(kindOf(t, x.body))
				if op.id == "sendMessage" && kinds[kind] || len(x.body) > 10_000 {
					continue
				}
				kinds[kind] = true
				total += refusesChanges(t, j, x, op)
			}
		}
		t.Logf("%d changes", total)
	})

	t.Run("every kind of message is sent", func(t *testing.T) {
		schemas := j.doc.Components.Schemas
		kinds := maps.Clone(schemas["SendMessage"].Value.Discriminator.Mapping)
		interactive := maps.Clone(schemas["Interactive"].Value.Discriminator.Mapping)
		delete(interactive, "button") // Meta's word for reply_buttons
		for _, x := range heard["sendMessage"].exchanges {
			m := kindOf(t, x.body)
			delete(kinds, m.Type)
			delete(interactive, m.Interactive.Type)
		}
		if len(kinds)+len(interactive) > 0 {
			t.Errorf("not sent: %v %v", slices.Collect(maps.Keys(kinds)), slices.Collect(maps.Keys(interactive)))
		}
	})
}

type messageKind struct {
	Type        string
	Interactive struct{ Type string }
}

func kindOf(t *testing.T, body []byte) (m messageKind) {
	t.Helper()
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRequestsWithFewestParametersKeepTheContract(t *testing.T) {
	heard := drive(t, kirim.DefaultBaseURL, false)
	for _, op := range mustLoad(t).operations {
		if heard[op.id] == nil {
			t.Errorf("%s has no driver", op.id)
		}
	}
}

// notSaid is what the document knows and the SDK does not send, with the
// reason: "operation in name".
var notSaid = map[string]string{
	"sendMessage body recipient_type":           "its only value is the default",
	"sendMessage body template.language.code":   "the bare string is preferred",
	"sendMessage body template.language.policy": "the bare string is preferred",
}

func TestEveryMethodHasADriver(t *testing.T) {
	t.Parallel()
	driven := map[string]bool{}
	for _, d := range drivers {
		if driven[d.method] {
			t.Errorf("%s has two drivers", d.method)
		}
		driven[d.method] = true
	}
	methods := sdkMethods(t)
	for _, method := range methods {
		_, exempt := notDriven[method]
		switch {
		case !driven[method] && !exempt:
			t.Errorf("%s has no driver", method)
		case driven[method] && exempt:
			t.Errorf("%s has a driver and need not be in notDriven", method)
		}
		delete(driven, method)
	}
	for method := range driven {
		t.Errorf("the driver of %s is for no method", method)
	}
	for method := range notDriven {
		if !slices.Contains(methods, method) {
			t.Errorf("notDriven has %s, which is no method", method)
		}
	}
	t.Logf("%d methods, %d of them driven", len(methods), len(drivers))
}

// sdkMethods are the exported methods of the client and of the services that
// it and its phone numbers hold.
func sdkMethods(t *testing.T) []string {
	client, err := kirim.NewClient(apiKey)
	if err != nil {
		t.Fatal(err)
	}
	var methods []string
	collect := func(name string, v reflect.Value) {
		for i := range v.NumMethod() {
			methods = append(methods, name+"."+v.Type().Method(i).Name)
		}
	}
	collect("Client", reflect.ValueOf(client))
	for _, holder := range []any{client, client.PhoneNumber(number)} {
		v := reflect.ValueOf(holder).Elem()
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				if v.Field(i).Kind() != reflect.Pointer || v.Field(i).IsNil() {
					t.Fatalf("%s.%s is not a service", v.Type().Name(), field.Name)
				}
				collect(field.Name, v.Field(i))
			}
		}
	}
	return methods
}

// reads fails unless all that an answer says is found in what the method
// returned, under the same name and in a field made for it.
func reads(t *testing.T, d driver, x *exchange, result any) {
	t.Helper()
	if result == nil {
		return
	}
	var answer struct {
		Data       any
		HasMore    bool   `json:"has_more"`
		NextCursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(x.answer, &answer); err != nil {
		t.Fatal(err)
	}
	if v := reflect.Indirect(reflect.ValueOf(result)); v.Kind() == reflect.Struct && v.FieldByName("Items").IsValid() {
		if more, next := v.FieldByName("HasMore").Bool(), v.FieldByName("NextCursor").String(); more != answer.HasMore || next != answer.NextCursor {
			t.Errorf("the page says %v, %q and the answer %v, %q", more, next, answer.HasMore, answer.NextCursor)
		}
		result = v.FieldByName("Items").Interface()
	}
	if items, ok := result.(listed); ok {
		page, _ := answer.Data.([]any)
		if len(items) < len(page) {
			t.Fatalf("the iterator gave %d items, the last page has %d", len(items), len(page))
		}
		result = items[len(items)-len(page):]
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	var have any
	if err := json.Unmarshal(encoded, &have); err != nil {
		t.Fatal(err)
	}
	for _, lost := range append(missing("", answer.Data, have), extras("", reflect.ValueOf(result))...) {
		where := d.operation + " " + lost
		if _, known := notRead[where]; !known {
			t.Errorf("%s of the answer has no field of %T", where, result)
		}
	}
}

// extras lists what the SDK kept of an answer without a field for it.
func extras(at string, v reflect.Value) (paths []string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return extras(at, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			paths = append(paths, extras(at+"[]", v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			if extra, ok := reflect.TypeAssert[kirim.Extra](v.Field(i)); ok {
				for _, name := range slices.Sorted(maps.Keys(extra)) {
					if name == "object" || name == ownProperty {
						continue // the name of the type; nothing that the document knows
					}
					paths = append(paths, strings.TrimPrefix(at+"."+name, "."))
				}
				continue
			}
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			paths = append(paths, extras(strings.TrimPrefix(at+"."+name, "."), v.Field(i))...)
		}
	default: // has no fields
	}
	return paths
}

// missing lists what is in want and not in have.
func missing(at string, want, have any) []string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := have.(map[string]any)
		if !ok {
			return []string{at}
		}
		var lost []string
		for _, name := range slices.Sorted(maps.Keys(want)) {
			path := strings.TrimPrefix(at+"."+name, ".")
			_, given := object[name]
			switch {
			case !given && isZero(want[name]):
			case !given:
				lost = append(lost, path)
			default:
				lost = append(lost, missing(path, want[name], object[name])...)
			}
		}
		return lost
	case []any:
		list, ok := have.([]any)
		if !ok || len(list) != len(want) {
			if len(want) == 0 && have == nil {
				return nil
			}
			return []string{at}
		}
		var lost []string
		for i := range want {
			lost = append(lost, missing(at+"[]", want[i], list[i])...)
		}
		return lost
	}
	if want == nil && isZero(have) || reflect.DeepEqual(want, have) {
		return nil
	}
	return []string{at}
}

func isZero(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return reflect.ValueOf(v).IsZero()
}

// notRead is what answers say and the SDK does not hand on, with the reason:
// "operation property".
var notRead = map[string]string{}

const fileContent = "the content of a file"

// fileHost answers for the host that media lie on, which is not the API's, and
// must not be shown the key.
type fileHost struct {
	t    *testing.T
	next http.RoundTripper
}

func (h fileHost) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != "example.com" {
		return h.next.RoundTrip(req)
	}
	if req.Header.Get("Authorization") != "" {
		h.t.Error("another host was shown the API key")
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{}, ContentLength: int64(len(fileContent)),
		Body: io.NopCloser(strings.NewReader(fileContent)), ProtoMajor: 1, ProtoMinor: 1, Request: req,
	}, nil
}
