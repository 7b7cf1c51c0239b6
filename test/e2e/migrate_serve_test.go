package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// TestIndexesOfAFreshDatabase: the daemon makes the schema, is ready, and builds the indexes behind people's backs.
func TestIndexesOfAFreshDatabase(t *testing.T) {
	t.Parallel()
	w := build(t, stage.Options{DatabaseURL: rig.EmptyDatabase(t)})
	w.serve()
	c := newCrowd(w, few)
	c.round()
	w.until017()
	c.round()
	c.answered()
	c.check()
}

// TestTwoDaemonsOneFreshDatabase: both start at once, one migrates, and neither gets into the other's way.
func TestTwoDaemonsOneFreshDatabase(t *testing.T) {
	t.Parallel()
	w := build(t, stage.Options{DatabaseURL: rig.EmptyDatabase(t)})
	first, second := w.start(), w.second()
	for _, d := range []*stage.Daemon{first, second} {
		if err := d.WaitReady(w.ctx); err != nil {
			t.Fatal(err)
		}
	}
	w.until017()
	c := newCrowd(w, few)
	c.round()
	c.answered()
	for _, d := range []*stage.Daemon{first, second} {
		w.stillRunning(d)
		if err := d.Stop(w.ctx); err != nil {
			t.Error(err)
		}
	}
	w.all017()
	c.check()
}

// TestTwoDaemonsOneBuild: the second one comes while the first one builds.
func TestTwoDaemonsOneBuild(t *testing.T) {
	t.Parallel()
	w := without017(t)
	c := newCrowd(w, few)
	h := w.writer()
	w.serve()
	pid := w.untilBuilding(forWriters)
	second := w.second()
	if err := second.WaitReady(w.ctx); err != nil {
		t.Fatal(err)
	}
	c.round()
	c.answered()
	if again := w.builder(forWriters); again != pid {
		t.Errorf("backend %d builds, before it was %d", again, pid)
	}
	h.commit()
	w.until017()
	w.stillRunning(w.Daemon)
	w.stillRunning(second)
	c.check()
}

// TestRolledBackWhilePeopleTalk takes 017 back under load and puts it on again. Nobody notices, and no start undoes it.
func TestRolledBackWhilePeopleTalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.all017()
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()

	down := w.begin(nil, "migrate", "down", "017")
	for !down.ended() {
		c.round()
		c.answered()
	}
	if code := down.code(); code != 0 {
		t.Fatalf("down: exit code %d: %s", code, down.errs.String())
	}
	w.is017("held", hot...)
	w.noneLeft()
	c.round()
	c.answered()

	if err := w.Daemon.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	w.serve()
	c.round()
	c.answered()
	up := w.begin(nil, "migrate", "up")
	if code := up.code(); code != 0 {
		t.Errorf("up: exit code %d: %s", code, up.errs.String())
	}
	if text := up.errs.String(); !strings.Contains(text, "017") || !strings.Contains(text, "held") {
		t.Errorf("up said %q", text)
	}
	w.is017("held", hot...)
	w.noneLeft()

	up = w.begin(nil, "migrate", "up", "017")
	for !up.ended() {
		c.round()
		c.answered()
	}
	if code := up.code(); code != 0 {
		t.Fatalf("up 017: exit code %d: %s", code, up.errs.String())
	}
	w.all017()
	c.round()
	c.answered()
	if again := c.check(); again != 0 {
		t.Errorf("%d replies came twice", again)
	}
}

// TestOneIndexRolledBack: one goes and stays away, the others stay.
func TestOneIndexRolledBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newCrowd(w, few)
	w.serve()
	w.run("migrate", "down", "017", "--index", foodNames)
	others := slices.DeleteFunc(slices.Clone(hot), func(name string) bool { return name == foodNames })
	without := func() {
		t.Helper()
		w.is017("applied", foodNames)
		if got := w.valid(); !slices.Equal(got, others) {
			t.Errorf("valid are %q", got)
		}
		c.round()
		c.answered()
	}
	without()
	if err := w.Daemon.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	w.serve()
	without()
	up := w.begin(nil, "migrate", "up")
	if code := up.code(); code != 0 || !strings.Contains(up.errs.String(), foodNames) {
		t.Errorf("up: exit code %d, it said %q", code, up.errs.String())
	}
	without()
	w.run("migrate", "up", "017", "--index", foodNames)
	w.all017()
	c.check()
}

