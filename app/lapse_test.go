package app

import (
	"strings"
	"testing"
	"time"
)

func TestALapseIsToldWhenItBeginsAndNotAtEachTry(t *testing.T) {
	t.Parallel()
	log, now := newLines(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var l lapse
	warnings := func() int { return strings.Count(log.String(), "level=WARN msg=broken error=refused") }
	fail := func(tries int) {
		for range tries {
			l.failed(log.logger(), now, "broken", "refused")
			now = now.Add(2 * time.Second)
		}
	}
	if l.over(now) != 0 {
		t.Error("it is over before it began")
	}
	fail(300)
	if n := warnings(); n != 1 {
		t.Errorf("it was told %d times within ten minutes", n)
	}
	fail(1)
	if n := warnings(); n != 2 || !strings.Contains(log.String(), "since=10m0s") {
		t.Errorf("after ten minutes it was told %d times:\n%s", n, log)
	}
	if pause := l.over(now); pause != 602*time.Second {
		t.Errorf("it lasted %v", pause)
	}
	fail(2)
	if n := warnings(); n != 3 {
		t.Errorf("the next one was told %d times", n-2)
	}
	if pause := l.over(now.Add(-time.Hour)); pause <= 0 {
		t.Errorf("with the clock set back it lasted %v", pause)
	}
}
