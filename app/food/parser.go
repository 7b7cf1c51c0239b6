package food

import "strings"

// parser reads one piece: [amount] [size] [measure] food [amount], again and again while each begins with a number. It goes back when
// a way leads nowhere, a bounded number of times.
type parser struct {
	t      *Table
	toks   []token
	steps  int
	misfit []string // foods that were named with a measure they do not have
}

// foods reads from token i to the end; ok is false unless everything is understood.
func (p *parser) foods(i int) ([]helping, bool) {
	if i == len(p.toks) {
		return nil, i > 0
	}
	if p.steps--; p.steps < 0 {
		return nil, false
	}
	q := quantityAt(p.toks, i)
	if q.bad {
		return nil, false
	}
	if _, n := p.t.senseAt(p.toks, i); n > 1 && q.next > i { // the number belongs to the name: "7 up", "3 egg omelette"
		if hs, ok := p.foodsFrom(quantity{n: 1, next: i}); ok {
			return hs, true
		}
	}
	return p.foodsFrom(q)
}

func (p *parser) foodsFrom(q quantity) ([]helping, bool) {
	for _, m := range measuresAt(p.toks, q.next) {
		s, n := p.t.senseAt(p.toks, m.next)
		if n == 0 && m.next < len(p.toks) { // a teaspoon of pepper
			if s.food = p.t.measured[m.m.unit+" "+p.toks[m.next].stem].food; s.food != nil {
				n = 1
			}
		}
		if n == 0 {
			continue
		}
		key, _ := keyOf(p.toks[m.next : m.next+n])
		h := helping{food: s.food, dish: s.dish, key: key, n: q.n, counted: q.said, few: q.vague, measure: m.m}
		h.many = isPlural(p.toks[m.next+n-1].text) && s.food != nil && !isPlural(s.food.name)
		if m.m.unit != "" {
			h.counted = true
		}
		if hs, ok := p.after(h, m.next+n); ok {
			return hs, true
		}
		if x, ok := p.withUnitBehind(h, m.next+n); ok {
			if hs, ok := p.after(x, m.next+n+1); ok {
				return hs, true
			}
		}
	}
	return nil, false
}

// withUnitBehind reads "3 apple slices" and "a coke can"; slices nobody counted are a few.
func (p *parser) withUnitBehind(h helping, i int) (helping, bool) {
	if i >= len(p.toks) || p.toks[i].kind != word || h.measure.unit != "" || h.food == nil {
		return h, false
	}
	unit := unitName(p.toks[i].stem)
	if known, vague := household(unit); !known || vague && unit != "bottle" {
		return h, false
	}
	h.measure = measure{size: h.measure.size, unit: unit, text: unit}
	if !h.counted && isPlural(p.toks[i].text) {
		h.n, h.few = 3, true
	}
	h.counted = true
	return h, true
}

