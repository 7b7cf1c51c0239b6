package food

import (
	"fmt"
	"strconv"
	"strings"
)

// food is an everyday food: an entry of the table with the portions people speak of.
type food struct {
	name    string
	entry   int32
	grams   float64 // of the portion that is assumed
	unit    string  // what that portion is called
	piece   bool    // counted by the piece
	mass    bool    // "two of it" means nothing
	liquid  bool
	company string // "hot", "cereal", "bread": what is added to it in its own amounts; "eggs": it is made of them
	units   map[string]float64
	with    map[string]addition
}

// addition is how much of a food goes into or onto another.
type addition struct {
	grams float64
	unit  string
}

// dish is a sum of foods.
type dish struct {
	name  string
	parts []dishPart
}

type dishPart struct {
	food  *food
	grams float64
}

// sense is what a key of everyday words means: exactly one of the two is set.
type sense struct {
	food *food
	dish *dish
}

func (t *Table) loadAliases() error {
	return eachRow(aliasesData, 8, func(row []string) error {
		f, ok := t.byName[row[0]]
		if !ok {
			var err error
			if f, err = t.newFood(row); err != nil {
				return fmt.Errorf("%s: %w", row[0], err)
			}
			t.byName[f.name] = f
			t.foods = append(t.foods, f)
		} else if t.entries[f.entry].ndb != row[1] {
			return fmt.Errorf("%s: named twice with different entries", row[0])
		}
		return t.addWords(row[0], row[7], sense{food: f})
	})
}

func (t *Table) newFood(row []string) (*food, error) {
	id, ok := t.byNDB[row[1]]
	if !ok {
		return nil, fmt.Errorf("no entry %q", row[1])
	}
	grams, err := strconv.ParseFloat(row[2], 64)
	if err != nil {
		return nil, err
	}
	f := &food{name: row[0], entry: id, grams: grams, unit: row[3], units: map[string]float64{}, with: map[string]addition{}}
	for _, flag := range strings.Fields(row[4]) {
		switch flag {
		case "p":
			f.piece = true
		case "m":
			f.mass = true
		case "l":
			f.liquid = true
		case "hot", "cereal", "bread", "eggs":
			f.company = flag
		default:
			return nil, fmt.Errorf("unknown flag %q", flag)
		}
	}
	for _, u := range list(row[5]) {
		name, value, _ := strings.Cut(u, "=")
		if f.units[unitKey(name)], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, err
		}
	}
	for _, w := range list(row[6]) {
		company, rest, _ := strings.Cut(w, "=")
		value, unit, _ := strings.Cut(rest, " ")
		g, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, err
		}
		f.with[company] = addition{grams: g, unit: unit}
	}
	return f, nil
}

func (t *Table) loadDishes() error {
	return eachRow(dishesData, 3, func(row []string) error {
		d := &dish{name: row[0]}
		for _, p := range list(row[1]) {
			name, value, _ := strings.Cut(p, "=")
			f, ok := t.byName[name]
			if !ok {
				return fmt.Errorf("%s: no food %q", row[0], name)
			}
			grams, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return fmt.Errorf("%s: %w", row[0], err)
			}
			d.parts = append(d.parts, dishPart{food: f, grams: grams})
		}
		return t.addWords(row[0], row[2], sense{dish: d})
	})
}

func (t *Table) loadAsk() error {
	return eachRow(askData, 3, func(row []string) error {
		key := strings.Join(t.spelled(nameWords(row[0])), " ")
		if _, ok := t.meaning[key]; ok {
			return fmt.Errorf("%s: has a meaning", row[0])
		}
		t.ask[key] = list(row[1])
		for _, m := range list(row[2]) {
			unit, name, _ := strings.Cut(m, "=")
			f, ok := t.byName[name]
			if !ok {
				return fmt.Errorf("%s: no food %q", row[0], name)
			}
			t.measured[unitKey(unit)+" "+key] = sense{food: f}
		}
		return nil
	})
}

func (t *Table) loadSpelling() error {
	return eachRow(spellingData, 2, func(row []string) error {
		right := nameWords(row[0])
		for _, w := range list(row[1]) {
			wrong := nameWords(w)
			if len(right) != 1 || len(wrong) != 1 {
				return fmt.Errorf("%q for %q: not one word for one word", w, row[0])
			}
			if old, ok := t.spelling[wrong[0]]; ok && old != right[0] {
				return fmt.Errorf("%q is put right in two ways", w)
			}
			if wrong[0] != right[0] {
				t.spelling[wrong[0]] = right[0]
			}
		}
		return nil
	})
}

// spelled puts the stems of misspelt words right, in place.
func (t *Table) spelled(stems []string) []string {
	for i, w := range stems {
		if right, ok := t.spelling[w]; ok {
			stems[i] = right
		}
	}
	return stems
}

// addWords gives name and all its other words one sense. A key that already has another sense is an error: nobody could tell which.
func (t *Table) addWords(name, also string, s sense) error {
	words := []string{name}
	for _, w := range list(also) {
		words = append(words, alternatives(w)...)
	}
	for _, w := range words {
		stems := t.spelled(nameWords(w))
		if len(stems) == 0 {
			return fmt.Errorf("%s: empty word", name)
		}
		key := strings.Join(stems, " ")
		if old, ok := t.meaning[key]; ok && old != s {
			return fmt.Errorf("%q means both %s and %s", w, old.name(), s.name())
		}
		t.meaning[key] = s
		t.longest[stems[0]] = max(t.longest[stems[0]], len(stems))
	}
	return nil
}

func (s sense) name() string {
	if s.dish != nil {
		return s.dish.name
	}
	return s.food.name
}

// wordSets are the shorthands of aliases.csv.
func wordSets() *strings.Replacer {
	return strings.NewReplacer(
		"@steam", "(boiled/steamed/cooked)",
		"@roast", "(grilled/roast/roasted/baked/cooked/barbecued/bbq/broiled/seared/oven baked/oven roasted/air fried)",
	)
}

// alternatives spells out "(a/b) c" as "a c" and "b c".
func alternatives(s string) []string {
	if strings.Contains(s, "@") {
		s = wordSets().Replace(s)
	}
	head, rest, ok := strings.Cut(s, "(")
	if !ok {
		return []string{s}
	}
	inside, tail, _ := strings.Cut(rest, ")")
	var out []string
	for _, choice := range strings.Split(inside, "/") {
		out = append(out, alternatives(head+choice+tail)...)
	}
	return out
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}
