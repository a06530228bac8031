package kirim

import (
	"encoding/json"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// jsonReader walks over one JSON document, checks all of it and lets its user
// take what it knows. encoding/json would read an event three times: to find
// out which it is, to keep the raw elements, and to decode them. It would
// also give up an element for one field of an unexpected type.
//
// After a fault, bad is set and nothing more is read, so that loops end. A
// value of another type than asked for is skipped and read as zero.
type jsonReader struct {
	data  []byte
	pos   int
	depth int
	first bool // just inside a container
	bad   bool
}

// maxJSONDepth is far above what events have, and keeps the stack small.
const maxJSONDepth = 1000

// peek returns the first byte of the next token, or 0 at the end.
func (r *jsonReader) peek() byte {
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

func (r *jsonReader) fail() { r.bad, r.pos = true, len(r.data) }

// atEnd reports whether the document was whole and nothing follows it.
func (r *jsonReader) atEnd() bool { return !r.bad && r.peek() == 0 && r.pos == len(r.data) }

// elements ranges over the elements of an array; a value of another type is
// skipped. The loop must read each.
func (r *jsonReader) elements() func(yield func() bool) {
	return func(yield func() bool) {
		if r.enter('[') {
			for r.next(']') && yield() {
			}
		}
	}
}

func (r *jsonReader) enter(open byte) bool {
	if r.peek() != open {
		r.skip()
		return false
	}
	if r.depth++; r.depth > maxJSONDepth {
		r.fail()
		return false
	}
	r.pos++
	r.first = true
	return true
}

// fields ranges over the names of an object; a value of another type is
// skipped. What the loop leaves unread of a field is skipped, too. The name
// is valid for one turn of the loop.
func (r *jsonReader) fields() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !r.enter('{') {
			return
		}
		for r.next('}') {
			name := r.name()
			r.peek()
			start := r.pos
			if r.bad || !yield(name) {
				return
			}
			if r.pos == start {
				r.skip()
			}
		}
	}
}

// name reads the name of a field, and the colon.
func (r *jsonReader) name() []byte {
	raw, plain := r.quoted()
	switch {
	case r.bad:
		return nil
	case plain:
		raw = raw[1 : len(raw)-1]
	default:
		raw = []byte(unquote(raw))
	}
	if r.peek() != ':' {
		r.fail()
		return nil
	}
	r.pos++
	return raw
}

// optional reads an object, or skips a value of another type.
func optional[T any](r *jsonReader, read func(*jsonReader, *T)) *T {
	if r.peek() != '{' {
		r.skip()
		return nil
	}
	v := new(T)
	read(r, v)
	return v
}

// objects reads the objects of an array and skips elements of another type.
func objects[T any](r *jsonReader, read func(*jsonReader, *T)) (list []T) {
	for range r.elements() {
		if v := optional(r, read); v != nil {
			list = append(list, *v)
		}
	}
	return list
}

