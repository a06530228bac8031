package main

import (
	"context"
	"fmt"

	"github.com/kirim-go/kirim/outbox"
	"github.com/kirim-go/kirim/outbox/outboxpg"
)

func main() {
	_, err := outboxpg.New(context.Background(), nil, outbox.Disabled(), outbox.Config{})
	fmt.Println(err)
}
