package sampler

import (
	"context"
	"time"

	"healthagent/store"
)

// Figures is what a statement did in a stretch of time.
type Figures struct {
	Calls int64
	P95MS float64 // 0 without a call
}

// Figures are those of the statements between two moments of the last 15 minutes, in steps of 15 s that begin within: nothing of what was
// before from is in them, so in a shorter stretch there may be no calls. Of one that is not known there are none. It is nil when ctx ends
// before it is known.
func (s *Sampler) Figures(ctx context.Context, names []string, from, to time.Time) map[string]Figures {
	found := make(chan map[string]Figures, 1)
	s.do(ctx, func() {
		out := make(map[string]Figures, len(names))
		for _, name := range names {
			if e := s.book.by[name]; e != nil {
				sum := e.lately.between(from, to)
				out[name] = Figures{Calls: sum.Calls, P95MS: sum.Times.Percentile(95)}
			}
		}
		found <- out
	})
	select {
	case out := <-found:
		return out
	default:
		return nil
	}
}

// between sums the steps up that begin in a stretch of time.
func (w *window) between(from, to time.Time) (sum store.StatementStep) {
	last := stepNumber(to)
	first := max(stepNumber(from.Add(windowStep-1)), last-windowSteps+1)
	for i, at := range w.at {
		if at >= first && at <= last {
			sum = sum.Add(w.steps[i])
		}
	}
	return sum
}
