package remind

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{
		"at 2026-11-24T09:00:05Z", "once 2026-11-24 09:00", "daily 07:30", "weekly mon,wed 07:30 until 2026-12-31", "days 3 from 2026-11-23 08:00",
		"monthly 31 09:00", "monthly last fri 09:00", "every 90m from 2026-11-23T10:00Z until 9999-12-31", "days 999 from 9999-12-31 23:59",
	} {
		f.Add(seed, int64(1_800_000_000))
	}
	loc := zone(f, "America/Havana")
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		if r.String() != text {
			t.Fatalf("%q came back as %q", text, r)
		}
		if r.Words() == "" {
			t.Fatalf("%q has no words", text)
		}
		now := time.Unix(unix, 0)
		if next, ok := r.Next(now, loc); ok && !next.After(now) {
			t.Fatalf("%q after %v gives %v", text, now, next)
		}
		v := Due(r, now.Add(-time.Hour), now, loc)
		if !v.Deliver || v.More && !v.Next.After(now) {
			t.Fatalf("%q: %+v", text, v)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"in an hour and a half drink water", "remind me tomorrow at 9 to take pills", "every mon, wed and fri 18:00 gym until 31.12.2026",
		"on the last friday of every month at 17:00 x", "at 25:99 x", `at 9 "a"`, "31/03/2026 18:30 x", "every 2 weeks on monday at 9 x", "in 1h30m x",
		"\x00\xff at 9", "at 9 \u202e\u0000abc", "every half an hour x", "next friday 9pm x", ":", "at", "until", "in", "every", "on the", "the 15th of",
	} {
		f.Add(seed, int64(1_774_429_650))
	}
	loc := zone(f, "Europe/Stockholm")
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		now := time.Unix(unix%(1<<32), 0)
		got, err := Parse(text, now, loc)
		if err != nil {
			var q *Question
			if !errors.As(err, &q) || q.Sentence == "" {
				t.Fatalf("%q: %v is no question", text, err)
			}
			return
		}
		if !got.First.After(now) && got.Rule.kind != kindAt {
			t.Fatalf("%q: first at %v, now %v", text, got.First, now)
		}
		if !strings.Contains(strings.ToValidUTF8(text, "\uFFFD"), got.Message) || got.Message == "" ||
			utf8.RuneCountInString(got.Message) > MaxMessage || !utf8.ValidString(got.Message) {
			t.Fatalf("%q: message %q", text, got.Message)
		}
		if back, err := ParseRule(got.Rule.String()); err != nil || back != got.Rule {
			t.Fatalf("%q: rule %q does not come back", text, got.Rule)
		}
	})
}
