package coach

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"healthagent/app/food"
	"healthagent/app/progress"
	"healthagent/store"
)

// foodSource is the unique source of the points for a logged message.
func foodSource(message int64) string { return fmt.Sprintf("food:%d", message) }

// logFood books what was understood, and asks about the rest in one line.
func logFood(ctx context.Context, t *turn) ([]Out, error) {
	entries := t.entries(t.in.MessageID)
	from, to := dayOf(entries[0].Time, t.loc)
	var day store.Totals
	t.tx.FoodTotals(&day, t.user.ID, from, to)
	gain, err := t.award(ctx, progress.FoodLogged, "food", foodSource(t.in.MessageID))
	if err != nil {
		return nil, err
	}
	t.tx.AddFood(t.user.ID, entries)
	return t.card("", entries, day.Plus(entries...), gain), nil
}

// entries are the foods of the turn's text as rows of a message.
func (t *turn) entries(message int64) []store.FoodEntry {
	entries := make([]store.FoodEntry, len(t.reading.Items))
	for i, item := range t.reading.Items {
		meal := cmp.Or(item.Meal, t.reading.Meal)
		at := t.eatenAt(t.reading.When, meal)
		entries[i] = store.FoodEntry{
			Name: item.Name, NDB: item.NDB, Quantity: item.Quantity, Grams: item.Grams,
			Calories: item.Calories, Protein: item.Protein, Carbs: item.Carbs, Fat: item.Fat,
			Meal: cmp.Or(meal, mealAt(at.In(t.loc).Hour())), TelegramMessageID: message, Time: at,
		}
	}
	return entries
}

// eatenAt is the instant that a text speaks of: that of the text itself when it names none. A day without a clock is that day at the
// meal's usual hour, or at this hour when no meal is named. Nobody has eaten what lies ahead: a clock without a day is the last time
// that clocks showed it.
func (t *turn) eatenAt(when *food.When, meal string) time.Time {
	if when == nil {
		return t.said
	}
	if when.MinutesAgo > 0 {
		return t.said.Add(-time.Duration(when.MinutesAgo) * time.Minute)
	}
	local := t.said.In(t.loc)
	hour, minute := local.Hour(), local.Minute()
	switch {
	case when.HasClock && when.DayOffset == 0:
		return t.lastClock(when.Hour, when.Minute)
	case when.HasClock:
		hour, minute = when.Hour, when.Minute
	case when.DayOffset == 0:
		return t.said
	default:
		if h, m, ok := usualTime(meal); ok {
			hour, minute = h, m
		}
	}
	y, mon, d := local.Date()
	return time.Date(y, mon, d+when.DayOffset, hour, minute, 0, 0, t.loc)
}

func usualTime(meal string) (hour, minute int, ok bool) {
	switch meal {
	case "breakfast":
		return 8, 0, true
	case "lunch":
		return 12, 30, true
	case "dinner":
		return 19, 0, true
	case "snack":
		return 15, 30, true
	}
	return 0, 0, false
}

func mealAt(hour int) string {
	switch {
	case hour >= 5 && hour < 11:
		return "breakfast"
	case hour >= 11 && hour < 15:
		return "lunch"
	case hour >= 17 && hour < 22:
		return "dinner"
	}
	return "snack"
}

