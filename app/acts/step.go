package acts

import (
	"fmt"
	"regexp"
	"strings"

	"healthagent/migrations"
	"healthagent/tui/source"
)

// stepKey says which events of the engine are about a step: those of one statement of a migration, or, with statement 0, of a migration
// that is one transaction.
type stepKey struct{ version, statement int }

// stepsOf lists the steps of a run: each statement of an index-only migration, and each other migration as a whole.
func stepsOf(plans []migrations.Preview) ([]source.Step, []stepKey) {
	var steps []source.Step
	var keys []stepKey
	for _, p := range plans {
		statements, err := migrations.Split(p.SQL)
		if err != nil || p.Class != migrations.IndexOnly {
			steps = append(steps, source.Step{Name: migrations.Label(p.Version) + "_" + p.Name, State: source.StepWaiting})
			keys = append(keys, stepKey{version: p.Version})
			continue
		}
		for i, st := range statements {
			steps = append(steps, source.Step{Name: stepName(st), State: source.StepWaiting})
			keys = append(keys, stepKey{p.Version, i + 1})
		}
	}
	return steps, keys
}

// stepName is the index that a statement makes or drops, or its first line.
func stepName(st migrations.Statement) string {
	one := strings.Join(strings.Fields(st.Text), " ")
	m := regexp.MustCompile(`(?i)^(?:CREATE (?:UNIQUE )?|DROP )INDEX (?:CONCURRENTLY )?(?:IF (?:NOT )?EXISTS )?(?:"?\w+"?\.)?"?(\w+)"?`).FindStringSubmatch(one)
	if m == nil {
		return st.FirstLine()
	}
	return m[1]
}

// find is the step that an event is about, -1 for none.
func (l *live) find(version, statement int) int {
	whole := -1
	for i, k := range l.keys {
		if k.version == version && k.statement == statement {
			return i
		}
		if k.version == version && k.statement == 0 {
			whole = i
		}
	}
	return whole
}

// at is the step at work, -1 for none.
func (l *live) at() int {
	for i, s := range l.Run.Steps {
		if s.State == source.StepWorking {
			return i
		}
	}
	return -1
}

// hear takes an event in; the lock is held. It reports whether the event is worth writing down.
func (r *Runner) hear(l *live, e migrations.Event) (worth bool) {
	run := &l.Run
	switch e.Kind {
	case migrations.EventMigration:
		l.finishStep(r, source.StepDone)
		if i := l.find(e.Version, 0); i >= 0 && l.keys[i].statement == 0 {
			l.startStep(r, i)
		}
		return true
	case migrations.EventStatement:
		i := l.find(e.Version, e.Statement)
		if i >= 0 && l.keys[i].statement == 0 { // a transaction is one step
			return false
		}
		l.finishStep(r, source.StepDone)
		if i >= 0 {
			if e.Object != "" {
				run.Steps[i].Name = e.Object
			}
			l.startStep(r, i)
		}
		return true
	case migrations.EventProgress:
		run.Progress = progressOf(*e.Progress)
		l.block(e.Blockers)
	case migrations.EventBlocked:
		l.block(e.Blockers)
		return true
	case migrations.EventRetry, migrations.EventNote, migrations.EventLockWait:
		if i := l.at(); i >= 0 {
			run.Steps[i].Text = e.Text
		}
	case migrations.EventDone:
		l.finishStep(r, source.StepDone)
		for i, k := range l.keys { // what was left alone, since it is held
			if k.version == e.Version && run.Steps[i].State == source.StepWaiting {
				run.Steps[i].State = source.StepSkipped
			}
		}
		return true
	case migrations.EventFailed:
		l.finishStep(r, source.StepFailed)
		return true
	}
	return false
}

func (l *live) startStep(r *Runner, i int) {
	l.Run.Steps[i].State = source.StepWorking
	l.begun = r.cfg.Now()
}

// finishStep ends the step at work.
func (l *live) finishStep(r *Runner, as source.StepState) {
	l.Run.Progress, l.Run.Blockers = nil, nil
	i := l.at()
	if i < 0 {
		return
	}
	step := &l.Run.Steps[i]
	step.State, step.Text, step.Seconds = as, "", r.cfg.Now().Sub(l.begun).Seconds()
	if as == source.StepDone {
		l.Run.Freed += step.Bytes
	}
}

// block says who is in the way, and what that means for the index at work.
func (l *live) block(blockers []migrations.Blocker) {
	before := l.Run.Blockers
	l.Run.Blockers = nil
	var pids []string
	for _, b := range blockers {
		one := blockerOf(b)
		for _, was := range before {
			if was.PID == one.PID {
				one.Query = was.Query
			}
		}
		l.Run.Blockers = append(l.Run.Blockers, one)
		pids = append(pids, fmt.Sprintf("pid %d", b.PID))
	}
	if i := l.at(); i >= 0 {
		l.Run.Steps[i].Text = ""
		if len(pids) > 0 {
			l.Run.Steps[i].Text = "waits for " + strings.Join(pids, ", ")
		}
	}
}

// nameQueries adds what the sessions in the way do; the lock is held.
func (l *live) nameQueries(queries map[int]string) {
	blockers := append([]source.Blocker{}, l.Run.Blockers...)
	for i := range blockers {
		if q := queries[blockers[i].PID]; q != "" {
			blockers[i].Query = q
		}
	}
	l.Run.Blockers = blockers
}

func progressOf(p migrations.Progress) *source.Progress {
	phase := p.Phase
	if phase == "" {
		phase = "waiting for other sessions"
	}
	return &source.Progress{
		Phase: phase, Number: p.Number, Phases: p.Phases, Done: p.Done, Total: p.Total, Unit: p.Unit, ElapsedS: p.Elapsed.Seconds(),
	}
}
