package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

const (
	activityEvery = 2 * time.Second
	activityOld   = 10 * time.Second
)

// Activity lists the sessions of the database: who waits for whom first, then the rest.
type Activity struct {
	list
	seen   *source.Activity // nil: nothing has come yet
	failed string           // why nothing newer has
}

// NewActivity makes the screen.
func NewActivity(l *look.Look) *Activity {
	number := func(title string, width, drop int) widget.Column {
		return widget.Column{Title: title, Width: width, Right: true, Drop: drop, Descending: true}
	}
	a := &Activity{list: newList(
		l, -1,
		widget.Column{Title: "pid", Width: 10}, widget.Column{Title: "who", Width: 12, Most: 28, Inner: true, Drop: 1}, widget.Column{Title: "user", Width: 11, Drop: 12},
		widget.Column{Title: "state", Width: 8, Drop: 2}, number("for", 5, 3), number("xact", 5, 10), widget.Column{Title: "wait", Width: 14, Drop: 6},
		number("blocks", 6, 11), widget.Column{Title: "query", Width: 22, Grow: true, Drop: 4},
	)}
	a.page, a.paneMost, a.given = a, 8, "who blocks first"
	return a
}

// Name is that of its tab.
func (a *Activity) Name() string { return "Activity" }

// Poll is the page of the sessions, which is read only while somebody looks.
func (a *Activity) Poll() (string, time.Duration) { return source.ActivityPath, activityEvery }

// Answer takes the sessions, or why they could not be had; what was known stays.
func (a *Activity) Answer(path string, value any, err error) {
	if path != source.ActivityPath {
		return
	}
	if page, ok := value.(*source.Activity); ok && err == nil {
		a.seen, a.failed = page, page.Error
	} else if err != nil {
		a.failed = source.Sentence(err)
	}
	a.rows()
}

// Resize gives it its room, in which the lines about what is at work are made.
func (a *Activity) Resize(width, height int) {
	a.list.Resize(width, height)
	a.rows()
}

// Show takes a new state.
func (a *Activity) Show(s *source.Snapshot, now time.Time) {
	a.state(s, now)
	a.rows()
}

// rows makes the rows anew. The tree is drawn only while the rows stand in its order.
func (a *Activity) rows() {
	a.state(a.s, a.now)
	var rows []widget.Row
	if a.seen == nil {
		a.judge(nil, 0)
		if a.failed != "" {
			a.none = "not known: " + oneLine(a.failed)
		}
		a.fill(nil)
		return
	}
	part := a.seen.Part
	part.Error = a.failed
	a.judge(&part, activityOld)
	a.summary = []string{
		fmt.Sprintf("%d of %d connections", a.seen.Used, a.seen.Usable), fmt.Sprintf("blocked %d", a.seen.Blocked),
		"oldest transaction " + span(a.seen.OldestS), "xid age " + look.Count(float64(a.seen.XIDAge)),
	}
	branches := a.branches()
	for i := range a.seen.Sessions {
		rows = append(rows, a.row(&a.seen.Sessions[i], branches[i]))
	}
	a.between = a.work()
	a.fill(rows)
}

// branches are what stands before the process ids.
func (a *Activity) branches() []string {
	if a.sort >= 0 || a.table.FilterText() != "" || strings.Contains(a.table.Order(), "reversed") {
		return make([]string, len(a.seen.Sessions))
	}
	tree := make([]widget.Branch, len(a.seen.Sessions))
	for i, s := range a.seen.Sessions {
		if s.InTree {
			tree[i] = widget.Branch{Depth: min(s.Depth, 20), Last: s.Last}
		}
	}
	return widget.Tree(a.look, tree)
}

