package kirim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// resources are the types with golden files.
var resources = []reflect.Type{
	reflect.TypeFor[kirim.Me](), reflect.TypeFor[kirim.Account](),
	reflect.TypeFor[kirim.AcceptedMessage](), reflect.TypeFor[kirim.ReadReceipt](), reflect.TypeFor[kirim.Message](),
	reflect.TypeFor[kirim.MessageTemplate](), reflect.TypeFor[kirim.TemplateSyncResult](),
	reflect.TypeFor[kirim.Conversation](), reflect.TypeFor[kirim.Contact](), reflect.TypeFor[kirim.BulkLabelResult](),
	reflect.TypeFor[kirim.Label](), reflect.TypeFor[kirim.LabelAttachment](),
	reflect.TypeFor[kirim.Customer](), reflect.TypeFor[kirim.SetupLink](),
	reflect.TypeFor[kirim.WebhookSubscription](), reflect.TypeFor[kirim.SigningSecret](),
	reflect.TypeFor[kirim.WebhookDelivery](), reflect.TypeFor[kirim.BulkReplayResult](),
}

// golden returns the files of a resource, each as a tree.
func golden(t *testing.T, resource reflect.Type) map[string]any {
	t.Helper()
	files := map[string]any{}
	for _, kind := range []string{"full", "minimal"} {
		name := resource.Name() + "." + kind + ".json"
		data, err := os.ReadFile(filepath.Join("testdata", "resources", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = tree(t, data)
	}
	return files
}

func tree(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// difference finds where two trees differ. Two spellings of one point in time
// do not.
func difference(path string, a, b any) string {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			break
		}
		names := slices.Sorted(maps.Keys(a))
		names = append(names, slices.Sorted(maps.Keys(b))...)
		for _, name := range names {
			_, inA := a[name]
			_, inB := b[name]
			if inA != inB {
				return fmt.Sprintf("%s.%s is there only once", path, name)
			}
			if d := difference(path+"."+name, a[name], b[name]); d != "" {
				return d
			}
		}
		return ""
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		for i := range a {
			if d := difference(fmt.Sprintf("%s[%d]", path, i), a[i], b[i]); d != "" {
				return d
			}
		}
		return ""
	case string:
		b, _ := b.(string)
		at, errA := time.Parse(time.RFC3339Nano, a)
		bt, errB := time.Parse(time.RFC3339Nano, b)
		if errA == nil && errB == nil && at.Equal(bt) {
			return ""
		}
	}
	if !reflect.DeepEqual(a, b) {
		return fmt.Sprintf("%s: %#v is not %#v", path, a, b)
	}
	return ""
}

// roundTrip decodes, encodes and decodes again. It reports false when the
// first step fails.
func roundTrip(t *testing.T, resource reflect.Type, from any) bool {
	t.Helper()
	first, second := reflect.New(resource), reflect.New(resource)
	if json.Unmarshal(encoded(t, from), first.Interface()) != nil {
		return false
	}
	out := encoded(t, first.Interface())
	if d := difference("", from, tree(t, out)); d != "" {
		t.Errorf("lost: %s", d)
	}
	if err := json.Unmarshal(out, second.Interface()); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(first.Interface(), second.Interface()) {
		t.Errorf("%+v is not %+v", first, second)
	}
	return true
}

func TestAResourceComesBackFromJSONAsItWentIn(t *testing.T) {
	t.Parallel()
	for _, resource := range resources {
		for name, from := range golden(t, resource) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if !roundTrip(t, resource, from) {
					t.Error("it was not decoded")
				}
			})
		}
	}
}

