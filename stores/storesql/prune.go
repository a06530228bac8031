package storesql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Prune removes all rows that are of no use any more, a thousand at a time, and returns how
// many. The stores do that bit by bit in their own calls: Prune is for a database that
// has become large, or for a job at night.
func (s *Stores) Prune(ctx context.Context) (removed int64, err error) {
	for _, name := range []string{"claim", "window", "decision", "status", "ratelimit"} {
		t := table{Stores: s, table: name}
		for {
			n, err := t.remove(ctx, pruneRows)
			removed += n
			if err != nil {
				return removed, failed("prune", err)
			}
			if n < pruneRows {
				break
			}
		}
	}
	return removed, nil
}

// remove removes the oldest rows that are of no use any more.
func (t *table) remove(ctx context.Context, most int) (removed int64, err error) {
	if t.table == "status" {
		return t.removeStatuses(ctx, most)
	}
	result, err := t.db.ExecContext(ctx, t.query("DELETE FROM TABLE("+t.table+") WHERE key IN (SELECT key FROM TABLE("+t.table+
		") WHERE until <= NOW ORDER BY until LIMIT $1 "+t.skipLocked()+") AND until <= NOW"), most)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// skipLocked lets processes that remove rows at once, and those that write, pass
// each other.
func (s *Stores) skipLocked() string {
	if s.database == SQLite {
		return ""
	}
	return "FOR UPDATE SKIP LOCKED"
}

// removeStatuses removes messages together with their ids.
func (t *table) removeStatuses(ctx context.Context, most int) (removed int64, err error) {
	err = t.transaction(ctx, func(tx *sql.Tx) error {
		messages, err := columnOfBytes(ctx, tx, t.query("SELECT message FROM TABLE(status) WHERE until <= NOW ORDER BY until LIMIT $1 "+t.skipLocked()), most)
		if err != nil || len(messages) == 0 {
			return err
		}
		removed = int64(len(messages))
		for _, name := range []string{"status_id", "status"} {
			if _, err := tx.ExecContext(ctx, t.complete("DELETE FROM TABLE("+name+") WHERE message IN "+parameters(len(messages))), messages...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// parameters returns ($1, $2, …).
func parameters(n int) string {
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, ", $%d", i+1)
	}
	return "(" + strings.TrimPrefix(list.String(), ", ") + ")"
}

// columnOfBytes reads the only column of some rows.
func columnOfBytes(ctx context.Context, tx *sql.Tx, query string, args ...any) (all []any, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var one []byte
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
