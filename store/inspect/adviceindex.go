package inspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A rebuild is worth its while from here on.
const (
	bloatFrom     = 50 // percent
	bloatMinBytes = 8 << 20
)

// adviseIndexes gives at most one piece of advice for an index: one that may go is not rebuilt first, and one that stays since
// another goes is not called unused.
func adviseIndexes(indexes []Index, owned map[string]string) []Advice {
	redundant, goes, stays := adviseRedundant(indexes, owned)
	byCode := map[Code][]Advice{AdviseRedundant: redundant}
	add := func(a Advice) { byCode[a.Code] = append(byCode[a.Code], a) }
	for _, ix := range indexes {
		switch {
		case ix.Building || goes[ix.sql()]:
		case ix.Leftover:
			add(ix.leftover())
		case !ix.Valid:
			add(ix.invalid(owned[ix.Name]))
		case ix.Unused && ix.keptFor() == "" && !stays[ix.sql()]:
			add(ix.unused(owned[ix.Name]))
		case ix.bloated():
			add(ix.bloat())
		}
	}
	var out []Advice
	for _, code := range []Code{AdviseInvalid, AdviseLeftover, AdviseRedundant, AdviseUnused, AdviseBloat} {
		out = append(out, byCode[code]...)
	}
	return out
}

// adviseRedundant also returns which indexes go, and which have to stay because of that.
func adviseRedundant(indexes []Index, owned map[string]string) (out []Advice, goes, stays map[string]bool) {
	goes, stays = make(map[string]bool), make(map[string]bool)
	for _, ix := range indexes {
		if ix.RedundantWith == "" || !ix.Valid || ix.Building {
			continue
		}
		gone, other := whichGoes(ix, indexes, owned)
		if goes[gone.sql()] || stays[gone.sql()] && gone.Name != ix.Name || gone.keptFor() != "" {
			continue
		}
		out = append(out, gone.redundant(other.Name, ix.RedundantKind, owned[gone.Name]))
		goes[gone.sql()], stays[other.sql()] = true, true
	}
	return out, goes, stays
}

// whichGoes is the redundant index and what replaces it; of two that are the same the one that no migration made goes.
func whichGoes(ix Index, all []Index, owned map[string]string) (goes, stays Index) {
	k := slices.IndexFunc(all, func(o Index) bool { return o.Schema == ix.Schema && o.Name == ix.RedundantWith })
	if k < 0 {
		return ix, Index{Schema: ix.Schema, Name: ix.RedundantWith}
	}
	other := all[k]
	if ix.RedundantKind == "duplicate" && owned[ix.Name] != "" && owned[other.Name] == "" && other.keptFor() == "" && !other.Unique {
		return other, ix
	}
	return ix, other
}

// keptFor says why an index may not be dropped, whatever else is said of it; "" when it may.
func (ix *Index) keptFor() string {
	if ix.Unique && ix.Valid && ix.RedundantWith != "" && !ix.Primary && !ix.Constraint && !ix.ReplicaIdentity {
		return "" // another one keeps the same values unique
	}
	if !ix.Valid {
		valid := *ix
		valid.Valid = true
		return valid.exempt()
	}
	return ix.exempt()
}

// sql is the index as SQL names it.
func (ix *Index) sql() string { return pgx.Identifier{ix.Schema, ix.Name}.Sanitize() }

func (ix *Index) leftover() Advice {
	return Advice{
		Code: AdviseLeftover, Subject: ix.sql(), Index: ix.Name, BytesSaved: ix.Bytes,
		Text:   "a REINDEX CONCURRENTLY failed and left it; the original is in use",
		Remedy: "DROP INDEX CONCURRENTLY " + ix.sql(),
	}
}

func (ix *Index) invalid(migration string) Advice {
	a := Advice{Code: AdviseInvalid, Subject: ix.sql(), Index: ix.Name, Text: "no query uses it: " + ix.State}
	why := ix.keptFor()
	switch {
	case migration != "":
		a.Text += "; migration " + migration + " made it"
	case why != "":
		a.Text += "; " + why
	default:
		a.Remedy, a.BytesSaved = "DROP INDEX CONCURRENTLY "+ix.sql(), ix.Bytes
		return a
	}
	a.Remedy, a.Reindex = "REINDEX INDEX CONCURRENTLY "+ix.sql(), !ix.Exclusion
	if ix.Exclusion {
		a.Remedy = "REINDEX INDEX " + ix.sql() // the only way, and it locks the table
	}
	return a
}

func (ix *Index) redundant(with, kind, migration string) Advice {
	return ix.drop(AdviseRedundant, fmt.Sprintf("%s does all that it does (%s)", with, kind), migration)
}

func (ix *Index) unused(migration string) Advice {
	text := ix.UnusedReason
	if ix.Expression {
		text += "; the planner may still use the statistics of its expression"
	}
	return ix.drop(AdviseUnused, text+" (not, if it is younger than that; standbys count for themselves)", migration)
}

// drop proposes that an index goes; one of a migration by the migration, which remembers it.
func (ix *Index) drop(code Code, text, migration string) Advice {
	a := Advice{Code: code, Subject: ix.sql(), Index: ix.Name, Text: text, Remedy: "DROP INDEX CONCURRENTLY " + ix.sql(), BytesSaved: ix.Bytes}
	if migration != "" {
		version, _, _ := strings.Cut(migration, "_")
		a.Text += "; migration " + migration + " made it, and holds it back once it is taken back"
		a.Remedy = "healthagent migrate down " + version + " --index " + ix.Name
	}
	return a
}

func (ix *Index) bloated() bool {
	return ix.BloatPct != nil && *ix.BloatPct >= bloatFrom && ix.Bytes >= bloatMinBytes && !ix.Exclusion && !ix.Partition
}

func (ix *Index) bloat() Advice {
	return Advice{
		Code: AdviseBloat, Subject: ix.sql(), Index: ix.Name, BytesSaved: ix.BloatBytes, Reindex: true,
		Text:   fmt.Sprintf("at least %.0f %% of it is empty, by an estimate", *ix.BloatPct),
		Remedy: "REINDEX INDEX CONCURRENTLY " + ix.sql(),
	}
}
