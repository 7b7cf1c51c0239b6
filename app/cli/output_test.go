package cli

import (
	"bytes"
	"io"
	"testing"
)

// TestEmptyCellsAtTheEndKeepTheColumns: a row that ends early must not move the cells of the next ones under another heading.
func TestEmptyCellsAtTheEndKeepTheColumns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := (&terminal{out: &out}).print(formatTable, nil, func(w io.Writer) {
		row(w, "TABLE", "VISIBLE", "VACUUM", "ANALYZE")
		row(w, "a", "", "", "1s")
		row(w, "b", "", "", "")
		row(w, "c", "", "2s", "3s")
		row(w, "a note of any length, in no column")
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "TABLE  VISIBLE  VACUUM  ANALYZE\n" +
		"a                       1s\n" +
		"b\n" +
		"c               2s      3s\n" +
		"a note of any length, in no column\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}
