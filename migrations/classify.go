package migrations

import "strings"

// unfit says why a statement may not stand in a file; empty when it may.
func unfit(s Statement, noTransaction bool) string {
	for _, verb := range []string{"BEGIN", "START", "COMMIT", "ROLLBACK", "END", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE"} {
		if s.starts(verb) {
			return "transaction control is the engine's: remove " + verb
		}
	}
	if s.starts("COPY") && (s.has("STDIN") || s.has("STDOUT")) {
		return "COPY from or to the client cannot be used here"
	}
	concurrent := s.has("CONCURRENTLY") && (s.has("INDEX") || s.starts("REFRESH") || s.starts("REINDEX"))
	switch {
	case !noTransaction && (concurrent || s.starts("VACUUM")):
		return "it cannot run in a transaction: the first line of the file must be '-- healthagent: no-transaction'"
	case noTransaction && !indexStatement(s):
		return "a no-transaction file holds only CREATE and DROP INDEX CONCURRENTLY with a name, and ANALYZE"
	}
	return ""
}

// indexStatement reports whether the statement may run on its own, repeatedly,
// and touch nothing but indexes.
func indexStatement(s Statement) bool {
	if s.starts("ANALYZE") {
		return true
	}
	_, ok := parseIndex(s)
	return ok
}

// indexDDL is what CREATE or DROP INDEX CONCURRENTLY says.
type indexDDL struct {
	drop        bool
	ifExists    bool // IF EXISTS or IF NOT EXISTS
	schema      string
	name        string
	tableSchema string
	table       string // empty for drop
	tableAt     [2]int // byte range of the table's name in the statement's text
}

// parseIndex reads CREATE [UNIQUE] INDEX CONCURRENTLY name ON table and DROP
// INDEX CONCURRENTLY name. It is false for anything else, a list of names or an
// unnamed index included.
func parseIndex(s Statement) (indexDDL, bool) {
	var d indexDDL
	rest := s.tokens
	switch {
	case s.starts("CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"):
		rest = rest[4:]
	case s.starts("CREATE", "INDEX", "CONCURRENTLY"):
		rest = rest[3:]
	case s.starts("DROP", "INDEX", "CONCURRENTLY"):
		d.drop = true
		rest = rest[3:]
	default:
		return d, false
	}
	ifClause := []string{"IF", "NOT", "EXISTS"}
	if d.drop {
		ifClause = []string{"IF", "EXISTS"}
	}
	if (Statement{tokens: rest}).starts(ifClause...) {
		d.ifExists = true
		rest = rest[len(ifClause):]
	}
	schema, name, rest := qualified(rest)
	d.schema, d.name = schema, name
	if d.drop {
		return d, name != "" && len(rest) == 0
	}
	if len(rest) < 2 || !rest[0].is("ON") || rest[1].is("ONLY") || name == "on" {
		return d, false
	}
	table := rest[1:]
	d.tableSchema, d.table, rest = qualified(table)
	if d.table == "" || len(rest) == 0 {
		return d, false
	}
	last := table[len(table)-len(rest)-1]
	d.tableAt = [2]int{table[0].pos - s.offset, last.pos + len(last.text) - s.offset}
	return d, true
}

// qualified reads name or schema.name and returns what follows.
func qualified(tokens []token) (schema, name string, rest []token) {
	if len(tokens) == 0 || tokens[0].ident() == "" {
		return "", "", tokens
	}
	if len(tokens) >= 3 && tokens[1].sym(".") && tokens[2].ident() != "" {
		return tokens[0].ident(), tokens[2].ident(), tokens[3:]
	}
	return "", tokens[0].ident(), tokens[1:]
}

// classify tells what a rollback costs and whether an older binary can live with
// the change. Directives overrule what the statements show.
func classify(m Migration) (Class, bool) {
	if m.Up.NoTransaction {
		return IndexOnly, true
	}
	class := Rebuildable
	if m.Irreversible != "" || anyStatement(m.Down, losesRows) {
		class = LosesRows
	}
	if said := m.Up.directives["class"]; said != "" {
		class = Class(said)
	}
	fresh := created(m.Up)
	additive := !anyStatement(m.Up, func(s Statement) bool { return !adds(s) && !fresh[target(s)] })
	if _, ok := m.Up.directives["additive"]; ok {
		additive = true
	}
	if _, ok := m.Up.directives["not-additive"]; ok {
		additive = false
	}
	return class, additive
}

