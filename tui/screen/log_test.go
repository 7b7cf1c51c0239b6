package screen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/tui/internal/frame"
	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/screen"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

func newLog(l *look.Look) screen.Screen { return screen.NewLog(l) }

func TestLogFrames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"busy", "daemon down", "empty"} {
		for _, size := range frame.GoldenSizes() {
			g := newLog(frame.Mono())
			g.Show(situations()[name](), fixture.Now())
			frame.Golden(t, strings.ReplaceAll(name, " ", "_")+"_"+size.String(), framed(t, g, size))
		}
	}
	for _, size := range frame.GoldenSizes() {
		g := screen.NewLog(frame.Mono())
		g.Show(fixture.Busy(), fixture.Now())
		g.Select("get_food_entries")
		frame.Golden(t, "filtered_"+size.String(), framed(t, g, size))
		g.Press(keys.Open)
		frame.Golden(t, "open_"+size.String(), framed(t, g, size))
	}
}

func TestLogFitsEverySize(t *testing.T) {
	t.Parallel()
	everySituation(t, newLog, func(t *testing.T, s screen.Screen) {
		t.Helper()
		fitting(t, s)
		s.Press(keys.Open)
		fitting(t, s)
		s.(screen.Filterer).Filter("a")
		fitting(t, s)
		s.Press(keys.Back)
		s.Press(keys.Back)
		s.(screen.Filterer).Filter("post")
		fitting(t, s)
		s.Press(keys.Back)
	})
}

func TestLogColours(t *testing.T) {
	t.Parallel()
	colours(t, newLog, fixture.Busy())
}

// logged is a log of so many lines, the last of them now, of which each fifth is about "five".
func logged(n int) *source.Snapshot {
	s := fixture.Healthy()
	s.Log = nil
	for i := range n {
		e := source.Event{Seq: int64(i + 1), Time: fixture.Now().Add(time.Duration(i-n+1) * time.Second), Level: "info", Kind: "daemon", Text: fmt.Sprintf("event %d", i+1)}
		if (i+1)%5 == 0 {
			e.Level, e.Subject = "warn", "five"
		}
		s.Log = append(s.Log, e)
	}
	return s
}

func shownLog(s *source.Snapshot) *screen.Log {
	g := screen.NewLog(frame.Mono())
	g.Resize(80, 18)
	g.Show(s, fixture.Now())
	return g
}

func TestLogFollows(t *testing.T) {
	t.Parallel()
	g := shownLog(logged(100))
	for _, c := range []struct {
		name string
		do   func()
		want string
		says string
	}{
		{"at first", func() {}, "five event 100", "following"},
		{"a new line", func() { g.Show(logged(101), fixture.Now()) }, "event 101", "following"},
		{"less room", func() { g.Resize(40, 9) }, "event 101", "following"},
		{"down", func() { g.Resize(80, 18); g.Press(keys.Down) }, "event 101", "following"},
		{"up", func() { g.Press(keys.Up) }, "five event 100", "f to follow"},
		{"a new line after up", func() { g.Show(logged(110), fixture.Now()) }, "five event 100", "f to follow"},
		{"the end", func() { g.Press(keys.Last); g.Show(logged(120), fixture.Now()) }, "five event 110", "f to follow"},
		{"f", func() { g.Press(keys.Follow) }, "five event 120", "following"},
		{"f again", func() { g.Press(keys.Follow); g.Show(logged(121), fixture.Now()) }, "five event 120", "f to follow"},
		{"the first", func() { g.Press(keys.First) }, "event 1", "f to follow"},
	} {
		c.do()
		if got := cursorLine(g); !strings.HasSuffix(got, "daemon "+c.want) && !strings.HasSuffix(got, " "+c.want) {
			t.Errorf("%s: the cursor is on %q", c.name, got)
		}
		if !strings.Contains(g.View(), c.says) {
			t.Errorf("%s: does not say %q", c.name, c.says)
		}
	}
}

func TestLogIsFiltered(t *testing.T) {
	t.Parallel()
	g := shownLog(logged(100))
	g.Select("five")
	view := g.View()
	if !strings.Contains(view, "filter /five/ (20 of 100)") || !strings.Contains(view, "row 20/20 of 100") || strings.Contains(view, "event 99") {
		t.Errorf("not filtered:\n%s", view)
	}
	if !g.Deep() || g.FilterText() != "five" {
		t.Errorf("deep %v, filter %q", g.Deep(), g.FilterText())
	}
	if _, handled := g.Press(keys.Back); !handled || g.Deep() || !strings.Contains(g.View(), "event 99") {
		t.Error("back does not end the filter")
	}
	if _, handled := g.Press(keys.Back); handled {
		t.Error("back handled with nothing to step back from")
	}
	if got := cursorLine(g); !strings.HasSuffix(got, "event 100") {
		t.Errorf("the cursor is on %q", got)
	}
	if got, _ := g.Press(keys.LogOf); got != (screen.Intent{}) || g.FilterText() != "five" {
		t.Errorf("log of the line: %+v, filter %q", got, g.FilterText())
	}
	g.Filter("")
	g.Press(keys.First)
	if got, _ := g.Press(keys.LogOf); got.Say == "" || g.FilterText() != "" {
		t.Errorf("log of a line about nothing: %+v", got)
	}
}

