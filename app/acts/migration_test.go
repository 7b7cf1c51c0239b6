package acts_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"healthagent/app/admin"
	"healthagent/app/fault"
	"healthagent/migrations"
	"healthagent/tui/source"
)

func has(t testing.TB, p source.Preview, v source.Verdict, part string) {
	t.Helper()
	for _, c := range p.Checks {
		if c.Verdict == v && strings.Contains(c.Text, part) {
			return
		}
	}
	t.Errorf("no check %q with %q among %+v", v, part, p.Checks)
}

func TestRollbackAndItsUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.preview(migration("17", source.Rollback))
	if p.Act.Name != "017" || p.Title != "ROLL BACK 017 ?" || p.Class != "index-only" || len(p.Indexes) != 8 || p.Confirm != "" || p.AppliedAt == nil {
		t.Errorf("preview %s", encoded(t, p))
	}
	has(t, p, source.OK, "down covers up 8/8")
	has(t, p, source.OK, "no other runner")
	has(t, p, source.OK, "is what was applied")
	has(t, p, source.OK, "no rows are lost")
	if p.NoTrial != "" || len(p.Queries) == 0 || p.Queries[0].Now == "" || p.Queries[0].After == "" {
		t.Errorf("trial: %q %+v", p.NoTrial, p.Queries)
	}
	if raw := encoded(t, p); strings.Contains(raw, "null,") && strings.Contains(raw, `"checks": null`) {
		t.Error(raw)
	}

	id, err := w.Do(t.Context(), root(), p.Act, p.Token, "")
	must(t, err)
	run := w.over(id)
	if run.State != source.RunDone || run.Title != "ROLLED BACK 017" || len(run.Steps) != 8 || run.Freed == 0 || run.By != "uid 0 (root) from 203.0.113.9" ||
		run.Undo == nil || run.Undo.Verb != source.Apply || !strings.Contains(run.Summary, "8 of 8 indexes dropped") || run.Watch == nil {
		t.Errorf("run %s", encoded(t, run))
	}
	for _, s := range run.Steps {
		if s.State != source.StepDone || s.Bytes == 0 || !strings.HasPrefix(s.Name, "idx_") {
			t.Errorf("step %+v", s)
		}
	}
	w.wantState(17, migrations.Held)
	if got := w.indexes(); len(got) != 0 {
		t.Errorf("left: %v", got)
	}

	built := p.Undo.Seconds
	p = w.preview(*run.Undo)
	has(t, p, source.OK, "it is held, and would be no more")
	if built <= 0 || run.UndoS != built || p.TookS != built { // not the time of the drop, which the ledger has by now
		t.Errorf("built in %v s, undo in %v, applying takes %v", built, run.UndoS, p.TookS)
	}
	if p.Title != "APPLY 017 ?" || len(p.Indexes) != 8 || p.Indexes[0].Bytes == 0 || p.Indexes[0].Note != "size when it was dropped" {
		t.Errorf("undo %s", encoded(t, p))
	}
	again := w.do(*run.Undo)
	if again.State != source.RunDone || again.Title != "APPLIED 017" || again.Steps[0].Bytes == 0 || again.Undo.Verb != source.Rollback {
		t.Errorf("undo %s", encoded(t, again))
	}
	w.wantState(17, migrations.Applied)
	if got := w.indexes(); len(got) != 8 {
		t.Errorf("there are %v", got)
	}
	want := strings.Join([]string{
		"uid 0 (root) migration.hold 017 changed", // the harness asks whether it can be asked
		"uid 0 (root) migration.rollback 017 begun", "uid 0 (root) migration.rollback 017 done",
		"uid 0 (root) migration.apply 017 begun", "uid 0 (root) migration.apply 017 done",
	}, "\n")
	if got := w.audit(); got != want {
		t.Errorf("audited\n%s\nwant\n%s", got, want)
	}
	if got := get[string](w, `SELECT detail ->> 'from' FROM audit_log WHERE detail ->> 'result' = 'done' LIMIT 1`); got != "203.0.113.9" {
		t.Errorf("from %q", got)
	}
	report, err := os.ReadFile(run.Report)
	must(t, err)
	for _, part := range []string{"ROLLED BACK 017", "uid 0 (root) from 203.0.113.9", "DROP INDEX CONCURRENTLY", "cost x", "index only", "WATCH"} {
		if !strings.Contains(string(report), part) {
			t.Errorf("the report lacks %q:\n%s", part, report)
		}
	}
	if strings.Contains(string(report), "e+") {
		t.Errorf("the report has figures for machines:\n%s", report)
	}
	if info, err := os.Stat(run.Report); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the report is %v, %v", info.Mode(), err)
	}
}

