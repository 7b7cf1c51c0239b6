package food

// isLead tells the words that may stand before what was eaten and say nothing of it.
func isLead(w string) bool {
	switch w {
	case "i", "ive", "im", "we", "weve", "just", "have", "had", "has", "eat", "ate", "eaten", "eating", "drank", "drink", "drunk", "drinking",
		"got", "grabbed", "also", "then", "so", "ok", "okay", "hi", "hey", "please", "log", "add", "logged", "record", "track", "my", "our",
		"was", "were", "it", "there", "some", "the", "this", "that", "consumed", "finished", "enjoyed", "having", "about", "around",
		"approximately", "roughly", "approx", "ca", "circa", "maybe", "only", "now", "of", "ended", "up", "well", "went", "did", "been", "and",
		"think", "guess", "believe", "first", "later", "after", "before", "finally", "more", "munched", "snacked", "food", "eated", "for", "out",
		"jag", "drack", "har", "hade", "till", "comi", "tome", "bebi", "yo", "he", "comido", "desayune", "almorce", "cene", "el", "la", "los",
		"las", "de", "lite", "nagra", "unos", "unas", "algo":
		return true
	}
	return false
}

// isTail tells the words that may stand after it.
func isTail(w string) bool {
	switch w {
	case "please", "thank", "thanks", "too", "also", "only", "again", "tack", "gracia", "yum", "total", "well", "as", "now", "though", "actually", "today",
		"so", "far", "already", "instead", "you", "alone", "myself", "haha", "lol":
		return true
	}
	return false
}

// isNeutral tells the words that may stand inside and change neither the food nor its amount.
func isNeutral(w string) bool {
	switch w {
	case "fresh", "freshly", "ripe", "hot", "warm", "cold", "homemade", "home", "made", "organic", "tasty", "delicious", "yummy", "nice", "good",
		"lovely", "some", "plain", "sized", "size", "heaped", "heaping", "level", "levelled", "generous", "leftover", "simple", "natural",
		"the", "my", "more", "about", "around", "approximately", "roughly", "approx", "ca", "piping", "whole", "peeled", "unsalted",
		"salted", "sliced", "diced", "chopped", "real", "normal", "of", "iced", "few", "own", "favourite", "favorite", "quick", "brewed", "decent", "just", "rare", "boneless", "pasteurized", "pasteurised":
		return true
	}
	return false
}

// isNeutralPair is isNeutral for two words.
func isNeutralPair(a, b string) bool {
	switch a + " " + b {
	case "medium rare", "medium well", "well done", "free range", "store bought", "home made", "freshly squeezed", "bite sized", "grass fed":
		return true
	}
	return false
}

// isBreak tells the words that make a sentence say something else than what was consumed.
func isBreak(w string) bool {
	switch w {
	case "buy", "bought", "buying", "want", "wanted", "will", "gonna", "going", "plan", "planning", "planned", "should", "could", "would",
		"shall", "need", "needed", "tomorrow", "recipe", "calory", "kcal", "cal", "kj", "how", "what", "why", "which", "when", "where", "who",
		"remind", "reminder", "didnt", "dont", "doesnt", "havent", "hasnt", "wont", "cant", "couldnt", "wouldnt", "not", "never", "skipped",
		"skip", "skipping", "craving", "crave", "shop", "shopping", "feel", "feeling", "weight", "weigh", "weighed", "weighing", "goal", "delete",
		"remove", "undo", "cancel", "hate", "hated", "love", "like", "allergic", "allergy", "prefer", "avoid", "avoided", "avoiding", "refused",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "dog", "cat", "kid", "baby", "wife", "husband", "if",
		"almost", "nearly", "instead", "wish", "hungry", "every", "daily", "usually", "often", "always", "sometimes", "might", "may", "let",
		"order", "ordered", "ordering", "sell", "sold", "cook", "cooking", "fed", "feed", "gave", "stop", "stopped", "quit", "correct", "change", "week",
		"next", "month", "nobody", "nothing", "she", "her", "his", "they", "their", "cannot", "ran", "walked", "slept", "intolerant", "burned", "vomited",
		"inte", "imorgon", "kopa", "kop", "manana", "comprar", "vill", "ska", "quiero", "nunca", "threw", "dropped", "spilled", "without eating":
		return true
	}
	return false
}

// mealOf is the meal a word names, empty for none.
func mealOf(w string) string {
	switch w {
	case "breakfast", "brekfast", "breakfest", "breckfast", "brakfast", "breakfat", "brekky", "brekkie", "brunch", "frukost", "desayuno":
		return "breakfast"
	case "lunch", "luch", "lunsh", "lunchtime", "luncheon", "almuerzo", "comida":
		return "lunch"
	case "dinner", "diner", "dinnner", "dinnar", "supper", "dinnertime", "middag", "kvallsmat", "cena":
		return "dinner"
	case "snack", "mellanmal", "fika", "merienda":
		return "snack"
	}
	return ""
}

// joins is what a word between two foods says: "and", "with", "on", "without", or empty.
func joins(w string) string {
	switch w {
	case "and", "plus", "then", "och", "y", "und", "n", "alongside":
		return "and"
	case "with", "med", "con", "mit":
		return "with"
	case "on", "in", "over", "into":
		return "on"
	case "without", "no", "minus", "sin", "utan", "sans":
		return "without"
	}
	return ""
}
