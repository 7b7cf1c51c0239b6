package inspect

import "slices"

// Blocking is one session of the tree of locks: those one deeper that follow it wait for it.
type Blocking struct {
	Depth   int     `json:"depth"`
	Session Session `json:"session"` // of a blocker that is not a session of this database only the PID is known
}

// tree orders the sessions that wait, or are waited for, each once, below the first session it waits for. Where sessions wait for
// each other in a circle, which the server will break, one of them is taken for the root.
func tree(sessions []Session) []Blocking {
	byPID := make(map[int]Session)
	waiters := make(map[int][]int)
	var roots, rest []int
	for _, s := range sessions {
		byPID[s.PID] = s
		for _, blocker := range s.BlockedBy {
			waiters[blocker] = append(waiters[blocker], s.PID)
		}
	}
	for blocker := range waiters {
		if len(byPID[blocker].BlockedBy) == 0 {
			roots = append(roots, blocker)
		} else {
			rest = append(rest, blocker)
		}
	}
	slices.Sort(roots)
	slices.Sort(rest)
	out := []Blocking{}
	seen := make(map[int]bool)
	var grow func(pid, depth int)
	grow = func(pid, depth int) {
		if seen[pid] {
			return
		}
		seen[pid] = true
		s, known := byPID[pid]
		if !known {
			s = Session{PID: pid}
		}
		out = append(out, Blocking{Depth: depth, Session: s})
		for _, waiter := range waiters[pid] {
			grow(waiter, depth+1)
		}
	}
	for _, pid := range append(roots, rest...) {
		grow(pid, 0)
	}
	return out
}
