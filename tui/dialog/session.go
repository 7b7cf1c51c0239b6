package dialog

import (
	"fmt"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// session is whose statement or connection it is, and who would be freed.
func (p pen) session(v *source.Preview) []string {
	s := v.Session
	who := []piece{{fmt.Sprintf("pid %d", s.PID), look.Strong}, {s.App, look.Strong}}
	if s.User != "" {
		who = append(who, piece{"user " + s.User, look.Plain})
	}
	if s.Kind != "client backend" {
		who = append(who, piece{s.Kind, look.Plain})
	}
	out := p.flow("who", who...)
	state := s.State
	if s.StateS != nil {
		state += " for " + span(*s.StateS)
	}
	if s.XactS != nil {
		state = clauses(state, "transaction open "+span(*s.XactS))
	}
	out = append(out, p.label("state", look.Plain, state)...)
	out = append(out, p.label("query", look.Plain, orUnknown(s.Query))...)
	if s.Wait != "" {
		on := s.Wait
		if s.Object != "" {
			on += " on " + s.Object
		}
		out = append(out, p.label("waits", look.Plain, on)...)
	}
	out = append(out, p.label("frees", look.Plain, frees(v.Frees))...)
	if s.Protect != "" {
		out = append(out, p.say(look.Fail, "x", s.Protect)...)
	}
	return out
}

func frees(n int) string {
	switch n {
	case 0:
		return "nobody: no session waits for it"
	case 1:
		return "1 session that waits for it"
	default:
		return fmt.Sprintf("%d sessions that wait for it", n)
	}
}
