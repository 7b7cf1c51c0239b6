package progress

import "fmt"

// Rules explains the game in plain sentences, one per line, made of the same
// numbers that Award uses. It holds no markup.
func Rules() string {
	return fmt.Sprintf(`Logging food: +%d XP for each message, for the first %d a day. Later ones count as food, but bring no XP.
A reminder done: +%d XP, for the first %d a day.
The first of these on a day extends your streak and brings a bonus: +%d XP for each day of the streak, at most +%d.
Every %d days of streak earn a freeze; you can hold %d. A day off uses a freeze, and the streak goes on.
After more days off than freezes, the streak begins at 1 again. XP, level and longest streak are yours to keep.
Undoing an entry takes back its XP. The streak stays.
Level 2 begins at %d XP, level 3 at %d, level 4 at %d, level 10 at %d: each level takes %d XP more than the one before.`,
		foodXP, foodPerDay,
		reminderXP, reminderPerDay,
		streakXP, streakXP*streakXPDays,
		freezeEvery, maxFreezes,
		XPForLevel(2), XPForLevel(3), XPForLevel(4), XPForLevel(10), levelStep)
}
