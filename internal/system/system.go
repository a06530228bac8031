// Package system describes the six systems that this module speaks to, one
// file each: their codes, how their error bodies are told apart, and how they
// are read. It holds no type of package kirim, which uses it to recognise answers
// of any origin, while the gateway packages know the origin beforehand.
package system

import (
	"cmp"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"
)

// System is a WhatsApp API whose error responses this module knows.
type System struct {
	Name    string   // also that of its package in gateway/, unless it is Own
	Title   string   // for the documentation, as are Bodies and Waits
	Bodies  []string // the shapes of its error bodies
	Waits   string   // how it asks to wait
	Own     bool     // package kirim is its SDK, and reads a whole error body of it by itself
	ViaMeta bool     // it speaks to Meta, and passes on its numbers

	// Codes holds every documented code, in the order of the documentation.
	Codes []Code
	kinds map[string]string // of Codes

	// How its error bodies are told from those of the others.
	forms []form

	// holder is the member that holds code and message, which are the body's own
	// members in a flat system when there is no such member.
	holder  string
	flat    bool
	message string // the holder's member with the text for people
	numeric bool   // its codes are numbers
	trace   string // the holder's member with the id of the request; request_id for none
	// subKind is a kind that the holder tells beside the code, empty for none. It
	// comes before that of the code.
	subKind func(code string, holder object) string
	// fields lists what the body complains about; inner is the holder's object, nil
	// for none. It is nil itself when the system names no fields.
	fields func(top, inner object) []Field
	// fieldsCode is the code that a body with fields but no code stands for.
	fieldsCode string
	// wait is the path, below the holder, to the wait that the body asks for.
	wait [2]string
	// defaultWait stands in for a wait that a response to too many requests does
	// not give; nil for none.
	defaultWait func(holder object, header http.Header) time.Duration

	// areas and groups classify what is not in Codes by the parts that the system
	// keeps stable: first the area in front of its codes, which says nothing about
	// a fault of the server (5xx), then the group beside them.
	areas  []area
	groups map[string]string
}

// Code is one documented error code.
type Code struct {
	Code    string
	Status  int    // 0 when the documentation does not tell
	Kind    string // a kirim.Kind
	Retry   Advice
	Edition Edition
	Meaning string
}

// Advice says when the same request may be made again.
type Advice string

// The advices. Whether the client itself repeats is another matter: for that
// it also has to be safe.
const (
	Never     Advice = "never"
	UserFirst Advice = "after user action"
	Wait      Advice = "after the given wait"
	Backoff   Advice = "backoff"
	SameKey   Advice = "backoff, same key"
	Reset     Advice = "after the quota's reset"
	OptIn     Advice = "only if a duplicate is acceptable"
)

// Edition says where the vendor documents a code.
type Edition string

// The editions.
const (
	Listed Edition = ""    // in the vendor's first list of codes
	Newer  Edition = "new" // in a newer edition, or on another page
)

// form is one form of error bodies.
type form struct {
	rank int  // of the forms that fit, over all systems, the one with the lowest decides
	weak bool // it could be any system's
	// top is the whole body, inner its "error", list its "errors", each nil when
	// it is no object.
	fits func(top, inner, list object) bool

	system *System
}

type area struct{ prefix, kind string }

var (
	systems []*System
	forms   []*form // of all systems, by rank
)

// register adds a system to those that All yields and Detect knows.
func register(s System) *System {
	s.kinds = make(map[string]string, len(s.Codes))
	for _, c := range s.Codes {
		s.kinds[c.Code] = c.Kind
	}
	for _, f := range s.forms {
		f.system = &s
		forms = append(forms, &f)
	}
	slices.SortFunc(forms, func(a, b *form) int { return cmp.Compare(a.rank, b.rank) })
	if s.Own {
		systems = append([]*System{&s}, systems...)
	} else {
		systems = append(systems, &s) // the compiler takes the files, and so the systems, by name
	}
	return &s
}

// All yields the systems: first the SDK's own, then the others by name.
func All() iter.Seq[*System] { return slices.Values(systems) }

// Kinds yields every kind that a system names.
func (s *System) Kinds() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, c := range s.Codes {
			if !yield(c.Kind) {
				return
			}
		}
		for _, a := range s.areas {
			if !yield(a.kind) {
				return
			}
		}
		for _, kind := range s.groups {
			if !yield(kind) {
				return
			}
		}
	}
}

