package food

// measure is one measure that was read from the message.
type measure struct {
	size, unit string
	vague      bool
	text       string // "large slice", in the singular
}

// gramsOf is what one measure of the food weighs; ok is false when the food has no such measure and it must be asked.
func (t *Table) gramsOf(f *food, m measure) (grams float64, ok bool) {
	e := &t.entries[f.entry]
	if m.size == "" {
		if g := massOf(m.unit); g > 0 {
			if m.unit == "oz" && f.liquid {
				return t.gramsOfVolume(f, "fl oz")
			}
			return g, true
		}
		if g, ok := f.units[m.unit]; ok {
			return g, true
		}
		if m.unit == "serving" || m.unit == "side" || (m.unit == "bowl" || m.unit == "plate") && f.grams >= 60 {
			return f.grams, true
		}
		if volumeOf(m.unit) > 0 {
			return t.gramsOfVolume(f, m.unit)
		}
		if m.unit == "spoonful" {
			return t.gramsOfVolume(f, "tbsp")
		}
		if g, ok := e.portionOf("", m.unit); ok {
			return g, true
		}
		return t.gramsOfOtherWord(f, m.unit)
	}
	return t.gramsOfSize(f, m)
}

func (t *Table) gramsOfSize(f *food, m measure) (float64, bool) {
	key := m.size
	if m.unit != "" {
		key += " " + m.unit
	}
	if g, ok := f.units[key]; ok {
		return g, true
	}
	if g, ok := t.entries[f.entry].portionOf(m.size, m.unit); ok {
		return g, true
	}
	plain := m
	plain.size = ""
	switch {
	case m.size == "whole" && m.unit == "" && f.piece:
		return f.grams, true
	case m.unit != "" && (m.size == "medium" || m.size == "whole"):
		return t.gramsOf(f, plain)
	case m.unit != "" && unitKey(f.unit) == m.unit: // "large slice" of bread when only "large" is known
		if g, ok := f.units[m.size]; ok {
			return g, true
		}
	case m.unit == "" && m.size == "medium" && f.piece:
		return f.grams, true
	}
	if g, ok := t.gramsOf(f, plain); ok && m.vague { // a big bowl is a bowl and a half; it is shown as assumed
		switch m.size {
		case "small":
			return g * 0.75, true
		case "large":
			return g * 1.5, true
		}
	}
	return 0, false
}

// gramsOfOtherWord tries the words that mean the food's own portion.
func (t *Table) gramsOfOtherWord(f *food, unit string) (float64, bool) {
	own := unitKey(f.unit)
	switch {
	case unit == own:
		return f.grams, true
	case unit == "piece" && f.piece && own != "glass":
		return f.grams, true
	case unit == "fruit" && f.piece:
		return f.grams, true
	case unit == "glass" && f.liquid, unit == "mug" && f.company == "hot":
		return t.gramsOfVolume(f, "cup")
	case unit == "rasher":
		g, ok := f.units["slice"]
		return g, ok
	case unit == "container" || unit == "carton":
		g, ok := f.units["tub"]
		return g, ok
	case nameWords(f.name)[len(nameWords(f.name))-1] == unit && f.piece: // "2 sausage links", "a bar" of a bar
		return f.grams, true
	}
	return 0, false
}

func (t *Table) gramsOfVolume(f *food, unit string) (float64, bool) {
	if g, ok := f.units[unit]; ok {
		return g, true
	}
	e := &t.entries[f.entry]
	if g, ok := e.portionOf("", unit); ok {
		return g, true
	}
	for _, u := range [...]string{"fl oz", "cup", "tbsp", "tsp", "quart"} {
		g, ok := f.units[u]
		if !ok || f.company == "hot" || unitKey(f.unit) == u && !f.mass {
			g, ok = e.portionOf("", u)
		}
		if ok {
			return g / volumeOf(u) * volumeOf(unit), true
		}
	}
	if f.liquid {
		return volumeOf(unit), true
	}
	return 0, false
}

// portionOf finds the table's household measure that has all the words asked for and the fewest others.
func (e *entry) portionOf(size, unit string) (float64, bool) {
	best, grams := 1<<30, 0.0
	for _, p := range e.portions {
		if score, ok := p.match(size, unit); ok && score < best {
			best, grams = score, p.grams
		}
	}
	return grams, best < 1<<30
}

func (p portion) match(size, unit string) (score int, ok bool) {
	wanted := 0
	for i, w := range p.words {
		switch {
		case w == unit, w == size:
			wanted++
		case unit == "fl oz" && w == "fl" && i+1 < len(p.words) && p.words[i+1] == "oz":
			wanted++
		case unit == "fl oz" && w == "oz":
		case w == "yield" || w == "dry" || w == "unprepared" || w == "undiluted" || w == "refuse" || w == "shell" || w == "child":
			return 0, false
		case (w == "medium" || w == "whole") && volumeOf(unit) == 0:
			score += 2
		case w == "extra" || isSize(w): // another size than the one asked for
			return 0, false
		case w[0] >= '0' && w[0] <= '9':
			score += 5
		case w == "cooked" || w == "fluid" || w == "fl" || w == "oz":
			score++
		default:
			score += 10
		}
	}
	need := 0
	for _, w := range [...]string{size, unit} {
		if w != "" {
			need++
		}
	}
	return score, need > 0 && wanted >= need
}
