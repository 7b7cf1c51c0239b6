package coach

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"healthagent/app/progress"
	"healthagent/app/remind"
	"healthagent/store"
)

// maxReminders is how many coming reminders one person may have.
const maxReminders = 100

func remindCommand(arg string) act {
	return func(ctx context.Context, t *turn) ([]Out, error) {
		if arg == "" {
			t.next = &question{About: "remind"}
			return []Out{{Kind: Say, Ask: "tomorrow at 9 take pills", HTML: "What shall I remind you of, and when? For example " +
				"<i>tomorrow at 9 take pills</i> or <i>every weekday at 7:30 stretch</i>."}}, nil
		}
		return setReminder(ctx, t, arg)
	}
}

// setReminder sets a reminder from a text that must be understood whole.
func setReminder(ctx context.Context, t *turn, text string) ([]Out, error) {
	request, err := remind.Parse(text, t.said, t.loc)
	var q *remind.Question
	if errors.As(err, &q) {
		return t.askReminder(q, text), nil
	}
	if err != nil {
		return nil, err
	}
	return t.addReminder(ctx, request)
}

// completeReminder takes a text as the answer to what was asked about a reminder: the whole of it anew, or the part that was
// missing. It is false when the text is food and no reminder.
func completeReminder(ctx context.Context, t *turn) ([]Out, bool, error) {
	request, err := remind.Parse(t.in.Text, t.said, t.loc)
	together := t.in.Text
	if err != nil && t.asked.Said != "" {
		together = t.asked.Said + " " + t.in.Text
		if both, errBoth := remind.Parse(together, t.said, t.loc); errBoth == nil {
			request, err = both, nil
		}
	}
	var q *remind.Question
	switch {
	case errors.As(err, &q) && len(t.reading.Items) > 0:
		return nil, false, nil
	case errors.As(err, &q):
		return t.askReminder(q, together), true, nil
	case err != nil:
		return nil, false, err
	}
	outs, err := t.addReminder(ctx, request)
	return outs, true, err
}

// askReminder asks for what is missing, and remembers what is known.
func (t *turn) askReminder(q *remind.Question, text string) []Out {
	const longest = 200 // what is longer was not a reminder
	t.next = &question{About: "remind"}
	if len(text) <= longest {
		t.next.Said = text
	}
	return say("%s", esc(q.Sentence))
}

func (t *turn) addReminder(ctx context.Context, request remind.Request) ([]Out, error) {
	var coming []store.Reminder
	t.tx.LockReminders(&coming, t.user.ID)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if len(coming) >= maxReminders {
		return say("You have %d reminders, and that is as many as there can be. /reminders lets you end some.", len(coming)), nil
	}
	r := store.Reminder{UserID: t.user.ID, Message: request.Message, Next: request.First}
	if !request.Relative {
		r.Rule = request.Rule.String()
	}
	if request.Rule.Recurring() && r.Next.Before(t.now) { // it was asked for long ago: what was missed before it existed is not late
		if next, more := request.Rule.Next(t.now, t.loc); more {
			r.Next = next
		}
	}
	t.tx.AddReminder(&r)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	t.tx.AfterCommit(func(context.Context) { t.Reminders() })
	return []Out{{
		Kind: Say, HTML: t.describe("⏰", r) + t.clockHint(),
		Buttons: [][]Button{{
			{"👍 OK", fmt.Sprintf("rk:%d", r.ID)},
			{"✏ Change", fmt.Sprintf("rx:%d", r.ID)},
			{"🗑 Cancel", fmt.Sprintf("rc:%d", r.ID)},
		}},
	}}, nil
}

// describe says when a reminder comes, absolutely, and how it goes on.
func (t *turn) describe(sign string, r store.Reminder) string {
	text := fmt.Sprintf("%s <b>%s</b>", sign, moment(r.Next, t.now, t.loc))
	if rule, err := remind.ParseRule(r.Rule); err == nil && rule.Recurring() {
		text += ", then " + esc(rule.Words())
	}
	return text + ": " + esc(r.Message)
}

// perPage is how many reminders a page of the list shows: they fit into one message however they are written.
const perPage = 10

func listReminders(ctx context.Context, t *turn) ([]Out, error) {
	html, buttons, err := t.reminderPage(ctx, 0)
	return []Out{{Kind: Say, HTML: html, Buttons: buttons}}, err
}

// turnPage shows the page of the list that begins with a reminder.
func turnPage(ctx context.Context, t *turn, from int64) ([]Out, error) {
	html, buttons, err := t.reminderPage(ctx, from)
	return append(answer(""), t.change(html, buttons...)), err
}

// cancelListed ends a reminder from the list, which then shows what is left.
func cancelListed(ctx context.Context, t *turn, id int64, page string) ([]Out, error) {
	var r store.Reminder
	var found bool
	t.tx.CancelReminder(&r, &found, t.user.ID, id)
	from, err := strconv.ParseInt(page, 10, 64)
	if err != nil {
		from = 0
	}
	html, buttons, err := t.reminderPage(ctx, from)
	if err != nil {
		return nil, err
	}
	note := "That reminder is over already."
	if found {
		note = "Cancelled: " + shorten(r.Message, 100)
	}
	return append(answer(note), t.change(html, buttons...)), nil
}

