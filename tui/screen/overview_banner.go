package screen

import (
	"fmt"
	"strings"
	"time"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// notice is a banner's text: what is wrong, what is known of it, and what to do.
type notice struct {
	role  look.Role
	title []widget.Part
	lines []string
}

// banner says at the top what is wrong with the whole of it, in so many lines at most; none when nothing is.
func (sc *scene) banner(width, height int) []string {
	n := sc.notice()
	if len(n.title) == 0 {
		return nil
	}
	return widget.Banner(sc.look, n.role, widget.Parts(sc.look, width-1, 3, n.title...), n.lines, width, height)
}

// notice finds the one thing that explains the others: first the way to the daemon, then its start, then the database.
func (sc *scene) notice() notice {
	if link := sc.s.Link; link != nil && link.State != source.LinkLive {
		return sc.linkNotice(link)
	}
	switch p := sc.s.Postgres; {
	case sc.s.Phase != "":
		title := "! STARTING"
		if sc.s.UptimeS > 0 {
			title += " for " + look.Seconds(&sc.s.UptimeS)
		}
		return notice{look.Warn, headline(title), []string{look.OneLine(sc.s.Phase)}}
	case p != nil && p.Down != "":
		return sc.postgresDown(p)
	default:
		return notice{}
	}
}

func (sc *scene) linkNotice(link *source.Link) notice {
	reason := look.OneLine(link.Reason)
	switch link.State {
	case source.LinkDenied:
		return notice{look.Fail, headline("x DENIED: this user may not look"), kept(reason)}
	case source.LinkUpgrade:
		return notice{look.Fail, headline("x UPGRADED: the daemon is newer than this screen"), kept(reason, "what is shown was known before")}
	case source.LinkDown:
		return notice{look.Fail, sc.tries("x DAEMON DOWN", sc.now.Sub(link.Since), link.Since, link.Attempt, link.Next.Sub(sc.now)), kept(reason, unitLine(link.Unit), tryDaemon)}
	case source.LinkDirect:
		title := headline("! DAEMON DOWN "+look.Age(sc.now.Sub(link.Since)), "the database is asked itself", "since "+strings.TrimSpace(sc.clock(link.Since)))
		also := ""
		if p := sc.s.Postgres; p != nil && p.Down != "" {
			also = "x PostgreSQL cannot be reached either: " + look.OneLine(p.Down)
		}
		return notice{look.Warn, title, kept(also, look.OneLine(link.Acts), unitLine(link.Unit), tryDaemon)}
	case source.LinkWaiting:
		return notice{look.Warn, headline("! CONNECTING to the daemon"), kept(reason)}
	case source.LinkLive:
	}
	return notice{}
}

const tryDaemon = "try: systemctl status healthagent   l shows its last log lines"

func (sc *scene) postgresDown(p *source.Postgres) notice {
	try := "l shows the log of it"
	if sc.s.Attention != nil {
		for _, i := range sc.s.Attention.Items {
			if i.Kind == "postgres" && i.Remedy != "" {
				try = "try: " + look.OneLine(i.Remedy) + "   " + try
				break
			}
		}
	}
	return notice{
		look.Fail, sc.tries("x POSTGRESQL UNREACHABLE", sc.age(p.DownSince), p.DownSince, p.Attempt, 0),
		kept(look.OneLine(p.Down), try, "what is shown of it was known before; the daemon goes on trying"),
	}
}

// headline is a title of one part and more of less use.
func headline(title string, more ...string) []widget.Part {
	parts := []widget.Part{{Text: title}}
	for i, text := range more {
		parts = append(parts, widget.Part{Text: text, Drop: i + 1})
	}
	return parts
}

// tries is a headline of what is being tried again and again.
func (sc *scene) tries(title string, age time.Duration, since time.Time, attempt int, next time.Duration) []widget.Part {
	parts := []widget.Part{{Text: title + " " + look.Age(age)}, {Text: "since " + strings.TrimSpace(sc.clock(since)), Drop: 3}}
	if attempt > 0 {
		parts = append(parts, widget.Part{Text: fmt.Sprintf("attempt %d", attempt), Drop: 4})
	}
	if next > 0 {
		parts = append(parts, widget.Part{Text: "next in " + look.Age(next+time.Second-1), Drop: 1})
	}
	return append(parts, widget.Part{Text: "ctrl+r now", Drop: 2})
}

// unitLine is what the service manager says of the daemon, as a sentence where its properties are known.
func unitLine(unit []string) string {
	values := map[string]string{}
	for _, line := range unit {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	if len(unit) == 0 {
		return ""
	}
	if values["ActiveState"] == "" {
		return look.OneLine("unit: " + strings.Join(unit, "  "))
	}
	text := values["ActiveState"]
	if sub := values["SubState"]; sub != "" && sub != text {
		text += " (" + sub + ")"
	}
	if result := values["Result"]; result != "" && result != "success" {
		text += ", " + result
	}
	if status := values["ExecMainStatus"]; status != "" && status != "0" {
		text += ", status " + status
	}
	if n := values["NRestarts"]; n != "" && n != "0" {
		text += ", restarts " + n
	}
	return look.OneLine("unit: " + text)
}

// kept leaves empty lines out.
func kept(lines ...string) []string {
	var out []string
	for _, line := range lines {
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}
