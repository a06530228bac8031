package cloudapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/kirim-go/kirim"
)

// Time is a time of Meta's, which comes as seconds since 1970, as a number or a
// text, or as a date with an offset that RFC 3339 does not know, such as
// "2026-05-21T11:18:09+0000". The zero Time stands for none.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(b []byte) error {
	text := string(bytes.Trim(b, `"`))
	if text == "null" || text == "" {
		t.Time = time.Time{}
		return nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		t.Time = time.Unix(seconds, 0).UTC()
		return nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05-0700", time.RFC3339} {
		if read, err := time.Parse(layout, text); err == nil {
			t.Time = read
			return nil
		}
	}
	return fmt.Errorf("a time of an unknown form, with %d characters", len(text))
}

// refuse is the error for an argument, with nothing sent.
func refuse(path, limit, actual string) error {
	return &kirim.ValidationError{Violations: []kirim.Violation{{Path: path, Limit: limit, Actual: actual}}}
}

// characters is how long a text is, which an error says in its place.
func characters(s string) string { return fmt.Sprintf("%d characters", len([]rune(s))) }

var _ json.Unmarshaler = (*Time)(nil)
