package widget

import (
	"strings"

	"healthagent/tui/look"
)

// Branch is the place of a row in a tree: how deep it is, and whether it is the last one of its parent.
type Branch struct {
	Depth int
	Last  bool
}

// Tree is what stands before each row of a tree, two columns for each level: "├ ", "│ └ ". A root has none.
func Tree(l *look.Look, rows []Branch) []string {
	out := make([]string, len(rows))
	var open []bool // of each level: another one of it follows
	for i, row := range rows {
		if row.Depth <= 0 {
			open = open[:0]
			continue
		}
		for len(open) < row.Depth {
			open = append(open, false)
		}
		open = open[:row.Depth]
		open[row.Depth-1] = !row.Last
		out[i] = prefix(l, open)
	}
	return out
}

func prefix(l *look.Look, open []bool) string {
	var b strings.Builder
	for level, follows := range open {
		mark := " "
		switch last := level == len(open)-1; {
		case last && follows:
			mark = l.Branch
		case last:
			mark = l.Last
		case follows:
			mark = l.Vertical
		}
		b.WriteString(mark + " ")
	}
	return b.String()
}
