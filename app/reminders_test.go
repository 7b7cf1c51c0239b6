package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"healthagent/app/telegram"
	"healthagent/store"
	"healthagent/test/rig"
)

// bench is a scheduler on a real database, its clock in the hands of the test.
type bench struct {
	t     *testing.T
	store *store.Store
	db    *pgxpool.Pool
	clock *clock
	log   *lines
	*scheduler
}

func newBench(t *testing.T) *bench {
	t.Helper()
	url := rig.Postgres(t)
	b := &bench{t: t, clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: newLines()}
	var err error
	b.store, err = store.Open(t.Context(), store.Config{URL: url, PoolMin: 1, PoolMax: 6, Now: b.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.store.Close)
	if b.db, err = pgxpool.New(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.db.Close)
	b.scheduler = b.another()
	return b
}

// another is one more scheduler on the same database.
func (b *bench) another() *scheduler {
	b.t.Helper()
	bot, err := telegram.New(telegram.Config{
		Token: "4242:secret", APIURL: "http://127.0.0.1:1", Store: b.store, Now: b.clock.Now, Logger: b.log.logger(),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	s := newScheduler(b.store, bot, b.clock.Now, b.log.logger())
	s.began = b.clock.Now()
	return s
}

func (b *bench) exec(sql string, args ...any) {
	b.t.Helper()
	if _, err := b.db.Exec(b.t.Context(), sql, args...); err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
}

func one[T any](b *bench, sql string, args ...any) T {
	b.t.Helper()
	var v T
	if err := b.db.QueryRow(b.t.Context(), sql, args...).Scan(&v); err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// look lets the scheduler fire what is due.
func (b *bench) look() int {
	b.t.Helper()
	n, err := b.fire(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// sent are the texts in the outbox, oldest first.
func (b *bench) sent() []string {
	b.t.Helper()
	return strings.Split(one[string](b, `SELECT coalesce(string_agg(params->>'text', E'\x01' ORDER BY id), '') FROM outbox`), "\x01")
}

// turn turns the clock from one moment to another in steps, looking at each.
func (b *bench) turn(from, to time.Time, step time.Duration) {
	b.t.Helper()
	for at := from; !at.After(to); at = at.Add(step) {
		b.clock.set(at)
		b.look()
	}
}

// TestNightlyReminderOverClockChanges is the story of a reminder at 02:30, a time that one night does not have and another has
// twice.
func TestNightlyReminderOverClockChanges(t *testing.T) {
	t.Parallel()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []time.Time{
		time.Date(2026, 3, 29, 0, 0, 0, 0, stockholm), time.Date(2026, 10, 25, 0, 0, 0, 0, stockholm),
		time.Date(2027, 3, 28, 0, 0, 0, 0, stockholm), time.Date(2027, 10, 31, 0, 0, 0, 0, stockholm),
	} {
		t.Run(change.Format(time.DateOnly), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			first := time.Date(change.Year(), change.Month(), change.Day()-2, 2, 30, 0, 0, stockholm)
			b.exec(`INSERT INTO users (telegram_id, timezone) VALUES (1, 'Europe/Stockholm')`)
			b.exec(`INSERT INTO reminders (user_id, message, next_execution_time, rule) VALUES (1, 'sleep', $1, 'daily 02:30')`, first)
			b.clock.set(first.Add(-time.Hour))
			b.began = b.clock.Now()
			b.turn(first.Add(-time.Hour), first.AddDate(0, 0, 4).Add(6*time.Hour), 10*time.Minute)
			rows, err := b.db.Query(t.Context(), `SELECT scheduled_at, late FROM reminder_occurrences ORDER BY scheduled_at`)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var days []string
			for rows.Next() {
				var at time.Time
				var late bool
				if err := rows.Scan(&at, &late); err != nil {
					t.Fatal(err)
				}
				local := at.In(stockholm)
				days = append(days, local.Format(time.DateOnly))
				want := "02:30"
				if change.Month() == time.March && local.Day() == change.Day() {
					want = "03:30"
				}
				if got := local.Format("15:04"); got != want || late {
					t.Errorf("on %s it fired at %s (late: %v), want %s", local.Format(time.DateOnly), got, late, want)
				}
			}
			var want []string
			for i := -2; i <= 2; i++ {
				want = append(want, change.AddDate(0, 0, i).Format(time.DateOnly))
			}
			if fmt.Sprint(days) != fmt.Sprint(want) || len(b.sent()) != 5 {
				t.Errorf("it fired on %v, want %v; %d messages", days, want, len(b.sent()))
			}
		})
	}
}

func TestDueWhileDown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	due := b.clock.Now()
	b.exec(`INSERT INTO users (telegram_id, timezone) VALUES (1, 'Europe/Stockholm')`)
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time, rule) VALUES (1, 'once', $1, NULL), (1, 'daily', $1, 'daily 13:00')`, due)
	b.clock.set(due.AddDate(0, 0, 5))
	b.look()
	b.look()
	sent := strings.Join(b.sent(), "\n")
	if strings.Count(sent, "<b>once</b>") != 1 || strings.Count(sent, "<b>daily</b>") != 1 || strings.Count(sent, "late: it was due Sun 1 Mar 13:00") != 2 {
		t.Errorf("sent:\n%s", sent)
	}
	if active := one[string](b, `SELECT string_agg(message, ',') FROM reminders WHERE active`); active != "daily" {
		t.Errorf("active: %s", active)
	}
	if next := one[time.Time](b, `SELECT next_execution_time FROM reminders WHERE active`); !next.Equal(due.AddDate(0, 0, 6)) {
		t.Errorf("next: %s", next)
	}
}

// However short the daemon was away, what came due meanwhile is marked; what comes due under its eyes is not.
func TestLateIsWhatNobodyLookedAt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	start := b.clock.Now()
	b.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'before', $1), (1, 'just', $2), (1, 'after', $3)`,
		start.Add(-5*time.Second), start.Add(-500*time.Millisecond), start.Add(5*time.Second))
	b.look()
	b.clock.set(start.Add(20 * time.Second))
	b.look()
	late := one[string](b, `SELECT string_agg(r.message || ' ' || o.late, ',' ORDER BY o.id) FROM reminder_occurrences o JOIN reminders r ON r.id = o.reminder_id`)
	if late != "before true,just false,after false" {
		t.Error(late)
	}
}

func TestRowsOfOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	now := b.clock.Now()
	b.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	b.exec(`INSERT INTO users (telegram_id, timezone) VALUES (2, 'Mars/Olympus')`)
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'three columns <b>&', $1), (2, 'no such zone', $1), (1, '', $1)`, now)
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time, rule) VALUES (1, 'no such rule', $1, 'whenever it rains')`, now)
	b.look()
	b.clock.set(now.AddDate(1, 0, 0))
	b.look()
	sent := strings.Join(b.sent(), "\n")
	if len(b.sent()) != 4 || !strings.Contains(sent, "<b>three columns &lt;b&gt;&amp;</b>") || !strings.Contains(sent, "no such rule") {
		t.Errorf("sent:\n%s", sent)
	}
	if n := one[int](b, `SELECT count(*) FROM reminders WHERE active`); n != 0 {
		t.Errorf("%d are still active", n)
	}
	if b.log.await(t, "rule cannot be read"); strings.Contains(b.log.String(), "rains") {
		t.Error("the log quotes a row")
	}
}

func TestUnreachablePersonsRemindersWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	now := b.clock.Now()
	b.exec(`INSERT INTO users (telegram_id, subscription_status, unreachable_at) VALUES (1, 'active', now()), (2, 'inactive', NULL), (3, 'active', NULL)`)
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time, rule) SELECT id, 'for ' || id, $1, 'daily 12:00' FROM generate_series(1, 3) AS id`, now)
	b.look()
	if sent := b.sent(); len(sent) != 1 || !strings.Contains(sent[0], "for 3") {
		t.Fatalf("sent: %q", sent)
	}
	b.clock.set(now.Add(3 * 24 * time.Hour))
	b.look()
	if err := b.store.Do(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.Reachable(1); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := b.store.SetStatus(t.Context(), 2, store.Active, "test"); err != nil {
		t.Fatal(err)
	}
	b.look()
	b.look()
	sent := strings.Join(b.sent(), "\n")
	if strings.Count(sent, "for 1") != 1 || strings.Count(sent, "for 2") != 1 || strings.Count(sent, "late: it was due") != 3 {
		t.Errorf("sent:\n%s", sent)
	}
	if n := one[int](b, `SELECT count(*) FROM reminders WHERE active AND NOT paused`); n != 3 {
		t.Errorf("%d go on", n)
	}
}

func TestManyAtOneMomentAndTwoSchedulers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`INSERT INTO users (telegram_id) SELECT generate_series(1, 50)`)
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time) SELECT 1 + i % 50, 'n' || i, $1 FROM generate_series(1, 250) AS i`, b.clock.Now())
	var all sync.WaitGroup
	for _, s := range []*scheduler{b.scheduler, b.another(), b.another()} {
		all.Go(func() {
			for {
				n, err := s.fire(t.Context())
				if err != nil {
					t.Error(err)
				}
				if n > remindersAtOnce {
					t.Errorf("%d in one batch", n)
				}
				if n == 0 || err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	for b.look() > 0 { // what the others had locked when they looked last
	}
	if n := one[int](b, `SELECT count(DISTINCT params->>'text') FROM outbox`); n != 250 || len(b.sent()) != 250 {
		t.Errorf("%d different of %d messages", n, len(b.sent()))
	}
}

func TestMomentFiresOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'x', $1)`, b.clock.Now())
	b.look()
	b.exec(`UPDATE reminders SET active = true`) // somebody meddles
	b.look()
	if len(b.sent()) != 1 {
		t.Errorf("sent: %q", b.sent())
	}
}

func TestNapEndsWhenRemindersChange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	listening := make(chan struct{})
	led := make(chan error, 1)
	leading, stop := context.WithCancel(ctx)
	go func() {
		led <- b.store.Lead(leading, 4242, b.wakeUp, func(ctx context.Context) error {
			close(listening)
			<-ctx.Done()
			return nil
		})
	}()
	select {
	case <-listening:
	case err := <-led:
		t.Fatal(err)
	}
	// rows that the test's clock calls due far ahead: only the word of a change ends the nap
	b.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'x', $1)`, b.clock.Now().AddDate(1, 0, 0))
	select {
	case <-b.wake:
	case <-ctx.Done():
		t.Fatal("an insert by somebody else wakes nobody")
	}
	b.wakeUp()
	b.wakeUp() // never blocks
	napped := make(chan struct{})
	go func() { b.nap(ctx); close(napped) }()
	select {
	case <-napped:
	case <-ctx.Done():
		t.Fatal("the nap did not end")
	}
	stop()
	if err := <-led; err != nil {
		t.Error(err)
	}
}
