package botapi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Entity is a formatted part of a text; offset and length count UTF-16 units.
type Entity struct {
	Type     string `json:"type"`
	Offset   int    `json:"offset"`
	Length   int    `json:"length"`
	URL      string `json:"url,omitempty"`
	Language string `json:"language,omitempty"`
	EmojiID  string `json:"custom_emoji_id,omitempty"`
}

// htmlParser reads Telegram's subset of HTML.
type htmlParser struct {
	src   string
	pos   int
	out   strings.Builder
	units int // UTF-16 units written so far
	open  []openTag
	found []Entity
}

type openTag struct {
	name   string
	entity Entity
}

// parseHTML turns Telegram's HTML into plain text and its entities. It refuses what
// Telegram refuses and, more strictly, an ampersand that begins no known entity:
// Telegram shows it as it is, but it betrays a text that was not escaped.
func parseHTML(src string) (string, []Entity, error) {
	p := &htmlParser{src: src}
	for p.pos < len(src) {
		var err error
		switch src[p.pos] {
		case '<':
			err = p.tag()
		case '&':
			err = p.reference()
		default:
			r, size := utf8.DecodeRuneInString(src[p.pos:])
			p.write(r)
			p.pos += size
		}
		if err != nil {
			return "", nil, err
		}
	}
	if n := len(p.open); n > 0 {
		return "", nil, entityError("Can't find end tag corresponding to start tag %q", p.open[n-1].name)
	}
	slices.SortStableFunc(p.found, func(a, b Entity) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length))
	})
	return p.out.String(), p.found, nil
}

func entityError(format string, args ...any) error {
	return badRequest("can't parse entities: "+format, args...)
}

func (p *htmlParser) write(r rune) {
	p.out.WriteRune(r)
	p.units += utf16Len(r)
}

// reference reads &lt; and its kind.
func (p *htmlParser) reference() error {
	r, size := decodeReference(p.src[p.pos:])
	if size == 0 {
		return entityError("Unescaped character '&' at byte offset %d", p.pos)
	}
	p.write(r)
	p.pos += size
	return nil
}

// decodeReference decodes the reference at the start of s; size 0 means none.
func decodeReference(s string) (r rune, size int) {
	end := strings.IndexByte(s, ';')
	if end < 2 || end > 12 {
		return 0, 0
	}
	name := s[1:end]
	switch name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "quot":
		return '"', end + 1
	}
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		return 0, 0
	}
	base := 10
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || n > unicode.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0, 0
	}
	return rune(n), end + 1
}

// tag reads a start or an end tag.
func (p *htmlParser) tag() error {
	begin := p.pos
	p.pos++
	if p.pos < len(p.src) && p.src[p.pos] == '/' {
		p.pos++
		return p.endTag(begin)
	}
	name := p.name()
	if !slices.Contains(htmlTags(), name) {
		return entityError("Unsupported start tag %q at byte offset %d", name, begin)
	}
	attrs, err := p.attributes(name, begin)
	if err != nil {
		return err
	}
	e, err := newEntity(name, attrs, begin)
	if err != nil {
		return err
	}
	e.Offset = p.units
	p.open = append(p.open, openTag{name: name, entity: e})
	return nil
}

func htmlTags() []string {
	return []string{
		"a", "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler",
		"tg-emoji", "code", "pre", "blockquote",
	}
}

func (p *htmlParser) endTag(begin int) error {
	name := p.name()
	for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
		p.pos++
	}
	if p.pos == len(p.src) || p.src[p.pos] != '>' {
		return entityError("Unclosed end tag at byte offset %d", begin)
	}
	p.pos++
	n := len(p.open)
	if n == 0 {
		return entityError("Unexpected end tag at byte offset %d", begin)
	}
	last := p.open[n-1]
	if name != "" && name != last.name {
		return entityError("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, last.name, name)
	}
	p.open = p.open[:n-1]
	last.entity.Length = p.units - last.entity.Offset
	if last.entity.Length > 0 && last.entity.Type != "" {
		p.found = append(p.found, last.entity)
	}
	return nil
}

// name reads a tag's or an attribute's name in lower case.
func (p *htmlParser) name() string {
	begin := p.pos
	for p.pos < len(p.src) && !isSpace(p.src[p.pos]) && !strings.ContainsRune("<>=\"'/&", rune(p.src[p.pos])) {
		p.pos++
	}
	return strings.ToLower(p.src[begin:p.pos])
}

