package remind

import (
	"testing"
	"time"
)

func mustRule(t testing.TB, s string) Rule {
	t.Helper()
	r, err := ParseRule(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return r
}

func TestRuleTextAndWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, words string }{
		{"at 2026-11-24T09:00:05Z", "once, on Tue 24 Nov 2026 at 09:00 UTC"},
		{"once 2026-11-24 09:00", "once, on Tue 24 Nov 2026 at 09:00"},
		{"daily 07:30", "every day at 07:30"},
		{"weekly mon,tue,wed,thu,fri 07:30", "every weekday at 07:30"},
		{"weekly mon,wed 07:30", "every Monday and Wednesday at 07:30"},
		{"weekly fri,sat,sun 23:59", "every Friday, Saturday and Sunday at 23:59"},
		{"days 3 from 2026-11-23 08:00", "every 3 days at 08:00"},
		{"monthly 1 09:00", "every month on the 1st at 09:00"},
		{"monthly 13 09:00", "every month on the 13th at 09:00"},
		{"monthly 30 09:00", "every month on the 30th at 09:00 (the last day of a shorter month)"},
		{"monthly 31 09:00", "every month on the last day at 09:00"},
		{"monthly last fri 09:00", "every month on the last Friday at 09:00"},
		{"monthly first mon 09:00 until 2026-12-31", "every month on the first Monday at 09:00 until 31 Dec 2026"},
		{"every 90m from 2026-11-23T10:00Z", "every 90 minutes"},
		{"every 120m from 2026-11-23T10:00Z until 2026-12-01", "every 2 hours until 1 Dec 2026"},
		{"every 60m from 2026-11-23T10:00Z", "every hour"},
		{"every 150m from 2026-11-23T10:00Z", "every 2 hours 30 minutes"},
	} {
		r := mustRule(t, tt.text)
		if r.String() != tt.text || r.Words() != tt.words {
			t.Errorf("%q: %q, words %q", tt.text, r, r.Words())
		}
		once := tt.text[:3] == "at " || tt.text[:4] == "once"
		if r.Recurring() == once {
			t.Errorf("%q: recurring is %v", tt.text, r.Recurring())
		}
	}
}

func TestParseRuleRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "daily", "daily 7:30", "daily 24:00", "daily 07:60", "Daily 07:30", " daily 07:30", "daily 07:30 ", "daily  07:30", "daily 07:30\n",
		"weekly 07:30", "weekly wed,mon 07:30", "weekly mon,mon 07:30", "weekly monday 07:30", "weekly mon, 07:30",
		"days 1 from 2026-11-23 08:00", "days 1000 from 2026-11-23 08:00", "days 03 from 2026-11-23 08:00", "days 3 from 2026-02-30 08:00", "days -3 from 2026-11-23 08:00",
		"monthly 0 09:00", "monthly 32 09:00", "monthly fifth fri 09:00", "monthly last 09:00", "monthly 1st fri 09:00",
		"every 14m from 2026-11-23T10:00Z", "every 10081m from 2026-11-23T10:00Z", "every 90 from 2026-11-23T10:00Z", "every 90m from 2026-11-23T10:00",
		"once 2026-11-24 09:00 until 2026-12-31", "at 2026-11-24T09:00:05Z until 2026-12-31", "at 2026-11-24T09:00:05+01:00", "once 1969-11-24 09:00",
		"daily 07:30 until", "daily 07:30 until 2026-12-32", "daily 07:30 until 2026-12-31 until 2026-12-31", "hourly",
	} {
		if r, err := ParseRule(text); err == nil {
			t.Errorf("%q accepted as %q", text, r)
		}
	}
}

