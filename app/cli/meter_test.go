package cli

import (
	"bytes"
	"testing"
	"time"
)

// Where nobody looks a long stage is told every few seconds, and a new one at once.
func TestMeterIsBriefInALog(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var out bytes.Buffer
	m := newMeter(&out, func() time.Time { return now })
	for done := range int64(11) {
		m.show("loading", done, 10)
		now = now.Add(time.Second)
	}
	m.show("vacuum", 0, 0)
	m.end()
	want := "  0 %  loading, 0 of 10\n 50 %  loading, 5 of 10\n100 %  loading, 10 of 10\n  0 %  vacuum, 0 of 0\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestMeterDrawsOneLineOnATerminal(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var out bytes.Buffer
	m := newMeter(&out, func() time.Time { return now })
	m.live = true
	m.show("loading", 1, 2)
	m.show("loading", 2, 2) // too soon
	m.end()
	want := "\r\x1b[K[###############...............]  50 %  loading, 1 of 2\r\x1b[K"
	if out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
}
