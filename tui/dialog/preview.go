package dialog

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/source"
)

// previewPanels are what is known of an act before it is done.
func (f *Flow) previewPanels() (left, right []panel) {
	p := f.machine.Preview()
	pl, pr := f.pens()
	facts := f.facts(pl, p)
	if f.small() {
		facts = f.essentials(pl, p)
	}
	left = []panel{{name: "facts", lines: facts, least: 7}}
	if len(p.Indexes) > 0 {
		right = append(right, pr.indexes(p))
	}
	if len(p.Queries) > 0 || p.NoTrial != "" {
		right = append(right, pr.queries(p))
	}
	if f.width >= wide && p.SQL != "" {
		sql := panel{name: "sql", title: "SQL", least: 2}
		for _, line := range lines(p.SQL) {
			sql.lines = append(sql.lines, pl.Clip(" "+line, pl.width))
		}
		left = append(left, sql)
	}
	return left, right
}

// small is where the first things have to be on few lines.
func (f *Flow) small() bool { return f.height < 16 || f.width < narrow }

// essentials are the facts in the order in which they matter, as short as can be.
func (f *Flow) essentials(p pen, v *source.Preview) []string {
	var out []string
	out = append(out, f.changed(p)...)
	out = append(out, p.lost(v)...)
	if v.Session != nil {
		out = append(out, p.session(v)...)
	} else {
		out = append(out, p.say(classRole(v), "", clauses(classWord(v), f.amount(v)))...)
		out = append(out, p.worst(v)...)
	}
	out = append(out, p.warnings(v)...)
	out = append(out, p.say(look.Plain, "", v.Summary)...)
	out = append(out, p.rest(f, v)...)
	return append(out, p.good(v)...)
}

// facts are the same where there is room.
func (f *Flow) facts(p pen, v *source.Preview) []string {
	out := f.changed(p)
	if v.Session != nil {
		out = append(out, p.session(v)...)
	} else {
		out = append(out, p.flow("", piece{f.subject(v.Act), look.Strong}, piece{f.applied(v), look.Dim})...)
		out = append(out, p.flow("class", piece{classWord(v), classRole(v)}, piece{noLoss(v), look.Plain}, piece{f.costs(v), look.Plain})...)
	}
	out = append(out, p.lost(v)...)
	out = append(out, p.label("runs", look.Plain, v.Summary)...)
	out = append(out, p.good(v)...)
	out = append(out, p.warnings(v)...)
	return append(out, p.rest(f, v)...)
}

// rest is what is so afterwards, and the way back.
func (p pen) rest(f *Flow, v *source.Preview) []string {
	var out []string
	if len(v.Takes) > 0 {
		out = append(out, p.label("takes", look.Warn, strings.Join(v.Takes, ", ")+" with it")...)
	}
	out = append(out, p.label("after", look.Plain, v.After)...)
	out = append(out, p.label("undo", look.Plain, undoText(v.Undo))...)
	out = append(out, p.label("load", look.Plain, v.Estimate)...)
	if l := f.state.Link; l != nil && l.State == source.LinkDirect && l.Acts != "" {
		out = append(out, p.say(look.Warn, "!", l.Acts)...)
	}
	return out
}

func (f *Flow) changed(p pen) []string {
	if why := f.machine.Changed(); why != "" {
		return p.say(look.Warn, "!", "asked anew: "+why)
	}
	return nil
}

// subject names what the act is done to.
func (f *Flow) subject(a source.Act) string {
	if a.Object != source.OnMigration || f.state.Migrations == nil {
		return a.Name
	}
	for _, m := range f.state.Migrations.List {
		if m.Version == a.Name {
			return a.Name + " " + m.Name
		}
	}
	return a.Name
}

func (f *Flow) applied(v *source.Preview) string {
	if v.AppliedAt == nil {
		return ""
	}
	text := "applied " + v.AppliedAt.In(f.now.Location()).Format("2006-01-02 15:04")
	if v.TookS > 0 {
		text += ", took " + span(v.TookS)
	}
	return text
}

func classWord(v *source.Preview) string {
	return strings.ToUpper(strings.ReplaceAll(v.Class, "-", " "))
}

func classRole(v *source.Preview) look.Role {
	if len(v.Lost) > 0 || v.Confirm != "" {
		return look.Fail
	}
	return look.Strong
}

func noLoss(v *source.Preview) string {
	if len(v.Lost) == 0 && v.Class != "" && v.Confirm == "" {
		return "no rows are lost"
	}
	return ""
}

// builds reports whether the act makes indexes.
func builds(a source.Act) bool {
	return a.Verb == source.Apply || a.Verb == source.Build || a.Verb == source.Reindex
}

func size(v *source.Preview) (n int64) {
	for _, x := range v.Indexes {
		n += x.Bytes
	}
	return n
}

// costs is what a build takes.
func (f *Flow) costs(v *source.Preview) string {
	if !builds(v.Act) {
		return ""
	}
	var parts []string
	if v.TookS > 0 {
		parts = append(parts, "about "+span(v.TookS))
	}
	if n := size(v); n > 0 {
		parts = append(parts, "needs "+look.Bytes(n)+" of disk")
	}
	return strings.Join(parts, ", ")
}

func (f *Flow) amount(v *source.Preview) string {
	if len(v.Indexes) == 0 {
		return noLoss(v)
	}
	text := strconv.Itoa(len(v.Indexes)) + " indexes"
	if len(v.Indexes) == 1 {
		text = "1 index"
	}
	if builds(v.Act) {
		return clauses(text, f.costs(v))
	}
	return text + " " + look.Bytes(size(v))
}

func clauses(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ", ")
}

func undoText(u source.Undo) string {
	parts := []string{u.Text}
	if u.Seconds > 0 {
		parts = append(parts, "about "+span(u.Seconds))
	}
	if u.Bytes > 0 {
		parts = append(parts, look.Bytes(u.Bytes)+" of disk")
	}
	return clauses(parts...)
}

func span(seconds float64) string {
	d := time.Duration(min(max(seconds, 0), 1e9) * float64(time.Second))
	if d >= 10*time.Second && d < time.Minute {
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return look.Span(d)
}

// asking is what is seen before the first preview has come.
func (f *Flow) asking() panel {
	p, _ := f.pens()
	out := []string{""}
	out = append(out, p.say(look.Plain, "", "looking at what it would do: "+act.Sentence(f.machine.Act()))...)
	out = append(out, p.say(look.Dim, "", look.Span(f.now.Sub(f.machine.Asked()))+" so far; nothing has been done")...)
	return panel{name: "facts", lines: out}
}

func lines(text string) []string {
	return strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\t", "    "), "\n"), "\n")
}