// isPlural tells by its look whether the last word is one of several.
func isPlural(s string) bool { return strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") }

// after finishes a food that ends before token i.
func (p *parser) after(h helping, i int) ([]helping, bool) {
	var behind []helping
	if !h.said() && i < len(p.toks) {
		behind, _ = p.behind(h, i)
	}
	if h.one() && i < len(p.toks) { // "a glass of wine 175 ml"
		if x := h; p.t.weighed(&x, p.toks[i:]) && p.fits(x) {
			return []helping{x}, true
		}
	}
	before, ok := p.before(h, i)
	switch {
	case ok && behind != nil && i < len(p.toks): // "rice 150 g chicken": whose grams?
		return nil, false
	case behind != nil:
		return behind, true
	}
	return before, ok
}

// before finishes a food whose amount, if any, stood before it.
func (p *parser) before(h helping, i int) ([]helping, bool) {
	if i < len(p.toks) && !quantityAt(p.toks, i).said || !p.fits(h) {
		return nil, false
	}
	if i == len(p.toks) {
		return []helping{h}, true
	}
	rest, ok := p.foods(i)
	return append([]helping{h}, rest...), ok
}

// behind reads an amount that follows its food: "rice 150 g", "eggs x2".
func (p *parser) behind(h helping, i int) ([]helping, bool) {
	if i < len(p.toks) && p.toks[i].kind == word && p.toks[i].stem == "x" {
		i++
	}
	if i < len(p.toks) && isSizeWord(p.toks[i]) { // "coffee large"
		h.measure = measure{size: unitName(p.toks[i].stem), text: p.toks[i].text}
		if i+1 == len(p.toks) && p.fits(h) {
			return []helping{h}, true
		}
		return nil, false
	}
	q := quantityAt(p.toks, i)
	if !q.said || q.bad {
		return nil, false
	}
	for _, m := range measuresAt(p.toks, q.next) {
		if m.next < len(p.toks) && !quantityAt(p.toks, m.next).said && m.m.unit == "" {
			continue // the number belongs to what follows
		}
		x := h
		x.n, x.counted, x.few, x.measure = q.n, true, q.vague, m.m
		for m.next < len(p.toks) && p.t.prepare(&x, p.toks[m.next]) { // "chicken breast 150 g grilled"
			m.next++
		}
		if !p.fits(x) {
			continue
		}
		if m.next == len(p.toks) {
			return []helping{x}, true
		}
		if rest, ok := p.foods(m.next); ok {
			return append([]helping{x}, rest...), true
		}
	}
	return nil, false
}

// fits tells whether the helping can be weighed; if not, the food is noted as one to offer.
func (p *parser) fits(h helping) bool {
	if h.dish != nil {
		return h.portionsOfDish() > 0
	}
	if _, _, _, ok := p.t.weigh(&h); !ok {
		p.misfit = append(p.misfit, h.food.name)
		return false
	}
	return true
}

// entry reads the whole piece as one entry of the USDA's table.
func (p *parser) entry() (helping, bool) {
	q := quantityAt(p.toks, 0)
	if q.bad {
		return helping{}, false
	}
	for i := 1; i < len(p.toks) && !q.said; i++ { // the amount may stand behind
		back := quantityAt(p.toks, i)
		if !back.said || back.bad {
			continue
		}
		for _, m := range measuresAt(p.toks, back.next) {
			if m.next == len(p.toks) {
				return p.entryOf(p.toks[:i], back, m.m)
			}
		}
	}
	for _, m := range measuresAt(p.toks, q.next) {
		if h, ok := p.entryOf(p.toks[m.next:], q, m.m); ok {
			return h, true
		}
	}
	return helping{}, false
}

// entryOf is the entry that the words mean, in the amount that was read beside them.
func (p *parser) entryOf(toks []token, q quantity, m measure) (helping, bool) {
	words, ok := queryWords(toks)
	if !ok {
		return helping{}, false
	}
	if _, asked := p.t.ask[strings.Join(words, " ")]; asked {
		return helping{}, false
	}
	id, ok := p.t.search(words)
	if !ok {
		return helping{}, false
	}
	h := helping{food: p.t.entryFood(id), n: q.n, counted: q.said || m.unit != "", few: q.vague, measure: m}
	_, _, _, ok = p.t.weigh(&h)
	return h, ok
}

// queryWords are the stems to search for, those of preparation first; ok is false when something else than words stands there.
func queryWords(toks []token) ([]string, bool) {
	var how, out []string
	for _, t := range toks {
		switch {
		case t.kind != word:
			return nil, false
		case t.stem == "of" || t.stem == "the" || t.stem == "a":
		case isPreparation(t.stem):
			how = append(how, t.stem)
		default:
			out = append(out, t.stem)
		}
	}
	return append(how, out...), len(out) > 0
}

// measureAt is one way to read a measure.
type measureAt struct {
	m    measure
	next int
}

// measuresAt gives the ways to read a measure at token i, the plainest first: none, a size, a unit, a size and a unit.
func measuresAt(toks []token, i int) []measureAt {
	out := []measureAt{{next: i}}
	size, at := "", i
	if i < len(toks) && isSizeWord(toks[i]) {
		size, at = unitName(toks[i].stem), i+1
		if size == "large" && toks[i].stem == "extra" {
			size = "extra large"
		}
		if toks[i].stem == "extra" && i+1 < len(toks) && isSize(unitName(toks[i+1].stem)) {
			size, at = "extra "+unitName(toks[i+1].stem), i+2
		}
		for at < len(toks) && (toks[at].stem == "sized" || toks[at].stem == "size") {
			at++
		}
		out = append(out, measureAt{m: measure{size: size, text: size}, next: skipOf(toks, at)})
	}
	unit, after := unitAt(toks, at)
	if unit == "" {
		return out
	}
	_, vague := household(unit)
	m := measure{size: size, unit: unit, vague: vague || unit == "pint", text: unit}
	if size != "" {
		m.text = size + " " + unit
	}
	if massOf(unit) > 0 || volumeOf(unit) > 0 { // "a 330 ml can of cola"
		if vessel, end := unitAt(toks, after); vessel != "" && massOf(vessel) == 0 && volumeOf(vessel) == 0 {
			out = append(out, measureAt{m: m, next: skipOf(toks, after)}, measureAt{m: m, next: skipOf(toks, end)})
			return out
		}
	}
	return append(out, measureAt{m: m, next: skipOf(toks, after)})
}

func isSizeWord(t token) bool {
	return t.kind == word && !t.held && (isSize(unitName(t.stem)) || t.stem == "extra")
}

func unitAt(toks []token, i int) (string, int) {
	if i >= len(toks) || toks[i].kind != word {
		return "", i
	}
	w := unitName(toks[i].stem)
	if i+1 < len(toks) && toks[i+1].kind == word {
		two := w + " " + unitName(toks[i+1].stem)
		switch two {
		case "fl oz", "fluid oz":
			return "fl oz", i + 2
		case "half pint":
			return two, i + 2
		}
	}
	if known, _ := household(w); known || massOf(w) > 0 || volumeOf(w) > 0 {
		return w, i + 1
	}
	return "", i
}

// skipOf passes over "of", "of the", "de".
func skipOf(toks []token, i int) int {
	for k := 0; k < 2 && i < len(toks) && toks[i].kind == word && !toks[i].held; k++ {
		switch toks[i].text {
		case "of", "de", "med", "the", "av", "my", "a", "an":
			i++
		}
	}
	return i
}
