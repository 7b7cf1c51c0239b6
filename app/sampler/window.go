package sampler

import (
	"math"
	"time"

	"healthagent/store"
	"healthagent/tui/source"
)

// A window is 15 minutes in steps of 15 s.
const (
	windowStep  = 15 * time.Second
	windowSteps = 60
)

// window holds what was done in the last 15 minutes. The zero value is ready.
type window struct {
	at    [windowSteps]int64 // number of the step, counted from 1970
	steps [windowSteps]store.StatementStep
}

func stepNumber(t time.Time) int64 { return t.UnixNano() / int64(windowStep) }

// add counts into the step of now.
func (w *window) add(now time.Time, step store.StatementStep) {
	number := stepNumber(now)
	i := number % windowSteps
	if w.at[i] != number {
		w.at[i], w.steps[i] = number, store.StatementStep{}
	}
	w.steps[i] = w.steps[i].Add(step)
}

// sum is all of it.
func (w *window) sum(now time.Time) (sum store.StatementStep) {
	number := stepNumber(now)
	for i, at := range w.at {
		if age := number - at; age >= 0 && age < windowSteps {
			sum = sum.Add(w.steps[i])
		}
	}
	return sum
}

// spans is how much of each step of the last 15 minutes was looked at: what is counted in a window is of so long. The clock of the
// machine may be set meanwhile, and the window begins within a step.
type spans struct {
	at      [windowSteps]int64 // as in a window
	seconds [windowSteps]float64
	last    time.Time // until when it is counted
}

// add counts what has passed since it was called last.
func (p *spans) add(now time.Time) {
	past := now.Sub(p.last)
	p.last = now
	number := stepNumber(now)
	i := number % windowSteps
	if p.at[i] != number {
		p.at[i], p.seconds[i] = number, 0
	}
	p.seconds[i] += max(past, 0).Seconds()
}

// sum is what the windows of now are of, in seconds: 15 minutes at most.
func (p *spans) sum(now time.Time) float64 {
	total := max(now.Sub(p.last), 0).Seconds()
	number := stepNumber(now)
	for i, at := range p.at {
		if age := number - at; age >= 0 && age < windowSteps {
			total += p.seconds[i]
		}
	}
	return min(total, (windowSteps * windowStep).Seconds())
}

// spark is the p95 of each step, the oldest first; a gap where nothing was done.
func (w *window) spark(now time.Time) source.Series {
	s := make(source.Series, windowSteps)
	first := stepNumber(now) - windowSteps + 1
	for k := range s {
		i := (first + int64(k)) % windowSteps
		s[k] = math.NaN()
		if w.at[i] == first+int64(k) && w.steps[i].Calls > 0 {
			s[k] = w.steps[i].Times.Percentile(95)
		}
	}
	return s
}

// day holds how long calls took in the last 24 hours, in steps of an hour.
type day struct {
	At    [24]int64      `json:"at"` // number of the hour, counted from 1970
	Times [24]store.Hist `json:"times"`
}

func (d *day) add(now time.Time, h store.Hist) {
	hour := now.Unix() / 3600
	i := hour % 24
	if d.At[i] != hour {
		d.At[i], d.Times[i] = hour, store.Hist{}
	}
	d.Times[i] = d.Times[i].Add(h)
}

// empty reports whether nothing of the last 24 hours is known.
func (d *day) empty(now time.Time) bool {
	hour := now.Unix() / 3600
	for i, at := range d.At {
		if age := hour - at; age >= 0 && age < 24 && d.Times[i].Count() > 0 {
			return false
		}
	}
	return true
}

// p95 is that of the day without the hour that has begun, since it is there to be compared with; nil when too few calls are known.
func (d *day) p95(now time.Time) *float64 {
	const enough = 100
	var sum store.Hist
	hour := now.Unix() / 3600
	for i, at := range d.At {
		if age := hour - at; age >= 1 && age <= 24 {
			sum = sum.Add(d.Times[i])
		}
	}
	if sum.Count() < enough {
		return nil
	}
	v := round3(sum.Percentile(95))
	return &v
}
