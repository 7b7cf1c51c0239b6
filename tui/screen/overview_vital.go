package screen

import (
	"fmt"
	"math"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// vitals are the lines on how it is. With more there is a line for each series.
func (o *Overview) vitals(width int, more bool) []string {
	lines := o.poolLines(width)
	lines = append(lines, o.queryLines(width, more)...)
	lines = append(lines, o.postgresLines(width, more)...)
	lines = append(lines, o.cacheLines(width, more)...)
	lines = append(lines, o.botLines(width, more)...)
	return append(lines, o.hostLine(width))
}

// figure is a number from a series, in words; Unknown for a gap.
func figure(v float64, write func(float64) string, unit string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return look.Unknown
	}
	return write(v) + unit
}

func (o *Overview) poolLines(width int) []string {
	old := o.oldDaemon()
	p := o.s.Pool
	if p == nil {
		return []string{
			o.row("POOL", width, old, widget.Part{Text: look.Unknown}),
			o.graph("  used", source.PoolUsed, 0, width, old), o.graph("  wait", source.PoolWaitMS, 0, width, old),
		}
	}
	role, mark := look.Plain, ""
	if p.Waiting > 0 || p.MaxSize > 0 && p.Active >= p.MaxSize {
		role, mark = look.Warn, "!"
	}
	ring := o.ring()
	return []string{
		o.row("POOL", width, old,
			widget.Part{Text: widget.Gauge(o.look, float64(p.Active), float64(p.MaxSize), min(30, max(8, width-47))), Role: graphOr(role), Drop: 1},
			widget.Part{Text: fmt.Sprintf("%d/%d used", p.Active, p.MaxSize), Role: role},
			widget.Part{Text: fmt.Sprintf("%d idle", p.Available), Drop: 2},
			widget.Part{Text: strings.TrimSpace(fmt.Sprintf("%d waiting %s", p.Waiting, mark)), Role: role},
		),
		o.graph("  used", source.PoolUsed, float64(p.MaxSize), width, old,
			widget.Part{Text: "15m", Role: look.Dim, Drop: 3},
			widget.Part{Text: "peak " + figure(widget.Peak(ring.Series[source.PoolUsed]), look.Count, "")},
			widget.Part{Text: fmt.Sprintf("limit %d", p.MaxSize), Drop: 2}),
		o.graph("  wait", source.PoolWaitMS, 0, width, old,
			widget.Part{Text: "15m", Role: look.Dim, Drop: 3},
			widget.Part{Text: "p95 " + look.Millis(p.Recent.P95)},
			widget.Part{Text: "max " + look.Millis(p.Recent.Max), Drop: 2}),
	}
}

// graphOr is the colour of a graph, unless something is wrong with what it shows.
func graphOr(r look.Role) look.Role {
	if r == look.Plain {
		return look.Graph
	}
	return r
}

func (o *Overview) queryLines(width int, more bool) []string {
	old := o.oldDaemon()
	if p := o.s.Postgres; old == "" && p != nil && p.Down != "" {
		old = "OLD " + look.Age(o.age(p.DownSince))
	}
	ring := o.ring()
	slow := "slow"
	if q := o.s.Queries; q != nil && q.SlowMS > 0 {
		slow = "slow>" + strings.Replace(look.Millis(q.SlowMS), ".0ms", "ms", 1)
	}
	minute := figure(widget.Newest(ring.Series[source.SlowPerMin]), look.Count, "/min")
	lines := []string{o.graph("QUERIES", source.PerSecond, 0, width, old,
		widget.Part{Text: figure(widget.Newest(ring.Series[source.PerSecond]), look.Count, "/s")},
		widget.Part{Text: slow + " " + minute, Drop: 2})}
	if more {
		lines = append(lines, o.graph("  p95", source.StatementMS, 0, width, old,
			widget.Part{Text: figure(widget.Newest(ring.Series[source.StatementMS]), look.Millis, "")},
			widget.Part{Text: "peak " + figure(widget.Peak(ring.Series[source.StatementMS]), look.Millis, ""), Drop: 1}))
	}
	return lines
}

func (o *Overview) postgresLines(width int, more bool) []string {
	lines := []string{o.postgresLine(width)}
	if more {
		old := ""
		if p := o.s.Postgres; p != nil {
			old = o.oldPart(p.Part, postgresEvery)
		}
		ring := o.ring()
		lines = append(lines, o.graph("  xact/s", source.Transactions, 0, width, old,
			widget.Part{Text: "peak " + figure(widget.Peak(ring.Series[source.Transactions]), look.Count, "")},
			widget.Part{Text: "sessions " + figure(widget.Newest(ring.Series[source.Connections]), look.Count, ""), Drop: 1}))
	}
	return lines
}

