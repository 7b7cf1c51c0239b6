package acts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"healthagent/tui/source"
)

// The rules by which the effect of an act is judged.
//
// A statement's p95 since the act ended is compared with that of the 15 minutes before it began. It is worse when it is at least
// 1.5 times and at least 1 ms more, and better when it is the other way round; it is judged only when it was called at least 20 times
// both before and since. The pool is worse when it is used to nine tenths in nineteen of twenty seconds and was not before.
//
// The verdict is worse when anything is, else better when anything is, else no different; with no statement that was called often
// enough there are too few calls. It holds so far until 10 minutes have passed, and then for good.
const (
	worseFactor = 1.5
	worseMS     = 1.0
	fewCalls    = 20
	nearLimit   = 0.9
	watchTime   = 10 * time.Minute
	counting    = time.Second // calls are counted once a second: those before a moment may be counted so much after it
)

// Verdicts of a watch.
const (
	worse     = "worse"
	better    = "better"
	noChange  = "no different"
	tooFew    = "too few calls"
	soFarHint = "not judged yet"
)

func isWorse(before, now float64) bool { return now >= worseFactor*before && now-before >= worseMS }

// watchOver begins the watch of a run that has changed something; the lock is held. What another act does from here on is its own.
func (rec *record) watchOver(s *source.Snapshot) {
	run := &rec.Run
	if run.Ended == nil || run.State != source.RunDone && run.State != source.RunPartial {
		return
	}
	run.Watch = &source.Watch{Since: *run.Ended, Until: run.Ended.Add(watchTime), Verdict: tooFew, Text: soFarHint}
	calls := map[string]int64{}
	for _, name := range rec.Facts.Order {
		if st, known := statement(s, name); known {
			calls[name] = st.Calls
		}
	}
	rec.Facts.AtEnd = calls
}

// endWatches ends the watches of earlier acts: what is measured from here on is also another's doing. The lock is held.
func (r *Runner) endWatches(by *record) {
	for _, rec := range r.runs {
		if w := rec.Run.Watch; rec != by && w != nil && !w.Over {
			over := *w
			over.Over, over.Text = true, "judged early, since another act began ("+by.Run.Title+"): "+w.Text
			rec.Run.Watch = &over
		}
	}
}

// measured is what was found out about a run without holding the lock.
type measured struct {
	rec     *record
	facts   facts
	from    time.Time
	effects []source.Effect
	enough  int
}

// watch brings the effects of the act at work, and of those that are watched, up to date. One whose time has passed is judged.
func (r *Runner) watch(ctx context.Context) {
	r.mu.Lock()
	now := r.cfg.Now()
	var at []measured
	for _, rec := range r.runs {
		switch w := rec.Run.Watch; {
		case w != nil && !w.Over:
			at = append(at, measured{rec: rec, facts: rec.Facts, from: w.Since})
		case r.busy != nil && r.busy.record == rec:
			at = append(at, measured{rec: rec, facts: rec.Facts, from: later(now.Add(-time.Minute), rec.Run.Started)})
		}
	}
	r.mu.Unlock()
	if len(at) == 0 {
		return
	}
	s := r.state()
	for i := range at {
		at[i].effects, at[i].enough = r.effects(at[i].facts, s, at[i].from.Add(counting))
	}
	judged := r.applied(at, now)
	for _, rec := range judged {
		r.report(rec)
		run := r.shown(rec)
		level := "info"
		if run.Watch.Verdict == worse {
			level = "warn"
		}
		r.note(level, run.Act.Name, run.Title+" judged: "+run.Watch.Verdict+", "+run.Watch.Text)
	}
	if len(judged) > 0 {
		r.save()
	}
	if ctx.Err() == nil {
		r.changed()
	}
}

// applied writes what was measured into the runs, and returns those that are judged by it.
func (r *Runner) applied(at []measured, now time.Time) (judged []*record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range at {
		run := &m.rec.Run
		if run.Watch == nil || run.Watch.Over {
			if run.State == source.RunWorking {
				run.Effects = m.effects
			}
			continue
		}
		if !run.Watch.Since.Equal(m.from) { // it has ended while it was measured
			continue
		}
		w := *run.Watch
		run.Effects = m.effects
		w.Verdict, w.Text = verdict(m.effects, m.enough)
		if w.Over = !now.Before(w.Until); w.Over {
			judged = append(judged, m.rec)
		}
		run.Watch = &w
	}
	return judged
}

// shown is a run as it is now.
func (r *Runner) shown(rec *record) source.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return copied(rec.Run)
}

// verdict judges effects, and says why.
func verdict(effects []source.Effect, enough int) (word, text string) {
	var slower, faster []string
	pool := ""
	for _, e := range effects {
		switch {
		case e.Name == poolName && e.Worse:
			pool = "the pool is near its limit"
		case e.Name == poolName && e.Better:
			pool = "the pool is no longer near its limit"
		case e.Worse:
			slower = append(slower, e.Name)
		case e.Better:
			faster = append(faster, e.Name)
		}
	}
	poolWorse := strings.HasSuffix(pool, "near its limit") && !strings.Contains(pool, "longer")
	switch {
	case len(slower) > 0 || poolWorse:
		return worse, clauses(said(slower, "slower"), said(faster, "faster"), pool)
	case len(faster) > 0 || pool != "":
		return better, clauses(said(faster, "faster"), pool)
	case enough > 0:
		return noChange, count(enough, "statement takes", "statements take") + " as long as before"
	default:
		return tooFew, fmt.Sprintf("no statement was called %d times both before and since", fewCalls)
	}
}

func said(names []string, how string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0] + " is " + how
	default:
		return fmt.Sprintf("%d statements are %s: %s", len(names), how, strings.Join(names, ", "))
	}
}
