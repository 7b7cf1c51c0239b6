package config

import (
	"testing"
	"time"
)

func TestParseWindow(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Sun 03:00-05:00":                        "Sun 03:00-05:00",
		" sunday  3:00 - 05:00 ":                 "Sun 03:00-05:00",
		"sat,Sun,sat 23:30-02:00":                "Sun,Sat 23:30-02:00",
		"daily 00:00-00:30":                      "daily 00:00-00:30",
		"mon,tue,wed,thu,fri,sat,sun 1:00-02:00": "daily 01:00-02:00",
	} {
		var w Window
		if err := parseWindow(&w, text); err != nil || w.String() != want {
			t.Errorf("%q: %v, %q", text, err, w)
		}
		var again Window
		if err := parseWindow(&again, w.String()); err != nil || again.String() != want {
			t.Errorf("%q is not read back: %v", w, err)
		}
	}
	for _, text := range []string{
		"", "Sun", "03:00-05:00", "Sun 03:00", "Sun 03:00-", "Sun 3-5", "Sun 24:00-25:00", "Sun 03:00-03:00",
		"Sundae 03:00-04:00", "Su 03:00-04:00", "daily,Sun 03:00-04:00", ",Sun 03:00-04:00", "söndag 03:00-04:00",
	} {
		w := Window{From: time.Hour}
		if err := parseWindow(&w, text); err == nil || w.From != time.Hour || w.Days != nil {
			t.Errorf("%q was taken for %q", text, w)
		}
	}
}

func TestWindowEnd(t *testing.T) {
	t.Parallel()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ window, at, end string }{
		{"Sun 03:00-05:00", "2026-11-22T02:59:59", ""}, // a Sunday
		{"Sun 03:00-05:00", "2026-11-22T03:00:00", "2026-11-22T05:00:00"},
		{"Sun 03:00-05:00", "2026-11-22T04:59:59", "2026-11-22T05:00:00"},
		{"Sun 03:00-05:00", "2026-11-22T05:00:00", ""},
		{"Sun 03:00-05:00", "2026-11-23T04:00:00", ""},
		{"Sat 23:30-02:00", "2026-11-21T23:30:00", "2026-11-22T02:00:00"},
		{"Sat 23:30-02:00", "2026-11-22T01:59:00", "2026-11-22T02:00:00"},
		{"Sat 23:30-02:00", "2026-11-22T23:40:00", ""},
		{"Sun 01:00-04:00", "2026-03-29T03:30:00", "2026-03-29T04:00:00"}, // an hour is missing
		{"Sun 01:00-04:00", "2026-10-25T02:30:00", "2026-10-25T04:00:00"}, // an hour comes twice
		{"daily 22:00-21:00", "2026-11-25T20:59:00", "2026-11-25T21:00:00"},
	} {
		var w Window
		if err := parseWindow(&w, tt.window); err != nil {
			t.Fatal(err)
		}
		at, err := time.ParseInLocation("2006-01-02T15:04:05", tt.at, stockholm)
		if err != nil {
			t.Fatal(err)
		}
		end, in := w.End(at)
		got := ""
		if in {
			got = end.Format("2006-01-02T15:04:05")
		}
		if got != tt.end {
			t.Errorf("%s at %s: %q, want %q", tt.window, tt.at, got, tt.end)
		}
	}
	if _, in := (Window{}).End(time.Now()); in {
		t.Error("never is now")
	}
}
