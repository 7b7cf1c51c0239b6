package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/test/rig"
)

// TestALockInTheWayIsNoAbsence: a database that answers has been reached, whatever it says.
func TestALockInTheWayIsNoAbsence(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE users"); err != nil {
		t.Fatal(err)
	}
	_, said := output(t, 69, []string{"DATABASE_URL=" + url}, "migrate", "verify")
	if !strings.Contains(said, "cannot do it at this moment") || !strings.Contains(said, "lock timeout") || strings.Contains(said, "reached") {
		t.Errorf("said %s", said)
	}
}

// TestReindexIsAudited: by hand as in the window.
func TestReindexIsAudited(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	output(t, 0, []string{"DATABASE_URL=" + url}, "migrate", "reindex", "users_pkey")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var actor, subject string
	var detail json.RawMessage
	err = conn.QueryRow(t.Context(), "SELECT actor, subject, detail FROM audit_log WHERE action = 'index.reindex'").Scan(&actor, &subject, &detail)
	if err != nil || !strings.HasPrefix(actor, "cli:") || subject != "users_pkey" || !strings.Contains(string(detail), "bytes_after") {
		t.Errorf("%q, %q, %s: %v", actor, subject, detail, err)
	}
}
