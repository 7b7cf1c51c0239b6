package dump_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

// A role without the right to make databases is told how it gets it, whether a dump is only looked at, restored or tried.
func TestARoleThatMayMakeNoDatabase(t *testing.T) {
	t.Parallel()
	address := rig.Postgres(t)
	path, m := write(t, address)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	as := func(role string) string { // the test servers trust everybody on their sockets
		q := u.Query()
		q.Set("user", role)
		u.User, u.RawQuery = nil, q.Encode()
		return u.String()
	}
	su := admin(t, as("postgres"))
	role := "clerk-of-" + databaseOf(t, address)[:20]
	quoted := pgx.Identifier{role}.Sanitize()
	if _, err := su.Exec(t.Context(), "CREATE ROLE "+quoted+" LOGIN"); err != nil {
		t.Skipf("the tests may make no role here: %v", err)
	}
	t.Cleanup(func() {
		conn, err := pgx.ConnectConfig(context.Background(), su.Config())
		if err == nil {
			_, err = conn.Exec(context.Background(), "DROP ROLE "+quoted)
			_ = conn.Close(context.Background())
		}
		if err != nil {
			t.Error(err)
		}
	})
	clerk := as(role)
	_, looked := dump.Look(t.Context(), clerk)
	_, restored := dump.Restore(t.Context(), dump.RestoreOptions{URL: clerk, Path: path, Manifest: &m})
	_, tried := dump.Verify(t.Context(), dump.VerifyOptions{URL: clerk, Path: path, Manifest: m, Now: time.Now})
	for what, err := range map[string]error{"looked": looked, "restored": restored, "tried": tried} {
		if !errors.Is(err, dump.ErrNoRight) || !strings.Contains(err.Error(), "ALTER ROLE "+quoted+" CREATEDB") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
