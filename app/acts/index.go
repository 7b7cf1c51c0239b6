package acts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"healthagent/migrations"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// lookAtIndexes fills in the indexes that the plans make or drop, and refuses what other things stand on.
func (r *Runner) lookAtIndexes(ctx context.Context, f *found, plans []migrations.Preview) error {
	known, err := r.catalog(ctx)
	if err != nil {
		return err
	}
	shown := r.shownIndexes()
	f.facts.Bytes = map[string]int64{}
	var constrained []string
	for _, p := range plans {
		for _, o := range p.Objects {
			if o.Kind != migrations.IndexObject || o.Name == "" {
				continue
			}
			is := known[o.Name]
			f.marks = append(f.marks, marked("the index "+o.Name, o.Exists, o.Exists && o.Valid, is.Definition, is.Constraint))
			if p.Direction == "down" && !o.Exists {
				continue
			}
			line := r.indexLine(f.At.Unix(), o, p)
			if s, ok := shown[o.Name]; ok {
				line.ScansMin = s.ScansMin
				if s.LastUsedS != nil {
					line.LastS = s.LastUsedS
				}
			}
			if p.Direction == "down" && (is.Constraint || is.ReplicaIdentity) {
				constrained = append(constrained, o.Name)
				line.Note = "a constraint or replication stands on it"
			}
			f.Indexes = append(f.Indexes, line)
			f.facts.Indexes = append(f.facts.Indexes, o.Name)
			if !slices.Contains(f.facts.Tables, o.Table) {
				f.facts.Tables = append(f.facts.Tables, o.Table)
			}
			f.facts.Bytes[o.Name] = o.Bytes
			if p.Direction == "down" {
				f.Undo.Bytes += o.Bytes
			}
		}
	}
	if len(constrained) > 0 {
		f.check(source.Fail, "a constraint or replication stands on "+strings.Join(constrained, ", "))
	}
	for i := range f.steps {
		if f.Act.Verb == source.Rollback || f.Act.Verb == source.Drop {
			f.steps[i].Bytes = f.facts.Bytes[f.steps[i].Name]
		}
	}
	return nil
}

// indexLine is one index of a preview.
func (r *Runner) indexLine(now int64, o migrations.PlannedObject, p migrations.Preview) source.PreviewIndex {
	line := source.PreviewIndex{Name: o.Name, Table: o.Table, Bytes: o.Bytes}
	if o.LastScan != nil {
		ago := float64(max(now-o.LastScan.Unix(), 0))
		line.LastS = &ago
	}
	switch {
	case o.Exists && !o.Valid:
		line.Note = "INVALID"
	case p.Direction == "up" && o.Exists:
		line.Note = "is there already"
	case p.Direction == "up":
		if bytes, known := r.lastSize(o.Name); known {
			line.Bytes, line.Note = bytes, "size when it was dropped"
		}
	}
	return line
}

// lastSize is how big an index was when an act of ours dropped it.
func (r *Runner) lastSize(index string) (int64, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.runs {
		if rec.Run.Act.Verb != source.Rollback && rec.Run.Act.Verb != source.Drop {
			continue
		}
		if n := rec.Facts.Bytes[index]; n > 0 {
			return n, true
		}
	}
	return 0, false
}

// catalog is the indexes of the schema public, by name.
func (r *Runner) catalog(ctx context.Context) (map[string]inspect.Index, error) {
	all, err := r.cfg.Monitor.Indexes(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]inspect.Index, len(all.Indexes))
	for _, x := range all.Indexes {
		if x.Schema == "public" {
			out[x.Name] = x
		}
	}
	return out, nil
}

// shownIndexes are the indexes of the newest state, by name.
func (r *Runner) shownIndexes() map[string]source.Index {
	out := map[string]source.Index{}
	if s := r.state(); s.Indexes != nil {
		for _, x := range s.Indexes.List {
			out[x.Name] = x
		}
	}
	return out
}

