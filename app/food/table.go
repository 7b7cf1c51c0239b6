package food

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// The data lies uncompressed in the program, and what Load keeps of it are pieces of these very texts: nothing is unpacked or copied.
var (
	//go:embed data/usda_sr24_foods.csv
	foodsData string
	//go:embed data/usda_sr24_portions.csv
	portionsData string
	//go:embed data/aliases.csv
	aliasesData string
	//go:embed data/dishes.csv
	dishesData string
	//go:embed data/ask.csv
	askData string
	//go:embed data/spelling.csv
	spellingData string
)

// Table is the food data in memory. What it answers never changes after Load, and any number of goroutines may read from it: the two
// indexes that only an unknown word needs are made when the first one comes.
type Table struct {
	entries []entry
	byNDB   map[string]int32

	foods    []*food          // everyday foods, one per name
	byName   map[string]*food // canonical name -> food
	meaning  map[string]sense // stemmed words joined by a space
	longest  map[string]int   // first stemmed word -> words of the longest key that begins with it
	spelling map[string]string
	ask      map[string][]string
	measured map[string]sense // "tsp pepper": what a word to ask means beside a measure

	indexOnce sync.Once
	index     map[string][]int32 // stemmed word of a name -> entries, ascending
	nearOnce  sync.Once
	near      nearIndex
}

// entry is one row of the USDA's table.
type entry struct {
	ndb, name string
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
		byNDB: make(map[string]int32, 8000), byName: make(map[string]*food, 2000), meaning: make(map[string]sense, 6000),
		longest: make(map[string]int, 2000), spelling: make(map[string]string, 1000), ask: map[string][]string{}, measured: map[string]sense{},
	}
	steps := []struct {
		name string
		load func() error
	}{
		{"foods", t.loadEntries},
		{"portions", t.loadPortions},
		{"spelling", t.loadSpelling},
		{"aliases", t.loadAliases},
		{"dishes", t.loadDishes},
		{"words to ask", t.loadAsk},
	}
	for _, s := range steps {
		if err := s.load(); err != nil {
			return nil, fmt.Errorf("food: load %s: %w", s.name, err)
		}
	}
	return t, nil
}

func (t *Table) loadEntries() error {
	t.entries = make([]entry, 0, 8000)
	return eachRow(foodsData, 6, func(row []string) error {
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
		t.byNDB[row[0]] = int32(len(t.entries))
		t.entries = append(t.entries, entry{
			ndb: row[0], name: row[1], per100: Nutrients{Calories: v[0], Protein: v[1], Fat: v[2], Carbs: v[3]},
		})
		return nil
	})
}

// loadPortions puts all portions into one slice, of which each entry has a stretch: the rows of an entry stand together.
func (t *Table) loadPortions() error {
	known := make(map[string][]string, 4000) // the same few thousand measures come again and again
	all := make([]portion, 0, 14000)
	last, from := int32(-1), 0
	return eachRow(portionsData, 4, func(row []string) error {
		id := last
		if id < 0 || t.entries[id].ndb != row[0] {
			var ok bool
			if id, ok = t.byNDB[row[0]]; !ok {
				return nil
			}
			if t.entries[id].portions != nil {
				return fmt.Errorf("portions of %s are not together", row[0])
			}
			last, from = id, len(all)
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
			known[row[2]] = words
		}
		if amount <= 0 || grams <= 0 || len(words) == 0 {
			return nil
		}
		all = append(all, portion{words: words, grams: grams / amount})
		t.entries[id].portions = all[from:len(all):len(all)]
		return nil
	})
}

// eachRow calls do for every row after the heading with its first n columns. The slice is only valid during the call.
func eachRow(text string, n int, do func([]string) error) error {
	row := make([]string, 0, n)
	for first := true; text != ""; {
		if text[0] == '#' || text[0] == '\n' {
			_, text, _ = strings.Cut(text, "\n")
			continue
		}
		row, text = nextRow(row[:0], text, n)
		if first {
			first = false
			continue
		}
		if len(row) < n {
			return fmt.Errorf("row %q has %d columns, want %d", row, len(row), n)
		}
		if err := do(row); err != nil {
			return err
		}
	}
	return nil
}

// nextRow cuts one line of comma-separated values off the text, up to n of them: a value in quotes may have commas and doubled quotes,
// none has a line end.
func nextRow(row []string, text string, n int) ([]string, string) {
	for {
		if strings.HasPrefix(text, `"`) {
			end := 1
			for end < len(text) && (text[end] != '"' || strings.HasPrefix(text[end+1:], `"`)) {
				if text[end] == '"' {
					end++
				}
				end++
			}
			value := text[1:min(end, len(text))]
			if strings.Contains(value, `""`) {
				value = strings.ReplaceAll(value, `""`, `"`)
			}
			row, text = append(row, value), text[min(end+1, len(text)):]
		} else {
			end := 0
			for end < len(text) && text[end] != ',' && text[end] != '\n' {
				end++
			}
			row, text = append(row, text[:end]), text[end:]
		}
		if !strings.HasPrefix(text, ",") || len(row) == n {
			_, text, _ = strings.Cut(text, "\n")
			return row, text
		}
		text = text[1:]
	}
}
