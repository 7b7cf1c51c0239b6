package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Assignment is one NAME=value of an env file.
type Assignment struct {
	Name, Value string
	Line        int // from 1
}

// LineError is a line of an env file that cannot be read. It says where and why,
// never what the line holds: it may be a secret.
type LineError struct {
	Line int // from 1
	Why  string
}

// Error returns "line 3: why".
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }

// ParseEnvFile reads the part of systemd's EnvironmentFile syntax that has one
// meaning for every reader: empty lines, comments on lines of their own (# or ;),
// and NAME=value with the value bare, in single quotes (as it is) or in double
// quotes (backslash before " \ $ and backtick). Nothing is expanded, no value spans
// lines. What systemd would accept and a person is likely to have meant otherwise
// (a comment after a value, text after a closing quote) is an error.
//
// It returns every line that can be read, in order, and the errors of all others,
// joined; each is a *LineError.
func ParseEnvFile(text string) ([]Assignment, error) {
	var (
		read  []Assignment
		wrong []error
	)
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.Trim(line, " \t\r")
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		name, value, err := parseLine(line)
		if err != nil {
			wrong = append(wrong, &LineError{Line: number, Why: err.Error()})
			continue
		}
		read = append(read, Assignment{Name: name, Value: value, Line: number})
	}
	return read, errors.Join(wrong...)
}

func parseLine(line string) (name, value string, err error) {
	if !utf8.ValidString(line) || strings.ContainsAny(line, "\x00\r") {
		return "", "", errors.New("holds bytes that are not text")
	}
	name, value, found := strings.Cut(line, "=")
	name = strings.TrimRight(name, " \t")
	switch {
	case !found:
		return "", "", errors.New("has no =; a line is NAME=value, or a comment after #")
	case strings.HasPrefix(name, "export "):
		return "", "", errors.New("begins with export, which systemd does not read; write NAME=value")
	case !isName(name):
		return "", "", errors.New("has something before the = that is not a name (letters, digits, _)")
	}
	value, err = parseValue(strings.TrimLeft(value, " \t"))
	return name, value, err
}

func isName(name string) bool {
	for i, r := range name {
		letter := r == '_' || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z')
		digit := r >= '0' && r <= '9'
		if !letter && (!digit || i == 0) {
			return false
		}
	}
	return name != ""
}

func parseValue(raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	if raw[0] == '\'' || raw[0] == '"' {
		return parseQuoted(raw[0], raw[1:])
	}
	var value strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && i+1 == len(raw):
			return "", errors.New("ends with a backslash; a value cannot go on in the next line")
		case c == '\\':
			i++
			value.WriteByte(raw[i])
		case c == '#' && (i == 0 || raw[i-1] == ' ' || raw[i-1] == '\t'):
			return "", errors.New("has a # after the =; put a comment on its own line, and a # that belongs to the value in quotes")
		default:
			value.WriteByte(c)
		}
	}
	return value.String(), nil
}

func parseQuoted(quote byte, raw string) (string, error) {
	var value strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == quote:
			if strings.TrimSpace(raw[i+1:]) != "" {
				return "", errors.New("has text after the closing quote")
			}
			return value.String(), nil
		case c == '\\' && quote == '"' && i+1 < len(raw) && strings.IndexByte("\"\\`$", raw[i+1]) >= 0:
			i++
			c = raw[i]
		}
		value.WriteByte(c)
	}
	return "", errors.New("has a quote that is not closed on the same line")
}
