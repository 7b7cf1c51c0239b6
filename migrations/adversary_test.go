package migrations_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/migrations"
	"healthagent/test/rig"
)

// bound is the predicate's: content and four times the metadata's text, in bytes.
const bound = 2500

// noise is n bytes of text that no compression shortens, in characters of one to
// four bytes.
func noise(r *rand.Rand, n int) string {
	var b strings.Builder
	b.Grow(n)
	for left := n; left > 0; left = n - b.Len() {
		ranges := [][2]rune{{0x21, 0x7e}, {0xa1, 0x7ff}, {0x4e00, 0x9fff}, {0x1f300, 0x1faff}}
		pick := ranges[r.IntN(min(left, len(ranges)))]
		b.WriteRune(pick[0] + r.Int32N(pick[1]-pick[0]+1))
	}
	return b.String()
}

// repeated is an array, or an object, of n parts.
func repeated(n int, open, closing string, part func(i int) string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = part(i)
	}
	return open + strings.Join(parts, ",") + closing
}

// shapes are documents whose binary form is large beside their text.
func shapes(r *rand.Rand) map[string]func(n int) string {
	same := func(s string) func(int) string { return func(int) string { return s } }
	return map[string]func(n int) string{
		"digits":  func(n int) string { return repeated(n, "[", "]", func(int) string { return fmt.Sprint(r.IntN(10)) }) },
		"numbers": func(n int) string { return repeated(n, "[", "]", func(int) string { return fmt.Sprint(r.Uint64()) }) },
		"decimals": func(n int) string {
			return repeated(n, "[", "]", func(int) string { return fmt.Sprintf("0.%d", r.Uint32()) })
		},
		"empty":  func(n int) string { return repeated(n, "[", "]", same(`""`)) },
		"true":   func(n int) string { return repeated(n, "[", "]", same("true")) },
		"lists":  func(n int) string { return repeated(n, "[", "]", same("[]")) },
		"nested": func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) },
		"keys": func(n int) string {
			return repeated(n, "{", "}", func(i int) string { return fmt.Sprintf(`"%x":%d`, i, r.IntN(10)) })
		},
		"objects": func(n int) string { return repeated(n, "[", "]", same(`{"a":1}`)) },
		"text":    func(n int) string { return `"` + strings.Map(unquoted, noise(r, n)) + `"` },
	}
}

func unquoted(c rune) rune {
	if c == '"' || c == '\\' {
		return '_'
	}
	return c
}

// TestNoMessageIsTooLongForTheIndexes: the largest rows that the covering index
// takes are accepted by all eight, and one byte more goes to the twin. The covering
// index of the specification refused such rows, and they were lost.
func TestNoMessageIsTooLongForTheIndexes(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	conn := connect(t, url)
	mustExec(t, url, "INSERT INTO users (telegram_id) VALUES (1)")
	const seed = 17
	r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same rows every time
	within, above := 0, 0
	insert := func(name string, metadata *string) {
		size := 0
		if metadata != nil {
			if err := conn.QueryRow(t.Context(), "SELECT octet_length($1::text::jsonb::text)", metadata).Scan(&size); err != nil {
				t.Fatal(err)
			}
		}
		room := bound - 4*size
		if room < 0 {
			t.Fatalf("%s: %d bytes do not fit", name, size)
		}
		for _, extra := range []int{0, 1, 20_000} {
			_, err := conn.Exec(t.Context(), `
INSERT INTO conversation_history (user_id, role, content, message_type, metadata)
VALUES ($1, 'assistant', $2, $3, $4::text::jsonb)`, int64(1), noise(r, room+extra), noise(r, 32), metadata)
			if err != nil {
				t.Errorf("%s, %d bytes of metadata, %d over the bound: %v", name, size, extra, err)
			}
		}
		within, above = within+1, above+2
	}
	insert("no metadata", nil)
	for name, shape := range shapes(r) {
		n := 1
		for ; len(spaced(shape(n+1))) <= bound/4; n++ {
		}
		for _, n := range []int{1, n / 2, n} {
			document := shape(n)
			for len(spaced(document)) > bound/4 {
				document = shape(n) // of random length
			}
			insert(name, &document)
		}
	}
	entries := func(index string) int {
		return value[int](t, url, "SELECT reltuples::int FROM pg_class WHERE relname = $1", index)
	}
	mustExec(t, url, "ANALYZE conversation_history")
	const name = "idx_conversation_history_user_timestamp"
	if c, l, p := entries(name+"_covering"), entries(name+"_long"), entries(name); c != within || l != above || p != within+above {
		t.Errorf("covering %d of %d, long %d of %d, plain %d", c, within, l, above, p)
	}
	if stored := value[int](t, url, "SELECT count(*) FROM conversation_history"); stored != within+above {
		t.Errorf("%d rows stored", stored)
	}
}

