package kirimtest

// ring keeps the last limit values added to it, oldest first.
type ring[T any] struct {
	limit int
	items []T
	start int // of the oldest item, once the ring is full
}

// add appends v. When the ring was full it returns the value that v pushed out.
func (r *ring[T]) add(v T) (evicted T, full bool) {
	if len(r.items) < r.limit {
		r.items = append(r.items, v)
		return evicted, false
	}
	evicted = r.items[r.start]
	r.items[r.start] = v
	r.start = (r.start + 1) % len(r.items)
	return evicted, true
}

// all calls yield with every value, oldest first.
func (r *ring[T]) all(yield func(T) bool) {
	for i := range r.items {
		if !yield(r.items[(r.start+i)%len(r.items)]) {
			return
		}
	}
}

func (r *ring[T]) reset() {
	r.items, r.start = nil, 0
}
