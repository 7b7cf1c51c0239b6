package store

import (
	"bytes"
	"encoding/json"
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

// cleanJSON does the same for the escape of U+0000, which jsonb refuses. raw is JSON as encoding/json writes it, or nil.
func cleanJSON(raw json.RawMessage) json.RawMessage {
	if !bytes.Contains(raw, []byte(`\u0000`)) {
		return raw
	}
	cleaned := bytes.Clone(raw)
	for i := 0; i+1 < len(cleaned); i++ {
		if cleaned[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(cleaned[i:], []byte(`\u0000`)) {
			copy(cleaned[i:], `\ufffd`)
		}
		i++ // what follows a backslash begins no escape
	}
	return cleaned
}
