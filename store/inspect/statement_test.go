package inspect_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"healthagent/store/inspect"
)

// secret stands for what a person wrote.
const secret = "diagnosis-4711"

func TestStatements(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.exec(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	other := connect(t, w.url)
	for _, sql := range []string{
		`SELECT /* get_thing */ count(*) FROM users WHERE timezone = 'UTC'`,
		`SELECT '` + secret + `'`,
		`SET application_name = '` + secret + `'`,
		`SELECT /* healthagent:mine */ 1`,
		`CREATE TABLE statements_test AS SELECT '` + secret + `' AS a`,
		`NOTIFY c, '` + secret + `'`,
	} {
		must(t, exec(t, other, sql))
	}
	must(t, exec(t, other, `SELECT /* get_thing */ count(*) FROM users WHERE timezone = 'CET'`))
	s, err := w.Statements(t.Context(), 1000)
	must(t, err)
	equal(t, "partial", strings.Join(s.Partial, ";"), "")
	text, err := json.Marshal(s)
	must(t, err)
	if strings.Contains(string(text), secret) {
		t.Errorf("a value came out: %s", text)
	}
	var named inspect.Statement
	sum, utilities := 0.0, 0
	for k, st := range s.Statements {
		sum += st.Pct
		if st.Name == "get_thing" {
			named = st
		}
		if st.Query == "NOTIFY" || st.Query == "SET" || strings.HasPrefix(st.Query, "CREATE TABLE") {
			utilities++
		}
		if strings.HasPrefix(st.Name, "healthagent:") || k > 0 && st.TotalMS > s.Statements[k-1].TotalMS {
			t.Errorf("%+v", st)
		}
	}
	equal(t, "utility statements", utilities, 3)
	equal(t, "calls", named.Calls, 2)
	equal(t, "rows", named.RowsPerCall, 1)
	equal(t, "text", named.Query, "SELECT count(*) FROM users WHERE timezone = $1")
	equal(t, "role", named.Role, other.Config().User)
	equal(t, "since when is known", named.Since != nil, w.major() >= 17)
	equal(t, "hits", named.SharedHit > 0 && named.HitPct != nil, true)
	if sum < 99 || sum > 101 || named.MeanMS <= 0 || named.MeanMS > named.MaxMS {
		t.Errorf("shares make %v; %+v", sum, named)
	}
	if i := s.Info; i.Entries == 0 || i.MaxEntries < i.Entries || i.StatsReset == nil || i.Track != "top" || i.Version == "" {
		t.Errorf("%+v", i)
	}
	s, err = w.Statements(t.Context(), 1)
	must(t, err)
	equal(t, "limit", len(s.Statements), 1)
}

// An extension of before an upgrade of the server has the columns of then.
func TestStatementsOfAnOldExtension(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`DROP EXTENSION IF EXISTS pg_stat_statements`)
	w.exec(`CREATE SCHEMA "Other"; CREATE EXTENSION pg_stat_statements SCHEMA "Other" VERSION '1.9'`)
	must(t, exec(t, connect(t, w.url), `SELECT /* get_thing */ 1`))
	s, err := w.Statements(t.Context(), 1000)
	must(t, err)
	equal(t, "version", s.Info.Version, "1.9")
	for _, st := range s.Statements {
		if st.Name == "get_thing" {
			return
		}
	}
	t.Error("no statement")
}

func TestNoStatements(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`DROP EXTENSION IF EXISTS pg_stat_statements`)
	_, err := w.Statements(t.Context(), 10)
	if !errors.Is(err, inspect.ErrNoStatements) || !strings.Contains(err.Error(), "CREATE EXTENSION pg_stat_statements") {
		t.Error(err)
	}
	if _, err := w.Connections(t.Context()); err != nil {
		t.Errorf("the others go on: %v", err)
	}
}

// A role that may not see the statements of others is told so, and sees its own.
func TestStatementsOfOthers(t *testing.T) {
	t.Parallel()
	w := empty(t)
	w.exec(`CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	plain := w.as(owner)
	must(t, exec(t, connect(t, w.url), `SELECT /* get_theirs */ 1`))
	must(t, exec(t, connect(t, user(t, w.url, owner)), `SELECT /* get_ours */ 1`))
	names := func(i *inspect.Inspector) (string, []string) {
		s, err := i.Statements(t.Context(), 10000)
		must(t, err)
		var all []string
		for _, st := range s.Statements {
			all = append(all, st.Name)
		}
		return fmt.Sprint(all), s.Partial
	}
	all, partial := names(plain)
	if !strings.Contains(all, "get_ours") || strings.Contains(all, "get_theirs") || len(partial) != 1 || !strings.Contains(partial[0], "GRANT pg_monitor TO") {
		t.Errorf("the owner: %s %q", all, partial)
	}
	all, partial = names(w.as(monitor))
	if !strings.Contains(all, "get_ours") || !strings.Contains(all, "get_theirs") || len(partial) != 0 {
		t.Errorf("the monitor: %s %q", all, partial)
	}
}
