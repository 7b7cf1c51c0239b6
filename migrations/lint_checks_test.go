package migrations

import (
	"fmt"
	"slices"
	"strings"
)

// sequence reports whether the keywords follow each other anywhere in it.
func (s Statement) sequence(keywords ...string) bool {
	for i := range s.tokens {
		if (Statement{tokens: s.tokens[i:]}).starts(keywords...) {
			return true
		}
	}
	return false
}

// onActions checks each action of an ALTER TABLE of a table that has rows.
func onActions(check func(act []token) string) func(site) string {
	return func(s site) string {
		if !s.starts("ALTER", "TABLE") {
			return ""
		}
		_, table, acts := actions(s.Statement)
		for _, act := range acts {
			if s.old(table) && len(act) > 0 {
				if text := check(act); text != "" {
					return text
				}
			}
		}
		return ""
	}
}

func isAddColumn(act []token) bool {
	o, ok := columnOrConstraint(act)
	return ok && act[0].is("ADD") && o.kind == ColumnObject
}

// volatileIn finds what changes from one call or day or person to the next; stable
// counts what only changes between transactions too.
func volatileIn(tokens []token, stable bool) string {
	words := []string{"clock_timestamp", "timeofday", "random", "gen_random_uuid", "nextval", "currval"}
	if stable {
		words = append(words, "now", "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp", "age",
			"statement_timestamp", "transaction_timestamp", "current_user", "session_user", "current_setting", "txid_current", "pg_current_xact_id")
	}
	for _, t := range tokens {
		if t.kind == word && slices.Contains(words, strings.ToLower(t.text)) {
			return t.text
		}
		if t.kind == literal && slices.Contains([]string{"'now'", "'today'", "'tomorrow'", "'yesterday'"}, strings.ToLower(t.text)) {
			return t.text
		}
	}
	return ""
}

// volatileIndex: what the server refuses, and what it believes a function that
// calls itself immutable.
func volatileIndex(s site) string {
	o, ok := madeBy(s.Statement)
	switch {
	case !s.starts("CREATE") || !ok:
	case o.kind == IndexObject:
		if what := volatileIn(s.tokens, true); what != "" {
			return what + " cannot be in an index: it must be immutable"
		}
	case o.kind == FunctionObject && s.has("IMMUTABLE"):
		for _, t := range s.tokens {
			body, err := scan(strings.Trim(t.text, "$'"))
			if t.kind != literal || err != nil {
				continue
			}
			if what := volatileIn(body, true); what != "" {
				return "it says IMMUTABLE but calls " + what + ": an index on it gives wrong answers"
			}
		}
	}
	return ""
}

// unboundedIndex: a tuple of a btree has 2704 bytes at most, and the INSERT that
// exceeds them is what fails.
func unboundedIndex(s site) string {
	o, ok := madeBy(s.Statement)
	switch {
	case !s.starts("CREATE") || !ok:
	case o.kind == TableObject:
		for _, item := range elements(s.Statement) {
			key := Statement{tokens: item}
			columns := item[:min(1, len(item))]
			if isKey := key.sequence("PRIMARY", "KEY") || key.has("UNIQUE"); !isKey {
				continue
			}
			if item[0].is("PRIMARY") || item[0].is("UNIQUE") || item[0].is("CONSTRAINT") {
				columns = groups(item)[0]
			}
			if name := s.tables[o.name].unbounded(columns, nil); name != "" {
				return name + " has no bound: rows with a long one cannot be inserted"
			}
		}
	case o.kind == IndexObject && !s.sequence("USING", "HASH") && !s.sequence("USING", "GIN"):
		where := slices.IndexFunc(s.tokens, func(t token) bool { return t.is("WHERE") })
		if where < 0 {
			where = len(s.tokens)
		}
		for _, columns := range groups(s.tokens[:where]) {
			if name := s.tables[o.table].unbounded(columns, s.tokens[where:]); name != "" {
				return name + " has no bound: rows with a long one cannot be inserted"
			}
		}
	}
	return ""
}

// unbounded names a column that may be too long for a key, empty when none is. A
// partial index may bound it by its predicate.
func (m tableModel) unbounded(columns, predicate []token) string {
	for _, t := range columns {
		name := t.ident()
		if c := m[name]; c.wide && !c.bounded && !limits(predicate, name) {
			return name
		}
	}
	return ""
}

