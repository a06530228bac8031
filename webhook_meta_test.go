package kirim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

// Each webhook that Meta's description of its API shows is in
// testdata/webhooks_meta, in the same shape with values of our own.

// metaWebhooks returns their files.
func metaWebhooks(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/webhooks_meta/*.json")
	if err != nil || len(files) != 16 {
		t.Fatalf("%d files, not one for each of Meta's 16 examples; %v", len(files), err)
	}
	return files
}

// typedValues collects what the exported fields of a value hold, without those
// that keep JSON as it came.
func typedValues(v reflect.Value, into map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			typedValues(v.Elem(), into)
		}
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			into[strconv.FormatInt(at.Unix(), 10)] = true
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Raw" && f.Name != "Extra" {
				typedValues(v.Field(i), into)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			typedValues(v.Index(i), into)
		}
	case reflect.Float64:
		into[strconv.FormatFloat(v.Float(), 'f', -1, 64)] = true
	case reflect.Int, reflect.Int64:
		into[strconv.FormatInt(v.Int(), 10)] = true
	case reflect.String:
		into[v.String()] = true
	default:
	}
}

// leaf is a value of a document that is no object and no array.
type leaf struct {
	path, text string
	set        func(text string) // in the document
}

func leavesOf(t *testing.T, path string, v any, set func(any)) (leaves []leaf) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			leaves = append(leaves, leavesOf(t, path+"."+name, v[name], func(to any) { v[name] = to })...)
		}
	case []any:
		for i := range v {
			leaves = append(leaves, leavesOf(t, path+"["+strconv.Itoa(i)+"]", v[i], func(to any) { v[i] = to })...)
		}
	case string:
		leaves = append(leaves, leaf{path, v, func(text string) { set(text) }})
	case json.Number:
		leaves = append(leaves, leaf{path, v.String(), func(text string) { set(json.Number(text)) }})
	default:
		t.Errorf("%s is a %T, which this test does not look for", path, v)
	}
	return leaves
}

// Two values of a webhook may be the same, so each is changed for itself.
func TestEveryValueOfEveryWebhookThatMetaShowsArrivesInATypedField(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, file := range metaWebhooks(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		var tree any
		if err := dec.Decode(&tree); err != nil {
			t.Fatal(err)
		}
		leaves := leavesOf(t, "", tree, nil)
		for _, leaf := range leaves {
			switch {
			// The same in all of Meta's webhooks, and told by Source and Type.
			case leaf.path == ".object" && leaf.text == "whatsapp_business_account":
			case strings.HasSuffix(leaf.path, ".value.messaging_product") && leaf.text == "whatsapp":
			case strings.HasSuffix(leaf.path, ".field"):
			default:
				leaf.set(leaf.text + "9")
				changed, err := json.Marshal(tree)
				if err != nil {
					t.Fatal(err)
				}
				have := map[string]bool{}
				typedValues(reflect.ValueOf(mustDecode(t, string(changed)).Data), have)
				if !have[leaf.text+"9"] {
					t.Errorf("%s: %s is lost: %s", filepath.Base(file), leaf.path, leaf.text)
				}
				leaf.set(leaf.text)
			}
		}
		t.Logf("%s: %d values", filepath.Base(file), len(leaves))
		sum += len(leaves)
	}
	t.Logf("%d values", sum)
}

func TestEveryWebhookThatMetaShowsHasAType(t *testing.T) {
	t.Parallel()
	types := map[string]kirim.WebhookEventType{
		"group_create_message.json":      kirim.EventGroupLifecycle,
		"group_settings_update.json":     kirim.EventGroupSettings,
		"group_remove_participants.json": kirim.EventGroupParticipants,
	}
	for _, file := range metaWebhooks(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e, want := mustDecode(t, string(body)), types[filepath.Base(file)]
		if want == "" {
			want = kirim.EventMessageReceived
		}
		if _, unknown := e.Data[0].(*kirim.UnknownData); unknown || len(e.Data) != 1 || e.Source != "meta" || e.Type != want {
			t.Errorf("%s: %d elements, the first a %T, of %s, %s", file, len(e.Data), e.Data[0], e.Source, e.Type)
		}
		t.Run("handled", func(t *testing.T) {
			handled := 0
			hooks := kirim.NewWebhookHandler(verifier(t, testSecret))
			hooks.OnMessage(func(ctx context.Context, m *kirim.InboundMessage) error { handled++; return nil })
			hooks.OnGroup(func(ctx context.Context, g *kirim.GroupUpdate) error { handled++; return nil })
			w := httptest.NewRecorder()
			hooks.ServeHTTP(w, signed(testSecret, testTime, body))
			if w.Code != 200 || handled != 1 {
				t.Errorf("%s: %d, handled %d times", file, w.Code, handled)
			}
		})
	}
}
