package kirimtest

import (
	"encoding/json"
	"fmt"
	"testing"
)

// page is the response of a list.
type page struct {
	Data    []map[string]any `json:"data"`
	HasMore *bool            `json:"has_more"`
	Next    *string          `json:"next_cursor"`
	ID      string           `json:"request_id"`
}

func list(t testing.TB, s *Server, path string, edits ...edit) page {
	t.Helper()
	r := do(t, s, "GET", path, "", edits...)
	wantStatus(t, r, 200, "")
	var p page
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatal(err)
	}
	if p.HasMore == nil || *p.HasMore != (p.Next != nil) || p.Data == nil || p.ID != r.header.Get("X-Request-Id") {
		t.Errorf("envelope %s", r.body)
	}
	return p
}

// column is one field of every row.
func (p page) column(name string) string {
	values := make([]any, len(p.Data))
	for i, row := range p.Data {
		values[i] = row[name]
	}
	return fmt.Sprint(values)
}

// create posts and returns the id of what was made.
func create(t testing.TB, s *Server, path, body string, edits ...edit) string {
	t.Helper()
	r := do(t, s, "POST", path, body, edits...)
	wantStatus(t, r, 201, "")
	return r.data["id"].(string)
}

func numberPath(s *Server) string { return "/v1/" + s.PhoneNumberID }

// refusals sends each body and wants it refused.
type refusals []struct {
	name, body  string
	status      int
	code, param string
}

func (tests refusals) run(t *testing.T, s *Server, method, path string) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantRefusal(t, do(t, s, method, path, tt.body), tt.status, tt.code, tt.param)
		})
	}
}

const (
	missing = "missing_required_field"
	invalid = "invalid_field_value"
	unknown = "resource_not_found"
)
