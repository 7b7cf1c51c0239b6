package screen

import (
	"fmt"
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// Log is what happened: to the daemon, by the runner of acts and by people, the newest at the end. While the daemon is down the last
// lines of its journal follow.
type Log struct {
	scene
	table  *widget.Table
	follow bool
	lines  map[string]source.Event // by the keys of the rows
	over   *widget.Text            // the whole of one line; nil: none is open
	opened source.Event            // which one
}

var (
	_ Screen   = (*Log)(nil)
	_ Filterer = (*Log)(nil)
	_ Selector = (*Log)(nil)
	_ Stepper  = (*Log)(nil)
)

// journal is the kind of a line that the service manager has kept.
const journal = "journal"

// The columns of the log.
const (
	logTime = iota
	logMark
	logKind
	logText
)

// NewLog makes the seventh screen. It follows.
func NewLog(l *look.Look) *Log {
	return &Log{scene: newScene(l), follow: true, table: widget.NewTable(l,
		widget.Column{Title: "time", Width: 8},
		widget.Column{Title: "", Width: 1},
		widget.Column{Title: "kind", Width: 9, Drop: 1},
		widget.Column{Title: "what", Width: 16, Grow: true},
	)}
}

// Name is that of its tab.
func (g *Log) Name() string { return "Log" }

// wideTime is from which width on a moment is written with its day and its second.
const wideTime = 100

// Resize gives it its room.
func (g *Log) Resize(width, height int) {
	wide := g.width >= wideTime
	g.width, g.height = max(0, width), max(0, height)
	if g.width >= wideTime != wide {
		g.fill()
	}
	g.arrange()
}

func (g *Log) arrange() {
	g.table.Resize(g.width, g.height-1)
	if g.over != nil {
		g.over.Resize(g.width, g.height-1)
	}
	if g.follow {
		g.table.Last()
	}
}

// Show gives it a new state. When it follows the cursor goes to the newest line, else it stays.
func (g *Log) Show(s *source.Snapshot, now time.Time) {
	g.s, g.now = s, now
	g.fill()
	g.arrange()
}

// fill makes the rows.
func (g *Log) fill() {
	width := 8
	if g.width >= wideTime {
		width = len("Jan 02 15:04:05")
	}
	g.table.SetWidth(logTime, width)
	events := append(g.s.Log[:len(g.s.Log):len(g.s.Log)], g.journal()...)
	rows := make([]widget.Row, 0, len(events))
	g.lines = make(map[string]source.Event, len(events))
	for _, e := range events {
		key := eventKey(e)
		for _, again := g.lines[key]; again; _, again = g.lines[key] { // the same line twice
			key += "'"
		}
		g.lines[key] = e
		rows = append(rows, g.line(key, e))
	}
	g.table.SetEmpty("nothing has happened yet")
	g.table.SetRows(rows)
}

// eventKey tells an event from others, also from one with its number before the daemon began anew.
func eventKey(e source.Event) string {
	if e.Kind == journal {
		return fmt.Sprintf("%s %d %s", journal, e.Time.Unix(), e.Text)
	}
	return fmt.Sprintf("%d %d", e.Seq, e.Time.UnixNano())
}

// journal is what the service manager has kept of the daemon, while the daemon does not tell itself.
func (g *Log) journal() []source.Event {
	link := g.s.Link
	if link == nil || link.State == source.LinkLive {
		return nil
	}
	events := make([]source.Event, len(link.Journal))
	for i, line := range link.Journal {
		events[i] = g.journalLine(line)
	}
	return events
}

// journalLine is a line of it. Its time is taken out of it when it begins as journalctl's lines do: month, day, time, host.
func (g *Log) journalLine(line string) source.Event {
	const stamp = "Jan _2 15:04:05"
	e := source.Event{Kind: journal, Text: line}
	if len(line) <= len(stamp) {
		return e
	}
	at, err := time.ParseInLocation("2006 "+stamp, g.now.Format("2006 ")+line[:len(stamp)], g.now.Location())
	_, text, found := strings.Cut(strings.TrimSpace(line[len(stamp):]), " ")
	if err != nil || !found {
		return e
	}
	if at.After(g.now.AddDate(0, 0, 1)) { // of December, seen in January
		at = at.AddDate(-1, 0, 0)
	}
	e.Time, e.Text = at, text
	return e
}

func (g *Log) line(key string, e source.Event) widget.Row {
	mark, role := markOfLevel(e.Level)
	at := ""
	switch {
	case e.Time.IsZero():
	case g.width >= wideTime:
		at = e.Time.In(g.now.Location()).Format("Jan _2 15:04:05")
	default:
		at = g.clock(e.Time)
	}
	return widget.Row{Key: key, Cells: []widget.Cell{
		logTime: {Text: at, Role: look.Dim}, logMark: {Text: mark, Role: role}, logKind: {Text: e.Kind, Role: look.Dim},
		logText: {Text: eventText(e), Role: eventRole(role)},
	}}
}

// selected is the event that keys are about.
func (g *Log) selected() (source.Event, bool) {
	if g.over != nil {
		return g.opened, true
	}
	e, ok := g.lines[g.table.SelectedKey()]
	return e, ok
}

// Select shows only lines about a subject, the newest of them.
func (g *Log) Select(subject string) {
	g.over = nil
	g.table.Filter(subject)
	g.follow = true
	g.arrange()
}

// Filter shows only lines with the text in them; in an open line it searches.
func (g *Log) Filter(text string) {
	if g.over != nil {
		g.over.Filter(text)
		return
	}
	g.table.Filter(text)
	g.arrange()
}

// FilterText is what it is filtered by, or what is searched in the open line.
func (g *Log) FilterText() string {
	if g.over != nil {
		return g.over.FilterText()
	}
	return g.table.FilterText()
}

// Deep reports whether a line is open or the list filtered.
func (g *Log) Deep() bool { return g.over != nil || g.table.FilterText() != "" }

// Hints are the keys that are of use.
func (g *Log) Hints() []keys.Action {
	if g.over != nil {
		return []keys.Action{keys.Back, keys.Filter, keys.NextMatch, keys.Copy, keys.CopyAll}
	}
	return []keys.Action{keys.Down, keys.Filter, keys.Follow, keys.Open, keys.Copy, keys.LogOf}
}

// View draws it.
func (g *Log) View() string {
	if g.height == 0 {
		return ""
	}
	title, body := g.title(), g.table.View()
	if g.over != nil {
		title, body = g.look.Paint(look.Strong, widget.Titled(g.look, "log line  "+g.over.Place(), g.width)), g.over.View()
	}
	return widget.Fit(g.look, append([]string{title}, strings.Split(body, "\n")...), g.width, g.height)
}

// title says how much there is, whether it follows, and by what it is filtered.
func (g *Log) title() string {
	shown, all := g.table.Len()
	count := fmt.Sprintf("%d lines", all)
	filter := ""
	if text := g.table.FilterText(); text != "" {
		filter = fmt.Sprintf("filter /%s/ (%d of %d)", look.OneLine(text), shown, all)
		count = ""
	}
	follow := widget.Part{Text: "f to follow", Role: look.Dim, Drop: 2}
	if g.follow {
		follow = widget.Part{Text: "following", Role: look.Accent, Drop: 2}
	}
	old := widget.Part{Text: g.oldDaemon(), Role: look.Warn}
	return " " + widget.Parts(g.look, g.width-1, 3, widget.Part{Text: count}, widget.Part{Text: filter, Role: look.Accent}, follow,
		widget.Part{Text: g.table.Place(), Role: look.Dim, Drop: 1}, old)
}
