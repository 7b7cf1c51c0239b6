package migrations

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const maxTries = 10

// transact runs a script as one multi-statement query in one transaction together
// with the ledger row done. Only locks and deadlocks are tried again: everything
// else would fail the same way.
func (s *session) transact(ctx context.Context, script Script, t transaction) error {
	for try := 1; ; try++ {
		err := s.attempt(ctx, script, t)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err()) // the server says only that it was cancelled
		}
		var se *StatementError
		if errors.As(err, &se) {
			se.Tries = try
		}
		if try == maxTries || !passes(err) {
			return err
		}
		pause := backoff(try)
		s.cfg.Logger.WarnContext(ctx, "a lock is in the way of a migration, it is tried again",
			"file", script.File, "try", try, "pause", pause.String())
		s.report.send(Event{Kind: EventRetry, Text: fmt.Sprintf("a table is locked by others: try %d of %d in %s", try+1, maxTries, pause.Round(time.Millisecond))})
		if werr := s.cfg.Wait(ctx, pause); werr != nil {
			return errors.Join(err, werr)
		}
	}
}

// transaction is what belongs into one transaction with a script.
type transaction struct {
	version int
	rescue  RescueFunc    // called for the tables whose rows are lost; nil: not
	done    func() record // the row of the ledger that says so
}

// attempt is one try of transact. On error nothing of it is left.
func (s *session) attempt(ctx context.Context, script Script, t transaction) (err error) {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin %s: %w", script.File, err)
	}
	defer func() {
		if err != nil {
			// A connection that cannot roll back is closed, which rolls back too.
			_ = tx.Rollback(context.WithoutCancel(ctx))
		}
	}()
	if t.rescue != nil {
		if err = s.rescue(ctx, script, t.version, t.rescue); err != nil {
			return err
		}
	}
	if err = execScript(ctx, s.conn, script); err != nil {
		return err
	}
	if err = t.done().save(ctx, s.conn); err != nil {
		return err
	}
	if err = tx.Commit(ctx); err != nil {
		return explain(script, -1, err)
	}
	return nil
}

// execScript sends the whole text in the simple protocol, so that positions in
// errors are positions in the file, and counts what was completed.
func execScript(ctx context.Context, conn *pgx.Conn, script Script) error {
	results := conn.PgConn().Exec(ctx, script.SQL)
	completed := 0
	for results.NextResult() {
		if _, err := results.ResultReader().Close(); err == nil {
			completed++
		}
	}
	if err := results.Close(); err != nil {
		return explain(script, completed, err)
	}
	return nil
}

// passes reports whether waiting may help: lock_not_available, deadlock_detected.
func passes(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "40P01")
}

// backoff is 0.5 s doubling to 30 s, between half and all of it, so that two
// processes do not meet again.
func backoff(try int) time.Duration {
	d := min(500*time.Millisecond<<(try-1), 30*time.Second)
	return d/2 + rand.N(d/2+1)
}

// explain finds the statement that failed: by the server's position when it gives
// one, else by the count of completed ones; -1 means the file as a whole.
func explain(script Script, completed int, err error) error {
	var pg *pgconn.PgError
	if completed < 0 || !errors.As(err, &pg) || pg.Position == 0 {
		return explainAt(script, completed, err)
	}
	offset := byteOffset(script.SQL, int(pg.Position))
	at := 0
	for i, st := range script.Statements {
		if st.offset <= offset {
			at = i
		}
	}
	out := explainAt(script, at, err)
	out.Line = max(out.Line, lineAt(script.SQL, offset))
	return out
}

// explainAt blames statement number at, or the whole file when there is none.
// Messages of class 22 quote values of rows and are left out.
func explainAt(script Script, at int, err error) *StatementError {
	out := &StatementError{File: script.File, Reason: err.Error(), Tries: 1, Err: err}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		out.Code, out.Reason = pg.Code, pg.Message
		if strings.HasPrefix(pg.Code, "22") {
			out.Reason, out.Err = "a value does not fit", nil
		}
	}
	if at >= 0 && at < len(script.Statements) {
		st := script.Statements[at]
		out.Statement, out.Line = st.FirstLine(), st.Line
	}
	return out
}

// byteOffset turns the server's position, in characters from 1, into an offset.
func byteOffset(sql string, position int) int {
	n := 1
	for i := range sql {
		if n == position {
			return i
		}
		n++
	}
	return len(sql)
}