// lookAtIndex previews the dropping or building of one index.
func (r *Runner) lookAtIndex(ctx context.Context, f *found, trial bool) error {
	name := f.Act.Name
	direction := "up"
	if f.Act.Verb == source.Drop {
		direction = "down"
	}
	plans, err := r.plan(ctx, migrations.PlanOptions{Index: name, Direction: direction, Trial: trial})
	var missing *migrations.NoSuchIndexError
	if errors.As(err, &missing) {
		return r.lookAtStranger(ctx, f, missing)
	}
	if why, refused := refusal(err); refused {
		f.refuse(why)
		return nil
	}
	if err != nil {
		return err
	}
	p := plans[0]
	label := migrations.Label(p.Version)
	if !trial {
		f.NoTrial = "only who may act may have plans tried, which locks tables for a moment"
	}
	f.describe(plans)
	f.Class = string(p.Class)
	there, valid := len(p.Objects) > 0 && p.Objects[0].Exists, len(p.Objects) > 0 && p.Objects[0].Valid
	if direction == "down" {
		f.Summary = "1 x DROP INDEX CONCURRENTLY"
		f.After = name + " is HELD: no start builds it again until you say so; the rest of " + label + " stays"
		f.Undo = source.Undo{Text: "build it", Seconds: r.buildTime(ctx, p.Version, name)}
		if !there {
			f.refuse(name + " is not there")
		}
		f.do = func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) (string, error) {
			_, err := r.cfg.Engine.Down(ctx, migrations.DownOptions{Version: label, Index: name, Stop: stop, Events: events})
			return "", err
		}
	} else {
		f.Summary = "1 x CREATE INDEX CONCURRENTLY; writes go on"
		if there && !valid {
			f.Summary = "drops the INVALID index, then 1 x CREATE INDEX CONCURRENTLY; writes go on"
		}
		f.After = name + " is there, and held no more"
		f.Undo, f.TookS = source.Undo{Text: "drop it"}, r.buildTime(ctx, p.Version, name)
		if there && valid && !slices.Contains(p.Held, name) {
			f.refuse(name + " is there and valid")
		}
		f.do = func(ctx context.Context, stop <-chan struct{}, events chan<- migrations.Event) (string, error) {
			_, err := r.cfg.Engine.Up(ctx, migrations.UpOptions{Version: label, Index: name, Stop: stop, Events: events})
			return "", err
		}
	}
	if err := r.complete(ctx, f, plans); err != nil {
		return err
	}
	for i := range f.steps { // its statement alone is numbered
		f.steps[i].Name = name
	}
	return nil
}

// buildTime is how long an index took when it was built last, in seconds; 0: not known.
func (r *Runner) buildTime(ctx context.Context, version int, index string) float64 {
	entries, err := r.cfg.Engine.Status(ctx)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if e.Version != version {
			continue
		}
		for _, o := range e.Objects {
			if o.Name == index {
				return o.BuildMS / 1000
			}
		}
	}
	return 0
}

// lookAtStranger is about an index that no migration makes. What a rebuild left behind may go; anything else is somebody's.
func (r *Runner) lookAtStranger(ctx context.Context, f *found, missing error) error {
	known, err := r.catalog(ctx)
	if err != nil {
		return err
	}
	name := f.Act.Name
	x, there := known[name]
	switch {
	case !there:
		return missing
	case f.Act.Verb != source.Drop:
		f.refuse("no migration makes " + name + ", so there is nothing to build it by; rebuild it instead")
		return nil
	case !x.Leftover:
		f.refuse("no migration makes " + name + ", so nothing would know how to build it again: drop it by hand, with DROP INDEX CONCURRENTLY")
		return nil
	}
	f.Summary = "drops what a rebuild that failed left behind: 1 x DROP INDEX CONCURRENTLY"
	f.SQL = "DROP INDEX CONCURRENTLY IF EXISTS public." + name + ";\n"
	f.facts.SQL, f.facts.Bytes, f.facts.Indexes = f.SQL, map[string]int64{name: x.Bytes}, nil
	f.After, f.Undo = name+" is gone; the index that it was a copy of stays", source.Undo{Text: "none is needed: nothing uses it"}
	f.Class, f.NoTrial = string(migrations.IndexOnly), "no statement can use an index that is not valid"
	f.Indexes = append(f.Indexes, source.PreviewIndex{Name: name, Table: x.Table, Bytes: x.Bytes, Note: "INVALID"})
	f.steps, f.keys = []source.Step{{Name: name, State: source.StepWaiting, Bytes: x.Bytes}}, []stepKey{{statement: 1}}
	f.marks = []mark{marked("the index "+name, x.Valid, x.Leftover, x.Definition)}
	f.do = func(ctx context.Context, _ <-chan struct{}, events chan<- migrations.Event) (string, error) {
		return "", r.cfg.Engine.DropLeftover(ctx, name, events)
	}
	return r.other(ctx, f)
}

