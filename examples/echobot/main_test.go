package main

import (
	"strings"
	"testing"
)

func TestEveryMessageIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for want, times := range map[string]int{
		`+6281100000001: "Halo" answered`:         1,
		`+6281100000002: "Apa kabar?" answered`:   1,
		`+6281100000003: "Selamat pagi" answered`: 1,
		`failed, the webhook will come again`:     1,
		"3 answers for 3 messages, 3 delivered.":  1,
	} {
		if n := strings.Count(out.String(), want); n != times {
			t.Errorf("%d times %q in:\n%s", n, want, out.String())
		}
	}
}
