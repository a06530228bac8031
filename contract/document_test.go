package contract

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const documentFile = "../api/openapi.yaml"

// operation is one of the document, as the tests name it.
type operation struct {
	id, method, path string
	*openapi3.Operation
}

// document is api/openapi.yaml, closed: objects that say nothing about further
// properties have none.
type document struct {
	source     []byte // JSON, to load copies from
	doc        *openapi3.T
	operations []operation // in the order of their ids
}

// loadDocument loads the document once. It is read-only.
var loadDocument = sync.OnceValues(func() (*document, error) {
	closed, err := closedSource(documentFile)
	if err != nil {
		return nil, err
	}
	d := &document{source: closed}
	if d.doc, err = openapi3.NewLoader().LoadFromData(closed); err != nil {
		return nil, err
	}
	for path, item := range d.doc.Paths.Map() {
		for method, op := range item.Operations() {
			d.operations = append(d.operations, operation{op.OperationID, method, path, op})
		}
	}
	slices.SortFunc(d.operations, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return d, nil
})

// closedSource returns the OpenAPI of a file with closed objects, as JSON.
func closedSource(file string) ([]byte, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	open, err := doc.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var root map[string]any
	if err := json.Unmarshal(open, &root); err != nil {
		return nil, err
	}
	closeObjects(root, root)
	return json.Marshal(root)
}

func mustLoad(t testing.TB) *document {
	t.Helper()
	d, err := loadDocument()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *document) operation(t testing.TB, id string) operation {
	t.Helper()
	i := slices.IndexFunc(d.operations, func(o operation) bool { return o.id == id })
	if i < 0 {
		t.Fatalf("the document has no operation %q", id)
	}
	return d.operations[i]
}

// closeObjects sets additionalProperties to false on every schema that lists
// properties and does not say otherwise. An allOf becomes one object first, as
// its members would each refuse what the others list.
func closeObjects(root map[string]any, node any) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			closeObjects(root, item)
		}
	case map[string]any:
		flatten(root, node)
		for _, value := range node {
			closeObjects(root, value)
		}
		_, lists := node["properties"].(map[string]any)
		if _, says := node["additionalProperties"]; lists && !says {
			node["additionalProperties"] = false
		}
	}
}

func flatten(root, schema map[string]any) {
	members, _ := schema["allOf"].([]any)
	if members == nil {
		return
	}
	delete(schema, "allOf")
	properties := map[string]any{}
	var required []any
	for _, member := range append(members, map[string]any{"properties": schema["properties"], "required": schema["required"]}) {
		m := resolve(root, member.(map[string]any))
		flatten(root, m)
		own, _ := m["properties"].(map[string]any)
		maps.Copy(properties, own)
		names, _ := m["required"].([]any)
		required = append(required, names...)
	}
	schema["type"], schema["properties"] = "object", properties
	if required != nil {
		schema["required"] = required
	}
}

func resolve(root, schema map[string]any) map[string]any {
	ref, isRef := schema["$ref"].(string)
	if !isRef {
		return schema
	}
	var node any = root
	for key := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		node = node.(map[string]any)[key]
	}
	return resolve(root, node.(map[string]any))
}

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile(documentFile)
	if err != nil {
		t.Fatal(err)
	}
	strictly := []openapi3.ValidationOption{
		openapi3.IsOpenAPI31OrLater(), openapi3.EnableMultiError(),
		openapi3.EnableExamplesValidation(), openapi3.EnableSchemaDefaultsValidation(),
		openapi3.EnableSchemaFormatValidation(), openapi3.EnableSchemaPatternValidation(),
	}
	if err := doc.Validate(context.Background(), strictly...); err != nil {
		t.Error(err)
	}
	if err := mustLoad(t).doc.Validate(context.Background(), strictly...); err != nil {
		t.Error("closed:", err)
	}
}

func TestTheDocumentSaysWhatItIs(t *testing.T) {
	t.Parallel()
	d := mustLoad(t)
	if about := d.doc.Info.Description; !strings.Contains(about, "not the vendor's document") {
		t.Errorf("the description does not say that it is a reconstruction: %s", about)
	}
	for _, op := range d.operations {
		_, sources := op.Extensions["x-sources"]
		_, source := op.Extensions["x-source"]
		if !sources && !source {
			t.Errorf("%s has neither x-sources nor x-source: inferred", op.id)
		}
		if _, ok := op.Extensions["x-confidence"]; !ok {
			t.Errorf("%s has no x-confidence", op.id)
		}
	}
}

func TestEveryOperationSaysWhatItTakes(t *testing.T) {
	t.Parallel()
	for _, op := range mustLoad(t).operations {
		keyed := op.Parameters.GetByInAndName("header", "Idempotency-Key") != nil
		if isPost := op.method == "POST"; isPost != keyed {
			t.Errorf("%s: %s, with Idempotency-Key: %v; POST takes one and nothing else does", op.id, op.method, keyed)
		}
		if op.RequestBody != nil && op.RequestBody.Value.Content.Get("application/json") == nil {
			t.Errorf("%s takes a body that is not JSON", op.id)
		}
		if (op.Parameters.GetByInAndName("query", "cursor") == nil) != (op.Parameters.GetByInAndName("query", "limit") == nil) {
			t.Errorf("%s takes one of limit and cursor without the other", op.id)
		}
	}
}
