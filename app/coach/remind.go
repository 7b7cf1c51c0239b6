package coach

import (
	"context"
	"errors"
	"fmt"
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
	request, err := remind.Parse(text, t.now, t.loc)
	var q *remind.Question
	if errors.As(err, &q) {
		t.next = &question{About: "remind"}
		return say("%s", esc(q.Sentence)), nil
	}
	if err != nil {
		return nil, err
	}
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
	t.tx.AddReminder(&r)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	t.tx.AfterCommit(func(context.Context) { t.Reminders() })
	return []Out{{
		Kind: Say, HTML: t.describe("⏰", r),
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

func listReminders(ctx context.Context, t *turn) ([]Out, error) {
	list, err := t.Store.Reminders(ctx, t.user.ID)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return say("You have no reminders. For example: <i>/remind tomorrow at 9 take pills</i>."), nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "⏰ <b>Your reminders</b> (%s)", esc(t.user.Timezone))
	var rows [][]Button
	const shown = 30 // buttons: a screen is not endless
	for i, r := range list {
		fmt.Fprintf(&b, "\n%s", t.describe(fmt.Sprintf("%d.", i+1), r))
		if i >= shown {
			continue
		}
		if i%5 == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], Button{fmt.Sprintf("🗑 %d", i+1), fmt.Sprintf("rc:%d", r.ID)})
	}
	return []Out{{Kind: Say, HTML: b.String(), Buttons: rows}}, nil
}

// reminderTapped handles the buttons under a new reminder and under the list.
func reminderTapped(ctx context.Context, t *turn, verb string, id int64) ([]Out, error) {
	if verb == "rk" {
		list, err := t.Store.Reminders(ctx, t.user.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if r.ID == id {
				return append(answer("Noted"), Out{Kind: Change, MessageID: t.in.MessageID, HTML: t.describe("⏰", r)}), nil
			}
		}
		return answer("That reminder is over already."), nil
	}
	var r store.Reminder
	var found bool
	t.tx.CancelReminder(&r, &found, t.user.ID, id)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if !found {
		return answer("That reminder is over already."), nil
	}
	if verb == "rx" {
		t.next = &question{About: "remind"}
		return append(answer(""),
			Out{Kind: Change, MessageID: t.in.MessageID, HTML: t.describe("✏ Taken back:", r)},
			Out{Kind: Say, Ask: "tomorrow at 9 take pills", HTML: "Write it anew, with the time and what it is about."}), nil
	}
	outs := answer("Cancelled")
	return append(outs, Out{Kind: Say, HTML: t.describe("🗑 Cancelled:", r)}), nil
}

// FiredNote is the message of a reminder that fires.
func FiredNote(o store.Occurrence, now time.Time, loc *time.Location) Out {
	text := "⏰ <b>" + esc(o.Message) + "</b>"
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
	change := Out{Kind: Change, MessageID: t.in.MessageID}
	switch verb {
	case "od":
		t.tx.SetOutcome(t.user.ID, id, store.Done, t.now)
		gain, err := t.award(ctx, progress.ReminderDone, "reminder", fmt.Sprintf("reminder:%d", id))
		if err != nil {
			return nil, err
		}
		change.HTML = fmt.Sprintf("✅ <b>%s</b> — done %s", esc(o.Message), t.now.In(t.loc).Format("15:04"))
		if gain != "" {
			change.HTML += " · " + gain
		}
		return append(answer("Done"), change), nil
	case "os":
		t.tx.SetOutcome(t.user.ID, id, store.Skipped, t.now)
		change.HTML = fmt.Sprintf("⏭ <b>%s</b> — skipped", esc(o.Message))
		return append(answer("Skipped"), change), nil
	}
	return snooze(t, o, code, change)
}

// snooze makes a one-off of its own: the series is not touched.
func snooze(t *turn, o store.Occurrence, code string, change Out) ([]Out, error) {
	wait := 10 * time.Minute
	if code == "60" {
		wait = time.Hour
	}
	r := store.Reminder{UserID: t.user.ID, Message: o.Message, Next: t.now.Add(wait), SnoozeOf: o.ReminderID}
	t.tx.SetOutcome(t.user.ID, o.ID, store.Snoozed, t.now)
	t.tx.AddReminder(&r)
	t.tx.AfterCommit(func(context.Context) { t.Reminders() })
	change.HTML = fmt.Sprintf("💤 <b>%s</b> — again at %s", esc(o.Message), r.Next.In(t.loc).Format("15:04"))
	return append(answer("Snoozed"), change), nil
}
