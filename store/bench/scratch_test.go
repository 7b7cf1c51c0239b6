package bench_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/migrations"
	"healthagent/store/bench"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

func quiet(string, int64, int64) {}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func ask[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) (value T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// scratch is a database with the tables, and with migration 017 if wanted.
func scratch(t *testing.T, url string, indexes bool) *bench.Scratch {
	t.Helper()
	s, err := bench.Create(t.Context(), url, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	engine, err := migrations.New(migrations.Config{URL: s.URL()})
	if err == nil {
		_, err = engine.Up(t.Context(), migrations.UpOptions{OnlyTransactional: !indexes})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func small() bench.Spec { return bench.Spec{Users: 100, Messages: 3001, Seed: 7, Now: time.Now()} }

func TestEveryRowIsAccepted(t *testing.T) {
	t.Parallel()
	s := scratch(t, rig.EmptyDatabase(t), true)
	if err := s.Load(t.Context(), small(), quiet); err != nil {
		t.Fatal(err)
	}
	d, err := s.Dataset(t.Context(), small())
	if err != nil || d.Users != 100 || d.Messages != 3001 || d.Foods != 900 || d.Reminders != 500 || d.Bytes == 0 || d.Days != 30 {
		t.Errorf("%+v, %v", d, err)
	}
	conn := connect(t, s.URL())
	for sql, want := range map[string][2]int{
		`SELECT count(*) FROM users WHERE subscription_status = 'active'`:                                                              {85, 85},
		`SELECT count(*) FROM users WHERE leaderboard_name IS NOT NULL`:                                                                {5, 40},
		`SELECT count(*) FROM user_gamification`:                                                                                       {100, 100},
		`SELECT count(*) FROM conversation_history WHERE octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) > 2500`: {5, 90},
		`SELECT count(*) FROM conversation_history WHERE metadata IS NOT NULL`:                                                         {600, 1200},
		`SELECT count(*) FROM reminders WHERE active AND next_execution_time <= now()`:                                                 {1, 10},
		`SELECT count(*) FROM reminders WHERE active`:                                                                                  {150, 250},
		`SELECT count(*) FROM food_entries WHERE "timestamp" > now() - interval '7 days'`:                                              {100, 350},
		// the ids go on where the data ends
		`INSERT INTO conversation_history (user_id, role, content) SELECT telegram_id, 'user', 'x' FROM users LIMIT 1 RETURNING id`: {3002, 3002},
	} {
		if got := ask[int](t, conn, sql); got < want[0] || got > want[1] {
			t.Errorf("%s: %d, want %d to %d", sql, got, want[0], want[1])
		}
	}
}

func TestEveryQueryIsAnsweredByItsIndex(t *testing.T) {
	t.Parallel()
	spec := bench.Spec{Users: 400, Messages: 20_000, Seed: 1, Now: time.Now()}
	s := scratch(t, rig.EmptyDatabase(t), true)
	if err := s.Load(t.Context(), spec, quiet); err != nil {
		t.Fatal(err)
	}
	crowd := bench.NewCrowd(spec.Users)
	for _, q := range bench.Queries(spec) {
		p, err := s.Plan(t.Context(), q, crowd, "")
		if err != nil {
			t.Fatal(err)
		}
		if p.Buffers == 0 || p.Used == "" || q.Index != "" && (p.Used != q.Index || p.Node != q.Node) {
			t.Errorf("%s: %+v, want %s of %s", q.Name, p, q.Node, q.Index)
		}
		timing, err := bench.Time(t.Context(), 6, time.Millisecond, s.Ask(q, crowd))
		if err != nil || timing.Calls < 6 || timing.Rate <= 0 || timing.P50 <= 0 || timing.P50 > timing.Max {
			t.Errorf("%s: %+v, %v", q.Name, timing, err)
		}
		if q.Name == "get_conversation_history" {
			fresh, err := s.Fresh(t.Context(), q, crowd, "")
			if err != nil || fresh.HeapFetches == 0 || p.HeapFetches != 0 {
				t.Errorf("rested %+v, just written %+v, %v", p, fresh, err)
			}
		}
	}
}

func TestPgbenchRunsEveryQuery(t *testing.T) {
	t.Parallel()
	program, found := bench.FindPgbench()
	if !found {
		t.Skip("pgbench is not installed")
	}
	s := scratch(t, rig.EmptyDatabase(t), true)
	if err := s.Load(t.Context(), small(), quiet); err != nil {
		t.Fatal(err)
	}
	for _, q := range bench.Queries(small()) {
		rate, err := s.Pgbench(t.Context(), program, q, bench.NewCrowd(small().Users), 2, time.Millisecond)
		if err != nil || rate <= 0 {
			t.Errorf("%s: %v, %v", q.Name, rate, err)
		}
	}
}

func TestCostLeavesTheTableAsItWas(t *testing.T) {
	t.Parallel()
	s := scratch(t, rig.EmptyDatabase(t), false)
	if err := s.Load(t.Context(), small(), quiet); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s.URL())
	const state = `SELECT (SELECT count(*) FROM conversation_history)::text || (SELECT sum(total_xp) FROM user_gamification) ||
		(SELECT count(*) FROM users) || (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public')`
	before := ask[string](t, conn, state)
	for _, m := range []string{
		`CREATE INDEX CONCURRENTLY idx_m ON conversation_history (user_id, "timestamp")`,
		`CREATE INDEX CONCURRENTLY idx_f ON food_entries (user_id, food_name)`,
		`CREATE INDEX CONCURRENTLY idx_r ON reminders (next_execution_time)`,
		`CREATE INDEX CONCURRENTLY idx_u ON users (timezone)`,
		`CREATE INDEX CONCURRENTLY idx_x ON user_gamification (total_xp)`,
	} {
		index, ok := bench.ParseIndex(m)
		if !ok {
			t.Fatal(m)
		}
		cost, without, err := s.Cost(t.Context(), index, bench.NewCrowd(small().Users), small())
		if err != nil {
			t.Fatal(err)
		}
		if cost.Bytes == 0 || cost.Build == 0 || cost.WAL <= 0 || cost.Before != without.Median || without.Median <= 0 || cost.After <= 0 {
			t.Errorf("%+v", cost)
		}
	}
	if after := ask[string](t, conn, state); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
}

func TestStallSeesTheLongestWrite(t *testing.T) {
	t.Parallel()
	s := scratch(t, rig.EmptyDatabase(t), false)
	if err := s.Load(t.Context(), small(), quiet); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s.URL())
	stall, err := s.Stall(t.Context(), bench.NewCrowd(small().Users), time.Millisecond, func(ctx context.Context) error {
		// nobody writes while a lock like that of a plain CREATE INDEX is held
		_, err := conn.Exec(ctx, `BEGIN; LOCK conversation_history IN SHARE MODE; SELECT pg_sleep(0.3); COMMIT`)
		return err
	})
	if err != nil || stall.Writes < 4 || stall.Longest < 100 || stall.Where != "conversation_history" || stall.Writers != 4 ||
		stall.Waits["Lock:relation"] == 0 {
		t.Errorf("%+v, %v", stall, err)
	}
}

func names(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return ask[[]string](t, conn, `SELECT coalesce(array_agg(datname::text ORDER BY datname), '{}') FROM pg_database WHERE datname LIKE 'healthagent_bench%'`)
}

func TestOnlyLeftoversAreSweptAndNothingIsLeft(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	conn := connect(t, server.URL())
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dead := gone.Process.Pid
	leftover, used, alive, foreign := fmt.Sprintf("healthagent_bench_%d", dead), fmt.Sprintf("healthagent_bench_%d_2", dead),
		"healthagent_bench_1", "healthagent_bench_of_mine"
	for _, name := range []string{leftover, used, alive, foreign} {
		if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
	}
	config := conn.Config().Copy()
	config.Database = used
	user, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = user.Close(context.Background()) })

	one, err := bench.Create(t.Context(), server.URL(), 1)
	if err != nil {
		t.Fatal(err)
	}
	two, err := bench.Create(t.Context(), server.URL(), 1)
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("healthagent_bench_%d", os.Getpid())
	if one.Name() != own || two.Name() != own+"_2" {
		t.Errorf("names %s, %s", one.Name(), two.Name())
	}
	kept := []string{alive, foreign, used}
	if got := names(t, conn); slices.Contains(got, leftover) || len(got) != 5 {
		t.Errorf("with two of ours there are %v", got)
	}
	// also when the caller's time is over and somebody is connected
	intruder := connect(t, one.URL())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := errors.Join(one.Drop(over), two.Drop(over), two.Drop(over)); err != nil {
		t.Error(err)
	}
	if intruder.Ping(t.Context()) == nil {
		t.Error("the intruder is still there")
	}
	got := names(t, conn)
	slices.Sort(kept)
	if !slices.Equal(got, kept) {
		t.Errorf("left are %v, want %v", got, kept)
	}
}

func TestARoleWithoutTheRightIsToldSo(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	super := connect(t, strings.Replace(server.URL(), "user=healthagent", "user=postgres", 1))
	if _, err := super.Exec(t.Context(), `ALTER ROLE healthagent NOCREATEDB`); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.Create(t.Context(), server.URL(), 1); !errors.Is(err, bench.ErrNoRight) {
		t.Error(err)
	}
}

func TestEvictReadsEveryFileAndChangesNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a", []byte("four"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := bench.Evict(dir); err != nil || n != 4 {
		t.Errorf("%d, %v", n, err)
	}
	if err := bench.Warm(t.Context(), dir); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(dir + "/a"); err != nil || string(text) != "four" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := bench.Evict(dir + "/b"); err == nil {
		t.Error("a directory that is not there was emptied")
	}
}

func TestTheFirstErrorEndsTheTiming(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := bench.Time(t.Context(), 5, time.Hour, func(ctx context.Context, dice *rand.Rand) error {
		if dice.IntN(5) == 0 {
			return broken
		}
		return ctx.Err()
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}
