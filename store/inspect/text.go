package inspect

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unnamed is what a statement without a name is called.
const Unnamed = "unnamed"

// queryName reads the name out of the comment after a statement's verb: "SELECT /* get_x */ …" is get_x. A comment anywhere else is
// somebody's own.
func queryName(sql string) string {
	verb, rest, found := strings.Cut(sql, "/* ")
	name, _, closed := strings.Cut(rest, " */")
	if !found || !closed || !isName(name) || !known(strings.ToUpper(strings.TrimSpace(verb))) {
		return Unnamed
	}
	return name
}

// isName keeps what a person wrote in a comment from passing as a name.
func isName(s string) bool {
	return s != "" && len(s) <= 63 && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != ':' && r != '.' && r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) < 0
}

// shown is what may be seen of a statement that a session runs, whose text holds values: its name, else its first keyword.
func shown(sql string) string {
	if name := queryName(sql); name != Unnamed {
		return name
	}
	words := keywords(sql, 1)
	if words == "" && strings.TrimSpace(sql) != "" {
		return "?"
	}
	return words
}

// keywords are the first words of a statement, in capitals, as long as they are words that SQL knows: what follows them may be
// anything.
func keywords(sql string, most int) string {
	var out []string
	for _, word := range strings.Fields(scrub(sql)) {
		word = strings.ToUpper(strings.TrimRight(word, ";("))
		if len(out) == most || !known(word) {
			break
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

// known words begin a statement, or say what it is about.
func known(word string) bool {
	switch word {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE",
		"BEGIN", "START", "TRANSACTION", "COMMIT", "ROLLBACK", "ABORT", "END", "SAVEPOINT", "RELEASE", "PREPARED",
		"CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "REASSIGN", "OWNED", "SECURITY", "LABEL", "IMPORT", "REFRESH",
		"UNIQUE", "INDEX", "CONCURRENTLY", "VIEW", "MATERIALIZED", "SEQUENCE", "FUNCTION", "PROCEDURE", "TRIGGER", "ROLE", "USER", "DATABASE",
		"SCHEMA", "EXTENSION", "TYPE", "DOMAIN", "STATISTICS", "SYSTEM", "TEMPORARY", "TEMP", "UNLOGGED", "PUBLICATION", "SUBSCRIPTION",
		"VACUUM", "ANALYZE", "CLUSTER", "REINDEX", "CHECKPOINT", "EXPLAIN", "SET", "LOCAL", "SESSION", "RESET", "SHOW", "DISCARD", "ALL",
		"PREPARE", "EXECUTE", "DEALLOCATE", "DECLARE", "FETCH", "MOVE", "CLOSE", "COPY", "LOCK", "LISTEN", "UNLISTEN", "NOTIFY", "DO", "CALL", "LOAD":
		return true
	default:
		return false
	}
}

// normalised tells whether pg_stat_statements takes the values out of such a statement; of the others it keeps them.
func normalised(sql string) bool {
	switch keywords(sql, 1) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES":
		return true
	default:
		return false
	}
}

// literal is whatever a value can be written as, and comments. A quote that is never closed takes the rest with it.
var literal = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?(?:\*/|$)|[eE]'(?:[^'\\]|''|\\.)*(?:'|$)|(?:\b[bBxXnN]|\b[uU]&)?'(?:[^']|'')*(?:'|$)|\$\$.*?(?:\$\$|$)` +
	`|\$[A-Za-z_]\w*\$.*|"(?:[^"]|"")*(?:"|$)|\$\d+|[A-Za-z_\x80-\x{10FFFF}][\w$\x80-\x{10FFFF}]*|\.?\d[\w.]*`)

// scrub takes out of a statement what may be a value, and makes it one line. Where the server has done that already only comments
// go. It exists because the server does not always: an entry that is evicted while its statement runs comes back with its values.
func scrub(sql string) string {
	out := literal.ReplaceAllStringFunc(sql, func(s string) string {
		switch first, _ := utf8.DecodeRuneInString(s); {
		case strings.HasPrefix(s, "--"), strings.HasPrefix(s, "/*"):
			return " "
		case strings.Contains(s, "'"), first >= '0' && first <= '9', first == '.', first == '$' && !digits(s[1:]):
			return "?"
		default: // a word, a quoted name or a parameter
			return s
		}
	})
	if strings.Contains(out, "*/") {
		return "?" // comments in comments: what is in and what is out cannot be told
	}
	return strings.Join(strings.Fields(out), " ")
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// brief cuts a text at n characters.
func brief(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
