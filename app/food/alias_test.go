package food

import (
	"math"
	"sort"
	"testing"
)

func TestAliasesAreMany(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	if len(table.foods) < 900 || len(table.meaning) < 3000 {
		t.Errorf("%d everyday foods and %d words for them, want at least 900 and 3000", len(table.foods), len(table.meaning))
	}
}

// Every everyday food has a portion a person can eat, of an energy that portion can have.
func TestAliasPortionsArePlausible(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	big := map[string]bool{ // sold as one piece, and really that much
		"whole pizza": true, "double quarter pounder": true, "mcdonald's big breakfast": true, "whopper with cheese": true, "double whopper": true,
		"taco bell taco salad": true,
	}
	for _, f := range table.foods {
		e := table.entries[f.entry]
		if !(f.grams >= 0.4 && f.grams <= 900) || f.unit == "" {
			t.Errorf("%s: portion of %g g called %q", f.name, f.grams, f.unit)
		}
		if kcal := e.per100.of(f.grams).Calories; kcal > 700 && !big[f.name] {
			t.Errorf("%s: a portion of %.0f kcal (%s)", f.name, kcal, e.name)
		}
		for unit, g := range f.units {
			if !(g >= 0.3 && (g <= 1600 || unit == "whole" && g <= 5000)) {
				t.Errorf("%s: a %s of %g g", f.name, unit, g)
			}
		}
		for to, a := range f.with {
			if !(a.grams > 0 && a.grams <= 150) || a.unit == "" {
				t.Errorf("%s added to %s: %+v", f.name, to, a)
			}
		}
	}
}

// Where the table has the very measure an alias overrides, the two do not disagree by much.
func TestAliasUnitsAgreeWithTheTable(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	differ := map[string]bool{
		"canned tomatoes can":            true, // the common one has 400 g
		"canned mackerel can":            true, // the flat one
		"sardines in tomato sauce can":   true,
		"salmon fillet":                  true, // the table's is a whole side
		"raw salmon fillet":              true,
		"halibut fillet":                 true,
		"potato chips bag":               true, // the small one is eaten alone
		"corn chips bag":                 true,
		"barbecue chips bag":             true,
		"sour cream and onion chips bag": true,
		"cheese potato chips bag":        true,
		"reduced-fat potato chips bag":   true,
		"instant oatmeal packet":         true, // prepared with water
		"buttermilk biscuit small":       true, // the table's is a miniature
	}
	for _, f := range table.foods {
		e := table.entries[f.entry]
		for unit, g := range f.units {
			var said []float64
			near := false
			for _, p := range e.portions {
				if len(p.words) == 1 && p.words[0] == unit {
					said = append(said, p.grams)
					near = near || g/p.grams > 0.55 && g/p.grams < 1.8
				}
			}
			if len(said) > 0 && !near && !differ[f.name+" "+unit] {
				t.Errorf("%s: a %s of %g g, the table says %g g", f.name, unit, g, said)
			}
		}
	}
}

// Energy follows from protein, carbohydrate and fat, except where fibre, alcohol or acids carry part of it.
func TestAliasEnergyFollowsAtwater(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	except := map[string]string{
		"beer": "alcohol", "light beer": "alcohol", "red wine": "alcohol", "white wine": "alcohol", "wine": "alcohol", "dessert wine": "alcohol",
		"vodka": "alcohol", "gin": "alcohol", "rum": "alcohol", "whisky": "alcohol", "spirits": "alcohol", "pina colada": "alcohol",
		"daiquiri": "alcohol", "coffee liqueur": "alcohol", "irish cream": "alcohol", "creme de menthe": "alcohol", "light wine": "alcohol",
		"sake": "alcohol", "tequila sunrise": "alcohol", "whiskey sour": "alcohol", "vanilla extract": "alcohol",
		"sugar-free gum": "polyols", "white vinegar": "acid", "red wine vinegar": "acid",
	}
	var off []string
	for _, f := range table.foods {
		n := table.entries[f.entry].per100
		want := 4*n.Protein + 4*n.Carbs + 9*n.Fat
		if math.Abs(want-n.Calories) > math.Max(0.25*n.Calories, 14) && except[f.name] == "" {
			off = append(off, f.name)
		}
	}
	sort.Strings(off)
	fibrous := map[string]bool{}
	for _, name := range []string{
		"lemon", "lime", "cocoa powder", "bran flakes", "mustard", "chia seeds", "vinegar", "all-bran", "allspice", "baking chocolate", "bay leaf",
		"black pepper", "cayenne pepper", "chili powder", "cinnamon", "coriander seed", "curry powder", "dried basil", "dried dill", "dried oregano",
		"dried thyme", "ground cloves", "lemon zest", "oat bran", "oat bran porridge", "paprika powder", "sage", "spirulina", "thyme", "wheat bran",
	} {
		fibrous[name] = true
	}
	for _, name := range off {
		if !fibrous[name] {
			t.Errorf("%s: energy does not follow from its macronutrients", name)
		}
	}
}

