package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// TestOwnDatabase runs the default: no DATABASE_URL, a state directory that does not exist yet. The daemon brings its own PostgreSQL,
// finds everything again after its own violent death, and takes it down when it stops.
func TestOwnDatabase(t *testing.T) {
	t.Parallel()
	w := build(t, stage.Options{DatabaseURL: rig.Postgres(t), Settings: []string{"HEALTHAGENT_ACCESS=open"}})
	state := filepath.Join(w.State(), "fresh", "state")
	settings := []string{"DATABASE_URL=", "HEALTHAGENT_STATE_DIR=" + state}
	d := w.start(settings...)
	if err := d.WaitReady(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.expect(w.ask(1, "120 g rice"), "120 g")
	if err := d.Kill(); err != nil {
		t.Fatal(err)
	}
	w.tg.Say(1, "130 g rice")
	d = w.start(settings...)
	if err := d.WaitReady(w.ctx); err != nil {
		t.Fatal(err)
	}
	w.wait("it goes on", func(*botapi.Transcript) bool { // the killed one may say again what it said last
		sent := w.tg.Sent(1)
		return strings.Contains(sent[len(sent)-1].Text, "130 g")
	})
	today := w.ask(1, "/today")
	w.expect(today, "120 g")
	w.expect(today, "130 g")
	if err := d.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	if pids := processesOf(t, filepath.Join(state, "postgres")); len(pids) > 0 {
		t.Errorf("its PostgreSQL runs on: %v", pids)
	}
	if info, err := os.Stat(filepath.Join(state, "postgres")); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the data is open to others: %v %v", info, err)
	}
}