func (o *Overview) postgresLine(width int) string {
	p := o.s.Postgres
	if p == nil || p.At.IsZero() && p.Down == "" {
		return o.row("POSTGRES", width, "", widget.Part{Text: look.Unknown})
	}
	var parts []widget.Part
	up := ""
	switch {
	case p.Down != "":
		parts = append(parts, widget.Part{Text: "x down", Role: look.Fail})
	case !p.Started.IsZero():
		up = "up " + look.Age(o.age(p.Started))
	}
	rate := look.Unknown
	if p.XactPerS != nil {
		rate = look.Count(*p.XactPerS)
	}
	size := look.Unknown // it is counted seldom
	if p.DatabaseSize > 0 {
		size = look.Bytes(p.DatabaseSize)
	}
	blocked := widget.Part{Text: fmt.Sprintf("%d blocked", p.Blocked), Drop: 2}
	if p.Blocked > 0 {
		blocked = widget.Part{Text: fmt.Sprintf("! %d blocked", p.Blocked), Role: look.Warn, Drop: 1}
	}
	parts = append(parts,
		widget.Part{Text: up, Drop: 4}, widget.Part{Text: size, Drop: 3},
		widget.Part{Text: "buffer hit " + look.Percent(p.HitPct, 1)}, widget.Part{Text: rate + " xact/s", Drop: 1}, blocked,
		widget.Part{Text: "dead " + look.Percent(p.DeadPct, 1), Drop: 5})
	if !p.Durable && p.Down == "" {
		parts = append(parts, widget.Part{Text: "! not durable", Role: look.Warn, Drop: 1})
	}
	return o.row("POSTGRES", width, o.oldPart(p.Part, postgresEvery), parts...)
}

func (o *Overview) cacheLines(width int, more bool) []string {
	lines := []string{o.cacheLine(width)}
	if more {
		ring := o.ring()
		lines = append(lines, o.graph("  hit %", source.CacheHitPct, 100, width, o.oldDaemon(),
			widget.Part{Text: "now " + figure(widget.Newest(ring.Series[source.CacheHitPct]), look.Rate, "%")}))
	}
	return lines
}

func (o *Overview) cacheLine(width int) string {
	c, r := o.s.Cache, o.s.Redis
	hit := widget.Part{Text: "hit " + hitRate(c)}
	switch {
	case c == nil && r == nil:
		return o.row("CACHE", width, o.oldDaemon(), widget.Part{Text: look.Unknown})
	case c != nil && c.Backend == "memory":
		return o.row("CACHE", width, o.oldDaemon(), hit, widget.Part{Text: "in the daemon's memory"})
	case c != nil && c.State != "" && c.State != "closed":
		return o.row("REDIS", width, o.oldDaemon(), widget.Part{Text: "x down" + o.since("cache"), Role: look.Fail},
			widget.Part{Text: "hit " + look.Unknown}, widget.Part{Text: "PostgreSQL serves alone", Role: look.Warn})
	case r == nil:
		return o.row("REDIS", width, o.oldDaemon(), hit)
	case r.Error != "" && o.oldDaemon() == "": // the breaker does not know yet: nobody has asked for anything
		return o.row("REDIS", width, "", widget.Part{Text: "x does not answer" + o.since("cache"), Role: look.Fail}, hit)
	}
	old := o.oldDaemon()
	if old == "" {
		old = o.oldPart(r.Part, redisEvery)
	}
	return o.row("REDIS", width, old, hit,
		widget.Part{Text: ofTotal(r.UsedBytes, r.MaxBytes), Drop: 1}, widget.Part{Text: look.Count(float64(r.Keys)) + " keys", Drop: 2},
		widget.Part{Text: look.Count(float64(r.Evicted)) + " evicted", Drop: 3}, widget.Part{Text: "answer " + look.Millis(r.AnswerMS), Drop: 4})
}

// since is how long a component has been so: " 95s", empty when that is not known.
func (sc *scene) since(component string) string {
	c := sc.component(component)
	if c.Since == nil {
		return ""
	}
	return " " + look.Age(sc.age(*c.Since))
}

// hitRate is the share of the reads that the cache answered, Unknown before the first read.
func hitRate(c *source.Cache) string {
	if c == nil {
		return look.Unknown
	}
	return groupRate(c.Group)
}

func groupRate(g source.Group) string {
	if g.Hits+g.Misses == 0 {
		return look.Unknown
	}
	rate := g.HitRate * 100
	return look.Percent(&rate, 1)
}

// ofTotal writes two sizes as one figure: 38/256MB, 900MB/2.0GB; without a total the one.
func ofTotal(used, total int64) string {
	a, b := look.Bytes(used), look.Bytes(total)
	if total <= 0 {
		return a
	}
	unit := strings.TrimLeft(b, "0123456789.")
	return strings.TrimSuffix(a, unit) + "/" + b
}

// twoDays are the series of the last 48 hours in which one sees when something began.
func (o *Overview) twoDays(width int) []string {
	long := o.long()
	const busiest, peak = "busiest 10m ", "peak " // the long ring has means of ten minutes, of times the largest
	line := func(label, series, word string, top float64, write func(float64) string) string {
		return o.graphOf(long, label, series, top, width, "", widget.Part{Text: "48h", Role: look.Dim, Drop: 1},
			widget.Part{Text: word + figure(widget.Peak(long.Series[series]), write, "")})
	}
	percent := func(v float64) string { return look.Percent(&v, 0) }
	return []string{
		o.look.Paint(look.Strong, widget.Titled(o.look, "LAST 48 HOURS", width)),
		line("  used", source.PoolUsed, busiest, o.poolLimit(), look.Count),
		line("  p95", source.StatementMS, peak, 0, look.Millis),
		line("  handled", source.HandledMS, peak, 0, look.Millis),
		line("  cpu", source.HostCPU, busiest, 100, percent),
	}
}
