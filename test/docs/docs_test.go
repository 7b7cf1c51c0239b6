// Package docs holds the documentation to its word: what it says can be pasted does run or is at least understood, what it links is
// there, and what the program has is in it. What is taken from the program word for word is written by
//
//	go test ./test/docs -update
package docs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/test/rig"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(rig.Main(m))
}

// root is the directory of the repository, seen from here.
const root = "../.."

// page is a file of the documentation.
type page struct {
	name string // seen from root
	text string
}

// pages are README.md and all of docs.
func pages(t *testing.T) []page {
	t.Helper()
	names, err := filepath.Glob(root + "/docs/*.md")
	if err != nil || len(names) == 0 {
		t.Fatal("no pages", err)
	}
	all := make([]page, 0, len(names)+1)
	for _, name := range append(names, root+"/README.md") {
		name = strings.TrimPrefix(name, root+"/")
		all = append(all, page{name, read(t, name)})
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is a fenced part of a page.
type block struct {
	page string
	line int // of its first line
	text string
}

// blocks are the fenced parts of a page in a language. They may stand in a list, and then lose its indentation.
func (p page) blocks(language string) []block {
	var out []block
	lines := strings.Split(p.text, "\n")
	for i := 0; i < len(lines); i++ {
		indent, mark, found := strings.Cut(lines[i], "```")
		if !found || strings.TrimSpace(indent) != "" {
			continue
		}
		b := block{page: p.name, line: i + 2}
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
			b.text += strings.TrimPrefix(lines[i], indent) + "\n"
		}
		if mark == language {
			out = append(out, b)
		}
	}
	return out
}

// prose is a page without its fenced parts.
func (p page) prose() string {
	var out strings.Builder
	fenced := false
	for line := range strings.Lines(p.text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	p := page{text: "a\n```sh\nb\n```\nc\n1. d\n   ```sh\n   e\n     f\n   ```\n```text\ng\n```\n"}
	got := p.blocks("sh")
	if len(got) != 2 || got[0].text != "b\n" || got[0].line != 3 || got[1].text != "e\n  f\n" {
		t.Errorf("%+v", got)
	}
	if p.prose() != "a\nc\n1. d\n" {
		t.Errorf("%q", p.prose())
	}
}

// TestStatementsToPasteRun runs every SQL block of every page.
func TestStatementsToPasteRun(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), rig.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	ran := 0
	for _, p := range pages(t) {
		for _, sql := range p.blocks("sql") {
			if _, err := conn.Exec(t.Context(), sql.text, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Errorf("%s:%d: %v\n%s", sql.page, sql.line, err, sql.text)
			}
			ran++
		}
	}
	if ran < 6 {
		t.Errorf("only %d statements were found", ran)
	}
}
