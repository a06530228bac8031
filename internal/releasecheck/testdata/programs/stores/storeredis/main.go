// A program that uses the released module of the stores over Redis, which need a
// server only when they are called.
package main

import (
	"context"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

func main() {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
	defer rdb.Close()
	stores, err := storeredis.New(rdb)
	if err != nil {
		log.Panic(err)
	}
	var claims kirim.TokenDeduper = stores.Deduper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, _, err := claims.ClaimToken(ctx, "key"); err == nil {
		log.Panic("a claim without a server")
	}
}
