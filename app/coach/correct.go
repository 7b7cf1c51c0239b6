package coach

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"healthagent/app/food"
	"healthagent/store"
)

// undoLast takes back the newest log.
func undoLast(ctx context.Context, t *turn) ([]Out, error) {
	var message int64
	var found bool
	t.tx.LatestFoodMessage(&message, &found, t.user.ID)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if !found {
		return say("There is nothing to undo: nothing is logged."), nil
	}
	text, ok, err := undo(ctx, t, message)
	if err != nil {
		return nil, err
	}
	if !ok {
		return say("There is nothing to undo: nothing is logged."), nil
	}
	return say("%s", text), nil
}

// undo removes what a message logged and the points it brought, and says what it was; false when it is gone already.
func undo(ctx context.Context, t *turn, message int64) (string, bool, error) {
	var entries []store.FoodEntry
	var n int64
	t.tx.FoodOfMessage(&entries, t.user.ID, message)
	t.tx.DeleteFood(&n, t.user.ID, message)
	if err := t.tx.Flush(ctx); err != nil {
		return "", false, err
	}
	if len(entries) == 0 {
		return "", false, nil
	}
	lost, err := t.revoke(ctx, foodSource(message))
	if err != nil {
		return "", false, err
	}
	var sum store.Totals
	sum = sum.Plus(entries...)
	text := fmt.Sprintf("↩ Taken back: %s (%s kcal).", esc(names(entries)), number(sum.Calories))
	if lost > 0 {
		text += fmt.Sprintf(" −%d XP", lost)
	}
	return text, true, nil
}

func names(entries []store.FoodEntry) string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name
	}
	return strings.Join(list, ", ")
}

// replaceFood puts the foods of the turn's text in the place of what another message logged; its time stays unless the text names
// another.
func replaceFood(ctx context.Context, t *turn, message int64) ([]Out, error) {
	var old []store.FoodEntry
	var n int64
	t.tx.FoodOfMessage(&old, t.user.ID, message)
	t.tx.DeleteFood(&n, t.user.ID, message)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if len(old) == 0 {
		return logFood(ctx, t) // undone meanwhile: then it is a log of its own
	}
	entries := t.entries(message)
	for i := range entries {
		if t.reading.When == nil {
			entries[i].Time = old[0].Time
		}
		if t.reading.Items[i].Meal == "" && t.reading.Meal == "" && t.reading.When == nil {
			entries[i].Meal = old[0].Meal
		}
	}
	from, to := dayOf(entries[0].Time, t.loc)
	var day store.Totals
	t.tx.FoodTotals(&day, t.user.ID, from, to)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	t.tx.AddFood(t.user.ID, entries)
	return t.card("Corrected", entries, day.Plus(entries...), ""), nil
}

// edited handles a text that was changed after it was sent: the log that it made follows it.
func edited(ctx context.Context, t *turn) ([]Out, error) {
	if t.reading == nil {
		return say("I take a command when it is sent, not when a message becomes one: please send it anew."), nil
	}
	lower := strings.ToLower(strings.TrimSpace(t.in.Text))
	if inCrisis(lower) {
		return say(crisisText), nil
	}
	var old []store.FoodEntry
	t.tx.FoodOfMessage(&old, t.user.ID, t.in.MessageID)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	switch {
	case len(t.reading.Items) > 0 && len(old) > 0:
		return replaceFood(ctx, t, t.in.MessageID)
	case len(t.reading.Items) > 0:
		return logFood(ctx, t)
	case len(old) > 0:
		return say("The log of that message stays as it was: %s", puzzled(t.in.Text, t.reading)), nil
	case strings.HasPrefix(lower, "remind"):
		return say("A reminder does not follow its edited message: press Change under it, or send the new text."), nil
	}
	if reply, ok := smallTalk(lower); ok {
		return say("%s", reply), nil
	}
	return say("%s", puzzled(t.in.Text, t.reading)), nil
}

// askEdit asks for the right foods of a log.
func askEdit(ctx context.Context, t *turn, message int64) ([]Out, error) {
	var entries []store.FoodEntry
	t.tx.FoodOfMessage(&entries, t.user.ID, message)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return answer("That log is gone already."), nil
	}
	t.next = &question{About: "edit", Message: message}
	return append(answer(""), Out{
		Kind: Say, Ask: "2 eggs and 150 g rice",
		HTML: fmt.Sprintf("Now booked: <b>%s</b>. Write what it should be, all of it.", esc(names(entries))),
	}), nil
}

