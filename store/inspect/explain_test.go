package inspect_test

import (
	"slices"
	"strings"
	"testing"

	"healthagent/store/inspect"
)

// conversationSQL is the store's query of a conversation's window.
const conversationSQL = `
SELECT /* get_conversation_history */ id, role, content, message_type, metadata, "timestamp"
FROM (
    (SELECT id, role, content, message_type, metadata, "timestamp"
     FROM   conversation_history
     WHERE  user_id = $1
     AND    octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) <= 2500
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $2)
    UNION ALL
    (SELECT id, role, content, message_type, metadata, "timestamp"
     FROM   conversation_history
     WHERE  user_id = $1
     AND    octet_length(content) + 4 * coalesce(octet_length(metadata::text), 0) > 2500
     ORDER  BY "timestamp" DESC, id DESC
     LIMIT  $2)
) AS halves
ORDER BY "timestamp" DESC, id DESC
LIMIT $2`

const (
	covering = "idx_conversation_history_user_timestamp_covering"
	long     = "idx_conversation_history_user_timestamp_long"
)

// talked is a world with conversations of many people.
func talked(t *testing.T) *world {
	w := migrated(t)
	w.exec(`INSERT INTO users (telegram_id) SELECT generate_series(1, 200)`)
	w.exec(`INSERT INTO conversation_history (user_id, role, content)
	        SELECT u, 'user', repeat('a', 20 + n % 100) FROM generate_series(1, 200) u, generate_series(1, 100) n`)
	w.vacuum("conversation_history")
	return w
}

func TestExplainOfTheConversation(t *testing.T) {
	t.Parallel()
	w := talked(t)
	generic, err := w.Explain(t.Context(), conversationSQL, inspect.ExplainOptions{})
	must(t, err)
	equal(t, "summary", generic.Summary(), "Merge Append(Index Only Scan "+covering+", Index Scan "+long+")")
	equal(t, "analyzed", generic.Analyzed, false)
	n, found := generic.Uses(covering)
	if !found || !strings.Contains(n.IndexCond, "$1") || n.Relation != "conversation_history" || n.Cost <= 0 || n.Rows <= 0 {
		t.Errorf("not a generic plan's node: %+v", n)
	}
	if _, found := generic.Uses("idx_users_telegram_id_active"); found {
		t.Error("an index that it does not use")
	}

	ran, err := w.Explain(t.Context(), conversationSQL, inspect.ExplainOptions{Analyze: true, Args: []any{int64(7), 20}})
	must(t, err)
	equal(t, "rows", ran.Root.ActualRows, 20)
	equal(t, "heap fetches", ran.HeapFetches(), 0)
	if ran.Buffers() == 0 || ran.Buffers() > 20 || ran.ExecutionMS <= 0 {
		t.Errorf("%d buffers in %v ms", ran.Buffers(), ran.ExecutionMS)
	}
	equal(t, "same plan", ran.Summary(), generic.Summary())

	w.exec(`INSERT INTO conversation_history (user_id, role, content) SELECT 7, 'user', 'new' FROM generate_series(1, 20)`)
	ran, err = w.Explain(t.Context(), conversationSQL, inspect.ExplainOptions{Analyze: true, Args: []any{int64(7), 20}})
	must(t, err)
	equal(t, "heap fetches of new rows", ran.HeapFetches(), 20)

	custom, err := w.Explain(t.Context(), conversationSQL, inspect.ExplainOptions{Custom: true, Args: []any{int64(7), 20}})
	must(t, err)
	n, _ = custom.Uses(covering)
	if strings.Contains(n.IndexCond, "$1") || !strings.Contains(n.IndexCond, "7") {
		t.Errorf("not a custom plan: %s", n.IndexCond)
	}
}

func TestExplainOnASmallTable(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	const sql = `SELECT /* get_user */ timezone FROM users WHERE telegram_id = $1 AND subscription_status = 'active'`
	w.exec(`INSERT INTO users (telegram_id) VALUES (1), (2)`)
	w.exec(`ANALYZE users`)
	plain, err := w.Explain(t.Context(), sql, inspect.ExplainOptions{})
	must(t, err)
	equal(t, "by default", plain.Summary(), "Seq Scan users")
	forced, err := w.Explain(t.Context(), sql, inspect.ExplainOptions{NoSeqScan: true})
	must(t, err)
	if _, found := forced.Uses("idx_users_telegram_id_active"); !found {
		t.Errorf("with scans off: %s", forced.Summary())
	}
}

// What is run is taken back, and may lock and write meanwhile.
func TestExplainTakesBackWhatItRan(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	_, err := w.Explain(t.Context(), `INSERT /* add */ INTO users (telegram_id, timezone) VALUES ($1, $2)`,
		inspect.ExplainOptions{Analyze: true, Args: []any{int64(1), "it's \\ UTC"}})
	must(t, err)
	equal(t, "rows", get[int](w, `SELECT count(*) FROM users`), 0)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	p, err := w.Explain(t.Context(), `SELECT telegram_id FROM users FOR UPDATE SKIP LOCKED`, inspect.ExplainOptions{Analyze: true})
	must(t, err)
	equal(t, "rows", p.Root.ActualRows, 1)
	var kinds []string
	for n := range p.Walk() {
		kinds = append(kinds, n.Type)
	}
	equal(t, "first", kinds[0], "LockRows")
	equal(t, "nodes", len(kinds), 2)
	// a generic plan of a write runs nothing
	p, err = w.Explain(t.Context(), `DELETE FROM users WHERE telegram_id = $1`, inspect.ExplainOptions{})
	must(t, err)
	equal(t, "operation", p.Root.Operation, "Delete")
	equal(t, "rows", get[int](w, `SELECT count(*) FROM users`), 1)
}

func TestExplainRefuses(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1)`)
	for name, c := range map[string]struct {
		sql  string
		opts inspect.ExplainOptions
		want string
	}{
		"two statements":  {`SELECT 1; DELETE FROM users`, inspect.ExplainOptions{}, "multiple commands"},
		"no values":       {`DELETE FROM users WHERE telegram_id = $1`, inspect.ExplainOptions{Analyze: true}, "give the values"},
		"too many values": {`SELECT 1 FROM users WHERE telegram_id = $1`, inspect.ExplainOptions{Args: []any{1, 2}}, "1 parameters, not 2"},
		"no such table":   {`SELECT 1 FROM nowhere`, inspect.ExplainOptions{}, "42P01"},
	} {
		_, err := w.Explain(t.Context(), c.sql, c.opts)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	equal(t, "rows", get[int](w, `SELECT count(*) FROM users`), 1)
}

// A caller that stops looking at a plan gets no more of it.
func TestWalkStops(t *testing.T) {
	t.Parallel()
	p := inspect.Plan{Root: inspect.Node{Type: "a", Children: []inspect.Node{{Type: "b", Children: []inspect.Node{{Type: "c"}}}, {Type: "d"}}}}
	var seen []string
	for n := range p.Walk() {
		seen = append(seen, n.Type)
		if n.Type == "b" {
			break
		}
	}
	if !slices.Equal(seen, []string{"a", "b"}) {
		t.Error(seen)
	}
	equal(t, "summary", p.Summary(), "a(b(c), d)")
}
