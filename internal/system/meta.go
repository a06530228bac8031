package system

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// metaCode is one of Meta's numeric error codes.
type metaCode struct {
	code, status int
	kind         string // a kirim.Kind
	retry        Advice
	edition      Edition
	meaning      string
}

type metaRange struct {
	first, last int
	kind        string
}

// metaRanges are numbers that Meta gives a meaning as a whole.
var metaRanges = []metaRange{
	{200, 299, "permission"},
	{80000, 80014, "rate_limited"}, // limits by use case; 80007 is one
}

// metaFamilies classifies the numbers that metaCodes and metaRanges lack.
var metaFamilies = []metaRange{
	{131200, 131299, "invalid_request"}, // groups
	{132000, 132999, "invalid_request"}, // templates
	{133000, 133999, "not_connected"},   // registration of the number
	{138000, 138999, "permission"},      // calls
	{139000, 139999, "conflict"},        // flows, block list
	{147000, 147999, "conflict"},        // user names
}

// metaWaits is how long Meta advises to wait before the same request. That of
// 131048, a restriction without an end that is told, is an assumption, as are
// the minutes of 2494100.
var metaWaits = map[int]time.Duration{
	MetaSpamRate: 24 * time.Hour,
	131049:       24 * time.Hour,
	131057:       time.Minute,
	132069:       time.Hour,
	133015:       5 * time.Minute,
	133016:       72 * time.Hour,
	134101:       10 * time.Minute,
	2494100:      5 * time.Minute,
}

// Two limits of Meta's that concern less than the account.
const (
	// MetaPairRate is the code for too many messages to the same recipient. A
	// number may send one in about 6 s to each.
	MetaPairRate = 131056
	// MetaSpamRate is the code for a number that is restricted for blocks or
	// reports of spam. Nothing is sent while it is.
	MetaSpamRate = 131048
)

// MetaWait is the advice of Meta for a code that came for the n-th time,
// counted from 0; 0 when there is none. For the pair rate that is 4ⁿ seconds.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform
func MetaWait(code, n int) time.Duration {
	if code == MetaPairRate {
		return time.Second << min(2*n, 30)
	}
	return metaWaits[code]
}

// MetaKind classifies a Meta code; an empty kind means that it is unknown.
func MetaKind(code int) string {
	if kind := kindInRange(metaRanges, code); kind != "" {
		return kind
	}
	at, known := slices.BinarySearchFunc(metaCodes, code, func(c metaCode, code int) int { return cmp.Compare(c.code, code) })
	if !known {
		return ""
	}
	return metaCodes[at].kind
}

// metaFamily classifies an unknown Meta code by its neighbours, unless the
// status of the response says more; an empty kind means that neither does.
func metaFamily(code, status int) string {
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusForbidden {
		return ""
	}
	return kindInRange(metaFamilies, code)
}

// Refine returns the kind of a response with that kind and a code of Meta's, 0
// for none: Meta's says more than a kind that says no more than that something
// failed.
func Refine(kind string, metaCode, status int) string {
	if metaCode == 0 {
		return kind
	}
	switch kind {
	case "", "internal", "upstream", "unavailable":
		if meta := MetaKind(metaCode); meta != "" {
			return meta
		}
	}
	return cmp.Or(kind, metaFamily(metaCode, status))
}

func kindInRange(ranges []metaRange, code int) string {
	for _, r := range ranges {
		if code >= r.first && code <= r.last {
			return r.kind
		}
	}
	return ""
}

// MetaCodeRange is a Meta error code, or a range of them, with its kind.
type MetaCodeRange struct {
	First, Last int
	Kind        string
	Others      bool // the kind is that of the codes that are not listed by themselves
}

// MetaCodes returns all codes that have a kind, in their order.
func MetaCodes() []MetaCodeRange {
	var all []MetaCodeRange
	for _, c := range metaCodes {
		all = append(all, MetaCodeRange{c.code, c.code, c.kind, false})
	}
	for _, r := range metaRanges {
		all = append(all, MetaCodeRange{r.first, r.last, r.kind, false})
	}
	for _, r := range metaFamilies {
		all = append(all, MetaCodeRange{r.first, r.last, r.kind, true})
	}
	slices.SortFunc(all, func(a, b MetaCodeRange) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(b.Last, a.Last))
	})
	return all
}
