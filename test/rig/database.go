package rig

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of PostgreSQL that the rig waits out or answers.
const (
	noSuchDatabase = "3D000"
	objectInUse    = "55006"
)

// Postgres returns the URL of a fresh database with all embedded migrations
// applied and no rows. It is dropped, with whoever is still connected, when
// the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	return database(t, func(ctx context.Context, conn *pgx.Conn, admin, name string) error {
		template, err := templateName()
		if err != nil {
			return err
		}
		for {
			err := create(ctx, conn, name, template)
			switch code(err) {
			case noSuchDatabase:
				err = makeTemplate(ctx, conn, admin, template)
			case objectInUse:
				continue // the server itself waited before it said so
			default:
				return err
			}
			if err != nil {
				return err
			}
		}
	})
}

// EmptyDatabase returns the URL of a fresh database without any schema,
// dropped like that of Postgres.
func EmptyDatabase(t testing.TB) string {
	t.Helper()
	return database(t, func(ctx context.Context, conn *pgx.Conn, _, name string) error {
		return create(ctx, conn, name, "template1")
	})
}

// database makes a database for t under a name of its own.
func database(t testing.TB, fill func(ctx context.Context, conn *pgx.Conn, admin, name string) error) string {
	t.Helper()
	admin := adminURL(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var serial string
	if err := conn.QueryRow(ctx, `SELECT replace(gen_random_uuid()::text, '-', '')`).Scan(&serial); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("rig_%d_%.8s_%s", os.Getpid(), serial, title(t))
	target, err := withDatabase(admin, name)
	if err == nil {
		err = fill(ctx, conn, admin, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		finish(t, func(ctx context.Context) error { return drop(ctx, admin, name) })
	})
	return target
}

// withDatabase is the URL raw with another database.
func withDatabase(raw, name string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", errors.New(databaseEnv + " is not of the form postgres://")
	}
	u.Path = "/" + name
	return u.String(), nil
}

// create copies files: without fsync that takes two thirds of the time that
// writing the copy to the log takes.
func create(ctx context.Context, conn *pgx.Conn, name, template string) error {
	_, err := conn.Exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template)+" STRATEGY file_copy")
	return err
}

func drop(ctx context.Context, admin, name string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
	return err
}

// dropOrphans removes the databases of test processes that were killed.
// Elsewhere, on a server that others share, process ids mean nothing.
func dropOrphans(ctx context.Context, conn *pgx.Conn) error {
	if !strings.HasPrefix(conn.Config().Host, "/") {
		return nil
	}
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE datname LIKE 'rig\_%' AND NOT datistemplate`)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		pid, err := strconv.Atoi(strings.Split(name, "_")[1])
		if err != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func code(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// ours fails unless dir is a directory of this user: its name can be guessed.
func ours(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is in the way: it is not a directory of this user", dir)
	}
	return nil
}
