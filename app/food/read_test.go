package food

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func mustLoad(tb testing.TB) *Table {
	tb.Helper()
	t, err := Load()
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// show writes a reading in one line: "egg 100; ~toast 27; ?what was not understood".
func show(r Reading) string {
	var out []string
	for _, i := range r.Items {
		mark := ""
		if i.Assumed {
			mark = "~"
		}
		out = append(out, fmt.Sprintf("%s%s %g", mark, i.Name, math.Round(i.Grams)))
	}
	for _, u := range r.Unknown {
		out = append(out, "?"+u.Text)
	}
	return strings.Join(out, "; ")
}

func TestReadPhrases(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for phrase, want := range map[string]string{
		// amounts
		"2 eggs, toast and 150g rice":     "egg 100; ~toast 27; rice 150",
		"two eggs":                        "egg 100",
		"an egg":                          "egg 50",
		"egg":                             "~egg 50",
		"eggs x2":                         "egg 100",
		"2x eggs":                         "egg 100",
		"2 × 150 g chicken":               "chicken 300",
		"half an avocado":                 "avocado 101",
		"½ avocado":                       "avocado 101",
		"1/2 cup rice":                    "rice 79",
		"1 1/2 cups of rice":              "rice 237",
		"one and a half cups rice":        "rice 237",
		"1½ cups rice":                    "rice 237",
		"1,5 dl milk":                     "milk 155",
		"1,500 g potatoes":                "potato 1500",
		"a couple of bananas":             "banana 236",
		"half a dozen eggs":               "egg 300",
		"a few almonds":                   "~almond 4",
		"rice 150g":                       "rice 150",
		"rice: 150 g":                     "rice 150",
		"rice (150g)":                     "rice 150",
		"rice 150g chicken 200g":          "rice 150; chicken 200",
		"2 eggs 1 toast 150g rice":        "egg 100; toast 27; rice 150",
		"a 200g steak":                    "steak 200",
		"water 500":                       "~water 500",
		"rice 200":                        "~rice 200",
		"330 ml can of coke":              "cola 343",
		"about 30 g of mixed nuts please": "mixed nuts 30",
		"twenty five almonds":             "almond 30",
		"chicken breast 150 g grilled":    "chicken breast 150",
		"200g potatoes, baked":            "baked potato 200",
		"a glass of white wine 175ml":     "white wine 174",
		"1 banana (120 g)":                "banana 120",
		"2 bananas 240 g":                 "?2 bananas 240 g",
		"half an avocado on toast":        "avocado 101; ~toast 27",
		"medium rare steak 250 g":         "steak 250",
		"free range eggs x3":              "egg 150",
		"a glass of red":                  "~red wine 147",
		"I think I ate 2 bananas":         "banana 236",
		"a spoon of nutella":              "~chocolate spread 19",
		"1/2 avocado on toast":            "avocado 101; ~toast 27",
		"large cappuccino":                "~espresso 45; ~milk 180",
		"1 slice pizza":                   "pizza 107",
		"2 quarter pounders":              "quarter pounder 342",
		"16 oz latte":                     "~espresso 62; ~milk 411",
		"omelette with 3 eggs and cheese": "~omelette 122; ~cheese 28; ?3 eggs",
		"a hundred grams of rice":         "rice 100",
		"1 tsp pepper":                    "black pepper 2",
		"pepper":                          "?pepper",
		"2 courgettes":                    "zucchini 392",
		"a bunch of snacks":               "?a bunch of snacks",
		"a light lunch of pasta":          "~pasta 140",
		"cassava 100 g":                   "cassava, raw 100",
		"3 apple slices":                  "apple 69",
		"3 egg omelette":                  "~3-egg omelette 183",
		"1 tbsp. honey":                   "honey 21",
		"chicken, grilled, 200g":          "chicken 200",
		"quarter of a watermelon":         "~watermelon 1130",
		"half a pizza":                    "~pizza 427",
		"half a cheesecake":               "?half a cheesecake",
		"strawberries":                    "~strawberry 144",
		"oz":                              "?oz",
		"2 rice":                          "?2 rice",
		"3 slices of coffee":              "?3 slices of coffee",
		"2 scoops of steak":               "?2 scoops of steak",
		"0 eggs":                          "?0 eggs",
		"-2 eggs":                         "?-2 eggs",
		"2-3 eggs":                        "?2-3 eggs",
		"2 or 3 eggs":                     "?2 or 3 eggs",
		"1e999 g rice":                    "?1e999 g rice",
		"1.500 g rice":                    "?1.500 g rice",
		"10 kg rice":                      "?10 kg rice",
		"999999999999999999999 eggs":      "?999999999999999999999 eggs",
		"NaN g rice":                      "?NaN g rice",
		"0.0000001 g rice":                "?0.0000001 g rice",
		"rice 150g chicken":               "?rice 150g chicken",
		"large banana":                    "banana 136",
		"2 small apples":                  "apple 298",
		"a large glass of orange juice":   "~orange juice 372",
		"large fries":                     "french fries 154",
		// foods
		"coffee with milk":               "~coffee 240; ~milk 30",
		"2 coffees with milk and sugar":  "~coffee 480; ~milk 60; ~sugar 8",
		"tea with 2 sugars":              "~tea 240; sugar 8",
		"black coffee, no sugar":         "~coffee 240",
		"coffee without milk or sugar":   "~coffee 240",
		"coffee and a glass of milk":     "~coffee 240; ~milk 244",
		"bread with butter":              "~bread 28; ~butter 5",
		"2 slices of bread with butter":  "bread 56; ~butter 10",
		"peanut butter on toast":         "~peanut butter 16; ~toast 27",
		"cereal with milk":               "~cereal 28; ~milk 122",
		"mac and cheese":                 "~mac and cheese 274",
		"fish and chips":                 "~fried fish 182; ~french fries 154",
		"peanut butter & jelly sandwich": "~bread 56; ~peanut butter 32; ~jelly 21",
		"2 eggs and bacon":               "egg 100; ~bacon 24",
		"half and half":                  "~half and half 15",
		"2 boiled eggs":                  "boiled egg 100",
		"eggs, scrambled":                "~scrambled egg 122",
		"skimmed milk 200 ml":            "skim milk 207",
		"brown rice 100g":                "brown rice 100",
		"1 cup oats":                     "oats 81",
		"porridge":                       "~oatmeal 234",
		"a pint of beer":                 "~beer 475",
		"7up":                            "~lemon-lime soda 369",
		"jalapeño":                       "~jalapeno 14",
		"chips":                          "?chips",
		"soup":                           "?soup",
		"greek salad":                    "?greek salad",
		"chicken tikka masala":           "?chicken tikka masala",
		"egg noodles sandwich":           "?egg noodles sandwich",
		"bananna":                        "~banana 118",
		"200 g turnip greens":            "turnip greens, raw 200",
		"pizza 800 kcal":                 "?pizza 800 kcal",
		"burger without cheese":          "~hamburger 114; ?cheese",
		// sentences
		"I had 2 eggs and just drank a coffee":   "egg 100; ~coffee 240",
		"lunch:\n- 150 g rice\n- chicken breast": "rice 150; ~chicken breast 172",
		"2 eggs. Then a banana!":                 "egg 100; banana 118",
		"eggs + bacon / toast; tea":              "~egg 100; ~bacon 24; ~toast 27; ~tea 240",
		// not eaten
		"hello how are you":                     "?hello how are you",
		"weight 81.4":                           "?weight 81.4",
		"remind me at 9":                        "?remind me at 9",
		"remind me to buy eggs, milk and bread": "?remind me to buy eggs, milk and bread",
		"I didn't eat the cake":                 "?I didn't eat the cake",
		"how many calories in an egg?":          "?how many calories in an egg?",
		"can I eat 2 eggs":                      "?can I eat 2 eggs",
		"to buy:\neggs\nmilk":                   "?to buy:; ?eggs; ?milk",
		"pizza tomorrow":                        "?pizza tomorrow",
		"2 eggs for my dog":                     "?2 eggs for my dog",
		"had breakfast":                         "?had breakfast",
		"🍕":                                     "?🍕",
		"":                                      "",
		"  \n ":                                 "",
		// Swedish and Spanish
		"2 ägg och en skiva bröd med smör": "egg 100; bread 28; ~butter 5",
		"jag åt 2 ägg":                     "egg 100",
		"at 9 eggs":                        "?at 9 eggs",
		"dos huevos y arroz 150 g":         "egg 100; rice 150",
	} {
		if got := show(table.Read(phrase)); got != want {
			t.Errorf("%q\n got %s\nwant %s", phrase, got, want)
		}
	}
}

func TestReadTimesAndMeals(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for phrase, want := range map[string]string{
		"pizza":                          "- none",
		"yesterday 13:00 pizza":          "- -1 13:00",
		"that was 2 eggs at 9am":         "- 0 09:00",
		"for lunch I had 2 eggs":         "lunch none",
		"2 eggs for breakfast at 7:30":   "breakfast 0 07:30",
		"dinner was pizza":               "dinner none",
		"pizza last night at 9 pm":       "- -1 21:00",
		"2 eggs this morning":            "- 0",
		"toast at noon":                  "- 0 12:00",
		"the day before yesterday pizza": "- -2",
		"pizza 3 days ago":               "- -3",
		"2 eggs an hour ago":             "- 60 minutes ago",
		"snack: apple":                   "snack none",
		"granola bar":                    "- none",
		"12 am toast":                    "- 0 00:00",
		"supper: 2 eggs":                 "dinner none",
	} {
		r := table.Read(phrase)
		meal, when := r.Meal, "none"
		if meal == "" {
			meal = "-"
		}
		if w := r.When; w != nil {
			when = fmt.Sprint(w.DayOffset)
			if w.HasClock {
				when = fmt.Sprintf("%d %02d:%02d", w.DayOffset, w.Hour, w.Minute)
			}
			if w.MinutesAgo > 0 {
				when = fmt.Sprintf("%d minutes ago", w.MinutesAgo)
			}
		}
		if got := meal + " " + when; got != want {
			t.Errorf("%q: got %s, want %s", phrase, got, want)
		}
		if len(r.Items) == 0 {
			t.Errorf("%q: no food: %s", phrase, show(r))
		}
	}
}

// Two times in one message cannot be told in one Reading: what follows the second is asked.
func TestReadAsksForASecondTime(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for phrase, want := range map[string]string{
		"2 eggs this morning. Pizza last night.": "egg 100; ?Pizza last night",
		"toast at 8:00\ntea at 9:00":             "~toast 27; ?tea at 9:00",
	} {
		if got := show(table.Read(phrase)); got != want {
			t.Errorf("%q\n got %s\nwant %s", phrase, got, want)
		}
	}
}

// Headings divide a message into meals; two meals in one sentence are asked.
func TestReadSeveralMeals(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for phrase, want := range map[string]string{
		"breakfast: 2 eggs\nlunch: pizza":                     "breakfast egg; lunch pizza; of breakfast",
		"2 eggs and toast":                                    " egg;  toast; of ",
		"Breakfast\n- 2 eggs\n- toast\nDinner\n- 150 g rice":  "breakfast egg; breakfast toast; dinner rice; of breakfast",
		"breakfast: eggs, lunch: pizza, snack: apple":         "breakfast egg; lunch pizza; snack apple; of breakfast",
		"a banana. For lunch I had pizza":                     " banana; lunch pizza; of lunch",
		"eggs for breakfast and pizza for lunch":              "of ",
		"yesterday lunch: pizza\ndinner: 2 eggs and a banana": "lunch pizza; dinner egg; dinner banana; of lunch",
	} {
		r := table.Read(phrase)
		got := ""
		for _, i := range r.Items {
			got += i.Meal + " " + i.Name + "; "
		}
		if got += "of " + r.Meal; got != want {
			t.Errorf("%q: got %q, want %q", phrase, got, want)
		}
	}
}

func TestReadSuggests(t *testing.T) {
	t.Parallel()
	table := mustLoad(t)
	for phrase, want := range map[string]string{
		"bananazz":           "banana",
		"2 chickhen breasts": "chicken breast",
		"broccolii":          "broccoli",
		"chips":              "potato chips",
		"3 slices of coffee": "coffee",
		"esspressoo":         "espresso",
		"yogorrt":            "yogurt",
	} {
		r := table.Read(phrase)
		if len(r.Items) > 0 || len(r.Unknown) != 1 || len(r.Unknown[0].Suggestions) == 0 || r.Unknown[0].Suggestions[0] != want {
			t.Errorf("%q: got %+v, want the suggestion %q", phrase, r, want)
		}
		if len(r.Unknown) == 1 && len(r.Unknown[0].Suggestions) > 3 {
			t.Errorf("%q: %d suggestions", phrase, len(r.Unknown[0].Suggestions))
		}
	}
}

func TestReadNutrients(t *testing.T) {
	t.Parallel()
	r := mustLoad(t).Read("2 eggs")
	if len(r.Items) != 1 {
		t.Fatalf("got %s", show(r))
	}
	i := r.Items[0]
	if i.NDB != "01123" || i.Quantity != "2 large" || i.Assumed || math.Abs(i.Calories-143) > 0.01 || math.Abs(i.Protein-12.56) > 0.05 {
		t.Errorf("got %+v", i)
	}
}

func FuzzRead(f *testing.F) {
	table := mustLoad(f)
	for _, s := range []string{
		"2 eggs, toast and 150g rice", "half an avocado", "1e999 g rice", "yesterday 13:00 pizza w/ 2 x 1/2 ½ cups", "mac & cheese\n-2--3..5",
		"\u0000\xff\u202e١٢ جرام", "a a a a of of of half half dozen dozen x x x", strings.Repeat("2 eggs ", 60), "İı ſ ŉ ǰ", "1/0 3/4/5 24:61 0x10",
		"breakfast: 2 egs\nlunch: a glass of white wine 175ml, salmon, grilled", "16 oz latte half an avocado on toast 1 tsp pepper",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := table.Read(s)
		for _, i := range r.Items {
			if !(i.Grams > 0 && i.Grams <= 5000) || i.Name == "" || i.NDB == "" || i.Quantity == "" {
				t.Errorf("%q: %+v", s, i)
			}
			for _, v := range []float64{i.Calories, i.Protein, i.Carbs, i.Fat} {
				if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
					t.Errorf("%q: %+v", s, i)
				}
			}
		}
		for _, u := range r.Unknown {
			if u.Text == "" || len(u.Text) > maxQuote || len(u.Suggestions) > 3 {
				t.Errorf("%q: %+v", s, u)
			}
		}
		if w := r.When; w != nil && (w.DayOffset > 0 || w.Hour < 0 || w.Hour > 23 || w.Minute < 0 || w.Minute > 59 || w.MinutesAgo < 0) {
			t.Errorf("%q: %+v", s, w)
		}
		if strings.TrimSpace(s) != "" && len(r.Items)+len(r.Unknown) == 0 {
			t.Errorf("%q: nothing understood and nothing asked", s)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	table := mustLoad(b)
	for name, text := range map[string]string{
		"phrase":  "I had 2 eggs, toast with butter and 150g rice for breakfast",
		"unknown": "chicken tikka masala with some bananna",
		"16kB":    strings.Repeat("2 chiken tikka with 150g rice of half a ", 410),
		"oneWord": strings.Repeat("a", 16<<10),
		"digits":  strings.Repeat("1 ", 8<<10),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Read(text)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustLoad(b)
	}
}
