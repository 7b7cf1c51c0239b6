package migrations

import (
	"fmt"
)

// rules are those of the design that concern files; the loader holds the others:
// names and numbers, transaction control, what may stand outside a transaction.
func rules() []rule {
	return []rule{
		{"concurrently", func(s site) string {
			o, ok := madeBy(s.Statement)
			switch {
			case s.starts("CREATE") && ok && o.kind == IndexObject && s.old(o.table) && !s.has("CONCURRENTLY"):
				return "nobody can write to " + o.table + " while it is built"
			case s.starts("REINDEX") && !s.has("CONCURRENTLY"):
				return "nobody can write while it is rebuilt"
			}
			return ""
		}},
		{"concurrent-rollback", func(s site) string {
			if s.down && s.m.Up.NoTransaction && (!s.script.NoTransaction || s.starts("DROP", "INDEX") && !s.has("CONCURRENTLY")) {
				return "what is built while people are served must be dropped so"
			}
			return ""
		}},
		{"if-not-exists", func(s site) string {
			if !s.down && s.sequence("IF", "NOT", "EXISTS") {
				return "it takes whatever has the name, an invalid index too, for what is wanted"
			}
			return ""
		}},
		{"named", func(s site) string {
			if o, ok := madeBy(s.Statement); s.starts("CREATE") && ok && o.kind == IndexObject && o.name == "" {
				return "an index that the server names cannot be dropped by name"
			}
			return ""
		}},
		{"immutable", volatileIndex},
		{"bounded", unboundedIndex},
		{"covers", uncovered},
		{"beyond", beyondOwn},
		{"identifier", func(s site) string {
			for _, t := range s.tokens {
				if n := len(t.ident()); n > 63 {
					return fmt.Sprintf("a name of %d bytes is cut to 63", n)
				}
			}
			return ""
		}},
		{"set", func(s site) string {
			if s.starts("SET") || s.starts("RESET") || s.has("SET_CONFIG") {
				return "settings are the session's"
			}
			return ""
		}},
		{"cascade", func(s site) string {
			for i, t := range s.tokens {
				if t.is("CASCADE") && !(i > 1 && s.tokens[i-2].is("ON")) {
					return "it drops what nobody listed"
				}
			}
			return ""
		}},
		{"not-valid", onActions(func(act []token) string {
			st := Statement{tokens: act}
			if act[0].is("ADD") && (st.has("CHECK") || st.has("REFERENCES")) && !st.sequence("NOT", "VALID") {
				return "the table is locked while every row is checked: add it NOT VALID and validate it in the next migration"
			}
			return ""
		})},
		{"not-null", onActions(func(act []token) string {
			st := Statement{tokens: act}
			if act[0].is("ALTER") && st.sequence("SET", "NOT", "NULL") {
				return "the table is locked while every row is looked at: validate a CHECK first"
			}
			if isAddColumn(act) && st.sequence("NOT", "NULL") && !st.has("DEFAULT") {
				return "it fails on a table with rows"
			}
			return ""
		})},
		{"rewrite", onActions(func(act []token) string {
			st := Statement{tokens: act}
			if isAddColumn(act) && (st.has("STORED") || st.has("IDENTITY") || st.has("DEFAULT") && volatileIn(act, false) != "") {
				return "every row is written anew under an exclusive lock"
			}
			return ""
		})},
		{"constraint", onActions(func(act []token) string {
			st := Statement{tokens: act}
			if act[0].is("ADD") && (st.has("UNIQUE") || st.has("PRIMARY") || st.has("EXCLUDE")) && !st.sequence("USING", "INDEX") {
				return "its index is built under an exclusive lock: build it concurrently and attach it"
			}
			return ""
		})},
		{"breaking", breaking},
		{"backfill", backfill},
		{"type", badType},
		{"schema", func(s site) string {
			o, ok := madeBy(s.Statement)
			if s.starts("CREATE") && (s.starts("CREATE", "SCHEMA") || ok && schemaOr(o.schema) != "public") {
				return "everything lives in public"
			}
			return ""
		}},
		{"analyze", unanalyzed},
	}
}
