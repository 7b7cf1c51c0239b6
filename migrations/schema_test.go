package migrations_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// schema returns pg_dump's view of the schema without what differs by run. A
// server that is newer than every installed pg_dump, which refuses it, is asked
// for its catalog instead: two schemas compare equal by it, too.
func schema(t *testing.T, url string) string {
	t.Helper()
	cmd := exec.Command(client(t, "pg_dump"), "--schema-only", "--dbname", url) //nolint:gosec // the test's own database
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil && strings.Contains(errs.String(), "server version mismatch") {
		return catalog(t, url)
	}
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, errs.String())
	}
	var keep []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, `\restrict`) && !strings.HasPrefix(line, `\unrestrict`) {
			keep = append(keep, line)
		}
	}
	return strings.Join(keep, "")
}

// catalog returns one line for every object of the schema public, with all that
// makes it what it is.
func catalog(t *testing.T, url string) string {
	t.Helper()
	return value[string](t, url, `
WITH relation AS (
    SELECT oid, relname::text AS name, relkind, relacl, reloptions, relpersistence, relreplident, relrowsecurity
      FROM pg_class WHERE relnamespace = 'public'::regnamespace
), object (line) AS (
    SELECT concat_ws(' ', 'relation', name, relkind, relacl, reloptions, relpersistence, relreplident, relrowsecurity,
                     pg_get_userbyid((SELECT relowner FROM pg_class AS c WHERE c.oid = r.oid)), obj_description(oid, 'pg_class'))
      FROM relation AS r
    UNION ALL
    SELECT concat_ws(' ', 'columns', name, string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull,
                     nullif(attidentity, ''), nullif(attgenerated, ''), pg_get_expr(adbin, adrelid), nullif(attcollation, 0),
                     attstorage, nullif(attcompression, ''), attstattarget, attacl, attoptions,
                     col_description(attrelid, attnum)), ', ' ORDER BY attnum))
      FROM relation AS r JOIN pg_attribute AS a ON attrelid = r.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum GROUP BY name
    UNION ALL
    SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid, indisclustered, indisreplident)
      FROM pg_index JOIN relation ON oid = indexrelid
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint'))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(g.oid), tgenabled) FROM pg_trigger AS g JOIN relation AS r ON tgrelid = r.oid
     WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'function', pg_get_functiondef(oid), proacl, obj_description(oid, 'pg_proc'))
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
    UNION ALL
    SELECT concat_ws(' ', 'type', typname, typtype, format_type(typbasetype, typtypmod), typacl,
                     (SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
      FROM pg_type AS t WHERE typnamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'sequence', name, format_type(seqtypid, NULL), seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle)
      FROM pg_sequence JOIN relation ON oid = seqrelid
    UNION ALL
    SELECT concat_ws(' ', 'view', name, pg_get_viewdef(oid)) FROM relation WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext WHERE stxnamespace = 'public'::regnamespace)
SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM object`)
}
