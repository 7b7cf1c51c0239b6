package dump

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Target is what stands where a restore would put its database.
type Target struct {
	Name     string
	Server   string    // version of PostgreSQL
	Exists   bool      // the rest is empty when it does not
	Counts   Counts    // of now; without tables when the role may not read them
	Sessions []Session // who is connected, ourselves aside
	Spares   []Spare   // kept databases, the newest first

	Free int64 // on the disk of the server, for users other than root; -1: not known
}

// ErrNotOwner is returned when the database belongs to another role, which alone may put another in its place.
var ErrNotOwner = errors.New("the role does not own the database")

const targetSQL = `
SELECT current_setting('server_version'),
       coalesce((SELECT setting FROM pg_settings WHERE name = 'data_directory'), ''),
       EXISTS (SELECT FROM pg_database WHERE datname = $1),
       coalesce((SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = $1), true),
       coalesce((SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = $1), ''),
       (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user)`

// Look looks at what a restore would do away with, and whether it could: ErrNoRight when the role may not create databases,
// ErrNotOwner when the database is another's. It changes nothing.
func Look(ctx context.Context, address string) (Target, error) {
	return onServer(ctx, address, look)
}

func look(ctx context.Context, w way, conn *pgx.Conn) (_ Target, err error) {
	t := Target{Name: w.config.Database, Free: -1}
	var owned, may bool
	var owner, dataDir string
	if err = conn.QueryRow(ctx, targetSQL, t.Name).Scan(&t.Server, &dataDir, &t.Exists, &owned, &owner, &may); err != nil {
		return t, fmt.Errorf("look at the server: %w", err)
	}
	t.Free = w.freeAt(dataDir)
	if !may {
		return t, w.noRight()
	}
	if !owned {
		return t, fmt.Errorf("%w: %s belongs to the role %s", ErrNotOwner, t.Name, owner)
	}
	if !t.Exists {
		return t, nil
	}
	if t.Sessions, err = staying(ctx, conn, t.Name); err != nil {
		return t, err
	}
	if t.Spares, err = spares(ctx, conn, t.Name); err != nil {
		return t, err
	}
	t.Counts, err = countAt(ctx, w)
	return t, err
}

var _ querier = (*pgx.Conn)(nil)
