package system

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEachTableHoldsACodeOnceAndWhole(t *testing.T) {
	t.Parallel()
	for s := range All() {
		if len(s.Codes) == 0 || len(s.forms) == 0 || s.Title == "" || s.Waits == "" || len(s.Bodies) == 0 {
			t.Errorf("%s has no codes, no form or no text for the documentation", s.Name)
		}
		seen := map[string]bool{}
		for _, c := range s.Codes {
			if seen[c.Code] {
				t.Errorf("%s has %s twice", s.Name, c.Code)
			}
			seen[c.Code] = true
			if c.Kind == "" || c.Meaning == "" || c.Retry == "" {
				t.Errorf("%s %s has no kind, no meaning or no advice", s.Name, c.Code)
			}
		}
		if s.fieldsCode != "" && !seen[s.fieldsCode] {
			t.Errorf("%s reads fields as %s, which is not in its table", s.Name, s.fieldsCode)
		}
	}
}

func TestOneFormDecidesWhereTwoFit(t *testing.T) {
	t.Parallel()
	ranks := map[int]string{}
	for _, f := range forms {
		if other, taken := ranks[f.rank]; taken {
			t.Errorf("%s and %s both have the rank %d", other, f.system.Name, f.rank)
		}
		ranks[f.rank] = f.system.Name
	}
}

func TestTheSystemsComeInTheOrderOfTheDocumentation(t *testing.T) {
	t.Parallel()
	var names []string
	for s := range All() {
		if s.Own != (len(names) == 0) {
			t.Errorf("%s stands at %d", s.Name, len(names))
		}
		names = append(names, s.Name)
	}
	if !slices.IsSorted(names[1:]) {
		t.Errorf("the gateways are not sorted: %v", names)
	}
}

func TestAWaitIsReadInEverySpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		`"1 seconds"`:                        time.Second,
		`"1s"`:                               time.Second,
		`"60s"`:                              time.Minute,
		`"2 minutes"`:                        2 * time.Minute,
		`"1 minute"`:                         time.Minute,
		`"1 min"`:                            time.Minute,
		`"5 mins"`:                           5 * time.Minute,
		`"1m30s"`:                            90 * time.Second,
		`"1m 30s"`:                           90 * time.Second,
		`"250ms"`:                            250 * time.Millisecond,
		`"1.5 Seconds"`:                      1500 * time.Millisecond,
		`" 3 SEC "`:                          3 * time.Second,
		`"1 hour"`:                           time.Hour,
		`"2 hrs"`:                            2 * time.Hour,
		`"60"`:                               time.Minute,
		`60`:                                 time.Minute,
		`0.25`:                               250 * time.Millisecond,
		`0`:                                  0,
		`-5`:                                 0,
		`"-5s"`:                              0,
		`""`:                                 0,
		`"soon"`:                             0,
		`"s"`:                                0,
		`"1.2.3s"`:                           0,
		`"NaN"`:                              0,
		`"Infs"`:                             0,
		`null`:                               0,
		`true`:                               0,
		`{}`:                                 0,
		`"99999999999999999999 seconds"`:     math.MaxInt64,
		`"9223372036854775807 ms"`:           math.MaxInt64,
		`"` + strings.Repeat("9", 400) + `"`: math.MaxInt64,
	} {
		if got := waitOf(json.RawMessage(text)); got != want {
			t.Errorf("%.40s is read as %v, want %v", text, got, want)
		}
	}
}

func TestAResetIsAHintOnlyWhenItMakesSense(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for reset, want := range map[string]time.Duration{
		fmt.Sprint(now.Unix() + 40):   40 * time.Second,
		fmt.Sprint(now.Unix()):        0,
		fmt.Sprint(now.Unix() - 40):   0,
		"9223372036854775807":         0,
		"-1":                          0,
		"":                            0,
		"Sun, 01 Mar 2026 12:00:40":   0,
		fmt.Sprint(now.UnixMilli()):   0,
		fmt.Sprint(now.Unix()) + ".5": 0,
	} {
		header := http.Header{"X-Ratelimit-Reset": {reset}, "Date": {now.Format(http.TimeFormat)}}
		if got := APIMessaging.defaultWait(nil, header); got != want {
			t.Errorf("%q is read as %v, want %v", reset, got, want)
		}
	}
}

