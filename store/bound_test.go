package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"healthagent/store"
)

// shapes are JSON of growing size: those that jsonb blows up most, in keys, in depth and in numbers.
var shapes = map[string]func(r *rand.Rand, n int) string{
	"nothing": func(*rand.Rand, int) string { return "" },
	"depth":   func(_ *rand.Rand, n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) },
	"ones":    func(_ *rand.Rand, n int) string { return "[1" + strings.Repeat(",1", n) + "]" },
	"digits": func(r *rand.Rand, n int) string {
		return "[0" + strings.Join(list(n, func(int) string { return fmt.Sprint(",", r.IntN(10)) }), "") + "]"
	},
	"fractions": func(r *rand.Rand, n int) string {
		return "[0" + strings.Join(list(n, func(int) string { return fmt.Sprintf(",%d.%de%d", r.IntN(10), r.IntN(1000), r.IntN(9)) }), "") + "]"
	},
	"keys": func(r *rand.Rand, n int) string {
		return "{" + strings.Join(list(n, func(i int) string { return fmt.Sprintf(`"%c%d":%d`, 'a'+r.IntN(26), i, r.IntN(10)) }), ",") + "}"
	},
	"empties": func(_ *rand.Rand, n int) string {
		return "{" + strings.Join(list(n, func(i int) string { return fmt.Sprintf(`"%x":{}`, i) }), ",") + "}"
	},
	"cjk": func(r *rand.Rand, n int) string {
		return "{" + strings.Join(list(n, func(i int) string {
			return fmt.Sprintf(`"%c%c%d":"%c"`, 0x4e00+r.IntN(0x5000), 0x4e00+r.IntN(0x5000), i, 0x4e00+r.IntN(0x5000))
		}), ",") + "}"
	},
	"text": func(r *rand.Rand, n int) string { return `{"text":"` + noise(r, n) + `"}` },
}

func list(n int, one func(i int) string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = one(i)
	}
	return all
}

// noise is text that cannot be compressed.
func noise(r *rand.Rand, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:,;+*()[]?!#%/=~^"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

// No message may fail whatever its size and shape: a tuple of the covering index that is too large makes the INSERT fail. Here are
// the largest that are in the index by its predicate, the smallest that are not, and large ones.
func TestMessagesAtTheBoundOfTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := rand.New(rand.NewPCG(7, 8))
	user := int64(0)
	stored := func(name, content, metadata string, indexed bool) {
		t.Helper()
		user++
		w.member(user)
		m := store.Message{Role: store.FromAssistant, Content: content, Type: strings.Repeat("t", 32)}
		if metadata != "" {
			m.Metadata = json.RawMessage(metadata)
		}
		if err := w.Do(t.Context(), func(_ context.Context, tx *store.Tx) error { tx.AddMessage(user, m); return nil }); err != nil {
			t.Errorf("%s: %s", name, store.Reason(err))
			return
		}
		window, err := w.Window(t.Context(), user)
		must(t, err)
		text := get[string](w, `SELECT coalesce(metadata::text, '') FROM conversation_history WHERE user_id = $1`, user)
		if len(window) != 1 || window[0].Content != content || string(window[0].Metadata) != text || !sameJSON(window[0].Metadata, m.Metadata) {
			t.Errorf("%s came back as %.300s", name, fmt.Sprint(window))
		}
		equal(t, name+" is in the index", get[bool](w, `SELECT octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) <= 2500
			FROM conversation_history WHERE user_id = $1`, user), indexed)
	}
	for name, shape := range shapes {
		size := func(metadata string) int { // of its text as PostgreSQL writes it
			if metadata == "" {
				return 0
			}
			return get[int](w, `SELECT octet_length($1::text::jsonb::text)`, metadata)
		}
		for _, part := range []int{1, 2, 4} { // of the bound, how much is metadata
			metadata := ""
			for n, step := 0, 1024; step > 0 && name != "nothing"; step /= 2 {
				if next := shape(r, n+step); 4*size(next) <= 2500/part {
					n, metadata = n+step, next
				}
			}
			if name != "nothing" && 4*size(metadata) < 2500/part-250 {
				t.Errorf("%s does not come near to the bound: %d bytes", name, size(metadata))
			}
			rest := 2500 - 4*size(metadata)
			stored(fmt.Sprint(name, " at the bound, a part of ", part), noise(r, rest), metadata, true)
			stored(fmt.Sprint(name, " over the bound, a part of ", part), noise(r, rest+1), metadata, false)
		}
		if name != "nothing" {
			stored(name+", large", "", shape(r, 3000), false)
		}
	}
	var emoji strings.Builder
	for range 4096 {
		emoji.WriteRune(0x10000 + r.Int32N(0x10000))
	}
	stored("4096 letters of 4 bytes", emoji.String(), "", false)
	stored("625 letters of 4 bytes", string([]rune(emoji.String())[:625]), "", true)
	stored("all of it", emoji.String(), shapes["cjk"](r, 2000), false)
	equal(t, "people", w.count(`conversation_history`), int(user))
}
