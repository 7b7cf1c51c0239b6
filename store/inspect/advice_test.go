package inspect

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// index is a sound one that nobody uses.
func unused(name string, change ...func(*Index)) Index {
	ix := Index{Schema: "public", Table: "t", Name: name, Method: "btree", Bytes: 1 << 20, Valid: true, Ready: true, Unused: true, UnusedReason: "not used"}
	for _, f := range change {
		f(&ix)
	}
	return ix
}

func percent(v float64) *float64 { return &v }

func seconds(d time.Duration) *Seconds {
	s := Seconds(d.Seconds())
	return &s
}

func TestAdviceOnIndexes(t *testing.T) {
	t.Parallel()
	owned := map[string]string{"ours": "017_performance_indexes", "ours_twice": "017_performance_indexes", "ours_broken": "017_performance_indexes"}
	redundant := func(with, kind string) func(*Index) {
		return func(ix *Index) { ix.RedundantWith, ix.RedundantKind = with, kind }
	}
	broken := func(ix *Index) { ix.Valid, ix.State, ix.Unused = false, "a build that failed", false }
	used := func(ix *Index) { ix.Unused = false }
	for name, c := range map[string]struct {
		indexes []Index
		want    []string // code, remedy
	}{
		"unused":           {[]Index{unused("a")}, []string{"index_unused", `DROP INDEX CONCURRENTLY "public"."a"`}},
		"used":             {[]Index{unused("a", used)}, nil},
		"of a migration":   {[]Index{unused("ours")}, []string{"index_unused", "healthagent migrate down 017 --index ours"}},
		"a key":            {[]Index{unused("a", func(ix *Index) { ix.Primary = true })}, nil},
		"a constraint":     {[]Index{unused("a", func(ix *Index) { ix.Constraint = true })}, nil},
		"replica identity": {[]Index{unused("a", func(ix *Index) { ix.ReplicaIdentity = true })}, nil},
		"a foreign key":    {[]Index{unused("a", func(ix *Index) { ix.ServesFK = true })}, nil},
		"a partition":      {[]Index{unused("a", func(ix *Index) { ix.Partition = true })}, nil},
		"unique":           {[]Index{unused("a", func(ix *Index) { ix.Unique = true })}, nil},
		"redundant, and unused": {
			[]Index{unused("a", redundant("b", "prefix")), unused("b", used)},
			[]string{"index_redundant", `DROP INDEX CONCURRENTLY "public"."a"`},
		},
		"used, and all that an unused one does": { // both going would leave its queries without any
			[]Index{unused("a", used, redundant("b", "prefix")), unused("b")},
			[]string{"index_redundant", `DROP INDEX CONCURRENTLY "public"."a"`},
		},
		"a chain": {
			[]Index{unused("a", used, redundant("b", "prefix")), unused("b", used, redundant("c", "prefix")), unused("c")},
			[]string{"index_redundant", `DROP INDEX CONCURRENTLY "public"."a"`, "index_redundant", `DROP INDEX CONCURRENTLY "public"."b"`},
		},
		"redundant, and of a constraint": {[]Index{unused("a", redundant("b", "prefix"), func(ix *Index) { ix.Constraint = true }), unused("b", used)}, nil},
		"a second unique one": {
			[]Index{unused("a", redundant("b", "duplicate"), func(ix *Index) { ix.Unique = true }), unused("b", used)},
			[]string{"index_redundant", `DROP INDEX CONCURRENTLY "public"."a"`},
		},
		"somebody's copy of one of a migration": {
			[]Index{unused("ours", used), unused("theirs", redundant("ours", "duplicate"))},
			[]string{"index_redundant", `DROP INDEX CONCURRENTLY "public"."theirs"`},
		},
		"one of a migration that copies somebody's": {
			[]Index{unused("ours", redundant("theirs", "duplicate")), unused("theirs")},
			[]string{"index_redundant", `DROP INDEX CONCURRENTLY "public"."theirs"`},
		},
		"two of a migration that copy somebody's": {
			[]Index{unused("ours", redundant("theirs", "duplicate")), unused("ours_twice", used, redundant("theirs", "duplicate")), unused("theirs", used)},
			[]string{"index_redundant", `DROP INDEX CONCURRENTLY "public"."theirs"`},
		},
		"one of a migration that copies a key": {
			[]Index{unused("ours", redundant("key", "duplicate")), unused("key", func(ix *Index) { ix.Primary = true })},
			[]string{"index_redundant", "healthagent migrate down 017 --index ours"},
		},
		"broken":                      {[]Index{unused("a", broken)}, []string{"index_invalid", `DROP INDEX CONCURRENTLY "public"."a"`}},
		"broken, of a migration":      {[]Index{unused("ours_broken", broken)}, []string{"index_invalid", `REINDEX INDEX CONCURRENTLY "public"."ours_broken"`}},
		"broken, of a constraint":     {[]Index{unused("a", broken, func(ix *Index) { ix.Constraint = true })}, []string{"index_invalid", `REINDEX INDEX CONCURRENTLY "public"."a"`}},
		"broken, and unique":          {[]Index{unused("a", broken, func(ix *Index) { ix.Unique = true })}, []string{"index_invalid", `REINDEX INDEX CONCURRENTLY "public"."a"`}},
		"being built":                 {[]Index{unused("a", broken, func(ix *Index) { ix.Building = true })}, nil},
		"left over":                   {[]Index{unused("a_ccnew", broken, func(ix *Index) { ix.Leftover = true })}, []string{"index_leftover", `DROP INDEX CONCURRENTLY "public"."a_ccnew"`}},
		"bloated":                     {[]Index{unused("a", used, func(ix *Index) { ix.Bytes, ix.BloatPct, ix.BloatBytes = 8<<20, percent(50), 4<<20 })}, []string{"index_bloat", `REINDEX INDEX CONCURRENTLY "public"."a"`}},
		"bloated, and small":          {[]Index{unused("a", used, func(ix *Index) { ix.Bytes, ix.BloatPct = 8<<20-1, percent(99) })}, nil},
		"a little bloated":            {[]Index{unused("a", used, func(ix *Index) { ix.Bytes, ix.BloatPct = 1<<30, percent(49.9) })}, nil},
		"bloated, and an exclusion":   {[]Index{unused("a", used, func(ix *Index) { ix.Bytes, ix.BloatPct, ix.Exclusion = 1<<30, percent(90), true })}, nil},
		"bloated, but better dropped": {[]Index{unused("a", func(ix *Index) { ix.Bytes, ix.BloatPct = 1<<30, percent(90) })}, []string{"index_unused", `DROP INDEX CONCURRENTLY "public"."a"`}},
	} {
		var got []string
		for _, a := range adviseIndexes(c.indexes, owned) {
			got = append(got, string(a.Code), a.Remedy)
			drops, rebuilds := strings.HasPrefix(a.Remedy, "DROP"), strings.HasPrefix(a.Remedy, "REINDEX")
			if strings.Contains(a.Remedy, "ours") && !strings.Contains(a.Text, "017_performance_indexes") {
				t.Errorf("%s: it does not say whose it is: %s", name, a.Text)
			}
			if a.Reindex != rebuilds || drops && a.BytesSaved == 0 || a.Text == "" || a.Subject == "" {
				t.Errorf("%s: %+v", name, a)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAdviceOnTheRest(t *testing.T) {
	t.Parallel()
	off := Server{Settings: []Setting{{Name: "autovacuum", Value: "off"}}}
	for name, c := range map[string]struct {
		evidence Evidence
		want     []string // code, remedy
	}{
		"nothing": {Evidence{}, nil},
		"autovacuum": {
			Evidence{Server: off, Tables: Tables{Tables: []Table{{Schema: "s", Name: "t"}, {Name: "u", AutovacuumEnabled: true}}}},
			[]string{"autovacuum_off", "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf()", "autovacuum_off", `ALTER TABLE "s"."t" RESET (autovacuum_enabled)`},
		},
		"stale": {
			Evidence{Tables: Tables{Tables: []Table{{Schema: "s", Name: "t", AutovacuumEnabled: true, StaleStatistics: true}}}},
			[]string{"stale_statistics", `ANALYZE "s"."t"`},
		},
		"foreign key": {
			Evidence{Tables: Tables{Tables: []Table{{AutovacuumEnabled: true, MissingFK: []ForeignKey{
				{Table: "t", Columns: []string{"a b", "c"}}, {Table: "t", Columns: []string{"d", "e"}, Partly: "t_pkey"},
			}}}}},
			[]string{"missing_fk_index", `CREATE INDEX CONCURRENTLY ON t ("a b", "c")`},
		},
		"not valid": {
			Evidence{Server: Server{NotValid: []NotValid{{Table: "t", Name: "c"}}}},
			[]string{"not_valid", `ALTER TABLE t VALIDATE CONSTRAINT "c"`},
		},
		"wraparound": {
			Evidence{Server: Server{
				Wraparound: []Wraparound{{PctToForced: 150, OfThis: true}, {PctToWrap: 40}, {PctToForced: 149, PctToWrap: 39}}, Oldest: []OldTable{{Table: "t"}, {Table: "u"}},
			}},
			[]string{"wraparound", "VACUUM (FREEZE, ANALYZE) t", "wraparound", "VACUUM (FREEZE, ANALYZE)"},
		},
		"holders": {
			Evidence{Activity: Activity{Holders: []XminHolder{
				{Kind: "session", PID: 7, SinceS: seconds(time.Hour)},
				{Kind: "session", PID: 8, SinceS: seconds(time.Minute)},
				{Kind: "prepared", Name: "it's", SinceS: seconds(time.Hour)},
				{Kind: "slot", Name: "a", State: "inactive", XminAge: 2_000_000},
				{Kind: "slot", Name: "b", State: "active", XminAge: 2_000_000},
			}}},
			[]string{
				"xmin_holder", "SELECT pg_terminate_backend(7)", "xmin_holder", "ROLLBACK PREPARED 'it''s'",
				"xmin_holder", "SELECT pg_drop_replication_slot('a')",
			},
		},
	} {
		var got []string
		for _, a := range Advise(c.evidence, nil) {
			got = append(got, string(a.Code), a.Remedy)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
