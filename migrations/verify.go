package migrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// VerifyOptions says how hard Verify looks.
type VerifyOptions struct {
	// Strict runs VACUUM (ANALYZE) on the tables first and every query afterwards,
	// in transactions that are rolled back. It wants the planner's own choice and no
	// heap fetches.
	Strict bool
}

// Verdict says in one word what is to be thought of an index.
type Verdict string

// Verdicts. The empty one means that there is nothing to judge: the migration is
// running, or no query is known that needs the index.
const (
	Chosen      Verdict = "chosen"   // the planner takes it for every query
	Usable      Verdict = "usable"   // the table is so small that the planner may do without
	Unusable    Verdict = "unusable" // a query is not answered by it as it should be
	Missing     Verdict = "missing"
	Invalid     Verdict = "invalid"   // left by an interrupted build or drop
	Different   Verdict = "different" // another index has its name
	HeldVerdict Verdict = "held"      // absent on purpose
)

// fails reports whether the verdict alone makes Verify fail.
func (v Verdict) fails() bool {
	return v == Unusable || v == Missing || v == Invalid || v == Different
}

// Verification is the outcome of Verify.
type Verification struct {
	OK      bool         `json:"ok"`
	Indexes []IndexCheck `json:"indexes"` // in the order of versions and statements; never nil
}

// IndexCheck is what was found of one index. Query, Node and HeapFetches are those
// of the query that did worst.
type IndexCheck struct {
	Migration   int          `json:"-"`
	Name        string       `json:"name"`
	Table       string       `json:"table"`
	Exists      bool         `json:"exists"`
	Valid       bool         `json:"valid"`
	Definition  string       `json:"definition"`     // as the server writes it; empty when missing
	Want        string       `json:"want,omitempty"` // what it should be, when that differs
	Query       string       `json:"query"`
	Node        string       `json:"node"`
	HeapFetches *int64       `json:"heap_fetches"` // nil unless strict and an index-only scan
	Verdict     Verdict      `json:"verdict"`
	Reason      string       `json:"reason,omitempty"` // why it fails
	Note        string       `json:"note,omitempty"`   // what else there is to say
	Queries     []QueryCheck `json:"queries"`          // never nil

	ddl  indexDDL
	st   Statement
	from State
}

// MarshalJSON writes the migration as "017".
func (c IndexCheck) MarshalJSON() ([]byte, error) {
	type plain IndexCheck
	c.Queries = append([]QueryCheck{}, c.Queries...)
	return json.Marshal(struct {
		Migration string `json:"migration"`
		plain
	}{Label(c.Migration), plain(c)})
}

// Verify looks at every index of the index-only migrations: whether it is there,
// valid, as its file says, and read by the queries of Config.Queries. It takes no
// migration lock, waits for no build, and changes nothing; a strict one vacuums.
// The error is for what could not be looked at, never for what was found.
func (e *Engine) Verify(ctx context.Context, opts VerifyOptions) (Verification, error) {
	s, err := e.observe(ctx)
	if err != nil {
		return Verification{}, err
	}
	defer s.close()
	ledger, err := s.look(ctx)
	if err != nil {
		return Verification{}, err
	}
	out := Verification{OK: true, Indexes: append([]IndexCheck{}, e.wanted(ledger)...)}
	for i := range out.Indexes {
		if err := s.inspect(ctx, &out.Indexes[i], byVersion(ledger, out.Indexes[i].Migration)); err != nil {
			return Verification{}, err
		}
	}
	var hindrance string
	if opts.Strict {
		if hindrance, err = s.vacuum(ctx, tablesOf(out.Indexes)); err != nil {
			return Verification{}, err
		}
	}
	for i := range out.Indexes {
		c := &out.Indexes[i]
		if c.Verdict == "" && c.Valid {
			if err := s.tryAll(ctx, c, e.cfg.Queries, opts.Strict, hindrance); err != nil {
				return Verification{}, err
			}
		}
		out.OK = out.OK && !c.fails(opts.Strict)
	}
	return out, nil
}

func (c *IndexCheck) fails(strict bool) bool {
	unread := c.HeapFetches != nil && *c.HeapFetches > 0
	return c.Verdict.fails() || strict && (c.Verdict == Usable || unread)
}

// wanted lists the indexes that the index-only migrations make, those of newer
// binaries included. What a later applied one drops is wanted no more.
func (e *Engine) wanted(ledger []record) []IndexCheck {
	var out []IndexCheck
	for _, entry := range entries(e.files, ledger) {
		if entry.Class != IndexOnly {
			continue
		}
		for _, st := range e.statementsOf(ledger, entry.Version) {
			d, ok := parseIndex(st)
			if !ok || d.drop && entry.State != Applied {
				continue
			}
			out = slices.DeleteFunc(out, func(c IndexCheck) bool { return c.Name == d.name })
			if !d.drop {
				out = append(out, IndexCheck{Migration: entry.Version, Name: d.name, Table: d.table, ddl: d, st: st, from: entry.State})
			}
		}
	}
	return out
}

// statementsOf returns the up of a version: the binary's, or else the ledger's.
func (e *Engine) statementsOf(ledger []record, version int) []Statement {
	if m := e.file(version); m != nil {
		return m.Up.Statements
	}
	statements, err := Split(byVersion(ledger, version).UpSQL)
	if err != nil {
		return nil // it ran once, so this cannot be
	}
	return statements
}

