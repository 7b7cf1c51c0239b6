package backup_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"healthagent/app/backup"
	"healthagent/store/dump"
)

const day = 24 * time.Hour

func made(at time.Time) backup.Dump {
	return backup.Dump{
		Manifest: dump.Manifest{File: "healthagent-" + at.UTC().Format("20060102T150405Z") + ".dump", CreatedAt: at.UTC(), Reason: backup.Scheduled},
		Whole:    true,
	}
}

func without(dumps, removed []backup.Dump) []backup.Dump {
	return slices.DeleteFunc(slices.Clone(dumps), func(d backup.Dump) bool { return has(removed, d) })
}

func has(dumps []backup.Dump, d backup.Dump) bool {
	return slices.ContainsFunc(dumps, func(o backup.Dump) bool { return o.File == d.File })
}

// TestRotateSixtyDays runs the timer for 60 days and looks at every one of them.
func TestRotateSixtyDays(t *testing.T) {
	t.Parallel()
	var dumps []backup.Dump
	for n := range 60 {
		now := noon.Add(time.Duration(n) * day)
		d := made(now)
		if n%6 == 0 {
			d.Verified = &dump.Outcome{At: now, OK: true}
		}
		dumps = append(dumps, d)
		dumps = without(dumps, backup.Rotate(dumps, now))
		for back := range min(n+1, 7) {
			if !has(dumps, made(now.Add(-time.Duration(back)*day))) {
				t.Errorf("day %d: the dump of %d days ago is gone", n, back)
			}
		}
		if n < 6 {
			continue
		}
		weeks := map[string]bool{}
		for _, d := range dumps {
			year, week := d.CreatedAt.ISOWeek()
			weeks[fmt.Sprint(year, week)] = true
		}
		if want := min(4, (n+int(noon.Weekday()+6)%7)/7+1); len(weeks) < want {
			t.Errorf("day %d: dumps of %d weeks are left, want %d", n, len(weeks), want)
		}
		if len(dumps) > 11 {
			t.Errorf("day %d: %d dumps are left", n, len(dumps))
		}
	}
	var names []string
	for _, d := range dumps {
		names = append(names, d.CreatedAt.Format("Mon 01-02"))
	}
	want := []string{"Sun 01-03", "Sun 01-10", "Sun 01-17", "Mon 01-18", "Tue 01-19", "Wed 01-20", "Thu 01-21", "Fri 01-22", "Sat 01-23"}
	if !slices.Equal(names, want) {
		t.Errorf("in the end there are\n%q, want\n%q", names, want)
	}
}

func TestRotateKeeps(t *testing.T) {
	t.Parallel()
	old := noon.Add(-100 * day)
	with := func(d backup.Dump, change func(*backup.Dump)) backup.Dump { change(&d); return d }
	good := func(at time.Time) func(*backup.Dump) {
		return func(d *backup.Dump) { d.Verified = &dump.Outcome{At: at, OK: true} }
	}
	bad := func(d *backup.Dump) { d.Verified = &dump.Outcome{At: noon} }
	upgrade := func(d *backup.Dump) { d.Reason = backup.Upgrade }
	// enough is a month of dumps after which anything older is needless
	var enough []backup.Dump
	for n := range 30 {
		enough = append(enough, made(noon.Add(-time.Duration(n)*day)))
	}
	tests := []struct {
		name  string
		dumps []backup.Dump // besides a month of them
		alone bool          // without that month
		kept  []bool
	}{
		{"needless", []backup.Dump{made(old)}, false, []bool{false}},
		{"the only one", []backup.Dump{made(old)}, true, []bool{true}},
		{"the only one, and bad", []backup.Dump{with(made(old), bad)}, true, []bool{true}},
		{"to be kept", []backup.Dump{with(made(old), func(d *backup.Dump) { d.Keep = true })}, false, []bool{true}},
		{"the only one that is proven", []backup.Dump{with(made(old), good(old))}, false, []bool{true}},
		{"proven later than newer ones", []backup.Dump{with(made(old), good(noon)), with(made(old.Add(day)), good(old)), with(made(old.Add(2*day)), good(old))}, false, []bool{true, false, true}},
		{
			"three before an upgrade",
			[]backup.Dump{with(made(old), upgrade), with(made(old.Add(time.Hour)), upgrade), with(made(old.Add(day)), upgrade), with(made(old.Add(2*day)), upgrade)},
			false,
			[]bool{false, true, true, true},
		},
		{"not whole", []backup.Dump{with(made(old), func(d *backup.Dump) { d.Whole = false })}, false, []bool{true}},
		{"named by somebody", []backup.Dump{with(made(old), func(d *backup.Dump) { d.File = "before-the-holidays.dump" })}, false, []bool{true}},
		{"of the last day", []backup.Dump{made(noon.Add(-day + time.Second)), made(noon.Add(-day))}, false, []bool{true, false}},
		{"a good one of a bad day", []backup.Dump{made(old.Add(time.Hour)), with(made(old.Add(2*time.Hour)), bad)}, true, []bool{true, true}},
		{"a bad one that is not the newest", []backup.Dump{with(made(old.Add(time.Hour)), bad), made(old.Add(2 * time.Hour))}, true, []bool{false, true}},
		{"of tomorrow, by a wrong clock", []backup.Dump{made(noon.Add(day))}, false, []bool{true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			all := slices.Clone(tt.dumps)
			if !tt.alone {
				all = append(all, enough...)
			}
			removed := backup.Rotate(all, noon)
			for i, d := range tt.dumps {
				if has(removed, d) == tt.kept[i] {
					t.Errorf("%s is removed: %v", d.File, !tt.kept[i])
				}
			}
		})
	}
}

