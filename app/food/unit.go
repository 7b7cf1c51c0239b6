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
	case "lg", "lrg", "big", "grand", "xl", "huge", "larger", "stor", "stora", "stort", "grande":
		return "large"
	case "sm", "tiny", "little", "smaller", "liten", "litet", "sma", "pequeno", "pequena", "short":
		return "small"
	case "med", "regular", "average", "normal", "standard", "mediano", "mediana", "tall":
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
		"half", "chunk", "row", "sheet", "berry", "kernel", "fruit", "packet", "can", "shot", "block", "biscuit", "loaf", "steak",
		"rib", "twist", "lump", "segment", "sprig", "rack", "shell", "heart", "bulb", "cheek":
		return true, false
	case "glass", "mug", "bottle", "bowl", "plate", "handful", "serving", "scoop", "splash", "dash", "drizzle", "pinch", "knob", "dollop", "squirt",
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
