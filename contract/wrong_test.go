package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/kirim-go/kirim"
)

// A judge that cannot say no proves nothing. The tests in this file make right
// things wrong and want a complaint each time.

func TestTheJudgeRefusesWrongRequests(t *testing.T) {
	t.Parallel()
	j := newJudge(t, "https://kirim.test/v1")
	type wrong struct {
		what      string
		operation string // empty: every operation
		change    func(*exchange)
		want      string // in the complaint
	}
	query := func(pair string) func(*exchange) {
		return func(x *exchange) { x.url, _, _ = strings.Cut(x.url, "?"); x.url += "?" + pair }
	}
	header := func(name, value string) func(*exchange) {
		return func(x *exchange) { x.header.Set(name, value) }
	}
	body := func(s string) func(*exchange) {
		return func(x *exchange) { x.body = []byte(s); x.header.Set("Content-Type", "application/json") }
	}
	replace := func(from, to string) func(*exchange) {
		return func(x *exchange) { x.url = strings.Replace(x.url, from, to, 1) }
	}
	for _, w := range []wrong{
		{"a query parameter that nobody knows", "", query("limits=5"), `"limits" is not documented`},
		{"a header that nobody knows", "", header("X-Kirim-Idempotency", "1"), "X-Kirim-Idempotency is not documented"},
		{"another base path", "", replace("/v1/", "/v2/"), "no matching operation"},
		{"another host", "", replace("kirim.test", "kirim.example"), "no matching operation"},
		{"a path that nobody knows", "", replace("/v1/", "/v1/a/b/c/d/e/"), "no matching operation"},
		{"another method", "", func(x *exchange) { x.method = "PUT" }, "method not allowed"},
		{"no key", "getMe", func(x *exchange) { x.header.Del("Authorization") }, "no bearer token"},
		{"an empty key", "getMe", header("Authorization", "Bearer "), "no bearer token"},
		{"a key of another scheme", "getMe", header("Authorization", "Basic a2V5"), "no bearer token"},
		{"two keys", "getMe", func(x *exchange) { x.header.Add("Authorization", "Bearer b") }, "no bearer token"},
		{"an idempotency key on GET", "getMe", header("Idempotency-Key", "k"), "Idempotency-Key is not documented"},
		{"an idempotency key on PATCH", "updateLabel", header("Idempotency-Key", "k"), "Idempotency-Key is not documented"},
		{"a long idempotency key", "sendMessage", header("Idempotency-Key", strings.Repeat("k", 256)), "Idempotency-Key"},
		{"a limit that is no number", "listContacts", query("limit=many"), "limit"},
		{"an empty filter", "listTemplates", query("language="), `"language" is empty`},
		{"a filter given twice", "listTemplates", query("language=a&language=b"), "given 2 times"},
		{"a value of no enum", "listConversations", query("status=closed"), "status"},
		{"a time that is none", "listMessages", query("created_after=yesterday"), "created_after"},
		{"a time in another zone", "listMessages", query("created_after=2025-06-01T10:00:00%2B07:00"), "created_after"},
		{"an id of another kind", "getContact", replace("ctc_", "cnv_"), `"id"`},
		{"an id in lower case", "getContact", replace("ctc_01H", "ctc_01h"), `"id"`},
		{"a number that is none", "listContacts", replace(number, "628123"+"x"), "phone_number_id"},
		{"a body on GET", "getMe", body(`{}`), "body not allowed"},
		{"a body on DELETE", "deleteLabel", body(`{}`), "body not allowed"},
		{"a body where POST takes none", "syncTemplates", body(`{}`), "body not allowed"},
		{"a content type without a body", "getMe", header("Content-Type", "application/json"), "Content-Type is not documented"},
		{"no body", "sendMessage", func(x *exchange) { x.body = nil; x.header.Del("Content-Type") }, "required"},
		{"another content type", "sendMessage", header("Content-Type", "text/plain"), "Content-Type"},
		{"no content type", "sendMessage", func(x *exchange) { x.header.Del("Content-Type") }, "Content-Type"},
		{"half a body", "sendMessage", func(x *exchange) { x.body = x.body[:len(x.body)/2] }, "failed to decode"},
		{"a property that stands twice", "createLabel", body(`{"name":"a","name":"b"}`), "stands twice"},
		{"an empty change", "updateContact", body(`{}`), "min"},
		{"a message of no type", "sendMessage", body(`{"messaging_product":"whatsapp","to":"+62","text":{"body":"a"}}`), "oneOf"},
		{"a type without its object", "sendMessage", body(`{"messaging_product":"whatsapp","to":"+62","type":"text","image":{"id":"1"}}`), "oneOf"},
		{"a link and an id", "sendMessage", body(`{"messaging_product":"whatsapp","to":"+62","type":"image","image":{"id":"1","link":"https://a.b"}}`), "oneOf"},
		{"a text too long", "sendMessage", body(`{"messaging_product":"whatsapp","to":"+62","type":"text","text":{"body":"` + strings.Repeat("a", 4097) + `"}}`), "oneOf"},
		{"a link that is none", "sendMessage", body(`{"messaging_product":"whatsapp","to":"+62","type":"image","image":{"link":"a.png"}}`), "oneOf"},
		{"an address that is none", "createContact", body(`{"phone_number":"+62","email":"a at b"}`), "e-mail"},
		{"a receipt with a recipient", "sendMessage", body(`{"messaging_product":"whatsapp","status":"read","message_id":"a","to":"+62"}`), "oneOf"},
	} {
		for _, op := range j.operations {
			if w.operation != "" && w.operation != op.id {
				continue
			}
			x := exampleOf(t, j, op, true)
			w.change(x)
			if _, err := j.request(t.Context(), x); err == nil {
				t.Errorf("%s: %s: no complaint", op.id, w.what)
			} else if !strings.Contains(err.Error(), w.want) {
				t.Errorf("%s: %s: the complaint is %v, want %q in it", op.id, w.what, err, w.want)
			}
		}
	}
}

