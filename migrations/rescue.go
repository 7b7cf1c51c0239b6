package migrations

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// RescueFunc opens where the rows of a table go before a rollback loses them, as
// CSV with a header. It may be called again for the same table when a lock was not
// to be had: what was written before is then void.
type RescueFunc func(version int, table string) (io.WriteCloser, error)

// tableName is a table as a statement names it.
type tableName struct{ schema, table string }

func (n tableName) sanitized() string { return pgx.Identifier{schemaOr(n.schema), n.table}.Sanitize() }
func (n tableName) String() string    { return schemaOr(n.schema) + "." + n.table }

// lostTables names the tables of which running the script loses rows or columns,
// in the order of the script, each once.
func lostTables(s Script) []tableName {
	var out []tableName
	seen := map[string]bool{}
	for _, st := range s.Statements {
		for _, n := range loses(st) {
			if !seen[n.String()] {
				seen[n.String()] = true
				out = append(out, n)
			}
		}
	}
	return out
}

// loses names the tables that one statement drops, empties or changes rows of.
func loses(s Statement) []tableName {
	switch {
	case s.starts("DROP", "TABLE"):
		return tableList(s.tokens[2:])
	case s.starts("TRUNCATE", "TABLE"):
		return tableList(s.tokens[2:])
	case s.starts("TRUNCATE"), s.starts("UPDATE"):
		return tableList(s.tokens[1:])
	case s.starts("DELETE", "FROM"):
		return tableList(s.tokens[2:])[:1]
	case s.starts("ALTER", "TABLE") && losesRows(s):
		return tableList(s.tokens[2:])[:1]
	}
	return nil
}

// tableList reads "[IF EXISTS] [ONLY] a, public.b" up to what is no name.
func tableList(tokens []token) []tableName {
	var out []tableName
	for {
		for _, kw := range []string{"IF", "EXISTS", "ONLY"} {
			if len(tokens) > 0 && tokens[0].is(kw) {
				tokens = tokens[1:]
			}
		}
		schema, table, rest := qualified(tokens)
		if table == "" {
			return out
		}
		out = append(out, tableName{schema, table})
		if len(rest) == 0 || !rest[0].sym(",") {
			return out
		}
		tokens = rest[1:]
	}
}

// rescue writes down, inside the transaction that is about to lose them, the rows
// of the script's tables. The lock keeps anybody from adding one in between.
func (s *session) rescue(ctx context.Context, script Script, version int, open RescueFunc) error {
	for _, n := range lostTables(script) {
		var there bool
		if err := s.conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, n.sanitized()).Scan(&there); err != nil {
			return fmt.Errorf("look for %s: %w", n, err)
		}
		if !there {
			continue
		}
		if err := s.run(ctx, "LOCK TABLE "+n.sanitized()+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			return fmt.Errorf("lock %s: %w", n, explainAt(script, -1, err))
		}
		if err := s.copyOut(ctx, n, version, open); err != nil {
			return fmt.Errorf("write down the rows of %s before they are lost: %w", n, err)
		}
	}
	return nil
}

func (s *session) copyOut(ctx context.Context, n tableName, version int, open RescueFunc) (err error) {
	w, err := open(version, n.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	_, err = s.conn.PgConn().CopyTo(ctx, w, "COPY (SELECT * FROM "+n.sanitized()+") TO STDOUT (FORMAT csv, HEADER)")
	return err
}
