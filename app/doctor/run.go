package doctor

import (
	"context"
	"sync"
	"time"

	"healthagent/tui/source"
)

// What a look may take. The whole is bounded too, since checks wait for one another where they ask the same.
const (
	checkTime = 5 * time.Second
	wholeTime = 18 * time.Second
)

// Report is a look at the whole installation. OK says that no check failed; warnings are no failure.
type Report struct {
	OK     bool             `json:"ok"`
	Checks []source.Finding `json:"checks"` // in the catalogue's order; never nil
	// Passing says that time alone may mend one of the failures.
	Passing bool `json:"-"`
}

// Run makes every check, side by side, and returns in less than 20 seconds whatever is down. It changes nothing. A check that panics or
// does not end is a failure of its own.
func Run(ctx context.Context, p Patient) Report {
	return run(ctx, p, catalogue(), checkTime)
}

func run(ctx context.Context, p Patient, checks []check, patience time.Duration) Report {
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	v := newVisit(ctx, p)
	defer v.close()
	r := Report{OK: true, Checks: []source.Finding{}}
	for _, c := range checks {
		if c.made(v.Patient) {
			r.Checks = append(r.Checks, source.Finding{Code: c.code, Title: c.title})
		}
	}
	var wait sync.WaitGroup
	answers := make([]answer, len(r.Checks))
	next := 0
	for _, c := range checks {
		if !c.made(v.Patient) {
			continue
		}
		a := &answers[next]
		next++
		wait.Go(func() { *a = v.make(ctx, c, patience) })
	}
	wait.Wait()
	for i, a := range answers {
		f := &r.Checks[i]
		f.Verdict, f.Text, f.Remedy = a.verdict, v.Redact(a.text), v.Redact(a.remedy)
		*f = v.secondOpinion(*f)
		r.OK = r.OK && f.Verdict != source.Fail
		r.Passing = r.Passing || a.passing
	}
	return r
}

// make makes one check within its time.
func (v *visit) make(ctx context.Context, c check, patience time.Duration) answer {
	if why := c.prevented(v); why != "" {
		return skipped("%s", why)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said := make(chan answer, 1) // a check that does not end says it to nobody
	go func() {
		defer func() {
			if recover() != nil {
				said <- failure(reportIt, "the check itself failed by a mistake of the program")
			}
		}()
		said <- c.look(ctx, v)
	}()
	select {
	case a := <-said:
		return a
	case <-ctx.Done():
	}
	select {
	case a := <-said: // it heeded its deadline, and says so better
		return a
	case <-time.After(patience / 10):
		return passing("uptime && ps -eo pid,stat,wchan:20,comm | grep ' D'", "the check did not end within %v", patience)
	}
}

const reportIt = "This is a mistake of healthagent and not of your server: please report it with the output of 'healthagent version'."

// Wait looks until nothing fails that time may mend or most is over, with longer and longer pauses, and returns the last look. pause
// returns an error when it was interrupted; nil: it sleeps.
func Wait(ctx context.Context, look func(context.Context) Report, most time.Duration, now func() time.Time, pause func(context.Context, time.Duration) error) Report {
	const longest = 3 * time.Second
	if pause == nil {
		pause = sleep
	}
	end := now().Add(most)
	for next := 500 * time.Millisecond; ; next = min(2*next, longest) {
		r := look(ctx)
		left := end.Sub(now())
		if !r.Passing || left <= 0 || ctx.Err() != nil || pause(ctx, min(next, left)) != nil {
			return r
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