func (r *jsonReader) next(end byte) bool {
	c := r.peek()
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

// quoted reads a string, quotes included. It is plain when it stands for
// itself: valid UTF-8 without escapes.
func (r *jsonReader) quoted() (raw []byte, plain bool) {
	if r.peek() != '"' {
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
		if _, ok := hexDigit(c); !ok {
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

// skip reads a value of any type and returns it as it stands.
func (r *jsonReader) skip() json.RawMessage {
	c := r.peek()
	start := r.pos
	switch {
	case r.bad:
		return nil
	case c == '"':
		r.quoted()
	case c == '{':
		for range r.fields() {
		}
	case c == '[':
		for range r.elements() {
			r.skip()
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

func (r *jsonReader) literal(word string) {
	if len(r.data)-r.pos < len(word) || string(r.data[r.pos:r.pos+len(word)]) != word {
		r.fail()
		return
	}
	r.pos += len(word)
}

func (r *jsonReader) isNumber() bool {
	if c := r.peek(); c != '-' && (c < '0' || c > '9') {
		return false
	}
	r.number()
	return !r.bad && r.pos == len(r.data)
}

func (r *jsonReader) number() {
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

// text reads a string; a number or a boolean is read as it is written.
func (r *jsonReader) text() string {
	switch c := r.peek(); c {
	case '"':
		raw, plain := r.quoted()
		switch {
		case r.bad:
			return ""
		case plain:
			return string(raw[1 : len(raw)-1])
		}
		return unquote(raw)
	case '{', '[', 'n', 0:
		r.skip()
		return ""
	}
	return string(r.skip())
}

// words reads an array of strings, or one string.
func (r *jsonReader) words() (words []string) {
	add := func() {
		if word := r.text(); word != "" {
			words = append(words, word)
		}
	}
	if r.peek() != '[' {
		add()
		return words
	}
	for range r.elements() {
		add()
	}
	return words
}

// intern is text for words that recur, which it does not allocate.
func (r *jsonReader) intern(known ...string) string {
	start := *r
	if raw, plain := r.quoted(); plain {
		for _, word := range known {
			if string(raw[1:len(raw)-1]) == word {
				return word
			}
		}
	}
	*r = start
	return r.text()
}

// flag reads a boolean, or a string that holds one.
func (r *jsonReader) flag() bool {
	b, _ := strconv.ParseBool(r.text())
	return b
}

// optionalFlag reads a boolean, or a string that holds one; nil when it is
// neither.
func (r *jsonReader) optionalFlag() *bool {
	if c := r.peek(); c != 't' && c != 'f' && c != '"' {
		r.skip()
		return nil
	}
	flag := r.flag()
	return &flag
}

// integer reads a number, or a string that holds one.
func (r *jsonReader) integer() int64 {
	n, _ := integerIn(r.text())
	return n
}

func integerIn(text string) (n int64, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= -1<<53 && f <= 1<<53) { // not even a number, perhaps
		return 0, false
	}
	return int64(f), true
}

// float reads a number, or a string that holds one.
func (r *jsonReader) float() float64 {
	f, err := strconv.ParseFloat(r.text(), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// unix reads the time since 1970 as a number or a string, with or without a
// fraction; a date in RFC 3339 is read too. The time is in UTC, and zero when
// it makes no sense.
func (r *jsonReader) unix() time.Time {
	var text string
	if raw := r.skip(); len(raw) > 1 && raw[0] == '"' {
		text = string(raw[1 : len(raw)-1])
	} else {
		text = string(raw)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return sinceEpoch(n)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return unixFraction(text, f)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// maxUnixSeconds is in the year 5138. As milliseconds, it is in 1973, before
// any message: the size of a number tells its unit.
const maxUnixSeconds = 1e11

// sinceEpoch reads seconds, milliseconds, microseconds or nanoseconds.
func sinceEpoch(n int64) time.Time {
	switch {
	case n <= 0:
		return time.Time{}
	case n < maxUnixSeconds:
		return time.Unix(n, 0).UTC()
	case n < maxUnixSeconds*1e3:
		return time.UnixMilli(n).UTC()
	case n < maxUnixSeconds*1e6:
		return time.UnixMicro(n).UTC()
	}
	return time.Unix(0, n).UTC()
}

// unixFraction reads a number with a fraction or an exponent. The digits of a
// fraction are taken from the text, as a float is too coarse for them.
func unixFraction(text string, f float64) time.Time {
	whole, fraction, ok := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if ok && err == nil && 0 < n && n < maxUnixSeconds && strings.Trim(fraction, "0123456789") == "" {
		nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		return time.Unix(n, nanos).UTC()
	}
	if !(f >= 1 && f < math.MaxInt64) { // not even a number, perhaps
		return time.Time{}
	}
	return sinceEpoch(int64(f))
}

// seconds reads a duration in seconds; what makes no sense is zero.
func (r *jsonReader) seconds() time.Duration {
	s := r.float()
	if !(s > 0 && s < math.MaxInt64/float64(time.Second)) {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}

// member reads an object and returns the text of one of its fields.
func (r *jsonReader) member(wanted string) (text string) {
	for name := range r.fields() {
		if string(name) == wanted {
			text = r.text()
		}
	}
	return text
}

// since returns what was read from start on.
func (r *jsonReader) since(start int) json.RawMessage { return r.data[start:r.pos:r.pos] }
