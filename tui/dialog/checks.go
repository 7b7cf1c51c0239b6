package dialog

import (
	"cmp"
	"fmt"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// worst is the statement that suffers most.
func (p pen) worst(v *source.Preview) []string {
	var worst source.PreviewQuery
	for _, q := range v.Queries {
		if q.Factor > worst.Factor {
			worst = q
		}
	}
	if worst.Factor < slower {
		return nil
	}
	return p.say(look.Warn, "!", fmt.Sprintf("cost %s %s", times(worst.Factor), worst.Name))
}

// lost is what is destroyed for good, which nothing may hide.
func (p pen) lost(v *source.Preview) []string {
	var out []string
	for _, l := range v.Lost {
		what := l.Table
		if l.Column != "" {
			what = l.Table + "." + l.Column
		}
		about := ""
		if !l.Exact {
			about = "about "
		}
		text := fmt.Sprintf("%s%d rows of %s are lost", about, l.Rows, what)
		if p.width >= narrow {
			text += " for good"
		}
		out = append(out, p.say(look.Fail, "x", text)...)
	}
	return out
}

// good are the checks that went well, one after the other.
func (p pen) good(v *source.Preview) []string {
	var pieces []piece
	for _, c := range v.Checks {
		if c.Verdict == source.OK {
			pieces = append(pieces, piece{"ok " + c.Text, look.Good})
		}
	}
	return p.flow("checks", pieces...)
}

// warnings are those that did not, and who will be waited for.
func (p pen) warnings(v *source.Preview) []string {
	var out []string
	told := ""
	for _, c := range v.Checks {
		switch c.Verdict {
		case source.OK:
		case source.Warn:
			out = append(out, p.say(look.Warn, "!", c.Text)...)
		default:
			out = append(out, p.say(look.Fail, "x", c.Text)...)
		}
		told += c.Text + "\n"
	}
	for _, w := range v.Waits {
		if !strings.Contains(told, fmt.Sprintf("pid %d", w.PID)) {
			out = append(out, p.say(look.Warn, "!", "waits for "+blocker(w.Blocker)+": "+w.Why)...)
		}
	}
	return out
}

// blocker names a session in one line.
func blocker(b source.Blocker) string {
	text := fmt.Sprintf("pid %d %s", b.PID, cmp.Or(b.App, b.User))
	if b.State != "" {
		text += " " + b.State
	}
	if b.XactS != nil {
		text += ", transaction open " + span(*b.XactS)
	}
	return text
}
