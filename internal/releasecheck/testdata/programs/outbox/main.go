package main

import (
	"fmt"

	"github.com/kirim-go/kirim/outbox"
)

func main() { fmt.Println(outbox.StateQueued, outbox.Config{}.Lease) }
