package rig

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store/local"
)

// NeedClients skips t where no pg_dump and pg_restore are installed that are as new as the server under test: those of another major
// come without them.
func NeedClients(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, adminURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	major := 0
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000`).Scan(&major); err != nil {
		t.Fatal(err)
	}
	found := local.Programs(ctx, "", "pg_dump", "pg_restore")
	if len(found) == 0 || found[0].Major < major {
		t.Skipf("there is no pg_dump for PostgreSQL %d on this machine", major)
	}
}