func TestTheJudgeWantsTheKeyOnEveryOperationButTwo(t *testing.T) {
	t.Parallel()
	j := newJudge(t, "https://kirim.test/v1")
	var public []string
	for _, op := range j.operations {
		x := exampleOf(t, j, op, true)
		x.header.Del("Authorization")
		if _, err := j.request(t.Context(), x); err == nil {
			public = append(public, op.id)
		}
	}
	if want := []string{"getHealth", "getOpenAPI"}; !slices.Equal(public, want) {
		t.Errorf("without a key: %v, want %v", public, want)
	}
}

func TestTheJudgeRefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	j := newJudge(t, "https://kirim.test/v1")
	header := func(name, value string) func(*exchange) {
		return func(x *exchange) { x.answerHeader.Set(name, value) }
	}
	fails := func(status int, body string) func(*exchange) {
		return func(x *exchange) { x.status, x.answer = status, []byte(body) }
	}
	const envelope = `{"error":{"type":"not_found","code":"resource_not_found","message":"m","request_id":"` + exampleRequestID + `"}}`
	right := exampleOf(t, j, j.operation(t, "getContact"), true)
	fails(404, envelope)(right)
	if err := j.reply(t.Context(), right); err != nil {
		t.Fatalf("a right error: %v", err)
	}
	for _, w := range []struct {
		what      string
		operation string // empty: every operation that answers with JSON
		change    func(*exchange)
		want      string
	}{
		{"a status that nobody knows", "", func(x *exchange) { x.status = 299 }, "299 is not documented"},
		{"a redirect that the validator does not look at", "", func(x *exchange) { x.status = 307 }, "307 is not documented"},
		{"not modified, likewise", "", func(x *exchange) { x.status = 304 }, "304 is not documented"},
		{"half a body", "", func(x *exchange) { x.answer = x.answer[:len(x.answer)/2] }, "failed to decode"},
		{"no body", "", func(x *exchange) { x.answer = nil }, "failed to decode"},
		{"HTML", "", header("Content-Type", "text/html"), "Content-Type"},
		{"no content type", "", func(x *exchange) { x.answerHeader.Del("Content-Type") }, "Content-Type"},
		{"an array", "", func(x *exchange) { x.answer = []byte("[]") }, "array"},
		{"no request id", "getMe", func(x *exchange) { x.answerHeader.Del("X-Request-Id") }, "X-Request-Id"},
		{"another request id", "getMe", header("X-Request-Id", "req_other"), "is not the X-Request-Id"},
		{"no limit", "getMe", func(x *exchange) { x.answerHeader.Del("X-RateLimit-Limit") }, "X-RateLimit-Limit is documented"},
		{"a limit that is no number", "getMe", header("X-RateLimit-Limit", "many"), "X-RateLimit-Limit"},
		{"more left than the limit", "getMe", header("X-RateLimit-Remaining", "1000000"), "not within the limit"},
		{"less than nothing left", "getMe", header("X-RateLimit-Remaining", "-1"), "X-RateLimit-Remaining"},
		{"a replay that is neither", "sendMessage", header("Idempotent-Replayed", "maybe"), "Idempotent-Replayed"},
		{"a replay that is neither, where it is not documented", "getMe", header("Idempotent-Replayed", "maybe"), "Idempotent-Replayed"},
		{"a redirect to nowhere", "getMessageMedia", func(x *exchange) { x.answerHeader.Del("Location") }, "Location"},
		{"a redirect to a path", "getMessageMedia", header("Location", "/media/1"), "Location"},
		{"an error without an envelope", "getMe", fails(401, `{"message":"no"}`), "error"},
		{"an error of no known type", "getMe", fails(401, strings.Replace(envelope, "not_found", "failure", 1)), "error/type"},
		{"an error without a code", "getMe", fails(401, strings.Replace(envelope, `"code":"resource_not_found",`, "", 1)), "code"},
		{"an error with more than the envelope", "getMe", fails(401, strings.Replace(envelope, `"code"`, `"doc_url":"a","code"`, 1)), "doc_url"},
		{"an error with another request id", "getMe", fails(401, strings.Replace(envelope, exampleRequestID, "req_other", 1)), "is not the X-Request-Id"},
		{"an error without a request id", "getMe", fails(401, strings.Replace(envelope, `,"request_id":"`+exampleRequestID+`"`, "", 1)), "request_id"},
		{"a limit reached that does not say for how long", "getMe", fails(429, strings.Replace(envelope, "not_found", "rate_limit_error", 1)), "Retry-After"},
		{"an error that the operation cannot have", "getMe", fails(404, envelope), "404 is not documented"},
	} {
		for _, op := range j.operations {
			x := exampleOf(t, j, op, true)
			if w.operation != op.id && (w.operation != "" || len(x.answer) == 0) {
				continue
			}
			w.change(x)
			if err := j.reply(t.Context(), x); err == nil {
				t.Errorf("%s: %s: no complaint", op.id, w.what)
			} else if !strings.Contains(err.Error(), w.want) {
				t.Errorf("%s: %s: the complaint is %v, want %q in it", op.id, w.what, err, w.want)
			}
		}
	}
}

