package migrations

import "testing"

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		up, down string
		class    Class
		additive bool
	}{
		{"CREATE TABLE a (x int)", "DROP TABLE a", LosesRows, true},
		{"CREATE TABLE a (x int); CREATE UNIQUE INDEX i ON a (x); CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", "DROP TABLE a", LosesRows, true},
		{"CREATE UNIQUE INDEX i ON a (x)", "DROP INDEX i", Rebuildable, false},
		{"CREATE INDEX i ON a (x)", "DROP INDEX i", Rebuildable, true},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION f", Rebuildable, true},
		{"CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", "DROP TRIGGER t ON a", Rebuildable, false},
		{"ALTER TABLE a ADD COLUMN x int", "ALTER TABLE a DROP COLUMN x", LosesRows, true},
		{"ALTER TABLE a ADD COLUMN x int NOT NULL DEFAULT 0, ADD COLUMN y numeric(3, 1)", "ALTER TABLE a DROP x", LosesRows, true},
		{"ALTER TABLE a ADD COLUMN x int NOT NULL", "ALTER TABLE a DROP COLUMN x", LosesRows, false},
		{"ALTER TABLE a ADD COLUMN x int, DROP COLUMN y", "ALTER TABLE a DROP COLUMN x", LosesRows, false},
		{"ALTER TABLE ONLY a SET (fillfactor = 90)", "ALTER TABLE a RESET (fillfactor)", Rebuildable, true},
		{"ALTER TABLE a ALTER x TYPE text", "ALTER TABLE a ALTER x TYPE int", LosesRows, false},
		{"ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0) NOT VALID", "ALTER TABLE a DROP CONSTRAINT c", Rebuildable, false},
		{"UPDATE a SET x = 1", "SELECT 1", LosesRows, false},
		{"-- healthagent: class: rebuildable\n-- healthagent: additive\nUPDATE a SET x = 1", "SELECT 1", Rebuildable, true},
		{"-- healthagent: not-additive\nCREATE TABLE a (x int)", "DROP TABLE a", LosesRows, false},
		{"-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY i ON a (x)", "-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY i", IndexOnly, true},
	}
	for _, tt := range tests {
		var m Migration
		var err error
		if m.Up, err = parseScript("up", tt.up); err != nil {
			t.Fatal(err)
		}
		if m.Down, err = parseScript("down", tt.down); err != nil {
			t.Fatal(err)
		}
		if class, additive := classify(m); class != tt.class || additive != tt.additive {
			t.Errorf("%q / %q: got %s %v, want %s %v", tt.up, tt.down, class, additive, tt.class, tt.additive)
		}
	}
}

func TestParseIndex(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sql  string
		ok   bool
		want indexDDL
	}{
		{"CREATE INDEX CONCURRENTLY i ON a (x)", true, indexDDL{name: "i", table: "a", tableAt: [2]int{31, 32}}},
		{
			`create unique index concurrently if not exists "I" on Public."A b" using btree (x) where y`, true,
			indexDDL{ifExists: true, name: "I", tableSchema: "public", table: "A b", tableAt: [2]int{54, 66}},
		},
		{"DROP INDEX CONCURRENTLY IF EXISTS public.I", true, indexDDL{drop: true, ifExists: true, schema: "public", name: "i"}},
		{"CREATE INDEX CONCURRENTLY ON a (x)", false, indexDDL{}},
		{"CREATE INDEX CONCURRENTLY i ON ONLY a (x)", false, indexDDL{}},
		{"CREATE INDEX i ON a (x)", false, indexDDL{}},
		{"DROP INDEX CONCURRENTLY i CASCADE", false, indexDDL{}},
		{"DROP INDEX CONCURRENTLY i, j", false, indexDDL{}},
		{"DROP INDEX CONCURRENTLY", false, indexDDL{}},
		{"CREATE INDEX CONCURRENTLY i", false, indexDDL{}},
	}
	for _, tt := range tests {
		statements, err := Split("  " + tt.sql)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := parseIndex(statements[0])
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s:\n got %v %+v\nwant %v %+v", tt.sql, ok, got, tt.ok, tt.want)
		}
	}
}
