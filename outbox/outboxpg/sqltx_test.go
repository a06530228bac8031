package outboxpg

import (
	"database/sql"
	"errors"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox"
)

func TestEnqueueInATransactionOfDatabaseSQL(t *testing.T) {
	t.Parallel()
	for _, driver := range []string{"pgx", "postgres"} {
		t.Run("of the driver "+driver, func(t *testing.T) {
			t.Parallel()
			s := newSchema(t)
			box, err := New(t.Context(), s.app, outbox.Disabled(), outbox.Config{Schema: s.schema, Migrate: true})
			if err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open(driver, s.url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			message := func(key, body string) outbox.Message {
				return outbox.Message{From: "1", Key: key, Message: kirim.OutboundMessage{To: "+6281234567001", Content: kirim.Text{Body: body}}}
			}
			var ids []int64
			inTx := func(commit bool, messages ...outbox.Message) (failed error) {
				tx, err := db.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tx.Rollback() }()
				if ids, failed = EnqueueSQLTx(t.Context(), box, tx, messages...); commit {
					if err := tx.Commit(); err != nil { // it is usable also after a refusal
						t.Error(err)
					}
				}
				return failed
			}
			if err := inTx(false, message("a", "rolled back")); err != nil {
				t.Fatal(err)
			}
			if err := inTx(true, message("a", "one"), message("b", `two "quoted" \ ☕`)); err != nil {
				t.Fatal(err)
			}
			first := ids[0]
			if err := inTx(true, message("a", "one")); err != nil || ids[0] != first {
				t.Errorf("the same again: %v, %v", ids, err)
			}
			var reused *outbox.KeyReusedError
			if err := inTx(true, message("c", "three"), message("a", "other")); !errors.As(err, &reused) || reused.ID != first {
				t.Errorf("another body: %v", err)
			}
			var messages, jobs int
			count := `SELECT (SELECT count(*) FROM ` + s.schema + `.kirim_message), (SELECT count(*) FROM ` + s.schema + `.river_job)`
			if err := s.app.QueryRow(t.Context(), count).Scan(&messages, &jobs); err != nil || messages != 2 || jobs != 1 {
				t.Errorf("%d messages and %d jobs, want 2 and 1; %v", messages, jobs, err)
			}
			r, err := box.GetByKey(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			if m, _, err := r.Content(); err != nil || m.Content.(kirim.Text).Body != `two "quoted" \ ☕` {
				t.Errorf("got %+v, %v", m, err)
			}
		})
	}
}

func TestEnqueueInNoTransactionOfDatabaseSQLIsAnError(t *testing.T) {
	t.Parallel()
	var invalid *kirim.ValidationError
	if _, err := EnqueueSQLTx(t.Context(), nil, nil); !errors.As(err, &invalid) {
		t.Errorf("no transaction: %v", err)
	}
	if _, err := EnqueueSQLTx(t.Context(), nil, &sql.Tx{}); err == nil {
		t.Error("no outbox, and no error")
	}
}
