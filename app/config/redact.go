package config

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// shortest is how long a password must be to be replaced wherever it stands. A
// shorter one, or one that is also the user's or the database's name, would turn
// ordinary words of a log into masks; it is replaced where it stands as a password.
const shortest = 6

// Redactor returns a function that replaces every secret of c in a text: the bot
// token (whole, and the part after its colon), the passwords in addresses, and their
// forms as they appear escaped in URLs, in quotes and in JSON. The function may be
// called concurrently.
func Redactor(c Config) func(string) string {
	find := finder{}
	for _, row := range Table() {
		if text := row.get(c); row.Secret && text != "" {
			switch {
			case row.address:
				find.address(text)
			case row.command:
				find.command(text)
			default:
				find.token(text)
			}
		}
	}
	return find.replacer().Replace
}

// RedactEnviron returns a function that replaces the secrets of NAME=value lines that are no settings of ours, such as those of the programs
// that a hook runs: the values of names that say so, and what is hidden in the others. The function may be called concurrently.
func RedactEnviron(environ []string) func(string) string {
	find := finder{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if secretName(name) && len(value) >= shortest {
			find.everywhere(value)
			continue
		}
		find.command(value)
	}
	return find.replacer().Replace
}

// secretName reports whether a variable of that name holds a secret, and not the place of one.
func secretName(name string) bool {
	name = strings.ToUpper(name)
	for _, place := range []string{"_FILE", "_COMMAND", "_PATH", "_DIR", "_SOCK"} {
		if strings.HasSuffix(name, place) {
			return false
		}
	}
	return slices.ContainsFunc([]string{"PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL"}, func(word string) bool { return strings.Contains(name, word) })
}

// finder collects the texts to be replaced and what stands in their place.
type finder map[string]string

func (f finder) token(token string) {
	f.everywhere(token)
	if _, key, found := strings.Cut(token, ":"); found && len(key) >= shortest {
		f.everywhere(key)
	}
}

func (f finder) address(address string) {
	found, open := passwords(address)
	for _, password := range found {
		if password == "" {
			continue
		}
		if len(password) >= shortest && !strings.Contains(open, password) {
			f.everywhere(password)
			continue
		}
		for _, form := range forms(password) {
			f[":"+form+"@"] = ":" + Mask + "@"
			f["password="+form] = "password=" + Mask
		}
	}
	if len(found) > 0 {
		f[address] = hidePasswords(address)
	}
}

// command looks for what is hidden in a command, and for nothing else of it: its words are those of every log.
func (f finder) command(command string) {
	for _, secret := range commandSecrets(command) {
		if len(secret) >= shortest {
			f.everywhere(secret)
		}
	}
}

func (f finder) everywhere(secret string) {
	for _, form := range forms(secret) {
		f[form] = Mask
	}
}

// replacer tries longer texts first, so that a whole token is not left with the
// half of itself that is also searched for.
func (f finder) replacer() *strings.Replacer {
	texts := make([]string, 0, len(f))
	for text := range f {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, f[text])
	}
	return strings.NewReplacer(pairs...)
}

// forms returns the secret as it is and as the encoders on its way to a log write it.
func forms(secret string) []string {
	quoted := strconv.Quote(secret)
	all := []string{
		secret,
		url.QueryEscape(secret),
		url.PathEscape(secret),
		strings.TrimPrefix(url.UserPassword("", secret).String(), ":"),
		quoted[1 : len(quoted)-1],
	}
	if document, err := json.Marshal(secret); err == nil {
		all = append(all, string(document[1:len(document)-1]))
	}
	for _, form := range all[1:4] {
		all = append(all, lowerEscapes(form))
	}
	return all
}

// lowerEscapes writes %3A as %3a, as some servers do when they repeat an address.
func lowerEscapes(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}