// firings lists up to n firings after the given moment, as local wall times.
func firings(r Rule, after time.Time, loc *time.Location, n int) []string {
	var out []string
	for range n {
		t, ok := r.Next(after, loc)
		if !ok {
			return append(out, "end")
		}
		out = append(out, t.Format("2006-01-02 15:04 -0700"))
		after = t
	}
	return out
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule, zone, after string
		want              []string
	}{
		{"daily 02:30", "Europe/Stockholm", "2026-03-28T00:00:00+01:00", []string{"2026-03-28 02:30 +0100", "2026-03-29 03:30 +0200", "2026-03-30 02:30 +0200"}},
		{"daily 02:30", "Europe/Stockholm", "2026-10-24T12:00:00+02:00", []string{"2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"}},
		{"daily 02:30", "Europe/Stockholm", "2026-10-25T02:30:00+02:00", []string{"2026-10-26 02:30 +0100"}},
		{"daily 02:30", "Europe/Stockholm", "2026-10-25T02:10:00+01:00", []string{"2026-10-26 02:30 +0100"}},
		{"daily 02:30", "Europe/Stockholm", "2027-03-27T12:00:00+01:00", []string{"2027-03-28 03:30 +0200", "2027-03-29 02:30 +0200"}},
		{"daily 02:30", "Europe/Stockholm", "2027-10-30T12:00:00+02:00", []string{"2027-10-31 02:30 +0200", "2027-11-01 02:30 +0100"}},
		{"daily 02:30", "America/New_York", "2026-03-07T12:00:00-05:00", []string{"2026-03-08 03:30 -0400", "2026-03-09 02:30 -0400"}},
		{"daily 01:30", "America/New_York", "2026-10-31T12:00:00-04:00", []string{"2026-11-01 01:30 -0400", "2026-11-02 01:30 -0500"}},
		// midnight itself is jumped over; time.Date would answer with the day before
		{"daily 00:30", "America/Havana", "2026-03-07T12:00:00-05:00", []string{"2026-03-08 01:30 -0400", "2026-03-09 00:30 -0400"}},
		// the jump ends the day: later would be tomorrow
		{"daily 23:30", "America/Nuuk", "2026-03-27T23:30:00-02:00", []string{"2026-03-28 22:30 -0200", "2026-03-29 23:30 -0100"}},
		{"daily 02:15", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", []string{"2026-10-04 02:45 +1100", "2026-10-05 02:15 +1100"}},
		// Samoa had no 30 December 2011
		{"daily 09:00", "Pacific/Apia", "2011-12-28T12:00:00-10:00", []string{"2011-12-29 09:00 -1000", "2011-12-31 09:00 +1400"}},
		{"once 2011-12-30 09:00", "Pacific/Apia", "2011-12-28T12:00:00-10:00", []string{"2011-12-31 09:00 +1400", "end"}},
		{"once 2026-03-29 02:30", "Europe/Stockholm", "2026-03-28T00:00:00+01:00", []string{"2026-03-29 03:30 +0200", "end"}},
		{"at 2026-03-28T10:00:30Z", "Europe/Stockholm", "2026-03-28T00:00:00Z", []string{"2026-03-28 11:00 +0100", "end"}},
		{"weekly sat,sun 10:00", "UTC", "2026-11-23T10:00:00Z", []string{"2026-11-28 10:00 +0000", "2026-11-29 10:00 +0000", "2026-12-05 10:00 +0000"}},
		{"days 3 from 2026-11-23 08:00", "UTC", "2026-11-23T08:00:00Z", []string{"2026-11-26 08:00 +0000", "2026-11-29 08:00 +0000"}},
		{"days 3 from 2026-11-23 08:00", "UTC", "2025-01-01T08:00:00Z", []string{"2026-11-23 08:00 +0000"}},
		{"monthly 31 09:00", "UTC", "2027-01-31T09:00:00Z", []string{"2027-02-28 09:00 +0000", "2027-03-31 09:00 +0000", "2027-04-30 09:00 +0000"}},
		{"monthly 30 09:00", "UTC", "2028-01-30T09:00:00Z", []string{"2028-02-29 09:00 +0000", "2028-03-30 09:00 +0000"}},
		{"monthly last fri 17:00", "UTC", "2026-11-23T08:00:00Z", []string{"2026-11-27 17:00 +0000", "2026-12-25 17:00 +0000", "2027-01-29 17:00 +0000"}},
		{"monthly first mon 09:00", "UTC", "2026-11-23T08:00:00Z", []string{"2026-12-07 09:00 +0000", "2027-01-04 09:00 +0000"}},
		{"monthly fourth thu 09:00", "UTC", "2026-11-01T08:00:00Z", []string{"2026-11-26 09:00 +0000"}},
		{"daily 09:00 until 2026-11-24", "UTC", "2026-11-23T08:00:00Z", []string{"2026-11-23 09:00 +0000", "2026-11-24 09:00 +0000", "end"}},
		{"every 90m from 2026-11-23T10:00Z", "UTC", "2026-11-23T09:00:00Z", []string{"2026-11-23 10:00 +0000", "2026-11-23 11:30 +0000"}},
		{"every 60m from 2026-10-24T23:00Z", "Europe/Stockholm", "2026-10-25T00:00:00Z", []string{"2026-10-25 02:00 +0100", "2026-10-25 03:00 +0100"}},
		{"every 1440m from 2026-10-24T07:00Z until 2026-10-25", "Europe/Stockholm", "2026-10-24T06:00:00Z", []string{"2026-10-24 09:00 +0200", "2026-10-25 08:00 +0100", "end"}},
	} {
		loc := zone(t, tt.zone)
		after, err := time.Parse(time.RFC3339, tt.after)
		if err != nil {
			t.Fatal(err)
		}
		got := firings(mustRule(t, tt.rule), after, loc, len(tt.want))
		for i := range tt.want {
			if i >= len(got) || got[i] != tt.want[i] {
				t.Errorf("%s in %s after %s:\n got %v\nwant %v", tt.rule, tt.zone, tt.after, got, tt.want)
				break
			}
		}
	}
}

func TestNextIsStrictlyAfterToTheNanosecond(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, text := range []string{"daily 09:00", "once 2026-11-23 09:00", "at 2026-11-23T09:00:00Z", "every 15m from 2026-11-23T09:00Z"} {
		r := mustRule(t, text)
		if got, ok := r.Next(at.Add(-1), nil); !ok || !got.Equal(at) {
			t.Errorf("%s: a nanosecond before, next is %v", text, got)
		}
		if got, ok := r.Next(at, nil); ok && !got.After(at) {
			t.Errorf("%s: at its own time, next is %v", text, got)
		}
		if got, ok := r.Next(at.Add(1), nil); ok && !got.After(at.Add(1)) {
			t.Errorf("%s: a nanosecond after, next is %v", text, got)
		}
	}
	if _, ok := (Rule{}).Next(at, nil); ok || (Rule{}).Recurring() || (Rule{}).String() != "" {
		t.Error("the zero rule does something")
	}
}

func TestOnceAndAt(t *testing.T) {
	t.Parallel()
	loc := zone(t, "Asia/Kathmandu")
	moment := time.Date(2026, 11, 23, 20, 15, 42, 7, time.UTC)
	if got := Once(moment, loc).String(); got != "once 2026-11-24 02:00" {
		t.Error(got)
	}
	if got := At(moment).String(); got != "at 2026-11-23T20:15:42Z" {
		t.Error(got)
	}
}
