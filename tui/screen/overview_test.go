package screen_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/internal/frame"
	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// situations are the states that Overview, Cache and Log are drawn in.
func situations() map[string]func() *source.Snapshot {
	return map[string]func() *source.Snapshot{
		"healthy": fixture.Healthy, "busy": fixture.Busy, "database down": fixture.DatabaseDown, "daemon down": fixture.DaemonDown,
		"redis down": fixture.RedisDown, "starting": fixture.Starting, "direct": fixture.Direct, "rolled back": fixture.RolledBack,
		"denied": fixture.Denied, "upgraded": fixture.Upgraded, "empty": fixture.Empty, "nothing": func() *source.Snapshot { return &source.Snapshot{} },
	}
}

func framed(t *testing.T, s screen.Screen, size frame.Size) string {
	t.Helper()
	body := size.Body()
	s.Resize(body.Width, body.Height)
	view := s.View()
	frame.Check(t, view, body.Width, body.Height)
	return view
}

func TestOverviewFrames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"healthy", "busy", "database down", "daemon down", "redis down", "starting", "direct"} {
		for _, size := range frame.GoldenSizes() {
			o := screen.NewOverview(frame.Mono())
			o.Show(situations()[name](), fixture.Now())
			frame.Golden(t, name+"_"+size.String(), framed(t, o, size))
		}
	}
}

// hostile is a state with a text that would do harm in every place, as it is after it came from the daemon.
func hostile() *source.Snapshot {
	s := fixture.Hostile()
	source.Clean(s)
	return s
}

// fitting checks a screen in all sizes.
func fitting(t *testing.T, s screen.Screen) {
	t.Helper()
	for _, size := range frame.Sizes() {
		s.Resize(size.Width, size.Height)
		if !frame.Check(t, s.View(), size.Width, size.Height) {
			t.FailNow()
		}
	}
}

// everySituation calls check with a screen of each kind of look: before any state, and going from each state to the next.
func everySituation(t *testing.T, make func(*look.Look) screen.Screen, check func(*testing.T, screen.Screen)) {
	t.Helper()
	states := situations()
	states["hostile"] = hostile
	for _, which := range []string{"dark", "ascii"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			one := make(frame.Looks()[which])
			check(t, one)
			for name, state := range states {
				t.Run(name, func(t *testing.T) {
					one.Show(state(), fixture.Now())
					check(t, one)
				})
			}
		})
	}
}

// colours keeps one busy frame of each kind of terminal.
func colours(t *testing.T, make func(*look.Look) screen.Screen, state *source.Snapshot) {
	t.Helper()
	frames := map[string]string{}
	for name, l := range frame.Looks() {
		s := make(l)
		s.Show(state, fixture.Now())
		frames[name] = framed(t, s, frame.Size{Width: 80, Height: 24})
	}
	for _, name := range []string{"dark", "light", "both", "ascii"} {
		frame.Golden(t, name, frames[name])
	}
	if frames["16"] != frames["dark"] {
		t.Error("16 colours do not do what 256 do")
	}
	if ansi.Strip(frames["dark"]) != frames["mono"] {
		t.Error("colours change the text")
	}
}

func newOverview(l *look.Look) screen.Screen { return screen.NewOverview(l) }

func TestOverviewFitsEverySize(t *testing.T) {
	t.Parallel()
	everySituation(t, newOverview, fitting)
}

func TestOverviewColours(t *testing.T) {
	t.Parallel()
	colours(t, newOverview, fixture.Busy())
}

func shownOverview(s *source.Snapshot) *screen.Overview {
	o := screen.NewOverview(frame.Mono())
	o.Resize(80, 18)
	o.Show(s, fixture.Now())
	return o
}

