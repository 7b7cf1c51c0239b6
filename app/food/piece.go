package food

import (
	"math"
	"strings"
)

// helping is one food of the message with its amount, before it becomes an Item.
type helping struct {
	food    *food
	dish    *dish
	key     string // the words that named it
	n       float64
	counted bool // n was said
	measure measure
	few     bool
	many    bool    // the plural was used
	pieces  float64 // how many of it, for what is added to each; 1 when it was weighed
	added   *addition
}

// fault is why a piece cannot become food: at least the offers are known.
type fault struct{ offers []string }

// pieces reads the pieces of one sentence.
func (r *reader) pieces(ps []piece) {
	var base *helping // what "with" adds to
	var last *helping
	lastIndex := -1
	for i, p := range ps {
		if len(r.out.Items) >= maxPieces {
			r.unknown(p.toks[0].start, ps[len(ps)-1].toks[len(ps[len(ps)-1].toks)-1].end, nil)
			return
		}
		toks := strip(p.toks)
		if len(toks) == 0 {
			continue
		}
		if p.join == "without" || i > 0 && ps[i-1].join == "without" && p.join == "and" && r.isAddition(toks) {
			ps[i].join = "without"
			if base == nil || !r.isAddition(toks) {
				r.ask(p.toks, toks, nil)
			}
			continue
		}
		if last != nil && !last.said() && r.amend(last, toks) {
			if it, ok := r.item(last); ok {
				r.out.Items[lastIndex] = it[0]
				continue
			}
			r.ask(p.toks, toks, nil)
			continue
		}
		hs, f := r.parse(toks)
		if f != nil {
			r.ask(p.toks, toks, f.offers)
			last = nil
			continue
		}
		if len(hs) == 1 && base != nil {
			base = r.pair(base, &hs[0], p.join, lastIndex)
		} else {
			base = &hs[len(hs)-1]
		}
		ok := true
		for k := range hs {
			its, fine := r.item(&hs[k])
			if !fine {
				ok = false
				break
			}
			r.out.Items = append(r.out.Items, its...)
		}
		last, lastIndex = &hs[len(hs)-1], len(r.out.Items)-1
		if !ok {
			r.ask(p.toks, toks, nil)
			last = nil
		}
		if last != nil && last.dish != nil {
			last = nil
		}
	}
}

// pair gives a food that is added to another its small portion, and returns what later additions go to.
func (r *reader) pair(base, h *helping, join string, baseIndex int) *helping {
	switch {
	case join == "on": // "peanut butter on toast": the first goes onto the second
		if !base.said() && base.food != nil && base.dish == nil && h.food != nil {
			if add, ok := base.food.additionTo(h.food); ok {
				base.added, base.n = &add, h.each()
				if its, fine := r.item(base); fine && baseIndex >= 0 {
					r.out.Items[baseIndex] = its[0]
				}
			}
		}
		return h
	case join == "with" || join == "and":
		if h.food == nil {
			return base
		}
		host := base.host()
		if host == nil {
			return h
		}
		add, ok := h.food.additionTo(host)
		if !ok {
			if join == "with" {
				return base
			}
			return h
		}
		if join == "and" && host.company == "hot" && h.food.liquid {
			return h
		}
		if !h.said() {
			h.added, h.n = &add, base.each()
		}
		return base
	}
	return h
}

// host is the food that additions go to; of a dish its last part.
func (h *helping) host() *food {
	if h.dish != nil {
		return h.dish.parts[0].food
	}
	return h.food
}

// additionTo is the portion of f that goes into or onto host.
func (f *food) additionTo(host *food) (addition, bool) {
	if f == host {
		return addition{}, false
	}
	if a, ok := f.with[host.company]; ok && host.company != "" {
		return a, true
	}
	a, ok := f.with["any"]
	return a, ok
}

// each is how often an addition to h is taken: with two coffees, two splashes.
func (h *helping) each() float64 {
	if h.pieces > 1 && h.pieces <= 20 {
		return h.pieces
	}
	return 1
}

func (h *helping) said() bool { return h.counted || h.measure.unit != "" || h.measure.size != "" }