func anyStatement(s Script, match func(Statement) bool) bool {
	for _, st := range s.Statements {
		if match(st) {
			return true
		}
	}
	return false
}

// losesRows is true unless the statement surely leaves every row as it is.
func losesRows(s Statement) bool {
	for _, what := range []string{"INDEX", "FUNCTION", "PROCEDURE", "TRIGGER", "VIEW", "RULE", "POLICY"} {
		if s.starts("DROP", what) && !s.has("CASCADE") || s.starts("CREATE", what) {
			return false
		}
	}
	switch {
	case s.starts("COMMENT"), s.starts("CREATE", "OR", "REPLACE"), s.starts("CREATE", "UNIQUE", "INDEX"), s.starts("ANALYZE"):
		return false
	case s.starts("ALTER", "TABLE"):
		return !alters(s, "SET", "RESET", "ADD CONSTRAINT", "DROP CONSTRAINT", "ALTER", "VALIDATE") || s.has("TYPE") || s.has("CASCADE")
	}
	return true
}

// adds is true for a statement that an older binary cannot notice: it makes new
// things and leaves the old ones and the rows alone.
func adds(s Statement) bool {
	for _, what := range []string{"TABLE", "INDEX", "SEQUENCE", "TYPE", "FUNCTION", "PROCEDURE", "VIEW"} {
		if s.starts("CREATE", what) {
			return true
		}
	}
	switch {
	case s.starts("COMMENT"), s.starts("ANALYZE"):
		return true
	case s.starts("ALTER", "TABLE"):
		column := alters(s, "ADD COLUMN") && (!s.has("NOT") || s.has("DEFAULT")) && !s.has("UNIQUE")
		return column || alters(s, "SET (", "RESET")
	}
	return false
}

// created returns the tables that the script makes.
func created(s Script) map[string]bool {
	out := map[string]bool{}
	for _, st := range s.Statements {
		if st.starts("CREATE", "TABLE") {
			_, name, _ := qualified(st.tokens[2:])
			out[name] = true
		}
	}
	delete(out, "")
	return out
}

// target returns the table that an ALTER TABLE, a CREATE INDEX or a CREATE
// TRIGGER is about, empty for other statements.
func target(s Statement) string {
	if s.starts("ALTER", "TABLE") {
		_, name, _ := qualified(s.tokens[2:])
		return name
	}
	if !s.starts("CREATE", "INDEX") && !s.starts("CREATE", "UNIQUE", "INDEX") && !s.starts("CREATE", "TRIGGER") {
		return ""
	}
	for i, t := range s.tokens {
		if t.is("ON") {
			_, name, _ := qualified(s.tokens[i+1:])
			return name
		}
	}
	return ""
}

// alters reports whether every action of an ALTER TABLE begins with one of the
// phrases.
func alters(s Statement, phrases ...string) bool {
	_, _, acts := actions(s)
	for _, act := range acts {
		if !beginsWithAny(act, phrases) {
			return false
		}
	}
	return true
}

// actions reads the table of an ALTER TABLE and its actions, which stand between
// commas outside parentheses.
func actions(s Statement) (schema, table string, acts [][]token) {
	schema, table, rest := qualified(skipWords(s.tokens[2:], "IF", "EXISTS", "ONLY"))
	depth, first := 0, 0
	for i, t := range rest {
		switch {
		case t.sym("("):
			depth++
		case t.sym(")"):
			depth--
		case depth == 0 && t.sym(","):
			acts = append(acts, rest[first:i])
			first = i + 1
		}
	}
	return schema, table, append(acts, rest[first:])
}

func beginsWithAny(action []token, phrases []string) bool {
	for _, p := range phrases {
		words := strings.Fields(p)
		if len(action) < len(words) {
			continue
		}
		match := true
		for i, w := range words {
			match = match && (action[i].is(w) || action[i].sym(w))
		}
		if match {
			return true
		}
	}
	return false
}
