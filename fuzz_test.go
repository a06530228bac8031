package kirim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kirim-go/kirim"
)

var decimal = regexp.MustCompile(`^([0-9]+\.?[0-9]*|\.[0-9]+)$`)

// slowRetryAfter reads a Retry-After as its documentation says, by other
// means than the client: with a grammar and with numbers without limits. It
// returns false for what is as good as no header.
func slowRetryAfter(value, date string) (wait time.Duration, known bool) {
	value = strings.TrimSpace(value)
	var nanoseconds *big.Int
	if decimal.MatchString(value) {
		exact, _ := new(big.Rat).SetString(strings.TrimSuffix(value, "."))
		exact.Mul(exact, big.NewRat(int64(time.Second), 1))
		nanoseconds = new(big.Int).Quo(exact.Num(), exact.Denom())
	} else {
		at, ok := slowDate(value)
		if !ok {
			return 0, false
		}
		now, ok := slowDate(date)
		if !ok {
			now = time.Now()
		}
		nanoseconds = big.NewInt(at.Unix() - now.Unix())
		nanoseconds.Mul(nanoseconds, big.NewInt(int64(time.Second)))
		nanoseconds.Sub(nanoseconds, big.NewInt(int64(now.Nanosecond())))
	}
	switch {
	case nanoseconds.Sign() < 0:
		return 0, true
	case !nanoseconds.IsInt64():
		return math.MaxInt64, true
	}
	return time.Duration(nanoseconds.Int64()), true
}

func slowDate(text string) (time.Time, bool) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 MST", "Mon Jan _2 15:04:05 2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// FuzzRetryAfter checks that a Retry-After is read as the slow reader does,
// and that whatever it is, no call waits less than it asks for, more than the
// policy allows, or into its deadline.
func FuzzRetryAfter(f *testing.F) {
	const date = "Sat, 01 Jan 2000 00:00:00 GMT" // where virtual time begins
	for _, value := range []string{
		"", "0", "1", "30", "60", "60.001", "3600", " 5 ", "1.5", "0.25", ".5", "1.", ".", "1.2.3", "-5", "+5", "1e3", "0x10", "1_0", "Inf", "NaN", "soon",
		"4611686019", "9223372035", "9223372036", "9223372037", "9223372036854775807", strings.Repeat("9", 400), "0." + strings.Repeat("0", 400) + "1",
		"Sat, 01 Jan 2000 00:00:20 GMT", "Saturday, 01-Jan-00 00:00:20 GMT", "Sat Jan  1 00:00:20 2000", "Fri, 31 Dec 1999 23:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
	} {
		f.Add(value, date, uint16(0))
		f.Add(value, "", uint16(30))
	}
	f.Add("Sat, 01 Jan 2000 01:00:10 GMT", "Sat, 01 Jan 2000 01:00:00 GMT", uint16(10))
	f.Fuzz(func(t *testing.T, value, date string, deadline uint16) {
		synctest.Test(t, func(t *testing.T) {
			header := map[string]string{"Retry-After": value, "Date": date}
			want, known := slowRetryAfter(value, date)
			e := kirim.DecodeError(http.StatusServiceUnavailable, http.Header{"Retry-After": {value}, "Date": {date}}, nil)
			// A fraction of a second may be off by what a float cannot hold.
			if off := (e.RetryAfter - want).Abs(); e.RetryAfter < 0 || off > 0 && (!strings.Contains(value, ".") || off > 1+want>>52) {
				t.Errorf("%q is %v, want %v", value, e.RetryAfter, want)
			}
			// A 503 that says when to come back has not done the work.
			if kirim.MaybeSent(e) == known {
				t.Errorf("%q: known %v, MaybeSent %v", value, known, kirim.MaybeSent(e))
			}

			w := newWire(answer{status: http.StatusServiceUnavailable, header: header})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(deadline)*time.Second+1)
			defer cancel()
			err := post(ctx, w.client(t))
			if ctx.Err() != nil {
				t.Errorf("%q under a deadline of %d s: slept into it: %v", value, deadline, err)
			}
			if answerOf(t, err).StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%q: %v", value, err)
			}
			requests := w.seen()
			for i, request := range requests[1:] {
				wait, asked := request.at.Sub(requests[i].at), want
				// A date comes nearer while the call waits, unless the server's
				// clock stands still.
				if _, isDate := slowDate(strings.TrimSpace(value)); isDate {
					if _, standing := slowDate(date); !standing {
						asked = max(0, want-requests[i].at.Sub(requests[0].at))
					}
				}
				most := min(asked/10, time.Second) + asked
				if asked == 0 {
					most = 8 * time.Second
				}
				if wait < asked || wait > most || asked > time.Minute {
					t.Errorf("%q: waited %v before attempt %d, asked for %v", value, wait, i+2, asked)
				}
			}
		})
	})
}

