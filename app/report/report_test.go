package report_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/report"
	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func inspector(t *testing.T, url string) *inspect.Inspector {
	t.Helper()
	i, err := inspect.Open(inspect.Config{URL: url})
	must(t, err)
	t.Cleanup(i.Close)
	return i
}

// exec runs statements one by one, past everything of ours.
func exec(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	for _, sql := range statements {
		_, err := conn.Exec(t.Context(), sql)
		must(t, err)
	}
}

func engine(t *testing.T, url string) *migrations.Engine {
	t.Helper()
	e, err := schema.NewEngine(migrations.Config{URL: url})
	must(t, err)
	return e
}

// TestBloatedIndexIsFoundAndRebuilt is what the maintenance window does: an index of which most was deleted is found, built anew, and
// then found no more.
func TestBloatedIndexIsFoundAndRebuilt(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	exec(t, url,
		`CREATE TABLE seen (a bigint, b bigint)`,
		`INSERT INTO seen SELECT i, i FROM generate_series(1, 500000) AS i`,
		`CREATE INDEX seen_a ON seen (a)`,
		`CREATE INDEX seen_full ON seen (b)`,
		`DELETE FROM seen WHERE a % 10 <> 0`)
	// in a session of its own: the server counts the dead rows when the one that made them ends
	exec(t, url, `REINDEX INDEX seen_full`, `VACUUM (ANALYZE) seen`)
	i := inspector(t, url)
	names, err := report.Bloated(t.Context(), i)
	must(t, err)
	if !slices.Equal(names, []string{"seen_a"}) {
		t.Fatalf("bloated: %q", names)
	}
	done, err := engine(t, url).Reindex(t.Context(), migrations.ReindexOptions{Index: names[0]})
	must(t, err)
	if done.After*2 > done.Before {
		t.Errorf("%+v", done)
	}
	exec(t, url, `ANALYZE seen`)
	names, err = report.Bloated(t.Context(), i)
	must(t, err)
	if len(names) != 0 {
		t.Errorf("still bloated: %q", names)
	}
}

func TestIndexesNameTheirMigration(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	found, err := report.ReadIndexes(t.Context(), inspector(t, url), schema.Owners(engine(t, url)))
	must(t, err)
	owned := map[string]string{}
	for _, x := range found.Indexes.Indexes {
		owned[x.Name] = x.Migration
	}
	if owned["idx_users_telegram_id_active"] != "017" || owned["users_pkey"] != "" || len(owned) < 20 {
		t.Errorf("%v", owned)
	}
}

// TestPlansAreThoseOfTheMoment: what is remembered of a plan is asked again after a while, so a rollback shows.
func TestPlansAreThoseOfTheMoment(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	plans := report.NewPlans(inspector(t, url), func() time.Time { return now })
	plan := func() string {
		t.Helper()
		q := []store.QueryProfile{{Name: "get_conversation_plain"}, {Name: "unknown"}}
		must(t, plans.Fill(t.Context(), q))
		if q[1].Index+q[1].Node != "" {
			t.Errorf("a plan of nothing: %+v", q[1])
		}
		return q[0].Node + " " + q[0].Index
	}
	const with = "Index Scan idx_conversation_history_user_timestamp"
	if got := plan(); got != with {
		t.Errorf("with the index: %q", got)
	}
	_, err := engine(t, url).Down(t.Context(), migrations.DownOptions{})
	must(t, err)
	if got := plan(); got != with {
		t.Errorf("a plan was asked again at once: %q", got)
	}
	now = now.Add(time.Minute)
	if got := plan(); got == with {
		t.Error("the plan names an index that is gone")
	}
}