// cursorLine is the row of the cursor, as it is drawn.
func cursorLine(s screen.Screen) string {
	for line := range strings.SplitSeq(s.View(), "\n") {
		if rest, ok := strings.CutPrefix(line, ">"); ok {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	return ""
}

func TestOverviewKeepsItsCursor(t *testing.T) {
	t.Parallel()
	o := shownOverview(fixture.Busy())
	for range 2 {
		if _, handled := o.Press(keys.Down); !handled {
			t.Error("down is not handled")
		}
	}
	s := fixture.Busy()
	items := s.Attention.Items
	items[0], items[2] = items[2], items[0]
	items[0].Text = "3 sessions wait for pid 4188"
	o.Show(s, fixture.Now())
	if got := cursorLine(o); !strings.HasPrefix(got, "! blocked 3 sessions") {
		t.Errorf("the cursor is on %q", got)
	}
}

// TestTheWorstIsSeen while nobody has chosen anything, and again once what was chosen is gone.
func TestTheWorstIsSeen(t *testing.T) {
	t.Parallel()
	o := shownOverview(fixture.Busy())
	worse := func() *source.Snapshot {
		s := fixture.Busy()
		s.Attention.Items = append([]source.Item{{Severity: source.Fail, Kind: "migration", Subject: "017", Text: "it failed"}}, s.Attention.Items...)
		return s
	}
	o.Show(worse(), fixture.Now())
	if got := cursorLine(o); !strings.HasPrefix(got, "x migration 017 it failed") {
		t.Errorf("the cursor is on %q", got)
	}
	o.Press(keys.Down)
	s := fixture.Busy()
	s.Attention.Items = s.Attention.Items[1:]
	o.Show(s, fixture.Now())
	o.Show(worse(), fixture.Now())
	if got := cursorLine(o); !strings.HasPrefix(got, "x migration 017 it failed") {
		t.Errorf("after the chosen one was gone the cursor is on %q", got)
	}
}

// TestRedisIsGoneBeforeAnybodyMissesIt: the breaker opens by use, and an idle daemon uses it seldom.
func TestRedisIsGoneBeforeAnybodyMissesIt(t *testing.T) {
	t.Parallel()
	s := fixture.RedisDown()
	s.Cache.State = "closed"
	if view := shownOverview(s).View(); !strings.Contains(view, "x does not answer") {
		t.Errorf("the overview has not noticed:\n%s", view)
	}
	c := screen.NewCache(frame.Mono())
	c.Resize(80, 20)
	c.Show(s, fixture.Now())
	if view := c.View(); !strings.Contains(view, "! does not answer") || strings.Contains(view, "ok, breaker") {
		t.Errorf("the cache has not noticed:\n%s", view)
	}
}

func TestOverviewKeys(t *testing.T) {
	t.Parallel()
	busy := func(downs int) *screen.Overview {
		o := shownOverview(fixture.Busy())
		for range downs {
			o.Press(keys.Down)
		}
		return o
	}
	none := fixture.Healthy()
	none.Attention, none.Migrations.Next = &source.Attention{}, ""
	unknown := fixture.Healthy()
	unknown.Migrations = nil
	astray := fixture.Busy()
	astray.Attention.Items[0].Screen = "overview"
	for _, c := range []struct {
		name string
		on   *screen.Overview
		key  keys.Action
		want screen.Intent
	}{
		{"enter", busy(1), keys.Open, screen.Intent{Open: keys.Screen2, Subject: "get_food_entries"}},
		{"enter on a session", busy(2), keys.Open, screen.Intent{Open: keys.Screen5, Subject: "4188"}},
		{"enter on nothing", shownOverview(none), keys.Open, screen.Intent{Say: "nothing needs attention"}},
		{"enter on what no screen shows", shownOverview(astray), keys.Open, screen.Intent{Open: keys.Screen7, Subject: "idx_user_gamification_xp_desc_ccnew"}},
		{"copy", busy(0), keys.Copy, screen.Intent{Copy: "DROP INDEX CONCURRENTLY idx_user_gamification_xp_desc_ccnew;"}},
		{"copy without a remedy", busy(2), keys.Copy, screen.Intent{Say: "there is no remedy to copy; Y copies the line"}},
		{"copy all", busy(2), keys.CopyAll, screen.Intent{Copy: "blocked 4188: 2 sessions wait for pid 4188, idle in transaction for 41s"}},
		{"copy nothing", shownOverview(none), keys.Copy, screen.Intent{Say: "there is nothing to copy"}},
		{"log", busy(1), keys.LogOf, screen.Intent{Open: keys.Screen7, Subject: "get_food_entries"}},
		{"roll back", busy(0), keys.Rollback, screen.Intent{Act: &source.Act{Verb: source.Rollback, Object: source.OnMigration, Name: "017"}}},
		{"nothing to roll back", shownOverview(none), keys.Rollback, screen.Intent{Say: "no applied migration is of indexes only; 4 shows what each of the others would take with it"}},
		{"roll back too early", shownOverview(unknown), keys.Rollback, screen.Intent{Say: "the migrations are not known yet"}},
	} {
		got, handled := c.on.Press(c.key)
		if !handled || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, not %+v", c.name, got, c.want)
		}
	}
	if _, handled := busy(0).Press(keys.DropIndex); handled {
		t.Error("it handles what it does not know")
	}
}

// What is old says so where it stands, and nothing else does.
func TestOverviewSaysWhatIsOld(t *testing.T) {
	t.Parallel()
	quiet := fixture.Healthy()
	quiet.Link.Heard = fixture.Now().Add(-9 * time.Second)
	stuck := fixture.Healthy()
	stuck.Redis.At = fixture.Now().Add(-90 * time.Second)
	failed := fixture.Healthy()
	failed.Postgres.Error = "timeout"
	for name, c := range map[string]struct {
		s    *source.Snapshot
		want string
	}{
		"healthy":                 {fixture.Healthy(), ""},
		"nothing from the daemon": {quiet, "POOL used wait QUERIES REDIS BOT HOST"},
		"Redis alone":             {stuck, "REDIS"},
		"PostgreSQL failed once":  {failed, "POSTGRES"},
		"daemon down":             {fixture.DaemonDown(), "POOL used wait QUERIES POSTGRES REDIS BOT HOST"},
		"database down":           {fixture.DatabaseDown(), "QUERIES POSTGRES"},
	} {
		var old []string
		for line := range strings.SplitSeq(shownOverview(c.s).View(), "\n") {
			if fields := strings.Fields(line); len(fields) > 2 && fields[len(fields)-2] == "OLD" {
				old = append(old, fields[0])
			}
		}
		if got := strings.Join(old, " "); got != c.want {
			t.Errorf("%s: old are %q, not %q", name, got, c.want)
		}
	}
}

func TestOverviewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	both := fixture.Direct()
	both.Postgres.Down, both.Postgres.DownSince = "connection refused", fixture.Now()
	for name, c := range map[string]struct {
		s    *source.Snapshot
		want []string
	}{
		"database down": {fixture.DatabaseDown(), []string{"x POSTGRESQL UNREACHABLE 42s", "since 14:01:29", "attempt 7", "ctrl+r now", "connection refused on", "try: systemctl status postgresql"}},
		"daemon down":   {fixture.DaemonDown(), []string{"x DAEMON DOWN 42s", "attempt 9", "next in 4s", "nobody listens", "unit: activating (auto-restart), oom-kill, status 9, restarts 3", "try: systemctl status"}},
		"direct":        {fixture.Direct(), []string{"! DAEMON DOWN 42s", "the database is asked itself", "losing SSH will interrupt it"}},
		"both down":     {both, []string{"x PostgreSQL cannot be reached either: connection refused"}},
		"redis down":    {fixture.RedisDown(), []string{"REDIS x down 1m hit -"}},
		"starting":      {fixture.Starting(), []string{"! STARTING for 9s", "the database system is starting up", "POSTGRES - CACHE", "not known yet"}},
		"denied":        {fixture.Denied(), []string{"x DENIED", "join its group"}},
		"upgraded":      {fixture.Upgraded(), []string{"x UPGRADED", "leave it and start it again"}},
		"empty":         {fixture.Empty(), []string{"! CONNECTING", "POOL - used"}},
	} {
		view := shownOverview(c.s).View()
		flowing := strings.Join(strings.Fields(view), " ") // sentences are wrapped
		for _, want := range c.want {
			if !strings.Contains(flowing, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, view)
			}
		}
	}
	if view := shownOverview(fixture.Healthy()).View(); strings.Contains(view, "DOWN") || strings.Contains(view, "  x ") {
		t.Errorf("healthy, and something is wrong:\n%s", view)
	}
}

