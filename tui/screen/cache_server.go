package screen

import (
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// server is what Redis tells of itself.
func (c *Cache) server(width int) []string {
	if c.inMemory() {
		return nil
	}
	r := c.s.Redis
	old := c.oldDaemon()
	if r == nil {
		return append(c.heading("REDIS SERVER", width), c.row("  server", width, old, widget.Part{Text: look.Unknown}))
	}
	if old == "" {
		old = c.oldPart(r.Part, redisEvery)
	}
	title := "REDIS SERVER"
	if r.Version != "" {
		title += "  " + r.Version
	}
	lines := c.heading(title, width)
	if r.Error != "" {
		lines = append(lines, c.row("  server", width, old, widget.Part{Text: "x " + look.OneLine(r.Error), Role: look.Fail}))
	}
	if c.down() || r.At.IsZero() {
		r, old = nil, ""
	}
	return append(lines, c.serverLines(r, width, old)...)
}

// serverLines are its figures, Unknown when it is down: what it held then says nothing of what it holds now.
func (c *Cache) serverLines(r *source.Redis, width int, old string) []string {
	value := func(write func(*source.Redis) string) string {
		if r == nil {
			return look.Unknown
		}
		return write(r)
	}
	count := func(n func(*source.Redis) float64) string {
		return value(func(r *source.Redis) string { return look.Count(n(r)) })
	}
	memory := []widget.Part{{Text: value(func(r *source.Redis) string { return ofTotal(r.UsedBytes, r.MaxBytes) })}}
	if r != nil && r.MaxBytes > 0 {
		gauge := widget.Part{Text: widget.Gauge(c.look, float64(r.UsedBytes), float64(r.MaxBytes), min(24, max(8, width-46))), Role: look.Graph, Drop: 1}
		memory = []widget.Part{gauge, full(memory[0], float64(r.UsedBytes), float64(r.MaxBytes))}
	}
	memory = append(memory, widget.Part{Text: "policy " + value(func(r *source.Redis) string { return look.OneLine(r.Policy) }), Drop: 2})
	return []string{
		c.row("  memory", width, old, memory...),
		c.row("  keys", width, old, widget.Part{Text: count(func(r *source.Redis) float64 { return float64(r.Keys) })},
			widget.Part{Text: "expired " + count(func(r *source.Redis) float64 { return float64(r.Expired) }), Drop: 2},
			widget.Part{Text: "evicted " + count(func(r *source.Redis) float64 { return float64(r.Evicted) }), Drop: 1}),
		c.row("  clients", width, old, widget.Part{Text: count(func(r *source.Redis) float64 { return float64(r.Clients) })},
			widget.Part{Text: count(func(r *source.Redis) float64 { return r.OpsPerS }) + " ops/s", Drop: 1},
			widget.Part{Text: "answer " + value(func(r *source.Redis) string { return look.Millis(r.AnswerMS) }), Drop: 2}),
		c.row("  up", width, old, widget.Part{Text: value(func(r *source.Redis) string { return look.Seconds(&r.UptimeS) })},
			widget.Part{Text: "persistence " + value(persistence), Drop: 1},
			widget.Part{Text: "hit " + value(func(r *source.Redis) string { return look.Percent(r.HitPct, 1) }) + " of all its users", Drop: 2}),
	}
}

func persistence(r *source.Redis) string {
	if r.Persistent {
		return "on"
	}
	return "off"
}
