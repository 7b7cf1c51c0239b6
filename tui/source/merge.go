package source

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// keptEvents is how many lines of the log a state holds.
const keptEvents = 500

// Merge returns the state with a change applied to it; neither is altered. When s is itself a change, without a History, the result is
// one change that does what both do, one after the other. A change with a History is a whole state and replaces s.
func (s *Snapshot) Merge(change *Snapshot) *Snapshot {
	if s == nil || change.History != nil {
		return change
	}
	n := *s
	n.Protocol, n.Time, n.Version, n.Host, n.UptimeS, n.Phase = change.Protocol, change.Time, change.Version, change.Host, change.UptimeS, change.Phase
	n.Label = change.Label
	take(&n.You, change.You)
	take(&n.Link, change.Link)
	take(&n.Ready, change.Ready)
	take(&n.System, change.System)
	take(&n.Pool, change.Pool)
	take(&n.Queries, change.Queries)
	take(&n.Cache, change.Cache)
	take(&n.Queues, change.Queues)
	take(&n.Telegram, change.Telegram)
	take(&n.Postgres, change.Postgres)
	take(&n.Redis, change.Redis)
	take(&n.Statements, change.Statements)
	take(&n.Indexes, change.Indexes)
	take(&n.Migrations, change.Migrations)
	take(&n.Attention, change.Attention)
	take(&n.Doctor, change.Doctor)
	if change.Runs != nil {
		n.Runs = change.Runs
	}
	n.Log = newest(s.Log, change.Log)
	if s.History != nil {
		n.History, n.Samples = s.History.With(change.Samples), nil
	} else {
		n.Samples = slices.Concat(s.Samples, change.Samples)
	}
	return &n
}

func take[T any](old **T, changed *T) {
	if changed != nil {
		*old = changed
	}
}

// newest joins two stretches of the log without altering either.
func newest(old, more []Event) []Event {
	if len(more) == 0 {
		return old
	}
	all := slices.Concat(old, more)
	return all[max(0, len(all)-keptEvents):]
}

// With returns the history with samples added to the short ring, which keeps its length; h is not altered. Where samples are missing
// there is a gap; one from before the ring's end is left out, since it is there already.
func (h *History) With(samples []Sample) *History {
	if len(samples) == 0 || h.Short.StepS <= 0 {
		return h
	}
	n := *h
	length := h.Short.length()
	step := time.Duration(h.Short.StepS * float64(time.Second))
	end := h.Short.Start.Add(time.Duration(length) * step) // of the next step
	steps := 0
	for _, s := range samples {
		steps = max(steps, int(math.Round(float64(s.Time.Sub(end))/float64(step)))+1)
	}
	n.Short.Start = h.Short.Start.Add(time.Duration(steps) * step)
	n.Short.Series = make(map[string]Series, len(h.Short.Series))
	for name, old := range h.Short.Series {
		n.Short.Series[name] = shifted(old, steps, length)
	}
	for _, s := range samples {
		at := length - steps + int(math.Round(float64(s.Time.Sub(end))/float64(step)))
		if at < length-steps || at < 0 || at >= length {
			continue
		}
		for name, v := range s.Values {
			if n.Short.Series[name] == nil {
				n.Short.Series[name] = shifted(nil, length, length)
			}
			n.Short.Series[name][at] = float64(v)
		}
	}
	return &n
}

func (r Ring) length() int {
	for _, s := range r.Series {
		return len(s)
	}
	return 0
}

// shifted is the series moved back by steps, with gaps at its end.
func shifted(old Series, steps, length int) Series {
	n := make(Series, length)
	for i := range n {
		n[i] = math.NaN()
		if from := i + steps; from < len(old) {
			n[i] = old[from]
		}
	}
	return n
}

// UnmarshalJSON reads null as a gap.
func (s *Series) UnmarshalJSON(raw []byte) error {
	var values []*float64
	if err := json.Unmarshal(raw, &values); err != nil {
		return fmt.Errorf("read a series: %w", err)
	}
	*s = make(Series, len(values))
	for i, v := range values {
		(*s)[i] = math.NaN()
		if v != nil {
			(*s)[i] = *v
		}
	}
	return nil
}

// UnmarshalJSON reads null as NaN.
func (v *Value) UnmarshalJSON(raw []byte) error {
	var f *float64
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("read a value: %w", err)
	}
	*v = Value(math.NaN())
	if f != nil {
		*v = Value(*f)
	}
	return nil
}
