package cli_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"healthagent/app/cli"
	"healthagent/store"
	"healthagent/store/local"
	"healthagent/test/rig"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	s, err := store.Open(t.Context(), store.Config{URL: url, PoolMin: 1, PoolMax: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.Register(5, store.Pending, "Ann\x1b[31m \u202eevil")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	environ := []string{"DATABASE_URL=" + url}

	table, _ := output(t, 0, environ, "users", "list")
	if !strings.Contains(table, "pending") || strings.ContainsAny(table, "\x1b\u202e") {
		t.Errorf("users list: %q", table)
	}
	output(t, 0, environ, "users", "activate", "5")
	document, _ := output(t, 0, environ, "users", "list", "-o", "json")
	var list struct{ Users []store.User }
	if err := json.Unmarshal([]byte(document), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Users) != 1 || list.Users[0].ID != 5 || list.Users[0].Status != store.Active {
		t.Errorf("users: %+v", list.Users)
	}
	if stdout, _ := output(t, 0, environ, "users", "deactivate", "5"); stdout != "5 is inactive\n" {
		t.Errorf("deactivate: %q", stdout)
	}
	output(t, 1, environ, "users", "deactivate", "6")
}

func TestInviteIsListedAndRevoked(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=" + rig.Postgres(t)}
	document, _ := output(t, 0, environ, "invite", "create", "-o", "json")
	var made store.Invite
	if err := json.Unmarshal([]byte(document), &made); err != nil {
		t.Fatal(err)
	}
	if made.MaxUses != 1 || made.ExpiresAt != nil || !strings.HasPrefix(made.CreatedBy, "cli:") {
		t.Errorf("made %+v", made)
	}
	// as a person types it
	output(t, 0, environ, "invite", "revoke", " "+strings.ToLower(made.Code))
	table, _ := output(t, 0, environ, "invite", "list")
	if !strings.Contains(table, made.Code+"  revoked") {
		t.Errorf("list:\n%s", table)
	}
}

// TestDownWantsTheNumberOfRows: what loses rows names them, wants their number, and
// writes them down first.
func TestDownWantsTheNumberOfRows(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	environ := []string{"HEALTHAGENT_ENV_FILE=/dev/null", "HEALTHAGENT_STATE_DIR=" + state, "DATABASE_URL=" + rig.Postgres(t)}
	output(t, 0, environ, "invite", "create", "--note", "the secret of the house") // is audited
	for _, answer := range []string{"no\n", "yes\n", "2\n", ""} {
		var out, errs bytes.Buffer
		if got := cli.Run(t.Context(), []string{"migrate", "down", "011"}, strings.NewReader(answer), &out, &errs, environ); got != 2 {
			t.Errorf("answer %q: exit code %d\n%s", answer, got, &errs)
		}
		if !strings.Contains(errs.String(), "would lose 1 rows of audit_log") {
			t.Errorf("said %s", &errs)
		}
	}
	var out, errs bytes.Buffer
	if got := cli.Run(t.Context(), []string{"migrate", "down", "11"}, strings.NewReader(" 1\n"), &out, &errs, environ); got != 0 {
		t.Fatalf("exit code %d\n%s", got, &errs)
	}
	if !strings.Contains(out.String(), "taken back  011") {
		t.Errorf("printed %q", &out)
	}
	files, err := filepath.Glob(filepath.Join(state, "rescued", "*_011_public.audit_log.csv.gz"))
	if err != nil || len(files) != 1 || !strings.Contains(errs.String(), files[0]) {
		t.Fatalf("%v %v, said %s", err, files, &errs)
	}
	if text := unpack(t, files[0]); !strings.HasPrefix(text, "id,actor,action,") || !strings.Contains(text, "invite.create") {
		t.Errorf("rescued %q", text)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func unpack(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPrivateDatabase gives no address: the verb starts a cluster of its own, stops it,
// and the next verb finds what the first one wrote.
func TestPrivateDatabase(t *testing.T) {
	t.Parallel()
	place, err := local.NewTemp(t.Context(), "healthagent-cli")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	environ := []string{"HEALTHAGENT_STATE_DIR=" + place.Path, "HEALTHAGENT_SLOW_QUERY=1h"} // a busy machine is no reason to say anything
	_, stderr := output(t, 0, environ, "invite", "create", "--note", "first")
	if !strings.Contains(stderr, "the database was empty") {
		t.Errorf("the tables were not made: %s", stderr)
	}
	table, stderr := output(t, 0, environ, "invite", "list")
	if !strings.Contains(table, "first") || stderr != "" {
		t.Errorf("the second verb finds %q, says %q", table, stderr)
	}
	status, _ := output(t, 0, environ, "migrate", "status", "-o", "json")
	var migrations struct {
		Migrations []struct{ State string }
	}
	if err := json.Unmarshal([]byte(status), &migrations); err != nil {
		t.Fatal(err)
	}
	applied := func(m struct{ State string }) bool { return m.State == "applied" }
	if !slices.ContainsFunc(migrations.Migrations, applied) {
		t.Errorf("status: %s", status)
	}
}
