package screen

import (
	"fmt"
	"time"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// nearFull is the share, in percent, of memory, disk or processors from which on it is marked.
const nearFull = 90

func (o *Overview) botLines(width int, more bool) []string {
	lines := []string{o.botLine(width)}
	if more {
		ring := o.ring()
		lines = append(lines, o.graph("  handled", source.HandledMS, 0, width, o.oldDaemon(),
			widget.Part{Text: "peak " + figure(widget.Peak(ring.Series[source.HandledMS]), look.Millis, "")}))
	}
	return lines
}

func (o *Overview) botLine(width int) string {
	t := o.s.Telegram
	if t == nil {
		return o.row("BOT", width, o.oldDaemon(), widget.Part{Text: look.Unknown})
	}
	var parts []widget.Part
	if text := trouble(t); text != "" {
		parts = append(parts, widget.Part{Text: "! " + text, Role: look.Warn})
	}
	handled := look.Unknown
	if t.HandledMS.P95 > 0 {
		handled = look.Millis(t.HandledMS.P95)
	}
	queue, failed := look.Unknown, look.Unknown
	if q := o.s.Queues; q != nil {
		queue = look.Count(float64(q.InboxPending + q.OutboxPending))
		failed = look.Count(float64(q.InboxDead + q.OutboxFailed))
	}
	parts = append(parts,
		widget.Part{Text: figure(widget.Newest(o.ring().Series[source.Updates]), look.Count, " updates/min"), Drop: 2},
		widget.Part{Text: "handled p95 " + handled, Drop: 1},
		widget.Part{Text: "queue " + queue, Drop: 3}, widget.Part{Text: "failed " + failed, Drop: 4})
	return o.row("BOT", width, o.oldDaemon(), parts...)
}

// trouble is what the bot's way in and out has suffered from the longest, and how much more there is.
func trouble(t *source.Telegram) string {
	var first source.Trouble
	for _, one := range t.Trouble {
		if first.Text == "" || one.Since.Before(first.Since) || one.Since.Equal(first.Since) && one.Text < first.Text {
			first = one
		}
	}
	switch n := len(t.Trouble); {
	case n > 1:
		return fmt.Sprintf("%s (and %d more)", first.Text, n-1)
	case n == 0 && !t.Polling:
		return "updates are not asked for"
	default:
		return first.Text
	}
}

func (o *Overview) hostLine(width int) string {
	s := o.s.System
	if s == nil {
		return o.row("HOST", width, o.oldDaemon(), widget.Part{Text: look.Unknown})
	}
	told := s.HostMemTotal > 0 // a machine that does not tell its memory tells nothing
	cpu, load := look.Unknown, look.Unknown
	if told {
		cpu, load = fmt.Sprintf("%.0f%%", s.HostCPUPercent), fmt.Sprintf("%.2f", s.Load1)
	}
	spark := widget.RingSpark(o.look, o.ring(), source.HostCPU, 9, 100)
	return o.row("HOST", width, o.oldDaemon(),
		full(widget.Part{Text: "cpu " + spark + " " + cpu}, s.HostCPUPercent, 100),
		full(widget.Part{Text: "mem " + share(s.HostMemUsed, s.HostMemTotal, ofTotal), Drop: 1}, float64(s.HostMemUsed), float64(s.HostMemTotal)),
		full(widget.Part{Text: "disk " + share(s.DiskUsed, s.DiskTotal, percentOf), Drop: 2}, float64(s.DiskUsed), float64(s.DiskTotal)),
		widget.Part{Text: "load " + load, Drop: 3},
		widget.Part{Text: "daemon " + look.Bytes(s.MemoryBytes), Drop: 4},
		widget.Part{Text: "up " + look.Age(time.Duration(s.UptimeS*float64(time.Second))), Drop: 5})
}

// full marks a part when next to nothing is left of what it shows.
func full(p widget.Part, used, total float64) widget.Part {
	if total > 0 && used/total*100 >= nearFull {
		p.Text, p.Role = p.Text+" !", look.Warn
	}
	return p
}

// share writes how much of a total is used, Unknown without a total.
func share(used, total int64, write func(used, total int64) string) string {
	if total <= 0 {
		return look.Unknown
	}
	return write(used, total)
}

func percentOf(used, total int64) string {
	return fmt.Sprintf("%.0f%%", float64(used)/float64(total)*100)
}
