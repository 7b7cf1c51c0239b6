package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Tx is one unit of work: one transaction of PostgreSQL in as few round trips as possible. Its methods only queue statements.
// What they read is in the places handed to them after the next Flush; an error of any of them comes out of Flush or of
// Store.Do. A Tx belongs to one goroutine.
type Tx struct {
	store *Store
	conn  *pgxpool.Conn
	batch *pgx.Batch
	begun bool
	after []func(context.Context)
}

// rollbackTime bounds the ROLLBACK after a failure, whose own context may be over.
const rollbackTime = 2 * time.Second

// Do runs work in a transaction and commits it. When work or any statement fails nothing is applied and the error is returned.
// The functions given to Tx.AfterCommit run after the commit, before Do returns.
func (s *Store) Do(ctx context.Context, work func(context.Context, *Tx) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("borrow a connection: %w", err)
	}
	tx := &Tx{store: s, conn: conn, batch: &pgx.Batch{}}
	tx.batch.Queue("begin")
	err = work(ctx, tx)
	if err == nil {
		err = tx.commit(ctx)
	}
	if err != nil {
		tx.rollback()
	}
	conn.Release()
	if err != nil {
		return err
	}
	for _, f := range tx.after {
		f(ctx)
	}
	return nil
}

// Flush sends what is queued in one round trip. With nothing queued it does nothing.
func (tx *Tx) Flush(ctx context.Context) error {
	if tx.batch.Len() == 0 {
		return nil
	}
	batch := tx.batch
	tx.batch = &pgx.Batch{}
	tx.begun = true
	return tx.conn.SendBatch(ctx, batch).Close()
}

// AfterCommit has f called once the transaction is committed; not when it is rolled back.
func (tx *Tx) AfterCommit(f func(context.Context)) { tx.after = append(tx.after, f) }

func (tx *Tx) commit(ctx context.Context) error {
	if !tx.begun && tx.batch.Len() == 1 { // only BEGIN: nothing was asked for
		return nil
	}
	tx.batch.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errors.New("the transaction was rolled back at its commit")
		}
		return nil
	})
	return tx.Flush(ctx)
}

// rollback leaves a connection that the pool may lend again; one that cannot be rolled back is closed by its release.
func (tx *Tx) rollback() {
	if !tx.begun {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
	defer cancel()
	if !tx.conn.Conn().IsClosed() {
		_, _ = tx.conn.Exec(ctx, "rollback")
	}
}

// exec queues a statement whose result does not matter.
func (tx *Tx) exec(sql string, args ...any) { tx.batch.Queue(sql, args...) }

// execCount queues a statement and stores the number of rows that it touched.
func (tx *Tx) execCount(n *int64, sql string, args ...any) {
	tx.batch.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		*n = tag.RowsAffected()
		return nil
	})
}

// row queues a statement that returns exactly one row; found, when not nil, is false for none instead of ErrNotFound.
func (tx *Tx) row(found *bool, dest []any, sql string, args ...any) {
	tx.batch.Queue(sql, args...).QueryRow(func(row pgx.Row) error {
		err := row.Scan(dest...)
		switch {
		case errors.Is(err, pgx.ErrNoRows) && found != nil:
			*found = false
			return nil
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("%s: %w", QueryName(sql), ErrNotFound)
		case err != nil:
			return fmt.Errorf("%s: %w", QueryName(sql), err)
		}
		if found != nil {
			*found = true
		}
		return nil
	})
}

// rows queues a statement and appends what scan makes of each row to dest.
func rows[T any](tx *Tx, dest *[]T, scan pgx.RowToFunc[T], sql string, args ...any) {
	tx.batch.Queue(sql, args...).Query(func(r pgx.Rows) error {
		got, err := pgx.AppendRows((*dest)[:0], r, scan)
		if err != nil {
			return fmt.Errorf("%s: %w", QueryName(sql), err)
		}
		*dest = got
		return nil
	})
}