// reminderPage is a page of the list: what comes, soonest first, each with a button that ends it.
func (t *turn) reminderPage(ctx context.Context, from int64) (string, [][]Button, error) {
	var list []store.Reminder
	t.tx.LockReminders(&list, t.user.ID)
	if err := t.tx.Flush(ctx); err != nil {
		return "", nil, err
	}
	if len(list) == 0 {
		return "You have no reminders. For example: <i>/remind tomorrow at 9 take pills</i>.", nil, nil
	}
	last := int64(len(list)-1) / perPage * perPage
	first := min(max(from, 0)/perPage*perPage, last)
	var b strings.Builder
	b.WriteString("⏰ <b>Your reminders</b>")
	if t.user.TimezoneSetAt != nil {
		fmt.Fprintf(&b, " (%s)", esc(t.user.Timezone))
	}
	var rows [][]Button
	for i, r := range list[first:min(first+perPage, int64(len(list)))] {
		n := first + int64(i) + 1
		r.Message = snippet(r.Message)
		fmt.Fprintf(&b, "\n%s", t.describe(fmt.Sprintf("%d.", n), r))
		if i%5 == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], Button{fmt.Sprintf("🗑 %d", n), fmt.Sprintf("rd:%d:%d", r.ID, first)})
	}
	var turn []Button
	if first > 0 {
		turn = append(turn, Button{"« Sooner", fmt.Sprintf("rp:%d", first-perPage)})
	}
	if first < last {
		turn = append(turn, Button{"Later »", fmt.Sprintf("rp:%d", first+perPage)})
	}
	if turn != nil {
		rows = append(rows, turn)
	}
	return b.String() + t.clockHint(), rows, nil
}

// keepReminder takes the buttons away from a new reminder.
func keepReminder(ctx context.Context, t *turn, id int64) ([]Out, error) {
	var list []store.Reminder
	t.tx.LockReminders(&list, t.user.ID)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	for _, r := range list {
		if r.ID == id {
			return append(answer("Noted"), t.change(t.describe("⏰", r)+t.clockHint())), nil
		}
	}
	return answer("That reminder is over already."), nil
}

// cancelReminder ends a new reminder, and asks for another in its place when the button says so.
func cancelReminder(ctx context.Context, t *turn, verb string, id int64) ([]Out, error) {
	var r store.Reminder
	var found bool
	t.tx.CancelReminder(&r, &found, t.user.ID, id)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	switch {
	case !found:
		return answer("That reminder is over already."), nil
	case verb == "rc":
		return append(answer("Cancelled"), t.change(t.describe("🗑 Cancelled:", r))), nil
	}
	t.next = &question{About: "remind"}
	return append(answer(""), t.change(t.describe("✏ Taken back:", r)),
		Out{Kind: Say, Ask: "tomorrow at 9 take pills", HTML: "Write it anew, with the time and what it is about."}), nil
}

// FiredNote is the message of a reminder that fires.
func FiredNote(o store.Occurrence, now time.Time, loc *time.Location) Out {
	text := "⏰ " + bold(o.Message)
	if o.Late {
		text += "\n<i>late: it was due " + moment(o.ScheduledAt, now, loc) + "</i>"
	}
	return Out{
		Kind: Say, Class: store.ReminderNote, HTML: text,
		Buttons: [][]Button{
			{{"✅ Done", fmt.Sprintf("od:%d", o.ID)}, {"⏭ Skip", fmt.Sprintf("os:%d", o.ID)}},
			{{"💤 10 min", fmt.Sprintf("oz:%d:10", o.ID)}, {"💤 1 h", fmt.Sprintf("oz:%d:60", o.ID)}},
		},
	}
}

// occurrenceTapped handles the buttons under a reminder that fired.
func occurrenceTapped(ctx context.Context, t *turn, verb string, id int64, code string) ([]Out, error) {
	var o store.Occurrence
	var found bool
	t.tx.LockOccurrence(&o, &found, t.user.ID, id)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if !found {
		return answer("That reminder is gone already."), nil
	}
	if o.Outcome != store.Sent {
		return answer("Already " + string(o.Outcome) + "."), nil
	}
	switch verb {
	case "od":
		t.tx.SetOutcome(t.user.ID, id, store.Done, t.now)
		gain, err := t.award(ctx, progress.ReminderDone, "reminder", fmt.Sprintf("reminder:%d", id))
		if err != nil {
			return nil, err
		}
		text := fmt.Sprintf("✅ %s — done %s", bold(o.Message), t.now.In(t.loc).Format("15:04"))
		if gain != "" {
			text += " · " + gain
		}
		return append(answer("Done"), t.change(text)), nil
	case "os":
		t.tx.SetOutcome(t.user.ID, id, store.Skipped, t.now)
		return append(answer("Skipped"), t.change(fmt.Sprintf("⏭ %s — skipped", bold(o.Message)))), nil
	}
	return snooze(t, o, code), nil
}

// snooze makes a one-off of its own: the series is not touched.
func snooze(t *turn, o store.Occurrence, code string) []Out {
	pause := 10 * time.Minute
	if code == "60" {
		pause = time.Hour
	}
	r := store.Reminder{UserID: t.user.ID, Message: o.Message, Next: t.now.Add(pause), SnoozeOf: o.ReminderID}
	t.tx.SetOutcome(t.user.ID, o.ID, store.Snoozed, t.now)
	t.tx.AddReminder(&r)
	t.tx.AfterCommit(func(context.Context) { t.Reminders() })
	return append(answer("Snoozed"), t.change(fmt.Sprintf("💤 %s — again at %s", bold(o.Message), r.Next.In(t.loc).Format("15:04"))))
}