// attributes reads up to and including the closing bracket.
func (p *htmlParser) attributes(tag string, begin int) (map[string]string, error) {
	attrs := map[string]string{}
	for {
		for p.pos < len(p.src) && isSpace(p.src[p.pos]) {
			p.pos++
		}
		if p.pos == len(p.src) {
			return nil, entityError("Unclosed start tag at byte offset %d", begin)
		}
		if p.src[p.pos] == '>' {
			p.pos++
			return attrs, nil
		}
		name := p.name()
		if name == "" {
			return nil, entityError("Empty attribute name in the tag %q at byte offset %d", tag, begin)
		}
		value, err := p.value(tag, begin)
		if err != nil {
			return nil, err
		}
		attrs[name] = value
	}
}

// value reads an attribute's value, empty for one that has none.
func (p *htmlParser) value(tag string, begin int) (string, error) {
	if p.pos == len(p.src) || p.src[p.pos] != '=' {
		return "", nil
	}
	p.pos++
	if p.pos == len(p.src) {
		return "", entityError("Unclosed start tag at byte offset %d", begin)
	}
	quote := p.src[p.pos]
	if quote != '"' && quote != '\'' {
		value := p.name()
		if value == "" {
			return "", entityError("Unexpected end of name token at byte offset %d", begin)
		}
		return value, nil
	}
	p.pos++
	end := strings.IndexByte(p.src[p.pos:], quote)
	if end < 0 {
		return "", entityError("Unclosed start tag %q at byte offset %d", tag, begin)
	}
	raw := p.src[p.pos : p.pos+end]
	p.pos += end + 1
	return unescape(raw), nil
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if r, size := decodeReference(s[i:]); s[i] == '&' && size > 0 {
			b.WriteRune(r)
			i += size
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// newEntity is what a tag stands for; an empty type means a tag without effect.
func newEntity(tag string, attrs map[string]string, begin int) (Entity, error) {
	switch tag {
	case "b", "strong":
		return Entity{Type: "bold"}, nil
	case "i", "em":
		return Entity{Type: "italic"}, nil
	case "u", "ins":
		return Entity{Type: "underline"}, nil
	case "s", "strike", "del":
		return Entity{Type: "strikethrough"}, nil
	case "span":
		if attrs["class"] != "tg-spoiler" {
			return Entity{}, entityError("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
		}
		return Entity{Type: "spoiler"}, nil
	case "tg-spoiler":
		return Entity{Type: "spoiler"}, nil
	case "tg-emoji":
		return Entity{Type: "custom_emoji", EmojiID: attrs["emoji-id"]}, nil
	case "a":
		if attrs["href"] == "" {
			return Entity{}, nil
		}
		return Entity{Type: "text_link", URL: attrs["href"]}, nil
	case "blockquote":
		if _, ok := attrs["expandable"]; ok {
			return Entity{Type: "expandable_blockquote"}, nil
		}
		return Entity{Type: "blockquote"}, nil
	case "code":
		return Entity{Type: "code"}, nil
	}
	return Entity{Type: "pre", Language: strings.TrimPrefix(attrs["class"], "language-")}, nil
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// clean does to a text what Telegram does before it parses it: carriage returns
// and direction overrides go, other control characters become spaces.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\r' || r >= 0x2028 && r <= 0x202e:
			return -1
		case r < 0x20:
			return ' '
		}
		return r
	}, s)
}

// trim removes the blanks around a text and moves its entities along.
func trim(text string, entities []Entity) (string, []Entity) {
	left := strings.TrimLeftFunc(text, unicode.IsSpace)
	cut := units(text[:len(text)-len(left)])
	left = strings.TrimRightFunc(left, unicode.IsSpace)
	length := units(left)
	kept := entities[:0]
	for _, e := range entities {
		end := min(e.Offset+e.Length-cut, length)
		e.Offset = max(e.Offset-cut, 0)
		if e.Length = end - e.Offset; e.Length > 0 {
			kept = append(kept, e)
		}
	}
	return left, kept
}

// units is the length of a text in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16Len(r)
	}
	return n
}
