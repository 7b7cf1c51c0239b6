package e2e

import (
	"testing"

	"healthagent/app/rehearsal/botapi"
	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

const few = 6 // people

// TestPostgresGoesAndComes stops PostgreSQL cleanly and by force while people talk. The process stays, says so, and catches up.
func TestPostgresGoesAndComes(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	cluster.Migrate()
	w := build(t, stage.Options{DatabaseURL: cluster.URL()})
	// the servers of tests are fast: a killed one would forget what it had promised
	w.exec(`ALTER ROLE CURRENT_USER SET synchronous_commit = on`)
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	pid := w.Daemon.PID()
	for _, down := range []func(){cluster.Stop, cluster.Kill} {
		c.round()
		down()
		c.round()
		w.untilReady(w.Daemon, 503, "postgresql", "PostgreSQL does not answer")
		c.round()
		cluster.Start()
		c.answered()
		w.untilReady(w.Daemon, 200, "leader", "this process works")
		w.stillRunning(w.Daemon)
	}
	if w.Daemon.PID() != pid {
		t.Error("another process")
	}
	c.check()
}

// TestStartedBeforePostgres starts the daemon while its database is away, and stops one that waits.
func TestStartedBeforePostgres(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	cluster.Stop()
	w := build(t, stage.Options{DatabaseURL: cluster.URL()})
	impatient := w.start()
	w.untilReady(impatient, 503, "start", "waiting for PostgreSQL")
	if err := impatient.Stop(w.ctx); err != nil {
		t.Error(err)
	}
	d := w.start()
	w.untilReady(d, 503, "start", "waiting for PostgreSQL")
	cluster.Start()
	if err := d.WaitReady(w.ctx); err != nil {
		t.Fatal(err)
	}
	c := newCrowd(w, few) // in the schema that the daemon has made
	c.round()
	c.answered()
	c.check()
}

// TestPostgresHangs freezes PostgreSQL: connections stay, nothing answers.
func TestPostgresHangs(t *testing.T) {
	t.Parallel()
	cluster := rig.Cluster(t)
	cluster.Migrate()
	w := build(t, stage.Options{DatabaseURL: cluster.URL()})
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	cluster.Freeze()
	c.round()
	w.untilReady(w.Daemon, 503, "postgresql", "PostgreSQL does not answer")
	cluster.Thaw()
	c.round()
	c.answered()
	w.untilReady(w.Daemon, 200, "postgresql", "DB Pool")
	w.stillRunning(w.Daemon)
	c.check()
}

// TestRedisGoesAndComes: without Redis everything works, and what changed meanwhile is not answered from old copies afterwards.
func TestRedisGoesAndComes(t *testing.T) {
	t.Parallel()
	redis := rig.RedisServer(t)
	w := build(t, stage.Options{DatabaseURL: rig.Postgres(t), RedisURL: redis.URL()})
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	w.untilReady(w.Daemon, 200, "cache", "redis")
	for _, down := range []func(){redis.Stop, redis.Kill, redis.Freeze} {
		down()
		c.round()
		c.answered()
		w.untilReady(w.Daemon, 200, "cache", "Redis does not answer, PostgreSQL serves alone")
		if _, r := w.readyz(w.Daemon); r.Status != "degraded" {
			t.Errorf("the status is %s", r.Status)
		}
		redis.Thaw()
		redis.Start()
		w.untilReady(w.Daemon, 200, "cache", "redis")
		c.round()
		c.answered()
		w.stillRunning(w.Daemon)
	}
	c.check()
}

// TestStartedWithoutRedis: the cache comes when Redis comes.
func TestStartedWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := rig.RedisServer(t)
	redis.Stop()
	w := build(t, stage.Options{DatabaseURL: rig.Postgres(t), RedisURL: redis.URL()})
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()
	w.untilReady(w.Daemon, 200, "cache", "Redis does not answer")
	redis.Start()
	w.until("the cache is used", func() bool {
		c.round()
		c.answered()
		var doc struct{ Cache struct{ Hits int } }
		if _, err := w.Daemon.Ask(w.ctx, "/api/v1/metrics", &doc); err != nil {
			t.Fatal(err)
		}
		return doc.Cache.Hits > 0
	})
	c.check()
}

