package inspect

import (
	"iter"
	"strings"
)

// Plan is how the server would run a statement, or did.
type Plan struct {
	Root        Node    `json:"plan"`
	Analyzed    bool    `json:"analyzed"`               // it ran: the actual figures are there
	PlanningMS  float64 `json:"planning_ms,omitempty"`  // only when it ran
	ExecutionMS float64 `json:"execution_ms,omitempty"` // only when it ran
}

// Node is one step of a plan. Conditions of a generic plan name parameters ($1); those of a custom one hold their values.
type Node struct {
	Type      string `json:"type"`                // Index Only Scan, Merge Append, …
	Operation string `json:"operation,omitempty"` // Insert, Update, Delete of a ModifyTable
	Relation  string `json:"relation,omitempty"`
	Index     string `json:"index,omitempty"`
	IndexCond string `json:"index_cond,omitempty"`
	Filter    string `json:"filter,omitempty"`

	Cost float64 `json:"cost"` // total, in the planner's units
	Rows float64 `json:"rows"` // expected, each time it runs

	// What follows is zero unless the plan was analyzed.
	ActualRows  float64 `json:"actual_rows,omitempty"` // on average each time it ran
	Loops       float64 `json:"loops,omitempty"`       // how often it ran; 0: never
	ActualMS    float64 `json:"actual_ms,omitempty"`   // on average each time it ran, children included
	Removed     float64 `json:"removed,omitempty"`     // rows the filter removed, on average
	HeapFetches int64   `json:"heap_fetches,omitempty"`
	SharedHit   int64   `json:"shared_hit,omitempty"`  // 8 kB pages found in shared buffers, children included
	SharedRead  int64   `json:"shared_read,omitempty"` // 8 kB pages asked of the operating system, children included

	Children []Node `json:"children,omitempty"`
}

// Walk yields every node, parents before children.
func (p Plan) Walk() iter.Seq[Node] {
	return func(yield func(Node) bool) { p.Root.walk(yield) }
}

func (n Node) walk(yield func(Node) bool) bool {
	if !yield(n) {
		return false
	}
	for _, child := range n.Children {
		if !child.walk(yield) {
			return false
		}
	}
	return true
}

// Uses returns the first node that reads the index, and whether there is one.
func (p Plan) Uses(index string) (Node, bool) {
	for n := range p.Walk() {
		if n.Index == index && index != "" {
			return n, true
		}
	}
	return Node{}, false
}

// HeapFetches is how many rows index-only scans had to look up in the table; 0 when the plan was not analyzed.
func (p Plan) HeapFetches() int64 {
	var sum int64
	for n := range p.Walk() {
		sum += n.HeapFetches
	}
	return sum
}

// Buffers is how many pages of tables and indexes were touched; 0 when the plan was not analyzed.
func (p Plan) Buffers() int64 { return p.Root.SharedHit + p.Root.SharedRead }

// Summary is the plan in one line: "Merge Append(Index Only Scan idx_a, Index Scan idx_b)". Steps that only pass rows on are left out.
func (p Plan) Summary() string {
	var b strings.Builder
	p.Root.summarize(&b)
	return b.String()
}

func (n Node) summarize(b *strings.Builder) {
	if passes(n.Type) && len(n.Children) == 1 {
		n.Children[0].summarize(b)
		return
	}
	b.WriteString(n.Type)
	switch {
	case n.Index != "":
		b.WriteString(" " + n.Index)
	case n.Relation != "":
		b.WriteString(" " + n.Relation)
	}
	for i, child := range n.Children {
		if i == 0 {
			b.WriteString("(")
		} else {
			b.WriteString(", ")
		}
		child.summarize(b)
	}
	if len(n.Children) > 0 {
		b.WriteString(")")
	}
}

func passes(kind string) bool {
	switch kind {
	case "Limit", "Subquery Scan", "Result", "Materialize", "LockRows":
		return true
	default:
		return false
	}
}
