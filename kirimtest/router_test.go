package kirimtest

import "testing"

func TestRouterPrefersFixedSegmentsAndFallsBackToParameters(t *testing.T) {
	t.Parallel()
	n := new(router)
	for _, r := range []struct{ method, pattern string }{
		{"GET", "/v1/labels"}, {"GET", "/v1/labels/{id}"}, {"PATCH", "/v1/labels/{id}"},
		{"POST", "/v1/{number}/messages"}, {"GET", "/v1/{number}/messages/{id}/media"},
	} {
		n.add(r.method, route{pattern: r.pattern})
	}
	tests := []struct {
		method, path, pattern, first, second, allow string
	}{
		{"GET", "/v1/labels", "/v1/labels", "", "", ""},
		{"HEAD", "/v1/labels", "/v1/labels", "", "", ""},
		{"GET", "/v1/labels/messages", "/v1/labels/{id}", "messages", "", ""},
		{"DELETE", "/v1/labels/1", "", "1", "", "GET, HEAD, PATCH"},
		{"POST", "/v1/1/messages", "/v1/{number}/messages", "1", "", ""},
		{"GET", "/v1/1/messages/a%2F..%20b/media", "/v1/{number}/messages/{id}/media", "1", "a/.. b", ""},
		{"GET", "/v1/labels/1/media", "", "1", "", ""},
		{"GET", "/v1/1/messages/%zz/media", "", "1", "", ""},
		{"GET", "/v1", "", "", "", ""},
		{"GET", "/", "", "", "", ""},
		{"GET", "", "", "", "", ""},
	}
	for _, tt := range tests {
		r, params, allow := n.find(tt.method, tt.path)
		pattern := ""
		if r != nil {
			pattern = r.pattern
		}
		if pattern != tt.pattern || allow != tt.allow || r != nil && (params[0] != tt.first || params[1] != tt.second) {
			t.Errorf("%s %s: %q %v %q", tt.method, tt.path, pattern, params, allow)
		}
	}
}
