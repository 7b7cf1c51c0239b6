package screen

import (
	"fmt"
	"strings"

	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// pane is the definition of an index, and what is to be known of it at a glance.
func (x *Indexes) pane(key string) (string, []para, []para) {
	ix := x.at(key)
	if ix == nil {
		return key, nil, nil
	}
	facts := x.trouble(ix)
	facts = append(facts, para{text: usedBy(ix)})
	facts = append(facts, para{text: fmt.Sprintf("hit %s   heap fetch %s   scans %s 24h   since %s",
		look.Percent(ix.HitPct, 1), look.Percent(ix.FetchPct, 1), widget.Spark(x.look, ix.Spark, 24, 0), x.since())})
	return oneLine(ix.Name), []para{{text: oneLine(ix.Definition)}}, facts
}

// trouble says what is not as it should be, and what to do about it.
func (x *Indexes) trouble(ix *source.Index) []para {
	var out []para
	add := func(role look.Role, text string) { out = append(out, para{text: oneLine(text), role: role}) }
	switch {
	case ix.Held:
		add(look.Dim, "H  held: it was dropped on purpose and is not there. B builds it")
	case ix.Missing:
		add(look.Fail, "M  missing: migration "+ix.Migration+" makes it, and it is not there. B builds it")
	case ix.Building:
		add(look.Accent, "*  is being built: "+ix.State)
	case !ix.Valid:
		add(look.Fail, "X  no statement uses it, every write keeps it: "+ix.State+". F "+remedyOf(ix))
	}
	if ix.Unused != "" {
		add(look.Warn, "u  unused: "+ix.Unused)
	}
	if ix.Redundant != "" {
		add(look.Warn, "d  "+ix.Redundant+" does all that it does")
	}
	if ix.Advice != "" {
		add(look.Warn, "!  "+ix.Advice)
	}
	if ix.Remedy != "" {
		add(look.Plain, "remedy: "+ix.Remedy)
	}
	return out
}

// remedyOf says what F would do.
func remedyOf(ix *source.Index) string {
	switch verb, _ := fix(ix); verb {
	case source.Drop:
		return "drops it"
	case source.Build:
		return "builds it anew"
	default:
		return "rebuilds it"
	}
}

func usedBy(ix *source.Index) string {
	if len(ix.UsedBy) == 0 {
		return "used by no named statement"
	}
	return "used by " + oneLine(strings.Join(ix.UsedBy, ", "))
}

// since is how long the server has counted.
func (x *Indexes) since() string {
	if x.s.Indexes == nil || x.s.Indexes.Since.IsZero() {
		return look.Unknown
	}
	return look.Age(x.age(x.s.Indexes.Since))
}

// full is all that is known of an index.
func (x *Indexes) full(key string) (string, []para) {
	ix := x.at(key)
	if ix == nil {
		return "", nil
	}
	text := x.trouble(ix)
	if len(text) > 0 {
		text = append(text, para{})
	}
	for _, line := range widget.SQL(ix.Definition) {
		text = append(text, para{text: line.Text, hang: 4})
	}
	text = append(text, para{})
	text = append(text, labels(x.figures(ix)...)...)
	return oneLine(ix.Name), text
}

func (x *Indexes) figures(ix *source.Index) []string {
	made := "no index-only migration"
	if ix.Migration != "" {
		made = "migration " + ix.Migration
	}
	var kind []string
	for _, k := range []struct {
		yes  bool
		text string
	}{{ix.Unique, "unique"}, {ix.Constraint, "behind a constraint"}} {
		if k.yes {
			kind = append(kind, k.text)
		}
	}
	rate, size, scans := look.Unknown, look.Unknown, look.Unknown
	if ix.ScansMin != nil {
		rate = look.Rate(*ix.ScansMin)
	}
	if !ix.Held && !ix.Missing {
		size, scans = look.Bytes(ix.Bytes), look.Count(float64(ix.Scans))
		if x.s.Indexes != nil && !x.s.Indexes.SizesAt.IsZero() {
			size += ", read " + look.Age(x.age(x.s.Indexes.SizesAt)) + " ago"
		}
	}
	used := look.Seconds(ix.LastUsedS)
	switch {
	case ix.LastUsedS != nil:
		used += " ago"
	case ix.Never:
		used = "never since then"
	}
	bloat := look.Unknown
	if ix.BloatPct != nil {
		bloat = "at least " + look.Percent(ix.BloatPct, 0)
	}
	return []string{
		"table", oneLine(ix.Schema + "." + ix.Table), "made by", oneLine(made), "kind", strings.Join(kind, ", "), "size", size,
		"bloat", bloat, "scans", scans + " since " + x.since() + " ago", "scans/min", rate,
		"24h", widget.Spark(x.look, ix.Spark, min(48, x.width-16), 0), "last used", used, "hit", look.Percent(ix.HitPct, 1),
		"heap fetch", look.Percent(ix.FetchPct, 1), "used by", strings.TrimPrefix(usedBy(ix), "used by "),
	}
}
