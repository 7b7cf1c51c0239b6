package food

// Nutrients is what an amount of food contains: kilocalories and grams.
type Nutrients struct{ Calories, Protein, Carbs, Fat float64 }

// Item is one food that was understood.
type Item struct {
	// Name is the everyday name, lower case and singular, the same for one food whatever words were used.
	Name string
	// NDB is the food's number in the USDA's table.
	NDB string
	// Grams is greater than 0 and at most 5000.
	Grams float64
	// Quantity is what was said or assumed, for people: "2 large", "150 g", "1/2 cup".
	Quantity string
	// Meal is that of the Reading, or the one a later heading named ("lunch: pizza" under a breakfast); empty when none was named before.
	Meal string
	// Assumed tells that the size of the portion was not said, or said in a word that measures nothing (a bowl, a handful).
	Assumed bool
	// Nutrients are those of Grams.
	Nutrients
}

// When is the time a message speaks of, relative to when it was sent and in the person's own zone.
type When struct {
	// DayOffset is 0 for today, -1 for yesterday.
	DayOffset int
	// HasClock tells whether Hour and Minute were said.
	HasClock     bool
	Hour, Minute int
	// MinutesAgo is greater than 0 for "two hours ago"; the other fields are zero then.
	MinutesAgo int
}

// Unknown is a piece of the message that was not understood and must be asked.
type Unknown struct {
	// Text is the piece as it was written, at most 200 bytes.
	Text string
	// Suggestions are up to three everyday names that may be meant, best first.
	Suggestions []string
}

// Reading is one message, understood as far as it goes.
type Reading struct {
	// Items are in the order they were named.
	Items []Item
	// Unknown is never empty when there is text and Items is empty.
	Unknown []Unknown
	// Meal is "breakfast", "lunch", "dinner", "snack", the first that was named, or empty. A message of several meals has them in its
	// Items.
	Meal string
	// When is nil when no time was named.
	When *When
}

func (n Nutrients) of(grams float64) Nutrients {
	f := grams / 100
	return Nutrients{Calories: n.Calories * f, Protein: n.Protein * f, Carbs: n.Carbs * f, Fat: n.Fat * f}
}
