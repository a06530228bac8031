package storeredis_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/stores/storeredis"
)

const (
	childSocket = "KIRIM_TEST_CHILD_SOCKET"
	childClaims = 2000
)

// TestMain also is the second process of TestOneOfTwoProcessesHandlesAnElement.
func TestMain(m *testing.M) {
	redis.SetLogger(&logging.VoidLogger{}) // most of what it says is that servers are gone that the tests ended
	if socket := os.Getenv(childSocket); socket != "" {
		if err := claimAll(socket); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// claimAll waits for its input to end, claims all keys and prints those that it got.
func claimAll(socket string) error {
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, ContextTimeoutEnabled: true})
	defer client.Close()
	stores, err := storeredis.New(client)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := client.Ping(ctx).Err(); err != nil {
		return err
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
	}
	for i := range childClaims {
		key := fmt.Sprint("element ", i)
		switch state, token, err := stores.Deduper().ClaimToken(ctx, key); {
		case err != nil:
			return err
		case state == kirim.Claimed:
			fmt.Println(key)
			if err := stores.Deduper().CompleteToken(ctx, key, token); err != nil {
				return err
			}
		}
	}
	return nil
}
