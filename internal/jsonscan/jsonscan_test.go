package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// tree reads a document into maps, slices and strings with nothing but the
// package's own methods: an object as a map, an array as a slice, a string as
// itself, and anything else as json.Number of what is written.
func tree(r *jsonscan.Reader) any {
	switch r.Peek() {
	case '{':
		object := map[string]any{}
		for name := range r.Fields() {
			object[string(name)] = tree(r)
		}
		return object
	case '[':
		list := []any{}
		for range r.Elements() {
			list = append(list, tree(r))
		}
		return list
	case '"':
		return r.Text()
	}
	return json.Number(r.Skip())
}

// standard is the same with encoding/json.
func standard(t testing.TB, data []byte) any {
	t.Helper()
	switch data[0] {
	case '{':
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		object := map[string]any{}
		for name, raw := range fields {
			object[name] = standard(t, raw)
		}
		return object
	case '[':
		var elements []json.RawMessage
		if err := json.Unmarshal(data, &elements); err != nil {
			t.Fatal(err)
		}
		list := []any{}
		for _, raw := range elements {
			list = append(list, standard(t, raw))
		}
		return list
	case '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	return json.Number(data)
}

// depth is how deeply a well-formed document is nested.
func depth(data []byte) (deepest int) {
	now, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// compare reads a document in every way and checks what comes out against
// encoding/json.
func compare(t testing.TB, data []byte) {
	t.Helper()
	want := json.Valid(data) && depth(data) <= jsonscan.MaxDepth
	r := jsonscan.New(data)
	raw := r.Skip()
	if r.Done() != want {
		t.Fatalf("accepted: %v, want %v: %q", r.Done(), want, data)
	}
	if !want {
		for i, read := range readers {
			r := jsonscan.New(data)
			read(r)
			if r.Done() {
				t.Fatalf("reader %d has accepted %q", i, data)
			}
		}
		return
	}
	trimmed := strings.Trim(string(data), " \n\r\t")
	if string(raw) != trimmed {
		t.Fatalf("skipped %q of %q", raw, data)
	}
	r = jsonscan.New(data)
	if got, want := tree(r), standard(t, []byte(trimmed)); !reflect.DeepEqual(got, want) {
		t.Fatalf("read %#v, want %#v: %q", got, want, data)
	}
	if !r.Done() {
		t.Fatalf("not read to the end: %q", data)
	}
	for i, read := range readers {
		r := jsonscan.New(data)
		r.Peek()
		start := r.Pos()
		read(r)
		if string(r.Since(start)) != trimmed || !r.Done() {
			t.Fatalf("reader %d has not read %q to its end", i, data)
		}
	}
	r = jsonscan.New(data)
	var standardAny any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&standardAny); err != nil {
		t.Fatal(err)
	}
	if got := r.Any(); !reflect.DeepEqual(got, standardAny) {
		t.Fatalf("Any: %#v, want %#v: %q", got, standardAny, data)
	}
	var number json.Number
	if err := json.Unmarshal(data, &number); trimmed[0] != '"' && jsonscan.IsNumber(trimmed) != (err == nil && trimmed != "null") {
		t.Fatalf("IsNumber: %v for %q, encoding/json: %v", jsonscan.IsNumber(trimmed), trimmed, err)
	}
}

// readers read one value each. Whatever its type is, they end behind it.
var readers = []func(*jsonscan.Reader){
	func(r *jsonscan.Reader) { r.Skip() },
	func(r *jsonscan.Reader) { r.Text() },
	func(r *jsonscan.Reader) { r.Any() },
	func(r *jsonscan.Reader) { r.Intern("", "a", "text") },
	func(r *jsonscan.Reader) { r.Words() },
	func(r *jsonscan.Reader) { r.Bool() },
	func(r *jsonscan.Reader) { r.OptionalBool() },
	func(r *jsonscan.Reader) { r.Int() },
	func(r *jsonscan.Reader) { r.Float() },
	func(r *jsonscan.Reader) { r.Member("a") },
	func(r *jsonscan.Reader) { r.Texts(map[string]*string{"a": new(string)}) },
	func(r *jsonscan.Reader) {
		for range r.Fields() {
		}
	},
	func(r *jsonscan.Reader) {
		for range r.Elements() {
		}
	},
	func(r *jsonscan.Reader) {
		jsonscan.Objects(r, func(r *jsonscan.Reader, n *int) { *n = len(r.Skip()) })
	},
}

// documents are well-formed and malformed ones, each for one rule of JSON.
var documents = []string{
	``, ` `, `{}`, `[]`, `""`, `null`, `true`, `false`, `nul`, `truE`, `falsey`, `{}{}`, `[] x`, "\t\r\n {} \n", "\v{}", "\x00", "[\x00]",
	`{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1:2}`, `{1:2}`, `{"a":1`, `{"a"`, `{`, `}`, `{]`,
	`[1,2]`, `[1,]`, `[,1]`, `[1 2]`, `[1`, `[`, `]`, `[}`, `[1,,2]`, `[[],[[]],{}]`,
	`{"a":1,"a":2}`, `{"a":{"b":1},"a":{}}`, `{"a":"x","A":"y"}`, `{"\u0061":1,"a":2}`, `{"a":"x","a":null}`,
	`0`, `-0`, `-`, `01`, `-01`, `+1`, `1.`, `.5`, `1.5`, `-1.5e+10`, `1e`, `1e+`, `1E5`, `1e05`, `0x10`, `1_0`, `Inf`, `NaN`, `1.2.3`, `--1`,
	`9223372036854775807`, `9223372036854775808`, `1e400`, `123456789012345678901234567890`, `0.00000000000000000001`,
	`"a"`, `"`, `"a`, `"\"`, `"\\"`, `"\/\b\f\n\r\t\"\\"`, `"\a"`, `"\u"`, `"\u00"`, `"\u00g0"`, `"\u00E9"`, `"\u00e9"`, `"\u0000"`, `"\U0041"`,
	`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"😀"`, `"é"`,
	"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "{\"\xff\":1}", "\"\x00\"", "\"\n\"", "\"\x1f\"", "\"\x7f\"", "\xef\xbb\xbf{}", "\"\u2028\"",
	`{"a":"1","b":[true,null,{"c":"é"}]}`, `[{"a":"x"},7,{"a":8}]`, `["a","text",""]`,
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func nestedObjects(n int) string {
	return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
}

func TestADocumentIsReadAsEncodingJSONReadsIt(t *testing.T) {
	t.Parallel()
	for _, document := range documents {
		t.Run(fmt.Sprintf("%q", document), func(t *testing.T) {
			t.Parallel()
			compare(t, []byte(document))
		})
	}
}

func TestNestingIsLimited(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		nested(jsonscan.MaxDepth), nested(jsonscan.MaxDepth + 1), nestedObjects(jsonscan.MaxDepth), nestedObjects(jsonscan.MaxDepth + 1),
		strings.Repeat("[", 1_000_000), strings.Repeat(`{"a":`, 1_000_000),
		"[" + strings.Repeat("[],", 5000) + "[]]", // wide is not deep
	} {
		compare(t, []byte(document))
	}
}

// FuzzReader holds all methods to what encoding/json makes of a document.
func FuzzReader(f *testing.F) {
	for _, document := range documents {
		f.Add([]byte(document))
	}
	for _, n := range []int{jsonscan.MaxDepth, jsonscan.MaxDepth + 1} {
		f.Add([]byte(nested(n)))
		f.Add([]byte(nestedObjects(n)))
	}
	f.Fuzz(func(t *testing.T, data []byte) { compare(t, data) })
}
