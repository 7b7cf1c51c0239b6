package screen

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// statementsOld is how old the statements' figures get while all is well: they are read every 5 s.
const statementsOld = 20 * time.Second

// Queries lists the named statements, what took the most time first.
type Queries struct {
	list
	asked string // the page of the plan that is shown or waited for
}

// NewQueries makes the screen.
func NewQueries(l *look.Look) *Queries {
	number := func(title string, width, drop int) widget.Column {
		return widget.Column{Title: title, Width: width, Right: true, Drop: drop, Descending: true}
	}
	q := &Queries{list: newList(
		l, 7,
		widget.Column{Title: "name", Width: 20, Grow: true},
		number("calls/m", 7, 4), number("mean", 6, 6), number("p50", 6, 11), number("p95", 6, 1), number("p99", 6, 12), number("max", 6, 7),
		number("%time", 5, 2), number("errors", 6, 10), number("p95 24h", 7, 9),
		widget.Column{Title: "15m", Width: 8, Drop: 5, Descending: true},
		widget.Column{Title: "plan", Width: 7, Drop: 3},
	)}
	q.page, q.brief = q, true
	return q
}

// Name is that of its tab.
func (q *Queries) Name() string { return "Queries" }

// Show takes a new state.
func (q *Queries) Show(s *source.Snapshot, now time.Time) {
	q.state(s, now)
	var rows []widget.Row
	if st := s.Statements; st != nil {
		q.judge(&st.Part, statementsOld)
		q.summary = []string{"window " + window(st.WindowS)}
		for i := range st.List {
			rows = append(rows, q.row(&st.List[i]))
		}
	} else {
		q.judge(nil, 0)
	}
	q.fill(rows)
}

// window writes a span of whole minutes without its seconds.
func window(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d >= time.Minute && d%time.Minute == 0 && d < time.Hour {
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return look.Span(d)
}

func (q *Queries) row(s *source.Statement) widget.Row {
	ms := func(v float64) widget.Cell { return widget.Cell{Text: look.MS(v), Number: v} }
	day := widget.Cell{Text: look.Unknown, Number: -1}
	if s.DayP95MS != nil {
		day = ms(*s.DayP95MS)
	}
	role := look.Plain
	if s.Worse != "" {
		role = look.Warn
	}
	errors := widget.Cell{Text: look.Count(float64(s.Errors)), Number: float64(s.Errors)}
	if s.Errors > 0 {
		errors.Role = look.Warn
	}
	p95 := ms(s.P95MS)
	p95.Role = role
	return widget.Row{Key: s.Name, Cells: []widget.Cell{
		{Text: oneLine(s.Name)},
		{Text: look.Rate(s.CallsMin), Number: s.CallsMin},
		ms(s.MeanMS), ms(s.P50MS), p95, ms(s.P99MS), ms(s.MaxMS),
		{Text: fmt.Sprintf("%.1f", s.TimePct), Number: s.TimePct},
		errors, day,
		{Text: widget.Spark(q.look, s.Spark, 8, 0), Role: look.Graph, Number: latest(s.Spark)},
		planCell(s),
	}}
}

// latest is the last value of a series that is no gap, -1 when there is none.
func latest(s source.Series) float64 {
	for _, v := range slices.Backward(s) {
		if !math.IsNaN(v) {
			return v
		}
	}
	return -1
}

// planCell says by what a statement reads, with a ! when it is another index than the one that is there for it.
func planCell(s *source.Statement) widget.Cell {
	text := shortNode(s.Node)
	if strays(s) {
		return widget.Cell{Text: "! " + text, Role: look.Warn}
	}
	return widget.Cell{Text: "  " + text, Sort: text}
}

// elsewhere reports whether a statement reads by another index than the one that is there for it, or by none.
func elsewhere(s *source.Statement) bool {
	return s.Expected != "" && s.Node != "" && s.Index != s.Expected
}

// strays reports whether it should not: on a small table the planner may do without the index.
func strays(s *source.Statement) bool { return elsewhere(s) && !s.Small }

func shortNode(node string) string {
	switch node {
	case "":
		return look.Unknown
	case "Seq Scan":
		return "seq"
	case "Index Scan":
		return "idx"
	case "Index Only Scan":
		return "ionly"
	case "Bitmap Heap Scan", "Bitmap Index Scan":
		return "bmp"
	case "Tid Scan":
		return "tid"
	default:
		return strings.ToLower(strings.TrimSuffix(oneLine(node), " Scan"))
	}
}

// Press says what a key means.
func (q *Queries) Press(a keys.Action) (Intent, bool) {
	if a == keys.Explain {
		return q.explain(), true
	}
	return q.list.Press(a)
}

// Hints are the keys for the foot.
func (q *Queries) Hints() []keys.Action {
	if q.over != nil {
		return q.sheetHints(keys.Explain)
	}
	return []keys.Action{
		keys.Open, keys.Explain, keys.SortNext, keys.Reverse, keys.SortLeft, keys.Filter, keys.Copy, keys.Detail, keys.LogOf,
	}
}

func (q *Queries) find(subject string) string {
	if q.statement(subject) == nil {
		return ""
	}
	return subject
}

func (q *Queries) subject(key string) string { return key }

// statement is what is known of a statement, nil when it is not listed.
func (q *Queries) statement(name string) *source.Statement {
	if q.s.Statements == nil {
		return nil
	}
	list := q.s.Statements.List
	if i := slices.IndexFunc(list, func(s source.Statement) bool { return s.Name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

func (q *Queries) value(key string) string {
	if s := q.statement(key); s != nil {
		return s.SQL
	}
	return ""
}
