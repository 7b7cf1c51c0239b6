package local_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/store/local"
)

// tempDir is a directory that the servers' users can reach, unlike t.TempDir
// for root.
func tempDir(t *testing.T) string {
	t.Helper()
	tmp, err := local.NewTemp(t.Context(), "healthagent-localtest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tmp.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return tmp.Path
}

func startPostgres(t *testing.T, o local.Options) *local.Postgres {
	t.Helper()
	o.Fast, o.BinDir = true, postgresBin()
	p, err := local.StartPostgres(deadline(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, p) })
	return p
}

// postgresBin is where the PostgreSQL to test is, "" for the newest installed.
func postgresBin() string { return os.Getenv("HEALTHAGENT_TEST_POSTGRES_BIN") }

type closer interface {
	Close(ctx context.Context) error
}

func closeServer(t *testing.T, c closer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
}

// deadline bounds a hang, it measures nothing.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// query runs one statement and returns its single value as text.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	ctx := deadline(t)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx) //nolint:errcheck // the test is over with it
	var v string
	if err := conn.QueryRow(ctx, sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}
