package remind

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// allZones is every zone of the IANA database, less those whose clocks do just the
// same as those of one before it.
func allZones(t *testing.T) []*time.Location {
	t.Helper()
	list, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	var zones []*time.Location
	loaded, seen := 0, map[string]bool{}
	for name := range strings.FieldsSeq(string(list)) {
		loc, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		loaded++
		if print := clockPrint(loc); !seen[print] {
			seen[print] = true
			zones = append(zones, loc)
		}
	}
	if loaded < 300 || len(zones) < 50 {
		t.Fatalf("only %d zones load, %d differ", loaded, len(zones))
	}
	return zones
}

// clockPrint names the offsets of a zone and when they change, a year beyond the
// property years at either side.
func clockPrint(loc *time.Location) string {
	from, to := propertyYears()
	var b strings.Builder
	for at := from.AddDate(-1, 0, 0); !at.IsZero() && at.Before(to.AddDate(1, 0, 0)); _, at = at.In(loc).ZoneBounds() {
		fmt.Fprintln(&b, at.Unix(), offset(at, loc))
	}
	return b.String()
}

// The years that the properties are held over. No zone leaves out a date in them.
func propertyYears() (from, to time.Time) {
	return time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC), time.Date(2028, 12, 31, 12, 0, 0, 0, time.UTC)
}

func TestEveryZoneDailyFiresOnceOnEachLocalDate(t *testing.T) {
	t.Parallel()
	from, to := propertyYears()
	r := mustRule(t, "daily 02:30")
	for _, loc := range allZones(t) {
		holdDaily(t, r, loc, from, to)
	}
}

// Around every clock change of every zone, for the times of day that it touches.
func TestEveryZoneDailyAroundClockChanges(t *testing.T) {
	t.Parallel()
	from, to := propertyYears()
	changes := 0
	for _, loc := range allZones(t) {
		_, change := from.In(loc).ZoneBounds()
		for !change.IsZero() && change.Before(to) {
			changes++
			before := change.Add(-1).In(loc)
			start := before.Hour()*60 + before.Minute() + 1
			for _, shift := range []int{-121, -60, -31, -30, -1, 0, 1, 29, 30, 59, 60, 61, 120} {
				minute := (start + shift + minutesPerDay) % minutesPerDay
				holdDaily(t, Rule{kind: kindDaily, minute: minute}, loc, change.Add(-72*time.Hour), change.Add(72*time.Hour))
			}
			_, change = change.In(loc).ZoneBounds()
		}
	}
	if changes < 100 {
		t.Errorf("only %d clock changes seen", changes)
	}
}

// holdDaily checks one firing per local date, at the asked time wherever that
// exists and at its first occurrence.
func holdDaily(t *testing.T, r Rule, loc *time.Location, from, to time.Time) {
	t.Helper()
	after, d := from, date(0)
	for after.Before(to) {
		at, ok := r.Next(after, loc)
		if !ok || !at.After(after) {
			t.Fatalf("%s %s: after %v comes %v, %v", loc, r, after, at, ok)
		}
		if got := dateOf(at); d != 0 && got != d+1 {
			t.Fatalf("%s %s: %v comes after %s", loc, r, at, d)
		}
		d = dateOf(at)
		if offset(at.Add(-24*time.Hour), loc) != offset(at.Add(24*time.Hour), loc) || minuteOf(at) != r.minute {
			holdWall(t, r, loc, at)
		}
		after = at
	}
}

// holdWall compares with a walk through the minutes around; no zone moves its clock
// by as much as four hours in these years.
func holdWall(t *testing.T, r Rule, loc *time.Location, at time.Time) {
	t.Helper()
	for m := at.Add(-4 * time.Hour).Truncate(time.Minute); m.Before(at.Add(4 * time.Hour)); m = m.Add(time.Minute) {
		local := m.In(loc)
		if minuteOf(local) == r.minute && dateOf(local) == dateOf(at) {
			if !local.Equal(at) {
				t.Fatalf("%s %s: fires at %v, not at %v", loc, r, at, local)
			}
			return
		}
	}
	if minuteOf(at) == r.minute {
		t.Fatalf("%s %s: fires at %v, which the walk does not find", loc, r, at)
	}
}

func minuteOf(t time.Time) int { return t.Hour()*60 + t.Minute() }

func TestEveryZoneWeeklyAndMonthly(t *testing.T) {
	t.Parallel()
	from, to := propertyYears()
	rules := map[string]func(d date) bool{
		"weekly sun 02:30": func(d date) bool { return d.weekday() == time.Sunday },
		"monthly 31 00:15": func(d date) bool { return dayOf(d+1) == 1 },
		"monthly 29 23:45": func(d date) bool { return dayOf(d) == 29 || dayOf(d) < 29 && dayOf(d+1) == 1 },
		"monthly 1 00:00":  func(d date) bool { return dayOf(d) == 1 },
		"monthly last sun 02:30": func(d date) bool {
			return d.weekday() == time.Sunday && dayOf(d+7) < 8
		},
		"monthly second sun 02:30": func(d date) bool {
			return d.weekday() == time.Sunday && dayOf(d) > 7 && dayOf(d) < 15
		},
	}
	zones := allZones(t)
	for text, matches := range rules {
		r := mustRule(t, text)
		for _, loc := range zones {
			d := dateOf(from.In(loc)) + 1
			after := wallStart(d, loc)
			for after.Before(to) {
				at, ok := r.Next(after, loc)
				if !ok || !at.After(after) {
					t.Fatalf("%s %s: after %v comes %v, %v", loc, r, after, at, ok)
				}
				for !matches(d) {
					d++
				}
				if dateOf(at) != d {
					t.Fatalf("%s %s: fires on %v, not on %s", loc, r, at, d)
				}
				after = at
				d++
			}
		}
	}
}

func dayOf(d date) int {
	_, _, day := d.civil()
	return day
}

// wallStart is a moment just before anything of the date.
func wallStart(d date, loc *time.Location) time.Time {
	t, _ := wall(d, 0, loc)
	return t.Add(-1)
}
