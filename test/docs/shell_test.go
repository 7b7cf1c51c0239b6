package docs

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// commands are the simple commands of a shell text, each as its words without quotes. It knows of the shell what the pages use: quotes,
// comments, operators, redirections, command substitution and here-documents.
func commands(text string) [][]string {
	s := scanner{text: strings.ReplaceAll(text, "\\\n", " ")}
	s.scan(0)
	return s.found
}

type scanner struct {
	text  string
	at    int
	found [][]string
}

// scan reads until the closing byte, 0 for the end of the text.
func (s *scanner) scan(closing byte) {
	var (
		words    []string
		word     strings.Builder
		within   bool // a word
		dropped  bool // the next word is where something is redirected
		heredocs []string
	)
	endWord := func() {
		if within && !dropped {
			words = append(words, word.String())
		}
		if within {
			dropped = false
		}
		word.Reset()
		within = false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			s.found = append(s.found, words)
		}
		words, dropped = nil, false
	}
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == closing:
			endCommand()
			return
		case c == '\\' && s.at < len(s.text):
			word.WriteByte(s.text[s.at])
			within = true
			s.at++
		case c == '\'':
			quoted, _, _ := strings.Cut(s.text[s.at:], "'")
			word.WriteString(quoted)
			within = true
			s.at += len(quoted) + 1
		case c == '"':
			s.quoted(&word)
			within = true
		case c == '$' && strings.HasPrefix(s.text[s.at:], "("):
			s.at++
			s.scan(')')
			word.WriteString("$()")
			within = true
		case c == '#' && !within:
			comment, _, _ := strings.Cut(s.text[s.at:], "\n")
			s.at += len(comment)
		case c == '<' && strings.HasPrefix(s.text[s.at:], "<"):
			endWord()
			mark := strings.Fields(strings.TrimLeft(s.text[s.at:], "<-"))[0]
			heredocs, dropped = append(heredocs, strings.Trim(mark, `'"`)), true
			s.at += strings.Index(s.text[s.at:], mark)
		case (c == '<' || c == '>') && strings.HasPrefix(s.text[s.at:], "("): // process substitution
			s.at++
			s.scan(')')
			word.WriteString("$()")
			within = true
		case c == '<' || c == '>':
			if _, err := strconv.Atoi(word.String()); err == nil {
				word.Reset() // 2>
				within = false
			}
			endWord()
			s.at += len(s.text[s.at:]) - len(strings.TrimLeft(s.text[s.at:], ">&|"))
			dropped = true
		case c == ' ' || c == '\t':
			endWord()
		case c == '\n' && len(heredocs) > 0:
			endCommand()
			for _, mark := range heredocs {
				_, rest, _ := strings.Cut("\n"+s.text[s.at:], "\n"+mark+"\n")
				s.at = len(s.text) - len(rest)
			}
			heredocs = nil
		case strings.IndexByte("\n;&|(){}", c) >= 0 && !(within && (c == '{' || c == '}')):
			endCommand()
		default:
			word.WriteByte(c)
			within = true
		}
	}
	endCommand()
}

// quoted reads what stands between double quotes.
func (s *scanner) quoted(word *strings.Builder) {
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return
		case c == '\\' && s.at < len(s.text):
			word.WriteByte(s.text[s.at])
			s.at++
		case c == '$' && strings.HasPrefix(s.text[s.at:], "("):
			s.at++
			s.scan(')')
			word.WriteString("$()")
		default:
			word.WriteByte(c)
		}
	}
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// ours returns the arguments of the program when a simple command runs it: itself, or through sudo, ssh and the like.
func ours(words []string) (args []string, found bool) {
	for len(words) > 0 {
		switch first := path.Base(words[0]); {
		case first == "healthagent":
			return words[1:], true
		case assignment.MatchString(words[0]), slices.Contains([]string{"if", "then", "else", "while", "until", "do", "!", "env", "exec", "time"}, first):
			words = words[1:]
		case slices.Contains([]string{"sudo", "runuser", "watch", "nice", "timeout"}, first):
			words = withoutOptions(words[1:])
			if first == "timeout" && len(words) > 0 {
				words = words[1:]
			}
		case first == "ssh":
			words = withoutOptions(words[1:])
			if len(words) < 2 {
				return nil, false
			}
			for _, remote := range commands(strings.Join(words[1:], " ")) {
				if args, found := ours(remote); found {
					return args, true
				}
			}
			return nil, false
		default:
			return nil, false
		}
	}
	return nil, false
}

// withoutOptions drops leading options, and the values of those that have one.
func withoutOptions(words []string) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		valued := slices.Contains([]string{"-u", "-g", "-n", "-p", "-i", "-o", "-l"}, words[0])
		stop := words[0] == "--"
		words = words[1:]
		if valued && len(words) > 0 {
			words = words[1:]
		}
		if stop {
			return words
		}
	}
	return words
}