func TestTheJudgeRefusesEveryChangeOfAnAnswer(t *testing.T) {
	t.Parallel()
	j := newJudge(t, "https://kirim.test/v1")
	total := 0
	for _, op := range j.operations {
		x := exampleOf(t, j, op, true)
		media := op.Responses.Status(x.status).Value.Content.Get("application/json")
		if media == nil {
			continue
		}
		for what, answer := range mutations(t, x.answer, media.Schema.Value) {
			total++
			changed := *x
			changed.answer = answer
			if err := j.reply(t.Context(), &changed); err == nil {
				t.Errorf("%s: %s: no complaint\n%s", op.id, what, answer)
			}
		}
	}
	if total < 1000 {
		t.Errorf("only %d changes", total)
	}
	t.Logf("%d changes", total)
}

func TestTheJudgeRefusesEveryChangeOfARequest(t *testing.T) {
	t.Parallel()
	j := newJudge(t, "https://kirim.test/v1")
	total := 0
	for _, op := range j.operations {
		if op.RequestBody == nil {
			continue
		}
		total += refusesChanges(t, j, exampleOf(t, j, op, true), op)
	}
	if total < 100 {
		t.Errorf("only %d changes", total)
	}
	t.Logf("%d changes", total)
}

// refusesChanges makes a right request wrong in every way that mutations knows.
func refusesChanges(t *testing.T, j *judge, x *exchange, op operation) (total int) {
	schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	for what, body := range mutations(t, x.body, schema) {
		total++
		changed := *x
		changed.body = body
		if _, err := j.request(t.Context(), &changed); err == nil {
			t.Errorf("%s: %s: no complaint\n%s", op.id, what, body)
		}
	}
	return total
}

