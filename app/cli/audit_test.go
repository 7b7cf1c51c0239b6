package cli_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/test/rig"
)

// TestMigratingIsAudited: what changes the schema can be asked for later, by whom it was.
func TestMigratingIsAudited(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	environ := []string{"HEALTHAGENT_ENV_FILE=/dev/null", "HEALTHAGENT_STATE_DIR=" + t.TempDir(), "DATABASE_URL=" + url}
	for _, args := range [][]string{
		{"migrate", "down", "17"},
		{"migrate", "release", "17"},
		{"migrate", "hold", "017"},
		{"migrate", "up", "17"},
		{"migrate", "up"}, // nothing to do
		{"migrate", "down", "--index", "idx_food_entries_user_name"},
	} {
		output(t, 0, environ, args...)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var got string
	err = conn.QueryRow(t.Context(), `
		SELECT string_agg(action || ' ' || subject || ' ' || (detail ->> 'result') || coalesce(' ' || (detail ->> 'index'), ''), ', ' ORDER BY id)
		FROM   audit_log
		WHERE  actor LIKE 'cli:_%'`).Scan(&got)
	if err != nil {
		t.Fatal(err)
	}
	want := "migration.rollback 017 done, migration.release 017 done, migration.hold 017 done, migration.apply 017 done, " +
		"migration.rollback 017 done idx_food_entries_user_name"
	if got != want {
		t.Errorf("got  %s\nwant %s", strings.ReplaceAll(got, ", ", "\n     "), strings.ReplaceAll(want, ", ", "\n     "))
	}
}