// variants yields the tree with one change at a time, at every object in it.
func variants(node any, yield func(change, path string)) {
	switch node := node.(type) {
	case map[string]any:
		node["brand_new"] = map[string]any{"a": []any{json.Number("1.50"), nil}}
		yield("unknown field", "brand_new")
		delete(node, "brand_new")
		for _, name := range slices.Sorted(maps.Keys(node)) {
			was := node[name]
			for _, v := range []any{nil, "", "word", json.Number("0"), json.Number("12345678901234567890"), false, true, []any{}, []any{nil}, map[string]any{}, map[string]any{"odd": "one"}} {
				node[name] = v
				yield(fmt.Sprintf("%#v", v), name)
			}
			delete(node, name)
			yield("absent", name)
			node[name] = was
			variants(was, func(change, path string) { yield(change, name+"."+path) })
		}
	case []any:
		for _, element := range node {
			variants(element, yield)
		}
	}
}

func TestAResourceLosesNothingThatItsServerMayChange(t *testing.T) {
	t.Parallel()
	for _, resource := range resources {
		t.Run(resource.Name(), func(t *testing.T) {
			t.Parallel()
			decoded, refused := 0, 0
			from := golden(t, resource)[resource.Name()+".full.json"]
			variants(from, func(change, path string) {
				if strings.Contains(change, "(nil)") && !keepsNulls(path) || strings.HasSuffix(path, "tude") {
					return // null in a list becomes its elements' zero; degrees are a float64
				}
				if roundTrip(t, resource, from) {
					decoded++
				} else if refused++; change == "unknown field" || change == "absent" || change == "<nil>" {
					t.Errorf("%s: %s is refused", path, change)
				}
				if t.Failed() {
					t.Fatalf("with %s: %s", path, change)
				}
			})
			t.Logf("%d forms decoded, %d refused", decoded, refused)
		})
	}
}

func keepsNulls(path string) bool {
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "error", "messaging_tier", "variables", "metadata", "tags":
		return true
	}
	return false
}

func TestEveryResourceIsReachedByAGoldenFile(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "resource_json_gen.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	methods := map[string]int{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		receiver := f.Recv.List[0].Type
		if star, ok := receiver.(*ast.StarExpr); ok {
			receiver = star.X
		}
		methods[receiver.(*ast.Ident).Name]++
	}
	reached := map[string]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		if kind := typ.Kind(); kind == reflect.Pointer || kind == reflect.Slice {
			walk(typ.Elem())
			return
		} else if kind != reflect.Struct || reached[typ.Name()] {
			return
		}
		if _, ok := typ.FieldByName("Extra"); !ok {
			return
		}
		reached[typ.Name()] = true
		for i := range typ.NumField() {
			walk(typ.Field(i).Type)
		}
	}
	for _, resource := range resources {
		walk(resource)
	}
	for name, n := range methods {
		if n != 3 || !reached[name] {
			t.Errorf("%s has %d methods and is reached: %v", name, n, reached[name])
		}
	}
	if len(reached) != len(methods) {
		t.Errorf("%d resources are reached, %d have methods", len(reached), len(methods))
	}
}

func TestAnAssumedFieldOfAnotherShapeIsKeptAndADocumentedOneIsAnError(t *testing.T) {
	t.Parallel()
	var m kirim.Message
	if err := json.Unmarshal([]byte(`{"id":"msg_1","contacts":"none","type":"text","later":1}`), &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != "msg_1" || m.Type != kirim.MessageTypeText || m.Contacts != nil || string(m.Extra["contacts"]) != `"none"` || string(m.Extra["later"]) != "1" || len(m.Extra) != 2 {
		t.Errorf("%+v", m)
	}
	wantText(t, json.Unmarshal([]byte(`{"id":7}`), &m), `field "id"`)
	m.Contacts = []kirim.MessageContact{{Name: "Ana"}}
	if got := string(encoded(t, m)); !strings.Contains(got, `"contacts":[{"name":"Ana"}]`) || strings.Contains(got, `"none"`) {
		t.Errorf("a field that was set does not win: %s", got)
	}
}

func TestAListIsReadAsEncodingJSONReadsIt(t *testing.T) {
	t.Parallel()
	var s kirim.WebhookSubscription
	for list, want := range map[string][]kirim.WebhookEventType{
		`[]`: {}, `null`: nil, `["a",null,"b"]`: {"a", "", "b"}, ` [ "a" ] `: {"a"},
	} {
		if err := json.Unmarshal([]byte(`{"events":`+list+`}`), &s); err != nil || !reflect.DeepEqual(s.Events, want) {
			t.Errorf("%s: %#v, %v", list, s.Events, err)
		}
	}
	for _, list := range []string{`["a",7]`, `{}`, `"a"`, `[["a"]]`} {
		var plain []string
		want := json.Unmarshal([]byte(list), &plain)
		got := json.Unmarshal([]byte(`{"events":`+list+`}`), &s)
		cause, _, _ := strings.Cut(want.Error(), " of type ")
		wantText(t, got, `field "events": `+cause)
	}
}

func TestADecodedResourceHoldsNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	c := kirim.Contact{Name: "Ana", Extra: kirim.Extra{"old": json.RawMessage("1")}}
	if err := json.Unmarshal([]byte(`{"id":"ctc_1"}`), &c); err != nil || c.Name != "" || c.Extra != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if err := json.Unmarshal([]byte(`null`), &c); err != nil || c.ID != "ctc_1" {
		t.Errorf("null is to change nothing: %+v, %v", c, err)
	}
}

