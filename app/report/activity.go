package report

import (
	"context"
	"strings"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// Own is what the sessions of this program call themselves: all begin with it.
const own = "healthagent"

// ReadActivity asks the server what its sessions do: the tree of who waits for whom, then the rest, and what takes long. It fails when
// the sessions cannot be had; what else cannot be had is in Partial.
func ReadActivity(ctx context.Context, i *inspect.Inspector) (source.Activity, error) {
	found, err := i.Activity(ctx)
	if err != nil {
		return source.Activity{}, err
	}
	a := source.Activity{Part: source.Part{Partial: found.Partial}, Sessions: sessions(found), Work: []source.Work{}}
	for _, s := range a.Sessions {
		if s.InTree && s.Depth > 0 {
			a.Blocked++
		}
	}
	if pulse, err := i.Pulse(ctx); err != nil {
		a.Partial = append(a.Partial, "connections: "+store.Reason(err))
	} else {
		a.Used, a.Usable, a.XIDAge, a.OldestS = pulse.Used, pulse.Usable, pulse.XIDAge, span(pulse.OldestXactS)
	}
	if work, err := i.Progress(ctx); err != nil {
		a.Partial = append(a.Partial, "builds, drops and vacuums: "+store.Reason(err))
	} else {
		a.Work = Work(work)
	}
	return a, nil
}

// sessions is the tree of locks and then the rest, in the order to draw.
func sessions(found inspect.Activity) []source.Session {
	out := []source.Session{}
	drawn := map[int]bool{}
	for k, b := range found.Blocking {
		s := Session(b.Session)
		s.InTree, s.Depth, s.Last, s.Blocks = true, b.Depth, lastOfItsKind(found.Blocking, k), blocks(found.Blocking, k)
		drawn[s.PID] = true
		out = append(out, s)
	}
	for _, x := range found.Sessions {
		if !drawn[x.PID] {
			out = append(out, Session(x))
		}
	}
	return out
}

// lastOfItsKind reports whether nothing of the same depth follows below the same blocker.
func lastOfItsKind(tree []inspect.Blocking, k int) bool {
	for _, b := range tree[k+1:] {
		switch {
		case b.Depth == tree[k].Depth:
			return false
		case b.Depth < tree[k].Depth:
			return true
		}
	}
	return true
}

// blocks is how many sessions wait for one, or for one that waits for it.
func blocks(tree []inspect.Blocking, k int) (n int) {
	for _, b := range tree[k+1:] {
		if b.Depth <= tree[k].Depth {
			break
		}
		n++
	}
	return n
}

// Session is a session as a screen draws it.
func Session(x inspect.Session) source.Session {
	s := source.Session{
		PID: x.PID, Start: x.BackendStart, App: x.App, Kind: x.Kind, User: x.User, State: x.State, Wait: x.Wait,
		XactS: span(x.XactS), StateS: span(x.StateS), Query: x.Query, Object: x.Object, Own: x.App == own,
	}
	switch {
	case x.Kind != "" && x.Kind != "client backend" && x.Kind != "autovacuum worker":
		s.Protect = "it is a process of the server itself: " + x.Kind
	case x.BackendStart == nil:
		s.Protect = "this role may not see it well enough to be sure of it"
	case x.App == own+"-migrate":
		s.Protect = "a migration runs in it: cancel its run instead"
	case x.App == own+" leader":
		s.Protect = "the daemon holds the bot's lock in it"
	}
	return s
}

// Work is what takes long, as a screen draws it.
func Work(p inspect.Progress) []source.Work {
	out := []source.Work{}
	for _, b := range p.Builds {
		out = append(out, source.Work{
			PID: b.PID, Kind: strings.ToLower(b.Command), Object: first(b.Index, b.Table), Phase: b.Phase, Done: b.Done, Total: b.Total,
			Unit: b.Unit, Pct: b.Pct, ElapsedS: float64(b.ElapsedS), Blocker: Blocker(b.Blocker),
		})
	}
	for _, d := range p.Drops {
		out = append(out, source.Work{
			PID: d.PID, Kind: "drop index concurrently", Object: first(d.Index, d.Table), Phase: d.Wait, ElapsedS: float64(d.ElapsedS),
			Blocker: Blocker(d.Blocker),
		})
	}
	for _, v := range p.Vacuums {
		kind := "vacuum"
		if v.Auto {
			kind = "autovacuum"
		}
		out = append(out, source.Work{
			PID: v.PID, Kind: kind, Object: v.Table, Phase: v.Phase, Done: v.BlocksScanned, Total: v.BlocksTotal, Unit: "blocks",
			Pct: v.Pct, ElapsedS: float64(v.ElapsedS),
		})
	}
	return out
}

// Blocker is a session that something waits for, as a screen draws it; nil for nil.
func Blocker(b *inspect.Blocker) *source.Blocker {
	if b == nil {
		return nil
	}
	return &source.Blocker{PID: b.PID, App: b.App, User: b.User, State: b.State, XactS: span(b.XactS), Query: b.Query}
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func span(s *inspect.Seconds) *float64 {
	if s == nil {
		return nil
	}
	v := float64(*s)
	return &v
}
