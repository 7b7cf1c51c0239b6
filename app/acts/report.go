package acts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"healthagent/tui/source"
)

// finished is what is left to do when a run has ended: the report, the file of the last runs, the audit log, and to tell who draws.
func (r *Runner) finished(ctx context.Context, rec *record, err error) {
	run := r.shown(rec)
	if run.Watch != nil || run.State == source.RunFailed {
		r.report(rec)
	}
	r.save()
	e := entry{Result: string(run.State), Run: run.ID, From: rec.Facts.From, Class: classOf(err), Rescued: rec.Facts.Rescued}
	if run.Ended != nil {
		took := run.Ended.Sub(run.Started).Seconds()
		e.Seconds = &took
	}
	r.audit(ctx, rec.Facts.Actor, run.Act, e)
	level := "info"
	if run.State != source.RunDone {
		level = "warn"
	}
	r.note(level, run.Act.Name, run.Title+": "+clauses(run.Error, run.Summary))
	r.changed()
	r.done()
}

// report writes what there is to say of a run into a file, anew each time. Where that fails it is logged, and the run has no report.
func (r *Runner) report(rec *record) {
	run := r.shown(rec)
	if run.Act.Object == source.OnSession {
		return
	}
	dir := filepath.Join(r.cfg.StateDir, "reports")
	safe := regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(run.Act.Name, "_")
	name := fmt.Sprintf("%s-%s-%.100s-%s.txt", run.Started.UTC().Format(reportAt), run.Act.Verb, safe, run.ID)
	path := filepath.Join(dir, name)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = replaceFile(path, []byte(reportText(run, rec.Facts)))
	}
	if err != nil {
		r.cfg.Logger.Warn("the report of an act cannot be written", "run", run.ID, "error", err)
		return
	}
	r.mu.Lock()
	rec.Run.Report = path
	r.mu.Unlock()
	r.prune(dir)
}

// reportText is the report, for people and for mail.
func reportText(run source.Run, f facts) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", run.Title)
	line("")
	line("by       %s", run.By)
	line("began    %s", run.Started.UTC().Format(time.RFC3339))
	if run.Ended != nil {
		line("ended    %s, after %s", run.Ended.UTC().Format(time.RFC3339), spanText(run.Ended.Sub(run.Started).Seconds()))
	}
	line("run      %s", run.ID)
	line("state    %s", run.State)
	if run.Error != "" {
		line("reason   %s", run.Error)
	}
	if run.Summary != "" {
		line("summary  %s", run.Summary)
	}
	line("")
	line("STEPS")
	for i, s := range run.Steps {
		size := ""
		if s.Bytes > 0 {
			size = sizeText(s.Bytes)
		}
		line("  %2d  %-8s %-56s %8s %8s  %s", i+1, s.State, s.Name, size, spanText(s.Seconds), s.Text)
	}
	if len(f.Plans) > 0 {
		line("")
		line("PLANS  as the planner had them before, and after in a trial")
		for _, q := range f.Plans {
			factor := "not tried"
			if q.Factor > 0 {
				factor = "cost x" + short(q.Factor)
			}
			line("  %-32s %-12s %s > %s", q.Name, factor, q.Now, q.After)
		}
	}
	b.WriteString(watchText(run))
	line("")
	line("SQL")
	for text := range strings.SplitSeq(strings.TrimSpace(f.SQL), "\n") {
		line("  %s", text)
	}
	return b.String()
}

// watchText is the watch in the report.
func watchText(run source.Run) string {
	if run.Watch == nil {
		return ""
	}
	var b strings.Builder
	so := "so far, until " + run.Watch.Until.UTC().Format(time.RFC3339)
	if run.Watch.Over {
		so = "for good"
	}
	fmt.Fprintf(&b, "\nWATCH  %s: %s, %s\n", so, run.Watch.Verdict, run.Watch.Text)
	for _, e := range run.Effects {
		mark := ""
		if e.Worse {
			mark = "!"
		}
		fmt.Fprintf(&b, "  %-32s %10s > %10s %-11s %s\n", e.Name, figure(e.Before), figure(e.Now), e.Unit, mark)
	}
	return b.String()
}

func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return short(*v)
}

// short is a figure with what of it can be of use: 1349, 12.3, 0.07.
func short(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}
