package acts

import (
	"fmt"
	"strings"
	"time"

	"healthagent/tui/source"
)

// words are how an act is called before, while and after it is done.
type words struct{ ask, doing, done, noun string }

func wordsOf(act source.Act) words {
	on := act.Name
	of := func(ask, doing, done, noun string) words {
		return words{ask + " " + on + " ?", doing + " " + on, done + " " + on, noun + " OF " + on}
	}
	switch act.Verb {
	case source.Rollback:
		return of("ROLL BACK", "ROLLING BACK", "ROLLED BACK", "ROLLBACK")
	case source.Apply:
		return of("APPLY", "APPLYING", "APPLIED", "APPLYING")
	case source.Hold:
		return of("HOLD", "HOLDING", "HELD", "HOLDING")
	case source.Release:
		return of("RELEASE", "RELEASING", "RELEASED", "RELEASE")
	case source.Drop:
		return of("DROP", "DROPPING", "DROPPED", "DROP")
	case source.Build:
		return of("BUILD", "BUILDING", "BUILT", "BUILD")
	case source.Reindex:
		return of("REBUILD", "REBUILDING", "REBUILT", "REBUILD")
	case source.End:
		return of("END SESSION", "ENDING SESSION", "ENDED SESSION", "END")
	case source.Cancel:
		if act.Object == source.OnSession {
			return of("CANCEL THE STATEMENT OF", "CANCELLING THE STATEMENT OF", "CANCELLED THE STATEMENT OF", "CANCELLING")
		}
		return of("CANCEL THE RUN OF", "CANCELLING THE RUN OF", "CANCELLED THE RUN OF", "CANCELLING")
	default:
		return of(strings.ToUpper(string(act.Verb)), "", "", "")
	}
}

// titled is the title of a run that has ended.
func (w words) titled(state source.RunState) string {
	switch state {
	case source.RunWorking:
		return w.doing
	case source.RunDone:
		return w.done
	case source.RunPartial:
		return w.noun + " IS PARTIAL"
	case source.RunFailed:
		return w.doing + " FAILED"
	default:
		return w.doing + ": NOT KNOWN"
	}
}

// action is how the audit log calls it: migration.rollback.
func action(act source.Act) string {
	noun := map[source.Object]string{source.OnMigration: "migration", source.OnIndex: "index", source.OnSession: "session"}[act.Object]
	return noun + "." + string(act.Verb)
}

// sizeText writes a size in powers of 1024, as the screens do: 50MB.
func sizeText(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	if value < 10 && unit > 1 {
		return fmt.Sprintf("%.1f%s", value, units[unit])
	}
	return fmt.Sprintf("%.0f%s", value, units[unit])
}

// spanText writes a duration so that a person can read it: 0.3s, 41s, 1m10s.
func spanText(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// count writes 1 index, 2 indexes.
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// clauses are sentences in one line.
func clauses(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "; ")
}
