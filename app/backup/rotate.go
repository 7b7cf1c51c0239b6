package backup

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What rotation keeps.
const (
	keepAll      = 24 * time.Hour
	keepDays     = 7
	keepWeeks    = 4
	keepUpgrades = 3
)

// Rotate says which of these dumps are no longer needed at that time. It keeps
//
//   - everything of the last 24 hours,
//   - the newest of each of the last 7 days that have dumps, and of each of the last 4 weeks that have (days are those of UTC, weeks
//     begin on Monday),
//   - the newest one whose trial restore went well, by when it was made and by when it was tried,
//   - the last 3 that were made before an upgrade, and those that are to be kept,
//   - the newest of all, and the newest of those that are not known to be bad.
//
// Of a day or a week with dumps of which one could not be restored, the others are preferred. A dump that is not whole, or that somebody
// has given another name, is neither counted nor removed.
func Rotate(dumps []Dump, now time.Time) (remove []Dump) {
	all := slices.DeleteFunc(slices.Clone(dumps), func(d Dump) bool { return !d.Whole || !strings.HasPrefix(d.File, prefix) })
	slices.SortStableFunc(all, func(a, b Dump) int {
		if n := b.CreatedAt.Compare(a.CreatedAt); n != 0 {
			return n
		}
		return strings.Compare(b.File, a.File)
	})
	keep := map[string]bool{}
	for i, d := range all {
		keep[d.File] = i == 0 || d.Keep || now.Sub(d.CreatedAt) < keepAll
	}
	each := func(one Dump) string { return one.File }
	keepFirst(keep, all, 1, func(d Dump) bool { return !d.Bad() }, each)
	keepFirst(keep, all, 1, Dump.Proven, each)
	keepFirst(keep, all, keepUpgrades, func(d Dump) bool { return d.Reason == Upgrade }, each)
	if last, ok := lastProven(all); ok {
		keep[last.File] = true
	}
	// The good ones of a day come before the bad ones.
	good := slices.Clone(all)
	slices.SortStableFunc(good, func(a, b Dump) int {
		if n := strings.Compare(day(b), day(a)); n != 0 {
			return n
		}
		return order(a.Bad(), b.Bad())
	})
	keepFirst(keep, good, keepDays, nil, day)
	slices.SortStableFunc(good, func(a, b Dump) int {
		if n := strings.Compare(week(b), week(a)); n != 0 {
			return n
		}
		return order(a.Bad(), b.Bad())
	})
	keepFirst(keep, good, keepWeeks, nil, week)
	return slices.DeleteFunc(all, func(d Dump) bool { return keep[d.File] })
}

// keepFirst keeps the first dump of each of the first n slots, among those that fit.
func keepFirst(keep map[string]bool, dumps []Dump, n int, fits func(Dump) bool, slot func(Dump) string) {
	seen := map[string]bool{}
	for _, d := range dumps {
		if len(seen) == n {
			return
		}
		if fits != nil && !fits(d) || seen[slot(d)] {
			continue
		}
		seen[slot(d)] = true
		keep[d.File] = true
	}
}

// lastProven is the one whose trial restore went well last.
func lastProven(dumps []Dump) (last Dump, ok bool) {
	for _, d := range dumps {
		if d.Proven() && (!ok || d.Verified.At.After(last.Verified.At)) {
			last, ok = d, true
		}
	}
	return last, ok
}

func day(d Dump) string { return d.CreatedAt.UTC().Format(time.DateOnly) }

func week(d Dump) string {
	year, week := d.CreatedAt.UTC().ISOWeek()
	return fmt.Sprintf("%04d-%02d", year, week)
}

// order puts what is not so before what is.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
