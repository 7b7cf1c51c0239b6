package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The parsers return what is wrong as the end of a sentence that begins with the
// value ("is not …"). None repeats the value: the caller knows whether it may be
// shown. Errors of url.Parse are dropped for that reason, since they quote pieces
// of what they could not read, which in an address can be a piece of the password.

const (
	maxConnections = 10_000
	// maxSocket is what fits sun_path of a unix socket address on Linux, less the
	// terminating zero.
	maxSocket = 107
)

func parseToken(into *Secret, text string) error {
	id, rest, found := strings.Cut(text, ":")
	digits := id != "" && strings.Trim(id, "0123456789") == ""
	if !found || !digits || rest == "" {
		return errors.New("is not a bot token: digits, a colon, and the rest as BotFather gave it")
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("holds a control character, perhaps a second line")
	}
	*into = Secret(text)
	return nil
}

func parseHTTPURL(into *string, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("is not an http or https URL with a host")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("has a user, a query or a fragment, which the Bot API's base cannot have")
	}
	*into = strings.TrimRight(text, "/")
	return nil
}

func parseDatabase(into *Secret, text string) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("holds a control character, perhaps a second line")
	}
	scheme, _, isURL := strings.Cut(text, "://")
	if !isURL {
		if key, _, pair := strings.Cut(text, "="); !pair || strings.TrimSpace(key) == "" {
			return errors.New("is neither a postgres:// URL nor a key=value string")
		}
		*into = Secret(text)
		return nil
	}
	if scheme != "postgres" && scheme != "postgresql" {
		return errors.New("does not begin with postgres:// or postgresql://")
	}
	if _, err := parseAddress(text); err != nil {
		return err
	}
	*into = Secret(text)
	return nil
}

// parseAddress reads a URL that may carry a password. An @ behind the host is what is
// left of a password with an unescaped / ? or #: such an address would be read as
// another one, with a part of the password in plain sight.
func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	_, rest, _ := strings.Cut(text, "://")
	if _, tail := splitAuthority(rest); err != nil || strings.Contains(tail, "@") {
		return nil, errors.New("cannot be read as a URL; reserved characters in a password are written as %XX")
	}
	return u, nil
}

func parseRedis(into *Secret, text string) error {
	u, err := parseAddress(text)
	if err != nil {
		return err
	}
	switch {
	case u.Scheme != "redis" && u.Scheme != "rediss" && u.Scheme != "unix":
		return errors.New("does not begin with redis://, rediss:// or unix://")
	case u.Scheme == "unix" && u.Path == "":
		return errors.New("has no path of a socket")
	case u.Scheme != "unix" && u.Host == "":
		return errors.New("has no host")
	}
	*into = Secret(text)
	return nil
}

func parseWord[T ~string](into *T, text string, words ...T) error {
	word := T(strings.ToLower(text))
	if slices.Contains(words, word) {
		*into = word
		return nil
	}
	return fmt.Errorf("is none of %v", words)
}

func parseIDs(into *[]int64, text string) error {
	var ids []int64
	for part := range strings.SplitSeq(text, ",") {
		id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil || id <= 0 {
			return errors.New("is not a list of Telegram ids (whole numbers above zero) with commas between")
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	*into = ids
	return nil
}

func formatIDs(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ",")
}

func parsePath(into *string, text string) error {
	if strings.HasPrefix(text, "~") {
		return errors.New("begins with ~, which only a shell expands; write the whole path")
	}
	if strings.ContainsRune(text, 0) {
		return errors.New("holds a zero byte")
	}
	path, err := filepath.Abs(text)
	if err != nil {
		return errors.New("is relative, and the current directory cannot be told; write the whole path")
	}
	*into = path
	return nil
}

func parseSocket(into *string, text string) error {
	var path string
	if err := parsePath(&path, text); err != nil {
		return err
	}
	if len(path) > maxSocket {
		return fmt.Errorf("is a path of %d bytes; a unix socket's may have %d", len(path), maxSocket)
	}
	*into = path
	return nil
}

func parseCount(into *int, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxConnections {
		return fmt.Errorf("is not a whole number from 1 to %d", maxConnections)
	}
	*into = n
	return nil
}

func parseDuration(into *time.Duration, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("is not a duration above zero with its unit (ms, s, m)")
	}
	*into = d
	return nil
}

// parseRate reads "overall/per chat". One number alone leaves the rate per chat at
// its default, but a lone 0 lifts both limits.
func parseRate(into *SendRate, text string) error {
	first, second, both := strings.Cut(text, "/")
	rate := SendRate{PerChat: 1}
	if err := parsePerSecond(&rate.PerSecond, first); err != nil {
		return err
	}
	switch {
	case both:
		if err := parsePerSecond(&rate.PerChat, second); err != nil {
			return err
		}
	case rate.PerSecond == 0:
		rate.PerChat = 0
	}
	*into = rate
	return nil
}

func parsePerSecond(into *float64, text string) error {
	rate, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || rate < 0 || math.IsNaN(rate) || math.IsInf(rate, 0) {
		return errors.New("is not a rate: messages per second, and after a slash per chat")
	}
	*into = rate
	return nil
}

// String returns the rate in the form the setting is written in.
func (r SendRate) String() string {
	return strconv.FormatFloat(r.PerSecond, 'g', -1, 64) + "/" + strconv.FormatFloat(r.PerChat, 'g', -1, 64)
}

func parseLevel(into *slog.Level, text string) error {
	switch strings.ToLower(text) {
	case "debug":
		*into = slog.LevelDebug
	case "info":
		*into = slog.LevelInfo
	case "warn", "warning":
		*into = slog.LevelWarn
	case "error":
		*into = slog.LevelError
	default:
		return errors.New("is none of debug, info, warn, error")
	}
	return nil
}
