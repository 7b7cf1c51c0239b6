package food

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

var (
	//go:embed data/usda_sr24_foods.csv.gz
	foodsData []byte
	//go:embed data/usda_sr24_portions.csv.gz
	portionsData []byte
	//go:embed data/aliases.csv
	aliasesData []byte
	//go:embed data/dishes.csv
	dishesData []byte
	//go:embed data/ask.csv
	askData []byte
)

// Table is the food data in memory. It never changes after Load, so any number of goroutines may read from it.
type Table struct {
	entries []entry
	byNDB   map[string]int32
	index   map[string][]int32 // stemmed word of a name -> entries, ascending

	foods   []*food          // everyday foods, one per name
	byName  map[string]*food // canonical name -> food
	meaning map[string]sense // stemmed words joined by a space
	longest map[string]int   // first stemmed word -> words of the longest key that begins with it
	ask     map[string][]string
	near    nearIndex
}

// entry is one row of the USDA's table.
type entry struct {
	ndb, name string
	length    int // words of the name
	per100    Nutrients
	portions  []portion
}

// portion is a household measure of one entry, for one of it.
type portion struct {
	words []string // stemmed, outside parentheses
	grams float64
}

// Load decodes the embedded data: some tens of milliseconds and a few megabytes, so call it once and share the table.
func Load() (*Table, error) {
	t := &Table{
		byNDB: make(map[string]int32, 8000), index: make(map[string][]int32, 6000), byName: map[string]*food{},
		meaning: map[string]sense{}, longest: map[string]int{}, ask: map[string][]string{},
	}
	steps := []struct {
		name string
		load func() error
	}{
		{"foods", t.loadEntries},
		{"portions", t.loadPortions},
		{"aliases", t.loadAliases},
		{"dishes", t.loadDishes},
		{"words to ask", t.loadAsk},
	}
	for _, s := range steps {
		if err := s.load(); err != nil {
			return nil, fmt.Errorf("food: load %s: %w", s.name, err)
		}
	}
	t.near = t.buildNear()
	return t, nil
}

func (t *Table) loadEntries() error {
	t.entries = make([]entry, 0, 8000)
	var l lexer
	return eachGzipRow(foodsData, 6, func(row []string) error {
		if row[2] == "" {
			return nil // without energy an entry cannot be logged
		}
		var v [4]float64
		for i := range v {
			if row[2+i] == "" {
				continue
			}
			f, err := strconv.ParseFloat(row[2+i], 64)
			if err != nil {
				return fmt.Errorf("food %s: %w", row[0], err)
			}
			v[i] = f
		}
		id := int32(len(t.entries))
		t.entries = append(t.entries, entry{
			ndb: strings.Clone(row[0]), name: strings.Clone(row[1]),
			per100: Nutrients{Calories: v[0], Protein: v[1], Fat: v[2], Carbs: v[3]},
		})
		t.byNDB[t.entries[id].ndb] = id
		words := l.words(row[1])
		t.entries[id].length = len(words)
		for _, w := range words {
			if l := t.index[w]; len(l) == 0 || l[len(l)-1] != id {
				t.index[w] = append(l, id)
			}
		}
		return nil
	})
}

func (t *Table) loadPortions() error {
	known := map[string][]string{} // the same few thousand measures come again and again
	return eachGzipRow(portionsData, 4, func(row []string) error {
		id, ok := t.byNDB[row[0]]
		if !ok {
			return nil
		}
		amount, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return fmt.Errorf("portion of %s: %w", row[0], err)
		}
		grams, err := strconv.ParseFloat(row[3], 64)
		if err != nil {
			return fmt.Errorf("portion of %s: %w", row[0], err)
		}
		words, ok := known[row[2]]
		if !ok {
			words = portionWords(row[2])
			known[strings.Clone(row[2])] = words
		}
		if amount <= 0 || grams <= 0 || len(words) == 0 {
			return nil
		}
		e := &t.entries[id]
		e.portions = append(e.portions, portion{words: words, grams: grams / amount})
		return nil
	})
}

// eachGzipRow calls do for every row after the heading that has at least n columns.
func eachGzipRow(data []byte, n int, do func([]string) error) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return eachRow(z, n, do)
}

func eachRow(r io.Reader, n int, do func([]string) error) error {
	c := csv.NewReader(r)
	c.Comment = '#'
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	for first := true; ; first = false {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if first {
			continue
		}
		if len(row) < n {
			return fmt.Errorf("row %q has %d columns, want %d", row, len(row), n)
		}
		if err := do(row); err != nil {
			return err
		}
	}
}
