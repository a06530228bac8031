package main

import (
	"log"
	"strings"
	"testing"
)

func TestEachShopSendsFromItsOwnNumber(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), log.New(&out, "", 0)); err != nil {
		t.Fatal(err)
	}
	const want = `Toko Ana gets invitation 1; asked for twice, it is the same: true
  opened after 1h0m0s: done
  message to a buyer: done
Warung Budi gets invitation 1; asked for twice, it is the same: true
  opened after 80h0m0s: kirimtest: the setup link is expired
  message to a buyer: the shop has not connected a number
Warung Budi gets invitation 2; asked for twice, it is the same: true
  opened after 1h0m0s: done
  message to a buyer: done
shipped:ana:1042 was sent from number 200000001.
shipped:budi:1042 was sent from number 200000002.
Toko Ana has left; no invitation any more: true
`
	if out.String() != want {
		t.Errorf("the output is\n%swant\n%s", out.String(), want)
	}
}
