package report_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/report"
	"healthagent/store"
	"healthagent/test/rig"
	"healthagent/tui/source"
)

// TestQueriesOfAServerThatHangs: the figures of the process are there whatever the server does, before who asks has given up.
func TestQueriesOfAServerThatHangs(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	server.Migrate()
	s, err := store.Open(t.Context(), store.Config{URL: server.URL()})
	must(t, err)
	t.Cleanup(s.Close)
	must(t, s.Ping(t.Context()))
	plans := report.NewPlans(inspector(t, server.URL()), time.Now)
	server.Freeze()
	defer server.Thaw()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // as the admin socket has it
	defer cancel()
	q := report.ReadQueries(ctx, s, plans, time.Now())
	if ctx.Err() != nil {
		t.Error("who asked has given up meanwhile")
	}
	if !slices.ContainsFunc(q.Queries, func(p store.QueryProfile) bool { return p.Name == "ping" }) || len(q.Partial) != 2 {
		t.Errorf("queries %+v, partial %q", q.Queries, q.Partial)
	}
}

// TestPlansOutliveWhoAskedFirst: somebody who goes away while plans are asked for leaves no error to those who come after.
func TestPlansOutliveWhoAskedFirst(t *testing.T) {
	t.Parallel()
	plans := report.NewPlans(inspector(t, rig.Postgres(t)), time.Now)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := plans.Fill(gone, nil); err == nil {
		t.Error("a plan was had by nobody")
	}
	must(t, plans.Fill(t.Context(), nil))
}

// TestPlansOfSmallTables: on a table that is read through in no time nothing is wrong with a plan that does so, while its index is there.
func TestPlansOfSmallTables(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	db, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	exec := func(sql string) {
		t.Helper()
		_, err := db.Exec(t.Context(), sql)
		must(t, err)
	}
	exec(`INSERT INTO users (telegram_id, subscription_status) SELECT i, 'active' FROM generate_series(1, 3) AS i`)
	exec(`INSERT INTO user_gamification (user_id, total_xp) SELECT telegram_id, 10 FROM users`)
	exec(`ANALYZE`)
	i := inspector(t, url)
	const leaderboard, index = "get_leaderboard", "idx_user_gamification_xp_desc"
	look := func() (report.Reading, source.Plan) {
		t.Helper()
		found, err := report.NewPlans(i, time.Now).Read(t.Context(), 0)
		must(t, err)
		plan, err := report.ReadPlan(t.Context(), i, leaderboard, time.Now())
		must(t, err)
		return found[leaderboard], plan
	}
	if r, p := look(); r.Index == index || !r.Small || p.Uses || p.Expected != index || !p.Small {
		t.Errorf("%+v, %+v", r, p)
	}
	exec(`DROP INDEX ` + index)
	if r, p := look(); r.Small || p.Small {
		t.Errorf("without its index: %+v, %+v", r, p)
	}
}
