package kirimtest

import (
	"iter"
	"slices"
	"time"
)

// head is what every row of a table has.
type head struct {
	id      string
	seq     uint64 // rises with every row of the organisation
	created time.Time
	updated time.Time
}

func (h *head) header() *head { return h }

type row interface {
	comparable
	header() *head
}

// table keeps rows in the order in which they were made, at most limit of
// them: a new one pushes the oldest out.
type table[T row] struct {
	limit int
	byID  map[string]T
	order []T
}

func newTable[T row](limit int) table[T] {
	return table[T]{limit: limit, byID: make(map[string]T)}
}

// newHead begins a row. st.mu is held.
func (st *state) newHead(prefix string, now time.Time) head {
	st.rows++
	return head{newID(prefix, now), st.rows, now, now}
}

// add appends a row and returns those that are gone because of it: one with
// the same id, and the oldest of a full table.
func (t *table[T]) add(v T) (gone []T) {
	if old, found := t.get(v.header().id); found {
		t.remove(old)
		gone = append(gone, old)
	}
	if len(t.order) >= t.limit {
		oldest := t.order[0]
		t.remove(oldest)
		gone = append(gone, oldest)
	}
	t.byID[v.header().id] = v
	t.order = append(t.order, v)
	return gone
}

func (t *table[T]) get(id string) (T, bool) {
	v, found := t.byID[id]
	return v, found
}

func (t *table[T]) remove(v T) {
	delete(t.byID, v.header().id)
	i, found := slices.BinarySearchFunc(t.order, v, func(a, b T) int { return position{seq: a.header().seq}.compare(position{seq: b.header().seq}) })
	switch {
	case !found:
	case i == 0: // without moving the others
		var none T
		t.order[0] = none
		t.order = t.order[1:]
	default:
		t.order = slices.Delete(t.order, i, i+1)
	}
}

// oldest yields the rows in the order in which they were made.
func (t *table[T]) oldest(yield func(T) bool) {
	for _, v := range t.order {
		if !yield(v) {
			return
		}
	}
}

// newest yields the rows of all tables that keep holds for, the last one first.
func newest[T row](keep func(T) bool, tables ...*table[T]) iter.Seq2[position, T] {
	return func(yield func(position, T) bool) {
		next := make([]int, len(tables))
		for i, t := range tables {
			next[i] = len(t.order) - 1
		}
		for {
			last, seq := -1, uint64(0)
			for i, t := range tables {
				if next[i] >= 0 && t.order[next[i]].header().seq > seq {
					last, seq = i, t.order[next[i]].header().seq
				}
			}
			if last < 0 {
				return
			}
			v := tables[last].order[next[last]]
			next[last]--
			if keep(v) && !yield(position{seq: seq}, v) {
				return
			}
		}
	}
}
