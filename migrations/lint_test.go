package migrations

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// finding is one breach of a rule that the loader does not hold.
type finding struct {
	rule, file string
	line       int
	text       string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.rule, f.text) }

// site is one statement in its surroundings.
type site struct {
	Statement
	m      Migration
	script Script
	at     int             // number of the statement in the script, from 0
	down   bool            // it stands in a rollback
	fresh  map[string]bool // tables that the same script makes before
	all    []Migration
	tables map[string]tableModel // of all up files together
}

// old reports whether the statement is about a table that was there before its file.
func (s site) old(table string) bool { return table != "" && !s.fresh[table] }

// rule says what is wrong with a statement, empty when nothing is.
type rule struct {
	name  string
	check func(site) string
}

// lint holds migrations against the rules.
func lint(all []Migration) []finding {
	var out []finding
	tables := model(all)
	for _, m := range all {
		for _, script := range []Script{m.Up, m.Down} {
			s := site{m: m, script: script, down: script.File == m.Down.File, fresh: map[string]bool{}, all: all, tables: tables}
			for s.at, s.Statement = range script.Statements {
				for _, r := range rules() {
					if text := r.check(s); text != "" {
						out = append(out, finding{r.name, script.File, s.Line, text})
					}
				}
				if made, _ := effects(s.Statement); len(made) > 0 && made[0].kind == TableObject {
					s.fresh[made[0].name] = true
				}
			}
		}
	}
	return out
}

func TestEmbeddedLint(t *testing.T) {
	t.Parallel()
	all, err := load(Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lint(all) {
		t.Error(f)
	}
}

// TestLintRules shows each rule a file that it must refuse, and one that differs by
// what the rule asks for.
func TestLintRules(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for _, f := range fixtures() {
		tried[f.rule] = true
		t.Run(f.rule+"/"+f.name, func(t *testing.T) {
			t.Parallel()
			got := lint(f.bad.migrations(t))
			if len(got) == 0 || slices.ContainsFunc(got, func(g finding) bool { return g.rule != f.rule || g.line == 0 }) {
				t.Errorf("bad: got %v", got)
			}
			if got := lint(f.good.migrations(t)); len(got) > 0 {
				t.Errorf("good: got %v", got)
			}
		})
	}
	for _, r := range rules() {
		if !tried[r.name] {
			t.Errorf("the rule %s is never seen to refuse anything", r.name)
		}
	}
}

// pair is the two files of a migration 002 on top of a table old.
type pair struct{ up, down string }

func (p pair) migrations(t *testing.T) []Migration {
	t.Helper()
	first := pair{"CREATE TABLE old (x int, t text, short text CHECK (octet_length(short) <= 99)); CREATE INDEX old_x ON old (x)", "DROP TABLE old"}
	return []Migration{first.migration(t, 1, "old"), p.migration(t, 2, "fixture")}
}

// migration reads the files without the rules of the loader, some of which are
// stricter in part.
func (p pair) migration(t *testing.T, version int, name string) Migration {
	t.Helper()
	read := func(file, sql string) Script {
		statements, err := Split(sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		said, err := directives(sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		_, alone := said["no-transaction"]
		return Script{File: file, SQL: sql, Statements: statements, NoTransaction: alone, directives: said}
	}
	m := Migration{Version: version, Name: name}
	m.Up = read(fmt.Sprintf("%s_%s.sql", Label(version), name), p.up)
	m.Down = read(fmt.Sprintf("rollbacks/%s_%s_rollback.sql", Label(version), name), p.down)
	m.Irreversible = m.Up.directives["irreversible"]
	m.Class, m.Additive = classify(m)
	return m
}

// tableModel is what the up files together say of a table's columns.
type tableModel map[string]columnModel

type columnModel struct {
	wide    bool // of a type that may be as long as it likes
	bounded bool // by a CHECK
}

// model reads the tables of all up files.
func model(all []Migration) map[string]tableModel {
	out := map[string]tableModel{}
	for _, m := range all {
		for _, st := range m.Up.Statements {
			switch {
			case st.starts("CREATE", "TABLE"):
				_, name, _ := qualified(st.tokens[2:])
				items := elements(st)
				out[name] = tableModel{}
				for _, item := range items {
					out[name].add(item, items)
				}
			case st.starts("ALTER", "TABLE"):
				_, name, acts := actions(st)
				for _, act := range acts {
					if out[name] != nil && len(act) > 0 && act[0].is("ADD") {
						out[name].add(skipWords(act[1:], "COLUMN", "IF", "NOT", "EXISTS"), acts)
					}
				}
			}
		}
	}
	return out
}

// add notes a column's definition; a constraint is none.
func (m tableModel) add(item []token, all [][]token) {
	if len(item) < 2 || slices.ContainsFunc([]string{"PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT", "EXCLUDE", "LIKE"}, item[0].is) {
		return
	}
	name := item[0].ident()
	wide := slices.Contains([]string{"text", "jsonb", "json", "bytea", "xml", "varchar", "citext"}, strings.ToLower(item[1].text))
	m[name] = columnModel{wide: wide, bounded: slices.ContainsFunc(all, func(tokens []token) bool { return bounds(tokens, name) })}
}

// bounds reports whether a definition limits the length of the column, or lists
// its values.
func bounds(tokens []token, column string) bool {
	for i, t := range tokens {
		length := slices.ContainsFunc([]string{"octet_length", "char_length", "length"}, func(f string) bool { return t.is(strings.ToUpper(f)) })
		if length && i+4 < len(tokens) && tokens[i+2].ident() == column && (tokens[i+4].sym("<") || tokens[i+4].is("BETWEEN")) {
			return true
		}
		if t.ident() == column && i+2 < len(tokens) && tokens[i+1].is("IN") && tokens[i+2].sym("(") {
			return true
		}
	}
	return false
}

// elements are the parts between the commas of the statement's first parentheses.
func elements(st Statement) [][]token {
	var out [][]token
	for _, group := range groups(st.tokens)[:1] {
		depth, first := 0, 0
		for i, t := range group {
			switch {
			case t.sym("("):
				depth++
			case t.sym(")"):
				depth--
			case depth == 0 && t.sym(","):
				out = append(out, group[first:i])
				first = i + 1
			}
		}
		out = append(out, group[first:])
	}
	return out
}

// groups are the insides of the parentheses that are in no others; at least one,
// which may be empty.
func groups(tokens []token) [][]token {
	var out [][]token
	depth, first := 0, 0
	for i, t := range tokens {
		if t.sym("(") {
			if depth++; depth == 1 {
				first = i + 1
			}
		}
		if t.sym(")") {
			if depth--; depth == 0 {
				out = append(out, tokens[first:i])
			}
		}
	}
	if out == nil {
		return [][]token{nil}
	}
	return out
}
