package progress

// The numbers of the game, all of them, as Rules tells them.
const (
	foodXP, foodPerDay         = 10, 5 // for each logged meal message, this many a day
	reminderXP, reminderPerDay = 5, 10 // for each reminder done, this many a day
	streakXP, streakXPDays     = 2, 7  // per day of the streak, up to so many days
	freezeEvery, maxFreezes    = 7, 2  // one freeze per so many days of streak, at most so many kept
	levelStep                  = 100   // each level takes this much more than the one before
)

// Event is something that earns XP.
type Event int

// The events. The zero Event is none and earns nothing.
const (
	FoodLogged   Event = iota + 1 // a message whose food was booked, however many foods it names
	ReminderDone                  // a reminder marked as done
)

// String is the stable lower-case name of the event, as stored with the XP that it
// earned; "" for an unknown one.
func (e Event) String() string {
	switch e {
	case FoodLogged:
		return "food_logged"
	case ReminderDone:
		return "reminder_done"
	}
	return ""
}

// reward is the XP of the event and how many times a day it is paid.
func (e Event) reward() (xp int64, perDay int) {
	switch e {
	case FoodLogged:
		return foodXP, foodPerDay
	case ReminderDone:
		return reminderXP, reminderPerDay
	}
	return 0, 0
}

// State is where a person stands. The zero State is a newcomer.
type State struct {
	TotalXP       int64
	Level         int // always LevelFor(TotalXP) in what this package returns
	Streak        int // days in a row up to LastActiveDay
	LongestStreak int
	Freezes       int // days off still in hand
	LastActiveDay Day // zero: never
}

// Gain is what one Award brought, to tell the person.
type Gain struct {
	XP           int64 // all of it, StreakBonus included
	StreakBonus  int64 // the part for the first activity of a day
	Capped       bool  // the event itself paid nothing: its daily number is reached
	LevelUp      bool
	Level        int // the level now
	StreakUp     bool
	StreakStart  bool // a streak of 1 began, for the first time or anew
	FreezeUsed   bool // a freeze for each missed day kept the streak
	MissedDays   int  // days without activity since the last one
	FreezeEarned bool
}

// EventXP is what the event itself paid, without the streak's bonus. It is the
// amount to hand to Revoke when the event is undone: the bonus comes once a day, so
// that somebody who undoes and logs anew would lose it otherwise.
func (g Gain) EventXP() int64 { return g.XP - g.StreakBonus }

// Award adds what an event earns on a local day. countToday is how many awards of
// the same event the person already had on that day; negative counts as 0. A day
// before LastActiveDay (the clock or the zone was changed) pays the event and leaves
// the streak as it is. An unknown event or
// a zero day earns nothing.
func Award(s State, e Event, today Day, countToday int) (State, Gain) {
	var g Gain
	was := LevelFor(s.TotalXP)
	xp, perDay := e.reward()
	if xp > 0 && !today.IsZero() {
		if countToday < perDay {
			g.XP = xp
		} else {
			g.Capped = true
		}
		s = advance(s, today, &g)
	}
	s.TotalXP = max(s.TotalXP, 0) + g.XP
	s.Level = LevelFor(s.TotalXP)
	g.Level, g.LevelUp = s.Level, s.Level > was
	return s, g
}

// advance takes the first activity of a new day into the streak.
func advance(s State, today Day, g *Gain) State {
	s.Streak, s.Freezes = max(s.Streak, 0), max(s.Freezes, 0)
	if !s.LastActiveDay.IsZero() && today.Sub(s.LastActiveDay) <= 0 {
		return s
	}
	missed := 0
	if !s.LastActiveDay.IsZero() {
		missed = today.Sub(s.LastActiveDay) - 1
	}
	s.LastActiveDay, g.MissedDays = today, missed
	switch {
	case s.Streak > 0 && missed <= s.Freezes:
		s.Freezes -= missed
		s.Streak++
		g.FreezeUsed, g.StreakUp = missed > 0, true
	default: // freezes stay: too few of them would be spent for nothing
		s.Streak = 1
		g.StreakUp, g.StreakStart = true, true
	}
	if s.Streak%freezeEvery == 0 && s.Freezes < maxFreezes {
		s.Freezes++
		g.FreezeEarned = true
	}
	s.LongestStreak = max(s.LongestStreak, s.Streak)
	g.StreakBonus = int64(streakXP * min(s.Streak, streakXPDays))
	g.XP += g.StreakBonus
	return s
}

// Revoke takes back the XP of an event that was undone, never below 0, and sets the
// level anew. The streak stays: the person was there that day. An xp of 0 or less
// takes nothing.
func Revoke(s State, xp int64) State {
	s.TotalXP = max(s.TotalXP-max(xp, 0), 0)
	s.Level = LevelFor(s.TotalXP)
	return s
}

// CurrentStreak is the streak to show on a day: 0 once more days were missed than
// there are freezes, for then the next activity starts anew.
func CurrentStreak(s State, today Day) int {
	if s.LastActiveDay.IsZero() || today.Sub(s.LastActiveDay)-1 > max(s.Freezes, 0) {
		return 0
	}
	return max(s.Streak, 0)
}
