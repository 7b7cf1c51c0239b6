package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
)

// format is the value of -o.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

// String, Set and Type make format a flag that refuses what it does not know.
func (f *format) String() string { return string(*f) }

// Set takes table or json.
func (f *format) Set(text string) error {
	switch format(text) {
	case formatTable, formatJSON:
		*f = format(text)
		return nil
	}
	return fault.New(fault.Usage, "must be table or json")
}

// Type names the flag's values in help texts.
func (f *format) Type() string { return "table|json" }

// outputFlag adds -o to a command and returns where its value will stand.
func outputFlag(command *cobra.Command) *format {
	value := formatTable
	command.Flags().VarP(&value, "output", "o", "how to print")
	// The name is one of this very command.
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]cobra.Completion{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return &value
}

// print writes value as one JSON object, or calls table to write it for people.
// Nothing is written until all of it is ready.
func (t *terminal) print(as format, value any, table func(w io.Writer)) error {
	var page bytes.Buffer
	if as == formatJSON {
		encoder := json.NewEncoder(&page)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(value); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
	} else {
		columns := tabwriter.NewWriter(&page, 0, 0, 2, ' ', 0)
		table(columns)
		if err := columns.Flush(); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
		trimLines(&page)
	}
	if _, err := t.out.Write(page.Bytes()); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// row writes one line of a table. A page is a buffer and does not fail.
func row(w io.Writer, cells ...any) {
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = safe(fmt.Sprint(cell))
	}
	_, _ = fmt.Fprintln(w, strings.Join(texts, "\t")) // also the empty ones at the end: a row without them ends a column for the next
}

// trimLines takes away what empty cells leave at the ends of lines.
func trimLines(page *bytes.Buffer) {
	text := page.String()
	page.Reset()
	for line := range strings.Lines(text) {
		_, _ = fmt.Fprintln(page, strings.TrimRight(line, " \n"))
	}
}

// safe makes a text that people chose (a display name, a note) harmless in a terminal:
// control characters could move the cursor or colour the screen, marks of direction
// could turn the rest of the line around.
func safe(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return '\uFFFD'
		}
		return r
	}, text)
}
