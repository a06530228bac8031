package kirim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

var update = flag.Bool("update", false, "write the golden files of events anew")

// decode verifies and decodes a body as of one fixed second.
func decode(t testing.TB, header http.Header, body []byte) (*kirim.Event, error) {
	t.Helper()
	r := signed(testSecret, testTime, body)
	maps.Copy(r.Header, header)
	return verifier(t, testSecret).Event(r)
}

func mustDecode(t testing.TB, body string) *kirim.Event {
	t.Helper()
	e, err := decode(t, nil, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// dump shows an event as JSON, with the type of each element and without what
// is only raw.
func dump(e *kirim.Event) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "type %q id %q delivery %q source %q created %s\n", e.Type, e.ID, e.DeliveryID, e.Source, e.CreatedAt.Format(time.RFC3339Nano))
	for _, data := range e.Data {
		encoded, err := json.Marshal(data)
		if err != nil {
			panic(err)
		}
		var tree any
		json.Unmarshal(encoded, &tree)
		_, unknown := data.(*kirim.UnknownData)
		encoded, _ = json.MarshalIndent(slim(tree, unknown), "", "  ")
		fmt.Fprintf(&b, "%T %s\n", data, encoded)
	}
	return b.Bytes()
}

// slim leaves out what is empty, and raw JSON that is decoded as well.
func slim(v any, keepRaw bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			value = slim(value, keepRaw)
			if value == nil || value == "" || value == false || value == "0001-01-01T00:00:00Z" || name == "Raw" && !keepRaw {
				continue
			}
			if m, ok := value.(map[string]any); ok && len(m) == 0 {
				continue
			}
			out[name] = value
		}
		return out
	case []any:
		for i := range v {
			v[i] = slim(v[i], keepRaw)
		}
	}
	return v
}

func eventFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

func TestEveryEventIsDecodedAsItsGoldenFileSays(t *testing.T) {
	t.Parallel()
	for _, file := range eventFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e, err := decode(t, nil, body)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(e.Raw, body) {
				t.Error("the raw body is not the body")
			}
			got, golden := dump(e), strings.TrimSuffix(file, ".json")+".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want, _ := os.ReadFile(golden); !bytes.Equal(got, want) {
				t.Errorf("decoded as\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestEveryElementKeepsItsRawJSON(t *testing.T) {
	t.Parallel()
	for _, file := range eventFiles(t) {
		body, _ := os.ReadFile(file)
		e, err := decode(t, nil, body)
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range e.Data {
			raw := reflect.ValueOf(data).Elem().FieldByName("Raw").Bytes()
			if !json.Valid(raw) || !bytes.Contains(body, raw) {
				t.Errorf("%s: %T has raw %s", file, data, raw)
			}
		}
	}
}

func TestEventSurvivesFieldsOfUnexpectedTypes(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`null`, `true`, `7`, `1e400`, `"x"`, `[]`, `{}`, `[[{}]]`, `{"a":[1]}`} {
		for _, file := range eventFiles(t) {
			body, _ := os.ReadFile(file)
			var tree map[string]any
			json.Unmarshal(body, &tree)
			for _, spoilt := range spoil(tree, json.RawMessage(value)) {
				e, err := decode(t, nil, spoilt)
				if err != nil {
					t.Fatalf("%v for %s", err, spoilt)
				}
				dump(e)
			}
		}
	}
}

// spoil returns the document once for each of its values, with that replaced.
func spoil(root any, by json.RawMessage) (spoilt [][]byte) {
	var walk func(v any)
	replace := func(set func(any), old any) {
		set(by)
		encoded, err := json.Marshal(root)
		if err == nil {
			spoilt = append(spoilt, encoded)
		}
		set(old)
	}
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, old := range v {
				replace(func(to any) { v[name] = to }, old)
				walk(old)
			}
		case []any:
			for i, old := range v {
				replace(func(to any) { v[i] = to }, old)
				walk(old)
			}
		}
	}
	walk(root)
	return spoilt
}

func TestBodyThatIsNoEventIsMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, ` `, `null`, `[]`, `"text"`, `7`, `{`, `{"a":}`, `{"a":1,}`, `{"a":01}`, `{} {}`, `{"a":"\x"}`, "{\"a\":\"\n\"}",
		`{"entry":[{"changes":[{"value":{"messages":[{"id":"1"`, `{"a":tru}`, `{"a":1.}`, `{"a":1e}`, `{"a":-}`, `{"a":"\u12G4"}`, `{'a':1}`, "{\"a\":1}\x00",
		`{"a":` + strings.Repeat("[", 1e6) + strings.Repeat("]", 1e6) + `}`,
	} {
		if _, err := decode(t, nil, []byte(body)); !errors.Is(err, kirim.ErrWebhookMalformed) {
			t.Errorf("%.60q: %v", body, err)
		}
	}
}

