package food

import "strings"

// unitName is the one spelling of a word for a measure; a word that is none is returned as it is. The argument is stemmed.
func unitName(w string) string {
	switch w {
	case "gram", "gr", "gm", "gramm", "gramo":
		return "g"
	case "kilo", "kgs", "kilogram", "kilogramm":
		return "kg"
	case "milligram":
		return "mg"
	case "ounce", "onz":
		return "oz"
	case "lbs", "lb", "pound":
		return "lb"
	case "millilitre", "milliliter", "mls":
		return "ml"
	case "centilitre", "centiliter":
		return "cl"
	case "decilitre", "deciliter":
		return "dl"
	case "litre", "liter", "litro", "lt", "ltr":
		return "l"
	case "tablespoon", "tbs", "tbl", "msk", "cucharada", "esslöffel":
		return "tbsp"
	case "teaspoon", "tsk", "cucharadita":
		return "tsp"
	case "kopp", "taza":
		return "cup"
	case "glas", "vaso", "glaset", "copa":
		return "glass"
	case "skiva", "skivor", "rebanada":
		return "slice"
	case "bitar", "st", "stycken", "pc", "pcs", "pieza", "trozo", "pce":
		return "piece"
	case "tin", "burk", "lata":
		return "can"
	case "flaska", "botella":
		return "bottle"
	case "skal", "tazon":
		return "bowl"
	case "tallrik", "plato", "plateful":
		return "plate"
	case "portion", "helping", "porción", "porcion", "racion":
		return "serving"
	case "pack", "package", "sachet", "pkt", "pouch":
		return "packet"
	case "cupful":
		return "cup"
	case "bowlful":
		return "bowl"
	case "spoonful", "spoon":
		return "spoonful"
	case "glug":
		return "splash"
	case "nävar", "handfull", "handsful", "näve", "puñado", "punado":
		return "handful"
	case "quart":
		return "quart"
	case "big", "grand", "xl", "huge", "larger", "stor", "stora", "stort", "grande":
		return "large"
	case "tiny", "little", "smaller", "liten", "litet", "sma", "pequeno", "pequena", "short":
		return "small"
	case "regular", "average", "normal", "standard", "mediano", "mediana", "tall":
		return "medium"
	case "miniature":
		return "mini"
	}
	return w
}

// unitKey is unitName for a measure of one or more words, as written in aliases.csv.
func unitKey(s string) string {
	words := nameWords(s)
	for i, w := range words {
		words[i] = unitName(w)
	}
	return strings.Join(words, " ")
}

// massOf is how many grams a unit of mass has, 0 for others.
func massOf(unit string) float64 {
	switch unit {
	case "g":
		return 1
	case "kg":
		return 1000
	case "mg":
		return 0.001
	case "oz":
		return 28.35
	case "lb":
		return 453.6
	}
	return 0
}

// volumeOf is how many millilitres a unit of volume has, 0 for others; cups, spoons and pints are those of the table's country.
func volumeOf(unit string) float64 {
	switch unit {
	case "ml":
		return 1
	case "cl":
		return 10
	case "dl":
		return 100
	case "l":
		return 1000
	case "cup":
		return 236.588
	case "fl oz":
		return 29.5735
	case "tbsp":
		return 14.7868
	case "tsp":
		return 4.92892
	case "pint":
		return 473.176
	case "quart":
		return 946.353
	}
	return 0
}

// household tells whether the word names a piece or a vessel, and whether it leaves the size open.
func household(unit string) (known, vague bool) {
	switch unit {
	case "slice", "piece", "stick", "clove", "wing", "drumstick", "thigh", "leg", "breast", "fillet", "patty", "strip", "rasher", "link",
		"wedge", "leaf", "stalk", "spear", "head", "ear", "cob", "floret", "ring", "chop", "cube", "square", "bar", "nugget", "pat", "ball",
		"half", "chunk", "row", "sheet", "berry", "kernel", "fruit", "packet", "can", "bottle", "shot", "block", "biscuit", "loaf", "steak",
		"rib", "twist", "lump", "segment", "sprig", "rack", "shell", "heart", "bulb", "cheek":
		return true, false
	case "glass", "mug", "bowl", "plate", "handful", "serving", "scoop", "splash", "dash", "drizzle", "pinch", "knob", "dollop", "squirt",
		"squeeze", "bag", "box", "carton", "pot", "tub", "container", "jar", "punnet", "bunch", "spoonful", "ladle", "cone", "stack", "single",
		"double", "pint", "half pint", "stein", "sip", "schmear", "scrape", "bucket", "slab", "side", "portion", "roll", "crumb":
		return true, true
	}
	return false, false
}

func isSize(w string) bool {
	switch w {
	case "small", "medium", "large", "mini", "jumbo", "extra large", "extra small", "thick", "thin", "whole":
		return true
	}
	return false
}

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
		if volumeOf(m.unit) > 0 {
			return t.gramsOfVolume(f, m.unit)
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
	case unit == own, unit == "serving":
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
	for _, u := range [...]string{"cup", "fl oz", "tbsp", "tsp", "quart"} {
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
		case w == "yield" || w == "dry" || w == "unprepared" || w == "undiluted" || w == "refuse" || w == "shell":
			return 0, false
		case w == "extra" || isSize(w): // another size than the one asked for
			score += 40
		case w[0] >= '0' && w[0] <= '9':
			score += 5
		case w == "whole" || w == "cooked" || w == "fluid" || w == "fl" || w == "oz":
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
