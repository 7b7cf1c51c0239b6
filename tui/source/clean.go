package source

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark stands where something was that must not reach a terminal. It is one column wide in every character set.
const Mark = "?"

// The longest texts that are kept, in bytes: of one line, and of several. What is longer ends in dots.
const (
	longestLine = 4 << 10
	longestText = 256 << 10
)

// Clean makes every text below what value points to harmless, in place, and returns value; nothing else may have it yet. Control
// sequences of terminals and characters that are not drawn, or turn the direction of others, become a Mark; tabs, and line breaks in what
// is one line, become spaces. Texts of several lines are the fields that are tagged text:"lines".
func Clean[T any](value *T) *T {
	if value != nil {
		clean(reflect.ValueOf(value).Elem(), false)
	}
	return value
}

// clean goes through every type but those that hold no text: a new field is cleaned without anybody having thought of it.
func clean(v reflect.Value, lines bool) {
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.String:
		if dirty := v.String(); v.CanSet() {
			if text := CleanText(dirty, lines); text != dirty {
				v.SetString(text)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem(), lines)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				clean(v.Field(i), f.Tag.Get("text") == "lines")
			}
		}
	case reflect.Slice, reflect.Array:
		if holdsText(v.Type().Elem().Kind()) {
			for i := range v.Len() {
				clean(v.Index(i), lines)
			}
		}
	case reflect.Map:
		cleanMap(v, lines)
	default:
	}
}

// cleanMap cleans values and keys. Values of a map cannot be altered where they are.
func cleanMap(v reflect.Value, lines bool) {
	keyed := v.Type().Key().Kind() == reflect.String
	if !keyed && !holdsText(v.Type().Elem().Kind()) {
		return
	}
	for _, key := range v.MapKeys() {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		clean(value, lines)
		name := key
		if text := CleanText(key.String(), false); keyed && text != key.String() {
			v.SetMapIndex(key, reflect.Value{})
			name = reflect.ValueOf(text).Convert(key.Type())
		}
		v.SetMapIndex(name, value)
	}
}

func holdsText(k reflect.Kind) bool {
	switch k { //nolint:exhaustive // the others do not
	case reflect.String, reflect.Pointer, reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		return true
	default:
		return false
	}
}

// CleanText is what Clean does to one text. lines keeps its line breaks.
func CleanText(text string, lines bool) string {
	longest := longestLine
	if lines {
		longest = longestText
	}
	if len(text) <= longest && harmless(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if b.Len() >= longest {
			b.WriteString("...")
			break
		}
		if n := sequence(text[i:]); n > 0 {
			b.WriteString(Mark)
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == '\r' && strings.HasPrefix(text[i+n:], "\n") {
			i += n
			continue
		}
		b.WriteString(shown(r, n, lines))
		i += n
	}
	return b.String()
}

// harmless is the quick way for almost every text.
func harmless(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// shown is what is drawn of one character of n bytes.
func shown(r rune, n int, lines bool) string {
	switch {
	case r == utf8.RuneError && n <= 1: // not UTF-8
		return Mark
	case r == '\n' && lines:
		return "\n"
	case r == '\n':
		return " "
	case r == '\t' && lines:
		return "    "
	case r == '\t':
		return " "
	case unicode.Is(unicode.Variation_Selector, r): // makes an emoji of the one before, whose width every terminal sees otherwise
		return ""
	case !unicode.IsGraphic(r): // control and format characters, direction, private and unassigned ones, line and paragraph separators
		return Mark
	default:
		return string(r)
	}
}

// sequence is the length of the complete control sequence at the start of a text, 0 when there is none. One without its end is none:
// what follows would be hidden, and without the escape it is only text.
func sequence(text string) int {
	intro, n := introducer(text)
	switch intro {
	case '[':
		return csi(text, n)
	case ']', 'P', 'X', '^', '_':
		return command(text, n)
	case 0:
		return 0
	default:
		return ending(text, n-1, 0x30)
	}
}

// introducer is the character after an escape, or what a C1 character is short for; 0 for anything else, and how long it is.
func introducer(text string) (intro byte, n int) {
	if len(text) >= 2 && text[0] == 0x1b {
		return text[1], 2
	}
	if len(text) >= 2 && text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 { // C1 as UTF-8
		switch intro := text[1] - 0x40; intro {
		case '[', ']', 'P', 'X', '^', '_':
			return intro, 2
		default: // one character without arguments
		}
	}
	return 0, 0
}

// csi takes parameters, then what ends every sequence.
func csi(text string, n int) int {
	for n < len(text) && text[n] >= 0x30 && text[n] <= 0x3f {
		n++
	}
	return ending(text, n, 0x40)
}

// ending takes intermediates and the final byte, which is not below lowest.
func ending(text string, n int, lowest byte) int {
	for n < len(text) && text[n] >= 0x20 && text[n] <= 0x2f {
		n++
	}
	if n < len(text) && text[n] >= lowest && text[n] <= 0x7e {
		return n + 1
	}
	return 0
}

// command takes a command string up to its end: BEL, ESC \ or the C1 character of that. Where anything else begins it was cut off.
func command(text string, n int) int {
	for ; n < len(text); n++ {
		switch {
		case text[n] == 0x07:
			return n + 1
		case strings.HasPrefix(text[n:], "\x1b\\"), strings.HasPrefix(text[n:], "\u009c"):
			return n + 2
		case text[n] == 0x1b, text[n] == '\n', text[n] == 0xc2 && n+1 < len(text) && text[n+1] < 0xa0:
			return 0
		}
	}
	return 0
}
