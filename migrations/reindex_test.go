package migrations_test

import (
	"context"
	"errors"
	"testing"

	"healthagent/migrations"
)

func TestReindexFreesSpace(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed())
	up(t, e, migrations.UpOptions{})
	mustExec(t, url, "INSERT INTO a SELECT generate_series(1, 20000)")
	mustExec(t, url, "DELETE FROM a WHERE x > 10")
	first := schema(t, url)
	done, err := e.Reindex(t.Context(), migrations.ReindexOptions{Index: "a_x"})
	if err != nil {
		t.Fatal(err)
	}
	if done.Before < 100_000 || done.After > 20_000 {
		t.Errorf("%+v", done)
	}
	if again := schema(t, url); again != first {
		t.Error("the schema changed")
	}
	wantIndexes(t, url, "a_Y, a_x")
}

// TestCancelledReindexLeavesNothing cuts a rebuild in its wait for writers, which
// leaves a copy that nobody uses. A second rebuild finds what a killed one left.
func TestCancelledReindexLeavesNothing(t *testing.T) {
	t.Parallel()
	url := emptyDatabase(t)
	e := engine(t, url, indexed(), often)
	up(t, e, migrations.UpOptions{})
	dump := connect(t, url)
	for _, sql := range []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM b"} {
		if _, err := dump.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	blocked := func(ctx context.Context) (<-chan migrations.Event, <-chan error) {
		events := make(chan migrations.Event, 1000)
		done := make(chan error, 1)
		go func() {
			_, err := e.Reindex(ctx, migrations.ReindexOptions{Index: "a_x", Events: events})
			done <- err
		}()
		next(t, events, kind(migrations.EventBlocked))
		return events, done
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, done := blocked(ctx)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantIndexes(t, url, "a_Y, a_x")

	// A killed backend cannot clean up behind itself.
	_, done = blocked(t.Context())
	mustExec(t, url, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND datname = current_database()`)
	if err := <-done; err == nil {
		t.Error("the killed rebuild reports success")
	}
	wantIndexes(t, url, "a_Y, a_x, a_x_ccnew INVALID")
	if _, err := dump.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Reindex(t.Context(), migrations.ReindexOptions{Index: "a_x"}); err != nil {
		t.Fatal(err)
	}
	wantIndexes(t, url, "a_Y, a_x")
}

func TestReindexOfNoIndex(t *testing.T) {
	t.Parallel()
	e := engine(t, emptyDatabase(t), indexed())
	up(t, e, migrations.UpOptions{})
	var missing *migrations.NoSuchIndexError
	if _, err := e.Reindex(t.Context(), migrations.ReindexOptions{Index: "a"}); !errors.As(err, &missing) {
		t.Errorf("a table was taken for an index: %v", err)
	}
}