// inspect fills in what the catalog says. The verdict stays empty when the index
// is as it should be, and when nothing can be said yet.
func (s *session) inspect(ctx context.Context, c *IndexCheck, row *record) error {
	found, err := s.findIndex(ctx, c.ddl)
	if err != nil {
		return err
	}
	c.Exists = found.state != indexMissing
	c.Valid = found.state == indexValid
	c.Definition = found.definition
	switch found.state {
	case indexMissing:
		c.absent(row)
	case indexBuilding:
		c.Note = "a session is building or dropping it at this moment"
	case indexInvalid:
		if c.from == Running {
			c.Note = "its migration is running at this moment"
			break
		}
		c.Verdict = Invalid
		c.Reason = "an interrupted build or drop left it invalid: no query reads it; apply or roll back its migration to clean up"
	case indexValid:
		want, err := s.expected(ctx, c.st, c.ddl)
		switch {
		case refused(err):
			c.Verdict = Different
			c.Reason = "the table is not as its migration left it: " + why(err)
		case err != nil:
			return fmt.Errorf("find out what %s should be: %w", c.Name, err)
		case found.definition != want:
			c.Verdict, c.Want = Different, want
			c.Reason = "an index of this name exists with another definition"
		}
	}
	return nil
}

// refused reports whether the server understood a statement and would not have it:
// a column or table is not there, or is of another type.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.HasPrefix(pg.Code, "42") && pg.Code != "42501"
}

// absent judges an index that is not there by where its migration stands.
func (c *IndexCheck) absent(row *record) {
	switch {
	case row == nil: // nothing is proven by an index that nobody has made yet
		c.Verdict = Missing
		c.Reason = "its migration is pending"
	case row.State == Running:
		c.Note = "its migration is running at this moment"
	case row.State == Held, slices.Contains(row.heldObjects(), c.Name):
		c.Verdict = HeldVerdict
		c.Note = "it was rolled back and is held until it is named"
	default:
		c.Verdict = Missing
		c.Reason = fmt.Sprintf("its migration is %s, but the index does not exist", row.State)
		if row.Error != "" {
			c.Note = row.Error
		}
	}
}

// tablesOf names the tables whose indexes can be tried, each once.
func tablesOf(checks []IndexCheck) []indexDDL {
	var out []indexDDL
	for _, c := range checks {
		same := func(d indexDDL) bool { return d.tableName() == c.ddl.tableName() }
		if c.Valid && c.Verdict == "" && !slices.ContainsFunc(out, same) {
			out = append(out, c.ddl)
		}
	}
	return out
}

// vacuum makes pages all-visible as far as open transactions let it, and returns
// what holds it back, empty for nothing that this role may see.
func (s *session) vacuum(ctx context.Context, tables []indexDDL) (hindrance string, err error) {
	if hindrance, err = s.oldestSnapshot(ctx); err != nil {
		return "", err
	}
	// A big table takes longer than any single look. Rows whose commit is not on disk
	// yet (synchronous_commit = off) would stay unmarked: a commit of ours waits for
	// the disk, and so for everything before it.
	err = s.run(ctx, `SET statement_timeout = 0; SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'healthagent', '')`)
	if err != nil {
		return "", fmt.Errorf("flush the log: %w", err)
	}
	for _, t := range tables {
		err := s.run(ctx, "VACUUM (ANALYZE) "+t.tableName())
		switch {
		case passes(err):
			hindrance = "the vacuum of " + t.table + " did not get its lock: a build or another vacuum is at work"
		case err != nil:
			return "", fmt.Errorf("vacuum %s: %w", t.table, err)
		}
	}
	return hindrance, s.run(ctx, "SET statement_timeout = '30s'")
}

// Whatever may still see the rows of before. Of other roles' sessions only
// monitors see the snapshot.
const selectOldest = `
SELECT what
FROM (SELECT format('the transaction of "%s" (pid %s), open for %s, keeps the vacuum from marking pages',
                    coalesce(nullif(application_name, ''), backend_type), pid,
                    date_trunc('second', clock_timestamp() - coalesce(xact_start, query_start))) AS what,
             age(backend_xmin) AS age
      FROM   pg_stat_activity
      WHERE  backend_xmin IS NOT NULL
      AND    datname = current_database()
      AND    pid <> pg_backend_pid()
      UNION ALL
      SELECT format('the prepared transaction "%s" keeps the vacuum from marking pages', gid), age(transaction)
      FROM   pg_prepared_xacts
      WHERE  database = current_database()
      UNION ALL
      SELECT format('the replication slot "%s" keeps the vacuum from marking pages', slot_name), age(xmin)
      FROM   pg_replication_slots
      WHERE  xmin IS NOT NULL) AS x
ORDER BY age DESC
LIMIT 1`

func (s *session) oldestSnapshot(ctx context.Context) (string, error) {
	rows, err := s.conn.Query(ctx, selectOldest)
	if err != nil {
		return "", fmt.Errorf("look for old snapshots: %w", err)
	}
	defer rows.Close()
	var what string
	if rows.Next() {
		if err := rows.Scan(&what); err != nil {
			return "", fmt.Errorf("look for old snapshots: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("look for old snapshots: %w", err)
	}
	return what, nil
}
