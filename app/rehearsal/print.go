package rehearsal

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"healthagent/app/rehearsal/botapi"
)

// printer writes the live transcript, one line for each message. A nil writer
// prints nothing; after the first failure it stops.
type printer struct {
	w      io.Writer
	colour bool
}

// The colours of what goes in, what comes out and what goes wrong.
const (
	cyan  = "36"
	green = "32"
	red   = "31"
	width = 100 // characters of a message that are shown
)

func newPrinter(w io.Writer, colour bool) *printer { return &printer{w: w, colour: colour} }

func (p *printer) line(at time.Time, colour, arrow, rest string) {
	if p.w == nil {
		return
	}
	if p.colour {
		arrow = "\x1b[" + colour + "m" + arrow + "\x1b[0m"
	}
	if _, err := fmt.Fprintf(p.w, "%s %s %s\n", at.Format("15:04:05"), arrow, rest); err != nil {
		p.w = nil
	}
}

func (p *printer) asked(d *desk, e botapi.Event) {
	text := shorten(e.Text)
	switch e.Kind {
	case botapi.Corrected:
		text = "(corrects) " + text
	case botapi.Tapped:
		if label := d.labels[e.Text]; label != "" {
			text = shorten(label)
		}
		text = "[" + text + "]"
	}
	p.line(e.Time, cyan, "→", d.person.name+"  "+text)
}

func (p *printer) answered(d *desk, e botapi.Event, how string, took time.Duration) {
	p.line(e.Time, green, "←", d.person.name+"  "+describe(e, how)+" ("+strconv.FormatInt(took.Milliseconds(), 10)+" ms)")
}

func (p *printer) unasked(d *desk, e botapi.Event, how string) {
	p.line(e.Time, green, "←", d.person.name+"  "+describe(e, how))
}

func (p *printer) trouble(e botapi.Event) {
	what := "programmed fault"
	if e.Kind == botapi.Refused {
		what = strconv.Itoa(e.Code) + " " + e.Description
	}
	p.line(e.Time, red, "!", e.Method+"  "+what)
}

func describe(e botapi.Event, how string) string {
	text := shorten(e.Text)
	if how == "" {
		return text
	}
	return strings.TrimSpace("(" + how + ") " + text)
}

// shorten makes a message fit on one line of a terminal, whatever is in it.
func shorten(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > width {
			b.WriteRune('…')
			break
		}
		switch {
		case r == '\n':
			b.WriteString(" · ")
		case !unicode.IsPrint(r):
			b.WriteRune(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