// What is not known is never a zero.
func TestOverviewOfWhatIsUnknown(t *testing.T) {
	t.Parallel()
	s := fixture.Healthy()
	s.Postgres.XactPerS, s.Postgres.HitPct, s.Postgres.DeadPct = nil, nil, nil
	s.Postgres.DatabaseSize = 0
	s.Cache.Hits, s.Cache.Misses, s.Cache.HitRate = 0, 0, 0
	s.Telegram.HandledMS = source.Percentiles{}
	s.Queues, s.History = nil, nil
	s.System.HostMemTotal, s.System.DiskTotal = 0, 0
	view := shownOverview(s).View()
	for _, want := range []string{"buffer hit -", "- xact/s", "dead -", "   -   buffer", "hit - ", "handled p95 -", "queue -", "failed -", "mem -", "disk -", "cpu ········· -", "peak -"} {
		if !strings.Contains(view, want) {
			t.Errorf("does not say %q:\n%s", want, view)
		}
	}
}

// An idle screen must cost little over SSH: a line that has changed is sent as a whole, so few lines may change from one second to the
// next. The budget is 1 kB a second at 80x24, of which header and message take a tenth.
func TestOverviewStandsStill(t *testing.T) {
	t.Parallel()
	o := screen.NewOverview(frame.Looks()["dark"])
	o.Resize(80, 19)
	s, now := fixture.Healthy(), fixture.Now()
	o.Show(s, now)
	before := strings.Split(o.View(), "\n")
	sent, seconds := 0, 300
	for i := range seconds {
		now = now.Add(time.Second)
		wobble := float64(i % 7)
		next := *s
		next.History, next.Log, next.Time = nil, nil, now
		link := *s.Link
		link.Heard = now
		next.Link = &link
		next.Samples = []source.Sample{{Time: now, Values: map[string]source.Value{
			source.PoolUsed: source.Value(i % 3), source.PoolWaitMS: source.Value(0.2 + wobble/10), source.PerSecond: source.Value(10 + wobble),
			source.SlowPerMin: 0, source.Updates: 8, source.HostCPU: source.Value(4 + wobble), source.CacheHitPct: 94,
		}}}
		s = s.Merge(&next)
		o.Show(s, now)
		after := strings.Split(o.View(), "\n")
		for n := range after {
			if after[n] != before[n] {
				sent += len(strings.TrimRight(after[n], " ")) + 8
			}
		}
		before = after
	}
	if perSecond := sent / seconds; perSecond > 900 {
		t.Errorf("%d bytes a second", perSecond)
	} else {
		t.Logf("%d bytes a second", perSecond)
	}
}

func BenchmarkOverviewView(b *testing.B) {
	for _, size := range []frame.Size{{Width: 80, Height: 24}, {Width: 160, Height: 50}} {
		b.Run(size.String(), func(b *testing.B) {
			o := screen.NewOverview(frame.Looks()["dark"])
			body := size.Body()
			o.Resize(body.Width, body.Height)
			o.Show(fixture.Busy(), fixture.Now())
			b.ReportAllocs()
			for b.Loop() {
				_ = o.View()
			}
		})
	}
}
