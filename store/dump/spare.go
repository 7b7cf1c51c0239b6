package dump

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Spare is a database that was kept when another took its place.
type Spare struct {
	Name  string    `json:"name"`
	Bytes int64     `json:"bytes"`
	Since time.Time `json:"since"` // when it gave way
}

const sparesSQL = `
SELECT datname,
       CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_database_size(oid) ELSE 0 END
FROM   pg_database
WHERE  starts_with(datname, $1) AND pg_has_role(datdba, 'USAGE')
ORDER  BY datname DESC`

func spares(ctx context.Context, conn *pgx.Conn, name string) ([]Spare, error) {
	rows, err := conn.Query(ctx, sparesSQL, named(name, kindKept))
	if err != nil {
		return nil, fmt.Errorf("list the kept databases: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Spare, err error) {
		err = row.Scan(&s.Name, &s.Bytes)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the kept databases: %w", err)
	}
	ours := []Spare{}
	for _, s := range all {
		stamp := strings.TrimPrefix(s.Name, named(name, kindKept))
		if s.Since, err = time.Parse(keptLayout, stamp[:min(len(stamp), len(keptLayout))]); err == nil {
			ours = append(ours, s)
		}
	}
	return ours, nil
}

// Spares lists the databases that were kept of the one that the URL names, the newest first; none is an empty list. name is the one
// that the URL names.
func Spares(ctx context.Context, address string) (name string, list []Spare, err error) {
	list, err = onServer(ctx, address, func(ctx context.Context, w way, conn *pgx.Conn) ([]Spare, error) {
		name = w.config.Database
		return spares(ctx, conn, name)
	})
	return name, list, err
}

// ErrNoSpare is returned by Undo when no database was kept.
var ErrNoSpare = errors.New("no database was kept that could be put back")

// Undo puts the newest spare back in its place. The database that has the place is kept in its turn, so that a second call takes back
// the first. Errors: ErrNoSpare, *BusyError.
func Undo(ctx context.Context, address string, now time.Time) (back, kept string, err error) {
	w, err := parseWay(address)
	if err != nil {
		return "", "", err
	}
	p, err := openPlace(ctx, w)
	if err != nil {
		return "", "", err
	}
	defer p.close(ctx)
	all, err := spares(ctx, p.conn, p.name)
	if err != nil {
		return "", "", err
	}
	if len(all) == 0 {
		return "", "", ErrNoSpare
	}
	if kept, err = p.keptName(ctx, now); err != nil {
		return "", "", err
	}
	return all[0].Name, kept, p.put(ctx, all[0].Name, kept, nil)
}

// Prune drops these spares of the database that the URL names. Names that are not its spares are refused. It returns those that were
// dropped, also with an error. Errors: *BusyError.
func Prune(ctx context.Context, address string, names []string) (dropped []Spare, err error) {
	return onServer(ctx, address, func(ctx context.Context, w way, conn *pgx.Conn) ([]Spare, error) {
		return prune(ctx, conn, w.config.Database, names)
	})
}

func prune(ctx context.Context, conn *pgx.Conn, of string, names []string) (dropped []Spare, err error) {
	all, err := spares(ctx, conn, of)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(s Spare) bool { return s.Name == name })
		if i < 0 {
			return dropped, fmt.Errorf("%s is no database that was kept of %s", name, of)
		}
		_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name))
		if code(err) == "55006" {
			return dropped, errors.Join(busy(ctx, conn, name))
		}
		if err != nil {
			return dropped, fmt.Errorf("drop %s: %w", name, err)
		}
		dropped = append(dropped, all[i])
	}
	return dropped, nil
}