// TestHeldAndReleased: what is held is left alone by every start until it is released.
func TestHeldAndReleased(t *testing.T) {
	t.Parallel()
	w := without017(t)
	c := newCrowd(w, few)
	w.run("migrate", "hold", "017")
	w.is017("held", hot...)
	w.serve()
	c.round()
	c.answered()
	if err := w.Daemon.Stop(w.ctx); err != nil { // it waits for what runs in the background
		t.Error(err)
	}
	w.is017("held", hot...)
	w.noneLeft()
	w.run("migrate", "release", "017")
	w.serve()
	w.until017()
	hold := w.begin(nil, "migrate", "hold", "017")
	if code := hold.code(); code != 1 || !strings.Contains(hold.errs.String(), "migrate down 017") {
		t.Errorf("hold of an applied one: exit code %d, it said %q", code, hold.errs.String())
	}
	c.round()
	c.answered()
	c.check()
}

// TestNoMigrationWithoutLeave: with HEALTHAGENT_MIGRATE=off the daemon builds nothing.
func TestNoMigrationWithoutLeave(t *testing.T) {
	t.Parallel()
	w := without017(t)
	d := w.start("HEALTHAGENT_MIGRATE=off", "HEALTHAGENT_STATE_DIR="+filepath.Join(w.State(), "off"))
	if err := d.WaitReady(w.ctx); err != nil {
		t.Fatal(err)
	}
	c := newCrowd(w, few)
	c.round()
	c.answered()
	if err := d.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	w.is017("pending")
	w.noneLeft()
}

// TestPlansChangeNothing: plan and its trial tell, and leave everything as it is.
func TestPlansChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	for _, args := range [][]string{{"migrate", "plan"}, {"migrate", "plan", "--trial"}} {
		var doc struct {
			Plans []struct {
				Version, Direction, Class, Coverage string
				Queries                             []struct{ Name string }
				NoTrial                             string `json:"no_trial"`
			}
		}
		var raw []byte
		// a trial waits for a lock no longer than 50 ms, and says that it may be tried again
		w.until("nobody is in the way of "+strings.Join(args, " "), func() bool {
			doc.Plans = nil
			raw = w.run(append(args, "-o", "json")...)
			if err := oneObject(raw, &doc); err != nil || len(doc.Plans) != 1 {
				t.Fatalf("%v: %v: %s", args, err, raw)
			}
			return !strings.Contains(doc.Plans[0].NoTrial, "another session")
		})
		trial := slices.Contains(args, "--trial")
		if p := doc.Plans[0]; p.Version != "017" || p.Direction != "down" || p.Class != "index-only" || p.Coverage != "8/8" || trial != (len(p.Queries) > 0) {
			t.Errorf("%v: %s", args, raw)
		}
		w.all017()
		c.round()
		c.answered()
	}
	c.check()
}

// TestStrictVerification: with rows enough to matter, the planner itself takes every index and never visits the table; without 017
// verify says so by its exit code.
func TestStrictVerification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO users (telegram_id, leaderboard_name) SELECT id, 'person ' || id FROM generate_series(1, 20000) AS id`)
	w.exec(`INSERT INTO user_gamification (user_id, total_xp) SELECT telegram_id, telegram_id * 7919 % 20011 FROM users`)
	w.exec(`INSERT INTO reminders (user_id, message, next_execution_time)
		SELECT telegram_id, 'water', now() + interval '1 day' * telegram_id FROM users`)
	w.exec(`INSERT INTO conversation_history (user_id, role, content, "timestamp")
		SELECT id % 1000 + 1, 'user', repeat('words ', 20), now() - interval '1 minute' * id FROM generate_series(1, 60000) AS id`)
	w.exec(`INSERT INTO food_entries (user_id, food_name, grams, calories, "timestamp")
		SELECT id % 1000 + 1, 'food ' || id % 97, 100, 100, now() - interval '10 minutes' * id FROM generate_series(1, 60000) AS id`)
	w.verified("--strict")
	w.run("migrate", "down", "017", "--index", foodNames)
	w.exec(`DROP INDEX idx_reminders_next_execution`) // behind the product's back
	v := w.begin(nil, "migrate", "verify", "-o", "json")
	code := v.code()
	var doc struct {
		OK      bool
		Indexes []struct{ Name, Verdict string }
	}
	if err := oneObject(v.out.Bytes(), &doc); err != nil || code != 1 || doc.OK {
		t.Errorf("exit code %d, %v: %s", code, err, v.out.String())
	}
	for _, i := range doc.Indexes {
		want := map[string]string{foodNames: "held", "idx_reminders_next_execution": "missing"}[i.Name]
		if want == "" {
			want = "chosen"
		}
		if i.Verdict != want {
			t.Errorf("%s is %s, want %s", i.Name, i.Verdict, want)
		}
	}
	w.run("migrate", "up", "017")
	w.verified("--strict")
}
