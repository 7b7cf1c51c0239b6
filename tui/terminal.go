package tui

import (
	"strconv"
	"strings"

	"github.com/muesli/termenv"

	"healthagent/tui/look"
)

// Wishes are what the operator said of the terminal. Each may be empty or auto: it is then told from the environment.
type Wishes struct {
	Color      string // never, 16, 256, true
	Background string // dark, light
	Glyphs     string // ascii, unicode
}

// Terminal is what a terminal shows. The terminal itself is never asked: over SSH the answer comes late, or as keys, or not at all.
func Terminal(environ []string, w Wishes) look.Options {
	env := variables(environ)
	o := look.Options{Profile: profile(env, w.Color), ASCII: ascii(env, w.Glyphs)}
	o.Light, o.Dark = background(env, w.Background)
	return o
}

// profile is kinder than termenv to what does not say that it has colours: screen, putty, foot and rxvt all have sixteen.
func profile(env map[string]string, wish string) termenv.Profile {
	switch wish {
	case "never":
		return termenv.Ascii
	case "16":
		return termenv.ANSI
	case "256":
		return termenv.ANSI256
	case "true":
		return termenv.TrueColor
	}
	term := env["TERM"]
	switch {
	case env["NO_COLOR"] != "", term == "", term == "dumb", strings.HasPrefix(term, "vt"):
		return termenv.Ascii
	case env["COLORTERM"] == "truecolor", env["COLORTERM"] == "24bit":
		return termenv.TrueColor
	case strings.Contains(term, "256color"):
		return termenv.ANSI256
	default:
		return termenv.ANSI
	}
}

// background reads COLORFGBG, which a few terminals set: its last figure is the background, of the sixteen colours. Without it nothing is
// known, and neither is returned.
func background(env map[string]string, wish string) (light, dark bool) {
	switch wish {
	case "light":
		return true, false
	case "dark":
		return false, true
	}
	given := env["COLORFGBG"]
	color, err := strconv.Atoi(given[strings.LastIndex(given, ";")+1:])
	if err != nil {
		return false, false
	}
	light = color == 7 || color > 8
	return light, !light
}

// ascii is true where block characters are not there, or where their width is in doubt: two columns in an East Asian locale, one
// everywhere else.
func ascii(env map[string]string, wish string) bool {
	switch wish {
	case "ascii":
		return true
	case "unicode":
		return false
	}
	locale := env["LANG"]
	for _, name := range []string{"LC_CTYPE", "LC_ALL"} {
		if env[name] != "" {
			locale = env[name]
		}
	}
	locale = strings.ToLower(locale)
	if !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8") {
		return true
	}
	for _, language := range []string{"ja", "ko", "zh"} {
		if strings.HasPrefix(locale, language) {
			return true
		}
	}
	term := env["TERM"]
	wide := env["RUNEWIDTH_EASTASIAN"]
	return term == "linux" || term == "dumb" || term == "" || strings.HasPrefix(term, "vt") || wide != "" && wide != "0"
}