// mutations are the changes of a right value that a schema forbids: in each
// object a property more and each required one less, and for each property a
// value of another type.
func mutations(t *testing.T, data []byte, schema *openapi3.Schema) map[string][]byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	record := func(what string) {
		encoded, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		all[what] = encoded
	}
	var walk func(at string, value any, schema *openapi3.Schema)
	walk = func(at string, value any, schema *openapi3.Schema) {
		for _, member := range schema.OneOf {
			if len(member.Value.Properties)+len(member.Value.OneOf) > 0 && member.Value.VisitJSON(value, formats, openapi3.EnableJSONSchema2020()) == nil {
				schema = member.Value
				walk(at, value, schema)
				return
			}
		}
		switch value := value.(type) {
		case []any:
			for i, item := range value {
				inner := fmt.Sprintf("%s[%d]", at, i)
				if firstType(schema.Items.Value) != "" {
					value[i] = wrongFor(schema.Items.Value)
					record(inner + " of another type")
					value[i] = item
				}
				walk(inner, item, schema.Items.Value)
			}
		case map[string]any:
			if closed := schema.AdditionalProperties.Has; closed != nil && !*closed {
				value["extra"] = "a"
				record(at + " with another property")
				delete(value, "extra")
			}
			for _, name := range slices.Sorted(maps.Keys(value)) {
				property, known := schema.Properties[name]
				if !known {
					continue
				}
				was := value[name]
				if slices.Contains(schema.Required, name) {
					delete(value, name)
					record(at + "." + name + " left out")
				}
				if value[name] = wrongFor(property.Value); value[name] != nil {
					record(at + "." + name + " of another type")
				}
				value[name] = was
				walk(at+"."+name, was, property.Value)
			}
		}
	}
	walk("", root, schema)
	return all
}

// wrongFor is a value that a schema forbids, or nil when it says nothing.
func wrongFor(schema *openapi3.Schema) any {
	composed := slices.Concat(schema.OneOf, schema.AnyOf)
	switch {
	case schema.Const != nil, len(schema.Enum) > 0:
		return "none of them"
	case len(composed) > 0 && schema.Type == nil, schema.Type.Includes("object"):
		if !schema.Type.Includes("array") {
			return []any{[]any{}}
		}
	case schema.Type == nil:
		return nil
	}
	return map[string]any{}
}

func TestMutationsKnowWhatTheyChange(t *testing.T) {
	t.Parallel()
	op := mustLoad(t).operation(t, "createLabel")
	schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	got := mutations(t, []byte(`{"name":"a","color":"red"}`), schema)
	want := map[string]string{
		" with another property": `{"color":"red","extra":"a","name":"a"}`,
		".name left out":         `{"color":"red"}`,
		".name of another type":  `{"color":"red","name":{}}`,
		".color of another type": `{"color":"none of them","name":"a"}`,
	}
	for what, body := range want {
		if string(got[what]) != body {
			t.Errorf("%s: %s, want %s", what, got[what], body)
		}
		delete(got, what)
	}
	for what, body := range got {
		t.Errorf("unexpected: %s: %s", what, body)
	}
}

func TestWhatTheSDKLosesOfAnAnswerIsFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what, want, have string
		lost             []string
	}{
		{"all is there", `{"a":{"b":[1,"x"]}}`, `{"a":{"b":[1,"x"]},"c":1}`, nil},
		{"nothing, left out", `{"a":null,"b":[],"c":""}`, `{}`, nil},
		{"a value left out", `{"a":{"b":1}}`, `{"a":{}}`, []string{"a.b"}},
		{"another value", `{"a":[{"b":1},{"b":2}]}`, `{"a":[{"b":1},{"b":3}]}`, []string{"a[].b"}},
		{"a list cut short", `{"a":[1,2]}`, `{"a":[1]}`, []string{"a"}},
		{"a list for an object", `{"a":{"b":1}}`, `{"a":[1]}`, []string{"a"}},
	} {
		var want, have any
		if err := errors.Join(json.Unmarshal([]byte(test.want), &want), json.Unmarshal([]byte(test.have), &have)); err != nil {
			t.Fatal(err)
		}
		if lost := missing("", want, have); !slices.Equal(lost, test.lost) {
			t.Errorf("%s: lost %q, want %q", test.what, lost, test.lost)
		}
	}
	contact := &kirim.Contact{Extra: kirim.Extra{"colour": nil}}
	contact.WhatsAppAccount.Extra = kirim.Extra{"e164": nil, "object": nil}
	got := extras("", reflect.ValueOf([]any{contact}))
	if want := []string{"[].whatsapp_account.e164", "[].colour"}; !slices.Equal(got, want) {
		t.Errorf("kept without a field: %q, want %q", got, want)
	}
}