// strip drops the words around a piece that say nothing of the food.
func strip(toks []token) []token {
	for len(toks) > 0 && (toks[0].kind == word && !toks[0].held && isLead(toks[0].stem) || toks[0].kind == sep) {
		toks = toks[1:]
	}
	for n := len(toks); n > 0 && (toks[n-1].kind == word && !toks[n-1].held && isTail(toks[n-1].stem) || toks[n-1].kind == sep); n = len(toks) {
		toks = toks[:n-1]
	}
	return toks
}

func (r *reader) isAddition(toks []token) bool {
	s, n := r.t.senseAt(toks, 0)
	if n == len(toks) && s.food != nil && len(s.food.with) > 0 {
		return true
	}
	return len(toks) == 1 && (toks[0].stem == "ice" || toks[0].stem == "sauce" || toks[0].stem == "dressing" || toks[0].stem == "topping")
}

// amend reads "150 g", "2 slices" or "grilled" behind a food that had no amount.
func (r *reader) amend(h *helping, toks []token) bool {
	if len(toks) == 1 && isMethod(toks[0].stem) && h.food != nil {
		s, ok := r.t.meaning[toks[0].stem+" "+h.key]
		if ok && s.food != nil {
			h.food = s.food
		}
		return ok && s.food != nil
	}
	if h.dish != nil {
		return false
	}
	q := quantityAt(toks, 0)
	if !q.said || q.bad {
		return false
	}
	for _, m := range measuresAt(toks, q.next) {
		if m.next == len(toks) && m.m != (measure{}) || m.next == len(toks) && q.next == len(toks) {
			h.n, h.counted, h.measure, h.added, h.few = q.n, true, m.m, nil, q.vague
			return true
		}
	}
	return false
}

// parse reads a piece as one food, or as several when each has its number.
func (r *reader) parse(toks []token) ([]helping, *fault) {
	if len(toks) > maxWords {
		return nil, &fault{}
	}
	p := parser{t: r.t, toks: toks, steps: 400}
	if hs, ok := p.foods(0); ok {
		return hs, nil
	}
	if bare := withoutNeutral(toks); len(bare) < len(toks) && len(bare) > 0 {
		q := parser{t: r.t, toks: bare, steps: 400}
		if hs, ok := q.foods(0); ok {
			return hs, nil
		}
		p.misfit = append(p.misfit, q.misfit...)
	}
	if h, ok := p.entry(); ok {
		return []helping{h}, nil
	}
	return nil, &fault{offers: p.misfit[:min(1, len(p.misfit))]}
}

func withoutNeutral(toks []token) []token {
	var out []token
	for _, t := range toks {
		if t.kind == word && !t.held && isNeutral(t.stem) {
			continue
		}
		out = append(out, t)
	}
	return out
}

// ask turns a piece into a question.
func (r *reader) ask(whole, toks []token, offers []string) {
	if len(offers) == 0 && r.suggested < maxSuggest {
		r.suggested++
		offers = r.t.suggest(content(toks))
	}
	r.unknownTokens(whole, offers)
}

// content are the stems that may name a food: no amounts, no little words.
func content(toks []token) []string {
	var out []string
	for _, t := range toks {
		if t.kind != word || t.stem == "a" || t.stem == "an" || t.stem == "of" || isAmount(t.stem) || isSize(unitName(t.stem)) || counts(t) || isLead(t.stem) {
			continue
		}
		if out = append(out, t.stem); len(out) == 8 {
			break
		}
	}
	return out
}

// isAmount tells the measures that are never part of a name.
func isAmount(w string) bool {
	u := unitName(w)
	_, vague := household(u)
	return massOf(u) > 0 || volumeOf(u) > 0 || vague || u == "slice" || u == "piece"
}

// item turns a helping into one item, or those of a dish; ok is false when it cannot be weighed or meant.
func (r *reader) item(h *helping) ([]Item, bool) {
	if h.dish != nil {
		return r.dishItems(h)
	}
	grams, quantity, assumed, ok := r.t.weigh(h)
	if !ok {
		return nil, false
	}
	e := &r.t.entries[h.food.entry]
	return []Item{{
		Name: h.food.name, NDB: e.ndb, Grams: grams, Quantity: quantity, Assumed: assumed, Nutrients: e.per100.of(grams),
	}}, true
}