// Every name can be said: what is suggested is understood when it is sent back, as that very food.
func TestEveryNameReadsAsItself(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for _, f := range table.foods {
		for _, phrase := range []string{f.name, "100 g " + f.name, f.name + " 100g", "I had 50 g of " + f.name + " for lunch"} {
			r := table.Read(phrase)
			if len(r.Items) != 1 || len(r.Unknown) != 0 || r.Items[0].Name != f.name {
				t.Errorf("%q: got %s", phrase, show(r))
			}
		}
	}
}

// A measure of a food is that measure however it is said: "1 slice pizza" is no pizza.
func TestMeasuresAreThoseOfTheFood(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for _, f := range table.foods {
		for unit, grams := range f.units {
			if known, _ := household(unit); !known || unit == "half" || unit == "half pint" { // numbers, when said
				continue
			}
			for _, phrase := range []string{"1 " + unit + " of " + f.name, "a " + unit + " " + f.name, "1 " + f.name + " " + unit} {
				r := table.Read(phrase)
				if len(r.Items) == 1 && r.Items[0].Name == f.name && math.Abs(r.Items[0].Grams-grams) > 0.01 {
					t.Errorf("%q: %g g, a %s has %g", phrase, r.Items[0].Grams, unit, grams)
				}
			}
		}
	}
}

// Every word for a food is read as that food.
func TestEveryWordReadsAsItsFood(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for key, s := range table.meaning {
		r := table.Read(key)
		if s.dish != nil {
			if len(r.Items) != len(s.dish.parts) || len(r.Unknown) != 0 {
				t.Errorf("%q: got %s, want the parts of %s", key, show(r), s.dish.name)
			}
			continue
		}
		if len(r.Items) != 1 || len(r.Unknown) != 0 || r.Items[0].Name != s.food.name {
			t.Errorf("%q: got %s, want %s", key, show(r), s.food.name)
		}
	}
}

func TestWordsToAskAreAsked(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for key, offers := range table.ask {
		r := table.Read(key)
		if len(r.Items) != 0 || len(r.Unknown) != 1 {
			t.Errorf("%q: got %s", key, show(r))
		}
		for _, o := range offers {
			if r := table.Read(o); len(r.Items) == 0 || len(r.Unknown) > 0 {
				t.Errorf("%q is offered for %q and not understood: %s", o, key, show(r))
			}
		}
	}
}

func TestAlternatives(t *testing.T) {
	t.Parallel()
	got := alternatives("(a/b) c (d/e)")
	if len(got) != 4 || got[0] != "a c d" || got[3] != "b c e" {
		t.Errorf("got %q", got)
	}
}

func TestStemJoinsSingularAndPlural(t *testing.T) {
	t.Parallel()
	for one, many := range map[string]string{
		"egg": "eggs", "tomato": "tomatoes", "berry": "berries", "cookie": "cookies", "sandwich": "sandwiches", "glass": "glasses",
		"leaf": "leaves", "loaf": "loaves", "peach": "peaches", "radish": "radishes", "brownie": "brownies", "kiwi": "kiwis", "box": "boxes",
	} {
		if stem(one) != stem(many) {
			t.Errorf("%s is %s, %s is %s", one, stem(one), many, stem(many))
		}
	}
}
