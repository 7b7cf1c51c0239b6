package screen_test

import (
	"strings"
	"testing"

	"healthagent/tui/internal/frame"
	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func newCache(l *look.Look) screen.Screen { return screen.NewCache(l) }

// inMemory is a daemon without a Redis.
func inMemory() *source.Snapshot {
	s := fixture.Healthy()
	s.Cache.Backend, s.Redis = "memory", nil
	return s
}

func TestCacheFrames(t *testing.T) {
	t.Parallel()
	states := situations()
	states["memory"] = inMemory
	for _, name := range []string{"healthy", "redis down", "memory", "daemon down"} {
		for _, size := range frame.GoldenSizes() {
			c := newCache(frame.Mono())
			c.Show(states[name](), fixture.Now())
			frame.Golden(t, strings.ReplaceAll(name, " ", "_")+"_"+size.String(), framed(t, c, size))
		}
	}
}

func TestCacheFitsEverySize(t *testing.T) {
	t.Parallel()
	everySituation(t, newCache, fitting)
}

func TestCacheColours(t *testing.T) {
	t.Parallel()
	colours(t, newCache, fixture.RedisDown())
}

func shownCache(s *source.Snapshot) *screen.Cache {
	c := screen.NewCache(frame.Mono())
	c.Resize(80, 18)
	c.Show(s, fixture.Now())
	return c
}

func TestCacheSays(t *testing.T) {
	t.Parallel()
	half := fixture.RedisDown()
	half.Cache.State = "half-open"
	odd := fixture.Healthy()
	odd.Cache.State = "melting"
	fresh := fixture.Healthy()
	fresh.Cache.Group, fresh.Cache.Groups = source.Group{}, nil
	full := fixture.Healthy()
	full.Redis.UsedBytes = full.Redis.MaxBytes
	slow := fixture.Healthy()
	slow.Redis.Error = "timeout"
	unasked := fixture.Healthy()
	unasked.Redis = nil
	for name, c := range map[string]struct {
		s    *source.Snapshot
		want []string
		not  string
	}{
		"healthy":       {fixture.Healthy(), []string{"redis ok, breaker closed", "history 96.0% 212 5.1k", "all 94.1%", "38/256MB policy allkeys-lru", "evicted 0", "10 61 ops/s", "persistence on", "SERVER 7.2.4"}, "OLD"},
		"open":          {fixture.RedisDown(), []string{"x breaker open 1m", "PostgreSQL serves alone", "server x Redis does not answer", "memory - policy -", "keys - expired - evicted -", "clients - - ops/s"}, "38/256MB"},
		"half-open":     {half, []string{"! breaker half-open 1m"}, "closed"},
		"an odd state":  {odd, []string{"! breaker melting"}, "closed"},
		"in memory":     {inMemory(), []string{"in the daemon's memory", "REDIS_URL", "history 96.0%"}, "SERVER"},
		"nothing read":  {fresh, []string{"all - 0 0"}, "0.0%"},
		"full":          {full, []string{"256/256MB !"}, ""},
		"one timeout":   {slow, []string{"x timeout", "38/256MB", "OLD 1s"}, ""},
		"not asked yet": {unasked, []string{"server -"}, "policy"},
		"empty":         {fixture.Empty(), []string{"CACHE -", "server -"}, "0"},
		"daemon down":   {fixture.DaemonDown(), []string{"x DAEMON DOWN", "OLD 42s"}, ""},
	} {
		view := strings.Join(strings.Fields(shownCache(c.s).View()), " ")
		for _, want := range c.want {
			if !strings.Contains(view, want) {
				t.Errorf("%s does not say %q:\n%s", name, want, view)
			}
		}
		if c.not != "" && strings.Contains(view, c.not) {
			t.Errorf("%s says %q:\n%s", name, c.not, view)
		}
	}
}

func TestCacheKeys(t *testing.T) {
	t.Parallel()
	c := shownCache(fixture.Healthy())
	if got, _ := c.Press(keys.LogOf); got.Open != keys.Screen7 || got.Subject != "cache" {
		t.Errorf("log: %+v", got)
	}
	want := "cache redis: hits 12214, misses 766, sets 812, deletes 31, errors 0, hit rate 94.1%\nhistory: hits 5120, misses 212, sets 240, deletes 4, errors 0, hit rate 96.0%\n"
	if got, _ := c.Press(keys.CopyAll); !strings.HasPrefix(got.Copy, want) {
		t.Errorf("copy: %q", got.Copy)
	}
	if got, _ := shownCache(fixture.Empty()).Press(keys.Copy); got.Say == "" {
		t.Errorf("copy of nothing: %+v", got)
	}
	if _, handled := c.Press(keys.DropIndex); handled {
		t.Error("it handles what it does not know")
	}
}
