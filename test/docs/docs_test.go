// Package docs holds the documentation to its word.
package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// blocks are the fenced blocks of a language in a page.
func blocks(page, language string) []string {
	var out []string
	for {
		_, rest, found := strings.Cut(page, "```"+language+"\n")
		if !found {
			return out
		}
		block, after, closed := strings.Cut(rest, "```")
		if !closed {
			return out
		}
		out = append(out, block)
		page = after
	}
}

// TestStatementsToPasteRun runs every SQL block of every page.
func TestStatementsToPasteRun(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	conn, err := pgx.Connect(t.Context(), rig.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	ran := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range blocks(string(text), "sql") {
			if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Errorf("%s: %v\n%s", filepath.Base(page), err, sql)
			}
			ran++
		}
	}
	if ran < 6 {
		t.Errorf("only %d statements were found", ran)
	}
}
