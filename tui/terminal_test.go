package tui

import (
	"testing"

	"github.com/muesli/termenv"

	"healthagent/tui/look"
)

func TestWhatTheTerminalShows(t *testing.T) {
	t.Parallel()
	const utf8 = "LANG=C.UTF-8"
	mono := look.Options{Profile: termenv.Ascii}
	sixteen := look.Options{Profile: termenv.ANSI}
	for _, c := range []struct {
		environ []string
		wishes  Wishes
		want    look.Options
	}{
		{[]string{utf8, "TERM=xterm-256color"}, Wishes{}, look.Options{Profile: termenv.ANSI256}},
		{[]string{utf8, "TERM=xterm-256color", "COLORTERM=truecolor"}, Wishes{Color: "auto"}, look.Options{Profile: termenv.TrueColor}},
		{[]string{utf8, "TERM=xterm"}, Wishes{}, sixteen},
		{[]string{utf8, "TERM=screen"}, Wishes{}, sixteen},
		{[]string{utf8, "TERM=putty"}, Wishes{}, sixteen},
		{[]string{utf8, "TERM=foot"}, Wishes{}, sixteen},
		{[]string{utf8, "TERM=rxvt-unicode"}, Wishes{}, sixteen},
		{[]string{utf8, "TERM=tmux-256color"}, Wishes{}, look.Options{Profile: termenv.ANSI256}},
		{[]string{utf8, "TERM=linux"}, Wishes{}, look.Options{Profile: termenv.ANSI, ASCII: true}},
		{[]string{utf8, "TERM=vt100"}, Wishes{}, look.Options{Profile: termenv.Ascii, ASCII: true}},
		{[]string{utf8, "TERM=vt220"}, Wishes{Color: "16", Glyphs: "unicode"}, sixteen},
		{[]string{utf8, "TERM=dumb"}, Wishes{}, look.Options{Profile: termenv.Ascii, ASCII: true}},
		{[]string{utf8}, Wishes{}, look.Options{Profile: termenv.Ascii, ASCII: true}},
		{[]string{utf8, "TERM=xterm-256color", "NO_COLOR=1"}, Wishes{}, mono},
		{[]string{utf8, "TERM=xterm-256color", "NO_COLOR="}, Wishes{}, look.Options{Profile: termenv.ANSI256}},
		{[]string{utf8, "TERM=xterm-256color", "NO_COLOR=1"}, Wishes{Color: "256"}, look.Options{Profile: termenv.ANSI256}},
		{[]string{utf8, "TERM=xterm-256color"}, Wishes{Color: "never"}, mono},
		{[]string{utf8, "TERM=xterm"}, Wishes{Color: "true"}, look.Options{Profile: termenv.TrueColor}},
		{[]string{"TERM=xterm"}, Wishes{}, look.Options{Profile: termenv.ANSI, ASCII: true}},
		{[]string{"TERM=xterm", "LANG=de_DE.ISO-8859-1"}, Wishes{}, look.Options{Profile: termenv.ANSI, ASCII: true}},
		{[]string{"TERM=xterm", utf8, "LC_ALL=C"}, Wishes{}, look.Options{Profile: termenv.ANSI, ASCII: true}},
		{[]string{"TERM=xterm", "LANG=C", "LC_CTYPE=sv_SE.utf8"}, Wishes{}, sixteen},
		{[]string{"TERM=xterm", "LANG=ja_JP.UTF-8"}, Wishes{}, look.Options{Profile: termenv.ANSI, ASCII: true}},
		{[]string{"TERM=xterm", "LANG=zh_CN.UTF-8"}, Wishes{Glyphs: "unicode"}, sixteen},
		{[]string{"TERM=xterm", utf8, "RUNEWIDTH_EASTASIAN=1"}, Wishes{}, look.Options{Profile: termenv.ANSI, ASCII: true}},
		{[]string{"TERM=xterm", utf8}, Wishes{Glyphs: "ascii"}, look.Options{Profile: termenv.ANSI, ASCII: true}},
		{[]string{"TERM=xterm", utf8, "COLORFGBG=0;15"}, Wishes{}, look.Options{Profile: termenv.ANSI, Light: true}},
		{[]string{"TERM=xterm", utf8, "COLORFGBG=15;default;0"}, Wishes{}, look.Options{Profile: termenv.ANSI, Dark: true}},
		{[]string{"TERM=xterm", utf8, "COLORFGBG=0;default"}, Wishes{}, sixteen},
		{[]string{"TERM=xterm", utf8, "COLORFGBG=0;15"}, Wishes{Background: "dark"}, look.Options{Profile: termenv.ANSI, Dark: true}},
		{[]string{"TERM=xterm", utf8}, Wishes{Background: "light"}, look.Options{Profile: termenv.ANSI, Light: true}},
	} {
		if got := Terminal(c.environ, c.wishes); got != c.want {
			t.Errorf("%q %+v: %+v, want %+v", c.environ, c.wishes, got, c.want)
		}
	}
}
