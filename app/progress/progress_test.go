package progress

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func day(n int) Day { return Day{2026, time.February, 20}.AddDays(n) }

func TestDay(t *testing.T) {
	t.Parallel()
	kiritimati := time.FixedZone("", 14*3600)
	late := time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC)
	if got := FromTime(late, kiritimati); got != (Day{2027, time.January, 1}) {
		t.Error(got)
	}
	if got := FromTime(late, nil).String(); got != "2026-12-31" {
		t.Error(got)
	}
	for _, n := range []int{0, 1, 8, 9, 365, 800, -1, -400} {
		if got := day(n).Sub(day(0)); got != n {
			t.Errorf("%d days later are %d", n, got)
		}
	}
	for _, d := range []Day{{}, day(0), day(9), {2028, time.February, 29}} {
		if back, err := ParseDay(d.String()); err != nil || back != d {
			t.Errorf("%v came back as %v, %v", d, back, err)
		}
	}
	for _, text := range []string{"2026-02-30", "today", "2026-2-3", "2026-02-03T00:00:00Z"} {
		if d, err := ParseDay(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

func TestLevelBordersAreExact(t *testing.T) {
	t.Parallel()
	for level, want := range map[int]int64{-3: 0, 0: 0, 1: 0, 2: 100, 3: 300, 4: 600, 5: 1000, 10: 4500} {
		if got := XPForLevel(level); got != want {
			t.Errorf("level %d begins at %d, want %d", level, got, want)
		}
	}
	for level := 1; level <= MaxLevel; level++ {
		xp := XPForLevel(level)
		if got := LevelFor(xp); got != level {
			t.Fatalf("%d XP are level %d, want %d", xp, got, level)
		}
		if level > 1 && (LevelFor(xp-1) != level-1 || ToNextLevel(xp-1) != 1) {
			t.Fatalf("one below %d XP is level %d", xp, LevelFor(xp-1))
		}
	}
	for xp, want := range map[int64]int{math.MinInt64: 1, -1: 1, math.MaxInt64: MaxLevel, XPForLevel(MaxLevel + 5): MaxLevel} {
		if got := LevelFor(xp); got != want {
			t.Errorf("%d XP are level %d, want %d", xp, got, want)
		}
	}
	if ToNextLevel(math.MaxInt64) != 0 || ToNextLevel(-5) != 100 || ToNextLevel(250) != 50 {
		t.Error("the distance to the next level is wrong")
	}
}

func TestAward(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		state State
		event Event
		on    int // days after day(0)
		count int
		want  State
		gain  Gain
	}{
		{
			"newcomer",
			State{},
			FoodLogged, 0, 0,
			State{TotalXP: 12, Level: 1, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			Gain{XP: 12, StreakBonus: 2, Level: 1, StreakUp: true, StreakStart: true},
		},
		{
			"second meal of the day",
			State{TotalXP: 12, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			FoodLogged, 0, 1,
			State{TotalXP: 22, Level: 1, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			Gain{XP: 10, Level: 1},
		},
		{
			"fifth meal pays",
			State{TotalXP: 50, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			FoodLogged, 0, 4,
			State{TotalXP: 60, Level: 1, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			Gain{XP: 10, Level: 1},
		},
		{
			"sixth does not",
			State{TotalXP: 50, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			FoodLogged, 0, 5,
			State{TotalXP: 50, Level: 1, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			Gain{Capped: true, Level: 1},
		},
		{
			"tenth reminder pays and lifts a level",
			State{TotalXP: 95, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			ReminderDone, 0, 9,
			State{TotalXP: 100, Level: 2, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			Gain{XP: 5, Level: 2, LevelUp: true},
		},
		{
			"eleventh does not",
			State{TotalXP: 95, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			ReminderDone, 0, 10,
			State{TotalXP: 95, Level: 1, Streak: 1, LongestStreak: 1, LastActiveDay: day(0)},
			Gain{Capped: true, Level: 1},
		},
		{
			"the seventh day earns a freeze",
			State{Streak: 6, LongestStreak: 9, LastActiveDay: day(0)},
			ReminderDone, 1, 0,
			State{TotalXP: 19, Level: 1, Streak: 7, LongestStreak: 9, Freezes: 1, LastActiveDay: day(1)},
			Gain{XP: 19, StreakBonus: 14, Level: 1, StreakUp: true, FreezeEarned: true},
		},
		{
			"no third freeze; the bonus is capped",
			State{Streak: 20, LongestStreak: 20, Freezes: 2, LastActiveDay: day(0)},
			FoodLogged, 1, 0,
			State{TotalXP: 24, Level: 1, Streak: 21, LongestStreak: 21, Freezes: 2, LastActiveDay: day(1)},
			Gain{XP: 24, StreakBonus: 14, Level: 1, StreakUp: true},
		},
		{
			"two days off, two freezes",
			State{Streak: 8, LongestStreak: 8, Freezes: 2, LastActiveDay: day(0)},
			FoodLogged, 3, 0,
			State{TotalXP: 24, Level: 1, Streak: 9, LongestStreak: 9, LastActiveDay: day(3)},
			Gain{XP: 24, StreakBonus: 14, Level: 1, StreakUp: true, FreezeUsed: true, MissedDays: 2},
		},
		{
			"three days off begin anew and keep the freezes",
			State{Streak: 8, LongestStreak: 8, Freezes: 2, LastActiveDay: day(0)},
			FoodLogged, 4, 0,
			State{TotalXP: 12, Level: 1, Streak: 1, LongestStreak: 8, Freezes: 2, LastActiveDay: day(4)},
			Gain{XP: 12, StreakBonus: 2, Level: 1, StreakUp: true, StreakStart: true, MissedDays: 3},
		},
		{
			"a day before the last one changes no streak",
			State{Streak: 8, LongestStreak: 8, Freezes: 1, LastActiveDay: day(0)},
			FoodLogged, -3, 0,
			State{TotalXP: 10, Level: 1, Streak: 8, LongestStreak: 8, Freezes: 1, LastActiveDay: day(0)},
			Gain{XP: 10, Level: 1},
		},
		{
			"an unknown event",
			State{TotalXP: 300, Streak: 2, LastActiveDay: day(0)},
			Event(99), 1, 0,
			State{TotalXP: 300, Level: 3, Streak: 2, LastActiveDay: day(0)},
			Gain{Level: 3},
		},
	} {
		got, gain := Award(tt.state, tt.event, day(tt.on), tt.count)
		if got != tt.want || gain != tt.gain {
			t.Errorf("%s:\n got %+v %+v\nwant %+v %+v", tt.name, got, gain, tt.want, tt.gain)
		}
		if gain.EventXP()+gain.StreakBonus != gain.XP {
			t.Errorf("%s: the parts do not add up", tt.name)
		}
	}
}

// Whatever a person does, in whatever order of days: XP and the longest streak only
// grow, nothing is negative, and a day moves the streak at most once.
func TestAwardProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var s State
		on := 0
		for range 200 {
			on += []int{0, 0, 0, 1, 1, 1, 1, 2, 3, 5, -1, -2}[rng.IntN(12)]
			e := Event(1 + rng.IntN(2))
			count := rng.IntN(14)
			next, gain := Award(s, e, day(on), count)
			switch {
			case next.TotalXP != s.TotalXP+gain.XP || gain.XP < 0 || gain.StreakBonus < 0:
				t.Fatalf("seed %d: XP %d became %d with a gain of %d", seed, s.TotalXP, next.TotalXP, gain.XP)
			case next.Level != LevelFor(next.TotalXP) || gain.LevelUp != (next.Level > LevelFor(s.TotalXP)):
				t.Fatalf("seed %d: level %d at %d XP", seed, next.Level, next.TotalXP)
			case next.Streak < 1 || next.LongestStreak < next.Streak || next.LongestStreak < s.LongestStreak:
				t.Fatalf("seed %d: streak %+v", seed, next)
			case next.Freezes < 0 || next.Freezes > maxFreezes:
				t.Fatalf("seed %d: %d freezes", seed, next.Freezes)
			case !s.LastActiveDay.IsZero() && next.LastActiveDay.Sub(s.LastActiveDay) < 0:
				t.Fatalf("seed %d: the last day went back", seed)
			case CurrentStreak(next, next.LastActiveDay) != next.Streak:
				t.Fatalf("seed %d: the streak of today is not shown", seed)
			}
			again, twice := Award(next, e, day(on), count)
			if again.Streak != next.Streak || again.Freezes != next.Freezes || twice.StreakUp || twice.StreakBonus != 0 {
				t.Fatalf("seed %d: the same day counted twice", seed)
			}
			if back := Revoke(next, gain.XP); back.TotalXP != s.TotalXP || back.Level != LevelFor(s.TotalXP) || back.Streak != next.Streak {
				t.Fatalf("seed %d: undone to %+v from %+v", seed, back, s)
			}
			s = next
		}
	}
}

func TestAwardRepairsBrokenState(t *testing.T) {
	t.Parallel()
	got, _ := Award(State{TotalXP: -50, Streak: -4, Freezes: -1, LastActiveDay: day(0)}, FoodLogged, day(1), -7)
	want := State{TotalXP: 12, Level: 1, Streak: 1, LongestStreak: 1, LastActiveDay: day(1)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	s := State{TotalXP: 305, Level: 3, Streak: 4, LongestStreak: 6, Freezes: 1, LastActiveDay: day(0)}
	for xp, want := range map[int64]State{
		10:            {TotalXP: 295, Level: 2, Streak: 4, LongestStreak: 6, Freezes: 1, LastActiveDay: day(0)},
		0:             s,
		-10:           s,
		math.MaxInt64: {TotalXP: 0, Level: 1, Streak: 4, LongestStreak: 6, Freezes: 1, LastActiveDay: day(0)},
	} {
		if got := Revoke(s, xp); got != want {
			t.Errorf("less %d: %+v, want %+v", xp, got, want)
		}
	}
}

func TestCurrentStreak(t *testing.T) {
	t.Parallel()
	s := State{Streak: 8, Freezes: 1, LastActiveDay: day(0)}
	for on, want := range map[int]int{-2: 8, 0: 8, 1: 8, 2: 8, 3: 0, 40: 0} {
		if got := CurrentStreak(s, day(on)); got != want {
			t.Errorf("%d days on: %d, want %d", on, got, want)
		}
	}
	if CurrentStreak(State{Streak: 3}, day(0)) != 0 {
		t.Error("somebody who was never active has a streak")
	}
}

func TestRulesTellTheNumbers(t *testing.T) {
	t.Parallel()
	text := Rules()
	for _, want := range []string{"+10 XP", "first 5 a day", "+5 XP", "first 10 a day", "+2 XP", "at most +14", "Every 7 days", "hold 2", "Level 2 begins at 100", "level 10 at 4500", "100 XP more"} {
		if !strings.Contains(text, want) {
			t.Errorf("the rules do not say %q", want)
		}
	}
	for _, guilt := range []string{"lose", "lost", "fail", "only", "!", "%", "<", "sorry"} {
		if strings.Contains(strings.ToLower(text), guilt) {
			t.Errorf("the rules say %q", guilt)
		}
	}
}
