package inspect

import (
	"context"
	"errors"
	"testing"
	"time"

	"healthagent/test/rig"
)

// A collector that takes too long is stopped, and the connection lives on.
func TestBudget(t *testing.T) {
	t.Parallel()
	i, err := Open(Config{URL: rig.EmptyDatabase(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	run := func(ctx context.Context, budget time.Duration, sql string) (pid int32, err error) {
		err = i.look(ctx, "test", budget, func(ctx context.Context, s *session) error {
			pid = int32(s.conn.PgConn().PID())
			_, err := s.tx.Exec(ctx, sql)
			return err
		})
		return pid, err
	}
	first, err := run(t.Context(), time.Minute, `SELECT 1`)
	if err != nil {
		t.Fatal(err)
	}
	var late *BudgetError
	if _, err := run(t.Context(), 50*time.Millisecond, `SELECT pg_sleep(60)`); !errors.As(err, &late) || late.Budget != 50*time.Millisecond {
		t.Errorf("our count: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := run(ctx, time.Minute, `SELECT pg_sleep(60)`); !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) {
		t.Errorf("the caller's count: %v", err)
	}
	if _, err := run(t.Context(), time.Minute, `CREATE TABLE t (a int)`); code(err) != "25006" {
		t.Errorf("it wrote: %v", err)
	}
	last, err := run(t.Context(), time.Minute, `SELECT 1`)
	if err != nil || last != first {
		t.Errorf("another session, %v", err)
	}
}
