package food

import "strings"

// stem brings a folded word to the form that singular and plural share. It need not be a word; both sides of every comparison pass
// through it.
func stem(w string) string {
	if len(w) <= 2 || w[0] >= '0' && w[0] <= '9' {
		return w
	}
	switch w { // little words that are no plurals
	case "this", "plus", "minus", "sans", "always", "sometimes", "unos", "unas", "perhaps", "circus":
		return w
	}
	if len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") {
		w = w[:len(w)-1]
	}
	switch w {
	case "leave":
		return "leaf"
	case "loave":
		return "loaf"
	case "halve":
		return "half"
	}
	if len(w) <= 3 {
		return w
	}
	for _, r := range [...][2]string{{"ie", "y"}, {"oe", "o"}, {"che", "ch"}, {"she", "sh"}, {"xe", "x"}, {"sse", "ss"}} {
		if strings.HasSuffix(w, r[0]) {
			return strings.TrimSuffix(w, r[0]) + r[1]
		}
	}
	return w
}

// fold gives the lower-case letter without its accent, as text: most letters fold to themselves.
func fold(r rune) string {
	if r < 0x80 {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return asciiText[r : r+1]
	}
	if s, ok := folded(r); ok {
		return s
	}
	return strings.ToLower(string(r))
}

const asciiText = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f" +
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"

func folded(r rune) (string, bool) {
	switch r {
	case 'à', 'á', 'â', 'ã', 'ä', 'å', 'À', 'Á', 'Â', 'Ã', 'Ä', 'Å', 'ā', 'ą':
		return "a", true
	case 'è', 'é', 'ê', 'ë', 'È', 'É', 'Ê', 'Ë', 'ē', 'ę':
		return "e", true
	case 'ì', 'í', 'î', 'ï', 'Ì', 'Í', 'Î', 'Ï', 'ı':
		return "i", true
	case 'ò', 'ó', 'ô', 'õ', 'ö', 'ø', 'Ò', 'Ó', 'Ô', 'Õ', 'Ö', 'Ø':
		return "o", true
	case 'ù', 'ú', 'û', 'ü', 'Ù', 'Ú', 'Û', 'Ü':
		return "u", true
	case 'ñ', 'Ñ':
		return "n", true
	case 'ç', 'Ç':
		return "c", true
	case 'ß':
		return "ss", true
	case 'æ', 'Æ':
		return "ae", true
	case 'œ', 'Œ':
		return "oe", true
	}
	return "", false
}
