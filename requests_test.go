package kirim_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
)

// How many requests one call makes for each status from 200 to 599, where all
// its responses have that status and nothing else in them. Statuses that are
// alike stand in one row.
func TestRequestsOfACallByStatusAndMethod(t *testing.T) {
	t.Parallel()
	const want = `
status     GET HEAD DELETE PUT PATCH K POST
200-407    1   1    1      1   1     1 1
408        4   4    4      4   4     4 1
409-428    1   1    1      1   1     1 1
429        4   4    4      4   4     4 4
430-499    1   1    1      1   1     1 1
500        4   4    4      4   4     4 1
501        1   1    1      1   1     1 1
502-504    4   4    4      4   4     4 1
505-599    1   1    1      1   1     1 1
`
	const format = "%-10s %-3s %-4s %-6s %-3s %-5s %s %s\n"
	columns := []struct{ name, method string }{
		{"GET", "GET"}, {"HEAD", "HEAD"}, {"DELETE", "DELETE"}, {"PUT", "PUT"}, {"PATCH", "PATCH"}, {"K", "POST"}, {"POST", "POST"},
	}
	var table strings.Builder
	row := func(label string, cells []any) { fmt.Fprintf(&table, format, append([]any{label}, cells...)...) }
	names := make([]any, len(columns))
	for i, column := range columns {
		names[i] = column.name
	}
	table.WriteString("\n")
	row("status", names)
	var counts []any
	first := 200
	end := func(last int) {
		label := fmt.Sprint(first)
		if last > first {
			label += fmt.Sprint("-", last)
		}
		row(label, counts)
	}
	for status := 200; status <= 599; status++ {
		var now []any
		for _, column := range columns {
			synctest.Test(t, func(t *testing.T) {
				w := newWire(answer{status: status})
				var options []kirim.Option
				if column.name == "POST" {
					options = append(options, kirim.WithoutIdempotencyKeys())
				}
				_ = w.client(t, options...).Do(t.Context(), column.method, "/1/messages", nil, nil, nil)
				now = append(now, fmt.Sprint(len(w.seen())))
			})
		}
		if counts != nil && fmt.Sprint(now) != fmt.Sprint(counts) {
			end(status - 1)
			first = status
		}
		counts = now
	}
	end(599)
	t.Log(table.String())
	if got := table.String(); got != want {
		t.Errorf("got%swant%s", got, want)
	}
}
