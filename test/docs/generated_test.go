package docs

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"healthagent/app/config"
)

var update = flag.Bool("update", false, "write what the pages take from the program")

// TestPagesSayWhatTheProgramSays holds the parts of pages that are taken from the program word for word.
func TestPagesSayWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	for _, part := range []struct{ page, name, text string }{
		{"docs/verbs.md", "verbs", verbsPart(program(t))},
		{"docs/verbs.md", "exit codes", exitPart(t)},
		{"docs/configure.md", "settings", settingsPart(config.Table())},
	} {
		begin, end := "<!-- "+part.name+" -->\n", "<!-- end of "+part.name+" -->"
		before, rest, opened := strings.Cut(read(t, part.page), begin)
		old, after, closed := strings.Cut(rest, end)
		switch {
		case !opened || !closed:
			t.Errorf("%s has no place for its %s", part.page, part.name)
		case old != part.text && *update:
			if err := os.WriteFile(filepath.Join(root, part.page), []byte(before+begin+part.text+end+after), 0o644); err != nil { //nolint:gosec // a page
				t.Error(err)
			}
		case old != part.text:
			t.Errorf("the %s in %s are not those of the program: go test ./test/docs -run Pages -update", part.name, part.page)
		}
	}
}

func verbsPart(verbs []verb) string {
	var out strings.Builder
	for _, v := range verbs {
		fmt.Fprintf(&out, "### `healthagent %s`\n\n%s\n\n", strings.TrimSpace(v.path+" "+v.usage), paragraph(v.text))
		if len(v.options) == 0 {
			continue
		}
		out.WriteString("| flag | does |\n|---|---|\n")
		for _, o := range v.options {
			name := "--" + strings.TrimSpace(o.long+" "+o.kind)
			if o.short != "" {
				name = "-" + o.short + "`, `" + name
			}
			fmt.Fprintf(&out, "| `%s` | %s |\n", cell(name), cell(escape(o.text)))
		}
		out.WriteString("\n")
	}
	return out.String()
}

// paragraph is a text of the program as Markdown; what it has indented is a block.
func paragraph(text string) string {
	var out strings.Builder
	within := false
	for line := range strings.Lines(text + "\n") {
		if indented := strings.HasPrefix(line, "  "); indented != within {
			out.WriteString(map[bool]string{true: "```text\n", false: "```\n"}[indented])
			within = indented
		}
		if !within {
			line = escape(line)
		}
		out.WriteString(line)
	}
	if within {
		out.WriteString("```\n")
	}
	return strings.TrimRight(out.String(), "\n")
}

func escape(text string) string { return strings.NewReplacer("<", `\<`, "*", `\*`).Replace(text) }

// cell keeps a text from ending a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func exitPart(t *testing.T) string {
	t.Helper()
	out := "| code | means |\n|---|---|\n"
	for _, item := range manualItems(t, "EXIT STATUS") {
		out += "| " + item[0] + " | " + item[1] + " |\n"
	}
	return out
}

func settingsPart(table []config.Setting) string {
	var out strings.Builder
	for _, s := range table {
		fmt.Fprintf(&out, "### `%s`\n\n%s.\n\n", s.Name, strings.ToUpper(s.Meaning[:1])+escape(s.Meaning[1:]))
		fmt.Fprintf(&out, "| | |\n|---|---|\n| value | %s |\n| default | %s |\n| example | `%s=%s` |\n",
			cell(escape(s.Format)), cell(escape(cmp.Or(s.Default, "empty"))), s.Name, cell(s.Example))
		fmt.Fprintf(&out, "| flag | %s |\n", cmp.Or(quoted(s.Flag, "--"), "none: arguments can be read by everybody on the machine"))
		if s.Credential != "" {
			fmt.Fprintf(&out, "| in a file | credential `%s`, or `%s` |\n", s.Credential, s.FileVariable())
		}
		out.WriteString("\n")
	}
	return out.String()
}

// quoted is a name as code, empty for an empty one.
func quoted(name, prefix string) string {
	if name == "" {
		return ""
	}
	return "`" + prefix + name + "`"
}
