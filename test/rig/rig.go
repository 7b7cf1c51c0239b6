// Package rig gives tests real servers: databases made from a template that
// carries the embedded migrations, empty ones, Redis, and throw-away servers
// that a test may stop, kill or freeze.
//
// HEALTHAGENT_TEST_DATABASE_URL names a PostgreSQL whose role may create
// databases; make test starts one for all packages. Without it every call
// shares one private cluster of this user, which the last user stops; its
// files stay in the temporary directory until make clean, so that the next run
// starts at once. A package with many sequential tests
// calls Main, which keeps that cluster up for the whole run.
//
// HEALTHAGENT_TEST_POSTGRES_BIN names the directory of the PostgreSQL server that
// is started, which else is the newest installed; make test-major sets it.
//
// HEALTHAGENT_TEST_REDIS_URL names a Redis whose logical databases 1 to 15 may
// be emptied. Without it every test gets a Redis of its own.
package rig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"healthagent/store/local"
)

const (
	databaseEnv = "HEALTHAGENT_TEST_DATABASE_URL"
	redisEnv    = "HEALTHAGENT_TEST_REDIS_URL"
	binEnv      = "HEALTHAGENT_TEST_POSTGRES_BIN"
)

// patience bounds every act of the rig: it turns a hang into a failure and
// measures nothing.
const patience = 2 * time.Minute

// Main runs the tests of a package with the shared cluster up from the first
// to the last. Use: func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }.
func Main(m *testing.M) int {
	if os.Getenv(databaseEnv) != "" {
		return m.Run()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pg, err := shared(ctx)
	if err == nil {
		err = os.Setenv(databaseEnv, pg.URL())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	end, cancelEnd := context.WithTimeout(context.Background(), patience)
	defer cancelEnd()
	if err := pg.Close(end); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// PostgresBin is the directory of the PostgreSQL server to test with, "" for the
// newest installed.
func PostgresBin() string { return os.Getenv(binEnv) }

// seldom is how often autovacuum comes: to no test. It would analyze tables and take snapshots and locks in the middle of those that look
// at plans, statistics and waits. It is not off, which a doctor would complain of.
const seldom = "20d"

// Settings are those of a PostgreSQL that many packages test against at once.
func Settings() map[string]string {
	return map[string]string{
		"max_connections": "400", "shared_buffers": "64MB", "max_wal_size": "256MB", "autovacuum_naptime": seldom,
		// hundreds of databases fill it: a full one throws out what a test looks for
		"pg_stat_statements.max": "100000",
	}
}

// shared is the cluster of this user, this boot and these programs: a crash of
// the machine may have destroyed an older one, since it runs without fsync, and
// data fits its own major only.
func shared(ctx context.Context) (*local.Postgres, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(local.TempBase(), fmt.Sprintf("%s%.8s", sharedPrefix(), boot))
	if bin := PostgresBin(); bin != "" {
		sum := sha256.Sum256([]byte(bin))
		dir += "-" + hex.EncodeToString(sum[:4])
	}
	if err := os.Mkdir(dir, 0o700); err == nil {
		if os.Geteuid() == 0 {
			err = os.Chmod(dir, 0o711) //nolint:gosec // the server's own user passes through
		}
		if err != nil {
			return nil, err
		}
	}
	if err := ours(dir); err != nil {
		return nil, err
	}
	return local.StartPostgres(ctx, local.Options{Dir: dir, BinDir: PostgresBin(), Fast: true, Settings: Settings()})
}

func sharedPrefix() string { return fmt.Sprintf("healthagent-test-%d-", os.Geteuid()) }

// Clean removes the files of shared clusters that nobody uses, of this boot
// and earlier ones.
func Clean() error {
	dirs, err := filepath.Glob(filepath.Join(local.TempBase(), sharedPrefix()+"*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if ours(dir) != nil {
			continue
		}
		if _, err := local.RemoveUnused(dir); err != nil {
			return err
		}
	}
	return nil
}

// adminURL is a database of the server to make others from.
func adminURL(t testing.TB) string {
	t.Helper()
	if url := os.Getenv(databaseEnv); url != "" {
		return url
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pg, err := shared(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finish(t, pg.Close) })
	return pg.URL()
}

// finish runs a closing act in a cleanup, when the test's own context is over.
func finish(t testing.TB, act func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := act(ctx); err != nil {
		t.Error(err)
	}
}

// title is t's name as a part of an identifier.
func title(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '_'
		}
	}, t.Name())
	return name[:min(len(name), 24)]
}
