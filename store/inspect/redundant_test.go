package inspect_test

import "testing"

func TestRedundant(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text, d int, e int, f int, g int, h text, k int, UNIQUE (k))`)
	want := map[string][2]string{} // index: what replaces it, and how
	for _, x := range []struct{ name, ddl, by, kind string }{
		{"prefix", "(a)", "whole", "prefix"},
		{"whole", "(a, b)", "", ""},
		{"backwards", "(b DESC, a DESC)", "", ""}, // the first of the two stays
		{"forwards", "(b, a)", "backwards", "duplicate"},
		{"half_turned", "(b, a DESC)", "", ""},
		{"nulls_turned", "(b NULLS FIRST, a)", "", ""},
		{"first", "(d)", "", ""},
		{"second", "(d)", "first", "duplicate"},
		{"hashed", "USING hash (d)", "", ""},
		{"bare", "(e)", "including", "same keys, other adds INCLUDE"},
		{"including", "(e) INCLUDE (a)", "", ""},
		{"other_include", "(e) INCLUDE (d)", "", ""},
		{"part", "(f) WHERE a > 0", "full_one", "partial copy of a full index"},
		{"full_one", "(f)", "", ""},
		{"another_part", "(g) WHERE a > 0", "", ""},
		{"third_part", "(g) WHERE a > 1", "", ""},
		{"pattern", "(h text_pattern_ops)", "", ""},
		{"collated", `(h COLLATE "C")`, "", ""},
		{"ordinary", "(h)", "", ""},
		{"lowered", "(lower(c))", "", ""},
		{"uppered", "(upper(c))", "", ""},
		{"of_the_key", "(id)", "t_pkey", "duplicate"},
		{"of_the_constraint", "(k)", "t_k_key", "duplicate"},
		// each includes what the other does: one of them has to stay
		{"pair_one", "(c) INCLUDE (a, b)", "", ""},
		{"pair_two", "(c) INCLUDE (b, a)", "pair_one", "same keys, other adds INCLUDE"},
	} {
		w.exec("CREATE INDEX " + x.name + " ON t " + x.ddl)
		want[x.name] = [2]string{x.by, x.kind}
	}
	w.exec(`CREATE TABLE u (a int NOT NULL, b int, c int, d int)`)
	for _, x := range []struct{ name, ddl, by, kind string }{
		{"u_unique", "UNIQUE (a)", "", ""}, // a plain one cannot replace it
		{"u_plain", "(a)", "u_unique", "duplicate"},
		{"u_wider", "UNIQUE (a, b)", "", ""},
		{"u_part", "UNIQUE (b) WHERE c > 0", "", ""},
		{"u_b", "(b)", "", ""},
		{"u_lax", "UNIQUE (c)", "u_strict", "duplicate"},
		{"u_strict", "UNIQUE (c) NULLS NOT DISTINCT", "", ""},
		{"u_identity", "UNIQUE (a) INCLUDE (b)", "", ""},
	} {
		unique := ""
		if len(x.ddl) > 6 && x.ddl[:6] == "UNIQUE" {
			unique, x.ddl = "UNIQUE ", x.ddl[6:]
		}
		w.exec("CREATE " + unique + "INDEX " + x.name + " ON u " + x.ddl)
		want[x.name] = [2]string{x.by, x.kind}
	}
	w.exec(`ALTER TABLE u REPLICA IDENTITY USING INDEX u_unique`)
	for _, constraint := range []string{"t_pkey", "t_k_key"} {
		want[constraint] = [2]string{}
	}
	x := w.indexes()
	equal(t, "indexes", len(x.Indexes), len(want))
	for _, ix := range x.Indexes {
		if got := [2]string{ix.RedundantWith, ix.RedundantKind}; got != want[ix.Name] {
			t.Errorf("%s: got %q, want %q", ix.Name, got, want[ix.Name])
		}
	}
}

// An index of a constraint is never called redundant, whatever else there is.
func TestConstraintsAreNeverRedundant(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE DEFERRABLE)`)
	w.exec(`CREATE UNIQUE INDEX t_a ON t (a) INCLUDE (b)`)
	w.exec(`CREATE UNIQUE INDEX t_b ON t (b)`)
	x := w.indexes()
	equal(t, "key", w.index(x, "t_pkey").RedundantWith, "")
	equal(t, "constraint", w.index(x, "t_b_key").RedundantWith, "")
	equal(t, "one that checks at once, beside a deferred one", w.index(x, "t_b").RedundantWith, "")
}
