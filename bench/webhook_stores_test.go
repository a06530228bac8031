package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/kirim-go/kirim/stores/storeredis"
	"github.com/kirim-go/kirim/stores/storesql"
	"github.com/redis/go-redis/v9"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// What a server leaves behind, is removed before it ends.
var leftovers []func() error

// openRedis returns a handler with a deduper over Redis, which forgets everything within
// an hour.
func openRedis() (http.Handler, error) {
	opts, err := redis.ParseURL(os.Getenv("KIRIM_TEST_REDIS"))
	if err != nil {
		return nil, err
	}
	opts.ContextTimeoutEnabled = true
	client, prefix := redis.NewClient(opts), "kirim-bench-"+rand.Text()
	leftovers = append(leftovers, func() error {
		ctx := context.Background()
		keys := client.Scan(ctx, 0, prefix+":*", 10_000).Iterator()
		for keys.Next(ctx) {
			client.Unlink(ctx, keys.Val())
		}
		return keys.Err()
	})
	stores, err := storeredis.New(client, storeredis.WithPrefix(prefix))
	if err != nil {
		return nil, err
	}
	return newHooks(stores.Deduper())
}

// openPostgreSQL returns a handler with a deduper in a schema of its own.
func openPostgreSQL() (http.Handler, error) {
	db, err := sql.Open("pgx", os.Getenv("KIRIM_TEST_POSTGRES"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	schema := "kirim_bench_" + strings.ToLower(rand.Text()[:12])
	stores, err := storesql.New(db, storesql.PostgreSQL, storesql.WithSchema(schema))
	if err != nil {
		return nil, err
	}
	if err := stores.Migrate(context.Background()); err != nil {
		return nil, err
	}
	leftovers = append(leftovers, func() error {
		_, err := db.ExecContext(context.Background(), fmt.Sprintf("DROP SCHEMA %s CASCADE", schema))
		return err
	})
	return newHooks(stores.Deduper())
}

func removeLeftovers() error {
	for _, remove := range leftovers {
		if err := remove(); err != nil {
			return err
		}
	}
	return nil
}
