package dump_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"healthagent/store/dump"
)

func TestEnvironSaysWhatTheURLSays(t *testing.T) {
	cert := filepath.Join(t.TempDir(), "root.crt")
	if err := os.WriteFile(cert, []byte(authority), 0o600); err != nil {
		t.Fatal(err)
	}
	service := filepath.Join(t.TempDir(), "service")
	text := "[main]\nhost=db.example\nport=6000\nuser=anna\npassword=from the service\ndbname=coach\nsslmode=require\n"
	if err := os.WriteFile(service, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// what the process itself was told must not bend what the URL says
	t.Setenv("PGHOST", "elsewhere")
	t.Setenv("PGHOSTADDR", "192.0.2.1")
	t.Setenv("PGSSLMODE", "disable")
	t.Setenv("TELEGRAM_TOKEN", "123:secret")
	t.Setenv("NOTIFY_SOCKET", "/run/notify")
	for address, want := range map[string]string{
		"postgres://anna:p%40ss@db.example:6543/coach?sslmode=verify-full&sslrootcert=" + cert: "PGHOST=db.example PGPORT=6543 PGUSER=anna PGPASSWORD=p@ss PGDATABASE=coach PGSSLMODE=verify-full PGSSLROOTCERT=" + cert,
		"postgres://anna@/coach?host=/run/postgresql&port=5433":                                "PGHOST=/run/postgresql PGPORT=5433 PGUSER=anna PGDATABASE=coach",
		"postgresql://anna@a.example:1,b.example:2/coach?sslmode=prefer":                       "PGHOST=a.example,b.example PGPORT=1,2 PGSSLMODE=prefer",
		"postgres://anna@db.example/coach?ssl=true":                                            "PGSSLMODE=require",
		"postgres://anna@db.example/coach?connect_timeout=3&role=the%20owner":                  `PGCONNECT_TIMEOUT=3 PGOPTIONS=-c_role=the\_owner`,
		`host = db.example user='an\'na' password='a b\\c' dbname=co\ ach sslmode=require`:     `PGHOST=db.example PGUSER=an'na PGPASSWORD=a_b\c PGDATABASE=co_ach PGSSLMODE=require PGCONNECT_TIMEOUT=10`,
		"service=main servicefile=" + service + " port=7000":                                   "PGHOST=db.example PGPORT=7000 PGUSER=anna PGPASSWORD=from_the_service PGDATABASE=coach PGSSLMODE=require",
		"postgres://anna@db.example/coach?options=-c%20geqo%3Doff":                             "PGOPTIONS=-c_geqo=off",
	} {
		environ, err := dump.Environ(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		got := map[string]string{}
		for _, entry := range environ {
			name, value, _ := strings.Cut(entry, "=")
			got[name] = strings.ReplaceAll(value, " ", "_") // the last one counts, as for the program
		}
		for entry := range strings.FieldsSeq(want) {
			name, value, _ := strings.Cut(entry, "=")
			if got[name] != value {
				t.Errorf("%s: %s is %q, want %q", address, name, got[name], value)
			}
		}
		for _, name := range []string{"TELEGRAM_TOKEN", "NOTIFY_SOCKET", "PGHOSTADDR", "PGSERVICE"} {
			if value, there := got[name]; there {
				t.Errorf("%s: it has %s=%s", address, name, value)
			}
		}
	}
	for _, address := range []string{"postgres://a:secret@[::1/x", "host=x sslpassword=secret", "service=nobody servicefile=" + service, "keyword"} {
		if _, err := dump.Environ(address); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestReasonsQuoteNoRows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"pg_dump: error: connection to server failed: FATAL:  no\n": "connection to server failed: FATAL:  no",
		"pg_restore: connecting\npg_restore: error: COPY failed for table \"users\": ERROR:  invalid input syntax for type bigint: \"my secret\"\nCONTEXT:  COPY users, line 1: \"my secret\"\n": `COPY failed for table "users": ERROR:  invalid input syntax for type bigint`,
		"pg_restore: error: could not execute query: ERROR:  duplicate key value violates unique constraint \"users_pkey\"\nDETAIL:  Key (telegram_id)=(1) already exists.\n":                    `could not execute query: ERROR:  duplicate key value violates unique constraint "users_pkey"`,
		"sh: no such thing\n": "sh: no such thing",
		"":                    "",
	} {
		if got, fine := dump.Reason(text, ""); got != want || fine {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got, _ := dump.Reason(strings.Repeat("x", 40000)+"\n"+strings.Repeat("y", 40000), ""); len(got) != 16<<10 {
		t.Errorf("%d bytes", len(got))
	}
	const known = "pg_restore: error: could not execute query: ERROR:  no parameter x\nCommand was: SET x = 0;\n\n"
	for text, want := range map[string]bool{
		known + "pg_restore: warning: errors ignored on restore: 1\n":                             true,
		known + "pg_restore: warning: errors ignored on restore: 2\n":                             false,
		known + "pg_restore: error: another\npg_restore: warning: errors ignored on restore: 1\n": false,
		known: false,
		"pg_restore: warning: errors ignored on restore: 0\n": false,
	} {
		if reason, fine := dump.Reason(text, "no parameter x"); fine != want {
			t.Errorf("%q: %v, %q", text, fine, reason)
		}
	}
}

func TestNamesAreSplitAndCut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`public`: {"public"}, `"$user", public`: {"$user", "public"}, `"a, ""b""",c`: {`a, "b"`, "c"}, `""`: {""}, ``: {""},
	} {
		if got := dump.SplitNames(text); !slices.Equal(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
	long := strings.Repeat("ä", 40)
	for _, tail := range []string{"_verify_p4194304_2", "_new_p4194304_99", "_before_20261125_211228_2"} {
		got := dump.Named(long, tail)
		if len(got) > 63 || !strings.HasSuffix(got, tail) || !strings.HasPrefix(got, strings.Repeat("ä", 18)) || strings.Contains(got, "\uFFFD") {
			t.Errorf("%q", got)
		}
	}
}

// authority is a certificate that only has to be readable.
const authority = `-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIURoaEQv4PT0f56z2mb+wiDx8pWf8wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAgFw0yNjExMjUyMjIyMzNaGA8yMTI2MTEwMTIyMjIzM1ow
DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCzaB5Pn/ttn
EPMjXeAnYDlJ47E9LylVQhW317Z4yl1XS4TYpQQEvvjfw1+WpRJR7tgaf5JuQ261
T7Pse5ej1y+jUzBRMB0GA1UdDgQWBBTEjUnmRU/W68vexbFhzHtmPBb33zAfBgNV
HSMEGDAWgBTEjUnmRU/W68vexbFhzHtmPBb33zAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0cAMEQCIAD3NwxPFi/KSoqhEtDyFazgFyLoAUOmoenMLXhJh914
AiAgnUatIkQiMkk9Nl6B1EZ8esPncN9w1w7Kr5zQLo29DA==
-----END CERTIFICATE-----
`