func (a *Activity) row(s *source.Session, branch string) widget.Row {
	seconds := func(v *float64) widget.Cell { return widget.Cell{Text: look.Seconds(v), Number: orNaN(v)} }
	pid := branch + strconv.Itoa(s.PID)
	role := look.Plain
	switch {
	case s.Blocks > 0:
		role = look.Fail
	case s.InTree:
		role = look.Warn
	}
	return widget.Row{Key: s.Key(), Cells: []widget.Cell{
		{Text: pid, Number: float64(s.PID), Role: role},
		{Text: who(s)},
		{Text: cmp.Or(oneLine(s.User), look.Unknown)},
		{Text: shortState(s.State)},
		seconds(s.StateS), seconds(s.XactS),
		{Text: cmp.Or(shortWait(s.Wait), look.Unknown), Role: role},
		{Text: strconv.Itoa(s.Blocks), Number: float64(s.Blocks)},
		{Text: cmp.Or(oneLine(s.Query), look.Unknown)},
	}}
}

// who is the program of a session, or what the session is.
func who(s *source.Session) string {
	return oneLine(cmp.Or(s.App, s.Kind, s.User, look.Unknown))
}

func shortState(state string) string {
	switch state {
	case "":
		return look.Unknown
	case "idle in transaction":
		return "idle tx"
	case "idle in transaction (aborted)":
		return "idle tx!"
	case "fastpath function call":
		return "fastpath"
	default:
		return oneLine(state)
	}
}

// shortWait leaves out that a client waits for its client.
func shortWait(wait string) string {
	return oneLine(strings.TrimPrefix(strings.Replace(wait, ":", " ", 1), "Client "))
}

// span is a figure in seconds in two units.
func span(s *float64) string {
	if s == nil {
		return look.Unknown
	}
	return look.Span(time.Duration(*s * float64(time.Second)))
}

// Press says what a key means.
func (a *Activity) Press(k keys.Action) (Intent, bool) {
	switch k {
	case keys.CancelRun:
		return a.act(source.Cancel), true
	case keys.EndRun:
		return a.act(source.End), true
	}
	i, handled := a.list.Press(k)
	a.rows()
	return i, handled
}

// Filter shows only sessions with the text in them.
func (a *Activity) Filter(text string) {
	a.list.Filter(text)
	a.rows()
}

// act asks for the preview of what is done to the session that keys are about. It is named by its process id and its start: the id alone
// may be another's by then.
func (a *Activity) act(v source.Verb) Intent {
	key := a.key()
	if key == "" {
		return Intent{Say: "there is no session here"}
	}
	s := a.at(key)
	if s == nil {
		return Intent{Say: "pid " + a.subject(key) + " is gone"}
	}
	name := fmt.Sprintf("pid %d (%s) ", s.PID, who(s))
	switch {
	case s.Protect != "":
		return Intent{Say: name + "is left alone: " + oneLine(s.Protect)}
	case s.Start == nil:
		return Intent{Say: name + "cannot be named for good: the database's role may not see when it began"}
	}
	start := *s.Start
	return Intent{Act: &source.Act{Verb: v, Object: source.OnSession, Name: strconv.Itoa(s.PID), Start: &start}}
}

// Hints are the keys for the foot.
func (a *Activity) Hints() []keys.Action {
	acts := []keys.Action{keys.CancelRun, keys.EndRun}
	if a.over != nil {
		return a.sheetHints(acts...)
	}
	return append([]keys.Action{keys.Open}, append(acts, keys.SortNext, keys.Reverse, keys.Filter, keys.Detail, keys.Copy, keys.LogOf)...)
}

// find takes a process id.
func (a *Activity) find(subject string) string {
	if a.seen == nil {
		return ""
	}
	for i := range a.seen.Sessions {
		if s := &a.seen.Sessions[i]; strconv.Itoa(s.PID) == subject {
			return s.Key()
		}
	}
	return ""
}

func (a *Activity) subject(key string) string {
	pid, _, _ := strings.Cut(key, "@")
	return pid
}

// value is the process id.
func (a *Activity) value(key string) string { return a.subject(key) }

// at is the session of a row, nil when it is gone.
func (a *Activity) at(key string) *source.Session {
	if a.seen == nil {
		return nil
	}
	if i := slices.IndexFunc(a.seen.Sessions, func(s source.Session) bool { return s.Key() == key }); i >= 0 {
		return &a.seen.Sessions[i]
	}
	return nil
}
