package telegram

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
)

// salvage takes the updates out of an answer that does not decode as a whole: of one update that is nested too deep for the decoder,
// or broken in itself, the others must not suffer. It knows of JSON only strings and brackets. It returns false when the answer has
// no whole array called result.
func salvage(answer []byte) ([]json.RawMessage, bool) {
	var (
		updates    []json.RawMessage
		depth      int
		start      = -1 // of the update that is being read
		key        string
		inResult   bool
		keyStart   int
		inString   bool
		wasEscaped bool
	)
	take := func(end int) {
		if start >= 0 {
			updates = append(updates, json.RawMessage(bytes.TrimSpace(answer[start:end])))
		}
		start = -1
	}
	for i, c := range answer {
		if inString {
			switch {
			case wasEscaped:
				wasEscaped = false
			case c == '\\':
				wasEscaped = true
			case c == '"':
				inString = false
				if depth == 1 {
					key = string(answer[keyStart:i])
				}
			}
			continue
		}
		if inResult && depth == 2 && start < 0 && c != ',' && c != ']' && !space(c) {
			start = i
		}
		switch c {
		case '"':
			inString, keyStart = true, i+1
		case '{', '[':
			depth++
			if c == '[' && depth == 2 && key == "result" {
				inResult = true
			}
		case ',':
			if inResult && depth == 2 {
				take(i)
			}
		case '}', ']':
			if inResult && depth == 2 {
				take(i)
				return updates, true
			}
			depth--
		}
	}
	return nil, false
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// leadingID is the id of an update that does not decode: Telegram writes it first.
var leadingID = regexp.MustCompile(`^\{\s*"update_id"\s*:\s*(\d{1,18})\s*[,}]`)

func salvageID(update []byte) (int64, bool) {
	m := leadingID.FindSubmatch(update)
	if m == nil {
		return 0, false
	}
	id, err := strconv.ParseInt(string(m[1]), 10, 64)
	return id, err == nil && id > 0
}
