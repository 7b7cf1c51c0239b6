package remind

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// testNow is Wednesday 25 March 2026, 10:07:30 in Stockholm: four days before
// clocks go forward.
func testNow(t *testing.T) (time.Time, *time.Location) {
	t.Helper()
	loc := zone(t, "Europe/Stockholm")
	return time.Date(2026, 3, 25, 10, 7, 30, 0, loc), loc
}

func TestParseUnderstands(t *testing.T) {
	t.Parallel()
	now, loc := testNow(t)
	for _, tt := range []struct{ text, message, rule, first string }{
		// stretches from now
		{"in 20 minutes drink water", "drink water", "at 2026-03-25T09:27:30Z", "2026-03-25 10:27:30"},
		{"drink water in an hour and a half", "drink water", "at 2026-03-25T10:37:30Z", "2026-03-25 11:37:30"},
		{"in half an hour stand up", "stand up", "at 2026-03-25T09:37:30Z", "2026-03-25 10:37:30"},
		{"in 1h30m stand up", "stand up", "at 2026-03-25T10:37:30Z", "2026-03-25 11:37:30"},
		{"in 1.5 hours stand up", "stand up", "at 2026-03-25T10:37:30Z", "2026-03-25 11:37:30"},
		{"in 2 and a half hours stand up", "stand up", "at 2026-03-25T11:37:30Z", "2026-03-25 12:37:30"},
		{"in 1 hour and 10 minutes stand up", "stand up", "at 2026-03-25T10:17:30Z", "2026-03-25 11:17:30"},
		{"stand up in 2 h 5 min", "stand up", "at 2026-03-25T11:12:30Z", "2026-03-25 12:12:30"},
		{"stand up 20 minutes from now", "stand up", "at 2026-03-25T09:27:30Z", "2026-03-25 10:27:30"},
		{"in 45 seconds check the tea", "check the tea", "at 2026-03-25T09:08:15Z", "2026-03-25 10:08:15"},
		{"in twenty minutes meditate for 10 minutes", "meditate for 10 minutes", "at 2026-03-25T09:27:30Z", "2026-03-25 10:27:30"},
		{"in 3 days weigh in", "weigh in", "once 2026-03-28 10:07", "2026-03-28 10:07:00"},
		{"weigh in in two weeks at 7:30", "weigh in", "once 2026-04-08 07:30", "2026-04-08 07:30:00"},
		// times of day
		{"at 18:30 take pills", "take pills", "once 2026-03-25 18:30", "2026-03-25 18:30:00"},
		{"at 9 take pills", "take pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"9pm take pills", "take pills", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"9 PM take pills", "take pills", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"9 p.m. take pills", "take pills", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"take pills 9.30", "take pills", "once 2026-03-26 09:30", "2026-03-26 09:30:00"},
		{"take pills at 9 o'clock.", "take pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"take pills at 12am", "take pills", "once 2026-03-26 00:00", "2026-03-26 00:00:00"},
		{"take pills at 12pm", "take pills", "once 2026-03-25 12:00", "2026-03-25 12:00:00"},
		{"noon take pills", "take pills", "once 2026-03-25 12:00", "2026-03-25 12:00:00"},
		{"take pills at midnight", "take pills", "once 2026-03-26 00:00", "2026-03-26 00:00:00"},
		{"tonight take pills", "take pills", "once 2026-03-25 20:00", "2026-03-25 20:00:00"},
		{"take pills tonight at midnight", "take pills", "once 2026-03-26 00:00", "2026-03-26 00:00:00"},
		{"take pills this evening", "take pills", "once 2026-03-25 20:00", "2026-03-25 20:00:00"},
		{"take pills tonight at 9", "take pills", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"watch the show at 8:15 tonight", "watch the show", "once 2026-03-25 20:15", "2026-03-25 20:15:00"},
		{"take pills in the morning", "take pills", "once 2026-03-26 08:00", "2026-03-26 08:00:00"},
		{"take pills at 7 in the evening", "take pills", "once 2026-03-25 19:00", "2026-03-25 19:00:00"},
		// dates
		{"tomorrow at 9 take pills", "take pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"take pills at 9 tomorrow", "take pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"tomorrow take pills at 9", "take pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"tomorrow, at 9: take pills", "take pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"tomorrow morning take pills", "take pills", "once 2026-03-26 08:00", "2026-03-26 08:00:00"},
		{"tomorrow afternoon at 4 take pills", "take pills", "once 2026-03-26 16:00", "2026-03-26 16:00:00"},
		{"day after tomorrow 10:00 run", "run", "once 2026-03-27 10:00", "2026-03-27 10:00:00"},
		{"run the day after tomorrow at 10:00", "run", "once 2026-03-27 10:00", "2026-03-27 10:00:00"},
		{"on monday 8am run", "run", "once 2026-03-30 08:00", "2026-03-30 08:00:00"},
		{"run mon 8am", "run", "once 2026-03-30 08:00", "2026-03-30 08:00:00"},
		{"next monday at 18:15 run", "run", "once 2026-03-30 18:15", "2026-03-30 18:15:00"},
		{"on wednesday at 9 run", "run", "once 2026-04-01 09:00", "2026-04-01 09:00:00"},
		{"on wednesday at 11 run", "run", "once 2026-03-25 11:00", "2026-03-25 11:00:00"},
		{"next wednesday at 11 run", "run", "once 2026-04-01 11:00", "2026-04-01 11:00:00"},
		{"31.03.2026 18:30 run", "run", "once 2026-03-31 18:30", "2026-03-31 18:30:00"},
		{"2026-03-31 18:30 run", "run", "once 2026-03-31 18:30", "2026-03-31 18:30:00"},
		{"31/03/2026 18:30 run", "run", "once 2026-03-31 18:30", "2026-03-31 18:30:00"},
		{"31 March 18:30 run", "run", "once 2026-03-31 18:30", "2026-03-31 18:30:00"},
		{"run on March 31 at 6pm", "run", "once 2026-03-31 18:00", "2026-03-31 18:00:00"},
		{"run March 31st, 2027, 18:30", "run", "once 2027-03-31 18:30", "2027-03-31 18:30:00"},
		{"run on the 1st of march at 18:30", "run", "once 2027-03-01 18:30", "2027-03-01 18:30:00"},
		{"29 february at 9 leap", "leap", "once 2028-02-29 09:00", "2028-02-29 09:00:00"},
		{"on the 15th at 9 pay rent", "pay rent", "once 2026-04-15 09:00", "2026-04-15 09:00:00"},
		{"on the 31st at 9 pay rent", "pay rent", "once 2026-03-31 09:00", "2026-03-31 09:00:00"},
		// the hour that does not exist on 29 March
		{"29.03.2026 02:30 run", "run", "once 2026-03-29 02:30", "2026-03-29 03:30:00"},
		// recurrences
		{"every day at 8 weigh in", "weigh in", "daily 08:00", "2026-03-26 08:00:00"},
		{"daily 8:00 weigh in", "weigh in", "daily 08:00", "2026-03-26 08:00:00"},
		{"weigh in every morning", "weigh in", "daily 08:00", "2026-03-26 08:00:00"},
		{"weigh in every evening at 9", "weigh in", "daily 21:00", "2026-03-25 21:00:00"},
		{"every weekday at 7:30 run", "run", "weekly mon,tue,wed,thu,fri 07:30", "2026-03-26 07:30:00"},
		{"weekdays at 7:30 run", "run", "weekly mon,tue,wed,thu,fri 07:30", "2026-03-26 07:30:00"},
		{"run on weekends at 10", "run", "weekly sat,sun 10:00", "2026-03-28 10:00:00"},
		{"every mon, wed and fri 18:00 gym", "gym", "weekly mon,wed,fri 18:00", "2026-03-25 18:00:00"},
		{"every mon,wed,fri 18:00 gym", "gym", "weekly mon,wed,fri 18:00", "2026-03-25 18:00:00"},
		{"gym every Monday at 18", "gym", "weekly mon 18:00", "2026-03-30 18:00:00"},
		{"mon-fri isn't it", "", "", ""},
		{"every mon-fri 18:00 gym", "gym", "weekly mon,tue,wed,thu,fri 18:00", "2026-03-25 18:00:00"},
		{"every friday to sunday at 18:00 gym", "gym", "weekly fri,sat,sun 18:00", "2026-03-27 18:00:00"},
		{"on mondays and thursdays at 18:00 gym", "gym", "weekly mon,thu 18:00", "2026-03-26 18:00:00"},
		{"every 3 days at 9 water plants", "water plants", "days 3 from 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"every 3 days at 11 water plants", "water plants", "days 3 from 2026-03-25 11:00", "2026-03-25 11:00:00"},
		{"every other day at 9 water plants", "water plants", "days 2 from 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"every 2 weeks on monday at 9 weigh in", "weigh in", "days 14 from 2026-03-30 09:00", "2026-03-30 09:00:00"},
		{"every other friday at 9 weigh in", "weigh in", "days 14 from 2026-03-27 09:00", "2026-03-27 09:00:00"},
		{"every week at 9 weigh in on monday", "weigh in", "weekly mon 09:00", "2026-03-30 09:00:00"},
		{"every 2 hours drink water", "drink water", "every 120m from 2026-03-25T09:07Z", "2026-03-25 12:07:00"},
		{"drink water every 90 minutes", "drink water", "every 90m from 2026-03-25T09:07Z", "2026-03-25 11:37:00"},
		{"drink water hourly", "drink water", "every 60m from 2026-03-25T09:07Z", "2026-03-25 11:07:00"},
		{"drink water every half hour", "drink water", "every 30m from 2026-03-25T09:07Z", "2026-03-25 10:37:00"},
		{"every month on the 15th at 9 pay rent", "pay rent", "monthly 15 09:00", "2026-04-15 09:00:00"},
		{"every month at 9 on the 15th pay rent", "pay rent", "monthly 15 09:00", "2026-04-15 09:00:00"},
		{"pay rent on the 15th of every month at 9", "pay rent", "monthly 15 09:00", "2026-04-15 09:00:00"},
		{"monthly on the last day at 9 pay rent", "pay rent", "monthly 31 09:00", "2026-03-31 09:00:00"},
		{"on the last friday of every month at 17:00 review", "review", "monthly last fri 17:00", "2026-03-27 17:00:00"},
		{"first monday of each month at 9 review", "review", "monthly first mon 09:00", "2026-04-06 09:00:00"},
		{"every day at 9 until 31.12.2026 take pills", "take pills", "daily 09:00 until 2026-12-31", "2026-03-26 09:00:00"},
		{"every day at 9 take pills until 31 December", "take pills", "daily 09:00 until 2026-12-31", "2026-03-26 09:00:00"},
		{"take pills every 2 hours until tomorrow", "take pills", "every 120m from 2026-03-25T09:07Z until 2026-03-26", "2026-03-25 12:07:00"},
		// openings, letters and quotes
		{"remind me to take Pills at 9", "take Pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"Remind me tomorrow at 9 to TAKE pills", "TAKE pills", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"remind me about the dentist at 15:30", "the dentist", "once 2026-03-25 15:30", "2026-03-25 15:30:00"},
		{"remind me that Ann is coming at 15:30", "Ann is coming", "once 2026-03-25 15:30", "2026-03-25 15:30:00"},
		{"please remind me to breathe in 15 min", "breathe", "at 2026-03-25T09:22:30Z", "2026-03-25 10:22:30"},
		{"me at 21:00 to breathe", "breathe", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{`tomorrow at 9 "call about the 10:00 meeting"`, "call about the 10:00 meeting", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{`«звонок завтра в 10:00» at 9`, "звонок завтра в 10:00", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"at 21:00  Vitamin  D,\n2 × 💊", "Vitamin  D,\n2 × 💊", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"turn the heater on at 21:00", "turn the heater on", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"at 21:00 💊", "💊", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"buy sun cream tomorrow at 9", "buy sun cream", "once 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"take the 2nd dose at 21:00", "take the 2nd dose", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"journal everyday at 9", "journal", "daily 09:00", "2026-03-26 09:00:00"},
		{"every single day at 9 journal", "journal", "daily 09:00", "2026-03-26 09:00:00"},
		{"water plants every third day at 9", "water plants", "days 3 from 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"every 2nd day at 9 water plants", "water plants", "days 2 from 2026-03-26 09:00", "2026-03-26 09:00:00"},
		{"every mon wed fri at 18:00 gym", "gym", "weekly mon,wed,fri 18:00", "2026-03-25 18:00:00"},
		{"every monday wednesday and friday at 18:00 gym", "gym", "weekly mon,wed,fri 18:00", "2026-03-25 18:00:00"},
		{"at six take pills", "take pills", "once 2026-03-26 06:00", "2026-03-26 06:00:00"},
		{"every night at 10 sleep", "sleep", "daily 22:00", "2026-03-25 22:00:00"},
		{"take 0.25 mg at 21:00", "take 0.25 mg", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"at 21:00 2 pills", "2 pills", "once 2026-03-25 21:00", "2026-03-25 21:00:00"},
		{"tea in 5 min please", "tea", "at 2026-03-25T09:12:30Z", "2026-03-25 10:12:30"},
		{"take 2 pills at 9 may be more", "", "", ""},
	} {
		got, err := Parse(tt.text, now, loc)
		if tt.rule == "" {
			if err == nil {
				t.Errorf("%q: understood as %s", tt.text, got.Rule)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: asked %v", tt.text, sentenceOf(err))
			continue
		}
		if got.Message != tt.message || got.Rule.String() != tt.rule || got.First.Format(time.DateTime) != tt.first {
			t.Errorf("%q:\n got %q | %s | %s\nwant %q | %s | %s", tt.text, got.Message, got.Rule,
				got.First.Format(time.DateTime), tt.message, tt.rule, tt.first)
		}
		if got.Relative != strings.HasPrefix(tt.rule, "at ") {
			t.Errorf("%q: relative is %v", tt.text, got.Relative)
		}
		if back, err := ParseRule(got.Rule.String()); err != nil || back != got.Rule {
			t.Errorf("%q: rule does not round-trip: %v", tt.text, err)
		}
	}
}

func sentenceOf(err error) string {
	var q *Question
	if errors.As(err, &q) {
		return q.Sentence
	}
	return "not a question: " + err.Error()
}

func TestParseAsks(t *testing.T) {
	t.Parallel()
	now, loc := testNow(t)
	for _, text := range []string{
		"", " ", "remind me", "remind me to", "take pills", "remind me to take pills",
		"at 9", "tomorrow at 9", "every day at 9", "in 20 minutes", `at 9 ""`, `at 9 " "`, "at 9 12345",
		"tomorrow take pills", "on monday run", "March 31 run", "every day take pills", "every month at 9 pay rent", "weekly at 9 run",
		"at 25:99 take pills", "take pills at 25:99", "take pills 25:99", "at 24:00 take pills", "at 13pm take pills", "at 0am take pills", "at 9:60 take pills",
		"every blue moon at 9 take pills", "every year on 31 march at 9 pay",
		"at 9 and 21:00 take pills", "take pills at 9 and 21:00", "take pills at 9 or 10pm", "at 9 or 10 take pills", "at 9 - 10 take pills", "at 9 to 10 take pills",
		"tomorrow monday at 9 run", "tomorrow at 9 run on monday", "in 20 minutes at 9 run", "every day in 20 minutes run",
		"today at 9 take pills", "24.03.2026 18:30 run", "2025-12-31 18:30 run", "31.02.2026 18:30 run", "32 march 18:30 run", "2026-13-01 10:00 run",
		"03/04/2026 18:30 run", "call 31.03 18:30", "31.03 18:30 call", "1.1.20266 10:00 run", "2126-03-31 10:00 run",
		"next friday at 9 run", "next sunday at 9 run", "next week at 9 run", "run next week at 9", "call mom in a month at 9", "in a month at 9 call mom",
		"take pills half past 9pm", "take pills at half past 9", "quarter to 9pm take pills", "take pills before 9pm", "between 9:00 and 10:00 run",
		"take pills at 9 UTC", "at 9 UTC take pills", "at 9 +02 take pills",
		"every 5 minutes run", "every minute run", "every second run", "every 400 hours run", "every 1000 days at 9 run", "every 0 days at 9 run", "every 2 months at 9 run",
		"every 2 hours at 9 run", "every 2 hours from 9 to 21 run", "every second monday at 9 run", "every 2 weeks on mon and fri at 9 run", "every 2 weeks at 9 run",
		"every day at 9 until 24.03.2026 take pills", "every day at 9 until 25.03.2026 take pills", "at 21:00 until 31.12.2026 take pills", "every day at 9 for 7 days take pills", "every day at 9 take pills for 7 days",
		"every day at 9 except sunday take pills", "every day at 9 starting tomorrow take pills",
		"take pills twice a day at 9", "take pills 3 times a day at 9", "every day at 9 on monday run", "take daily vitamins at 9",
		"prepare monday report tomorrow at 9", "watch the sun 18:00", "lunch with mon at noon", "on monday and friday at 9 run", "run on monday and friday at 9",
		"tonight at 3:00 run", "tonight at 09:00 run", "tomorrow morning at 14:00 run", "tomorrow afternoon at 9 run", "tomorrow at midnight run",
		"in 0 minutes run", "in 0 days run", "in 20 blue minutes run", "in 9999 hours run", "in 1 day and 2 hours run", "in a few days at 9 run", "run in a couple of weeks at 9",
		"yesterday at 9 run", "pay rent on the last friday of the month at 9", "pay rent on the 15th of the month at 9", "on the 32nd at 9 pay",
		"drink 8 glasses every day", "daily 8 glasses of water", "remind me to call at 8 tomorrow evening at 9",
		"run on 31.3. at 18:00", "run on 31.3 at 18:00", "run 31.3. 18:00", "run 31.3 18:00", "run on 31/3 at 18:00", "run 31/3 18:00", "run 2026-03-31T18:30 at 9",
		"in 1 hour 30 run", "at 9 30 run", "every fifth sunny day at 9 run", "run every fifth sunny day at 9", "at night take pills", "every night take pills", "tomorrow night run",
		"meet at six bob at 18:30", "every monday sun cream", "take pills at 9:00 (morning)",
		"at 9am pm take pills", "score 25:99 check at 9", "at 21:00 run at 7:5",
		strings.Repeat("x", 501) + " at 9", "at 9 " + strings.Repeat("ж", 501), strings.Repeat("at 9 ", 4000), strings.Repeat("every ", 3000),
	} {
		got, err := Parse(text, now, loc)
		var q *Question
		if !errors.As(err, &q) {
			t.Errorf("%.60q: understood as %q | %s | %s", text, got.Message, got.Rule, got.First)
			continue
		}
		if len(q.Sentence) < 20 || strings.Contains(q.Sentence, "take pills at 25:99") || got != (Request{}) {
			t.Errorf("%.60q: poor question %q", text, q.Sentence)
		}
		if strings.Contains(text, "pills") && strings.Contains(err.Error(), "pills") {
			t.Errorf("%.60q: the error text holds the person's words", text)
		}
	}
}
