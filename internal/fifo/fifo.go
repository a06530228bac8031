// Package fifo is the queue of the bounded memories: keys in the order in which
// they came, each with its time, so that the oldest can be forgotten first.
package fifo

import "time"

// blockSize makes a block of short keys about 4 KiB.
const blockSize = 64

// Queue is a first-in, first-out queue. The zero value is empty and ready to
// use. Its items are kept in blocks of a fixed size: no operation copies the
// queue, however long it is, and the memory of what was taken is released with
// its block. It is not safe for concurrent use.
type Queue[K any] struct {
	first, last *block[K]
	head, tail  int // the oldest item in first, the next free place in last
	length      int
}

type block[K any] struct {
	items [blockSize]item[K]
	next  *block[K]
}

type item[K any] struct {
	key K
	at  time.Time
}

// Len returns the number of items.
func (q *Queue[K]) Len() int { return q.length }

// Push adds an item.
func (q *Queue[K]) Push(key K, at time.Time) {
	switch {
	case q.last == nil:
		q.last = new(block[K])
		q.first = q.last
	case q.tail == blockSize:
		q.last.next = new(block[K])
		q.last, q.tail = q.last.next, 0
	}
	q.last.items[q.tail] = item[K]{key, at}
	q.tail++
	q.length++
}

// Oldest returns the oldest item; ok is false when there is none.
func (q *Queue[K]) Oldest() (key K, at time.Time, ok bool) {
	if q.length == 0 {
		return key, at, false
	}
	oldest := &q.first.items[q.head]
	return oldest.key, oldest.at, true
}

// Pop removes the oldest item and returns it; ok is false when there is none.
func (q *Queue[K]) Pop() (key K, at time.Time, ok bool) {
	if key, at, ok = q.Oldest(); !ok {
		return key, at, false
	}
	q.first.items[q.head] = item[K]{} // so that what the key refers to can be freed
	q.head++
	q.length--
	switch {
	case q.length == 0:
		*q = Queue[K]{}
	case q.head == blockSize:
		q.first, q.head = q.first.next, 0
	}
	return key, at, true
}
