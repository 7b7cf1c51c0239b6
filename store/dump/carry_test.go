package dump_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

// settled is all that belongs to a database and to none of its tables, in one text.
func settled(t *testing.T, admin *pgx.Conn, name string) string {
	t.Helper()
	var out string
	err := admin.QueryRow(t.Context(), `
SELECT concat_ws(E'\n', pg_get_userbyid(datdba), datconnlimit, pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, dattablespace,
       shobj_description(oid, 'pg_database'),
       (SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM unnest(datacl) AS x),
       (SELECT string_agg(coalesce(rolname, '') || ': ' || array_to_string(ARRAY(SELECT unnest(setconfig) ORDER BY 1), ' | '), E'\n' ORDER BY rolname)
        FROM pg_db_role_setting LEFT JOIN pg_roles ON pg_roles.oid = setrole WHERE setdatabase = d.oid))
FROM   pg_database AS d
WHERE  datname = $1`, name).Scan(&out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRestoreCarriesOverWhatIsSettledOfTheDatabase(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	server.Migrate()
	url := server.URL()
	su := superuser(t, url)
	exec(t, su, `CREATE DATABASE plain`) // for the roles to be made in
	for _, sql := range []string{
		`CREATE ROLE reader`, `CREATE ROLE "Odd ""Name"`,
		`ALTER DATABASE healthagent CONNECTION LIMIT 77`,
		`COMMENT ON DATABASE healthagent IS E'it''s a \\ comment'`,
		`ALTER DATABASE healthagent SET statement_timeout = '65s'`,
		`ALTER DATABASE healthagent SET search_path = public, "$user", "Odd, ""Schema"`,
		`ALTER DATABASE healthagent SET timezone = 'Asia/Kolkata'`,
		`ALTER DATABASE healthagent SET default_transaction_read_only = on`,
		`ALTER ROLE healthagent IN DATABASE healthagent SET work_mem = '7MB'`,
		`REVOKE CONNECT, TEMPORARY ON DATABASE healthagent FROM PUBLIC`,
		`GRANT CONNECT ON DATABASE healthagent TO reader WITH GRANT OPTION`,
		`GRANT TEMPORARY ON DATABASE healthagent TO "Odd ""Name"`,
	} {
		exec(t, su, sql)
	}
	path, m := write(t, url)
	was := settled(t, su, "healthagent")
	done, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &m})
	if err != nil || len(done.Warnings) > 0 {
		t.Fatal(done.Warnings, err)
	}
	if is := settled(t, su, "healthagent"); is != was {
		t.Errorf("was\n%s\nis\n%s", was, is)
	}
	if !strings.Contains(was, "65s") || !strings.Contains(was, "reader=c*/healthagent") {
		t.Errorf("nothing was settled: %s", was)
	}

	// what only a superuser may do is told, and the rest is done
	exec(t, su, `ALTER DATABASE healthagent SET log_min_duration_statement = '1s'`)
	exec(t, su, `ALTER ROLE reader IN DATABASE healthagent SET work_mem = '9MB'`)
	if done, err = dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &m}); err != nil {
		t.Fatal(err)
	}
	if len(done.Warnings) != 2 || !strings.Contains(done.Warnings[0], "log_min_duration_statement") || !strings.Contains(done.Warnings[1], "work_mem of the role reader") {
		t.Errorf("warnings %q", done.Warnings)
	}
	if is := settled(t, su, "healthagent"); is != was {
		t.Errorf("was\n%s\nis\n%s", was, is)
	}
}

// superuser connects to the maintenance database of a private server as the one who may do everything.
func superuser(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	c.Database, c.User = "postgres", "postgres"
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestRestoreKeepsTheEncodingAndTheLocale(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	su := superuser(t, server.URL())
	locales := []string{"LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'SQL_ASCII'", "LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'"}
	for i, locale := range locales {
		name := fmt.Sprintf("other%d", i)
		exec(t, su, "CREATE DATABASE "+name+" OWNER healthagent TEMPLATE template0 "+locale)
		url := strings.Replace(server.URL(), "/healthagent?", "/"+name+"?", 1)
		do(t, url, `CREATE TABLE t (a text)`, `INSERT INTO t VALUES ('x')`)
		path, m := write(t, url)
		was := settled(t, su, name)
		if _, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: url, Path: path, Manifest: &m}); err != nil {
			t.Fatal(locale, err)
		}
		if is := settled(t, su, name); is != was {
			t.Errorf("%s: was\n%s\nis\n%s", locale, was, is)
		}
	}
	// what somebody has put into template1 is no part of a restore
	template := strings.NewReplacer("/healthagent?", "/template1?", "user=healthagent", "user=postgres").Replace(server.URL())
	do(t, template, `CREATE TABLE in_the_way (a int)`)
	path, m := write(t, server.URL())
	if _, err := dump.Restore(t.Context(), dump.RestoreOptions{URL: server.URL(), Path: path, Manifest: &m}); err != nil {
		t.Error(err)
	}
	if names := beside(t, su, "healthagent"); len(slices.DeleteFunc(names, func(n string) bool { return strings.Contains(n, "_before_") })) > 0 {
		t.Errorf("left: %v", names)
	}
}
