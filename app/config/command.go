package config

import (
	"errors"
	"regexp"
	"strings"
)

// commandSecretShapes find what looks like a password in a shell command: what stands before it, and the word itself. A command should
// have none, since others see the arguments of what it runs; where it has, it is not shown by us.
var commandSecretShapes = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(\b\w*(?:passw(?:or)?d|passphrase|secret|token|key)=)('[^']*'|"[^"]*"|[^\s;|&]+)`),
	regexp.MustCompile(`(?i)(\s--?(?:[\w-]*-)?(?:pass|passw(?:or)?d|passphrase|secret|token|key)[= ]\s*)('[^']*'|"[^"]*"|[^\s;|&]+)`),
	regexp.MustCompile(`(\s(?:-u|--user)[= ]?\s*[^\s:]+:)([^\s;|&]+)`),
	regexp.MustCompile(`(://[^\s/:@]*:)([^\s/@]+)`),
}

// parseCommand takes any text: only the shell can tell whether it is a command.
func parseCommand(into *Secret, text string) error {
	if strings.ContainsRune(text, 0) {
		return errors.New("holds a zero byte")
	}
	*into = Secret(text)
	return nil
}

// hideInCommand returns a command as it may be shown.
func hideInCommand(command string) string {
	return eachInCommand(command, func(string) string { return Mask })
}

// commandSecrets returns what hideInCommand hides, without the quotes.
func commandSecrets(command string) []string {
	var found []string
	eachInCommand(command, func(secret string) string {
		found = append(found, strings.Trim(secret, `'"`))
		return Mask
	})
	return found
}

// eachInCommand replaces every password of a command. A word that is a variable is none: its value is elsewhere.
func eachInCommand(command string, replace func(secret string) string) string {
	for _, shape := range commandSecretShapes {
		command = shape.ReplaceAllStringFunc(command, func(match string) string {
			parts := shape.FindStringSubmatch(match)
			if word := strings.TrimLeft(parts[2], `"`); strings.HasPrefix(word, "$") || word == Mask {
				return match
			}
			return parts[1] + replace(parts[2])
		})
	}
	return command
}