func TestNothingIsDoneAfterAChange(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct{ sql, part string }{
		"an index was dropped":   {`DROP INDEX idx_food_entries_user_name`, "the index idx_food_entries_user_name has changed"},
		"an index is another":    {`DROP INDEX idx_food_entries_user_name; CREATE INDEX idx_food_entries_user_name ON food_entries (food_name)`, "the index idx_food_entries_user_name has changed"},
		"the ledger":             {`UPDATE schema_migrations SET applied_at = now() WHERE version = 17`, "the ledger's row of 017 has changed"},
		"the rollback":           {`UPDATE schema_migrations SET down_sql = down_sql || '-- more' WHERE version = 17`, "the SQL of 017 has changed"},
		"it was taken back":      {`UPDATE schema_migrations SET state = 'held' WHERE version = 17`, "not applied"},
		"it was edited":          {`UPDATE schema_migrations SET checksum_up = 'x' WHERE version = 17`, "was edited after it had been applied"},
		"another process has it": {``, "another process migrates this database"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.preview(migration("017", source.Rollback))
			if tt.sql != "" {
				w.exec(tt.sql)
			} else {
				_, release := w.hold(`SELECT pg_advisory_xact_lock(1751215463, 1)`)
				defer release()
			}
			_, err := w.Do(t.Context(), root(), p.Act, p.Token, "")
			changed(t, err, tt.part)
			if len(w.Runs()) != 0 {
				t.Errorf("there is a run: %+v", w.Runs())
			}
			if got := w.audit(); !strings.HasSuffix(got, "uid 0 (root) migration.rollback 017 changed") {
				t.Errorf("audited\n%s", got)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	act := migration("017", source.Rollback)
	for token, part := range map[string]string{"": "there is no token", "x": "none of this daemon's", stale(): "another act"} {
		_, err := w.Do(t.Context(), root(), act, token, "")
		changed(t, err, part)
	}
	p := w.preview(act)
	others := []source.Act{
		migration("011", source.Rollback), migration("017", source.Hold), migration("017", source.Apply), on(source.OnIndex, foodName, source.Drop),
		{Object: source.OnSession, Name: "17", Verb: source.End, Start: &time.Time{}},
	}
	for _, other := range others {
		_, err := w.Do(t.Context(), root(), other, p.Token, "")
		changed(t, err, "another act")
	}

	// What grows by itself is no change.
	w.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	if q := w.preview(act); q.Token == p.Token {
		t.Error("two previews have one token: it could not tell a second act from the same act sent twice")
	}
	id, err := w.Do(t.Context(), root(), act, p.Token, "")
	must(t, err)
	second, err := w.Do(t.Context(), root(), act, p.Token, "")
	if second != id && err == nil {
		t.Errorf("the same token began %s and %s", id, second)
	}
	w.over(id)
	if third, err := w.Do(t.Context(), root(), act, p.Token, ""); err != nil || third != id || len(w.Runs()) != 1 {
		t.Errorf("a third time: %s %v, %d runs", third, err, len(w.Runs()))
	}
	if short, err := w.Do(t.Context(), root(), migration("17", source.Rollback), p.Token, ""); err != nil || short != id {
		t.Errorf("17 is 017: %s %v", short, err)
	}
	for _, other := range others { // it is not taken for done, and that run not for theirs
		got, err := w.Do(t.Context(), root(), other, p.Token, "")
		if got != "" {
			t.Errorf("%s is said to be run %s", other.Path(), got)
		}
		changed(t, err, "another act")
	}
	_, err = w.Do(t.Context(), root(), migration("017", source.Cancel), "", "")
	changed(t, err, "there is no token")
	if got := w.audit(); !strings.Contains(got, "migration.cancel 017 changed") {
		t.Errorf("a cancel without a token is not in the audit log:\n%s", got)
	}
}

func TestManyAtOnceAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, release := w.hold(`SELECT count(*) FROM food_entries`) // both wait for it at once
	defer release()
	p, q := w.preview(migration("017", source.Rollback)), w.preview(on(source.OnIndex, "idx_food_entries_user_name", source.Drop))
	type answer struct {
		id  string
		err error
	}
	answers := make(chan answer)
	for i := range 8 {
		go func() {
			preview := p
			if i%2 == 1 {
				preview = q
			}
			id, err := w.Do(context.Background(), root(), preview.Act, preview.Token, "")
			answers <- answer{id, err}
		}()
	}
	ids := map[string]bool{}
	for range 8 {
		if a := <-answers; a.err == nil {
			ids[a.id] = true
		}
	}
	if len(ids) != 1 || len(w.Runs()) != 1 {
		t.Errorf("%d acts began: %v", len(w.Runs()), ids)
	}
	busy, err := w.Preview(t.Context(), root(), migration("017", source.Apply))
	must(t, err)
	if busy.Token != "" || busy.Busy == "" && !strings.Contains(busy.Refused, "nothing to do") {
		t.Errorf("meanwhile: %s", encoded(t, busy))
	}
}

func TestViewersLookAndDoNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, err := w.Preview(t.Context(), viewer(), migration("017", source.Rollback))
	must(t, err)
	if p.Token != "" || p.Refused != "you may only look" || len(p.Indexes) != 8 || !strings.Contains(p.NoTrial, "only who may act") {
		t.Errorf("%s", encoded(t, p))
	}
	q := w.preview(migration("017", source.Rollback))
	_, err = w.Do(t.Context(), viewer(), q.Act, q.Token, "")
	if _, refused := err.(*source.RefusedError); !refused {
		t.Errorf("got %v", err)
	}
	unknown := admin.Asker{You: admin.Rights{}.You(admin.Peer{}, false)}
	if _, err := w.Do(t.Context(), unknown, q.Act, q.Token, ""); err == nil {
		t.Error("somebody unknown may act")
	}
	if got := w.audit(); !strings.HasSuffix(got, "uid 1000 (anna) migration.rollback 017 refused\nunknown migration.rollback 017 refused") {
		t.Errorf("audited\n%s", got)
	}
	w.wantState(17, migrations.Applied)
}

func TestWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, act := range []source.Act{
		migration("099", source.Rollback), migration("099", source.Apply), migration("x", source.Rollback), migration("099", source.Hold),
		on(source.OnIndex, "idx_nothing", source.Drop), on(source.OnIndex, "idx_nothing", source.Build), on(source.OnIndex, "idx_nothing", source.Reindex),
	} {
		if _, err := w.Preview(t.Context(), root(), act); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", act.Path(), err)
		}
	}
	for act, part := range map[source.Act]string{
		migration("017", source.Apply):                                  "there is nothing to do",
		migration("017", source.Hold):                                   "roll it back",
		migration("017", source.Release):                                "nothing of 017 is held",
		migration("017", source.Cancel):                                 "nothing is being done to 017",
		on(source.OnIndex, "idx_food_entries_user_name", source.Build):  "is there and valid",
		on(source.OnIndex, "users_pkey", source.Drop):                   "no migration makes",
		on(source.OnIndex, "idx_food_entries_user_name", source.Cancel): "nothing is being done",
	} {
		p, err := w.Preview(t.Context(), root(), act)
		if err != nil || p.Token != "" || !strings.Contains(p.Refused, part) {
			t.Errorf("%s: %q %v", act.Path(), p.Refused, err)
		}
	}
}

func TestConstraintsKeepTheirIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`ALTER TABLE food_entries REPLICA IDENTITY FULL; DROP INDEX idx_users_telegram_id_active`)
	w.exec(`CREATE UNIQUE INDEX idx_users_telegram_id_active ON users (telegram_id); ALTER TABLE users ADD CONSTRAINT idx_users_telegram_id_active UNIQUE USING INDEX idx_users_telegram_id_active`)
	for _, act := range []source.Act{migration("017", source.Rollback), on(source.OnIndex, "idx_users_telegram_id_active", source.Drop)} {
		p, err := w.Preview(t.Context(), root(), act)
		must(t, err)
		if p.Token != "" || !strings.Contains(p.Refused, "stands on idx_users_telegram_id_active") {
			t.Errorf("%s: %q", act.Path(), p.Refused)
		}
	}
}

// TestRowsAreLostOnlyByTheirNumber rolls back a table: the rows are counted, their number is typed, and they are written down.
func TestRowsAreLostOnlyByTheirNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO outbox (chat_id, method, params) SELECT g, 'sendMessage', '{}' FROM generate_series(1, 3) g`)
	act := migration("010", source.Rollback)
	p := w.preview(act)
	if p.Class != "loses-rows" || strings.Join(p.Takes, " ") != "017 011" || p.Confirm == "" || len(p.Lost) < 2 {
		t.Fatalf("%s", encoded(t, p))
	}
	if !strings.Contains(p.Summary, p.Confirm) {
		t.Errorf("it does not say what to type: %s", p.Summary)
	}
	for _, typed := range []string{"", "0", "010"} {
		_, err := w.Do(t.Context(), root(), act, p.Token, typed)
		changed(t, err, "type their number, "+p.Confirm)
	}
	w.exec(`INSERT INTO outbox (chat_id, method, params) SELECT g, 'sendMessage', '{}' FROM generate_series(1, 200) g`)
	_, err := w.Do(t.Context(), root(), act, p.Token, p.Confirm)
	changed(t, err, "rows would be lost")
	run := w.do(act)
	if run.State != source.RunDone || len(run.Steps) != 10 || !strings.Contains(run.Summary, "010_public.outbox.csv.gz") {
		t.Errorf("%s", encoded(t, run))
	}
	if got := files(t, w.dir, "rescued", "*.csv.gz"); len(got) != 2 {
		t.Errorf("rescued %v", got)
	}
	w.wantState(10, migrations.Held)
	w.wantState(17, migrations.Held)
}

func TestMarksAreOverAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(migration("017", source.Rollback))
	run := w.do(migration("017", source.Release))
	if run.State != source.RunDone || run.Title != "RELEASED 017" || run.Undo == nil || run.Undo.Verb != source.Hold || run.Watch != nil {
		t.Errorf("%s", encoded(t, run))
	}
	w.wantState(17, migrations.Pending)
	w.do(migration("017", source.Hold))
	w.wantState(17, migrations.Held)
}

func TestPreviewsAreComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, act := range []source.Act{migration("017", source.Rollback), migration("017", source.Apply), on(source.OnIndex, "users_pkey", source.Drop), migration("017", source.Cancel)} {
		p, err := w.Preview(t.Context(), root(), act)
		must(t, err)
		var doc map[string]any
		must(t, json.Unmarshal([]byte(encoded(t, p)), &doc))
		for _, list := range []string{"checks", "indexes", "queries", "rows_lost", "takes", "waits"} {
			if doc[list] == nil {
				t.Errorf("%s: %s is null", act.Path(), list)
			}
		}
	}
}