// spaced is how the server writes the document, which sets spaces between its parts.
func spaced(document string) string {
	return strings.ReplaceAll(strings.ReplaceAll(document, ",", ", "), ":", ": ")
}

// TestNoIndexIsRedundant looks at the keys alone, predicates and INCLUDE left out,
// and so finds more than there is; each pair that is meant has its reason here.
func TestNoIndexIsRedundant(t *testing.T) {
	t.Parallel()
	meant := map[string]string{
		"idx_conversation_history_user_timestamp < idx_conversation_history_user_timestamp_covering":      "the longer one is partial: it cannot answer queries that know nothing of the two halves",
		"idx_conversation_history_user_timestamp < idx_conversation_history_user_timestamp_long":          "so is this one",
		"idx_conversation_history_user_timestamp_covering = idx_conversation_history_user_timestamp_long": "their predicates exclude each other",
		"idx_users_telegram_id_active = users_pkey":                                                       "partial, with what admission needs: answered without the table",
	}
	rows, err := connect(t, rig.Postgres(t)).Query(t.Context(), `
WITH keys AS (
    SELECT indexrelid::regclass::text AS name, indrelid, indnkeyatts AS n,
           (indkey::int2[])[0:indnkeyatts - 1]    AS cols,
           (indclass::oid[])[0:indnkeyatts - 1]   AS classes,
           (indoption::int2[])[0:indnkeyatts - 1] AS options
    FROM   pg_index
    WHERE  indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
)
SELECT a.name || CASE WHEN a.n = b.n THEN ' = ' ELSE ' < ' END || b.name
FROM   keys AS a
JOIN   keys AS b ON a.indrelid = b.indrelid AND a.name <> b.name
                AND (a.n < b.n OR a.n = b.n AND a.name < b.name)
                AND a.cols = b.cols[1:a.n] AND a.classes = b.classes[1:a.n]
WHERE  a.n = 1 OR a.options = b.options[1:a.n]`)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range pairs {
		if meant[pair] == "" {
			t.Errorf("redundant: %s", pair)
		}
		delete(meant, pair)
	}
	for pair := range meant {
		t.Errorf("there is no such pair any more: %s", pair)
	}
}

// TestVerifyEmbeddedWithFewRows has so little in the tables that the planner wants
// no index: that is no reason to call one unusable.
func TestVerifyEmbeddedWithFewRows(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	mustExec(t, url, `
INSERT INTO users (telegram_id, leaderboard_name) SELECT i, 'name ' || i FROM generate_series(1, 20) AS i;
INSERT INTO conversation_history (user_id, role, content) SELECT 1 + i % 20, 'user', repeat('x', i) FROM generate_series(1, 200) AS i;
INSERT INTO conversation_history (user_id, role, content) VALUES (1, 'user', repeat('x', 9999));
INSERT INTO food_entries (user_id, food_name, grams, calories) SELECT 1 + i % 20, 'food ' || i % 7, 100, 100 FROM generate_series(1, 200) AS i;
INSERT INTO reminders (user_id, message, next_execution_time) SELECT i, 'm', now() FROM generate_series(1, 20) AS i;
INSERT INTO user_gamification (user_id, total_xp) SELECT i, i FROM generate_series(1, 20) AS i;
ANALYZE;`, pgx.QueryExecModeSimpleProtocol)
	v := verify(t, engine(t, url, nil, asking(productQueries()...)), false)
	usable := 0
	for _, c := range v.Indexes {
		if c.Verdict == migrations.Usable {
			usable++
		}
		if c.Verdict != migrations.Usable && c.Verdict != migrations.Chosen {
			t.Errorf("%+v", c)
		}
	}
	if !v.OK || usable == 0 {
		t.Errorf("ok %t, %d only usable", v.OK, usable)
	}
}
