package migrations

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql string
		want      []string
	}{
		{"nothing", " ;; -- x\n /* y */ ;", nil},
		{"two", "a; b", []string{"a", "b"}},
		{"no last semicolon", "a;\nb\n", []string{"a", "b"}},
		{"quote", "select ';'; b", []string{"select ';'", "b"}},
		{"doubled quote", "select 'it''s;'; b", []string{"select 'it''s;'", "b"}},
		{"backslash is plain", `select '\'; b`, []string{`select '\'`, "b"}},
		{"escape string", `select E'\';'; b`, []string{`select E'\';'`, "b"}},
		{"escape string, lower", `select e'\\'; b`, []string{`select e'\\'`, "b"}},
		{"escape string goes on", "select E'a'\n  '\\';'; b", []string{"select E'a'\n  '\\';'", "b"}},
		{"string goes on behind a comment", "select E'a' -- c'\n '\\';'; b", []string{"select E'a' -- c'\n '\\';'", "b"}},
		{"no continuation on one line", `select E'a' '\'; b`, []string{`select E'a' '\'`, "b"}},
		{"name ending in e", `select name'\'; b`, []string{`select name'\'`, "b"}},
		{"national and bit strings", `select n'\', b'1;', x'f', u&'\0041;'; b`, []string{`select n'\', b'1;', x'f', u&'\0041;'`, "b"}},
		{"identifier", `select "a;""b;"; b`, []string{`select "a;""b;"`, "b"}},
		{"dollar", "do $$ x; y $$; b", []string{"do $$ x; y $$", "b"}},
		{"dollar tag", "do $f$ $$;$g$; $f$; b", []string{"do $f$ $$;$g$; $f$", "b"}},
		{"dollar tag of letters", "do $é_1$ ; $é_1$; b", []string{"do $é_1$ ; $é_1$", "b"}},
		{"dollar in a name", "select a$b$; c$b$; d", []string{"select a$b$", "c$b$", "d"}},
		{"parameter", "select $1; $2", []string{"select $1", "$2"}},
		{"line comment", "a -- ; '\n b; c", []string{"a -- ; '\n b", "c"}},
		{"nested comment", "a /* ; /* ; */ ' ; */ b; c", []string{"a /* ; /* ; */ ' ; */ b", "c"}},
		{"comment before", "-- head\n/* x */ a; -- tail", []string{"a"}},
		{"operators", "select 1 - - 2 / 3 -> 'x' ->> 'y' #>> '{;}'; b", []string{"select 1 - - 2 / 3 -> 'x' ->> 'y' #>> '{;}'", "b"}},
		{"rule in parentheses", "create rule r as on insert to t do (a; b); c", []string{"create rule r as on insert to t do (a; b)", "c"}},
		{
			"function body", "create or replace function f() returns int begin atomic select 1; select case when true then 2 end; end; b",
			[]string{"create or replace function f() returns int begin atomic select 1; select case when true then 2 end; end", "b"},
		},
		{"begin outside a function", "begin; end; b", []string{"begin", "end", "b"}},
		{"case outside a function", "select case when a then b end; c", []string{"select case when a then b end", "c"}},
		{"begin as a column", "create table t (begin int); b", []string{"create table t (begin int)", "b"}},
		{"carriage returns", "a;\r\nb;\r\n", []string{"a", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Split(tt.sql)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, s := range got {
				texts = append(texts, s.Text)
			}
			if !slices.Equal(texts, tt.want) {
				t.Errorf("got  %q\nwant %q", texts, tt.want)
			}
		})
	}
}

func TestSplitLines(t *testing.T) {
	t.Parallel()
	got, err := Split("-- head\n\nselect 1,\n 2; select\n3;\n/*\n*/ select 4")
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, s := range got {
		lines = append(lines, s.Line)
	}
	if !slices.Equal(lines, []int{3, 4, 7}) {
		t.Errorf("lines %v", lines)
	}
	if first := got[0].FirstLine(); first != "select 1," {
		t.Errorf("first line %q", first)
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"a;\n'x":        "2: a string",
		"E'x\\'":        "1: a string",
		"\n\n\"x":       "3: a quoted identifier",
		`""`:            "1: an empty quoted identifier",
		"/* /* */":      "1: a comment",
		"$x$ $y$ $X$":   "1: a string opened by $x$",
		"\\i other.sql": "1: a backslash",
	} {
		_, err := Split(sql)
		if err == nil || !strings.Contains(err.Error(), ":"+want) {
			t.Errorf("%q: got %v, want %s", sql, err, want)
		}
	}
}

// FuzzSplit holds that statements are verbatim pieces in order, that nothing but
// space, comments and semicolons lies between them, and that each is one statement.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"a; b", "select E'\\';' ; x", "do $a$;$a$; /* /* */ */", "create function f() begin atomic select 1; end; b",
		"select 'a'\n'b;'; \"x\"\"y\";", "--\r;\n$1$;", "(;);)", "1e'\\';'", "É$x$;",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		statements, err := Split(sql)
		if err != nil {
			return
		}
		end := 0
		for _, s := range statements {
			if s.offset < end || sql[s.offset:s.offset+len(s.Text)] != s.Text {
				t.Fatalf("%q: %q is not at %d", sql, s.Text, s.offset)
			}
			onlySpace(t, sql[end:s.offset])
			end = s.offset + len(s.Text)
			again, err := Split(s.Text)
			if err != nil || len(again) != 1 || again[0].Text != s.Text {
				t.Fatalf("%q split again: %v %v", s.Text, again, err)
			}
		}
		onlySpace(t, sql[end:])
	})
}

func onlySpace(t *testing.T, gap string) {
	t.Helper()
	tokens, err := scan(gap)
	if err != nil {
		t.Fatalf("gap %q: %v", gap, err)
	}
	for _, tok := range tokens {
		if !tok.sym(";") {
			t.Fatalf("gap %q holds %q", gap, tok.text)
		}
	}
}
