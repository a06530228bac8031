// Package jsonscan reads a JSON document once, checks all of it, and lets the
// caller take what it knows. encoding/json would read a document several times
// to find out what it is and to keep parts of it as they came, and would give
// up all of it for one field of an unexpected type.
package jsonscan

import (
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deeply containers may be nested. It is far above what the
// documents of an API have, and keeps the stack small.
const MaxDepth = 1000

// Reader is a position in a document. After a fault it reads nothing more, so
// that loops end, and Done reports false. A value of another type than asked
// for is skipped and read as zero.
type Reader struct {
	data  []byte
	pos   int
	depth int
	first bool // just inside a container
	bad   bool
}

// New returns a reader at the beginning of a document. What is read from it
// may share memory with the document.
func New(data []byte) *Reader { return &Reader{data: data} }

// Failed reports whether there was a fault.
func (r *Reader) Failed() bool { return r.bad }

// Done reports whether the document was well-formed and has been read to its
// end.
func (r *Reader) Done() bool { return !r.bad && r.Peek() == 0 && r.pos == len(r.data) }

// Peek skips white space and returns the first byte of the next token, or 0 at
// the end.
func (r *Reader) Peek() byte {
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case ' ', '\n', '\r', '\t':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

// Pos is the offset of the next byte to read.
func (r *Reader) Pos() int { return r.pos }

// Since returns what was read from an offset on. It shares the document's
// memory.
func (r *Reader) Since(start int) json.RawMessage { return r.data[start:r.pos:r.pos] }

// Elements ranges over the elements of an array; a value of another type is
// skipped. What the loop leaves unread of an element is skipped, too.
func (r *Reader) Elements() func(yield func() bool) {
	return func(yield func() bool) {
		if !r.enter('[') {
			return
		}
		for r.next(']') {
			r.Peek()
			start := r.pos
			if !yield() {
				return
			}
			if r.pos == start {
				r.Skip()
			}
		}
	}
}

// Fields ranges over the names of an object; a value of another type is
// skipped. What the loop leaves unread of a field is skipped, too. The name
// is valid for one turn of the loop.
func (r *Reader) Fields() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !r.enter('{') {
			return
		}
		for r.next('}') {
			name := r.name()
			r.Peek()
			start := r.pos
			if r.bad || !yield(name) {
				return
			}
			if r.pos == start {
				r.Skip()
			}
		}
	}
}

func (r *Reader) enter(open byte) bool {
	if r.Peek() != open {
		r.Skip()
		return false
	}
	if r.depth++; r.depth > MaxDepth {
		r.fail()
		return false
	}
	r.pos++
	r.first = true
	return true
}

// next reports whether a container has another element, and leaves the
// container after the last one.
func (r *Reader) next(end byte) bool {
	c := r.Peek()
	first := r.first
	r.first = false
	switch {
	case r.bad:
		return false
	case c == end:
		r.pos++
		r.depth--
		return false
	case first:
		return true
	case c != ',':
		r.fail()
		return false
	}
	r.pos++
	return true
}

// name reads the name of a field, and the colon.
func (r *Reader) name() []byte {
	raw, plain := r.quoted()
	switch {
	case r.bad:
		return nil
	case plain:
		raw = raw[1 : len(raw)-1]
	default:
		raw = []byte(unquote(raw))
	}
	if r.Peek() != ':' {
		r.fail()
		return nil
	}
	r.pos++
	return raw
}

// Skip reads a value of any type and returns it as it stands, or nil after a
// fault. It shares the document's memory.
func (r *Reader) Skip() json.RawMessage {
	c := r.Peek()
	start := r.pos
	switch {
	case r.bad:
		return nil
	case c == '"':
		r.quoted()
	case c == '{':
		for range r.Fields() {
		}
	case c == '[':
		for range r.Elements() {
		}
	case c == 't':
		r.literal("true")
	case c == 'f':
		r.literal("false")
	case c == 'n':
		r.literal("null")
	default:
		r.number()
	}
	if r.bad {
		return nil
	}
	return r.data[start:r.pos:r.pos]
}

func (r *Reader) fail() { r.bad, r.pos = true, len(r.data) }

func (r *Reader) literal(word string) {
	if len(r.data)-r.pos < len(word) || string(r.data[r.pos:r.pos+len(word)]) != word {
		r.fail()
		return
	}
	r.pos += len(word)
}

func (r *Reader) number() {
	digits := func() bool {
		start := r.pos
		for r.pos < len(r.data) && '0' <= r.data[r.pos] && r.data[r.pos] <= '9' {
			r.pos++
		}
		return r.pos > start
	}
	has := func(set string) bool {
		if r.pos < len(r.data) && strings.IndexByte(set, r.data[r.pos]) >= 0 {
			r.pos++
			return true
		}
		return false
	}
	has("-")
	if !has("0") && !digits() || has(".") && !digits() {
		r.fail()
		return
	}
	if has("eE") {
		has("+-")
		if !digits() {
			r.fail()
		}
	}
}

// quoted reads a string, quotes included. It is plain when it stands for
// itself: valid UTF-8 without escapes.
func (r *Reader) quoted() (raw []byte, plain bool) {
	if r.Peek() != '"' {
		r.fail()
		return nil, false
	}
	start := r.pos
	plain, ascii := true, true
	for i := start + 1; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '"':
			r.pos = i + 1
			raw = r.data[start:r.pos]
			return raw, plain && (ascii || utf8.Valid(raw))
		case c == '\\':
			plain = false
			if i++; i < len(r.data) && r.data[i] == 'u' {
				if i+4 >= len(r.data) || !isHex(r.data[i+1:i+5]) {
					r.fail()
					return nil, false
				}
			} else if i == len(r.data) || strings.IndexByte(`"\/bfnrt`, r.data[i]) < 0 {
				r.fail()
				return nil, false
			}
		case c < ' ':
			r.fail()
			return nil, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	r.fail()
	return nil, false
}

func isHex(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' && c|0x20 < 'a' || c|0x20 > 'f' {
			return false
		}
	}
	return true
}

// unquote decodes a string that is known to be well-formed.
func unquote(raw []byte) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}