// askTime offers other times for a log. Its buttons hold instants: pressed twice they move it once.
func askTime(ctx context.Context, t *turn, message int64) ([]Out, error) {
	var entries []store.FoodEntry
	t.tx.FoodOfMessage(&entries, t.user.ID, message)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return answer("That log is gone already."), nil
	}
	t.next = &question{About: "time", Message: message}
	button := func(label string, at time.Time) Button {
		return Button{label, fmt.Sprintf("m:%d:%d", message, at.Unix())}
	}
	return append(answer(""), Out{
		Kind: Say,
		HTML: fmt.Sprintf("Booked at <b>%s</b>. When was it? Press a button, or write it: <i>13:00</i>, <i>yesterday 19:30</i>, "+
			"<i>2 hours ago</i>.", moment(entries[0].Time, t.now, t.loc)),
		Buttons: [][]Button{
			{button("1 h ago", t.now.Add(-time.Hour)), button("2 h ago", t.now.Add(-2*time.Hour)), button("4 h ago", t.now.Add(-4*time.Hour))},
			{button("08:00", t.lastClock(8, 0)), button("12:30", t.lastClock(12, 30)), button("19:00", t.lastClock(19, 0))},
			{button("The day before, same time", t.dayBefore(entries[0].Time))},
		},
	}), nil
}

// dayBefore is the same time on the clock a day earlier.
func (t *turn) dayBefore(at time.Time) time.Time {
	local := at.In(t.loc)
	return time.Date(local.Year(), local.Month(), local.Day()-1, local.Hour(), local.Minute(), local.Second(), 0, t.loc)
}

// moveTapped handles a button of askTime.
func moveTapped(ctx context.Context, t *turn, message int64, code string) ([]Out, error) {
	seconds, err := strconv.ParseInt(code, 10, 64)
	at := time.Unix(seconds, 0)
	if err != nil || at.Before(t.now.AddDate(-1, 0, 0)) || at.After(t.now.AddDate(0, 0, 1)) {
		return outdated(), nil
	}
	text, found, err := t.move(ctx, message, at, "")
	if err != nil {
		return nil, err
	}
	if !found {
		return answer("That log is gone already."), nil
	}
	return append(answer("Moved"), t.change(text)), nil
}

// lastClock is that time of the day on which the person wrote; of the day before when it was still more than an hour ahead, since
// what is eaten in a moment may be logged already.
func (t *turn) lastClock(hour, minute int) time.Time {
	local := t.said.In(t.loc)
	at := time.Date(local.Year(), local.Month(), local.Day(), hour, minute, 0, 0, t.loc)
	if at.Sub(t.said) > time.Hour {
		at = time.Date(local.Year(), local.Month(), local.Day()-1, hour, minute, 0, 0, t.loc)
	}
	return at
}

// moveTo moves a log to the time or the meal that a text names; false when it names none.
func moveTo(ctx context.Context, t *turn, message int64, text string) ([]Out, bool, error) {
	r := t.Foods.Read(text)
	if len(r.Items) > 0 || r.When == nil && r.Meal == "" {
		return nil, false, nil
	}
	at := t.eatenAt(r.When, r.Meal)
	if r.When == nil || !r.When.HasClock && r.When.MinutesAgo == 0 { // another day or meal only: the clock stays
		var entries []store.FoodEntry
		t.tx.FoodOfMessage(&entries, t.user.ID, message)
		if err := t.tx.Flush(ctx); err != nil {
			return nil, false, err
		}
		if len(entries) > 0 {
			at = t.sameClock(entries[0].Time, r.When)
		}
	}
	said, found, err := t.move(ctx, message, at, r.Meal)
	if err != nil || found {
		return say("%s", said), true, err
	}
	return say("That log is gone already."), true, nil
}

// sameClock is the time of day of a log on the day that when names; nil leaves its day too.
func (t *turn) sameClock(logged time.Time, when *food.When) time.Time {
	if when == nil {
		return logged
	}
	clock, day := logged.In(t.loc), t.said.In(t.loc)
	return time.Date(day.Year(), day.Month(), day.Day()+when.DayOffset, clock.Hour(), clock.Minute(), clock.Second(), 0, t.loc)
}

// move moves a log and says where it is now; false when it is gone. Without a meal it is the one of that hour.
func (t *turn) move(ctx context.Context, message int64, at time.Time, meal string) (string, bool, error) {
	if meal == "" {
		meal = mealAt(at.In(t.loc).Hour())
	}
	var n int64
	t.tx.MoveFood(&n, t.user.ID, message, at, meal)
	if err := t.tx.Flush(ctx); err != nil {
		return "", false, err
	}
	return fmt.Sprintf("🕒 Booked at <b>%s</b> now, as %s.", moment(at, t.now, t.loc), meal), n > 0, nil
}

var thatWas = regexp.MustCompile(`(?i)^(that|it|this)\s+(was|is)\s+(.+)$`)

// correctTime understands "that was yesterday 13:00" of the newest log; false when the text is something else.
func correctTime(ctx context.Context, t *turn, text string) ([]Out, bool, error) {
	m := thatWas.FindStringSubmatch(text)
	if m == nil {
		return nil, false, nil
	}
	var message int64
	var found bool
	t.tx.LatestFoodMessage(&message, &found, t.user.ID)
	if err := t.tx.Flush(ctx); err != nil || !found {
		return nil, false, err
	}
	return moveTo(ctx, t, message, m[3])
}
