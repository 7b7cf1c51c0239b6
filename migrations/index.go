package migrations

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const maxBuilds = 3

// DefinitionError means that an index of that name exists but is another one. The
// engine leaves it alone: somebody made it on purpose.
type DefinitionError struct {
	Index       string
	Found, Want string
}

func (e *DefinitionError) Error() string {
	return fmt.Sprintf("the index %s exists with another definition: found %q, want %q", e.Index, e.Found, e.Want)
}

// ensureIndex ends with the index valid and as the statement says, whatever is
// there at first: missing is built, one being built is waited for, an invalid one
// is dropped and built again, a different one is an error. It returns the
// definition and whether it built.
func (s *session) ensureIndex(ctx context.Context, st Statement, d indexDDL) (definition string, built bool, err error) {
	want, err := s.expected(ctx, st, d)
	if err != nil {
		return "", false, err
	}
	builds := 0
	for {
		found, err := s.findIndex(ctx, d)
		if err != nil {
			return "", false, err
		}
		switch found.state {
		case indexValid:
			if found.definition != want {
				return "", false, &DefinitionError{Index: d.name, Found: found.definition, Want: want}
			}
			return want, builds > 0, nil
		case indexBuilding:
			s.cfg.Logger.InfoContext(ctx, "waiting for another session that builds the index", "index", d.name)
			s.report.send(Event{Kind: EventNote, Text: "another session builds or drops it: waiting for that"})
			err = s.cfg.Wait(ctx, time.Second)
		case indexInvalid:
			s.cfg.Logger.WarnContext(ctx, "dropping an invalid index", "index", d.name)
			s.report.send(Event{Kind: EventNote, Text: "an interrupted build left it invalid: dropping that first"})
			err = s.watched(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+d.sanitized())
		case indexMissing:
			builds++
			if err = s.build(ctx, st, d); passes(err) && builds < maxBuilds {
				err = nil // the next look drops what it left
			}
		}
		if err != nil {
			return "", false, err
		}
		if builds >= maxBuilds && found.state == indexInvalid {
			return "", false, fmt.Errorf("the index %s was invalid after %d builds", d.name, builds)
		}
	}
}

// build makes the index. IF NOT EXISTS would take an invalid one for the real one,
// so it is not sent. What a failed build leaves is dropped at once, since a ready
// one costs every write; when the connection is gone the next run does it.
func (s *session) build(ctx context.Context, st Statement, d indexDDL) error {
	err := s.watched(ctx, rewrite(st, d, "CONCURRENTLY ", d.tableName()))
	if err == nil || s.conn.IsClosed() {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if found, ferr := s.findIndex(ctx, d); ferr != nil || found.state != indexInvalid {
		return errors.Join(err, ferr)
	}
	return errors.Join(err, s.run(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+d.sanitized()))
}

// dropIndex drops what is there; a missing index is what was wanted.
func (s *session) dropIndex(ctx context.Context, d indexDDL) error {
	found, err := s.findIndex(ctx, d)
	if err != nil || found.state == indexMissing {
		return err
	}
	return s.watched(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+d.sanitized())
}

// expected lets the server write down the definition that the statement means, by
// making the same index on an empty temporary copy of the table. It also finds
// what the server will not accept before anything is built.
func (s *session) expected(ctx context.Context, st Statement, d indexDDL) (string, error) {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return "", fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := s.copyWith(ctx, st, d); err != nil {
		return "", err
	}
	var schema string
	if err := s.conn.QueryRow(ctx, `SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()`).Scan(&schema); err != nil {
		return "", fmt.Errorf("find the temporary schema: %w", err)
	}
	found, err := s.findIndex(ctx, indexDDL{schema: schema, name: d.name, tableSchema: d.tableSchema})
	return found.definition, err
}

// copyWith makes an empty temporary copy of the table with that index and no other.
func (s *session) copyWith(ctx context.Context, st Statement, d indexDDL) error {
	if err := s.run(ctx, "CREATE TEMPORARY TABLE "+pgx.Identifier{d.table}.Sanitize()+" (LIKE "+d.tableName()+")"); err != nil {
		return err
	}
	return s.run(ctx, rewrite(st, d, "", pgx.Identifier{"pg_temp", d.table}.Sanitize()))
}

// rewrite returns the CREATE INDEX with another table, with or without
// CONCURRENTLY, and without IF NOT EXISTS.
func rewrite(st Statement, d indexDDL, concurrently, table string) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if st.tokens[1].is("UNIQUE") {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX " + concurrently + pgx.Identifier{d.name}.Sanitize() + " ON ")
	b.WriteString(table)
	b.WriteString(st.Text[d.tableAt[1]:])
	return b.String()
}

// sanitized is the index's name, quoted and with its schema.
func (d indexDDL) sanitized() string {
	return pgx.Identifier{schemaOr(d.schema, d.tableSchema), d.name}.Sanitize()
}

// tableName is the table's name, quoted and with its schema.
func (d indexDDL) tableName() string {
	return pgx.Identifier{schemaOr(d.tableSchema), d.table}.Sanitize()
}
