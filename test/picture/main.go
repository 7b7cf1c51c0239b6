// Command picture turns what a terminal shows into an SVG picture, so that the frames in the documentation are what was seen:
//
//	tmux capture-pane -e -p -t SESSION | go run ./test/picture >docs/overview.svg
//
// It knows what such a capture holds: text, and SGR sequences with the sixteen colours and attributes.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The size of a cell, in units of the picture.
const (
	cellWidth  = 8.4
	cellHeight = 17
	margin     = 10
	fontSize   = 14
)

func main() {
	if err := draw(os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// style is how a run of text looks. The colours are of the palette, -1: the terminal's own.
type style struct {
	fore, back           int
	bold, faint, reverse bool
}

// run is a stretch of text of one style.
type run struct {
	style
	column int
	text   string
}

func draw(in io.Reader, out io.Writer) error {
	var lines [][]run
	columns := 0
	now := style{fore: -1, back: -1} // a capture carries a style over the end of a line
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		runs, width := cut(scanner.Text(), &now)
		lines, columns = append(lines, runs), max(columns, width)
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("read the capture: %w", err)
	}
	w := bufio.NewWriter(out)
	width, height := 2*margin+float64(columns)*cellWidth, 2*margin+len(lines)*cellHeight
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="%d">`+"\n",
		width, height, fontSize)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", background)
	for i, runs := range lines {
		for _, r := range runs {
			r.draw(w, i)
		}
	}
	fmt.Fprintln(w, "</svg>")
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

func (r run) draw(w io.Writer, line int) {
	fore, back := colour(r.fore, foreground), colour(r.back, "")
	if r.reverse {
		fore, back = background, colour(r.fore, foreground)
	}
	n := float64(utf8.RuneCountInString(r.text)) * cellWidth
	x, y := margin+float64(r.column)*cellWidth, margin+line*cellHeight
	if back != "" {
		fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, n, cellHeight, back)
	}
	if strings.TrimSpace(r.text) == "" {
		return
	}
	attributes := ""
	if r.bold {
		attributes += ` font-weight="bold"`
	}
	if r.faint {
		attributes += ` opacity="0.65"`
	}
	fmt.Fprintf(w, `<text x="%.1f" y="%d" fill="%s"%s xml:space="preserve" textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n",
		x, y+13, fore, attributes, n, html.EscapeString(r.text))
}

// cut parts a line into runs, and returns how many columns it has.
func cut(line string, now *style) ([]run, int) {
	var runs []run
	column := 0
	for line != "" {
		text := line
		if at := strings.IndexByte(line, 0x1b); at >= 0 {
			text = line[:at]
		}
		if text != "" {
			runs = append(runs, run{*now, column, text})
			column += utf8.RuneCountInString(text)
		}
		line = line[len(text):]
		if line == "" {
			break
		}
		end := strings.IndexByte(line, 'm')
		if !strings.HasPrefix(line, "\x1b[") || end < 0 {
			line = line[1:] // nothing that changes how text looks
			continue
		}
		now.apply(line[2:end])
		line = line[end+1:]
	}
	return runs, column
}

// apply changes the style by the parameters of an SGR sequence.
func (s *style) apply(parameters string) {
	for field := range strings.SplitSeq(parameters, ";") {
		n, err := strconv.Atoi(field)
		switch {
		case err != nil || n == 0:
			*s = style{fore: -1, back: -1}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 22:
			s.bold, s.faint = false, false
		case n == 7:
			s.reverse = true
		case n == 27:
			s.reverse = false
		case n >= 30 && n <= 37:
			s.fore = n - 30
		case n >= 90 && n <= 97:
			s.fore = n - 90 + 8
		case n == 39:
			s.fore = -1
		case n >= 40 && n <= 47:
			s.back = n - 40
		case n == 49:
			s.back = -1
		}
	}
}

// The picture's terminal.
const (
	background = "#14161b"
	foreground = "#d8dee9"
)

func colour(n int, without string) string {
	if n < 0 {
		return without
	}
	return [...]string{
		"#3b4252", "#bf616a", "#a3be8c", "#d08770", "#5e81ac", "#b48ead", "#88c0d0", "#d8dee9",
		"#7b8496", "#ff7b86", "#b5d69a", "#ebcb8b", "#81b4e8", "#d7a7d7", "#8fe0e8", "#ffffff",
	}[n]
}
