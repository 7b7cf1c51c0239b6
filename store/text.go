package store

import (
	"strings"
	"unicode/utf8"
)

// clean makes a text storable and changes nothing else: PostgreSQL's text can hold neither U+0000 nor broken UTF-8, both become
// U+FFFD.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