func TestFieldsStandInTheOrderOfTheDocument(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       []Field
	}{
		{"Kirim's param", `{"error":{"type":"api_error","code":"c","message":"m","param":"p"}}`, []Field{{"p", []string{"m"}}}},
		{"API Messaging's details", `{"success":false,"error":{"code":"c","details":{"field":"f","reason":"r"}}}`, []Field{{"f", []string{"r"}}}},
		{"MichoW's list", `{"message":"m","errors":{"to":["a","b"],"message":["c"],"code":["d"]}}`,
			[]Field{{"to", []string{"a", "b"}}, {"message", []string{"c"}}, {"code", []string{"d"}}}},
		{"ShingleAI's issues", `{"error":{"code":"c","details":{"issues":[{"path":["b","0","n"],"message":"x"},{"path":[],"message":"y"}]}}}`,
			[]Field{{"b.0.n", []string{"x"}}, {"", []string{"y"}}}},
		{"ShingleAI's tree", `{"error":{"code":"c","details":{"errors":["whole"],"properties":{"z":{"errors":["1"]},"a":{"errors":[],"properties":{"b":{"errors":["2","3"]}}}}}}}`,
			[]Field{{"", []string{"whole"}}, {"z", []string{"1"}}, {"a.b", []string{"2", "3"}}}},
		{"MichoW's list with a text for a list", `{"message":"m","errors":{"to":"a","from":["b"]}}`, []Field{{"to", []string{"a"}}, {"from", []string{"b"}}}},
		{"MichoW's list of texts only", `{"message":"m","errors":{"to":"a"}}`, []Field{{"to", []string{"a"}}}},
		{"MichoW's list with odd elements", `{"message":"m","errors":{"to":["a",7,null,{"x":1},"b"],"n":null,"o":{"p":["c"]},"q":[]}}`,
			[]Field{{"to", []string{"a", "b"}}}},
		{"MichoW's list with nothing to read", `{"message":"m","errors":{"to":7,"from":null}}`, nil},
		{"API Messaging's details with an odd reason", `{"success":false,"error":{"code":"c","details":{"field":"f","reason":["r"]}}}`, []Field{{"f", []string{"r"}}}},
		{"API Messaging's details without a reason", `{"success":false,"error":{"code":"c","details":{"field":"f","reason":7}}}`, []Field{{"f", nil}}},
		{"an issue with a path that is a text", `{"error":{"code":"c","details":{"issues":[{"path":"a.b","message":"x"},{"path":["c",0],"message":"y"}]}}}`,
			[]Field{{"a.b", []string{"x"}}, {"c.0", []string{"y"}}}},
		{"issues with odd elements", `{"error":{"code":"c","details":{"issues":[null,7,"z",{"path":{"a":1},"message":"x"},{"path":["a",null,{},1.5],"message":8},{"path":["d"],"message":"y"}]}}}`,
			[]Field{{"", []string{"z"}}, {"", []string{"x"}}, {"a.1.5", nil}, {"d", []string{"y"}}}},
		{"issues without their holder", `{"error":{"code":"c","details":[{"path":["a"],"message":"x"}]}}`, []Field{{"a", []string{"x"}}}},
		{"a tree with odd nodes", `{"error":{"code":"c","details":{"errors":"whole","properties":{"a":7,"b":{"errors":[1,"x"]},"c":{"errors":{},"properties":[]},"d":{"errors":["y"]}}}}}`,
			[]Field{{"", []string{"whole"}}, {"b", []string{"x"}}, {"d", []string{"y"}}}},
		{"issues of another shape", `{"error":{"code":"c","details":{"issues":7}}}`, nil},
		{"Connexease has none", `{"isSuccess":false,"errors":{"code":"c"}}`, nil},
		{"no envelope", `<html>`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Fields([]byte(tt.body))
			if !slices.EqualFunc(got, tt.want, func(a, b Field) bool { return a.Field == b.Field && slices.Equal(a.Messages, b.Messages) }) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// Not parallel, as it counts allocations.
func TestATreeWithoutEndCostsLittle(t *testing.T) {
	const levels = 3000
	body := []byte(`{"error":{"code":"c","message":"m","details":` + strings.Repeat(`{"properties":{"a":`, levels) + `{"errors":["x"]}` + strings.Repeat(`}}`, levels) + `}}`)
	if allocations := testing.AllocsPerRun(1, func() {
		if fields := Fields(body); len(fields) != 0 {
			t.Errorf("fields are %v", fields)
		}
	}); allocations > levels {
		t.Errorf("it took %v allocations", allocations)
	}
}
