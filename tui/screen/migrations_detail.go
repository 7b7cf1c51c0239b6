package screen

import (
	"fmt"
	"strings"
	"time"

	"healthagent/tui/look"
	"healthagent/tui/source"
)

// pane is what a migration makes, and its SQL without the remarks: one way or the other.
func (m *Migrations) pane(key string) (string, []para, []para) {
	x := m.at(key)
	if x == nil {
		return key, nil, nil
	}
	ways := "[up]  down"
	if m.down {
		ways = " up  [down]"
	}
	title := oneLine(x.Version+" "+x.Name) + "  " + ways + "  tab"
	return title, m.sql(x, m.down, false), append(troubles(x), para{text: makes(x)})
}

// troubles say why a migration is not simply applied, and what can be done about it.
func troubles(x *source.Migration) []para {
	var out []para
	add := func(role look.Role, text string) { out = append(out, para{text: oneLine(text), role: role}) }
	switch x.State {
	case "partial":
		add(look.Fail, fmt.Sprintf("partial: %d of %d are there. R finishes the rollback, A restores what is missing", x.Done, x.Total))
	case "failed":
		add(look.Fail, "failed: A tries it again")
	case "held":
		add(look.Warn, "held: nothing applies it until you do. A applies it")
	case "pending":
		add(look.Warn, "pending: A applies it")
	case "running":
		add(look.Accent, fmt.Sprintf("running: %d of %d", x.Done, x.Total))
	}
	if x.Error != "" {
		add(look.Fail, "error: "+x.Error)
	}
	if x.State != "held" && len(x.Held) > 0 {
		add(look.Warn, "held: "+strings.Join(x.Held, ", "))
	}
	if x.Edited {
		add(look.Fail, "its file differs from what was applied")
	}
	if x.Unknown {
		add(look.Warn, "this program has no such file")
	}
	if x.OutOfOrder {
		add(look.Warn, "newer ones are applied already")
	}
	return out
}

// makes says what a migration makes, and how much of it its rollback takes away.
func makes(x *source.Migration) string {
	if len(x.Objects) == 0 {
		return "what it makes is not known"
	}
	what := "objects"
	if x.Class == "index-only" {
		what = "indexes"
	}
	text := fmt.Sprintf("makes %d %s", len(x.Objects), what)
	if x.Bytes > 0 {
		text += ", " + look.Bytes(x.Bytes)
	}
	if x.Down == "" {
		return text + "; there is no way back"
	}
	covered := 0
	for _, o := range x.Objects {
		if mentions(x.Down, o) {
			covered++
		}
	}
	return fmt.Sprintf("%s; down names %d of them", text, covered)
}

// mentions reports whether a name stands in SQL as a word of its own.
func mentions(sql, name string) bool {
	if name == "" {
		return false
	}
	word := func(b byte) bool {
		return b == '_' || b == '$' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z'
	}
	for from := 0; ; {
		at := strings.Index(sql[from:], name)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(name)
		if (at == 0 || !word(sql[at-1])) && (end == len(sql) || !word(sql[end])) {
			return true
		}
		from = end
	}
}

// sql is the one way or the other, with its remarks or without.
func (m *Migrations) sql(x *source.Migration, down, remarks bool) []para {
	text, none := x.Up, "its SQL is not known"
	if down {
		text, none = x.Down, "there is no way back"
	}
	if strings.TrimSpace(text) == "" {
		return []para{{text: none, role: look.Dim}}
	}
	var out []para
	for _, p := range block(text, look.Plain) {
		remark := strings.HasPrefix(p.text, "--")
		if !remarks && (remark || p.text == "") {
			continue
		}
		if remark {
			p.role, p.hang = look.Dim, 3
		}
		out = append(out, p)
	}
	return out
}

// full is all that is known of a migration, the way that was chosen first.
func (m *Migrations) full(key string) (string, []para) {
	x := m.at(key)
	if x == nil {
		return "", nil
	}
	applied, took := "not applied", ""
	if x.AppliedAt != nil {
		applied = m.clock(*x.AppliedAt, "2006-01-02 15:04:05")
		if x.TookS > 0 {
			took = look.Span(time.Duration(x.TookS * float64(time.Second)))
		}
	}
	text := append(troubles(x), labels(
		"state", oneLine(x.State), "class", oneLine(x.Class), "back", oneLine(x.Back), "applied", applied, "took", took,
		"makes", strings.TrimPrefix(makes(x), "makes "), "named", oneLine(strings.Join(x.Objects, ", ")), "held", oneLine(strings.Join(x.Held, ", ")),
	)...)
	for _, down := range []bool{m.down, !m.down} {
		name := "up"
		if down {
			name = "down"
		}
		text = append(text, para{}, heading(name))
		text = append(text, m.sql(x, down, true)...)
	}
	return oneLine(x.Version + " " + x.Name), text
}
