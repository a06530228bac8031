package kirim

import (
	"context"

	"github.com/kirim-go/kirim/internal/jsonscan"
	"github.com/kirim-go/kirim/internal/system"
)

// request makes one call and returns the resource that is in the response.
func request[T any](ctx context.Context, c *core, method, path string, query, body any, opts []RequestOption) (*T, error) {
	var answer resourceEnvelope[T]
	call, err := c.ready(ctx, method, path, query, body, &answer, opts)
	if err != nil {
		return nil, err
	}
	if err := call.run(ctx); err != nil {
		return nil, err
	}
	return &answer.data, nil
}

// resourceEnvelope is {"data": resource}. It reads the response itself:
// encoding/json would read the whole of it once more before.
type resourceEnvelope[T any] struct {
	data   T
	reader jsonscan.Reader // here it saves one of the 35 allocations of a send
}

// DecodeResult implements [system.Result].
func (e *resourceEnvelope[T]) DecodeResult(body system.Body) error {
	e.reader = *jsonscan.New(body)
	r := &e.reader
	defer func() { e.reader = jsonscan.Reader{} }() // data may live long, the body need not
	found := false
	for name := range r.Fields() {
		if string(name) != "data" {
			continue
		}
		if found = r.Peek() != 'n'; !found { // null
			continue
		}
		e.data = *new(T)
		if err := scanValue(r, &e.data); err != nil {
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