func TestTimesComeWithAndWithoutFraction(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`"2026-05-23T10:00:00Z"`:           time.Date(2026, 5, 23, 10, 0, 0, 0, time.UTC),
		`"2026-05-23T10:00:00.120Z"`:       time.Date(2026, 5, 23, 10, 0, 0, 120e6, time.UTC),
		`"2026-05-23T17:00:00.12+07:00"`:   time.Date(2026, 5, 23, 10, 0, 0, 120e6, time.UTC),
		`"2026-05-23T10:00:00.123456789Z"`: time.Date(2026, 5, 23, 10, 0, 0, 123456789, time.UTC),
	} {
		var l kirim.Label
		if err := json.Unmarshal([]byte(`{"created_at":`+text+`}`), &l); err != nil || !l.CreatedAt.Equal(want) {
			t.Errorf("%s: %v, %v", text, l.CreatedAt, err)
		}
	}
}

func TestAWebhookSecretShowsOnlyWhereItIsMeantTo(t *testing.T) {
	t.Parallel()
	s := kirim.WebhookSubscription{InitialSecret: "whsec_abc", Secrets: []kirim.SigningSecret{{Secret: "whsec_def"}}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s.InitialSecret, "all", fmt.Sprint(s))
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s.InitialSecret, s.InitialSecret, s.InitialSecret, s.InitialSecret), fmt.Sprintf("%#v", &s), log.String()} {
		if strings.Contains(text, "whsec") || !strings.Contains(text, "[redacted]") {
			t.Errorf("shown: %s", text)
		}
	}
	if string(s.InitialSecret) != "whsec_abc" || !strings.Contains(string(encoded(t, s)), "whsec_abc") {
		t.Error("the secret cannot be had")
	}
}

func TestAChangeIsLeftSetOrCleared(t *testing.T) {
	t.Parallel()
	type body = kirim.ContactUpdateParams
	for want, params := range map[string]body{
		`{}`:                             {},
		`{"email":"a@b.example"}`:        {Email: kirim.Set("a@b.example")},
		`{"email":""}`:                   {Email: kirim.Set("")},
		`{"email":null}`:                 {Email: kirim.Clear[string]()},
		`{"metadata":{"a":1}}`:           {Metadata: kirim.Set(kirim.Metadata{"a": json.Number("1")})},
		`{"email":null,"metadata":null}`: {Email: kirim.Clear[string](), Metadata: kirim.Clear[kirim.Metadata]()},
	} {
		if got := string(encoded(t, params)); got != want {
			t.Errorf("%s is not %s", got, want)
		}
		var back body
		if err := json.Unmarshal([]byte(want), &back); err != nil || !reflect.DeepEqual(back, params) {
			t.Errorf("%s came back as %+v, %v", want, back, err)
		}
	}
}
