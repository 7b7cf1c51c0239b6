package remind

import (
	"testing"
	"time"
)

func TestDue(t *testing.T) {
	t.Parallel()
	loc := zone(t, "Europe/Stockholm")
	scheduled := time.Date(2026, 11, 23, 9, 0, 0, 0, loc)
	day := 24 * time.Hour
	for _, tt := range []struct {
		rule   string
		behind time.Duration
		want   Verdict
	}{
		{"once 2026-11-23 09:00", -time.Second, Verdict{Next: scheduled, More: true}},
		{"once 2026-11-23 09:00", 0, Verdict{Deliver: true}},
		{"once 2026-11-23 09:00", LateAfter, Verdict{Deliver: true}},
		{"once 2026-11-23 09:00", LateAfter + 1, Verdict{Deliver: true, Late: true}},
		{"once 2026-11-23 09:00", 400 * day, Verdict{Deliver: true, Late: true}},
		{"at 2026-11-23T08:00:00Z", 400 * day, Verdict{Deliver: true, Late: true}},
		{"daily 09:00", 5 * time.Second, Verdict{Deliver: true, Next: scheduled.Add(day), More: true}},
		{"daily 09:00", 3*day + time.Hour, Verdict{Deliver: true, Late: true, Next: scheduled.Add(4 * day), More: true}},
		{"daily 09:00 until 2026-11-23", time.Minute, Verdict{Deliver: true, Late: true}},
		{"daily 09:00 until 2026-11-25", 9 * day, Verdict{Deliver: true, Late: true}},
		{"every 60m from 2026-11-23T08:00Z", 150 * time.Minute, Verdict{Deliver: true, Late: true, Next: scheduled.Add(180 * time.Minute), More: true}},
	} {
		got := Due(mustRule(t, tt.rule), scheduled, scheduled.Add(tt.behind), loc)
		if got.Deliver != tt.want.Deliver || got.Late != tt.want.Late || got.More != tt.want.More || !got.Next.Equal(tt.want.Next) {
			t.Errorf("%s, %v behind: %+v, want %+v", tt.rule, tt.behind, got, tt.want)
		}
	}
	// a row written by somebody else has no rule: it is a one-off
	if got := Due(Rule{}, scheduled, scheduled, loc); got != (Verdict{Deliver: true}) {
		t.Errorf("zero rule: %+v", got)
	}
}

func TestShift(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02 15:04 -0700"
	for _, tt := range []struct {
		name, rule, from, to, now, next, want string
	}{
		{"west, keeps the wall time", "once 2026-11-24 09:00", "Europe/Stockholm", "America/New_York", "2026-11-23 12:00 +0100", "2026-11-24 09:00 +0100", "2026-11-24 09:00 -0500"},
		{"east, keeps the wall time", "daily 09:00", "UTC", "Asia/Tokyo", "2026-11-23 12:00 +0000", "2026-11-24 09:00 +0000", "2026-11-24 09:00 +0900"},
		{"no second firing on one date", "daily 09:00", "Europe/Stockholm", "America/New_York", "2026-11-23 10:00 +0100", "2026-11-24 09:00 +0100", "2026-11-24 09:00 -0500"},
		{"just passed by the move: caught up", "daily 18:00", "America/New_York", "Europe/Stockholm", "2026-11-23 14:00 -0500", "2026-11-23 18:00 -0500", "2026-11-23 18:00 +0100"},
		{"already due: left alone", "daily 18:00", "America/New_York", "Europe/Stockholm", "2026-11-23 18:01 -0500", "2026-11-23 18:00 -0500", "2026-11-24 00:00 +0100"},
		{"interval keeps its instant", "every 60m from 2026-11-23T10:00Z", "UTC", "Asia/Tokyo", "2026-11-23 11:30 +0000", "2026-11-23 12:00 +0000", "2026-11-23 21:00 +0900"},
		{"relative keeps its instant", "at 2026-11-23T12:00:00Z", "UTC", "Asia/Tokyo", "2026-11-23 11:30 +0000", "2026-11-23 12:00 +0000", "2026-11-23 21:00 +0900"},
		{"interval whose end has come in the new zone", "every 60m from 2026-11-23T10:00Z until 2026-11-23", "UTC", "Asia/Tokyo", "2026-11-23 22:30 +0000", "2026-11-23 23:00 +0000", ""},
		{"a shifted one that is not on the rule's date in the new zone", "weekly mon 00:30", "Asia/Tokyo", "UTC", "2026-11-22 12:00 +0000", "2026-11-23 00:30 +0900", "2026-11-23 00:30 +0000"},
	} {
		r := mustRule(t, tt.rule)
		from, to := zone(t, tt.from), zone(t, tt.to)
		now, errNow := time.Parse(layout, tt.now)
		next, errNext := time.Parse(layout, tt.next)
		if errNow != nil || errNext != nil {
			t.Fatal(errNow, errNext)
		}
		got, rule, ok := Shift(r, next, from, to, now)
		if ok != (tt.want != "") || ok && got.Format(layout) != tt.want || rule != r {
			t.Errorf("%s: %s %v, want %s", tt.name, got.Format(layout), ok, tt.want)
		}
	}
}

func TestShiftThereAndBackIsNothing(t *testing.T) {
	t.Parallel()
	home, away := zone(t, "Europe/Stockholm"), zone(t, "America/New_York")
	now := time.Date(2026, 3, 20, 12, 0, 0, 0, home)
	for _, text := range []string{"daily 02:30", "weekly mon,thu 18:00", "days 5 from 2026-03-18 09:00", "monthly 31 23:45", "once 2026-03-29 02:30", "every 45m from 2026-03-20T10:00Z"} {
		r := mustRule(t, text)
		next, _ := r.Next(now, home)
		there, _, _ := Shift(r, next, home, away, now)
		if back, _, ok := Shift(r, there, away, home, now); !ok || !back.Equal(next) {
			t.Errorf("%s: %v became %v", text, next, back)
		}
	}
}
