package screen

import (
	"strings"
	"time"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// How old a part may be before it is called old: a little more than three times the rate at which it is read.
const (
	liveEvery     = 5 * time.Second  // what the daemon tells of itself comes every second
	postgresEvery = 16 * time.Second // what PostgreSQL tells, every five
	redisEvery    = 5 * time.Second
)

// scene is a state, the time at which it is drawn, and the room to draw it in. Its s is never nil, but every part of it may be.
type scene struct {
	look          *look.Look
	s             *source.Snapshot
	now           time.Time
	width, height int
}

func newScene(l *look.Look) scene { return scene{look: l, s: &source.Snapshot{}} }

// age is how long ago something was by the daemon's clock: until the state was made, and since it came here. So a clock that is wrong on
// either side does no harm.
func (sc *scene) age(at time.Time) time.Duration {
	since := sc.now.Sub(sc.s.Time)
	if link := sc.s.Link; link != nil && !link.Heard.IsZero() {
		since = sc.now.Sub(link.Heard)
	}
	return max(0, sc.s.Time.Sub(at)+max(0, since))
}

// clock writes a moment of today as its time, and one of another day as its date, in eight columns.
func (sc *scene) clock(at time.Time) string {
	if at.IsZero() {
		return look.Unknown + strings.Repeat(" ", 7)
	}
	at = at.In(sc.now.Location())
	if y, m, d := at.Date(); y == sc.now.Year() && m == sc.now.Month() && d == sc.now.Day() {
		return at.Format("15:04:05")
	}
	return at.Format("Jan _2  ")
}

// oldDaemon says how old what the daemon tells of itself is, empty when it is new.
func (sc *scene) oldDaemon() string {
	link := sc.s.Link
	switch {
	case link == nil || sc.s.Time.IsZero():
		return ""
	case link.State == source.LinkDown || link.State == source.LinkDirect:
		return "OLD " + look.Age(sc.now.Sub(link.Since))
	case !link.Heard.IsZero() && sc.now.Sub(link.Heard) > liveEvery:
		return "OLD " + look.Age(sc.now.Sub(link.Heard))
	default:
		return ""
	}
}

// oldPart says how old a part is, empty when it is new or was never read.
func (sc *scene) oldPart(p source.Part, limit time.Duration) string {
	if p.At.IsZero() {
		return ""
	}
	age := sc.age(p.At)
	if link := sc.s.Link; link != nil && link.State == source.LinkDown {
		return "OLD " + look.Age(max(age, sc.now.Sub(link.Since)))
	}
	if p.Error != "" || age > limit {
		return "OLD " + look.Age(age)
	}
	return ""
}

// ring is the last 15 minutes, an empty one when they are not known.
func (sc *scene) ring() source.Ring {
	if sc.s.History == nil {
		return source.Ring{}
	}
	return sc.s.History.Short
}

// component is the verdict on one, the zero value when there is none.
func (sc *scene) component(name string) source.Component {
	if sc.s.Ready == nil {
		return source.Component{}
	}
	return sc.s.Ready.Components[name]
}

// row is a line with a label in a column of its own. What is old is dim, and says so at the right end.
func (sc *scene) row(label string, width int, old string, parts ...widget.Part) string {
	const labels = 10
	room := width - labels - 1
	role := look.Strong
	if strings.HasPrefix(label, " ") {
		role = look.Dim
	}
	end := ""
	if old != "" {
		end = sc.look.Paint(look.Warn, old)
		room -= len(old) + 1
		for i := range parts {
			if parts[i].Role != look.Fail {
				parts[i].Role = look.Dim
			}
		}
	}
	gap := 3
	if widget.PartsWidth(gap, parts...) > room {
		gap = 2
	}
	line := " " + sc.look.Paint(role, sc.look.Left(label, labels)) + widget.Parts(sc.look, room, gap, parts...)
	if end == "" {
		return sc.look.Clip(line, width)
	}
	return sc.look.Clip(sc.look.Left(line, width-len(old))+end, width)
}

// long is the last two days, an empty ring when they are not known.
func (sc *scene) long() source.Ring {
	if sc.s.History == nil {
		return source.Ring{}
	}
	return sc.s.History.Long
}

// graph is a row that begins with a sparkline of the last 15 minutes.
func (sc *scene) graph(label, series string, top float64, width int, old string, parts ...widget.Part) string {
	return sc.graphOf(sc.ring(), label, series, top, width, old, parts...)
}

// graphOf is a row that begins with a sparkline of a ring.
func (sc *scene) graphOf(ring source.Ring, label, series string, top float64, width int, old string, parts ...widget.Part) string {
	const labels, texts = 11, 29
	spark := widget.RingSpark(sc.look, ring, series, min(max(8, width-labels-texts), max(0, width-labels)), top)
	role := look.Graph
	if old != "" {
		role = look.Dim
	}
	return sc.row(label, width, old, append([]widget.Part{{Text: spark, Role: role}}, parts...)...)
}
