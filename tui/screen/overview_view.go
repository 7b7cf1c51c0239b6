package screen

import (
	"fmt"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// Below these there is room for the most needed only, from the others on for two columns.
const (
	fullWidth, fullHeight = 60, 12
	wideWidth, wideHeight = 120, 22
	tallHeight            = 32
)

// View draws it.
func (o *Overview) View() string {
	var lines []string
	switch {
	case o.width < fullWidth || o.height < fullHeight:
		lines = o.small()
	case o.width >= wideWidth && o.height >= wideHeight:
		lines = o.wide()
	default:
		lines = append(o.banner(o.width, o.height/3), o.vitals(o.width, false)...)
		lines = append(lines, o.below(o.width, o.height-len(lines))...)
	}
	return widget.Fit(o.look, lines, o.width, o.height)
}

// wide has the gauges at the left and what the screens 2 to 4 are about at the right; where it is high too, the last two days.
func (o *Overview) wide() []string {
	lines := o.banner(o.width, 6)
	left := o.width * 54 / 100
	vitals, queries := o.vitals(left, true), 6
	if o.height-len(lines) >= tallHeight {
		vitals, queries = append(vitals, o.twoDays(left)...), 10
	}
	lines = append(lines, widget.Beside(o.look, vitals, o.summaries(o.width-left-3, queries), left, o.width)...)
	return append(lines, o.below(o.width, o.height-len(lines))...)
}

// below is what needs somebody, and what happened lately. How much room each has depends on the height alone, so that nothing jumps.
func (o *Overview) below(width, height int) []string {
	if height < 2 {
		return nil
	}
	rows := height - 1
	if height >= 5 {
		rows = (height - 2) * 5 / 8
	}
	lines := append([]string{o.attentionTitle(width)}, o.attentionRows(width, rows)...)
	if rest := height - len(lines); rest >= 2 {
		lines = append(lines, o.look.Paint(look.Strong, widget.Titled(o.look, "RECENT", width)))
		lines = append(lines, o.recent(width, rest-1)...)
	}
	return lines
}

func (o *Overview) attentionTitle(width int) string {
	title, note := "ATTENTION", ""
	if n := len(o.items()); n > 0 {
		title = fmt.Sprintf("ATTENTION  %d of %d", o.place(), n)
		note = "enter open  y copy the remedy"
	}
	if old := o.oldDaemon(); old != "" && o.s.Attention != nil {
		title += "  " + old
	}
	text := widget.Titled(o.look, title, width)
	if room := width - len(title) - 6; room > len(note)+2 && note != "" {
		text = o.look.Clip(text, width-len(note)-3)
		text = strings.TrimSuffix(text, o.look.More) + o.look.Horizontal + " " + note + " " + o.look.Horizontal
	}
	return o.look.Paint(look.Strong, text)
}

// place is the number of the cursor's item, counted from 1.
func (o *Overview) place() int {
	key := o.attention.SelectedKey()
	for n, i := range o.items() {
		if itemKey(i) == key {
			return n + 1
		}
	}
	return 0
}

func (o *Overview) attentionRows(width, height int) []string {
	if height <= 0 {
		return nil
	}
	switch {
	case o.s.Attention == nil:
		o.attention.SetEmpty("not known yet")
	case o.oldDaemon() != "":
		o.attention.SetEmpty("nothing needed attention")
	default:
		o.attention.SetEmpty("nothing needs attention")
	}
	o.attention.Resize(width, height)
	return strings.Split(o.attention.View(), "\n")
}

// recent are the last events, the newest first.
func (o *Overview) recent(width, height int) []string {
	var lines []string
	for i := len(o.s.Log) - 1; i >= 0 && len(lines) < height; i-- {
		e := o.s.Log[i]
		mark, role := markOfLevel(e.Level)
		lines = append(lines, o.look.Clip(" "+o.look.Paint(look.Dim, o.clock(e.Time))+" "+o.look.Paint(role, mark)+" "+
			o.look.Paint(look.Dim, o.look.Left(e.Kind, 9))+" "+o.look.Paint(eventRole(role), look.OneLine(eventText(e))), width))
	}
	if len(lines) == 0 && height > 0 {
		lines = []string{o.look.Paint(look.Dim, o.look.Clip(" nothing yet", width))}
	}
	return lines
}

// markOfLevel is the letter of an event's level, and its colour.
func markOfLevel(level string) (string, look.Role) {
	switch level {
	case "error":
		return "x", look.Fail
	case "warn":
		return "!", look.Warn
	default:
		return " ", look.Plain
	}
}

// eventRole is the colour of an event's text: a warning is not shouted in a whole line.
func eventRole(r look.Role) look.Role {
	if r == look.Fail {
		return look.Fail
	}
	return look.Plain
}

// eventText is what happened, and to what, unless the text says so.
func eventText(e source.Event) string {
	if e.Subject == "" || e.Subject == e.Kind || strings.Contains(e.Text, e.Subject) {
		return e.Text
	}
	return e.Subject + "  " + e.Text
}

// small is the page for little room: a few figures, and what needs somebody.
func (o *Overview) small() []string {
	lines := o.banner(o.width, min(3, o.height/3))
	facts := o.smallFacts()
	rows := min(max(1, len(o.items())), max(1, o.height-len(lines)-len(facts)-1))
	rows = max(rows, (o.height-len(lines))/3)
	facts = facts[:min(len(facts), max(0, o.height-len(lines)-rows))]
	lines = append(lines, facts...)
	if o.height-len(lines) > rows {
		lines = append(lines, o.look.Rule(o.width))
	}
	return append(lines, o.attentionRows(o.width, o.height-len(lines))...)
}

// smallFacts are the vital lines for little room, the most needed first.
func (o *Overview) smallFacts() []string {
	old := o.oldDaemon()
	role := look.Plain
	if old != "" {
		role = look.Dim
	}
	line := func(old string, parts ...widget.Part) string {
		parts = append(parts, widget.Part{Text: old, Role: look.Warn})
		return " " + widget.Parts(o.look, o.width-1, 2, parts...)
	}
	part := func(drop int, format string, values ...any) widget.Part {
		return widget.Part{Text: fmt.Sprintf(format, values...), Role: role, Drop: drop}
	}
	ring := o.ring()
	return []string{
		o.smallPool(old, line, part),
		line("", part(0, "used"), widget.Part{Text: widget.RingSpark(o.look, ring, source.PoolUsed, max(0, o.width-12), o.poolLimit()), Role: graphOr(role)}, part(0, "15m")),
		line(o.oldPostgres(), part(0, "q/s %s", figure(widget.Newest(ring.Series[source.PerSecond]), look.Count, "")),
			part(2, "slow %s", figure(widget.Newest(ring.Series[source.SlowPerMin]), look.Count, "/min")), part(1, "hit %s", o.bufferHit())),
		line("", o.smallCache(part), part(1, "bot %s", figure(widget.Newest(ring.Series[source.Updates]), look.Count, "/min")), part(2, "failed %s", o.failed())),
		o.smallHost(line, part),
	}
}

type (
	lineFunc func(old string, parts ...widget.Part) string
	partFunc func(drop int, format string, values ...any) widget.Part
)

func (o *Overview) smallPool(old string, line lineFunc, part partFunc) string {
	p := o.s.Pool
	if p == nil {
		return line(old, part(0, "POOL"), part(0, look.Unknown))
	}
	wait := part(0, "wait %d", p.Waiting)
	if p.Waiting > 0 && old == "" {
		wait = widget.Part{Text: fmt.Sprintf("! wait %d", p.Waiting), Role: look.Warn}
	}
	gauge := widget.Part{Text: widget.Gauge(o.look, float64(p.Active), float64(p.MaxSize), min(12, o.width/3)), Role: look.Graph, Drop: 1}
	return line(old, part(0, "POOL"), gauge, part(0, "%d/%d", p.Active, p.MaxSize), wait)
}

func (o *Overview) poolLimit() float64 {
	if o.s.Pool == nil {
		return 0
	}
	return float64(o.s.Pool.MaxSize)
}

func (o *Overview) oldPostgres() string {
	if o.s.Postgres == nil {
		return ""
	}
	return o.oldPart(o.s.Postgres.Part, postgresEvery)
}

func (o *Overview) bufferHit() string {
	if o.s.Postgres == nil {
		return look.Unknown
	}
	return look.Percent(o.s.Postgres.HitPct, 1)
}

func (o *Overview) failed() string {
	if o.s.Queues == nil {
		return look.Unknown
	}
	return look.Count(float64(o.s.Queues.InboxDead + o.s.Queues.OutboxFailed))
}

func (o *Overview) smallCache(part partFunc) widget.Part {
	c := o.s.Cache
	switch {
	case c == nil:
		return part(0, "cache %s", look.Unknown)
	case c.Backend == "redis" && c.State != "" && c.State != "closed":
		return widget.Part{Text: "x redis down", Role: look.Fail}
	default:
		return part(0, "%s %s", look.OneLine(c.Backend), hitRate(c))
	}
}

func (o *Overview) smallHost(line lineFunc, part partFunc) string {
	s := o.s.System
	if s == nil || s.HostMemTotal <= 0 {
		return line("", part(0, "cpu %s", look.Unknown), part(1, "mem %s", look.Unknown), part(2, "disk %s", look.Unknown))
	}
	return line("", part(0, "cpu %.0f%%", s.HostCPUPercent), part(1, "mem %s", percentOf(s.HostMemUsed, s.HostMemTotal)), part(2, "disk %s", share(s.DiskUsed, s.DiskTotal, percentOf)))
}
