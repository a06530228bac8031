package kirimtest

import (
	"net/url"
	"testing"
)

// FuzzCursor gives the sandbox a genuine cursor with some bytes of it replaced
// by others, which may be all of it. Only the cursor as it was issued is one.
func FuzzCursor(f *testing.F) {
	s, _ := inMemory(f, WithPlan(Enterprise(100_000_000, 100_000_000)))
	for range 3 {
		create(f, s, "/v1/customers", `{"name":"shop"}`)
	}
	const path = "/v1/customers?limit=1&status=pending"
	genuine := *list(f, s, path).Next
	for _, seed := range []struct {
		at, cut uint8
		by      string
	}{
		{0, 0, ""}, {0, 255, ""}, {0, 255, "!"}, {0, 1, "A"}, {0, 1, "_"}, {42, 1, "B"}, {255, 0, "A"}, {255, 0, "="}, {255, 0, "\n"}, {21, 0, "\r\n"}, {40, 255, ""}, {0, 43, genuine[:20]},
		{0, 255, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
	} {
		f.Add(seed.at, seed.cut, seed.by)
	}
	for last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		f.Add(uint8(len(genuine)-1), uint8(1), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last:last+1])
	}
	f.Fuzz(func(t *testing.T, at, cut uint8, by string) {
		from := min(int(at), len(genuine))
		cursor := genuine[:from] + by + genuine[min(from+int(cut), len(genuine)):]
		r := do(t, s, "GET", path+"&cursor="+url.QueryEscape(cursor), "")
		switch cursor {
		case "", genuine:
			wantStatus(t, r, 200, "")
		default:
			wantRefusal(t, r, 400, "invalid_cursor", "cursor")
		}
	})
}
