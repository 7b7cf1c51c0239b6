package food

import (
	"encoding/csv"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The data is cut into columns as the standard library's reader does it.
func TestRowsAreThoseOfCSV(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"foods": foodsData, "portions": portionsData, "aliases": aliasesData, "dishes": dishesData, "ask": askData, "spelling": spellingData,
	} {
		r := csv.NewReader(strings.NewReader(text))
		r.Comment = '#'
		want, err := r.ReadAll()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		rows := want[1:]
		if err := eachRow(text, len(want[0]), func(row []string) error {
			if len(rows) == 0 || !slices.Equal(row, rows[0]) {
				t.Errorf("%s: got %q, want %q", name, row, rows[:min(1, len(rows))])
			}
			rows = rows[min(1, len(rows)):]
			return nil
		}); err != nil || len(rows) > 0 {
			t.Errorf("%s: %v, %d rows missing", name, err, len(rows))
		}
	}
}

// A misspelling is put right only where it is no word of its own: neither of the foods' table nor of the everyday words, except as
// another spelling of the same.
func TestMisspellingsMeanNothingElse(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	table.indexOnce.Do(table.buildIndex)
	known := map[string]bool{}
	for key := range table.meaning {
		for w := range strings.FieldsSeq(key) {
			known[w] = true
		}
	}
	same := []string{"cheez", "chikn", "barbeque", "turky", "omelet"} // of a brand, or as good
	for wrong, right := range table.spelling {
		if len(table.index[wrong]) > 0 && !slices.Contains(same, wrong) {
			t.Errorf("%q is a word of %s", wrong, table.entries[table.index[wrong][0]].name)
		}
		if known[wrong] {
			t.Errorf("%q is an everyday word", wrong)
		}
		if isLead(wrong) || isTail(wrong) || isNeutral(wrong) || isBreak(wrong) || mealOf(wrong) != "" || joins(wrong) != "" || isAmount(wrong) {
			t.Errorf("%q has a meaning", wrong)
		}
		if _, asked := table.ask[right]; !known[right] && !asked && !isMethod(right) && !isAmount(right) && len(table.index[right]) == 0 {
			t.Errorf("%q is put right as %q, which nobody knows", wrong, right)
		}
	}
	if len(table.spelling) < 150 {
		t.Errorf("only %d misspellings", len(table.spelling))
	}
}

// The indexes that are made on demand are made once, whoever asks first.
func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	var wg sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		wg.Go(func() {
			r := table.Read("200 g turnip greens and broccolii")
			got[i] = show(r) + strings.Join(r.Unknown[0].Suggestions, ",")
		})
	}
	wg.Wait()
	for _, g := range got {
		if g != got[0] || !strings.Contains(g, "turnip greens, raw 200") {
			t.Errorf("got %q and %q", got[0], g)
		}
	}
}
