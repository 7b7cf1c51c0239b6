package migrations

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// kind tells what a token is, as far as finding the end of a statement needs it.
type kind uint8

const (
	word    kind = iota // an unquoted identifier or keyword
	quoted              // a "quoted identifier"
	literal             // a string constant of any spelling
	symbol              // any other single character
)

// token is one lexical piece of SQL; white space and comments are none.
type token struct {
	kind kind
	text string // as written
	pos  int    // byte offset in the source
}

// is reports whether t is the unquoted keyword kw, which is given in upper case.
func (t token) is(kw string) bool { return t.kind == word && strings.EqualFold(t.text, kw) }

// sym reports whether t is the single character c outside quotes.
func (t token) sym(c string) bool { return t.kind == symbol && t.text == c }

// ident returns the identifier as the catalog spells it: unquoted ones folded to
// lower case. It is empty for a token that is no identifier.
func (t token) ident() string {
	switch t.kind {
	case word:
		return strings.ToLower(t.text)
	case quoted:
		return strings.ReplaceAll(t.text[1:len(t.text)-1], `""`, `"`)
	default:
		return ""
	}
}

// scanError is a place in the source where SQL cannot be read on.
type scanError struct {
	pos    int
	reason string
}

func (e *scanError) Error() string { return e.reason }

// scanner walks over SQL text. It assumes standard_conforming_strings = on,
// which every session of the engine sets.
type scanner struct {
	src string
	pos int
}

// scan cuts src into tokens. The error is a *scanError for what never ends: a
// quote, a comment, or for a psql meta-command, which only psql would understand.
func scan(src string) ([]token, error) {
	s := scanner{src: src}
	var tokens []token
	for {
		if err := s.skipSpace(); err != nil {
			return nil, err
		}
		if s.pos >= len(src) {
			return tokens, nil
		}
		t, err := s.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
}

// skipSpace moves over white space and comments. Block comments nest.
func (s *scanner) skipSpace() error {
	for s.pos < len(s.src) {
		rest := s.src[s.pos:]
		switch {
		case isSpace(rest[0]):
			s.pos++
		case strings.HasPrefix(rest, "--"):
			s.pos += lineEnd(rest)
		case strings.HasPrefix(rest, "/*"):
			n := commentEnd(rest)
			if n < 0 {
				return &scanError{s.pos, "a comment that never ends"}
			}
			s.pos += n
		default:
			return nil
		}
	}
	return nil
}

// next reads one token; the scanner stands on its first byte.
func (s *scanner) next() (token, error) {
	start := s.pos
	c := s.src[start]
	switch {
	case isIdentStart(c):
		s.pos += identLen(s.src[start:])
		if s.pos-start == 1 && (c == 'e' || c == 'E') && s.peek() == '\'' {
			return s.finish(literal, start, s.skipString(true))
		}
		return s.finish(word, start, nil)
	case c >= '0' && c <= '9':
		// Digits are no identifiers, but a $ behind them may open a dollar quote.
		for isDigit(s.peek()) {
			s.pos++
		}
		return s.finish(symbol, start, nil)
	case c == '\'':
		return s.finish(literal, start, s.skipString(false))
	case c == '"':
		return s.finish(quoted, start, s.skipQuoted())
	case c == '$':
		return s.dollar()
	case c == '\\':
		return token{}, &scanError{start, "a backslash outside quotes (psql meta-commands cannot be used here)"}
	default:
		_, n := utf8.DecodeRuneInString(s.src[start:])
		s.pos += n
		return s.finish(symbol, start, nil)
	}
}

func (s *scanner) finish(k kind, start int, err error) (token, error) {
	if err != nil {
		return token{}, err
	}
	return token{kind: k, text: s.src[start:s.pos], pos: start}, nil
}

// peek returns the byte under the scanner, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

// skipString moves over a string constant whose opening quote is under the
// scanner. A constant goes on behind white space that holds a line break, and in
// an E” constant the backslash keeps its meaning there.
func (s *scanner) skipString(escapes bool) error {
	open := s.pos
	s.pos++
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		s.pos++
		switch {
		case c == '\\' && escapes:
			s.pos++
		case c != '\'':
		case s.peek() == '\'':
			s.pos++
		default:
			n := continuation(s.src[s.pos:])
			if n == 0 {
				return nil
			}
			s.pos += n
		}
	}
	return &scanError{open, "a string that never ends"}
}

func (s *scanner) skipQuoted() error {
	open := s.pos
	s.pos++
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		s.pos++
		if c != '"' {
			continue
		}
		if s.peek() != '"' {
			if s.pos-open == 2 {
				return &scanError{open, "an empty quoted identifier"}
			}
			return nil
		}
		s.pos++
	}
	return &scanError{open, "a quoted identifier that never ends"}
}

// dollar reads a dollar-quoted string, or a lone $ (a parameter).
func (s *scanner) dollar() (token, error) {
	start := s.pos
	tag := dollarTag(s.src[start:])
	if tag == "" {
		s.pos++
		return s.finish(symbol, start, nil)
	}
	end := strings.Index(s.src[start+len(tag):], tag)
	if end < 0 {
		return token{}, &scanError{start, fmt.Sprintf("a string opened by %s that never ends", tag)}
	}
	s.pos = start + len(tag) + end + len(tag)
	return s.finish(literal, start, nil)
}

// dollarTag returns the opening $tag$ at the start of src, or nothing.
func dollarTag(src string) string {
	i := 1
	for i < len(src) && src[i] != '$' {
		if !isIdentStart(src[i]) && (i == 1 || !isDigit(src[i])) {
			return ""
		}
		i++
	}
	if i >= len(src) {
		return ""
	}
	return src[:i+1]
}

// continuation returns how many bytes lead over white space with a line break to
// and past the quote that continues a string constant; 0 if none does.
func continuation(src string) int {
	newline := false
	for i := 0; i < len(src); {
		switch {
		case src[i] == '\n' || src[i] == '\r':
			newline = true
			i++
		case isSpace(src[i]):
			i++
		case strings.HasPrefix(src[i:], "--"):
			i += lineEnd(src[i:])
		case src[i] == '\'' && newline:
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// commentEnd returns the length of the block comment that opens src, -1 if it
// never ends.
func commentEnd(src string) int {
	depth := 0
	for i := 0; i+1 < len(src); {
		switch src[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return -1
}

// lineEnd returns the offset of the first line break of src, or its length.
func lineEnd(src string) int {
	if i := strings.IndexAny(src, "\r\n"); i >= 0 {
		return i
	}
	return len(src)
}

func identLen(src string) int {
	for i := range len(src) {
		if !isIdentStart(src[i]) && !isDigit(src[i]) && src[i] != '$' {
			return i
		}
	}
	return len(src)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isIdentStart follows the server: every byte of a multibyte character is a letter.
func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}