// limits reports whether the predicate sums the column's length up to something.
func limits(predicate []token, column string) bool {
	for i, t := range predicate {
		if t.is("OCTET_LENGTH") && i+2 < len(predicate) && predicate[i+2].ident() == column {
			return slices.ContainsFunc(predicate[i:], func(t token) bool { return t.sym("<") })
		}
	}
	return false
}

// uncovered speaks once for each migration, at its first statement.
func uncovered(s site) string {
	if s.down || s.at > 0 || s.m.Irreversible != "" {
		return ""
	}
	made, _ := inventory(s.m.Up.Statements)
	covered, _ := coverage(made, s.m.Down.Statements)
	if i := slices.Index(covered, false); i >= 0 {
		return "its rollback leaves the " + made[i].String()
	}
	return ""
}

// beyondOwn: a rollback that drops what another migration made leaves the ledger
// with a lie.
func beyondOwn(s site) string {
	if !s.down || s.at > 0 {
		return ""
	}
	made, _ := inventory(s.m.Up.Statements)
	_, beyond := coverage(made, s.m.Down.Statements)
	if len(beyond) == 0 {
		return ""
	}
	owner := "nobody"
	for _, other := range s.all {
		theirs, _ := inventory(other.Up.Statements)
		if slices.ContainsFunc(theirs, beyond[0].same) {
			owner = Label(other.Version)
		}
	}
	return fmt.Sprintf("it drops the %s, which %s made", beyond[0], owner)
}

// breaking: an older binary does not find what is renamed or gone. Whoever means it
// says not-additive.
func breaking(s site) string {
	if _, said := s.m.Up.directives["not-additive"]; s.down || said {
		return ""
	}
	gone := s.starts("DROP", "TABLE") || s.starts("TRUNCATE")
	if s.starts("ALTER") {
		gone = gone || s.has("RENAME") || s.sequence("SET", "SCHEMA")
	}
	if s.starts("ALTER", "TABLE") {
		_, table, acts := actions(s.Statement)
		for _, act := range acts {
			o, ok := columnOrConstraint(act)
			retyped := len(act) > 0 && act[0].is("ALTER") && (Statement{tokens: act}).has("TYPE")
			gone = gone || s.old(table) && (retyped || ok && act[0].is("DROP") && o.kind == ColumnObject)
		}
	}
	if gone {
		return "an older binary cannot run on top of it: say '-- healthagent: not-additive' if that is meant"
	}
	return ""
}

// backfill: rows are changed in the transaction that holds the locks of the DDL.
func backfill(s site) string {
	changes := s.starts("UPDATE") || s.starts("DELETE") || s.starts("INSERT") || s.starts("MERGE") || s.starts("WITH")
	_, table, _ := qualified(skipWords(s.tokens[1:], "FROM", "INTO", "ONLY"))
	ddl := slices.ContainsFunc(s.script.Statements, func(st Statement) bool {
		return st.starts("CREATE") || st.starts("ALTER") || st.starts("DROP")
	})
	if !s.down && changes && ddl && s.old(table) {
		return "changing rows of " + table + " under the locks of the schema change: make it a migration of its own"
	}
	return ""
}

func badType(s site) string {
	for i, t := range s.tokens {
		rest := Statement{tokens: s.tokens[i+1:]}
		switch {
		case t.kind != word:
		case slices.ContainsFunc([]string{"SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL4", "SERIAL8"}, t.is):
			return "write GENERATED BY DEFAULT AS IDENTITY instead of " + t.text
		case slices.ContainsFunc([]string{"VARCHAR", "CHAR", "CHARACTER", "BPCHAR"}, t.is):
			return "write text with a CHECK instead of " + t.text
		case t.is("JSON"):
			return "write jsonb"
		case t.is("TIMESTAMP") && !rest.starts("WITH") && !(len(rest.tokens) > 3 && rest.tokens[3].is("WITH")):
			return "write timestamptz, and quote a column of that name"
		}
	}
	return ""
}

// unanalyzed: an expression in a key has no statistics until the table is analyzed.
func unanalyzed(s site) string {
	d, ok := parseIndex(s.Statement)
	if !ok || d.drop || !slices.ContainsFunc(groups(s.tokens)[0], func(t token) bool { return t.sym("(") }) {
		return ""
	}
	for _, later := range s.script.Statements[s.at+1:] {
		if later.starts("ANALYZE") && later.has(strings.ToUpper(d.table)) {
			return ""
		}
	}
	return "the planner knows nothing of the expression: ANALYZE " + d.table + " behind it"
}
