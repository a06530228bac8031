package system

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheWorstOfMetasLimitsCounts(t *testing.T) {
	t.Parallel()
	const app, account = "X-App-Usage", "X-Business-Use-Case-Usage"
	for _, tt := range []struct {
		name   string
		header http.Header
		want   Usage
		ok     bool
	}{
		{"no header", http.Header{}, Usage{}, false},
		{"nil", nil, Usage{}, false},
		{"the app", http.Header{app: {`{"call_count":28,"total_time":25,"total_cputime":26}`}}, Usage{Percent: 28}, true},
		{"nothing used", http.Header{app: {`{"call_count":0,"total_time":0,"total_cputime":0}`}}, Usage{}, true},
		{"fractions count as whole", http.Header{app: {`{"call_count":99.2}`}}, Usage{Percent: 100}, true},
		{"several accounts and limits", http.Header{account: {`{"1":[{"type":"whatsapp","call_count":5,"estimated_time_to_regain_access":2},{"total_time":80}],"2":[{"total_cputime":90,"estimated_time_to_regain_access":1}]}`}},
			Usage{Percent: 90, Regain: 2 * time.Minute}, true},
		{"two headers", http.Header{app: {`{"call_count":28}`, `{"call_count":30}`}, account: {`{"1":[{"call_count":5}]}`}}, Usage{Percent: 30}, true},
		{"a wait alone", http.Header{account: {`{"1":[{"estimated_time_to_regain_access":2.5}]}`}}, Usage{Regain: 3 * time.Minute}, true},
		{"a limit that is passed", http.Header{app: {`{"call_count":250}`}}, Usage{Percent: 250}, true},
		{"values of other types", http.Header{app: {`{"call_count":"28","total_time":null,"total_cputime":[1]}`}}, Usage{}, false},
		{"one good value among them", http.Header{app: {`{"call_count":"28","total_time":7}`}}, Usage{Percent: 7}, true},
		{"negative values", http.Header{app: {`{"call_count":-1}`}, account: {`{"1":[{"estimated_time_to_regain_access":-5}]}`}}, Usage{}, false},
		{"numbers without end", http.Header{app: {`{"call_count":1e300}`}, account: {`{"1":[{"estimated_time_to_regain_access":1e300}]}`}},
			Usage{Percent: 1<<31 - 1, Regain: time.Duration(maxMinutes) * time.Minute}, true},
		{"a number that is infinite", http.Header{app: {`{"call_count":1e999}`}}, Usage{}, false},
		{"no JSON", http.Header{app: {`28%`}, account: {`{"1":`}}, Usage{}, false},
		{"JSON of another shape", http.Header{app: {`[28]`}, account: {`{"1":{"call_count":5},"2":7,"3":["x",null]}`}}, Usage{}, false},
		{"as much as is read", http.Header{app: {`{"call_count":28` + strings.Repeat(" ", 16384-len(`{"call_count":28}`)) + `}`}}, Usage{Percent: 28}, true},
		{"a byte more", http.Header{app: {`{"call_count":28` + strings.Repeat(" ", 16385-len(`{"call_count":28}`)) + `}`}}, Usage{}, false},
		{"nesting without end", http.Header{account: {`{"1":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + `}`}}, Usage{}, false},
	} {
		if got, ok := MetaUsage(tt.header); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %+v %v, want %+v %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzUsage(f *testing.F) {
	f.Add(`{"call_count":28,"total_time":25,"total_cputime":25}`)
	f.Add(`{"1":[{"type":"whatsapp","call_count":100,"estimated_time_to_regain_access":19}]}`)
	f.Fuzz(func(t *testing.T, value string) {
		usage, ok := MetaUsage(http.Header{"X-App-Usage": {value}, "X-Business-Use-Case-Usage": {value}})
		if usage.Percent < 0 || usage.Regain < 0 || !ok && usage != (Usage{}) {
			t.Errorf("%q is read as %+v, %v", value, usage, ok)
		}
	})
}
