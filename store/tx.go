package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Tx is one unit of work: one transaction of PostgreSQL in as few round trips as possible. Its methods only queue statements.
// What they read is in the places handed to them after the next Flush; an error of any of them comes out of Flush or of
// Store.Do. A Tx belongs to one goroutine.
type Tx struct {
	store *Store
	conn  *pgxpool.Conn
	queue []queued
	begun bool
	after []func(context.Context)
}

// rollbackTime bounds the ROLLBACK after a failure, whose own context may be over.
const rollbackTime = 2 * time.Second

const (
	beginSQL    = `BEGIN /* begin */`
	commitSQL   = `COMMIT /* commit */`
	rollbackSQL = `ROLLBACK /* rollback */`
)

// Do runs work in a transaction and commits it. When work or any statement fails nothing is applied and the error is returned;
// only when the connection breaks during the commit nobody knows, and Finish is what makes it safe to try the same again. The
// functions given to Tx.AfterCommit run after the commit, before Do returns.
//
// work holds one of the pool's connections: it must not call methods of Store, which may wait for another.
func (s *Store) Do(ctx context.Context, work func(context.Context, *Tx) error) error {
	after, err := s.transact(ctx, work)
	if err != nil {
		return err
	}
	for _, f := range after {
		f(ctx)
	}
	return nil
}

// transact gives the connection back whatever happens, a panic of work included.
func (s *Store) transact(ctx context.Context, work func(context.Context, *Tx) error) ([]func(context.Context), error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("borrow a connection: %w", err)
	}
	defer conn.Release()
	tx := &Tx{store: s, conn: conn}
	defer tx.rollback()
	tx.exec(beginSQL)
	if err := work(ctx, tx); err != nil {
		return nil, err
	}
	if err := tx.commit(ctx); err != nil {
		if conn.Conn().IsClosed() { // committed, or not, or only in a moment
			s.unsettled.add(conn.Conn().PgConn().PID())
			s.cache.distrust()
		}
		return nil, err
	}
	return tx.after, nil
}

// Flush sends what is queued in one round trip. With nothing queued it does nothing.
func (tx *Tx) Flush(ctx context.Context) error {
	if len(tx.queue) == 0 {
		return nil
	}
	statements := tx.queue
	tx.queue = nil
	tx.begun = true
	return tx.store.pipeline(ctx, tx.conn.Conn(), statements)
}

// AfterCommit has f called once the transaction is committed; not when it is rolled back.
func (tx *Tx) AfterCommit(f func(context.Context)) { tx.after = append(tx.after, f) }

// commit sends COMMIT together with what is still queued. The server has executed all of it before the first result is looked at:
// whatever must prevent the commit has to be an error of the server's, not of a function that reads a result.
func (tx *Tx) commit(ctx context.Context) error {
	if !tx.begun && len(tx.queue) == 1 { // only BEGIN: nothing was asked for
		return nil
	}
	tx.add(commitSQL, nil, func(r result) error {
		tag, err := r.exec()
		if err == nil && tag.String() != "COMMIT" {
			err = errors.New("the transaction was rolled back at its commit")
		}
		return err
	})
	return tx.Flush(ctx)
}

// rollback leaves a connection that the pool may lend again; one that cannot be rolled back is closed by its release. After a
// commit it does nothing.
func (tx *Tx) rollback() {
	conn := tx.conn.Conn()
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
	defer cancel()
	_, _ = conn.Exec(ctx, rollbackSQL)
}

// add puts a statement into the queue. read takes its result.
func (tx *Tx) add(sql string, args []any, read func(result) error) {
	tx.queue = append(tx.queue, queued{sql, args, read})
}

// exec queues a statement whose result does not matter.
func (tx *Tx) exec(sql string, args ...any) {
	tx.add(sql, args, func(r result) error {
		_, err := r.exec()
		return err
	})
}

// execCount queues a statement and stores the number of rows that it touched.
func (tx *Tx) execCount(n *int64, sql string, args ...any) {
	tx.add(sql, args, func(r result) error {
		tag, err := r.exec()
		*n = tag.RowsAffected()
		return err
	})
}

// row queues a statement that returns at most one row, and stores whether it did. found may be nil for one that always does.
func (tx *Tx) row(found *bool, dest []any, sql string, args ...any) {
	tx.add(sql, args, func(r result) error {
		err := r.scan(dest...)
		if found == nil {
			return err
		}
		*found = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
}

// guard queues a statement that divides by the number of rows that it touched: for none the server itself fails, so that a COMMIT
// behind it in the same round trip cannot succeed. The caller sees failure then.
func (tx *Tx) guard(failure error, sql string, args ...any) {
	tx.add(sql, args, func(r result) error {
		_, err := r.exec()
		if hasCode(err, "22012") { // division by zero
			return failure
		}
		return err
	})
}

// rows queues a statement and puts what scan makes of its rows into dest.
func rows[T any](tx *Tx, dest *[]T, scan pgx.RowToFunc[T], sql string, args ...any) {
	tx.add(sql, args, func(r result) error {
		got, err := r.query()
		if err != nil {
			return err
		}
		*dest, err = pgx.AppendRows((*dest)[:0], got, scan)
		return err
	})
}
