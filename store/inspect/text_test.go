package inspect

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestShownHoldsNoValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, want string }{
		{"SELECT /* get_user */ 'secret'", "get_user"},
		{"SELECT 'secret'", "SELECT"},
		{"  select\n 1", "SELECT"},
		{"/* secret words */ UPDATE t SET a = 'secret'", "UPDATE"},
		{"/* secret */", "?"},
		{"-- secret\nDELETE FROM t", "DELETE"},
		{"SELECT /* secret words */ 1", "SELECT"},
		{"/* geheim€ */ SELECT 1", "SELECT"},
		{"secret", "?"},
		{"'secret", "?"},
		{"COMMIT;", "COMMIT"},
		{"(SELECT 1)", "?"},
		{"", ""},
		{"<insufficient privilege>", "?"},
	} {
		if got := shown(c.sql); got != c.want {
			t.Errorf("%q: got %q, want %q", c.sql, got, c.want)
		}
	}
}

func TestScrub(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, want string }{
		{"SELECT $1,\n\t$2", "SELECT $1, $2"},
		{"SELECT 'se''cret', a", "SELECT ?, a"},
		{`SELECT E'se\'cret', a`, "SELECT ?, a"},
		{`SELECT U&'secret', B'1', x'1F', n'a'`, "SELECT ?, ?, ?, ?"},
		{"SELECT $$secret$$, a", "SELECT ?, a"},
		{"SELECT $tag$secret $$ words$tag$", "SELECT ?"},
		{"SELECT 'secret -- it", "SELECT ?"},
		{`SELECT "it's", a FROM "T 1"`, `SELECT ?, a FROM "T 1"`},
		{"SELECT 1, 1.5e3, .5, 0xFF, 1_000 FROM t1 WHERE a2 = -3", "SELECT ?, ?, ?, ?, ? FROM t1 WHERE a2 = -?"},
		{"SELECT /* name */ a -- secret\n, b /* secret", "SELECT a , b"},
		{"SELECT /* a /* secret */ secret */ 1", "?"},
		{"SELECT größe FROM maße WHERE größe='secret'", "SELECT größe FROM maße WHERE größe=?"},
	} {
		if got := scrub(c.sql); got != c.want {
			t.Errorf("%q: got %q, want %q", c.sql, got, c.want)
		}
	}
}

func TestStatementShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, name, query string }{
		{"SELECT /* get_user */ a FROM t WHERE b = $1", "get_user", "SELECT a FROM t WHERE b = $1"},
		{"SELECT a FROM t WHERE b = 'secret'", Unnamed, "SELECT a FROM t WHERE b = ?"}, // an entry evicted while it ran
		{"ALTER ROLE secret PASSWORD 'secret'", Unnamed, "ALTER ROLE"},
		{"SET SESSION a.b = secret", Unnamed, "SET SESSION"},
		{"NOTIFY c, 'secret'", Unnamed, "NOTIFY"},
		{"COPY secret FROM STDIN", Unnamed, "COPY"},
		{"EXPLAIN SELECT 'secret'", Unnamed, "EXPLAIN SELECT"},
		{"CREATE INDEX CONCURRENTLY i ON t (a)", Unnamed, "CREATE INDEX CONCURRENTLY"},
		{"DO $$ secret $$", Unnamed, "DO"},
	} {
		got := Statement{Query: c.text}.shown()
		if got.Name != c.name || got.Query != c.query {
			t.Errorf("%q: got %q %q", c.text, got.Name, got.Query)
		}
	}
	long := Statement{Query: "SELECT " + strings.Repeat("ä", 500)}.shown().Query
	if n := len([]rune(long)); n != 200 || !strings.HasSuffix(long, "…") {
		t.Errorf("%d characters", n)
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	session := func(pid int, by ...int) Session { return Session{PID: pid, BlockedBy: by} }
	for name, c := range map[string]struct {
		sessions []Session
		want     []int // pid, depth, …
	}{
		"nobody":        {[]Session{session(1), session(2)}, nil},
		"a chain":       {[]Session{session(3, 2), session(2, 1), session(1), session(4)}, []int{1, 0, 2, 1, 3, 2}},
		"two blockers":  {[]Session{session(3, 1, 2), session(1), session(2)}, []int{1, 0, 3, 1, 2, 0}},
		"a circle":      {[]Session{session(1, 2), session(2, 1), session(3, 1)}, []int{1, 0, 2, 1, 3, 1}},
		"itself":        {[]Session{session(1, 1)}, []int{1, 0}},
		"prepared":      {[]Session{session(1, 0)}, []int{0, 0, 1, 1}},
		"another world": {[]Session{session(1, 99)}, []int{99, 0, 1, 1}},
	} {
		var got []int
		for _, b := range tree(c.sessions) {
			got = append(got, b.Session.PID, b.Depth)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
			continue
		}
		for k := range got {
			if got[k] != c.want[k] {
				t.Errorf("%s: got %v, want %v", name, got, c.want)
				break
			}
		}
	}
}

func TestStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command, phase string
		number, of     int
	}{
		{"CREATE INDEX", "initializing", 0, 3},
		{"CREATE INDEX", "building index: loading tuples in tree", 3, 3},
		{"CREATE INDEX CONCURRENTLY", "waiting for writers before build", 1, 9},
		{"CREATE INDEX CONCURRENTLY", "building index", 2, 9},
		{"CREATE INDEX CONCURRENTLY", "waiting for old snapshots", 9, 9},
		{"REINDEX CONCURRENTLY", "waiting for readers before dropping", 11, 11},
		{"CREATE INDEX CONCURRENTLY", "something new", 0, 9},
	} {
		if number, of := step(c.command, c.phase); number != c.number || of != c.of {
			t.Errorf("%s %s: %d of %d", c.command, c.phase, number, of)
		}
	}
}

func TestWaitingForATurnEndsWithTheContext(t *testing.T) {
	t.Parallel()
	i, err := Open(Config{URL: "host=/nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	i.turn <- struct{}{}
	ctx, cancel := context.WithCancelCause(t.Context())
	tired := errors.New("tired")
	cancel(tired)
	if _, err := i.Tables(ctx); !errors.Is(err, tired) {
		t.Error(err)
	}
	<-i.turn
}
