package telegram

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText is Telegram's limit of a message, in UTF-16 code units after its tags are taken out. Tags are counted here too: that errs
// on the short side.
const maxText = 4096

// units is the length of a text as Telegram counts it.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// split cuts a message of our HTML into parts that Telegram accepts: between paragraphs where it can, else between lines, else
// between words, else between characters as people see them. Tags that are open at a cut are closed before it and opened again
// behind it. It returns at least one part, none of them blank unless the text is.
func split(text string) []string {
	if units(text) <= maxText {
		return []string{text}
	}
	var parts []string
	var open []piece
	for rest := pieces(text); len(rest) > 0; {
		var part string
		part, open, rest = firstPart(open, rest)
		if strings.TrimSpace(plain(part)) != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return []string{""}
	}
	return parts
}

// firstPart takes the first part off a text that begins inside the tags before. It returns the tags that are open behind the part,
// and what is left.
func firstPart(before, text []piece) (part string, open, rest []piece) {
	open = slices.Clone(before)
	size, closing := 0, 0 // closing: what the end tags of the open ones take
	for _, tag := range open {
		size, closing = size+tag.units, closing+tag.closing
	}
	cuts := map[cutKind]cutAt{}
	for i, p := range text {
		after := closing + p.closing
		if p.kind == tagCloses {
			after -= open[len(open)-1].closing
		}
		if size+p.units+after > maxText {
			at := bestCut(cuts, cutAt{index: i, open: open})
			return assemble(before, text[:at.index], at.open), at.open, text[at.index:]
		}
		size, closing = size+p.units, after
		switch p.kind {
		case tagOpens:
			open = append(open, p)
		case tagCloses:
			open = open[:len(open)-1]
		}
		if kind := cutBehind(text, i); kind != nowhere {
			cuts[kind] = cutAt{index: i + 1, open: slices.Clone(open), size: size}
		}
	}
	return assemble(before, text, open), nil, nil
}

// cutKind says how good a place is to cut.
type cutKind int

const (
	nowhere cutKind = iota
	behindWord
	behindLine
	behindParagraph
)

// cutAt is a place to cut: before the piece of that index, with these tags open.
type cutAt struct {
	index int
	open  []piece
	size  int
}

func cutBehind(text []piece, i int) cutKind {
	switch {
	case text[i].kind != newline && text[i].raw != " ":
		return nowhere
	case text[i].kind != newline:
		return behindWord
	case i > 0 && text[i-1].kind == newline:
		return behindParagraph
	}
	return behindLine
}

// bestCut is the best place that does not leave a part nearly empty, and else the last possible one.
func bestCut(cuts map[cutKind]cutAt, last cutAt) cutAt {
	for _, kind := range []cutKind{behindParagraph, behindLine, behindWord} {
		if at, found := cuts[kind]; found && at.size >= maxText/4 {
			return at
		}
	}
	return last
}

func assemble(before, text, open []piece) string {
	var b strings.Builder
	for _, list := range [][]piece{before, text} {
		for _, p := range list {
			b.WriteString(p.raw)
		}
	}
	part := strings.Trim(b.String(), " \n")
	for _, tag := range slices.Backward(open) {
		part += "</" + tag.name + ">"
	}
	return part
}

// piece is what must not be cut: a tag, an entity, a character as people see it.
type piece struct {
	raw     string
	units   int
	kind    pieceKind
	name    string // of a tag
	closing int    // units of the end tag that it needs
}

type pieceKind int

const (
	character pieceKind = iota
	newline
	tagOpens
	tagCloses
)

// pieces takes a text apart. One whose tags do not match, or leave no room for text, loses them.
func pieces(text string) []piece {
	list, ok := scan(text)
	if !ok {
		list, _ = scan(html.EscapeString(plain(text)))
	}
	return list
}

// longestCluster bounds what is taken for one character.
const longestCluster = 32

const maxTagUnits = maxText / 4

func scan(text string) (list []piece, ok bool) {
	var open []piece
	tags := 0
	for len(text) > 0 {
		p, n := nextPiece(text)
		text = text[n:]
		p.units = units(p.raw)
		switch p.kind {
		case tagOpens:
			p.closing = len(p.name) + len("</>")
			open = append(open, p)
			tags += p.units + p.closing
		case tagCloses:
			if len(open) == 0 || open[len(open)-1].name != p.name {
				return list, false
			}
			last := open[len(open)-1]
			open = open[:len(open)-1]
			tags -= last.units + last.closing
		}
		if tags > maxTagUnits {
			return list, false
		}
		list = append(list, p)
	}
	return list, len(open) == 0
}

var (
	tagPattern    = regexp.MustCompile(`</?[a-z][^<>]*>`)
	tagAtStart    = regexp.MustCompile(`^<(/?)([a-z][a-z0-9-]*)[^<>]*>`)
	entityAtStart = regexp.MustCompile(`^&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|lt|gt|amp|quot);`)
)

// nextPiece takes the first piece of a text and says how many bytes of it that was. What looks like markup and is none is escaped.
func nextPiece(text string) (piece, int) {
	switch text[0] {
	case '\n':
		return piece{raw: "\n", kind: newline}, 1
	case '<':
		if m := tagAtStart.FindStringSubmatch(text); m != nil {
			kind := tagOpens
			if m[1] != "" {
				kind = tagCloses
			}
			return piece{raw: m[0], kind: kind, name: m[2]}, len(m[0])
		}
		return piece{raw: "&lt;"}, 1
	case '&':
		if m := entityAtStart.FindString(text); m != "" {
			return piece{raw: m}, len(m)
		}
		return piece{raw: "&amp;"}, 1
	}
	n := cluster(text)
	return piece{raw: text[:n]}, n
}

// cluster is the length in bytes of the first character with all that belongs to it: accents, variants, skin tones, what is joined
// to it, the second half of a flag.
func cluster(text string) int {
	first, end := utf8.DecodeRuneInString(text)
	joined, flag := false, isFlagLetter(first)
	for n := 1; n < longestCluster && end < len(text); n++ {
		r, size := utf8.DecodeRuneInString(text[end:])
		switch {
		case r == '<' || r == '&' || r == '\n' || r == ' ':
			return end
		case flag && isFlagLetter(r):
			flag = false
		case !joined && !belongs(r):
			return end
		}
		joined = r == zeroWidthJoiner
		end += size
	}
	return end
}

const zeroWidthJoiner = '\u200d'

func isFlagLetter(r rune) bool { return r >= '\U0001f1e6' && r <= '\U0001f1ff' }

func belongs(r rune) bool {
	return r == zeroWidthJoiner || unicode.Is(unicode.M, r) || r >= '\U0001f3fb' && r <= '\U0001f3ff' ||
		r >= '\U000e0020' && r <= '\U000e007f'
}

// plain is the text of our own HTML without tags and entities.
func plain(s string) string { return html.UnescapeString(tagPattern.ReplaceAllString(s, "")) }

// firstUnits is the longest beginning of s that is at most n UTF-16 units long; at least one code point.
func firstUnits(s string, n int) string {
	used := 0
	for i, r := range s {
		size := max(utf16.RuneLen(r), 1)
		if i > 0 && used+size > n {
			return s[:i]
		}
		used += size
	}
	return s
}

// cut shortens a plain text to n UTF-16 units.
func cut(s string, n int) string {
	if units(s) <= n {
		return s
	}
	return strings.ToValidUTF8(firstUnits(s, n-1), "") + "…"
}