func (r *reader) dishItems(h *helping) ([]Item, bool) {
	var out []Item
	for _, p := range h.dish.parts {
		grams := round(p.grams * h.n)
		if !(grams > 0 && grams <= maxGrams) {
			return nil, false
		}
		e := &r.t.entries[p.food.entry]
		out = append(out, Item{
			Name: p.food.name, NDB: e.ndb, Grams: grams, Quantity: formatNumber(h.n) + " " + h.dish.name, Assumed: true,
			Nutrients: e.per100.of(grams),
		})
	}
	return out, true
}

// weigh gives the grams of a helping and how to tell them.
func (t *Table) weigh(h *helping) (grams float64, quantity string, assumed, ok bool) {
	f, m := h.food, h.measure
	h.pieces = 1
	one, text := f.grams, f.unit
	switch {
	case h.added != nil:
		one, text, assumed = h.added.grams, h.added.unit, true
	case m.unit != "" || m.size != "":
		if one, ok = t.gramsOf(f, m); !ok {
			return 0, "", false, false
		}
		text, assumed = m.text, m.vague || h.few
		if massOf(m.unit) == 0 && volumeOf(m.unit) == 0 || f.company == "hot" && m.unit == "cup" {
			h.pieces = h.n
		}
	case h.counted && f.mass && h.n >= 50 && h.n == math.Trunc(h.n): // "rice 150"
		one, text, assumed = 1, "g", true
	case h.counted && f.liquid && h.n >= 50 && h.n == math.Trunc(h.n): // "water 500"
		if one, ok = t.gramsOfVolume(f, "ml"); !ok {
			return 0, "", false, false
		}
		text, assumed = "ml", true
	case h.counted && f.mass && h.n != 1 && h.n != 0.5:
		return 0, "", false, false // two of a mass: two what?
	case h.counted && f.units["whole"] > 0 && !h.few: // half a pizza is no half slice
		one, text, assumed = f.units["whole"], "whole", true
	case h.counted && !f.piece && (f.unit == "slice" || f.unit == "wedge"):
		return 0, "", false, false // half a cake: of which size?
	case h.counted:
		h.pieces, assumed = h.n, !f.piece || h.few
	default:
		assumed = true
		if g, ok := f.units["serving"]; ok && f.piece && f.grams < 40 { // nobody eats one almond
			one, text = g, "portion"
		} else if h.many && f.piece && h.n == 1 {
			h.n, h.pieces = 2, 2
		}
	}
	grams = round(one * h.n)
	if !(grams > 0 && grams <= maxGrams) {
		return 0, "", false, false
	}
	return grams, describe(h.n, text), assumed, true
}

func round(g float64) float64 { return math.Round(g*100) / 100 }

// describe writes an amount: "2 large", "150 g", "2 slices", "1/2 cup", "2 × 1/2 cup".
func describe(n float64, unit string) string {
	if unit != "" && unit[0] >= '0' && unit[0] <= '9' {
		if n == 1 {
			return unit
		}
		return formatNumber(n) + " × " + unit
	}
	return formatNumber(n) + " " + plural(unit, n)
}

func plural(unit string, n float64) string {
	last := unit[strings.LastIndexByte(unit, ' ')+1:]
	switch last {
	case "g", "kg", "mg", "oz", "lb", "ml", "cl", "dl", "l", "tbsp", "tsp", "small", "medium", "large", "mini", "jumbo", "halves)", "regular", "half", "whole", "thick", "thin":
		return unit
	}
	if n <= 1 || strings.HasSuffix(unit, "s") {
		return unit
	}
	switch {
	case strings.HasSuffix(unit, "leaf"), strings.HasSuffix(unit, "loaf"):
		return unit[:len(unit)-1] + "ves"
	case strings.HasSuffix(unit, "ch"), strings.HasSuffix(unit, "sh"), strings.HasSuffix(unit, "x"):
		return unit + "es"
	case strings.HasSuffix(unit, "rry"), strings.HasSuffix(unit, "vy"), strings.HasSuffix(unit, "tty"), strings.HasSuffix(unit, "dy"):
		return unit[:len(unit)-1] + "ies"
	}
	return unit + "s"
}
