package food

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
		if len(r.out.Items) >= maxPieces || len(r.out.Unknown) >= maxPieces {
			end := ps[len(ps)-1].toks
			r.unknown(p.toks[0].start, end[len(end)-1].end, nil)
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
		if last != nil && lastIndex >= 0 && r.amend(last, toks) {
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
		if p.join == "with" && base != nil && base.food != nil && base.food.company == "eggs" && hs[0].food == r.t.byName["egg"] {
			r.ask(p.toks, toks, nil) // "an omelette with 3 eggs" has no other eggs than its own
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
		if toks[0].stem == "jag" && len(toks) > 1 && toks[1].stem == "at" { // "jag åt", not "at 9 eggs"
			toks = toks[1:]
		}
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

// amend reads what is said of a food behind a comma: "150 g", "2 slices" when it had no amount, "grilled" always.
func (r *reader) amend(h *helping, toks []token) bool {
	x, prepared := *h, false
	for len(toks) > 0 && r.t.prepare(&x, toks[0]) {
		toks, prepared = toks[1:], true
	}
	if prepared && len(toks) == 0 {
		*h = x
		return true
	}
	if h.one() && r.t.weighed(&x, toks) {
		*h = x
		return true
	}
	if h.dish != nil || h.said() {
		return false
	}
	q := quantityAt(toks, 0)
	if !q.said || q.bad {
		return false
	}
	for _, m := range measuresAt(toks, q.next) {
		if m.next == len(toks) && m.m != (measure{}) || m.next == len(toks) && q.next == len(toks) {
			x.n, x.counted, x.measure, x.added, x.few = q.n, true, m.m, nil, q.vague
			*h = x
			return true
		}
	}
	return false
}

// prepare changes the food to what it is when made in the way the word says; ok is false when the word is no such way or the food is
// not known in it.
func (t *Table) prepare(h *helping, w token) bool {
	if h.food == nil || w.kind != word || w.held || !isMethod(w.stem) {
		return false
	}
	s, ok := t.meaning[w.stem+" "+h.key]
	if !ok || s.food == nil {
		return false
	}
	h.food = s.food
	return true
}

// one tells whether a single piece or vessel of a food was said, of which a weight says more.
func (h *helping) one() bool {
	return h.food != nil && h.said() && h.n == 1 && massOf(h.measure.unit) == 0 && volumeOf(h.measure.unit) == 0
}

// weighed reads "175 ml" or "120 g" as the amount of the helping; ok is false when toks are anything else.
func (t *Table) weighed(h *helping, toks []token) bool {
	q := quantityAt(toks, 0)
	if !q.said || q.bad || q.vague {
		return false
	}
	unit, next := unitAt(toks, q.next)
	if next != len(toks) || massOf(unit) == 0 && volumeOf(unit) == 0 || unit == "cup" || unit == "pint" {
		return false
	}
	h.n, h.counted, h.few, h.added, h.measure = q.n, true, false, nil, measure{unit: unit, text: unit}
	return true
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
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if t.kind == word && !t.held && isNeutral(t.stem) {
			continue
		}
		if i+1 < len(toks) && isNeutralPair(t.stem, toks[i+1].stem) {
			i++
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
