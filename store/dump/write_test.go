package dump_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// write dumps the database at url into a directory of the test's own.
func write(t *testing.T, url string) (string, dump.Manifest) {
	t.Helper()
	rig.NeedClients(t)
	path := filepath.Join(t.TempDir(), "x.dump")
	m, err := dump.Write(t.Context(), dump.Options{URL: url, Path: path, Program: "1.2.3", Reason: "manual"})
	if err != nil {
		t.Fatal(err)
	}
	return path, m
}

func TestWriteSaysWhatIsInTheFile(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	conn := connect(t, url)
	exec(t, conn, `INSERT INTO users (telegram_id) SELECT generate_series(1, 321)`)
	path, m := write(t, url)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if m.SHA256 != sum(text) || m.Bytes != int64(len(text)) {
		t.Errorf("the manifest has %s and %d bytes", m.SHA256, m.Bytes)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	rows := map[string]int64{}
	for _, table := range m.Tables {
		rows[table.Name] = table.Rows
	}
	if rows["public.users"] != 321 || len(rows) != 12 {
		t.Errorf("tables %v", rows)
	}
	if len(m.Schema) != 12 || m.Schema[11] != (dump.Migration{Version: 17, Name: "performance_indexes", State: "applied", Additive: true}) {
		t.Errorf("ledger %v", m.Schema)
	}
	if m.File != "x.dump" || m.Program != "1.2.3" || m.DatabaseBytes < 1<<20 || m.Server == "" || m.Seconds <= 0 {
		t.Errorf("%+v", m)
	}
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	if again, err := dump.ReadManifest(path); err != nil || again.SHA256 != m.SHA256 || !again.CreatedAt.Equal(m.CreatedAt) {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := dump.Write(t.Context(), dump.Options{URL: url, Path: path}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a dump that is there: %v", err)
	}
}
