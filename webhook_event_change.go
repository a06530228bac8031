package kirim

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// MetaChange is what the events of all of Meta's fields but messages have in
// common.
type MetaChange struct {
	Field              WebhookEventType // e.g. [EventCalls]
	BusinessAccountID  string           // WhatsApp Business Account
	PhoneNumberID      string           // empty when it is about the whole account
	DisplayPhoneNumber string           // the same number, digits
	// Time is when it happened, or else when Meta told of it.
	Time time.Time
	Raw  json.RawMessage // the element as it came
}

// metaChange is what has an embedded [MetaChange].
type metaChange interface {
	EventData
	change() *MetaChange
}

func (c *MetaChange) change() *MetaChange { return c }

// dedupeKey is made of the time and the bytes of an element. These elements
// have no id of their own, or one that several of them share.
func (c *MetaChange) dedupeKey(e *Event) string {
	if c.Time.IsZero() {
		return unnamedKey(e, string(c.Field)+":"+c.BusinessAccountID+":"+c.PhoneNumberID, c.Raw)
	}
	at := strconv.FormatInt(c.Time.UnixNano(), 10)
	return elementKey("change", string(c.Field), c.BusinessAccountID, c.PhoneNumberID, at, hashOfBytes(c.Raw))
}

// readWhole reads a value that is one element.
func readWhole(r *jsonscan.Reader, read elementReader) []EventData {
	if r.Peek() != '{' {
		return nil
	}
	return []EventData{read(r)}
}

// elementReader reads an object.
type elementReader func(*jsonscan.Reader) metaChange

// element makes of a method that reads a T one that reads an element.
func element[T any, P interface {
	*T
	metaChange
}](read func(*jsonscan.Reader, P)) elementReader {
	return func(r *jsonscan.Reader) metaChange {
		p := P(new(T))
		start := r.Pos()
		read(r, p)
		p.change().Raw = r.Since(start)
		return p
	}
}

// readListed reads the elements of some of the arrays of a value. An odd one
// stays raw and loses no other.
func readListed(r *jsonscan.Reader, field string, arrays map[string]elementReader) (data []EventData) {
	for name := range r.Fields() {
		read := arrays[string(name)]
		if read == nil {
			continue
		}
		for range r.Elements() {
			if r.Peek() != '{' {
				data = append(data, &UnknownData{Field: field, Raw: r.Skip()})
				continue
			}
			data = append(data, read(r))
		}
	}
	return data
}