// Answer is an error response in terms common to all systems.
type Answer struct {
	System    *System
	Code      string // verbatim; empty when there is none
	Type      string // the category beside it, of a numeric system
	Message   string
	Param     string        // the first field that the response complains about
	Kind      string        // a kirim.Kind; empty when only the HTTP status can tell
	Wait      time.Duration // found elsewhere than in a Retry-After header
	Weak      bool          // Detect is not sure: it could be any system's
	RequestID string        // from the body; from Read alone, unless the system has a word of its own for it
	Meta      MetaError     // from Read alone, of a system that is ViaMeta; Kind is that of its code where that says more
}

// Detect finds the system that wrote body, and reads it. ok is false when no
// system did; then only the HTTP status tells anything.
func Detect(status int, header http.Header, body []byte) (answer Answer, ok bool) {
	top := parse(body)
	if top == nil {
		return Answer{}, false
	}
	inner, list := objectOf(top.get("error")), objectOf(top.get("errors"))
	for _, form := range forms {
		if form.fits(top, inner, list) {
			if form.weak { // then its headers may not mean what they do elsewhere
				header = nil
			}
			inner, holder := form.system.holderIn(top)
			answer = form.system.read(top, inner, holder, status, header)
			answer.Weak = form.weak
			return answer, true
		}
	}
	return Answer{}, false
}

// Read reads body as a response of s, whatever Detect would take it for. ok is
// false when it has nothing of that system's.
func (s *System) Read(status int, header http.Header, body []byte) (answer Answer, ok bool) {
	top := parse(body)
	inner, holder := s.holderIn(top)
	answer = s.read(top, inner, holder, status, header)
	if answer.Code == "" && answer.Kind == "" && answer.Message == "" {
		return Answer{}, false
	}
	answer.RequestID = cmp.Or(answer.RequestID, textOf(holder.get("request_id")), textOf(top.get("request_id")))
	if answer.Message == "" {
		answer.Message = otherMessage(top, holder)
	}
	if s.ViaMeta {
		answer.Meta = FindMeta(body, true)
		answer.Kind = Refine(answer.Kind, answer.Meta.Code, status)
	}
	return answer, true
}

// otherMessage looks for a text for people where the system does not say that
// there is one.
func otherMessage(top, holder object) string {
	for _, o := range []object{holder, top} {
		for _, name := range []string{"message", "description", "detail", "title", "error_description"} {
			if text := firstText(o.get(name)); text != "" {
				return text
			}
		}
	}
	return cmp.Or(firstText(top.get("error")), firstText(top.get("errors")))
}

// holderIn returns the holder's object, nil when there is none, and what holds
// code and message.
func (s *System) holderIn(top object) (inner, holder object) {
	raw := top.get(s.holder)
	if raw == nil && s.flat {
		return nil, top
	}
	inner = objectOf(raw)
	return inner, inner
}

func (s *System) read(top, inner, holder object, status int, header http.Header) Answer {
	a := Answer{System: s, Code: textOf(holder.get("code")), Message: textOf(holder.get(s.message))}
	if s.numeric {
		a.Code, a.Type = numberOf(holder.get("code")), textOf(holder.get("type"))
	}
	if s.trace != "" {
		a.RequestID = textOf(holder.get(s.trace))
	}
	if a.Message == "" {
		a.Message = textOf(top.get("message"))
	}
	a.Kind = s.kindOf(a.Code, holder, status)
	if fields := s.fieldsIn(top, inner); len(fields) > 0 {
		a.Param = fields[0].Field
		if a.Code == "" && s.fieldsCode != "" {
			a.Kind = s.kinds[s.fieldsCode]
		}
	}
	if s.wait[0] != "" {
		a.Wait = waitOf(objectOf(holder.get(s.wait[0])).get(s.wait[1]))
	}
	limited := status == http.StatusTooManyRequests || a.Kind == "rate_limited"
	if a.Wait == 0 && limited && s.defaultWait != nil && header.Get("Retry-After") == "" {
		a.Wait = s.defaultWait(holder, header)
	}
	return a
}

func (s *System) kindOf(code string, holder object, status int) string {
	if s.subKind != nil {
		if kind := s.subKind(code, holder); kind != "" {
			return kind
		}
	}
	if kind, ok := s.kinds[code]; ok {
		return kind
	}
	for _, area := range s.areas {
		if strings.HasPrefix(code, area.prefix) && status < 500 {
			return area.kind
		}
	}
	if s.groups == nil {
		return ""
	}
	return s.groups[textOf(holder.get("group"))]
}