// TestRotateHoldsForAnyDumps throws dumps of every kind at it.
func TestRotateHoldsForAnyDumps(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		var dumps []backup.Dump
		for i := range random.IntN(60) {
			at := noon.Add(-time.Duration(random.Int64N(int64(90 * day))))
			d := made(at)
			d.File = fmt.Sprintf("healthagent-%d.dump", i)
			d.Reason = backup.Reasons()[random.IntN(4)]
			d.Keep, d.Whole = random.IntN(10) == 0, random.IntN(10) > 0
			if random.IntN(3) == 0 {
				d.Verified = &dump.Outcome{At: at.Add(time.Duration(random.Int64N(int64(day)))), OK: random.IntN(3) > 0}
			}
			dumps = append(dumps, d)
		}
		before := slices.Clone(dumps)
		removed := backup.Rotate(dumps, noon)
		left := without(dumps, removed)
		if !slices.EqualFunc(before, dumps, func(a, b backup.Dump) bool { return a.File == b.File }) {
			t.Fatal("it changes what it is given")
		}
		if again := backup.Rotate(left, noon); len(again) > 0 {
			t.Errorf("seed %d: a second rotation removes %d more", seed, len(again))
		}
		whole := func(d backup.Dump) bool { return d.Whole }
		for name, fits := range map[string]func(backup.Dump) bool{
			"newest": whole, "newest good one": func(d backup.Dump) bool { return !d.Bad() }, "newest proven one": backup.Dump.Proven,
			"newest before an upgrade": func(d backup.Dump) bool { return d.Whole && d.Reason == backup.Upgrade },
		} {
			if a, b := newestOf(dumps, fits), newestOf(left, fits); a != b {
				t.Errorf("seed %d: the %s was %q and is %q", seed, name, a, b)
			}
		}
		for _, d := range removed {
			if d.Keep || !d.Whole || noon.Sub(d.CreatedAt) < day {
				t.Errorf("seed %d: %+v is removed", seed, d)
			}
		}
		days := func(of []backup.Dump) map[string]bool {
			out := map[string]bool{}
			for _, d := range of {
				if d.Whole {
					out[d.CreatedAt.Format(time.DateOnly)] = true
				}
			}
			return out
		}
		all := slices.Sorted(func(yield func(string) bool) {
			for d := range days(dumps) {
				if !yield(d) {
					return
				}
			}
		})
		for _, one := range all[max(0, len(all)-7):] {
			if !days(left)[one] {
				t.Errorf("seed %d: nothing is left of %s", seed, one)
			}
		}
	}
}

func newestOf(dumps []backup.Dump, fits func(backup.Dump) bool) (name string) {
	var at time.Time
	for _, d := range dumps {
		if fits(d) && d.CreatedAt.After(at) {
			name, at = d.File, d.CreatedAt
		}
	}
	return name
}
