package food

import (
	"math"
	"strings"
)

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
	times, text := h.portionsOfDish(), h.dish.name
	if h.measure.text != "" {
		text = h.measure.text + " " + text
	}
	for _, p := range h.dish.parts {
		grams := round(p.grams * h.n * times)
		if !(grams > 0 && grams <= maxGrams) {
			return nil, false
		}
		e := &r.t.entries[p.food.entry]
		out = append(out, Item{
			Name: p.food.name, NDB: e.ndb, Grams: grams, Quantity: formatNumber(h.n) + " " + text, Assumed: true,
			Nutrients: e.per100.of(grams),
		})
	}
	return out, true
}

// portionsOfDish is how much of the usual dish one measure is, 0 when the measure is none of a dish.
func (h *helping) portionsOfDish() float64 {
	total, liquid := 0.0, true
	for _, p := range h.dish.parts {
		total += p.grams
		liquid = liquid && p.food.liquid
	}
	unit := h.measure.unit
	if unit == "oz" && liquid {
		unit = "fl oz"
	}
	switch {
	case massOf(unit) > 0:
		return massOf(unit) / total
	case liquid && volumeOf(unit) > 0 && unit != "cup":
		return volumeOf(unit) / total
	}
	switch unit {
	case "", "serving", "plate", "bowl", "cup", "mug", "glass":
	default:
		return 0
	}
	switch h.measure.size {
	case "", "medium":
		return 1
	case "small", "mini":
		return 0.75
	case "large", "extra large":
		return 1.5
	}
	return 0
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
	case h.counted && f.mass && !h.few && f.units["medium"] > 0: // two zucchini
		one, text = f.units["medium"], "medium"
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
	if n <= 1 || isPlural(unit) {
		return unit
	}
	switch {
	case strings.HasSuffix(unit, "ss"):
		return unit + "es"
	case strings.HasSuffix(unit, "leaf"), strings.HasSuffix(unit, "loaf"):
		return unit[:len(unit)-1] + "ves"
	case strings.HasSuffix(unit, "ch"), strings.HasSuffix(unit, "sh"), strings.HasSuffix(unit, "x"):
		return unit + "es"
	case strings.HasSuffix(unit, "rry"), strings.HasSuffix(unit, "vy"), strings.HasSuffix(unit, "tty"), strings.HasSuffix(unit, "dy"):
		return unit[:len(unit)-1] + "ies"
	}
	return unit + "s"
}
