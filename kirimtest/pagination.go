package kirimtest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// position is the place of a row in its list. Lists run from the greatest
// position to the least, and a row keeps its position when others are added.
type position struct {
	at  int64 // what the list is ordered by before the order of creation
	seq uint64
}

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.at, q.at), cmp.Compare(p.seq, q.seq))
}

const (
	defaultLimit = 25
	mostLimit    = 100
	macSize      = 16
)

// query reads the parameters of a list and keeps the first thing that is wrong
// with them.
type query struct {
	checker
	values url.Values
	used   url.Values // the filters that were given
}

func (x *exchange) query() *query {
	return &query{checker: checker{as: &x.s.cfg.assumptions}, values: x.r.URL.Query(), used: make(url.Values)}
}

// given returns the parameter as a document of its own, for the checks of a
// body.
func (q *query) given(name string) map[string]any {
	if !q.values.Has(name) {
		return nil
	}
	value := q.values.Get(name)
	q.used.Set(name, value)
	return map[string]any{name: value}
}

// filter returns a text of least to most characters, and "" when there is none.
func (q *query) filter(name string, least, most int) string {
	return q.optionalText(q.given(name), "", name, least, most)
}

// choice returns one of the allowed values, and usual when none is given.
func (q *query) choice(name, usual string, allowed ...string) string {
	o := q.given(name)
	if o == nil {
		return usual
	}
	return q.oneOf(o, "", name, allowed...)
}

// time returns the zero time when there is none.
func (q *query) time(name string) time.Time {
	o := q.given(name)
	if o == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, q.values.Get(name))
	if err != nil {
		q.invalid("", name, "The value must be a time such as 2026-01-02T03:04:05Z.")
	}
	return t
}

// pageInfo is what the envelope of a list says beside its data.
type pageInfo struct {
	more bool
	next string
}

// encode writes the fields after data, each with the comma before it.
func (p *pageInfo) encode(b []byte) []byte {
	next := "null"
	if p.more {
		next = `"` + p.next + `"` // base64url needs no escaping
	}
	return append(b, `,"has_more":`+strconv.FormatBool(p.more)+`,"next_cursor":`+next...)
}

// allOf responds with a list that has no pages.
func allOf(items []any) *reply {
	rep := ok(http.StatusOK, items)
	rep.page = &pageInfo{}
	return rep
}

// pageOf responds with the page of rows that the query asks for. rows comes in
// the order of the list and is already filtered. st.mu is held.
func pageOf[T any](x *exchange, q *query, rows iter.Seq2[position, T], view func(T) any) *reply {
	limit := defaultLimit
	if q.values.Has("limit") {
		limit = q.limit(q.values.Get("limit"))
	}
	var after position
	cursor := q.values.Get("cursor")
	if cursor != "" && q.err == nil {
		var genuine bool
		if after, genuine = x.openCursor(q, cursor); !genuine {
			q.fail("invalid_cursor", "cursor", "The cursor does not belong to this list and these filters.")
		}
	}
	if q.err != nil {
		return failed(q.err)
	}
	items, page := make([]any, 0, min(limit, defaultLimit)), new(pageInfo)
	var last position
	for at, v := range rows {
		if cursor != "" && at.compare(after) >= 0 {
			continue
		}
		if len(items) == limit {
			page.more, page.next = true, x.newCursor(q, last)
			break
		}
		items, last = append(items, view(v)), at
	}
	rep := ok(http.StatusOK, items)
	rep.page = page
	return rep
}

func (q *query) limit(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || strings.TrimLeft(s, "0123456789") != "" || n < 1 || n > mostLimit {
		q.fail("invalid_limit", "limit", "The limit must be a number from 1 to 100.")
	}
	return n
}

// newCursor names the row after which the next page begins.
func (x *exchange) newCursor(q *query, last position) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(last.at))
	b = binary.BigEndian.AppendUint64(b, last.seq)
	return base64.RawURLEncoding.EncodeToString(append(b, x.signCursor(q, b)...))
}

func (x *exchange) openCursor(q *query, cursor string) (after position, genuine bool) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != 16+macSize {
		return position{}, false
	}
	after = position{
		at:  int64(binary.BigEndian.Uint64(b)),
		seq: binary.BigEndian.Uint64(b[8:]),
	}
	// The texts are compared, because base64 has several for the same bytes.
	return after, hmac.Equal([]byte(cursor), []byte(x.newCursor(q, after)))
}

// signCursor binds a position to the list and its filters.
func (x *exchange) signCursor(q *query, position []byte) []byte {
	mac := hmac.New(sha256.New, x.s.state.cursorKey[:])
	mac.Write(position)
	mac.Write([]byte(x.r.URL.Path + "?" + q.used.Encode()))
	return mac.Sum(nil)[:macSize]
}

// stamp writes a time as the API does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// stampOrNull writes null for the zero time.
func stampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

// orNull writes null for an empty text.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// rawOrNull writes null for no JSON.
func rawOrNull(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("null")
	}
	return b
}
