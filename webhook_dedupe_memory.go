package kirim

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// elementTable is the memory of a [MemoryDeduper]: a hash table of records, and a queue of
// those that are done. Records refer to each other by index, so that the garbage collector
// has nothing to mark in them. Two maps and a queue of the standard kinds took 1.5 times as
// long for a claim with its completion, two allocations, and twice the memory when full. The
// zero value is empty and ready to use.
type elementTable struct {
	chunks []*[chunkSize]remembered
	used   uint32   // records that were ever used, with that of index 0
	free   uint32   // the first record to be used again, 0 for none
	heads  []uint32 // the first record of each bucket, 0 for none
	length int
	queued int
}

// A chunk has 56 KiB. Chunks stay where they are, so that growth copies no records.
const chunkSize = 1 << 10

// remembered is a record. That of index 0 is no element: it closes the ring of the queue.
type remembered struct {
	hash         elementHash
	claim        uint64        // of the holder; 0 when it is done, and so in the queue
	done         time.Duration // when it was completed, since the epoch of the deduper
	next         uint32        // in the bucket, or of the free ones
	older, newer uint32        // in the queue
}

// elementHash is the SHA-256 of a key: no two keys with the same one are known.
type elementHash [32]byte

func (t *elementTable) at(i uint32) *remembered { return &t.chunks[i/chunkSize][i%chunkSize] }

// find returns the index of an element, 0 when it is not there.
func (t *elementTable) find(h *elementHash) uint32 {
	if len(t.heads) == 0 {
		return 0
	}
	i := t.heads[t.bucket(h)]
	for i != 0 && t.at(i).hash != *h {
		i = t.at(i).next
	}
	return i
}

// bucket is that of linear hashing: there are as many buckets as the table needs, one more
// at a time, so that no element waits for a table to be rebuilt.
func (t *elementTable) bucket(h *elementHash) uint32 {
	n := uint32(len(t.heads)) //nolint:gosec // no more than elements, whose indices have 32 bits
	bucket := binary.LittleEndian.Uint32(h[:]) & t.mask()
	if bucket >= n {
		bucket &= t.mask() >> 1
	}
	return bucket
}

// mask has the bits of the hash that tell buckets apart.
func (t *elementTable) mask() uint32 {
	return 1<<bits.Len(uint(len(t.heads)-1)) - 1
}

// add adds an element that is not there, with its claim, and returns its index.
func (t *elementTable) add(h *elementHash, claim uint64) uint32 {
	i := t.free
	if i != 0 {
		t.free = t.at(i).next
	} else {
		t.used = max(1, t.used)
		if i = t.used; int(i/chunkSize) == len(t.chunks) {
			t.chunks = append(t.chunks, new([chunkSize]remembered))
		}
		t.used++
		t.split()
	}
	head := &t.heads[t.bucket(h)]
	*t.at(i) = remembered{hash: *h, claim: claim, next: *head}
	*head = i
	t.length++
	return i
}

// split adds a bucket, and moves there what belongs there.
func (t *elementTable) split() {
	t.heads = append(t.heads, 0)
	added := uint32(len(t.heads) - 1) //nolint:gosec // as in bucket
	if added == 0 {
		return
	}
	from := &t.heads[added&(t.mask()>>1)]
	for i := *from; i != 0; i = *from {
		e := t.at(i)
		if t.bucket(&e.hash) == added {
			*from, e.next, t.heads[added] = e.next, t.heads[added], i
		} else {
			from = &e.next
		}
	}
}

// remove removes an element.
func (t *elementTable) remove(i uint32) {
	t.unqueue(i)
	e := t.at(i)
	link := &t.heads[t.bucket(&e.hash)]
	for *link != i {
		link = &t.at(*link).next
	}
	*link = e.next
	*e = remembered{next: t.free}
	t.free = i
	t.length--
}

// complete puts an element at the end of the queue.
func (t *elementTable) complete(i uint32, now time.Duration) {
	t.unqueue(i)
	e, ring := t.at(i), t.at(0)
	e.claim, e.done = 0, now
	e.older, e.newer = ring.older, 0
	t.at(ring.older).newer = i
	ring.older = i
	t.queued++
}

// oldest returns the first element in the queue, 0 when it is empty.
func (t *elementTable) oldest() uint32 {
	if t.queued == 0 {
		return 0
	}
	return t.at(0).newer
}

// unqueue takes an element out of the queue if it is there.
func (t *elementTable) unqueue(i uint32) {
	e := t.at(i)
	if e.claim != 0 {
		return
	}
	t.at(e.older).newer, t.at(e.newer).older = e.newer, e.older
	t.queued--
}
