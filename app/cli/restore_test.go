package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/cli"
	"healthagent/store/dump"
	"healthagent/test/rig"
)

// house is an installation with a database and a directory of dumps.
type house struct {
	t       *testing.T
	url     string
	dir     string // of the dumps
	environ []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	rig.NeedClients(t)
	h := &house{t: t, url: rig.Postgres(t), dir: t.TempDir()}
	state := t.TempDir()
	h.environ = []string{
		"DATABASE_URL=" + h.url, "HEALTHAGENT_BACKUP_DIR=" + h.dir, "HEALTHAGENT_STATE_DIR=" + state, "HEALTHAGENT_ADMIN_SOCKET=" + state + "/s",
	}
	t.Cleanup(func() {
		if _, spares, err := dump.Spares(context.Background(), h.url); err == nil {
			for _, s := range spares {
				_, _ = dump.Prune(context.Background(), h.url, []string{s.Name})
			}
		}
	})
	return h
}

func (h *house) exec(statements ...string) {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range statements {
		if _, err := conn.Exec(h.t.Context(), sql); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) text(sql string) string {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var text string
	if err := conn.QueryRow(h.t.Context(), sql).Scan(&text); err != nil {
		h.t.Fatal(err)
	}
	return text
}

// dump makes one with this name and reason, with its manifest.
func (h *house) dump(name string, at time.Time) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	m, err := dump.Write(h.t.Context(), dump.Options{URL: h.url, Path: path, Program: "v0.0.1", Reason: "manual", Now: func() time.Time { return at }})
	if err == nil {
		err = m.Save(path)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return path
}

func (h *house) run(code int, stdin string, args ...string) (stdout, stderr string) {
	h.t.Helper()
	var out, errs bytes.Buffer
	environ := append([]string{"HEALTHAGENT_ENV_FILE=/dev/null"}, h.environ...)
	if got := cli.Run(h.t.Context(), append([]string{"restore"}, args...), strings.NewReader(stdin), &out, &errs, environ); got != code {
		h.t.Fatalf("restore %v: exit code %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

func holds(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func TestRestoreTellsAsksAndDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	name := h.text(`SELECT current_database()`)
	h.run(1, "") // no dump yet
	noon := time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
	h.dump("healthagent-a.dump", noon.Add(-time.Hour))
	h.exec(`INSERT INTO users (telegram_id) VALUES (1), (2)`, `INSERT INTO outbox (chat_id, method, params) VALUES (1, 'sendMessage', '{}')`)
	h.dump("healthagent-b.dump", noon)
	h.exec(`DELETE FROM users WHERE telegram_id = 1`)
	alter(t, h.dump("healthagent-c.dump", noon.Add(time.Hour)), func(m *dump.Manifest) { // known to be bad
		m.Verified = &dump.Outcome{At: noon, Text: "it cannot be restored"}
	})

	plan, _ := h.run(0, "", "--dry-run")
	holds(t, plan, filepath.Join(h.dir, "healthagent-b.dump"), "made 2026-05-06 12:00:00 UTC by healthagent v0.0.1", "with 1 messages that were not sent yet", name,
		"public.users: 1 rows now, 2 in the dump", "are free")
	document, _ := h.run(0, "", "--dry-run", "-o", "json")
	var report struct {
		Plan struct {
			Changed []struct{ Table string }
			Refused []string
		}
		DryRun bool `json:"dry_run"`
	}
	if err := json.Unmarshal([]byte(document), &report); err != nil || !report.DryRun || len(report.Plan.Changed) != 1 || len(report.Plan.Refused) != 0 {
		t.Errorf("%v\n%s", err, document)
	}

	_, asked := h.run(2, "yes\n")
	holds(t, asked, "type the name of the database ("+name+")", "nothing was done")
	if h.text(`SELECT count(*)::text FROM users`) != "1" {
		t.Fatal("something was done without an answer")
	}
	done, told := h.run(0, name+"\n")
	holds(t, done, name+" is restored: ", "as many in every table as in the dump", "is kept as "+name[:min(len(name), 37)]+"_before_", "healthagent restore --undo", "--prune")
	holds(t, told, "About to restore "+filepath.Join(h.dir, "healthagent-b.dump"), "healthagent: loading the dump into ")
	if got := h.text(`SELECT count(*)::text FROM users`); got != "2" {
		t.Errorf("%s people", got)
	}
	if got := h.text(`SELECT actor || ' ' || subject || ' ' || (detail->>'file') FROM audit_log WHERE action = 'restore'`); !strings.HasPrefix(got, "cli:") || !strings.HasSuffix(got, name+" healthagent-b.dump") {
		t.Errorf("audit %q", got)
	}

	h.run(2, "", "--undo")
	undone, _ := h.run(0, "", "--undo", "--yes")
	holds(t, undone, name+" is again what it was")
	if got := h.text(`SELECT count(*)::text || (SELECT action FROM audit_log) FROM users`); got != "1restore.undo" {
		t.Error(got)
	}
	would, _ := h.run(0, "", "--prune", "--dry-run", "-o", "json")
	holds(t, would, "_before_", `"leftovers": []`, `"dropped": []`)
	_, asked = h.run(2, "", "--prune")
	holds(t, asked, "to be dropped: "+h.text(`SELECT min(datname) FROM pg_database WHERE datname LIKE '%\_before\_%' AND starts_with(datname, left(current_database(), 37))`))
	dropped, told := h.run(0, "", "--prune", "--yes")
	holds(t, dropped, "dropped  ", "_before_")
	if all := dropped + told; strings.Contains(all, "would drop") {
		t.Errorf("it would, and does:\n%s", all)
	}
	h.run(1, "", "--undo", "--yes")
	nothing, _ := h.run(0, "", "--prune")
	holds(t, nothing, "No database was kept.")
}

func TestRestoreRefusesWhileTheDaemonOrAnotherWorks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.dump("healthagent-a.dump", time.Now())
	for application, want := range map[string]string{
		"healthagent leader": "the daemon is running: stop it first ('systemctl stop healthagent'",
		"psql of anna":       "psql of anna",
	} {
		c, err := pgx.ParseConfig(h.url)
		if err != nil {
			t.Fatal(err)
		}
		c.RuntimeParams["application_name"] = application
		conn, err := pgx.ConnectConfig(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		_, told := h.run(1, "", "--yes")
		holds(t, told, want)
		table, _ := h.run(1, "", "--dry-run")
		holds(t, table, "It would be refused: ", want)
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.environ = slices.Concat([]string{daemon(t, map[string]any{})}, h.environ)
	_, told := h.run(1, "", "--yes")
	holds(t, told, "the daemon is running")
	_, told = h.run(1, "", "--undo", "--yes")
	holds(t, told, "nothing to undo")
}

func TestRestoreOfAFileWithoutItsManifest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.exec(`INSERT INTO users (telegram_id) VALUES (1), (2)`)
	path := h.dump("healthagent-a.dump", time.Now())
	moved := filepath.Join(t.TempDir(), "alone")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	h.exec(`DELETE FROM users`)
	_, told := h.run(2, h.text(`SELECT current_database()`), moved)
	holds(t, told, "has no manifest", "add --yes")
	done, _ := h.run(0, "", moved, "--yes")
	holds(t, done, "not compared")
	if got := h.text(`SELECT count(*)::text FROM users`); got != "2" {
		t.Errorf("%s people", got)
	}
	h.run(1, "", filepath.Join(h.dir, "nowhere"))
	h.run(2, "", moved, "--undo")
	h.run(2, "", "--undo", "--prune")
}

// alter changes the manifest of a dump.
func alter(t *testing.T, path string, change func(*dump.Manifest)) {
	t.Helper()
	m, err := dump.ReadManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	change(&m)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
}

func TestRestoreKnowsOlderAndNewerSchemas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.exec(`DELETE FROM schema_migrations WHERE version = 17`)
	path := h.dump("healthagent-a.dump", time.Now())
	plan, _ := h.run(0, "", "--dry-run")
	holds(t, plan, "applies the migrations that the dump lacks: 017_performance_indexes")
	alter(t, path, func(m *dump.Manifest) {
		m.Schema = append(m.Schema, dump.Migration{Version: 99, Name: "future", State: "applied"})
	})
	_, told := h.run(1, "", "--yes")
	holds(t, told, "099_future, which this version does not know and cannot work with")
	alter(t, path, func(m *dump.Manifest) { m.Schema[len(m.Schema)-1].Additive = true })
	plan, _ = h.run(0, "", "--dry-run")
	holds(t, plan, "migrations that this version does not know: 099_future")

	// of a PostgreSQL to come
	alter(t, path, func(m *dump.Manifest) { m.Server, m.Schema = "99.1 (Debian 99.1-1)", nil })
	plan, _ = h.run(0, "", "--dry-run")
	holds(t, plan, "Warning: the dump is of PostgreSQL 99, and the server is ", "one of 99 or newer does")

	// what no manifest tells: the restored database itself is looked at
	h.exec(`INSERT INTO schema_migrations (version, name, class, additive, state, direction, checksum_up, checksum_down, up_sql, down_sql, statements_total, started_at)
		VALUES (98, 'strange', 'loses-rows', false, 'applied', 'up', '', '', '', '', 1, now())`)
	path = h.dump("healthagent-c.dump", time.Now())
	if err := os.Remove(dump.ManifestPath(path)); err != nil {
		t.Fatal(err)
	}
	_, told = h.run(1, "", path, "--yes")
	holds(t, told, "this version of healthagent cannot work with what is in the dump", "98")
}
