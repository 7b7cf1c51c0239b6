package config

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// Mask stands in every output for a secret.
const Mask = "[secret]"

// Secret is a text that no print, log line or JSON document shows: only Reveal
// gives it away. An empty Secret prints as nothing, so that "not set" can be seen.
type Secret string

// Reveal returns the secret itself, for the one place that uses it.
func (s Secret) Reveal() string { return string(s) }

// String returns the mask, or nothing for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Mask
}

// GoString keeps %#v from showing the secret.
func (s Secret) GoString() string { return `config.Secret("` + s.String() + `")` }

// LogValue keeps log lines from showing the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON keeps JSON from showing the secret.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText does the same for map keys and other encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// passwordPair finds password=… and sslpassword=… in a key=value string, with the
// value bare or in single quotes. A quote that is not closed reaches to the end.
var passwordPair = regexp.MustCompile(`(?is)(\w*(?:password|passwd)\s*=\s*)('(?:[^'\\]|\\.)*(?:'|\\?$)|(?:[^\s\\]|\\.)*)`)

// hidePasswords returns a database or Redis address as it may be shown: everything
// but the passwords in it. A text whose shape is not understood is masked whole.
func hidePasswords(address string) string {
	scheme, rest, isURL := strings.Cut(address, "://")
	if !isURL {
		if !strings.Contains(address, "=") {
			return Secret(address).String()
		}
		return passwordPair.ReplaceAllString(address, "${1}"+Mask)
	}
	if _, err := url.Parse(address); err != nil {
		return Mask
	}
	authority, tail := splitAuthority(rest)
	if info, host, ok := cutLast(authority, "@"); ok {
		if user, _, ok := strings.Cut(info, ":"); ok {
			authority = user + ":" + Mask + "@" + host
		}
	}
	return scheme + "://" + authority + eachPassword(tail, func(string) string { return Mask })
}

// eachPassword replaces the value of every parameter of an address's query that is a
// password by its name.
func eachPassword(tail string, replace func(value string) string) string {
	path, query, found := strings.Cut(tail, "?")
	if !found {
		return tail
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || strings.Contains(strings.ToLower(plain), "passw") {
			parts[i] = name + "=" + replace(value)
		}
	}
	return path + "?" + strings.Join(parts, "&")
}

// passwords returns every password in a database or Redis address, as written and
// as meant, and the rest of the address (user, host, database), which is no secret.
func passwords(address string) (secret []string, open string) {
	scheme, rest, isURL := strings.Cut(address, "://")
	if !isURL {
		for _, pair := range passwordPair.FindAllStringSubmatch(address, -1) {
			secret = append(secret, pair[2], unquotePair(pair[2]))
		}
		return secret, passwordPair.ReplaceAllString(address, "")
	}
	authority, tail := splitAuthority(rest)
	if info, host, ok := cutLast(authority, "@"); ok {
		user, password, _ := strings.Cut(info, ":")
		authority = user + "@" + host
		secret = append(secret, password)
		if plain, err := url.PathUnescape(password); err == nil {
			secret = append(secret, plain)
		}
	}
	tail = eachPassword(tail, func(value string) string {
		secret = append(secret, value)
		if plain, err := url.QueryUnescape(value); err == nil {
			secret = append(secret, plain)
		}
		return ""
	})
	return secret, scheme + "://" + authority + tail
}

// unquotePair undoes the quoting of a value in a key=value string.
func unquotePair(value string) string {
	if strings.HasPrefix(value, "'") {
		value = strings.TrimSuffix(value[1:], "'")
	}
	var plain strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+1 < len(value) {
			i++
		}
		plain.WriteByte(value[i])
	}
	return plain.String()
}

// splitAuthority splits what follows :// into user, password and host, and the rest.
func splitAuthority(rest string) (authority, tail string) {
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return rest[:i], rest[i:]
	}
	return rest, ""
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}
