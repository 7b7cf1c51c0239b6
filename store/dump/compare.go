package dump

import (
	"fmt"
	"slices"
)

// TooNewFor says why a server of that version may not take the dump, empty when nothing is against it. A newer server takes the dump of an
// older one.
func (m Manifest) TooNewFor(server string) string {
	from, to := major(m.Server), major(server)
	if to == 0 || from <= to {
		return ""
	}
	return fmt.Sprintf("the dump is of PostgreSQL %d, and the server is %d: an older one may not take it, one of %[1]d or newer does", from, to)
}

// Compare holds what a database has against what its dump was made of: the rows of every table, the ledger, and whether all indexes
// can be used. It returns the differences in words, none when all is there.
func Compare(m Manifest, c Counts) []string {
	var out []string
	for _, want := range m.Tables {
		i := slices.IndexFunc(c.Tables, func(t Table) bool { return t.Name == want.Name })
		switch {
		case i < 0:
			out = append(out, fmt.Sprintf("the table %s is missing", want.Name))
		case c.Tables[i].Rows != want.Rows:
			out = append(out, fmt.Sprintf("%s has %d rows, the dump has %d", want.Name, c.Tables[i].Rows, want.Rows))
		}
	}
	for _, got := range c.Tables {
		if !slices.ContainsFunc(m.Tables, func(t Table) bool { return t.Name == got.Name }) {
			out = append(out, fmt.Sprintf("the table %s is not in the dump", got.Name))
		}
	}
	if !slices.Equal(m.Schema, c.Schema) {
		out = append(out, "the ledger of the migrations is not that of the dump")
	}
	for _, index := range c.Invalid {
		out = append(out, fmt.Sprintf("the index %s is invalid", index))
	}
	return out
}
