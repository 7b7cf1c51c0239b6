package coach

import (
	"context"
	"fmt"
	"strings"
	"time"

	"healthagent/app/progress"
	"healthagent/store"
)

// award gives the points of an event and its part of the streak, once for a source, and says so in a few words; empty when there
// were none. It sends what is queued: the row stays locked until the transaction ends, so no other event can come between.
//
// The streak's bonus is booked under its day and not under the source: undoing the event leaves it, since the day was not missed.
func (t *turn) award(ctx context.Context, event progress.Event, kind, source string) (string, error) {
	today := progress.FromTime(t.said, t.loc)
	var p store.Progress
	var found bool
	var count, same int
	t.tx.LockProgress(&p, &found, t.user.ID)
	t.tx.CountXP(&count, &same, t.user.ID, dateOf(today), kind, source)
	if err := t.tx.Flush(ctx); err != nil {
		return "", err
	}
	if !found { // nothing was locked: what was counted may have changed
		t.tx.StartProgress(&p, t.user.ID)
		t.tx.CountXP(&count, &same, t.user.ID, dateOf(today), kind, source)
		if err := t.tx.Flush(ctx); err != nil {
			return "", err
		}
	}
	if same > 0 {
		return "", nil
	}
	before := stateOf(p)
	after, gain := progress.Award(before, event, today, count)
	t.tx.SaveProgress(t.user.ID, after.TotalXP-before.TotalXP, progressOf(after))
	t.tx.AddXP(t.user.ID, source, gain.EventXP(), dateOf(today))
	if gain.StreakBonus > 0 {
		t.tx.AddXP(t.user.ID, "streak:"+today.String(), gain.StreakBonus, dateOf(today))
	}
	return gainText(after, gain), nil
}

// revoke takes back the points that a source brought, and returns how many.
func (t *turn) revoke(ctx context.Context, source string) (int64, error) {
	var p store.Progress
	var found bool
	var sum int64
	var undone int
	t.tx.LockProgress(&p, &found, t.user.ID)
	t.tx.XPOf(&sum, &undone, t.user.ID, source, "undo:"+source)
	if err := t.tx.Flush(ctx); err != nil {
		return 0, err
	}
	if !found || undone > 0 || sum <= 0 {
		return 0, nil
	}
	before := stateOf(p)
	after := progress.Revoke(before, sum)
	lost := before.TotalXP - after.TotalXP
	t.tx.SaveProgress(t.user.ID, -lost, progressOf(after))
	t.tx.AddXP(t.user.ID, "undo:"+source, -lost, dateOf(progress.FromTime(t.now, t.loc)))
	return lost, nil
}

func gainText(s progress.State, g progress.Gain) string {
	var parts []string
	if g.XP > 0 {
		parts = append(parts, fmt.Sprintf("+%d XP", g.XP))
	}
	if g.LevelUp {
		parts = append(parts, fmt.Sprintf("⭐ level %d", s.Level))
	}
	if g.StreakUp && s.Streak > 1 {
		parts = append(parts, fmt.Sprintf("🔥 %d days", s.Streak))
	}
	if g.FreezeUsed {
		parts = append(parts, "❄ a freeze kept your streak")
	}
	return strings.Join(parts, " · ")
}

func stateOf(p store.Progress) progress.State {
	s := progress.State{
		TotalXP: p.TotalXP, Level: p.Level, Streak: p.Streak, LongestStreak: p.LongestStreak, Freezes: p.Freezes,
	}
	if p.LastActiveDay != nil {
		s.LastActiveDay = progress.FromTime(*p.LastActiveDay, time.UTC)
	}
	return s
}

func progressOf(s progress.State) store.Progress {
	p := store.Progress{
		TotalXP: s.TotalXP, Level: s.Level, Streak: s.Streak, LongestStreak: s.LongestStreak, Freezes: s.Freezes,
	}
	if !s.LastActiveDay.IsZero() {
		d := dateOf(s.LastActiveDay)
		p.LastActiveDay = &d
	}
	return p
}

// dateOf is a civil date as the database takes it.
func dateOf(d progress.Day) time.Time {
	return time.Date(d.Year, d.Month, d.Date, 0, 0, 0, 0, time.UTC)
}

