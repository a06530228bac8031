package system

import "testing"

func TestAnEnvelopeOfMetaIsKnownByItsMarks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		kind       string // empty for a body of another system's
		code, id   string
	}{
		{"by its type", `{"error":{"type":"OAuthException","code":131009}}`, "invalid_request", "131009", ""},
		{"by its trace", `{"error":{"code":131009,"fbtrace_id":"A"}}`, "invalid_request", "131009", "A"},
		{"by its data", `{"error":{"code":131009,"error_data":{}}}`, "invalid_request", "131009", ""},
		{"an expired token", `{"error":{"type":"OAuthException","code":190}}`, "auth_expired", "190", ""},
		{"a subcode of a token", `{"error":{"type":"OAuthException","code":190,"error_subcode":460}}`, "auth_revoked", "190", ""},
		{"another one", `{"error":{"type":"OAuthException","code":190,"error_subcode":467}}`, "auth_invalid", "190", ""},
		{"the subcode of a token beside another code", `{"error":{"type":"OAuthException","code":100,"error_subcode":460}}`, "invalid_request", "100", ""},
		{"nobody", `{"error":{"type":"OAuthException","code":0}}`, "auth_invalid", "0", ""},
		{"a number without a mark", `{"error":{"type":"x","code":131009}}`, "", "", ""},
		{"a mark of Kirim's", `{"error":{"code":131009,"provider_code":131009}}`, "", "", ""},
		{"a mark without a number", `{"error":{"type":"OAuthException","code":"bad"}}`, "", "", ""},
	} {
		answer, ok := Detect(400, nil, []byte(tt.body))
		if of := ok && answer.System == CloudAPI; of != (tt.kind != "") || of && (answer.Kind != tt.kind || answer.Code != tt.code || answer.RequestID != tt.id) {
			t.Errorf("%s: %+v", tt.name, answer)
		}
	}
	for text, want := range map[string]string{`7`: "7", `2593107`: "2593107", `1234567890`: "1234567890", `12345678901`: "", `-1`: "", `1.5`: "", `1e3`: "", `1E3`: "", `"7"`: "", ``: ""} {
		if got := numberOf([]byte(text)); got != want {
			t.Errorf("%s is read as %q, want %q", text, got, want)
		}
	}
}