// lookAtReindex previews the rebuilding of an index while it is used.
func (r *Runner) lookAtReindex(ctx context.Context, f *found) error {
	name := f.Act.Name
	known, err := r.catalog(ctx)
	if err != nil {
		return err
	}
	x, there := known[name]
	if !there {
		return &migrations.NoSuchIndexError{Index: name, Absent: true}
	}
	f.Summary, f.After = "1 x REINDEX INDEX CONCURRENTLY; it is used meanwhile, writes go on", name+" is rebuilt, and valid"
	f.SQL = "REINDEX INDEX CONCURRENTLY public." + name + ";\n"
	f.facts = facts{SQL: f.SQL, Bytes: map[string]int64{name: x.Bytes}, Indexes: []string{name}, Tables: []string{x.Table}, Left: leftovers(name, known)}
	f.Class, f.Undo = string(migrations.IndexOnly), source.Undo{Text: "none is needed: it is the same index, smaller"}
	line := source.PreviewIndex{Name: name, Table: x.Table, Bytes: x.Bytes}
	if s, ok := r.shownIndexes()[name]; ok {
		line.ScansMin, line.LastS = s.ScansMin, s.LastUsedS
	}
	switch {
	case x.Exclusion:
		f.check(source.Fail, "it is that of an exclusion constraint, which cannot be rebuilt while it is used")
	case x.Building:
		f.check(source.Fail, "it is being built or dropped")
	case x.Leftover:
		f.check(source.Fail, "it is what a rebuild that failed left behind: drop it instead")
	case !x.Valid:
		line.Note = "INVALID"
		f.check(source.OK, "it is not valid, and would be")
	case x.BloatPct != nil:
		f.check(source.OK, fmt.Sprintf("about %.0f%% of it is bloat", *x.BloatPct))
	}
	f.Indexes = append(f.Indexes, line)
	f.steps, f.keys = []source.Step{{Name: name, State: source.StepWaiting}}, []stepKey{{statement: 1}}
	f.marks = []mark{marked("the index "+name, x.Valid, x.Definition)}
	r.lookAtStatements(f, nil)
	r.lookAtDisk(f)
	f.do = func(ctx context.Context, _ <-chan struct{}, events chan<- migrations.Event) (string, error) {
		done, err := r.cfg.Engine.Reindex(ctx, migrations.ReindexOptions{Index: name, Events: events})
		if err != nil {
			return "", err
		}
		return sizeText(done.Before) + " before, " + sizeText(done.After) + " now", nil
	}
	return r.other(ctx, f)
}

// lookAtDisk compares the free disk with what building needs. What is known is the disk of the state directory, which holds the private
// cluster and, on a small machine, everything.
func (r *Runner) lookAtDisk(f *found) {
	s := r.state()
	if s.System == nil || s.System.DiskTotal == 0 || f.Act.Verb == source.Rollback || f.Act.Verb == source.Drop {
		return
	}
	var need int64
	for _, x := range f.Indexes {
		if x.Note != "is there already" {
			need += x.Bytes
		}
	}
	free := s.System.DiskTotal - s.System.DiskUsed
	if free < 2*need {
		f.check(source.Warn, fmt.Sprintf("%s of disk are free and about %s are needed: building wants twice that", sizeText(free), sizeText(need)))
		return
	}
	text := sizeText(free) + " of disk are free"
	if need > 0 {
		text += ", about " + sizeText(need) + " are needed"
	}
	f.check(source.OK, text)
}
