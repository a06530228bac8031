package kirim

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// sameAsKirim reports whether decodeUsual takes a body, and fails the test unless
// it then reads from it what decodeKirim does.
func sameAsKirim(t *testing.T, status int, body []byte) bool {
	t.Helper()
	usual, kirim := &Error{StatusCode: status}, &Error{StatusCode: status}
	if !usual.decodeUsual(body) {
		if !reflect.DeepEqual(usual, kirim) {
			t.Fatalf("%q is left to decodeKirim, but not untouched: %+v", body, usual)
		}
		return false
	}
	if !kirim.decodeKirim(body) || !reflect.DeepEqual(usual, kirim) {
		t.Fatalf("%d %q is read as\n%+v, by decodeKirim as\n%+v", status, body, usual, kirim)
	}
	return true
}

// oddEnvelopes are near the usual one. Whether they are taken is said by the
// tests of DecodeError; here they must be read as before.
var oddEnvelopes = []string{
	`{"error":{"type":"api_error","code":"internal_error","message":"(#131047)","param":null,"request_id":"req_1"}}`,
	`{"error":{"type":"not_found","code":"resource_not_found","code":null,"message":"a","message":"b"}}`,
	`{"error":{"type":"not_found"},"error":{"code":"resource_not_found"}}`,
	`{"error":{"type":"not_found","code":"resource_not_found"},"error":null}`,
	`{"error":{"TYPE":"not_found","Code":"resource_not_found"}}`,
	`{"error":{"type":"not_found","code":"resource_not_found","param":7}}`,
	`{"error":{"type":"OAuthException","code":"131047","message":"1234"}}`,
	`{"error":{"\u0074ype":"not_found","code":"a\ud800b","message":"\"\\\u0041 provider_code"}}`,
	"{\"error\":{\"type\":\"not_found\",\"code\":\"\xff\xc3\",\"message\":\"\xed\xa0\x80\"}}",
	`{"error":{"type":"not_found","code":"resource_not_found"},"success":false}`,
	`{"error":{"type":"not_found","code":"resource_not_found"}} x`,
	`{"error":{"type":"not_found","code":"resource_not_found"}`,
	"\t\r\n {\"error\" : {\"type\" : \"not_found\" , \"code\" : \"resource_not_found\" } } ",
}

func FuzzTheUsualEnvelopeIsReadAsAnyOther(f *testing.F) {
	for _, body := range oddEnvelopes {
		f.Add(422, []byte(body))
		f.Add(500, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) { sameAsKirim(t, status, body) })
}

// The fuzzer seldom gets past the syntax of JSON: these bodies are all envelopes,
// of members and values that differ in what counts.
func TestTheUsualEnvelopeIsReadAsAnyOther(t *testing.T) {
	t.Parallel()
	names := []string{
		"type", "type", "code", "code", "message", "param", "request_id", `\u0063ode`, "Code", "TYPE", "mes\u017fage", "status", "success",
		"error", "error_data", "details", "provider_code", "fbtrace_id", "\xff", "",
	}
	values := []string{
		`"invalid_request_error"`, `"outside_24h_window"`, `"internal_error"`, `"OAuthException"`, `"131047"`, `"(#131056) wait 131056"`,
		`"provider_code"`, `"\u00e9\ud83d\ude00\ud83d"`, "\"\xff\"", `"é"`, `""`, `null`, `null`, `7`, `131047`, `true`, `[]`, `["code"]`, `{"code":131047}`, `"`, "\"\n\"",
	}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of []string, usual int) string { // mostly one of the first
		if random.IntN(8) > 0 {
			return of[random.IntN(usual)]
		}
		return of[random.IntN(len(of))]
	}
	object := func() string {
		var members []string
		for range 1 + random.IntN(6) {
			members = append(members, `"`+pick(names, 7)+`":`+pick(values, 13))
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	taken := 0
	const bodies = 50_000
	for range bodies {
		members := []string{`"error":` + object()}
		for random.IntN(6) == 0 {
			members = append(members, pick([]string{`"error":` + object(), `"error":null`, `"error":[]`, `"success":false`, `"Error":` + object(), `"request_id":"r"`}, 1))
		}
		body := "{" + strings.Join(members, ",") + "}"
		if random.IntN(50) == 0 {
			body = body[:random.IntN(len(body))]
		}
		if sameAsKirim(t, []int{200, 404, 422, 500}[random.IntN(4)], []byte(body)) {
			taken++
		}
	}
	if taken < bodies/10 || taken > bodies*9/10 {
		t.Errorf("%d of %d bodies are taken", taken, bodies)
	}
}
