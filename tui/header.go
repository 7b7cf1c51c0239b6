package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// slowAfter is how old a state may be that counts as live: the daemon sends something every second.
const slowAfter = 3 * time.Second

// field is a part of the header.
type field struct {
	role look.Role
	text string
	rank int // those with the highest go first when there is no room; 0 never goes
}

// header is the first line: what this is about at the left, how it stands with it at the right.
func (m *Model) header() string {
	left, right := m.about(), m.standing()
	const gap = 2
	for {
		need := width(left) + width(right) + gap
		if need <= m.width || !dropped(&left, &right) {
			break
		}
	}
	l, r := m.paint(left), m.paint(right)
	space := m.width - ansi.StringWidth(l) - ansi.StringWidth(r) - 1
	return m.look.Clip(l+strings.Repeat(" ", max(1, space))+r, m.width)
}

// smallHeader is the only line above a screen where there is little room.
func (m *Model) smallHeader() string {
	title := fmt.Sprintf("%d %s", m.at+1, m.seen().Name())
	if m.dialog != nil {
		title = m.dialog.Title()
	}
	role, link := m.link()
	parts := []field{{look.Strong, m.host(), 4}, {look.Plain, m.rights(), 0}, {role, link, 0}, {look.Strong, title, 1}, {look.Warn, m.announced(), 3}, {look.Warn, m.label(), 2}}
	var none []field
	for width(parts) > m.width && dropped(&parts, &none) {
	}
	return m.look.Clip(m.paint(parts), m.width)
}

// about is which daemon this is, and what it uses; under a dialog what the dialog is about.
func (m *Model) about() []field {
	parts := []field{{look.Strong, strings.TrimSpace("healthagent " + m.daemonVersion()), 2}, {look.Plain, m.host(), 3}}
	if label := m.label(); label != "" {
		parts = append(parts, field{look.Warn, label, 0})
	}
	if m.dialog != nil {
		parts[0] = field{look.Strong, "healthagent", 5}
		return append(parts, field{look.Inverse, " " + m.dialog.Title() + " ", 0})
	}
	if p := m.latest.Postgres; p != nil && p.Version != "" {
		parts = append(parts, field{look.Plain, "PG " + short(p.Version), 5})
	}
	if r := m.latest.Redis; r != nil && r.Version != "" {
		parts = append(parts, field{look.Plain, "Redis " + short(r.Version), 6})
	}
	return parts
}

// standing is what may be done, how new the state is, and the time.
func (m *Model) standing() []field {
	role, link := m.link()
	return []field{
		{look.Warn, m.announced(), 1},
		{look.Strong, m.rights(), 0},
		{role, fmt.Sprintf("%-9s", link), 0},
		{look.Plain, m.now().Format("15:04:05"), 4},
	}
}

func (m *Model) rights() string {
	if m.keys.ReadOnly() != "" {
		return "RO"
	}
	return "RW"
}

// label says what the daemon is when it is no real one; in full where there is room.
func (m *Model) label() string {
	label := m.latest.Label
	if m.width < 120 {
		label, _, _ = strings.Cut(label, ",")
	}
	return m.look.Clip(label, 40)
}

func (m *Model) host() string { return m.look.Clip(m.latest.Host, 24) }

func (m *Model) daemonVersion() string {
	if m.latest.Version != "" {
		return m.look.Clip(m.latest.Version, 16)
	}
	return m.look.Clip(m.version, 16)
}

// link says how it stands with the way to the state, and with what is at its other end.
func (m *Model) link() (look.Role, string) {
	role, text := m.way()
	if !m.paused {
		return role, text
	}
	frozen := "PAUSED " + m.drawnAt.Format("15:04:05")
	if role == look.Good {
		return look.Warn, frozen
	}
	return role, frozen + " " + text
}

func (m *Model) way() (look.Role, string) {
	l, now := m.latest.Link, m.now()
	if l == nil {
		return look.Warn, "CONNECTING"
	}
	since := look.Age(now.Sub(l.Since))
	switch l.State {
	case source.LinkWaiting:
		return look.Warn, "CONNECTING " + since
	case source.LinkDown:
		return look.Fail, "DAEMON DOWN " + since
	case source.LinkDenied:
		return look.Fail, "DENIED"
	case source.LinkUpgrade:
		return look.Fail, "UPGRADED"
	case source.LinkDirect:
		return look.Warn, "DIRECT " + since
	case source.LinkLive:
	}
	age := now.Sub(l.Heard)
	switch p := m.latest.Postgres; {
	case age > slowAfter:
		return look.Warn, "SLOW " + look.Age(age)
	case m.latest.Phase != "":
		return look.Warn, "STARTING"
	case p != nil && p.Down != "":
		return look.Fail, "DB DOWN " + look.Age(now.Sub(p.DownSince))
	default:
		return look.Good, "LIVE " + look.Span(age)
	}
}

// trouble says why there is nothing new; empty when there is.
func (m *Model) trouble() string {
	l := m.latest.Link
	switch {
	case l == nil:
		return ""
	case l.State == source.LinkLive && m.latest.Phase != "":
		return "the daemon is starting: " + m.latest.Phase
	case l.State == source.LinkLive || l.Reason == "":
		return ""
	}
	var more []string
	if l.Attempt > 1 {
		more = append(more, fmt.Sprintf("%d tries", l.Attempt))
	}
	if wait := l.Next.Sub(m.now()); wait > 0 {
		more = append(more, "next in "+look.Age(wait+time.Second-1))
	}
	if len(more) == 0 {
		return l.Reason
	}
	when := " (" + strings.Join(more, ", ") + ")"
	return m.look.Clip(l.Reason, max(20, m.width-4-len(when))) + when
}

// tabs names the screens; the one that is seen stands in brackets.
func (m *Model) tabs() string {
	for _, length := range []int{99, 5, 3} {
		var b strings.Builder
		for i, s := range m.screens {
			name := s.Name()
			if i != m.at && len(name) > length {
				name = name[:length]
			}
			text := fmt.Sprintf(" %d %s ", i+1, name)
			if i == m.at {
				text = m.look.Paint(look.Inverse, "["+text[1:len(text)-1]+"]")
			}
			b.WriteString(text)
		}
		if line := b.String(); ansi.StringWidth(line) <= m.width || length == 3 {
			return m.look.Clip(line, m.width)
		}
	}
	return ""
}

func (m *Model) paint(parts []field) string {
	var b strings.Builder
	for i, p := range parts {
		if p.text == "" {
			continue
		}
		if i == 0 {
			b.WriteByte(' ')
		} else {
			b.WriteString("  ")
		}
		b.WriteString(m.look.Paint(p.role, p.text))
	}
	return b.String()
}

func width(parts []field) int {
	n := 0
	for _, p := range parts {
		if p.text != "" {
			n += ansi.StringWidth(p.text) + 2
		}
	}
	return n
}

// dropped takes away the field that is needed the least; false when every one is needed.
func dropped(sides ...*[]field) bool {
	var worst *field
	for _, side := range sides {
		for i := range *side {
			if f := &(*side)[i]; f.text != "" && f.rank > 0 && (worst == nil || f.rank > worst.rank) {
				worst = f
			}
		}
	}
	if worst == nil {
		return false
	}
	worst.text = ""
	return true
}

// short is a version without what a distribution has added to it.
func short(version string) string {
	first, _, _ := strings.Cut(version, " ")
	return first
}
