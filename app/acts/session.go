package acts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"healthagent/app/fault"
	"healthagent/migrations"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// lookAtSession previews the cancelling of a statement or the end of a session.
func (r *Runner) lookAtSession(ctx context.Context, f *found) error {
	pid, err := strconv.Atoi(f.Act.Name)
	if err != nil || f.Act.Start == nil {
		return fault.New(fault.Invalid, "a session is named by its process id and its start")
	}
	start, gone := *f.Act.Start, fault.New(fault.NotFound, "session is gone")
	target, err := r.cfg.Monitor.Signal(ctx, pid, start, inspect.Look)
	if errors.Is(err, inspect.ErrNoSession) {
		return gone
	}
	if err != nil {
		return err
	}
	activity, err := r.cfg.Monitor.Activity(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(activity.Sessions, func(s inspect.Session) bool {
		return s.PID == pid && s.BackendStart != nil && s.BackendStart.Equal(start)
	})
	session := source.Session{PID: pid, Start: &start, App: target.App, User: target.User, State: target.State}
	if i >= 0 { // else it is of another database, or has just gone
		session = sessionOf(activity.Sessions[i])
	}
	session.Protect = target.Protect
	f.Frees = waiters(activity.Blocking, pid)
	session.Blocks = f.Frees
	f.Session, f.instant = &session, true
	f.check(source.OK, "it is still the same session")
	if target.Protect != "" {
		f.check(source.Fail, target.Protect)
	}
	if f.Frees > 0 {
		f.check(source.OK, count(f.Frees, "session waits for it", "sessions wait for it"))
	}
	if activity.Partial != nil {
		f.check(source.Warn, activity.Partial[0])
	}
	r.describeSignal(f, session)
	return nil
}

// describeSignal says what would be done, and does it.
func (r *Runner) describeSignal(f *found, s source.Session) {
	whose := fmt.Sprintf("%s, pid %d, %s", named(s.App, "a session without a name"), s.PID, named(s.State, "of which no more may be seen"))
	if s.StateS != nil {
		whose += " for " + spanText(*s.StateS)
	}
	signal := inspect.EndSession
	switch f.Act.Verb {
	case source.Cancel:
		signal = inspect.CancelStatement
		f.Summary = "cancels " + named(s.Query, "the statement") + " of " + whose
		f.After = "the statement fails, and with it its transaction; the session goes on"
		f.Undo = source.Undo{Text: "none: the program decides whether it tries again"}
		if s.State != "" && s.State != "active" && s.Kind != "autovacuum worker" {
			f.refuse("it runs no statement now (" + s.State + "): cancelling does nothing; end the session instead")
		}
		f.marks = []mark{marked("the session", s.PID, s.Start.UnixMicro()), marked("the statement that it runs", s.Query)}
	default:
		f.Summary = "closes the connection of " + whose
		f.After = "its transaction is rolled back; a program with a pool opens another connection"
		f.Undo = source.Undo{Text: "none: what it had not committed is lost"}
		f.marks = []mark{marked("the session", s.PID, s.Start.UnixMicro())}
	}
	pid, start := s.PID, *s.Start
	f.steps = []source.Step{{Name: fmt.Sprintf("pid %d", pid), State: source.StepWaiting}}
	f.do = func(ctx context.Context, _ <-chan struct{}, _ chan<- migrations.Event) (string, error) {
		got, err := r.cfg.Monitor.Signal(ctx, pid, start, signal)
		switch {
		case errors.Is(err, inspect.ErrNoSession):
			return "", &source.ChangedError{What: "session is gone"}
		case err != nil:
			return "", err
		case got.Protect != "":
			return "", &source.ChangedError{What: got.Protect}
		case !got.Sent:
			return "", &source.ChangedError{What: "session is gone"} // it ended while it was being signalled
		case f.Frees > 0:
			return whose + "; " + count(f.Frees, "session waited for it", "sessions waited for it"), nil
		default:
			return whose, nil
		}
	}
}

func named(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// waiters counts who waits for a session, directly or behind another that does.
func waiters(tree []inspect.Blocking, pid int) (n int) {
	i := slices.IndexFunc(tree, func(b inspect.Blocking) bool { return b.Session.PID == pid })
	if i < 0 {
		return 0
	}
	for _, b := range tree[i+1:] {
		if b.Depth <= tree[i].Depth {
			break
		}
		n++
	}
	return n
}

func sessionOf(s inspect.Session) source.Session {
	return source.Session{
		PID: s.PID, Start: s.BackendStart, App: s.App, Kind: s.Kind, User: s.User, State: s.State, Wait: s.Wait,
		XactS: seconds(s.XactS), StateS: seconds(s.StateS), Query: s.Query, Object: s.Object, Own: s.App == "healthagent",
	}
}

func seconds(s *inspect.Seconds) *float64 {
	if s == nil {
		return nil
	}
	v := float64(*s)
	return &v
}
