package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/app/restore"
	"healthagent/store/dump"
)

// A dump that is made or tried meanwhile would have the restored one removed, or its room.
func TestRestoreAndTheLockOfTheDumps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := h.dump("healthagent-a.dump", time.Now())
	d, err := backup.Open(h.dir, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const why = "somebody is at work in "
	_, told := h.run(1, "", "--yes")
	holds(t, told, why+h.dir+": process ")
	table, _ := h.run(1, "", path, "--dry-run")
	holds(t, table, "It would be refused: "+why)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	o := restore.Options{URL: h.url, File: path, Dir: h.dir, Actor: "test"}
	met := false
	o.Step = func(string) {
		_, err := backup.Open(h.dir, time.Now(), nil)
		met = met || fault.KindOf(err) == fault.Conflict && strings.Contains(err.Error(), "which restores a dump since")
	}
	plan, err := restore.Prepare(t.Context(), o)
	if err == nil {
		_, err = restore.Run(t.Context(), o, plan)
	}
	if err != nil || !met {
		t.Errorf("%v; the lock was met: %v", err, met)
	}
	if err := backup.Held(h.dir); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	h.environ = append(h.environ, "HEALTHAGENT_BACKUP_DIR="+filepath.Join(h.dir, "nowhere"))
	h.run(0, "", path, "--yes")
	if _, err := os.Stat(filepath.Join(h.dir, "nowhere")); err == nil {
		t.Error("a restore has made the directory of the dumps")
	}
}

// A new server has dumped its empty database by the time at which the dump of the old one is brought back.
func TestRestoreSaysThatAnOlderDumpHasMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	noon := time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
	rows := h.text(`SELECT count(*)::text FROM schema_migrations`)
	h.dump("healthagent-b.dump", noon.Add(time.Hour))
	h.exec(`INSERT INTO users (telegram_id) SELECT generate_series(1, 90)`)
	full := h.dump("healthagent-a.dump", noon)
	alter(t, h.dump("healthagent-c.dump", noon.Add(2*time.Hour)), func(m *dump.Manifest) { m.Bytes++ })

	lone := h.dump("healthagent-e.dump", noon.Add(3*time.Hour))
	if err := os.Rename(dump.ManifestPath(lone), filepath.Join(t.TempDir(), "manifest")); err != nil {
		t.Fatal(err)
	}

	plan, _ := h.run(0, "", "--dry-run")
	holds(t, plan, "Warning: healthagent-e.dump is not taken: it has no manifest", "Would restore "+filepath.Join(h.dir, "healthagent-b.dump"), "Warning: this one has "+rows+" rows, and the older one of 2026-05-06 12:00:00 UTC has 1",
		": healthagent restore "+full, "Warning: healthagent-c.dump of 2026-05-06 14:00:00 UTC is newer and is not taken: it is damaged")
	_, told := h.run(2, "")
	holds(t, told, "Warning: this one has ")
	for _, args := range [][]string{{"--dry-run", full}, {"--dry-run", filepath.Join(h.dir, "healthagent-b.dump")}} {
		if plan, _ := h.run(0, "", args...); strings.Contains(plan, "Warning") {
			t.Errorf("%v, which was named:\n%s", args, plan)
		}
	}
	h.exec(`DELETE FROM users WHERE telegram_id > 60`)
	if err := os.Remove(lone); err != nil {
		t.Fatal(err)
	}
	h.dump("healthagent-d.dump", noon.Add(3*time.Hour))
	if plan, _ := h.run(0, "", "--dry-run"); strings.Contains(plan, "Warning") {
		t.Errorf("of a dump that is a little smaller:\n%s", plan)
	}
}

func TestUndoIsRefusedBeforeItAsks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.dump("healthagent-a.dump", time.Now())
	h.run(0, "", "--yes")
	held, err := pgx.Connect(t.Context(), h.url)
	if err != nil {
		t.Fatal(err)
	}
	_, told := h.run(1, "", "--undo")
	holds(t, told, "is in use: session ")
	if err := held.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.environ = slices.Concat([]string{daemon(t, map[string]any{})}, h.environ)
	const why = "the daemon is running: stop it first"
	_, told = h.run(1, "", "--undo")
	holds(t, told, why)
	if strings.Contains(told, "type the name") {
		t.Errorf("it asks before it refuses:\n%s", told)
	}
	table, told := h.run(1, "", "--undo", "--dry-run")
	holds(t, table, "would put back ", "It would be refused: "+why)
	holds(t, told, why)
	document, _ := h.run(1, "", "--undo", "--dry-run", "-o", "json")
	var report struct{ Refused []string }
	if err := json.Unmarshal([]byte(document), &report); err != nil || len(report.Refused) != 1 {
		t.Errorf("%v\n%s", err, document)
	}
}

// For what is not there, no private PostgreSQL is made.
func TestRestoreMakesNoDatabaseInVain(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	h := &house{t: t, dir: t.TempDir(), environ: []string{"HEALTHAGENT_STATE_DIR=" + state}}
	h.environ = append(h.environ, "HEALTHAGENT_BACKUP_DIR="+h.dir)
	for want, args := range map[string][]string{
		"there is no dump that could be restored in " + h.dir: {"--dry-run"},
		"there is no file /nowhere/a.dump":                    {"/nowhere/a.dump", "--yes"},
		"there is no database in " + state:                    {"--undo", "--yes"},
		"and so none that was kept":                           {"--prune", "--dry-run"},
	} {
		_, told := h.run(1, "", args...)
		holds(t, told, want)
	}
	if left, err := os.ReadDir(state); err != nil || len(left) > 0 {
		t.Errorf("made %v: %v", left, err)
	}
}
