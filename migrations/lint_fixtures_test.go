package migrations

import "strings"

// fixture is what a rule refuses, and what it asks for instead.
type fixture struct {
	rule, name string
	bad, good  pair
}

func fixtures() []fixture {
	const alone = "-- healthagent: no-transaction\n"
	index := pair{alone + "CREATE INDEX CONCURRENTLY i ON old (x)", alone + "DROP INDEX CONCURRENTLY i"}
	// up makes the index i on old, which index.down drops.
	up := func(sql string) pair { return pair{alone + sql, index.down} }
	column := func(sql string) pair { return pair{"ALTER TABLE old " + sql, "ALTER TABLE old DROP COLUMN y"} }
	constraint := func(sql string) pair { return pair{"ALTER TABLE old " + sql, "ALTER TABLE old DROP CONSTRAINT c"} }
	table := func(sql string) pair { return pair{sql, "DROP TABLE b"} }
	nothing := func(sql string) pair { return pair{sql, "SELECT 1"} }
	long := strings.Repeat("n", 63)

	return []fixture{
		{"concurrently", "create", pair{"CREATE INDEX i ON old (x)", "DROP INDEX i"}, index},
		{"concurrently", "unique", pair{"CREATE UNIQUE INDEX i ON public.old (x)", "DROP INDEX i"}, table("CREATE TABLE b (x int); CREATE UNIQUE INDEX i ON b (x)")},
		{"concurrently", "reindex", nothing("REINDEX TABLE old"), nothing("REINDEX TABLE CONCURRENTLY old")},
		{"concurrently", "in the rollback", pair{"SELECT 1", "CREATE INDEX i ON old (x)"}, pair{"SELECT 1", "CREATE INDEX CONCURRENTLY i ON old (x)"}},
		{"concurrent-rollback", "transaction", pair{index.up, "DROP INDEX i"}, index},
		{"concurrent-rollback", "plain drop", pair{index.up, alone + "DROP INDEX i"}, index},
		{"if-not-exists", "index", up("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON old (x)"), pair{index.up, alone + "DROP INDEX CONCURRENTLY IF EXISTS i"}},
		{"if-not-exists", "table", table("CREATE TABLE IF NOT EXISTS b (x int)"), table("CREATE TABLE b (x int)")},
		{
			"named", "index", table("CREATE TABLE b (x int); CREATE INDEX ON b (x)"),
			table("CREATE TABLE b (x int); CREATE INDEX b_x ON b (x)"),
		},
		{"immutable", "now", up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE t::timestamptz > now() - interval '7 days'"), up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE t::timestamptz > '2026-01-01 00:00Z'")},
		{"immutable", "current_timestamp", up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE t::timestamptz > CURRENT_TIMESTAMP"), index},
		{"immutable", "current_date", up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE x > current_date - 30"), index},
		{"immutable", "literal", up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE t > 'Now'"), up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE t > 'nowhere'")},
		{"immutable", "random", up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE random() < 0.5"), index},
		{
			"immutable", "a function that lies",
			pair{"CREATE FUNCTION f() RETURNS date IMMUTABLE LANGUAGE sql AS $$SELECT current_date - 7$$", "DROP FUNCTION f"},
			pair{"CREATE FUNCTION f() RETURNS date STABLE LANGUAGE sql AS $$SELECT current_date - 7$$", "DROP FUNCTION f"},
		},
		{"bounded", "include", up("CREATE INDEX CONCURRENTLY i ON old (x) INCLUDE (t)"), up("CREATE INDEX CONCURRENTLY i ON old (x) INCLUDE (short)")},
		{"bounded", "key", up("CREATE INDEX CONCURRENTLY i ON old (t)"), up("CREATE INDEX CONCURRENTLY i ON old (x) WHERE t = 'x'")},
		{"bounded", "predicate the wrong way round", up("CREATE INDEX CONCURRENTLY i ON old (x) INCLUDE (t) WHERE octet_length(t) > 99"), up("CREATE INDEX CONCURRENTLY i ON old (x) INCLUDE (t) WHERE octet_length(t) <= 99")},
		{"bounded", "primary key", table("CREATE TABLE b (x text PRIMARY KEY)"), table("CREATE TABLE b (x text PRIMARY KEY CHECK (octet_length(x) BETWEEN 1 AND 9))")},
		{"bounded", "unique", table("CREATE TABLE b (x int, y bytea, UNIQUE (x, y))"), table("CREATE TABLE b (x int, y bytea, UNIQUE (x, y), CHECK (octet_length(y) < 9))")},
		{"bounded", "by a list", table("CREATE TABLE b (x jsonb UNIQUE)"), table("CREATE TABLE b (x text UNIQUE CHECK (x IN ('a', 'b')))")},
		{"bounded", "added", pair{"ALTER TABLE old ADD COLUMN y text; CREATE INDEX CONCURRENTLY i ON old (y)", "DROP INDEX i; ALTER TABLE old DROP COLUMN y"}, pair{"ALTER TABLE old ADD COLUMN y int; CREATE INDEX CONCURRENTLY i ON old (y)", "DROP INDEX i; ALTER TABLE old DROP COLUMN y"}},
		{"covers", "index", pair{index.up + "; CREATE INDEX CONCURRENTLY j ON old (x)", index.down}, pair{index.up + "; CREATE INDEX CONCURRENTLY j ON old (x)", index.down + "; DROP INDEX CONCURRENTLY j"}},
		{"covers", "function", table("CREATE TABLE b (x int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"), pair{"CREATE TABLE b (x int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP TABLE b; DROP FUNCTION f()"}},
		{"covers", "column", column("ADD COLUMN y int, ADD COLUMN z int"), nothing("-- healthagent: irreversible: it is a fixture\nALTER TABLE old ADD COLUMN y int")},
		{"covers", "trigger", nothing("CREATE TRIGGER t AFTER INSERT ON old EXECUTE FUNCTION f()"), pair{"CREATE TRIGGER t AFTER INSERT ON old EXECUTE FUNCTION f()", "DROP TRIGGER t ON old"}},
		{"beyond", "another's index", pair{index.up, index.down + "; DROP INDEX CONCURRENTLY old_x"}, index},
		{"beyond", "nobody's table", pair{"SELECT 1", "DROP TABLE IF EXISTS somebody"}, nothing("SELECT 1")},
		{"beyond", "another's column", pair{"SELECT 1", "ALTER TABLE old DROP COLUMN x"}, column("ADD COLUMN y int")},
		{
			"identifier", "64 bytes",
			pair{alone + "CREATE INDEX CONCURRENTLY n" + long + " ON old (x)", alone + "DROP INDEX CONCURRENTLY n" + long},
			pair{alone + "CREATE INDEX CONCURRENTLY " + long + " ON old (x)", alone + "DROP INDEX CONCURRENTLY " + long},
		},
		{"set", "in the up", nothing("SET lock_timeout = 0; SELECT 1"), nothing("ALTER TABLE old SET (fillfactor = 90)")},
		{"set", "in the rollback", pair{"SELECT 1", "SET LOCAL search_path = x"}, pair{"SELECT 1", "ALTER TABLE old RESET (fillfactor)"}},
		{"set", "by function", nothing("SELECT set_config('a.b', 'c', false)"), nothing("SELECT 'set_config'")},
		{"cascade", "in the rollback", pair{"CREATE TABLE b (x int)", "DROP TABLE b CASCADE"}, table("CREATE TABLE b (x int REFERENCES old (x) ON DELETE CASCADE)")},
		{"cascade", "constraint", pair{"-- healthagent: not-additive\nALTER TABLE old DROP CONSTRAINT c CASCADE", "SELECT 1"}, nothing("ALTER TABLE old DROP CONSTRAINT c")},
		{"not-valid", "check", constraint("ADD CONSTRAINT c CHECK (x > 0)"), constraint("ADD CONSTRAINT c CHECK (x > 0) NOT VALID")},
		{"not-valid", "foreign key", constraint("ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES old (x)"), constraint("ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES old (x) NOT VALID")},
		{"not-valid", "column", column("ADD COLUMN y int CHECK (y > 0)"), table("CREATE TABLE b (x int); ALTER TABLE b ADD CONSTRAINT c CHECK (x > 0)")},
		{"not-null", "set", nothing("ALTER TABLE old ALTER COLUMN x SET NOT NULL"), table("CREATE TABLE b (x int); ALTER TABLE b ALTER x SET NOT NULL")},
		{"not-null", "added", column("ADD COLUMN y int NOT NULL"), column("ADD COLUMN y int NOT NULL DEFAULT 0")},
		{"rewrite", "default", column("ADD COLUMN y float8 DEFAULT random()"), column("ADD COLUMN y timestamptz DEFAULT now()")},
		{"rewrite", "generated", column("ADD y int GENERATED ALWAYS AS (x + 1) STORED"), table("CREATE TABLE b (x int, y int GENERATED ALWAYS AS (x + 1) STORED)")},
		{"rewrite", "identity", column("ADD COLUMN y int GENERATED BY DEFAULT AS IDENTITY"), column("ADD COLUMN y int")},
		{"constraint", "unique", constraint("ADD CONSTRAINT c UNIQUE (x)"), constraint("ADD CONSTRAINT c UNIQUE USING INDEX old_x")},
		{"constraint", "primary key", constraint("ADD CONSTRAINT c PRIMARY KEY (x)"), table("CREATE TABLE b (x int); ALTER TABLE b ADD CONSTRAINT c PRIMARY KEY (x)")},
		{"constraint", "exclusion", constraint("ADD CONSTRAINT c EXCLUDE USING btree (x WITH =)"), constraint("ADD CONSTRAINT c CHECK (x > 0) NOT VALID")},
		{"breaking", "type", nothing("ALTER TABLE old ALTER COLUMN x TYPE bigint"), nothing("-- healthagent: not-additive\nALTER TABLE old ALTER COLUMN x TYPE bigint")},
		{"breaking", "rename", nothing("ALTER TABLE old RENAME x TO y"), nothing("-- healthagent: not-additive\nALTER TABLE old RENAME x TO y")},
		{"breaking", "rename of a value", nothing("ALTER TYPE mood RENAME VALUE 'a' TO 'b'"), nothing("ALTER TYPE mood ADD VALUE 'c'")},
		{"breaking", "drop column", nothing("ALTER TABLE old DROP COLUMN x"), nothing("-- healthagent: not-additive\nALTER TABLE old DROP COLUMN x")},
		{"breaking", "drop table", nothing("DROP TABLE old"), nothing("-- healthagent: not-additive\nDROP TABLE old")},
		{"breaking", "truncate", nothing("TRUNCATE old"), nothing("-- healthagent: not-additive\nTRUNCATE old")},
		{"backfill", "update", column("ADD COLUMN y int; UPDATE old SET y = x"), nothing("UPDATE old SET x = 1")},
		{"backfill", "delete", table("CREATE TABLE b (x int); DELETE FROM old WHERE x = 1"), table("CREATE TABLE b (x int); INSERT INTO b VALUES (1)")},
		{"type", "timestamp", column(`ADD COLUMN y timestamp`), column(`ADD COLUMN y timestamptz`)},
		{"type", "timestamp(3)", column(`ADD COLUMN y timestamp(3)`), column(`ADD COLUMN y timestamp(3) with time zone`)},
		{"type", "quoted", pair{"ALTER TABLE old ADD COLUMN timestamp timestamptz", `ALTER TABLE old DROP COLUMN "timestamp"`}, pair{`ALTER TABLE old ADD COLUMN "timestamp" timestamptz`, `ALTER TABLE old DROP COLUMN "timestamp"`}},
		{"type", "serial", table("CREATE TABLE b (x bigserial)"), table("CREATE TABLE b (x bigint GENERATED BY DEFAULT AS IDENTITY)")},
		{"type", "varchar", column("ADD COLUMN y varchar(20)"), column("ADD COLUMN y text")},
		{"type", "json", column("ADD COLUMN y json"), column("ADD COLUMN y jsonb")},
		{"schema", "table", pair{"CREATE TABLE other.b (x int)", "DROP TABLE other.b"}, pair{"CREATE TABLE public.b (x int)", "DROP TABLE b"}},
		{"schema", "schema", pair{"CREATE SCHEMA other", "DROP SCHEMA other"}, nothing("SELECT 1")},
		{"analyze", "expression", up("CREATE INDEX CONCURRENTLY i ON old (lower(short))"), up("CREATE INDEX CONCURRENTLY i ON old (lower(short)); ANALYZE old")},
		{"analyze", "before it", up("ANALYZE old; CREATE INDEX CONCURRENTLY i ON old ((x + 1))"), index},
	}
}
