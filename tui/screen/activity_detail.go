package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// work is a line for each build, drop or vacuum under way, as far as there is room.
func (a *Activity) work() []string {
	most := 1
	if a.height >= 14 {
		most = 4
	}
	work := a.seen.Work
	if len(work) == 0 || a.height < 9 {
		return nil
	}
	var lines []string
	for i := range work {
		if len(lines) == most-1 && len(work) > most {
			lines = append(lines, fmt.Sprintf(" and %d more at work", len(work)-i))
			break
		}
		lines = append(lines, a.workLine(&work[i]))
	}
	return lines
}

func (a *Activity) workLine(w *source.Work) string {
	parts := []widget.Part{
		{Text: " " + oneLine(w.Kind+" "+w.Object), Role: look.Strong},
		{Text: oneLine(w.Phase), Drop: 1},
	}
	if w.Pct != nil {
		parts = append(
			parts, widget.Part{Text: widget.Gauge(a.look, *w.Pct, 100, 20), Role: look.Graph, Drop: 3},
			widget.Part{Text: look.Percent(w.Pct, 0) + " of this phase", Drop: 2},
		)
	}
	parts = append(parts, widget.Part{Text: look.Age(time.Duration(w.ElapsedS * float64(time.Second))), Drop: 4})
	if b := w.Blocker; b != nil {
		parts = append(parts, widget.Part{Text: "waits for pid " + strconv.Itoa(b.PID) + " " + oneLine(cmp.Or(b.App, b.User)), Role: look.Warn})
	}
	return widget.Parts(a.look, a.width, 2, parts...)
}

// pane is what is to be known of a session at a glance.
func (a *Activity) pane(key string) (string, []para, []para) {
	s := a.at(key)
	if s == nil {
		return key, nil, nil
	}
	facts := a.ties(s)
	facts = append(
		facts, para{text: "query: " + cmp.Or(oneLine(s.Query), look.Unknown)},
		para{text: fmt.Sprintf("state: %s %s   transaction: %s   waits on: %s", cmp.Or(oneLine(s.State), look.Unknown), look.Seconds(s.StateS), look.Seconds(s.XactS), waitsOn(s))},
		para{text: fmt.Sprintf("user: %s   %s   began: %s", cmp.Or(oneLine(s.User), look.Unknown), oneLine(s.Kind), a.begin(s))},
	)
	return "pid " + strconv.Itoa(s.PID) + " " + who(s), nil, facts
}

// ties say whom a session waits for, who waits for it, and whether it may be ended.
func (a *Activity) ties(s *source.Session) []para {
	var out []para
	if over := a.above(s); over != nil {
		out = append(out, para{text: fmt.Sprintf("! waits for pid %d %s, %s for %s", over.PID, who(over), shortState(over.State), span(over.StateS)), role: look.Warn})
	}
	switch waiting := a.below(s); len(waiting) {
	case 0:
	case 1:
		out = append(out, para{text: "! pid " + waiting[0] + " waits for it", role: look.Warn})
	default:
		out = append(out, para{text: fmt.Sprintf("! %d wait for it: pid %s", len(waiting), strings.Join(waiting, ", ")), role: look.Warn})
	}
	switch {
	case s.Protect != "":
		out = append(out, para{text: "it is left alone: " + oneLine(s.Protect)})
	case s.Own:
		out = append(out, para{text: "of this program's own pool: a connection that is ended is opened anew"})
	}
	return out
}

// above is the session that one waits for in the tree, nil when there is none.
func (a *Activity) above(s *source.Session) *source.Session {
	list := a.seen.Sessions
	at := slices.IndexFunc(list, func(o source.Session) bool { return o.Key() == s.Key() })
	if at < 0 || !s.InTree {
		return nil
	}
	for i := at - 1; i >= 0 && list[i].InTree; i-- {
		if list[i].Depth < s.Depth {
			return &list[i]
		}
	}
	return nil
}

// below are the process ids of the sessions that wait for one, in the tree, directly or through another.
func (a *Activity) below(s *source.Session) []string {
	list := a.seen.Sessions
	at := slices.IndexFunc(list, func(o source.Session) bool { return o.Key() == s.Key() })
	if at < 0 || !s.InTree {
		return nil
	}
	var out []string
	for i := at + 1; i < len(list) && list[i].InTree && list[i].Depth > s.Depth; i++ {
		out = append(out, strconv.Itoa(list[i].PID))
	}
	return out
}

func waitsOn(s *source.Session) string {
	text := cmp.Or(shortWait(s.Wait), look.Unknown)
	if s.Object != "" {
		text += " of " + oneLine(s.Object)
	}
	return text
}

func (a *Activity) begin(s *source.Session) string {
	if s.Start == nil {
		return look.Unknown
	}
	return a.clock(*s.Start, "2006-01-02 15:04:05")
}

// full is all that is known of a session.
func (a *Activity) full(key string) (string, []para) {
	s := a.at(key)
	if s == nil {
		return "", nil
	}
	text := a.ties(s)
	text = append(text, labels(
		"pid", strconv.Itoa(s.PID), "program", cmp.Or(oneLine(s.App), look.Unknown), "kind", oneLine(s.Kind), "user", oneLine(s.User),
		"began", a.begin(s), "state", cmp.Or(oneLine(s.State), look.Unknown)+" for "+span(s.StateS), "transaction", span(s.XactS),
		"waits on", waitsOn(s), "blocks", strconv.Itoa(s.Blocks), "query", cmp.Or(oneLine(s.Query), look.Unknown),
	)...)
	if len(a.seen.Work) > 0 {
		text = append(text, para{}, heading("at work in the database"))
		for i := range a.seen.Work {
			text = append(text, para{text: strings.TrimSpace(ansi.Strip(a.workLine(&a.seen.Work[i]))), hang: 2})
		}
	}
	return "pid " + strconv.Itoa(s.PID) + " " + who(s), text
}
