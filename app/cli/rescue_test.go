package cli_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/app/cli"
	"healthagent/test/rig"
)

// onText calls do when what is written to it contains the text.
type onText struct {
	bytes.Buffer
	text string
	do   func()
}

func (w *onText) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.text) {
		w.do()
	}
	return n, err
}

// TestInterruptEndsTheQuestion: nobody answers, and the reader of a terminal never
// returns; the interrupt is a no.
func TestInterruptEndsTheQuestion(t *testing.T) {
	t.Parallel()
	environ := []string{"HEALTHAGENT_ENV_FILE=/dev/null", "HEALTHAGENT_STATE_DIR=" + t.TempDir(), "DATABASE_URL=" + rig.Postgres(t)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, keyboard := io.Pipe()
	defer func() { _ = keyboard.Close() }()
	errs := onText{text: "type how many", do: cancel}
	var out bytes.Buffer
	if got := cli.Run(ctx, []string{"migrate", "down", "011"}, in, &out, &errs, environ); got != 1 {
		t.Errorf("exit code %d\n%s", got, &errs)
	}
	if !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("said %s", &errs)
	}
	status, _ := output(t, 0, environ, "migrate", "status")
	if strings.Contains(status, "held") {
		t.Errorf("status:\n%s", status)
	}
}

// audited is the environment of a database whose audit log has a row.
func audited(t *testing.T) (environ []string, url, state string) {
	t.Helper()
	url, state = rig.Postgres(t), t.TempDir()
	environ = []string{"HEALTHAGENT_ENV_FILE=/dev/null", "HEALTHAGENT_STATE_DIR=" + state, "DATABASE_URL=" + url}
	output(t, 0, environ, "invite", "create")
	return environ, url, state
}

// TestRowsThatAreStillThereAreNotCalledGone: the rollback fails after its rows were
// written down.
func TestRowsThatAreStillThereAreNotCalledGone(t *testing.T) {
	t.Parallel()
	environ, url, _ := audited(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "CREATE VIEW in_the_way AS SELECT * FROM audit_log"); err != nil {
		t.Fatal(err)
	}
	out, errs := output(t, 1, environ, "migrate", "down", "011", "--yes", "-o", "json")
	if strings.Contains(errs, "gone") || !strings.Contains(errs, "taking their migration back failed") || strings.Contains(out, "rescued") {
		t.Errorf("printed %s, said %s", out, errs)
	}
}

// TestRowsThatCannotBeWrittenDownAreNotLost: that is a failure of this machine's disk,
// not the absence of the database.
func TestRowsThatCannotBeWrittenDownAreNotLost(t *testing.T) {
	t.Parallel()
	environ, _, state := audited(t)
	if err := os.WriteFile(filepath.Join(state, "rescued"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs := output(t, 1, environ, "migrate", "down", "011", "--yes")
	if strings.Contains(errs, "cannot be reached") {
		t.Errorf("said %s", errs)
	}
	status, _ := output(t, 0, environ, "migrate", "status", "-o", "json")
	if strings.Count(status, `"applied"`) != 11 {
		t.Errorf("status:\n%s", status)
	}
}