// card says what is booked now, rendered from the rows themselves, with the buttons that change it.
func (t *turn) card(title string, entries []store.FoodEntry, day store.Totals, gain string) []Out {
	var sum store.Totals
	sum = sum.Plus(entries...)
	first := entries[0]
	title = cmp.Or(title, capital(first.Meal))
	var b strings.Builder
	fmt.Fprintf(&b, "🍽 <b>%s</b>", esc(title))
	if d := t.now.Sub(first.Time); d > time.Minute || d < -time.Minute {
		fmt.Fprintf(&b, " · %s", moment(first.Time, t.now, t.loc))
	}
	for i, e := range entries {
		if i > 0 && e.Meal != entries[i-1].Meal {
			fmt.Fprintf(&b, "\n<b>%s</b>", capital(e.Meal))
		}
		fmt.Fprintf(&b, "\n• %s%s — %s g · %s kcal%s", esc(e.Name), said(e), grams(e.Grams), number(e.Calories), t.assumed(i))
	}
	fmt.Fprintf(&b, "\n<b>%s kcal</b> · protein %s g · carbs %s g · fat %s g", number(sum.Calories), grams(sum.Protein),
		grams(sum.Carbs), grams(sum.Fat))
	fmt.Fprintf(&b, "\n%s: %s kcal", t.dayName(first.Time), number(day.Calories))
	if gain != "" {
		b.WriteString(" · " + gain)
	}
	if t.reading != nil && len(t.reading.Unknown) > 0 {
		b.WriteString("\n\n❓ " + askAbout(t.reading.Unknown))
	}
	return []Out{{Kind: Say, HTML: b.String(), Buttons: cardButtons(first.TelegramMessageID)}}
}

// assumed marks a portion that the person did not name.
func (t *turn) assumed(i int) string {
	if t.reading != nil && i < len(t.reading.Items) && t.reading.Items[i].Assumed {
		return " <i>(usual portion)</i>"
	}
	return ""
}

// said is the quantity as the person named it; nothing when that was the weight itself, which stands beside it.
func said(e store.FoodEntry) string {
	if e.Quantity == "" || e.Quantity == grams(e.Grams)+" g" {
		return ""
	}
	return ", " + esc(e.Quantity)
}

// dayName is Today, Yesterday or the date.
func (t *turn) dayName(at time.Time) string {
	from, to := dayOf(t.now, t.loc)
	before, _ := dayOf(from.Add(-time.Hour), t.loc)
	switch {
	case !at.Before(from) && at.Before(to):
		return "Today"
	case !at.Before(before) && at.Before(from):
		return "Yesterday"
	}
	return at.In(t.loc).Format("Mon 2 Jan")
}

func cardButtons(message int64) [][]Button {
	return [][]Button{{
		{"↩ Undo", fmt.Sprintf("u:%d", message)},
		{"✏ Edit", fmt.Sprintf("e:%d", message)},
		{"🕒 Time", fmt.Sprintf("t:%d", message)},
	}}
}

// askAbout asks in one line about what was not understood beside what was.
func askAbout(unknown []food.Unknown) string {
	var parts []string
	for _, u := range unknown[:min(len(unknown), 4)] {
		part := "“" + esc(snippet(u.Text)) + "”"
		if len(u.Suggestions) > 0 {
			part += " (" + esc(strings.Join(u.Suggestions, ", ")) + "?)"
		}
		parts = append(parts, part)
	}
	if more := len(unknown) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return "Not understood and not booked: " + strings.Join(parts, ", ") + ". Which food is it, and how much?"
}

// puzzled answers a text of which nothing was understood. A word or two that are near a food are asked about; of any other talk
// nothing is made that it is not.
func puzzled(text string, r *food.Reading) string {
	const aFewWords = 4
	quote := "“" + esc(snippet(text)) + "”"
	if len(strings.Fields(text)) <= aFewWords {
		for _, u := range r.Unknown {
			if len(u.Suggestions) > 0 {
				return fmt.Sprintf("❓ Which food is %s: %s? Write it with how much, for example <i>%s</i>.", quote,
					esc(alternatives(u.Suggestions)), esc("100 g "+u.Suggestions[0]))
			}
		}
	}
	return fmt.Sprintf("I find no food that I know in %s. Write what you ate with how much, for example <i>2 eggs and 150 g rice</i>; "+
		"/help shows what else I understand.", quote)
}

// alternatives is "a, b or c".
func alternatives(list []string) string {
	last := len(list) - 1
	if last == 0 {
		return list[0]
	}
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
