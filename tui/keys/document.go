package keys

import "strings"

// Markdown is the table of the keys as the documentation has it.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| key | where | does | kind |\n|---|---|---|---|\n")
	for _, row := range New("").bindings {
		kind := "look"
		if row.Kind == Act {
			kind = "**act**"
		}
		b.WriteString("| " + code(row.Help().Key) + " | " + row.Where + " | " + row.Help().Desc + " | " + kind + " |\n")
	}
	return b.String()
}

// code sets each of the keys as code.
func code(shown string) string {
	names := strings.Fields(shown)
	return "`" + strings.Join(names, "` `") + "`"
}
