package screen

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// migrationsOld is how old the ledger gets while all is well.
const migrationsOld = 2 * time.Minute

// Migrations lists the ledger, the newest first.
type Migrations struct {
	list
	down bool // the SQL that is shown is the way back
}

// NewMigrations makes the screen.
func NewMigrations(l *look.Look) *Migrations {
	m := &Migrations{list: newList(
		l, -1,
		widget.Column{Title: "no", Width: 4, Descending: true}, widget.Column{Title: "name", Width: 24, Grow: true},
		widget.Column{Title: "state", Width: 7, Drop: 1}, widget.Column{Title: "done", Width: 5, Right: true, Drop: 9},
		widget.Column{Title: "applied", Width: 16, Drop: 6, Descending: true},
		widget.Column{Title: "took", Width: 6, Right: true, Drop: 8, Descending: true}, widget.Column{Title: "class", Width: 11, Drop: 7},
		widget.Column{Title: "back", Width: 4, Drop: 2},
	)}
	m.page, m.factsFirst, m.paneMost, m.given = m, true, 18, "newest first"
	return m
}

// Name is that of its tab.
func (m *Migrations) Name() string { return "Migrations" }

// Show takes a new state.
func (m *Migrations) Show(s *source.Snapshot, now time.Time) {
	m.state(s, now)
	var rows []widget.Row
	if part := s.Migrations; part != nil {
		m.judge(&part.Part, migrationsOld)
		m.summary = ledger(part)
		m.note = oneLine(part.Work)
		for i := range part.List {
			rows = append(rows, m.row(&part.List[i]))
		}
	} else {
		m.judge(nil, 0)
	}
	m.fill(rows)
}

// ledger counts the migrations by their states, and says what else there is to know.
func ledger(part *source.Migrations) []string {
	counts := map[string]int{}
	edited, strange := 0, 0
	for i := range part.List {
		m := &part.List[i]
		counts[m.State]++
		if m.Edited {
			edited++
		}
		if m.Unknown {
			strange++
		}
	}
	var out []string
	for _, state := range []string{"applied", "pending", "held", "running", "partial", "failed"} {
		if n := counts[state]; n > 0 || slices.Contains([]string{"applied", "pending", "held"}, state) {
			out = append(out, fmt.Sprintf("%d %s", n, state))
		}
	}
	checksum, lock, auto := "checksum ok", "lock free", "auto-apply off"
	if edited > 0 {
		checksum = fmt.Sprintf("%d EDITED", edited)
	}
	if part.Lock != "" {
		lock = "lock: " + oneLine(part.Lock)
	}
	if part.Auto {
		auto = "auto-apply on"
	}
	if strange > 0 {
		out = append(out, fmt.Sprintf("%d UNKNOWN", strange))
	}
	return append(out, checksum, lock, auto)
}

func (m *Migrations) row(x *source.Migration) widget.Row {
	applied, took, done := look.Unknown, look.Unknown, look.Unknown
	at, seconds := math.NaN(), math.NaN()
	if x.AppliedAt != nil {
		applied, at = m.clock(*x.AppliedAt, "2006-01-02 15:04"), float64(x.AppliedAt.Unix())
		if x.TookS > 0 {
			took, seconds = look.Span(time.Duration(x.TookS*float64(time.Second))), x.TookS
		}
	}
	if x.Total > 0 {
		done = fmt.Sprintf("%d/%d", x.Done, x.Total)
	}
	number, err := strconv.ParseFloat(x.Version, 64)
	if err != nil {
		number = math.NaN()
	}
	back, backRole := x.Back, look.Plain
	if x.Back == "loses rows" {
		back, backRole = "LOSS", look.Warn
	}
	return widget.Row{Key: x.Version, Cells: []widget.Cell{
		{Text: oneLine(x.Version), Number: number},
		{Text: oneLine(x.Name)},
		{Text: oneLine(x.State), Role: stateRole(x)},
		{Text: done},
		{Text: applied, Number: at},
		{Text: took, Number: seconds},
		{Text: oneLine(x.Class)},
		{Text: oneLine(back), Role: backRole},
	}}
}

