package inspect_test

import (
	"errors"
	"strings"
	"testing"

	"healthagent/store/inspect"
)

// The estimate may be too low; it never claims much more than reading the index shows.
func TestBloatClaimsNothingThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE EXTENSION pgstattuple`)
	w.exec(`CREATE TABLE t (a bigint, b boolean, c bigint, d boolean, e text, f int, g text, h bigint, i bigint, j bigint, k bigint)`)
	w.exec(`INSERT INTO t SELECT n, true, n, n % 2 = 0, 'word ' || n, CASE WHEN n % 10 = 0 THEN n END,
	                             repeat('x', (n % 40)::int) || n, n % 7, r, r, r
	        FROM generate_series(1, 60000) n CROSS JOIN LATERAL (SELECT CASE WHEN n % 10 = 0 THEN n END) x (r)`)
	for name, ddl := range map[string]string{
		"plain": "(a)", "padded": "(b, c, d)", "text": "(e)", "texts": "(e, a) INCLUDE (g, c)", "spread": "(g)", "nulls": "(f, a)",
		"loose": "(c, a) WITH (fillfactor = 50)", "few": "(a) WHERE f IS NOT NULL", "few_nulls": "(f) INCLUDE (i, j, k) WHERE f IS NOT NULL", "few_texts": "(e) WHERE a % 10 = 0", "grouped": "(h)",
		"expression": "(lower(e))",
	} {
		w.exec("CREATE INDEX " + name + " ON t " + ddl)
	}
	check := func(state string) inspect.Indexes {
		t.Helper()
		w.flush()
		x := w.indexes()
		for _, ix := range x.Indexes {
			exact, err := w.ExactBloat(t.Context(), "public."+ix.Name)
			if err != nil {
				t.Fatal(err)
			}
			guess := -1.0
			if ix.BloatPct != nil {
				guess = *ix.BloatPct
			}
			t.Logf("%s: %-10s estimate %5.1f, exact %5.1f, density %.1f", state, ix.Name, guess, exact.BloatPct, exact.LeafDensity)
			if guess > exact.BloatPct+10 {
				t.Errorf("%s: %s claims %.1f %%, and has %.1f %%", state, ix.Name, guess, exact.BloatPct)
			}
			equal(t, ix.Name+" can be told", ix.BloatPct != nil, ix.Name != "few_texts")
		}
		return x
	}
	w.exec(`VACUUM (ANALYZE) t`)
	check("fresh")
	w.exec(`DELETE FROM t WHERE a % 10 < 7`)
	w.flush()
	w.exec(`ANALYZE t`) // the dead rows are still in the indexes: nothing is empty yet
	check("deleted")
	w.vacuum("t")
	x := check("vacuumed")
	for _, name := range []string{"plain", "padded", "text", "nulls"} {
		if ix := w.index(x, name); ix.BloatPct == nil || *ix.BloatPct < 50 || ix.BloatBytes < ix.Bytes/2 {
			t.Errorf("bloat not seen: %+v", ix)
		}
	}
}

func TestExactBloatSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE TABLE t (a int)`)
	w.exec(`CREATE INDEX i ON t (a)`)
	w.exec(`CREATE INDEX h ON t USING hash (a)`)
	for _, name := range []string{"nowhere", "public.t", "h"} {
		if _, err := w.ExactBloat(t.Context(), name); !errors.Is(err, inspect.ErrNoIndex) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.ExactBloat(t.Context(), "i"); !errors.Is(err, inspect.ErrNoStatTuple) {
		t.Error(err)
	}
	w.exec(`CREATE SCHEMA elsewhere; CREATE EXTENSION pgstattuple SCHEMA elsewhere`)
	b, err := w.ExactBloat(t.Context(), "i")
	must(t, err)
	equal(t, "an empty index", b.BloatPct, 0)
	equal(t, "its size", b.Bytes, 8192)
	if _, err := w.as(monitor).ExactBloat(t.Context(), "i"); err == nil || !strings.Contains(err.Error(), "GRANT USAGE ON SCHEMA") {
		t.Error(err)
	}
	w.exec(`GRANT USAGE ON SCHEMA elsewhere TO PUBLIC`)
	if _, err := w.as(monitor).ExactBloat(t.Context(), "i"); err != nil {
		t.Error(err)
	}
	if _, err := w.as(owner).ExactBloat(t.Context(), "i"); err == nil || !strings.Contains(err.Error(), "GRANT pg_monitor TO") {
		t.Error("a role without the right:", err)
	}
}
