package migrations

import "strings"

// Statement is one SQL statement of a file.
type Statement struct {
	Text string // without the semicolon and without comments around it
	Line int    // of its first word, counted from 1

	offset int // of Text in the file
	tokens []token
}

// FirstLine is the statement's first line, shortened for a message.
func (s Statement) FirstLine() string {
	const limit = 100
	line := []rune(strings.TrimSpace(s.Text[:lineEnd(s.Text)]))
	if len(line) <= limit {
		return string(line)
	}
	return string(line[:limit]) + "…"
}

// starts reports whether the statement begins with these keywords (upper case).
func (s Statement) starts(keywords ...string) bool {
	if len(s.tokens) < len(keywords) {
		return false
	}
	for i, kw := range keywords {
		if !s.tokens[i].is(kw) {
			return false
		}
	}
	return true
}

// has reports whether the keyword (upper case) stands anywhere outside quotes.
func (s Statement) has(keyword string) bool {
	for _, t := range s.tokens {
		if t.is(keyword) {
			return true
		}
	}
	return false
}

// Split cuts SQL into its statements, as psql would: at each semicolon that is
// in no quotes, comment, parentheses or SQL-standard function body. Empty
// statements are left out. The error names the line.
func Split(sql string) ([]Statement, error) {
	tokens, err := scan(sql)
	if err != nil {
		return nil, atLine(sql, err)
	}
	var (
		out   []Statement
		first int
		n     nesting
	)
	for i, t := range tokens {
		if !n.ends(tokens[first:i], t) {
			continue
		}
		if i > first {
			out = append(out, statement(sql, tokens[first:i]))
		}
		first, n = i+1, nesting{}
	}
	if first < len(tokens) {
		out = append(out, statement(sql, tokens[first:]))
	}
	return out, nil
}

// nesting counts what hides a semicolon inside one statement.
type nesting struct {
	parens int
	blocks int // BEGIN and CASE of a function body that are still open
}

// ends takes the next token and reports whether it is the statement's semicolon.
// before holds the tokens of the statement so far.
func (n *nesting) ends(before []token, t token) bool {
	switch {
	case t.sym("("):
		n.parens++
	case t.sym(")"):
		n.parens = max(n.parens-1, 0)
	case t.is("BEGIN") && isRoutine(before), t.is("CASE") && n.blocks > 0:
		n.blocks++
	case t.is("END") && n.blocks > 0:
		n.blocks--
	case t.sym(";"):
		return n.parens == 0 && n.blocks == 0
	}
	return false
}

// isRoutine reports whether the statement creates a function or procedure: only
// there does BEGIN open a body.
func isRoutine(tokens []token) bool {
	s := Statement{tokens: tokens}
	return s.starts("CREATE", "FUNCTION") || s.starts("CREATE", "PROCEDURE") ||
		s.starts("CREATE", "OR", "REPLACE", "FUNCTION") || s.starts("CREATE", "OR", "REPLACE", "PROCEDURE")
}

func statement(sql string, tokens []token) Statement {
	last := tokens[len(tokens)-1]
	start := tokens[0].pos
	return Statement{
		Text:   sql[start : last.pos+len(last.text)],
		Line:   lineAt(sql, start),
		offset: start,
		tokens: tokens,
	}
}

// lineAt returns the line of a byte offset, counted from 1.
func lineAt(sql string, offset int) int {
	return 1 + strings.Count(sql[:min(offset, len(sql))], "\n")
}
