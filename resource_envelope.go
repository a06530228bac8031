package kirim

import (
	"context"

	"github.com/kirim-go/kirim/internal/jsonscan"
	"github.com/kirim-go/kirim/internal/system"
)

// request makes one call and returns the resource that is in the response.
func request[T any](ctx context.Context, c *core, method, path string, query, body any, opts []RequestOption) (*T, error) {
	var answer resourceEnvelope[T]
	if err := c.do(ctx, method, path, query, body, &answer, opts); err != nil {
		return nil, err
	}
	return &answer.data, nil
}

// resourceEnvelope is {"data": resource}. It reads the response itself:
// encoding/json would read the whole of it once more before.
type resourceEnvelope[T any] struct{ data T }

// DecodeResult implements [system.Result].
func (e *resourceEnvelope[T]) DecodeResult(body system.Body) error {
	r := jsonscan.New(body)
	found := false
	for name := range r.Fields() {
		raw := r.Skip()
		if string(name) != "data" || r.Failed() {
			continue
		}
		if found = string(raw) != "null"; !found {
			continue
		}
		if err := decodeValue(raw, &e.data); err != nil {
			return err
		}
	}
	if err := wholeObject(r, body); err != nil {
		return err
	}
	if !found {
		return system.Missing("data")
	}
	if r, ok := any(&e.data).(interface{ missing() string }); ok && r.missing() != "" {
		return system.Missing("data." + r.missing())
	}
	return nil
}
