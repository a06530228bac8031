package flows_test

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim/flows"
)

func TestWhatAResponseIsOnTheWire(t *testing.T) {
	t.Parallel()
	type slot struct {
		ID    int64  `json:"id"`
		Title string `json:"title"`
	}
	for name, test := range map[string]struct {
		response *flows.Response
		want     string // "" is a 500
	}{
		"a screen without data":            {flows.Next("A", nil), `{"screen":"A","data":{}}`},
		"a nil map":                        {flows.Next("A", map[string]any(nil)), `{"screen":"A","data":{}}`},
		"a struct, and its large number":   {flows.Next("A", slot{1<<53 + 1, "9:00"}), `{"screen":"A","data":{"id":9007199254740993,"title":"9:00"}}`},
		"a map with an error message":      {flows.Next("A", map[string]any{"z": 1}).WithErrorMessage("Taken."), `{"screen":"A","data":{"error_message":"Taken.","z":1}}`},
		"an error message without data":    {flows.Next("A", nil).WithErrorMessage("Taken."), `{"screen":"A","data":{"error_message":"Taken."}}`},
		"the message given twice":          {flows.Next("A", map[string]any{"error_message": "x"}).WithErrorMessage("y"), `{"screen":"A","data":{"error_message":"y"}}`},
		"an end without params":            {flows.Close(nil), `{"screen":"SUCCESS","data":{"extension_message_response":{"params":{"flow_token":"token-1"}}}}`},
		"an end with nil params":           {flows.Close(map[string]any(nil)), `{"screen":"SUCCESS","data":{"extension_message_response":{"params":{"flow_token":"token-1"}}}}`},
		"an end with params":               {flows.Close(slot{7, "9:00"}), `{"screen":"SUCCESS","data":{"extension_message_response":{"params":{"flow_token":"token-1","id":7,"title":"9:00"}}}}`},
		"an end with a token of its own":   {flows.Close(map[string]any{"flow_token": "own"}), `{"screen":"SUCCESS","data":{"extension_message_response":{"params":{"flow_token":"own"}}}}`},
		"no screen":                        {flows.Next("", nil), ""},
		"the reserved screen":              {flows.Next("SUCCESS", nil), ""},
		"params with another screen":       {&flows.Response{Screen: "A", Params: slot{}}, ""},
		"an end with data":                 {&flows.Response{Screen: "SUCCESS", Params: slot{}, Data: slot{}}, ""},
		"an end with an error message":     {flows.Close(nil).WithErrorMessage("Taken."), ""},
		"data that is a list":              {flows.Next("A", []string{"9:00"}), ""},
		"data that is a text":              {flows.Next("A", "9:00"), ""},
		"data that has no JSON":            {flows.Next("A", map[string]any{"f": math.NaN()}), ""},
		"params that are a number":         {flows.Close(7), ""},
		"params that have no JSON":         {flows.Close(func() {}), ""},
		"JSON that is made already":        {flows.Next("A", json.RawMessage(`{"b": 1}`)), `{"screen":"A","data":{"b":1}}`},
		"JSON that is made already, wrong": {flows.Next("A", json.RawMessage(`{"b":`)), ""},
	} {
		h := newHandler(t, func(context.Context, *flows.Request) (*flows.Response, error) { return test.response, nil })
		status, body := call(t, h, begin)
		if want := map[bool]int{true: 500, false: 200}[test.want == ""]; status != want || body != test.want {
			t.Errorf("%s: %d %s, want %s", name, status, body, test.want)
		}
	}
}

func TestWithErrorMessageDoesNotChangeTheOriginal(t *testing.T) {
	t.Parallel()
	screen := flows.Next("A", nil)
	if screen.WithErrorMessage("Taken."); !reflect.DeepEqual(screen, &flows.Response{Screen: "A"}) {
		t.Errorf("%+v", screen)
	}
}

func TestARequestHasEverythingThatWasSent(t *testing.T) {
	t.Parallel()
	const payload = `{"version":"4.0","action":"data_exchange","screen":"A","data":{"n":"7"},"flow_token":"t","flow_token_signature":"s","new":1}`
	var got flows.Request
	h := newHandler(t, func(_ context.Context, r *flows.Request) (*flows.Response, error) {
		got = *r
		return flows.Next("A", nil), nil
	})
	if status, _ := call(t, h, payload); status != 200 {
		t.Fatalf("status %d", status)
	}
	want := flows.Request{
		Version: "4.0", Action: flows.ActionDataExchange, Screen: "A", Data: json.RawMessage(`{"n":"7"}`),
		FlowToken: "t", FlowTokenSignature: "s", Raw: json.RawMessage(payload),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("action %q, screen %q, data %s, raw %s", got.Action, got.Screen, got.Data, got.Raw)
	}
}

func TestDecodeSaysWhichFieldIsWrongAndNotWhatItHolds(t *testing.T) {
	t.Parallel()
	type form struct {
		Age  int       `json:"age"`
		When time.Time `json:"when"`
	}
	for data, want := range map[string]string{
		``:                   "",
		`{"age":7,"new":1}`:  "",
		`{"age":"private"}`:  `flows: data: field "age" is a JSON string, which does not fit into int`,
		`{"age":77.123456}`:  `flows: data: field "age" is a JSON number, which does not fit into int`,
		`{"when":"private"}`: `flows: data: 18 bytes of JSON do not fit into *flows_test.form`,
		`[77.123456]`:        `flows: data: field "" is a JSON array, which does not fit into flows_test.form`,
		`{"age":`:            `flows: data: 7 bytes of JSON do not fit into *flows_test.form`,
	} {
		var in form
		err := (&flows.Request{Data: json.RawMessage(data)}).Decode(&in)
		if text := errorText(err); text != want {
			t.Errorf("%s: %s, want %s", data, text, want)
		}
	}
	r := flows.Request{Data: json.RawMessage(`{}`)}
	for _, v := range []any{nil, form{}, (*form)(nil)} {
		if err := r.Decode(v); err == nil || !strings.Contains(err.Error(), "json: Unmarshal(n") {
			t.Errorf("into %T: %v", v, err)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
