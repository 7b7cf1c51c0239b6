package screen

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// Cache shows what the cache does for the daemon, and the Redis server behind it.
type Cache struct {
	scene
}

var _ Screen = (*Cache)(nil)

// NewCache makes the sixth screen.
func NewCache(l *look.Look) *Cache { return &Cache{scene: newScene(l)} }

// Name is that of its tab.
func (c *Cache) Name() string { return "Cache" }

// Resize gives it its room.
func (c *Cache) Resize(width, height int) { c.width, c.height = max(0, width), max(0, height) }

// Show gives it a new state.
func (c *Cache) Show(s *source.Snapshot, now time.Time) { c.s, c.now = s, now }

// Press tells it what a key means.
func (c *Cache) Press(a keys.Action) (Intent, bool) {
	switch a {
	case keys.Copy, keys.CopyAll:
		if c.s.Cache == nil {
			return Intent{Say: "there is nothing to copy"}, true
		}
		return Intent{Copy: c.plain()}, true
	case keys.LogOf:
		return Intent{Open: keys.Screen7, Subject: "cache"}, true
	default:
		return Intent{}, false
	}
}

// Hints are the keys that are of use.
func (c *Cache) Hints() []keys.Action {
	return []keys.Action{keys.LogOf, keys.Copy, keys.Refresh, keys.Faster}
}

// View draws it. Where there is little room the server comes after the groups, and is cut.
func (c *Cache) View() string {
	var lines []string
	if c.height >= 16 {
		lines = c.banner(c.width, 4)
	}
	lines = append(lines, c.backend()...)
	if c.width >= wideWidth {
		left := c.width / 2
		lines = append(lines, widget.Beside(c.look, c.groups(left), c.server(c.width-left-3), left, c.width)...)
	} else {
		lines = append(lines, c.groups(c.width)...)
		lines = append(lines, c.server(c.width)...)
	}
	return widget.Fit(c.look, lines, c.width, c.height)
}

// inMemory reports whether there is no server.
func (c *Cache) inMemory() bool { return c.s.Cache != nil && c.s.Cache.Backend == "memory" }

// down reports whether the server does not answer.
func (c *Cache) down() bool {
	s := c.s.Cache
	return s != nil && !c.inMemory() && s.State != "" && s.State != "closed"
}

// backend is what the cache is, whether it works, and how it did in the last 15 minutes.
func (c *Cache) backend() []string {
	old := c.oldDaemon()
	s := c.s.Cache
	if s == nil {
		return []string{c.row("CACHE", c.width, old, widget.Part{Text: look.Unknown})}
	}
	lines := []string{c.row("CACHE", c.width, old, c.state()...)}
	ring := c.ring()
	lines = append(lines, c.graph("  hit %", source.CacheHitPct, 100, c.width, old,
		widget.Part{Text: "15m", Role: look.Dim, Drop: 3},
		widget.Part{Text: "now " + figure(widget.Newest(ring.Series[source.CacheHitPct]), look.Rate, "%")},
		widget.Part{Text: "all " + hitRate(s), Drop: 2}))
	if c.height >= 18 {
		long := c.long()
		lines = append(lines, c.graphOf(long, "  hit %", source.CacheHitPct, 100, c.width, old, widget.Part{Text: "48h", Role: look.Dim, Drop: 1}))
	}
	if !c.inMemory() {
		lines = append(lines, c.graph("  answer", source.CacheAnswer, 0, c.width, old,
			widget.Part{Text: "15m", Role: look.Dim, Drop: 3},
			widget.Part{Text: figure(widget.Newest(ring.Series[source.CacheAnswer]), look.Millis, "")},
			widget.Part{Text: "max " + figure(widget.Peak(ring.Series[source.CacheAnswer]), look.Millis, ""), Drop: 2}))
	}
	return lines
}