func stateRole(x *source.Migration) look.Role {
	switch {
	case x.State == "failed" || x.State == "partial":
		return look.Fail
	case x.State != "applied" || x.Edited || x.Unknown:
		return look.Warn
	default:
		return look.Good
	}
}

// Press says what a key means.
func (m *Migrations) Press(a keys.Action) (Intent, bool) {
	switch a {
	case keys.Rollback, keys.Apply:
		return m.act(a), true
	case keys.NextPane, keys.PrevPane:
		m.down = !m.down
		m.refresh()
		return Intent{}, true
	}
	return m.list.Press(a)
}

// act asks for the preview of what a key does to the migration that keys are about, or says why it does nothing to this one.
func (m *Migrations) act(a keys.Action) Intent {
	key := m.key()
	if key == "" {
		return Intent{Say: "there is no migration here"}
	}
	x := m.at(key)
	if x == nil {
		return Intent{Say: oneLine(key) + " is not listed any more"}
	}
	verb, why := source.Rollback, cannotRollBack(x)
	if a == keys.Apply {
		verb, why = source.Apply, cannotApply(x)
	}
	if why != "" {
		return Intent{Say: oneLine(x.Version) + " " + why}
	}
	return Intent{Act: &source.Act{Verb: verb, Object: source.OnMigration, Name: x.Version}}
}

// cannotRollBack says why R does nothing; empty: it does. One that is half-way is finished by it; of one at work the preview has the run.
func cannotRollBack(x *source.Migration) string {
	switch {
	case x.Unknown:
		return "is not known to this program, which has no file of it: roll it back with the program that applied it"
	case !slices.Contains([]string{"applied", "partial", "running"}, x.State):
		return "is not applied: there is nothing to roll back"
	case x.Down == "":
		return "has no rollback: there is no way back"
	default:
		return ""
	}
}

// cannotApply says why A does nothing; empty: it does. One that is half-way is restored by it; of one at work the preview has the run.
func cannotApply(x *source.Migration) string {
	switch {
	case x.Unknown:
		return "is not known to this program, which has no file of it"
	case x.State == "applied" && len(x.Held) == 0:
		return "is applied already"
	default:
		return ""
	}
}

// Hints are the keys for the foot.
func (m *Migrations) Hints() []keys.Action {
	acts := []keys.Action{keys.Rollback, keys.Apply, keys.NextPane}
	if m.over != nil {
		return m.sheetHints(acts...)
	}
	return append(acts, keys.Open, keys.Copy, keys.Filter, keys.Detail, keys.SortNext, keys.LogOf)
}

// find takes a number with and without its zeros, and the name of a file.
func (m *Migrations) find(subject string) string {
	version, _, _ := strings.Cut(subject, "_")
	short := func(v string) string { return strings.TrimLeft(v, "0") }
	if x := m.migration(func(x *source.Migration) bool { return short(x.Version) == short(version) }); x != nil {
		return x.Version
	}
	return ""
}

func (m *Migrations) subject(key string) string { return key }

// value is the SQL that is shown.
func (m *Migrations) value(key string) string {
	x := m.at(key)
	switch {
	case x == nil:
		return ""
	case m.down:
		return x.Down
	default:
		return x.Up
	}
}

// at is the migration of a row, nil when it is not listed.
func (m *Migrations) at(key string) *source.Migration {
	return m.migration(func(x *source.Migration) bool { return x.Version == key })
}

func (m *Migrations) migration(which func(*source.Migration) bool) *source.Migration {
	if m.s.Migrations == nil {
		return nil
	}
	list := m.s.Migrations.List
	if i := slices.IndexFunc(list, func(x source.Migration) bool { return which(&x) }); i >= 0 {
		return &list[i]
	}
	return nil
}
