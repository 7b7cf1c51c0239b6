package app

import (
	"log/slog"
	"time"
)

// lapseAgain is after how long it is said again that something has not come back.
const lapseAgain = 10 * time.Minute

// lapse is a time in which something cannot be done that is tried again and again: it is told when it begins and when it is over, and not
// at each try. The zero value is none. It is for one goroutine.
type lapse struct {
	began time.Time
	told  time.Time // last
}

// failed tells of a try that failed, why being what is logged of it.
func (l *lapse) failed(log *slog.Logger, now time.Time, what, why string) {
	switch {
	case l.began.IsZero():
		l.began, l.told = now, now
		log.Warn(what, "error", why)
	case now.Sub(l.told) >= lapseAgain:
		l.told = now
		log.Warn(what, "error", why, "since", now.Sub(l.began).Round(time.Second))
	default:
		log.Debug(what, "error", why)
	}
}

// over ends it, and returns how long it was; 0: there was none.
func (l *lapse) over(now time.Time) time.Duration {
	began := l.began
	*l = lapse{}
	if began.IsZero() {
		return 0
	}
	return max(now.Sub(began), time.Millisecond) // the clock may have been set back
}
