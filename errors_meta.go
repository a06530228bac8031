package kirim

import (
	"time"

	"github.com/kirim-go/kirim/internal/system"
)

const (
	metaPairRate = system.MetaPairRate
	metaSpamRate = system.MetaSpamRate
)

// metaWait is Meta's advice for a code that came for the n-th time, counted
// from 0; 0 when there is none.
func metaWait(code, n int) time.Duration { return system.MetaWait(code, n) }

// metaKind classifies a code of Meta's; the zero Kind means that it is unknown.
func metaKind(code int) Kind { return Kind(system.MetaKind(code)) }

// readMeta looks for an error of Meta's in body, in its texts, too, unless the
// code is specific.
func (e *Error) readMeta(body []byte) { e.setMeta(system.FindMeta(body, !e.codeIsSpecific())) }

// codeIsSpecific reports a known 4xx code. It says all: only a failure can hide
// Meta's in a text.
func (e *Error) codeIsSpecific() bool {
	return e.StatusCode >= 400 && e.StatusCode < 500 && kindOfCode[e.Code] != ""
}

func (e *Error) setMeta(found system.MetaError) { e.MetaCode, e.Details = found.Code, found.Details }

// metaIsGuessed reports whether MetaCode may be but a bare number in a text. It
// is asked seldom, and looks anew: an error of a decoder says no more than the
// number. Of a body that was cut nothing is certain.
func (e *Error) metaIsGuessed() bool {
	return e.MetaCode != 0 && (len(e.Body) >= maxErrorBody || system.FindMeta(e.Body, true).Guessed)
}
