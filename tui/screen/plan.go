package screen

import (
	"errors"
	"fmt"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// explain asks for the plan of the statement that keys are about, and shows that it was asked for.
func (q *Queries) explain() Intent {
	name := q.key()
	if name == "" {
		return Intent{Say: "there is no statement here to show the plan of"}
	}
	q.sought = ""
	q.asked = source.PlanPath(name, false)
	q.lie(name, "plan of "+oneLine(name), []para{{text: "asking for the plan …", role: look.Dim}})
	return Intent{Ask: q.asked}
}

// lie puts a text on top that no new state changes.
func (q *Queries) lie(name, title string, text []para) {
	q.over = newSheet(q.look, name, title, text)
	q.over.pinned = true
	q.arrange()
}

// Answer takes the plan that was asked for. One that nobody waits for any more is dropped.
func (q *Queries) Answer(path string, value any, err error) {
	if path != q.asked || q.over == nil || !q.over.pinned {
		return
	}
	q.asked = ""
	if err != nil {
		text := []para{{text: "the plan could not be had: " + oneLine(source.Sentence(err)), role: look.Fail}}
		if refused := (*source.RefusedError)(nil); !errors.As(err, &refused) { // what is refused is refused the next time too
			text = append(text, para{text: "e tries again", role: look.Dim})
		}
		q.over.set(q.over.title, text)
		return
	}
	if plan, ok := value.(*source.Plan); ok {
		q.over.set(q.over.title, q.planText(plan))
	}
}

// planText is a plan: how it was made, its tree, the statement.
func (q *Queries) planText(p *source.Plan) []para {
	text := []para{q.verdict(p), {text: q.made(p), role: look.Dim}, {}}
	t := tree{look: q.look, plan: p, table: q.tableOf(p.Expected), tableOf: q.tableOf}
	t.walk(&p.Root, nil)
	text = append(text, t.out...)
	if p.SQL != "" {
		text = append(text, para{}, heading("statement"))
		text = append(text, block(p.SQL, look.Plain)...)
	}
	return text
}

func (q *Queries) verdict(p *source.Plan) para {
	switch {
	case p.Expected == "":
		return para{text: "no index is there for this statement alone"}
	case p.Uses:
		return para{text: "ok  reads by " + oneLine(p.Expected) + ", as expected", role: look.Good}
	case p.Small:
		return para{text: "ok  does without " + oneLine(p.Expected) + ", which is right for so small a table", role: look.Good}
	default:
		return para{text: "!  does not read by " + oneLine(p.Expected) + ", which is there for it", role: look.Warn}
	}
}

func (q *Queries) made(p *source.Plan) string {
	text := "for the values of one person, which are not told"
	if p.Generic {
		text = "generic: for any values"
	}
	if p.Analyzed {
		text += fmt.Sprintf("; it was run: planning %s, execution %s", look.Millis(p.PlanningMS), look.Millis(p.ExecutionMS))
	} else {
		text += "; costs are the planner's, not times"
	}
	if !p.At.IsZero() {
		text += "; made at " + q.clock(p.At, "15:04:05")
	}
	return text
}

// tableOf is the table of an index, empty when it is not known.
func (q *Queries) tableOf(index string) string {
	if index == "" || q.s.Indexes == nil {
		return ""
	}
	for i := range q.s.Indexes.List {
		if x := &q.s.Indexes.List[i]; x.Name == index {
			return x.Table
		}
	}
	return ""
}

// tree draws the nodes of a plan.
type tree struct {
	look    *look.Look
	plan    *source.Plan
	table   string // of the index that is expected; empty: not known
	tableOf func(index string) string
	out     []para
}

// walk adds a node and what is below it. last says of each level above whether nothing follows there.
func (t *tree) walk(n *source.Node, last []bool) {
	first, next := "", ""
	for i, l := range last {
		switch {
		case i < len(last)-1 && l:
			first += "  "
		case i < len(last)-1:
			first += t.look.Vertical + " "
		case l:
			first, next = first+t.look.Last+" ", first+"  "
		default:
			first, next = first+t.look.Branch+" ", first+t.look.Vertical+" "
		}
	}
	role, mark := look.Plain, ""
	if t.strays(n) {
		role, mark = look.Warn, "! "
	}
	t.out = append(t.out, para{label: first, tree: next, text: mark + t.node(n) + "   " + t.figures(n), role: role})
	detail := func(label, text string) {
		if text != "" {
			below := next + "  "
			if len(n.Children) > 0 {
				below = next + t.look.Vertical + " "
			}
			t.out = append(t.out, para{label: below + label, tree: below, text: oneLine(text), role: look.Dim})
		}
	}
	detail("cond ", n.Cond)
	detail("filter ", n.Filter)
	detail("", t.work(n))
	for i := range n.Children {
		t.walk(&n.Children[i], append(last[:len(last):len(last)], i == len(n.Children)-1))
	}
}

func (t *tree) node(n *source.Node) string {
	text := n.Type
	if n.Relation != "" {
		text += " on " + n.Relation
	}
	if n.Index != "" {
		text += " by " + n.Index
	}
	return oneLine(text)
}

func (t *tree) figures(n *source.Node) string {
	text := fmt.Sprintf("cost %s  rows %s", look.Rate(n.Cost), look.Count(n.Rows))
	if t.plan.Analyzed {
		text += fmt.Sprintf("   was %s rows in %s", look.Count(n.ActualRows), look.Millis(n.ActualMS))
		if n.Loops > 1 {
			text += fmt.Sprintf(", %s times", look.Count(n.Loops))
		}
	}
	return text
}

// work is what a node that was run has read in vain, and from where.
func (t *tree) work(n *source.Node) string {
	if !t.plan.Analyzed {
		return ""
	}
	var texts []string
	if n.Removed > 0 {
		texts = append(texts, look.Count(n.Removed)+" rows read in vain")
	}
	if n.HeapFetches > 0 {
		texts = append(texts, look.Count(float64(n.HeapFetches))+" looked up in the table")
	}
	if n.SharedHit+n.SharedRead > 0 {
		texts = append(texts, fmt.Sprintf("buffers hit %s read %s", look.Count(float64(n.SharedHit)), look.Count(float64(n.SharedRead))))
	}
	return strings.Join(texts, ", ")
}

// strays reports whether a node reads by another way than the index that is there for the statement. Of tables that this index is not on
// nothing is said.
func (t *tree) strays(n *source.Node) bool {
	if t.plan.Expected == "" || t.plan.Uses || t.plan.Small {
		return false
	}
	table := n.Relation
	if n.Index != "" {
		if n.Index == t.plan.Expected {
			return false
		}
		if table == "" {
			table = t.tableOf(n.Index)
		}
	} else if table == "" || !strings.Contains(n.Type, "Scan") || strings.HasPrefix(n.Type, "Bitmap Heap") {
		return false
	}
	return t.table == "" || table == "" || table == t.table
}

var (
	_ Screen   = (*Queries)(nil)
	_ Filterer = (*Queries)(nil)
	_ Answerer = (*Queries)(nil)
	_ Selector = (*Queries)(nil)
	_ Stepper  = (*Queries)(nil)
)
