package dump_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

func TestVerifyRestoresOnTrial(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	conn := connect(t, url)
	exec(t, conn, `INSERT INTO users (telegram_id) SELECT generate_series(1, 7)`)
	path, m := write(t, url)
	exec(t, conn, `DELETE FROM users`) // what is there now does not matter
	o, err := dump.Verify(t.Context(), dump.VerifyOptions{URL: url, Path: path, Manifest: m})
	if err != nil || !o.OK || !strings.Contains(o.Text, "19 rows in 12 tables") {
		t.Errorf("%+v, %v", o, err)
	}
	left := 0
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_database WHERE starts_with(datname, left(current_database(), 37) || '_')`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d databases left, %v", left, err)
	}
}

func TestVerifyFindsWhatIsDamagedOrMissing(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	path, m := write(t, url)
	try := func(about, want string, m dump.Manifest) {
		t.Helper()
		o, err := dump.Verify(t.Context(), dump.VerifyOptions{URL: url, Path: path, Manifest: m})
		if err != nil || o.OK || !strings.Contains(o.Text, want) {
			t.Errorf("%s: %+v, %v", about, o, err)
		}
	}
	other := m
	other.SHA256 = strings.Repeat("0", 64)
	try("another checksum", "its checksum", other)
	other = m
	other.Tables = append([]dump.Table{{Name: "public.gone", Rows: 1}}, m.Tables...)
	other.Tables[1].Rows = 5
	try("other rows", "the table public.gone is missing; public.audit_log has 0 rows, the dump has 5", other)
	if err := os.Truncate(path, m.Bytes/2); err != nil {
		t.Fatal(err)
	}
	try("a file cut off", "bytes, its manifest says", m)
	short := m
	f, _ := os.ReadFile(path)
	short.Bytes, short.SHA256 = int64(len(f)), sum(f)
	try("a file cut off before it was summed", "cannot be restored", short)
}

// A newer client does on an older server: it is what a newer Debian has for a server elsewhere.
func TestANewerClientServesAnOlderServer(t *testing.T) {
	t.Parallel()
	bin := os.Getenv("HEALTHAGENT_TEST_NEWER_CLIENT")
	if bin == "" {
		t.Skip("HEALTHAGENT_TEST_NEWER_CLIENT names no directory with a pg_dump that is newer than the server")
	}
	url := rig.Postgres(t)
	do(t, url, adversary()...)
	path := filepath.Join(t.TempDir(), "x.dump")
	m, err := dump.Write(t.Context(), dump.Options{URL: url, Path: path, BinDir: bin})
	if err != nil {
		t.Fatal(err)
	}
	o, err := dump.Verify(t.Context(), dump.VerifyOptions{URL: url, Path: path, Manifest: m, BinDir: bin})
	if err != nil || !o.OK {
		t.Errorf("%+v, %v", o, err)
	}
}
