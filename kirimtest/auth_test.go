package kirimtest

import (
	"net/http"
	"regexp"
	"testing"
	"time"
)

func TestAuthenticationTellsWhatIsWrongWithTheKey(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	revoked := s.AddKey(Key{})
	if !s.RevokeKey(revoked) || s.RevokeKey("kdv_test_nobody") {
		t.Fatal("RevokeKey must tell whether there is such a key")
	}
	expired := s.AddKey(Key{ExpiresAt: clock.Now()})
	expiring := s.AddKey(Key{ExpiresAt: clock.Now().Add(time.Nanosecond)})
	header := func(value string) edit {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}
	none := func(r *http.Request) { r.Header.Del("Authorization") }
	tests := []struct {
		name string
		edit edit
		code string
	}{
		{"no header", none, "missing_api_key"},
		{"a header of another scheme", header("Basic dTpw"), "invalid_api_key"},
		{"a key without scheme", header(s.APIKey), "invalid_api_key"},
		{"an empty key", header("Bearer "), "invalid_api_key"},
		{"an unknown key", header("Bearer kdv_live_AAAAAAAAAAAAAAAAAAAAAAAA"), "invalid_api_key"},
		{"a revoked key", bearer(revoked), "revoked_api_key"},
		{"an expired key", bearer(expired), "expired_api_key"},
		{"a key in the query", func(r *http.Request) { none(r); r.URL.RawQuery = "api_key=" + s.APIKey }, "missing_api_key"},
		{"a key in a cookie", func(r *http.Request) { none(r); r.Header.Set("Cookie", "api_key="+s.APIKey) }, "missing_api_key"},
		{"a key that is about to expire", bearer(expiring), ""},
		{"a good key", bearer(s.APIKey), ""},
		{"a lower-case scheme", header("bearer " + s.APIKey), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := do(t, s, "GET", "/v1/me", "", tt.edit)
			if tt.code == "" {
				wantStatus(t, r, 200, "")
				return
			}
			wantStatus(t, r, 401, tt.code)
			if r.typ() != "authentication_error" || r.id != r.header.Get("X-Request-Id") {
				t.Errorf("type %q, id %q", r.typ(), r.id)
			}
			if r.header.Get("X-RateLimit-Limit") != "600" {
				t.Errorf("headers %v", r.header)
			}
		})
	}
}

func TestHealthNeedsNoKeyAndTakesNoToken(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	r := do(t, s, "GET", "/v1/health", "", func(r *http.Request) { r.Header.Del("Authorization") })
	wantStatus(t, r, 200, "")
	if r.data["status"] != "ok" || r.num(t, "X-RateLimit-Remaining") != 600 {
		t.Errorf("data %v, header %v", r.data, r.header)
	}
	quiet, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.RateHeadersWithoutKey = false }))
	for _, path := range []string{"/v1/health", "/v1/me"} {
		r = do(t, quiet, "GET", path, "", bearer("x"))
		if r.header.Get("X-RateLimit-Limit") != "" {
			t.Errorf("%s: header %v", path, r.header)
		}
	}
}

func TestMeDescribesTheKeyAndThePlan(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithPlan(Pro()))
	key := s.AddKey(Key{Label: "billing"})
	r := do(t, s, "GET", "/v1/me", "", bearer(key))
	wantStatus(t, r, 200, "")
	org := r.data["organization"].(map[string]any)
	api := r.data["api_key"].(map[string]any)
	limits := r.data["rate_limits"].(map[string]any)
	if org["object"] != "organization" || api["object"] != "api_key" || api["label"] != "billing" || api["last4"] != key[len(key)-4:] {
		t.Errorf("data %v", r.data)
	}
	if limits["tier"] != "pro" || limits["write_per_minute"] != 600.0 || limits["read_per_minute"] != 6000.0 {
		t.Errorf("limits %v", limits)
	}
}

func TestKeysLookLikeRealOnes(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	if !regexp.MustCompile(`^kdv_test_[A-Za-z0-9_-]{24}$`).MatchString(s.APIKey) {
		t.Errorf("key %q", s.APIKey)
	}
	fixed, _ := inMemory(t, WithAPIKey("kdv_live_fixed"), WithPhoneNumberID("777777"))
	wantStatus(t, post(t, fixed, tmplBody), 200, "")
	if fixed.APIKey != "kdv_live_fixed" || fixed.PhoneNumberID != "777777" {
		t.Errorf("%q %q", fixed.APIKey, fixed.PhoneNumberID)
	}
}

func TestPathsMethodsAndSizesOutsideTheAPIAreAnsweredInTheEnvelope(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) { a.MaxBody = 100 }))
	big := make([]byte, 101)
	tests := []struct {
		name, method, path, body string
		status                   int
		code, allow              string
	}{
		{"an unknown path", "GET", "/v1/nothing", "", 404, "resource_not_found", ""},
		{"a path outside /v1", "GET", "/me", "", 404, "resource_not_found", ""},
		{"a trailing slash", "GET", "/v1/me/", "", 404, "resource_not_found", ""},
		{"an empty parameter", "POST", "/v1//messages", "{}", 404, "resource_not_found", ""},
		{"an escaped slash in a parameter", "POST", "/v1/a%2Fb/messages", "{}", 404, "resource_not_found", ""},
		{"a wrong method", "DELETE", "/v1/me", "", 405, "resource_not_found", "GET, HEAD"},
		{"a wrong method on messages", "PUT", messagesPath(s), "{}", 405, "resource_not_found", "GET, HEAD, POST"},
		{"a body over the limit", "POST", messagesPath(s), string(big), 413, "invalid_field_value", ""},
		{"a body at the limit", "POST", messagesPath(s), string(big[:100]), 400, "invalid_field_value", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := do(t, s, tt.method, tt.path, tt.body)
			wantStatus(t, r, tt.status, tt.code)
			if r.header.Get("Allow") != tt.allow {
				t.Errorf("Allow %q", r.header.Get("Allow"))
			}
			if r.id == "" || r.id != r.header.Get("X-Request-Id") || r.header.Get("X-RateLimit-Limit") == "" {
				t.Errorf("id %q, header %v", r.id, r.header)
			}
		})
	}
	r := do(t, s, "HEAD", "/v1/me", "")
	if r.status != 200 || r.body != "" || r.header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d %q %v", r.status, r.body, r.header)
	}
}

func TestCodesOfThoseAnswersAreAssumptions(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t, WithAssumptions(func(a *Assumptions) {
		a.UnknownPathCode, a.WrongMethodCode, a.TooLargeCode, a.MalformedCode = "no_path", "no_method", "too_large", "no_json"
		a.RateHeadersOn5xx, a.MaxBody = true, 10
	}))
	wantStatus(t, do(t, s, "GET", "/v1/nothing", ""), 404, "no_path")
	wantStatus(t, do(t, s, "POST", "/v1/me", ""), 405, "no_method")
	wantStatus(t, post(t, s, "eleven byte"), 413, "too_large")
	wantStatus(t, post(t, s, "{"), 400, "no_json")
	s.AddFault(Fault{Status: 500})
	if r := do(t, s, "GET", "/v1/me", ""); r.num(t, "X-RateLimit-Remaining") != 599 {
		t.Errorf("%v", r.header)
	}
}

func TestTheDefaultBodyLimitIsOneMiB(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	wantStatus(t, post(t, s, string(make([]byte, 1<<20))), 400, "invalid_field_value")
	wantStatus(t, post(t, s, string(make([]byte, 1<<20+1))), 413, "invalid_field_value")
}
