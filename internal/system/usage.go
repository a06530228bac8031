package system

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Usage is what headers tell of Meta's limits of calls.
type Usage struct {
	Percent int           // used of the limit that is nearest to its end; more than 100 when it is passed
	Regain  time.Duration // until calls are taken again; 0 while they are
}

// maxUsage is more than the limits of many accounts need. A longer header is not
// read.
const maxUsage = 16 << 10

// MetaUsage reads X-App-Usage and X-Business-Use-Case-Usage, of which the worst
// values of all limits count. Garbage is ignored. ok is false without any value.
//
// Docs: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
func MetaUsage(header http.Header) (usage Usage, ok bool) {
	// The names are canonical here, which Get would find out each time.
	for _, value := range header["X-App-Usage"] {
		ok = usage.take(usageIn(value)) || ok
	}
	for _, value := range header["X-Business-Use-Case-Usage"] {
		for _, limits := range usageIn(value).members() {
			for limit := range listOf(limits) {
				ok = usage.take(objectOf(limit)) || ok
			}
		}
	}
	return usage, ok
}

func usageIn(value string) object {
	if len(value) > maxUsage {
		return nil
	}
	return parse([]byte(value))
}

// take reads one limit and reports whether it has a value.
func (u *Usage) take(limit object) (ok bool) {
	for name, raw := range limit.members() {
		number, err := strconv.ParseFloat(string(raw), 64)
		if err != nil || number < 0 || !isNumber(raw) {
			continue
		}
		switch string(name) {
		case "call_count", "total_time", "total_cputime":
			u.Percent, ok = max(u.Percent, int(math.Ceil(min(number, math.MaxInt32)))), true
		case "estimated_time_to_regain_access": // in minutes
			u.Regain, ok = max(u.Regain, time.Duration(min(math.Ceil(number), maxMinutes))*time.Minute), true
		}
	}
	return ok
}

const maxMinutes = float64(math.MaxInt64 / int64(time.Minute))
