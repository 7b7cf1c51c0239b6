package acts_test

import (
	"strings"
	"testing"

	"healthagent/migrations"
	"healthagent/tui/source"
)

const foodName = "idx_food_entries_user_name"

func TestOneIndexGoesAndComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	act := on(source.OnIndex, foodName, source.Drop)
	p := w.preview(act)
	if len(p.Indexes) != 1 || p.Indexes[0].Name != foodName || p.Title != "DROP "+foodName+" ?" || !strings.Contains(p.SQL, "DROP INDEX CONCURRENTLY IF EXISTS") {
		t.Errorf("%s", encoded(t, p))
	}
	if len(p.Queries) != 1 || p.Queries[0].Name != "get_food_favourites" || p.Queries[0].Now == "" { // those of the other seven do not lose anything
		t.Errorf("%s", encoded(t, p.Queries))
	}
	run := w.do(act)
	if run.State != source.RunDone || len(run.Steps) != 1 || run.Steps[0].Name != foodName || run.Steps[0].Bytes == 0 || run.Freed == 0 || run.Undo.Verb != source.Build {
		t.Errorf("%s", encoded(t, run))
	}
	if e := w.entry(17); e.State != migrations.Applied || strings.Join(e.Held, " ") != foodName || len(w.indexes()) != 7 {
		t.Errorf("%+v, %v", e, w.indexes())
	}
	if q, err := w.Preview(t.Context(), root(), act); err != nil || !strings.Contains(q.Refused, "is not there") {
		t.Errorf("again: %v %q", err, q.Refused)
	}
	built := w.do(*run.Undo)
	if built.State != source.RunDone || built.Title != "BUILT "+foodName || built.Steps[0].Bytes == 0 || built.Undo.Verb != source.Drop {
		t.Errorf("%s", encoded(t, built))
	}
	if e := w.entry(17); len(e.Held) != 0 || len(w.indexes()) != 8 {
		t.Errorf("%+v, %v", e, w.indexes())
	}
}

func TestACancelledDropOfOneIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, release := w.hold(`SELECT count(*) FROM food_entries`)
	id := w.begin(on(source.OnIndex, foodName, source.Drop))
	w.await("it waits", func() bool { return len(w.run(id).Blockers) == 1 })
	p := w.preview(on(source.OnIndex, foodName, source.Cancel))
	if _, err := w.Do(t.Context(), root(), p.Act, p.Token, ""); err != nil {
		t.Fatal(err)
	}
	run := w.over(id)
	if run.State != source.RunPartial || run.Finish.Verb != source.Drop || run.Restore.Verb != source.Build || run.Restore.Name != foodName {
		t.Errorf("%s", encoded(t, run))
	}
	release()
	if out := w.do(*run.Restore); out.State != source.RunDone || len(w.indexes()) != 8 {
		t.Errorf("%s, %v", encoded(t, out), w.indexes())
	}
	w.wantState(17, migrations.Applied)
}

func TestRebuildingAnIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, index := range []string{foodName, "users_pkey"} {
		run := w.do(on(source.OnIndex, index, source.Reindex))
		if run.State != source.RunDone || run.Title != "REBUILT "+index || run.Undo != nil || !strings.Contains(run.Summary, "before") {
			t.Errorf("%s", encoded(t, run))
		}
	}
}

// TestWhatARebuildLeft is dropped, and nothing else that no migration makes.
func TestWhatARebuildLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1), (2)`)
	w.exec(`INSERT INTO food_entries (user_id, food_name, grams, calories, protein, carbs, fat) SELECT telegram_id, 'x', 1, 1, 1, 1, 1 FROM users`)
	if _, err := w.conn().Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY `+foodName+`_ccnew ON food_entries (food_name)`); err == nil {
		t.Fatal("duplicates were accepted")
	}
	act := on(source.OnIndex, foodName+"_ccnew", source.Drop)
	p := w.preview(act)
	if p.Indexes[0].Note != "INVALID" || !strings.Contains(p.Summary, "left behind") {
		t.Errorf("%s", encoded(t, p))
	}
	run := w.do(act)
	if run.State != source.RunDone || len(w.indexes()) != 8 {
		t.Errorf("%s, %v", encoded(t, run), w.indexes())
	}
	if run.Undo != nil || strings.Contains(run.Summary, "HELD") {
		t.Errorf("nothing can build it again, and the ledger has no place for it: %s", encoded(t, run))
	}
}

// TestARebuildThatWasCut at its end leaves the index that it was when somebody is in the way of its drop too, and that is said.
func TestARebuildThatWasCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, release := w.hold(`SELECT count(*) FROM food_entries`)
	defer release()
	id := w.begin(on(source.OnIndex, foodName, source.Reindex))
	w.await("it waits", func() bool { return len(w.run(id).Blockers) == 1 })
	p := w.preview(on(source.OnIndex, foodName, source.Cancel))
	has(t, p, source.Warn, "else it is left INVALID")
	if _, err := w.Do(t.Context(), root(), p.Act, p.Token, ""); err != nil {
		t.Fatal(err)
	}
	run := w.over(id)
	if run.State != source.RunFailed || !strings.Contains(run.Summary, "the index is rebuilt, and what it was is left behind as "+foodName+"_ccold") {
		t.Errorf("%s, %v", encoded(t, run), w.indexes())
	}
	release()
	if out := w.do(on(source.OnIndex, foodName+"_ccold", source.Drop)); out.State != source.RunDone || len(w.indexes()) != 8 {
		t.Errorf("%s, %v", encoded(t, out), w.indexes())
	}
}