// state is the backend and its breaker in words.
func (c *Cache) state() []widget.Part {
	s := c.s.Cache
	name := widget.Part{Text: look.OneLine(s.Backend)}
	since := c.since("cache")
	switch {
	case c.inMemory():
		return []widget.Part{{Text: "in the daemon's memory"}, {Text: "lost at a restart; REDIS_URL names a server", Role: look.Dim, Drop: 1}}
	case (s.State == "closed" || s.State == "") && c.s.Redis != nil && c.s.Redis.Error != "": // nobody has needed it since
		return []widget.Part{name, {Text: "! does not answer", Role: look.Warn}, {Text: "breaker closed: nobody has needed it since", Drop: 1}}
	case s.State == "closed" || s.State == "":
		if since != "" {
			since = "since" + since
		}
		return []widget.Part{name, {Text: "ok, breaker closed", Role: look.Good}, {Text: since, Drop: 1}}
	case s.State == "open":
		return []widget.Part{name, {Text: "x breaker open" + since, Role: look.Fail}, {Text: "PostgreSQL serves alone", Drop: 1}}
	default: // half-open
		return []widget.Part{name, {Text: "! breaker " + look.OneLine(s.State) + since, Role: look.Warn}, {Text: "the next question decides", Drop: 1}}
	}
}

// groupColumns are the columns of the groups, the most needed first.
func groupColumns() []struct {
	title string
	value func(source.Group) string
} {
	count := func(of func(source.Group) int64) func(source.Group) string {
		return func(g source.Group) string { return look.Count(float64(of(g))) }
	}
	return []struct {
		title string
		value func(source.Group) string
	}{
		{"hit rate", groupRate},
		{"misses", count(func(g source.Group) int64 { return g.Misses })},
		{"hits", count(func(g source.Group) int64 { return g.Hits })},
		{"errors", count(func(g source.Group) int64 { return g.Errors })},
		{"sets", count(func(g source.Group) int64 { return g.Sets })},
		{"deletes", count(func(g source.Group) int64 { return g.Deletes })},
	}
}

// heading is a line with a title, which is left out where there is little room.
func (c *Cache) heading(title string, width int) []string {
	if c.height < 14 {
		return nil
	}
	return []string{c.look.Paint(look.Strong, widget.Titled(c.look, title, width))}
}

// groups are the counts of each group of keys since the start of the daemon, and of all.
func (c *Cache) groups(width int) []string {
	lines := c.heading("BY GROUP  since the daemon's start", width)
	s := c.s.Cache
	if s == nil {
		return append(lines, "   "+look.Unknown)
	}
	lines = append(lines, c.look.Paint(look.Dim, c.group(width, "group", func(title string, _ func(source.Group) string) string { return title })))
	one := func(name string, g source.Group) {
		line := c.group(width, name, func(_ string, value func(source.Group) string) string { return value(g) })
		if g.Errors > 0 {
			line = c.look.Paint(look.Warn, line)
		}
		lines = append(lines, line)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Groups)) {
		one(look.OneLine(name), s.Groups[name])
	}
	one("all", s.Group)
	return lines
}

func (c *Cache) group(width int, name string, cell func(title string, value func(source.Group) string) string) string {
	const names, figures = 14, 9
	var b strings.Builder
	b.WriteString("   " + c.look.Left(name, names))
	for i, column := range groupColumns() {
		if 3+names+(i+1)*figures > width && i > 0 {
			break
		}
		b.WriteString(c.look.Right(cell(column.title, column.value), figures))
	}
	return c.look.Clip(b.String(), width)
}

// plain is the counts as they are copied.
func (c *Cache) plain() string {
	s := c.s.Cache
	var b strings.Builder
	line := func(name string, g source.Group) {
		fmt.Fprintf(&b, "%s: hits %d, misses %d, sets %d, deletes %d, errors %d, hit rate %s\n", name, g.Hits, g.Misses, g.Sets, g.Deletes, g.Errors, groupRate(g))
	}
	line("cache "+s.Backend, s.Group)
	for _, name := range slices.Sorted(maps.Keys(s.Groups)) {
		line(name, s.Groups[name])
	}
	return strings.TrimSuffix(b.String(), "\n")
}
