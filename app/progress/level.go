package progress

import (
	"math"
	"sort"
)

// MaxLevel is the highest level; XPForLevel of it is still far within int64.
const MaxLevel = 10_000

// XPForLevel is the total XP at which a level begins: 0 for level 1 and below, and
// 50·(n-1)·n for level n, so that each level takes 100 XP more than the one before:
// 100, 300, 600, 1000, 1500 … Beyond MaxLevel it is that of MaxLevel.
func XPForLevel(level int) int64 {
	n := int64(min(max(level, 1), MaxLevel))
	return levelStep / 2 * (n - 1) * n
}

// LevelFor is the level of somebody with that total, from 1 to MaxLevel; a negative
// total counts as 0.
func LevelFor(totalXP int64) int {
	// The square root is near; the search makes the borders exact.
	guess := int((1 + math.Sqrt(1+8*float64(max(totalXP, 0))/levelStep)) / 2)
	low := min(max(guess-2, 1), MaxLevel)
	return low + sort.Search(min(4, MaxLevel-low), func(i int) bool { return XPForLevel(low+i+1) > totalXP })
}

// ToNextLevel is the XP still missing to the next level, 0 at MaxLevel.
func ToNextLevel(totalXP int64) int64 {
	level := LevelFor(totalXP)
	if level == MaxLevel {
		return 0
	}
	return XPForLevel(level+1) - max(totalXP, 0)
}