func showProgress(ctx context.Context, t *turn) ([]Out, error) {
	p := store.Progress{Level: 1}
	var found bool
	t.tx.LockProgress(&p, &found, t.user.ID)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	streak := progress.CurrentStreak(stateOf(p), progress.FromTime(t.now, t.loc))
	return say("⭐ <b>Level %d</b> · %d XP, %d to level %d\n🔥 Streak: %d %s (longest %d) · ❄ freezes: %d\n\n%s",
		p.Level, p.TotalXP, progress.ToNextLevel(p.TotalXP), p.Level+1, streak, days(streak), p.LongestStreak, p.Freezes,
		esc(progress.Rules())), nil
}

func days(n int) string {
	if n == 1 {
		return "day"
	}
	return "days"
}

// longestName is how many letters of a name the leaderboard shows.
const longestName = 32

// top shows the leaderboard, and puts a person on it or takes them off it.
func top(arg string) act {
	return func(ctx context.Context, t *turn) ([]Out, error) {
		word, name, _ := strings.Cut(strings.TrimSpace(arg), " ")
		switch strings.ToLower(word) {
		case "on":
			name = strings.TrimSpace(name)
			if name == "" {
				name = t.user.DisplayName
			}
			if name == "" {
				return say("Under which name? Send it with the command: <code>/top on Maja</code>."), nil
			}
			name = shorten(name, longestName)
			t.tx.SetLeaderboardName(t.user.ID, &name)
			return say("You are on the leaderboard as <b>%s</b>. Everybody there sees that name and your points; /top off takes you off it.", esc(name)), nil
		case "off":
			t.tx.SetLeaderboardName(t.user.ID, nil)
			return say("You are off the leaderboard."), nil
		case "":
			return leaderboard(ctx, t)
		}
		return say("Send /top to see the leaderboard, <code>/top on NAME</code> to be on it, /top off to leave it."), nil
	}
}

func leaderboard(ctx context.Context, t *turn) ([]Out, error) {
	ranks, err := t.Store.Leaderboard(ctx, 10)
	if err != nil {
		return nil, err
	}
	if len(ranks) == 0 {
		return say("Nobody is on the leaderboard yet. <code>/top on NAME</code> puts you there."), nil
	}
	var b strings.Builder
	b.WriteString("🏆 <b>Leaderboard</b>")
	for i, r := range ranks {
		you := ""
		if r.UserID == t.user.ID {
			you = " ← you"
		}
		fmt.Fprintf(&b, "\n%d. %s — %d XP, level %d, 🔥 %d%s", i+1, esc(r.Name), r.XP, r.Level, r.Streak, you)
	}
	if t.user.LeaderboardName == nil {
		b.WriteString("\n\nYou are not on it; <code>/top on NAME</code> puts you there.")
	}
	return say("%s", b.String()), nil
}

// today lists what a person ate today, by meal.
func today(ctx context.Context, t *turn) ([]Out, error) {
	from, to := dayOf(t.now, t.loc)
	entries, err := t.Store.Food(ctx, t.user.ID, from, to)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return say("Nothing is logged today. Write what you ate, for example <i>2 eggs and toast</i>.%s", t.clockHint()), nil
	}
	var b strings.Builder
	var sum store.Totals
	sum = sum.Plus(entries...)
	fmt.Fprintf(&b, "📋 <b>Today, %s</b>", t.now.In(t.loc).Format("Mon 2 Jan"))
	for _, meal := range []string{"breakfast", "lunch", "dinner", "snack"} {
		header := false
		for _, e := range entries {
			if e.Meal != meal {
				continue
			}
			if !header {
				fmt.Fprintf(&b, "\n\n<b>%s</b>", capital(meal))
				header = true
			}
			fmt.Fprintf(&b, "\n• %s %s%s — %s g · %s kcal", e.Time.In(t.loc).Format("15:04"), esc(e.Name), said(e),
				grams(e.Grams), number(e.Calories))
		}
	}
	fmt.Fprintf(&b, "\n\n<b>%s kcal</b> · protein %s g · carbs %s g · fat %s g", number(sum.Calories), grams(sum.Protein),
		grams(sum.Carbs), grams(sum.Fat))
	return say("%s", b.String()+t.clockHint()), nil
}
