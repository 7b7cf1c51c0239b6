package dump

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Counts is what a database holds, of one moment. Sizes and versions are those of its server.
type Counts struct {
	Server        string // version of PostgreSQL
	Database      string
	DatabaseBytes int64
	Schema        []Migration // the ledger, by version; none when there is no ledger
	Tables        []Table     // by name, without those of extensions
	Unsent        int64       // messages that are not sent to Telegram yet
	Unread        int64       // messages from Telegram that are not answered yet
	Invalid       []string    // indexes that cannot be used
}

const aboutSQL = `
SELECT current_setting('server_version'),
       current_database(),
       pg_database_size(current_database()),
       EXISTS (SELECT FROM pg_attribute
               WHERE  attrelid = to_regclass('public.schema_migrations') AND attname = 'statements_total')`

const ledgerSQL = `
SELECT version,
       name,
       state,
       additive
FROM   public.schema_migrations
ORDER  BY version`

// Tables of extensions are no part of a dump. A partitioned table has no rows but those of its parts.
const tablesSQL = `
SELECT format('%I.%I', n.nspname, c.relname)
FROM   pg_class AS c
JOIN   pg_namespace AS n ON n.oid = c.relnamespace
WHERE  c.relkind = 'r' AND c.relpersistence <> 't'
AND    n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
AND    NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER  BY 1`

const invalidSQL = `
SELECT format('%I.%I', n.nspname, c.relname)
FROM   pg_index AS i
JOIN   pg_class AS c ON c.oid = i.indexrelid
JOIN   pg_namespace AS n ON n.oid = c.relnamespace
WHERE  NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_'
ORDER  BY 1`

// queuesSQL counts, of the tables that are there, what a start on this database would go on with.
const queuesSQL = `
SELECT (SELECT count(*) FROM public.outbox WHERE state = 'pending'),
       (SELECT count(*) FROM public.inbox WHERE state IN ('new', 'retry'))`

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// count reads all of it. In a transaction of one snapshot it is of that moment; rows are counted, not estimated.
func count(ctx context.Context, q querier) (Counts, error) {
	var c Counts
	ledger := false
	if err := q.QueryRow(ctx, aboutSQL).Scan(&c.Server, &c.Database, &c.DatabaseBytes, &ledger); err != nil {
		return c, fmt.Errorf("read about the database: %w", err)
	}
	if ledger {
		rows, err := q.Query(ctx, ledgerSQL)
		if err == nil {
			c.Schema, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Migration])
		}
		if err != nil {
			return c, fmt.Errorf("read the ledger: %w", err)
		}
	}
	names, err := texts(ctx, q, tablesSQL)
	if err != nil {
		return c, fmt.Errorf("list the tables: %w", err)
	}
	for _, name := range names {
		t := Table{Name: name}
		if err := q.QueryRow(ctx, "SELECT count(*) FROM "+name).Scan(&t.Rows); err != nil { // quoted by the server
			return c, fmt.Errorf("count the rows of %s: %w", name, err)
		}
		c.Tables = append(c.Tables, t)
	}
	if c.has("public.outbox") && c.has("public.inbox") {
		if err := q.QueryRow(ctx, queuesSQL).Scan(&c.Unsent, &c.Unread); err != nil {
			return c, fmt.Errorf("count the messages on their way: %w", err)
		}
	}
	if c.Invalid, err = texts(ctx, q, invalidSQL); err != nil {
		return c, fmt.Errorf("list the indexes: %w", err)
	}
	return c, nil
}

func (c Counts) has(table string) bool {
	return slices.ContainsFunc(c.Tables, func(t Table) bool { return t.Name == table })
}

func texts(ctx context.Context, q querier, sql string, args ...any) ([]string, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// countAt counts what the database at the end of that way holds now.
func countAt(ctx context.Context, w way) (Counts, error) {
	conn, err := w.connect(ctx, applicationRestore)
	if err != nil {
		return Counts{}, err
	}
	defer closeConn(ctx, conn)
	return count(ctx, conn)
}

// Rows is the number of all rows of these tables.
func Rows(tables []Table) int64 {
	var sum int64
	for _, t := range tables {
		sum += t.Rows
	}
	return sum
}
