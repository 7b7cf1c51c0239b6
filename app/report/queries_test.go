package report_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"healthagent/app/report"
	"healthagent/store"
	"healthagent/test/rig"
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
