package kirim

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kirim-go/kirim/internal/jsonscan"
)

// readTime reads the time since 1970 as a number or a string, with or without a
// fraction; a date in RFC 3339 is read too. The time is in UTC, and zero when
// it makes no sense.
func readTime(r *jsonscan.Reader) time.Time {
	var text string
	if raw := r.Skip(); len(raw) > 1 && raw[0] == '"' {
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
	if !(f >= 1 && f < math.MaxInt64) { // the comparison is false for NaN
		return time.Time{}
	}
	return sinceEpoch(int64(f))
}

// readSeconds reads a duration in seconds; what makes no sense is zero.
func readSeconds(r *jsonscan.Reader) time.Duration {
	s := r.Float()
	if !(s > 0 && s < math.MaxInt64/float64(time.Second)) {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}
