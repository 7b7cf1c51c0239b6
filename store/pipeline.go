package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// queued is a statement of a pipeline and what reads its result; nil discards it.
type queued struct {
	sql  string
	args []any
	read func(result) error
}

// result is what the server answered to one statement.
type result struct {
	conn   *pgx.Conn
	reader *pgconn.ResultReader
	err    error
}

// exec reads the result to its end and returns what was done.
func (r result) exec() (pgconn.CommandTag, error) {
	if r.err != nil {
		return pgconn.CommandTag{}, r.err
	}
	return r.reader.Close()
}

// query returns the rows. The caller reads them to their end, or closes them.
func (r result) query() (pgx.Rows, error) {
	if r.err != nil {
		return nil, r.err
	}
	return pgx.RowsFromResultReader(r.conn.TypeMap(), r.reader), nil
}

// scan reads the first row; pgx.ErrNoRows when there is none.
func (r result) scan(dest ...any) error {
	rows, err := r.query()
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// pipeline sends statements in one round trip and reads their results in turn; after the first failure the server runs none that
// follows. It returns that failure, with the statement's name. A batch of pgx would do the same, but the server then keeps all
// results until the last statement has run: whatever is slow would be counted as the first one's time. Here it is asked to send each
// result as soon as it is there, so the time of each statement is its own.
func (s *Store) pipeline(ctx context.Context, conn *pgx.Conn, statements []queued) error {
	prepared, err := prepare(ctx, conn, statements)
	if err != nil {
		return err
	}
	since := s.now()
	p := conn.PgConn().StartPipeline(ctx)
	if err := send(conn, p, statements, prepared); err != nil {
		return errors.Join(err, p.Close())
	}
	for _, q := range statements {
		tag, err := receive(conn, p, q)
		since = s.tracer.observe(ctx, q.sql, since, tag, err)
		if err != nil {
			closing := p.Close() // reads what is left, and reports the same error again
			forget(ctx, conn, q.sql, err)
			if conn.IsClosed() && !errors.Is(err, closing) {
				err = errors.Join(err, closing)
			}
			return fmt.Errorf("%s: %w", QueryName(q.sql), err)
		}
	}
	return p.Close()
}

// prepare returns the statements' descriptions. What the connection has prepared before costs nothing.
func prepare(ctx context.Context, conn *pgx.Conn, statements []queued) ([]*pgconn.StatementDescription, error) {
	out := make([]*pgconn.StatementDescription, len(statements))
	for i, q := range statements {
		var err error
		if out[i], err = conn.Prepare(ctx, q.sql, q.sql); err != nil {
			return nil, fmt.Errorf("%s: %w", QueryName(q.sql), err)
		}
	}
	return out, nil
}

func send(conn *pgx.Conn, p *pgconn.Pipeline, statements []queued, prepared []*pgconn.StatementDescription) error {
	var b pgx.ExtendedQueryBuilder
	for i, q := range statements {
		if err := b.Build(conn.TypeMap(), prepared[i], q.args); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", QueryName(q.sql), err), p.Sync()) // what was sent before runs and is rolled back
		}
		p.SendQueryStatement(prepared[i], b.ParamValues, b.ParamFormats, slices.Clone(b.ResultFormats))
		p.SendFlushRequest()
	}
	return p.Sync()
}

// receive reads one result.
func receive(conn *pgx.Conn, p *pgconn.Pipeline, q queued) (pgconn.CommandTag, error) {
	r := result{conn: conn}
	got, err := p.GetResults()
	r.err = err
	if err == nil {
		var ok bool
		if r.reader, ok = got.(*pgconn.ResultReader); !ok {
			return pgconn.CommandTag{}, errors.New("the server gave no result")
		}
	}
	if q.read != nil {
		err = q.read(r)
	}
	if r.reader == nil {
		return pgconn.CommandTag{}, err
	}
	tag, closing := r.reader.Close()
	if err == nil {
		err = closing
	}
	return tag, err
}

// forget drops a prepared statement that the server will not run any more, because a migration changed a table under it: the next
// try prepares it anew.
func forget(ctx context.Context, conn *pgx.Conn, sql string, err error) {
	if conn.IsClosed() || !hasCode(err, "0A000") && !hasCode(err, "26000") {
		return
	}
	_ = conn.Deallocate(ctx, sql) // otherwise that fails once more
}