func TestLogLineIsOpened(t *testing.T) {
	t.Parallel()
	s := logged(3)
	s.Log[2] = source.Event{Seq: 3, Time: fixture.Now(), Level: "error", Kind: "postgres", Subject: "server", Text: strings.Repeat("word ", 40) + "the end"}
	g := shownLog(s)
	g.Press(keys.Open)
	view := g.View()
	for _, want := range []string{"2026-01-18 14:02:11.000 UTC", "level    error", "kind     postgres", "about    server", "the end"} {
		if !strings.Contains(view, want) {
			t.Errorf("does not show %q:\n%s", want, view)
		}
	}
	g.Filter("end")
	if got := cursorLine(g); !strings.HasSuffix(got, "the end") || g.FilterText() != "end" {
		t.Errorf("the match is %q", got)
	}
	g.Show(logged(4), fixture.Now()) // it stays open, whatever comes
	if got, _ := g.Press(keys.Copy); !strings.HasSuffix(got.Copy, "the end") {
		t.Errorf("copied %q", got.Copy)
	}
	g.Press(keys.Back)
	if g.FilterText() != "" || !g.Deep() {
		t.Error("back does not end the search first")
	}
	g.Press(keys.Back)
	if g.Deep() || !strings.Contains(g.View(), "event 1") {
		t.Errorf("back does not close the line:\n%s", g.View())
	}
}

func TestLogCopies(t *testing.T) {
	t.Parallel()
	g := shownLog(logged(5))
	if got, _ := g.Press(keys.Copy); got.Copy != "event 5" {
		t.Errorf("copied %+v", got)
	}
	if got, _ := g.Press(keys.CopyAll); got.Copy != "2026-01-18T14:02:11Z warn daemon five event 5" {
		t.Errorf("copied %+v", got)
	}
	if got, _ := shownLog(fixture.Empty()).Press(keys.Copy); got.Say == "" {
		t.Errorf("copied %+v of nothing", got)
	}
	if _, handled := g.Press(keys.DropIndex); handled {
		t.Error("it handles what it does not know")
	}
}

// While the daemon is down the service manager's lines follow its own; the same line twice is two lines.
func TestLogShowsTheJournal(t *testing.T) {
	t.Parallel()
	s := fixture.DaemonDown()
	s.Link.Journal = append(slices.Clone(s.Link.Journal), s.Link.Journal[3])
	g := shownLog(s)
	if got := cursorLine(g); got != "14:01:34 journal systemd[1]: healthagent.service: Scheduled restart job, …" {
		t.Errorf("the last line is %q", got)
	}
	view := g.View()
	if n := strings.Count(view, "journal"); n != 5 || !strings.Contains(view, "OLD 42s") {
		t.Errorf("%d lines of the journal:\n%s", n, view)
	}
	g.Show(fixture.Healthy(), fixture.Now())
	if view := g.View(); strings.Contains(view, "journal") {
		t.Errorf("the daemon is back, and its journal is still there:\n%s", view)
	}
}

// A line of the journal has its time in its own column, when it begins with one.
func TestLogReadsTheJournal(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"Jan 18 14:01:29 vps-1 systemd[1]: it died":     "14:01:29 journal systemd[1]: it died",
		"Jan  7 04:01:29 vps-1 healthagent[9]: started": "Jan 7 journal healthagent[9]: started",
		"Dec 31 23:59:59 vps-1 systemd[1]: it died":     "Dec 31 journal systemd[1]: it died",
		"-- No entries --":                              "journal -- No entries --",
		"Jan 18 14:01:29 alone":                         "journal Jan 18 14:01:29 alone",
		"Jan 18 14:01:29":                               "journal Jan 18 14:01:29",
		"":                                              "journal",
	} {
		s := fixture.DaemonDown()
		s.Link.Journal = []string{line}
		if got := cursorLine(shownLog(s)); got != want {
			t.Errorf("%q is %q, not %q", line, got, want)
		}
	}
}

// The numbers begin anew with the daemon.
func TestLogOfTwoDaemons(t *testing.T) {
	t.Parallel()
	s := logged(2)
	s.Log = append(s.Log, source.Event{Seq: 1, Time: fixture.Now().Add(time.Second), Level: "info", Kind: "daemon", Text: "started"}, s.Log[0])
	g := shownLog(s)
	if view := g.View(); !strings.Contains(view, "4 lines") || strings.Count(view, "event 1") != 2 {
		t.Errorf("lines are missing:\n%s", view)
	}
	for range 3 {
		g.Press(keys.Up)
	}
	if got := cursorLine(g); !strings.HasSuffix(got, "event 1") {
		t.Errorf("the cursor is on %q", got)
	}
}

func BenchmarkLogShowAndView(b *testing.B) {
	g := screen.NewLog(frame.Looks()["dark"])
	g.Resize(80, 18)
	s := logged(500)
	b.ReportAllocs()
	for b.Loop() {
		g.Show(s, fixture.Now())
		_ = g.View()
	}
}
