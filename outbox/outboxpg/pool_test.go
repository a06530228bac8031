package outboxpg

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func TestAPoolOfOneConnectionIsRefusedInPlaceOfAMigrationThatWaitsForItself(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), "postgres://postgres@127.0.0.1:1/none?pool_max_conns=1") // it does not connect
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var invalid *kirim.ValidationError
	if _, err := New(t.Context(), pool, outbox.Disabled(), outbox.Config{Migrate: true}); !errors.As(err, &invalid) || invalid.Violations[0].Path != "pool" {
		t.Errorf("got %v", err)
	}
	if _, err := New(t.Context(), pool, outbox.Disabled(), outbox.Config{}); err != nil {
		t.Errorf("without a migration: %v", err)
	}
}
