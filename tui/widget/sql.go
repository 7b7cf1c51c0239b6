package widget

import (
	"strings"

	"healthagent/tui/look"
)

// clauses are the words of SQL that begin a new line. Longer ones come before their beginnings.
func clauses() []string {
	return []string{
		"FROM ", "WHERE ", "GROUP BY ", "HAVING ", "ORDER BY ", "LIMIT ", "OFFSET ", "UNION ALL ", "UNION ", "VALUES ", "SET ", "RETURNING ",
		"ON CONFLICT ", "LEFT JOIN ", "INNER JOIN ", "CROSS JOIN ", "JOIN ", "INCLUDE ", "FOR UPDATE", "WINDOW ",
	}
}

// SQL puts a statement that is one long line on several, each clause on its own. What has line breaks already keeps them. It is meant to
// be read: inside of quotes nothing is broken.
func SQL(text string) []Line {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "\n") {
		return Lines(look.Plain, text)
	}
	var lines []Line
	start, depth := 0, 0
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0 && i > start && text[i-1] == ' ':
			if n := begins(text[i:]); n > 0 {
				lines = append(lines, Line{Text: indent(len(lines)) + strings.TrimSpace(text[start:i])})
				start = i
				i += n - 1
			}
		}
	}
	return append(lines, Line{Text: indent(len(lines)) + strings.TrimSpace(text[start:])})
}

func indent(line int) string {
	if line == 0 {
		return ""
	}
	return "  "
}

// begins is the length of the clause's word or words that a text begins with, 0 for none.
func begins(text string) int {
	for _, clause := range clauses() {
		if len(text) >= len(clause) && strings.EqualFold(text[:len(clause)], clause) {
			return len(clause)
		}
	}
	return 0
}
