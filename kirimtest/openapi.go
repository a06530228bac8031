package kirimtest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// openAPI handles GET /v1/openapi.json with a description of the paths that the
// sandbox has; of what is said on them it tells little.
func openAPI(x *exchange) *reply {
	paths := make(map[string]map[string]any)
	x.s.router.each(func(method string, r *route) {
		path, isAPI := strings.CutPrefix(r.pattern, "/v1")
		if !isAPI {
			return
		}
		operation := map[string]any{"responses": map[string]any{
			"2XX":     map[string]any{"description": "Success"},
			"default": map[string]any{"description": "An error, in the envelope of all errors"},
		}}
		var parameters []any
		for _, seg := range segments(path) {
			if name, isParameter := strings.CutPrefix(seg, "{"); isParameter {
				parameters = append(parameters, map[string]any{
					"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": map[string]any{"type": "string"},
				})
			}
		}
		if parameters != nil {
			operation["parameters"] = parameters
		}
		if r.public {
			operation["security"] = []any{}
		}
		if paths[path] == nil {
			paths[path] = make(map[string]any)
		}
		paths[path][strings.ToLower(method)] = operation
	})
	document, err := json.Marshal(map[string]any{
		"openapi":    "3.1.0",
		"info":       map[string]any{"title": "Kirim sandbox", "version": "1.0.0"},
		"servers":    []any{map[string]any{"url": x.s.URL}},
		"security":   []any{map[string]any{"bearerAuth": []any{}}},
		"components": map[string]any{"securitySchemes": map[string]any{"bearerAuth": map[string]any{"type": "http", "scheme": "bearer"}}},
		"paths":      paths,
	})
	if err != nil { // a type of ours that cannot be JSON
		return failed(fail("internal_error", "", err.Error()))
	}
	return &reply{status: http.StatusOK, asIs: true, raw: document, header: http.Header{
		"Content-Type": {"application/json"}, "X-Request-Id": {x.requestID},
	}}
}

// each calls f with every operation.
func (n *router) each(f func(method string, r *route)) {
	for method, r := range n.routes {
		f(method, r)
	}
	for _, next := range n.fixed {
		next.each(f)
	}
	if n.param != nil {
		n.param.each(f)
	}
}
