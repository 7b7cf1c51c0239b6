package acts

import (
	"context"
	"errors"
	"fmt"

	"healthagent/app/admin"
	"healthagent/app/fault"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/tui/source"
)

// found is what a look at an act yields: what is shown, what must stay the same until it is done, and how it is done.
type found struct {
	source.Preview
	marks []mark
	rows  *int64 // that must be typed
	facts facts
	steps []source.Step
	keys  []stepKey
	// do does it and tells the events; the string is a sentence about what came of it, or empty.
	do func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) (string, error)
	// instant acts are over at once and get no watch.
	instant bool
}

// facts are what the end of a run, its report and its watch need to know of its beginning.
type facts struct {
	Actor    string                `json:"actor"`
	From     string                `json:"from,omitempty"`
	SQL      string                `json:"sql,omitempty"`
	Plans    []source.PreviewQuery `json:"plans,omitempty"`
	Versions []int                 `json:"versions,omitempty"` // in the order of doing
	Held     map[int]int           `json:"held,omitempty"`     // indexes that were held before, by version
	Indexes  []string              `json:"indexes,omitempty"`
	Tables   []string              `json:"tables,omitempty"`
	Bytes    map[string]int64      `json:"bytes,omitempty"` // of the indexes, before
	Base     map[string]base       `json:"base,omitempty"`  // of the statements, before
	Order    []string              `json:"order,omitempty"` // the statements, as they are shown
	Pool     *float64              `json:"pool,omitempty"`  // connections used, before
	AtEnd    map[string]int64      `json:"at_end,omitempty"`
	Rescued  []string              `json:"rescued,omitempty"`
	Left     []string              `json:"left,omitempty"`    // by rebuilds before this one
	Partial  bool                  `json:"partial,omitempty"` // the migration was partial before
}

// refuse says why it cannot be done; the first reason stays.
func (f *found) refuse(why string) {
	if f.Refused == "" {
		f.Refused = why
	}
}

// check adds a line; a failed one is a refusal.
func (f *found) check(v source.Verdict, text string) {
	f.Checks = append(f.Checks, source.Check{Verdict: v, Text: text})
	if v == source.Fail {
		f.refuse(text)
	}
}

// Preview implements admin.Acts.
func (r *Runner) Preview(ctx context.Context, who admin.Asker, act source.Act) (source.Preview, error) {
	f, err := r.look(ctx, spelled(act), who.You.Act)
	if err != nil {
		return source.Preview{}, err
	}
	switch {
	case !who.You.Act:
		f.refuse(who.You.Why)
	case f.Refused == "":
		t := ticket{ID: newID(), Act: nameOf(f.Act), Marks: f.marks, Rows: f.rows}
		f.Token = t.token()
		r.remember(t.ID, f.facts.Plans)
	}
	return f.Preview, nil
}

// spelled writes the version of a migration in the one way: 17 and 017 are the same act.
func spelled(act source.Act) source.Act {
	if version, err := migrations.ParseVersion(act.Name); err == nil && act.Object == source.OnMigration {
		act.Name = migrations.Label(version)
	}
	return act
}

// look looks at everything that an act touches. A trial of plans locks tables for a moment and is for those who may act.
func (r *Runner) look(ctx context.Context, act source.Act, trial bool) (*found, error) {
	f := &found{Preview: source.Preview{
		Act: act, At: r.cfg.Now(), Title: wordsOf(act).ask, Checks: []source.Check{}, Indexes: []source.PreviewIndex{},
		Queries: []source.PreviewQuery{}, Lost: []source.Lost{}, Takes: []string{}, Waits: []source.PreviewBlocker{},
	}}
	var err error
	switch {
	case act.Object == source.OnSession:
		err = r.lookAtSession(ctx, f)
	case act.Verb == source.Cancel:
		r.lookAtCancel(f)
	case act.Verb == source.Hold || act.Verb == source.Release:
		err = r.lookAtMark(ctx, f)
	case act.Object == source.OnMigration:
		err = r.lookAtMigration(ctx, f, trial)
	case act.Verb == source.Reindex:
		err = r.lookAtReindex(ctx, f)
	case act.Object == source.OnIndex:
		err = r.lookAtIndex(ctx, f, trial)
	default:
		return nil, fault.New(fault.NotFound, "there is no such act")
	}
	if err != nil {
		return nil, looked(err)
	}
	return f, nil
}

// looked gives an error of looking its kind.
func looked(err error) error {
	var version *migrations.NoSuchVersionError
	var syntax *migrations.VersionSyntaxError
	var index *migrations.NoSuchIndexError
	switch {
	case errors.As(err, &version):
		return fault.New(fault.NotFound, version.Error())
	case errors.As(err, &syntax):
		return fault.New(fault.NotFound, syntax.Error())
	case errors.As(err, &index):
		return fault.New(fault.NotFound, index.Error())
	case fault.KindOf(err) != fault.Internal, errors.Is(err, context.Canceled):
		return err
	default:
		return &source.UnavailableError{Reason: "the database cannot be asked: " + store.Reason(err), Err: err}
	}
}

// other refuses while something else is at work: an act of ours, or another process that migrates.
func (r *Runner) other(ctx context.Context, f *found) error {
	if id, title, by := r.working(); id != "" {
		f.Busy = id
		f.check(source.Fail, fmt.Sprintf("another act is at work: %s, by %s", title, by))
		return nil
	}
	holder, err := r.cfg.Engine.Holder(ctx)
	if err != nil {
		return fmt.Errorf("look who migrates: %w", err)
	}
	if holder != nil {
		f.check(source.Fail, fmt.Sprintf("another process migrates this database: pid %d (%s)", holder.PID, holder.Application))
		return nil
	}
	f.check(source.OK, "no other runner")
	return nil
}

// working is the act at work, if any.
func (r *Runner) working() (id, title, by string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy == nil {
		return "", "", ""
	}
	return r.busy.Run.ID, r.busy.Run.Title, r.busy.Run.By
}

// waits lists the sessions that it would wait for. Those that work and have begun lately are over by then.
func (f *found) waits(obstacles []migrations.Obstacle, queries map[int]string) {
	for _, o := range obstacles {
		if o.State == "active" && o.Age < brief {
			continue
		}
		b := blockerOf(o.Blocker)
		b.Query = queries[o.PID]
		f.Waits = append(f.Waits, source.PreviewBlocker{Blocker: b, Why: o.Why})
		f.check(source.Warn, o.Blocker.String()+" will be waited for: "+o.Why)
	}
}

// blockerOf is a session in the way, as the screens show it.
func blockerOf(b migrations.Blocker) source.Blocker {
	out := source.Blocker{PID: b.PID, App: b.Application, User: b.User, State: b.State}
	if b.Age > 0 {
		seconds := b.Age.Seconds()
		out.XactS = &seconds
	}
	return out
}

// statementsOf names what the sessions of the database do, as far as it may be seen.
func (r *Runner) statementsOf(ctx context.Context) map[int]string {
	activity, err := r.cfg.Monitor.Activity(ctx)
	if err != nil {
		return nil // the names are an extra
	}
	out := make(map[int]string, len(activity.Sessions))
	for _, s := range activity.Sessions {
		out[s.PID] = s.Query
	}
	return out
}
