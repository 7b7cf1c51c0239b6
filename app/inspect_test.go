package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/test/rig"
)

// TestWhatTheSocketShowsOfTheDatabase starts on an empty database: the tables are made before READY, the indexes behind it.
func TestWhatTheSocketShowsOfTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL="+rig.EmptyDatabase(t))
	h.start()
	h.manager.await(t, "READY=1")
	h.log.await(t, "migration applied\" version=017")
	h.tg.Say(7, "2 eggs")
	h.awaitReply("egg, 2 large")

	code, doc := h.get("/v1/queries")
	if code != 200 {
		t.Fatalf("queries: %d %v", code, doc)
	}
	named := map[string]map[string]any{}
	for _, q := range doc["queries"].([]any) {
		named[at(q, "name").(string)] = q.(map[string]any)
	}
	if q := named["get_food_totals"]; q == nil || at(q, "calls").(float64) < 1 || at(q, "ms", "p95") == nil ||
		!strings.HasPrefix(at(q, "index").(string), "idx_food_entries_") || at(q, "node") == "" {
		t.Errorf("get_food_totals is %v", q)
	}

	code, doc = h.get("/v1/indexes")
	ours := 0
	for _, x := range doc["indexes"].([]any) {
		if at(x, "migration") == "017" {
			ours++
			if at(x, "valid") != true || at(x, "unused") != false {
				t.Errorf("%v", x)
			}
		}
	}
	if code != 200 || ours != 8 || at(doc, "since") == nil || at(doc, "advice") == nil {
		t.Errorf("indexes: %d, %d of 017: %v", code, ours, doc)
	}
	if code, doc = h.get("/v1/tables"); code != 200 || at(doc, "server", "version") == nil || len(doc["tables"].([]any)) < 11 {
		t.Errorf("tables: %d %v", code, doc)
	}
	code, doc = h.get("/v1/migrations")
	list := doc["migrations"].([]any)
	if code != 200 || at(doc, "auto") != true || at(list[len(list)-1], "version") != "017" || at(list[len(list)-1], "state") != "applied" {
		t.Errorf("migrations: %d %v", code, doc)
	}
	if text, _ := at(doc, "work", "text").(string); text != "the indexes of the migrations are there" {
		t.Errorf("work is %v", at(doc, "work"))
	}
	h.end()
}

// TestHeldIndexesStayAway: what somebody took back is not undone by a start, and the daemon says so.
func TestHeldIndexesStayAway(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	engine, err := schema.NewEngine(migrations.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Down(t.Context(), migrations.DownOptions{}); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, "DATABASE_URL="+url)
	h.start()
	h.manager.await(t, "READY=1")
	h.awaitComponent("indexes", "migration 017 is held and left alone")
	h.tg.Say(7, "2 eggs")
	h.awaitReply("egg, 2 large") // slower, and all the same
	h.end()
}

// TestBuildThatCannotBeDoneIsAWarning: an index of the right name and another definition is somebody's; people are served.
func TestBuildThatCannotBeDoneIsAWarning(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	engine, err := schema.NewEngine(migrations.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Down(t.Context(), migrations.DownOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := engine.Release(t.Context(), "017"); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `CREATE INDEX idx_food_entries_user_name ON food_entries (food_name)`); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, "DATABASE_URL="+url)
	h.start()
	h.manager.await(t, "READY=1")
	h.awaitComponent("indexes", "exists with another definition")
	if code, doc := h.get("/readyz"); code != 200 || at(doc, "status") != "degraded" {
		t.Errorf("readyz: %d %v", code, doc)
	}
	h.end()
}

// awaitComponent asks /readyz until a component says the text.
func (h *house) awaitComponent(name, text string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	for {
		_, doc := h.get("/readyz")
		if said, _ := at(doc, "components", name, "text").(string); strings.Contains(said, text) {
			return
		}
		if !wait(ctx, 20*time.Millisecond) {
			_, doc := h.get("/readyz")
			h.t.Fatalf("%s never said %q: %v; the log:\n%s", name, text, doc, h.log)
		}
	}
}

// TestALentPoolIsNoServerThatIsAway: the server answers others, so the daemon does not say of it that it does not.
func TestALentPoolIsNoServerThatIsAway(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	h := newHouse(t, "DATABASE_URL="+url, "HEALTHAGENT_POOL_MIN=2", "HEALTHAGENT_POOL_MAX=2")
	h.start()
	h.log.await(t, "this process works for the bot")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE inbox, outbox`); err != nil {
		t.Fatal(err)
	}
	h.tg.Say(7, "2 eggs")
	h.awaitComponent("postgresql", "no connection came free in 1s: all 2 are lent")
	if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	h.awaitReply("egg, 2 large")
	h.end()
}
