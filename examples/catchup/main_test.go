package main

import (
	"log"
	"strings"
	"testing"
)

func TestEachMessageOfTheOutageIsHandledOnce(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), log.New(&out, "", 0)); err != nil {
		t.Fatal(err)
	}
	const want = `3 messages were written; 3 are handled.
25 messages were written; 3 are handled.
2 messages were written; 3 are handled.
The subscription was disabled; it is made active again.
25 deliveries were dead, and are made again.
2 messages were fetched that no delivery had brought; 30 are handled.
25 deliveries were dead, and are made again.
0 messages were fetched that no delivery had brought; 30 are handled.
`
	if out.String() != want {
		t.Errorf("the output is\n%swant\n%s", out.String(), want)
	}
}