func TestEventOfUnknownShapeIsNotLost(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"a":1}`, `{"entry":[]}`, `{"entry":7}`, `{"type":"a.b"}`, `{"type":"message.received","data":{}}`} {
		e := mustDecode(t, body)
		if len(e.Data) != 1 {
			t.Fatalf("%s: %d elements", body, len(e.Data))
		}
		if _, ok := e.Data[0].(*kirim.UnknownData); !ok {
			t.Errorf("%s: %T", body, e.Data[0])
		}
	}
}

func TestBodySaysMoreThanHeaders(t *testing.T) {
	t.Parallel()
	forged := http.Header{
		"X-Kirim-Event": {"contact.created"}, "X-Kirim-Event-Id": {"evt_FORGED"},
		"X-Kirim-Delivery-Id": {"wbd_1"}, "X-Kirim-Attempt": {"3"}, "X-Kirim-Source": {"meta"},
	}
	e, err := decode(t, forged, []byte(`{"id":"evt_1","type":"conversation.closed","data":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != "evt_1" || e.Type != kirim.EventConversationClosed || e.Source != "kirim" || e.DeliveryID != "wbd_1" || e.Attempt != 3 {
		t.Errorf("%+v", e)
	}
	forged.Set("X-Kirim-Event", "message.status")
	e, err = decode(t, forged, []byte(`{"entry":[{"changes":[{"value":{"messages":[{"id":"1"}]}}]}]}`))
	if err != nil || e.Type != kirim.EventMessageReceived || e.Source != "meta" {
		t.Errorf("%v %+v", err, e)
	}
}

func TestFailedStatusAnswersTheQuestionsOfErrors(t *testing.T) {
	t.Parallel()
	body, _ := os.ReadFile("testdata/events/statuses.json")
	var errs []error
	for _, data := range mustDecode(t, string(body)).Data {
		errs = append(errs, data.(*kirim.StatusUpdate).Err())
	}
	for i, want := range []kirim.Kind{4: kirim.KindOutsideWindow, 5: kirim.KindRecipientUnavailable, 6: kirim.KindUnknown, 8: ""} {
		if want == "" && errs[i] != nil || want != "" && !errors.Is(errs[i], want) {
			t.Errorf("status %d: %v, want %q", i, errs[i], want)
		}
	}
	if !kirim.IsOutside24hWindow(errs[4]) || kirim.IsRateLimited(errs[4]) || !kirim.IsRateLimited(&kirim.EventError{Kind: kirim.KindRateLimited}) {
		t.Error("the predicates do not see the kind")
	}
	if text := errs[5].Error(); strings.Contains(text, "Old place") || strings.Contains(text, "\n") || !strings.Contains(text, "131026") {
		t.Errorf("text %q", text)
	}
	for _, tt := range []struct {
		err  kirim.EventError
		want string
	}{
		{kirim.EventError{Code: 131047, Kind: kirim.KindOutsideWindow, Message: "+62811"}, "kirim: event: meta code 131047: the 24-hour window is closed, send a template"},
		{kirim.EventError{Code: 131047, VendorCode: kirim.CodeOutside24hWindow, Kind: kirim.KindOutsideWindow, Title: "+62811"},
			"kirim: event: outside_24h_window, meta code 131047: the 24-hour window is closed, send a template"},
	} {
		if text := tt.err.Error(); text != tt.want {
			t.Errorf("text %q, want %q", text, tt.want)
		}
	}
}

func FuzzEvent(f *testing.F) {
	for _, file := range eventFiles(f) {
		body, _ := os.ReadFile(file)
		var compact bytes.Buffer
		json.Compact(&compact, body)
		f.Add(compact.Bytes())
	}
	f.Add([]byte(`{"a":"\ud800","b":"\u00e9` + "\xff" + `","entry":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := decode(t, nil, body)
		valid := json.Valid(body) && bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{"))
		switch {
		case err != nil && valid && !tooDeep(body):
			t.Fatalf("%v for valid JSON", err)
		case err == nil && !valid:
			t.Fatal("no error for invalid JSON")
		case err != nil:
			return
		}
		dump(e)
	})
}

func tooDeep(body []byte) bool {
	return bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 900
}
