package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"healthagent/store"
)

func TestMessagesKeepTheirExactText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1)
	random := rand.New(rand.NewPCG(1, 2))
	var any16k strings.Builder
	for any16k.Len() < 16<<10 {
		any16k.WriteRune(random.Int32N(utf8.MaxRune + 1)) // a surrogate becomes U+FFFD
	}
	noise := make([]byte, 16<<10)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	whole := func(s string) string { return s }
	replaced := func(s string) string {
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	for i, c := range []struct {
		text string
		want func(string) string
	}{
		{"", whole},
		{" \t\r\n trailing  ", whole},
		{"it's \\ 'quoted' $1 %s \u202e \ufeff \u2028", whole},
		{"e\u0301 \U0001F468\u200D\U0001F469\u200D\U0001F467", whole},
		{strings.Repeat("\U0001F9C3", 4096), whole},
		{strings.Repeat("x", 1<<20), whole},
		{strings.ReplaceAll(any16k.String(), "\x00", "0"), whole},
		{"a\x00b\x00", func(string) string { return "a\uFFFDb\uFFFD" }},
		{"\xff\xfe", func(string) string { return "\uFFFD" }},
		{"ok\xed\xa0\x80ok", func(string) string { return "ok\uFFFDok" }}, // a surrogate in UTF-8
		{string(noise), replaced},
	} {
		user := int64(100 + i)
		w.member(user)
		w.do(func(_ context.Context, tx *store.Tx) error {
			tx.AddMessage(user, store.Message{Role: store.FromUser, Content: c.text, Type: "text"})
			return nil
		})
		for _, s := range []*store.Store{w.Store, w.open()} {
			window, err := s.Window(t.Context(), user)
			must(t, err)
			if len(window) != 1 || window[0].Content != c.want(c.text) {
				t.Errorf("%.40q came back as %.80q", c.text, fmt.Sprint(window))
			}
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	big, err := json.Marshal(map[string]string{"text": strings.Repeat("\U0001F9C3<\"", 3000)})
	must(t, err)
	for i, raw := range []string{"", `{}`, `{"asked":{"options":[1,2.5,null,true]}}`, string(big), `{"text":"a\u0000b"}`} {
		user := int64(i + 1)
		w.member(user)
		w.do(func(_ context.Context, tx *store.Tx) error {
			m := store.Message{Role: store.FromAssistant, Content: "?", Type: "text"}
			if raw != "" {
				m.Metadata = json.RawMessage(raw)
			}
			tx.AddMessage(user, m)
			return nil
		})
		window, err := w.Window(t.Context(), user)
		must(t, err)
		if raw == "" {
			equal(t, "no metadata", window[0].Metadata == nil, true)
			continue
		}
		want := strings.ReplaceAll(raw, `\u0000`, `\ufffd`)
		if !sameJSON(window[0].Metadata, json.RawMessage(want)) {
			t.Errorf("%.60s came back as %.60s", raw, window[0].Metadata)
		}
	}
}

func sameJSON(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// The newest twenty, oldest first, whichever of the two indexes a message is in.
func TestWindowOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member(1, 2)
	random := rand.New(rand.NewPCG(3, 4))
	long := strings.Repeat("long ", 600)
	for i := range 60 {
		content := fmt.Sprint(i)
		if random.IntN(2) == 0 {
			content += long
		}
		// three share an instant each, and the ids come in another order than the instants
		w.exec(`INSERT INTO conversation_history (user_id, id, role, content, "timestamp") VALUES (1, $1, 'user', $2, $3)`,
			1000+(i*37)%60, content, w.now.Add(time.Duration(i/3)*time.Second))
	}
	w.exec(`INSERT INTO conversation_history (user_id, role, content) VALUES (2, 'user', 'another person')`)
	window, err := w.Window(t.Context(), 1)
	must(t, err)
	equal(t, "messages", len(window), store.WindowSize)
	rows, err := w.db.Query(t.Context(), `SELECT id, content FROM (SELECT * FROM conversation_history WHERE user_id = 1
		ORDER BY "timestamp" DESC, id DESC LIMIT 20) AS newest ORDER BY "timestamp", id`)
	must(t, err)
	for i := 0; rows.Next(); i++ {
		var id int64
		var content string
		must(t, rows.Scan(&id, &content))
		if window[i].ID != id || window[i].Content != content {
			t.Errorf("place %d: %d, want %d", i, window[i].ID, id)
		}
	}
	must(t, rows.Err())
}

// sameWindow compares what counts: an instant whatever its zone, metadata whatever its spaces.
func sameWindow(a, b []store.Message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.ID != y.ID || x.Role != y.Role || x.Content != y.Content || x.Type != y.Type || !x.Time.Equal(y.Time) ||
			!sameJSON(x.Metadata, y.Metadata) {
			return false
		}
	}
	return true
}
