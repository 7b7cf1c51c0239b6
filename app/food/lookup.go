package food

import (
	"slices"
	"sort"
	"strings"
)

// senseAt finds the longest everyday word that begins at toks[i]; n is how many tokens it takes, 0 for none. "eggs boiled" is found as
// "boiled eggs".
func (t *Table) senseAt(toks []token, i int) (s sense, n int) {
	if i >= len(toks) || toks[i].kind != word && toks[i].kind != num {
		return sense{}, 0
	}
	for n = min(t.longest[toks[i].stem], len(toks)-i); n > 0; n-- {
		key, ok := keyOf(toks[i : i+n])
		if !ok {
			continue
		}
		if s, ok = t.meaning[key]; ok {
			break
		}
	}
	if n == 0 || s.dish != nil || i+n >= len(toks) || !isMethod(toks[i+n].stem) {
		return s, n
	}
	key, _ := keyOf(toks[i : i+n])
	if m, ok := t.meaning[toks[i+n].stem+" "+key]; ok {
		return m, n + 1
	}
	return s, n
}

// keyOf joins the stems; ok is false when something other than words and numbers stands between.
func keyOf(toks []token) (string, bool) {
	var b strings.Builder
	for k, t := range toks {
		if t.kind != word && t.kind != num {
			return "", false
		}
		if k > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.stem)
	}
	return b.String(), true
}

// isMethod tells the words that say how a food was made, which may follow its name.
func isMethod(w string) bool {
	return isPreparation(w) || isColour(w)
}

func isColour(w string) bool {
	switch w {
	case "skimmed", "skim", "whole", "unsweetened", "black", "white", "brown", "red", "green", "plain":
		return true
	}
	return false
}

func isPreparation(w string) bool {
	switch w {
	case "raw", "boiled", "cooked", "fried", "grilled", "baked", "roasted", "roast", "steamed", "mashed", "poached", "scrambled", "toasted",
		"canned", "tinned", "dried", "dry", "uncooked", "frozen", "smoked", "sauteed", "grated", "crumbled", "sliced", "diced", "chopped", "shredded", "pickled":
		return true
	}
	return false
}

// search finds the entry of the USDA's table whose name has all the words and whose head noun is the last of them. It gives up when
// entries that fit as well differ in energy: then it cannot be told which was meant.
func (t *Table) search(words []string) (int32, bool) {
	if len(words) == 0 || len(words) > 8 {
		return 0, false
	}
	t.indexOnce.Do(t.buildIndex)
	ids := t.withAll(words)
	head := words[len(words)-1]
	var fit []int32
	for _, id := range ids {
		if e := &t.entries[id]; headOf(e.name) == head && e.ndb[:2] != "03" && !saysMore(e.name, words) {
			fit = append(fit, id)
		}
	}
	if len(fit) == 0 {
		return 0, false
	}
	sort.SliceStable(fit, func(a, b int) bool {
		x, y := &t.entries[fit[a]], &t.entries[fit[b]]
		if gx, gy := demoted(x.ndb), demoted(y.ndb); gx != gy {
			return !gx
		}
		if nx, ny := len(nameWords(x.name)), len(nameWords(y.name)); nx != ny {
			return nx < ny
		}
		return len(x.name) < len(y.name)
	})
	best := &t.entries[fit[0]]
	for _, id := range fit[1:] {
		e := &t.entries[id]
		if demoted(e.ndb) != demoted(best.ndb) {
			break
		}
		if d := e.per100.Calories - best.per100.Calories; d*d > 20*20 && d*d > 0.0625*best.per100.Calories*best.per100.Calories {
			return 0, false
		}
	}
	return fit[0], true
}

// buildIndex lists for every word the entries that have it in their name.
func (t *Table) buildIndex() {
	t.index = make(map[string][]int32, 6000)
	var l lexer
	for i := range t.entries {
		id := int32(i)
		for _, w := range l.words(t.entries[i].name) {
			if ids := t.index[w]; len(ids) == 0 || ids[len(ids)-1] != id {
				t.index[w] = append(ids, id)
			}
		}
	}
}

// saysMore tells whether a name is of something else than the words: its first part has a word that was not said, or it names an imitation.
func saysMore(name string, words []string) bool {
	first, _, _ := strings.Cut(name, ",")
	first, _, _ = strings.Cut(first, "(")
	for _, w := range nameWords(first) {
		if w != "of" && w != "and" && w != "or" && !slices.Contains(words, w) {
			return true
		}
	}
	for _, w := range nameWords(name) {
		switch w {
		case "meatless", "imitation", "substitute", "dietetic", "replacement", "powder", "mix", "concentrate", "flavored", "industrial":
			if !slices.Contains(words, w) {
				return true
			}
		}
	}
	return false
}

// withAll intersects the lists of the words.
func (t *Table) withAll(words []string) []int32 {
	lists := make([][]int32, len(words))
	for i, w := range words {
		if lists[i] = t.index[w]; len(lists[i]) == 0 {
			return nil
		}
	}
	sort.Slice(lists, func(a, b int) bool { return len(lists[a]) < len(lists[b]) })
	ids := lists[0]
	for _, other := range lists[1:] {
		var both []int32
		for _, id := range ids {
			k := sort.Search(len(other), func(k int) bool { return other[k] >= id })
			if k < len(other) && other[k] == id {
				both = append(both, id)
			}
		}
		ids = both
	}
	return ids
}

// headOf is the stemmed last word of the first part of a name: "Peanut butter, smooth style" is a butter.
func headOf(name string) string {
	first, _, _ := strings.Cut(name, ",")
	first, _, _ = strings.Cut(first, "(")
	words := nameWords(first)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// demoted are the groups that a plain word seldom means: baby food, fast food, restaurants, native dishes.
func demoted(ndb string) bool {
	switch ndb[:2] {
	case "03", "21", "35", "36":
		return true
	}
	return false
}

// entryFood makes a food of an entry that has no everyday name; its own portion is the first household one.
func (t *Table) entryFood(id int32) *food {
	e := &t.entries[id]
	f := &food{name: strings.ToLower(e.name), entry: id, grams: 100, unit: "100 g", mass: true}
	head := headOf(e.name)
	for _, p := range e.portions {
		switch p.words[0] {
		case "oz", "lb", "cubic", "yield", "unit":
			continue
		}
		f.grams, f.unit = p.grams, strings.Join(p.words, " ")
		f.piece = p.words[0] == "medium" || p.words[0] == head
		f.mass = !f.piece
		break
	}
	return f
}