// TestTelegramIsUnwell lets Telegram misbehave in every way while people talk.
func TestTelegramIsUnwell(t *testing.T) {
	t.Parallel()
	for name, ill := range map[string]struct {
		fault     botapi.Fault
		component string
		text      string
	}{
		"502 pages":     {botapi.Fault{Mode: botapi.Page}, "telegram", "not JSON"},
		"500":           {botapi.Fault{Mode: botapi.Refuse}, "telegram", "500"},
		"429 on polls":  {botapi.Fault{Mode: botapi.Refuse, Status: 429, RetryAfter: 2, Methods: []string{"getUpdates"}}, "telegram", "429"},
		"429 on sends":  {botapi.Fault{Mode: botapi.Refuse, Status: 429, RetryAfter: 2, Methods: []string{"sendMessage"}}, "sending", "Telegram asks"},
		"hanging":       {botapi.Fault{Mode: botapi.Hang, Methods: []string{"sendMessage"}}, "sending", "no answer"},
		"dropped":       {botapi.Fault{Mode: botapi.DropBefore}, "telegram", "cannot be reached"},
		"dropped after": {botapi.Fault{Mode: botapi.DropAfter, Methods: []string{"sendMessage"}, Times: 5}, "", ""},
		"garbage":       {botapi.Fault{Mode: botapi.Garbage}, "telegram", "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := newCrowd(w, few)
			w.serve()
			c.round()
			c.answered()
			before := w.tg.Stats().Faults
			w.tg.Fault(ill.fault)
			c.round()
			c.round()
			w.wait("the fault has struck", func(tr *botapi.Transcript) bool { return tr.Stats().Faults > before+2 })
			if ill.component != "" {
				w.untilReady(w.Daemon, 200, ill.component, ill.text)
				if _, r := w.readyz(w.Daemon); r.Status != "degraded" {
					t.Errorf("the status is %s", r.Status)
				}
			}
			w.tg.ClearFaults()
			c.answered()
			w.untilReady(w.Daemon, 200, "telegram", "updates are asked for")
			w.untilReady(w.Daemon, 200, "sending", "what is to be sent is sent")
			w.stillRunning(w.Daemon)
			if again := c.check(); again > 0 && name != "dropped after" && name != "hanging" {
				t.Errorf("%d replies came twice", again)
			}
		})
	}
}

// TestTelegramIsAway starts the daemon while Telegram does not answer at all: it is ready, and says what is wrong.
func TestTelegramIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newCrowd(w, few)
	w.tg.Outage(true)
	c.round()
	w.serve()
	w.untilReady(w.Daemon, 200, "telegram", "Telegram cannot be reached")
	w.tg.Outage(false)
	c.answered()
	c.check()
}

// TestFullDisk refuses what a full disk would refuse, first where updates are taken in, then where their effects go.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"inbox", "conversation_history", "food_entries", "outbox"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := newCrowd(w, few)
			w.serve()
			c.round()
			c.answered()
			w.exec(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`)
			w.exec(`CREATE TRIGGER full_disk BEFORE INSERT ON ` + table + ` FOR EACH STATEMENT EXECUTE FUNCTION full_disk()`)
			c.round()
			c.round()
			w.untilReady(w.Daemon, 503, "inbox", "disk is full")
			w.exec(`DROP TRIGGER full_disk ON ` + table)
			c.answered()
			w.untilReady(w.Daemon, 200, "inbox", "committed and handled")
			if again := c.check(); again != 0 {
				t.Errorf("%d replies came twice", again)
			}
		})
	}
}