// FuzzListCursors reads a list from a server that responds with anything, one
// line a page and the last line for ever.
func FuzzListCursors(f *testing.F) {
	for _, pages := range []string{
		``, `{}`, `null`, `[]`, `"x"`, `<html>`, "\xff",
		`{"data":[{"id":"1"}],"has_more":true,"next_cursor":"A"}` + "\n" + `{"data":[{"id":"2"},null],"has_more":false,"next_cursor":null}`,
		`{"data":[],"has_more":true,"next_cursor":"A"}`,
		`{"data":[],"has_more":true,"next_cursor":""}`,
		`{"data":[],"next_cursor":"A"}` + "\n" + `{"next_cursor":"B"}` + "\n" + `{"next_cursor":"A"}`,
		`{"data":{},"next_cursor":7}`,
		`{"next_cursor":"&cursor=x#?/../\u0000\ud800 %2e"}` + "\n" + `{"data":[{"id":7}]}`,
		`{"has_more":"yes"}`, `{"NEXT_CURSOR":"a","next_cursor":"b"}`,
	} {
		f.Add([]byte(pages))
	}
	f.Fuzz(func(t *testing.T, served []byte) {
		if len(served) > 1<<12 {
			return // long pages are no different, and slow
		}
		var pages []answer
		for line := range bytes.Lines(served) {
			pages = append(pages, answer{status: 200, body: string(line)})
		}
		if pages == nil {
			pages = []answer{{status: 200}}
		}
		w := newWire(pages...)
		var last error
		for label, err := range w.client(t).Labels.All(t.Context(), kirim.LabelListParams{TeamID: "t"}) {
			if last != nil {
				t.Fatal("the iteration went on after its error")
			}
			if (label == nil) == (err == nil) {
				t.Fatalf("label %v, error %v", label, err)
			}
			last = err
		}
		requests := w.seen()
		if len(requests) > 4*len(pages)+2 {
			t.Errorf("%d requests for %d pages", len(requests), len(pages))
		}
		var failed *kirim.ListError
		if last != nil && !errors.As(last, &failed) {
			t.Errorf("the error is %T: %v", last, last)
		}
		// Each request asks for what the response before it named, under the
		// path and the filters of the first.
		cursor := ""
		for i, request := range requests {
			u, err := url.Parse(request.url)
			if err != nil {
				t.Fatal(err)
			}
			query := u.Query()
			if got := query.Get("cursor"); got != cursor || query.Get("team_id") != "t" || len(query["cursor"]) > 1 || u.Fragment != "" || !strings.HasPrefix(request.url, testBase+"/labels?") {
				t.Errorf("request %d is %s, want the cursor %q", i, request.url, cursor)
			}
			var page struct {
				Next string `json:"next_cursor"`
			}
			_ = json.Unmarshal([]byte(pages[min(i, len(pages)-1)].body), &page)
			cursor = page.Next
		}
	})
}
