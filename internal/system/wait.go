package system

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// untilReset is the time until the window of the rate limit ends, which the two
// systems that count in fixed windows tell. ok is false when nothing is told.
// That this is worth waiting for is an assumption, so it is used only where
// nothing else is told.
func untilReset(header http.Header) (wait time.Duration, ok bool) {
	reset, err := strconv.ParseInt(header.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil || reset <= 0 || reset > math.MaxInt32*2 {
		return 0, false
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, time.Unix(reset, 0).Sub(now)), true
}

var units = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second,
	"ms": time.Millisecond, "millisecond": time.Millisecond,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour,
}

// waitOf reads a wait: a number of seconds, or a text such as "1 seconds",
// "60s", "2 minutes" or "1m30s". Garbage and negative values are 0; what is
// too large for a Duration is the largest Duration.
func waitOf(raw json.RawMessage) time.Duration {
	text := string(raw)
	if isText(raw) {
		text = textOf(raw)
	} else if !isNumber(raw) {
		return 0
	}
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	unit := strings.TrimLeft(text, "0123456789.")
	number, err := strconv.ParseFloat(text[:len(text)-len(unit)], 64)
	size, known := units[unit]
	if !known {
		size, known = units[strings.TrimSuffix(unit, "s")]
	}
	switch {
	case known && number > math.MaxInt64/float64(size)-1:
		return math.MaxInt64
	case known && err == nil:
		return time.Duration(number * float64(size))
	}
	wait, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return max(0, wait)
}
