package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

func tables() []string {
	return []string{"users", "conversation_history", "food_entries", "reminders", "user_gamification"}
}

// Vacuum brings the statistics and the visibility map of all tables to where those of a table at rest are.
func (s *Scratch) Vacuum(ctx context.Context, progress ProgressFunc) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	for i, name := range tables() {
		progress("vacuum", int64(i), int64(len(tables())))
		if err := vacuum(ctx, conn, name); err != nil {
			return fmt.Errorf("vacuum %s: %w", name, err)
		}
	}
	return nil
}

const visibleSQL = `
SELECT /* healthagent:bench_visible */ relallvisible >= relpages FROM pg_class WHERE oid = $1::text::regclass`

// vacuum tries again when somebody's snapshot, such as that of an ANALYZE at work, kept pages from being visible to all. It clears the
// indexes too: by default a few dead rows would be left there, and with them pages that no index-only scan can do without.
func vacuum(ctx context.Context, conn *pgx.Conn, table string) error {
	const tries = 5
	for i := range tries {
		if err := sleep(ctx, time.Duration(i)*time.Second); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "VACUUM (ANALYZE, INDEX_CLEANUP ON) "+table); err != nil {
			return err
		}
		var visible bool
		if err := conn.QueryRow(ctx, visibleSQL, table).Scan(&visible); err != nil || visible {
			return err
		}
	}
	return nil // what is not visible shows as heap fetches
}

// Forget deletes the messages and foods that were written since the data was loaded, so that every query finds what it found before.
func (s *Scratch) Forget(ctx context.Context, spec Spec) error {
	spec = spec.withDefaults()
	_, errMessages := s.pool.Exec(ctx, `DELETE FROM conversation_history WHERE id > $1`, spec.Messages)
	_, errFoods := s.pool.Exec(ctx, `DELETE FROM food_entries WHERE id > $1`, spec.Foods)
	if err := errors.Join(errMessages, errFoods); err != nil {
		return fmt.Errorf("delete what the writers wrote: %w", err)
	}
	return nil
}

// AllowCheckpoints gives the role of a private server the right to make checkpoints, which its superuser's URL is needed for.
func AllowCheckpoints(ctx context.Context, superuserURL, role string) error {
	conn, err := pgx.Connect(ctx, superuserURL)
	if err != nil {
		return fmt.Errorf("connect as superuser: %w", err)
	}
	defer closeConn(ctx, conn)
	if _, err := conn.Exec(ctx, "GRANT pg_checkpoint TO "+quote(role)); err != nil {
		return fmt.Errorf("let %s make checkpoints: %w", role, err)
	}
	return nil
}

// checkpoint makes one if the role may. The first change of a page after it writes the whole page to the log, which is what most
// writes of a bot are: they are few and scattered.
func checkpoint(ctx context.Context, conn *pgx.Conn) (made bool, err error) {
	_, err = conn.Exec(ctx, "CHECKPOINT")
	if code(err) == "42501" {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("make a checkpoint: %w", err)
	}
	return true, nil
}
