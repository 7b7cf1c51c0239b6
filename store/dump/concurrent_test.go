package dump_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

// The counts are of the very snapshot that pg_dump read, however much is written meanwhile.
func TestCountsAreThoseOfTheDumpWhileOthersWrite(t *testing.T) {
	t.Parallel()
	rig.NeedClients(t)
	url := rig.Postgres(t)
	do(t, url, `INSERT INTO users (telegram_id) VALUES (1)`)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	first := make(chan struct{}, 2)
	for range 2 {
		writers.Go(func() {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close(context.Background()) }()
			for n := 0; ctx.Err() == nil; n++ {
				_, err := conn.Exec(ctx, `WITH h AS (INSERT INTO conversation_history (user_id, role, content) SELECT 1, 'user', repeat('y', 200) FROM generate_series(1, 20))
					INSERT INTO xp_transactions (user_id, source, amount, day) SELECT 1, gen_random_uuid()::text, 1, now()`)
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
				if n == 20 {
					first <- struct{}{}
				}
			}
		})
	}
	<-first
	path, m := write(t, url)
	stop()
	writers.Wait()
	rows := map[string]int64{}
	for _, table := range m.Tables {
		rows[table.Name] = table.Rows
	}
	if rows["public.xp_transactions"] < 20 || rows["public.conversation_history"] != 20*rows["public.xp_transactions"] {
		t.Errorf("not of one moment: %v", rows)
	}
	if now := number(t, url, `SELECT count(*) FROM xp_transactions`); now <= rows["public.xp_transactions"] {
		t.Errorf("nothing was written meanwhile: %d", now)
	}
	if o, err := dump.Verify(t.Context(), dump.VerifyOptions{URL: url, Path: path, Manifest: m}); err != nil || !o.OK {
		t.Errorf("%+v, %v", o, err)
	}
}

// children are the running programs of that name that this process has started.
func children(t *testing.T, name string) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), "("+name+") ")
		if f := strings.Fields(rest); len(f) > 1 && f[0] != "Z" && f[1] == strconv.Itoa(os.Getpid()) {
			out = append(out, filepath.Dir(path))
		}
	}
	return out
}

// This test stands alone: it looks at all pg_dumps of this process.
func TestThePasswordIsNoArgumentAndACancelledDumpLeavesNothing(t *testing.T) {
	rig.NeedClients(t)
	url := rig.Postgres(t)
	blocker := connect(t, url)
	tx, err := blocker.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `LOCK TABLE users`); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := dump.Write(ctx, dump.Options{URL: url + "&password=hunter2%20%26", Path: filepath.Join(dir, "x.dump")})
		done <- err
	}()
	await(t, admin(t, url), `SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = $1 AND application_name = 'healthagent-dump' AND wait_event_type = 'Lock'`, databaseOf(t, url))
	found := children(t, "pg_dump")
	if len(found) != 1 {
		t.Fatalf("pg_dump runs as %v", found)
	}
	line, err := os.ReadFile(found[0] + "/cmdline")
	if err != nil || bytes.Contains(line, []byte("hunter2")) || !bytes.Contains(line, []byte("--snapshot=")) {
		t.Errorf("%q, %v", line, err)
	}
	// where it may be read by nobody else
	if environ, err := os.ReadFile(found[0] + "/environ"); err != nil || !bytes.Contains(environ, []byte("PGPASSWORD=hunter2 &\x00")) {
		t.Errorf("%q, %v", environ, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 || files[0].Name() != "x.dump.partial" {
		t.Errorf("files %v", files)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
	if left := children(t, "pg_dump"); len(left) != 0 {
		t.Errorf("pg_dump still runs: %v", left)
	}
}
